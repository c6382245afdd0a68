//! Calendars and address books of the leaver, given to the successor: as collections of their own, or shared.

use super::keeping::actor_of;
use super::{Ended, undo};
use crate::organisations::note;
use crate::{Error, Relais};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::collection::{CollectionName, Share, ShareRight, Sharee};
use relais_core::departure::{CollectionsChoice, Departure, Step, StepReport};
use relais_core::ids::{AccountId, ShareId};
use relais_core::refusal::Refusal;
use relais_core::rights::{Act, Verdict, may, standing};
use relais_engines::collections::{Collection, HandedCollection};
use relais_store::{Tx, accounts, collections};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What the successor has now.
#[derive(Serialize, Deserialize)]
struct CollectionsGiven {
    to: EmailAddress,
    choice: CollectionsChoice,
    /// By the names that people see.
    collections: Vec<String>,
    /// Not shared, because there is something personal among the rest.
    #[serde(default)]
    not_shared: Vec<String>,
    items: u64,
    /// Counted, never shown: they are the person's own.
    personal_items_left_out: u64,
    /// Left where they are: no program could read them.
    broken_items: u64,
    moved: Vec<HandedCollection>,
    shares: Vec<ShareId>,
    /// What the successor had been given to see before.
    #[serde(default)]
    shares_before: Vec<Share>,
}

impl Relais {
    pub(super) async fn hand_over_collections(&self, departure: &Departure) -> Result<Ended, Error> {
        let successor = self.active_successor(departure).await?;
        match departure.plan.collections {
            CollectionsChoice::Share => self.share_collections(departure, successor).await,
            CollectionsChoice::Move | CollectionsChoice::Keep => {
                self.move_collections(departure, successor).await
            }
        }
    }

    async fn move_collections(&self, departure: &Departure, successor: Account) -> Result<Ended, Error> {
        let (leaver, name) = (departure.plan.account, departure.plan.name.clone());
        let (disk, marks, to) = (self.collections.clone(), self.personal_marks.clone(), successor.id);
        let handed = tokio::task::spawn_blocking(move || disk.hand_over(leaver, to, &name, &marks)).await??;
        let given = CollectionsGiven {
            to: successor.address,
            choice: CollectionsChoice::Move,
            collections: handed.collections.iter().map(|given| given.display_name.clone()).collect(),
            not_shared: Vec::new(),
            items: handed.items,
            personal_items_left_out: handed.personal_items,
            broken_items: handed.collections.iter().map(|given| given.broken_items).sum(),
            moved: handed.collections,
            shares: Vec::new(),
            shares_before: Vec::new(),
        };
        self.record_with(departure, Step::HandOverCollections, move |tx| {
            let shares_before = shared_with(tx, leaver, to)?;
            // Whoever else it was shared with goes on seeing it, at its new owner's.
            for collection in &given.moved {
                if let Some((name, new_name)) = names(collection) {
                    collections::move_collection(tx, leaver, &name, to, &new_name)?;
                }
            }
            let mut report = json!(given);
            report["shares_before"] = json!(shares_before);
            Ok(report)
        })
        .await
    }

