//! Mail reception in memory, for tests and fuzzing: what it answers is written in the local parts of addresses.

use super::{Envelope, MessageSink, Peer, Reception, SignInRefusal, Submitter};
use relais_core::address::EmailAddress;
use relais_core::ids::AccountId;
use relais_core::mail_refusal::MailRefusal;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// What was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub envelope: Envelope,
    pub trace: Vec<u8>,
    pub content: Vec<u8>,
    pub content_bytes: u64,
    /// The most the door ever gave in one call.
    pub write_bytes_max: usize,
}

/// Whether content is kept or only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Content,
    Count,
}

/// Answers by local part. Recipients: `unknown` is refused at RCPT; `gone` and `full` are accepted and refused
/// after the message. Senders: `refused` at DATA, `diskfull` and `broken` while the message is written, `noreport`
/// when a notice has to be spooled. Everyone signs in with the password `secret`, but `disabled`.
#[derive(Debug)]
pub struct Fake {
    keep: Keep,
    stored: Mutex<Vec<Stored>>,
    reported: Mutex<Vec<(EmailAddress, MailRefusal)>>,
    /// Messages begun and not delivered or dropped.
    under_way: Arc<()>,
    /// Delivery waits here while a test holds it.
    pub gate: Semaphore,
    waiting: AtomicUsize,
}

impl Fake {
    #[must_use]
    pub fn new(keep: Keep) -> Self {
        Self {
            keep,
            stored: Mutex::default(),
            reported: Mutex::default(),
            under_way: Arc::new(()),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            waiting: AtomicUsize::new(0),
        }
    }

    #[must_use]
    pub fn stored(&self) -> Vec<Stored> {
        locked(&self.stored).clone()
    }

    #[must_use]
    pub fn reported(&self) -> Vec<(EmailAddress, MailRefusal)> {
        locked(&self.reported).clone()
    }

    /// Whether a delivery has come to the gate and not passed it.
    #[must_use]
    pub fn is_someone_waiting(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    #[must_use]
    pub fn messages_under_way(&self) -> usize {
        Arc::strong_count(&self.under_way) - 1
    }
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sender_is(envelope: &Envelope, local: &str) -> bool {
    let sender = envelope.sender.as_deref().unwrap_or_default();
    sender.split_once('@').is_some_and(|(part, _)| part == local)
}

/// A message in memory.
#[derive(Debug)]
pub struct FakeMessage {
    keep: Keep,
    fails: Option<io::ErrorKind>,
    trace: Vec<u8>,
    content: Vec<u8>,
    content_bytes: u64,
    write_bytes_max: usize,
    _under_way: Arc<()>,
}

impl MessageSink for FakeMessage {
    fn write_trace(&mut self, trace: &[u8]) -> io::Result<()> {
        self.trace.extend_from_slice(trace);
        Ok(())
    }

    fn write(&mut self, content: &[u8]) -> io::Result<()> {
        if let Some(kind) = self.fails {
            return Err(kind.into());
        }
        if self.keep == Keep::Content {
            self.content.extend_from_slice(content);
        }
        self.content_bytes += content.len() as u64;
        self.write_bytes_max = self.write_bytes_max.max(content.len());
        Ok(())
    }
}

impl Reception for Fake {
    type Message = FakeMessage;

    async fn recipient(&self, _envelope: &Envelope, recipient: &str) -> Result<EmailAddress, MailRefusal> {
        let address = if recipient == "postmaster" { "postmaster@bm.com" } else { recipient };
        let address: EmailAddress = address.parse().map_err(|_| MailRefusal::Unknown)?;
        match address.local() {
            "unknown" => Err(MailRefusal::Unknown),
            _ => Ok(address),
        }
    }

    async fn begin(&self, envelope: &Envelope) -> Result<FakeMessage, MailRefusal> {
        if sender_is(envelope, "refused") {
            return Err(MailRefusal::StorageFull);
        }
        let fails = if sender_is(envelope, "diskfull") {
            Some(io::ErrorKind::StorageFull)
        } else if sender_is(envelope, "broken") {
            Some(io::ErrorKind::NotConnected)
        } else {
            None
        };
        Ok(FakeMessage {
            keep: self.keep,
            fails,
            trace: Vec::new(),
            content: Vec::new(),
            content_bytes: 0,
            write_bytes_max: 0,
            _under_way: Arc::clone(&self.under_way),
        })
    }

    async fn deliver(&self, envelope: &Envelope, message: FakeMessage) -> Vec<Result<(), MailRefusal>> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        drop(self.gate.acquire().await);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let results: Vec<_> = envelope
            .recipients
            .iter()
            .map(|recipient| match recipient.local() {
                "gone" => Err(MailRefusal::Gone),
                "full" => Err(MailRefusal::OverQuota),
                _ => Ok(()),
            })
            .collect();
        if results.iter().any(Result::is_ok) {
            locked(&self.stored).push(Stored {
                envelope: envelope.clone(),
                trace: message.trace,
                content: message.content,
                content_bytes: message.content_bytes,
                write_bytes_max: message.write_bytes_max,
            });
        }
        results
    }

    async fn report(
        &self,
        envelope: &Envelope,
        failed: Vec<(EmailAddress, MailRefusal)>,
    ) -> Result<(), MailRefusal> {
        if sender_is(envelope, "noreport") {
            return Err(MailRefusal::Unavailable);
        }
        locked(&self.reported).extend(failed);
        Ok(())
    }

    async fn sign_in(&self, login: &str, password: &str, _peer: Peer) -> Result<Submitter, SignInRefusal> {
        match (login, password) {
            ("disabled", "secret") => Err(SignInRefusal::Disabled),
            ("hasty", _) => Err(SignInRefusal::TooMany),
            ("unlucky", _) => Err(SignInRefusal::Unavailable),
            (login, "secret") => {
                Ok(Submitter { account: AccountId::from_number(1), login: login.to_owned() })
            }
            _ => Err(SignInRefusal::Credentials),
        }
    }
}
