//! Handing collections over and taking them back.

use super::fixtures::*;
use super::*;
use std::fs;
use std::path::Path;

const PERSONAL: &str = r#"{"D:displayname": "Perso", "tag": "VCALENDAR"}"#;

/// Anna's collections: three items for the successor, three personal ones, a broken one.
fn annas() -> Store {
    let store = Store::new();
    let work = [
        ("1.ics", event("1", "SUMMARY:Point\n")),
        ("2.ics", event("2", "")),
        ("mine.ics", event("3", "CLASS:PRIVATE\n")),
        ("cut.ics", "BEGIN:VCALENDAR\r\n".to_owned()),
    ];
    let work: Vec<_> = work.iter().map(|(name, text)| (*name, text.as_str())).collect();
    store.put(account(1), "work", CALENDAR, &work);
    store.put(account(1), "mine", PERSONAL, &[("4.ics", &event("4", ""))]);
    store.put(
        account(1),
        "book",
        ADDRESS_BOOK,
        &[("1.vcf", &card("1", "")), ("friend.vcf", &card("2", "CATEGORIES:perso\n"))],
    );
    store.put(account(1), "empty", CALENDAR, &[]);
    store.put(account(2), "work", CALENDAR, &[("own.ics", &event("9", ""))]);
    store
}

fn hand_over(store: &Store) -> HandedOver {
    store.collections.hand_over(account(1), account(2), "Anna Martin", &PersonalMarks::default()).unwrap()
}

fn destination(collection: &str) -> String {
    restore::derived_name(collection, &account(1).to_string())
}

