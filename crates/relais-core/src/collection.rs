//! Collections (calendars and address books) and with whom they are shared. What lies in one is no concern of the rules.

use crate::account::Account;
use crate::authority::{Actor, Power};
use crate::ids::{AccountId, GroupId, OrganisationId, ShareId};
use crate::organisation::Group;
use crate::refusal::Refusal;
use crate::rights::{Act, require};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

const NAME_BYTES_MAX: usize = 255;

/// The name of a collection among those of its owner: one part of a path, chosen by the person's client. What begins as a
/// shared collection's does is none ([`Share::link`]).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "calendar")]
pub struct CollectionName(String);

impl CollectionName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CollectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text cannot be the name of somebody's own collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidCollectionName;

impl fmt::Display for InvalidCollectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a name for a calendar or an address book")
    }
}

impl std::error::Error for InvalidCollectionName {}

impl FromStr for CollectionName {
    type Err = InvalidCollectionName;
    fn from_str(text: &str) -> Result<Self, InvalidCollectionName> {
        if is_path_part(text) && !is_reserved(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidCollectionName)
        }
    }
}

impl TryFrom<String> for CollectionName {
    type Error = InvalidCollectionName;
    fn try_from(text: String) -> Result<Self, InvalidCollectionName> {
        text.parse()
    }
}

impl From<CollectionName> for String {
    fn from(name: CollectionName) -> String {
        name.0
    }
}

/// Whether `text` names one file or directory below another and none that servers keep to themselves.
#[must_use]
pub fn is_path_part(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= NAME_BYTES_MAX
        && !text.starts_with('.')
        && !text.ends_with('~')
        && !text.contains('/')
        && !text.chars().any(char::is_control)
}

/// Whether only shared collections are called so.
#[must_use]
pub fn is_reserved(text: &str) -> bool {
    [ShareRight::Read, ShareRight::Write].iter().any(|right| text.starts_with(right.prefix()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CollectionKind {
    Calendar,
    AddressBook,
}

/// What someone may do with a collection that is shared with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShareRight {
    /// See what is in it.
    Read,
    /// Also add, change and remove what is in it; the collection itself stays its owner's.
    Write,
}

impl ShareRight {
    fn prefix(self) -> &'static str {
        match self {
            Self::Read => "ro-",
            Self::Write => "rw-",
        }
    }
}

/// With whom a collection is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Sharee {
    Account(AccountId),
    /// Everyone who is in the group at the time.
    Group(GroupId),
}

/// One collection of an account, shared with one other account or group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Share {
    pub id: ShareId,
    pub owner: AccountId,
    pub collection: CollectionName,
    pub with: Sharee,
    pub right: ShareRight,
    pub created_at: Timestamp,
}

impl Share {
    /// The name under which the collection stands among those of whom it is shared with.
    #[must_use]
    pub fn link(&self) -> String {
        format!("{}{}", self.right.prefix(), self.id)
    }
}

/// Of the shares that reach one account, directly and through groups: the best for each collection.
#[must_use]
pub fn best(shares: Vec<Share>) -> Vec<Share> {
    let mut best: Vec<Share> = Vec::new();
    for share in shares {
        match best.iter_mut().find(|kept| (kept.owner, &kept.collection) == (share.owner, &share.collection))
        {
            Some(kept) if kept.right < share.right => *kept = share,
            Some(_) => {}
            None => best.push(share),
        }
    }
    best
}

/// Whether `actor` sees with whom the collections of `owner` are shared and ends that: they themselves, and whoever may
/// let people read what is not their own.
#[must_use]
pub fn may_rule_shares(actor: &Actor, owner: &Account) -> bool {
    let is_owner = actor.person() == Some(owner.id);
    is_owner || actor.has(Power::EndAccounts, owner.organisation)
}

/// With whom a collection is to be shared, as far as the rules ask.
#[derive(Debug, Clone)]
pub enum Recipient {
    Account(Box<Account>),
    Group(Group),
}

impl Recipient {
    #[must_use]
    pub fn organisation(&self) -> OrganisationId {
        match self {
            Self::Account(account) => account.organisation,
            Self::Group(group) => group.organisation,
        }
    }
}

/// Whether `owner` may share a collection with `with` now. What is shared stays shared when its owner is closed.
///
/// # Errors
/// The refusal.
pub fn check_share(owner: &Account, with: &Recipient, actor: &Actor, now: Timestamp) -> Result<(), Refusal> {
    if !may_rule_shares(actor, owner) {
        return Err(Refusal::NotAllowed);
    }
    require(owner, Act::Share, now)?;
    match with {
        Recipient::Account(account) if account.id == owner.id => Err(Refusal::SharedWithOwner),
        Recipient::Account(account) => require(account, Act::BeSharedWith, now),
        // Of its members, the table is asked at every request.
        Recipient::Group(_) => Ok(()),
    }
}
