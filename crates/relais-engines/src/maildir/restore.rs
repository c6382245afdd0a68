//! Putting messages of a snapshot into a mailbox, where they were or beside what is there.
//!
//! A message gets a name that no client has seen, made of its own and of the restore: Dovecot gives it a new UID,
//! files that are there are never renamed, and a message that is there already is recognised by the rest of its
//! name. What a restore is about to add is listed durably before the first file is placed, so it can be undone
//! wherever it was killed; the list says when all of it was placed, so that a repetition does not bring back what
//! the holder has moved or erased since.

mod list;
mod plan;
mod settings;
mod undo;
mod write;

pub use undo::Undone;

use super::Maildirs;
use super::index::{IndexedMessage, Tree};
use super::names::hex;
use crate::repository::Content;
use list::List;
use plan::Plan;
use relais_core::ids::MailboxId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// One message of a snapshot.
#[derive(Clone)]
pub struct Restorable {
    pub tree: Tree,
    /// Its folder, as in the snapshot: `INBOX`, `.Sent.2024`.
    pub dir: String,
    pub message: IndexedMessage,
    pub content: Arc<dyn Content>,
}

/// Where messages are put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Into their own folders. A message that lies in another folder of the mailbox by now is there.
    InPlace,
    /// Into folders of their own below this one (one name; see [`super::folder_component`]).
    Beside { under: String },
}

/// What becomes of messages that are marked personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    Include,
    LeaveOut,
}

/// Whether files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// Says what [`Run::Write`] would do.
    Count,
    Write,
}

/// A restore.
#[derive(Debug, Clone)]
pub struct RestoreOrder<'a> {
    /// Tells this restore from others: the same when it is repeated or undone.
    pub id: &'a str,
    pub place: Place,
    pub personal: Personal,
    pub run: Run,
}

/// What a restore did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Restored {
    pub added: u64,
    /// Of the messages that were added.
    pub added_bytes: u64,
    pub already_there: u64,
    pub personal_left_out: u64,
    /// Messages that the index names and whose bytes could not be read. The others are restored.
    pub unreadable_messages: u64,
    /// The first hundred of these.
    pub unreadable: Vec<Unreadable>,
}

/// A message that could not be read from where it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Unreadable {
    /// In the snapshot.
    #[schema(example = "mail/INBOX/1795291200.M1P1.host,S=1234")]
    pub path: String,
    pub reason: String,
}

impl Maildirs {
    /// Restores messages. `progress` is told how many of how many are placed.
    ///
    /// # Errors
    /// When the mailbox does not exist, a folder's name is none, or a file cannot be written, as on a full disk. What
    /// was placed stays and is whole; run it again, or [`Maildirs::undo_restore`].
    pub fn restore(
        &self,
        mailbox: MailboxId,
        order: &RestoreOrder<'_>,
        messages: &[Restorable],
        progress: &mut dyn FnMut(u64, u64),
    ) -> io::Result<Restored> {
        let roots = self.roots(mailbox);
        let maildir = &roots[0].1;
        fs::metadata(maildir.join("cur"))
            .map_err(|error| super::durable::at("find the mailbox", maildir, &error))?;
        let path = self.restore_list(mailbox, order.id);
        let list = List::read(&path)?;
        let plan = Plan::make(&roots, order, &list, messages)?;
        match order.run {
            Run::Count => Ok(plan.report()),
            Run::Write => write::carry_out(plan, &roots, list, &path, progress),
        }
    }

    fn roots(&self, mailbox: MailboxId) -> Roots {
        [(Tree::Mail, self.maildir(mailbox)), (Tree::Personal, self.personal(mailbox))]
    }

    /// Where a restore lists what it adds.
    fn restore_list(&self, mailbox: MailboxId, id: &str) -> PathBuf {
        let digest = Sha256::digest(id.as_bytes());
        self.home(mailbox).join("restored").join(hex(&digest[..8]))
    }
}

/// The trees of a mailbox.
type Roots = [(Tree, PathBuf); 2];

fn root(roots: &Roots, tree: Tree) -> &PathBuf {
    match tree {
        Tree::Mail => &roots[0].1,
        Tree::Personal => &roots[1].1,
    }
}
