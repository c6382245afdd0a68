//! Statements: what the provision gained and lost over some days of the organisation, so that it can be checked and
//! printed. The lines, their sums and the two balances always add up.

use crate::means::{day_of, time_zone};
use crate::provision::allow;
use crate::{Error, Relais};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use relais_core::address::EmailAddress;
use relais_core::authority::Actor;
use relais_core::ids::OrganisationId;
use relais_core::ledger::{Entry, Sums};
use relais_core::organisation::Organisation;
use relais_core::refusal::Refusal;
use relais_store::{ledger, organisations};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which days are asked for; the present month if nothing is said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Days {
    pub from: Option<Date>,
    /// The day after the last.
    pub until: Option<Date>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statement {
    pub organisation: Organisation,
    /// The first day, in the organisation's time zone.
    pub from: Date,
    /// The day after the last.
    pub until: Date,
    /// What the provision held when the first day began.
    pub opening_minor: i64,
    pub lines: Vec<Line>,
    pub sums: Sums,
    /// What it held when the last day ended; what it holds now, if that day is to come.
    pub closing_minor: i64,
    pub written_at: Timestamp,
    /// That day, in the organisation's time zone.
    pub written_on: Date,
}

/// An entry, with what a reader wants beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    #[serde(flatten)]
    pub entry: Entry,
    /// The day it was entered, in the organisation's time zone.
    pub on: Date,
    /// What the account is called now.
    pub address: Option<EmailAddress>,
}

impl Days {
    /// Whole months where nothing else is said.
    pub(crate) fn resolve(self, today: Date) -> Result<(Date, Date), Refusal> {
        let last = self.until.map_or(today, |until| until.yesterday().unwrap_or(until));
        let from = self.from.unwrap_or(last.first_of_month());
        let until = self.until.unwrap_or(from.first_of_month().saturating_add(1.month()));
        if from < until { Ok((from, until)) } else { Err(Refusal::PeriodEmpty { from, until }) }
    }
}

/// The moment at which a day begins.
fn begins(day: Date, zone: &TimeZone) -> Timestamp {
    let end = if day.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    day.to_zoned(zone.clone()).map_or(end, |moment| moment.timestamp())
}

impl Relais {
    /// The entries of some days with their sums, the oldest first.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] to whom the provision is none of their business; [`Refusal::PeriodEmpty`].
    pub async fn statement(
        &self,
        organisation: OrganisationId,
        days: Days,
        actor: Actor,
    ) -> Result<Statement, Error> {
        allow(actor, organisation)?;
        let now = self.now();
        self.store
            .read(move |tx| {
                let found = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                let zone = time_zone(&found.time_zone)?;
                let written_on = day_of(&found, now)?;
                let (from, until) = days.resolve(written_on)?;
                let (begin, end) = (begins(from, &zone), begins(until, &zone));
                let entries = ledger::between(tx, organisation, begin, end)?;
                let addresses = ledger::accounts_between(tx, organisation, begin, end)?;
                let opening_minor = ledger::balance_before(tx, organisation, begin)?;
                let sums = Sums::of(&entries);
                let line = |entry: Entry| {
                    let account = entry.service.as_ref().and_then(|service| service.account);
                    let address = account.and_then(|id| addresses.get(&id).cloned());
                    Line { on: entry.at.to_zoned(zone.clone()).date(), address, entry }
                };
                Ok(Statement {
                    organisation: found,
                    from,
                    until,
                    opening_minor,
                    sums,
                    closing_minor: opening_minor + sums.total_minor(),
                    lines: entries.into_iter().map(line).collect(),
                    written_at: now,
                    written_on,
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn whole_months_are_meant_where_nothing_else_is_said() {
        let today = date(2026, 11, 22);
        let (november, december) = (date(2026, 11, 1), date(2026, 12, 1));
        for (from, until, expected) in [
            (None, None, Ok((november, december))),
            (Some(november), Some(december), Ok((november, december))),
            (Some(date(2026, 2, 14)), None, Ok((date(2026, 2, 14), date(2026, 3, 1)))),
            (None, Some(date(2026, 3, 1)), Ok((date(2026, 2, 1), date(2026, 3, 1)))),
            (None, Some(date(2026, 3, 10)), Ok((date(2026, 3, 1), date(2026, 3, 10)))),
            (Some(today), Some(today), Err(Refusal::PeriodEmpty { from: today, until: today })),
            (Some(Date::MAX), None, Err(Refusal::PeriodEmpty { from: Date::MAX, until: Date::MAX })),
        ] {
            assert_eq!(Days { from, until }.resolve(today), expected, "{from:?} {until:?}");
        }
    }
}
