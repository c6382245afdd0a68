//! Backups of an organisation: where they are, when they are made, and the runs that make them. A process may die at
//! any instant: what a generation holds already is in its rows, and the rest is done when somebody takes it up again.

mod instance;
mod looking;
mod reading;
mod restoring;
mod retention;
mod running;
pub(crate) mod since;

pub use instance::{FoundInBackup, InstanceRestore, RestoredHolder, RestoredInstance};
pub(crate) use looking::{ArchiveScope, write_archive};
pub use looking::{
    CollectionContents, Contents, Download, FolderContents, FoundMessage, Looker, MessagePage,
};
pub use restoring::{DryRun, RestorePlace, RestoreReport, RestoreRequest, RestoredPart};

use crate::credentials::new_secret;
use crate::means::time_zone;
use crate::organisations::note;
use crate::{Error, Relais};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use relais_core::authority::{Actor, Power};
use relais_core::backup::{
    BackupPolicy, DAILY_AT, Generation, GenerationState, Occasion, Retention, Scope, next_due,
};
use relais_core::ids::{GenerationId, OrganisationId};
use relais_core::refusal::{BackupFault, Refusal};
use relais_core::rights::{Act, Verdict, may};
use relais_engines::repository::{Location, ReadData, Repository, RepositoryError, SnapshotId};
use relais_store::{Tx, accounts, generations, organisations, repositories};
use serde_json::json;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Mutex;

/// How long a runner may be silent before another takes over its generation.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
const RETRY_DELAY: SignedDuration = SignedDuration::from_secs(30);
const LEFT_ALONE: SignedDuration = SignedDuration::from_hours(1);

/// The repositories of this process: where they are by default, and those that are open.
pub(crate) struct Repositories {
    /// One folder below it for each organisation that is backed up nowhere else.
    default_dir: PathBuf,
    open: Mutex<HashMap<(OrganisationId, String), Arc<Repository>>>,
}

impl Repositories {
    pub(crate) fn new(default_dir: PathBuf) -> Self {
        Self { default_dir, open: Mutex::default() }
    }

    /// The default place moves with the data directory, so its row says only what is below it.
    fn placed(&self, policy: BackupPolicy) -> BackupPolicy {
        if policy.location != policy.organisation.to_string() {
            return policy;
        }
        BackupPolicy { location: self.default_place(policy.organisation), ..policy }
    }

    fn default_place(&self, organisation: OrganisationId) -> String {
        self.default_dir.join(organisation.to_string()).display().to_string()
    }
}

/// What an admin changes; what is absent stays.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupPolicyChange {
    /// Earlier generations stay where they were made, and are no longer listed. The operator's alone.
    pub location: Option<String>,
    pub schedule: Option<BackupSchedule>,
    pub retention: Option<Retention>,
}

/// When an organisation is backed up.
#[derive(Debug, Clone, Copy, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupSchedule {
    /// Every day at this time, by the organisation's clock; `null` only when somebody asks.
    #[schema(value_type = Option<String>, example = "02:00:00")]
    pub daily_at: Option<jiff::civil::Time>,
}

impl Relais {
    /// Where and when an organisation is backed up.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such organisation.
    pub async fn backup_policy(&self, organisation: OrganisationId) -> Result<BackupPolicy, Error> {
        let found = match self.look(move |tx| repositories::get(tx, organisation)).await? {
            Some(policy) => policy,
            None => {
                let now = self.now();
                self.store.write(move |tx| ensure_policy(tx, organisation, now)).await?
            }
        };
        Ok(self.repositories.placed(found))
    }

    /// # Errors
    /// The refusal; nothing changed then.
    pub async fn set_backup_policy(
        &self,
        organisation: OrganisationId,
        change: BackupPolicyChange,
        actor: Actor,
    ) -> Result<BackupPolicy, Error> {
        if !actor.has(Power::ManageOrganisation, organisation)
            || (change.location.is_some() && !actor.operates())
        {
            return Err(Refusal::NotAllowed.into());
        }
        let location = change.location.as_deref().map(parse_location).transpose()?;
        if let Some(retention) = change.retention {
            retention.check().map_err(Refusal::from)?;
        }
        let now = self.now();
        let default_place = self.repositories.default_place(organisation);
        let set = self
            .store
            .write(move |tx| {
                let before = ensure_policy(tx, organisation, now)?;
                let mut next = before.clone();
                match location.as_ref().map(ToString::to_string) {
                    // As it is shown: below the data directory, with which it moves.
                    Some(place) if place == default_place => next.location = organisation.to_string(),
                    Some(place) => next.location = place,
                    None => {}
                }
                next.daily_at = change.schedule.map_or(before.daily_at, |schedule| schedule.daily_at);
                next.retention = change.retention.unwrap_or(before.retention);
                if next == before {
                    return Ok(next);
                }
                let due = next_due(next.daily_at, &zone_of(tx, organisation)?, now);
                repositories::update(tx, &next, due).map_err(|error| match error {
                    relais_store::Error::Constraint(_) => {
                        Refusal::from(BackupFault::LocationTaken { location: next.location.clone() }).into()
                    }
                    other => Error::from(other),
                })?;
                if next.location != before.location {
                    // Nothing relies on what is no longer looked after.
                    generations::forget_all(tx, organisation)?;
                }
                let detail = json!({ "from": before, "to": next });
                note(tx, organisation, "backup.policy_set", organisation, detail, actor, now)?;
                Ok::<_, Error>(next)
            })
            .await?;
        Ok(self.repositories.placed(set))
    }

