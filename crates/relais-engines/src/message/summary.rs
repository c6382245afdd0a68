//! What a list shows of a message.

use super::head::ended;
use jiff::Timestamp;
use mail_parser::{Address, MessageParser};

const TEXT_CHARS_MAX: usize = 300;
const ADDRESSES_MAX: usize = 20;

/// A message in one line: decoded, without line ends, and cut where it is very long. What is absent or unreadable
/// is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// `Date:`, the sender's word for it.
    pub date: Option<Timestamp>,
    /// `René Martin <rene@example.test>`.
    pub from: String,
    /// The recipients of `To:`, a comma between them.
    pub to: String,
    pub subject: String,
    /// Without angle brackets.
    pub message_id: Option<String>,
}

impl Summary {
    /// Reads a header block, with or without the empty line that ends it.
    #[must_use]
    pub fn parse(block: &[u8]) -> Self {
        let block = ended(block);
        let Some(parsed) = MessageParser::default().parse_headers(block.as_ref()) else {
            return Self::default();
        };
        Self {
            date: parsed.date().and_then(|date| Timestamp::from_second(date.to_timestamp()).ok()),
            from: cut(&addresses(parsed.from())),
            to: cut(&addresses(parsed.to())),
            subject: cut(parsed.subject().unwrap_or_default()),
            message_id: parsed.message_id().map(cut).filter(|id| !id.is_empty()),
        }
    }
}

/// Addresses as people write them, a comma between them.
pub(super) fn addresses(field: Option<&Address<'_>>) -> String {
    let mut text = String::new();
    for address in field.into_iter().flat_map(Address::iter).take(ADDRESSES_MAX) {
        let (name, address) = (address.name().unwrap_or_default(), address.address().unwrap_or_default());
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(name);
        match (name.is_empty(), address.is_empty()) {
            (true, _) => text.push_str(address),
            (false, true) => {}
            (false, false) => {
                text.push_str(" <");
                text.push_str(address);
                text.push('>');
            }
        }
    }
    text
}

fn cut(text: &str) -> String {
    super::reply::line(text, TEXT_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_summary_is_decoded_and_of_one_line() {
        let summary = Summary::parse(
            b"From: =?utf-8?q?Ren=C3=A9?= <rene@x.test>\r\nTo: a@x.test, B <b@x.test>\r\n\
              Date: Sat, 21 Nov 2026 20:00:00 +0100\r\nSubject: =?utf-8?q?R=C3=A9=0Aunion?=\r\n\
              Message-ID: <m1@x.test>\r\n\r\nSubject: body\r\n",
        );
        assert_eq!(summary.from, "René <rene@x.test>");
        assert_eq!(summary.to, "a@x.test, B <b@x.test>");
        assert_eq!(summary.subject, "Ré union");
        assert_eq!(summary.date, Some("2026-11-21T19:00:00Z".parse().unwrap()));
        assert_eq!(summary.message_id.as_deref(), Some("m1@x.test"));
        let long = format!("Subject: {}\r\n", "é".repeat(5000));
        assert_eq!(Summary::parse(long.as_bytes()).subject.chars().count(), TEXT_CHARS_MAX);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1000)) {
            let _ = Summary::parse(&bytes);
        }

        #[test]
        fn no_header_like_text_panics(text in "(Date|From|To|Message-ID)(: ?| )[ -~é\r\n\t<>=?\0,;]{0,200}") {
            let summary = Summary::parse(text.as_bytes());
            prop_assert!(!summary.from.contains(['\n', '\r']) && !summary.to.contains(['\n', '\r']));
        }
    }
}
