//! Mail files and foreign servers, as seen by Relais.
//!
//! Nothing here knows a state, a command or a row: callers say which mailbox, which session, which server.

pub mod collections;
pub mod dns;
pub mod dovecot;
mod durable;
pub mod export;
pub mod ldap;
pub mod maildir;
pub mod message;
mod private_files;
pub mod radicale;
pub mod repository;
pub mod smtp;
pub mod spool;
mod supervisor;
pub mod webhook;
