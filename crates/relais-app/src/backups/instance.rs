//! An organisation out of its repository, onto a machine where nothing of it is left: rows first, in one transaction, then
//! mail, calendars and address books of every holder. May be killed and repeated: the rows say with an event what they
//! came from, and files are added only where they are missing. No server runs meanwhile.

use super::looking::{collection_names, collection_of};
use super::reading::{ROWS, all_holders, index_of};
use super::restoring::{Wanted, files_of, messages_of};
use super::{parse_location, reading_error, repository_error, snapshot_id};
use crate::organisations::note;
use crate::{Clock, Error, Ids};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::authority::Actor;
use relais_core::backup::Holder;
use relais_core::ids::OrganisationId;
use relais_core::lifecycle::Effect;
use relais_core::refusal::{BackupFault, Refusal};
use relais_core::rights::{Act, allows};
use relais_engines::collections::{self, Collections};
use relais_engines::maildir::{Maildirs, Personal, Place, RestoreOrder, Run, Tree};
use relais_engines::repository::{Label, Repository, RepositoryError, SnapshotId};
use relais_store::dump::{self, DumpError};
use relais_store::mailboxes::MailHolder;
use relais_store::{Store, Tx, accounts, events, generations, organisations, outbox, repositories};
use serde_json::json;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;

/// Its subject is the snapshot that the rows are of.
const BEGUN: &str = "instance.restore_begun";
const RESTORED: &str = "instance.restored";

/// Where an organisation is restored to, and from.
pub struct InstanceRestore {
    pub store: Store,
    pub maildirs: Arc<Maildirs>,
    pub collections: Arc<Collections>,
    pub clock: Clock,
    pub ids: Ids,
    /// Of the repository; where the organisation is backed up from now on.
    pub location: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct RestoredInstance {
    pub organisation: String,
    /// The rows are as they were then.
    pub as_of: Timestamp,
    /// Newer rows that cannot be read.
    pub damaged_rows: usize,
    pub holders: Vec<RestoredHolder>,
}

impl RestoredInstance {
    /// Whether all that was backed up came back.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damaged_rows == 0
            && self
                .holders
                .iter()
                .all(|holder| holder.unreadable == 0 && !matches!(holder.found, FoundInBackup::Damaged))
    }
}

#[derive(Debug, Clone)]
pub struct RestoredHolder {
    pub address: String,
    pub found: FoundInBackup,
    /// Personal ones too: they are the person's own.
    pub messages: u64,
    /// Calendar entries and cards.
    pub items: u64,
    /// Messages and items whose bytes cannot be read, or that no server could serve.
    pub unreadable: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundInBackup {
    /// As it was then.
    AsOf(Timestamp),
    /// No generation that was verified holds it.
    Nothing,
    Damaged,
}

/// The state of an organisation that is restored.
#[derive(Clone)]
struct State {
    organisation: OrganisationId,
    rows: SnapshotId,
    as_of: Timestamp,
    damaged_rows: usize,
}

impl InstanceRestore {
    /// Restores the organisation of the repository. `progress` hears of each holder. Blocks for as long as it takes.
    ///
    /// # Errors
    /// The refusal, or what is to be mended; then run it again.
    pub fn run(
        &self,
        key: &str,
        progress: &mut dyn FnMut(&RestoredHolder),
    ) -> Result<RestoredInstance, Error> {
        let location = parse_location(&self.location)?;
        let repository = Repository::open(&location, key).map_err(|error| self.error(error))?;
        let state = self.bring_rows(&repository)?;
        let organisation = state.organisation;
        let found = self.store.read_blocking(move |tx| {
            let name = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?.name;
            let holders = all_holders(tx, organisation)?.into_iter();
            let newest = |found: MailHolder| Ok((generations::newest(tx, found.holder)?, found));
            Ok::<_, Error>((name, holders.map(newest).collect::<Result<Vec<_>, Error>>()?))
        });
        let (name, held) = found?;
        let snapshots = repository.snapshots().map_err(|error| self.error(error))?;
        let mut holders = Vec::with_capacity(held.len());
        for (snapshot, found) in &held {
            let told = match snapshot {
                Some(snapshot) => Some((snapshot_id(&snapshot.id)?, snapshot.begun_at)),
                None => None,
            };
            let newest = self.later(&repository, &snapshots, &state, found.holder, told)?.or(told);
            let restored = self.restore_holder(&repository, found, newest)?;
            progress(&restored);
            holders.push(restored);
        }
        let restored = RestoredInstance {
            organisation: name,
            as_of: state.as_of,
            damaged_rows: state.damaged_rows,
            holders,
        };
        let owed = held.into_iter().map(|(_, found)| found.holder).collect();
        self.finish(&state, &restored, owed)?;
        Ok(restored)
    }

