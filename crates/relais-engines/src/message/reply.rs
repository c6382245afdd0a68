//! An automatic answer (RFC 3834, section 3).

use super::Head;
use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use relais_core::address::EmailAddress;

/// What stands before the subject that is answered.
pub const FRENCH_PREFIX: &str = "Réponse automatique";
/// What stands before the subject that is answered.
pub const ENGLISH_PREFIX: &str = "Automatic reply";

const SUBJECT_CHARS_MAX: usize = 500;
const NAME_CHARS_MAX: usize = 200;
const ID_BYTES_MAX: usize = 250;
/// The first and the newest of these are kept (RFC 5322, section 3.6.4, sets no limit; header lines do).
const REFERENCES_MAX: usize = 20;

/// An automatic answer to be written. Goes out with a null envelope sender.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    pub from_name: &'a str,
    pub from: &'a EmailAddress,
    /// The envelope sender of the message that is answered.
    pub to: &'a str,
    /// [`FRENCH_PREFIX`] or [`ENGLISH_PREFIX`].
    pub subject_prefix: &'a str,
    pub text: &'a str,
    /// Of the message that is answered.
    pub head: &'a Head,
    /// Of this answer, without angle brackets: `local@domain`.
    pub message_id: &'a str,
    pub now: Timestamp,
}

/// Writes an answer: plain text in UTF-8, lines ended by CRLF. No value can begin another header field, whatever
/// the answered message holds.
#[must_use]
pub fn reply(reply: &Reply<'_>) -> Vec<u8> {
    let mut message = MessageBuilder::new()
        .from(Address::new_address(Some(line(reply.from_name, NAME_CHARS_MAX)), reply.from.as_str()))
        .header("To", Raw::new(format!("<{}>", to_address(reply.to))))
        .subject(Text::new(subject(reply)))
        .date(Date::new(reply.now.as_second()))
        .message_id(MessageId::new(id(reply.message_id).unwrap_or_default()))
        .header("Auto-Submitted", Raw::new("auto-replied"));
    if let Some(answered) = reply.head.message_id.as_deref().and_then(id) {
        message = message
            .in_reply_to(MessageId::new(answered.clone()))
            .references(MessageId::new_list(references(reply.head, answered).into_iter()));
    }
    let text = reply.text.replace("\r\n", "\n").replace(['\r', '\0'], "");
    let mut bytes = Vec::new();
    message.text_body(text.replace('\n', "\r\n")).serialize(&mut bytes);
    bytes
}

fn subject(reply: &Reply<'_>) -> String {
    let prefix = line(reply.subject_prefix, NAME_CHARS_MAX);
    let answered = line(&reply.head.subject, SUBJECT_CHARS_MAX);
    let colon = if prefix == FRENCH_PREFIX { " :" } else { ":" };
    if answered.is_empty() { prefix } else { format!("{prefix}{colon} {answered}") }
}

/// References of the answered message and its own id (RFC 5322, section 3.6.4).
fn references(head: &Head, answered: String) -> Vec<String> {
    let before = if head.references.is_empty() && head.in_reply_to.len() == 1 {
        &head.in_reply_to
    } else {
        &head.references
    };
    let mut ids: Vec<String> = before.iter().filter_map(|text| id(text)).collect();
    ids.retain(|known| *known != answered);
    ids.push(answered);
    if ids.len() > REFERENCES_MAX {
        ids.drain(1..=ids.len() - REFERENCES_MAX);
    }
    ids
}

