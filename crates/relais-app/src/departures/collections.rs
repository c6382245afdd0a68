//! Calendars and address books of the leaver, given to the successor: as collections of their own, or shared.

use super::keeping::actor_of;
use super::{Ended, undo};
use crate::organisations::note;
use crate::{Error, Relais};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::collection::{CollectionName, Share, ShareRight, Sharee};
use relais_core::departure::{CollectionsChoice, Departure, StepReport};
use relais_core::ids::ShareId;
use relais_core::refusal::Refusal;
use relais_engines::collections::{Collection, HandedCollection};
use relais_store::{accounts, collections};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What the successor has now.
#[derive(Serialize, Deserialize)]
struct CollectionsGiven {
    to: EmailAddress,
    choice: CollectionsChoice,
    /// By the names that people see.
    collections: Vec<String>,
    items: u64,
    /// Counted, never shown: they are the person's own.
    personal_items_left_out: u64,
    /// Left where they are: no program could read them.
    broken_items: u64,
    moved: Vec<HandedCollection>,
    shares: Vec<ShareId>,
}

impl Relais {
    pub(super) async fn hand_over_collections(&self, departure: &Departure) -> Result<Ended, Error> {
        let successor = self.successor(departure).await?;
        let given = match departure.plan.collections {
            CollectionsChoice::Share => self.share_collections(departure, successor).await?,
            CollectionsChoice::Move | CollectionsChoice::Keep => {
                self.move_collections(departure, successor).await?
            }
        };
        Ok(Ended::Done(json!(given)))
    }

    async fn move_collections(
        &self,
        departure: &Departure,
        successor: Account,
    ) -> Result<CollectionsGiven, Error> {
        let (leaver, name) = (departure.plan.account, departure.plan.name.clone());
        let (disk, marks, to) = (self.collections.clone(), self.personal_marks.clone(), successor.id);
        let handed = tokio::task::spawn_blocking(move || disk.hand_over(leaver, to, &name, &marks)).await??;
        // Whoever it was shared with goes on seeing it, at its new owner's.
        let moved = handed.collections.clone();
        self.store
            .write(move |tx| {
                for collection in &moved {
                    let (Ok(name), Ok(new_name)) = (
                        collection.name.parse::<CollectionName>(),
                        collection.destination.parse::<CollectionName>(),
                    ) else {
                        continue;
                    };
                    collections::move_collection(tx, leaver, &name, to, &new_name)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        Ok(CollectionsGiven {
            to: successor.address,
            choice: CollectionsChoice::Move,
            collections: handed.collections.iter().map(|given| given.display_name.clone()).collect(),
            items: handed.items,
            personal_items_left_out: handed.personal_items,
            broken_items: handed.collections.iter().map(|given| given.broken_items).sum(),
            moved: handed.collections,
            shares: Vec::new(),
        })
    }

    /// The collections stay the closed account's; personal ones are shared with nobody. Entries marked personal inside
    /// of others would be seen: they are set aside by a move alone, so such a collection is not shared as it is.
    async fn share_collections(
        &self,
        departure: &Departure,
        successor: Account,
    ) -> Result<CollectionsGiven, Error> {
        let leaver = departure.plan.account;
        let (disk, marks) = (self.collections.clone(), self.personal_marks.clone());
        let found = tokio::task::spawn_blocking(move || disk.list(leaver, &marks)).await??;
        let (personal, shared): (Vec<Collection>, Vec<Collection>) =
            found.into_iter().partition(|collection| collection.personal);
        let shares: Vec<Share> = shared
            .iter()
            .filter_map(|collection| collection.name.parse().ok())
            .map(|collection| Share {
                id: ShareId::from_number(self.ids.next()),
                owner: leaver,
                collection,
                with: Sharee::Account(successor.id),
                right: ShareRight::Write,
                created_at: self.now(),
            })
            .collect();
        let (organisation, id, actor, now) =
            (departure.organisation, departure.id, actor_of(departure), self.now());
        let made = self
            .store
            .write(move |tx| {
                let mut made = Vec::new();
                for share in &shares {
                    made.push(collections::share(tx, share)?.id);
                }
                note(
                    tx,
                    organisation,
                    "collections.shared",
                    leaver,
                    json!({ "departure": id, "shares": made }),
                    actor,
                    now,
                )?;
                Ok::<_, Error>(made)
            })
            .await?;
        Ok(CollectionsGiven {
            to: successor.address,
            choice: CollectionsChoice::Share,
            collections: shared.iter().map(|collection| collection.display_name.clone()).collect(),
            items: shared.iter().map(|collection| collection.items).sum(),
            personal_items_left_out: personal.iter().map(|collection| collection.items).sum(),
            broken_items: 0,
            moved: Vec::new(),
            shares: made,
        })
    }

    /// Everything the leaver had is theirs again; what the successor added or changed since stays with the successor.
    pub(super) async fn take_collections_back(
        &self,
        departure: &Departure,
        report: Option<&StepReport>,
    ) -> Result<(), Error> {
        let given: Option<CollectionsGiven> = report.map(undo::read).transpose()?;
        let leaver = departure.plan.account;
        let successor = self.successor(departure).await?.id;
        if departure.plan.collections == CollectionsChoice::Move {
            let disk = self.collections.clone();
            let taken = tokio::task::spawn_blocking(move || disk.take_back(leaver, successor)).await??;
            tracing::info!(departure = %departure.id, items = taken.items, stay = taken.stay, "collections were taken back");
        }
        self.store
            .write(move |tx| {
                let Some(given) = &given else { return Ok(()) };
                for collection in &given.moved {
                    if let (Ok(name), Ok(destination)) =
                        (collection.name.parse(), collection.destination.parse())
                    {
                        collections::move_collection(tx, successor, &destination, leaver, &name)?;
                    }
                }
                for share in &given.shares {
                    collections::end_share(tx, *share)?;
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
}
