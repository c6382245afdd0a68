//! Meetings that somebody organised and that are not over.

use super::{Collections, Kind, entry, occurrences};
use crate::message::PersonalMarks;
use calcard::icalendar::{ICalendarComponent, ICalendarComponentType, ICalendarProperty, ICalendarStatus};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use relais_core::address::EmailAddress;
use relais_core::ids::AccountId;
use serde::{Deserialize, Serialize};
use std::io;

/// An event to which its organiser invited others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Meeting {
    pub collection: String,
    pub item: String,
    pub uid: String,
    pub summary: String,
    /// When it takes place next, or began if it is not over.
    pub next: Timestamp,
    pub recurring: bool,
    /// Who was invited, besides the organiser; in any of its instances.
    pub attendees: Vec<EmailAddress>,
    pub sequence: i64,
    /// Marked personal, itself or with its calendar.
    pub personal: bool,
}

impl Collections {
    /// The meetings in an account's own calendars that one of `organisers` organised and that are not over, the
    /// next one first. Times without a zone are in `local`.
    ///
    /// # Errors
    /// When files cannot be read.
    pub fn meetings(
        &self,
        account: AccountId,
        organisers: &[EmailAddress],
        marks: &PersonalMarks,
        local: &TimeZone,
        now: Timestamp,
    ) -> io::Result<Vec<Meeting>> {
        let mut meetings = Vec::new();
        for collection in self.list(account, marks)? {
            if collection.kind != Kind::Calendar {
                continue;
            }
            // Expanding rules takes its time, and nobody waits for it: the lock is held for reading files only.
            let Some((_, items)) = self.read(account, &collection.name)? else { continue };
            for item in items {
                if let Some(mut meeting) = read(&item.bytes, organisers, marks, local, now) {
                    meeting.collection.clone_from(&collection.name);
                    meeting.item = item.name;
                    meeting.personal |= collection.personal;
                    meetings.push(meeting);
                }
            }
        }
        meetings.sort_by(|one, other| (one.next, &one.item).cmp(&(other.next, &other.item)));
        Ok(meetings)
    }
}

/// A meeting, its place left out; `None` for what is none, is over, or is somebody else's.
pub(super) fn read(
    bytes: &[u8],
    organisers: &[EmailAddress],
    marks: &PersonalMarks,
    local: &TimeZone,
    now: Timestamp,
) -> Option<Meeting> {
    let uid = entry::read(bytes, Kind::Calendar).ok()?.uid?;
    let calendar = entry::parse_calendar(std::str::from_utf8(bytes).ok()?)?;
    let events: Vec<&ICalendarComponent> = calendar
        .components
        .iter()
        .filter(|component| component.component_type == ICalendarComponentType::VEvent)
        .collect();
    let main = events
        .iter()
        .find(|event| !event.has_property(&ICalendarProperty::RecurrenceId))
        .or_else(|| events.first())?;
    let is_organised = addresses(main, &ICalendarProperty::Organizer).any(|it| organisers.contains(&it));
    let is_cancelled = main.status() == Some(&ICalendarStatus::Cancelled);
    if !is_organised || is_cancelled {
        return None;
    }
    let mut attendees: Vec<EmailAddress> = events
        .iter()
        .flat_map(|event| addresses(event, &ICalendarProperty::Attendee))
        .filter(|attendee| !organisers.contains(attendee))
        .collect();
    attendees.sort_unstable();
    attendees.dedup();
    if attendees.is_empty() {
        return None;
    }
    let next = occurrences::next(&calendar, local, now)?;
    let first = |property| main.property(&property).and_then(|entry| entry.values.first());
    Some(Meeting {
        collection: String::new(),
        item: String::new(),
        uid,
        summary: first(ICalendarProperty::Summary)
            .and_then(|value| value.as_text())
            .unwrap_or_default()
            .to_owned(),
        next: next.start,
        recurring: next.recurring,
        attendees,
        sequence: first(ICalendarProperty::Sequence).and_then(|value| value.as_integer()).unwrap_or(0),
        personal: entry::is_personal(bytes, marks),
    })
}

/// Mail addresses only: nobody else can be written to.
fn addresses(event: &ICalendarComponent, property: &ICalendarProperty) -> impl Iterator<Item = EmailAddress> {
    event
        .entries
        .iter()
        .filter(|entry| entry.name == *property)
        .filter_map(|entry| entry.calendar_address())
        .filter_map(|address| address.trim().parse().ok())
        .collect::<Vec<_>>()
        .into_iter()
}
