//! Storing a received message in an INBOX, once.
//!
//! A client that loses our answer delivers the same message again, perhaps after we were killed. No database is
//! asked whether it came before: the name of a delivered file holds the time and the key of its delivery, so the
//! one directory entry that makes a message exist also makes it known, and the two cannot disagree whenever the
//! process ends. A database commit would add a second sync to each delivery and a moment in which a message is
//! stored but not yet known, or known but not yet stored.
//!
//! The keys of the last seven days are kept in memory for the mailboxes in use, and read from the names in
//! INBOX at a mailbox's first delivery after a start. A client retries for five days (RFC 5321,
//! section 4.5.4.1). What the holder moved out of INBOX or erased before a restart is not recognised after it.

use super::durable::{at, sync_dir};
use super::names::{KeyBytes, delivery_of, message_name};
use super::receive::Received;
use super::{Maildirs, copy};
use jiff::Timestamp;
use relais_core::ids::MailboxId;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

const KEY_AGE_S_MAX: i64 = 7 * 24 * 3600;
/// Mailboxes whose keys stay in memory; the least recently used goes first.
const MAILBOXES_MAX: usize = 4096;
/// Keys in memory, over all mailboxes: about 20 MB.
const KEYS_MAX: usize = 500_000;

/// What tells one delivery to a mailbox from another: content and envelope sender. The first 64 bits of a SHA-256;
/// to be taken for a message it is not, one would have to be made to match (a second preimage).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliveryKey(KeyBytes);

impl DeliveryKey {
    /// The key of content with this digest ([`Received::digest`]) from `sender` (empty when null).
    #[must_use]
    pub fn new(digest: &[u8; 32], sender: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(digest);
        hash.update(sender.as_bytes());
        let mut key = KeyBytes::default();
        key.copy_from_slice(&hash.finalize()[..8]);
        Self(key)
    }
}

/// What a delivery did. Either way the message is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    New,
    /// The same delivery was stored before; nothing was done.
    Already,
}

impl Maildirs {
    /// Puts a message into a mailbox's INBOX and makes it durable, unless this delivery is there already.
    ///
    /// # Errors
    /// When the mailbox does not exist or its directory cannot be written; the message is not stored then.
    pub fn store(
        &self,
        received: &Received,
        mailbox: MailboxId,
        key: DeliveryKey,
        now: Timestamp,
    ) -> io::Result<Stored> {
        self.store_by(mailbox, key, received, now, |source, place| match fs::hard_link(source, place) {
            Err(error) if copy::needs_copy(&error) => copy::copy_durably(source, place),
            linked => linked,
        })
    }

    /// As [`Maildirs::store`], for the last or only recipient: moves the file, one system call less.
    ///
    /// # Errors
    /// As [`Maildirs::store`]; the message is forgotten then.
    pub fn store_last(
        &self,
        mut received: Received,
        mailbox: MailboxId,
        key: DeliveryKey,
        now: Timestamp,
    ) -> io::Result<Stored> {
        let stored =
            self.store_by(mailbox, key, &received, now, |source, place| fs::rename(source, place))?;
        if stored == Stored::New {
            received.held.moved();
        }
        Ok(stored)
    }

    fn store_by(
        &self,
        mailbox: MailboxId,
        key: DeliveryKey,
        received: &Received,
        now: Timestamp,
        place_file: impl FnOnce(&Path, &Path) -> io::Result<()>,
    ) -> io::Result<Stored> {
        let maildir = self.maildir(mailbox);
        let recent = self.deliveries.recent(mailbox);
        let Some(claim) = recent.claim(key.0, &maildir, now)? else {
            return Ok(Stored::Already);
        };
        let new = maildir.join("new");
        let number = self.next_number();
        let path = new.join(message_name(key.0, received.file_bytes(), std::process::id(), number, now));
        place_file(received.path(), &path).map_err(|error| at("deliver to", &path, &error))?;
        match sync_dir(&new) {
            Ok(()) => claim.stored(now),
            Err(error) => {
                // The client is told to try again. If the file cannot be taken back, the next try finds it.
                if fs::remove_file(&path).is_err() {
                    claim.found(now);
                }
                return Err(error);
            }
        }
        Ok(Stored::New)
    }
}

/// The keys of recent deliveries, by mailbox.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    mailboxes: Mutex<Uses>,
}

#[derive(Debug, Default)]
struct Uses {
    clock: u64,
    entries: HashMap<MailboxId, (u64, Arc<Recent>)>,
}

impl Deliveries {
    fn recent(&self, mailbox: MailboxId) -> Arc<Recent> {
        let mut uses = unpoisoned(&self.mailboxes);
        uses.clock += 1;
        let clock = uses.clock;
        if let Some((used, recent)) = uses.entries.get_mut(&mailbox) {
            *used = clock;
            return Arc::clone(recent);
        }
        uses.evict();
        let recent = Arc::new(Recent::default());
        uses.entries.insert(mailbox, (clock, Arc::clone(&recent)));
        recent
    }

    pub(super) fn forget(&self, mailbox: MailboxId) {
        unpoisoned(&self.mailboxes).entries.remove(&mailbox);
    }
}

