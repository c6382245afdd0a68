//! Which items are whole, which are personal, what a file of them says; the listing and removal of collections.

use super::fixtures::*;
use super::*;
use proptest::prelude::*;
use relais_core::language::Language;

fn why(kind: Kind, bytes: &[u8]) -> Option<Broken> {
    Item { name: "x".to_owned(), bytes: bytes.to_vec() }.broken(kind)
}

#[test]
fn an_item_is_whole_or_says_what_is_wrong() {
    let whole = event("1", "SUMMARY:é\n");
    let lf = whole.replace("\r\n", "\n");
    let bom = format!("\u{feff}{whole}");
    let two = format!("{whole}{whole}");
    let vevent = |uid: &str| format!("BEGIN:VEVENT\n{uid}DTSTART:20260101T000000Z\nEND:VEVENT\n");
    let todo = "BEGIN:VTODO\nUID:1\nEND:VTODO\n";
    for (text, expected) in [
        (whole.as_str(), None),
        (&lf, None),
        (&bom, None),
        (&whole.replace("VEVENT", "vevent"), None),
        (&whole.replace("UID:1", "UID;X-A=\"b:c\":1"), None),
        (
            &calendar(&format!("{}{}", vevent("UID:1\n"), vevent("UID:1\nRECURRENCE-ID:20260101T000000Z\n"))),
            None,
        ),
        (&event("1", "BEGIN:VALARM\nUID:other\nEND:VALARM\n"), None),
        ("", Some(Broken::Empty)),
        ("\r\n \n", Some(Broken::Empty)),
        ("hello", Some(Broken::NotOneObject)),
        ("<html></html>", Some(Broken::NotOneObject)),
        (&whole.replace("END:VEVENT\r\n", ""), Some(Broken::Nesting)),
        (&whole[..whole.len() - 20], Some(Broken::Nesting)),
        (&whole.replace("END:VCALENDAR", "END:VEVENT"), Some(Broken::Nesting)),
        (&whole.replace("SUMMARY:é", "what is this"), Some(Broken::Line)),
        (&two, Some(Broken::NotOneObject)),
        (&format!("{whole}X-A:1\r\n"), Some(Broken::NotOneObject)),
        (&card("1", ""), Some(Broken::NotOneObject)),
        (&calendar(""), Some(Broken::NotOneObject)),
        (&calendar("BEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE\n"), Some(Broken::NotOneObject)),
        (&calendar(&vevent("")), Some(Broken::NoUid)),
        (&calendar(&vevent("UID:\n")), Some(Broken::NoUid)),
        (&event("1", "RRULE:FREQ=SOMETIMES\n"), Some(Broken::Recurrence)),
        (&calendar(&format!("{}{}", vevent("UID:1\n"), vevent("UID:2\n"))), Some(Broken::Mixed)),
        (&calendar(&format!("{}{todo}", vevent("UID:1\n"))), Some(Broken::Mixed)),
    ] {
        assert_eq!(why(Kind::Calendar, text.as_bytes()), expected, "{text}");
    }
    assert_eq!(why(Kind::Calendar, b"BEGIN:VCALENDAR\r\nX:\xff\r\n"), Some(Broken::NotUtf8));
    assert_eq!(why(Kind::AddressBook, card("1", "").as_bytes()), None);
    assert_eq!(why(Kind::AddressBook, card("1", "").replace("UID:1\r\n", "").as_bytes()), None);
    assert_eq!(
        why(Kind::AddressBook, card("1", "item1.EMAIL:b@c\nPHOTO;ENCODING=b:AAAA\n AAAA\n").as_bytes()),
        None
    );
    assert_eq!(why(Kind::AddressBook, card("1", "").repeat(2).as_bytes()), Some(Broken::NotOneObject));
    assert_eq!(why(Kind::AddressBook, whole.as_bytes()), Some(Broken::NotOneObject));
    assert!(Broken::NoUid.sentence(Language::French).contains("UID"));
}

