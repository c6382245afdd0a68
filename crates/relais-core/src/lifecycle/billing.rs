//! What a command costs and gives back: the first period, the unused days, the licence. Amounts are of
//! [`crate::term`], entries of [`crate::ledger`]; the application writes them in the transaction of the change.

use super::{Answer, Decision, changed, done};
use crate::account::Account;
use crate::ids::SubscriptionId;
use crate::ledger::{NewEntry, Service, check_covers};
use crate::money::Currency;
use crate::plan::{LicencesUsed, Plan, Seat, Subscription};
use crate::refusal::Refusal;
use crate::rights::{Act, Verdict, allows, may, require};
use crate::term::Term;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

/// Days for which an account that was not renewed goes on, before it is closed with cause Billing.
pub const GRACE_DAYS: i64 = 14;

/// What the organisation has to pay with, and how much room its plan leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Means {
    /// In the organisation's time zone.
    pub today: Date,
    pub currency: Currency,
    pub balance_minor: i64,
    pub plan: Option<Plan>,
    pub plan_term: Option<Term>,
    pub used: LicencesUsed,
    /// What the account is on.
    pub subscription: Option<Subscription>,
    /// What the command wants it to be on.
    pub wanted: Option<Subscription>,
    /// The day of a leaving time that has passed: from then on no paid day was used up.
    pub left_on: Option<Date>,
}

impl Means {
    /// Of an organisation without a plan, for what costs nothing.
    #[must_use]
    pub fn none(today: Date) -> Self {
        Self {
            today,
            currency: Currency::default(),
            balance_minor: 0,
            plan: None,
            plan_term: None,
            used: LicencesUsed::default(),
            subscription: None,
            wanted: None,
            left_on: None,
        }
    }

    /// Whether one more licence may be held. An organisation whose plan has long been unpaid gets none.
    fn check_room(&self, used: LicencesUsed, seat: Seat) -> Result<(), Refusal> {
        let overdue = self.plan_term.and_then(|term| term.overdue_days(self.today));
        if overdue.is_some_and(|days| days >= GRACE_DAYS) {
            return Err(Refusal::PlanUnpaid);
        }
        self.plan.as_ref().map_or(Ok(()), |plan| used.check_room(&plan.terms, seat))
    }

    pub(super) fn check_newcomer(&self, seat: Seat) -> Result<(), Refusal> {
        self.check_room(self.used, seat)
    }

    /// Whether an account that has a licence may have another kind.
    pub(super) fn check_exchange(&self, from: Seat, to: Seat) -> Result<(), Refusal> {
        let takes_none = from == to || to == Seat::Guest;
        if takes_none { Ok(()) } else { self.check_room(self.used.with(from, -1), to) }
    }

    /// The account as it was when it closed, if its leaving time has passed: with the days it had left then.
    pub(super) fn freeze(&self, term: Term) -> Term {
        term.freeze(self.left_on.unwrap_or(self.today))
    }
}

pub(super) fn seat(account: &Account, subscription: Option<&Subscription>) -> Seat {
    Seat::of(account.role, subscription.map(|subscription| subscription.terms.licence))
}

/// Whether an account whose role changes has a licence then: a guest holds none.
pub(crate) fn check_role(before: &Account, after: &Account, means: &Means) -> Result<(), Refusal> {
    let on = means.subscription.as_ref();
    means.check_exchange(seat(before, on), seat(after, on))
}

/// The entries of one command.
pub(super) struct Bill<'m> {
    means: &'m Means,
    balance_minor: i64,
    entries: Vec<NewEntry>,
}

impl<'m> Bill<'m> {
    pub(super) fn new(means: &'m Means) -> Self {
        Self { means, balance_minor: means.balance_minor, entries: vec![] }
    }

    pub(super) fn entries(self) -> Vec<NewEntry> {
        self.entries
    }

    fn enter(&mut self, entry: NewEntry) {
        self.balance_minor += entry.gained_minor();
        self.entries.push(entry);
    }

    /// Charges the period of `term`, which begins at `from`.
    fn charge(
        &mut self,
        account: &mut Account,
        subscription: &Subscription,
        term: Term,
        from: Date,
    ) -> Result<(), Refusal> {
        check_covers(self.balance_minor, term.price_minor, self.means.currency)?;
        account.term = Some(term);
        // What costs nothing has a term, so that it is renewed, and no line in the ledger.
        if term.price_minor > 0 {
            let until = term.until().unwrap_or(from);
            let name = subscription.terms.name.clone();
            self.enter(NewEntry::charge(
                term.price_minor,
                Service { account: Some(account.id), name, from, until },
            ));
        }
        Ok(())
    }

