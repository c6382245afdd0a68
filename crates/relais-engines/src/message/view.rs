//! A message as text that is safe to show: nothing is fetched, nothing is run, no markup is left.

use super::reply::line;
use super::summary::addresses;
use jiff::Timestamp;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use serde::{Deserialize, Serialize};
use std::io::{self, Read};

/// Of a message, this much is read.
const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Of a text, this much is shown.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Beyond this, HTML is not turned into text.
const HTML_BYTES_MAX: usize = 4 * 1024 * 1024;
const FIELD_CHARS_MAX: usize = 2000;
const ATTACHMENTS_MAX: usize = 500;

/// A message to be shown. Every value is plain text; what is absent or unreadable is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct View {
    #[schema(example = "René Martin <rene@example.test>")]
    pub from: String,
    pub to: String,
    pub cc: String,
    /// The sender's word for it.
    pub date: Option<Timestamp>,
    pub subject: String,
    /// Of the first text; HTML without its markup.
    pub text: String,
    pub attachments: Vec<Attachment>,
    /// Whether the message goes on: its text is longer than what is shown, or it is so large that not all was read.
    pub truncated: bool,
}

/// A file that a message carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Attachment {
    /// Empty where the message names none.
    #[schema(example = "devis.pdf")]
    pub name: String,
    #[schema(example = "application/pdf")]
    pub media_type: String,
    /// Decoded.
    pub size_bytes: u64,
}

impl View {
    /// Reads a message to be shown, at most its first 64 MB.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(message: impl Read) -> io::Result<Self> {
        let mut bytes = Vec::new();
        message.take(MESSAGE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
        let cut = bytes.len() > MESSAGE_BYTES_MAX;
        bytes.truncate(MESSAGE_BYTES_MAX);
        let mut view = Self::parse(&bytes);
        view.truncated |= cut;
        Ok(view)
    }

    /// A message to be shown, whatever these bytes are.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse(bytes) else {
            return Self::default();
        };
        let (text, truncated) = text_of(&message);
        let field = |text: &str| line(text, FIELD_CHARS_MAX);
        Self {
            from: field(&addresses(message.from())),
            to: field(&addresses(message.to())),
            cc: field(&addresses(message.cc())),
            date: message.date().and_then(|date| Timestamp::from_second(date.to_timestamp()).ok()),
            subject: field(message.subject().unwrap_or_default()),
            text,
            attachments: message.attachments().take(ATTACHMENTS_MAX).map(attachment).collect(),
            truncated,
        }
    }
}

/// The text that stands for the message, and whether it was cut.
fn text_of(message: &Message<'_>) -> (String, bool) {
    let part = message.text_body.first().or_else(|| message.html_body.first());
    let part = part.and_then(|place| message.parts.get(*place as usize));
    match part.map(|part| &part.body) {
        Some(PartType::Text(text)) => shown(text, false),
        Some(PartType::Html(html)) => {
            let end = floor(html, HTML_BYTES_MAX);
            shown(&mail_parser::decoders::html::html_to_text(&html[..end]), end < html.len())
        }
        Some(_) | None => (String::new(), false),
    }
}

/// Without control characters (a terminal would obey them) and marks that turn the direction of text around.
fn shown(text: &str, cut: bool) -> (String, bool) {
    let end = floor(text, TEXT_BYTES_MAX);
    let is_shown = |letter: &char| {
        !matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            && (!letter.is_control() || matches!(letter, '\n' | '\t'))
    };
    let shown: String = text[..end].chars().filter(is_shown).collect();
    (shown.trim_end().to_owned(), cut || end < text.len())
}

fn floor(text: &str, bytes_max: usize) -> usize {
    text.floor_char_boundary(bytes_max)
}

fn attachment(part: &MessagePart<'_>) -> Attachment {
    let media_type = match part.content_type() {
        Some(kind) => match kind.subtype() {
            Some(subtype) => format!("{}/{subtype}", kind.ctype()),
            None => kind.ctype().to_owned(),
        },
        None => "application/octet-stream".to_owned(),
    };
    Attachment {
        name: line(part.attachment_name().unwrap_or_default(), 255),
        media_type: line(&media_type.to_lowercase(), 100),
        size_bytes: part.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_is_shown_with_its_text_and_attachments() {
        let view = View::parse(
            b"From: =?utf-8?q?Ren=C3=A9?= <rene@x.test>\r\nTo: a@x.test, b@x.test\r\nCc: c@x.test\r\n\
              Date: Sat, 21 Nov 2026 20:00:00 +0100\r\nSubject: =?iso-8859-1?q?d=E9vis?=\r\nMIME-Version: 1.0\r\n\
              Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\
              Content-Transfer-Encoding: quoted-printable\r\n\r\nVoil=C3=A0 \x1b[31m\r\n--b\r\n\
              Content-Type: application/pdf; name=\"d.pdf\"\r\nContent-Disposition: attachment\r\n\
              Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n",
        );
        assert_eq!(view.from, "René <rene@x.test>");
        assert_eq!((view.to.as_str(), view.cc.as_str()), ("a@x.test, b@x.test", "c@x.test"));
        assert_eq!(view.subject, "dévis");
        assert_eq!(view.date, Some("2026-11-21T19:00:00Z".parse().unwrap()));
        assert_eq!(view.text, "Voilà [31m");
        let pdf =
            Attachment { name: "d.pdf".to_owned(), media_type: "application/pdf".to_owned(), size_bytes: 3 };
        assert_eq!(view.attachments, [pdf]);
        assert!(!view.truncated);
    }

    #[test]
    fn html_becomes_text_and_fetches_nothing() {
        let view = View::parse(
            b"Content-Type: text/html; charset=utf-8\r\n\r\n<html><head><style>p{}</style><script>evil()</script>\
              </head><body><p>Bonjour&nbsp;&eacute;</p><img src=\"http://x.test/pixel\"><p>a &lt; b</p></body></html>",
        );
        assert!(view.text.contains("Bonjour") && view.text.contains("a < b"), "{}", view.text);
        for left in ["evil", "p{}", "pixel", "<p", "<img"] {
            assert!(!view.text.contains(left), "{left} in {}", view.text);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_letters_and_says_so() {
        let message =
            format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{}", "é".repeat(TEXT_BYTES_MAX));
        let view = View::read(message.as_bytes()).unwrap();
        assert!(view.truncated);
        assert_eq!(view.text.len(), TEXT_BYTES_MAX);
        assert!(!View::parse(b"Subject: x\r\n\r\nshort").truncated);
        assert_eq!(View::parse(b""), View::default());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = View::parse(&bytes);
        }

        #[test]
        fn no_message_like_text_panics(
            kind in "(text/html|text/plain|multipart/mixed; boundary=b|message/rfc822|image/png|x)",
            body in "(--b|<[a-z]{0,6}|&[a-z#0-9]{0,8};?|[ -~é\r\n\0]{0,20}|--b--\r\n|Content-Type: text/html\r\n\r\n){0,40}",
        ) {
            let view = View::parse(format!("Subject: x\r\nContent-Type: {kind}\r\n\r\n{body}").as_bytes());
            prop_assert!(!view.text.contains(['\0', '\x1b']));
        }
    }
}
