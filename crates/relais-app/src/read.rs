//! The queries that doors may ask inside [`crate::Relais::look`]: the store's own functions, by subject.

pub use relais_store::Error as StoreError;
pub use relais_store::accounts::{Filter, Sort};
pub use relais_store::app_passwords::AppPassword;
pub use relais_store::credentials::{Grant, Token, grants, tokens};
pub use relais_store::events::ChainCheck;
pub use relais_store::exports::Export;
pub use relais_store::ledger::LedgerCheck;
pub use relais_store::notifications::NotificationState;
pub use relais_store::passkeys::Passkey;
pub use relais_store::password_resets::PasswordReset;
pub use relais_store::scim::ScimToken;
pub use relais_store::sessions::Session;
pub use relais_store::sign_on::SignOnLink;
pub use relais_store::spool::{Outbound, SpoolState};
pub use relais_store::webhooks::Delivery;
pub use relais_store::{
    Tx, accounts, addresses, applications, claims, collections, content, departures, directories, domains,
    events, exports, generations, groups, jobs, ledger, mailboxes, offers, organisations, password_resets,
    profiles, responders, scim, settings, spool, webhooks,
};
