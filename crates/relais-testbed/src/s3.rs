//! A server that speaks as much S3 as a backup repository needs, holds everything in memory, and can be in a bad mood.
//! Signatures are not looked at.

use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

const LISTED_MAX: usize = 1000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Serving,
    /// Every request gets this status.
    Answering(u16),
    /// Connections are closed without an answer.
    Gone,
}

#[derive(Default)]
struct State {
    mood: Mood,
    /// By bucket and key, with `/` between them.
    objects: BTreeMap<String, Vec<u8>>,
}

/// Ends with the process that started it.
pub struct S3Server {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl S3Server {
    /// # Errors
    /// When it cannot listen.
    pub fn start() -> Result<S3Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let state = Arc::<Mutex<State>>::default();
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                // A client that goes away ends its own conversation.
                thread::spawn(move || converse(&stream, &state).ok());
            }
        });
        Ok(S3Server { port, state })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn set_mood(&self, mood: Mood) {
        lock(&self.state).mood = mood;
    }

    /// Writes what is below `prefix` as files.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn copy_to(&self, prefix: &str, directory: &Path) -> Result<()> {
        for (key, bytes) in &lock(&self.state).objects {
            let Some(below) = key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            let path = directory.join(below);
            std::fs::create_dir_all(path.parent().context("a directory")?)?;
            std::fs::write(path, bytes)?;
        }
        Ok(())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Request {
    method: String,
    key: String,
    query: String,
    range: Option<(usize, usize)>,
    body: Vec<u8>,
}

struct Answer {
    status: u16,
    kind: &'static str,
    body: Vec<u8>,
}

fn converse(stream: &TcpStream, state: &Mutex<State>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        let mood = lock(state).mood;
        let answer = match mood {
            Mood::Gone => return Ok(()),
            Mood::Answering(status) => xml(status, "<Error><Code>Moody</Code></Error>".to_owned()),
            Mood::Serving => answer(&request, &mut lock(state)),
        };
        let length = answer.body.len();
        let head = format!(
            "HTTP/1.1 {} S3\r\nContent-Type: {}\r\nContent-Length: {length}\r\nETag: \"{length:x}\"\r\n\
             Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n{}\r\n",
            answer.status,
            answer.kind,
            content_range(&request, &answer, state),
        );
        let mut whole = head.into_bytes();
        if request.method != "HEAD" {
            whole.extend_from_slice(&answer.body);
        }
        (&*stream).write_all(&whole)?;
    }
    Ok(())
}

fn content_range(request: &Request, answer: &Answer, state: &Mutex<State>) -> String {
    match (answer.status, request.range) {
        (206, Some((start, _))) => {
            let total = lock(state).objects.get(&request.key).map_or(0, Vec::len);
            format!("Content-Range: bytes {start}-{}/{total}\r\n", start + answer.body.len().max(1) - 1)
        }
        _ => String::new(),
    }
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().context("a target")?.to_owned();
    let (mut length, mut range) = (0, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse()?,
            "range" => range = value.trim().strip_prefix("bytes=").and_then(parse_range),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let key = unescape(path.trim_matches('/'));
    Ok(Some(Request { method, key, query: query.to_owned(), range, body }))
}

fn parse_range(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.split_once('-')?;
    Some((first.parse().ok()?, last.parse().map_or(usize::MAX, |last: usize| last + 1)))
}

fn answer(request: &Request, state: &mut State) -> Answer {
    let asked = |name: &str| request.query.split('&').any(|part| part.split('=').next() == Some(name));
    match request.method.as_str() {
        "GET" if asked("list-type") => list(request, state),
        "GET" | "HEAD" => match (state.objects.get(&request.key), request.range) {
            (None, _) => xml(404, "<Error><Code>NoSuchKey</Code></Error>".to_owned()),
            (Some(bytes), Some((first, _))) if first >= bytes.len() => {
                xml(416, "<Error><Code>InvalidRange</Code></Error>".to_owned())
            }
            (Some(bytes), Some((first, end))) => binary(206, bytes[first..end.min(bytes.len())].to_vec()),
            (Some(bytes), None) => binary(200, bytes.clone()),
        },
        "PUT" => {
            state.objects.insert(request.key.clone(), request.body.clone());
            xml(200, String::new())
        }
        "DELETE" => {
            state.objects.remove(&request.key);
            xml(204, String::new())
        }
        "POST" if asked("delete") => delete_many(request, state),
        _ => xml(405, "<Error><Code>MethodNotAllowed</Code></Error>".to_owned()),
    }
}

/// `ListObjectsV2`; the continuation token is the last key that was told.
fn list(request: &Request, state: &State) -> Answer {
    let parameter = |name: &str| {
        let value = request.query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        value.map(unescape)
    };
    let prefix = format!("{}/{}", request.key, parameter("prefix").unwrap_or_default());
    let from = match parameter("continuation-token") {
        Some(token) => Bound::Excluded(token),
        None => Bound::Included(prefix.clone()),
    };
    let matching =
        state.objects.range((from, Bound::Unbounded)).take_while(|(key, _)| key.starts_with(&prefix));
    let mut found: Vec<_> = matching.take(LISTED_MAX + 1).collect();
    let truncated = found.len() > LISTED_MAX;
    found.truncate(LISTED_MAX);
    let mut body = format!("<ListBucketResult><IsTruncated>{truncated}</IsTruncated>");
    for (key, bytes) in &found {
        let key = key.strip_prefix(&format!("{}/", request.key)).unwrap_or(key);
        body.push_str(&format!(
            "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"0\"</ETag>\
             <Size>{}</Size></Contents>",
            bytes.len()
        ));
    }
    if let Some((last, _)) = found.last().filter(|_| truncated) {
        body.push_str(&format!("<NextContinuationToken>{last}</NextContinuationToken>"));
    }
    body.push_str("</ListBucketResult>");
    xml(200, body)
}

/// `DeleteObjects`: the keys stand between `<Key>` and `</Key>`, and ours need no escape.
fn delete_many(request: &Request, state: &mut State) -> Answer {
    let text = String::from_utf8_lossy(&request.body).into_owned();
    let mut body = "<DeleteResult>".to_owned();
    for key in text.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next()) {
        state.objects.remove(&format!("{}/{key}", request.key));
        body.push_str(&format!("<Deleted><Key>{key}</Key></Deleted>"));
    }
    body.push_str("</DeleteResult>");
    xml(200, body)
}

fn xml(status: u16, body: String) -> Answer {
    Answer { status, kind: "application/xml", body: body.into_bytes() }
}

fn binary(status: u16, body: Vec<u8>) -> Answer {
    Answer { status, kind: "application/octet-stream", body }
}

/// RFC 3986, section 2.1.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let escaped = (byte == b'%').then(|| {
            let hex = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
            u8::from_str_radix(&String::from_utf8_lossy(&hex), 16).unwrap_or(b'?')
        });
        bytes.push(escaped.unwrap_or(byte));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