impl Uses {
    /// Makes room when it is short, by a quarter, so that it is seldom done. A mailbox with a delivery under way
    /// stays: two sets of keys for one mailbox could each let the same message in.
    fn evict(&mut self) {
        let mut idle: Vec<(u64, MailboxId, usize)> = self
            .entries
            .iter()
            .filter(|(_, (_, recent))| Arc::strong_count(recent) == 1)
            .map(|(mailbox, (used, recent))| (*used, *mailbox, recent.len()))
            .collect();
        let mut keys: usize = idle.iter().map(|(.., count)| count).sum();
        if self.entries.len() < MAILBOXES_MAX && keys < KEYS_MAX {
            return;
        }
        idle.sort_unstable();
        for (_, mailbox, count) in idle {
            if self.entries.len() <= MAILBOXES_MAX / 4 * 3 && keys <= KEYS_MAX / 4 * 3 {
                return;
            }
            self.entries.remove(&mailbox);
            keys -= count;
        }
    }
}

/// The recent deliveries of one mailbox; `None` until they were read from the names.
#[derive(Debug, Default)]
struct Recent {
    keys: Mutex<Option<HashMap<KeyBytes, Delivery>>>,
    changed: Condvar,
}

#[derive(Debug, Clone, Copy)]
enum Delivery {
    /// Another thread is storing it now.
    UnderWay,
    /// A file has it, which whoever wrote it may not have made durable.
    Found(i64),
    Stored(i64),
}

impl Recent {
    fn len(&self) -> usize {
        unpoisoned(&self.keys).as_ref().map_or(0, HashMap::len)
    }

    /// The right to store this delivery, or `None` when it is stored and durable.
    fn claim(&self, key: KeyBytes, maildir: &Path, now: Timestamp) -> io::Result<Option<Claim<'_>>> {
        let oldest = now.as_second() - KEY_AGE_S_MAX;
        let mut guard = unpoisoned(&self.keys);
        loop {
            let keys = match &mut *guard {
                Some(keys) => keys,
                unread => unread.insert(read_keys(maildir, oldest)?),
            };
            match keys.get(&key) {
                Some(Delivery::UnderWay) => {
                    guard = self.changed.wait(guard).unwrap_or_else(PoisonError::into_inner);
                }
                Some(Delivery::Stored(time)) if *time >= oldest => return Ok(None),
                Some(Delivery::Found(time)) if *time >= oldest => {
                    let time = *time;
                    sync_dir(&maildir.join("new"))?;
                    sync_dir(&maildir.join("cur"))?;
                    keys.insert(key, Delivery::Stored(time));
                    return Ok(None);
                }
                Some(Delivery::Found(_) | Delivery::Stored(_)) | None => {
                    // Doubling sizes keep this from being done at each delivery.
                    if keys.len() == keys.capacity() {
                        keys.retain(|_, delivery| delivery.is_younger_than(oldest));
                    }
                    keys.insert(key, Delivery::UnderWay);
                    return Ok(Some(Claim { recent: self, key, end: None }));
                }
            }
        }
    }
}

impl Delivery {
    fn is_younger_than(self, oldest: i64) -> bool {
        match self {
            Self::UnderWay => true,
            Self::Found(time) | Self::Stored(time) => time >= oldest,
        }
    }
}

/// The right to store one delivery; dropped without an end, the next may try.
struct Claim<'a> {
    recent: &'a Recent,
    key: KeyBytes,
    end: Option<Delivery>,
}

impl Claim<'_> {
    fn stored(mut self, now: Timestamp) {
        self.end = Some(Delivery::Stored(now.as_second()));
    }

    fn found(mut self, now: Timestamp) {
        self.end = Some(Delivery::Found(now.as_second()));
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(keys) = &mut *unpoisoned(&self.recent.keys) {
            match self.end {
                Some(end) => keys.insert(self.key, end),
                None => keys.remove(&self.key),
            };
        }
        self.recent.changed.notify_all();
    }
}

/// The keys in the names of INBOX. `new` first: a message that a session moves meanwhile is then seen in `cur`.
fn read_keys(maildir: &Path, oldest: i64) -> io::Result<HashMap<KeyBytes, Delivery>> {
    let mut keys = HashMap::new();
    for dir in ["new", "cur"] {
        let dir = maildir.join(dir);
        let mut read = || -> io::Result<()> {
            for entry in fs::read_dir(&dir)? {
                if let Some((time, key)) = delivery_of(entry?.file_name().as_bytes())
                    && time >= oldest
                {
                    keys.insert(key, Delivery::Found(time));
                }
            }
            Ok(())
        };
        read().map_err(|error| at("read", &dir, &error))?;
    }
    Ok(keys)
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_a_mailbox_in_use_is_never_forgotten() {
        let deliveries = Deliveries::default();
        let mailbox = |number: usize| MailboxId::from_number(i64::try_from(number).unwrap());
        let held = deliveries.recent(mailbox(0));
        for number in 1..3 * MAILBOXES_MAX {
            deliveries.recent(mailbox(number));
        }
        let count = unpoisoned(&deliveries.mailboxes).entries.len();
        assert!((MAILBOXES_MAX / 2..=MAILBOXES_MAX).contains(&count), "{count}");
        assert!(Arc::ptr_eq(&held, &deliveries.recent(mailbox(0))));
        let newest = deliveries.recent(mailbox(3 * MAILBOXES_MAX - 1));
        assert_eq!(Arc::strong_count(&newest), 2);
    }
}
