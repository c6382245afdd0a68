//! Where mail comes in: SMTP (RFC 5321) from clients and servers, LMTP (RFC 2033) from the relay in front of us.
//!
//! One engine speaks both: the dialects differ in their greeting, in who may sign in, and in how many answers follow
//! a message. The door parses, asks [`Reception`], and translates; it knows no account, no state and no file.
//!
//! What is bad on the wire is refused rather than guessed, because a line end that two servers read differently is
//! how mail gets forged ("SMTP smuggling"): only CRLF ends a line, only CRLF.CRLF ends a message.
//!
//! `smtp-proto` was tried for the commands: it also ends lines at a bare LF, repairs broken UTF-8 and skips what
//! follows most commands, so the parsers here are our own.

mod app;
mod auth;
pub mod command;
mod content;
pub mod data;
#[cfg(any(test, feature = "fake-reception"))]
pub mod fake;
mod listener;
mod reception;
mod reply;
mod session;
#[cfg(test)]
mod tests;
mod trace;
mod wire;

pub use app::AppReception;
pub use listener::Listener;
pub use reception::{Envelope, MessageSink, Peer, Protocol, Reception, SignInRefusal, Submitter};

use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

/// What is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// One answer for all recipients of a message.
    Smtp,
    /// One answer per recipient of a message (RFC 2033, section 4.2).
    Lmtp,
}

impl Dialect {
    /// As metrics label it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Lmtp => "lmtp",
        }
    }
}

/// Whether clients may sign in (RFC 4954). The password crosses the line as it is, and this door has no TLS of its
/// own: offer it where the line is local or something in front of us ends TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    Offered,
    NotOffered,
}

/// How a door behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    pub dialect: Dialect,
    /// The name we greet with and write into `Received:`.
    pub hostname: String,
    pub sign_in: SignIn,
    /// The largest message, counted as RFC 1870 does: after dot-unstuffing, with its line ends.
    pub message_bytes_max: u64,
    pub recipients_max: usize,
    /// Refused commands after which a client is sent away.
    pub errors_max: u32,
    /// Failed sign-ins after which a client is sent away.
    pub sign_ins_failed_max: u32,
    /// How long a client may take for one whole command line, or for taking our answer.
    pub command_timeout: Duration,
    /// How long a client may be silent inside a message.
    pub data_timeout: Duration,
    pub sessions_max: usize,
    /// Sessions at once from one IPv4 address or one IPv6 /64. Does not count for unix sockets.
    pub sessions_per_address_max: usize,
    /// How long messages that are being committed may take after [`Door::stop`].
    pub stop_grace: Duration,
}

impl Settings {
    /// The defaults: the times of RFC 5321, section 4.5.3.2, and limits for a machine of one organisation.
    #[must_use]
    pub fn new(dialect: Dialect, hostname: impl Into<String>) -> Self {
        Self {
            dialect,
            hostname: hostname.into(),
            sign_in: SignIn::NotOffered,
            message_bytes_max: 64 << 20,
            recipients_max: 1000,
            errors_max: 20,
            sign_ins_failed_max: 3,
            command_timeout: Duration::from_mins(5),
            data_timeout: Duration::from_mins(5),
            sessions_max: 500,
            sessions_per_address_max: 100,
            stop_grace: Duration::from_secs(30),
        }
    }
}

/// An open door: settings, whom to ask, the time.
pub struct Door<R> {
    settings: Settings,
    reception: R,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    stop: watch::Sender<bool>,
    buffered: Buffered,
}

/// Bytes held for messages under way, over all sessions: what memory this door costs.
#[derive(Debug, Default)]
struct Buffered {
    bytes: AtomicUsize,
    bytes_peak: AtomicUsize,
}

impl Buffered {
    fn change(&self, bytes_before: usize, bytes_after: usize) {
        let bytes = if bytes_after >= bytes_before {
            let more = bytes_after - bytes_before;
            self.bytes.fetch_add(more, Ordering::Relaxed) + more
        } else {
            self.bytes.fetch_sub(bytes_before - bytes_after, Ordering::Relaxed)
        };
        self.bytes_peak.fetch_max(bytes, Ordering::Relaxed);
    }
}

impl<R: Reception> Door<R> {
    /// A door that asks `reception`. `clock` dates the trace fields.
    pub fn new(
        settings: Settings,
        reception: R,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            settings,
            reception,
            clock: Box::new(clock),
            stop: watch::Sender::new(false),
            buffered: Buffered::default(),
        })
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    #[must_use]
    pub fn reception(&self) -> &R {
        &self.reception
    }

    /// Tells every session to end with 421: idle ones now, one whose message is being committed after its answer.
    /// What is still being received is given up; nothing of it was promised.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// The most bytes that were held in buffers for messages at once, over all sessions.
    #[must_use]
    pub fn buffered_bytes_peak(&self) -> usize {
        self.buffered.bytes_peak.load(Ordering::Relaxed)
    }

    /// One session, from greeting to end. Limits on connections are the listener's and do not count here.
    pub async fn converse<S>(&self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        session::Session::new(self, stream, peer).run().await;
    }
}
