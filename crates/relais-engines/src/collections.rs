//! Calendars and address books on disk: the files that Radicale serves.
//!
//! Radicale may be running: changes are made under its lock, and files come whole, by rename, so that it and its
//! clients' sync tokens see them as changes of its own. What a client wrote is kept as it is, byte for byte.
//! Everything here may be repeated after it was killed at any instant. Blocking; callers in async code use
//! `spawn_blocking`. Nothing here knows why collections move.
//!
//! ```text
//! .Radicale.lock                                     Radicale's lock of the whole storage
//! collection-root/<account>/<collection>/            .Radicale.props, one file per item, .Radicale.cache
//! collection-root/<account>/ro-…, rw-…               links to collections of others: never followed
//! relais/staging/                                    files being written; emptied at start
//! relais/removing/                                   collections being removed
//! relais/aside/<account>/<collection>/               personal items of accounts that were removed
//! relais/handed-over/<from>/<to>/<collection>/       items as they were when they were handed over
//! ```

mod entry;
mod export;
mod hand_over;
mod lines;
mod meetings;
mod occurrences;
mod remove;
mod restore;
mod scan;
mod scheduling;
mod storage;
mod take_back;

#[cfg(test)]
mod editing_tests;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod hand_over_tests;
#[cfg(test)]
mod item_tests;
#[cfg(test)]
mod meeting_tests;
#[cfg(test)]
mod radicale_tests;
#[cfg(test)]
mod restore_tests;

pub use entry::Broken;
pub use export::{Export, export};
pub use hand_over::{HandedCollection, HandedOver};
pub use meetings::Meeting;
pub use remove::Removed;
pub use restore::{Place, Restored, Run};
pub use scan::Scan;
pub use scheduling::{NotScheduled, Party, Scheduled, cancel, transfer};
pub use take_back::TakenBack;

use crate::durable::{at, create_dir, sync_dir};
use crate::message::PersonalMarks;
pub use relais_core::collection::CollectionKind as Kind;

use relais_core::ids::AccountId;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use storage::Access;

/// All collections of an instance: Radicale's storage folder, on one file system. One process of ours opens it at
/// a time.
#[derive(Debug)]
pub struct Collections {
    root: PathBuf,
    numbers: AtomicU64,
}

/// A calendar or an address book of an account's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Collection {
    /// Its directory, and the last part of its URL.
    pub name: String,
    pub kind: Kind,
    /// What its owner calls it; its name if they do not call it anything.
    pub display_name: String,
    pub items: u64,
    /// Items that are marked personal; all of them where the collection is.
    pub personal_items: u64,
    /// Whether what its owner calls it is a mark: see [`PersonalMarks`].
    pub personal: bool,
}

impl Collection {
    /// Whether others may see all that is in it.
    #[must_use]
    pub fn may_be_shared(&self) -> bool {
        !self.personal && self.personal_items == 0
    }
}

/// One file of a collection, with the client's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// An item that cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BrokenItem {
    pub name: String,
    pub reason: Broken,
}

/// What Radicale keeps of a collection in `.Radicale.props`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Properties(serde_json::Map<String, serde_json::Value>);

impl Properties {
    /// Reads the file; `None` if it is none of Radicale's.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// `None` for a plain folder.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        match self.0.get("tag")?.as_str()? {
            "VCALENDAR" => Some(Kind::Calendar),
            "VADDRESSBOOK" => Some(Kind::AddressBook),
            _ => None,
        }
    }

    /// What its owner calls the collection.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.0.get("D:displayname")?.as_str().map(str::trim).filter(|name| !name.is_empty())
    }

    /// The same collection by another name.
    #[must_use]
    pub fn called(&self, display_name: &str) -> Self {
        let mut properties = self.clone();
        properties.0.insert("D:displayname".to_owned(), display_name.into());
        properties
    }

    fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).expect("a JSON object is serialised")
    }
}

/// Whether what somebody calls their collection marks it as personal.
#[must_use]
pub fn is_personal_name(display_name: &str, marks: &PersonalMarks) -> bool {
    marks.mark_folder(display_name) || marks.mark_subject(display_name)
}

impl Collections {
    /// Opens Radicale's storage folder, creates what is missing, and removes what an earlier process was writing.
    ///
    /// # Errors
    /// When the directory cannot be created or written.
    pub fn open(root: PathBuf) -> io::Result<Self> {
        let collections = Self { root, numbers: AtomicU64::new(0) };
        for dir in [
            collections.homes(),
            collections.own("staging"),
            collections.own("removing"),
            collections.own("handed-over"),
            collections.own("aside"),
        ] {
            create_dir(&dir)?;
        }
        sync_dir(&collections.root.join("relais"))?;
        sync_dir(&collections.root)?;
        storage::empty(&collections.own("staging"))?;
        Ok(collections)
    }

