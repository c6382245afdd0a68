//! Folders as one file (RFC 4155), quoted so that each message can be had back (`mboxrd`: every line that begins with
//! `From `, with any number of `>` before it, gets one more).

use crate::maildir::HEAD_BYTES_MAX;
use crate::message::Head;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io::{self, BufWriter, Read, Write};

const BUFFER_BYTES: usize = 64 * 1024;
const NOBODY: &str = "MAILER-DAEMON";
const FROM: &[u8] = b"From ";

/// Adds a message to an mbox. Lines end with LF there, whatever they had; memory stays bounded.
///
/// # Errors
/// When the message cannot be read or the mbox written.
pub fn write_mbox(mbox: &mut dyn Write, received: Timestamp, message: &mut dyn Read) -> io::Result<()> {
    let mut buffer = vec![0; HEAD_BYTES_MAX];
    let mut length = 0;
    while length < buffer.len() {
        match message.read(&mut buffer[length..])? {
            0 => break,
            read => length += read,
        }
    }
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, mbox);
    let time = received.to_zoned(TimeZone::UTC).strftime("%a %b %e %H:%M:%S %Y").to_string();
    writeln!(out, "From {} {time}", sender(&buffer[..length]))?;
    let mut quoting = Quoting { out, line: Line::Begins, carriage_return: false };
    quoting.write(&buffer[..length])?;
    loop {
        match message.read(&mut buffer)? {
            0 => break,
            read => quoting.write(&buffer[..read])?,
        }
    }
    quoting.finish()
}

/// Who sent the message by its envelope, as far as it is known, as one word.
fn sender(head: &[u8]) -> String {
    let head = Head::parse(head);
    let sender = head.return_path.or(head.from).unwrap_or_default();
    let sender = sender.trim().trim_matches(['<', '>']);
    let is_word = |letter: char| letter.is_ascii_graphic();
    if !sender.is_empty() && sender.len() <= 320 && sender.chars().all(is_word) {
        sender.to_owned()
    } else {
        NOBODY.to_owned()
    }
}

/// How far a line is known.
#[derive(Debug, Clone, Copy)]
enum Line {
    Begins,
    /// It has only `>` so far.
    Quoted,
    /// So many letters of `From ` were held back, after any `>`.
    Held(usize),
    /// It is no `From ` line.
    Goes,
}

struct Quoting<W: Write> {
    out: W,
    line: Line,
    /// One was held back: it goes if a line feed follows.
    carriage_return: bool,
}

