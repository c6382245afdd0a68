//! Content lines of iCalendar and vCard files (RFC 5545 and RFC 6350, section 3), each with the place of its bytes,
//! so that a file can be cut or edited without being rewritten. Takes any bytes.

use std::borrow::Cow;
use std::ops::Range;

const BOM: &[u8] = b"\xef\xbb\xbf";
/// Octets of a line without its end, from where on it has to be folded.
const OCTETS_MAX: usize = 75;

/// One line as the sender meant it, however it is folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it lies, its line end included.
    pub range: Range<usize>,
    /// Unfolded, without its line end. What is not UTF-8 is replaced.
    pub text: String,
}

impl Line {
    /// Its name without the group of a vCard, as it is written.
    pub fn name(&self) -> &str {
        let name = &self.text[..self.text.find([';', ':']).unwrap_or(self.text.len())];
        name.rsplit_once('.').map_or(name, |(_, name)| name)
    }

    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// What follows the colon, or `None` for a line that has none.
    pub fn value(&self) -> Option<&str> {
        self.colon().map(|colon| &self.text[colon + 1..])
    }

    /// Its parameters as they are written, `NAME=value`.
    pub fn parameters(&self) -> Vec<&str> {
        let end = self.colon().unwrap_or(self.text.len());
        let mut parts = split_unquoted(&self.text[..end], ';');
        if !parts.is_empty() {
            parts.remove(0);
        }
        parts
    }

    fn colon(&self) -> Option<usize> {
        let mut quoted = false;
        self.text.char_indices().find_map(|(place, letter)| {
            quoted ^= letter == '"';
            (letter == ':' && !quoted).then_some(place)
        })
    }
}

fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|letter| {
        quoted ^= letter == '"';
        letter == separator && !quoted
    })
    .collect()
}

/// The lines of a file, empty ones left out.
pub(super) fn lines(bytes: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut place = if bytes.starts_with(BOM) { BOM.len() } else { 0 };
    while place < bytes.len() {
        let start = place;
        let mut content = Cow::Borrowed(take_physical(bytes, &mut place));
        loop {
            let next = bytes.get(place);
            if matches!(next, Some(b' ' | b'\t')) {
                let more = &take_physical(bytes, &mut place)[1..];
                content.to_mut().extend_from_slice(more);
            } else if next.is_some() && has_soft_break(&content) {
                content.to_mut().pop();
                let more = take_physical(bytes, &mut place);
                content.to_mut().extend_from_slice(more);
            } else {
                break;
            }
        }
        if !content.is_empty() {
            lines.push(Line { range: start..place, text: String::from_utf8_lossy(&content).into_owned() });
        }
    }
    lines
}

/// The bytes up to the next line end, without it; `place` moves behind it.
fn take_physical<'a>(bytes: &'a [u8], place: &mut usize) -> &'a [u8] {
    let rest = &bytes[*place..];
    let (line, taken) = match memchr::memchr(b'\n', rest) {
        Some(end) => (&rest[..end], end + 1),
        None => (rest, rest.len()),
    };
    *place += taken;
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Cards of version 2.1 fold quoted-printable values as mail does.
fn has_soft_break(content: &[u8]) -> bool {
    const ENCODING: &[u8] = b"QUOTED-PRINTABLE";
    content.ends_with(b"=") && {
        let head = &content[..memchr::memchr(b':', content).unwrap_or(0)];
        head.windows(ENCODING.len()).any(|window| window.eq_ignore_ascii_case(ENCODING))
    }
}

/// A line to be written: folded, and ended as the lines around it are.
pub(super) fn folded(text: &str, line_end: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut octets = 0;
    for letter in text.chars() {
        if octets + letter.len_utf8() > OCTETS_MAX {
            out.push_str(line_end);
            out.push(' ');
            octets = 1;
        }
        out.push(letter);
        octets += letter.len_utf8();
    }
    out.push_str(line_end);
    out
}

/// How the lines of a file end.
pub(super) fn line_end(bytes: &[u8]) -> &'static str {
    match memchr::memchr(b'\n', bytes) {
        Some(place) if place == 0 || bytes[place - 1] != b'\r' => "\n",
        Some(_) | None => "\r\n",
    }
}

/// A value of the type TEXT (RFC 5545, section 3.3.11).
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

/// What a value of the type TEXT says.
pub(super) fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(letter) => out.push(letter),
                None => out.push('\\'),
            },
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(bytes: &[u8]) -> Vec<String> {
        lines(bytes).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_are_unfolded_whatever_their_ends() {
        for (bytes, expected) in [
            (b"".as_slice(), vec![]),
            (b"A:1\r\nB:2\r\n", vec!["A:1", "B:2"]),
            (b"A:1\nB:2", vec!["A:1", "B:2"]),
            (b"A:one\r\n  two\r\n\tthree\r\nB:2\r\n", vec!["A:one twothree", "B:2"]),
            (b"\xef\xbb\xbfA:1\n\n\r\nB:2\n", vec!["A:1", "B:2"]),
            (b"A:\xc3\r\n \xa9\r\n", vec!["A:\u{e9}"]),
            (
                b"N;ENCODING=QUOTED-PRINTABLE:a=\r\nb=\r\n:c\r\nB:2=\r\nC:3\r\n",
                vec!["N;ENCODING=QUOTED-PRINTABLE:ab:c", "B:2=", "C:3"],
            ),
        ] {
            assert_eq!(texts(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_line_has_a_name_parameters_and_a_value() {
        let line = |text: &str| lines(text.as_bytes()).remove(0);
        let organizer = line("organizer;CN=\"Martin; Anna: x\";X=1:mailto:anna@bm.com");
        assert!(organizer.is("ORGANIZER") && !organizer.is("ORGANIZE"));
        assert_eq!(organizer.parameters(), ["CN=\"Martin; Anna: x\"", "X=1"]);
        assert_eq!(organizer.value(), Some("mailto:anna@bm.com"));
        assert_eq!(line("item1.EMAIL:a@b").name(), "EMAIL");
        assert_eq!(line("nonsense").value(), None);
        assert_eq!(unescaped(r"a\, b\; c\nd\\ e\"), "a, b; c\nd\\ e\\");
    }

    proptest! {
        #[test]
        fn no_bytes_are_lost(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b' '), Just(b':'), any::<u8>()], 0..200)) {
            let mut place = 0;
            for line in lines(&bytes) {
                prop_assert!(line.range.start >= place && line.range.end > line.range.start);
                let between = &bytes[place..line.range.start];
                prop_assert!(between.iter().all(|byte| b"\r\n\xef\xbb\xbf \t".contains(byte)), "{between:?}");
                place = line.range.end;
                let _ = (line.name(), line.value(), line.parameters());
            }
        }

        #[test]
        fn what_is_folded_unfolds(text in "[A-Z]{1,9}:[^\\p{Cc}\u{feff}]{0,300}") {
            let folded = folded(&text, "\r\n");
            prop_assert!(folded.split("\r\n").all(|line| line.len() <= OCTETS_MAX));
            prop_assert_eq!(texts(folded.as_bytes()), vec![text]);
        }

        #[test]
        fn what_is_escaped_reads_back(text in "[^\\p{Cc}]{0,60}\n[^\\p{Cc}]{0,60}") {
            prop_assert_eq!(unescaped(&escaped(&text)), text);
        }
    }
}
