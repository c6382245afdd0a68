//! The files of the outbound spool: one message a file, named after its row. A file is durable before its row is
//! written; a file without a row is left over from a crash and goes at the next start.

use crate::maildir::Received;
use relais_core::ids::SpoolId;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub struct SpoolFiles {
    dir: PathBuf,
}

impl SpoolFiles {
    /// # Errors
    /// When the directory cannot be made.
    pub fn open(dir: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        Ok(Self { dir })
    }

    #[must_use]
    pub fn path(&self, id: SpoolId) -> PathBuf {
        self.dir.join(id.to_string())
    }

    /// A received message, by a hard link where the file system allows it.
    ///
    /// # Errors
    /// When the file cannot be made durable.
    pub fn link(&self, id: SpoolId, received: &Received) -> io::Result<()> {
        let place = self.path(id);
        if fs::hard_link(received.path(), &place).is_err() {
            fs::copy(received.path(), &place)?;
            File::open(&place)?.sync_all()?;
        }
        self.sync()
    }

    /// A message of our own.
    ///
    /// # Errors
    /// When the file cannot be made durable.
    pub fn write(&self, id: SpoolId, message: &[u8]) -> io::Result<()> {
        let mut file = File::create_new(self.path(id))?;
        file.write_all(message)?;
        file.sync_all()?;
        self.sync()
    }

    /// # Errors
    /// When it is there and cannot be removed.
    pub fn remove(&self, id: SpoolId) -> io::Result<()> {
        match fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The ids that have a file.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn ids(&self) -> io::Result<Vec<SpoolId>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            if let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    fn sync(&self) -> io::Result<()> {
        File::open(Path::new(&self.dir))?.sync_all()
    }
}
