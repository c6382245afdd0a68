//! Radicale's files: its lock, its names, and writing as it writes.

use super::{Collections, Kind, Properties};
use crate::durable::{at, sync_dir};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// The file that makes a directory a collection.
pub(super) const PROPERTIES: &str = ".Radicale.props";
/// What Linux allows, in bytes.
pub(super) const NAME_BYTES_MAX: usize = 255;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Shared,
    Exclusive,
}

/// A file or directory below `relais/staging`, removed with this value unless it got a place.
#[derive(Debug)]
pub(super) struct Staged {
    path: PathBuf,
}

impl Staged {
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its place; the directory's entry is for the caller to sync.
    pub fn rename_to(self, place: &Path) -> io::Result<()> {
        fs::rename(&self.path, place).map_err(|error| at("put in place", place, &error))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next `Collections::open`.
        if self.path.is_dir() {
            let _ = fs::remove_dir_all(&self.path);
        } else {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Collections {
    /// Radicale's lock of the whole storage (its `storage/multifilesystem/lock.py`), held as long as the value.
    pub(super) fn lock(&self, access: Access) -> io::Result<File> {
        let path = self.root.join(".Radicale.lock");
        let lock = || {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            match access {
                Access::Shared => file.lock_shared()?,
                Access::Exclusive => file.lock()?,
            }
            Ok(file)
        };
        lock().map_err(|error| at("lock", &path, &error))
    }

    fn staged(&self) -> Staged {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        Staged { path: self.own("staging").join(number.to_string()) }
    }

    /// Writes a file, durably, that has no place yet.
    pub(super) fn stage(&self, name: &str, bytes: &[u8]) -> io::Result<Staged> {
        safe(name)?;
        let staged = self.staged();
        write_durably(staged.path(), bytes)?;
        Ok(staged)
    }

    /// A collection that has no place yet.
    pub(super) fn stage_collection(&self, properties: &Properties) -> io::Result<Staged> {
        let staged = self.staged();
        let dir = staged.path();
        fs::DirBuilder::new().mode(0o700).create(dir).map_err(|error| at("create", dir, &error))?;
        write_durably(&dir.join(PROPERTIES), &properties.to_bytes())?;
        sync_dir(dir)?;
        Ok(staged)
    }
}

pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| at("write", path, &error))
}

/// Whether Radicale takes a name for an item or a collection.
pub(super) fn is_safe(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && !name.starts_with('.')
        && !name.ends_with('~')
        && !name.contains(['/', '\0'])
}

pub(super) fn safe(name: &str) -> io::Result<&str> {
    let refused = || io::Error::new(io::ErrorKind::InvalidInput, "not a name of a collection or an item");
    is_safe(name).then_some(name).ok_or_else(refused)
}

/// The real directories in a home, by name; links and what Radicale does not serve left out. Empty without a home.
pub(super) fn directories(home: &Path) -> io::Result<Vec<String>> {
    names(home, fs::FileType::is_dir)
}

/// The items of a collection, by name.
pub(super) fn items(collection: &Path) -> io::Result<Vec<String>> {
    names(collection, fs::FileType::is_file)
}

fn names(dir: &Path, wanted: fn(&fs::FileType) -> bool) -> io::Result<Vec<String>> {
    let read = || {
        let mut names = Vec::new();
        let listing = match dir.read_dir() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            listing => listing?,
        };
        for entry in listing {
            let entry = entry?;
            if !wanted(&entry.file_type()?) {
                continue;
            }
            // Radicale makes names from URLs that are UTF-8.
            if let Ok(name) = entry.file_name().into_string()
                && is_safe(&name)
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    };
    read().map_err(|error| at("read", dir, &error))
}

/// The properties of a directory, if they make it a collection.
pub(super) fn read_properties(dir: &Path) -> io::Result<Option<(Properties, Kind)>> {
    let bytes = read_if_there(&dir.join(PROPERTIES))?;
    let properties = bytes.as_deref().and_then(Properties::read);
    Ok(properties.and_then(|properties| properties.kind().map(|kind| (properties, kind))))
}

pub(super) fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at("read", path, &error)),
    }
}

/// Removes what a directory holds.
pub(super) fn empty(dir: &Path) -> io::Result<()> {
    let remove = || {
        for entry in dir.read_dir()? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    remove().map_err(|error| at("empty", dir, &error))
}
