//! What a path names, and what it may be used for.
//!
//! A path is taken apart once, after decoding, and what goes on to Radicale is put together from the parts: so both see the
//! same one.

use super::answer::Denial;
use axum::http::Method;
use relais_app::core::collection::{CollectionName, ShareRight, is_path_part, is_reserved};
use relais_app::core::ids::AccountId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Where clients ask who they are.
    Root,
    /// The account's collections.
    Home { account: AccountId },
    /// A collection of its own, or something in it.
    Own { account: AccountId, collection: CollectionName, item: Option<String> },
    /// Somebody else's that is shared with it, or something in that.
    Shared { account: AccountId, link: String, item: Option<String> },
}

/// What a method is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Read,
    Write,
    /// Make a collection.
    Make,
}

impl Wish {
    pub fn of(method: &Method) -> Result<Self, Denial> {
        match method.as_str() {
            "GET" | "HEAD" | "OPTIONS" | "PROPFIND" | "REPORT" => Ok(Self::Read),
            "PUT" | "DELETE" | "MOVE" | "PROPPATCH" => Ok(Self::Write),
            "MKCOL" | "MKCALENDAR" => Ok(Self::Make),
            _ => Err(Denial::Method),
        }
    }
}

/// Reads a path as it was sent, without [`super::PREFIX`].
pub fn read(path: &str) -> Result<Place, Denial> {
    let parts: Vec<&str> =
        path.trim_matches('/').split('/').filter(|part| path != "/" && !part.is_empty()).collect();
    let parts: Vec<String> = parts.into_iter().map(decode).collect::<Option<_>>().ok_or(Denial::Path)?;
    let mut parts = parts.into_iter();
    let Some(account) = parts.next() else { return Ok(Place::Root) };
    let account: AccountId = account.parse().map_err(|_| Denial::NotThere)?;
    let Some(collection) = parts.next() else { return Ok(Place::Home { account }) };
    let item = parts.next();
    if parts.next().is_some() {
        return Err(Denial::NotThere);
    }
    Ok(if is_reserved(&collection) {
        Place::Shared { account, link: collection, item }
    } else {
        Place::Own { account, collection: collection.parse().map_err(|_| Denial::Path)?, item }
    })
}

/// One part of a path, decoded; `None` for what names no single file.
fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
            u8::try_from(high? * 16 + low?).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok().filter(|text| is_path_part(text))
}

/// RFC 3986, section 2.3.
fn encode(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text += &format!("%{byte:02X}");
        }
    }
    text
}

impl Place {
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Root => None,
            Self::Home { account } | Self::Own { account, .. } | Self::Shared { account, .. } => {
                Some(*account)
            }
        }
    }

    /// The path without prefix, as Radicale is to see it.
    pub fn path(&self) -> String {
        let (account, collection, item) = match self {
            Self::Root => return "/".to_owned(),
            Self::Home { account } => return format!("/{account}/"),
            Self::Own { account, collection, item } => (account, collection.as_str(), item),
            Self::Shared { account, link, item } => (account, link.as_str(), item),
        };
        let item = item.as_deref().map(encode).unwrap_or_default();
        format!("/{account}/{}/{item}", encode(collection))
    }

    /// Refuses what nobody may do here, or nobody with this right.
    pub fn check(&self, wish: Wish, right: Option<ShareRight>) -> Result<(), Denial> {
        match (self, wish) {
            (_, Wish::Read) | (Self::Own { .. }, Wish::Write | Wish::Make) => Ok(()),
            (Self::Root | Self::Home { .. }, Wish::Write | Wish::Make) => Err(Denial::Home),
            (Self::Shared { item: Some(_), .. }, Wish::Write) if right == Some(ShareRight::Write) => Ok(()),
            (Self::Shared { item: Some(_), .. }, Wish::Write) => Err(Denial::ReadOnly),
            (Self::Shared { .. }, Wish::Write | Wish::Make) => Err(Denial::OthersCollection),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "acc-0000000000001";

    fn id() -> AccountId {
        ID.parse().unwrap()
    }

    #[test]
    fn a_path_is_read_once_decoded_and_means_the_same_to_radicale() {
        for (sent, passed) in [
            ("", "/"),
            ("/", "/"),
            ("/acc-0000000000001", "/acc-0000000000001/"),
            ("/acc-0000000000001/calendar", "/acc-0000000000001/calendar/"),
            ("/acc-0000000000001/calendar/a%40b.ics", "/acc-0000000000001/calendar/a%40b.ics"),
            ("/acc-0000000000001/r%C3%A9unions%3F/x%25y", "/acc-0000000000001/r%C3%A9unions%3F/x%25y"),
            ("//acc-0000000000001//calendar//x", "/acc-0000000000001/calendar/x"),
            ("/acc-0000000000001/ro-shr-1/x", "/acc-0000000000001/ro-shr-1/x"),
        ] {
            assert_eq!(read(sent).unwrap().path(), passed, "{sent}");
        }
        let shared = Place::Shared { account: id(), link: "rw-x".into(), item: None };
        assert_eq!(read("/acc-0000000000001/rw%2Dx/").unwrap(), shared);
    }

    #[test]
    fn a_path_that_could_lead_elsewhere_is_refused() {
        for path in [
            "/acc-0000000000001/..",
            "/acc-0000000000001/%2e%2e/acc-0000000000002/calendar",
            "/acc-0000000000001/calendar/%2e%2e",
            "/acc-0000000000001/calendar/..%2F..%2Facc-0000000000002",
            "/acc-0000000000001/a%2Fb",
            "/acc-0000000000001/.Radicale.props",
            "/acc-0000000000001/calendar/.Radicale.props",
            "/acc-0000000000001/x%00y",
            "/acc-0000000000001/x%0d%0ay",
            "/acc-0000000000001/x~",
            "/acc-0000000000001/%ff",
            "/acc-0000000000001/%4",
        ] {
            assert_eq!(read(path), Err(Denial::Path), "{path}");
        }
        for path in ["/somebody", "/.web", "/acc-0000000000001/a/b/c", "/acc-zzzzzzzzzzzzz/calendar"] {
            assert!(read(path).is_err(), "{path}");
        }
    }

    #[test]
    fn what_is_shared_is_used_as_its_right_says_and_stays_its_owners() {
        let read_all = |text: &str| read(&format!("/{ID}{text}")).unwrap();
        let (root, item) = (read_all("/rw-x/"), read_all("/rw-x/y.ics"));
        for right in [ShareRight::Read, ShareRight::Write] {
            assert_eq!(root.check(Wish::Read, Some(right)), Ok(()));
            assert_eq!(root.check(Wish::Write, Some(right)), Err(Denial::OthersCollection));
            assert_eq!(root.check(Wish::Make, Some(right)), Err(Denial::OthersCollection));
            assert_eq!(item.check(Wish::Make, Some(right)), Err(Denial::OthersCollection));
        }
        assert_eq!(item.check(Wish::Write, Some(ShareRight::Read)), Err(Denial::ReadOnly));
        assert_eq!(item.check(Wish::Write, Some(ShareRight::Write)), Ok(()));
        assert_eq!(read_all("/").check(Wish::Write, None), Err(Denial::Home));
        assert_eq!(read_all("/own/").check(Wish::Make, None), Ok(()));
    }
}
