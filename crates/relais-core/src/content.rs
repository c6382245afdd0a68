//! Content: what an account owns besides mail. Calendars and address books are our own ([`crate::collection`]); boards,
//! projects, templates and documents lie with connected applications, which say here whose they are and with whom they
//! are shared. What is in an item is no concern of the rules.

mod registering;

pub use registering::{Registered, Registration, register};

use crate::account::Account;
use crate::authority::{Actor, Power};
use crate::collection::{CollectionKind, CollectionName, Share, ShareRight, Sharee};
use crate::ids::{AccountId, ApplicationId, ContentId, ErasureId, OrganisationId, ReassignmentId};
use crate::refusal::{ContentFault, Refusal};
use crate::rights::{Act, allows};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContentKind {
    Calendar,
    AddressBook,
    Board,
    /// Holds other items.
    Project,
    Template,
    Document,
}

impl ContentKind {
    pub const ALL: [Self; 6] =
        [Self::Calendar, Self::AddressBook, Self::Board, Self::Project, Self::Template, Self::Document];

    /// What applications keep.
    pub const OF_APPLICATIONS: [Self; 4] = [Self::Board, Self::Project, Self::Template, Self::Document];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::AddressBook => "address_book",
            Self::Board => "board",
            Self::Project => "project",
            Self::Template => "template",
            Self::Document => "document",
        }
    }

    /// The kind of collection, where it is one: those are ours, and no application registers them.
    #[must_use]
    pub fn collection(self) -> Option<CollectionKind> {
        match self {
            Self::Calendar => Some(CollectionKind::Calendar),
            Self::AddressBook => Some(CollectionKind::AddressBook),
            Self::Board | Self::Project | Self::Template | Self::Document => None,
        }
    }
}

impl From<CollectionKind> for ContentKind {
    fn from(kind: CollectionKind) -> Self {
        match kind {
            CollectionKind::Calendar => Self::Calendar,
            CollectionKind::AddressBook => Self::AddressBook,
        }
    }
}

/// What an application calls an item: unique among its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "board-4711")]
pub struct ExternalId(String);

const EXTERNAL_ID_CHARS_MAX: usize = 200;

impl ExternalId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ExternalId {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let ok = !text.trim().is_empty()
            && text.chars().count() <= EXTERNAL_ID_CHARS_MAX
            && !text.chars().any(char::is_control);
        if ok { Ok(Self(text.to_owned())) } else { Err(ContentFault::ExternalIdInvalid.into()) }
    }
}

impl TryFrom<String> for ExternalId {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<ExternalId> for String {
    fn from(id: ExternalId) -> String {
        id.0
    }
}

/// One thing that an application keeps for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContentItem {
    pub id: ContentId,
    pub organisation: OrganisationId,
    pub application: ApplicationId,
    pub external_id: ExternalId,
    pub kind: ContentKind,
    pub title: String,
    pub owner: AccountId,
    /// The project that holds it.
    pub parent: Option<ContentId>,
    /// Where people open it.
    pub url: Option<String>,
    /// Its owner was deleted with it: the application is to erase it.
    pub erasure: Option<ErasureId>,
    pub created_at: Timestamp,
}

/// How much of one kind there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContentCount {
    pub kind: ContentKind,
    pub count: i64,
}

/// With whom an item is shared. A guest is an account like any other here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContentShare {
    pub item: ContentId,
    pub with: Sharee,
    pub right: ShareRight,
    pub created_at: Timestamp,
}

/// Which content of an account is given to another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Selection {
    #[default]
    Everything,
    Kinds {
        kinds: Vec<ContentKind>,
    },
    Chosen {
        items: Vec<ContentId>,
        collections: Vec<CollectionName>,
    },
}

/// How many items may be chosen one by one.
pub const CHOSEN_MAX: usize = 1000;

impl Selection {
    /// Whether it is among them.
    #[must_use]
    pub fn takes_collection(&self, name: &str, kind: CollectionKind) -> bool {
        match self {
            Self::Everything => true,
            Self::Kinds { kinds } => kinds.contains(&kind.into()),
            Self::Chosen { collections, .. } => collections.iter().any(|chosen| chosen.as_str() == name),
        }
    }

    /// Whether any calendar or address book can be among them.
    #[must_use]
    pub fn may_take_collections(&self) -> bool {
        match self {
            Self::Everything => true,
            Self::Kinds { kinds } => kinds.iter().any(|kind| kind.collection().is_some()),
            Self::Chosen { collections, .. } => !collections.is_empty(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Everything => false,
            Self::Kinds { kinds } => kinds.is_empty(),
            Self::Chosen { items, collections } => items.is_empty() && collections.is_empty(),
        }
    }
}

/// Content that is to have another owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reassign {
    pub to: AccountId,
    pub selection: Selection,
}

