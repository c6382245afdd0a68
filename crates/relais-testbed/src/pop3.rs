//! A POP3 client (RFC 1939).

use crate::net::Lines;
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;

pub struct Pop3 {
    lines: Lines,
}

/// The server's word of refusal, as it came: `[SYS/PERM] …`, `[AUTH] …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

impl Pop3 {
    /// # Errors
    /// When nobody listens or greets.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let mut pop3 = Self { lines: Lines::connect(address)? };
        pop3.answer()?.map_err(|Refusal(text)| anyhow::anyhow!("greeted with -ERR {text}"))?;
        Ok(pop3)
    }

    /// The inner error is the server's refusal.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn login(&mut self, user: &str, password: &str) -> Result<Result<(), Refusal>> {
        if let Err(refusal) = self.command(&format!("USER {user}"))? {
            return Ok(Err(refusal));
        }
        Ok(self.command(&format!("PASS {password}"))?.map(drop))
    }

    /// Number of messages and their size in bytes.
    ///
    /// # Errors
    /// When the server refuses or the connection is gone.
    pub fn stat(&mut self) -> Result<(u32, u64)> {
        let text = self.ok("STAT")?;
        let mut numbers = text.split(' ');
        let mut number = || numbers.next().context("STAT answers two numbers");
        Ok((number()?.parse()?, number()?.parse()?))
    }

    /// # Errors
    /// When the server refuses or the connection is gone.
    pub fn retr_all(&mut self) -> Result<Vec<Vec<u8>>> {
        let (count, _) = self.stat()?;
        (1..=count)
            .map(|number| {
                self.ok(&format!("RETR {number}"))?;
                self.lines.read_dotted()
            })
            .collect()
    }

    /// # Errors
    /// When the connection is gone.
    pub fn quit(mut self) -> Result<()> {
        self.ok("QUIT").map(drop)
    }

    /// Sends a command and returns the text after `+OK` or `-ERR`.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn command(&mut self, command: &str) -> Result<Result<String, Refusal>> {
        self.lines.write(format!("{command}\r\n").as_bytes())?;
        self.answer()
    }

    fn ok(&mut self, command: &str) -> Result<String> {
        match self.command(command)? {
            Ok(text) => Ok(text),
            Err(Refusal(text)) => bail!("{command}: -ERR {text}"),
        }
    }

    fn answer(&mut self) -> Result<Result<String, Refusal>> {
        let line = self.lines.read_line()?;
        if let Some(text) = line.strip_prefix("+OK") {
            return Ok(Ok(text.trim_start().to_owned()));
        }
        match line.strip_prefix("-ERR") {
            Some(text) => Ok(Err(Refusal(text.trim_start().to_owned()))),
            None => bail!("not a POP3 answer: {line}"),
        }
    }
}
