//! What cancelling and giving on a meeting changes, and that it changes nothing else.

use super::fixtures::*;
use super::*;
use jiff::Timestamp;
use proptest::prelude::*;
use relais_core::address::EmailAddress;

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn addresses(texts: &[&str]) -> Vec<EmailAddress> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

const ALARM: &str = "BEGIN:VALARM\nACTION:EMAIL\nATTENDEE:mailto:anna@bm.com\nTRIGGER:-PT15M\nEND:VALARM\n";
const BOB: &str = "ATTENDEE;PARTSTAT=ACCEPTED;CN=Bob:mailto:bob@far.test\n";

#[test]
fn a_cancelled_meeting_is_the_next_revision_with_its_status_and_the_message_has_no_alarms() {
    let before = calendar(&format!(
        "X-WR-CALNAME:x\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\nSEQUENCE:2\nSTATUS:CONFIRMED\nSUMMARY:lo\n ng\n\
         ORGANIZER:mailto:anna@bm.com\n{BOB}{ALARM}END:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261201T090000Z\n\
         ORGANIZER:mailto:anna@bm.com\nATTENDEE:mailto:carl@far.test\nEND:VEVENT\n"
    ));
    let stored = |alarm: &str, method: &str| {
        calendar(&format!(
            "X-WR-CALNAME:x\n{method}BEGIN:VEVENT\nUID:1\nDTSTAMP:20261122T120000Z\nSEQUENCE:3\nSTATUS:CANCELLED\n\
             SUMMARY:lo\n ng\nORGANIZER:mailto:anna@bm.com\n{BOB}{alarm}END:VEVENT\nBEGIN:VEVENT\nUID:1\n\
             RECURRENCE-ID:20261201T090000Z\nORGANIZER:mailto:anna@bm.com\nATTENDEE:mailto:carl@far.test\n\
             SEQUENCE:1\nSTATUS:CANCELLED\nEND:VEVENT\n"
        ))
    };
    let cancelled = cancel(before.as_bytes(), &addresses(&["anna@bm.com"]), now()).unwrap();
    assert_eq!(text(&cancelled.stored), stored(ALARM, ""));
    assert_eq!(text(&cancelled.message), stored("", "METHOD:CANCEL\n"));
    assert_eq!(cancelled.recipients, addresses(&["bob@far.test", "carl@far.test"]));

    // The same with the line ends of another program, and a byte order mark.
    let other = format!("\u{feff}{}", before.replace("\r\n", "\n"));
    let cancelled = cancel(other.as_bytes(), &addresses(&["anna@bm.com"]), now()).unwrap();
    assert_eq!(text(&cancelled.stored), format!("\u{feff}{}", stored(ALARM, "").replace("\r\n", "\n")));
}

#[test]
fn a_meeting_given_on_names_the_new_organiser_everywhere_and_goes_back() {
    let body = |stamp: &str, sequence: u32, cn: &str, address: &str, extra: &str| {
        calendar(&format!(
            "BEGIN:VEVENT\nUID:1\nDTSTAMP:{stamp}\nSEQUENCE:{sequence}\nORGANIZER;X-A=b{cn}:mailto:{address}\n\
             ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED{cn}:mailto:{address}\n{BOB}{extra}END:VEVENT\n"
        ))
    };
    let before = body("20260101T000000Z", 0, ";CN=\"Anna Martin\"", "anna@bm.com", ALARM);
    let (anna, zoe): (EmailAddress, EmailAddress) =
        ("anna@bm.com".parse().unwrap(), "zoe@bm.com".parse().unwrap());
    let from = addresses(&["a.martin@bm.com", "anna@bm.com"]);
    let given = transfer(before.as_bytes(), &from, Party { address: &zoe, name: "Zo\"é" }, now()).unwrap();
    let after = body("20261122T120000Z", 1, ";CN=\"Zoé\"", "zoe@bm.com", ALARM);
    assert_eq!(text(&given.stored), after);
    let message = body("20261122T120000Z", 1, ";CN=\"Zoé\"", "zoe@bm.com", "");
    assert_eq!(text(&given.message), message.replace("BEGIN:VEVENT", "METHOD:REQUEST\r\nBEGIN:VEVENT"));
    assert_eq!(given.recipients, addresses(&["bob@far.test"]));

    let back = Party { address: &anna, name: "Anna Martin" };
    let returned = transfer(&given.stored, std::slice::from_ref(&zoe), back, now()).unwrap();
    assert_eq!(
        text(&returned.stored),
        body("20261122T120000Z", 2, ";CN=\"Anna Martin\"", "anna@bm.com", ALARM)
    );
    assert_eq!(
        transfer(&given.stored, &from, back, now()).unwrap_err(),
        NotScheduled::AnotherOrganiser,
        "it was given on before"
    );
}

