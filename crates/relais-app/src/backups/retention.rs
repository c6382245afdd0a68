//! What is kept of old backups, and for how long. Rows go first; what a kill leaves of it then stays and does no harm.

use super::{repository_error, zone_of};
use crate::{Error, Relais};
use jiff::{SignedDuration, Timestamp};
use relais_core::backup::{Holder, KeepNewest, Snapshot};
use relais_core::departure::Step;
use relais_core::ids::OrganisationId;
use relais_core::rights::{Act, Verdict, may};
use relais_engines::repository::{Label, SnapshotId};
use relais_store::{Tx, accounts, departures, exports, generations, mailboxes, repositories};
use std::collections::HashSet;

/// A snapshot that has no row yet may be one that is being made.
const UNDER_WAY: SignedDuration = SignedDuration::from_hours(24);

impl Relais {
    /// Forgets what is kept too long, and gives its room back.
    pub(super) async fn forget_old_snapshots(&self, organisation: OrganisationId) -> Result<(), Error> {
        let now = self.now();
        let (forgotten, kept, known) = self
            .store
            .write(move |tx| {
                let forgotten = forgettable(tx, organisation, now)?;
                let known: HashSet<String> = generations::page(tx, organisation, None, i64::MAX)?
                    .into_iter()
                    .map(|generation| generation.id.to_string())
                    .collect();
                for old in &forgotten {
                    generations::remove_snapshot(tx, old.generation, old.holder)?;
                }
                generations::remove_empty(tx, organisation)?;
                let ids = |snapshots: Vec<Snapshot>| -> HashSet<String> {
                    snapshots.into_iter().map(|snapshot| snapshot.id).collect()
                };
                let kept = ids(generations::of_organisation(tx, organisation)?);
                Ok::<_, Error>((ids(forgotten), kept, known))
            })
            .await?;
        let location = self.backup_policy(organisation).await?.location;
        let repository = self.repository(organisation).await?;
        let mark = organisation.to_string();
        tokio::task::spawn_blocking(move || {
            let is_over = |id: &SnapshotId, label: &Label| {
                let name = id.to_string();
                // Of a run of ours that was killed between the repository and the row. What other servers made, or
                // this one before it was built again, is not ours to remove.
                let left_over = label.organisation == mark
                    && label.tags.iter().any(|tag| known.contains(tag))
                    && label.time + UNDER_WAY < now;
                !kept.contains(&name) && (forgotten.contains(&name) || left_over)
            };
            let mut over = repository.snapshots()?;
            over.retain(|(id, label)| is_over(id, label));
            let over: Vec<SnapshotId> = over.into_iter().map(|(id, _)| id).collect();
            if !over.is_empty() {
                repository.forget(&over)?;
                repository.prune()?;
            }
            Ok(())
        })
        .await?
        .map_err(|error| repository_error(&location, error))
    }
}

fn forgettable(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<Vec<Snapshot>, Error> {
    let retention = repositories::get(tx, organisation)?.ok_or(Error::NotFound)?.retention;
    let zone = zone_of(tx, organisation)?;
    let mut forgettable = Vec::new();
    let relied_on = relied_on(tx, organisation)?;
    let all = generations::of_organisation(tx, organisation)?;
    for of_holder in all.chunk_by(|a, b| a.holder == b.holder) {
        let Some(keep_newest) = wanted(tx, of_holder[0].holder)? else { continue };
        let begun: Vec<_> = of_holder.iter().map(|snapshot| snapshot.begun_at).collect();
        let old = retention.forgettable(&begun, keep_newest, &zone, now);
        let over =
            |snapshot: &&Snapshot| old.contains(&snapshot.begun_at) && !relied_on.contains(&snapshot.id);
        forgettable.extend(of_holder.iter().filter(over).cloned());
    }
    Ok(forgettable)
}

/// The snapshots out of which departures may still be undone, and people's archives made anew.
fn relied_on(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<HashSet<String>, Error> {
    let departures = departures::list(tx, organisation)?;
    let undoable = departures.iter().filter(|departure| !departure.is_past_deletion());
    let reports = undoable.filter_map(|departure| departure.report_of(Step::BackUp));
    let named = reports.filter_map(|report| report.detail["snapshot"].as_str().map(str::to_owned));
    let mut relied_on: HashSet<String> = named.collect();
    for export in exports::of_organisation(tx, organisation)? {
        let source = generations::newest_at(tx, Holder::Account(export.account), export.made_at)?;
        relied_on.extend(source.map(|snapshot| snapshot.id));
    }
    Ok(relied_on)
}

/// Whether the newest snapshot of a holder is kept whatever its age; `None` when all are, under a legal hold.
fn wanted(tx: &mut Tx<'_>, holder: Holder) -> Result<Option<KeepNewest>, Error> {
    Ok(match holder {
        Holder::Account(id) => match accounts::get(tx, id)? {
            Some(account) if account.legal_hold.is_some() => None,
            Some(account) if may(account.state, Act::ReceiveMail) != Verdict::No => Some(KeepNewest::Always),
            Some(_) | None => Some(KeepNewest::WhileWanted),
        },
        Holder::SharedMailbox(id) => match mailboxes::get(tx, id)? {
            Some(_) => Some(KeepNewest::Always),
            None => Some(KeepNewest::WhileWanted),
        },
        Holder::Organisation(_) => Some(KeepNewest::Always),
    })
}