#[test]
fn marks_are_the_class_a_category_or_the_summary_of_the_item_itself() {
    let marks = PersonalMarks::default();
    for (text, expected) in [
        (event("1", "SUMMARY:Direction du personnel\n"), false),
        (event("1", "CLASS:PUBLIC\nCATEGORIES:Travail,Équipe\n"), false),
        (event("1", "BEGIN:VALARM\nSUMMARY:perso\nCLASS:PRIVATE\nEND:VALARM\n"), false),
        (event("1", "DESCRIPTION:perso\n"), false),
        (event("1", "class:private\n"), true),
        (event("1", "CLASS:CONFIDENTIAL\n"), true),
        (event("1", "SUMMARY:[perso] dentiste\n"), true),
        (event("1", "SUMMARY;LANGUAGE=fr:Privé \n  : bail\n"), true),
        (event("1", "CATEGORIES:Travail,Personnel\n"), true),
        (event("1", "").replace("VEVENT", "VTODO").replace("UID", "CLASS:PRIVATE\r\nUID"), true),
        (card("1", "CATEGORIES:Amis,perso\n"), true),
        (card("1", "NOTE:perso\nCATEGORIES:Clients\\,perso\n"), false),
        (card("1", "CLASS:PRIVATE\n"), true),
        ("CLASS:PRIVATE".to_owned(), false),
        (event("1", "CLASS:PRIVATE\nbroken\n"), true),
    ] {
        assert_eq!(entry::is_personal(text.as_bytes(), &marks), expected, "{text}");
    }
}

#[test]
fn a_calendar_in_one_file_has_each_zone_once_and_the_clients_lines_as_they_are() {
    let zone = |more: &str| {
        format!(
            "BEGIN:VTIMEZONE\nTZID:Europe/Paris\n{more}BEGIN:STANDARD\nDTSTART:19961027T030000\nTZOFFSETFROM:+0200\n\
             TZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"
        )
    };
    let one = "BEGIN:VEVENT\nUID:1\nSUMMARY:long\n  er\nX-A:b\nEND:VEVENT\n";
    let two = "BEGIN:VEVENT\nUID:2\nEND:VEVENT\n";
    let items = [
        item("1.ics", &calendar(&format!("{}{one}", zone("")))),
        item(
            "2.ics",
            &calendar(&format!("{two}{}", zone("X-LIC-LOCATION:Europe/Paris\n"))).replace("\r\n", "\n"),
        ),
        item("cut.ics", "BEGIN:VCALENDAR\r\n"),
        item("bom.ics", &format!("\u{feff}{}", event("3", ""))),
    ];
    let export = export(Kind::Calendar, "Équipe; lyon", &items);
    let expected = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Relais//Relais//FR\nX-WR-CALNAME:Équipe\\; lyon\n{}{one}{two}\
         BEGIN:VEVENT\nUID:3\nDTSTAMP:20260101T000000Z\nEND:VEVENT\nEND:VCALENDAR\n",
        zone("X-LIC-LOCATION:Europe/Paris\n")
    );
    assert_eq!(String::from_utf8(export.bytes).unwrap(), expected.replace('\n', "\r\n"));
    assert_eq!(export.items, 3);
    assert_eq!(export.broken, [BrokenItem { name: "cut.ics".to_owned(), reason: Broken::Nesting }]);
}

#[test]
fn an_address_book_in_one_file_is_its_cards_one_after_the_other() {
    let (one, two) = (card("1", "NOTE:a\\,b\n"), card("2", "PHOTO;ENCODING=b:AAAA\n AAAA\n"));
    let items = [
        item("1.vcf", &one),
        item("bad.vcf", "BEGIN:VCARD\r\nnonsense\r\nEND:VCARD\r\n"),
        item("2.vcf", two.trim_end()),
    ];
    let export = export(Kind::AddressBook, "Contacts", &items);
    assert_eq!(String::from_utf8(export.bytes).unwrap(), format!("{one}{two}"));
    assert_eq!((export.items, export.broken.len()), (2, 1));
    assert_eq!(export.broken[0].reason, Broken::Line);
}

