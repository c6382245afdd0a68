//! What the operator offers: plans for organisations, subscriptions for accounts; and how many licences a plan leaves.
//! Neither is ever changed once made, so that every charge can be explained: another price is another offer.

mod change;

pub use change::{PlanChange, PlanFacts, renew_plan, set_plan};

use crate::authority::Role;
use crate::ids::{PlanId, SubscriptionId};
use crate::money::Currency;
use crate::refusal::Refusal;
use crate::rights::{Act, State, Verdict, may};
use crate::term::Period;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an organisation has. Without a plan nothing is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    pub id: PlanId,
    #[serde(flatten)]
    pub terms: PlanTerms,
    pub created_at: Timestamp,
    /// From then on no organisation is put on it; those that are stay.
    pub retired_at: Option<Timestamp>,
}

/// What a plan says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanTerms {
    pub name: String,
    pub price_minor: i64,
    pub currency: Currency,
    pub period: Period,
    /// Accounts without a subscription.
    pub accounts_free: i64,
    /// Accounts that hold a licence, guests left out; `None` without limit.
    pub accounts_max: Option<i64>,
    /// Those of them with a full licence.
    pub full_licences_max: Option<i64>,
    /// Domains of the organisation's own.
    pub own_domains_max: Option<i64>,
    /// Whether an invitation reactivates a deactivated account.
    pub flexible_licences: bool,
}

/// What an account is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    pub id: SubscriptionId,
    #[serde(flatten)]
    pub terms: SubscriptionTerms,
    pub created_at: Timestamp,
    /// From then on no account is put on it; those that are stay and are renewed.
    pub retired_at: Option<Timestamp>,
}

/// What a subscription says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionTerms {
    pub name: String,
    pub price_minor: i64,
    pub currency: Currency,
    pub period: Period,
    /// Addresses besides the primary one; `None` without limit.
    pub aliases_max: Option<i64>,
    /// Largest mailbox size.
    pub quota_bytes: Option<i64>,
    pub licence: Licence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Licence {
    Full,
    Restricted,
}

/// What an account comes back on when no other licence is left: the restricted subscription that costs least to begin.
#[must_use]
pub fn restricted_offer(
    offers: Vec<Subscription>,
    currency: Currency,
    now: Timestamp,
) -> Option<Subscription> {
    let offered = |offer: &Subscription| {
        let current = offer.retired_at.is_none_or(|end| end > now);
        current && offer.terms.licence == Licence::Restricted && offer.terms.currency == currency
    };
    offers.into_iter().filter(offered).min_by_key(|offer| (offer.terms.price_minor, offer.id))
}

/// # Errors
/// [`Refusal::NameInvalid`], [`Refusal::NumberInvalid`] with the field.
pub fn check_plan(terms: &PlanTerms) -> Result<(), Refusal> {
    crate::lifecycle::check_name(&terms.name)?;
    check_numbers(&[
        ("price_minor", Some(terms.price_minor)),
        ("accounts_free", Some(terms.accounts_free)),
        ("accounts_max", terms.accounts_max),
        ("full_licences_max", terms.full_licences_max),
        ("own_domains_max", terms.own_domains_max),
    ])
}

/// # Errors
/// [`Refusal::NameInvalid`], [`Refusal::NumberInvalid`] with the field, [`Refusal::QuotaInvalid`].
pub fn check_subscription(terms: &SubscriptionTerms) -> Result<(), Refusal> {
    crate::lifecycle::check_name(&terms.name)?;
    check_numbers(&[
        ("price_minor", Some(terms.price_minor)),
        ("aliases_max", terms.aliases_max),
        ("quota_bytes", terms.quota_bytes),
    ])?;
    crate::quota::check(terms.quota_bytes)
}

/// Far from where a price times the days of a year could overflow.
const NUMBER_MAX: i64 = 1_000_000_000_000_000;

