//! The dict protocol over a unix socket. Dovecot opens a connection for nearly every question, so a connection is
//! cheap: one task and one buffer.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::codec::{Answer, LINE_BYTES_MAX, MAJOR, Request};
use super::question::{List, Lookup};
use super::{Authority, PassdbAnswer, Unavailable, UserdbAnswer};

/// Every IMAP session may hold one open for a while.
const CONNECTIONS_MAX: usize = 1024;
/// Dovecot gives up after 30 s, and then lets the client wait for another 30.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
const IDLE_LIMIT: Duration = Duration::from_secs(120);

/// A socket that only its owner may use: whoever can connect can try passwords.
pub struct Socket(UnixListener);

impl Socket {
    /// Binds the socket, in place of one that an earlier process left. `owner` is the user and group of Dovecot
    /// where they are not ours.
    ///
    /// # Errors
    /// Of the file system, also where something else than a socket has that name.
    pub fn bind(path: &Path, owner: Option<(u32, u32)>) -> io::Result<Self> {
        match std::fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, "not a socket"));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // Takes its name only when its mode is right: nobody connects in between.
        let mut new = path.as_os_str().to_owned();
        new.push("~");
        let new = PathBuf::from(new);
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&new)?;
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600))?;
        if let Some((uid, gid)) = owner {
            std::os::unix::fs::chown(&new, Some(uid), Some(gid))?;
        }
        std::fs::rename(&new, path)?;
        Ok(Self(listener))
    }
}

/// Answers until it is dropped; connections end with it.
pub async fn serve<A: Authority>(socket: Socket, authority: Arc<A>) -> std::convert::Infallible {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
        match socket.0.accept().await {
            Ok((stream, _)) => {
                let authority = Arc::clone(&authority);
                connections.spawn(async move {
                    if let Err(error) = converse(stream, &*authority).await {
                        tracing::warn!(%error, "a connection of Dovecot ended");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                // Out of descriptors, mostly: others may close some.
                tracing::error!(%error, "no connection of Dovecot can be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn converse<A: Authority>(stream: UnixStream, authority: &A) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        let read = read_line(&mut reader, &mut line);
        match tokio::time::timeout(IDLE_LIMIT, read).await {
            Ok(more) => {
                if !more? {
                    return Ok(());
                }
            }
            Err(_) => return Ok(()),
        }
        let request = Request::parse(&line).map_err(invalid)?;
        let answer = match &request {
            Request::Hello { major, .. } if *major != MAJOR => {
                return Err(invalid(format!("version {major} of the dict protocol")));
            }
            Request::Hello { .. } | Request::Part => continue,
            // What Dovecot wants to note down, the authority knows already.
            Request::Commit { id } => Answer::Committed { id: *id },
            Request::Lookup { key } => in_time(look_up(authority, Lookup::of(key))).await,
            Request::Iterate { prefix, user } => in_time(list(authority, List::of(prefix, user))).await,
        };
        writer.write_all(&answer.encode()).await?;
    }
}

/// Reads up to the line feed, which is left out. `false` at the end.
async fn read_line(reader: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    reader.take(LINE_BYTES_MAX as u64).read_until(b'\n', line).await?;
    match line.pop() {
        None => Ok(false),
        Some(b'\n') => Ok(true),
        Some(_) => Err(invalid("a line that is too long or cut off")),
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

const LATER: Answer = Answer::Failed("the authority cannot say now");

async fn in_time(answer: impl Future<Output = Answer>) -> Answer {
    tokio::time::timeout(ANSWER_LIMIT, answer).await.unwrap_or(LATER)
}

async fn look_up<A: Authority>(authority: &A, question: Lookup<'_>) -> Answer {
    match question {
        Lookup::Passdb { login, peer, password } => match authority.passdb(login, password, peer).await {
            PassdbAnswer::Found { user } => found(&json!({"nopassword": "y", "user": user})),
            PassdbAnswer::Refused { reason } => {
                let reason = reason.replace(|c: char| c.is_control(), " ");
                found(&json!({"nopassword": "y", "nologin": "y", "reason": reason}))
            }
            PassdbAnswer::Unknown => Answer::NotFound,
            PassdbAnswer::Unavailable => LATER,
        },
        Lookup::Userdb { user } => match authority.userdb(user).await {
            UserdbAnswer::Home { home, quota_bytes } => match (home.to_str(), quota_bytes) {
                (Some(home), None) => found(&json!({"home": home})),
                (Some(home), Some(bytes)) => {
                    found(&json!({"home": home, "quota_rule": format!("*:bytes={bytes}")}))
                }
                (None, _) => Answer::Failed("the home is not UTF-8"),
            },
            UserdbAnswer::Unknown => Answer::NotFound,
            UserdbAnswer::Unavailable => LATER,
        },
        Lookup::Nothing => Answer::NotFound,
    }
}

fn found(value: &serde_json::Value) -> Answer {
    Answer::Found(value.to_string())
}

async fn list<A: Authority>(authority: &A, question: List<'_>) -> Answer {
    let (prefix, names) = match question {
        List::Users => ("shared/userdb/".to_owned(), authority.users().await),
        List::Shares { user } => (format!("shared/shared-boxes/user/{user}/"), authority.shares(user).await),
        List::Nothing => return Answer::Rows(Vec::new()),
    };
    match names {
        Ok(names) => Answer::Rows(names.iter().map(|name| format!("{prefix}{name}")).collect()),
        Err(Unavailable) => LATER,
    }
}
