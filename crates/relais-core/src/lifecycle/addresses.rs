//! What an account is called: its primary address, its aliases, and who gets them.

use super::billing::check_aliases;
use super::{AddressChange, Answer, Availability, Decision, Facts, changed, done};
use crate::account::Account;
use crate::address::{EmailAddress, domain_for_people};
use crate::organisation::{Address, AddressKind, DomainKind, Target};
use crate::refusal::Refusal;
use crate::reserved::Reserved;
use crate::rights::{Act, State, require};
use jiff::Timestamp;
use serde_json::json;

/// Whether `address` may be given to `to` as things are.
///
/// # Errors
/// The refusal that names what stands in the way.
pub fn check_available(address: &EmailAddress, wanted: &Availability, to: Target) -> Result<(), Refusal> {
    match check_free(address, wanted) {
        Err(Refusal::AddressTaken { .. }) if *wanted == Availability::Held(to) => Ok(()),
        checked => checked,
    }
}

/// Whether `address` may be given to something new as things are.
///
/// # Errors
/// The refusal that names what stands in the way.
pub fn check_free(address: &EmailAddress, wanted: &Availability) -> Result<(), Refusal> {
    if let Some(reserved) = Reserved::of(address.local()) {
        // What is not free is refused below, unless nobody could ever hold it.
        let kind = if let Availability::Free(kind) = wanted { *kind } else { DomainKind::Own };
        if !reserved.may_be_held(kind) {
            return Err(Refusal::AddressReserved { address: address.clone() });
        }
    }
    match wanted {
        Availability::Free(_) => Ok(()),
        Availability::Held(_) => Err(Refusal::AddressTaken { address: address.clone() }),
        Availability::Retired => Err(Refusal::AddressRetired { address: address.clone() }),
        Availability::NotHosted => Err(Refusal::DomainNotHosted { domain: address.domain().to_owned() }),
        Availability::NotProven(record) => Err(Refusal::DomainNotProven {
            domain: domain_for_people(address.domain()),
            record: record.clone(),
        }),
    }
}

pub(super) fn rename(account: &Account, to: EmailAddress, facts: &Facts, now: Timestamp) -> Answer {
    require(account, Act::ChangeAttributes, now)?;
    if to == account.address {
        return Ok(Decision::Unchanged);
    }
    let own = Target::Account(account.id);
    check_available(&to, &facts.wanted, own)?;
    let mut next = account.clone();
    next.address = to.clone();
    let mut change = changed(next, "account.renamed", json!({ "from": account.address, "to": to }));
    let point = |address, kind| AddressChange::Point { address, to: own, kind };
    if facts.addresses.iter().any(|held| held.address == account.address) {
        change.addresses.push(point(account.address.clone(), AddressKind::Alias));
    }
    change.addresses.push(point(to, AddressKind::Primary));
    done(change)
}

pub(super) fn add_alias(account: &Account, address: EmailAddress, facts: &Facts, now: Timestamp) -> Answer {
    require(account, Act::ChangeAttributes, now)?;
    let own = Target::Account(account.id);
    check_available(&address, &facts.wanted, own)?;
    if facts.wanted == Availability::Held(own) {
        return Ok(Decision::Unchanged);
    }
    check_aliases(count_aliases(facts) + 1, facts.means.subscription.as_ref())?;
    let mut change = changed(account.clone(), "account.alias_added", json!({ "address": address }));
    change.addresses.push(AddressChange::Point { address, to: own, kind: AddressKind::Alias });
    done(change)
}

pub(super) fn remove_alias(account: &Account, address: EmailAddress, facts: &Facts) -> Answer {
    let Some(held) = facts.addresses.iter().find(|held| held.address == address) else {
        return Err(Refusal::AddressNotHeld { address });
    };
    let freed = free_alias(held)?;
    let mut change = changed(account.clone(), "account.alias_removed", json!({ "address": address }));
    change.addresses.push(freed);
    done(change)
}

/// Takes an alias away from whoever has it: nobody has its mail any more.
///
/// # Errors
/// [`Refusal::AddressIsPrimary`], [`Refusal::AddressStays`].
pub fn free_alias(held: &Address) -> Result<AddressChange, Refusal> {
    let address = held.address.clone();
    match (held.kind, held.domain) {
        (AddressKind::Primary, _) => Err(Refusal::AddressIsPrimary { address }),
        (AddressKind::Alias, DomainKind::Provider) => Err(Refusal::AddressStays { address }),
        (AddressKind::Alias, DomainKind::Own) => Ok(AddressChange::Free { address }),
    }
}

pub(super) fn move_address(account: &Account, address: EmailAddress, to: Target, facts: &Facts) -> Answer {
    let own = Target::Account(account.id);
    if to == own || facts.wanted == Availability::Held(to) {
        return Ok(Decision::Unchanged);
    }
    let Some(held) = facts.addresses.iter().find(|held| held.address == address) else {
        return Err(Refusal::AddressNotHeld { address });
    };
    if held.kind == AddressKind::Primary && account.state != State::Deleted {
        return Err(Refusal::AddressIsPrimary { address });
    }
    if held.domain == DomainKind::Provider {
        return Err(Refusal::AddressStays { address });
    }
    let mut change = changed(account.clone(), "address.moved", json!({ "address": address, "to": to }));
    change.addresses.push(AddressChange::Point { address, to, kind: AddressKind::Alias });
    done(change)
}

/// Addresses that were inherited in a departure are counted too, and never refused there.
pub(super) fn count_aliases(facts: &Facts) -> i64 {
    let aliases = facts.addresses.iter().filter(|held| held.kind == AddressKind::Alias).count();
    i64::try_from(aliases).unwrap_or(i64::MAX)
}

/// What becomes of an address whose holder is gone: free on an own domain, never given again on the operator's.
#[must_use]
pub fn release(held: &Address) -> AddressChange {
    let address = held.address.clone();
    match held.domain {
        DomainKind::Own => AddressChange::Free { address },
        DomainKind::Provider => AddressChange::Retire { address },
    }
}
