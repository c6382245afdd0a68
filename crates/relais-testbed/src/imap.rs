//! An IMAP client (RFC 3501, RFC 2177), as much of it as tests need.

use crate::net::Lines;
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::time::Duration;

pub struct Imap {
    lines: Lines,
    tags: u32,
}

/// The server's word of refusal, as it came: `NO [CONTACTADMIN] …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub sequence: u32,
    pub uid: u32,
    pub flags: Vec<String>,
    /// As the server writes it: `21-Nov-2026 20:31:51 +0000`.
    pub internal_date: String,
    pub body: Vec<u8>,
}

/// One response: its text, in which `{n}` stands where a literal was, and the literals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub text: String,
    pub literals: Vec<Vec<u8>>,
}

type Answer = Result<Vec<Response>, Refusal>;

impl Imap {
    /// # Errors
    /// When nobody listens or greets.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let mut imap = Self { lines: Lines::connect(address)?, tags: 0 };
        let greeting = imap.response()?.text;
        if !greeting.starts_with("* OK") {
            bail!("greeted with {greeting}");
        }
        Ok(imap)
    }

    /// The inner error is the server's refusal. Name and password are sent as literals: they may hold anything.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn login(&mut self, user: &str, password: &str) -> Result<Result<(), Refusal>> {
        let tag = self.start(&format!("LOGIN {{{}}}", user.len()))?;
        self.go_on(&tag)?;
        self.lines.write(format!("{user} {{{}}}\r\n", password.len()).as_bytes())?;
        self.go_on(&tag)?;
        self.lines.write(format!("{password}\r\n").as_bytes())?;
        Ok(self.finish(&tag)?.map(drop))
    }

    /// Names of the folders that fit the pattern (`*` all, `%` one level), those that cannot be selected left out.
    ///
    /// # Errors
    /// When the server refuses or the connection is gone.
    pub fn list(&mut self, pattern: &str) -> Result<Vec<String>> {
        let responses = self.ok(&format!("LIST \"\" {}", quoted(pattern)))?;
        let rows = responses.iter().filter(|row| row.text.starts_with("* LIST"));
        rows.filter(|row| !row.text.to_ascii_lowercase().contains("\\noselect")).map(name_in_list).collect()
    }

    /// What the folder's quota says (RFC 9208): used and allowed, in KiB; `None` without a limit.
    ///
    /// # Errors
    /// As [`Imap::list`].
    pub fn quota(&mut self, folder: &str) -> Result<Option<(u64, u64)>> {
        let responses = self.ok(&format!("GETQUOTAROOT {}", quoted(&modified_utf7(folder))))?;
        let storage = |row: &Response| -> Option<(u64, u64)> {
            let (_, numbers) = row.text.strip_prefix("* QUOTA ")?.split_once("(STORAGE ")?;
            let mut numbers = numbers.split([' ', ')']).map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        };
        Ok(responses.iter().find_map(storage))
    }

    /// # Errors
    /// As [`Imap::list`].
    pub fn subscribe(&mut self, folder: &str) -> Result<()> {
        self.ok(&format!("SUBSCRIBE {}", quoted(&modified_utf7(folder)))).map(drop)
    }

    /// # Errors
    /// As [`Imap::list`].
    pub fn create(&mut self, folder: &str) -> Result<()> {
        self.ok(&format!("CREATE {}", quoted(&modified_utf7(folder)))).map(drop)
    }

    /// The inner error is the server's refusal. `date` as in [`Message::internal_date`].
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn append(
        &mut self,
        folder: &str,
        flags: &[&str],
        date: Option<&str>,
        message: &[u8],
    ) -> Result<Result<(), Refusal>> {
        let date = date.map(|date| format!(" \"{date}\"")).unwrap_or_default();
        let line = format!(
            "APPEND {} ({}){date} {{{}}}",
            quoted(&modified_utf7(folder)),
            flags.join(" "),
            message.len()
        );
        let tag = self.start(&line)?;
        if let Err(refusal) = self.may_go_on(&tag)? {
            return Ok(Err(refusal));
        }
        self.lines.write(message)?;
        self.lines.write(b"\r\n")?;
        Ok(self.finish(&tag)?.map(drop))
    }

    /// Selects a folder and returns how many messages exist in it. The inner error is the server's refusal.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn select(&mut self, folder: &str) -> Result<Result<u32, Refusal>> {
        self.select_raw(&modified_utf7(folder))
    }

    /// As [`Imap::select`], by the name that [`Imap::list`] gave.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn select_raw(&mut self, folder: &str) -> Result<Result<u32, Refusal>> {
        let responses = match self.command(&format!("SELECT {}", quoted(folder)))? {
            Ok(responses) => responses,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let exists = responses.iter().find_map(|row| row.text.strip_prefix("* ")?.strip_suffix(" EXISTS"));
        Ok(Ok(exists.context("SELECT tells how many exist")?.parse()?))
    }

    /// Selects a folder and reads every message, without marking it as read.
    ///
    /// # Errors
    /// When the server refuses or the connection is gone.
    pub fn fetch_all(&mut self, folder: &str) -> Result<Vec<Message>> {
        let exists =
            self.select(folder)?.map_err(|Refusal(text)| anyhow::anyhow!("SELECT {folder}: {text}"))?;
        if exists == 0 { Ok(Vec::new()) } else { self.fetch_selected() }
    }

    /// As [`Imap::fetch_all`], of the folder that is selected and has some.
    ///
    /// # Errors
    /// When the server refuses or the connection is gone.
    pub fn fetch_selected(&mut self) -> Result<Vec<Message>> {
        let responses = self.ok("FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])")?;
        responses.into_iter().filter(|row| !row.literals.is_empty()).map(message).collect()
    }

    /// Copies messages (`1:*`, `2,4`) of the selected folder.
    ///
    /// # Errors
    /// When the server refuses or the connection is gone.
    pub fn copy(&mut self, sequence: &str, folder: &str) -> Result<()> {
        self.ok(&format!("COPY {sequence} {}", quoted(&modified_utf7(folder)))).map(drop)
    }

    /// Changes flags: `store("1:*", "+FLAGS", &["\\Seen"])`.
    ///
    /// # Errors
    /// When the server refuses or the connection is gone.
    pub fn store(&mut self, sequence: &str, change: &str, flags: &[&str]) -> Result<()> {
        self.ok(&format!("STORE {sequence} {change} ({})", flags.join(" "))).map(drop)
    }

    /// Begins to wait in the selected folder. Then only [`Imap::wait_line`] and [`Imap::idle_done`] make sense.
    ///
    /// # Errors
    /// When the server refuses or the connection is gone.
    pub fn idle_start(&mut self) -> Result<()> {
        let tag = self.start("IDLE")?;
        self.go_on(&tag)
    }

    /// The next line the server sends of itself, or `None` when none came in time.
    ///
    /// # Errors
    /// When the server has closed the connection.
    pub fn wait_line(&mut self, limit: Duration) -> Result<Option<String>> {
        self.lines.read_line_within(limit)
    }

    /// # Errors
    /// When the connection is gone.
    pub fn idle_done(&mut self) -> Result<()> {
        self.lines.write(b"DONE\r\n")?;
        let tag = format!("a{}", self.tags);
        self.finish(&tag)?.map(drop).map_err(|Refusal(text)| anyhow::anyhow!("DONE: {text}"))
    }

    /// # Errors
    /// When the connection is gone.
    pub fn logout(mut self) -> Result<()> {
        self.ok("LOGOUT").map(drop)
    }

    /// Any command. The inner error is the server's refusal; the responses are those before the tagged one.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn command(&mut self, command: &str) -> Result<Answer> {
        let tag = self.start(command)?;
        self.finish(&tag)
    }

    fn ok(&mut self, command: &str) -> Result<Vec<Response>> {
        self.command(command)?.map_err(|Refusal(text)| anyhow::anyhow!("{command}: {text}"))
    }

    fn start(&mut self, command: &str) -> Result<String> {
        self.tags += 1;
        let tag = format!("a{}", self.tags);
        self.lines.write(format!("{tag} {command}\r\n").as_bytes())?;
        Ok(tag)
    }

    fn finish(&mut self, tag: &str) -> Result<Answer> {
        let mut responses = Vec::new();
        loop {
            let response = self.response()?;
            match outcome(&response.text, tag) {
                Some(Ok(())) => return Ok(Ok(responses)),
                Some(Err(refusal)) => return Ok(Err(refusal)),
                None => responses.push(response),
            }
        }
    }

    fn go_on(&mut self, tag: &str) -> Result<()> {
        self.may_go_on(tag)?.map_err(|Refusal(text)| anyhow::anyhow!("not asked to go on: {text}"))
    }

    /// Waits for `+`; a refusal may come in its place.
    fn may_go_on(&mut self, tag: &str) -> Result<Result<(), Refusal>> {
        loop {
            let response = self.response()?;
            if response.text.starts_with('+') {
                return Ok(Ok(()));
            }
            if let Some(outcome) = outcome(&response.text, tag) {
                return Ok(outcome);
            }
        }
    }

    /// Reads one response with its literals.
    fn response(&mut self) -> Result<Response> {
        let mut text = String::new();
        let mut literals = Vec::new();
        loop {
            let line = self.lines.read_line()?;
            text.push_str(&line);
            match literal_size(&line) {
                Some(size) => literals.push(self.lines.read_exact(size)?),
                None => return Ok(Response { text, literals }),
            }
        }
    }
}

