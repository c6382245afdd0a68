//! Putting items of a snapshot back: into the collection they were in, or beside it.

use super::scan::hex;
use super::storage::{
    Access, NAME_BYTES_MAX, PROPERTIES, Staged, is_safe, items, read_if_there, read_properties,
};
use super::{Broken, BrokenItem, Collections, Item, Kind, Properties, entry};
use crate::durable::{create_dir, sync_dir};
use relais_core::ids::AccountId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

/// Where a collection is restored to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// Into the collection of the same name, which is created if it is gone.
    Same,
    /// Into a collection of its own that is called so. One that was made by the same restore before is the same.
    Beside { display_name: &'a str },
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    Dry,
    Real,
}

/// What was restored, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RestoredCollection)]
pub struct Restored {
    /// The collection that has the items now.
    pub collection: String,
    pub restored: u64,
    /// Items whose name and UID are there already, or whose UID is; they are left as they are.
    pub present: u64,
    /// Items that no server could serve, which are left out.
    pub broken: Vec<BrokenItem>,
}

impl Collections {
    /// Puts items into an account's collection, those only that it does not have: nothing that is there is
    /// changed, and the bytes are the ones given. May be repeated.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] when the properties are no collection's, the name is none, or the account
    /// has a collection of the other kind by that name. Otherwise when files cannot be read or written; what was
    /// restored by then stays.
    pub fn restore(
        &self,
        account: AccountId,
        (collection, properties): (&str, &Properties),
        items: &[Item],
        place: Place<'_>,
        run: Run,
    ) -> io::Result<Restored> {
        let invalid = |reason| io::Error::new(io::ErrorKind::InvalidInput, reason);
        let kind = properties.kind().ok_or_else(|| invalid("not the properties of a collection"))?;
        let (name, properties) = match place {
            Place::Same => (collection.to_owned(), properties.clone()),
            Place::Beside { display_name } => {
                (derived_name(collection, display_name), properties.called(display_name))
            }
        };
        let dir = self.collection_dir(account, &name)?;
        let (candidates, broken) = candidates(items, kind);
        let mut restored = Restored { collection: name, restored: 0, present: 0, broken };

        let first = {
            let _lock = self.lock(Access::Shared)?;
            if read_properties(&dir)?.is_some_and(|(_, there)| there != kind) {
                return Err(invalid("a collection of another kind has that name"));
            }
            plan(&candidates, Present::look(&dir, kind)?)
        };
        restored.restored = first.len() as u64;
        restored.present = candidates.len() as u64 - restored.restored;
        if run == Run::Dry || first.is_empty() && dir.is_dir() {
            return Ok(restored);
        }

        // Written before the lock is taken: nobody's calendar waits for our disk.
        let mut staged: HashMap<usize, Staged> = HashMap::new();
        for (index, name) in &first {
            staged.insert(*index, self.stage(name, &candidates[*index].0.bytes)?);
        }
        let fresh = self.stage_collection(&properties)?;
        let _lock = self.lock(Access::Exclusive)?;
        if !dir.is_dir() {
            create_dir(&self.home(account))?;
            sync_dir(&self.homes())?;
            fresh.rename_to(&dir)?;
            sync_dir(&self.home(account))?;
        } else if !dir.join(PROPERTIES).exists() {
            self.stage(&restored.collection, &properties.to_bytes())?.rename_to(&dir.join(PROPERTIES))?;
        }
        let last = plan(&candidates, Present::look(&dir, kind)?);
        for (index, name) in &last {
            let file = match staged.remove(index) {
                Some(file) => file,
                None => self.stage(name, &candidates[*index].0.bytes)?,
            };
            file.rename_to(&dir.join(name))?;
        }
        sync_dir(&dir)?;
        restored.restored = last.len() as u64;
        restored.present = candidates.len() as u64 - restored.restored;
        Ok(restored)
    }
}

/// The name of a collection that is made from another, the same one every time.
pub(super) fn derived_name(collection: &str, from: &str) -> String {
    let digest = hex(&Sha256::digest(format!("{collection}\0{from}"))[..8]);
    if collection.len() + 1 + digest.len() > NAME_BYTES_MAX {
        return digest;
    }
    format!("{collection}-{digest}")
}

/// The items that a server could serve, with their UIDs.
fn candidates(items: &[Item], kind: Kind) -> (Vec<(&Item, String)>, Vec<BrokenItem>) {
    let mut candidates = Vec::new();
    let mut broken = Vec::new();
    for item in items {
        let read = if is_safe(&item.name) {
            entry::read(&item.bytes, kind).and_then(|whole| whole.uid.ok_or(Broken::NoUid))
        } else {
            Err(Broken::Name)
        };
        match read {
            Ok(uid) => candidates.push((item, uid)),
            Err(reason) => broken.push(BrokenItem { name: item.name.clone(), reason }),
        }
    }
    (candidates, broken)
}

/// What a collection has.
#[derive(Debug, Default)]
struct Present {
    names: HashSet<String>,
    uids: HashSet<String>,
}

impl Present {
    fn look(dir: &Path, kind: Kind) -> io::Result<Self> {
        let mut present = Self::default();
        for name in items(dir)? {
            let Some(bytes) = read_if_there(&dir.join(&name))? else { continue };
            // One that cannot be read has its name only.
            if let Ok(entry::Whole { uid: Some(uid), .. }) = entry::read(&bytes, kind) {
                present.uids.insert(uid);
            }
            present.names.insert(name);
        }
        Ok(present)
    }
}

/// Which items are missing, and by which names they come.
fn plan(candidates: &[(&Item, String)], mut present: Present) -> Vec<(usize, String)> {
    let mut plan = Vec::new();
    for (index, (item, uid)) in candidates.iter().enumerate() {
        if !present.uids.insert(uid.clone()) {
            continue;
        }
        let mut name = item.name.clone();
        if !present.names.insert(name.clone()) {
            // Another item took the name since.
            let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
            name = format!("{}.{extension}", hex(&Sha256::digest(uid.as_bytes())[..16]));
            if !present.names.insert(name.clone()) {
                continue;
            }
        }
        plan.push((index, name));
    }
    plan
}
