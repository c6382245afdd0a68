//! The door of Dovecot: its dict protocol, by which it asks who may log in, where somebody's mail lies and which
//! shared mailboxes a person sees.
//!
//! The door translates. What it asks is behind [`Authority`]; the bytes are in [`codec`], the keys in [`question`].

mod app;
pub mod codec;
pub mod question;
mod server;

pub use app::AppAuthority;
pub use server::{Socket, serve};

use std::net::IpAddr;
use std::path::PathBuf;

/// What Dovecot asks. Answers hold for one question: Dovecot caches nothing.
pub trait Authority: Send + Sync + 'static {
    /// May `login` (as typed, folded to lower case by Dovecot) with this password read mail, coming from `peer`? The
    /// password is verified here. Whoever does not know it learns nothing: an unknown account, a wrong password and a
    /// deactivated account with a wrong password are all [`PassdbAnswer::Unknown`], in about the same time.
    fn passdb(
        &self,
        login: &str,
        password: &str,
        peer: Option<IpAddr>,
    ) -> impl Future<Output = PassdbAnswer> + Send;

    /// Where the mail of a Dovecot user lies: an account's id, as the passdb answered it, or the address of a shared
    /// mailbox. Asked after every login: answering [`UserdbAnswer::Unknown`] for an account that may no longer read
    /// stops a login that was under way when it was disabled.
    fn userdb(&self, user: &str) -> impl Future<Output = UserdbAnswer> + Send;

    /// The addresses of the shared mailboxes that a Dovecot user is a member of, as they are to be shown:
    /// `shared/<address>/…`.
    fn shares(&self, user: &str) -> impl Future<Output = Result<Vec<String>, Unavailable>> + Send;

    /// Every Dovecot user that has mail, for `doveadm … -A` and `doveadm user '*'`.
    fn users(&self) -> impl Future<Output = Result<Vec<String>, Unavailable>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassdbAnswer {
    /// The password is right and this is the Dovecot user (an account's id).
    Found { user: String },
    /// The password is right and the person may not log in. They are shown the reason: `NO [CONTACTADMIN] reason`.
    Refused { reason: String },
    /// `NO [AUTHENTICATIONFAILED]`.
    Unknown,
    /// `NO [UNAVAILABLE]`: clients try again and do not ask for another password.
    Unavailable,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserdbAnswer {
    /// The mailbox's directory (its Maildir is `Maildir` in it), and the limit that mail programs show.
    Home {
        home: PathBuf,
        quota_bytes: Option<i64>,
    },
    Unknown,
    Unavailable,
}

/// It cannot be said now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;
