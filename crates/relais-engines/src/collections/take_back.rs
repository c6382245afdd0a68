//! Undoing a hand-over of collections.

use super::hand_over::is_same;
use super::remove::remove_tree;
use super::restore::derived_name;
use super::storage::{Access, directories, items, read_properties};
use super::{Collections, Kind};
use crate::durable::{at, remove_file, sync_dir};
use relais_core::ids::AccountId;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;

/// What was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CollectionsTakenBack)]
pub struct TakenBack {
    /// Items that the leaver has again, as they were handed over.
    pub items: u64,
    /// Items that the successor changed or added since, which stay with them.
    pub stay: u64,
}

impl Collections {
    /// To whom an account has handed collections over, and not taken them back.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn handed_to(&self, from: AccountId) -> io::Result<Vec<AccountId>> {
        let given = directories(&self.own("handed-over").join(from.to_string()))?;
        Ok(given.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Gives back to `from` what [`Collections::hand_over`] moved to `to`: every item as it was, even one that the
    /// successor changed or removed. What they changed or added since stays in the collection they got; one that
    /// is empty then is removed. What they moved elsewhere is theirs.
    ///
    /// # Errors
    /// When files cannot be moved. Run it again.
    pub fn take_back(&self, from: AccountId, to: AccountId) -> io::Result<TakenBack> {
        self.take_back_some((from, to), &|_, _| true)
    }

    /// As [`Collections::take_back`], of those collections alone that `takes` says by name and kind.
    ///
    /// # Errors
    /// As [`Collections::take_back`].
    pub fn take_back_some(
        &self,
        (from, to): (AccountId, AccountId),
        takes: &dyn Fn(&str, Kind) -> bool,
    ) -> io::Result<TakenBack> {
        let mut taken = TakenBack::default();
        let given = self.own("handed-over").join(from.to_string()).join(to.to_string());
        for collection in directories(&given)? {
            let kept = given.join(&collection);
            let properties = read_properties(&kept)?;
            if properties.as_ref().is_some_and(|(_, kind)| !takes(&collection, *kind)) {
                continue;
            }
            let home = self.collection_dir(from, &collection)?;
            let theirs = self.collection_dir(to, &derived_name(&collection, &from.to_string()))?;
            let _lock = self.lock(Access::Exclusive)?;
            if let Some((properties, _)) = properties {
                self.create_collection(from, &home, &properties)?;
            }
            taken.items += self.take_back_items(&kept, &theirs, &home)?;
            let left = items(&theirs)?.len() as u64;
            taken.stay += left;
            if left == 0 && theirs.is_dir() {
                let removing = self.own("removing").join(format!("{to}.{collection}"));
                remove_tree(&removing)?;
                fs::rename(&theirs, &removing).map_err(|error| at("remove", &theirs, &error))?;
                sync_dir(&self.home(to))?;
                remove_tree(&removing)?;
            }
            remove_tree(&kept)?;
        }
        if directories(&given)?.is_empty() {
            remove_tree(&given)?;
        }
        Ok(taken)
    }

    fn take_back_items(&self, kept: &Path, theirs: &Path, home: &Path) -> io::Result<u64> {
        let names = items(kept)?;
        for name in &names {
            let (original, given, place) = (kept.join(name), theirs.join(name), home.join(name));
            if is_same(&original, &given)? {
                if place.exists() {
                    // The leaver has a newer one by that name, or this one again since a run that was killed.
                    remove_file(&given)?;
                } else {
                    fs::rename(&given, &place).map_err(|error| at("take back", &given, &error))?;
                }
            } else if !place.exists() {
                let staged = self.second_link(&original)?;
                fs::rename(&staged, &place).map_err(|error| at("take back", &place, &error))?;
            }
        }
        for dir in [home, theirs] {
            if dir.is_dir() {
                sync_dir(dir)?;
            }
        }
        Ok(names.len() as u64)
    }
}
