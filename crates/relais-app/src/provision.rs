//! The prepaid provision of an organisation: paying in, putting right, its plan, what it holds and what is coming.

use crate::means::{day_of, enter, for_plan, licences_used};
use crate::organisations::note;
use crate::{Error, Relais};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use relais_core::authority::{Actor, Power};
use relais_core::ids::{OrganisationId, PlanId};
use relais_core::ledger::{Entry, NewEntry};
use relais_core::money::{Currency, Money};
use relais_core::organisation::Organisation;
use relais_core::plan::{LicencesUsed, Plan, set_plan};
use relais_core::refusal::Refusal;
use relais_core::term::Term;
use relais_store::{Tx, accounts, ledger, offers, organisations};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// How far ahead the forecast looks, and a low balance is told.
pub(crate) const FORECAST_DAYS: i64 = 31;

/// What an organisation has to spend, and what it has it for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Provision {
    pub balance_minor: i64,
    pub currency: Currency,
    /// The day it is for the organisation.
    pub today: Date,
    pub plan: Option<Plan>,
    pub plan_term: Option<Term>,
    pub licences: LicencesUsed,
}

/// Renewals that fall on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Renewal {
    pub on: Date,
    /// The name of the subscription or plan.
    pub name: String,
    /// Accounts that are renewed; 0 for the plan.
    pub accounts: i64,
    pub amount_minor: i64,
    /// What the provision holds afterwards if nothing is paid in; negative when it does not suffice.
    pub balance_minor: i64,
}

impl Relais {
    /// Records money paid in. A reference that is on record with the same amount is answered with its entry.
    ///
    /// # Errors
    /// The refusal: not the operator (nor the payment provider), an amount that will not do, a reference that was used.
    pub async fn top_up(
        &self,
        organisation: OrganisationId,
        amount: Money,
        reference: Option<String>,
        actor: Actor,
    ) -> Result<Entry, Error> {
        if !(actor.operates() || matches!(actor, Actor::Billing { .. })) {
            return Err(Refusal::NotAllowed.into());
        }
        let entry = NewEntry::top_up(amount.amount_minor, reference)?;
        let now = self.now();
        let made = self
            .store
            .write(move |tx| {
                let found = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                if found.currency != amount.currency {
                    let (offered, own) = (amount.currency, found.currency);
                    return Err(Refusal::CurrencyDiffers { offered, own }.into());
                }
                if let Some(reference) = &entry.reference
                    && let Some(before) = ledger::with_reference(tx, organisation, reference)?
                {
                    return match before.amount_minor == entry.gained_minor() {
                        true => Ok(before),
                        false => Err(Refusal::PaymentDiffers { reference: reference.clone() }.into()),
                    };
                }
                let made = ledger::append(tx, organisation, &entry, now)?;
                organisations::bill_at(tx, organisation, now)?;
                organisations::set_low_noticed(tx, organisation, None)?;
                let detail = json!({
                    "entry": made.number, "amount_minor": made.amount_minor, "reference": made.reference,
                });
                note(tx, organisation, "provision.topped_up", organisation, detail, actor, now)?;
                Ok::<_, Error>(made)
            })
            .await?;
        self.work.notify_one();
        Ok(made)
    }

    /// Puts earlier top-ups right, either way, and says why.
    ///
    /// # Errors
    /// The refusal: not the operator, no reason, more than there is.
    pub async fn correct_provision(
        &self,
        organisation: OrganisationId,
        amount_minor: i64,
        reason: String,
        actor: Actor,
    ) -> Result<Entry, Error> {
        if !actor.operates() {
            return Err(Refusal::NotAllowed.into());
        }
        if reason.trim().is_empty() {
            return Err(Refusal::ReasonMissing.into());
        }
        let now = self.now();
        let made = self
            .store
            .write(move |tx| {
                let found = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                let balance_minor = ledger::balance_minor(tx, organisation)?;
                let balance = Money { amount_minor: balance_minor, currency: found.currency };
                let made =
                    ledger::append(tx, organisation, &NewEntry::correction(amount_minor, balance)?, now)?;
                organisations::bill_at(tx, organisation, now)?;
                let detail = json!({ "entry": made.number, "amount_minor": amount_minor, "reason": reason });
                note(tx, organisation, "provision.corrected", organisation, detail, actor, now)?;
                Ok::<_, Error>(made)
            })
            .await?;
        self.work.notify_one();
        Ok(made)
    }

