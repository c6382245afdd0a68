//! One HTTP/1.1 request with a JSON document over a unix socket; an answer on any connection, read to its end.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

const ANSWER_MAX: Duration = Duration::from_secs(120);

/// Status and document; the document is a text where the answer is not JSON.
///
/// # Errors
/// When nobody listens, or the answer is not HTTP.
pub fn ask(socket: &Path, method: &str, path: &str, body: &Value) -> Result<(u16, Value)> {
    ask_as(socket, None, method, path, body)
}

/// As [`ask`], with a bearer secret.
///
/// # Errors
/// As [`ask`].
pub fn ask_as(
    socket: &Path,
    secret: Option<&str>,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<(u16, Value)> {
    let mut stream =
        UnixStream::connect(socket).with_context(|| format!("nobody at {}", socket.display()))?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let bearer = secret.map(|secret| format!("Authorization: Bearer {secret}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: relais\r\nConnection: close\r\n{bearer}{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // In one piece: a server that needs no body may answer and hang up before the second one, and then its answer is
    // lost with the connection.
    stream.write_all(request.as_bytes()).context("asking")?;
    let answer = read_answer(&mut stream)?;
    let text = String::from_utf8(answer.body).context("an answer that is not UTF-8")?;
    Ok((answer.status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// The head as it came.
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// A client that keeps its connection as long as the server does.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    kept: Option<BufReader<TcpStream>>,
}

impl Client {
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address, kept: None }
    }

    /// # Errors
    /// When nobody listens, or the answer is not HTTP with a length.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{lines}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let mut stream = match self.kept.take() {
            Some(stream) => stream,
            None => BufReader::new(connect(self.address)?),
        };
        stream.get_mut().write_all(request.as_bytes()).context("asking")?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).context("reading the answer")? == 0 {
                bail!("an answer without end of head: {head}");
            }
        }
        let mut answer = Answer { status: status_of(&head)?, head, body: Vec::new() };
        match answer.header("Content-Length") {
            Some(length) => {
                answer.body = vec![0; length.parse()?];
                stream.read_exact(&mut answer.body).context("reading the answer")?;
            }
            None if answer.status == 204 => {}
            None => bail!("an answer without a length: {}", answer.head),
        }
        let stays = answer.head.starts_with("HTTP/1.1")
            && !answer.header("Connection").is_some_and(|said| said.eq_ignore_ascii_case("close"));
        self.kept = stays.then_some(stream);
        Ok(answer)
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).with_context(|| format!("nobody at {address}"))?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn status_of(head: &str) -> Result<u16> {
    Ok(head.split(' ').nth(1).context("an answer without status")?.parse()?)
}

/// The answer on a connection that the server closes after it.
pub(crate) fn read_answer(stream: &mut impl Read) -> Result<Answer> {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).context("reading the answer")?;
    let end =
        answer.windows(4).position(|four| four == b"\r\n\r\n").context("an answer without end of head")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = status_of(&head)?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunk(&answer[end + 4..])? } else { answer[end + 4..].to_vec() };
    Ok(Answer { status, head, body })
}

/// RFC 9112, section 7.1.
fn unchunk(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").context("a chunk without size")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end])?.trim(), 16)?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Ok(whole);
        }
        if rest.len() < size + 2 {
            bail!("a chunk is cut short");
        }
        whole.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}

/// A request that somebody sent.
pub(crate) struct Request {
    pub method: String,
    pub path: String,
    head: Vec<String>,
    pub body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// One request with a body of a length that it says.
pub(crate) fn read_request(stream: &TcpStream) -> Result<Request> {
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let mut words = lines.first().context("no request")?.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let mut request = Request { method, path, head: lines.split_off(1), body: String::new() };
    let length: usize = request.header("content-length").map_or(Ok(0), str::parse)?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    request.body = String::from_utf8(body)?;
    Ok(request)
}

/// The fields of a query, or of a form behind a `?`.
#[must_use]
pub fn query_of(url: &str) -> HashMap<String, String> {
    let decoded = |text: &str| {
        let (mut bytes, mut rest) = (Vec::new(), text.bytes());
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits = [rest.next().unwrap_or_default(), rest.next().unwrap_or_default()];
                    u8::from_str_radix(&String::from_utf8_lossy(&digits), 16).unwrap_or(b'?')
                }
                other => other,
            });
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}
