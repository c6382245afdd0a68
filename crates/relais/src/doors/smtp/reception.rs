//! What the door asks, and the words it asks with.

use relais_core::address::EmailAddress;
use relais_core::ids::AccountId;
use relais_core::mail_refusal::MailRefusal;
use std::fmt;
use std::io;
use std::net::IpAddr;

/// Who decides about mail. The door calls in this order: `sign_in` at most once, then per message `recipient` for
/// each recipient, `begin`, the sink's writes, `deliver`, and on SMTP maybe `report`.
pub trait Reception: Send + Sync + 'static {
    /// A message while it is being written. Dropped without `deliver`, it leaves nothing behind.
    type Message: MessageSink;

    /// Asked at RCPT. `recipient` is a mailbox of any form RFC 5321 allows, with the quotes taken off a local part
    /// that needs none, or the bare word `postmaster` (section 4.5.1). `envelope.recipients` are those before it.
    fn recipient(
        &self,
        envelope: &Envelope,
        recipient: &str,
    ) -> impl Future<Output = Result<EmailAddress, MailRefusal>> + Send;

    /// Asked at DATA, once all recipients are known.
    fn begin(&self, envelope: &Envelope) -> impl Future<Output = Result<Self::Message, MailRefusal>> + Send;

    /// Delivers a whole message: one result per entry of `envelope.recipients`, in order, each durable when it is
    /// `Ok`. An address stands there as often as the client named it. A missing result counts as
    /// [`MailRefusal::Unavailable`].
    ///
    /// SMTP has one answer for all: when one result is temporary the client is told to send all again, so the
    /// second delivery of a message to a recipient who has it must be recognised.
    fn deliver(
        &self,
        envelope: &Envelope,
        message: Self::Message,
    ) -> impl Future<Output = Vec<Result<(), MailRefusal>>> + Send;

    /// SMTP only: the message is delivered to some and refused for good to `failed`, which one answer cannot say.
    /// `Ok` once a delivery status notification to the sender is durably spooled (for the null sender: once the
    /// failure is kept where an administrator sees it); then the client hears 250. An error makes the client send
    /// again.
    fn report(
        &self,
        envelope: &Envelope,
        failed: Vec<(EmailAddress, MailRefusal)>,
    ) -> impl Future<Output = Result<(), MailRefusal>> + Send;

    /// Asked at AUTH, with what the client typed.
    fn sign_in(
        &self,
        login: &str,
        password: &str,
        peer: Peer,
    ) -> impl Future<Output = Result<Submitter, SignInRefusal>> + Send;
}

/// A file being written. Called on a thread that may block, with at most 256 KiB at a time. An error of kind
/// `StorageFull` or `QuotaExceeded` is answered with [`MailRefusal::StorageFull`], any other with
/// [`MailRefusal::Unavailable`].
pub trait MessageSink: Send + 'static {
    /// The trace fields (RFC 5321, section 4.4), whole lines with CRLF. Called once, before any content.
    ///
    /// # Errors
    /// When the bytes cannot be kept.
    fn write_trace(&mut self, trace: &[u8]) -> io::Result<()>;

    /// The next bytes of the message, CRLF line ends, dots unstuffed.
    ///
    /// # Errors
    /// When the bytes cannot be kept.
    fn write(&mut self, content: &[u8]) -> io::Result<()>;
}

/// Who a message is from and for, as the client said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// `None` is the null sender `<>` of notices.
    pub sender: Option<String>,
    /// Accepted recipients, in the client's order.
    pub recipients: Vec<EmailAddress>,
    /// Who signed in, if anyone.
    pub submitter: Option<Submitter>,
    pub peer: Peer,
    /// The name the client greeted with: a domain or an address literal, checked for its form only.
    pub helo: String,
    pub protocol: Protocol,
    /// The client asked for SMTPUTF8 (RFC 6531): addresses and header may hold UTF-8.
    pub smtputf8: bool,
    /// At RCPT and DATA the size the client declared, if it did; at `deliver` the size that was counted. In bytes,
    /// without our trace fields.
    pub size_bytes: Option<u64>,
}

/// Where the client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer {
    Network(IpAddr),
    /// A unix socket: some process of this machine.
    Local,
}

impl fmt::Display for Peer {
    /// As an address literal of `Received:` (RFC 5321, section 4.1.3).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(IpAddr::V4(ip)) => write!(f, "[{ip}]"),
            Self::Network(IpAddr::V6(ip)) => write!(f, "[IPv6:{ip}]"),
            Self::Local => f.write_str("local socket"),
        }
    }
}

/// How the message came, in the words of the registry "Mail Transmission Types" (RFC 3848, RFC 6531).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Smtp,
    Esmtp,
    Esmtpa,
    Utf8Smtp,
    Utf8Smtpa,
    Lmtp,
    Utf8Lmtp,
}

impl Protocol {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "SMTP",
            Self::Esmtp => "ESMTP",
            Self::Esmtpa => "ESMTPA",
            Self::Utf8Smtp => "UTF8SMTP",
            Self::Utf8Smtpa => "UTF8SMTPA",
            Self::Lmtp => "LMTP",
            Self::Utf8Lmtp => "UTF8LMTP",
        }
    }
}

/// Who signed in to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitter {
    pub account: AccountId,
    /// What they signed in as.
    pub login: String,
}

/// Why a sign-in is refused (codes of RFC 4954, section 6, and RFC 5248).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInRefusal {
    /// No such login, or not its password: never told apart.
    Credentials,
    /// Right password, and the account may not submit mail.
    Disabled,
    /// The right password, where only an app password will do.
    AppPasswordNeeded,
    /// Too many attempts from there; the client is sent away.
    TooMany,
    /// Our fault, for now.
    Unavailable,
}
