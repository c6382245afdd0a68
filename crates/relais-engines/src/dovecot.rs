//! Dovecot, supervised as a child process: IMAP, POP3 and ManageSieve over the Maildirs that Relais writes.
//!
//! Dovecot decides nothing. Who may log in, where their mail lies and which shared mailboxes they see is asked of
//! Relais at the moment of use, over the dict protocol (`relais::doors::dict`), without a cache. Inside Dovecot a
//! person is the text of their account id, so a renaming disturbs no session; the name typed at login is only a key.
//!
//! To cut somebody off: **first** make the authority answer no, **then** [`Dovecot::kick`], then read
//! [`Dovecot::sessions`] back. The other order lets a client that reconnects between the two live on, because a live
//! session survives its account.
//!
//! This module knows no account, no state and no row. Facts about Dovecot that are written here were seen on
//! 2.3.19 (Debian 12).

mod acl;
mod config;
mod doveadm;
mod install;

pub use crate::supervisor::RunAs;
pub use acl::{Rights, write_acl};
pub use doveadm::DoveadmError;

use crate::supervisor::{PidFile, Program, SuperviseError, Supervisor};
use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;

/// How Dovecot is to run. A port of 0 turns its protocol off.
#[derive(Clone)]
pub struct Settings {
    /// Private directory: configuration, sockets, state. Made if it is missing. Its path is short (sockets under it
    /// have at most 107 bytes) and plain (no space, no `%`, no `#`).
    pub dir: PathBuf,
    /// Where the authority listens. The user of [`RunAs`] must be able to connect to it.
    pub dict_socket: PathBuf,
    pub listen: IpAddr,
    pub imap_port: u16,
    pub pop3_port: u16,
    pub sieve_port: u16,
    /// Protects the doveadm socket besides its file mode: letters and digits, random, made anew for every start.
    pub api_key: String,
    pub run_as: RunAs,
    pub failure_delay: FailureDelay,
}

/// How long Dovecot itself holds back the answer to a wrong password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureDelay {
    /// Two seconds, and longer for an address that keeps failing.
    Dovecot,
    /// For tests, and where the authority throttles.
    None,
}

/// Why Dovecot could not be started. The first kind is no error of the program: Relais runs without mail access and
/// says which packages turn it on.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("not installed: {}", packages.join(", "))]
    Missing { packages: Vec<&'static str> },
    #[error("Dovecot does not serve mail as root; run Relais as another user or name one")]
    Root,
    #[error("no user has the id {0}, or no group")]
    NoSuchUser(u32),
    #[error("the path {0} is longer than a socket's path may be")]
    PathTooLong(PathBuf),
    #[error("{0} cannot be written in Dovecot's configuration")]
    NotPlain(String),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Supervise(#[from] SuperviseError),
}

/// Dovecot did not greet in time; its log lines, in ours, say why.
#[derive(Debug, thiserror::Error)]
#[error("Dovecot did not greet on {address} within {waited_s} s")]
pub struct NotReady {
    pub address: SocketAddr,
    pub waited_s: u64,
}

/// A running Dovecot. Dropping it ends it.
pub struct Dovecot {
    settings: Settings,
    supervisor: Supervisor,
}

impl Dovecot {
    /// Writes the configuration, ends a Dovecot left behind in the same directory by a Relais that was killed, and
    /// starts a new one under a thread that restarts it whenever it dies. Blocks for a few milliseconds, up to some
    /// seconds where something was left behind. Does not wait for the ports: see [`Dovecot::ready`].
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        let binary = install::find(Path::new("/"))?;
        let identity = config::Identity::of(settings.run_as)?;
        let file = config::write(&settings, &identity)?;
        let supervisor = Supervisor::start(Program {
            name: "Dovecot",
            binary,
            arguments: vec![OsString::from("-F"), OsString::from("-c"), file.clone().into_os_string()],
            environment: Vec::new(),
            config: file,
            pid_file: PidFile::Theirs(settings.dir.join("run/master.pid")),
            run_as: settings.run_as,
            pass_on,
        })?;
        Ok(Self { settings, supervisor })
    }

    /// Waits until IMAP greets (or the first other protocol that is on), for at most `limit`.
    ///
    /// # Errors
    /// [`NotReady`] when the time is over; the supervisor goes on trying.
    pub async fn ready(&self, limit: Duration) -> Result<(), NotReady> {
        let ports = [self.settings.imap_port, self.settings.pop3_port, self.settings.sieve_port];
        let Some(port) = ports.into_iter().find(|port| *port != 0) else {
            return Ok(());
        };
        let address = SocketAddr::new(self.settings.listen, port);
        let start = Instant::now();
        while start.elapsed() < limit {
            if greets(address).await {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(NotReady { address, waited_s: limit.as_secs() })
    }

    /// Ends every IMAP, POP3 and ManageSieve session of one Dovecot user and returns how many there were just
    /// before. Nobody to kick is `Ok(0)`. Disable first (see the module head). A login whose password was accepted
    /// before the disabling may appear a moment later: repeat until [`Dovecot::sessions`] stays 0; the authority
    /// closes that window by also answering no to the question where the mail lies.
    ///
    /// # Errors
    /// [`DoveadmError`] after some attempts: nothing is known about the sessions then, so try again later.
    pub async fn kick(&self, user: &str) -> Result<u32, DoveadmError> {
        self.doveadm().kick(user).await
    }

    /// How many sessions a Dovecot user has now.
    ///
    /// # Errors
    /// As [`Dovecot::kick`].
    pub async fn sessions(&self, user: &str) -> Result<u32, DoveadmError> {
        self.doveadm().sessions(user).await
    }

    /// The LMTP socket, for mail whose owner has a Sieve script.
    #[must_use]
    pub fn lmtp_socket(&self) -> PathBuf {
        self.settings.dir.join("run/lmtp")
    }

    /// The process id of the master, while one runs.
    #[must_use]
    pub fn master_pid(&self) -> Option<i32> {
        self.supervisor.pid()
    }

    /// For how long it has not been well, while none runs.
    #[must_use]
    pub fn down_for(&self) -> Option<Duration> {
        self.supervisor.down_for()
    }

    /// Ends Dovecot and its sessions and waits for that: about a second. A master that does not end is killed.
    pub async fn stop(self) {
        // Dropping joins a thread, which must not happen on the runtime's.
        if tokio::task::spawn_blocking(move || drop(self)).await.is_err() {
            tracing::error!("the thread that stops Dovecot panicked");
        }
    }

    fn doveadm(&self) -> doveadm::Doveadm<'_> {
        doveadm::Doveadm { socket: self.settings.dir.join("run/http"), api_key: &self.settings.api_key }
    }
}

/// Dovecot's own `Error:` and `Fatal:` stand in the line.
fn pass_on(line: &str) {
    if ["Error: ", "Fatal: ", "Panic: "].iter().any(|word| line.contains(word)) {
        tracing::error!(target: "dovecot", "{line}");
    } else if line.contains("Warning: ") {
        tracing::warn!(target: "dovecot", "{line}");
    } else {
        tracing::info!(target: "dovecot", "{line}");
    }
}

/// Any first byte is a greeting: `* OK`, `+OK` or the capabilities of ManageSieve.
async fn greets(address: SocketAddr) -> bool {
    let greeting = async {
        let mut stream = tokio::net::TcpStream::connect(address).await?;
        stream.read_u8().await
    };
    matches!(tokio::time::timeout(Duration::from_secs(2), greeting).await, Ok(Ok(_)))
}
