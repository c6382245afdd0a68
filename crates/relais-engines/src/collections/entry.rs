//! One item of a collection: whether it is whole, what it is called, and whether it is personal.

use super::Kind;
use super::lines::{Line, lines, unescaped};
use crate::message::PersonalMarks;
use calcard::icalendar::{ICalendar, ICalendarProperty, ICalendarValue};
use calcard::vcard::VCard;
use relais_core::language::Language;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What a calendar entry may be; several of one kind and one UID make one item (RFC 4791, section 4.1).
const COMPONENTS: [&str; 3] = ["VEVENT", "VTODO", "VJOURNAL"];

/// Why an item cannot be read. Its bytes are what a person gets then.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema, thiserror::Error,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = BrokenReason)]
pub enum Broken {
    #[error("it is empty")]
    Empty,
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("a line is neither a property nor a continuation")]
    Line,
    #[error("its components do not end where they should")]
    Nesting,
    #[error("it is not exactly one object of its collection's kind")]
    NotOneObject,
    #[error("it has no UID")]
    NoUid,
    #[error("it mixes objects of several UIDs or kinds")]
    Mixed,
    #[error("its recurrence rule cannot be read")]
    Recurrence,
    #[error("its name is none that a collection can hold")]
    Name,
}

impl Broken {
    /// The reason in a sentence for people.
    #[must_use]
    pub fn sentence(self, language: Language) -> &'static str {
        let (french, english) = match self {
            Self::Empty => ("Le fichier est vide.", "The file is empty."),
            Self::NotUtf8 => ("Le texte n'est pas en UTF-8.", "The text is not UTF-8."),
            Self::Line => ("Une ligne est illisible.", "A line cannot be read."),
            Self::Nesting => (
                "Le fichier est tronqué ou ses parties sont mal emboîtées.",
                "The file is cut short or its parts are wrongly nested.",
            ),
            Self::NotOneObject => (
                "Le fichier ne contient pas exactement un objet du type attendu.",
                "The file does not hold exactly one object of the expected kind.",
            ),
            Self::NoUid => ("L'identifiant (UID) manque.", "The identifier (UID) is missing."),
            Self::Mixed => (
                "Le fichier mélange plusieurs objets différents.",
                "The file mixes several different objects.",
            ),
            Self::Recurrence => {
                ("La règle de répétition est illisible.", "The recurrence rule cannot be read.")
            }
            Self::Name => ("Le nom du fichier n'est pas utilisable.", "The file's name cannot be used."),
        };
        language.pick(french, english)
    }
}

/// A file that is one whole item.
#[derive(Debug)]
pub(super) struct Whole {
    pub uid: Option<String>,
    pub parts: Vec<Part>,
}

/// A component directly below the calendar, or a card.
#[derive(Debug)]
pub(super) struct Part {
    /// In upper case: `VEVENT`, `VTIMEZONE`, `VCARD`.
    pub name: String,
    /// From its `BEGIN` to its `END`, line ends included.
    pub range: Range<usize>,
    pub uid: Option<String>,
    pub tzid: Option<String>,
}

/// Reads an item as strictly as Radicale does: one that passes can be put into a collection, if it has a UID.
pub(super) fn read(bytes: &[u8], kind: Kind) -> Result<Whole, Broken> {
    if bytes.trim_ascii().is_empty() {
        return Err(Broken::Empty);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Broken::NotUtf8)?;
    let parts = parts(&lines(bytes), kind)?;
    match kind {
        Kind::Calendar => {
            let uid = common_uid(&parts)?;
            require_recurrences(text)?;
            Ok(Whole { uid: Some(uid), parts })
        }
        Kind::AddressBook => {
            VCard::parse(text.trim_start_matches('\u{feff}').trim_start())
                .map_err(|_| Broken::NotOneObject)?;
            Ok(Whole { uid: parts[0].uid.clone(), parts })
        }
    }
}

