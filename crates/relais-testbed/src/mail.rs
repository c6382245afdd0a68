//! SMTP and LMTP clients (RFC 5321, RFC 2033), for whole messages and for malformed dialogues.

use crate::net::Lines;
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;

/// A reply: its code, and the text of its lines joined by line feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    pub text: String,
}

impl Reply {
    #[must_use]
    pub fn is_positive(&self) -> bool {
        (200..400).contains(&self.code)
    }
}

/// What both protocols are made of.
pub struct Dialogue {
    lines: Lines,
}

impl Dialogue {
    /// # Errors
    /// When nobody listens.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        Ok(Self { lines: Lines::connect(address)? })
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.lines.write(bytes)
    }

    /// # Errors
    /// When the connection is gone or what comes is no reply.
    pub fn reply(&mut self) -> Result<Reply> {
        let mut text = String::new();
        loop {
            let line = self.lines.read_line()?;
            let code = line.get(..3).and_then(|code| code.parse().ok());
            let code = code.with_context(|| format!("not a reply: {line}"))?;
            text.push_str(line.get(4..).unwrap_or(""));
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, text });
            }
            text.push('\n');
        }
    }

    /// Reads a reply that has to bear this code.
    ///
    /// # Errors
    /// When it bears another one.
    pub fn expect(&mut self, code: u16) -> Result<Reply> {
        let reply = self.reply()?;
        if reply.code != code {
            bail!("{code} was expected: {} {}", reply.code, reply.text);
        }
        Ok(reply)
    }

    /// Sends a line and reads the reply.
    ///
    /// # Errors
    /// As [`Dialogue::reply`].
    pub fn command(&mut self, line: &str) -> Result<Reply> {
        self.write(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    fn open(address: SocketAddr, hello: &str) -> Result<Self> {
        let mut dialogue = Self::connect(address)?;
        dialogue.expect(220)?;
        dialogue.write(format!("{hello}\r\n").as_bytes())?;
        dialogue.expect(250)?;
        Ok(dialogue)
    }

    /// Sender and recipients. The answers to the recipients, in their order.
    fn envelope(&mut self, from: &str, recipients: &[&str]) -> Result<Vec<Reply>> {
        let reply = self.command(&format!("MAIL FROM:<{from}>"))?;
        if !reply.is_positive() {
            return Ok(vec![reply; recipients.len()]);
        }
        recipients.iter().map(|to| self.command(&format!("RCPT TO:<{to}>"))).collect()
    }

    /// The message: line ends become CRLF, leading dots are stuffed, and a last line gets an end. The answer when the
    /// server wants no message now; then none was sent.
    fn data(&mut self, message: &[u8]) -> Result<Option<Reply>> {
        let reply = self.command("DATA")?;
        if reply.code != 354 {
            return Ok(Some(reply));
        }
        let mut bytes = Vec::with_capacity(message.len() + 64);
        for line in message.split_inclusive(|byte| *byte == b'\n') {
            if line.first() == Some(&b'.') {
                bytes.push(b'.');
            }
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            bytes.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b".\r\n");
        self.write(&bytes)?;
        Ok(None)
    }
}

pub struct Smtp(pub Dialogue);

impl Smtp {
    /// Connects, reads the greeting and says EHLO.
    ///
    /// # Errors
    /// When the server does not welcome us.
    pub fn open(address: SocketAddr) -> Result<Self> {
        Dialogue::open(address, "EHLO client.example.test").map(Self)
    }

    /// Sends one message. Per recipient the refusal of that recipient, or else the one answer to the message.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn send(&mut self, from: &str, recipients: &[&str], message: &[u8]) -> Result<Vec<Reply>> {
        let mut replies = self.0.envelope(from, recipients)?;
        if replies.iter().any(Reply::is_positive) {
            let last = match self.0.data(message)? {
                Some(refusal) => refusal,
                None => self.0.reply()?,
            };
            for reply in replies.iter_mut().filter(|reply| reply.is_positive()) {
                *reply = last.clone();
            }
        } else {
            self.0.command("RSET")?;
        }
        Ok(replies)
    }

    /// # Errors
    /// When the connection is gone.
    pub fn quit(mut self) -> Result<()> {
        self.0.command("QUIT").map(drop)
    }
}

pub struct Lmtp(pub Dialogue);

impl Lmtp {
    /// Connects, reads the greeting and says LHLO.
    ///
    /// # Errors
    /// When the server does not welcome us.
    pub fn open(address: SocketAddr) -> Result<Self> {
        Dialogue::open(address, "LHLO client.example.test").map(Self)
    }

    /// Sends one message. Per recipient the refusal of that recipient, or else its own answer to the message.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn send(&mut self, from: &str, recipients: &[&str], message: &[u8]) -> Result<Vec<Reply>> {
        let mut replies = self.0.envelope(from, recipients)?;
        if replies.iter().any(Reply::is_positive) {
            let refusal = self.0.data(message)?;
            for reply in replies.iter_mut().filter(|reply| reply.is_positive()) {
                *reply = match &refusal {
                    Some(refusal) => refusal.clone(),
                    None => self.0.reply()?,
                };
            }
        } else {
            self.0.command("RSET")?;
        }
        Ok(replies)
    }

    /// # Errors
    /// When the connection is gone.
    pub fn quit(mut self) -> Result<()> {
        self.0.command("QUIT").map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    /// Plays a server: says its lines in turn, each after a line of the client.
    fn play(script: &'static [&'static str]) -> (SocketAddr, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut heard = Vec::new();
            let mut in_data = false;
            for line in script {
                stream.write_all(line.as_bytes()).unwrap();
                in_data |= line.starts_with("354");
                loop {
                    let mut text = String::new();
                    if reader.read_line(&mut text).unwrap() == 0 {
                        return heard;
                    }
                    in_data &= text != ".\r\n";
                    heard.push(text);
                    if !in_data {
                        break;
                    }
                }
            }
            heard
        });
        (address, thread)
    }

    #[test]
    fn lmtp_answers_belong_to_the_accepted_recipients() {
        let (address, server) = play(&[
            "220 hi\r\n",
            "250-one\r\n250 two\r\n",
            "250 ok\r\n",
            "250 ok\r\n",
            "550 5.1.1 no\r\n",
            "250 ok\r\n",
            "354 go\r\n",
            "250 2.0.0 stored\r\n452 4.2.2 full\r\n",
        ]);
        let mut lmtp = Lmtp::open(address).unwrap();
        let replies = lmtp.send("", &["a@x.test", "b@x.test", "c@x.test"], b"S: 1\n\n.dot\r\nend").unwrap();
        let codes: Vec<_> = replies.iter().map(|reply| reply.code).collect();
        assert_eq!(codes, [250, 550, 452]);
        assert_eq!(replies[1].text, "5.1.1 no");
        drop(lmtp);
        let heard = server.join().unwrap();
        assert_eq!(heard[1], "MAIL FROM:<>\r\n");
        assert_eq!(heard[6..], ["S: 1\r\n", "\r\n", "..dot\r\n", "end\r\n", ".\r\n"]);
    }
}
