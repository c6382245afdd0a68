//! When an event takes place next (RFC 5545, section 3.8.5): the rule is expanded by a library, what is left out,
//! added and moved is decided here.
//!
//! All instances are compared in the time zone of the event's start, as a person who reads the calendar does.

use calcard::common::PartialDateTime;
use calcard::common::timezone::Tz;
use calcard::icalendar::timezone::TzResolver;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarFrequency,
    ICalendarParameterName, ICalendarPeriod, ICalendarProperty, ICalendarRecurrenceRule, ICalendarStatus,
    ICalendarValue,
};
use jiff::civil::{DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// How many instances of a rule are looked at, until one is not over: the first number is enough for most.
const INSTANCES: [usize; 3] = [512, 16_384, 262_144];

/// A rule that names more times of a day is not expanded.
const TIMES_A_DAY_MAX: usize = 200;

/// The next instance of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Next {
    /// Of a rule with very many instances, not before this.
    pub start: Timestamp,
    pub recurring: bool,
}

/// The first instance of an event object that is not over. Times without a zone, and those in a zone that nobody
/// knows, are in `local`.
pub(super) fn next(calendar: &ICalendar, local: &TimeZone, now: Timestamp) -> Option<Next> {
    let reader = Reader { resolver: calendar.build_tz_resolver(), local };
    let events: Vec<&ICalendarComponent> = calendar
        .components
        .iter()
        .filter(|component| component.component_type == ICalendarComponentType::VEvent)
        .collect();
    let (overrides, masters): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|event| event.has_property(&ICalendarProperty::RecurrenceId));
    let mut recurring = !overrides.is_empty();
    let mut starts = Vec::new();
    for instance in &overrides {
        if let Some(event) = Event::read(instance, &reader)
            && !is_cancelled(instance)
        {
            starts.extend(event.instance(event.start).filter(|(_, end)| *end > now).map(|(start, _)| start));
        }
    }
    for master in &masters {
        let Some(event) = Event::read(master, &reader) else { continue };
        let left_out = event.left_out(master, &overrides, &reader);
        let added = event.added(master, &reader);
        let rules = rules(master);
        recurring |= !rules.is_empty() || !added.is_empty();
        if is_cancelled(master) {
            continue;
        }
        let takes_place = |start: &DateTime| !left_out.iter().any(|moment| moment.covers(*start));
        starts.extend(
            std::iter::once(event.start)
                .chain(added)
                .filter(takes_place)
                .filter_map(|start| event.instance(start))
                .filter(|(_, end)| *end > now)
                .map(|(start, _)| start),
        );
        for rule in rules {
            starts.extend(event.next_by_rule(rule, &reader, takes_place, now));
        }
    }
    let start = starts.into_iter().min()?;
    Some(Next { start, recurring })
}

fn is_cancelled(event: &ICalendarComponent) -> bool {
    event.status() == Some(&ICalendarStatus::Cancelled)
}

fn rules(event: &ICalendarComponent) -> Vec<&ICalendarRecurrenceRule> {
    event
        .entries
        .iter()
        .filter(|entry| entry.name == ICalendarProperty::Rrule)
        .filter_map(|entry| match entry.values.first() {
            Some(ICalendarValue::RecurrenceRule(rule)) => Some(&**rule),
            _ => None,
        })
        .collect()
}

/// A date, or a date and time, in the zone of an event's start.
#[derive(Debug, Clone, Copy)]
struct Moment {
    civil: DateTime,
    whole_day: bool,
}

impl Moment {
    /// Some programs name a day where the time is meant.
    fn covers(&self, start: DateTime) -> bool {
        if self.whole_day { self.civil.date() == start.date() } else { self.civil == start }
    }
}

/// Reads times.
struct Reader<'a> {
    resolver: TzResolver<&'a str>,
    local: &'a TimeZone,
}

