//! Entries as they come over the line (RFC 4511, section 4.5.2), taken apart without trusting them.

use super::id_attribute;
use ldap3::ResultEntry;
use ldap3::asn1::StructureTag;
use relais_core::directory::{DirectoryKind, EntryId, Seen, Settings, Values};
use relais_core::refusal::DirectoryFault;

const SEARCH_RESULT_ENTRY: u64 = 4;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub dn: String,
    /// Where it was asked for.
    pub entry: Option<EntryId>,
    /// What is no text is left out.
    pub values: Values,
}

impl Found {
    /// `None` for what is no entry: references to other servers are not followed.
    pub fn of(kind: DirectoryKind, result: ResultEntry) -> Result<Option<Self>, DirectoryFault> {
        if result.is_ref() || result.is_intermediate() {
            return Ok(None);
        }
        parse(kind, result.0).map(Some).ok_or(DirectoryFault::Garbled)
    }

    /// The person whose entry this is.
    pub fn person(self, settings: &Settings) -> Result<Seen, DirectoryFault> {
        let entry = self.entry.ok_or_else(|| no_id(settings))?;
        let said = settings.said_of(&self.values);
        let person = settings.person_of(&self.values);
        Ok(Seen { entry, dn: self.dn, said, person })
    }
}

/// An entry without its id can be matched with nothing.
pub(super) fn no_id(settings: &Settings) -> DirectoryFault {
    let attribute = id_attribute(settings.kind);
    DirectoryFault::NotLetIn { because: format!("{attribute} ?") }
}

fn parse(kind: DirectoryKind, tag: StructureTag) -> Option<Found> {
    let mut parts = tag.match_id(SEARCH_RESULT_ENTRY)?.expect_constructed()?.into_iter();
    let dn = String::from_utf8(parts.next()?.expect_primitive()?).ok()?;
    let mut found = Found { dn, entry: None, values: Values::new() };
    for attribute in parts.next()?.expect_constructed()? {
        let mut parts = attribute.expect_constructed()?.into_iter();
        let name = String::from_utf8(parts.next()?.expect_primitive()?).ok()?.to_lowercase();
        let is_id = name == id_attribute(kind).to_lowercase();
        let mut texts = Vec::new();
        for value in parts.next()?.expect_constructed()? {
            let bytes = value.expect_primitive()?;
            if is_id {
                found.entry = read_id(kind, &bytes);
            } else if let Ok(text) = String::from_utf8(bytes) {
                // A text with such a character is none, and no database would take it.
                texts.extend((!text.contains('\0')).then_some(text));
            }
        }
        if !is_id {
            found.values.insert(name, texts);
        }
    }
    Some(found)
}

fn read_id(kind: DirectoryKind, bytes: &[u8]) -> Option<EntryId> {
    match kind {
        DirectoryKind::OpenLdap => std::str::from_utf8(bytes).ok()?.parse().ok(),
        DirectoryKind::ActiveDirectory => EntryId::of_bytes(bytes).map(EntryId::swapped),
    }
}
