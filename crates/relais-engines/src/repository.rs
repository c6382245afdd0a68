//! Backup repositories in restic's format.
//!
//! A snapshot is a tree of files that somebody else describes: nothing here knows a mailbox or a calendar. rustic writes
//! and reads it; [restic](https://restic.net) reads, checks and restores it as well.

mod error;
mod local;
mod location;
mod read;
mod rustic;
mod s3;
mod storage;
mod store;
mod upkeep;
mod verify;

pub use error::RepositoryError;
pub use location::{Bucket, Credentials, Location, LocationError};
pub use read::{Entry, EntryKind, FileReader, StoredFile};
pub use store::{Progress, Stored};
pub use upkeep::{Damage, Pruned, ReadData};
pub use verify::{Packs, Verified};

use jiff::Timestamp;
use rustic_core::repofile::{MasterKey, SnapshotFile};
use rustic_core::{FileType, Id, IndexedFullStatus, OpenStatus, TreeId};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rustic::Opened;
use storage::Storage;

/// One file of a snapshot to be made.
#[derive(Clone)]
pub struct File {
    /// Where it lies in the snapshot: names joined by `/`, without one at the beginning.
    pub path: String,
    pub size_bytes: u64,
    /// With the path and the size it tells a file that is known from one that has to be read.
    pub modified: Timestamp,
    pub content: Arc<dyn Content>,
}

/// Bytes that are read when their turn comes.
pub trait Content: Send + Sync {
    /// # Errors
    /// When they cannot be read; [`io::ErrorKind::NotFound`] when they are gone by now.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;
}

impl Content for Arc<[u8]> {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.clone())))
    }
}

impl Content for PathBuf {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(fs::File::open(self)?))
    }
}

/// What a snapshot says of itself. restic shows the organisation as host, and `/holder` as path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub organisation: String,
    pub holder: String,
    pub tags: Vec<String>,
    pub time: Timestamp,
}

impl Label {
    fn of(snapshot: &SnapshotFile) -> Label {
        let holder = match snapshot.label.as_str() {
            // restic and other programs give no label.
            "" => snapshot.paths.to_string().trim_start_matches('/').to_owned(),
            label => label.to_owned(),
        };
        Label {
            organisation: snapshot.hostname.clone(),
            holder,
            tags: snapshot.tags.iter().cloned().collect(),
            time: snapshot.time.timestamp(),
        }
    }
}

/// One state of one holder, for ever. 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SnapshotId(Id);

impl fmt::Display for SnapshotId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.to_hex().as_str())
    }
}

impl fmt::Debug for SnapshotId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a snapshot's id has 64 hexadecimal digits")]
pub struct BadSnapshotId;

impl FromStr for SnapshotId {
    type Err = BadSnapshotId;

    fn from_str(text: &str) -> Result<SnapshotId, BadSnapshotId> {
        text.parse().map(SnapshotId).map_err(|_| BadSnapshotId)
    }
}

/// A repository with its key and its index in memory. Opening it takes half a second, since keys are made costly to
/// guess; so one is kept open, and used from as many threads as there are.
pub struct Repository {
    inner: Arc<Inner>,
}

struct Inner {
    storage: Arc<dyn Storage>,
    master_key: MasterKey,
    /// `None` until it is wanted. rustic cannot add to an index that it has read: what was stored since is unknown to
    /// it until all of it is read again.
    index: Mutex<Option<Index>>,
    /// For documents that need no index.
    for_snapshots: Mutex<Opened<OpenStatus>>,
    /// Snapshots never change.
    snapshots: Mutex<HashMap<Id, Arc<SnapshotFile>>>,
}

struct Index {
    opened: Arc<Opened<IndexedFullStatus>>,
    /// The index files that it was read from.
    files: HashSet<Id>,
}

impl Index {
    fn knows(&self, tree: &TreeId) -> bool {
        self.opened.repository.get_index_entry(tree).is_ok()
    }
}

impl Repository {
    /// Makes a repository, or opens the one that is there. May be repeated after a crash at any instant.
    ///
    /// # Errors
    /// When the one that is there has another key, or nothing can be made there.
    pub fn create(location: &Location, key: &str) -> Result<Repository, RepositoryError> {
        let storage = storage_of(location)?;
        match Repository::open_in(storage.clone(), key) {
            Err(RepositoryError::Absent { .. }) => {}
            other => return other,
        }
        let name = storage.location();
        storage.create().map_err(|fault| fault.at(&name))?;
        for kind in [FileType::Snapshot, FileType::Index, FileType::Pack] {
            if !storage.list(kind).map_err(|fault| fault.at(&name))?.is_empty() {
                let what = format!("{name} holds backups, but its config is missing");
                return Err(RepositoryError::Damaged { what });
            }
        }
        // A key without a config was made by a creation that did not come to its end, and opens nothing.
        for (id, _) in storage.list(FileType::Key).map_err(|fault| fault.at(&name))? {
            storage.remove(FileType::Key, &id).map_err(|fault| fault.about(&name, FileType::Key, &id))?;
        }
        Ok(Repository::with(storage.clone(), rustic::create(&storage, key)?))
    }

    /// # Errors
    /// When there is none, or it has another key, or cannot be read.
    pub fn open(location: &Location, key: &str) -> Result<Repository, RepositoryError> {
        Repository::open_in(storage_of(location)?, key)
    }

