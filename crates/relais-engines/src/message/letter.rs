//! A letter that Relais itself writes to a person: plain text, marked as automatic (RFC 3834, section 5).

use super::reply::line;
use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use relais_core::address::EmailAddress;
use relais_core::language::Language;

const LINE_CHARS_MAX: usize = 200;

/// A letter to be written. Goes out with a null envelope sender.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// On whose behalf it is written.
    pub from_name: &'a str,
    /// The server that writes it: its postmaster is the sender.
    pub hostname: &'a str,
    pub to: &'a EmailAddress,
    pub language: Language,
    pub subject: &'a str,
    pub text: &'a str,
    /// Without angle brackets: `local@domain`.
    pub message_id: &'a str,
    pub now: Timestamp,
}

/// Writes a letter. No value can begin another header field.
#[must_use]
pub fn letter(letter: &Letter<'_>) -> Vec<u8> {
    let from = format!("postmaster@{}", line(letter.hostname, LINE_CHARS_MAX));
    let text = letter.text.replace("\r\n", "\n").replace(['\r', '\0'], "");
    let mut bytes = Vec::new();
    MessageBuilder::new()
        .from(Address::new_address(Some(line(letter.from_name, LINE_CHARS_MAX)), from))
        .header("To", Raw::new(format!("<{}>", letter.to)))
        .subject(Text::new(line(letter.subject, LINE_CHARS_MAX)))
        .date(Date::new(letter.now.as_second()))
        .message_id(MessageId::new(line(letter.message_id, LINE_CHARS_MAX)))
        .header("Content-Language", Raw::new(letter.language.tag()))
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .text_body(text.replace('\n', "\r\n"))
        .serialize(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::MessageParser;

    #[test]
    fn a_letter_says_who_writes_and_that_no_person_does_and_nothing_can_be_injected() {
        let bytes = letter(&Letter {
            from_name: "Mairie de Lyon\r\nBcc: x@y.test",
            hostname: "mx.bm.com",
            to: &"zoe@far.test".parse().unwrap(),
            language: Language::French,
            subject: "Votre mot de passe\r\nX-Bad: 1",
            text: "Bonjour,\n\nouvrez ce lien :\nhttps://mail.bm.com/reset/rlp_abc-_1\n",
            message_id: "out-1@mx.bm.com",
            now: "2026-11-21T10:00:00Z".parse().unwrap(),
        });
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(parsed.subject(), Some("Votre mot de passe X-Bad: 1"));
        let from = parsed.from().unwrap().first().unwrap();
        assert_eq!(from.address(), Some("postmaster@mx.bm.com"));
        assert_eq!(from.name(), Some("Mairie de Lyon Bcc: x@y.test"));
        assert_eq!(parsed.header_raw("Auto-Submitted").unwrap().trim(), "auto-generated");
        assert_eq!(parsed.header_raw("To").unwrap().trim(), "<zoe@far.test>");
        assert!(parsed.header_raw("Bcc").is_none() && parsed.header_raw("X-Bad").is_none());
        assert!(parsed.body_text(0).unwrap().contains("https://mail.bm.com/reset/rlp_abc-_1"));
    }
}
