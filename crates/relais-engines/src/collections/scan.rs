//! What of an account goes into a snapshot, and whether any of it changed.

use super::Collections;
use super::storage::{Access, PROPERTIES, directories, items};
use crate::durable::at;
use crate::repository::File;
use jiff::{SignedDuration, Timestamp};
use relais_core::ids::AccountId;
use sha2::{Digest as _, Sha256};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A directory that changed within this time may change again without a sign of it.
const UNSETTLED: SignedDuration = SignedDuration::from_secs(2);

/// An account's collections as files of a snapshot.
#[derive(Clone, Default)]
pub struct Scan {
    /// Below `dav/`, as on disk.
    pub files: Vec<File>,
    pub collections: u64,
    pub items: u64,
    /// See [`Collections::fingerprint`].
    pub fingerprint: Option<String>,
}

impl Collections {
    /// Lists an account's collections and items for a snapshot. Files are read later; one that is gone by then was
    /// removed since.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn scan(&self, account: AccountId, now: Timestamp) -> io::Result<Scan> {
        let _lock = self.lock(Access::Shared)?;
        // First: what changes while we look makes the next fingerprint another one.
        let mut scan = Scan { fingerprint: self.fingerprint_locked(account, now)?, ..Scan::default() };
        for collection in directories(&self.home(account))? {
            let dir = self.collection_dir(account, &collection)?;
            scan.collections += 1;
            let properties = dir.join(PROPERTIES);
            if let Some(metadata) = metadata_if_there(&properties)? {
                scan.files.push(file(&collection, PROPERTIES, properties, &metadata)?);
            }
            for item in items(&dir)? {
                let path = dir.join(&item);
                if let Some(metadata) = metadata_if_there(&path)? {
                    scan.files.push(file(&collection, &item, path, &metadata)?);
                    scan.items += 1;
                }
            }
        }
        Ok(scan)
    }

    /// Says "nothing changed since" without reading items: every change of Radicale's and of ours is a rename into
    /// a collection's directory. `None` if one changed so recently that a further change might not show.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn fingerprint(&self, account: AccountId, now: Timestamp) -> io::Result<Option<String>> {
        let _lock = self.lock(Access::Shared)?;
        self.fingerprint_locked(account, now)
    }

    fn fingerprint_locked(&self, account: AccountId, now: Timestamp) -> io::Result<Option<String>> {
        let home = self.home(account);
        let mut places = vec![(String::new(), home.clone())];
        places.extend(directories(&home)?.into_iter().map(|name| (name.clone(), home.join(name))));
        let mut digest = Sha256::new();
        for (name, dir) in places {
            let Some(metadata) = metadata_if_there(&dir)? else { continue };
            let changed = modified(&metadata, &dir)?;
            if now.duration_since(changed) < UNSETTLED {
                return Ok(None);
            }
            digest.update(format!(
                "{name}\0{}\0{}\0{}\0{}\n",
                metadata.dev(),
                metadata.ino(),
                changed,
                format_args!("{}.{}", metadata.ctime(), metadata.ctime_nsec())
            ));
        }
        Ok(Some(hex(&digest.finalize())))
    }
}

fn metadata_if_there(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at("find", path, &error)),
    }
}

fn file(collection: &str, name: &str, path: PathBuf, metadata: &Metadata) -> io::Result<File> {
    Ok(File {
        path: format!("dav/{collection}/{name}"),
        size_bytes: metadata.len(),
        modified: modified(metadata, &path)?,
        content: Arc::new(path),
    })
}

fn modified(metadata: &Metadata, path: &Path) -> io::Result<Timestamp> {
    let time = metadata.modified().map_err(|error| at("find the time of", path, &error))?;
    Timestamp::try_from(time).map_err(|error| at("find the time of", path, &io::Error::other(error)))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
