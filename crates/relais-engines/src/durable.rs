//! Directory entries that survive a power cut, and errors that name the path they are about.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// `error` with what was tried and where, its kind kept.
pub(crate) fn at(doing: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {doing} {}: {error}", path.display()))
}

/// Makes the entries of a directory durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(|error| at("make durable", path, &error))
}

/// Creates a directory and its parents, for us alone; one that exists is fine.
pub(crate) fn create_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| at("create", path, &error))
}

/// `cur`, `new` and `tmp` of one folder, and its entry in the directory above, durable.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    for name in ["tmp", "new", "cur"] {
        create_dir(&path.join(name))?;
    }
    sync_dir(path)?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Renames; `Ok(false)` when there is nothing at `from`.
pub(crate) fn rename_if_there(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::rename(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !from.exists() => Ok(false),
        Err(error) => Err(at("move away", from, &error)),
    }
}

/// Removes a file; one that is gone is fine.
pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at("remove", path, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a small file whole or not at all, durably.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let written = path.with_extension("relais-tmp");
    let write = || -> io::Result<()> {
        fs::write(&written, content)?;
        File::open(&written)?.sync_all()?;
        fs::rename(&written, path)
    };
    write().map_err(|error| at("write", path, &error))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// The time by the clock that stamps the files beside `dir`: a server's, if they lie on one, and never behind. `None`
/// where no file can be made, as on a full disk.
pub(super) fn clock_of(dir: &Path) -> Option<SystemTime> {
    static NUMBERS: AtomicU64 = AtomicU64::new(0);
    let name = format!("clock.{}.{}", std::process::id(), NUMBERS.fetch_add(1, Ordering::Relaxed));
    let path = dir.join(name);
    let modified = File::create_new(&path).and_then(|file| file.metadata()?.modified());
    let _ = fs::remove_file(&path);
    modified.ok()
}
