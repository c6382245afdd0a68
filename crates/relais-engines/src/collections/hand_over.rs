//! Handing an account's collections over to another account.
//!
//! Each becomes a collection of its own in the successor's home; its items are moved there, personal ones left out.
//! A second link to every item is kept, as it was: it says on disk what was given, through kills and repeats, and
//! gives the original back whatever the successor did to theirs.

use super::restore::derived_name;
use super::storage::{Access, PROPERTIES, directories, items, read_if_there, read_properties, write_durably};
use super::{Collection, Collections, Kind, Properties, entry};
use crate::durable::{at, create_dir, sync_dir};
use crate::message::PersonalMarks;
use relais_core::ids::AccountId;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What was handed over, now and in earlier runs of the same hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CollectionsHandedOver)]
pub struct HandedOver {
    /// Personal ones not among them.
    pub collections: Vec<HandedCollection>,
    pub items: u64,
    /// Collections marked personal, which were left where they are with all that is in them.
    pub personal_collections: u64,
    /// Items that were left where they are: marked personal, or in a collection that is.
    pub personal_items: u64,
}

/// One collection that was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HandedCollection {
    /// At the leaver's.
    pub name: String,
    pub display_name: String,
    pub kind: Kind,
    /// Its name in the successor's home.
    pub destination: String,
    pub items: u64,
    pub personal_items: u64,
    /// Items that cannot be read, which were left where they are: in the successor's home they would keep Radicale
    /// from serving the others.
    pub broken_items: u64,
}

impl Collections {
    /// Moves every item of `from` that is not marked personal into collections of their own in the home of `to`,
    /// called after the collection and the leaver: « Calendrier – Anna Martin ». Idempotent.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for one account twice; otherwise when files cannot be read or moved. What
    /// was moved stays; run it again, or [`Collections::take_back`].
    pub fn hand_over(
        &self,
        from: AccountId,
        to: AccountId,
        leaver: &str,
        marks: &PersonalMarks,
    ) -> io::Result<HandedOver> {
        self.hand_over_some((from, to), leaver, marks, &|_, _| true)
    }

