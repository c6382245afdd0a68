//! One HTTP/1.1 request of any method over TCP, read to its end: what a client of calendars sends.

pub use crate::http::Answer;
use crate::http::read_answer;
use crate::net::ANSWER_LIMIT;
use anyhow::{Context, Result};
use base64::Engine as _;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};

/// A person's client.
#[derive(Clone)]
pub struct Dav {
    pub address: SocketAddr,
    pub login: String,
    pub password: String,
}

impl Dav {
    /// With the client's credentials.
    ///
    /// # Errors
    /// When nobody listens, or the answer is not HTTP.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
        let plain = format!("{}:{}", self.login, self.password);
        let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(plain));
        let mut all = vec![("Authorization", basic.as_str())];
        all.extend(headers);
        ask(self.address, method, path, &all, body)
    }
}

/// Without any credentials but those in `headers`.
///
/// # Errors
/// As [`Dav::ask`].
pub fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Answer> {
    let mut stream =
        TcpStream::connect_timeout(&address, ANSWER_LIMIT).with_context(|| format!("nobody at {address}"))?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let chunked = lines.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = match (chunked, body.len()) {
        (true, length) => format!("{length:x}\r\n{body}\r\n0\r\n\r\n"),
        (false, _) => body.to_owned(),
    };
    let length = if chunked { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{lines}{length}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).context("asking")?;
    read_answer(&mut stream)
}
