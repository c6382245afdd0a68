//! The backup tree: what a generation holds of a holder, looked into by somebody who says why. Personal messages are
//! counted and shown to nobody; each look is an event before it is answered.

use super::reading::index_of;
use super::{repository_error, snapshot_id};
use crate::organisations::note;
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::authority::{Actor, Power};
use relais_core::backup::{Holder, Snapshot};
use relais_core::ids::GenerationId;
use relais_core::refusal::{BackupFault, Refusal};
use relais_engines::collections::{self, Export, Item, Kind, Properties};
use relais_engines::export::{Archive, write_mbox};
use relais_engines::maildir::{Index, IndexedFolder, Query, Tree};
use relais_engines::message::{PersonalMarks, View};
use relais_engines::repository::{EntryKind, Repository, RepositoryError, SnapshotId};
use relais_store::generations;
use serde::Serialize;
use serde_json::json;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// Who looks, and why: both are in the event.
#[derive(Debug, Clone)]
pub struct Looker {
    pub actor: Actor,
    pub reason: String,
}

/// What a snapshot holds.
#[derive(Debug, Clone, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Contents {
    pub snapshot: Snapshot,
    pub folders: Vec<FolderContents>,
    pub collections: Vec<CollectionContents>,
}

#[derive(Debug, Clone, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct FolderContents {
    /// By which it is asked for: `INBOX`, `.Sent.2024`.
    pub folder: String,
    /// As a mail program shows it: `Sent/2024`.
    pub name: String,
    pub messages: u64,
    /// Counted, never shown.
    pub personal_messages: u64,
    pub size_bytes: u64,
}

#[derive(Debug, Clone, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct CollectionContents {
    pub collection: String,
    pub name: String,
    pub kind: Kind,
    pub items: u64,
}

/// A page of messages, the newest first.
#[derive(Debug, Clone, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct MessagePage {
    pub messages: Vec<FoundMessage>,
    /// Of all that were found, on whatever page.
    pub found: u64,
    /// Personal ones in the snapshot: not shown, and not searched.
    pub personal_messages: u64,
}

#[derive(Debug, Clone, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct FoundMessage {
    pub folder: String,
    /// By which it is asked for.
    pub message: String,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub date: Timestamp,
    pub size_bytes: u64,
}

type WriteOut = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()> + Send>;

/// A file to be written as it is read, for downloads of any size.
pub struct Download {
    pub file_name: String,
    pub media_type: &'static str,
    pub write: WriteOut,
}

/// A snapshot that somebody may look into.
pub(super) struct Opened {
    pub repository: Arc<Repository>,
    pub location: String,
    pub id: SnapshotId,
    pub snapshot: Snapshot,
}

impl Opened {
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Repository, &SnapshotId) -> Result<T, RepositoryError> + Send + 'static,
    ) -> Result<T, Error> {
        let (repository, id) = (self.repository.clone(), self.id);
        let answer = tokio::task::spawn_blocking(move || question(&repository, &id)).await?;
        answer.map_err(|error| repository_error(&self.location, error))
    }
}

impl Relais {
    /// Folders, calendars and address books of a snapshot, with counts.
    ///
    /// # Errors
    /// The refusal: who may not, without a reason, or nothing verified to look into.
    pub async fn backup_contents(
        &self,
        generation: GenerationId,
        holder: Holder,
        looker: Looker,
    ) -> Result<Contents, Error> {
        let opened = self.open_snapshot(generation, holder, looker, "contents").await?;
        let marks = self.personal_marks.clone();
        let (index, collections) = opened
            .ask(move |repository, id| {
                Ok((index_of(repository, id)?, collections_of(repository, id, &marks)?))
            })
            .await?;
        let marks = self.personal_marks.clone();
        let shown = |folder: &&IndexedFolder| folder.tree == Tree::Mail && !marks.mark_folder(&folder.name());
        let folders = index.folders().filter(shown).map(folder_contents);
        Ok(Contents { folders: folders.collect(), collections, snapshot: opened.snapshot })
    }

    /// # Errors
    /// As [`Relais::backup_contents`].
    pub async fn backup_messages(
        &self,
        generation: GenerationId,
        holder: Holder,
        query: Query,
        (skip, limit): (usize, usize),
        looker: Looker,
    ) -> Result<MessagePage, Error> {
        let opened = self.open_snapshot(generation, holder, looker, "messages").await?;
        let index = opened.ask(index_of).await?;
        Ok(page_of(&index, &query, skip, limit))
    }