#[test]
fn a_new_organiser_who_was_invited_is_invited_once() {
    let lines = "ORGANIZER;SENT-BY=\"mailto:sec@bm.com\";EMAIL=anna@bm.com:mailto:anna@bm.com\n\
                 ATTENDEE:mailto:anna@bm.com\nATTENDEE:mailto:zoe@bm.com\n";
    let before = event("1", lines);
    let zoe = "zoe@bm.com".parse().unwrap();
    let given =
        transfer(before.as_bytes(), &addresses(&["anna@bm.com"]), Party { address: &zoe, name: "" }, now());
    let given = given.unwrap();
    let expected = event(
        "1",
        "ORGANIZER:mailto:zoe@bm.com\nATTENDEE:mailto:anna@bm.com\nATTENDEE:mailto:zoe@bm.com\nSEQUENCE:1\n",
    )
    .replace("20260101T000000Z", "20261122T120000Z");
    assert_eq!(text(&given.stored), expected);
    assert_eq!(given.recipients, []);
}

#[test]
fn what_cannot_be_read_or_is_another_persons_is_refused() {
    let anna = addresses(&["anna@bm.com"]);
    assert_eq!(cancel(b"BEGIN:VCALENDAR", &anna, now()).unwrap_err(), NotScheduled::Broken(Broken::Nesting));
    let other = event("1", "ORGANIZER:mailto:carl@bm.com\nATTENDEE:mailto:anna@bm.com\n");
    assert_eq!(cancel(other.as_bytes(), &anna, now()).unwrap_err(), NotScheduled::AnotherOrganiser);
    let odd = event("1", "SEQUENCE:many\nMETHOD:x\nORGANIZER:anna@bm.com\n")
        .replace("VERSION", "METHOD:REQUEST\r\nVERSION");
    let cancelled = cancel(odd.as_bytes(), &anna, now()).unwrap();
    assert!(
        !text(&cancelled.stored).contains("METHOD:REQUEST") && text(&cancelled.stored).contains("SEQUENCE:1")
    );
    assert_eq!(text(&cancelled.message).matches("METHOD:CANCEL").count(), 1);
}

/// Lines that editing has no business with, as any program may write them.
fn foreign_line() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("SUMMARY"),
        Just("DESCRIPTION"),
        Just("X-ORGANIZER"),
        Just("COMMENT"),
        Just("CATEGORIES"),
        Just("LOCATION"),
        Just("URL"),
    ];
    (name, "(;X-P=\"[a-z:;,]{0,8}\")?", "[ -~éà]{0,40}", proptest::option::of("[ -~é]{0,90}")).prop_map(
        |(name, parameter, value, more)| {
            let folded = more.map_or(String::new(), |more| format!("\r\n {more}"));
            format!("{name}{parameter}:{value}{folded}\r\n")
        },
    )
}

proptest! {
    #[test]
    fn editing_changes_no_other_line(
        lines in proptest::collection::vec(foreign_line(), 0..8),
        place in 0_usize..8,
        lf in any::<bool>(),
    ) {
        let mut own = vec!["ORGANIZER:mailto:anna@bm.com\r\n".to_owned(), "ATTENDEE:mailto:bob@far.test\r\n".to_owned()];
        let mut all = lines.clone();
        let place = place.min(all.len());
        all.splice(place..place, own.drain(..));
        let mut before = format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSEQUENCE:4\r\n{}END:VEVENT\r\nEND:VCALENDAR\r\n", all.concat());
        let mut after = before.replace("SEQUENCE:4", "SEQUENCE:5").replace("mailto:anna@bm.com", "mailto:zoe@bm.com");
        if lf {
            (before, after) = (before.replace("\r\n", "\n"), after.replace("\r\n", "\n"));
        }
        let zoe = "zoe@bm.com".parse().unwrap();
        let given = transfer(before.as_bytes(), &addresses(&["anna@bm.com"]), Party { address: &zoe, name: "" }, now()).unwrap();
        prop_assert_eq!(text(&given.stored), after);
        let cancelled = cancel(before.as_bytes(), &addresses(&["anna@bm.com"]), now()).unwrap();
        let end = if lf { "\n" } else { "\r\n" };
        let expected = before
            .replace("SEQUENCE:4", "SEQUENCE:5")
            .replace("END:VEVENT", &format!("STATUS:CANCELLED{end}END:VEVENT"));
        prop_assert_eq!(text(&cancelled.stored), expected);
    }
}
