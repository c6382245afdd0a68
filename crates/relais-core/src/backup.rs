//! Backups: what a generation covers and how it ends, which snapshots are kept for how long, when the next is due.

use crate::ids::{AccountId, GenerationId, MailboxId, OrganisationId};
use crate::refusal::BackupFault;
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt;
use utoipa::ToSchema;

/// Whose data a snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Holder {
    Account(AccountId),
    SharedMailbox(MailboxId),
    /// The organisation itself: its rows, from which an instance is built again.
    Organisation(OrganisationId),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => id.fmt(f),
            Self::SharedMailbox(id) => id.fmt(f),
            Self::Organisation(id) => id.fmt(f),
        }
    }
}

/// Whom a generation covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Scope {
    /// Every account, every shared mailbox, and the organisation's rows.
    Everything,
    Account(AccountId),
}

/// Why a generation was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    Schedule,
    Asked,
    Departure,
}

/// How far a generation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GenerationState {
    /// Asked for, or under way: what was interrupted goes on from there.
    Running,
    /// Everything it was to hold was written and read back.
    Verified,
    /// It holds what is listed; for the rest it says why not.
    Incomplete,
}

/// One run of the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Generation {
    pub id: GenerationId,
    pub organisation: OrganisationId,
    pub scope: Scope,
    pub occasion: Occasion,
    pub state: GenerationState,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// Holders it is to cover, and those it has covered.
    pub holders: i64,
    pub holders_done: i64,
    /// What stops it, or what it could not do.
    pub trouble: Option<String>,
}

/// What a generation holds of one holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    pub generation: GenerationId,
    pub organisation: OrganisationId,
    pub holder: Holder,
    /// Its id in the repository: what restic calls it too.
    pub id: String,
    /// When its reading began: what came later may be missing.
    pub begun_at: Timestamp,
    /// When it was read back; nothing relies on one that was not.
    pub verified_at: Option<Timestamp>,
    pub messages: i64,
    /// Counted among the messages; shown to nobody but the person.
    pub personal_messages: i64,
    /// Calendar entries and cards.
    pub items: i64,
    pub size_bytes: i64,
    /// Says that nothing has changed since, without reading it.
    #[serde(skip)]
    pub fingerprint: Option<String>,
}

/// For how long snapshots are kept: the newest of each of so many days, weeks and months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    pub days: u16,
    pub weeks: u16,
    pub months: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 14, weeks: 8, months: 12 }
    }
}

const RECENT: SignedDuration = SignedDuration::from_hours(24);

impl Retention {
    /// # Errors
    /// [`BackupFault::RetentionEmpty`] when it would keep nothing.
    pub fn check(self) -> Result<Self, BackupFault> {
        if self.days == 0 && self.weeks == 0 && self.months == 0 {
            return Err(BackupFault::RetentionEmpty);
        }
        Ok(self)
    }

    /// Which of a holder's snapshots may go, given when each was begun, `keep_newest` the newest whatever its age. None
    /// of the last day: whoever backs up after a mishap still has the state before it.
    #[must_use]
    pub fn forgettable(
        self,
        begun: &[Timestamp],
        keep_newest: KeepNewest,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Vec<Timestamp> {
        let today = now.to_zoned(zone.clone()).date();
        let mut newest_first = begun.to_vec();
        newest_first.sort_unstable_by(|a, b| b.cmp(a));
        let mut filled = HashSet::new();
        newest_first
            .iter()
            .enumerate()
            .filter(|(place, at)| {
                let day = at.to_zoned(zone.clone()).date();
                let periods = self.periods_of(day, today);
                // The newest of each period is the first that is met.
                let kept = periods.into_iter().filter(|period| filled.insert(*period)).count() > 0;
                let recent = now.duration_since(**at) < RECENT;
                !(kept || recent || *place == 0 && keep_newest == KeepNewest::Always)
            })
            .map(|(_, at)| *at)
            .collect()
    }

    /// The periods within reach that `day` belongs to.
    fn periods_of(self, day: Date, today: Date) -> Vec<(char, Date)> {
        let back = |days: i64| today.saturating_sub(days.days());
        let first_of_month = |date: Date| date.first_of_month();
        let monday =
            |date: Date| date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days());
        let mut periods = Vec::new();
        if day > back(i64::from(self.days)) {
            periods.push(('d', day));
        }
        if monday(day) > monday(today).saturating_sub(i64::from(self.weeks).weeks()) {
            periods.push(('w', monday(day)));
        }
        if first_of_month(day) > first_of_month(today).saturating_sub(i64::from(self.months).months()) {
            periods.push(('m', first_of_month(day)));
        }
        periods
    }
}

/// Whether the newest snapshot of a holder is kept whatever its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepNewest {
    /// There is a mailbox to restore it into.
    Always,
    /// Its account was deleted: it goes with the others of its age.
    WhileWanted,
}

/// Where and when an organisation is backed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupPolicy {
    pub organisation: OrganisationId,
    /// A path on this machine, or `s3:https://server/bucket/folder`.
    pub location: String,
    /// The time of day, by the organisation's clock; `None` backs up only when asked.
    #[schema(value_type = Option<String>, example = "02:00:00")]
    pub daily_at: Option<Time>,
    pub retention: Retention,
}

/// Unless somebody says otherwise: at night.
pub const DAILY_AT: Time = Time::constant(2, 0, 0, 0);

/// When the next scheduled generation is due: the first `daily_at` after `now` by that clock.
#[must_use]
pub fn next_due(daily_at: Option<Time>, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let at = daily_at?;
    let today = now.to_zoned(zone.clone()).date();
    [today, today.saturating_add(1.day())]
        .into_iter()
        .filter_map(|day| day.to_datetime(at).to_zoned(zone.clone()).ok())
        .map(|zoned| zoned.timestamp())
        .find(|due| *due > now)
}
