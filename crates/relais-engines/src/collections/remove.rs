//! Removing an account's collections, and copies that were put beside them.

use super::Collections;
use super::storage::{Access, directories, items, read_if_there};
use crate::durable::{at, rename_if_there, sync_dir};
use relais_core::ids::AccountId;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;

/// What a removal removed, in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RemovedCollections)]
pub struct Removed {
    pub collections: u64,
    pub items: u64,
}

impl Collections {
    /// Removes an account's home for good, with what was kept to take back what it handed over. Links in it go;
    /// what they lead to stays.
    ///
    /// # Errors
    /// When files cannot be moved or removed. Run it again.
    pub fn remove(&self, account: AccountId) -> io::Result<Removed> {
        let removing = self.own("removing").join(account.to_string());
        let mut removed = Removed::default();
        // Twice: first what an earlier run left, then the home itself.
        finish(&removing, &mut removed)?;
        let moved = {
            let _lock = self.lock(Access::Exclusive)?;
            rename_if_there(&self.home(account), &removing)?
        };
        if moved {
            sync_dir(&self.own("removing"))?;
            sync_dir(&self.homes())?;
            finish(&removing, &mut removed)?;
        }
        remove_tree(&self.own("handed-over").join(account.to_string()))?;
        Ok(removed)
    }

    /// Takes an item out of a collection that was made for copies, and with the last one the collection.
    /// `Ok(false)` for one that is gone, or that somebody changed since it was `bytes`: it stays.
    ///
    /// # Errors
    /// When files cannot be read or removed. Run it again.
    pub fn take_out(
        &self,
        account: AccountId,
        collection: &str,
        item: &str,
        bytes: &[u8],
    ) -> io::Result<bool> {
        let dir = self.collection_dir(account, collection)?;
        let path = self.item_path(account, collection, item)?;
        let _lock = self.lock(Access::Exclusive)?;
        let is_same = read_if_there(&path)?.as_deref() == Some(bytes);
        if is_same {
            fs::remove_file(&path).map_err(|error| at("remove", &path, &error))?;
            sync_dir(&dir)?;
        }
        if dir.is_dir() && items(&dir)?.is_empty() {
            remove_tree(&dir)?;
        }
        Ok(is_same)
    }
}

fn finish(removing: &Path, removed: &mut Removed) -> io::Result<()> {
    for name in directories(removing)? {
        removed.collections += 1;
        removed.items += items(&removing.join(name))?.len() as u64;
    }
    remove_tree(removing)
}

/// Removes a directory and what it holds, durably; one that is gone is fine.
pub(super) fn remove_tree(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at("remove", dir, &error)),
        Ok(()) => dir.parent().map_or(Ok(()), sync_dir),
    }
}
