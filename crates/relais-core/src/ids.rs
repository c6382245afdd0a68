//! Identifiers. Each is a 63-bit number, stored as such and shown as text with a prefix of its kind
//! (`acc-1c2d…`), so that an id of one kind is never taken for another. Numbers come from the caller
//! (`relais_app::Ids`): nothing here invents one.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Crockford's base 32, lower case: no letter that is read as a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn write_number(prefix: &str, number: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0u8; 13];
    let mut rest = number.cast_unsigned();
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
    f.write_str(prefix)?;
    f.write_str("-")?;
    f.write_str(std::str::from_utf8(&text).expect("the alphabet is ASCII"))
}

fn read_number(prefix: &str, text: &str) -> Result<i64, InvalidId> {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-')).ok_or(InvalidId)?;
    if digits.len() != 13 {
        return Err(InvalidId);
    }
    let mut number: u64 = 0;
    for digit in digits.bytes() {
        let value = ALPHABET.iter().position(|c| *c == digit).ok_or(InvalidId)?;
        number = number.checked_mul(32).ok_or(InvalidId)? | value as u64;
    }
    i64::try_from(number).map_err(|_| InvalidId)
}

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id of this kind")
    }
}

impl std::error::Error for InvalidId {}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(i64);

        impl $name {
            /// An id from its number: not negative.
            #[must_use]
            pub fn from_number(number: i64) -> Self {
                assert!(number >= 0, "ids are not negative");
                Self(number)
            }

            #[must_use]
            pub fn number(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_number($prefix, self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                read_number($prefix, text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .examples([concat!($prefix, "-0000000000001")])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

id!(/// A customer of the instance.
    OrganisationId, "org");
id!(/// A person's membership in an organisation.
    AccountId, "acc");
id!(/// Stored mail; survives every renaming of its addresses.
    MailboxId, "box");
id!(/// People who receive mail together.
    GroupId, "grp");
id!(/// What answers and stores nothing.
    ResponderId, "rsp");
id!(/// One departure.
    DepartureId, "dep");
id!(/// A token of an organisation or of the operator.
    TokenId, "tok");
id!(/// A signed-in session.
    SessionId, "ses");
id!(/// What lets one device in.
    AppPasswordId, "apw");
id!(/// What proves that a person is there, without a password.
    PasskeyId, "psk");
id!(/// A dated permission to read a deactivated account's mail.
    GrantId, "grt");
id!(/// What an organisation subscribed to.
    PlanId, "pln");
id!(/// What an account is on.
    SubscriptionId, "sub");
id!(/// One run of the backup.
    GenerationId, "gen");
id!(/// What a person takes along: an archive of everything that is theirs.
    ExportId, "exp");
id!(/// A message in the outbound spool.
    SpoolId, "out");
id!(/// A collection shared with somebody.
    ShareId, "shr");
id!(/// A program connected to an organisation.
    ApplicationId, "app");
id!(/// One thing that an application keeps for an account.
    ContentId, "cnt");
id!(/// One act that gave content of one account to another.
    ReassignmentId, "rea");
id!(/// What applications are asked to erase with an account.
    ErasureId, "era");
id!(/// A directory that an organisation is kept in step with.
    DirectoryId, "dir");
id!(/// One act on many accounts.
    JobId, "job");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_what_they_print_and_refuse_other_kinds() {
        for number in [0, 1, 31, 32, 1 << 40, i64::MAX] {
            let id = AccountId::from_number(number);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!("box-0000000000001".parse::<AccountId>(), Err(InvalidId));
        assert_eq!("acc-zzzzzzzzzzzzz".parse::<AccountId>(), Err(InvalidId));
        assert_eq!("acc-1".parse::<AccountId>(), Err(InvalidId));
    }
}
