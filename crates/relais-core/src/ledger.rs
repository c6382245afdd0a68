//! The provision's ledger: entries that are appended and never changed, each of postings that sum to zero. A balance is
//! the sum of postings to a book.

use crate::ids::{AccountId, OrganisationId};
use crate::money::{Currency, Money};
use crate::refusal::Refusal;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where money stands, seen from the organisation: what its provision gains, another book loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Book {
    /// What the organisation has to spend.
    Provision,
    /// What it paid in.
    Payments,
    /// What it was sold.
    Sales,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Posting {
    pub book: Book,
    pub amount_minor: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    TopUp,
    /// Puts an earlier top-up right, either way.
    Correction,
    /// A period of a subscription or a plan.
    Charge,
    /// The unused days of one.
    Credit,
}

/// What a charge or a credit is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Service {
    /// `None` for the organisation's plan.
    pub account: Option<AccountId>,
    /// The name of the subscription or plan.
    pub name: String,
    /// The first day.
    pub from: Date,
    /// The day after the last.
    pub until: Date,
}

/// An entry to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    pub kind: EntryKind,
    pub service: Option<Service>,
    /// Of a top-up: the payment's own name. It counts once.
    pub reference: Option<String>,
    pub postings: [Posting; 2],
}

/// An entry as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    pub organisation: OrganisationId,
    /// 1, 2, 3… within the organisation.
    pub number: i64,
    pub at: Timestamp,
    pub kind: EntryKind,
    pub service: Option<Service>,
    pub reference: Option<String>,
    /// What the provision gained, or lost if negative.
    pub amount_minor: i64,
    /// The provision afterwards.
    pub balance_minor: i64,
}

/// What the provision gained and lost over some entries, by kind; payments and credits are positive, charges negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Sums {
    pub payments_minor: i64,
    pub corrections_minor: i64,
    pub charges_minor: i64,
    pub credits_minor: i64,
}

impl Sums {
    #[must_use]
    pub fn of(entries: &[Entry]) -> Self {
        let mut sums = Self::default();
        for entry in entries {
            let sum = match entry.kind {
                EntryKind::TopUp => &mut sums.payments_minor,
                EntryKind::Correction => &mut sums.corrections_minor,
                EntryKind::Charge => &mut sums.charges_minor,
                EntryKind::Credit => &mut sums.credits_minor,
            };
            *sum += entry.amount_minor;
        }
        sums
    }

    /// What all of it changed.
    #[must_use]
    pub fn total_minor(self) -> i64 {
        self.payments_minor + self.corrections_minor + self.charges_minor + self.credits_minor
    }
}

/// The largest amount of one entry: far from where sums could overflow.
const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000;
const REFERENCE_CHARACTERS_MAX: usize = 200;

fn check_reference(reference: &str) -> Result<(), Refusal> {
    let fits = (1..=REFERENCE_CHARACTERS_MAX).contains(&reference.chars().count());
    let written = fits && !reference.chars().any(char::is_control) && reference.trim() == reference;
    if written { Ok(()) } else { Err(Refusal::ReferenceInvalid) }
}

impl NewEntry {
    fn between(kind: EntryKind, other: Book, gained_minor: i64) -> Self {
        let postings = [
            Posting { book: Book::Provision, amount_minor: gained_minor },
            Posting { book: other, amount_minor: -gained_minor },
        ];
        Self { kind, service: None, reference: None, postings }
    }

    /// Money paid in.
    ///
    /// # Errors
    /// [`Refusal::AmountInvalid`] when it is not positive, or beyond all measure; [`Refusal::ReferenceInvalid`].
    pub fn top_up(amount_minor: i64, reference: Option<String>) -> Result<Self, Refusal> {
        if !(1..=AMOUNT_MINOR_MAX).contains(&amount_minor) {
            return Err(Refusal::AmountInvalid);
        }
        reference.as_deref().map_or(Ok(()), check_reference)?;
        Ok(Self { reference, ..Self::between(EntryKind::TopUp, Book::Payments, amount_minor) })
    }

    /// Puts top-ups right by `amount_minor`, which may be negative.
    ///
    /// # Errors
    /// [`Refusal::AmountInvalid`], or [`Refusal::ProvisionShort`] when more is taken than there is.
    pub fn correction(amount_minor: i64, balance: Money) -> Result<Self, Refusal> {
        if amount_minor == 0 || !(-AMOUNT_MINOR_MAX..=AMOUNT_MINOR_MAX).contains(&amount_minor) {
            return Err(Refusal::AmountInvalid);
        }
        check_covers(balance.amount_minor, -amount_minor, balance.currency)?;
        Ok(Self::between(EntryKind::Correction, Book::Payments, amount_minor))
    }

    /// A period that is sold.
    #[must_use]
    pub fn charge(price_minor: i64, service: Service) -> Self {
        Self { service: Some(service), ..Self::between(EntryKind::Charge, Book::Sales, -price_minor) }
    }

    /// Unused days that are given back.
    #[must_use]
    pub fn credit(amount_minor: i64, service: Service) -> Self {
        Self { service: Some(service), ..Self::between(EntryKind::Credit, Book::Sales, amount_minor) }
    }

    /// What the provision gains by it.
    #[must_use]
    pub fn gained_minor(&self) -> i64 {
        self.postings
            .iter()
            .filter(|posting| posting.book == Book::Provision)
            .map(|posting| posting.amount_minor)
            .sum()
    }
}

/// Whether a balance covers a price; what costs nothing is always covered.
///
/// # Errors
/// [`Refusal::ProvisionShort`] with what is missing.
pub fn check_covers(balance_minor: i64, price_minor: i64, currency: Currency) -> Result<(), Refusal> {
    if price_minor <= 0 || balance_minor >= price_minor {
        return Ok(());
    }
    Err(Refusal::ProvisionShort { missing: Money { amount_minor: price_minor - balance_minor, currency } })
}
