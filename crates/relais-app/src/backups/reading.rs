//! One holder into one snapshot: what there is, what is known already, what was written, and that it can be read.

use super::repository_error;
use crate::{Error, Relais};
use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::backup::{BackupPolicy, Generation, Holder, Scope, Snapshot};
use relais_core::ids::{AccountId, MailboxId, OrganisationId};
use relais_core::organisation::{Address, Target};
use relais_core::profile::Profile;
use relais_core::rights::{Act, Verdict, may};
use relais_engines::collections::Collections;
use relais_engines::maildir::{Index, Maildirs};
use relais_engines::message::PersonalMarks;
use relais_engines::repository::{
    Content, EntryKind, File, Label, Packs, Repository, RepositoryError, SnapshotId,
};
use relais_store::dump::{self, DumpError};
use relais_store::mailboxes::MailHolder;
use relais_store::{Tx, accounts, addresses, generations, groups, mailboxes, profiles, repositories};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::{BufWriter, Read};
use std::path::Path;
use std::sync::Arc;

const PAGE: i64 = 1000;
/// Holders that are written at once: while the disk makes the packs of one last, the others are read.
const WRITERS: usize = 4;
/// The organisation's rows, in the snapshot of the organisation.
pub(super) const ROWS: &str = "rows.jsonl";

/// What a snapshot says about an account besides its mail, calendars and address books, for whoever opens it without
/// Relais.
#[derive(Serialize)]
struct AccountFile {
    account: Account,
    profile: Profile,
    addresses: Vec<Address>,
    groups: Vec<String>,
    shared_mailboxes: Vec<String>,
}

/// What there is to be read of a holder.
struct Source {
    mailbox: MailboxId,
    /// Whose calendars and address books are read too.
    account: Option<AccountId>,
    about: Vec<u8>,
    previous: Option<Snapshot>,
}

impl Source {
    /// The snapshot from which this one is made: what it has is not read again.
    fn parent(&self) -> Option<SnapshotId> {
        self.previous.as_ref().and_then(|previous| previous.id.parse().ok())
    }
}

/// What was written of a holder.
struct Written {
    id: SnapshotId,
    messages: u64,
    personal_messages: u64,
    items: u64,
    size_bytes: u64,
    fingerprint: Option<String>,
}

/// What reads and writes, without the tables.
struct Hands {
    repository: Arc<Repository>,
    maildirs: Arc<Maildirs>,
    collections: Arc<Collections>,
    marks: Arc<PersonalMarks>,
}

impl Relais {
    /// Whom a generation covers: the organisation's rows last, since they tell of every snapshot before them.
    pub(super) async fn holders_of(&self, generation: &Generation) -> Result<Vec<Holder>, Error> {
        let organisation = generation.organisation;
        match generation.scope {
            Scope::Account(id) => Ok(vec![Holder::Account(id)]),
            Scope::Everything => {
                let found = self.look(move |tx| all_holders(tx, organisation)).await?;
                let mut holders: Vec<_> = found.into_iter().map(|found| found.holder).collect();
                holders.push(Holder::Organisation(organisation));
                Ok(holders)
            }
        }
    }

    /// Writes some holders, then reads back what was written, and only then says so in the tables. Returns what could
    /// not be done of each.
    pub(super) async fn read_holders(
        &self,
        (repository, policy): (&Arc<Repository>, &BackupPolicy),
        generation: &Generation,
        holders: &[Holder],
        packs: &mut Packs,
    ) -> Result<Vec<(Holder, Error)>, Error> {
        let (mut written, mut failed) = (Vec::new(), Vec::new());
        let writing: Vec<_> =
            holders.iter().map(|holder| self.write_holder(repository, generation, *holder)).collect();
        let mut outcomes = stream::iter(writing).buffered(WRITERS).zip(stream::iter(holders));
        while let Some((outcome, holder)) = outcomes.next().await {
            match outcome {
                Ok(snapshot) => written.extend(snapshot),
                Err(error) => failed.push((*holder, error)),
            }
        }
        for (mut snapshot, id, known_good) in written {
            let location = self.location(generation.organisation).await?;
            let (repository, mut listed) = (repository.clone(), std::mem::take(packs));
            let verified = tokio::task::spawn_blocking(move || {
                let verified = repository.verify_among(&id, known_good.as_ref(), &mut listed);
                (verified, listed)
            });
            let (verified, listed) = verified.await?;
            *packs = listed;
            if let Err(error) = verified {
                failed.push((snapshot.holder, repository_error(&location, error)));
                continue;
            }
            snapshot.verified_at = Some(self.now());
            let begun_in = policy.location.clone();
            self.store
                .write(move |tx| {
                    // Somebody moved the backups since: what was written lies where nobody looks any more.
                    let now_in = repositories::get(tx, snapshot.organisation)?.map(|policy| policy.location);
                    if now_in.as_ref() != Some(&begun_in) {
                        return Err(Error::Conflict);
                    }
                    Ok(generations::set_snapshot(tx, &snapshot)?)
                })
                .await?;
        }
        Ok(failed)
    }