#[test]
fn collections_are_listed_without_links_caches_and_plain_folders() {
    let store = Store::new();
    let (anna, bob) = (account(1), account(2));
    store.put(anna, "work", CALENDAR, &[("1.ics", &event("1", "")), (".hidden", "x"), ("old~", "x")]);
    store.put(anna, "book", r#"{"tag": "VADDRESSBOOK"}"#, &[]);
    let (open, private) = (event("1", ""), event("2", "CLASS:PRIVATE\n"));
    store.put(anna, "mixed", r#"{"tag": "VCALENDAR"}"#, &[("1.ics", &open), ("2.ics", &private)]);
    store.put(anna, "zz", r#"{"tag": "VCALENDAR", "D:displayname": "Perso"}"#, &[("1.ics", &event("1", ""))]);
    store.put(anna, "folder", "{}", &[("x.ics", "x")]);
    store.put(bob, "theirs", CALENDAR, &[("1.ics", &event("1", ""))]);
    std::os::unix::fs::symlink(store.path(bob, "theirs"), store.path(anna, "ro-theirs")).unwrap();
    let list = store.collections.list(anna, &PersonalMarks::default()).unwrap();
    let seen: Vec<_> = list
        .iter()
        .map(|it| {
            (it.name.as_str(), it.kind, it.display_name.as_str(), it.items, it.personal_items, it.personal)
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("book", Kind::AddressBook, "book", 0, 0, false),
            ("mixed", Kind::Calendar, "mixed", 2, 1, false),
            ("work", Kind::Calendar, "Calendrier", 1, 0, false),
            ("zz", Kind::Calendar, "Perso", 1, 1, true),
        ]
    );
    let paths: Vec<_> = store.contents(anna).into_keys().collect();
    assert_eq!(
        paths,
        [
            "dav/book/.Radicale.props",
            "dav/folder/.Radicale.props",
            "dav/folder/x.ics",
            "dav/mixed/.Radicale.props",
            "dav/mixed/1.ics",
            "dav/mixed/2.ics",
            "dav/work/.Radicale.props",
            "dav/work/1.ics",
            "dav/zz/.Radicale.props",
            "dav/zz/1.ics",
        ]
    );
    assert_eq!(store.collections.read(anna, "work").unwrap().unwrap().1, [item("1.ics", &event("1", ""))]);
    assert_eq!(store.collections.read(anna, "none").unwrap(), None);
    assert!(store.collections.read(anna, "ro-theirs").is_err());
    for name in ["../x", "", ".", "..", ".Radicale.cache", "a/b"] {
        assert!(store.collections.read_item(anna, "work", name).is_err(), "{name}");
    }
    assert!(store.collections.exists(anna) && !store.collections.exists(account(3)));
    assert_eq!(store.collections.list(account(3), &PersonalMarks::default()).unwrap(), []);

    let marks = PersonalMarks::default();
    let before = store.contents(anna);
    let removed = store.collections.remove(anna, &marks).unwrap();
    assert_eq!(removed, Removed { collections: 5, items: 5, personal_kept: 2 });
    assert_eq!(store.collections.remove(anna, &marks).unwrap(), Removed::default());
    let aside = store.dir.path().join("relais/aside").join(anna.to_string());
    for name in ["mixed/.Radicale.props", "mixed/2.ics", "zz/.Radicale.props", "zz/1.ics"] {
        assert_eq!(std::fs::read(aside.join(name)).unwrap(), before[&format!("dav/{name}")], "{name}");
    }
    assert!(!aside.join("mixed/1.ics").exists() && !aside.join("work").exists());
    assert!(!store.collections.exists(anna) && store.path(bob, "theirs").join("1.ics").exists());
    store.assert_tidy();
}

#[test]
fn a_copy_is_taken_out_only_as_it_was_put_in_and_its_collection_with_the_last_one() {
    let store = Store::new();
    let (anna, first, second) = (account(1), event("1", ""), event("2", ""));
    store.put(anna, "copies", CALENDAR, &[("1.ics", &first), ("2.ics", &second)]);
    let take_out =
        |item: &str, bytes: &str| store.collections.take_out(anna, "copies", item, bytes.as_bytes()).unwrap();
    assert!(!take_out("1.ics", &second), "it is another's now");
    assert!(take_out("1.ics", &first) && !take_out("1.ics", &first));
    assert_eq!(store.collections.list(anna, &PersonalMarks::default()).unwrap().len(), 1);
    assert!(take_out("2.ics", &second) && !take_out("2.ics", &second));
    assert_eq!(store.collections.list(anna, &PersonalMarks::default()).unwrap(), []);
    store.assert_tidy();
}

#[test]
fn a_fingerprint_changes_with_any_item_and_waits_until_directories_are_settled() {
    let store = Store::new();
    let anna = account(1);
    store.put(anna, "work", CALENDAR, &[("1.ics", "a")]);
    let print = |now: &str| store.collections.fingerprint(anna, now.parse().unwrap()).unwrap();
    let written = std::fs::metadata(store.path(anna, "work")).unwrap().modified().unwrap();
    let written = jiff::Timestamp::try_from(written).unwrap();
    assert_eq!(print(&written.to_string()), None);
    let later = "2100-01-01T00:00:00Z";
    let first = print(later).unwrap();
    assert_eq!(print(later).unwrap(), first);
    assert_eq!(
        store.collections.scan(anna, later.parse().unwrap()).unwrap().fingerprint,
        Some(first.clone())
    );
    assert!(store.collections.replace(anna, "work", "1.ics", b"a", b"b").unwrap());
    let second = print(later).unwrap();
    assert_ne!(second, first);
    store.put(anna, "other", CALENDAR, &[]);
    assert_ne!(print(later).unwrap(), second);
}

#[test]
fn an_item_is_replaced_only_as_it_was_known() {
    let store = Store::new();
    let anna = account(1);
    store.put(anna, "work", CALENDAR, &[("1.ics", "a")]);
    assert!(!store.collections.replace(anna, "work", "1.ics", b"other", b"b").unwrap());
    assert!(!store.collections.replace(anna, "work", "2.ics", b"a", b"b").unwrap());
    assert!(store.collections.replace(anna, "work", "1.ics", b"a", b"b").unwrap());
    assert!(store.collections.replace(anna, "work", "1.ics", b"a", b"b").unwrap(), "done before");
    assert_eq!(store.collections.read_item(anna, "work", "1.ics").unwrap().as_deref(), Some(b"b".as_slice()));
    assert_eq!(store.collections.read_item(anna, "work", "2.ics").unwrap(), None);
    store.assert_tidy();
}

#[test]
fn changes_hold_the_lock_that_radicale_takes() {
    let store = Store::new();
    let lock = store.collections.lock(Access::Exclusive).unwrap();
    let theirs = std::fs::File::open(store.dir.path().join(".Radicale.lock")).unwrap();
    assert!(theirs.try_lock_shared().is_err());
    let read = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'w+'), fcntl.LOCK_SH | fcntl.LOCK_NB)";
    let mut python = std::process::Command::new("/usr/bin/python3");
    python
        .args(["-c", read])
        .arg(store.dir.path().join(".Radicale.lock"))
        .stderr(std::process::Stdio::null());
    assert!(!python.status().unwrap().success(), "Radicale waits");
    drop(lock);
    let _lock = store.collections.lock(Access::Shared).unwrap();
    assert!(theirs.try_lock_shared().is_ok());
    assert!(python.status().unwrap().success(), "Radicale reads beside us");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "(BEGIN|END|UID|RRULE|DTSTART|;|:|=|\"|VEVENT|VCARD|VCALENDAR|\r\n|FREQ=|2026|Z|T|é| ){0,60}") {
        for bytes in [&bytes, text.as_bytes(), event("1", &format!("{text}\n")).as_bytes()] {
            for kind in [Kind::Calendar, Kind::AddressBook] {
                let _ = export(kind, "x", &[Item { name: "x".to_owned(), bytes: bytes.to_vec() }]);
            }
            let _ = entry::is_personal(bytes, &PersonalMarks::default());
        }
    }
}
