//! A SCIM server that others wrote (scim2-server), behind a way that can be shut: it writes down what is asked, and answers
//! for a server that is in trouble.

use crate::http::{Answer, read_answer};
use crate::net::{ANSWER_LIMIT, free_port, wait_for};
use crate::python;
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How the way to the server is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Way {
    #[default]
    Open,
    /// Whoever comes is hung up on.
    Shut,
    /// `429`, and when to come back.
    Busy { retry_after_s: u32 },
    /// What is asked is done, and the answer is lost.
    Deaf,
}

#[derive(Default)]
struct Seen {
    way: Way,
    /// `PATCH /Users/1`
    asked: Vec<String>,
}

pub struct ScimServer {
    process: Child,
    port: u16,
    way_port: u16,
    token: String,
    seen: Arc<Mutex<Seen>>,
}

impl ScimServer {
    /// One that has nothing yet, and takes `token`.
    ///
    /// # Errors
    /// When the Python packages of the tests are missing.
    pub fn start(token: &str) -> Result<Self> {
        let port = free_port();
        let process = Command::new(python::program("scim2-server")?)
            .args(["--port", &port.to_string(), "--bearer-token", token])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting scim2-server")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let way_port = listener.local_addr()?.port();
        let seen = Arc::<Mutex<Seen>>::default();
        let shared = seen.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Whoever goes away ends their own conversation.
                pass(client, port, &shared).ok();
            }
        });
        let server = Self { process, port, way_port, token: token.to_owned(), seen };
        wait_for(ANSWER_LIMIT, "scim2-server", || {
            server.ask("GET", "/ServiceProviderConfig", &Value::Null).ok()
        });
        Ok(server)
    }

    /// Where its client finds it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v2", self.way_port)
    }

    pub fn set_way(&self, way: Way) {
        lock(&self.seen).way = way;
    }

    /// What its client asked since the last time this was asked: method and path of each.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.seen).asked)
    }

    /// A request of somebody who sits at the server.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Answer> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} /v2{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        stream.write_all((head + &body).as_bytes())?;
        read_answer(&mut stream)
    }

    /// All it has of one kind: `Users`, `Groups`.
    ///
    /// # Panics
    /// When it does not say.
    #[must_use]
    pub fn list(&self, kind: &str) -> Vec<Value> {
        let answer = self.ask("GET", &format!("/{kind}?count=1000"), &Value::Null).expect("an answer");
        let mut said: Value = serde_json::from_slice(&answer.body).expect("a list");
        match said["Resources"].take() {
            Value::Array(listed) => listed,
            _ => vec![],
        }
    }
}

impl Drop for ScimServer {
    fn drop(&mut self) {
        // Best effort: the process may be gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One connection, which the server ends behind its first answer.
fn pass(mut client: TcpStream, port: u16, seen: &Arc<Mutex<Seen>>) -> Result<()> {
    let mut request = vec![0; 1 << 16];
    client.set_read_timeout(Some(ANSWER_LIMIT))?;
    let length = client.read(&mut request)?;
    let line = String::from_utf8_lossy(&request[..length]).lines().next().unwrap_or_default().to_owned();
    let way = {
        let mut seen = lock(seen);
        let words: Vec<&str> = line.split(' ').collect();
        if let [method, path, ..] = words[..] {
            let path = path.split('?').next().unwrap_or_default();
            seen.asked.push(format!("{method} {}", path.trim_start_matches("/v2")));
        }
        seen.way
    };
    match way {
        Way::Shut => return Ok(()),
        Way::Busy { retry_after_s } => {
            let answer = format!(
                "HTTP/1.1 429 Too Many Requests\r\nRetry-After: {retry_after_s}\r\nContent-Length: 0\r\n\
                 Connection: close\r\n\r\n"
            );
            return Ok(client.write_all(answer.as_bytes())?);
        }
        Way::Open | Way::Deaf => {}
    }
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    server.write_all(&request[..length])?;
    let (mut rest, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let copied = std::io::copy(&mut rest, &mut to_server);
        // Whoever was killed in the middle of a request sends no more of it: the server is not to wait for the rest.
        to_server.shutdown(Shutdown::Write).ok();
        copied
    });
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    if way == Way::Open {
        client.write_all(&answer)?;
    }
    client.shutdown(Shutdown::Both)?;
    Ok(())
}