    /// What opens the repository, and what a restoration on another machine needs: to be kept elsewhere.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] for anybody but the operator: the key reads everything, personal messages too.
    pub async fn backup_key(&self, organisation: OrganisationId, actor: Actor) -> Result<String, Error> {
        if !actor.operates() {
            return Err(Refusal::NotAllowed.into());
        }
        let policy = self.backup_policy(organisation).await?;
        let now = self.now();
        self.store
            .write(move |tx| {
                note(tx, organisation, "backup.key_shown", organisation, json!({}), actor, now)?;
                repositories::key(tx, policy.organisation)?.ok_or(Error::NotFound)
            })
            .await
    }

    /// Reads everything back, whatever generation it is of. Returns what is wrong, in words of the repository.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`], or that the repository cannot be opened at all.
    pub async fn check_backups(
        &self,
        organisation: OrganisationId,
        actor: Actor,
    ) -> Result<Vec<String>, Error> {
        if !actor.has(Power::EndAccounts, organisation) {
            return Err(Refusal::NotAllowed.into());
        }
        let location = self.location(organisation).await?;
        let repository = self.repository(organisation).await?;
        let checked = tokio::task::spawn_blocking(move || repository.check(ReadData::Yes)).await?;
        let damages = checked.map_err(|error| repository_error(&location, error))?;
        let now = self.now();
        let damages: Vec<String> = damages.into_iter().map(|damage| damage.what).collect();
        let count = damages.len();
        self.store
            .write(move |tx| {
                let detail = json!({ "damages": count });
                note(tx, organisation, "backup.checked", organisation, detail, actor, now)
            })
            .await?;
        Ok(damages)
    }

    /// Asks for a generation; the worker makes it.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`], or [`Error::NotFound`] for an account that is not there.
    pub async fn start_backup(
        &self,
        organisation: OrganisationId,
        scope: Scope,
        actor: Actor,
    ) -> Result<Generation, Error> {
        if !actor.has(Power::EndAccounts, organisation) {
            return Err(Refusal::NotAllowed.into());
        }
        let generation = self.begin_generation(organisation, scope, Occasion::Asked, actor).await?;
        self.backing_up.notify_one();
        Ok(generation)
    }

    pub(crate) async fn begin_generation(
        &self,
        organisation: OrganisationId,
        scope: Scope,
        occasion: Occasion,
        actor: Actor,
    ) -> Result<Generation, Error> {
        self.backup_policy(organisation).await?;
        let (id, now) = (GenerationId::from_number(self.ids.next()), self.now());
        self.store.write(move |tx| begin(tx, id, organisation, scope, occasion, actor, now)).await
    }

    /// Begins what the schedules say is due.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn begin_due_backups(&self) -> Result<(), Error> {
        let now = self.now();
        for organisation in self.look(repositories::without).await? {
            self.backup_policy(organisation).await?;
        }
        for organisation in self.look(move |tx| repositories::due(tx, now)).await? {
            // One that cannot begin keeps no other from beginning.
            if let Err(error) = self.begin_due_backup(organisation, now).await {
                tracing::warn!(%error, %organisation, "a backup that is due begins later");
            }
        }
        Ok(())
    }

    async fn begin_due_backup(&self, organisation: OrganisationId, now: Timestamp) -> Result<(), Error> {
        let id = GenerationId::from_number(self.ids.next());
        self.store
            .write(move |tx| {
                let policy = repositories::get(tx, organisation)?.ok_or(Error::NotFound)?;
                let next = next_due(policy.daily_at, &zone_of(tx, organisation)?, now);
                // One that is still under way goes on; two at once would only make it slower.
                if repositories::begin_next(tx, organisation, next, now)?
                    && !generations::is_running(tx, organisation)?
                {
                    let actor = Actor::Schedule { organisation };
                    begin(tx, id, organisation, Scope::Everything, Occasion::Schedule, actor, now)?;
                }
                Ok::<_, Error>(())
            })
            .await
    }

    pub(crate) async fn location(&self, organisation: OrganisationId) -> Result<String, Error> {
        Ok(self.backup_policy(organisation).await?.location)
    }

    /// The open repository of an organisation.
    pub(crate) async fn repository(&self, organisation: OrganisationId) -> Result<Arc<Repository>, Error> {
        let policy = self.backup_policy(organisation).await?;
        let key = self.look(move |tx| repositories::key(tx, organisation)).await?.ok_or(Error::NotFound)?;
        let place = (organisation, policy.location.clone());
        if let Some(repository) = self.repositories.open.lock().await.get(&place) {
            return Ok(repository.clone());
        }
        // A disk that is not mounted is no reason to begin anew where earlier backups are expected.
        let expected = self.look(move |tx| generations::any_snapshot(tx, organisation)).await?;
        let location = parse_location(&policy.location)?;
        let opened = tokio::task::spawn_blocking(move || match expected {
            true => Repository::open(&location, &key),
            false => Repository::create(&location, &key),
        });
        let opened = opened.await?.map_err(|error| repository_error(&policy.location, error))?;
        let mut open = self.repositories.open.lock().await;
        Ok(open.entry(place).or_insert_with(|| Arc::new(opened)).clone())
    }
}

