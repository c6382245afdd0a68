//! Radicale, supervised as a child process: calendars and address books by CalDAV and CardDAV, as plain files.
//!
//! Radicale decides nothing. Relais tells it with every request who asks ([`Radicale::ask`]), in a header that counts
//! only beside a secret made at this start; anybody else on this machine who finds the port is answered 403. Inside
//! Radicale a person is the text of their account id.
//!
//! What lies on the disk is in [`homes`]. This module knows no account, no state and no row. Facts about Radicale that
//! are written here were seen on 3.1.8 (Debian 12).

mod config;
mod homes;

pub use homes::{Collection, CollectionKind, Homes, Link};

use crate::private_files::Owner;
use crate::supervisor::{PidFile, Program, RunAs, SuperviseError, Supervisor};
use hyper::body::{Body, Incoming};
use hyper::header::{HOST, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

const BINARY: &str = "/usr/bin/radicale";
const PACKAGE: &str = "radicale";
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// From the last byte of a request to the head of its answer: a report over a large calendar without cache.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// How Radicale is to run.
#[derive(Clone)]
pub struct Settings {
    /// Private directory: configuration and secret. Made if it is missing; its path is plain (no space, no `%`).
    pub dir: PathBuf,
    /// Where calendars and address books are: see [`Homes`].
    pub storage: PathBuf,
    /// What its answers put before every path: `/dav`.
    pub prefix: &'static str,
    /// Stands between the port and everybody else on this machine: letters and digits, random, made anew for every
    /// start.
    pub secret: String,
    /// The largest body of a request.
    pub body_bytes_max: u64,
    pub run_as: RunAs,
}

/// Why Radicale could not be started. The first kind is no error of the program: Relais runs without calendars and
/// says which package turns them on.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("not installed: {}", packages.join(", "))]
    Missing { packages: Vec<&'static str> },
    #[error("Radicale is not run as root; run Relais as another user or name one")]
    Root,
    #[error("{0} cannot be written in Radicale's configuration")]
    NotPlain(String),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("no port is free on this machine: {0}")]
    Port(io::Error),
    #[error(transparent)]
    Supervise(#[from] SuperviseError),
}

/// Radicale did not answer in time; its log lines, in ours, say why.
#[derive(Debug, thiserror::Error)]
#[error("Radicale did not answer within {waited_s} s")]
pub struct NotReady {
    pub waited_s: u64,
}

/// Why there is no answer of Radicale.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It is not running, or not listening yet. Nothing was asked.
    #[error("Radicale does not run: {0}")]
    Down(String),
    /// It may have done what was asked, or not.
    #[error("Radicale broke off: {0}")]
    Broken(String),
    #[error("Radicale gave no answer in time")]
    Slow,
}

/// A running Radicale. Dropping it ends it.
pub struct Radicale {
    address: SocketAddr,
    prefix: &'static str,
    secret: HeaderValue,
    supervisor: Supervisor,
}

impl Radicale {
    /// Writes the configuration, ends a Radicale left behind in the same directory by a Relais that was killed, and
    /// starts a new one under a thread that restarts it whenever it dies. Does not wait for the port: see
    /// [`Radicale::ready`].
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        if !Path::new(BINARY).exists() {
            return Err(StartError::Missing { packages: vec![PACKAGE] });
        }
        let owner = Owner::of(settings.run_as).ok_or(StartError::Root)?;
        let port = free_port().map_err(StartError::Port)?;
        let file = config::write(&settings, port, owner)?;
        let supervisor = Supervisor::start(Program {
            name: "Radicale",
            binary: BINARY.into(),
            arguments: vec![OsString::from("--config"), file.clone().into_os_string()],
            environment: vec![
                ("PYTHONPATH", settings.dir.clone().into_os_string()),
                ("PYTHONDONTWRITEBYTECODE", OsString::from("1")),
            ],
            config: file,
            pid_file: PidFile::Ours(settings.dir.join("radicale.pid")),
            run_as: settings.run_as,
            pass_on,
        })?;
        let mut secret = HeaderValue::from_str(&settings.secret)
            .map_err(|_| StartError::NotPlain("the secret".to_owned()))?;
        secret.set_sensitive(true);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(Self { address, prefix: settings.prefix, secret, supervisor })
    }

    /// Waits until it answers, for at most `limit`.
    ///
    /// # Errors
    /// [`NotReady`] when the time is over; the supervisor goes on trying.
    pub async fn ready(&self, limit: Duration) -> Result<(), NotReady> {
        let start = Instant::now();
        while start.elapsed() < limit {
            let mut question = Request::new(String::new());
            *question.method_mut() = Method::OPTIONS;
            if self.ask("", question).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(NotReady { waited_s: limit.as_secs() })
    }

    /// Asks on behalf of `user` (the text of an account id): the path of `request` is Radicale's own, without the
    /// prefix. The body streams; its length has to be in the headers, since Radicale reads no other.
    ///
    /// # Errors
    /// [`AskError`] when there is no answer.
    ///
    /// # Panics
    /// When `user` is not plain text: names are ids that we made.
    pub async fn ask<B>(&self, user: &str, mut request: Request<B>) -> Result<Response<Incoming>, AskError>
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        // Not asked while none runs: somebody else may have taken its port.
        if self.pid().is_none() {
            return Err(AskError::Down("it is being started".to_owned()));
        }
        let plain = |text: &str| HeaderValue::from_str(text).expect("ids and our own address are plain");
        let headers = request.headers_mut();
        headers.insert(HOST, plain(&self.address.to_string()));
        headers.insert(config::USER_HEADER, plain(user));
        headers.insert(config::SECRET_HEADER, self.secret.clone());
        headers.insert("x-script-name", plain(self.prefix));
        let stream = tokio::time::timeout(CONNECT_LIMIT, TcpStream::connect(self.address)).await;
        let stream =
            stream.map_err(|_| AskError::Slow)?.map_err(|error| AskError::Down(error.to_string()))?;
        let broken = |error: hyper::Error| AskError::Broken(error.to_string());
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // Ends with the body of the answer. Its errors reach whoever reads that.
        tokio::spawn(connection);
        let answer = tokio::time::timeout(ANSWER_LIMIT, sender.send_request(request)).await;
        answer.map_err(|_| AskError::Slow)?.map_err(broken)
    }

    /// Where it listens: what [`Radicale::ask`] calls the host of a request.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process id, while one runs.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.supervisor.pid()
    }

    /// For how long it has not been well, while none runs.
    #[must_use]
    pub fn down_for(&self) -> Option<Duration> {
        self.supervisor.down_for()
    }

    /// Ends Radicale and waits for that.
    pub async fn stop(self) {
        // Dropping joins a thread, which must not happen on the runtime's.
        if tokio::task::spawn_blocking(move || drop(self)).await.is_err() {
            tracing::error!("the thread that stops Radicale panicked");
        }
    }
}

/// Radicale itself takes no socket, so another program may be faster; it then ends, and Relais's next start takes
/// another port.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn pass_on(line: &str) {
    if ["[ERROR]", "[CRITICAL]", "Traceback", "Error:"].iter().any(|word| line.contains(word)) {
        tracing::error!(target: "radicale", "{line}");
    } else {
        tracing::info!(target: "radicale", "{line}");
    }
}