    /// The collections stay the closed account's. Whoever reads one reads all of it: one with anything personal in it
    /// is shared with nobody.
    async fn share_collections(&self, departure: &Departure, successor: Account) -> Result<Ended, Error> {
        let (leaver, to) = (departure.plan.account, successor.id);
        let (disk, marks) = (self.collections.clone(), self.personal_marks.clone());
        let found = tokio::task::spawn_blocking(move || disk.list(leaver, &marks)).await??;
        let personal_items_left_out = found.iter().map(|collection| collection.personal_items).sum();
        let (shared, kept): (Vec<Collection>, Vec<Collection>) =
            found.into_iter().partition(Collection::may_be_shared);
        // One that is personal as a whole is not even named.
        let not_shared = kept.into_iter().filter(|collection| !collection.personal);
        let given = CollectionsGiven {
            to: successor.address,
            choice: CollectionsChoice::Share,
            collections: shared.iter().map(|collection| collection.display_name.clone()).collect(),
            not_shared: not_shared.map(|collection| collection.display_name).collect(),
            items: shared.iter().map(|collection| collection.items).sum(),
            personal_items_left_out,
            broken_items: 0,
            moved: Vec::new(),
            shares: Vec::new(),
            shares_before: Vec::new(),
        };
        let shares: Vec<Share> = shared
            .iter()
            .filter_map(|collection| collection.name.parse().ok())
            .map(|collection| Share {
                id: ShareId::from_number(self.ids.next()),
                owner: leaver,
                collection,
                with: Sharee::Account(to),
                right: ShareRight::Write,
                created_at: self.now(),
            })
            .collect();
        let (organisation, id, actor, now) =
            (departure.organisation, departure.id, actor_of(departure), self.now());
        self.record_with(departure, Step::HandOverCollections, move |tx| {
            let shares_before = shared_with(tx, leaver, to)?;
            let mut made = Vec::new();
            for share in &shares {
                made.push(collections::share(tx, share)?.id);
            }
            let detail = json!({ "departure": id, "shares": made });
            note(tx, organisation, "collections.shared", leaver, detail, actor, now)?;
            let mut report = json!(given);
            report["shares"] = json!(made);
            report["shares_before"] = json!(shares_before);
            Ok(report)
        })
        .await
    }

    /// Everything the leaver had is theirs again; what the successor added or changed since stays with the successor.
    pub(super) async fn take_collections_back(
        &self,
        departure: &Departure,
        report: Option<&StepReport>,
    ) -> Result<(), Error> {
        let given: Option<CollectionsGiven> = report.map(undo::read).transpose()?;
        let leaver = departure.plan.account;
        // The disk knows to whom it went, whoever has the successor's address today.
        let disk = self.collections.clone();
        let taken = tokio::task::spawn_blocking(move || {
            let holders = disk.handed_to(leaver)?;
            for to in &holders {
                disk.take_back(leaver, *to)?;
            }
            Ok::<_, std::io::Error>(holders)
        });
        let mut holders = taken.await??;
        if holders.is_empty() {
            // Taken back by an earlier try that did not come to the rows.
            holders.extend(self.successor(departure).await.ok().map(|successor| successor.id));
        }
        tracing::info!(departure = %departure.id, from = holders.len(), "collections were taken back");
        self.store
            .write(move |tx| {
                let Some(given) = &given else { return Ok(()) };
                for (collection, holder) in
                    given.moved.iter().flat_map(|one| holders.iter().map(move |to| (one, to)))
                {
                    if let Some((name, destination)) = names(collection) {
                        collections::move_collection(tx, *holder, &destination, leaver, &name)?;
                    }
                }
                for share in &given.shares {
                    collections::end_share(tx, *share)?;
                }
                for share in &given.shares_before {
                    collections::share(tx, share)?;
                }
                Ok::<_, Error>(())
            })
            .await
    }

    async fn successor(&self, departure: &Departure) -> Result<Account, Error> {
        let Some(address) = departure.plan.successor.clone() else {
            return Err(Error::Internal("nobody takes over".into()));
        };
        let wanted = address.clone();
        let found = self.look(move |tx| accounts::holding(tx, &wanted)).await?;
        found.ok_or_else(|| Refusal::SuccessorNotActive { address }.into())
    }

    /// The successor, if they can take something over now.
    pub(super) async fn active_successor(&self, departure: &Departure) -> Result<Account, Error> {
        let successor = self.successor(departure).await?;
        match may(standing(&successor, self.now()), Act::ReceiveGroupMail) {
            Verdict::Yes => Ok(successor),
            _ => Err(Refusal::SuccessorNotActive { address: successor.address }.into()),
        }
    }
}

/// At the leaver's and at the successor's, if it can be shared at all.
fn names(collection: &HandedCollection) -> Option<(CollectionName, CollectionName)> {
    Some((collection.name.parse().ok()?, collection.destination.parse().ok()?))
}

fn shared_with(tx: &mut Tx<'_>, owner: AccountId, sharee: AccountId) -> Result<Vec<Share>, Error> {
    let mut shares = collections::shares_of_owner(tx, owner)?;
    shares.retain(|share| share.with == Sharee::Account(sharee));
    Ok(shares)
}
