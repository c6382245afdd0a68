//! What came into a mailbox, and into an account's calendars, since the newest verified backup: a deletion would lose it.

use super::reading::index_of;
use super::{repository_error, snapshot_id};
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::backup::{Holder, Snapshot};
use relais_core::ids::{MailboxId, OrganisationId};
use relais_core::refusal::Refusal;
use relais_engines::collections::Collections;
use relais_engines::maildir::{Index, Maildirs};
use relais_engines::message::PersonalMarks;
use relais_engines::repository::{EntryKind, File, Repository, RepositoryError, SnapshotId};
use relais_store::{Tx, generations};
use std::collections::HashSet;
use std::sync::Arc;

/// What the newest verified snapshot of an account or a shared mailbox holds, to be compared with what is there.
#[derive(Clone)]
pub(crate) struct Kept {
    holder: Holder,
    mailbox: MailboxId,
    /// What is said where something is in no backup.
    missing: Refusal,
    snapshot: Option<String>,
    contents: Arc<Contents>,
    maildirs: Arc<Maildirs>,
    collections: Arc<Collections>,
    marks: Arc<PersonalMarks>,
}

#[derive(Default)]
struct Contents {
    index: Index,
    /// A message may be in another folder by now: its base name stays.
    bases: HashSet<String>,
    /// Of calendars and address books, which change in place.
    items: HashSet<(String, u64, Timestamp)>,
}

impl Contents {
    fn of(repository: &Repository, id: &SnapshotId) -> Result<Self, RepositoryError> {
        let index = index_of(repository, id)?;
        let messages = index.folders().flat_map(|folder| &folder.messages);
        let bases = messages.map(|message| message.base.clone()).collect();
        let mut items = HashSet::new();
        for entry in repository.files(id)? {
            if let (EntryKind::File { size_bytes }, Some(modified)) = (entry.kind, entry.modified)
                && is_of_collection(&entry.path)
            {
                items.insert((entry.path, size_bytes, modified));
            }
        }
        Ok(Self { index, bases, items })
    }
}

impl Relais {
    /// # Errors
    /// When the repository cannot say what it holds.
    pub(crate) async fn what_is_kept(
        &self,
        holder: Holder,
        organisation: OrganisationId,
        mailbox: MailboxId,
        missing: impl Into<Refusal>,
    ) -> Result<Kept, Error> {
        let newest = self.look(move |tx| generations::newest(tx, holder)).await?;
        let holds_something = |found: &&Snapshot| found.messages > 0 || found.items > 0;
        let contents = match newest.as_ref().filter(holds_something) {
            Some(found) => {
                let (repository, id) = (self.repository(organisation).await?, snapshot_id(&found.id)?);
                let read = tokio::task::spawn_blocking(move || Contents::of(&repository, &id)).await?;
                match read {
                    Ok(contents) => contents,
                    Err(error) => {
                        return Err(repository_error(&self.location(organisation).await?, error));
                    }
                }
            }
            None => Contents::default(),
        };
        Ok(Kept {
            holder,
            mailbox,
            missing: missing.into(),
            snapshot: newest.map(|found| found.id),
            contents: Arc::new(contents),
            maildirs: self.maildirs.clone(),
            collections: self.collections.clone(),
            marks: self.personal_marks.clone(),
        })
    }
}

impl Kept {
    /// Refuses when anything is there that is not kept. Reads directories, and of messages only those.
    ///
    /// # Errors
    /// What was given for that, or that mailbox or calendars cannot be read.
    pub(crate) fn check_all_is(&self, now: Timestamp) -> Result<(), Error> {
        let mail = self.maildirs.scan(self.mailbox, &self.contents.index, &self.marks)?;
        let mut messages = mail.index.folders().flat_map(|folder| &folder.messages);
        let mail_is = messages.all(|message| self.contents.bases.contains(&message.base));
        let is_kept = |file: File| {
            !is_of_collection(&file.path)
                || self.contents.items.contains(&(file.path, file.size_bytes, file.modified))
        };
        let items = match self.holder {
            Holder::Account(id) => self.collections.scan(id, now)?.files,
            Holder::SharedMailbox(_) | Holder::Organisation(_) => Vec::new(),
        };
        if mail_is && items.into_iter().all(is_kept) { Ok(()) } else { Err(self.missing.clone().into()) }
    }

    /// As [`Self::check_all_is`], and that the snapshot it was compared with still is the newest.
    pub(crate) fn check_all_is_now(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), Error> {
        let newest = generations::newest(tx, self.holder)?;
        if newest.map(|found| found.id) != self.snapshot {
            return Err(Error::Conflict);
        }
        self.check_all_is(now)
    }
}

/// An entry or a card; what a collection is called is no data of it.
fn is_of_collection(path: &str) -> bool {
    path.starts_with("dav/") && !path.ends_with("/.Radicale.props")
}
