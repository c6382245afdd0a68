//! Restoring items.

use super::fixtures::*;
use super::*;

#[test]
fn what_is_missing_comes_back_as_it_was_and_nothing_else_changes() {
    let store = Store::new();
    let anna = account(1);
    let (one, two, three) = (event("1", "SUMMARY:old\n"), event("2", ""), event("3", ""));
    let newer = event("1", "SUMMARY:new\n");
    let taken = event("other", "");
    let moved = event("4", "");
    store.put(anna, "work", CALENDAR, &[("1.ics", &newer), ("3.ics", &taken), ("moved.ics", &moved)]);
    let items = [
        item("1.ics", &one),
        item("2.ics", &two),
        item("3.ics", &three),
        item("4.ics", &moved),
        item("cut.ics", "BEGIN:VCALENDAR"),
        item("../x.ics", &two),
    ];
    let from = (("work"), &properties(CALENDAR));
    let before = store.contents(anna);
    let dry = store.collections.restore(anna, from, &items, Place::Same, Run::Dry).unwrap();
    assert_eq!(store.contents(anna), before);
    assert_eq!((dry.restored, dry.present, dry.broken.len()), (2, 2, 2));
    assert_eq!(dry.broken[1].reason, Broken::Name);
    let real = store.collections.restore(anna, from, &items, Place::Same, Run::Real).unwrap();
    assert_eq!(real, dry);

    let after = store.contents(anna);
    for (path, bytes) in &before {
        assert_eq!(after.get(path), Some(bytes), "{path}");
    }
    assert_eq!(after["dav/work/2.ics"], two.as_bytes());
    let renamed: Vec<_> = after.iter().filter(|(_, bytes)| **bytes == three.as_bytes()).collect();
    assert_eq!((renamed.len(), after.len()), (1, before.len() + 2));
    assert!(renamed[0].0.ends_with(".ics"));

    let again = store.collections.restore(anna, from, &items, Place::Same, Run::Real).unwrap();
    assert_eq!((again.restored, again.present), (0, 4));
    assert_eq!(store.contents(anna), after);
    store.assert_tidy();
}

#[test]
fn a_collection_that_is_gone_comes_back_and_one_beside_is_the_same_the_next_time() {
    let store = Store::new();
    let anna = account(1);
    let items = [item("1.vcf", &card("1", "")), item("2.vcf", &card("2", ""))];
    let book = properties(ADDRESS_BOOK);
    let restored = store.collections.restore(anna, ("book", &book), &items, Place::Same, Run::Real).unwrap();
    assert_eq!((restored.collection.as_str(), restored.restored), ("book", 2));
    assert_eq!(store.collections.read(anna, "book").unwrap().unwrap(), (book.clone(), items.to_vec()));

    let beside = Place::Beside { display_name: "Contacts (restauré 2026-11-22)" };
    let dry = store.collections.restore(anna, ("book", &book), &items, beside, Run::Dry).unwrap();
    assert_eq!(store.collections.list(anna, &PersonalMarks::default()).unwrap().len(), 1);
    for restored in [2, 0] {
        let real = store.collections.restore(anna, ("book", &book), &items, beside, Run::Real).unwrap();
        assert_eq!((&real.collection, real.restored), (&dry.collection, restored));
        let list = store.collections.list(anna, &PersonalMarks::default()).unwrap();
        let names: Vec<_> = list.iter().map(|it| (it.display_name.as_str(), it.items)).collect();
        assert_eq!(names, [("Contacts", 2), ("Contacts (restauré 2026-11-22)", 2)]);
    }
    let wrong = store.collections.restore(anna, ("book", &properties(CALENDAR)), &[], Place::Same, Run::Real);
    assert_eq!(wrong.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    let plain = properties("{}");
    assert!(store.collections.restore(anna, ("book", &plain), &[], Place::Same, Run::Real).is_err());
    store.assert_tidy();
}

#[test]
fn an_empty_collection_is_restored_empty() {
    let store = Store::new();
    let from = ("work", &properties(CALENDAR));
    store.collections.restore(account(1), from, &[], Place::Same, Run::Real).unwrap();
    assert_eq!(store.collections.read(account(1), "work").unwrap().unwrap().1, []);
}

#[test]
fn what_a_killed_process_was_writing_is_removed_at_start() {
    let store = Store::new();
    let _kept = std::mem::ManuallyDrop::new(store.collections.stage("1.ics", b"x").unwrap());
    let _kept =
        std::mem::ManuallyDrop::new(store.collections.stage_collection(&properties(CALENDAR)).unwrap());
    Collections::open(store.dir.path().to_owned()).unwrap();
    store.assert_tidy();
}