    /// One message as text, safe to be shown.
    ///
    /// # Errors
    /// As [`Relais::backup_contents`]; [`BackupFault::Personal`] for a personal one.
    pub async fn backup_message(
        &self,
        generation: GenerationId,
        holder: Holder,
        (folder, message): (String, String),
        looker: Looker,
    ) -> Result<View, Error> {
        let download = self.backup_message_file(generation, holder, (folder, message), looker).await?;
        let read = move || {
            let mut bytes = Vec::new();
            (download.write)(&mut bytes)?;
            View::read(bytes.as_slice())
        };
        Ok(tokio::task::spawn_blocking(read).await??)
    }

    /// One message as it came.
    ///
    /// # Errors
    /// As [`Relais::backup_message`].
    pub async fn backup_message_file(
        &self,
        generation: GenerationId,
        holder: Holder,
        (folder, message): (String, String),
        looker: Looker,
    ) -> Result<Download, Error> {
        let what = format!("message {folder}/{message}");
        let opened = self.open_snapshot(generation, holder, looker, &what).await?;
        let index = opened.ask(index_of).await?;
        let found = index.folder(Tree::Mail, &folder).ok_or(Error::NotFound)?;
        let indexed = found.messages.iter().find(|indexed| indexed.base == message).ok_or(Error::NotFound)?;
        if indexed.personal {
            return Err(Refusal::from(BackupFault::Personal).into());
        }
        let (path, repository, id) = (found.path_of(indexed), opened.repository.clone(), opened.id);
        Ok(Download {
            file_name: "message.eml".to_owned(),
            media_type: "message/rfc822",
            write: Box::new(move |to| {
                let mut reader = repository.read(&id, &path).map_err(io::Error::other)?;
                io::copy(&mut reader, to).map(drop)
            }),
        })
    }

    /// All messages of a folder in one file (mboxrd), personal ones left out.
    ///
    /// # Errors
    /// As [`Relais::backup_contents`].
    pub async fn backup_folder(
        &self,
        generation: GenerationId,
        holder: Holder,
        folder: String,
        looker: Looker,
    ) -> Result<Download, Error> {
        let opened = self.open_snapshot(generation, holder, looker, &format!("folder {folder}")).await?;
        let index = opened.ask(index_of).await?;
        let found = index.folder(Tree::Mail, &folder).ok_or(Error::NotFound)?.clone();
        let (repository, id) = (opened.repository.clone(), opened.id);
        Ok(Download {
            file_name: format!("{}.mbox", found.name().replace('/', ".")),
            media_type: "application/mbox",
            write: Box::new(move |to| {
                write_folder(&repository, &id, &found, ArchiveScope::WithoutPersonal, to)
            }),
        })
    }

    /// A calendar as one `.ics`, an address book as one `.vcf`; with the entries that could not be put in it.
    ///
    /// # Errors
    /// As [`Relais::backup_contents`].
    pub async fn backup_collection(
        &self,
        generation: GenerationId,
        holder: Holder,
        collection: String,
        looker: Looker,
    ) -> Result<(Kind, Export), Error> {
        let what = format!("collection {collection}");
        let opened = self.open_snapshot(generation, holder, looker, &what).await?;
        let marks = self.personal_marks.clone();
        let read = opened.ask(move |repository, id| collection_of(repository, id, &collection)).await?;
        let (name, properties, items) = read.ok_or(Error::NotFound)?;
        let kind = properties.kind().ok_or(Error::NotFound)?;
        let shown = properties.display_name().unwrap_or(&name).to_owned();
        if collections::is_personal_name(&shown, &marks) {
            return Err(Refusal::from(BackupFault::Personal).into());
        }
        let items: Vec<Item> = items.into_iter().filter(|item| !item.is_personal(&marks)).collect();
        Ok((kind, collections::export(kind, &shown, &items)))
    }

