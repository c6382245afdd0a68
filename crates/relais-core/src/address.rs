//! Mail addresses, as text that is compared.
//!
//! Local parts are folded to lower case: no hosted mailbox is told from another by case alone. Quoted local
//! parts and address literals (RFC 5321, section 4.1.2) are not hosted and are refused here; a *sender* may have
//! any form and is never parsed into this type. Domains are kept in A-labels, so that one domain has one name whatever
//! a person types.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A hosted or hostable address, `local@domain`, lower case, at most 254 bytes (RFC 5321, section 4.5.3.1.3).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    text: String,
    at: usize,
}

/// Why a text is not an address that can be hosted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidAddress {
    NoAt,
    Local,
    Domain,
    Length,
}

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAt => "an address is written local@domain",
            Self::Local => "the part before @ holds a character that is not allowed there",
            Self::Domain => "the part after @ is not a domain name",
            Self::Length => "the address is longer than 254 bytes, or its local part than 64",
        })
    }
}

impl std::error::Error for InvalidAddress {}

impl EmailAddress {
    #[must_use]
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    #[must_use]
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same address with another local part.
    ///
    /// # Errors
    /// When `local` cannot stand before the `@`.
    pub fn with_local(&self, local: &str) -> Result<Self, InvalidAddress> {
        format!("{local}@{}", self.domain()).parse()
    }

    /// `user+tag@domain` without its tag; `None` when there is no tag (RFC 5233).
    #[must_use]
    pub fn without_tag(&self) -> Option<Self> {
        let (base, _) = self.local().split_once('+')?;
        self.with_local(base).ok()
    }
}

/// A domain name as the DNS has it: lower case, in A-labels (RFC 5890). `None` if `text` is not one.
#[must_use]
pub fn domain_name(text: &str) -> Option<String> {
    let name = idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::STD3).ok()?;
    let label_ok = |label: &str| {
        !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    (name.len() <= 253 && name.contains('.') && name.split('.').all(label_ok)).then(|| name.into_owned())
}

/// A domain name as people read it: in U-labels.
#[must_use]
pub fn domain_for_people(name: &str) -> String {
    idna::domain_to_unicode(name).0
}

impl FromStr for EmailAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidAddress::NoAt)?;
        let atom_ok = |atom: &str| {
            !atom.is_empty()
                && atom.chars().all(|c| {
                    c.is_ascii_alphanumeric()
                        || "!#$%&'*+-/=?^_`{|}~".contains(c)
                        || (!c.is_ascii() && c.is_alphanumeric())
                })
        };
        // Folded first: some letters become two, of which the second may not stand here.
        let local = local.to_lowercase();
        if !local.split('.').all(atom_ok) {
            return Err(InvalidAddress::Local);
        }
        let domain = domain_name(domain).ok_or(InvalidAddress::Domain)?;
        if local.len() > 64 || local.len() + domain.len() + 1 > 254 {
            return Err(InvalidAddress::Length);
        }
        let at = local.len();
        Ok(Self { text: format!("{local}@{domain}"), at })
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidAddress;
    fn try_from(text: String) -> Result<Self, InvalidAddress> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> String {
        address.text
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl utoipa::PartialSchema for EmailAddress {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .examples(["user1@bm.com"])
            .into()
    }
}

impl utoipa::ToSchema for EmailAddress {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_fold_case_and_know_their_parts() {
        let address: EmailAddress = "User1+Été@BM.com".parse().unwrap();
        assert_eq!(address.as_str(), "user1+été@bm.com");
        assert_eq!((address.local(), address.domain()), ("user1+été", "bm.com"));
        assert_eq!(address.without_tag().unwrap().as_str(), "user1@bm.com");
    }

    #[test]
    fn a_domain_is_the_same_in_every_way_of_writing_it() {
        for text in ["été.fr", "ÉTÉ.fr", "e\u{301}te\u{301}.FR", "xn--t-9fab.fr", "XN--T-9FAB.fr"] {
            assert_eq!(domain_name(text).as_deref(), Some("xn--t-9fab.fr"), "{text}");
        }
        assert_eq!(domain_for_people("xn--t-9fab.fr"), "été.fr");
        let address: EmailAddress = "zoé@été.fr".parse().unwrap();
        assert_eq!(address.as_str(), "zoé@xn--t-9fab.fr");
        for text in ["xn--a.fr", "a b.fr", "a_b.fr", "-a.fr", "été", "a..fr", "fr.", ""] {
            assert_eq!(domain_name(text), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_hosted_is_refused_with_its_reason() {
        for (text, expected) in [
            ("user1", InvalidAddress::NoAt),
            ("@bm.com", InvalidAddress::Local),
            ("a..b@bm.com", InvalidAddress::Local),
            ("\"a b\"@bm.com", InvalidAddress::Local),
            ("a\0@bm.com", InvalidAddress::Local),
            ("İ@bm.com", InvalidAddress::Local),
            ("a@bm", InvalidAddress::Domain),
            ("a@-bm.com", InvalidAddress::Domain),
            ("a@[127.0.0.1]", InvalidAddress::Domain),
            ("a@bm..com", InvalidAddress::Domain),
        ] {
            assert_eq!(text.parse::<EmailAddress>(), Err(expected), "{text:?}");
        }
        assert_eq!(format!("{}@bm.com", "a".repeat(65)).parse::<EmailAddress>(), Err(InvalidAddress::Length));
    }
}
