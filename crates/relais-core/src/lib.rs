//! The rules of Relais, pure: no IO, no async, no clock, no randomness, no SQL.
//!
//! What is decided here is decided nowhere else. Doors translate it, the store keeps it, engines carry it out.
//!
//! - [`rights`]: the table, `may(state, act)`
//! - [`lifecycle`]: `decide`, the one function that changes an account
//! - [`routing`]: `resolve`, the one function that says where mail goes
//! - [`plan`], [`term`], [`ledger`]: what is offered, what was paid for, and where the money is
//! - [`departure`]: what a departure will do, in which order

// A new state or act has to be thought about everywhere: no `_` arm hides one.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod account;
pub mod address;
pub mod application;
pub mod authority;
pub mod backup;
pub mod collection;
pub mod content;
pub mod departure;
pub mod directory;
pub mod domain;
pub mod event;
pub mod feed;
pub mod group;
pub mod ids;
pub mod inbound;
pub mod invitation;
pub mod job;
pub mod language;
pub mod ledger;
pub mod lifecycle;
pub mod mail_refusal;
pub mod mailbox;
pub mod money;
pub mod notification;
pub mod organisation;
pub mod ownership;
pub mod passkey;
pub mod password;
pub mod photo;
pub mod plan;
pub mod profile;
pub mod quota;
pub mod refusal;
pub mod reserved;
pub mod responder;
pub mod rights;
pub mod routing;
pub mod scim;
pub mod sign_in;
pub mod sign_on;
pub mod term;
pub mod text;
pub mod webhook;
