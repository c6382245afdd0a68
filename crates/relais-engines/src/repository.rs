//! Backup repositories in restic's format.
//!
//! A snapshot is a tree of files that somebody else describes: nothing here knows a mailbox or a calendar.

use jiff::Timestamp;
use std::fs;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

/// One file of a snapshot to be made.
#[derive(Clone)]
pub struct File {
    /// Where it lies in the snapshot: names joined by `/`, without one at the beginning.
    pub path: String,
    pub size_bytes: u64,
    /// With the path and the size it tells a file that is known from one that has to be read.
    pub modified: Timestamp,
    pub content: Arc<dyn Content>,
}

/// Bytes that are read when their turn comes.
pub trait Content: Send + Sync {
    /// # Errors
    /// When they cannot be read; [`io::ErrorKind::NotFound`] when they are gone by now.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;
}

impl Content for Arc<[u8]> {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.clone())))
    }
}

impl Content for PathBuf {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(fs::File::open(self)?))
    }
}
