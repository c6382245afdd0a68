//! Giving content of accounts to another: items of applications in the transaction, calendars and address books right
//! after it.

use crate::organisations::{allow, note};
use crate::{Error, Ids, Relais};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::authority::{Actor, Power};
use relais_core::collection::{CollectionName, Share, Sharee};
use relais_core::content::{ExternalId, MovedCollection, Reassign, Reassignment, Selection, check_reassign};
use relais_core::ids::{AccountId, ApplicationId, OrganisationId, ReassignmentId};
use relais_core::lifecycle::Effect;
use relais_core::refusal::{ContentFault, Refusal};
use relais_core::rights::{Act, Verdict, may, standing};
use relais_engines::collections::HandedCollection;
use relais_store::content::{self, reassigning};
use relais_store::{Tx, accounts, collections, outbox};
use serde_json::json;

/// Whose content is to become whose.
#[derive(Debug, Clone)]
pub struct ReassignRequest {
    pub from: Vec<AccountId>,
    pub to: AccountId,
    pub selection: Selection,
}

impl Relais {
    /// Gives content of one or several accounts to another, in one transaction.
    ///
    /// # Errors
    /// The refusal; nothing moved then.
    pub async fn reassign_content(
        &self,
        asked: ReassignRequest,
        actor: Actor,
    ) -> Result<Vec<Reassignment>, Error> {
        let (ids, now) = (self.ids.clone(), self.now());
        let made = self
            .store
            .write(move |tx| {
                if asked.from.is_empty() {
                    return Err(Refusal::from(ContentFault::NothingChosen).into());
                }
                check_chosen(tx, &asked)?;
                let to = accounts::get(tx, asked.to)?.ok_or(Error::NotFound)?;
                let reassign = Reassign { to: to.id, selection: asked.selection.clone() };
                let mut made = Vec::with_capacity(asked.from.len());
                for from in &asked.from {
                    let from = accounts::get(tx, *from)?.ok_or(Error::NotFound)?;
                    check_reassign(&from, &to, &reassign.selection, &actor, now)?;
                    made.push(reassign_in(tx, &ids, &from, &reassign, &actor, now)?);
                }
                Ok::<_, Error>(made)
            })
            .await?;
        self.settle_effects().await;
        let made: Vec<_> = made.into_iter().map(|made| made.id).collect();
        self.look(move |tx| made.iter().filter_map(|id| reassigning::get(tx, *id).transpose()).collect())
            .await
    }

    /// Gives back what is still the new owner's.
    ///
    /// # Errors
    /// [`ContentFault::UndoTooLate`] once the former owner is deleted; [`Error::NotFound`].
    pub async fn undo_reassignment(&self, id: ReassignmentId, actor: Actor) -> Result<Reassignment, Error> {
        let (ids, now) = (self.ids.clone(), self.now());
        self.store
            .write(move |tx| {
                let made = reassigning::get(tx, id)?.ok_or(Error::NotFound)?;
                allow(&actor, Power::EndAccounts, made.organisation)?;
                undo_in(tx, &ids, &made, &actor, now)
            })
            .await?;
        self.settle_effects().await;
        self.look(move |tx| reassigning::get(tx, id)).await?.ok_or(Error::NotFound)
    }

    /// An application would not take part in a reassignment: the items it names are the former owner's again. Returns how
    /// many that changes; what was refused before is no error.
    ///
    /// # Errors
    /// [`ContentFault::ItemUnknown`] for what is not among its items of the reassignment; nothing changed then.
    pub async fn refuse_moves(
        &self,
        id: ReassignmentId,
        refused: Vec<(String, String)>,
        (application, organisation): (ApplicationId, OrganisationId),
    ) -> Result<u64, Error> {
        let count_max = super::registering::BATCH_MAX;
        if refused.len() > count_max {
            return Err(Refusal::from(ContentFault::TooMany { count_max }).into());
        }
        let now = self.now();
        self.store
            .write(move |tx| {
                let made = reassigning::get(tx, id)?.filter(|made| made.organisation == organisation);
                let made = made.ok_or(Error::NotFound)?;
                let mut count = 0;
                for (text, reason) in &refused {
                    check_reason(reason)?;
                    let external_id: ExternalId = text.parse()?;
                    let unknown = || Refusal::from(ContentFault::ItemUnknown { item: text.clone() });
                    let item = content::named(tx, application, &external_id)?.ok_or_else(unknown)?;
                    if !reassigning::moved(tx, id, item.id)? {
                        return Err(unknown().into());
                    }
                    count += u64::from(reassigning::refuse(tx, &made, item.id, reason)?);
                }
                if count > 0 {
                    let detail = json!({ "reassignment": id, "items": count });
                    let actor = Actor::Application { id: application, organisation };
                    note(tx, organisation, "content.reassignment_refused", made.from, detail, actor, now)?;
                }
                Ok(count)
            })
            .await
    }

    /// Lets the calendars and address books of a reassignment lie where it says now. May be repeated.
    pub(crate) async fn settle_collections(
        &self,
        id: ReassignmentId,
        former_owner: &str,
    ) -> Result<(), Error> {
        let found = self.look(move |tx| reassigning::get(tx, id)).await?;
        let made = found.ok_or_else(|| Error::Internal(format!("no reassignment {id}")))?;
        match (made.undone_at, &made.collections) {
            (None, Some(_)) => Ok(()),
            (None, None) => self.move_collections_of(made, former_owner.to_owned()).await,
            (Some(_), _) => self.return_collections_of(made).await,
        }
    }

