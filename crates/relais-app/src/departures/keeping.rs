//! The verified backup without which nothing is moved and nothing ends (B9, X7).

use super::{Ended, undo};
use crate::backups::{repository_error, snapshot_id};
use crate::{Error, Relais};
use jiff::{SignedDuration, Timestamp};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::Actor;
use relais_core::backup::{Holder, Snapshot};
use relais_core::departure::{BackupChoice, Departure, Step};
use relais_core::ids::{ExportId, GenerationId};
use relais_engines::repository::RepositoryError;
use relais_store::exports::{self, Export};
use relais_store::{accounts, generations};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::Read;

/// How often the next backup is looked for.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// The snapshot that the departure relies on.
#[derive(Serialize, Deserialize)]
struct BackedUp {
    generation: GenerationId,
    snapshot: String,
    location: String,
    begun_at: Timestamp,
    verified_at: Option<Timestamp>,
    messages: i64,
    personal_messages: i64,
    items: i64,
    size_bytes: i64,
}

/// The archive that was made for the person.
#[derive(Serialize, Deserialize)]
struct Exported {
    export: ExportId,
    sent_to: EmailAddress,
    size_bytes: i64,
    expires_at: Timestamp,
    snapshot: String,
    messages: i64,
    items: i64,
}

impl Relais {
    /// Goes on with a backup that began after the freeze: the departure's own, or the organisation's next.
    pub(super) async fn back_up_leaver(&self, departure: &Departure) -> Result<Ended, Error> {
        let account = self.leaver(departure).await?;
        let snapshot = match departure.plan.backup {
            BackupChoice::Start => self.back_up_account(&account, actor_of(departure)).await?,
            BackupChoice::WaitForNext => {
                let holder = Holder::Account(account.id);
                let newest = self.look(move |tx| generations::newest(tx, holder)).await?;
                let frozen_at = account.deactivation.as_ref().map(|closed| closed.at);
                match newest.filter(|found| frozen_at.is_some_and(|frozen_at| found.begun_at >= frozen_at)) {
                    Some(found) => self.verify_whole(found).await?,
                    None => return Ok(Ended::Wait(self.now() + LOOK_EVERY)),
                }
            }
        };
        let location = self.location(departure.organisation).await?;
        Ok(Ended::Done(json!(BackedUp {
            generation: snapshot.generation,
            snapshot: snapshot.id,
            location,
            begun_at: snapshot.begun_at,
            verified_at: snapshot.verified_at,
            messages: snapshot.messages,
            personal_messages: snapshot.personal_messages,
            items: snapshot.items,
            size_bytes: snapshot.size_bytes,
        })))
    }

    /// What came since the last backup is in one more, before the deletion.
    pub(super) async fn back_up_late_mail(&self, departure: &Departure) -> Result<(), Error> {
        let account = self.leaver(departure).await?;
        self.back_up_account(&account, actor_of(departure)).await.map(|_| ())
    }

    /// The person's own archive, from the backup that was just verified (X4).
    pub(super) async fn export_for_leaver(&self, departure: &Departure) -> Result<Ended, Error> {
        let account = self.leaver(departure).await?;
        let Some(sent_to) = departure.plan.export_to.clone() else {
            return Err(Error::Internal("no archive is planned".into()));
        };
        let holder = Holder::Account(account.id);
        let newest = self.look(move |tx| generations::newest(tx, holder)).await?.ok_or(Error::NotFound)?;
        let export = match self.exports_made(departure).await?.pop() {
            // An earlier try was cut short after the link was sent.
            Some(export) => export,
            None => self.make_export(&account, &newest, sent_to, None, actor_of(departure)).await?,
        };
        Ok(Ended::Done(json!(Exported {
            export: export.id,
            sent_to: export.sent_to,
            size_bytes: export.size_bytes,
            expires_at: export.expires_at,
            snapshot: newest.id,
            messages: newest.messages,
            items: newest.items,
        })))
    }

    /// A link that was used already is not taken back, nor is the letter.
    pub(super) async fn withdraw_exports(&self, departure: &Departure) -> Result<(), Error> {
        for export in self.exports_made(departure).await? {
            self.withdraw(export.id).await?;
        }
        Ok(())
    }

    /// The archives that a departure made, recorded by it or not.
    async fn exports_made(&self, departure: &Departure) -> Result<Vec<Export>, Error> {
        let (account, sent_to) = (departure.plan.account, departure.plan.export_to.clone());
        let since = departure.report_of(Step::BackUp).map(|report| report.done_at);
        let mut made = self.look(move |tx| exports::of_account(tx, account)).await?;
        made.retain(|export| {
            since.is_some_and(|since| export.made_at >= since) && Some(&export.sent_to) == sent_to.as_ref()
        });
        Ok(made)
    }

    async fn leaver(&self, departure: &Departure) -> Result<Account, Error> {
        let id = departure.plan.account;
        self.look(move |tx| accounts::get(tx, id)).await?.ok_or(Error::NotFound)
    }

    /// Every byte of one that was made for everybody is read back before somebody's data rests on it alone.
    async fn verify_whole(&self, snapshot: Snapshot) -> Result<Snapshot, Error> {
        let repository = self.repository(snapshot.organisation).await?;
        let id = snapshot_id(&snapshot.id)?;
        let verified = tokio::task::spawn_blocking(move || repository.verify(&id, None).map(|_| ()));
        if let Err(error) = verified.await? {
            return Err(repository_error(&self.location(snapshot.organisation).await?, error));
        }
        Ok(Snapshot { verified_at: Some(self.now()), ..snapshot })
    }
}

/// A calendar entry as the departure's backup has it.
pub(super) async fn entry_in_backup(
    app: &Relais,
    departure: &Departure,
    collection: String,
    item: String,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(report) = departure.report_of(Step::BackUp) else { return Ok(None) };
    let backed_up: BackedUp = undo::read(report)?;
    let repository = app.repository(departure.organisation).await?;
    let path = format!("dav/{collection}/{item}");
    let snapshot = snapshot_id(&backed_up.snapshot)?;
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        let mut reader = repository.read(&snapshot, &path)?;
        let read = reader.read_to_end(&mut bytes);
        read.map_err(|error| RepositoryError::Damaged { what: error.to_string() })?;
        Ok(bytes)
    });
    match read.await? {
        Ok(bytes) => Ok(Some(bytes)),
        // It was not there, or is kept no longer: the way back ends without it.
        Err(RepositoryError::NoFile { .. } | RepositoryError::NoSnapshot(_)) => Ok(None),
        Err(error) => Err(repository_error(&backed_up.location, error)),
    }
}

pub(super) fn actor_of(departure: &Departure) -> Actor {
    Actor::Departure { id: departure.id, organisation: departure.organisation }
}
