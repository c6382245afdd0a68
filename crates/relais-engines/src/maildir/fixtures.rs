//! Mailboxes for the tests of this module.

use super::{DeliveryKey, Incoming, Maildirs, Received, Stored};
use jiff::Timestamp;
use relais_core::ids::MailboxId;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(super) const NOW: &str = "2026-11-21T20:00:00Z";

pub(super) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(super) fn mailbox(number: i64) -> MailboxId {
    MailboxId::from_number(number)
}

/// Mail of a leaver (mailbox 1) and of a successor (mailbox 2).
pub(super) struct Fixture {
    pub(super) dir: TempDir,
    pub(super) maildirs: Maildirs,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let maildirs = Maildirs::open(dir.path().join("mail")).unwrap();
        for number in [1, 2] {
            maildirs.create(mailbox(number)).unwrap();
        }
        Self { dir, maildirs }
    }

    /// As after a kill: nothing in memory, no destructor ran.
    pub(super) fn restart(&mut self) {
        self.maildirs = Maildirs::open(self.dir.path().join("mail")).unwrap();
    }

    pub(super) fn maildir(&self, number: i64) -> PathBuf {
        self.maildirs.home(mailbox(number)).join("Maildir")
    }

    /// Puts a message file into a folder directory (`""` is INBOX) at `cur/<name>` or `new/<name>`.
    pub(super) fn put(&self, number: i64, folder: &str, place: &str, content: &str) -> PathBuf {
        let folder = self.maildir(number).join(folder);
        for name in ["cur", "new", "tmp"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let path = folder.join(place);
        fs::write(&path, content).unwrap();
        path
    }

    pub(super) fn receive(&self, content: &[u8]) -> Received {
        let mut incoming = self.maildirs.incoming().unwrap();
        incoming.write(content).unwrap();
        incoming.finish().unwrap()
    }

    pub(super) fn deliver(&self, number: i64, content: &[u8], now: Timestamp) -> io::Result<Stored> {
        let received = self.receive(content);
        self.maildirs.store(&received, mailbox(number), key(&received), now)
    }

    /// Every message file of a mailbox's Maildir: path below it, and content.
    pub(super) fn messages(&self, number: i64) -> BTreeMap<String, String> {
        tree(&self.maildir(number))
    }

    pub(super) fn incoming_count(&self) -> usize {
        fs::read_dir(self.dir.path().join("mail/incoming")).unwrap().count()
    }
}

pub(super) fn key(received: &Received) -> DeliveryKey {
    DeliveryKey::new(received.digest(), "client@x.test")
}

pub(super) fn write_all(mut incoming: Incoming, pieces: &[&[u8]]) -> Received {
    for piece in pieces {
        incoming.write(piece).unwrap();
    }
    incoming.finish().unwrap()
}

/// Message files (those in a `cur` or `new`) below `root`, with their content.
pub(super) fn tree(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(dir) = pending.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            let holder = dir.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                pending.push(path);
            } else if matches!(holder, "cur" | "new") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}
