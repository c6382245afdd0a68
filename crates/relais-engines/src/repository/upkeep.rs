//! Forgetting snapshots, pruning what nobody refers to any more, and checking all of a repository.

use rustic_core::{CheckOptions, FileType, PruneOptions};
use std::collections::HashSet;

use super::error::RepositoryError;
use super::{Repository, SnapshotId, rustic};

/// How much a check reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadData {
    /// The index, the trees, and whether each pack is there and has the right size.
    No,
    /// Every byte as well.
    Yes,
}

/// Something that is not as it should be, in rustic's words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Damage {
    pub what: String,
}

/// What a prune has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Removed: marked by an earlier prune, 23 hours ago or more.
    pub bytes_removed: u64,
    /// No longer used; a later prune removes it, if nothing refers to it by then.
    pub bytes_marked: u64,
    /// Written anew, out of packs of which only a part is still used.
    pub bytes_rewritten: u64,
}

impl Repository {
    /// Lets go of snapshots. Those that are gone already are fine.
    ///
    /// # Errors
    /// When the repository cannot be written.
    pub fn forget(&self, snapshots: &[SnapshotId]) -> Result<(), RepositoryError> {
        let storage = &self.inner.storage;
        for snapshot in snapshots {
            let removed = storage.remove(FileType::Snapshot, &snapshot.0);
            removed.map_err(|fault| fault.about(&storage.location(), FileType::Snapshot, &snapshot.0))?;
            self.inner.forget_cached(snapshot);
        }
        storage.settle().map_err(|fault| fault.at(&storage.location()))
    }

    /// Makes room. What nothing refers to is marked first and removed by a prune that comes 23 hours later or more, so
    /// that a backup which builds on it meanwhile loses nothing. May be killed at any instant and done again. Not two
    /// at a time.
    ///
    /// # Errors
    /// When the repository cannot be read or written, or is damaged: then nothing is removed.
    pub fn prune(&self) -> Result<Pruned, RepositoryError> {
        let storage = &self.inner.storage;
        storage.sweep().map_err(|fault| fault.at(&storage.location()))?;
        let opened = rustic::open_again(storage, &self.inner.master_key)?;
        let options = PruneOptions::default();
        let plan = opened.ask(|repository| repository.prune_plan(&options))?;
        let sizes = plan.stats.size_sum();
        let pruned = Pruned {
            bytes_removed: plan.stats.size_to_delete.remove,
            bytes_marked: sizes.remove + sizes.repack + plan.stats.size_unref,
            bytes_rewritten: sizes.repack - sizes.repackrm,
        };
        let done = opened.ask(|repository| repository.prune(&options, plan));
        // Whether it came to its end or not, the index may be another one.
        self.inner.forget_index();
        done?;
        // What rustic only warned about.
        opened.through.trouble().map_or(Ok(pruned), Err)
    }

    /// Everything that is wrong, or nothing.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn check(&self, read_data: ReadData) -> Result<Vec<Damage>, RepositoryError> {
        // Another index than the one in memory: it is to be checked as well.
        self.inner.forget_index();
        let mut found = Vec::new();
        let mut trees = Vec::new();
        for id in self.inner.ids(FileType::Snapshot)? {
            // rustic's check breaks off where a tree is missing: it gets those that can be walked.
            match self.inner.top_if_whole(&SnapshotId(id)) {
                Ok(tree) => trees.push(tree),
                Err(RepositoryError::Damaged { what }) => found.push(Damage { what }),
                Err(RepositoryError::NoSnapshot(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let opened = rustic::open_again(&self.inner.storage, &self.inner.master_key)?;
        let mut options = CheckOptions::default();
        options.read_data = read_data == ReadData::Yes;
        let results = match opened.ask(|repository| repository.check_with_trees(options, trees)) {
            Ok(results) => results,
            // So damaged that a check does not get through.
            Err(RepositoryError::Damaged { what }) => {
                found.push(Damage { what });
                return Ok(found);
            }
            Err(error) => return Err(error),
        };
        // Each finding says what was missing; what could not be reached is none.
        opened.through.drop_damage();
        if let Some(error) = opened.through.trouble() {
            return Err(error);
        }
        let mut said = HashSet::new();
        // The type of the level has no public name. What is no error is what an interrupted backup leaves.
        let errors = results.0.into_iter().filter(|(level, _)| format!("{level:?}") == "Error");
        found.extend(errors.map(|(_, error)| Damage { what: error.to_string() }));
        found.retain(|damage| said.insert(damage.what.clone()));
        Ok(found)
    }
}
