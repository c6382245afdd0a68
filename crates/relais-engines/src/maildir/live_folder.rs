//! A folder while others work in it: messages are renamed when their flags change or a client sees them first.

use super::durable::{at, clock_of};
use super::folders::{Entry, Shelf, messages_of};
use super::names::base;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// What changed longer ago than this has a time of its own: no file system's clock is coarser.
const SETTLED: Duration = Duration::from_secs(2);
const LISTINGS_MAX: usize = 5;

/// One folder of a Maildir.
#[derive(Debug)]
pub(super) struct LiveFolder {
    path: PathBuf,
    /// A directory of ours, to ask the file system what time it is.
    clock: PathBuf,
    /// What the folder held when a message was last not where it had been.
    again: Mutex<Option<Again>>,
}

#[derive(Debug)]
struct Again {
    stamps: Stamps,
    /// Whether a change since then would show in the stamps.
    settled: bool,
    entries: HashMap<Vec<u8>, Vec<Entry>>,
}

/// When `new` and `cur` changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamps([Option<SystemTime>; 2]);

/// Where a message is now.
pub(super) enum Found {
    File(File),
    Erased,
}

impl LiveFolder {
    pub(super) fn new(path: PathBuf, clock: PathBuf) -> Self {
        Self { path, clock, again: Mutex::default() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Every message that is there. A directory that changes while it is read may leave one out, so it is read
    /// until it did not; after some times, all that was seen counts.
    pub(super) fn list(&self) -> io::Result<Vec<Entry>> {
        let mut seen: HashMap<u64, Entry> = HashMap::new();
        for _ in 0..LISTINGS_MAX {
            let before = self.stamps()?;
            let entries = messages_of(&self.path)?;
            if before == self.stamps()? {
                return Ok(entries);
            }
            seen.extend(entries.into_iter().map(|entry| (entry.inode, entry)));
        }
        Ok(seen.into_values().collect())
    }

    /// Opens a message, under another name if it has one now.
    pub(super) fn open(&self, message: &Entry) -> io::Result<Found> {
        for turn in 0..LISTINGS_MAX {
            let entry = match turn {
                0 => Some(message.clone()),
                _ => self.find(message, turn)?,
            };
            let Some(entry) = entry else {
                return Ok(Found::Erased);
            };
            let path = entry.path(&self.path);
            match File::open(&path) {
                Ok(file) => return Ok(Found::File(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(at("read", &path, &error)),
            }
        }
        let path = message.path(&self.path);
        let reason = format!("{} is renamed faster than it can be read", path.display());
        Err(io::Error::new(io::ErrorKind::ResourceBusy, reason))
    }

    /// The message's name by now. A listing made before serves as long as it is true: many messages are
    /// renamed or erased at once.
    fn find(&self, message: &Entry, turn: usize) -> io::Result<Option<Entry>> {
        let mut again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        let name = base(message.name.as_bytes());
        // On the first turn a name that was found before is tried, whatever has changed since.
        if let Some(listing) = again.as_ref() {
            let found = listing.find(name, message.inode);
            if (turn == 1 && found.is_some()) || (listing.settled && listing.stamps == self.stamps()?) {
                return Ok(found);
            }
        }
        let (stamps, now) = (self.stamps()?, clock_of(&self.clock));
        let mut entries: HashMap<Vec<u8>, Vec<Entry>> = HashMap::new();
        for entry in self.list()? {
            entries.entry(base(entry.name.as_bytes()).to_vec()).or_default().push(entry);
        }
        let listing = Again { stamps, settled: stamps.settled(now), entries };
        let found = listing.find(name, message.inode);
        *again = Some(listing);
        Ok(found)
    }

    /// When a message last came, went or got another name.
    pub(super) fn changed(&self) -> io::Result<SystemTime> {
        Ok(self.stamps()?.0.into_iter().flatten().max().unwrap_or(SystemTime::UNIX_EPOCH))
    }

    fn stamps(&self) -> io::Result<Stamps> {
        let mut stamps = [None; 2];
        for (shelf, stamp) in Shelf::ALL.into_iter().zip(&mut stamps) {
            let dir = self.path.join(shelf.dir());
            *stamp = match fs::metadata(&dir).and_then(|metadata| metadata.modified()) {
                Ok(modified) => Some(modified),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(at("read", &dir, &error)),
            };
        }
        Ok(Stamps(stamps))
    }
}

impl Again {
    /// By the base name; by the file too where two have it.
    fn find(&self, base: &[u8], inode: u64) -> Option<Entry> {
        let entries = self.entries.get(base)?;
        let same = entries.iter().find(|entry| entry.inode == inode);
        same.or_else(|| entries.first().filter(|_| entries.len() == 1)).cloned()
    }
}

impl Stamps {
    fn settled(self, now: Option<SystemTime>) -> bool {
        self.0.into_iter().flatten().all(|stamp| is_settled(stamp, now))
    }
}

/// Whether a further change of what changed at `stamp` would show.
pub(super) fn is_settled(stamp: SystemTime, now: Option<SystemTime>) -> bool {
    let settled = stamp.checked_add(SETTLED);
    settled.zip(now).is_some_and(|(settled, now)| settled < now)
}
