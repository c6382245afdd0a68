//! The only SQL of Relais. A unit of work is one closure over a [`Tx`]; a query is one function that takes one.
//!
//! Nothing here decides: states, routes and amounts come from `relais-core` and are only kept.

pub mod accounts;
pub mod addresses;
pub mod app_passwords;
pub mod applications;
pub mod claims;
pub mod collections;
mod columns;
pub mod content;
pub mod credentials;
pub mod departures;
pub mod directories;
mod directory;
pub mod domains;
pub mod dump;
pub mod events;
pub mod exports;
pub mod feeds;
pub mod generations;
pub mod groups;
pub mod jobs;
pub mod known_networks;
pub mod ledger;
pub mod licence_counts;
pub mod mailboxes;
mod migrate;
pub mod notifications;
pub mod offers;
mod open;
pub mod operators;
pub mod organisations;
pub mod outbox;
pub mod passkeys;
pub mod password_resets;
mod postgres;
pub mod profiles;
pub mod repositories;
pub mod responders;
pub mod schema;
pub mod scim;
pub mod second_factors;
pub mod sessions;
pub mod settings;
pub mod sign_on;
pub mod spool;
mod sqlite;
mod tx;
mod value;
pub mod webhooks;

pub use migrate::Migration;
pub use open::Store;
pub use tx::{Column, Error, Tx};
pub use value::{Kind, Row, Value};
