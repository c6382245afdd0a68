//! When meetings take place next, and which ones are somebody's.

use super::fixtures::*;
use super::*;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// A Sunday.
const NOW: &str = "2026-11-22T12:00:00Z";
const PEOPLE: &str = "ORGANIZER:mailto:anna@bm.com\nATTENDEE:mailto:bob@far.test\n";

fn read(text: &str) -> Option<Meeting> {
    let organisers = ["anna@bm.com".parse().unwrap(), "a.martin@bm.com".parse().unwrap()];
    let paris = TimeZone::get("Europe/Paris").unwrap();
    meetings::read(text.as_bytes(), &organisers, &PersonalMarks::default(), &paris, NOW.parse().unwrap())
}

fn next(lines: &str) -> Option<(String, bool)> {
    read(&event("1", &format!("{PEOPLE}{lines}")))
        .map(|meeting| (meeting.next.to_string(), meeting.recurring))
}

#[test]
fn a_meeting_is_found_by_its_next_instance() {
    let paris = "DTSTART;TZID=Europe/Paris:20261102T090000\nDTEND;TZID=Europe/Paris:20261102T100000\n";
    let weekly = |more: &str| format!("{paris}RRULE:FREQ=WEEKLY{more}\n");
    let once = |start: &str| Some((start.to_owned(), false));
    let again = |start: &str| Some((start.to_owned(), true));
    for (lines, expected) in [
        // Once.
        ("DTSTART:20261123T090000Z\n".to_owned(), once("2026-11-23T09:00:00Z")),
        ("DTSTART:20261122T110000Z\n".to_owned(), None),
        ("DTSTART:20261122T120000Z\n".to_owned(), None),
        ("DTSTART:20261122T110000Z\nDTEND:20261122T130000Z\n".to_owned(), once("2026-11-22T11:00:00Z")),
        ("DTSTART:20261122T110000Z\nDURATION:PT2H\n".to_owned(), once("2026-11-22T11:00:00Z")),
        ("DTSTART:20261122T110000Z\nDURATION:PT1H\n".to_owned(), None),
        ("DTSTART:20261123T090000\n".to_owned(), once("2026-11-23T08:00:00Z")),
        ("DTSTART;VALUE=DATE:20261122\n".to_owned(), once("2026-11-21T23:00:00Z")),
        ("DTSTART;VALUE=DATE:20261121\n".to_owned(), None),
        ("DTSTART;VALUE=DATE:20261120\nDTEND;VALUE=DATE:20261123\n".to_owned(), once("2026-11-19T23:00:00Z")),
        ("DTSTART;TZID=America/New_York:20261122T083000\n".to_owned(), once("2026-11-22T13:30:00Z")),
        ("DTSTART;TZID=Romance Standard Time:20261123T090000\n".to_owned(), once("2026-11-23T08:00:00Z")),
        ("DTSTART;TZID=Somewhere:20261123T090000\n".to_owned(), once("2026-11-23T08:00:00Z")),
        ("DTSTART:20270328T023000\n".to_owned(), once("2027-03-28T01:30:00Z")),
        ("SUMMARY:no start\n".to_owned(), None),
        // Again and again.
        (weekly(""), again("2026-11-23T08:00:00Z")),
        (
            "DTSTART;TZID=Europe/Paris:20260706T090000\nRRULE:FREQ=DAILY\n".to_owned(),
            again("2026-11-23T08:00:00Z"),
        ),
        ("DTSTART:19900101T090000Z\nRRULE:FREQ=DAILY\n".to_owned(), again("2026-11-23T09:00:00Z")),
        (
            "DTSTART;VALUE=DATE:20200131\nRRULE:FREQ=MONTHLY;BYDAY=-1FR\n".to_owned(),
            again("2026-11-26T23:00:00Z"),
        ),
        ("DTSTART:20240229T090000Z\nRRULE:FREQ=YEARLY\n".to_owned(), again("2028-02-29T09:00:00Z")),
        ("DTSTART:20250101T000000Z\nRRULE:FREQ=MINUTELY\n".to_owned(), again("2026-11-22T12:00:00Z")),
        ("DTSTART:20250101T000000Z\nRRULE:FREQ=MINUTELY;UNTIL=20250102T000000Z\n".to_owned(), None),
        ("DTSTART:20250201T000000Z\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\n".to_owned(), None),
        (
            "DTSTART:00010101T000000Z\nRRULE:FREQ=HOURLY;BYYEARDAY=1;BYHOUR=0\n".to_owned(),
            again("2026-11-22T12:00:00Z"),
        ),
        ("DTSTART:20250101T000000Z\nRRULE:FREQ=YEARLY;INTERVAL=65535\n".to_owned(), None),
        ("DTSTART:99901231T000000Z\nRRULE:FREQ=DAILY\n".to_owned(), again("9990-12-31T00:00:00Z")),
        // Until, in UTC as it has to be, and in the other ways that are found.
        (weekly(";UNTIL=20261123T080000Z"), again("2026-11-23T08:00:00Z")),
        (weekly(";UNTIL=20261123T075959Z"), None),
        (weekly(";UNTIL=20261123T090000"), again("2026-11-23T08:00:00Z")),
        (weekly(";UNTIL=20261123"), again("2026-11-23T08:00:00Z")),
        (weekly(";UNTIL=20261122"), None),
        (weekly(";COUNT=4"), again("2026-11-23T08:00:00Z")),
        (weekly(";COUNT=3"), None),
        // Left out and added.
        (format!("{}EXDATE;TZID=Europe/Paris:20261123T090000\n", weekly("")), again("2026-11-30T08:00:00Z")),
        (format!("{}EXDATE:20261123T080000Z,20261130T080000Z\n", weekly("")), again("2026-12-07T08:00:00Z")),
        (format!("{}EXDATE;VALUE=DATE:20261123\n", weekly("")), again("2026-11-30T08:00:00Z")),
        (format!("{}EXDATE:20261123T080000Z\n", weekly(";COUNT=4")), None),
        (format!("{paris}RDATE:20261201T090000Z\n"), again("2026-12-01T09:00:00Z")),
        (format!("{paris}RDATE;VALUE=PERIOD:20261201T090000Z/PT1H\n"), again("2026-12-01T09:00:00Z")),
        (format!("{paris}RDATE:20261201T090000Z\nEXDATE:20261201T090000Z\n"), None),
    ] {
        assert_eq!(next(&lines), expected, "{lines}");
    }
}