fn parse_location(text: &str) -> Result<Location, Error> {
    text.parse().map_err(|_| Refusal::from(BackupFault::LocationInvalid { text: text.to_owned() }).into())
}

/// A snapshot by the id that its row has.
pub(crate) fn snapshot_id(text: &str) -> Result<SnapshotId, Error> {
    text.parse().map_err(|_| Error::Internal(format!("{text} is no id of a snapshot")))
}

/// What an error of a repository is to whoever asked.
pub(crate) fn repository_error(location: &str, error: RepositoryError) -> Error {
    tracing::warn!(%error, location, "a repository failed");
    let location = location.to_owned();
    let fault = match error {
        RepositoryError::Full { .. } => return Error::StorageFull,
        // What was to be read went away or cannot be read now: tried again like any other trouble of a disk.
        RepositoryError::Source { path, why } => return Error::Unavailable(format!("{path}: {why}")),
        RepositoryError::NoFile { .. } => return Error::NotFound,
        RepositoryError::WrongKey { .. } => BackupFault::WrongKey { location },
        RepositoryError::Unreachable { .. }
        | RepositoryError::Absent { .. }
        | RepositoryError::Denied { .. } => BackupFault::Unreachable { location },
        RepositoryError::Damaged { .. } | RepositoryError::NoSnapshot(_) => BackupFault::Damaged { location },
        RepositoryError::BadPath { .. } | RepositoryError::Other(_) => {
            return Error::Internal(error.to_string());
        }
    };
    Refusal::from(fault).into()
}

/// As [`repository_error`], of what a reader gave or a file was written from: its own errors come wrapped.
pub(crate) fn reading_error(location: &str, error: io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<RepositoryError>()) {
        Some(inner) => repository_error(location, inner.clone()),
        None => error.into(),
    }
}

fn ensure_policy(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<BackupPolicy, Error> {
    if let Some(policy) = repositories::get(tx, organisation)? {
        return Ok(policy);
    }
    let zone = zone_of(tx, organisation)?;
    let policy = BackupPolicy {
        organisation,
        location: organisation.to_string(),
        daily_at: Some(DAILY_AT),
        retention: Retention::default(),
    };
    let due = next_due(policy.daily_at, &zone, now);
    repositories::insert(tx, &policy, &new_secret("rlk"), due, now)?;
    Ok(policy)
}

fn zone_of(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<TimeZone, Error> {
    let found = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
    Ok(time_zone(&found.time_zone)?)
}

fn begin(
    tx: &mut Tx<'_>,
    id: GenerationId,
    organisation: OrganisationId,
    scope: Scope,
    occasion: Occasion,
    actor: Actor,
    now: Timestamp,
) -> Result<Generation, Error> {
    if let Scope::Account(account) = scope {
        let found = accounts::get(tx, account)?.filter(|found| found.organisation == organisation);
        // Of a deleted account nothing is left to be backed up.
        if found.is_none_or(|found| may(found.state, Act::ReceiveMail) == Verdict::No) {
            return Err(Error::NotFound);
        }
    }
    let generation = Generation {
        id,
        organisation,
        scope,
        occasion,
        state: GenerationState::Running,
        started_at: now,
        ended_at: None,
        holders: 0,
        holders_done: 0,
        trouble: None,
    };
    // A departure makes its own; only if it never comes back to it does somebody else.
    let wake_at = if occasion == Occasion::Departure { now + LEFT_ALONE } else { now };
    generations::insert(tx, &generation, &actor, wake_at)?;
    note(
        tx,
        organisation,
        "backup.started",
        id,
        json!({ "scope": scope, "occasion": occasion }),
        actor,
        now,
    )?;
    Ok(generation)
}
