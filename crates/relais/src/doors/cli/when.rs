//! Dates as people type them. Read without knowing the time; made into a moment when the time and its zone are known.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use relais_core::language::Language;
use std::fmt;
use std::str::FromStr;

/// `2026-12-31`, `2026-12-31T18:00`, RFC 3339, `+30d`, `+2w`, `+3m`, `+1y`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    Day(Date),
    Local(DateTime),
    Moment(Timestamp),
    Later(Later),
}

/// So long from now, by the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    Days(i64),
    Weeks(i64),
    Months(i64),
    Years(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidDate;

impl InvalidDate {
    #[must_use]
    pub fn sentence(self, language: Language) -> &'static str {
        language.pick(
            "Cette date n'existe pas ; écrivez-la 2026-12-31, 2026-12-31T18:00, 2026-12-31T18:00:00+01:00, +30d, +2w, +3m ou +1y.",
            "There is no such date; write it as 2026-12-31, 2026-12-31T18:00, 2026-12-31T18:00:00+01:00, +30d, +2w, +3m or +1y.",
        )
    }
}

impl fmt::Display for InvalidDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence(Language::English))
    }
}

impl std::error::Error for InvalidDate {}

impl FromStr for When {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        if let Some(rest) = text.strip_prefix('+') {
            return later(rest).map(Self::Later);
        }
        // A date alone would also be read as a date-time at midnight.
        if text.len() == 10 {
            return text.parse().map(Self::Day).map_err(|_| InvalidDate);
        }
        if let Ok(moment) = text.parse() {
            return Ok(Self::Moment(moment));
        }
        text.parse().map(Self::Local).map_err(|_| InvalidDate)
    }
}

fn later(text: &str) -> Result<Later, InvalidDate> {
    let unit = text.chars().next_back().ok_or(InvalidDate)?;
    let digits = &text[..text.len() - unit.len_utf8()];
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(InvalidDate);
    }
    let count = digits.parse().map_err(|_| InvalidDate)?;
    match unit {
        'd' => Ok(Later::Days(count)),
        'w' => Ok(Later::Weeks(count)),
        'm' => Ok(Later::Months(count)),
        'y' => Ok(Later::Years(count)),
        _ => Err(InvalidDate),
    }
}

impl When {
    /// When something begins. `None` is at once: today, without a time.
    ///
    /// # Errors
    /// When the calendar has no such moment.
    pub fn begins(self, zone: &TimeZone, now: Timestamp) -> Result<Option<Timestamp>, InvalidDate> {
        match self {
            Self::Day(day) if day == now.to_zoned(zone.clone()).date() => Ok(None),
            Self::Day(day) => start_of(day, zone).map(Some),
            Self::Local(_) | Self::Moment(_) | Self::Later(_) => self.ends(zone, now).map(Some),
        }
    }

    /// When something ends. The end of a day is the first moment of the next.
    ///
    /// # Errors
    /// When the calendar has no such moment.
    pub fn ends(self, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, InvalidDate> {
        match self {
            Self::Day(day) => start_of(day.tomorrow().map_err(|_| InvalidDate)?, zone),
            Self::Local(local) => moment(local.to_zoned(zone.clone())),
            Self::Moment(at) => Ok(at),
            Self::Later(later) => {
                let span = Span::new();
                let span = match later {
                    Later::Days(count) => span.try_days(count),
                    Later::Weeks(count) => span.try_weeks(count),
                    Later::Months(count) => span.try_months(count),
                    Later::Years(count) => span.try_years(count),
                };
                let span = span.map_err(|_| InvalidDate)?;
                moment(now.to_zoned(zone.clone()).checked_add(span))
            }
        }
    }
}

fn start_of(day: Date, zone: &TimeZone) -> Result<Timestamp, InvalidDate> {
    moment(day.to_zoned(zone.clone()))
}

fn moment(found: Result<Zoned, jiff::Error>) -> Result<Timestamp, InvalidDate> {
    found.map(|zoned| zoned.timestamp()).map_err(|_| InvalidDate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_date_means_one_moment_as_begin_and_one_as_end() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let now: Timestamp = "2026-07-29T08:00:00Z".parse().unwrap();
        for (text, begins, ends) in [
            ("2026-12-31", Some("2026-12-30T22:00:00Z"), "2026-12-31T22:00:00Z"),
            ("2026-07-29", None, "2026-07-29T22:00:00Z"),
            ("2026-12-31T18:00", Some("2026-12-31T16:00:00Z"), "2026-12-31T16:00:00Z"),
            ("2026-12-31 18:00:30", Some("2026-12-31T16:00:30Z"), "2026-12-31T16:00:30Z"),
            ("2026-12-31T18:00:00Z", Some("2026-12-31T18:00:00Z"), "2026-12-31T18:00:00Z"),
            ("2026-12-31T18:00:00+01:00", Some("2026-12-31T17:00:00Z"), "2026-12-31T17:00:00Z"),
            ("+30d", Some("2026-08-28T08:00:00Z"), "2026-08-28T08:00:00Z"),
            ("+2w", Some("2026-08-12T08:00:00Z"), "2026-08-12T08:00:00Z"),
            ("+3m", Some("2026-10-29T08:00:00Z"), "2026-10-29T08:00:00Z"),
            ("+1y", Some("2027-07-29T08:00:00Z"), "2027-07-29T08:00:00Z"),
        ] {
            let when: When = text.parse().unwrap_or_else(|_| panic!("{text}"));
            let moment = |text: &str| text.parse::<Timestamp>().unwrap();
            assert_eq!(when.begins(&zone, now), Ok(begins.map(moment)), "{text} as a begin");
            assert_eq!(when.ends(&zone, now), Ok(moment(ends)), "{text} as an end");
        }
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for text in [
            "",
            "+",
            "+d",
            "+3",
            "3d",
            "+3x",
            "+-3d",
            "+99999d",
            "+3é",
            "tomorrow",
            "31/12/2026",
            "2026-13-01",
            "2026-02-30",
            "2026-12-31T25:00",
            "2026-12-3",
        ] {
            assert_eq!(text.parse::<When>(), Err(InvalidDate), "{text:?}");
        }
    }

    #[test]
    fn a_day_beyond_the_calendar_is_an_error_and_no_panic() {
        let now: Timestamp = "2026-07-29T08:00:00Z".parse().unwrap();
        for text in ["9999-12-31", "+9999y"] {
            let when: When = text.parse().unwrap();
            assert_eq!(when.ends(&TimeZone::UTC, now), Err(InvalidDate), "{text}");
        }
    }
}
