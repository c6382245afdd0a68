//! A mail that carries a meeting's change to somebody invited (iMIP, RFC 6047): words for people, and the calendar
//! object for their program.

use super::reply::line;
use jiff::{Timestamp, Zoned};
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::MimePart;
use relais_core::address::EmailAddress;
use relais_core::language::Language;

const NAME_CHARS_MAX: usize = 200;
const SUMMARY_CHARS_MAX: usize = 200;

/// What becomes of the meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeetingChange<'a> {
    Cancelled,
    /// Its organiser from now on, by name.
    Transferred {
        organiser: &'a str,
    },
}

/// A mail to one person invited.
#[derive(Debug, Clone, Copy)]
pub struct Invitation<'a> {
    /// The organiser, or who writes for them.
    pub from_name: &'a str,
    pub from: &'a EmailAddress,
    pub to: &'a EmailAddress,
    pub language: Language,
    pub change: MeetingChange<'a>,
    pub summary: &'a str,
    /// When the meeting takes place next, in the time zone of the organisation.
    pub next: &'a Zoned,
    /// The calendar object with its method, in UTF-8: see [`crate::collections::Scheduled::message`].
    pub calendar: &'a [u8],
    /// Without angle brackets: `local@domain`.
    pub message_id: &'a str,
    pub now: Timestamp,
}

/// Writes the mail. No value can begin another header field.
#[must_use]
pub fn invitation(invitation: &Invitation<'_>) -> Vec<u8> {
    let (subject, text) = words(invitation);
    let method = match invitation.change {
        MeetingChange::Cancelled => "CANCEL",
        MeetingChange::Transferred { .. } => "REQUEST",
    };
    let calendar =
        ContentType::new("text/calendar").attribute("method", method).attribute("charset", "utf-8");
    let parts = vec![
        MimePart::new("text/plain; charset=utf-8", text),
        // As bytes: nothing folds or ends its lines anew.
        MimePart::new(calendar, invitation.calendar.to_vec()),
    ];
    MessageBuilder::new()
        .from(Address::new_address(
            Some(line(invitation.from_name, NAME_CHARS_MAX)),
            invitation.from.as_str(),
        ))
        .header("To", Raw::new(format!("<{}>", invitation.to)))
        .subject(Text::new(subject))
        .date(Date::new(invitation.now.as_second()))
        .message_id(MessageId::new(line(invitation.message_id, NAME_CHARS_MAX)))
        .header("Content-Language", Raw::new(invitation.language.tag()))
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .body(MimePart::new("multipart/alternative", parts))
        .write_to_vec()
        .unwrap_or_default()
}

/// Subject and text.
fn words(invitation: &Invitation<'_>) -> (String, String) {
    let language = invitation.language;
    let untitled = language.pick("sans titre", "untitled");
    let summary = line(invitation.summary, SUMMARY_CHARS_MAX);
    let summary = if summary.is_empty() { untitled } else { &summary };
    let zone = invitation.next.time_zone().iana_name().unwrap_or("UTC");
    let french_next = invitation.next.strftime("%d/%m/%Y à %H:%M");
    let english_next = invitation.next.strftime("%Y-%m-%d, %H:%M");
    let (french, english) = match invitation.change {
        MeetingChange::Cancelled => (
            (
                format!("Annulée : {summary}"),
                format!(
                    "La réunion « {summary} », dont la prochaine date était le {french_next} ({zone}), est annulée.\r\n"
                ),
            ),
            (
                format!("Cancelled: {summary}"),
                format!(
                    "The meeting \"{summary}\", which was next due on {english_next} ({zone}), is cancelled.\r\n"
                ),
            ),
        ),
        MeetingChange::Transferred { organiser } => {
            let organiser = line(organiser, NAME_CHARS_MAX);
            (
                (
                    format!("Nouvel organisateur : {summary}"),
                    format!(
                        "La réunion « {summary} » a désormais pour organisateur : {organiser}.\r\nSa prochaine date \
                         reste le {french_next} ({zone}).\r\n"
                    ),
                ),
                (
                    format!("New organiser: {summary}"),
                    format!(
                        "The meeting \"{summary}\" is now organised by {organiser}.\r\nIts next date is still \
                         {english_next} ({zone}).\r\n"
                    ),
                ),
            )
        }
    };
    language.pick(french, english)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::{MessageParser, MimeHeaders as _};

    fn written(language: Language, change: MeetingChange<'_>) -> Vec<u8> {
        invitation(&Invitation {
            from_name: "Zoé\r\nBcc: x@y.test",
            from: &"zoe@bm.com".parse().unwrap(),
            to: &"bob@far.test".parse().unwrap(),
            language,
            change,
            summary: "Point hebdo\r\nX-Bad: 1",
            next: &"2026-11-23T09:00:00+01:00[Europe/Paris]".parse().unwrap(),
            calendar: b"BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nX:\xc3\xa9\r\nEND:VCALENDAR\r\n",
            message_id: "out-1@mx.bm.com",
            now: "2026-11-22T10:00:00Z".parse().unwrap(),
        })
    }

    #[test]
    fn a_mail_carries_the_object_as_it_is_and_words_for_people_and_nothing_can_be_injected() {
        let bytes = written(Language::French, MeetingChange::Cancelled);
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(parsed.subject(), Some("Annulée : Point hebdo X-Bad: 1"));
        assert_eq!(parsed.from().unwrap().first().unwrap().address(), Some("zoe@bm.com"));
        assert_eq!(parsed.header_raw("To").unwrap().trim(), "<bob@far.test>");
        assert_eq!(parsed.header_raw("Auto-Submitted").unwrap().trim(), "auto-generated");
        assert!(parsed.header_raw("Bcc").is_none() && parsed.header_raw("X-Bad").is_none());
        assert_eq!(parsed.content_type().unwrap().subtype(), Some("alternative"));
        let calendar = parsed.parts.iter().find(|part| part.is_content_type("text", "calendar")).unwrap();
        let kind = calendar.content_type().unwrap();
        assert_eq!((kind.attribute("method"), kind.attribute("charset")), (Some("CANCEL"), Some("utf-8")));
        assert_eq!(
            calendar.contents(),
            "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nX:é\r\nEND:VCALENDAR\r\n".as_bytes()
        );
        let text = parsed.body_text(0).unwrap();
        assert!(text.contains("le 23/11/2026 à 09:00 (Europe/Paris), est annulée."), "{text}");
    }

    #[test]
    fn a_transfer_names_the_new_organiser_in_the_language_of_the_organisation() {
        let change = MeetingChange::Transferred { organiser: "Zoé" };
        for (language, subject, sentence) in [
            (
                Language::French,
                "Nouvel organisateur : Point hebdo X-Bad: 1",
                "a désormais pour organisateur : Zoé.",
            ),
            (Language::English, "New organiser: Point hebdo X-Bad: 1", "is now organised by Zoé."),
        ] {
            let bytes = written(language, change);
            let parsed = MessageParser::default().parse(&bytes).unwrap();
            assert_eq!(parsed.subject(), Some(subject));
            let text = parsed.body_text(0).unwrap();
            assert!(text.contains(sentence), "{text}");
            assert!(String::from_utf8_lossy(&bytes).contains("method=\"REQUEST\""));
        }
    }
}
