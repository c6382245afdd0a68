//! Putting an organisation on a plan, and paying for it. As with accounts: unused days of the old one are credited, a
//! new period begins today.

use super::{LicencesUsed, Plan};
use crate::ledger::{NewEntry, Service, check_covers};
use crate::lifecycle::check_currency;
use crate::organisation::Organisation;
use crate::refusal::Refusal;
use crate::term::Term;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// What a change of plan needs to know; read in the transaction that applies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFacts {
    /// The plan that the organisation is on.
    pub current: Option<Plan>,
    pub balance_minor: i64,
    pub used: LicencesUsed,
    /// Domains of its own.
    pub own_domains: i64,
    /// In the organisation's time zone.
    pub today: Date,
}

/// The organisation afterwards, and what it costs and gives back.
pub type PlanChange = (Organisation, Vec<NewEntry>);

/// Puts the organisation on `plan`, or on none. `None` when it is on it already.
///
/// # Errors
/// The refusal: no longer offered, another currency, too small for what there is, or not covered.
pub fn set_plan(
    organisation: &Organisation,
    plan: Option<&Plan>,
    facts: &PlanFacts,
    now: Timestamp,
) -> Result<Option<PlanChange>, Refusal> {
    if plan.map(|plan| plan.id) == organisation.plan {
        return Ok(None);
    }
    if let Some(plan) = plan {
        if plan.retired_at.is_some_and(|end| end <= now) {
            return Err(Refusal::NoLongerOffered { name: plan.terms.name.clone() });
        }
        check_currency(plan.terms.currency, organisation.currency)?;
        facts.used.check_fits(facts.own_domains, &plan.terms)?;
    }
    let mut next = organisation.clone();
    let mut entries = Vec::new();
    let unused =
        next.plan_term.take().map(|term| (term.unused_minor(facts.today), term.unused_days(facts.today)));
    if let (Some((amount_minor, days)), Some(current)) =
        (unused.filter(|(amount, _)| *amount > 0), &facts.current)
    {
        let until = facts.today.checked_add(days.days()).unwrap_or(Date::MAX);
        entries.push(NewEntry::credit(amount_minor, service(current, facts.today, until)));
    }
    next.plan = plan.map(|plan| plan.id);
    if let Some(plan) = plan {
        let balance_minor = facts.balance_minor + entries.iter().map(NewEntry::gained_minor).sum::<i64>();
        let term = Term::begin(plan.terms.price_minor, plan.terms.period, facts.today);
        entries.extend(charge(&mut next, plan, term, facts.today, balance_minor)?);
    }
    Ok(Some((next, entries)))
}

/// Pays the period of the plan that follows. `None` when nothing is due.
///
/// # Errors
/// [`Refusal::ProvisionShort`].
pub fn renew_plan(organisation: &Organisation, facts: &PlanFacts) -> Result<Option<PlanChange>, Refusal> {
    let due = organisation.plan_term.filter(|term| term.overdue_days(facts.today).is_some());
    let (Some(term), Some(plan)) = (due, &facts.current) else { return Ok(None) };
    let terms = &plan.terms;
    let (Some(from), Some(renewed)) = (term.until(), term.next(terms.price_minor, terms.period)) else {
        return Ok(None);
    };
    let mut next = organisation.clone();
    let entries = charge(&mut next, plan, renewed, from, facts.balance_minor)?;
    Ok(Some((next, entries.into_iter().collect())))
}

fn charge(
    organisation: &mut Organisation,
    plan: &Plan,
    term: Term,
    from: Date,
    balance_minor: i64,
) -> Result<Option<NewEntry>, Refusal> {
    check_covers(balance_minor, term.price_minor, organisation.currency)?;
    organisation.plan_term = Some(term);
    let until = term.until().unwrap_or(from);
    Ok((term.price_minor > 0).then(|| NewEntry::charge(term.price_minor, service(plan, from, until))))
}

fn service(plan: &Plan, from: Date, until: Date) -> Service {
    Service { account: None, name: plan.terms.name.clone(), from, until }
}