#[test]
fn each_collection_becomes_one_of_the_successors_and_personal_things_stay() {
    let store = annas();
    let report = hand_over(&store);
    assert_eq!((report.items, report.personal_collections, report.personal_items), (3, 1, 3));
    let seen: Vec<_> = report
        .collections
        .iter()
        .map(|it| (it.name.as_str(), it.items, it.personal_items, it.broken_items))
        .collect();
    assert_eq!(seen, [("book", 1, 1, 0), ("empty", 0, 0, 0), ("work", 2, 1, 1)]);
    let list = store.collections.list(account(2), &PersonalMarks::default()).unwrap();
    let names: Vec<_> = list.iter().map(|it| (it.display_name.as_str(), it.items)).collect();
    assert_eq!(names, [("Contacts – Anna Martin", 1), ("Calendrier", 1), ("Calendrier – Anna Martin", 2)]);
    let left: Vec<_> =
        store.contents(account(1)).into_keys().filter(|path| !path.ends_with("props")).collect();
    assert_eq!(left, ["dav/book/friend.vcf", "dav/mine/4.ics", "dav/work/cut.ics", "dav/work/mine.ics"]);

    // What the successor does to it is not undone by a repeat.
    let theirs = store.path(account(2), &destination("work"));
    fs::remove_file(theirs.join("1.ics")).unwrap();
    assert_eq!(hand_over(&store), report);
    assert!(!theirs.join("1.ics").exists());
    store.assert_tidy();
    let same = store.collections.hand_over(account(1), account(1), "x", &PersonalMarks::default());
    assert_eq!(same.unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn taking_back_gives_every_item_back_as_it_was() {
    let store = annas();
    let (before, successor) = (store.contents(account(1)), store.contents(account(2)));
    hand_over(&store);
    let taken = store.collections.take_back(account(1), account(2)).unwrap();
    assert_eq!(taken, TakenBack { items: 3, stay: 0 });
    assert_eq!(store.contents(account(1)), before);
    assert_eq!(store.contents(account(2)), successor);
    assert_eq!(store.collections.take_back(account(1), account(2)).unwrap(), TakenBack::default());
    assert_eq!(hand_over(&store).items, 3);
    store.assert_tidy();
}

#[test]
fn what_the_successor_changed_or_added_stays_and_the_leaver_has_the_original() {
    let store = annas();
    let before = store.contents(account(1));
    hand_over(&store);
    let theirs = store.path(account(2), &destination("work"));
    let changed = event("1", "SUMMARY:changed\n");
    fs::remove_file(theirs.join("1.ics")).unwrap();
    fs::write(theirs.join("1.ics"), &changed).unwrap();
    fs::write(theirs.join("new.ics"), event("new", "")).unwrap();
    fs::remove_file(store.path(account(2), &destination("book")).join("1.vcf")).unwrap();
    // The leaver's own collection is gone, too.
    fs::remove_dir_all(store.path(account(1), "book")).unwrap();
    let taken = store.collections.take_back(account(1), account(2)).unwrap();
    assert_eq!(taken, TakenBack { items: 3, stay: 2 });
    let mut expected = before;
    expected.remove("dav/book/friend.vcf");
    let mut found = store.contents(account(1));
    let json = |bytes: Option<Vec<u8>>| Properties::read(&bytes.unwrap()).unwrap();
    let book = "dav/book/.Radicale.props";
    assert_eq!(json(found.remove(book)), json(expected.remove(book)));
    assert_eq!(found, expected);
    assert_eq!(fs::read_to_string(theirs.join("1.ics")).unwrap(), changed);
    assert!(!store.path(account(2), &destination("book")).exists());
}

#[test]
fn a_change_of_ours_is_taken_back_with_the_item() {
    let store = annas();
    hand_over(&store);
    let (before, after) = (event("1", "SUMMARY:Point\n"), event("1", "SUMMARY:Point\nSEQUENCE:1\n"));
    let work = destination("work");
    assert!(
        store.collections.replace(account(2), &work, "1.ics", before.as_bytes(), after.as_bytes()).unwrap()
    );
    let taken = store.collections.take_back(account(1), account(2)).unwrap();
    assert_eq!(taken, TakenBack { items: 3, stay: 0 });
    assert_eq!(store.contents(account(1))["dav/work/1.ics"], after.as_bytes());
}

/// What a run that was killed leaves: so many second links, so many items moved.
fn killed_hand_over(store: &Store, linked: usize, moved: usize) {
    let kept = store.collections.kept_dir(account(1), account(2), "work");
    let source = store.path(account(1), "work");
    fs::create_dir_all(&kept).unwrap();
    fs::copy(source.join(".Radicale.props"), kept.join(".Radicale.props")).unwrap();
    for name in ["1.ics", "2.ics"].iter().take(linked) {
        fs::hard_link(source.join(name), kept.join(name)).unwrap();
    }
    if linked == 2 {
        store.put(account(2), &destination("work"), CALENDAR, &[]);
    }
    for name in ["1.ics", "2.ics"].iter().take(moved) {
        fs::rename(source.join(name), store.path(account(2), &destination("work")).join(name)).unwrap();
    }
}

#[test]
fn a_hand_over_that_was_killed_anywhere_is_finished_or_undone() {
    let whole = annas();
    let report = hand_over(&whole);
    for (linked, moved) in [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2)] {
        let store = annas();
        let before = store.contents(account(1));
        killed_hand_over(&store, linked, moved);
        assert_eq!(hand_over(&store), report, "{linked} {moved}");
        assert_eq!(store.contents(account(1)), whole.contents(account(1)), "{linked} {moved}");
        assert_eq!(store.collections.take_back(account(1), account(2)).unwrap().items, 3);
        assert_eq!(store.contents(account(1)), before, "{linked} {moved}");

        let store = annas();
        killed_hand_over(&store, linked, moved);
        store.collections.take_back(account(1), account(2)).unwrap();
        assert_eq!(store.contents(account(1)), before, "{linked} {moved}");
        assert_eq!(store.contents(account(2)).len(), 2, "{linked} {moved}");
    }
}

#[test]
fn taking_back_that_was_killed_anywhere_is_finished() {
    for moved in 0..=2 {
        let store = annas();
        let before = store.contents(account(1));
        hand_over(&store);
        let (theirs, home) = (store.path(account(2), &destination("work")), store.path(account(1), "work"));
        for name in ["1.ics", "2.ics"].iter().take(moved) {
            rename(&theirs.join(name), &home.join(name));
        }
        let taken = store.collections.take_back(account(1), account(2)).unwrap();
        assert_eq!(taken, TakenBack { items: 3, stay: 0 }, "{moved}");
        assert_eq!(store.contents(account(1)), before, "{moved}");
    }
}

fn rename(from: &Path, to: &Path) {
    fs::rename(from, to).unwrap();
}

#[test]
fn a_removed_leaver_leaves_nothing_to_take_back() {
    let store = annas();
    hand_over(&store);
    store.collections.remove(account(1), &PersonalMarks::default()).unwrap();
    assert_eq!(store.collections.take_back(account(1), account(2)).unwrap(), TakenBack::default());
    assert_eq!(store.contents(account(2)).len(), 2 + 2 + 3, "the successor keeps all");
}
