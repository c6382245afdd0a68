//! The doveadm HTTP API of our own Dovecot, over a unix socket.
//!
//! One connection per request, which Dovecot closes. No `Connection: close` of ours: with that header and a wrong
//! key 2.3.19 never answers. Everything has a time limit.

use base64::Engine as _;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

const ATTEMPTS: u32 = 4;
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);
const RETRY_DELAY_FIRST: Duration = Duration::from_millis(100);
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// `EX_NOHOST` of `sysexits.h`: doveadm's kick found no session.
const NOBODY_TO_KICK: i64 = 68;

/// Why Dovecot did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoveadmError {
    #[error("doveadm cannot be reached: {0}")]
    Unreachable(String),
    #[error("doveadm answered: {0}")]
    Refused(String),
}

pub(super) struct Doveadm<'a> {
    pub(super) socket: PathBuf,
    pub(super) api_key: &'a str,
}

impl Doveadm<'_> {
    pub(super) async fn kick(&self, user: &str) -> Result<u32, DoveadmError> {
        check_user(user);
        let commands = json!([who(user), ["kick", {"mask": [user]}, "kick"]]);
        let answer = self.ask(&commands).await?;
        let sessions = count(&answer, user)?;
        match find(&answer, "kick")? {
            Outcome::Done(_) | Outcome::Exit(NOBODY_TO_KICK) => Ok(sessions),
            Outcome::Exit(code) => Err(DoveadmError::Refused(format!("exit code {code}"))),
        }
    }

    pub(super) async fn sessions(&self, user: &str) -> Result<u32, DoveadmError> {
        check_user(user);
        let answer = self.ask(&json!([who(user)])).await?;
        count(&answer, user)
    }

    /// Asks again while Dovecot is being restarted. A refusal is final.
    async fn ask(&self, commands: &Value) -> Result<Value, DoveadmError> {
        let mut delay = RETRY_DELAY_FIRST;
        let mut attempt = 1;
        loop {
            let answer = match tokio::time::timeout(ATTEMPT_LIMIT, self.ask_once(commands)).await {
                Ok(answer) => answer,
                Err(_) => Err(DoveadmError::Unreachable("no answer in time".to_owned())),
            };
            match answer {
                Err(DoveadmError::Unreachable(reason)) if attempt < ATTEMPTS => {
                    tracing::debug!(reason, attempt, "doveadm is asked again");
                }
                other => return other,
            }
            tokio::time::sleep(delay).await;
            delay *= 3;
            attempt += 1;
        }
    }

    async fn ask_once(&self, commands: &Value) -> Result<Value, DoveadmError> {
        let stream = tokio::net::UnixStream::connect(&self.socket).await.map_err(unreachable)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
        let request = self.request(commands);
        let exchange = async {
            let response = sender.send_request(request).await.map_err(unreachable)?;
            let status = response.status();
            let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
            Ok((status, body.map_err(unreachable)?.to_bytes()))
        };
        // The connection is driven here and ends here: no task outlives the request.
        let (status, body) = tokio::select! {
            biased;
            answer = exchange => answer?,
            never = drive(connection) => match never {},
        };
        if !status.is_success() {
            return Err(DoveadmError::Refused(format!("HTTP status {status}")));
        }
        serde_json::from_slice(&body).map_err(|error| DoveadmError::Refused(format!("no JSON: {error}")))
    }

    fn request(&self, commands: &Value) -> hyper::Request<Full<Bytes>> {
        let key = base64::engine::general_purpose::STANDARD.encode(self.api_key);
        hyper::Request::post("/doveadm/v1")
            .header("Host", "localhost")
            .header("Authorization", format!("X-Dovecot-API {key}"))
            .header("Content-Type", "application/json")
            .body(Full::from(commands.to_string()))
            .expect("the parts of the request are plain")
    }
}

/// Drives the connection; its own errors reach the exchange, so this only never ends.
async fn drive<C: Future>(connection: C) -> std::convert::Infallible {
    connection.await;
    std::future::pending().await
}

fn unreachable(error: impl std::fmt::Display) -> DoveadmError {
    DoveadmError::Unreachable(error.to_string())
}

/// `mask` knows wildcards: one in a name would end other people's sessions.
fn check_user(user: &str) {
    assert!(!user.is_empty() && !user.contains(['*', '?']), "a Dovecot user is the text of an id");
}

enum Outcome<'a> {
    Done(&'a Vec<Value>),
    Exit(i64),
}

/// The outcome of the command with this tag. `[["doveadmResponse", [...], tag], ["error", {...}, tag]]`
fn find<'a>(answer: &'a Value, tag: &str) -> Result<Outcome<'a>, DoveadmError> {
    let refused = || DoveadmError::Refused(answer.to_string());
    let entries = answer.as_array().ok_or_else(refused)?;
    let entry = entries.iter().find(|entry| entry[2] == tag).ok_or_else(refused)?;
    match entry[0].as_str() {
        Some("doveadmResponse") => entry[1].as_array().map(Outcome::Done).ok_or_else(refused),
        Some("error") if entry[1]["type"] == "exitCode" => {
            entry[1]["exitCode"].as_i64().map(Outcome::Exit).ok_or_else(refused)
        }
        _ => Err(refused()),
    }
}

/// One row per connection. Without `separateConnections` 2.3.19 closes the list after its first row and puts the
/// others beside it.
fn who(user: &str) -> Value {
    json!(["who", {"mask": [user], "separateConnections": true}, "who"])
}

/// `[{"username":"acc-1","service":"imap","pid":"17","ip":"127.0.0.1"},…]`
fn count(answer: &Value, user: &str) -> Result<u32, DoveadmError> {
    match find(answer, "who")? {
        Outcome::Done(rows) => {
            let sessions = rows.iter().filter(|row| row["username"] == user).count();
            u32::try_from(sessions).map_err(|_| DoveadmError::Refused("too many sessions".to_owned()))
        }
        Outcome::Exit(code) => Err(DoveadmError::Refused(format!("exit code {code}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_2_3_19_are_read() {
        let answer = json!([
            ["doveadmResponse", [
                {"username":"acc-1","service":"imap","pid":"1","ip":"127.0.0.1"},
                {"username":"acc-1","service":"imap","pid":"2","ip":"127.0.0.1"},
                {"username":"acc-1","service":"pop3","pid":"3","ip":"127.0.0.1"},
                {"username":"acc-2","service":"imap","pid":"4","ip":"127.0.0.1"}
            ], "who"],
            ["error", {"type":"exitCode", "exitCode":68}, "kick"]
        ]);
        assert_eq!(count(&answer, "acc-1"), Ok(3));
        assert!(matches!(find(&answer, "kick"), Ok(Outcome::Exit(NOBODY_TO_KICK))));
        assert!(find(&json!([["error", {"type":"unknownMethod", "exitCode":0}, "kick"]]), "kick").is_err());
        assert!(find(&json!({}), "kick").is_err());
    }
}