/// What stands directly below the one calendar, or the one card.
fn parts(lines: &[Line], kind: Kind) -> Result<Vec<Part>, Broken> {
    let outer = match kind {
        Kind::Calendar => "VCALENDAR",
        Kind::AddressBook => "VCARD",
    };
    // A part begins at this depth.
    let depth = match kind {
        Kind::Calendar => 1,
        Kind::AddressBook => 0,
    };
    let mut open: Vec<String> = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    let mut objects = 0;
    for line in lines {
        let Some(value) = line.value().filter(|_| !line.name().is_empty()) else {
            return Err(if open.is_empty() { Broken::NotOneObject } else { Broken::Line });
        };
        if line.is("BEGIN") {
            let name = value.trim().to_ascii_uppercase();
            if open.is_empty() {
                objects += 1;
                if name != outer {
                    return Err(Broken::NotOneObject);
                }
            }
            if open.len() == depth {
                let range = line.range.clone();
                parts.push(Part { name: name.clone(), range, uid: None, tzid: None });
            }
            open.push(name);
        } else if line.is("END") {
            if open.pop().is_none_or(|name| !name.eq_ignore_ascii_case(value.trim())) {
                return Err(Broken::Nesting);
            }
            if let Some(part) = parts.last_mut().filter(|_| open.len() == depth) {
                part.range.end = line.range.end;
            }
        } else if open.is_empty() {
            return Err(Broken::NotOneObject);
        } else if let Some(part) = parts.last_mut().filter(|_| open.len() == depth + 1) {
            let place = match () {
                () if line.is("UID") => &mut part.uid,
                () if line.is("TZID") => &mut part.tzid,
                () => continue,
            };
            if place.is_none() && !value.trim().is_empty() {
                *place = Some(unescaped(value.trim()));
            }
        }
    }
    if !open.is_empty() {
        return Err(Broken::Nesting);
    }
    if objects == 1 { Ok(parts) } else { Err(Broken::NotOneObject) }
}

fn common_uid(parts: &[Part]) -> Result<String, Broken> {
    let mut entries = parts.iter().filter(|part| part.name != "VTIMEZONE");
    let first = entries.next().ok_or(Broken::NotOneObject)?;
    if !COMPONENTS.contains(&first.name.as_str()) {
        return Err(Broken::NotOneObject);
    }
    let uid = first.uid.clone().ok_or(Broken::NoUid)?;
    for entry in entries {
        if entry.name != first.name || entry.uid.as_ref() != Some(&uid) {
            return Err(Broken::Mixed);
        }
    }
    Ok(uid)
}

fn require_recurrences(text: &str) -> Result<(), Broken> {
    let calendar = parse_calendar(text).ok_or(Broken::NotOneObject)?;
    let mut entries = calendar.components.iter().flat_map(|component| &component.entries);
    let unreadable = entries.any(|entry| {
        entry.name == ICalendarProperty::Rrule
            && !matches!(entry.values.first(), Some(ICalendarValue::RecurrenceRule(_)))
    });
    if unreadable { Err(Broken::Recurrence) } else { Ok(()) }
}

pub(super) fn parse_calendar(text: &str) -> Option<ICalendar> {
    ICalendar::parse(text.trim_start_matches('\u{feff}').trim_start()).ok()
}

/// Whether a person marked an item as personal: by its class (RFC 5545, section 3.8.1.3), by a category or by the
/// summary that others see first. Only properties of the item itself are looked at, in whatever can be read of it.
pub(super) fn is_personal(bytes: &[u8], marks: &PersonalMarks) -> bool {
    let mut open: Vec<String> = Vec::new();
    for line in lines(bytes) {
        let value = line.value().unwrap_or_default();
        if line.is("BEGIN") {
            open.push(value.trim().to_ascii_uppercase());
        } else if line.is("END") {
            open.pop();
        } else if open.last().is_some_and(|name| name == "VCARD" || COMPONENTS.contains(&name.as_str())) {
            let marked = match () {
                () if line.is("CLASS") => {
                    ["PRIVATE", "CONFIDENTIAL"].iter().any(|class| value.trim().eq_ignore_ascii_case(class))
                }
                () if line.is("CATEGORIES") => {
                    categories(value).iter().any(|category| marks.mark_folder(category))
                }
                () if line.is("SUMMARY") => marks.mark_subject(&unescaped(value)),
                () => false,
            };
            if marked {
                return true;
            }
        }
    }
    false
}

/// `a,b\,c` is two categories.
fn categories(value: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut escape = false;
    for letter in value.chars() {
        if letter == ',' && !escape {
            out.push(String::new());
        } else if let Some(category) = out.last_mut() {
            category.push(letter);
        }
        escape = letter == '\\' && !escape;
    }
    out.iter().map(|category| unescaped(category)).collect()
}
