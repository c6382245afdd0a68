//! A term: the time that was paid for. Counted in whole civil days of the organisation's time zone, so that neither
//! summer time nor the hour of a click changes an amount.

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a price pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Month,
    Year,
}

impl Period {
    /// The day `count` periods after `anchor`: the same day of the month, or the last where the month is shorter.
    fn after(self, anchor: Date, count: i64) -> Date {
        let span = match self {
            Self::Month => Span::new().try_months(count),
            Self::Year => Span::new().try_years(count),
        };
        span.and_then(|span| anchor.checked_add(span)).unwrap_or(Date::MAX)
    }
}

/// Time that was paid for, running or frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Term {
    /// What was paid for it.
    pub price_minor: i64,
    /// The days that this price pays for.
    pub days: i64,
    /// Renewals fall on its day of the month.
    pub anchor: Date,
    #[serde(flatten)]
    pub course: Course,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "course", rename_all = "snake_case")]
pub enum Course {
    /// Paid until the beginning of this day.
    Running { until: Date },
    /// Nothing is used up while the account is closed.
    Frozen { unused_days: i64 },
}

/// More periods than there are months before the last day of the calendar.
const PERIODS_MAX: i64 = 200_000;

fn days_between(from: Date, until: Date) -> i64 {
    i64::from(from.until(until).map_or(0, |span| span.get_days()))
}

impl Term {
    /// The first period, beginning today.
    #[must_use]
    pub fn begin(price_minor: i64, period: Period, today: Date) -> Self {
        Self::of(price_minor, today, today, period.after(today, 1))
    }

    fn of(price_minor: i64, anchor: Date, from: Date, until: Date) -> Self {
        Self { price_minor, days: days_between(from, until), anchor, course: Course::Running { until } }
    }

    /// The day on which the next period begins; none while it is frozen.
    #[must_use]
    pub fn until(&self) -> Option<Date> {
        match self.course {
            Course::Running { until } => Some(until),
            Course::Frozen { .. } => None,
        }
    }

    /// Whole days that were paid for and are still to come. A clock that goes back gives nothing away.
    #[must_use]
    pub fn unused_days(&self, today: Date) -> i64 {
        match self.course {
            Course::Running { until } => days_between(today, until).clamp(0, self.days),
            Course::Frozen { unused_days } => unused_days,
        }
    }

    /// What the unused days are worth: `floor(price × unused_days / days_in_period)`.
    #[must_use]
    pub fn unused_minor(&self, today: Date) -> i64 {
        if self.days == 0 {
            return 0;
        }
        let worth =
            i128::from(self.price_minor) * i128::from(self.unused_days(today)) / i128::from(self.days);
        i64::try_from(worth).unwrap_or(self.price_minor)
    }

    /// Stops the count.
    #[must_use]
    pub fn freeze(self, today: Date) -> Self {
        Self { course: Course::Frozen { unused_days: self.unused_days(today) }, ..self }
    }

    /// Takes the count up again; `None` when no paid day is left.
    #[must_use]
    pub fn resume(self, today: Date) -> Option<Self> {
        let unused_days = self.unused_days(today);
        let until = today.checked_add(unused_days.days()).unwrap_or(Date::MAX);
        (unused_days > 0).then_some(Self { anchor: until, course: Course::Running { until }, ..self })
    }

    /// The days by which a renewal is late; `None` when it is not due.
    #[must_use]
    pub fn overdue_days(&self, today: Date) -> Option<i64> {
        self.until().filter(|until| *until <= today).map(|until| days_between(until, today))
    }

    /// The period that follows a running one; `None` for one that is frozen.
    #[must_use]
    pub fn next(&self, price_minor: i64, period: Period) -> Option<Self> {
        let from = self.until()?;
        let until = (1..PERIODS_MAX).map(|count| period.after(self.anchor, count)).find(|day| *day > from)?;
        Some(Self::of(price_minor, self.anchor, from, until))
    }
}
