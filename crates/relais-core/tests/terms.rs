//! Paid time, by the calendar: month ends, leap days, frozen days, and what unused days are worth.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use relais_core::language::Language;
use relais_core::money::Currency;
use relais_core::term::{Course, Period, Term};

/// The first day of each of the next `count` periods.
fn renewals(first: Date, period: Period, count: usize) -> Vec<Date> {
    let mut term = Term::begin(1200, period, first);
    let mut days = Vec::new();
    for _ in 0..count {
        days.push(term.until().expect("it runs"));
        term = term.next(1200, period).expect("it runs");
    }
    days
}

#[test]
fn a_month_that_is_too_short_shifts_one_renewal_and_not_those_after() {
    assert_eq!(
        renewals(date(2028, 1, 31), Period::Month, 4),
        [date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 30), date(2028, 5, 31)]
    );
    assert_eq!(
        renewals(date(2028, 2, 29), Period::Year, 4),
        [date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28), date(2032, 2, 29)]
    );
}

/// M15: `floor(price × unused_days / days_in_period)`.
#[test]
fn unused_days_are_worth_their_share_rounded_down() {
    for (price, today, worth) in [
        (3100, date(2026, 1, 1), 3100),
        (3100, date(2026, 1, 2), 3000),
        (1000, date(2026, 1, 2), 967),
        (3100, date(2026, 1, 31), 100),
        (3100, date(2026, 2, 1), 0),
        (3100, date(2026, 6, 1), 0),
        // A clock, or a time zone, that goes back gives nothing away.
        (3100, date(2025, 12, 31), 3100),
        (0, date(2026, 1, 2), 0),
    ] {
        let term = Term::begin(price, Period::Month, date(2026, 1, 1));
        assert_eq!(term.unused_minor(today), worth, "{price} on {today}");
    }
    // Beyond 64 bits on the way.
    let term = Term::begin(1_000_000_000_000_000, Period::Year, date(2026, 1, 1));
    assert_eq!(term.unused_minor(date(2026, 1, 1)), 1_000_000_000_000_000);
}

#[test]
fn amounts_are_written_as_people_write_them() {
    for (amount, french, english) in [
        (0, "0,00\u{a0}EUR", "0.00\u{a0}EUR"),
        (-5, "-0,05\u{a0}EUR", "-0.05\u{a0}EUR"),
        (123_456_789, "1\u{202f}234\u{202f}567,89\u{a0}EUR", "1,234,567.89\u{a0}EUR"),
        (i64::MIN, "-92\u{202f}233\u{202f}720\u{202f}368\u{202f}547\u{202f}758,08\u{a0}EUR", ""),
    ] {
        assert_eq!(Currency::Eur.format(amount, Language::French), french);
        if !english.is_empty() {
            assert_eq!(Currency::Eur.format(amount, Language::English), english);
        }
    }
}

fn day() -> impl Strategy<Value = Date> {
    (0i64..40_000).prop_map(|days| date(1990, 1, 1).checked_add(days.days()).expect("in the calendar"))
}

fn period() -> impl Strategy<Value = Period> {
    prop_oneof![Just(Period::Month), Just(Period::Year)]
}

#[test]
fn nothing_follows_the_last_day_of_the_calendar() {
    for period in [Period::Month, Period::Year] {
        let last = Term::begin(3000, period, Date::MAX);
        assert_eq!((last.until(), last.days, last.unused_minor(Date::MAX)), (Some(Date::MAX), 0, 0));
        assert_eq!(last.next(3000, period), None);
    }
}

proptest! {
    /// Periods follow one another without a gap, and neither freezing nor resuming makes or loses a day.
    #[test]
    fn no_day_is_lost_or_made(first in day(), period in period(), steps in prop::collection::vec(0i64..70, 1..30)) {
        let mut term = Term::begin(3000, period, first);
        let mut today = first;
        let (mut paid, mut used) = (term.days, 0);
        for step in steps {
            // Closed for a while: nothing is used up.
            let frozen = term.freeze(today);
            prop_assert_eq!(frozen.unused_days(today), term.unused_days(today));
            today = today.checked_add((step * 3).days()).expect("in the calendar");
            term = match frozen.resume(today) {
                Some(resumed) => resumed,
                None => {
                    paid += Term::begin(3000, period, today).days;
                    Term::begin(3000, period, today)
                }
            };
            // And open for a while, renewed whenever that is due.
            today = today.checked_add(step.days()).expect("in the calendar");
            used += step;
            while term.overdue_days(today).is_some() {
                let next = term.next(3000, period).expect("it runs");
                prop_assert!(next.until() > term.until());
                prop_assert!((28..=366).contains(&next.days) || next.days < 28, "{:?}", next);
                paid += next.days;
                term = next;
            }
            prop_assert_eq!(paid - used, term.unused_days(today), "{:?} on {}", term, today);
            prop_assert!(term.unused_minor(today) <= 3000);
            let is_running = matches!(term.course, Course::Running { .. });
            prop_assert!(is_running);
        }
    }
}
