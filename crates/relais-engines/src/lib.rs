//! Mail files and foreign servers, as seen by Relais.
//!
//! Nothing here knows a state, a command or a row: callers say which mailbox, which session, which server.

pub mod dns;
pub mod dovecot;
pub mod export;
pub mod maildir;
pub mod message;
pub mod repository;
pub mod smtp;
pub mod spool;
