//! What is kept of old backups, and for how long. Rows go first: what no row names is nobody's, and is removed from the
//! repository by whichever sweep comes next.

use super::{repository_error, zone_of};
use crate::{Error, Relais};
use jiff::{SignedDuration, Timestamp};
use relais_core::backup::{Holder, KeepNewest, Snapshot};
use relais_core::ids::OrganisationId;
use relais_core::rights::{Act, Verdict, may};
use relais_store::{Tx, accounts, generations, mailboxes, repositories};
use std::collections::HashSet;

/// A snapshot that has no row yet may be one that is being made.
const UNDER_WAY: SignedDuration = SignedDuration::from_hours(24);

impl Relais {
    /// Forgets what is kept too long, and gives its room back.
    pub(super) async fn forget_old_snapshots(&self, organisation: OrganisationId) -> Result<(), Error> {
        let now = self.now();
        let kept = self
            .store
            .write(move |tx| {
                for old in forgettable(tx, organisation, now)? {
                    generations::remove_snapshot(tx, old.generation, old.holder)?;
                }
                generations::remove_empty(tx, organisation)?;
                let left = generations::of_organisation(tx, organisation)?;
                Ok::<HashSet<String>, Error>(left.into_iter().map(|snapshot| snapshot.id).collect())
            })
            .await?;
        let location = self.backup_policy(organisation).await?.location;
        let repository = self.repository(organisation).await?;
        let mark = organisation.to_string();
        tokio::task::spawn_blocking(move || {
            // Of a run that was killed between the repository and the row, or that is under way on another machine.
            let unnamed: Vec<_> = repository
                .snapshots()?
                .into_iter()
                .filter(|(id, label)| label.organisation == mark && !kept.contains(&id.to_string()))
                .filter(|(_, label)| label.time + UNDER_WAY < now)
                .map(|(id, _)| id)
                .collect();
            if !unnamed.is_empty() {
                repository.forget(&unnamed)?;
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
    let all = generations::of_organisation(tx, organisation)?;
    for of_holder in all.chunk_by(|a, b| a.holder == b.holder) {
        let Some(keep_newest) = wanted(tx, of_holder[0].holder)? else { continue };
        let begun: Vec<_> = of_holder.iter().map(|snapshot| snapshot.begun_at).collect();
        let old = retention.forgettable(&begun, keep_newest, &zone, now);
        forgettable.extend(of_holder.iter().filter(|snapshot| old.contains(&snapshot.begun_at)).cloned());
    }
    Ok(forgettable)
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
