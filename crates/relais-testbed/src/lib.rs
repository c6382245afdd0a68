//! Starts the real program and real servers for tests and demonstrations, and speaks to them as a client.
//!
//! Blocking and without an async runtime: a client here is a second opinion on the program, so it shares none of its
//! code.

pub mod authenticator;
pub mod axe;
pub mod browser;
pub mod canaille;
pub mod certificates;
pub mod corpus;
pub mod crash;
pub mod dav;
pub mod dns;
pub mod filing;
pub mod http;
pub mod imap;
pub mod interference;
pub mod mail;
pub mod net;
pub mod openid;
pub mod passkey;
pub mod picture;
pub mod pop3;
pub mod postgres;
pub mod python;
pub mod receiver;
pub mod s3;
pub mod samba;
pub mod scim_server;
pub mod server;
pub mod slapd;
pub mod small_disk;
pub mod unprivileged;