    /// Everything of a snapshot in one archive, personal messages and entries left out.
    ///
    /// # Errors
    /// As [`Relais::backup_contents`].
    pub async fn backup_archive(
        &self,
        generation: GenerationId,
        holder: Holder,
        looker: Looker,
    ) -> Result<Download, Error> {
        let opened = self.open_snapshot(generation, holder, looker, "archive").await?;
        let (repository, id, marks) = (opened.repository.clone(), opened.id, self.personal_marks.clone());
        Ok(Download {
            file_name: format!("{holder}.zip"),
            media_type: "application/zip",
            write: Box::new(move |to| {
                let archive = Archive::new(to, None)?;
                write_archive(&repository, &id, &marks, ArchiveScope::WithoutPersonal, archive).map(drop)
            }),
        })
    }

    /// Opens what a generation holds of a holder, and writes down who looked, into what and why, before anything is
    /// shown.
    pub(super) async fn open_snapshot(
        &self,
        generation: GenerationId,
        holder: Holder,
        looker: Looker,
        what: &str,
    ) -> Result<Opened, Error> {
        let found = self.look(move |tx| generations::snapshot(tx, generation, holder)).await?;
        let snapshot = found.ok_or(Error::NotFound)?;
        let organisation = snapshot.organisation;
        if !looker.actor.has(Power::EndAccounts, organisation) {
            return Err(Refusal::NotAllowed.into());
        }
        if looker.reason.trim().is_empty() {
            return Err(Refusal::ReasonMissing.into());
        }
        if snapshot.verified_at.is_none() {
            return Err(Refusal::from(BackupFault::NotVerified).into());
        }
        let detail = json!({ "holder": holder, "what": what, "reason": looker.reason });
        let (actor, now) = (looker.actor, self.now());
        self.store
            .write(move |tx| {
                note(tx, organisation, "backup.looked_into", generation, detail.clone(), actor, now)
            })
            .await?;
        Ok(Opened {
            repository: self.repository(organisation).await?,
            location: self.location(organisation).await?,
            id: snapshot_id(&snapshot.id)?,
            snapshot,
        })
    }
}

/// How much of what is personal goes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArchiveScope {
    /// For the person alone.
    Everything,
    WithoutPersonal,
}

fn folder_contents(folder: &IndexedFolder) -> FolderContents {
    let shown = folder.messages.iter().filter(|message| !message.personal);
    FolderContents {
        folder: folder.dir.clone(),
        name: folder.name(),
        messages: folder.messages.len() as u64,
        personal_messages: folder.messages.iter().filter(|message| message.personal).count() as u64,
        size_bytes: shown.map(|message| message.size).sum(),
    }
}

fn page_of(index: &Index, query: &Query, skip: usize, limit: usize) -> MessagePage {
    let found = index.search(query, skip, limit);
    let page = found.page.iter().map(|hit| FoundMessage {
        folder: hit.folder.dir.clone(),
        message: hit.message.base.clone(),
        from: hit.message.from.clone(),
        to: hit.message.to.clone(),
        subject: hit.message.subject.clone(),
        date: Timestamp::from_millisecond(hit.message.shown_date()).unwrap_or_default(),
        size_bytes: hit.message.size,
    });
    let all = index.folders().flat_map(|folder| &folder.messages);
    let personal_messages = all.filter(|message| message.personal).count() as u64;
    MessagePage { messages: page.collect(), found: found.total as u64, personal_messages }
}

fn collections_of(
    repository: &Repository,
    id: &SnapshotId,
    marks: &PersonalMarks,
) -> Result<Vec<CollectionContents>, RepositoryError> {
    let mut found = Vec::new();
    for collection in collection_names(repository, id)? {
        let Some((collection, properties, items)) = collection_of(repository, id, &collection)? else {
            continue;
        };
        let name = properties.display_name().unwrap_or(&collection).to_owned();
        let Some(kind) = properties.kind().filter(|_| !collections::is_personal_name(&name, marks)) else {
            continue;
        };
        let items = items.iter().filter(|item| !item.is_personal(marks)).count() as u64;
        found.push(CollectionContents { collection, name, kind, items });
    }
    Ok(found)
}

