//! A repository in a directory, as restic lays it out.
//!
//! In place of rustic's own, which leaves out of a listing what it cannot list, so that a prune would take a directory
//! of snapshots that cannot be read for an empty one; and which syncs files but not the directories that name them.

use bytes::Bytes;
use rustic_core::{ALL_FILE_TYPES, FileType, Id};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::error::Fault;
use super::storage::{Storage, path_of};

/// What nobody can still be writing.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 3600);
/// In the names of files that are not whole yet; restic and rustic write it too.
const UNFINISHED: &str = "-tmp-";
const OPEN_PACKS_MAX: usize = 16;

pub(super) struct Directory {
    top: PathBuf,
    /// Where entries have changed since they were last synced.
    unsettled: Mutex<BTreeSet<PathBuf>>,
    /// Held while they are synced: nobody takes for lasting what somebody else has only begun to sync.
    settling: Mutex<()>,
    /// The packs read last: messages that lie side by side are read one after the other.
    open: Mutex<Vec<(Id, Arc<File>)>>,
    written: AtomicU64,
}

impl Directory {
    pub fn new(top: PathBuf) -> Directory {
        Directory {
            top,
            unsettled: Mutex::default(),
            settling: Mutex::default(),
            open: Mutex::default(),
            written: AtomicU64::new(0),
        }
    }

    fn path(&self, kind: FileType, id: &Id) -> PathBuf {
        self.top.join(path_of(kind, id))
    }

    fn pack(&self, id: &Id) -> Result<Arc<File>, Fault> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = open.iter().position(|(known, _)| known == id) {
            // The one used last is the last.
            open[place..].rotate_left(1);
            return Ok(open[open.len() - 1].1.clone());
        }
        let file = Arc::new(File::open(self.path(FileType::Pack, id))?);
        if open.len() == OPEN_PACKS_MAX {
            open.remove(0);
        }
        open.push((*id, file.clone()));
        Ok(file)
    }

    fn write_whole(unfinished: &Path, path: &Path, content: &[Bytes]) -> Result<(), Fault> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(unfinished)?;
        for part in content {
            file.write_all(part)?;
        }
        file.sync_all()?;
        Ok(fs::rename(unfinished, path)?)
    }
}

impl Storage for Directory {
    fn location(&self) -> String {
        self.top.display().to_string()
    }

    fn create(&self) -> Result<(), Fault> {
        let make = |path: &Path| fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        make(&self.top)?;
        for kind in ALL_FILE_TYPES {
            make(&self.top.join(kind.dirname()))?;
        }
        let data = self.top.join(FileType::Pack.dirname());
        for first in 0..=255 {
            make(&data.join(format!("{first:02x}")))?;
        }
        let above = self.top.parent().into_iter();
        for directory in above.chain([self.top.as_path(), &data]) {
            File::open(directory)?.sync_all()?;
        }
        Ok(())
    }

    fn list(&self, kind: FileType) -> Result<Vec<(Id, u64)>, Fault> {
        if kind == FileType::Config {
            return match fs::metadata(self.top.join("config")) {
                Ok(found) => Ok(vec![(Id::default(), found.len())]),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
                Err(error) => Err(error.into()),
            };
        }
        let mut found = Vec::new();
        let directory = self.top.join(kind.dirname());
        if kind == FileType::Pack {
            for entry in fs::read_dir(directory)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    list_directory(&entry.path(), &mut found)?;
                }
            }
        } else {
            list_directory(&directory, &mut found)?;
        }
        Ok(found)
    }

    fn read(&self, kind: FileType, id: &Id) -> Result<Bytes, Fault> {
        Ok(fs::read(self.path(kind, id))?.into())
    }

    fn read_range(&self, kind: FileType, id: &Id, offset: u64, length: usize) -> Result<Bytes, Fault> {
        let file = match kind {
            FileType::Pack => self.pack(id)?,
            FileType::Config | FileType::Key | FileType::Snapshot | FileType::Index => {
                Arc::new(File::open(self.path(kind, id))?)
            }
        };
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes.into())
    }

    fn write(&self, kind: FileType, id: &Id, content: &[Bytes]) -> Result<(), Fault> {
        let path = self.path(kind, id);
        let directory = path.parent().unwrap_or(&self.top).to_owned();
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!("{UNFINISHED}{}-{number}", std::process::id()));
        let unfinished = directory.join(name);
        let mut written = Self::write_whole(&unfinished, &path, content);
        if written == Err(Fault::Missing) && self.top.join(FileType::Pack.dirname()).is_dir() {
            // restic removes directories that are empty.
            fs::create_dir_all(&directory)?;
            written = Self::write_whole(&unfinished, &path, content);
        }
        if written.is_err() {
            // Worth an attempt: where there is no room, this makes some.
            let _ = fs::remove_file(&unfinished);
        }
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).insert(directory);
        written
    }

    fn settle(&self) -> Result<(), Fault> {
        let _settling = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        let unsettled = || self.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = std::mem::take(&mut *unsettled());
        while let Some(directory) = left.pop_first() {
            if let Err(error) = File::open(&directory).and_then(|directory| directory.sync_all()) {
                // Whoever comes next does not get by without it either.
                left.insert(directory);
                unsettled().append(&mut left);
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn remove(&self, kind: FileType, id: &Id) -> Result<(), Fault> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _)| known != id);
        match fs::remove_file(self.path(kind, id)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn sweep(&self) -> Result<(), Fault> {
        let mut directories: Vec<PathBuf> = vec![self.top.clone()];
        directories.extend(ALL_FILE_TYPES.map(|kind| self.top.join(kind.dirname())));
        for entry in fs::read_dir(self.top.join(FileType::Pack.dirname()))? {
            directories.push(entry?.path());
        }
        for directory in directories.iter().filter(|path| path.is_dir()) {
            for entry in fs::read_dir(directory)? {
                let entry = entry?;
                let old = |found: fs::Metadata| found.modified()?.elapsed().map_err(std::io::Error::other);
                if entry.file_name().to_string_lossy().contains(UNFINISHED)
                    && entry.metadata().and_then(old).is_ok_and(|age| age > ABANDONED_AFTER)
                {
                    fs::remove_file(entry.path())?;
                }
            }
        }
        Ok(())
    }
}

fn list_directory(directory: &Path, found: &mut Vec<(Id, u64)>) -> Result<(), Fault> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let Some(Ok(id)) = entry.file_name().to_str().map(str::parse) else { continue };
        match entry.metadata() {
            Ok(metadata) if metadata.is_file() => found.push((id, metadata.len())),
            // Removed while we were listing.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
    }
    Ok(())
}
