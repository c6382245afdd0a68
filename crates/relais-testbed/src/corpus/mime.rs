//! Writes one message as bytes: headers with encoded-words (RFC 2047), text as quoted-printable, an HTML alternative,
//! attachments in base64 (RFC 2045). Knows nothing of people or folders.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::moment::Local;

/// A name and an address, as they stand in `From:` and `To:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Party {
    pub(super) name: String,
    pub(super) address: String,
}

pub(super) struct Attachment {
    pub(super) file_name: String,
    pub(super) media_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

pub(super) struct Draft {
    pub(super) from: Party,
    pub(super) to: Vec<Party>,
    pub(super) subject: String,
    pub(super) date_unix_s: i64,
    /// Without the angle brackets.
    pub(super) message_id: String,
    /// Message-IDs of the conversation so far, oldest first.
    pub(super) references: Vec<String>,
    pub(super) more_headers: Vec<(&'static str, String)>,
    pub(super) text: String,
    pub(super) html: Option<String>,
    pub(super) attachments: Vec<Attachment>,
}

impl Draft {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = String::new();
        self.write_headers(&mut out);
        let boundary: String = self.message_id.chars().filter(char::is_ascii_alphanumeric).collect();
        if self.attachments.is_empty() {
            self.write_content(&mut out, &boundary);
        } else {
            let outer = format!("mixed-{boundary}");
            write_header(&mut out, "Content-Type", &format!("multipart/mixed; boundary=\"{outer}\""));
            let _ = write!(out, "\r\n--{outer}\r\n");
            self.write_content(&mut out, &boundary);
            for attachment in &self.attachments {
                let _ = write!(out, "--{outer}\r\n");
                write_attachment(&mut out, attachment);
            }
            let _ = write!(out, "--{outer}--\r\n");
        }
        out.into_bytes()
    }

    fn write_headers(&self, out: &mut String) {
        write_header(out, "Date", &Local::of(self.date_unix_s).header());
        write_header(out, "From", &party_text(&self.from));
        let recipients: Vec<String> = self.to.iter().map(party_text).collect();
        write_header(out, "To", &recipients.join(",\r\n "));
        write_header(out, "Subject", &encoded_words(&self.subject));
        write_header(out, "Message-ID", &format!("<{}>", self.message_id));
        if let Some(parent) = self.references.last() {
            write_header(out, "In-Reply-To", &format!("<{parent}>"));
            let ids: Vec<String> = self.references.iter().map(|id| format!("<{id}>")).collect();
            write_header(out, "References", &ids.join("\r\n "));
        }
        for (name, value) in &self.more_headers {
            write_header(out, name, &encoded_words(value));
        }
        write_header(out, "MIME-Version", "1.0");
    }

    fn write_content(&self, out: &mut String, boundary: &str) {
        let Some(html) = &self.html else {
            write_text_part(out, "text/plain", &self.text);
            return;
        };
        let inner = format!("alt-{boundary}");
        write_header(out, "Content-Type", &format!("multipart/alternative; boundary=\"{inner}\""));
        let _ = write!(out, "\r\n--{inner}\r\n");
        write_text_part(out, "text/plain", &self.text);
        let _ = write!(out, "--{inner}\r\n");
        write_text_part(out, "text/html", html);
        let _ = write!(out, "--{inner}--\r\n");
    }
}

fn write_header(out: &mut String, name: &str, value: &str) {
    let _ = write!(out, "{name}: {value}\r\n");
}

fn write_text_part(out: &mut String, media_type: &str, text: &str) {
    write_header(out, "Content-Type", &format!("{media_type}; charset=utf-8"));
    write_header(out, "Content-Transfer-Encoding", "quoted-printable");
    out.push_str("\r\n");
    for line in text.lines() {
        write_quoted_printable_line(out, line);
    }
}

/// One line of text in lines of at most 76 characters (RFC 2045, section 6.7).
fn write_quoted_printable_line(out: &mut String, line: &str) {
    let mut column = 0;
    let last = line.len().saturating_sub(1);
    for (place, byte) in line.bytes().enumerate() {
        let literal = match byte {
            b'=' => false,
            b' ' => place != last,
            _ => byte.is_ascii_graphic(),
        };
        let width = if literal { 1 } else { 3 };
        if column + width > 75 {
            out.push_str("=\r\n");
            column = 0;
        }
        if literal {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "={byte:02X}");
        }
        column += width;
    }
    out.push_str("\r\n");
}

fn write_attachment(out: &mut String, attachment: &Attachment) {
    write_header(out, "Content-Type", attachment.media_type);
    write_header(out, "Content-Transfer-Encoding", "base64");
    let disposition = format!("attachment;\r\n {}", file_name_parameter(&attachment.file_name));
    write_header(out, "Content-Disposition", &disposition);
    out.push_str("\r\n");
    let encoded = STANDARD.encode(&attachment.bytes);
    for line in encoded.as_bytes().chunks(76) {
        out.extend(line.iter().copied().map(char::from));
        out.push_str("\r\n");
    }
}

/// `filename`, in the form of RFC 2231 where the name is not plain ASCII.
fn file_name_parameter(name: &str) -> String {
    if name.is_ascii() {
        return format!("filename=\"{name}\"");
    }
    let mut escaped = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    format!("filename*=UTF-8''{escaped}")
}

fn party_text(party: &Party) -> String {
    if party.name.is_ascii() {
        format!("\"{}\" <{}>", party.name, party.address)
    } else {
        format!("{} <{}>", encoded_words(&party.name), party.address)
    }
}

/// Text for a header: as it is when it is short ASCII, else encoded-words of at most 75 characters, one a line.
fn encoded_words(text: &str) -> String {
    // "=?UTF-8?B?" and "?=" leave 63 characters, which is 45 bytes and a little.
    const BYTES_PER_WORD_MAX: usize = 45;
    if text.is_ascii() && text.len() <= 60 {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for letter in text.chars() {
        let word = words.last_mut().expect("there is always one word");
        if word.len() + letter.len_utf8() > BYTES_PER_WORD_MAX {
            words.push(letter.to_string());
        } else {
            word.push(letter);
        }
    }
    let encoded: Vec<String> =
        words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word))).collect();
    encoded.join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::{encoded_words, file_name_parameter, write_quoted_printable_line};

    #[test]
    fn an_accented_subject_becomes_encoded_words_that_fold() {
        assert_eq!(encoded_words("Été"), "=?UTF-8?B?w4l0w6k=?=");
        let long = encoded_words(&"réunion d'équipe ".repeat(10));
        assert!(long.lines().count() > 2);
        assert!(long.lines().all(|line| line.trim_start().len() <= 75), "{long}");
    }

    #[test]
    fn quoted_printable_lines_stay_within_76_characters() {
        let mut out = String::new();
        write_quoted_printable_line(&mut out, &"é=a ".repeat(40));
        assert!(out.lines().all(|line| line.len() <= 76), "{out}");
        assert!(out.starts_with("=C3=A9=3Da =C3=A9"));
        assert!(out.ends_with("=20\r\n"), "a space at the end of a line has to be written as =20");
    }

    #[test]
    fn an_accented_file_name_is_written_as_rfc_2231_says() {
        assert_eq!(file_name_parameter("a.pdf"), "filename=\"a.pdf\"");
        assert_eq!(file_name_parameter("été.csv"), "filename*=UTF-8''%C3%A9t%C3%A9.csv");
    }
}
