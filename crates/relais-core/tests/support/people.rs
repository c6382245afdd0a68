//! What every test of the rules builds on: an address, a moment, an active account.

use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::Role;
use relais_core::ids::{AccountId, MailboxId, OrganisationId};
use relais_core::inbound::Inbound;
use relais_core::rights::State;

pub fn address(text: &str) -> EmailAddress {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub fn moment(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// An active member of organisation 1 whose mailbox has the number of the account.
pub fn account(number: i64, primary: &str) -> Account {
    Account {
        id: AccountId::from_number(number),
        organisation: OrganisationId::from_number(1),
        mailbox: MailboxId::from_number(number),
        name: format!("Personne {number}"),
        address: address(primary),
        role: Role::Member,
        state: State::Active,
        deactivation: None,
        leaves_at: None,
        legal_hold: None,
        inbound: Inbound::deliver(),
        quota_bytes: None,
        subscription: None,
        term: None,
        password: None,
        epoch: 0,
        created_at: moment("2026-01-05T08:00:00Z"),
    }
}