impl Reader<'_> {
    fn zone(&self, entry: &ICalendarEntry) -> TimeZone {
        let named = entry
            .parameter(&ICalendarParameterName::Tzid)
            .and_then(|value| value.as_text())
            .and_then(|name| self.resolver.resolve(name));
        let known = match named {
            Some(Tz::Floating) | None => None,
            Some(zone) => zone.name().and_then(|name| TimeZone::get(&name).ok()),
        };
        known.unwrap_or_else(|| self.local.clone())
    }

    /// A time with the zone it is given in.
    fn time(&self, value: &PartialDateTime, entry: &ICalendarEntry) -> Option<(DateTime, TimeZone)> {
        let civil = civil(value)?;
        let zone = match (value.tz_hour, value.tz_minute) {
            (Some(hours), minutes) => {
                let seconds = i32::from(hours) * 3600 + i32::from(minutes.unwrap_or(0)) * 60;
                let seconds = if value.tz_minus { -seconds } else { seconds };
                TimeZone::fixed(Offset::from_seconds(seconds).ok()?)
            }
            (None, _) => self.zone(entry),
        };
        Some((civil, zone))
    }

    fn moment(&self, value: &PartialDateTime, entry: &ICalendarEntry, zone: &TimeZone) -> Option<Moment> {
        if value.hour.is_none() {
            return Some(Moment { civil: civil(value)?, whole_day: true });
        }
        let (civil, from) = self.time(value, entry)?;
        let civil = from.to_ambiguous_zoned(civil).compatible().ok()?.with_time_zone(zone.clone()).datetime();
        Some(Moment { civil, whole_day: false })
    }
}

fn civil(value: &PartialDateTime) -> Option<DateTime> {
    let part = |part: Option<u8>| i8::try_from(part.unwrap_or(0)).ok();
    DateTime::new(
        i16::try_from(value.year?).ok()?,
        i8::try_from(value.month?).ok()?,
        i8::try_from(value.day?).ok()?,
        part(value.hour)?,
        part(value.minute)?,
        // A leap second is none that anybody meets at.
        part(value.second)?.min(59),
        0,
    )
    .ok()
}

fn partial(civil: DateTime) -> PartialDateTime {
    PartialDateTime {
        year: u16::try_from(civil.year()).ok(),
        month: Some(civil.month().cast_unsigned()),
        day: Some(civil.day().cast_unsigned()),
        hour: Some(civil.hour().cast_unsigned()),
        minute: Some(civil.minute().cast_unsigned()),
        second: Some(civil.second().cast_unsigned()),
        ..PartialDateTime::default()
    }
}

/// The dates of a property, however many it has.
fn dates<'a>(
    event: &'a ICalendarComponent,
    property: &ICalendarProperty,
) -> Vec<(&'a PartialDateTime, &'a ICalendarEntry)> {
    let mut dates = Vec::new();
    for entry in event.entries.iter().filter(|entry| entry.name == *property) {
        for value in &entry.values {
            match value {
                ICalendarValue::PartialDateTime(date) => dates.push((&**date, entry)),
                ICalendarValue::Period(
                    ICalendarPeriod::Range { start, .. } | ICalendarPeriod::Duration { start, .. },
                ) => dates.push((start, entry)),
                _ => {}
            }
        }
    }
    dates
}

/// The times of one component.
struct Event {
    start: DateTime,
    zone: TimeZone,
    length: SignedDuration,
}

impl Event {
    fn read(event: &ICalendarComponent, reader: &Reader<'_>) -> Option<Self> {
        let (value, entry) = *dates(event, &ICalendarProperty::Dtstart).first()?;
        let (start, zone) = reader.time(value, entry)?;
        let begins = zone.to_ambiguous_timestamp(start).compatible().ok()?;
        let end = dates(event, &ICalendarProperty::Dtend).first().and_then(|(value, entry)| {
            let (end, zone) = reader.time(value, entry)?;
            zone.to_ambiguous_timestamp(end).compatible().ok()
        });
        let duration =
            event.property(&ICalendarProperty::Duration).and_then(|entry| match entry.values.first() {
                Some(ICalendarValue::Duration(duration)) => duration.to_time_delta(),
                _ => None,
            });
        let length = match (end, duration) {
            (Some(end), _) => end.duration_since(begins),
            (None, Some(duration)) => SignedDuration::from_secs(duration.num_seconds()),
            (None, None) if value.hour.is_none() => SignedDuration::from_hours(24),
            (None, None) => SignedDuration::ZERO,
        };
        Some(Self { start, zone, length: length.max(SignedDuration::ZERO) })
    }

    /// Start and end of the instance that starts at a local time. One without a length is over once it began.
    fn instance(&self, start: DateTime) -> Option<(Timestamp, Timestamp)> {
        let start = self.zone.to_ambiguous_timestamp(start).compatible().ok()?;
        Some((start, start.checked_add(self.length).ok()?))
    }