/// `None`: not the tagged response.
fn outcome(text: &str, tag: &str) -> Option<Result<(), Refusal>> {
    let rest = text.strip_prefix(tag)?.strip_prefix(' ')?;
    Some(if rest.starts_with("OK") { Ok(()) } else { Err(Refusal(rest.to_owned())) })
}

/// The size of the literal that a line announces at its end.
fn literal_size(line: &str) -> Option<usize> {
    line.strip_suffix('}')?.rsplit_once('{')?.1.parse().ok()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `* LIST (\HasNoChildren) "/" name`, where the name is an atom, quoted or a literal.
fn name_in_list(row: &Response) -> Result<String> {
    if let Some(literal) = row.literals.first() {
        return Ok(String::from_utf8(literal.clone())?);
    }
    let after_flags = row.text.split_once(") ").context("LIST has flags")?.1;
    let name = after_flags.split_once(' ').context("LIST has a separator")?.1;
    Ok(match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => name.to_owned(),
    })
}

/// `* 1 FETCH (UID 1 FLAGS (\Seen) INTERNALDATE "…" BODY[] {n})`
fn message(mut row: Response) -> Result<Message> {
    let text = row.text.as_str();
    let between = |before: &str, after: &str| -> Result<&str> {
        let rest = text.split_once(before).with_context(|| format!("FETCH tells {before}: {text}"))?.1;
        Ok(rest.split_once(after).with_context(|| format!("FETCH ends {before}: {text}"))?.0)
    };
    Ok(Message {
        sequence: between("* ", " FETCH")?.parse()?,
        uid: between("UID ", " ")?.parse()?,
        flags: between("FLAGS (", ")")?.split_whitespace().map(str::to_owned).collect(),
        internal_date: between("INTERNALDATE \"", "\"")?.trim_start().to_owned(),
        body: row.literals.swap_remove(0),
    })
}

/// Folder names on the wire (RFC 3501, section 5.1.3).
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
    use super::*;

    #[test]
    fn names_are_read_in_their_three_forms() {
        let rows = [
            (r#"* LIST (\HasNoChildren) "/" INBOX"#, vec![], "INBOX"),
            (r#"* LIST (\HasNoChildren) "/" "a \"b\" \\c""#, vec![], r#"a "b" \c"#),
            (r#"* LIST (\HasNoChildren) "/" {3}"#, vec![b"a/b".to_vec()], "a/b"),
        ];
        for (text, literals, name) in rows {
            assert_eq!(name_in_list(&Response { text: text.to_owned(), literals }).unwrap(), name);
        }
    }

    #[test]
    fn folder_names_are_written_as_the_standard_shows() {
        assert_eq!(modified_utf7("Projets/Été 2025"), "Projets/&AMk-t&AOk- 2025");
        assert_eq!(modified_utf7("Sons & Scènes"), "Sons &- Sc&AOg-nes");
        // The example of RFC 3501.
        assert_eq!(modified_utf7("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
    }
}
