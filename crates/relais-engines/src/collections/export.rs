//! A collection as one file: what people keep, and what other programs import.

use super::entry::{self, Part};
use super::lines::{escaped, folded};
use super::{Broken, BrokenItem, Item, Kind};
use crate::message::PersonalMarks;
use std::collections::BTreeMap;

const CRLF: &str = "\r\n";

/// One collection in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// An iCalendar object (RFC 5545), or vCards one after the other (RFC 6350).
    pub bytes: Vec<u8>,
    pub items: u64,
    /// Items that are not in the file.
    pub broken: Vec<BrokenItem>,
}

/// Puts the items of a collection into one file. What stands in it is cut out of the clients' bytes: properties are
/// neither rewritten nor folded anew, only line ends become CRLF. A time zone that several entries define stands
/// once, by its longest definition.
#[must_use]
pub fn export(kind: Kind, display_name: &str, items: &[Item]) -> Export {
    let mut export = Export { bytes: Vec::new(), items: 0, broken: Vec::new() };
    let mut zones: BTreeMap<String, &[u8]> = BTreeMap::new();
    let mut body = Vec::new();
    for item in items {
        match entry::read(&item.bytes, kind) {
            Ok(whole) => {
                export.items += 1;
                for part in &whole.parts {
                    take(part, &item.bytes, &mut zones, &mut body);
                }
            }
            Err(reason) => export.broken.push(BrokenItem { name: item.name.clone(), reason }),
        }
    }
    match kind {
        Kind::AddressBook => export.bytes = body,
        Kind::Calendar => {
            let mut head = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Relais//Relais//FR\r\n");
            head.push_str(&folded(&format!("X-WR-CALNAME:{}", escaped(display_name)), CRLF));
            export.bytes = head.into_bytes();
            for zone in zones.values() {
                append(&mut export.bytes, zone);
            }
            export.bytes.append(&mut body);
            export.bytes.extend_from_slice(b"END:VCALENDAR\r\n");
        }
    }
    export
}

fn take<'a>(part: &Part, bytes: &'a [u8], zones: &mut BTreeMap<String, &'a [u8]>, body: &mut Vec<u8>) {
    let cut = &bytes[part.range.clone()];
    match &part.tzid {
        Some(tzid) if part.name == "VTIMEZONE" => {
            let zone = zones.entry(tzid.clone()).or_insert(cut);
            if cut.len() > zone.len() {
                *zone = cut;
            }
        }
        Some(_) | None => append(body, cut),
    }
}

fn append(out: &mut Vec<u8>, cut: &[u8]) {
    for line in cut.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.extend_from_slice(CRLF.as_bytes());
    }
}

impl Item {
    /// Whether it is marked personal, by its class, its subject or its categories.
    #[must_use]
    pub fn is_personal(&self, marks: &PersonalMarks) -> bool {
        entry::is_personal(&self.bytes, marks)
    }

    /// Why an item cannot be read as one of its collection's kind; `None` if it can.
    #[must_use]
    pub fn broken(&self, kind: Kind) -> Option<Broken> {
        entry::read(&self.bytes, kind).err()
    }
}