    /// The snapshot of a holder, and the one before against which it may be verified. `None` when the holder is gone
    /// since the run began: there is nothing to be held of it.
    async fn write_holder(
        &self,
        repository: &Arc<Repository>,
        generation: &Generation,
        holder: Holder,
    ) -> Result<Option<(Snapshot, SnapshotId, Option<SnapshotId>)>, Error> {
        let begun_at = self.now();
        let label = Label {
            organisation: generation.organisation.to_string(),
            holder: holder.to_string(),
            tags: vec![generation.id.to_string()],
            time: begun_at,
        };
        let hands = Hands {
            repository: repository.clone(),
            maildirs: self.maildirs.clone(),
            collections: self.collections.clone(),
            marks: self.personal_marks.clone(),
        };
        let mut known_good = None;
        let stored = match holder {
            Holder::Organisation(id) => {
                let rows = self.dump_rows(id).await?;
                tokio::task::spawn_blocking(move || hands.store_rows(rows.path(), &label, begun_at)).await?
            }
            Holder::Account(_) | Holder::SharedMailbox(_) => {
                let Some(source) = self.look(move |tx| source_of(tx, holder)).await? else { return Ok(None) };
                known_good = match generation.scope {
                    Scope::Everything => source.parent(),
                    // Somebody waits for this one, and will rely on it: every byte is read back.
                    Scope::Account(_) => None,
                };
                tokio::task::spawn_blocking(move || hands.store_holder(&source, &label, begun_at)).await?
            }
        };
        let written = match stored {
            Ok(written) => written,
            Err(Trouble::Io(error)) => return Err(error.into()),
            Err(Trouble::Repository(error)) => {
                return Err(repository_error(&self.location(generation.organisation).await?, error));
            }
        };
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let snapshot = Snapshot {
            generation: generation.id,
            organisation: generation.organisation,
            holder,
            id: written.id.to_string(),
            begun_at,
            verified_at: None,
            messages: count(written.messages),
            personal_messages: count(written.personal_messages),
            items: count(written.items),
            size_bytes: count(written.size_bytes),
            fingerprint: written.fingerprint,
        };
        Ok(Some((snapshot, written.id, known_good)))
    }

    async fn dump_rows(&self, organisation: OrganisationId) -> Result<tempfile::NamedTempFile, Error> {
        let dir = self.maildirs.incoming_dir();
        self.store
            .read(move |tx| {
                // Asked again from the start when a read is repeated.
                let file = tempfile::NamedTempFile::new_in(&dir)?;
                let mut writer = BufWriter::new(file);
                dump::dump(tx, organisation, &mut writer).map_err(dump_error)?;
                writer.into_inner().map_err(|error| Error::from(error.into_error()))
            })
            .await
    }
}

pub(super) fn dump_error(error: DumpError) -> Error {
    match error {
        DumpError::Store(error) => error.into(),
        DumpError::Io(error) => error.into(),
        other => Error::Internal(other.to_string()),
    }
}

/// Whoever has a mailbox. A tombstone has none.
pub(super) fn all_holders(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
) -> Result<Vec<MailHolder>, relais_store::Error> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = mailboxes::holders(tx, organisation, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(last.mailbox);
        let kept = |state| may(state, Act::ReceiveMail) != Verdict::No;
        all.extend(page.into_iter().filter(|found| found.state.is_none_or(kept)));
    }
}

fn source_of(tx: &mut Tx<'_>, holder: Holder) -> Result<Option<Source>, relais_store::Error> {
    let (mailbox, account, about) = match holder {
        Holder::Account(id) => match accounts::get(tx, id)? {
            Some(account) if may(account.state, Act::ReceiveMail) != Verdict::No => {
                (account.mailbox, Some(id), to_json(&about_account(tx, account)?))
            }
            Some(_) | None => return Ok(None),
        },
        Holder::SharedMailbox(id) => match mailboxes::get(tx, id)? {
            Some(found) => (id, None, to_json(&found)),
            None => return Ok(None),
        },
        Holder::Organisation(_) => return Ok(None),
    };
    Ok(Some(Source { mailbox, account, about, previous: generations::newest(tx, holder)? }))
}

fn about_account(tx: &mut Tx<'_>, account: Account) -> Result<AccountFile, relais_store::Error> {
    let id = account.id;
    Ok(AccountFile {
        profile: profiles::get(tx, id)?,
        addresses: addresses::of_target(tx, Target::Account(id))?,
        groups: groups::of_member(tx, id)?.into_iter().map(|group| group.name).collect(),
        shared_mailboxes: mailboxes::of_member(tx, id)?
            .into_iter()
            .map(|mailbox| mailbox.address.to_string())
            .collect(),
        account,
    })
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("values of the core serialise")
}

enum Trouble {
    Repository(RepositoryError),
    Io(std::io::Error),
}