    /// Puts the organisation on a plan, or on none.
    ///
    /// # Errors
    /// The refusal, when the plan is too small or the provision does not cover it; only the operator may.
    pub async fn set_plan(
        &self,
        organisation: OrganisationId,
        plan: Option<PlanId>,
        actor: Actor,
    ) -> Result<Organisation, Error> {
        if !actor.operates() {
            return Err(Refusal::NotAllowed.into());
        }
        let now = self.now();
        self.store
            .write(move |tx| {
                let found = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                let wanted = match plan {
                    Some(id) => Some(offers::plan(tx, id)?.ok_or(Error::NotFound)?),
                    None => None,
                };
                let facts = for_plan(tx, &found, now)?;
                let Some((next, entries)) = set_plan(&found, wanted.as_ref(), &facts, now)? else {
                    return Ok(found);
                };
                organisations::update(tx, &next)?;
                enter(tx, organisation, &entries, &actor, now)?;
                let name = |plan: &Option<Plan>| plan.as_ref().map(|plan| plan.terms.name.clone());
                let detail = json!({ "from": name(&facts.current), "to": name(&wanted) });
                note(tx, organisation, "organisation.plan_set", organisation, detail, actor, now)?;
                Ok(next)
            })
            .await
    }

    /// # Errors
    /// [`Refusal::NotAllowed`] to whom the provision is none of their business.
    pub async fn provision(&self, organisation: OrganisationId, actor: Actor) -> Result<Provision, Error> {
        allow(actor, organisation)?;
        let now = self.now();
        self.store
            .read(move |tx| {
                let found = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                Ok(Provision {
                    balance_minor: ledger::balance_minor(tx, organisation)?,
                    currency: found.currency,
                    today: day_of(&found, now)?,
                    plan: found.plan.map(|id| offers::plan(tx, id)).transpose()?.flatten(),
                    plan_term: found.plan_term,
                    licences: licences_used(tx, organisation, now)?,
                })
            })
            .await
    }

    /// The next renewal of the plan and of every account, by day, as far as [`FORECAST_DAYS`] ahead.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] to whom the provision is none of their business.
    pub async fn forecast(&self, organisation: OrganisationId, actor: Actor) -> Result<Vec<Renewal>, Error> {
        allow(actor, organisation)?;
        let now = self.now();
        self.store.read(move |tx| forecast(tx, organisation, now)).await
    }
}

pub(crate) fn allow(actor: Actor, organisation: OrganisationId) -> Result<(), Error> {
    if actor.has(Power::ReadProvision, organisation) { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
}

pub(crate) fn forecast(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<Vec<Renewal>, Error> {
    let found = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
    let end = day_of(&found, now)?.checked_add(FORECAST_DAYS.days()).unwrap_or(Date::MAX);
    let mut all = Vec::new();
    let plan = found.plan.map(|id| offers::plan(tx, id)).transpose()?.flatten();
    let plan_due = found.plan_term.and_then(|term| term.until()).filter(|day| *day <= end);
    if let (Some(plan), Some(on)) = (plan, plan_due) {
        let amount_minor = plan.terms.price_minor;
        all.push(Renewal { on, name: plan.terms.name, accounts: 0, amount_minor, balance_minor: 0 });
    }
    for (on, id, accounts) in accounts::renewals(tx, organisation, end)? {
        let Some(offer) = offers::subscription(tx, id)? else { continue };
        let amount_minor = offer.terms.price_minor.saturating_mul(accounts);
        all.push(Renewal { on, name: offer.terms.name, accounts, amount_minor, balance_minor: 0 });
    }
    all.sort_by_key(|renewal| renewal.on);
    let mut balance_minor = ledger::balance_minor(tx, organisation)?;
    for renewal in &mut all {
        balance_minor = balance_minor.saturating_sub(renewal.amount_minor);
        renewal.balance_minor = balance_minor;
    }
    Ok(all)
}
