//! The header block of a message, as far as Relais asks for it.

use mail_parser::{HeaderValue, Message, MessageParser};
use std::borrow::Cow;

/// Of a field, this many values are kept.
const VALUES_MAX: usize = 100;

/// What a header block says. A field that is absent or unreadable is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// Decoded (RFC 2047).
    pub subject: String,
    /// Without angle brackets, as all message ids here.
    pub message_id: Option<String>,
    pub references: Vec<String>,
    pub in_reply_to: Vec<String>,
    /// The first address of `From:`.
    pub from: Option<String>,
    /// The first `Return-Path:`, raw (RFC 5321, section 4.4).
    pub return_path: Option<String>,
    /// `Auto-Submitted:`, raw (RFC 3834, section 5).
    pub auto_submitted: Option<String>,
    /// `Precedence:`, raw (RFC 3834, section 2).
    pub precedence: Vec<String>,
    /// `X-Auto-Response-Suppress:`, raw (Exchange; MS-OXCMAIL, section 2.2.3.2.14).
    pub auto_response_suppress: Vec<String>,
    /// The names of all `List-…` fields (RFC 2369, RFC 2919), lower case.
    pub list_fields: Vec<String>,
    /// `Sensitivity:`, raw (RFC 4021, section 2.1.55).
    pub sensitivity: Vec<String>,
    /// `Content-Type:`, raw, lower case.
    pub content_type: String,
    /// Fields named `Received:`.
    pub received_fields: usize,
}

impl Head {
    /// Reads a header block, with or without the empty line that ends it; a body after it is not looked at.
    #[must_use]
    pub fn parse(block: &[u8]) -> Self {
        let mut head = Self::default();
        for (name, value) in fields(block) {
            match name.as_str() {
                "return-path" => head.return_path = head.return_path.or(Some(value)),
                "auto-submitted" => head.auto_submitted = Some(value),
                "precedence" => push(&mut head.precedence, value),
                "x-auto-response-suppress" => push(&mut head.auto_response_suppress, value),
                "sensitivity" => push(&mut head.sensitivity, value),
                "content-type" => head.content_type = value.to_lowercase(),
                "received" => head.received_fields += 1,
                list if list.starts_with("list-") => push(&mut head.list_fields, name),
                _ => {}
            }
        }
        if let Some(parsed) = MessageParser::default().parse_headers(&ended(block)) {
            head.take_decoded(&parsed);
        }
        head
    }

    fn take_decoded(&mut self, parsed: &Message<'_>) {
        self.subject = parsed.subject().unwrap_or_default().to_owned();
        self.message_id = parsed.message_id().map(str::to_owned);
        self.references = ids(parsed.references());
        self.in_reply_to = ids(parsed.in_reply_to());
        self.from =
            parsed.from().and_then(|from| from.first()).and_then(|from| from.address()).map(str::to_owned);
    }
}

/// The block with its last line ended: the parser does not see a field that was cut off.
pub(super) fn ended(block: &[u8]) -> Cow<'_, [u8]> {
    if block.ends_with(b"\n") { block.into() } else { [block, b"\r\n"].concat().into() }
}

fn push(values: &mut Vec<String>, value: String) {
    if values.len() < VALUES_MAX {
        values.push(value);
    }
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    let texts = value.as_text_list().unwrap_or_default();
    texts.iter().take(VALUES_MAX).map(|id| id.trim_matches(['<', '>', ' ']).to_owned()).collect()
}

/// The fields of a header block in order: name in lower case; value unfolded (RFC 5322, section 2.2.3), trimmed,
/// bytes that are not UTF-8 replaced.
pub(super) fn fields(block: &[u8]) -> impl Iterator<Item = (String, String)> {
    let mut lines = block.split_inclusive(|byte| *byte == b'\n').peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            if line.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                return None;
            }
            let Some(colon) = line.iter().position(|byte| *byte == b':') else {
                continue;
            };
            let mut value = line[colon + 1..].to_vec();
            while let Some(more) = lines.next_if(|next| matches!(next[0], b' ' | b'\t')) {
                value.extend_from_slice(more);
            }
            value.retain(|byte| !matches!(byte, b'\r' | b'\n'));
            let name = String::from_utf8_lossy(&line[..colon]).trim().to_ascii_lowercase();
            return Some((name, String::from_utf8_lossy(&value).trim().to_owned()));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_head_tells_what_it_says() {
        let head = Head::parse(
            b"Received: from a\r\nRECEIVED: from b\r\nFrom: =?utf-8?q?Ren=C3=A9?= <rene@example.test>\r\n\
              Subject: =?utf-8?q?R=C3=A9union?=\r\n =?utf-8?q?_demain?=\r\nMessage-ID: <m1@example.test>\r\n\
              References: <a@x>\r\n <b@x>\r\nIn-Reply-To: <b@x>\r\nAuto-Submitted: no\r\nPrecedence: bulk\r\n\
              List-Id: L <l.x>\r\nList-Unsubscribe: <mailto:a@x>\r\nSensitivity: Personal\r\n\
              X-Auto-Response-Suppress: OOF,\r\n\tAutoReply\r\n\r\nSubject: not this\r\n",
        );
        assert_eq!(head.subject, "Réunion demain");
        assert_eq!(head.message_id.as_deref(), Some("m1@example.test"));
        assert_eq!(head.references, ["a@x", "b@x"]);
        assert_eq!(head.in_reply_to, ["b@x"]);
        assert_eq!(head.from.as_deref(), Some("rene@example.test"));
        assert_eq!(head.auto_submitted.as_deref(), Some("no"));
        assert_eq!(head.precedence, ["bulk"]);
        assert_eq!(head.list_fields, ["list-id", "list-unsubscribe"]);
        assert_eq!(head.sensitivity, ["Personal"]);
        assert_eq!(head.auto_response_suppress, ["OOF,\tAutoReply"]);
        assert_eq!(head.received_fields, 2);
    }

    #[test]
    fn broken_heads_are_read_as_far_as_they_go() {
        for block in [
            b"".as_slice(),
            b"\r\n",
            b":",
            b"no colon at all",
            b"Subject",
            b"Subject: =?utf-8?q?cut",
            b"Subject: \xff\xfe\0x\r\nFrom: <<<>>\r\nMessage-ID: <\r\nReferences: <<",
            b" folded first\r\nSubject: x\r\n",
        ] {
            let _ = Head::parse(block);
        }
        assert_eq!(Head::parse(b"Subject: caf\xe9").subject.chars().take(3).collect::<String>(), "caf");
        assert_eq!(Head::parse(b"rubbish\nSubject: x\n\n").subject, "x");
        let huge = [b"Subject: ".as_slice(), &b"a".repeat(200_000)].concat();
        assert_eq!(Head::parse(&huge).subject.len(), 200_000);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = Head::parse(&bytes);
        }

        #[test]
        fn no_header_like_text_panics(text in "(Subject|From|References|Message-ID|Sensitivity|X)?(: ?| )[ -~é\r\n\t<>=?\0]{0,200}") {
            let _ = Head::parse(text.as_bytes());
        }
    }
}