/// What becomes of the content of an account that is deleted (R19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum ContentFate {
    Reassign {
        to: AccountId,
    },
    /// The applications are asked to erase it; calendars and address books go with the account.
    Erase,
}

/// What a decision does with the content of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentChange {
    Reassign(Reassign),
    Erase,
}

/// One act that gave content of one account to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reassignment {
    pub id: ReassignmentId,
    pub organisation: OrganisationId,
    pub from: AccountId,
    pub to: AccountId,
    pub selection: Selection,
    pub at: Timestamp,
    /// How many items of applications it moved.
    pub items: i64,
    /// The calendars and address books it moved; absent until they are moved.
    pub collections: Option<Vec<MovedCollection>>,
    pub undone_at: Option<Timestamp>,
}

/// A calendar or an address book that has another owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MovedCollection {
    /// Its name at the former owner's.
    pub name: String,
    /// What people see.
    pub display_name: String,
    /// Its name at the new owner's.
    pub destination: String,
    /// How many entries or cards it has there.
    pub items: u64,
    /// What the new owner might do with it before.
    pub shares_ended: Vec<Share>,
}

/// What became of one item of a reassignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoveState {
    Moved,
    /// The application would not; it is the former owner's again.
    Refused,
    /// Given back.
    Undone,
}

/// What is asked of an application when an account is deleted with its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Erasure {
    pub id: ErasureId,
    pub organisation: OrganisationId,
    /// Whose content it was.
    pub account: AccountId,
    pub asked_at: Timestamp,
    /// How many items there were.
    pub items: i64,
    /// How many the applications have not confirmed.
    pub open: i64,
}

/// Whether `actor` may give content of `from` to `to` now. `from` may be closed: what it owns is not lost with it.
///
/// # Errors
/// The refusal.
pub fn check_reassign(
    from: &Account,
    to: &Account,
    selection: &Selection,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Refusal> {
    if !actor.has_over(Power::EndAccounts, from) {
        return Err(Refusal::NotAllowed);
    }
    if selection.is_empty() {
        return Err(ContentFault::NothingChosen.into());
    }
    if matches!(selection, Selection::Chosen { items, .. } if items.len() > CHOSEN_MAX) {
        return Err(ContentFault::TooMany { count_max: CHOSEN_MAX }.into());
    }
    check_heir(from, to, now)
}

/// Whether content of `from` can become `to`'s.
///
/// # Errors
/// The refusal.
pub fn check_heir(from: &Account, to: &Account, now: Timestamp) -> Result<(), Refusal> {
    if from.organisation != to.organisation {
        return Err(ContentFault::OwnerUnknown { text: to.id.to_string() }.into());
    }
    if from.id == to.id {
        return Err(ContentFault::SameOwner { address: to.address.clone() }.into());
    }
    check_open(to, now)
}

/// Whoever nothing can be shared with is given nothing either.
fn check_open(to: &Account, now: Timestamp) -> Result<(), Refusal> {
    if allows(to, Act::BeSharedWith, now) {
        Ok(())
    } else {
        Err(ContentFault::OwnerClosed { address: to.address.clone() }.into())
    }
}

/// What an account owns, as far as its end is concerned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owned {
    /// Items of applications.
    pub items: u64,
    /// Calendars and address books with something in them.
    pub collections: u64,
}

/// Nobody's content is lost by not being thought of: who deletes an account that owns some says what becomes of it.
///
/// # Errors
/// [`ContentFault::FateMissing`], or why the heir cannot have it.
pub fn check_fate(
    account: &Account,
    fate: Option<ContentFate>,
    owned: &Owned,
    heir: Option<&Account>,
    now: Timestamp,
) -> Result<Option<ContentChange>, Refusal> {
    match fate {
        None if owned.items == 0 && owned.collections == 0 => Ok(None),
        None => Err(ContentFault::FateMissing { items: owned.items, collections: owned.collections }.into()),
        Some(ContentFate::Erase) => Ok((owned.items > 0).then_some(ContentChange::Erase)),
        Some(ContentFate::Reassign { to }) => {
            let reassign = Reassign { to, selection: Selection::Everything };
            check_given(account, Some(reassign), heir, now)
        }
    }
}

/// What a command that also gives content away changes; `heir` is the account it names, if there is one.
///
/// # Errors
/// Why the heir cannot have it.
pub fn check_given(
    account: &Account,
    reassign: Option<Reassign>,
    heir: Option<&Account>,
    now: Timestamp,
) -> Result<Option<ContentChange>, Refusal> {
    let Some(reassign) = reassign else { return Ok(None) };
    let heir = heir.ok_or_else(|| ContentFault::OwnerUnknown { text: reassign.to.to_string() })?;
    if reassign.selection.is_empty() {
        return Err(ContentFault::NothingChosen.into());
    }
    check_heir(account, heir, now)?;
    Ok(Some(ContentChange::Reassign(reassign)))
}