fn check_numbers(numbers: &[(&'static str, Option<i64>)]) -> Result<(), Refusal> {
    let wrong = |number: Option<i64>| number.is_some_and(|number| !(0..=NUMBER_MAX).contains(&number));
    match numbers.iter().find(|(_, number)| wrong(*number)) {
        Some((field, _)) => Err(Refusal::NumberInvalid { field }),
        None => Ok(()),
    }
}

/// Licences that were held on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LicenceCount {
    pub day: Date,
    #[serde(flatten)]
    pub used: LicencesUsed,
    /// Accounts that take none.
    pub guests: i64,
}

impl LicenceCount {
    #[must_use]
    pub fn of(day: Date, accounts: &[Alike]) -> Self {
        let guests = accounts.iter().filter(|alike| alike.seat == Seat::Guest && alike.holds());
        Self { day, used: LicencesUsed::count(accounts), guests: guests.map(|alike| alike.count).sum() }
    }
}

/// Whether an organisation that has `count` domains of its own may have one more.
///
/// # Errors
/// [`Refusal::OwnDomainsUsed`].
pub fn check_own_domain(plan: Option<&PlanTerms>, count: i64) -> Result<(), Refusal> {
    match plan.and_then(|plan| plan.own_domains_max) {
        Some(own_domains_max) if count >= own_domains_max => Err(Refusal::OwnDomainsUsed { own_domains_max }),
        Some(_) | None => Ok(()),
    }
}

/// What an account takes of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seat {
    /// A guest takes nothing.
    Guest,
    /// An account without a subscription has a full licence.
    Free,
    Paid(Licence),
}

impl Seat {
    #[must_use]
    pub fn of(role: Role, licence: Option<Licence>) -> Self {
        match (role, licence) {
            (Role::Guest, _) => Self::Guest,
            (Role::Owner | Role::CompanyAdmin | Role::AccountManager | Role::Member, None) => Self::Free,
            (Role::Owner | Role::CompanyAdmin | Role::AccountManager | Role::Member, Some(licence)) => {
                Self::Paid(licence)
            }
        }
    }
}

/// How many accounts of an organisation are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alike {
    /// As [`crate::rights::standing`] has it.
    pub state: State,
    pub seat: Seat,
    pub count: i64,
}

impl Alike {
    /// Whether the table lets them hold a licence, if they take one.
    fn holds(&self) -> bool {
        may(self.state, Act::HoldLicence) == Verdict::Yes
    }
}

/// Licences that are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct LicencesUsed {
    /// Accounts with a licence of any kind.
    pub accounts: i64,
    /// Those without a subscription.
    pub free: i64,
    /// Those with a full licence.
    pub full: i64,
}

impl LicencesUsed {
    /// Counts what the table lets hold a licence.
    #[must_use]
    pub fn count(accounts: &[Alike]) -> Self {
        let holders = accounts.iter().filter(|alike| alike.holds());
        holders.fold(Self::default(), |used, alike| used.with(alike.seat, alike.count))
    }

    /// With `count` more of them; fewer if negative.
    #[must_use]
    pub fn with(self, seat: Seat, count: i64) -> Self {
        let (free, full) = match seat {
            Seat::Guest => return self,
            Seat::Free => (count, count),
            Seat::Paid(Licence::Full) => (0, count),
            Seat::Paid(Licence::Restricted) => (0, 0),
        };
        Self { accounts: self.accounts + count, free: self.free + free, full: self.full + full }
    }

    /// Whether one more fits into `plan`.
    ///
    /// # Errors
    /// The limit that is reached.
    pub fn check_room(self, plan: &PlanTerms, seat: Seat) -> Result<(), Refusal> {
        let then = self.with(seat, 1);
        let over = |used: i64, max: Option<i64>| max.filter(|max| used > *max);
        // What the newcomer does not take is not its fault: an organisation above a limit may still add beside it.
        if then.accounts > self.accounts
            && let Some(accounts_max) = over(then.accounts, plan.accounts_max)
        {
            return Err(Refusal::PlanFull { accounts_max });
        }
        if then.free > self.free && then.free > plan.accounts_free {
            return Err(Refusal::SubscriptionNeeded { accounts_free: plan.accounts_free });
        }
        if then.full > self.full
            && let Some(full_licences_max) = over(then.full, plan.full_licences_max)
        {
            return Err(Refusal::FullLicencesUsed { full_licences_max });
        }
        Ok(())
    }

    /// Whether all that is held, and the organisation's domains, fit into `plan`.
    ///
    /// # Errors
    /// [`Refusal::PlanTooSmall`] with what there is and what it allows.
    pub fn check_fits(self, own_domains: i64, plan: &PlanTerms) -> Result<(), Refusal> {
        let limits = [
            (own_domains, plan.own_domains_max),
            (self.accounts, plan.accounts_max),
            (self.free, Some(plan.accounts_free)),
            (self.full, plan.full_licences_max),
        ];
        for (used, max) in limits {
            if let Some(max) = max.filter(|max| used > *max) {
                return Err(Refusal::PlanTooSmall { plan: plan.name.clone(), used, max });
            }
        }
        Ok(())
    }
}
