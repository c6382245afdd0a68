//! Meetings that change hands or are cancelled, as RFC 5546 (iTIP) has it: a revision of the entry to be stored, and
//! the message to those invited. The client's own lines are edited; all others stay as they are.

use super::lines::{Line, folded, line_end, lines};
use super::{Broken, Kind, entry};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use relais_core::address::EmailAddress;

/// A meeting's next revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// For the calendar: without a method (RFC 4791, section 4.1), with the owner's alarms.
    pub stored: Vec<u8>,
    /// For those invited: with its method, without alarms.
    pub message: Vec<u8>,
    /// Who has to have the message.
    pub recipients: Vec<EmailAddress>,
}

/// Who organises a meeting.
#[derive(Debug, Clone, Copy)]
pub struct Party<'a> {
    pub address: &'a EmailAddress,
    pub name: &'a str,
}

/// Why a meeting is neither cancelled nor given on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotScheduled {
    #[error("the entry cannot be read: {0}")]
    Broken(#[from] Broken),
    #[error("somebody else organises it")]
    AnotherOrganiser,
}

/// Cancels a meeting as a whole, with all its instances (RFC 5546, section 3.2.5).
///
/// # Errors
/// When the entry cannot be read, or none of `organisers` organises it.
pub fn cancel(bytes: &[u8], organisers: &[EmailAddress], now: Timestamp) -> Result<Scheduled, NotScheduled> {
    schedule(bytes, organisers, Change::Cancel, now)
}

/// Gives a meeting from one organiser to another (RFC 5546, section 3.2.2.4). `from` are all the addresses of the
/// one who organises it now. Their own place among those invited goes to the new organiser, unless they were
/// invited, too. Back is the same with the parties exchanged.
///
/// # Errors
/// When the entry cannot be read, or none of `from` organises it.
pub fn transfer(
    bytes: &[u8],
    from: &[EmailAddress],
    to: Party<'_>,
    now: Timestamp,
) -> Result<Scheduled, NotScheduled> {
    schedule(bytes, from, Change::Transfer(to), now)
}

#[derive(Debug, Clone, Copy)]
enum Change<'a> {
    Cancel,
    Transfer(Party<'a>),
}

impl Change<'_> {
    fn method(self) -> &'static str {
        match self {
            Self::Cancel => "METHOD:CANCEL",
            Self::Transfer(_) => "METHOD:REQUEST",
        }
    }
}

