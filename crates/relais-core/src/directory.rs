//! Directories: the list of its people that an organisation keeps elsewhere (LDAP, RFC 4511). What is read of an entry,
//! and how it becomes a person; what then happens to accounts, [`plan`] says. Knows nothing of the protocol.

pub mod groups;
pub mod plan;
pub mod report;
pub mod settings;

pub use plan::{Case, Claim, Claimant, Elsewhere, EntryAct, Hold, Known, Linked, Plan, PlanItem};
pub use report::{Counts, Outcome, Report, ReportItem};
pub use settings::{Attributes, DirectoryKind, Encryption, GroupSettings, Guard, Reading, Settings, SignIn};

use crate::ids::{DirectoryId, OrganisationId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// A directory that an organisation is kept in step with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Directory {
    pub id: DirectoryId,
    pub organisation: OrganisationId,
    pub name: String,
    pub settings: Settings,
    /// A plan waits for a person since then; nothing is applied meanwhile.
    pub held_since: Option<Timestamp>,
    /// When it is read next by itself.
    pub next_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// By which an entry is recognised for ever, whatever it is called and wherever it moves: entryUUID (RFC 4530), or
/// Active Directory's objectGUID. In the order of RFC 9562.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryId(pub [u8; 16]);

impl EntryId {
    /// `None` unless there are sixteen bytes.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// As Active Directory has it: the first three parts are little-endian. Its own inverse.
    #[must_use]
    pub fn swapped(self) -> Self {
        let mut bytes = self.0;
        bytes[..4].reverse();
        bytes[4..6].reverse();
        bytes[6..8].reverse();
        Self(bytes)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// The text is not the id of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidEntryId;

impl fmt::Display for InvalidEntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the id of an entry is written like 6fa459ea-ee8a-3ca4-894e-db77e160355e")
    }
}

impl std::error::Error for InvalidEntryId {}

impl FromStr for EntryId {
    type Err = InvalidEntryId;

    fn from_str(text: &str) -> Result<Self, InvalidEntryId> {
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
        let mut bytes = [0; 16];
        if digits.len() != 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(InvalidEntryId);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| InvalidEntryId)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidEntryId)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for EntryId {
    type Error = InvalidEntryId;
    fn try_from(text: String) -> Result<Self, InvalidEntryId> {
        text.parse()
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> Self {
        id.to_string()
    }
}

impl utoipa::PartialSchema for EntryId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .examples(["6fa459ea-ee8a-3ca4-894e-db77e160355e"])
            .into()
    }
}

impl ToSchema for EntryId {}

/// What is read of somebody's entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// As it stands there: perhaps no address.
    pub address: Option<String>,
    pub name: String,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub phone: Option<String>,
    pub mobile: Option<String>,
    pub job_title: Option<String>,
    pub department: Option<String>,
}

/// By which a change of what is read is seen, without keeping it.
pub type Digest = [u8; 32];

impl Person {
    #[must_use]
    pub fn digest(&self) -> Digest {
        let text = serde_json::to_vec(self).expect("a person serialises");
        Sha256::digest(&text).into()
    }
}

/// The last thing that a directory said of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    Enabled,
    /// It is there, and may not sign in.
    Disabled,
    /// It was there.
    Vanished,
}

/// An entry of a person, as it was read now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub entry: EntryId,
    pub dn: String,
    pub said: Said,
    pub person: Person,
}

/// The values of an entry by attribute, whose names are in lower case.
pub type Values = BTreeMap<String, Vec<String>>;

/// A name as two writings of it are compared: case and spaces around separators do not count (RFC 4514, RFC 4517).
#[must_use]
pub fn fold_dn(dn: &str) -> String {
    let mut folded = String::with_capacity(dn.len());
    let (mut escaped, mut begins) = (false, true);
    for letter in dn.chars() {
        let separates = !escaped && matches!(letter, ',' | '=' | '+');
        if separates {
            folded.truncate(folded.trim_end_matches(' ').len());
        }
        if letter != ' ' || !begins {
            folded.extend(letter.to_lowercase());
            begins = separates;
        }
        escaped = !escaped && letter == '\\';
    }
    folded.truncate(folded.trim_end_matches(' ').len());
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_called_the_same_in_both_orders_of_bytes() {
        let id: EntryId = "6fa459ea-ee8a-3ca4-894e-db77e160355e".parse().expect("an id");
        assert_eq!(id.to_string(), "6fa459ea-ee8a-3ca4-894e-db77e160355e");
        assert_eq!(id.swapped().to_string(), "ea59a46f-8aee-a43c-894e-db77e160355e");
        assert_eq!(id.swapped().swapped(), id);
        assert_eq!("6fa459ea".parse::<EntryId>(), Err(InvalidEntryId));
        assert_eq!("zz".repeat(16).parse::<EntryId>(), Err(InvalidEntryId));
    }

    #[test]
    fn two_writings_of_a_name_are_one() {
        assert_eq!(
            fold_dn("UID=Anna , OU = Équipe,dc=Example,dc=test "),
            "uid=anna,ou=équipe,dc=example,dc=test"
        );
        assert_eq!(fold_dn(r"cn=Doe\, Jane,dc=x"), r"cn=doe\, jane,dc=x");
    }
}
