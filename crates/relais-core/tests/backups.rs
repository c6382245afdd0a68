//! How long snapshots are kept, and when the next generation is due.

use jiff::civil::time;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use proptest::prelude::*;
use relais_core::backup::{KeepNewest, Retention, next_due};
use std::collections::BTreeSet;

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").expect("bundled")
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// One snapshot a night for as many days.
fn nightly(days: i64, now: Timestamp) -> Vec<Timestamp> {
    (0..days).map(|day| now - SignedDuration::from_hours(24 * day)).collect()
}

fn kept(retention: Retention, begun: &[Timestamp], newest: KeepNewest, now: Timestamp) -> Vec<Timestamp> {
    let forgotten = retention.forgettable(begun, newest, &paris(), now);
    begun.iter().filter(|at| !forgotten.contains(at)).copied().collect()
}

#[test]
fn a_year_of_nights_leaves_days_weeks_and_months() {
    let now = moment("2026-11-22T02:00:00Z");
    let retention = Retention { days: 7, weeks: 4, months: 12 };
    let kept = kept(retention, &nightly(500, now), KeepNewest::Always, now);
    let days: Vec<_> = kept.iter().map(|at| at.to_string()[..10].to_owned()).collect();
    assert_eq!(
        days,
        [
            "2026-11-22",
            "2026-11-21",
            "2026-11-20",
            "2026-11-19",
            "2026-11-18",
            "2026-11-17",
            "2026-11-16",
            "2026-11-15",
            "2026-11-08",
            "2026-11-01",
            "2026-10-31",
            "2026-09-30",
            "2026-08-31",
            "2026-07-31",
            "2026-06-30",
            "2026-05-31",
            "2026-04-30",
            "2026-03-31",
            "2026-02-28",
            "2026-01-31",
            "2025-12-31",
        ]
    );
}

#[test]
fn what_was_backed_up_before_a_mishap_is_there_when_one_backs_up_after_it() {
    let now = moment("2026-11-22T11:00:00Z");
    let begun =
        ["2026-11-22T10:00:00Z", "2026-11-22T01:00:00Z", "2026-11-21T10:30:00Z", "2026-11-21T01:00:00Z"];
    let begun = begun.map(moment);
    assert_eq!(kept(Retention::default(), &begun, KeepNewest::Always, now), begun[..3]);
}

#[test]
fn the_newest_stays_while_there_is_a_mailbox_for_it() {
    let now = moment("2026-11-22T02:00:00Z");
    let long_ago = [moment("2020-01-01T02:00:00Z"), moment("2019-01-01T02:00:00Z")];
    let retention = Retention::default();
    assert_eq!(kept(retention, &long_ago, KeepNewest::Always, now), [long_ago[0]]);
    assert!(kept(retention, &long_ago, KeepNewest::WhileWanted, now).is_empty());
    assert_eq!(Retention { days: 0, weeks: 0, months: 0 }.check().map_err(|_| ()), Err(()));
}

proptest! {
    /// What is kept today was kept yesterday: forgetting twice, or a day late, forgets nothing more.
    #[test]
    fn forgetting_again_forgets_nothing(hours in proptest::collection::vec(0_i64..20_000, 1..60),
                                        days in 0_u16..10, weeks in 0_u16..10, months in 1_u16..10) {
        let now = moment("2026-11-22T02:00:00Z");
        let begun: BTreeSet<_> = hours.iter().map(|hours| now - SignedDuration::from_hours(*hours)).collect();
        let begun: Vec<_> = begun.into_iter().collect();
        let retention = Retention { days, weeks, months };
        let once = kept(retention, &begun, KeepNewest::Always, now);
        prop_assert_eq!(&kept(retention, &once, KeepNewest::Always, now), &once);
        prop_assert!(once.contains(begun.last().expect("at least one")));
        let recent = hours.iter().collect::<BTreeSet<_>>().into_iter().filter(|hours| **hours < 24).count();
        prop_assert!(once.len() <= usize::from(days + weeks + months) + 1 + recent);
    }
}

#[test]
fn the_next_backup_is_tonight_by_the_organisations_clock() {
    let at = Some(time(2, 0, 0, 0));
    let due = |now: &str| next_due(at, &paris(), moment(now)).expect("a time").to_string();
    assert_eq!(due("2026-11-22T00:59:59Z"), "2026-11-22T01:00:00Z");
    assert_eq!(due("2026-11-22T01:00:00Z"), "2026-11-23T01:00:00Z");
    // On the night in March there is no two o'clock: the next moment there is.
    assert_eq!(due("2026-03-28T12:00:00Z"), "2026-03-29T01:00:00Z");
    assert_eq!(next_due(None, &paris(), moment("2026-11-22T00:00:00Z")), None);
}