    fn error(&self, error: RepositoryError) -> Error {
        repository_error(&self.location, error)
    }

    /// The rows into the database, or those that an earlier run of this restore has brought.
    fn bring_rows(&self, repository: &Repository) -> Result<State, Error> {
        let snapshots = repository.snapshots().map_err(|error| self.error(error))?;
        let of_rows = snapshots.into_iter().filter(|(_, label)| label.holder == label.organisation);
        let mut of_rows: Vec<(SnapshotId, Label)> = of_rows.collect();
        of_rows.sort_by_key(|(_, label)| std::cmp::Reverse(label.time));
        let mut last = Error::from(Refusal::from(BackupFault::NotVerified));
        for (damaged_rows, (rows, label)) in of_rows.into_iter().enumerate() {
            let id = label.organisation.parse();
            let organisation =
                id.map_err(|_| Refusal::from(BackupFault::Damaged { location: self.location.clone() }))?;
            let state = State { organisation, rows, as_of: label.time, damaged_rows };
            match self.bring_state(repository, &state) {
                Ok(Brought::Loaded | Brought::Earlier) => return Ok(state),
                // An earlier run may have passed over rows that it could not read.
                Ok(Brought::ByAnother(name)) => last = already_here(name),
                Ok(Brought::Whole(name)) => return Err(already_here(name)),
                Err(error @ Error::Refused(Refusal::Backup(BackupFault::Damaged { .. }))) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    fn bring_state(&self, repository: &Repository, state: &State) -> Result<Brought, Error> {
        let asked = state.clone();
        let there = self.store.read_blocking(move |tx| look_for(tx, &asked))?;
        if let Some(brought) = there {
            return Ok(brought);
        }
        let scratch = tempfile::tempdir_in(self.maildirs.incoming_dir())?;
        let path = scratch.path().join(ROWS);
        let mut stored = repository.read(&state.rows, ROWS).map_err(|error| self.error(error))?;
        io::copy(&mut stored, &mut File::create(&path)?).map_err(|error| self.reading_error(error))?;
        let head = dump::head(&mut open(&path)?).map_err(|error| self.rows_error(error))?;
        let path = if head.migration < newest_schema() {
            let old = path.clone();
            dump::renew(move || open(&old), scratch.path()).map_err(|error| self.rows_error(error))?
        } else {
            path
        };
        self.load(state.clone(), &path)?;
        Ok(Brought::Loaded)
    }

    fn load(&self, state: State, path: &Path) -> Result<(), Error> {
        let (path, location, now) = (path.to_owned(), self.location.clone(), self.clock.now());
        let loaded = self.store.write_blocking(move |tx| {
            let loaded = dump::load(tx, &mut open(&path).map_err(LoadError::from)?)?;
            let organisation = loaded.head.organisation;
            if organisation != state.organisation {
                let reason = format!("the rows are of {organisation}");
                return Err(DumpError::Damaged { line: 1, reason }.into());
            }
            // It is due when it was: a server that was away for long backs up at once.
            repositories::relocate(tx, organisation, &location)?;
            let detail = json!({ "location": location, "as_of": state.as_of, "rows": loaded.rows });
            note(tx, organisation, BEGUN, state.rows, detail, Actor::Operator, now)?;
            Ok::<_, LoadError>(())
        });
        loaded.map_err(|error| match error {
            LoadError::Rows(error) => self.rows_error(error),
            LoadError::Other(error) => error,
        })
    }

    fn reading_error(&self, error: io::Error) -> Error {
        reading_error(&self.location, error)
    }

    fn rows_error(&self, error: DumpError) -> Error {
        let fault = match error {
            DumpError::Store(error) => return error.into(),
            DumpError::Io(error) => return error.into(),
            DumpError::Newer { .. } => BackupFault::FromNewerVersion,
            DumpError::Taken { row, .. } => BackupFault::AlreadyHere { name: row },
            DumpError::Differs { table, row } => BackupFault::AlreadyHere { name: format!("{table} {row}") },
            DumpError::Damaged { .. } => {
                tracing::warn!(%error, "rows cannot be loaded");
                BackupFault::Damaged { location: self.location.clone() }
            }
            DumpError::Absent(_) | DumpError::Older { .. } => return Error::Internal(error.to_string()),
        };
        Refusal::from(fault).into()
    }

    /// The newest snapshot of a holder that was made after the one the rows `told` of: of a run that did not come to the
    /// rows, or of the account alone. Nothing says that it was read back, so all of it is.
    fn later(
        &self,
        repository: &Repository,
        snapshots: &[(SnapshotId, Label)],
        state: &State,
        holder: Holder,
        told: Option<(SnapshotId, Timestamp)>,
    ) -> Result<Option<(SnapshotId, Timestamp)>, Error> {
        let (organisation, holder) = (state.organisation.to_string(), holder.to_string());
        let is_later = |label: &Label| {
            label.organisation == organisation
                && label.holder == holder
                && told.is_none_or(|(_, begun_at)| label.time > begun_at)
        };
        // The oldest come first.
        for (id, label) in snapshots.iter().rev().filter(|(_, label)| is_later(label)) {
            match repository.verify(id, None) {
                Ok(_) => return Ok(Some((*id, label.time))),
                Err(error @ (RepositoryError::Damaged { .. } | RepositoryError::NoSnapshot(_))) => {
                    tracing::warn!(%error, snapshot = %id, "an earlier snapshot is taken");
                }
                Err(error) => return Err(self.error(error)),
            }
        }
        Ok(None)
    }

    fn restore_holder(
        &self,
        repository: &Repository,
        found: &MailHolder,
        snapshot: Option<(SnapshotId, Timestamp)>,
    ) -> Result<RestoredHolder, Error> {
        self.maildirs.create(found.mailbox)?;
        let mut restored = RestoredHolder {
            address: found.address.to_string(),
            found: FoundInBackup::Nothing,
            messages: 0,
            items: 0,
            unreadable: 0,
        };
        let Some((id, begun_at)) = snapshot else { return Ok(restored) };
        restored.found = FoundInBackup::AsOf(begun_at);
        match self.restore_snapshot(repository, found, id, &mut restored) {
            Err(Error::Refused(Refusal::Backup(BackupFault::Damaged { .. })) | Error::NotFound) => {
                restored.found = FoundInBackup::Damaged;
            }
            other => other?,
        }
        Ok(restored)
    }

    fn restore_snapshot(
        &self,
        repository: &Repository,
        found: &MailHolder,
        id: SnapshotId,
        restored: &mut RestoredHolder,
    ) -> Result<(), Error> {
        let index = index_of(repository, &id).map_err(|error| self.error(error))?;
        let files = files_of(repository, &id).map_err(|error| self.error(error))?;
        for folder in index.folders().filter(|folder| folder.tree == Tree::Mail) {
            self.maildirs.restore_folder(found.mailbox, &folder.dir)?;
        }
        let messages = messages_of(&index, &files, &Wanted::All);
        let name = format!("instance {id}");
        let order =
            RestoreOrder { id: &name, place: Place::InPlace, personal: Personal::Include, run: Run::Write };
        let mail = self.maildirs.restore(found.mailbox, &order, &messages, &mut |_, _| {});
        let mail = mail.map_err(|error| self.reading_error(error))?;
        restored.messages = mail.added + mail.already_there;
        restored.unreadable = mail.unreadable_messages;

        let mut settings: Vec<_> =
            files.keys().filter(|path| *path == SUBSCRIPTIONS || path.starts_with("sieve/")).collect();
        // A script has to be there before it is said which one runs.
        settings.sort_by_key(|path| (*path == "sieve/active", *path));
        for path in settings {
            let mut content = Vec::new();
            let mut reader = repository.read(&id, path).map_err(|error| self.error(error))?;
            io::copy(&mut reader, &mut content).map_err(|error| self.reading_error(error))?;
            self.maildirs.restore_setting(found.mailbox, path, &content)?;
        }

        let Holder::Account(account) = found.holder else { return Ok(()) };
        for name in collection_names(repository, &id).map_err(|error| self.error(error))? {
            let read = collection_of(repository, &id, &name).map_err(|error| self.error(error))?;
            let Some((collection, properties, items)) = read else { continue };
            let (place, run) = (collections::Place::Same, collections::Run::Real);
            let done = self.collections.restore(account, (&collection, &properties), &items, place, run)?;
            restored.items += done.restored + done.present;
            restored.unreadable += done.broken.len() as u64;
        }
        Ok(())
    }

    /// Owes what the mailboxes need besides their files, and says that it is done.
    fn finish(&self, state: &State, restored: &RestoredInstance, holders: Vec<Holder>) -> Result<(), Error> {
        let (ids, now, state) = (self.ids.clone(), self.clock.now(), state.clone());
        let detail = json!({
            "as_of": state.as_of,
            "holders": restored.holders.len(),
            "messages": restored.holders.iter().map(|holder| holder.messages).sum::<u64>(),
            "items": restored.holders.iter().map(|holder| holder.items).sum::<u64>(),
            "unreadable": restored.holders.iter().map(|holder| holder.unreadable).sum::<u64>(),
            "whole": restored.is_whole(),
        });
        self.store.write_blocking(move |tx| {
            for holder in &holders {
                if let Some(effect) = owed(tx, *holder, now)? {
                    outbox::push(tx, ids.next(), &effect, now)?;
                }
            }
            note(tx, state.organisation, RESTORED, state.rows, detail.clone(), Actor::Operator, now)
        })
    }
}

const SUBSCRIPTIONS: &str = "mail/subscriptions";

enum Brought {
    Loaded,
    /// By an earlier run, which did not come to its end.
    Earlier,
    /// The organisation of this name is here, and was not brought by this.
    ByAnother(String),
    /// By an earlier run, which did.
    Whole(String),
}

fn look_for(tx: &mut Tx<'_>, state: &State) -> Result<Option<Brought>, Error> {
    let Some(found) = organisations::get(tx, state.organisation)? else { return Ok(None) };
    let told = events::page(tx, state.organisation, &state.rows.to_string(), 0, 2)?;
    let told: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
    Ok(Some(match told.as_slice() {
        [] => Brought::ByAnother(found.name),
        [BEGUN] => Brought::Earlier,
        _ => Brought::Whole(found.name),
    }))
}

fn already_here(name: String) -> Error {
    Refusal::from(BackupFault::AlreadyHere { name }).into()
}

/// What a mailbox needs that its files do not say: who may open it, and that nothing of it is set aside.
fn owed(tx: &mut Tx<'_>, holder: Holder, now: Timestamp) -> Result<Option<Effect>, Error> {
    Ok(match holder {
        Holder::SharedMailbox(mailbox) => Some(Effect::ShareMailbox { mailbox }),
        Holder::Account(id) => {
            let reads = |account: &Account| allows(account, Act::ReadMail, now);
            let account = accounts::get(tx, id)?.filter(reads);
            account.map(|account| Effect::ReturnMailbox { account: id, mailbox: account.mailbox })
        }
        Holder::Organisation(_) => None,
    })
}

fn open(path: &Path) -> io::Result<BufReader<File>> {
    Ok(BufReader::new(File::open(path)?))
}

fn newest_schema() -> i64 {
    relais_store::schema::MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// What ends the transaction that loads rows.
enum LoadError {
    Rows(DumpError),
    Other(Error),
}

impl From<DumpError> for LoadError {
    fn from(error: DumpError) -> Self {
        Self::Rows(error)
    }
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::Other(error.into())
    }
}

impl From<Error> for LoadError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<relais_store::Error> for LoadError {
    fn from(error: relais_store::Error) -> Self {
        Self::Other(error.into())
    }
}