    /// Instances that do not take place when the rule says: excluded, or described by a component of their own.
    fn left_out(
        &self,
        master: &ICalendarComponent,
        overrides: &[&ICalendarComponent],
        reader: &Reader<'_>,
    ) -> Vec<Moment> {
        let excluded = dates(master, &ICalendarProperty::Exdate);
        let moved = overrides.iter().flat_map(|event| dates(event, &ICalendarProperty::RecurrenceId));
        excluded
            .into_iter()
            .chain(moved)
            .filter_map(|(value, entry)| reader.moment(value, entry, &self.zone))
            .collect()
    }

    fn added(&self, master: &ICalendarComponent, reader: &Reader<'_>) -> Vec<DateTime> {
        dates(master, &ICalendarProperty::Rdate)
            .into_iter()
            .filter_map(|(value, entry)| reader.moment(value, entry, &self.zone))
            .map(|moment| match moment.whole_day {
                true => moment.civil.date().to_datetime(self.start.time()),
                false => moment.civil,
            })
            .collect()
    }

    fn next_by_rule(
        &self,
        rule: &ICalendarRecurrenceRule,
        reader: &Reader<'_>,
        takes_place: impl Fn(&DateTime) -> bool,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let mut rule = rule.clone();
        if let Some(until) = &rule.until {
            rule.until = Some(self.local_until(until, reader)?);
        }
        if self.is_dense(&rule) {
            return self.next_by_dense_rule(&rule, now);
        }
        for limit in INSTANCES {
            let instances = self.expand(&rule, limit);
            let complete = instances.len() < limit;
            let next = instances
                .into_iter()
                .filter(&takes_place)
                .filter_map(|start| self.instance(start))
                .find(|(_, end)| *end > now);
            if let Some((start, _)) = next {
                return Some(start);
            }
            if complete {
                return None;
            }
        }
        Some(now)
    }

    /// Whether a rule is no meeting's: several times an hour all day long, or since before anybody was born. Its
    /// instances are too many to be looked at.
    fn is_dense(&self, rule: &ICalendarRecurrenceRule) -> bool {
        let times = [&rule.byhour, &rule.byminute, &rule.bysecond].map(|list| list.len().max(1));
        matches!(rule.freq, ICalendarFrequency::Minutely | ICalendarFrequency::Secondly)
            || times.iter().product::<usize>() > TIMES_A_DAY_MAX
            || self.start.year() < 1900
    }

    fn next_by_dense_rule(&self, rule: &ICalendarRecurrenceRule, now: Timestamp) -> Option<Timestamp> {
        let (start, _) = self.instance(self.start)?;
        let goes_on = match &rule.until {
            Some(until) => self.instance(civil(until)?)?.1 > now,
            None => true,
        };
        goes_on.then_some(start.max(now))
    }

    /// The end of a rule in the event's own time, where the library expects it. It is given in UTC when the start
    /// has a zone; a day alone is meant whole.
    fn local_until(&self, until: &PartialDateTime, reader: &Reader<'_>) -> Option<PartialDateTime> {
        let given = civil(until)?;
        let local = match until.tz_hour {
            _ if until.hour.is_none() => given.date().to_datetime(Time::constant(23, 59, 59, 0)),
            Some(_) => {
                let entry = ICalendarEntry {
                    name: ICalendarProperty::Dtstart,
                    params: Vec::new(),
                    values: Vec::new(),
                };
                let (civil, zone) = reader.time(until, &entry)?;
                let at = zone.to_ambiguous_timestamp(civil).compatible().ok()?;
                at.to_zoned(self.zone.clone()).datetime()
            }
            None => given,
        };
        Some(partial(local))
    }

    /// The instances of a rule, in the order of time.
    fn expand(&self, rule: &ICalendarRecurrenceRule, limit: usize) -> Vec<DateTime> {
        let property = |name, value| ICalendarEntry { name, params: Vec::new(), values: vec![value] };
        let event = ICalendarComponent {
            component_type: ICalendarComponentType::VEvent,
            entries: vec![
                property(
                    ICalendarProperty::Dtstart,
                    ICalendarValue::PartialDateTime(Box::new(partial(self.start))),
                ),
                property(ICalendarProperty::Rrule, ICalendarValue::RecurrenceRule(Box::new(rule.clone()))),
            ],
            component_ids: Vec::new(),
        };
        let expanded = ICalendar { components: vec![event] }.expand_dates(Tz::Floating, limit);
        let origin = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        expanded
            .events
            .iter()
            .filter_map(|event| origin.checked_add(SignedDuration::from_secs(event.start.timestamp())).ok())
            .collect()
    }
}
