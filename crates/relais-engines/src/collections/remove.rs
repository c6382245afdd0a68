//! Removing an account's collections, and copies that were put beside them.

use super::storage::{Access, PROPERTIES, directories, items, read_if_there};
use super::{Collections, Properties, entry, is_personal_name};
use crate::durable::{at, create_dir, rename_if_there, replace_file, sync_dir};
use crate::message::PersonalMarks;
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
    /// Of these, the ones that are personal: they are set aside.
    pub personal_kept: u64,
}

impl Collections {
    /// Removes an account's home for good, with what was kept to take back what it handed over. Links in it go;
    /// what they lead to stays. Personal items are kept below `aside/`, as messages are.
    ///
    /// # Errors
    /// When files cannot be moved or removed. Run it again.
    pub fn remove(&self, account: AccountId, marks: &PersonalMarks) -> io::Result<Removed> {
        let removing = self.own("removing").join(account.to_string());
        let aside = self.own("aside").join(account.to_string());
        let mut removed = Removed::default();
        // Twice: first what an earlier run left, then the home itself.
        finish(&removing, &aside, marks, &mut removed)?;
        let moved = {
            let _lock = self.lock(Access::Exclusive)?;
            rename_if_there(&self.home(account), &removing)?
        };
        if moved {
            sync_dir(&self.own("removing"))?;
            sync_dir(&self.homes())?;
            finish(&removing, &aside, marks, &mut removed)?;
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

fn finish(removing: &Path, aside: &Path, marks: &PersonalMarks, removed: &mut Removed) -> io::Result<()> {
    for name in directories(removing)? {
        let collection = removing.join(&name);
        removed.collections += 1;
        removed.items += items(&collection)?.len() as u64;
        removed.personal_kept += keep_personal(&collection, &name, &aside.join(&name), marks)?;
    }
    remove_tree(removing)
}

/// Moves the personal items of a collection to `aside`, with what Radicale needs to serve them again.
fn keep_personal(collection: &Path, name: &str, aside: &Path, marks: &PersonalMarks) -> io::Result<u64> {
    let properties = read_if_there(&collection.join(PROPERTIES))?;
    let read = properties.as_deref().and_then(Properties::read);
    let title = read.as_ref().and_then(Properties::display_name).unwrap_or(name);
    let whole = is_personal_name(title, marks);
    let mut kept = 0;
    for item in items(collection)? {
        let path = collection.join(&item);
        let is_personal =
            whole || read_if_there(&path)?.is_some_and(|bytes| entry::is_personal(&bytes, marks));
        if !is_personal {
            continue;
        }
        if kept == 0 {
            create_dir(aside)?;
            if let Some(properties) = &properties {
                replace_file(&aside.join(PROPERTIES), properties)?;
            }
        }
        rename_if_there(&path, &aside.join(&item))?;
        kept += 1;
    }
    if kept > 0 {
        // Its own entry, the account's and that one's.
        aside.ancestors().take(3).try_for_each(sync_dir)?;
    }
    Ok(kept)
}

/// Removes a directory and what it holds, durably; one that is gone is fine.
pub(super) fn remove_tree(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at("remove", dir, &error)),
        Ok(()) => dir.parent().map_or(Ok(()), sync_dir),
    }
}
