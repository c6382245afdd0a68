//! Placing the messages of a restore, durably.

use super::super::durable::{at, create_folder, sync_dir};
use super::super::index::Tree;
use super::super::names::FolderDir;
use super::super::{keywords, subscriptions};
use super::list::{Added, List};
use super::plan::{Addition, FolderPlan, Plan};
use super::{Restored, Roots, Unreadable, root};
use crate::repository::RepositoryError;
use jiff::Timestamp;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Messages that are made durable together: the file system then writes much of it at once.
const BATCH: usize = 64;
/// Of messages that cannot be read, this many are named.
const UNREADABLE_MAX: usize = 100;
const BUFFER_BYTES: usize = 128 * 1024;

pub(super) fn carry_out(
    plan: Plan<'_>,
    roots: &Roots,
    mut list: List,
    list_path: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<Restored> {
    let mut report = plan.report();
    (report.added, report.added_bytes) = (0, 0);
    if plan.folders.is_empty() && (list.done || list.entries.is_empty()) {
        return Ok(report);
    }
    let total = plan.additions().count() as u64;
    let mut ready = Vec::new();
    for folder in plan.folders {
        let is_new = !folder.path.join("cur").is_dir();
        if is_new {
            make(&folder, root(roots, folder.tree), &mut list, list_path)?;
        }
        let names = names(&folder)?;
        list.entries.extend(names.iter().map(|name| added(&folder, name.clone())));
        ready.push((folder, names));
    }
    list.done = false;
    list.write(list_path)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    for (folder, names) in &ready {
        let messages: Vec<(&Addition<'_>, &String)> = folder.add.iter().zip(names).collect();
        for batch in messages.chunks(BATCH) {
            place(folder, batch, &mut buffer, &mut report)?;
            progress(report.added + report.unreadable_messages, total);
        }
        sync_dir(&folder.path.join("cur"))?;
    }
    list.done = true;
    list.write(list_path)?;
    Ok(report)
}

fn added(folder: &FolderPlan<'_>, name: String) -> Added {
    Added { tree: folder.tree, folder: folder.folder.clone(), name }
}

/// Makes a folder. Listed and subscribed first: a run that is killed leaves no folder that nobody sees, and none
/// that an undo would not know.
fn make(folder: &FolderPlan<'_>, root: &Path, list: &mut List, list_path: &Path) -> io::Result<()> {
    list.entries.insert(added(folder, String::new()));
    list.write(list_path)?;
    if folder.tree == Tree::Mail {
        subscriptions::subscribe(root, std::slice::from_ref(&folder.folder))?;
    }
    create_folder(&folder.path)?;
    // The tree itself may be new.
    root.parent().map_or(Ok(()), sync_dir)?;
    if folder.folder != FolderDir::inbox() {
        // Tells Maildir++ software that this directory is a folder.
        let marker = folder.path.join("maildirfolder");
        fs::write(&marker, "").map_err(|error| at("write", &marker, &error))?;
    }
    sync_dir(&folder.path)
}

/// The file names the messages get: with the flags they had. `T` is left out: a message marked as deleted would
/// vanish again.
fn names(folder: &FolderPlan<'_>) -> io::Result<Vec<String>> {
    let wanted = folder.add.iter().flat_map(|addition| &addition.what.message.keywords);
    let known = keywords::with(&folder.path, wanted.map(String::as_str))?;
    let name = |addition: &Addition<'_>| {
        let message = &addition.what.message;
        let mut letters: Vec<char> = message
            .flags
            .chars()
            .filter(|letter| letter.is_ascii_uppercase() && *letter != 'T')
            .chain(message.keywords.iter().filter_map(|keyword| keywords::letter(&known, keyword)))
            .collect();
        letters.sort_unstable();
        letters.dedup();
        format!("{}:2,{}", addition.base, letters.into_iter().collect::<String>())
    };
    Ok(folder.add.iter().map(name).collect())
}

/// A file in `tmp` that goes unless it is placed.
struct Written {
    file: File,
    path: PathBuf,
    size_bytes: u64,
    placed: bool,
}

impl Drop for Written {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed now is removed by the server, which clears `tmp` of old files.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn place(
    folder: &FolderPlan<'_>,
    batch: &[(&Addition<'_>, &String)],
    buffer: &mut [u8],
    report: &mut Restored,
) -> io::Result<()> {
    let mut written = Vec::with_capacity(batch.len());
    for (addition, name) in batch {
        match write(&folder.path, addition, buffer) {
            Ok(file) => written.push((file, name)),
            Err(Failure::Read(error)) if is_away(&error) => return Err(error),
            Err(Failure::Read(error)) => {
                report.unreadable_messages += 1;
                if report.unreadable.len() < UNREADABLE_MAX {
                    let what = addition.what;
                    let path = format!("{}/{}/{}", what.tree.dir(), what.dir, what.message.base);
                    report.unreadable.push(Unreadable { path, reason: error.to_string() });
                }
            }
            Err(Failure::Write(error)) => return Err(error),
        }
    }
    for (written, _) in &written {
        written.file.sync_all().map_err(|error| at("make durable", &written.path, &error))?;
    }
    for (mut written, name) in written {
        let place = folder.path.join("cur").join(name);
        fs::rename(&written.path, &place).map_err(|error| at("place", &place, &error))?;
        written.placed = true;
        report.added += 1;
        report.added_bytes += written.size_bytes;
    }
    Ok(())
}

/// Whether the repository cannot be reached: no message is lost by that, and the restore can be repeated.
fn is_away(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(inner, Some(RepositoryError::Unreachable { .. } | RepositoryError::Denied { .. }))
}

/// Which side failed: a message that cannot be read is passed over, a disk that is full ends the restore.
enum Failure {
    Read(io::Error),
    Write(io::Error),
}

fn write(folder: &Path, addition: &Addition<'_>, buffer: &mut [u8]) -> Result<Written, Failure> {
    let message = &addition.what.message;
    let mut source = addition.what.content.open().map_err(Failure::Read)?;
    let path = folder.join("tmp").join(&addition.base);
    let failed = |error: io::Error| Failure::Write(at("write", &path, &error));
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path).map_err(failed)?;
    let mut written = Written { file, path: path.clone(), size_bytes: 0, placed: false };
    loop {
        let read = match source.read(buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::Read(error)),
        };
        written.file.write_all(&buffer[..read]).map_err(failed)?;
        written.size_bytes += read as u64;
    }
    if written.size_bytes != message.size {
        let reason = format!("it has {} bytes, and its index says {}", written.size_bytes, message.size);
        return Err(Failure::Read(io::Error::new(io::ErrorKind::InvalidData, reason)));
    }
    let received = Timestamp::from_millisecond(message.received).unwrap_or_default();
    written.file.set_modified(received.into()).map_err(failed)?;
    Ok(written)
}