/// A text as one line: control characters become spaces.
pub(super) fn line(text: &str, chars_max: usize) -> String {
    let plain: String =
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(chars_max).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A message id as it stands between angle brackets, or `None` if that text cannot stand there.
fn id(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('<').trim_end_matches('>');
    let fits = !text.is_empty()
        && text.len() <= ID_BYTES_MAX
        && text
            .chars()
            .all(|letter| !letter.is_control() && !letter.is_whitespace() && !"<>".contains(letter));
    fits.then(|| text.to_owned())
}

/// The recipient as it stands between angle brackets. Quoted local parts may hold spaces, nothing may end the
/// brackets or the line.
fn to_address(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control() && !"<>".contains(*letter)).take(320).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::MessageParser;
    use proptest::prelude::*;

    fn write(head: &Head, from_name: &str, to: &str, text: &str, prefix: &str) -> Vec<u8> {
        reply(&Reply {
            from_name,
            from: &"user1@bm.com".parse().unwrap(),
            to,
            subject_prefix: prefix,
            text,
            head,
            message_id: "r1@bm.com",
            now: "2026-11-21T20:00:00Z".parse().unwrap(),
        })
    }

    #[test]
    fn an_answer_is_marked_threaded_and_in_the_given_language() {
        let head = Head::parse(
            b"Subject: =?utf-8?q?R=C3=A9union?=\r\nMessage-ID: <m1@x.test>\r\nReferences: <a@x.test> <b@x.test>\r\n\r\n",
        );
        let bytes = write(&head, "René Martin", "client@x.test", "Bonjour,\nj'ai quitté.\n", FRENCH_PREFIX);
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(parsed.subject(), Some("Réponse automatique : Réunion"));
        assert_eq!(parsed.header_raw("Auto-Submitted").unwrap().trim(), "auto-replied");
        assert_eq!(parsed.header_raw("In-Reply-To").unwrap().trim(), "<m1@x.test>");
        assert_eq!(parsed.references().as_text_list().unwrap(), ["a@x.test", "b@x.test", "m1@x.test"]);
        assert_eq!(parsed.message_id(), Some("r1@bm.com"));
        assert_eq!(parsed.header_raw("To").unwrap().trim(), "<client@x.test>");
        assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("René Martin"));
        assert_eq!(parsed.date().unwrap().to_timestamp(), 1_795_291_200);
        assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), "Bonjour,\nj'ai quitté.");
        let content_type = parsed.header_raw("Content-Type").unwrap().to_lowercase();
        assert!(content_type.contains("text/plain") && content_type.contains("utf-8"), "{content_type}");

        let english = write(&Head::default(), "", "client@x.test", "Gone.", ENGLISH_PREFIX);
        let parsed = MessageParser::default().parse(&english).unwrap();
        assert_eq!(parsed.subject(), Some("Automatic reply"));
        assert!(parsed.header_raw("In-Reply-To").is_none() && parsed.header_raw("References").is_none());
    }

    #[test]
    fn many_references_keep_the_first_and_the_newest() {
        let references: Vec<String> = (0..60).map(|number| format!("{number}@x")).collect();
        let head = Head { references, message_id: Some("m@x".to_owned()), ..Head::default() };
        let ids = super::references(&head, "m@x".to_owned());
        assert_eq!(ids.len(), REFERENCES_MAX);
        assert_eq!((ids[0].as_str(), ids[18].as_str(), ids[19].as_str()), ("0@x", "59@x", "m@x"));
    }

    fn field_names(bytes: &[u8]) -> Vec<String> {
        crate::message::head::fields(bytes).map(|(name, _)| name).collect()
    }

    fn every_line_ends_with_crlf(bytes: &[u8]) -> bool {
        bytes.iter().enumerate().all(|(place, byte)| match byte {
            b'\n' => place > 0 && bytes[place - 1] == b'\r',
            b'\r' => bytes.get(place + 1) == Some(&b'\n'),
            _ => true,
        })
    }

    #[test]
    fn nothing_in_a_message_adds_a_field_to_its_answer() {
        let evil = "x\r\nBcc: victim@x.test\r\n\r\nbody\n\rX: y\0\u{85}z";
        let head = Head {
            subject: evil.to_owned(),
            message_id: Some(evil.to_owned()),
            references: vec![evil.to_owned(), "a@x> \r\nBcc: <b@x".to_owned()],
            ..Head::default()
        };
        let bytes = write(&head, evil, evil, evil, ENGLISH_PREFIX);
        let expected = field_names(&write(&Head::default(), "x", "y@x.test", "text", ENGLISH_PREFIX));
        let names = field_names(&bytes);
        assert_eq!(names, expected);
        assert!(every_line_ends_with_crlf(&bytes));
    }

    proptest! {
        #[test]
        fn any_answer_has_its_own_fields_and_line_ends_only(
            subject in any::<String>(), id in any::<String>(), name in any::<String>(),
            to in any::<String>(), text in any::<String>(),
        ) {
            let head = Head { subject, message_id: Some(id.clone()), references: vec![id], ..Head::default() };
            let bytes = write(&head, &name, &to, &text, FRENCH_PREFIX);
            let known = ["from", "to", "subject", "date", "message-id", "auto-submitted", "in-reply-to",
                "references", "mime-version", "content-type", "content-transfer-encoding"];
            for name in field_names(&bytes) {
                prop_assert!(known.contains(&name.as_str()), "{}", name);
            }
            prop_assert!(every_line_ends_with_crlf(&bytes));
            prop_assert!(MessageParser::default().parse(&bytes).is_some());
        }
    }
}
