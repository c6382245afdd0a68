//! Mail on disk: Maildir++ trees that Dovecot reads and Relais writes.
//!
//! A message is accepted only when its bytes and its directory entry are durable. Everything here may be
//! repeated after it was killed at any instant: what exists on disk says how far it came. Blocking; callers in
//! async code use `spawn_blocking`. Nothing here knows who a mailbox belongs to, or why mail moves.
//!
//! ```text
//! incoming/                      messages being received; emptied at start
//! boxes/<mailbox>/Maildir/       Maildir++: cur, new, tmp, .Folder.Sub; Dovecot's home is boxes/<mailbox>
//! boxes/<mailbox>/Personal/      the same shape: personal messages set aside, out of Dovecot's sight
//! boxes/<mailbox>/restored/      what restores added
//! boxes/<mailbox>/handed-over/   which messages a finished hand-over gave away
//! removing/<mailbox>/            being removed
//! aside/<mailbox>/               personal messages of removed mailboxes
//! ```

mod copy;
mod deliver;
mod fingerprint;
mod folders;
mod hand_over;
mod index;
mod keywords;
mod live_folder;
mod names;
mod personal;
mod receive;
mod remove;
mod restore;
mod scan;
mod search;
mod subscriptions;
mod take_back;

#[cfg(test)]
mod delivery_tests;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod hand_over_tests;
#[cfg(test)]
mod mailbox_tests;
#[cfg(test)]
mod restore_tests;
#[cfg(test)]
mod scan_tests;

pub use deliver::{DeliveryKey, Stored};
pub use folders::{FolderReport, Usage};
pub use hand_over::HandOver;
pub use index::{BrokenLine, Index, IndexedFolder, IndexedMessage, Tree};
pub use names::{decode_utf7, encode_utf7, folder_component};
pub use receive::{HEAD_BYTES_MAX, Incoming, Received};
pub use remove::Removed;
pub use restore::{Personal, Place, Restorable, RestoreOrder, Restored, Run, Undone, Unreadable};
pub use scan::Scan;
pub use search::{Hit, Hits, Order, Query};

use crate::durable;
use relais_core::ids::MailboxId;
use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// All mailboxes of an instance, below one directory on one file system. One process opens it at a time.
#[derive(Debug)]
pub struct Maildirs {
    root: PathBuf,
    numbers: AtomicU64,
    deliveries: deliver::Deliveries,
    /// Mailboxes that this process has made sure of: asked for at every delivery, synced once.
    created: Mutex<HashSet<MailboxId>>,
}

impl Maildirs {
    /// Opens the directory, creates what is missing, and removes what an earlier process was receiving.
    ///
    /// # Errors
    /// When the directory cannot be created or written.
    pub fn open(root: PathBuf) -> io::Result<Self> {
        for name in ["incoming", "boxes", "removing", "aside"] {
            durable::create_dir(&root.join(name))?;
        }
        durable::sync_dir(&root)?;
        let maildirs = Self {
            root,
            numbers: AtomicU64::new(0),
            deliveries: deliver::Deliveries::default(),
            created: Mutex::default(),
        };
        let incoming = maildirs.incoming_dir();
        let listing = incoming.read_dir().map_err(|error| durable::at("read", &incoming, &error))?;
        for leftover in listing {
            let leftover = leftover.map_err(|error| durable::at("read", &incoming, &error))?;
            durable::remove_file(&leftover.path())?;
        }
        Ok(maildirs)
    }

    /// Begins to receive a message.
    ///
    /// # Errors
    /// When no file can be created.
    pub fn incoming(&self) -> io::Result<Incoming> {
        Incoming::begin(self)
    }

    /// Dovecot's home of a mailbox.
    #[must_use]
    pub fn home(&self, mailbox: MailboxId) -> PathBuf {
        self.root.join("boxes").join(mailbox.to_string())
    }

    /// Creates a mailbox with an empty INBOX, durably. One that exists is left as it is.
    ///
    /// # Errors
    /// When its directories cannot be created.
    pub fn create(&self, mailbox: MailboxId) -> io::Result<()> {
        if self.known_mailboxes().contains(&mailbox) {
            return Ok(());
        }
        durable::create_folder(&self.maildir(mailbox))?;
        durable::sync_dir(&self.root.join("boxes"))?;
        self.known_mailboxes().insert(mailbox);
        Ok(())
    }

    fn known_mailboxes(&self) -> MutexGuard<'_, HashSet<MailboxId>> {
        self.created.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn maildir(&self, mailbox: MailboxId) -> PathBuf {
        self.home(mailbox).join("Maildir")
    }

    fn personal(&self, mailbox: MailboxId) -> PathBuf {
        self.home(mailbox).join("Personal")
    }

    /// Where files are received: emptied at every start.
    #[must_use]
    pub fn incoming_dir(&self) -> PathBuf {
        self.root.join("incoming")
    }

    fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }
}