    async fn move_collections_of(&self, made: Reassignment, former_owner: String) -> Result<(), Error> {
        let (disk, marks, chosen) =
            (self.collections.clone(), self.personal_marks.clone(), made.selection.clone());
        let (from, to) = (made.from, made.to);
        let handed = tokio::task::spawn_blocking(move || {
            let takes = |name: &str, kind| chosen.takes_collection(name, kind);
            disk.hand_over_some((from, to), &former_owner, &marks, &takes)
        })
        .await??;
        self.store
            .write(move |tx| {
                let as_it_is = reassigning::get(tx, made.id)?.ok_or(Error::NotFound)?;
                if as_it_is.undone_at.is_some() || as_it_is.collections.is_some() {
                    // Undone meanwhile, or recorded by another try: what is owed then brings it in order.
                    return Ok(());
                }
                let mut moved = Vec::new();
                for collection in handed.collections.iter().filter(|handed| handed.items > 0) {
                    moved.push(follow(tx, collection, from, to)?);
                }
                Ok::<_, Error>(reassigning::set_collections(tx, made.id, Some(&moved))?)
            })
            .await
    }

    async fn return_collections_of(&self, made: Reassignment) -> Result<(), Error> {
        let (disk, chosen) = (self.collections.clone(), made.selection.clone());
        let (from, to) = (made.from, made.to);
        tokio::task::spawn_blocking(move || {
            disk.take_back_some((from, to), &|name, kind| chosen.takes_collection(name, kind))
        })
        .await??;
        self.store
            .write(move |tx| {
                for moved in made.collections.iter().flatten() {
                    if let (Ok(name), Ok(destination)) = (moved.name.parse(), moved.destination.parse()) {
                        collections::move_collection(tx, to, &destination, from, &name)?;
                    }
                    for share in &moved.shares_ended {
                        collections::share(tx, share)?;
                    }
                }
                Ok::<_, Error>(())
            })
            .await
    }
}

/// Whoever a collection is shared with goes on seeing it, at its new owner's.
fn follow(
    tx: &mut Tx<'_>,
    handed: &HandedCollection,
    from: AccountId,
    to: AccountId,
) -> Result<MovedCollection, Error> {
    let mut shares_ended = Vec::new();
    if let (Ok(name), Ok(destination)) =
        (handed.name.parse::<CollectionName>(), handed.destination.parse::<CollectionName>())
    {
        let with_heir = |share: &Share| share.collection == name && share.with == Sharee::Account(to);
        shares_ended = collections::shares_of_owner(tx, from)?.into_iter().filter(with_heir).collect();
        collections::move_collection(tx, from, &name, to, &destination)?;
    }
    Ok(MovedCollection {
        name: handed.name.clone(),
        display_name: handed.display_name.clone(),
        destination: handed.destination.clone(),
        items: handed.items,
        shares_ended,
    })
}

/// Every item that was chosen is one of theirs.
fn check_chosen(tx: &mut Tx<'_>, asked: &ReassignRequest) -> Result<(), Error> {
    let Selection::Chosen { items, .. } = &asked.selection else { return Ok(()) };
    for id in items.iter().take(relais_core::content::CHOSEN_MAX) {
        let item = content::get(tx, *id)?.filter(|item| asked.from.contains(&item.owner));
        if item.is_none() {
            return Err(Refusal::from(ContentFault::ItemUnknown { item: id.to_string() }).into());
        }
    }
    Ok(())
}

const REASON_CHARS_MAX: usize = 500;

fn check_reason(reason: &str) -> Result<(), Refusal> {
    if reason.trim().is_empty() || reason.chars().count() > REASON_CHARS_MAX || reason.contains('\0') {
        return Err(ContentFault::TextInvalid { field: "reason", chars_max: REASON_CHARS_MAX }.into());
    }
    Ok(())
}

/// Inside the caller's transaction; whether it may be was checked.
pub(crate) fn reassign_in(
    tx: &mut Tx<'_>,
    ids: &Ids,
    from: &Account,
    reassign: &Reassign,
    actor: &Actor,
    now: Timestamp,
) -> Result<Reassignment, Error> {
    let may_take_collections = reassign.selection.may_take_collections();
    let mut made = Reassignment {
        id: ReassignmentId::from_number(ids.next()),
        organisation: from.organisation,
        from: from.id,
        to: reassign.to,
        selection: reassign.selection.clone(),
        at: now,
        items: 0,
        collections: (!may_take_collections).then(Vec::new),
        undone_at: None,
    };
    made.items = reassigning::reassign(tx, &made)?;
    let detail = json!({ "reassignment": made.id, "to": made.to, "items": made.items });
    note(tx, made.organisation, "content.reassigned", made.from, detail, *actor, now)?;
    if may_take_collections {
        let effect = Effect::MoveCollections { reassignment: made.id, former_owner: from.name.clone() };
        outbox::push(tx, ids.next(), &effect, now)?;
    }
    Ok(made)
}

/// Gives back what is still the new owner's; nothing if that was done before.
pub(crate) fn undo_in(
    tx: &mut Tx<'_>,
    ids: &Ids,
    made: &Reassignment,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    if made.undone_at.is_some() {
        return Ok(());
    }
    let former = accounts::get(tx, made.from)?.ok_or(Error::NotFound)?;
    if may(standing(&former, now), Act::ChangeAttributes) != Verdict::Yes {
        return Err(Refusal::from(ContentFault::UndoTooLate).into());
    }
    let items = reassigning::undo(tx, made, now)?;
    let detail = json!({ "reassignment": made.id, "items": items });
    note(tx, made.organisation, "content.reassignment_undone", made.from, detail, *actor, now)?;
    if made.selection.may_take_collections() {
        let effect = Effect::MoveCollections { reassignment: made.id, former_owner: former.name };
        outbox::push(tx, ids.next(), &effect, now)?;
    }
    Ok(())
}