fn schedule(
    bytes: &[u8],
    organisers: &[EmailAddress],
    change: Change<'_>,
    now: Timestamp,
) -> Result<Scheduled, NotScheduled> {
    entry::read(bytes, Kind::Calendar)?;
    let lines = lines(bytes);
    let parties = parties(&lines);
    let is_organiser = |address: &EmailAddress| organisers.contains(address);
    if !parties.organisers.iter().any(is_organiser) {
        return Err(NotScheduled::AnotherOrganiser);
    }
    let now = now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    let end = line_end(bytes);
    let revision = |form| Revision { bytes, end, organisers, change, form, parties: &parties, now: &now };
    let mut recipients = parties.attendees.clone();
    recipients.retain(|address| {
        !is_organiser(address) && !matches!(change, Change::Transfer(to) if to.address == address)
    });
    recipients.sort_unstable();
    recipients.dedup();
    Ok(Scheduled {
        stored: revision(Form::Stored).write(&lines),
        message: revision(Form::Message).write(&lines),
        recipients,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Stored,
    Message,
}

/// Who stands in an entry.
#[derive(Debug, Default)]
struct Parties {
    organisers: Vec<EmailAddress>,
    attendees: Vec<EmailAddress>,
}

fn parties(lines: &[Line]) -> Parties {
    let mut parties = Parties::default();
    let mut open = Vec::new();
    for line in lines {
        track(&mut open, line);
        if !is_of_event(&open) {
            continue;
        }
        if line.is("ORGANIZER") {
            parties.organisers.extend(address(line));
        } else if line.is("ATTENDEE") {
            parties.attendees.extend(address(line));
        }
    }
    parties
}

/// Whether a line below these components is a property of an event.
fn is_of_event(open: &[String]) -> bool {
    open.len() == 2 && open[1] == "VEVENT"
}

/// After a `BEGIN` its component is open, after an `END` it is not.
fn track(open: &mut Vec<String>, line: &Line) {
    if line.is("BEGIN") {
        open.push(line.value().unwrap_or_default().trim().to_ascii_uppercase());
    } else if line.is("END") {
        open.pop();
    }
}

fn address(line: &Line) -> Option<EmailAddress> {
    let value = line.value()?.trim();
    let (scheme, address) = value.split_once(':').unwrap_or(("mailto", value));
    scheme.eq_ignore_ascii_case("mailto").then(|| address.parse().ok())?
}

/// One way of writing an entry anew.
struct Revision<'a> {
    bytes: &'a [u8],
    end: &'static str,
    organisers: &'a [EmailAddress],
    change: Change<'a>,
    form: Form,
    parties: &'a Parties,
    now: &'a str,
}

impl Revision<'_> {
    fn write(&self, lines: &[Line]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() + 256);
        let mut open: Vec<String> = Vec::new();
        let mut seen = Seen::default();
        let mut place = 0;
        let mut has_method = false;
        for line in lines {
            // What lies between lines stays: a byte order mark, empty lines.
            out.extend_from_slice(&self.bytes[place..line.range.start]);
            place = line.range.end;
            let was_of_event = is_of_event(&open);
            let inside_alarm = open.iter().any(|name| name == "VALARM");
            if line.is("BEGIN") && open.len() == 1 && self.form == Form::Message && !has_method {
                has_method = true;
                out.extend_from_slice(folded(self.change.method(), self.end).as_bytes());
            }
            track(&mut open, line);
            let is_alarm = inside_alarm || open.iter().any(|name| name == "VALARM");
            if is_alarm && self.form == Form::Message || open.len() == 1 && line.is("METHOD") {
                continue;
            }
            if was_of_event && !is_of_event(&open) && line.is("END") {
                for missing in seen.missing(self) {
                    out.extend_from_slice(folded(&missing, self.end).as_bytes());
                }
            }
            if is_of_event(&open) && line.is("BEGIN") && !was_of_event {
                seen = Seen::default();
            }
            match self.edited(line, is_of_event(&open), &mut seen) {
                Some(text) => out.extend_from_slice(folded(&text, self.end).as_bytes()),
                None => out.extend_from_slice(&self.bytes[line.range.clone()]),
            }
        }
        out.extend_from_slice(&self.bytes[place..]);
        out
    }

    /// What a property becomes; `None` if it stays.
    fn edited(&self, line: &Line, of_event: bool, seen: &mut Seen) -> Option<String> {
        if !of_event {
            return None;
        }
        let value = line.value().unwrap_or_default();
        match line.name().to_ascii_uppercase().as_str() {
            "SEQUENCE" => {
                seen.sequence = true;
                let next = value.trim().parse::<u32>().unwrap_or(0).saturating_add(1);
                Some(format!("SEQUENCE:{next}"))
            }
            "DTSTAMP" => Some(format!("DTSTAMP:{}", self.now)),
            "LAST-MODIFIED" => Some(format!("LAST-MODIFIED:{}", self.now)),
            "STATUS" if matches!(self.change, Change::Cancel) => {
                seen.status = true;
                Some("STATUS:CANCELLED".to_owned())
            }
            "ORGANIZER" => self.given_to(line),
            "ATTENDEE" => {
                let Change::Transfer(to) = self.change else { return None };
                if self.parties.attendees.contains(to.address) { None } else { self.given_to(line) }
            }
            _ => None,
        }
    }

    /// A line about the old organiser, about the new one now. What else it says of the old one goes.
    fn given_to(&self, line: &Line) -> Option<String> {
        const OF_A_PERSON: [&str; 4] = ["CN", "EMAIL", "DIR", "SENT-BY"];
        let Change::Transfer(to) = self.change else { return None };
        if !address(line).is_some_and(|address| self.organisers.contains(&address)) {
            return None;
        }
        let mut text = line.name().to_ascii_uppercase();
        for parameter in line.parameters() {
            let name = parameter.split('=').next().unwrap_or_default();
            if !OF_A_PERSON.iter().any(|dropped| name.eq_ignore_ascii_case(dropped)) {
                text.push(';');
                text.push_str(parameter);
            }
        }
        // A parameter has no escape for quotes that every program knows.
        let name: String = to.name.chars().filter(|letter| !letter.is_control() && *letter != '"').collect();
        if !name.trim().is_empty() {
            text.push_str(&format!(";CN=\"{}\"", name.trim()));
        }
        text.push_str(&format!(":mailto:{}", to.address));
        Some(text)
    }
}

/// Properties that an event turned out to have.
#[derive(Debug, Default)]
struct Seen {
    sequence: bool,
    status: bool,
}

impl Seen {
    fn missing(&self, revision: &Revision<'_>) -> Vec<String> {
        let mut missing = Vec::new();
        if !self.sequence {
            missing.push("SEQUENCE:1".to_owned());
        }
        if !self.status && matches!(revision.change, Change::Cancel) {
            missing.push("STATUS:CANCELLED".to_owned());
        }
        missing
    }
}
