//! Files messages into a mailbox over IMAP (RFC 3501): the only way in that keeps folders, flags and dates.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, bail};
use relais_testbed::corpus::{CorpusMessage, Flag};

const ANSWER_MAX: Duration = Duration::from_secs(30);

pub struct Mailbox {
    input: BufReader<TcpStream>,
    output: TcpStream,
    commands: usize,
    folders: HashSet<&'static str>,
}

impl Mailbox {
    pub fn open(port: u16, user: &str, password: &str) -> anyhow::Result<Mailbox> {
        let stream = TcpStream::connect(("127.0.0.1", port)).context("no IMAP server answers")?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        let input = BufReader::new(stream.try_clone()?);
        let mut mailbox = Mailbox { input, output: stream, commands: 0, folders: HashSet::from(["INBOX"]) };
        mailbox.line()?;
        mailbox.command(&format!("LOGIN {} {}", quoted(user), quoted(password)))?;
        Ok(mailbox)
    }

    pub fn append(&mut self, message: &CorpusMessage) -> anyhow::Result<()> {
        let folder = quoted(&modified_utf7(message.folder));
        if self.folders.insert(message.folder) {
            // There already from an attempt before this one, or made by the server: either is fine.
            let _ = self.command(&format!("CREATE {folder}"));
            self.command(&format!("SUBSCRIBE {folder}"))?;
        }
        let flags: Vec<&str> = message.flags.iter().copied().map(Flag::imap).collect();
        let (date, size) = (message.imap_date(), message.bytes.len());
        self.send(&format!("APPEND {folder} ({}) \"{date}\" {{{size}}}", flags.join(" ")))?;
        let answer = self.line()?;
        if !answer.starts_with('+') {
            bail!("the IMAP server answered: {answer}");
        }
        self.output.write_all(&message.bytes)?;
        self.output.write_all(b"\r\n")?;
        self.finish()
    }

    /// How many messages are in the folder; none where there is no such folder.
    pub fn count(&mut self, folder: &str) -> anyhow::Result<usize> {
        self.send(&format!("STATUS {} (MESSAGES)", quoted(&modified_utf7(folder))))?;
        let tag = format!("a{} ", self.commands);
        let mut count = 0;
        loop {
            let line = self.line()?;
            if line.starts_with(&tag) {
                return Ok(count);
            }
            if let Some((_, messages)) = line.split_once("(MESSAGES ") {
                count = messages.trim_end_matches(')').parse()?;
            }
        }
    }

    fn command(&mut self, command: &str) -> anyhow::Result<()> {
        self.send(command)?;
        self.finish()
    }

    fn send(&mut self, command: &str) -> anyhow::Result<()> {
        self.commands += 1;
        Ok(self.output.write_all(format!("a{} {command}\r\n", self.commands).as_bytes())?)
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        let tag = format!("a{} ", self.commands);
        loop {
            let line = self.line()?;
            match line.strip_prefix(&tag) {
                Some(answer) if answer.starts_with("OK") => return Ok(()),
                Some(answer) => bail!("the IMAP server answered: {answer}"),
                None => {}
            }
        }
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            bail!("the IMAP server closed the connection");
        }
        Ok(line.trim_end().to_owned())
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A folder name as IMAP writes it (RFC 3501, section 5.1.3).
fn modified_utf7(name: &str) -> String {
    let mut out = String::new();
    let mut pending = Vec::new();
    for letter in name.chars() {
        if matches!(letter, ' '..='~') {
            flush(&mut out, &mut pending);
            out.push(letter);
            if letter == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0; 2];
            pending.extend(letter.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut out, &mut pending);
    out
}

/// Writes what has gathered outside of ASCII: `&`, base64 with a comma for the slash and no padding, `-`.
fn flush(out: &mut String, pending: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    if pending.is_empty() {
        return;
    }
    out.push('&');
    for group in pending.chunks(3) {
        let bits = group
            .iter()
            .enumerate()
            .fold(0_u32, |bits, (place, byte)| bits | u32::from(*byte) << (16 - 8 * place));
        for place in 0..=group.len() {
            out.push(char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize]));
        }
    }
    out.push('-');
    pending.clear();
}

#[cfg(test)]
mod tests {
    use super::modified_utf7;

    #[test]
    fn folder_names_are_written_as_the_standard_shows() {
        assert_eq!(modified_utf7("Projets/Été 2025"), "Projets/&AMk-t&AOk- 2025");
        assert_eq!(modified_utf7("Sons & Scènes"), "Sons &- Sc&AOg-nes");
        // The example of RFC 3501.
        assert_eq!(modified_utf7("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
    }
}
