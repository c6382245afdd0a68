//! Mail files and foreign servers, as seen by Relais.
//!
//! Nothing here knows a state, a command or a row: callers say which mailbox, which session, which server.

pub mod collections;
pub mod dns;
pub mod dovecot;
mod durable;
pub mod export;
pub mod identity_provider;
pub mod ldap;
pub mod maildir;
pub mod message;
pub mod outside;
pub mod passkey;
mod private_files;
pub mod radicale;
pub mod repository;
pub mod scim_server;
pub mod smtp;
pub mod spool;
mod supervisor;
pub mod webhook;
