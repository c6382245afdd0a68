//! Handing a message to the relay that carries it on (RFC 5321): one session per message, an answer per recipient,
//! the message streamed from its file.
//!
//! `lettre` was looked at first. Its transports give up the whole message when one recipient is refused. Its
//! connection, command by command, would do, but its async half has no timeout on answers, both halves want the
//! message from a blocking iterator, and both end it with an empty line that was not there. What it has and this
//! has not is TLS: the relay meant here is the Postfix beside us. So that this is never forgotten, a password goes
//! to the loopback interface only.

mod encode;

pub use encode::DataEncoder;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What is read from the file and written at once.
const PIECE_BYTES: usize = 64 << 10;
/// RFC 5321, section 4.5.3.1.5, has 512; servers with much to say exceed it.
const REPLY_LINE_BYTES_MAX: u64 = 4096;
const REPLY_LINES_MAX: usize = 100;
const REPLY_TEXT_CHARS_MAX: usize = 500;

/// The server that takes our mail.
#[derive(Debug, Clone)]
pub struct Smarthost {
    pub host: String,
    pub port: u16,
    /// What we greet with: our own host name.
    pub hello: String,
    pub credentials: Option<Credentials>,
    pub patience: Patience,
}

/// What we sign in with. Sent to a server on this machine only.
#[derive(Clone)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// How long to wait, each time. The defaults are those of RFC 5321, section 4.5.3.2.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub connect: Duration,
    pub reply: Duration,
    /// For the server to take one piece of the message.
    pub piece: Duration,
    /// For the answer to the whole message.
    pub end: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            reply: Duration::from_mins(5),
            piece: Duration::from_mins(3),
            end: Duration::from_mins(10),
        }
    }
}

/// What to send.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// A file, which is streamed.
    File(&'a Path),
    Bytes(&'a [u8]),
}

/// What became of the message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecipientResult {
    /// The server has taken responsibility.
    Sent,
    /// Not now: to be tried again. The text says why, for a log or a notice.
    Temporary(String),
    /// Never: the server's code and text.
    Permanent(u16, String),
}

/// Sends one message; one result per recipient, in order. Every failure to speak with the server is temporary, and
/// so is a server that does not let us in: that is settled by an administrator, and the mail waits. After a lost
/// answer the server may have the message, and gets it again.
pub async fn send(
    server: &Smarthost,
    sender: Option<&str>,
    recipients: &[String],
    content: Content<'_>,
) -> Vec<RecipientResult> {
    if sender.is_some_and(|sender| !is_sendable(sender)) {
        let refused =
            RecipientResult::Permanent(501, "5.1.7 The sender's address cannot be written in SMTP".into());
        return vec![refused; recipients.len()];
    }
    // Results stand as they come: what is still `None` when the session breaks shares its reason.
    let mut results: Vec<Option<RecipientResult>> = vec![None; recipients.len()];
    let outcome = match content {
        Content::Bytes(bytes) => {
            let size_bytes = bytes.len() as u64;
            session(server, sender, recipients, bytes, size_bytes, &mut results).await
        }
        Content::File(path) => match open(path).await {
            Ok((file, size_bytes)) => {
                session(server, sender, recipients, file, size_bytes, &mut results).await
            }
            Err(error) => Err(Broken(format!("the message cannot be read: {error}"))),
        },
    };
    let rest = match outcome {
        Ok(rest) => rest,
        Err(Broken(why)) => RecipientResult::Temporary(format!("{}:{}: {why}", server.host, server.port)),
    };
    results.into_iter().map(|result| result.unwrap_or_else(|| rest.clone())).collect()
}

async fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = File::open(path).await?;
    let size_bytes = file.metadata().await?.len();
    Ok((file, size_bytes))
}

/// Whether an address is one word of SMTP: no line ends, and nothing that would end its brackets.
fn is_sendable(address: &str) -> bool {
    let quoted = address.starts_with('"');
    !address.is_empty()
        && !address.chars().any(|c| c.is_control() || (!quoted && matches!(c, '<' | '>' | ' ' | '"')))
}

/// The session came to no answer.
struct Broken(String);

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// What the server said.
struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }

    fn text(&self) -> String {
        self.lines.join(" ").chars().take(REPLY_TEXT_CHARS_MAX).collect()
    }

    /// What an answer other than the hoped-for means for whom it concerns. A demand to sign in (RFC 4954, section 6)
    /// is about us, not about the message: it waits for an administrator.
    fn refusal(&self) -> RecipientResult {
        if self.code >= 500 && !matches!(self.code, 530 | 534 | 535 | 538) {
            RecipientResult::Permanent(self.code, self.text())
        } else {
            RecipientResult::Temporary(format!("{} {}", self.code, self.text()))
        }
    }

    /// The parameters of an extension that EHLO announced.
    fn extension(&self, keyword: &str) -> Option<&str> {
        self.lines.iter().skip(1).find_map(|line| {
            let (word, parameters) = line.split_once(' ').unwrap_or((line, ""));
            word.eq_ignore_ascii_case(keyword).then_some(parameters)
        })
    }
}

