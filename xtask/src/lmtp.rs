//! A small LMTP client (RFC 2033): one connection, one recipient a message, commands pipelined (RFC 2920).

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, bail};

const ANSWER_MAX: Duration = Duration::from_secs(60);

pub struct Connection {
    input: BufReader<TcpStream>,
    output: TcpStream,
}

impl Connection {
    pub fn open(address: &str) -> anyhow::Result<Connection> {
        let output = TcpStream::connect(address).with_context(|| format!("no LMTP server at {address}"))?;
        output.set_nodelay(true)?;
        output.set_read_timeout(Some(ANSWER_MAX))?;
        let mut connection = Connection { input: BufReader::new(output.try_clone()?), output };
        connection.expect("220")?;
        connection.output.write_all(b"LHLO xtask.example\r\n")?;
        connection.expect("250")?;
        Ok(connection)
    }

    /// The server's last word on the recipient: `250 …` or a refusal. `message` has CRLF line ends.
    pub fn deliver(&mut self, from: &str, to: &str, message: &[u8]) -> anyhow::Result<String> {
        self.output.write_all(format!("MAIL FROM:<{from}>\r\nRCPT TO:<{to}>\r\nDATA\r\n").as_bytes())?;
        self.expect("250")?;
        let recipient = self.answer()?;
        let data = self.answer()?;
        if data.starts_with("354") {
            self.output.write_all(&dot_stuffed(message))?;
            let verdict = self.answer()?;
            return Ok(verdict);
        }
        self.output.write_all(b"RSET\r\n")?;
        self.expect("250")?;
        Ok(recipient)
    }

    fn expect(&mut self, code: &str) -> anyhow::Result<()> {
        let answer = self.answer()?;
        if !answer.starts_with(code) {
            bail!("the LMTP server answered: {answer}");
        }
        Ok(())
    }

    /// The last line of an answer, which may have several.
    fn answer(&mut self) -> anyhow::Result<String> {
        loop {
            let mut line = String::new();
            if self.input.read_line(&mut line)? == 0 {
                bail!("the LMTP server closed the connection");
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(line.trim_end().to_owned());
            }
        }
    }
}

/// The message as it travels after `DATA`, with the dot that ends it (RFC 5321, section 4.5.2).
fn dot_stuffed(message: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(message.len() + 64);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    stuffed.extend_from_slice(b".\r\n");
    stuffed
}

#[cfg(test)]
mod tests {
    use super::dot_stuffed;

    #[test]
    fn a_dot_at_the_start_of_a_line_is_doubled() {
        assert_eq!(dot_stuffed(b".a\r\nb.\r\n..\r\n"), b"..a\r\nb.\r\n...\r\n.\r\n");
    }
}