#[test]
fn instances_with_a_component_of_their_own_count_as_that_says() {
    let master = |more: &str| {
        format!(
            "BEGIN:VEVENT\nUID:1\nSEQUENCE:2\n{PEOPLE}DTSTART;TZID=Europe/Paris:20261102T090000\nRRULE:FREQ=WEEKLY;COUNT=4\n{more}\
             END:VEVENT\n"
        )
    };
    let instance = |day: &str, more: &str| {
        format!(
            "BEGIN:VEVENT\nUID:1\n{PEOPLE}RECURRENCE-ID;TZID=Europe/Paris:202611{day}T090000\n{more}END:VEVENT\n"
        )
    };
    for (parts, expected) in [
        (master("") + &instance("23", "DTSTART:20261125T090000Z\n"), Some("2026-11-25T09:00:00Z")),
        (master("") + &instance("23", "DTSTART:20261120T090000Z\nSEQUENCE:7\n"), None),
        (master("") + &instance("23", "DTSTART:20261123T080000Z\nSTATUS:CANCELLED\n"), None),
        (master("") + &instance("16", "DTSTART:20261122T170000Z\n"), Some("2026-11-22T17:00:00Z")),
        (master("STATUS:CANCELLED\n") + &instance("16", "DTSTART:20261122T170000Z\n"), None),
        (instance("23", "DTSTART:20261124T090000Z\n"), Some("2026-11-24T09:00:00Z")),
        (instance("16", "DTSTART:20261117T090000Z\n"), None),
    ] {
        let found = read(&calendar(&parts)).map(|meeting| (meeting.next.to_string(), meeting.recurring));
        assert_eq!(found, expected.map(|next| (next.to_owned(), true)), "{parts}");
    }
}

#[test]
fn a_meeting_is_what_one_organised_and_invited_others_to() {
    let start = "DTSTART:20261123T090000Z\n";
    let of = |lines: &str| read(&event("1", &format!("{start}{lines}")));
    let meeting =
        of("ORGANIZER;CN=Anna:MAILTO:A.Martin@BM.com\nATTENDEE;CN=\"B: x\";RSVP=TRUE:mailto:Bob@far.test\n\
                      ATTENDEE:mailto:anna@bm.com\nATTENDEE:mailto:bob@far.test\nATTENDEE:urn:uuid:1\n\
                      SUMMARY:Point\\, hebdo\nSEQUENCE:3\nCLASS:PRIVATE\n")
        .unwrap();
    assert_eq!(meeting.attendees, ["bob@far.test".parse().unwrap()]);
    assert_eq!((meeting.summary.as_str(), meeting.sequence, meeting.personal), ("Point, hebdo", 3, true));
    for lines in [
        "",
        "ORGANIZER:mailto:anna@bm.com\n",
        "ORGANIZER:mailto:anna@bm.com\nATTENDEE:mailto:anna@bm.com\n",
        "ATTENDEE:mailto:bob@far.test\n",
        "ORGANIZER:mailto:carl@bm.com\nATTENDEE:mailto:anna@bm.com\n",
        "ORGANIZER:mailto:anna@bm.com\nATTENDEE:mailto:bob@far.test\nSTATUS:CANCELLED\n",
        "BEGIN:VALARM\nORGANIZER:mailto:anna@bm.com\nATTENDEE:mailto:bob@far.test\nEND:VALARM\n",
    ] {
        assert_eq!(of(lines), None, "{lines}");
    }
    assert_eq!(read(&card("1", "")), None);
}

