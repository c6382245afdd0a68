//! Radicale's own opinion of what we write, and that clients with a sync token see it. Its storage is asked by its
//! Python modules, so that no server has to run.

use super::fixtures::*;
use super::*;
use relais_core::ids::AccountId;
use serde_json::Value;
use std::process::Command;

/// Prints the sync token, the names that changed since another token, the UIDs and what the collection is called.
const SYNC: &str = "
import json, sys
from radicale import config, storage
settings = config.load()
settings.update({'storage': {'filesystem_folder': sys.argv[1]}}, 'test')
store = storage.load(settings)
with store.acquire_lock('r'):
    collection = next(iter(store.discover(sys.argv[2])))
    token, changed = collection.sync(sys.argv[3])
    items = list(collection.get_all())
    print(json.dumps([token, sorted(changed), sorted(item.uid for item in items), collection.get_meta('D:displayname')]))
";

/// Parses a file as the library that Radicale reads with.
const PARSE: &str = "
import json, sys, vobject
components = list(vobject.readComponents(sys.stdin.read()))
print(json.dumps([[component.name, [child.name for child in component.components()]] for component in components]))
";

fn python(script: &str, arguments: &[&str], input: &[u8]) -> Value {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut command = Command::new("/usr/bin/python3");
    command.arg("-c").arg(script).args(arguments).env("PYTHONIOENCODING", "utf-8");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn sync(store: &Store, account: AccountId, collection: &str, token: &str) -> (String, Value, Value, Value) {
    let path = format!("/{account}/{collection}/");
    let answer = python(SYNC, &[store.dir.path().to_str().unwrap(), &path, token], b"");
    let token = answer[0].as_str().unwrap().to_owned();
    (token, answer[1].clone(), answer[2].clone(), answer[3].clone())
}

fn start(uid: &str, more: &str) -> String {
    event(uid, &format!("DTSTART:20261123T090000Z\n{more}"))
}

#[test]
fn radicale_serves_what_was_restored_and_clients_see_it() {
    let store = Store::new();
    let anna = account(1);
    store.put(anna, "work", CALENDAR, &[("1.ics", &start("1", ""))]);
    let (token, ..) = sync(&store, anna, "work", "");
    let items = [item("1.ics", &start("1", "SUMMARY:old\n")), item("2.ics", &start("2", ""))];
    let from = ("work", &properties(CALENDAR));
    store.collections.restore(anna, from, &items, Place::Same, Run::Real).unwrap();
    let (_, changed, uids, name) = sync(&store, anna, "work", &token);
    assert_eq!(
        (changed, uids, name),
        (serde_json::json!(["2.ics"]), serde_json::json!(["1", "2"]), "Calendrier".into())
    );

    let beside = Place::Beside { display_name: "Calendrier (restauré 2026-11-22)" };
    let restored = store.collections.restore(anna, from, &items, beside, Run::Real).unwrap();
    let (_, _, uids, name) = sync(&store, anna, &restored.collection, "");
    assert_eq!((uids, name), (serde_json::json!(["1", "2"]), "Calendrier (restauré 2026-11-22)".into()));
}

#[test]
fn radicale_sees_items_move_and_come_back_and_change() {
    let store = Store::new();
    let (anna, zoe) = (account(1), account(2));
    let people = "ORGANIZER:mailto:anna@bm.com\nATTENDEE:mailto:bob@far.test\n";
    let meeting = start("1", people);
    store.put(anna, "work", CALENDAR, &[("1.ics", &meeting), ("mine.ics", &start("2", "CLASS:PRIVATE\n"))]);
    let (hers, ..) = sync(&store, anna, "work", "");
    let marks = PersonalMarks::default();
    let report = store.collections.hand_over(anna, zoe, "Anna Martin", &marks).unwrap();
    let work = &report.collections[0].destination;
    let (hers, changed, uids, _) = sync(&store, anna, "work", &hers);
    assert_eq!((changed, uids), (serde_json::json!(["1.ics"]), serde_json::json!(["2"])));
    let (theirs, _, uids, name) = sync(&store, zoe, work, "");
    assert_eq!((uids, name), (serde_json::json!(["1"]), "Calendrier – Anna Martin".into()));

    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let cancelled = cancel(meeting.as_bytes(), &["anna@bm.com".parse().unwrap()], now).unwrap();
    let replaced = store.collections.replace(zoe, work, "1.ics", meeting.as_bytes(), &cancelled.stored);
    assert!(replaced.unwrap());
    assert_eq!(sync(&store, zoe, work, &theirs).1, serde_json::json!(["1.ics"]));

    store.collections.take_back(anna, zoe).unwrap();
    let (_, changed, uids, _) = sync(&store, anna, "work", &hers);
    assert_eq!((changed, uids), (serde_json::json!(["1.ics"]), serde_json::json!(["1", "2"])));
    assert!(!store.path(zoe, work).exists());
}

#[test]
fn another_library_reads_our_exports_and_messages() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Europe/Paris\nBEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;\
                BYMONTH=10\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:19700329T020000\n\
                RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\nEND:VTIMEZONE\n";
    let one = |uid: &str| {
        calendar(&format!(
            "{zone}BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\nDTSTART;TZID=Europe/Paris:20261123T090000\n\
             SUMMARY:Réunion {uid}\nORGANIZER:mailto:anna@bm.com\nATTENDEE:mailto:bob@far.test\nBEGIN:VALARM\n\
             ACTION:DISPLAY\nDESCRIPTION:x\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT\n"
        ))
    };
    let items =
        [item("1.ics", &one("1")), item("2.ics", &one("2").replace("\r\n", "\n")), item("x.ics", "x")];
    let exported = export(Kind::Calendar, "Équipe, Lyon", &items);
    let expected = serde_json::json!([["VCALENDAR", ["VTIMEZONE", "VEVENT", "VEVENT"]]]);
    assert_eq!(python(PARSE, &[], &exported.bytes), expected);

    let cards = [item("1.vcf", &card("1", "")), item("2.vcf", &card("2", "NOTE:é\n"))];
    let exported = export(Kind::AddressBook, "Contacts", &cards);
    assert_eq!(python(PARSE, &[], &exported.bytes), serde_json::json!([["VCARD", []], ["VCARD", []]]));

    let anna = ["anna@bm.com".parse().unwrap()];
    let (zoe, now) = ("zoe@bm.com".parse().unwrap(), "2026-11-22T12:00:00Z".parse().unwrap());
    let party =
        Party { address: &zoe, name: "Zoé Dupont, directrice; adjointe du service de la vie associative" };
    for scheduled in
        [cancel(one("1").as_bytes(), &anna, now), transfer(one("1").as_bytes(), &anna, party, now)]
    {
        let expected = serde_json::json!([["VCALENDAR", ["VTIMEZONE", "VEVENT"]]]);
        let scheduled = scheduled.unwrap();
        assert_eq!(python(PARSE, &[], &scheduled.message), expected);
        assert_eq!(python(PARSE, &[], &scheduled.stored), expected);
    }
}
