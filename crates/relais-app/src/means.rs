//! What an organisation has to pay with, read inside the transaction that spends it; and entering what was decided.

use crate::Error;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use relais_core::account::Account;
use relais_core::authority::{Actor, Role};
use relais_core::ids::{OrganisationId, SubscriptionId};
use relais_core::ledger::NewEntry;
use relais_core::lifecycle::{Command, Means};
use relais_core::organisation::Organisation;
use relais_core::plan::{
    Alike, LicencesUsed, PlanFacts, Seat, Subscription, check_own_domain, restricted_offer,
};
use relais_core::refusal::Refusal;
use relais_core::rights::standing_of;
use relais_store::{Tx, accounts, domains, ledger, offers, organisations};
use std::collections::HashMap;

/// # Errors
/// [`Refusal::TimeZoneUnknown`].
pub(crate) fn time_zone(name: &str) -> Result<TimeZone, Refusal> {
    TimeZone::get(name).map_err(|_| Refusal::TimeZoneUnknown { text: name.to_owned() })
}

/// The day it is for the organisation.
pub(crate) fn day_of(organisation: &Organisation, at: Timestamp) -> Result<Date, Error> {
    Ok(at.to_zoned(time_zone(&organisation.time_zone)?).date())
}

/// When the organisation's next day begins.
pub(crate) fn next_day(organisation: &Organisation, now: Timestamp) -> Result<Timestamp, Error> {
    let zone = time_zone(&organisation.time_zone)?;
    let tomorrow = now.to_zoned(zone.clone()).date().tomorrow();
    let begins = tomorrow.and_then(|day| day.to_zoned(zone)).map(|moment| moment.timestamp());
    Ok(begins.unwrap_or(Timestamp::MAX))
}

/// Licences that are held, guests left out.
pub(crate) fn licences_used(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<LicencesUsed, Error> {
    Ok(LicencesUsed::count(&alike(tx, organisation, now)?))
}

/// The organisation's accounts, by what licences depend on.
pub(crate) fn alike(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<Vec<Alike>, Error> {
    let mut licences: HashMap<SubscriptionId, _> = HashMap::new();
    let mut all = Vec::new();
    for group in accounts::census(tx, organisation, now)? {
        let licence = match group.subscription {
            None => None,
            Some(id) => Some(match licences.get(&id) {
                Some(licence) => *licence,
                None => {
                    let licence = subscription(tx, id)?.terms.licence;
                    licences.insert(id, licence);
                    licence
                }
            }),
        };
        let state = standing_of(group.state, group.leaving);
        all.push(Alike { state, seat: Seat::of(group.role, licence), count: group.count });
    }
    Ok(all)
}

pub(crate) fn subscription(tx: &mut Tx<'_>, id: SubscriptionId) -> Result<Subscription, Error> {
    offers::subscription(tx, id)?.ok_or(Error::NotFound)
}

/// Counting licences reads every account's place in an index: only for what takes one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Licences {
    Count,
    Leave,
}

/// Of a new account that is to be on `wanted`.
pub(crate) fn for_newcomer(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    wanted: Option<SubscriptionId>,
    now: Timestamp,
) -> Result<Means, Error> {
    let wanted = wanted.map(|id| subscription(tx, id)).transpose()?;
    Ok(Means { wanted, ..of(tx, organisation, Licences::Count, now)? })
}

/// What deciding `command` on `account` needs, and no more.
pub(crate) fn for_command(
    tx: &mut Tx<'_>,
    account: &Account,
    command: &Command,
    now: Timestamp,
) -> Result<Means, Error> {
    let guest = |role| role == Role::Guest;
    let licences = match command {
        Command::Rename { .. }
        | Command::RemoveAlias { .. }
        | Command::SetInbound { .. }
        | Command::SetName { .. }
        | Command::SetQuota { .. }
        | Command::SetLegalHold { .. }
        | Command::MoveAddress { .. } => return Ok(Means::none(Date::ZERO)),
        Command::Reactivate
        | Command::ReactivateFlexibly
        | Command::SetSubscription { .. }
        | Command::SetLeaving { at: None } => Licences::Count,
        Command::SetRole { role } if guest(*role) != guest(account.role) => Licences::Count,
        Command::SetRole { .. }
        | Command::SetPassword { .. }
        | Command::Activate
        | Command::Deactivate { .. }
        | Command::Delete { .. }
        | Command::AddAlias { .. }
        | Command::SetLeaving { at: Some(_) }
        | Command::Renew => Licences::Leave,
    };
    let organisation = organisations::get(tx, account.organisation)?.ok_or(Error::NotFound)?;
    let mut means = of(tx, &organisation, licences, now)?;
    means.subscription = account.subscription.map(|id| subscription(tx, id)).transpose()?;
    if let Command::SetSubscription { to } = command {
        means.wanted = to.map(|id| subscription(tx, id)).transpose()?;
    }
    if *command == Command::ReactivateFlexibly {
        means.wanted = restricted_offer(offers::subscriptions(tx)?, organisation.currency, now);
    }
    let left_at = account.leaves_at.filter(|end| *end <= now);
    means.left_on = left_at.map(|end| day_of(&organisation, end)).transpose()?;
    Ok(means)
}

fn of(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    licences: Licences,
    now: Timestamp,
) -> Result<Means, Error> {
    let plan = organisation.plan.map(|id| offers::plan(tx, id)).transpose()?.flatten();
    let counted = plan.is_some() && licences == Licences::Count;
    Ok(Means {
        currency: organisation.currency,
        balance_minor: ledger::balance_minor(tx, organisation.id)?,
        plan,
        plan_term: organisation.plan_term,
        used: if counted { licences_used(tx, organisation.id, now)? } else { LicencesUsed::default() },
        ..Means::none(day_of(organisation, now)?)
    })
}

pub(crate) fn for_plan(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    now: Timestamp,
) -> Result<PlanFacts, Error> {
    Ok(PlanFacts {
        current: organisation.plan.map(|id| offers::plan(tx, id)).transpose()?.flatten(),
        balance_minor: ledger::balance_minor(tx, organisation.id)?,
        used: licences_used(tx, organisation.id, now)?,
        own_domains: domains::count_own(tx, organisation.id)?,
        today: day_of(organisation, now)?,
    })
}

/// Whether the organisation may have one more domain of its own.
pub(crate) fn check_room_for_domain(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<(), Error> {
    let found = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
    let plan = found.plan.map(|id| offers::plan(tx, id)).transpose()?.flatten();
    let count = domains::count_own(tx, organisation)?;
    Ok(check_own_domain(plan.as_ref().map(|plan| &plan.terms), count)?)
}

/// Enters what was decided. Whenever the provision gains, what it could not pay before is looked at again.
pub(crate) fn enter(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    entries: &[NewEntry],
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    for entry in entries {
        ledger::append(tx, organisation, entry, now)?;
    }
    let gains = entries.iter().any(|entry| entry.gained_minor() > 0);
    if gains && !matches!(actor, Actor::Billing { .. }) {
        organisations::bill_at(tx, organisation, now)?;
    }
    Ok(())
}