pub(super) fn collection_names(
    repository: &Repository,
    id: &SnapshotId,
) -> Result<Vec<String>, RepositoryError> {
    let entries = match repository.list(id, "dav") {
        Ok(entries) => entries,
        // Nobody has visited their calendars yet.
        Err(RepositoryError::NoFile { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let directories = entries.into_iter().filter(|entry| entry.kind == EntryKind::Directory);
    Ok(directories.map(|entry| entry.path.trim_start_matches("dav/").to_owned()).collect())
}

type ReadCollection = (String, Properties, Vec<Item>);

/// The properties and items of a collection; `None` where there is none of that name.
pub(super) fn collection_of(
    repository: &Repository,
    id: &SnapshotId,
    collection: &str,
) -> Result<Option<ReadCollection>, RepositoryError> {
    let entries = match repository.list(id, &format!("dav/{collection}")) {
        Ok(entries) => entries,
        Err(RepositoryError::NoFile { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let (mut properties, mut items) = (None, Vec::new());
    for entry in entries {
        let EntryKind::File { .. } = entry.kind else { continue };
        let mut bytes = Vec::new();
        let read = repository.read(id, &entry.path)?.read_to_end(&mut bytes);
        read.map_err(|error| RepositoryError::Damaged { what: error.to_string() })?;
        match entry.path.rsplit('/').next() {
            Some(".Radicale.props") => properties = Properties::read(&bytes),
            Some(name) => items.push(Item { name: name.to_owned(), bytes }),
            None => {}
        }
    }
    Ok(properties.map(|properties| (collection.to_owned(), properties, items)))
}

fn write_folder(
    repository: &Repository,
    id: &SnapshotId,
    folder: &IndexedFolder,
    scope: ArchiveScope,
    to: &mut dyn Write,
) -> io::Result<()> {
    for message in
        folder.messages.iter().filter(|message| scope == ArchiveScope::Everything || !message.personal)
    {
        let mut reader = repository.read(id, &folder.path_of(message)).map_err(io::Error::other)?;
        let received = Timestamp::from_millisecond(message.received).unwrap_or_default();
        write_mbox(to, received, &mut reader)?;
    }
    Ok(())
}

/// A folder as one `.mbox`, a calendar as one `.ics`, an address book as one `.vcf`; entries that cannot be read as they
/// are, beside it.
pub(crate) fn write_archive<W: Write>(
    repository: &Repository,
    id: &SnapshotId,
    marks: &PersonalMarks,
    scope: ArchiveScope,
    mut archive: Archive<W>,
) -> io::Result<W> {
    let now = Timestamp::UNIX_EPOCH;
    let index = index_of(repository, id).map_err(io::Error::other)?;
    // The name of a personal folder tells something, too.
    let shown = |folder: &&IndexedFolder| {
        scope == ArchiveScope::Everything || folder.tree == Tree::Mail && !marks.mark_folder(&folder.name())
    };
    for folder in index.folders().filter(shown) {
        let dated = folder.messages.iter().map(|message| message.received).max().unwrap_or_default();
        let modified = Timestamp::from_millisecond(dated).unwrap_or(now);
        let path = format!("{}/{}.mbox", folder.tree.dir(), folder.name());
        archive.add_with(&path, None, modified, |file| write_folder(repository, id, folder, scope, file))?;
    }
    for collection in collection_names(repository, id).map_err(io::Error::other)? {
        let read = collection_of(repository, id, &collection).map_err(io::Error::other)?;
        let Some((collection, properties, mut items)) = read else { continue };
        let Some(kind) = properties.kind() else { continue };
        let name = properties.display_name().unwrap_or(&collection).to_owned();
        if scope == ArchiveScope::WithoutPersonal {
            if collections::is_personal_name(&name, marks) {
                continue;
            }
            items.retain(|item| !item.is_personal(marks));
        }
        let (folder, ending) = match kind {
            Kind::Calendar => ("calendars", "ics"),
            Kind::AddressBook => ("contacts", "vcf"),
        };
        let exported = collections::export(kind, &name, &items);
        let size = Some(exported.bytes.len() as u64);
        archive.add(&format!("{folder}/{name}.{ending}"), size, now, &mut exported.bytes.as_slice())?;
        for broken in &exported.broken {
            let Some(item) = items.iter().find(|item| item.name == broken.name) else { continue };
            let path = format!("{folder}/{name} - unreadable/{}", item.name);
            archive.add(&path, Some(item.bytes.len() as u64), now, &mut item.bytes.as_slice())?;
        }
    }
    if scope == ArchiveScope::Everything {
        let mut about = repository.read(id, "account.json").map_err(io::Error::other)?;
        archive.add("account.json", None, now, &mut about)?;
    }
    archive.finish()
}
