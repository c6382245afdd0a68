//! Out of a snapshot into a mailbox or a home: its own, or somebody else's. Repeated, it adds nothing twice.

use super::looking::{Looker, Opened, collection_names, collection_of};
use super::reading::index_of;
use crate::organisations::note;
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::address::EmailAddress;
use relais_core::backup::Holder;
use relais_core::ids::{AccountId, GenerationId, MailboxId, OrganisationId};
use relais_core::language::Language;
use relais_core::refusal::Refusal;
use relais_core::rights::{Act, Verdict, allows, may};
use relais_engines::collections;
use relais_engines::maildir::{
    Index, Personal, Place, Restorable, RestoreOrder as MailOrder, Restored as MailRestored, Run, Tree,
};
use relais_engines::repository::{Content, Repository, RepositoryError, SnapshotId, StoredFile};
use relais_store::{Tx, accounts, mailboxes, organisations};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;

/// What is to be restored, and where to.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreRequest {
    #[serde(default)]
    pub what: RestoredPart,
    /// The address of an account or of a shared mailbox; where it came from if absent.
    #[serde(default)]
    pub into: Option<EmailAddress>,
    #[serde(default)]
    pub place: RestorePlace,
    /// Only count.
    #[serde(default)]
    pub dry_run: DryRun,
    /// Why; kept in the log.
    pub reason: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RestoredPart {
    /// All mail, calendars and address books.
    #[default]
    Everything,
    Mail,
    Folder {
        folder: String,
    },
    Messages {
        folder: String,
        messages: Vec<String>,
    },
    Collection {
        collection: String,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestorePlace {
    /// Where it was, and only what is missing.
    #[default]
    InPlace,
    /// In a dated folder, and dated collections, beside what is there.
    Beside,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DryRun {
    #[default]
    No,
    Yes,
}

/// What was restored, or would be.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RestoreReport {
    pub into: String,
    pub dry_run: DryRun,
    pub mail: Option<MailRestored>,
    pub collections: Vec<collections::Restored>,
    /// Personal entries and collections, which go to nobody but the person.
    pub personal_items_left_out: u64,
}

/// Whose mailbox and home it goes to.
struct Destination {
    name: String,
    holder: Holder,
    mailbox: MailboxId,
    /// Calendars and address books have an owner; a shared mailbox has none.
    account: Option<AccountId>,
    /// Whether nobody else can open it at present.
    read_by_its_holder: bool,
    language: Language,
}

impl Relais {
    /// Restores a part of what a generation holds of a holder.
    ///
    /// # Errors
    /// The refusal, [`Error::NotFound`] when the part or its destination is not there, [`Error::StorageFull`]. What was
    /// placed by then is whole and stays; the same request again goes on.
    pub async fn restore(
        &self,
        generation: GenerationId,
        from: Holder,
        request: RestoreRequest,
        actor: relais_core::authority::Actor,
    ) -> Result<RestoreReport, Error> {
        let looker = Looker { actor, reason: request.reason.clone() };
        let opened = self.open_snapshot(generation, from, looker, "restore").await?;
        let (organisation, into, own) = (opened.snapshot.organisation, request.into.clone(), from);
        let now = self.now();
        let to = self.store.read(move |tx| destination(tx, organisation, into.as_ref(), own, now)).await?;
        // Into an account that is closed, an administrator with a recovery grant would read them.
        let personal = match to.holder == from && to.read_by_its_holder {
            true => Personal::Include,
            false => Personal::LeaveOut,
        };
        let mail = match mail_of(&request.what) {
            Some(wanted) => Some(self.restore_mail(&opened, &to, wanted, &request, personal).await?),
            None => None,
        };
        let (restored, personal_items_left_out) = match to.account {
            Some(account) => self.restore_collections(&opened, &to, account, &request, personal).await?,
            None => (Vec::new(), 0),
        };
        let report = RestoreReport {
            into: to.name,
            dry_run: request.dry_run,
            mail,
            collections: restored,
            personal_items_left_out,
        };
        if request.dry_run == DryRun::No {
            let (told, now) = (report.clone(), self.now());
            self.store
                .write(move |tx| {
                    let detail = json!({
                        "from": from, "into": told.into, "what": request.what, "reason": request.reason,
                        "messages": told.mail.as_ref().map(|mail| mail.added),
                        "items": told.collections.iter().map(|one| one.restored).sum::<u64>(),
                    });
                    note(tx, organisation, "backup.restored", generation, detail, actor, now)
                })
                .await?;
        }
        Ok(report)
    }

    async fn restore_mail(
        &self,
        opened: &Opened,
        to: &Destination,
        wanted: Wanted,
        request: &RestoreRequest,
        personal: Personal,
    ) -> Result<MailRestored, Error> {
        let (wanted, messages) = opened
            .ask(move |repository, id| {
                let index = index_of(repository, id)?;
                let files = files_of(repository, id)?;
                let messages = messages_of(&index, &files, &wanted);
                Ok((wanted, messages))
            })
            .await?;
        if messages.is_empty() && !matches!(wanted, Wanted::All) {
            return Err(Error::NotFound);
        }
        let place = match request.place {
            RestorePlace::InPlace => Place::InPlace,
            RestorePlace::Beside => Place::Beside { under: beside_name(to.language, self.now()) },
        };
        let run = match request.dry_run {
            DryRun::No => Run::Write,
            DryRun::Yes => Run::Count,
        };
        let (maildirs, mailbox) = (self.maildirs.clone(), to.mailbox);
        let id = format!("{} {}", opened.snapshot.id, self.ids.next());
        let restored = tokio::task::spawn_blocking(move || {
            maildirs.create(mailbox)?;
            maildirs.restore(mailbox, &MailOrder { id: &id, place, personal, run }, &messages, &mut |_, _| {})
        });
        Ok(restored.await??)
    }

    async fn restore_collections(
        &self,
        opened: &Opened,
        to: &Destination,
        account: AccountId,
        request: &RestoreRequest,
        personal: Personal,
    ) -> Result<(Vec<collections::Restored>, u64), Error> {
        let names = match &request.what {
            RestoredPart::Everything => opened.ask(collection_names).await?,
            RestoredPart::Collection { collection } => vec![collection.clone()],
            RestoredPart::Mail | RestoredPart::Folder { .. } | RestoredPart::Messages { .. } => Vec::new(),
        };
        let (mut restored, mut left_out) = (Vec::new(), 0);
        for name in names {
            let read = opened.ask(move |repository, id| collection_of(repository, id, &name)).await?;
            let (collection, properties, mut items) = read.ok_or(Error::NotFound)?;
            let shown = properties.display_name().unwrap_or(&collection).to_owned();
            if personal == Personal::LeaveOut {
                let all = items.len();
                if collections::is_personal_name(&shown, &self.personal_marks) {
                    items.clear();
                }
                items.retain(|item| !item.is_personal(&self.personal_marks));
                left_out += (all - items.len()) as u64;
                if items.is_empty() && all > 0 {
                    continue;
                }
            }
            let called = format!("{shown} ({})", beside_name(to.language, self.now()));
            let (disk, place, dry_run) = (self.collections.clone(), request.place, request.dry_run);
            let done = tokio::task::spawn_blocking(move || {
                let place = match place {
                    RestorePlace::InPlace => collections::Place::Same,
                    RestorePlace::Beside => collections::Place::Beside { display_name: &called },
                };
                let run = match dry_run {
                    DryRun::No => collections::Run::Real,
                    DryRun::Yes => collections::Run::Dry,
                };
                disk.restore(account, (&collection, &properties), &items, place, run)
            });
            restored.push(done.await??);
        }
        Ok((restored, left_out))
    }
}

/// Which messages are wanted.
pub(super) enum Wanted {
    All,
    Folder(String),
    Messages(String, Vec<String>),
}

impl Wanted {
    fn has(&self, tree: Tree, dir: &str, base: &str) -> bool {
        match self {
            Self::All => true,
            Self::Folder(folder) => tree == Tree::Mail && folder == dir,
            Self::Messages(folder, messages) => {
                tree == Tree::Mail && folder == dir && messages.iter().any(|wanted| wanted == base)
            }
        }
    }
}

fn mail_of(what: &RestoredPart) -> Option<Wanted> {
    match what {
        RestoredPart::Everything | RestoredPart::Mail => Some(Wanted::All),
        RestoredPart::Folder { folder } => Some(Wanted::Folder(folder.clone())),
        RestoredPart::Messages { folder, messages } => {
            Some(Wanted::Messages(folder.clone(), messages.clone()))
        }
        RestoredPart::Collection { .. } => None,
    }
}

/// The files of a snapshot by their paths.
pub(super) fn files_of(
    repository: &Repository,
    id: &SnapshotId,
) -> Result<HashMap<String, StoredFile>, RepositoryError> {
    let files = repository.stored_files(id, "")?;
    Ok(files.into_iter().map(|(entry, file)| (entry.path, file)).collect())
}

pub(super) fn messages_of(
    index: &Index,
    files: &HashMap<String, StoredFile>,
    wanted: &Wanted,
) -> Vec<Restorable> {
    let mut messages = Vec::new();
    for folder in index.folders() {
        for message in &folder.messages {
            if wanted.has(folder.tree, &folder.dir, &message.base) {
                let path = folder.path_of(message);
                messages.push(Restorable {
                    tree: folder.tree,
                    dir: folder.dir.clone(),
                    message: message.clone(),
                    content: match files.get(&path) {
                        Some(file) => Arc::new(file.clone()),
                        None => Arc::new(Missing { path }),
                    },
                });
            }
        }
    }
    messages
}

/// A message that an index names and its snapshot does not have.
struct Missing {
    path: String,
}

impl Content for Missing {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Err(io::Error::new(io::ErrorKind::NotFound, format!("the snapshot has no {}", self.path)))
    }
}

fn beside_name(language: Language, now: Timestamp) -> String {
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d");
    format!("{} {day}", language.pick("Restauré", "Restored"))
}

fn destination(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    into: Option<&EmailAddress>,
    from: Holder,
    now: Timestamp,
) -> Result<Destination, Error> {
    let language = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?.language;
    let account = match (into, from) {
        (Some(address), _) => accounts::holding(tx, address)?,
        (None, Holder::Account(id)) => accounts::get(tx, id)?,
        (None, Holder::SharedMailbox(_) | Holder::Organisation(_)) => None,
    };
    if let Some(account) = account.filter(|account| account.organisation == organisation) {
        if may(account.state, Act::ReceiveMail) == Verdict::No {
            return Err(Refusal::TargetNotActive { address: account.address }.into());
        }
        return Ok(Destination {
            name: account.address.to_string(),
            holder: Holder::Account(account.id),
            mailbox: account.mailbox,
            account: Some(account.id),
            read_by_its_holder: allows(&account, Act::ReadMail, now),
            language,
        });
    }
    let shared = match (into, from) {
        (Some(address), _) => mailboxes::named(tx, address)?,
        (None, Holder::SharedMailbox(id)) => mailboxes::get(tx, id)?,
        (None, Holder::Account(_) | Holder::Organisation(_)) => None,
    };
    let shared = shared.filter(|found| found.organisation == organisation).ok_or(Error::NotFound)?;
    Ok(Destination {
        name: shared.address.to_string(),
        holder: Holder::SharedMailbox(shared.id),
        mailbox: shared.id,
        account: None,
        read_by_its_holder: true,
        language,
    })
}
