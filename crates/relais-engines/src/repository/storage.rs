//! Where the files of a repository lie: what a directory and a bucket have in common.

use bytes::Bytes;
use rustic_core::{FileType, Id};

use super::error::Fault;

pub(super) trait Storage: Send + Sync {
    /// As its location is written.
    fn location(&self) -> String;

    /// Makes the place ready; may be repeated.
    fn create(&self) -> Result<(), Fault>;

    fn list(&self, kind: FileType) -> Result<Vec<(Id, u64)>, Fault>;

    fn read(&self, kind: FileType, id: &Id) -> Result<Bytes, Fault>;

    fn read_range(&self, kind: FileType, id: &Id, offset: u64, length: usize) -> Result<Bytes, Fault>;

    /// Whole or not at all. Lasts from the next [`Storage::settle`] on.
    fn write(&self, kind: FileType, id: &Id, content: &[Bytes]) -> Result<(), Fault>;

    /// Makes what was written so far last.
    fn settle(&self) -> Result<(), Fault>;

    fn remove(&self, kind: FileType, id: &Id) -> Result<(), Fault>;

    /// Removes what interrupted writers left behind.
    fn sweep(&self) -> Result<(), Fault>;
}

/// Below the top of the repository, with `/`.
pub(super) fn path_of(kind: FileType, id: &Id) -> String {
    let name = id.to_hex();
    let name = name.as_str();
    match kind {
        FileType::Config => "config".to_owned(),
        FileType::Key | FileType::Snapshot | FileType::Index => format!("{}/{name}", kind.dirname()),
        FileType::Pack => format!("{}/{}/{name}", kind.dirname(), &name[..2]),
    }
}

pub(super) fn noun(kind: FileType) -> &'static str {
    match kind {
        FileType::Config => "config",
        FileType::Key => "key",
        FileType::Snapshot => "snapshot",
        FileType::Index => "index",
        FileType::Pack => "pack",
    }
}