    fn open_in(storage: Arc<dyn Storage>, key: &str) -> Result<Repository, RepositoryError> {
        let opened = rustic::open(&storage, key)?;
        Ok(Repository::with(storage, opened))
    }

    fn with(storage: Arc<dyn Storage>, opened: Opened<OpenStatus>) -> Repository {
        let inner = Inner {
            storage,
            master_key: opened.repository.key(),
            index: Mutex::default(),
            for_snapshots: Mutex::new(opened),
            snapshots: Mutex::default(),
        };
        Repository { inner: Arc::new(inner) }
    }

    /// Every snapshot, the oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn snapshots(&self) -> Result<Vec<(SnapshotId, Label)>, RepositoryError> {
        let mut snapshots = Vec::new();
        for id in self.inner.ids(FileType::Snapshot)? {
            let id = SnapshotId(id);
            match self.inner.snapshot(&id) {
                Ok(snapshot) => snapshots.push((id, Label::of(&snapshot))),
                // Forgotten since it was listed.
                Err(RepositoryError::NoSnapshot(_)) => {}
                Err(error) => return Err(error),
            }
        }
        snapshots.sort_by_key(|(id, label)| (label.time, *id));
        Ok(snapshots)
    }
}

fn storage_of(location: &Location) -> Result<Arc<dyn Storage>, RepositoryError> {
    Ok(match location {
        Location::Directory(path) => Arc::new(local::Directory::new(path.clone())),
        Location::Bucket(bucket) => {
            let name = location.to_string();
            Arc::new(s3::Store::new(name.clone(), bucket).map_err(|fault| fault.at(&name))?)
        }
    })
}

impl Inner {
    fn ids(&self, kind: FileType) -> Result<Vec<Id>, RepositoryError> {
        let listed = self.storage.list(kind).map_err(|fault| fault.at(&self.storage.location()))?;
        Ok(listed.into_iter().map(|(id, _)| id).collect())
    }

    fn read_index(&self) -> Result<Index, RepositoryError> {
        // Listed first: what comes while it is read is not taken for known.
        let files = self.ids(FileType::Index)?.into_iter().collect();
        let opened = rustic::indexed(rustic::open_again(&self.storage, &self.master_key)?)?;
        Ok(Index { opened: Arc::new(opened), files })
    }

    /// The index as it was read last, or as `is_old` wants it read again.
    fn index(
        &self,
        is_old: impl FnOnce(&Index) -> Result<bool, RepositoryError>,
    ) -> Result<Arc<Opened<IndexedFullStatus>>, RepositoryError> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let current = match index.take() {
            Some(current) if !is_old(&current)? => current,
            Some(_) | None => self.read_index()?,
        };
        let opened = current.opened.clone();
        *index = Some(current);
        Ok(opened)
    }

    /// An index that knows the parent, and nothing of what a prune has taken away. That it lacks what else was stored
    /// since it was read costs room where the same is stored again, and nothing else.
    fn for_storing(
        &self,
        parent: Option<&SnapshotId>,
    ) -> Result<Arc<Opened<IndexedFullStatus>>, RepositoryError> {
        let parent = match parent.map(|parent| self.snapshot(parent)) {
            Some(Ok(parent)) => Some(parent.tree),
            // It only saves reading.
            None | Some(Err(RepositoryError::NoSnapshot(_) | RepositoryError::Damaged { .. })) => None,
            Some(Err(error)) => return Err(error),
        };
        self.index(|index| {
            let listed: HashSet<Id> = self.ids(FileType::Index)?.into_iter().collect();
            Ok(!index.files.is_subset(&listed) || parent.is_some_and(|parent| !index.knows(&parent)))
        })
    }

    /// Lets go of the index: the next who wants it reads it again.
    fn forget_index(&self) {
        *self.index.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Does something with the top tree of a snapshot. Once more with an index that is new, where the one in memory
    /// does not fit: somebody has stored or pruned.
    fn reading<T>(
        &self,
        snapshot: &SnapshotId,
        mut work: impl FnMut(&Arc<Opened<IndexedFullStatus>>, &TreeId) -> Result<T, RepositoryError>,
    ) -> Result<T, RepositoryError> {
        let tree = self.snapshot(snapshot)?.tree;
        let used = self.index(|index| Ok(!index.knows(&tree)))?;
        match work(&used, &tree) {
            Err(RepositoryError::Damaged { .. }) => {
                let anew = self.index(|index| Ok(Arc::ptr_eq(&index.opened, &used)))?;
                work(&anew, &tree)
            }
            other => other,
        }
    }

    fn snapshot(&self, id: &SnapshotId) -> Result<Arc<SnapshotFile>, RepositoryError> {
        let cached = || self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cached().get(&id.0) {
            return Ok(known.clone());
        }
        let reading = self.for_snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = Arc::new(reading.ask(|repository| repository.get_file::<SnapshotFile>(&id.0.into()))?);
        cached().insert(id.0, snapshot.clone());
        Ok(snapshot)
    }

    fn forget_cached(&self, id: &SnapshotId) {
        self.snapshots.lock().unwrap_or_else(PoisonError::into_inner).remove(&id.0);
    }
}