impl<W: Write> Quoting<W> {
    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while let Some(&byte) = bytes.first() {
            if matches!(self.line, Line::Goes) && !self.carriage_return {
                // Nothing to look at until the line ends.
                let end = memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
                self.out.write_all(&bytes[..end])?;
                bytes = &bytes[end..];
                if bytes.is_empty() {
                    return Ok(());
                }
                if bytes[0] == b'\n' {
                    self.end_line()?;
                } else {
                    self.carriage_return = true;
                }
            } else {
                self.look_at(byte)?;
            }
            bytes = &bytes[1..];
        }
        Ok(())
    }

    /// At the beginning of a line, or after a carriage return.
    fn look_at(&mut self, byte: u8) -> io::Result<()> {
        match byte {
            b'\n' => {
                self.let_go()?;
                self.carriage_return = false;
                return self.end_line();
            }
            _ if self.carriage_return => {
                self.let_go()?;
                self.carriage_return = false;
                self.out.write_all(b"\r")?;
            }
            _ => {}
        }
        match (byte, self.line) {
            (b'\r', _) => self.carriage_return = true,
            (b'>', Line::Begins | Line::Quoted) => {
                self.out.write_all(b">")?;
                self.line = Line::Quoted;
            }
            (b'F', Line::Begins | Line::Quoted) => self.line = Line::Held(1),
            // One more `>` can as well come after those that are there.
            (b' ', Line::Held(held)) if held + 1 == FROM.len() => {
                self.out.write_all(b">")?;
                self.out.write_all(FROM)?;
                self.line = Line::Goes;
            }
            (byte, Line::Held(held)) if byte == FROM[held] => self.line = Line::Held(held + 1),
            (byte, _) => {
                self.let_go()?;
                self.line = Line::Goes;
                self.out.write_all(&[byte])?;
            }
        }
        Ok(())
    }

    /// Writes what was held back of `From `.
    fn let_go(&mut self) -> io::Result<()> {
        if let Line::Held(held) = self.line {
            self.out.write_all(&FROM[..held])?;
            self.line = Line::Goes;
        }
        Ok(())
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.line = Line::Begins;
        self.out.write_all(b"\n")
    }

    /// Ends the last line, and the message with an empty one.
    fn finish(mut self) -> io::Result<()> {
        self.let_go()?;
        if self.carriage_return || !matches!(self.line, Line::Begins) {
            self.end_line()?;
        }
        self.end_line()?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mbox(message: &[u8]) -> String {
        let mut written = Vec::new();
        let received = "2026-11-02T08:00:00Z".parse().unwrap();
        write_mbox(&mut written, received, &mut &*message).unwrap();
        String::from_utf8(written).unwrap()
    }

    #[test]
    fn a_message_stands_after_its_sender_and_before_an_empty_line() {
        let time = "Mon Nov  2 08:00:00 2026";
        for (message, expected) in [
            (
                "Return-Path: <a@x.test>\r\nFrom: b@x\r\n\r\nFrom me\r\n>From\r\n>>From x\r\nFro",
                "From a@x.test TIME\nReturn-Path: <a@x.test>\nFrom: b@x\n\n>From me\n>From\n>>>From x\nFro\n\n",
            ),
            ("From: B <b@x>\n\nx\n", "From b@x TIME\nFrom: B <b@x>\n\nx\n\n"),
            ("Return-Path: <>\n\n\r\r\n", "From MAILER-DAEMON TIME\nReturn-Path: <>\n\n\r\n\n"),
            (
                "Return-Path: <a b@x>\n\nFrom\r y",
                "From MAILER-DAEMON TIME\nReturn-Path: <a b@x>\n\nFrom\r y\n\n",
            ),
            ("", "From MAILER-DAEMON TIME\n\n"),
        ] {
            assert_eq!(mbox(message.as_bytes()), expected.replace("TIME", time));
        }
    }

    /// What a reader of mboxrd has back: the line after `From `, to the empty one at the end.
    fn read_back(mbox: &str) -> String {
        let (_, message) = mbox.split_once('\n').unwrap();
        let message = message.strip_suffix('\n').unwrap();
        let unquoted = message.split_inclusive('\n').map(|line| {
            let quoted = line.starts_with('>') && line.trim_start_matches('>').starts_with("From ");
            if quoted { &line[1..] } else { line }
        });
        unquoted.collect()
    }

    proptest! {
        #[test]
        fn every_message_is_had_back(lines in proptest::collection::vec("(>{0,3}(From |From|Fro|F|From: )?[a-z ]{0,5})", 0..20)) {
            let message: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let mbox = mbox(message.as_bytes());
            prop_assert_eq!(mbox.lines().filter(|line| line.starts_with("From ")).count(), 1);
            prop_assert_eq!(read_back(&mbox), message.clone());
            prop_assert_eq!(self::mbox(message.replace('\n', "\r\n").as_bytes()), mbox);
        }

        #[test]
        fn any_pieces_give_the_same(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'>'), Just(b'F'), Just(b'r'), Just(b'o'), Just(b'm'), Just(b' ')], 0..60), cut in 0..60usize) {
            let quote = |pieces: &[&[u8]]| {
                let mut out = Vec::new();
                let mut quoting = Quoting { out: &mut out, line: Line::Begins, carriage_return: false };
                for piece in pieces {
                    quoting.write(piece).unwrap();
                }
                quoting.finish().unwrap();
                out
            };
            let cut = cut.min(bytes.len());
            let whole = quote(&[&bytes]);
            prop_assert_eq!(&whole, &quote(&[&bytes[..cut], &bytes[cut..]]));
            prop_assert!(whole.ends_with(b"\n\n") || whole == b"\n");
        }
    }
}