    /// Whether an account has collections, or had them.
    #[must_use]
    pub fn exists(&self, account: AccountId) -> bool {
        self.home(account).is_dir()
    }

    /// An account's own calendars and address books, by name. None for an account without a home.
    ///
    /// # Errors
    /// When files cannot be read.
    pub fn list(&self, account: AccountId, marks: &PersonalMarks) -> io::Result<Vec<Collection>> {
        if !self.exists(account) {
            // Not even the lock's file is made to look at nothing: the disk may be full.
            return Ok(Vec::new());
        }
        let _lock = self.lock(Access::Shared)?;
        self.list_locked(account, marks)
    }

    fn list_locked(&self, account: AccountId, marks: &PersonalMarks) -> io::Result<Vec<Collection>> {
        let mut list = Vec::new();
        for name in storage::directories(&self.home(account))? {
            let dir = self.collection_dir(account, &name)?;
            let Some((properties, kind)) = storage::read_properties(&dir)? else { continue };
            let display_name = properties.display_name().unwrap_or(&name).to_owned();
            let personal = is_personal_name(&display_name, marks);
            let (mut items, mut personal_items) = (0, 0);
            for item in storage::items(&dir)? {
                let Some(bytes) = storage::read_if_there(&dir.join(item))? else { continue };
                items += 1;
                personal_items += u64::from(personal || entry::is_personal(&bytes, marks));
            }
            list.push(Collection { name, kind, display_name, items, personal_items, personal });
        }
        Ok(list)
    }

    /// The properties and items of a collection as they are on disk; `None` if there is none of that name.
    ///
    /// # Errors
    /// When files cannot be read.
    pub fn read(&self, account: AccountId, collection: &str) -> io::Result<Option<(Properties, Vec<Item>)>> {
        let _lock = self.lock(Access::Shared)?;
        let dir = self.collection_dir(account, collection)?;
        let Some((properties, _)) = storage::read_properties(&dir)? else { return Ok(None) };
        let mut items = Vec::new();
        for name in storage::items(&dir)? {
            let path = dir.join(&name);
            let bytes = fs::read(&path).map_err(|error| at("read", &path, &error))?;
            items.push(Item { name, bytes });
        }
        Ok(Some((properties, items)))
    }

    /// The bytes of an item; `None` if there is none of that name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_item(&self, account: AccountId, collection: &str, item: &str) -> io::Result<Option<Vec<u8>>> {
        let _lock = self.lock(Access::Shared)?;
        storage::read_if_there(&self.item_path(account, collection, item)?)
    }

    /// Writes an item anew, durably, unless somebody changed it since it was `before`: then `Ok(false)` and
    /// nothing happens.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn replace(
        &self,
        account: AccountId,
        collection: &str,
        item: &str,
        before: &[u8],
        after: &[u8],
    ) -> io::Result<bool> {
        let path = self.item_path(account, collection, item)?;
        let staged = self.stage(item, after)?;
        let _lock = self.lock(Access::Exclusive)?;
        let current = storage::read_if_there(&path)?;
        if current.as_deref() == Some(after) {
            return Ok(true);
        }
        if current.as_deref() != Some(before) {
            return Ok(false);
        }
        // A change of ours is none of the successor's: undoing the hand-over brings it back, too.
        if let Some(kept) = self.kept_twin(account, collection, item)?
            && storage::read_if_there(&kept)?.as_deref() == Some(before)
        {
            self.stage(item, after)?.rename_to(&kept)?;
            kept.parent().map_or(Ok(()), sync_dir)?;
        }
        staged.rename_to(&path)?;
        path.parent().map_or(Ok(()), sync_dir)?;
        Ok(true)
    }

    fn homes(&self) -> PathBuf {
        self.root.join("collection-root")
    }

    fn home(&self, account: AccountId) -> PathBuf {
        self.homes().join(account.to_string())
    }

    /// A directory of ours, which Radicale does not know.
    fn own(&self, name: &str) -> PathBuf {
        self.root.join("relais").join(name)
    }

    fn collection_dir(&self, account: AccountId, collection: &str) -> io::Result<PathBuf> {
        let dir = self.home(account).join(storage::safe(collection)?);
        // A link leads to somebody else's.
        if dir.is_symlink() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a collection of the account's own"));
        }
        Ok(dir)
    }

    fn item_path(&self, account: AccountId, collection: &str, item: &str) -> io::Result<PathBuf> {
        Ok(self.collection_dir(account, collection)?.join(storage::safe(item)?))
    }
}