struct Connection<'s> {
    stream: BufReader<TcpStream>,
    patience: &'s Patience,
}

impl<'s> Connection<'s> {
    async fn open(server: &'s Smarthost) -> Result<Self, Broken> {
        let patience = &server.patience;
        let connecting = TcpStream::connect((server.host.as_str(), server.port));
        let stream = match timeout(patience.connect, connecting).await {
            Ok(stream) => stream?,
            Err(_) => return Err(Broken("no connection in time".into())),
        };
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), patience })
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        match timeout(self.patience.piece, self.stream.get_mut().write_all(bytes)).await {
            Ok(written) => Ok(written?),
            Err(_) => Err(Broken("the server takes nothing more".into())),
        }
    }

    async fn command(&mut self, command: &str) -> Result<Reply, Broken> {
        self.write(format!("{command}\r\n").as_bytes()).await?;
        self.reply(self.patience.reply).await
    }

    async fn reply(&mut self, patience: Duration) -> Result<Reply, Broken> {
        match timeout(patience, self.read_reply()).await {
            Ok(reply) => reply,
            Err(_) => Err(Broken("no answer in time".into())),
        }
    }

    /// RFC 5321, section 4.2.1: `250-more`, `250 last`.
    async fn read_reply(&mut self) -> Result<Reply, Broken> {
        let mut reply: Option<Reply> = None;
        for _ in 0..REPLY_LINES_MAX {
            let mut line = Vec::new();
            (&mut self.stream).take(REPLY_LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
            if line.is_empty() {
                return Err(Broken("the server hung up".into()));
            }
            let line = String::from_utf8_lossy(&line);
            let (code, goes_on, text) =
                reply_line(line.trim_end()).ok_or_else(|| Broken("no SMTP answer".into()))?;
            let reply = reply.get_or_insert_with(|| Reply { code, lines: Vec::new() });
            if reply.code != code {
                return Err(Broken("an answer with two codes".into()));
            }
            reply.lines.push(text.chars().filter(|c| !c.is_control()).collect());
            if goes_on == GoesOn::No {
                return Ok(Reply { code, lines: std::mem::take(&mut reply.lines) });
            }
        }
        Err(Broken("an answer without end".into()))
    }

    async fn sign_in(&mut self, hello: &Reply, credentials: &Credentials) -> Result<(), Broken> {
        if !self.stream.get_ref().peer_addr()?.ip().to_canonical().is_loopback() {
            return Err(Broken(
                "a password is only sent to a relay on this machine; send through one".into(),
            ));
        }
        let Credentials { user, password } = credentials;
        let mechanisms = hello.extension("AUTH").unwrap_or_default().to_ascii_uppercase();
        let offers = |mechanism: &str| mechanisms.split(' ').any(|word| word == mechanism);
        let reply = if offers("PLAIN") {
            let message = STANDARD.encode(format!("\0{user}\0{password}"));
            self.command(&format!("AUTH PLAIN {message}")).await?
        } else if offers("LOGIN") {
            let mut reply = self.command("AUTH LOGIN").await?;
            for answer in [user, password] {
                if reply.code == 334 {
                    reply = self.command(&STANDARD.encode(answer)).await?;
                }
            }
            reply
        } else {
            return Err(Broken("the server offers neither AUTH PLAIN nor LOGIN".into()));
        };
        if reply.code == 235 {
            Ok(())
        } else {
            Err(Broken(format!("signing in was refused: {} {}", reply.code, reply.text())))
        }
    }

    /// Sends the message after 354. `Err` holds the server's last word when it gave one.
    async fn content(&mut self, mut content: impl AsyncRead + Unpin) -> Result<Reply, Broken> {
        let mut encoder = DataEncoder::default();
        let mut piece = vec![0; PIECE_BYTES];
        let mut out = Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 16);
        loop {
            // A file that cannot be read to its end ends the connection before the dot: nothing was sent.
            let bytes = content.read(&mut piece).await?;
            if bytes == 0 {
                break;
            }
            encoder.encode(&piece[..bytes], &mut out);
            if let Err(broken) = self.write(&out).await {
                // A server that has seen enough says why before it hangs up.
                let last_word = self.reply(self.patience.connect).await;
                return last_word.ok().filter(|reply| reply.code >= 400).ok_or(broken);
            }
            out.clear();
        }
        encoder.finish(&mut out);
        self.write(&out).await?;
        self.reply(self.patience.end).await
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GoesOn {
    Yes,
    No,
}

fn reply_line(line: &str) -> Option<(u16, GoesOn, &str)> {
    let code = line.get(..3)?;
    let code = if code.bytes().all(|byte| byte.is_ascii_digit()) {
        code.parse().ok()?
    } else {
        return None;
    };
    if !(200..600).contains(&code) {
        return None;
    }
    match line.as_bytes().get(3) {
        None => Some((code, GoesOn::No, "")),
        Some(b' ') => Some((code, GoesOn::No, &line[4..])),
        Some(b'-') => Some((code, GoesOn::Yes, &line[4..])),
        Some(_) => None,
    }
}

/// Speaks with the server. Fills in what it said to single recipients, and gives the result of all others.
async fn session(
    server: &Smarthost,
    sender: Option<&str>,
    recipients: &[String],
    content: impl AsyncRead + Unpin,
    size_bytes: u64,
    results: &mut [Option<RecipientResult>],
) -> Result<RecipientResult, Broken> {
    let mut connection = Connection::open(server).await?;
    let greeting = connection.reply(server.patience.reply).await?;
    let hello = connection.command(&format!("EHLO {}", server.hello)).await?;
    for reply in [&greeting, &hello] {
        if !reply.is_positive() {
            return Err(Broken(format!("{} {}", reply.code, reply.text())));
        }
    }
    if let Some(credentials) = &server.credentials {
        connection.sign_in(&hello, credentials).await?;
    }
    let result =
        transaction(&mut connection, &hello, sender, recipients, content, size_bytes, results).await?;
    // What was answered stands, whether or not the server says goodbye.
    let _ = connection.write(b"QUIT\r\n").await;
    Ok(result)
}

async fn transaction(
    connection: &mut Connection<'_>,
    hello: &Reply,
    sender: Option<&str>,
    recipients: &[String],
    content: impl AsyncRead + Unpin,
    size_bytes: u64,
    results: &mut [Option<RecipientResult>],
) -> Result<RecipientResult, Broken> {
    let mut mail = format!("MAIL FROM:<{}>", sender.unwrap_or_default());
    if hello.extension("SIZE").is_some() {
        mail.push_str(&format!(" SIZE={size_bytes}"));
    }
    if hello.extension("8BITMIME").is_some() {
        mail.push_str(" BODY=8BITMIME");
    }
    if sender.into_iter().chain(recipients.iter().map(String::as_str)).any(|address| !address.is_ascii()) {
        if hello.extension("SMTPUTF8").is_none() {
            let text = "5.6.7 The next server does not take addresses in UTF-8";
            return Ok(RecipientResult::Permanent(553, text.into()));
        }
        mail.push_str(" SMTPUTF8");
    }
    let reply = connection.command(&mail).await?;
    if !reply.is_positive() {
        return Ok(reply.refusal());
    }
    for (recipient, result) in recipients.iter().zip(results.iter_mut()) {
        if !is_sendable(recipient) {
            let text = "5.1.3 The recipient's address cannot be written in SMTP";
            *result = Some(RecipientResult::Permanent(501, text.into()));
            continue;
        }
        let reply = connection.command(&format!("RCPT TO:<{recipient}>")).await?;
        if !reply.is_positive() {
            *result = Some(reply.refusal());
        }
    }
    if results.iter().all(Option::is_some) {
        return Ok(RecipientResult::Sent);
    }
    let reply = connection.command("DATA").await?;
    if reply.code != 354 {
        return Ok(reply.refusal());
    }
    let reply = connection.content(content).await?;
    Ok(if reply.is_positive() { RecipientResult::Sent } else { reply.refusal() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_cannot_smuggle_commands_or_parameters() {
        let rows = [
            ("a@b.c", true),
            ("\"a b\"@c.d", true),
            ("été@b.c", true),
            ("", false),
            ("a@b.c>\r\nRCPT TO:<x@y.z", false),
            ("a@b.c> SIZE=1", false),
            ("\"a\nb\"@c.d", false),
        ];
        for (address, sendable) in rows {
            assert_eq!(is_sendable(address), sendable, "{address:?}");
        }
    }

    #[test]
    fn answers_are_read_strictly() {
        assert_eq!(reply_line("250-SIZE 5"), Some((250, GoesOn::Yes, "SIZE 5")));
        assert_eq!(reply_line("250 OK"), Some((250, GoesOn::No, "OK")));
        assert_eq!(reply_line("250"), Some((250, GoesOn::No, "")));
        for line in ["", "25", "+50 x", "250x", "999 x", "100 x", "été"] {
            assert_eq!(reply_line(line), None, "{line:?}");
        }
    }
}
