//! Reading back what was stored.

use rustic_core::repofile::{BlobType, IndexFile, NodeType, Tree};
use rustic_core::{DataId, FileType, Id, IndexedFullStatus, TreeId};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::thread;

use super::error::RepositoryError;
use super::rustic::Opened;
use super::{Inner, Repository, SnapshotId};

/// What a verification has found right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// In the snapshot.
    pub files: u64,
    pub bytes: u64,
    /// Read back now, with what was read for the trees left aside.
    pub bytes_read: u64,
}

/// The packs of a repository as they were found, for verifying one snapshot after another: listed at first, and again for
/// a snapshot that has others.
#[derive(Debug, Default)]
pub struct Packs {
    found: HashMap<Id, u64>,
    /// What each has to be long, by the index.
    sizes: HashMap<Id, u64>,
}

/// More than there are processors: where the repository is far away, reading is waiting.
const READERS: usize = 4;

impl Repository {
    /// Reads back every part of the snapshot that `known_good` does not have, and compares its SHA-256 with its id; all
    /// of it when there is no `known_good`. Of the rest it asks whether the packs are there, and as long as they were.
    ///
    /// # Errors
    /// When something is missing or is not what was stored, with what it is.
    pub fn verify(
        &self,
        snapshot: &SnapshotId,
        known_good: Option<&SnapshotId>,
    ) -> Result<Verified, RepositoryError> {
        self.verify_among(snapshot, known_good, &mut Packs::default())
    }

    /// As [`Repository::verify`], one of many: packs that are in `listed` are not asked for again.
    ///
    /// # Errors
    /// As [`Repository::verify`].
    pub fn verify_among(
        &self,
        snapshot: &SnapshotId,
        known_good: Option<&SnapshotId>,
        listed: &mut Packs,
    ) -> Result<Verified, RepositoryError> {
        let known = match known_good {
            Some(known_good) => match self.inner.reading(known_good, |opened, top| Contents::of(opened, top))
            {
                // What can no longer be told of it is read back, like all that is new.
                Err(RepositoryError::Damaged { .. } | RepositoryError::NoSnapshot(_)) => Contents::default(),
                known => known?,
            },
            None => Contents::default(),
        };
        self.inner.reading(snapshot, |opened, top| {
            let contents = Contents::of(opened, top)?;
            let mut packs = BTreeSet::new();
            let mut to_read: BTreeMap<(Id, u32), DataId> = BTreeMap::new();
            for id in &contents.data {
                let place = opened.ask(|repository| repository.get_index_entry(id))?;
                packs.insert(*place.pack);
                if !known.data.contains(id) {
                    to_read.insert((*place.pack, place.location.offset), *id);
                }
            }
            for id in &contents.trees {
                packs.insert(*opened.ask(|repository| repository.get_index_entry(id))?.pack);
            }
            listed.check(opened, &packs)?;
            let to_read: Vec<DataId> = to_read.into_values().collect();
            let bytes_read = read_back(opened, &to_read)?;
            Ok(Verified { files: contents.files, bytes: contents.bytes, bytes_read })
        })
    }
}

impl Inner {
    /// The top tree of a snapshot all of whose trees can be read.
    pub fn top_if_whole(&self, snapshot: &SnapshotId) -> Result<TreeId, RepositoryError> {
        self.reading(snapshot, |opened, top| Contents::of(opened, top).map(|_| *top))
    }
}

/// What a snapshot refers to.
#[derive(Default)]
struct Contents {
    trees: HashSet<TreeId>,
    data: HashSet<DataId>,
    files: u64,
    bytes: u64,
}

impl Contents {
    fn of(opened: &Opened<IndexedFullStatus>, top: &TreeId) -> Result<Contents, RepositoryError> {
        let mut contents = Contents::default();
        contents.walk(opened, top)?;
        Ok(contents)
    }

    /// Reading a tree is checking it.
    fn walk(&mut self, opened: &Opened<IndexedFullStatus>, top: &TreeId) -> Result<(), RepositoryError> {
        self.trees.insert(*top);
        let damaged = |what: String| RepositoryError::Damaged { what: format!("the tree {top} {what}") };
        let json = opened.blob(BlobType::Tree, top)?;
        if !is_named(&json, top) {
            return Err(damaged("holds other bytes than were written".to_owned()));
        }
        let tree: Tree =
            serde_json::from_slice(&json).map_err(|error| damaged(format!("cannot be read: {error}")))?;
        for node in &tree.nodes {
            let lacks = || damaged(format!("does not say what is in {}", node.name));
            match node.node_type {
                NodeType::File => {
                    self.files += 1;
                    self.bytes += node.meta.size;
                    self.data.extend(node.content.as_ref().ok_or_else(lacks)?.iter().copied());
                }
                NodeType::Dir => self.walk(opened, &node.subtree.ok_or_else(lacks)?)?,
                NodeType::Symlink { .. }
                | NodeType::Dev { .. }
                | NodeType::Chardev { .. }
                | NodeType::Fifo
                | NodeType::Socket => {}
            }
        }
        Ok(())
    }
}

fn is_named(bytes: &[u8], id: &Id) -> bool {
    Id::new(Sha256::digest(bytes).into()) == *id
}

impl Packs {
    /// Whether the packs are there, with the sizes that the index says.
    fn check(
        &mut self,
        opened: &Opened<IndexedFullStatus>,
        packs: &BTreeSet<Id>,
    ) -> Result<(), RepositoryError> {
        if self.have(packs).is_ok() {
            return Ok(());
        }
        self.sizes = opened.pack_sizes()?;
        self.found = opened.listed(FileType::Pack)?.into_iter().collect();
        self.have(packs).map_err(|what| RepositoryError::Damaged { what })
    }

    fn have(&self, packs: &BTreeSet<Id>) -> Result<(), String> {
        for id in packs {
            let name = id.to_hex();
            return Err(match (self.found.get(id), self.sizes.get(id)) {
                (Some(found), Some(size)) if found == size => continue,
                (Some(found), Some(size)) => format!("pack {} has {found} bytes, not {size}", name.as_str()),
                (None, _) => format!("pack {} is missing", name.as_str()),
                (Some(_), None) => format!("no index knows pack {}", name.as_str()),
            });
        }
        Ok(())
    }
}

fn read_back(opened: &Opened<IndexedFullStatus>, ids: &[DataId]) -> Result<u64, RepositoryError> {
    let read = |part: &[DataId]| {
        part.iter().try_fold(0, |total, id| {
            let bytes = opened.blob(BlobType::Data, id)?;
            if is_named(&bytes, id) {
                return Ok(total + bytes.len() as u64);
            }
            Err(RepositoryError::Damaged {
                what: format!("the part {id} holds other bytes than were written"),
            })
        })
    };
    let share = ids.len().div_ceil(READERS).max(1);
    thread::scope(|scope| {
        let readers: Vec<_> = ids.chunks(share).map(|part| scope.spawn(move || read(part))).collect();
        let joined = readers
            .into_iter()
            .map(|reader| reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.sum()
    })
}

impl Opened<IndexedFullStatus> {
    /// What each pack has to be long, by the index.
    fn pack_sizes(&self) -> Result<HashMap<Id, u64>, RepositoryError> {
        self.ask(|repository| {
            let mut sizes = HashMap::new();
            for file in repository.stream_files::<IndexFile>()? {
                let (_, file) = file?;
                let packs = file.packs.iter().chain(&file.packs_to_delete);
                sizes.extend(packs.map(|pack| (*pack.id, u64::from(pack.pack_size()))));
            }
            Ok(sizes)
        })
    }
}