    /// The first period of an account that is to be billed and has no paid day left.
    pub(super) fn begin(
        &mut self,
        account: &mut Account,
        subscription: Option<&Subscription>,
    ) -> Result<(), Refusal> {
        let billed = may(account.state, Act::BeBilled) == Verdict::Yes;
        let Some(subscription) = subscription.filter(|_| billed && account.term.is_none()) else {
            return Ok(());
        };
        let today = self.means.today;
        let term = Term::begin(subscription.terms.price_minor, subscription.terms.period, today);
        self.charge(account, subscription, term, today)
    }

    /// Gives the unused days of the account's term back.
    pub(super) fn credit(&mut self, account: &mut Account) {
        let today = self.means.today;
        let Some(term) = account.term.take() else { return };
        let amount_minor = term.unused_minor(today);
        if amount_minor > 0 {
            let name = self.means.subscription.as_ref().map_or_else(String::new, |on| on.terms.name.clone());
            let until = today.checked_add(term.unused_days(today).days()).unwrap_or(Date::MAX);
            self.enter(NewEntry::credit(
                amount_minor,
                Service { account: Some(account.id), name, from: today, until },
            ));
        }
    }
}

/// Whether an account may be put on `subscription`.
/// Whether somebody may begin to be on it.
///
/// # Errors
/// [`Refusal::NoLongerOffered`], [`Refusal::CurrencyDiffers`].
pub fn check_offer(subscription: &Subscription, own: Currency, now: Timestamp) -> Result<(), Refusal> {
    if subscription.retired_at.is_some_and(|end| end <= now) {
        return Err(Refusal::NoLongerOffered { name: subscription.terms.name.clone() });
    }
    check_currency(subscription.terms.currency, own)
}

/// A provision has one currency, and nothing here changes money.
pub(crate) fn check_currency(offered: Currency, own: Currency) -> Result<(), Refusal> {
    if offered == own { Ok(()) } else { Err(Refusal::CurrencyDiffers { offered, own }) }
}

/// At once, if the provision suffices: unused days of the old one are credited, a new period begins today (M9).
pub(super) fn set_subscription(
    account: &Account,
    id: Option<SubscriptionId>,
    aliases: i64,
    means: &Means,
    now: Timestamp,
) -> Answer {
    require(account, Act::HoldLicence, now)?;
    if id == account.subscription {
        return Ok(Decision::Unchanged);
    }
    let (before, wanted) = (means.subscription.as_ref(), means.wanted.as_ref());
    if let Some(wanted) = wanted {
        check_offer(wanted, means.currency, now)?;
        check_aliases(aliases, Some(wanted))?;
    }
    means.check_exchange(seat(account, before), seat(account, wanted))?;
    let mut next = account.clone();
    next.subscription = id;
    // The size of the mailbox goes with the subscription, unless it was set for this account alone.
    if account.quota_bytes == before.and_then(|before| before.terms.quota_bytes) {
        next.quota_bytes = wanted.and_then(|wanted| wanted.terms.quota_bytes);
    }
    let mut bill = Bill::new(means);
    bill.credit(&mut next);
    bill.begin(&mut next, wanted)?;
    let name = |of: Option<&Subscription>| of.map(|of| of.terms.name.clone());
    let detail = json!({ "from": name(before), "to": name(wanted) });
    let mut change = changed(next, "account.subscription_set", detail);
    change.entries = bill.entries();
    done(change)
}

/// How many addresses besides the primary one a subscription allows.
pub(super) fn check_aliases(count: i64, subscription: Option<&Subscription>) -> Result<(), Refusal> {
    match subscription.and_then(|subscription| subscription.terms.aliases_max) {
        Some(aliases_max) if count > aliases_max => Err(Refusal::AliasLimit { aliases_max }),
        Some(_) | None => Ok(()),
    }
}

/// Charges the period that follows, if it is due. Once per period, however often it is asked.
pub(super) fn renew(account: &Account, means: &Means, now: Timestamp) -> Answer {
    let billed = allows(account, Act::BeBilled, now);
    let due = account.term.filter(|term| billed && term.overdue_days(means.today).is_some());
    let (Some(term), Some(subscription)) = (due, &means.subscription) else {
        return Ok(Decision::Unchanged);
    };
    let terms = &subscription.terms;
    let (Some(from), Some(renewed)) = (term.until(), term.next(terms.price_minor, terms.period)) else {
        return Ok(Decision::Unchanged);
    };
    let mut next = account.clone();
    let mut bill = Bill::new(means);
    bill.charge(&mut next, subscription, renewed, from)?;
    let detail = json!({ "subscription": terms.name, "from": from, "until": renewed.until() });
    let mut change = changed(next, "account.renewed", detail);
    change.entries = bill.entries();
    done(change)
}