#[test]
fn the_meetings_of_an_account_are_those_of_its_own_calendars_the_next_first() {
    let store = Store::new();
    let (anna, bob) = (account(1), account(2));
    let on = |uid: &str, day: &str| event(uid, &format!("{PEOPLE}DTSTART:202611{day}T090000Z\n"));
    store.put(
        anna,
        "work",
        CALENDAR,
        &[("2.ics", &on("2", "26")), ("1.ics", &on("1", "25")), ("x.ics", "broken")],
    );
    store.put(anna, "p", r#"{"tag": "VCALENDAR", "D:displayname": "Privé"}"#, &[("3.ics", &on("3", "24"))]);
    store.put(anna, "book", ADDRESS_BOOK, &[("4.vcf", &card("4", ""))]);
    store.put(bob, "theirs", CALENDAR, &[("5.ics", &on("5", "25"))]);
    std::os::unix::fs::symlink(store.path(bob, "theirs"), store.path(anna, "rw-theirs")).unwrap();
    let found = store
        .collections
        .meetings(
            anna,
            &["anna@bm.com".parse().unwrap()],
            &PersonalMarks::default(),
            &TimeZone::UTC,
            NOW.parse().unwrap(),
        )
        .unwrap();
    let seen: Vec<_> =
        found.iter().map(|it| (it.collection.as_str(), it.item.as_str(), it.personal)).collect();
    assert_eq!(seen, [("p", "3.ics", true), ("work", "1.ics", false), ("work", "2.ics", false)]);
}

/// The rules that both sides expand.
fn rules() -> Vec<String> {
    let mut rules = Vec::new();
    for freq in ["YEARLY", "MONTHLY", "WEEKLY", "DAILY"] {
        for interval in ["", ";INTERVAL=2", ";INTERVAL=5"] {
            for by in [
                "",
                ";BYDAY=MO,WE",
                ";BYMONTHDAY=-1",
                ";BYMONTHDAY=13;BYDAY=FR",
                ";BYMONTH=1,6",
                ";BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
                ";BYHOUR=8,18;BYMINUTE=0,30",
                ";WKST=SU;BYDAY=SU,TU",
            ] {
                for end in ["", ";COUNT=30", ";UNTIL=20261203T100000Z"] {
                    // Not allowed together, or of no meaning: RFC 5545, section 3.3.10.
                    if freq == "WEEKLY" && by.contains("BYMONTHDAY") {
                        continue;
                    }
                    rules.push(format!("FREQ={freq}{interval}{by}{end}"));
                }
            }
        }
    }
    rules
}

/// `python3-dateutil` comes with Radicale.
#[test]
fn another_library_finds_the_same_next_instances() {
    const SCRIPT: &str = "
import sys
from datetime import datetime
from dateutil.rrule import rrulestr
for rule in sys.stdin.read().split():
    found = rrulestr(rule.replace('Z', ''), dtstart=datetime(2025, 1, 6, 10, 0)).after(datetime(2026, 11, 22, 12, 0))
    print(found.strftime('%Y-%m-%dT%H:%M:%SZ') if found else '-')
";
    let rules = rules();
    let mut python = Command::new("/usr/bin/python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(rules.join("\n").as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(theirs.lines().count(), rules.len());
    let mut different = Vec::new();
    for (rule, theirs) in rules.iter().zip(theirs.lines()) {
        let ours = next(&format!("DTSTART:20250106T100000Z\nRRULE:{rule}\n"));
        let ours = ours.map_or("-".to_owned(), |(next, _)| next);
        if ours != theirs {
            different.push(format!("{rule}: {ours}, not {theirs}"));
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}

proptest! {
    // Many of these rules have thousands of instances.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_rule_panics_or_takes_forever(
        year in prop_oneof![1900..2100_i32, 0..10_000_i32],
        start in "(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])(T[0-2][0-9][0-6][0-9][0-6][0-9]Z?)?",
        freq in "(YEAR|MONTH|WEEK|DAI|HOUR|MINUTE|SECOND)LY|DAILY",
        parts in proptest::collection::vec(
            "INTERVAL=[0-9]{1,5}|COUNT=[0-9]{1,6}|UNTIL=20[0-9]{2}1[0-2][0-3][0-9](T[0-2][0-9]0000Z?)?|BYMONTH=[0-9]{1,2}(,[0-9]{1,2}){0,3}\
             |BYMONTHDAY=-?[0-9]{1,2}(,[0-9]{1,2}){0,3}|BYDAY=(-?[0-9]{0,2}(MO|TU|SU))(,FR)?|BYYEARDAY=-?[0-9]{1,3}|BYWEEKNO=-?[0-9]{1,2}\
             |BYHOUR=[0-9]{1,2}(,[0-9]{1,2}){0,3}|BYMINUTE=[0-9]{1,2}|BYSECOND=[0-9]{1,2}|BYSETPOS=-?[0-9]{1,3}|WKST=SU",
            0..4,
        ),
    ) {
        let rule = parts.iter().fold(format!("FREQ={freq}"), |rule, part| format!("{rule};{part}"));
        let _ = next(&format!("DTSTART:{year:04}{start}\nRRULE:{rule}\n"));
    }
}