    /// As [`Collections::hand_over`], of those collections alone that `takes` says by name and kind.
    ///
    /// # Errors
    /// As [`Collections::hand_over`].
    pub fn hand_over_some(
        &self,
        (from, to): (AccountId, AccountId),
        leaver: &str,
        marks: &PersonalMarks,
        takes: &dyn Fn(&str, Kind) -> bool,
    ) -> io::Result<HandedOver> {
        if from == to {
            let reason = "collections are not handed over to their owner";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let mut report = HandedOver::default();
        for collection in self.list(from, marks)? {
            if !takes(&collection.name, collection.kind) {
                continue;
            }
            if collection.personal {
                report.personal_collections += 1;
                report.personal_items += collection.items;
                continue;
            }
            let handed = self.hand_over_collection((from, to), leaver, &collection, marks)?;
            report.items += handed.items;
            report.personal_items += handed.personal_items;
            report.collections.push(handed);
        }
        Ok(report)
    }

    fn hand_over_collection(
        &self,
        (from, to): (AccountId, AccountId),
        leaver: &str,
        collection: &Collection,
        marks: &PersonalMarks,
    ) -> io::Result<HandedCollection> {
        let mut handed = HandedCollection {
            name: collection.name.clone(),
            display_name: collection.display_name.clone(),
            kind: collection.kind,
            destination: derived_name(&collection.name, &from.to_string()),
            items: 0,
            personal_items: 0,
            broken_items: 0,
        };
        let source = self.collection_dir(from, &collection.name)?;
        let destination = self.collection_dir(to, &handed.destination)?;
        let kept = self.kept_dir(from, to, &collection.name);

        let _lock = self.lock(Access::Exclusive)?;
        let Some((properties, _)) = read_properties(&source)? else { return Ok(handed) };
        let mut moving = Vec::new();
        for name in items(&source)? {
            let Some(bytes) = read_if_there(&source.join(&name))? else { continue };
            if entry::is_personal(&bytes, marks) {
                handed.personal_items += 1;
            } else if entry::read(&bytes, collection.kind).is_err() {
                handed.broken_items += 1;
            } else {
                moving.push(name);
            }
        }
        if !moving.is_empty() {
            self.keep_dir(&kept, &properties)?;
            let called = format!("{} – {leaver}", collection.display_name);
            self.create_collection(to, &destination, &properties.called(&called))?;
            self.move_items(&source, &destination, &kept, &moving)?;
        }
        handed.items = items(&kept)?.len() as u64;
        Ok(handed)
    }

    fn move_items(&self, source: &Path, to: &Path, kept: &Path, names: &[String]) -> io::Result<()> {
        for name in names {
            let original = source.join(name);
            let twin = kept.join(name);
            if !is_same(&original, &twin)? {
                // Of an earlier item by that name, if there is one.
                let staged = self.second_link(&original)?;
                fs::rename(&staged, &twin).map_err(|error| at("keep", &twin, &error))?;
            }
        }
        sync_dir(kept)?;
        for name in names {
            let mut place = to.join(name);
            if place.exists() {
                // The successor has one by that name: it came back to the leaver since it was handed over.
                place = to.join(derived_name(name, &kept.to_string_lossy()));
            }
            let original = source.join(name);
            fs::rename(&original, &place).map_err(|error| at("move", &original, &error))?;
        }
        sync_dir(to)?;
        sync_dir(source)
    }

    /// A hard link in `relais/staging`, or a copy where the file system has no links.
    pub(super) fn second_link(&self, original: &Path) -> io::Result<PathBuf> {
        let number = self.numbers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let staged = self.own("staging").join(number.to_string());
        if fs::hard_link(original, &staged).is_err() {
            let bytes = fs::read(original).map_err(|error| at("read", original, &error))?;
            write_durably(&staged, &bytes)?;
        }
        Ok(staged)
    }

    /// Where items are kept as they were when they were handed over.
    pub(super) fn kept_dir(&self, from: AccountId, to: AccountId, collection: &str) -> PathBuf {
        self.own("handed-over").join(from.to_string()).join(to.to_string()).join(collection)
    }

    fn keep_dir(&self, kept: &Path, properties: &Properties) -> io::Result<()> {
        if kept.join(PROPERTIES).exists() {
            return Ok(());
        }
        create_dir(kept)?;
        self.stage("properties", &properties.to_bytes())?.rename_to(&kept.join(PROPERTIES))?;
        let homes = self.own("handed-over");
        for dir in kept.ancestors().take_while(|dir| dir.starts_with(&homes)) {
            sync_dir(dir)?;
        }
        Ok(())
    }

    /// Makes a collection in a home, unless it is there. The caller holds the lock.
    pub(super) fn create_collection(
        &self,
        account: AccountId,
        dir: &Path,
        properties: &Properties,
    ) -> io::Result<()> {
        if dir.is_dir() {
            return Ok(());
        }
        create_dir(&self.home(account))?;
        sync_dir(&self.homes())?;
        self.stage_collection(properties)?.rename_to(dir)?;
        sync_dir(&self.home(account))
    }

    /// What is kept of an item that was handed over to `account`.
    pub(super) fn kept_twin(
        &self,
        account: AccountId,
        collection: &str,
        item: &str,
    ) -> io::Result<Option<PathBuf>> {
        let homes = self.own("handed-over");
        for from in directories(&homes)? {
            let given = homes.join(&from).join(account.to_string());
            for name in directories(&given)? {
                if derived_name(&name, &from) == collection {
                    return Ok(Some(given.join(name).join(item)));
                }
            }
        }
        Ok(None)
    }
}

/// Whether two files are one, or have the same bytes. A file that is not there is nobody's twin.
pub(super) fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (Some(one), Some(other)) = (read_if_there(one)?, read_if_there(other)?) else { return Ok(false) };
    Ok(one == other)
}