impl From<RepositoryError> for Trouble {
    fn from(error: RepositoryError) -> Self {
        Self::Repository(error)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

fn file(path: &str, bytes: Vec<u8>, modified: Timestamp) -> File {
    File {
        path: path.to_owned(),
        size_bytes: bytes.len() as u64,
        modified,
        content: Arc::new(Arc::<[u8]>::from(bytes)),
    }
}

impl Hands {
    fn store_holder(&self, source: &Source, label: &Label, now: Timestamp) -> Result<Written, Trouble> {
        let previous = source.previous.as_ref();
        let parent = source.parent();
        let fingerprint = self.fingerprint(source, now)?;
        let unchanged = previous
            .zip(parent.as_ref())
            .filter(|(previous, _)| fingerprint.is_some() && previous.fingerprint == fingerprint);
        match unchanged {
            Some((previous, parent)) => {
                let count = |number: i64| number.unsigned_abs();
                let id = match self.repository.store_unchanged(parent, label) {
                    Err(RepositoryError::NoSnapshot(_) | RepositoryError::Damaged { .. }) => {
                        return self.store_anew(source, label, None, now);
                    }
                    stored => stored?,
                };
                Ok(Written {
                    id,
                    messages: count(previous.messages),
                    personal_messages: count(previous.personal_messages),
                    items: count(previous.items),
                    size_bytes: count(previous.size_bytes),
                    fingerprint,
                })
            }
            None => self.store_anew(source, label, parent.as_ref(), now),
        }
    }

    fn store_anew(
        &self,
        source: &Source,
        label: &Label,
        parent: Option<&SnapshotId>,
        now: Timestamp,
    ) -> Result<Written, Trouble> {
        // An earlier snapshot that is damaged is no reason not to make a whole one.
        let index = parent.map(|parent| (parent, index_of(&self.repository, parent)));
        let (parent, previous) = match index {
            Some((parent, Ok(index))) => (Some(parent), index),
            Some((parent, Err(error))) => {
                tracing::warn!(%error, %parent, "everything is read anew");
                (None, Index::default())
            }
            None => (None, Index::default()),
        };
        let mail = self.maildirs.scan(source.mailbox, &previous, &self.marks)?;
        let mut files = mail.files;
        let (mut items, mut size_bytes, mut dav) = (0, mail.bytes, Some(String::new()));
        if let Some(account) = source.account {
            let collections = self.collections.scan(account, now)?;
            items = collections.items;
            size_bytes += collections.files.iter().map(|file| file.size_bytes).sum::<u64>();
            files.extend(collections.files);
            dav = collections.fingerprint;
        }
        files.push(file("account.json", source.about.clone(), now));
        let stored = self.repository.store(files, label, parent, &mut |_| {})?;
        Ok(Written {
            id: stored.snapshot,
            messages: mail.messages,
            personal_messages: mail.personal_messages,
            items,
            size_bytes,
            fingerprint: mail.fingerprint.zip(dav).map(|(mail, dav)| fingerprint(&mail, &dav, &source.about)),
        })
    }

    /// Equal for a holder of whom nothing has changed.
    fn fingerprint(&self, source: &Source, now: Timestamp) -> Result<Option<String>, Trouble> {
        let mail = self.maildirs.fingerprint(source.mailbox)?;
        let dav = match source.account {
            Some(account) => self.collections.fingerprint(account, now)?,
            None => Some(String::new()),
        };
        Ok(mail.zip(dav).map(|(mail, dav)| fingerprint(&mail, &dav, &source.about)))
    }

    fn store_rows(&self, rows: &Path, label: &Label, now: Timestamp) -> Result<Written, Trouble> {
        let size_bytes = rows.metadata()?.len();
        let content: Arc<dyn Content> = Arc::new(rows.to_path_buf());
        let file = File { path: ROWS.to_owned(), size_bytes, modified: now, content };
        let id = self.repository.store(vec![file], label, None, &mut |_| {})?.snapshot;
        Ok(Written { id, messages: 0, personal_messages: 0, items: 0, size_bytes, fingerprint: None })
    }
}

/// The messages of a snapshot.
pub(super) fn index_of(repository: &Repository, snapshot: &SnapshotId) -> Result<Index, RepositoryError> {
    let mut index = Index::default();
    for tree in repository.list(snapshot, "")?.into_iter().filter(|entry| entry.kind == EntryKind::Directory)
    {
        for folder in repository.list(snapshot, &tree.path)? {
            let path = format!("{}/index.jsonl", folder.path);
            if !Index::is_index(&path) || folder.kind != EntryKind::Directory {
                continue;
            }
            let mut content = Vec::new();
            let read = repository.read(snapshot, &path)?.read_to_end(&mut content);
            read.map_err(|error| RepositoryError::Damaged { what: error.to_string() })?;
            for line in index.read(&path, &content) {
                tracing::warn!(%line, %snapshot, "a line of an index cannot be read");
            }
        }
    }
    Ok(index)
}

fn fingerprint(mail: &str, dav: &str, about: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in [mail.as_bytes(), b"\0", dav.as_bytes(), b"\0", about] {
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
