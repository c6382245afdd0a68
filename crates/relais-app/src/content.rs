//! Content of accounts: what applications register, who is given it, and what is to be erased.

pub(crate) mod erasing;
pub(crate) mod reassigning;
mod registering;

pub use reassigning::ReassignRequest;
pub use registering::{ItemOutcome, Outcome, SaidItem, SaidShare};

use crate::{Error, Ids, Relais};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::authority::Actor;
use relais_core::collection::may_rule_shares;
use relais_core::content::{ContentChange, ContentCount, ContentItem, ContentKind};
use relais_core::ids::{AccountId, ContentId};
use relais_core::refusal::Refusal;
use relais_engines::collections::Collection;
use relais_store::{Tx, content};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Everything that an account owns besides mail, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContentOwned {
    pub counts: Vec<ContentCount>,
    /// Calendars and address books, but for personal ones.
    pub collections: Vec<Collection>,
}

impl Relais {
    /// How much `account` owns of each kind.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] for whom it is no concern of.
    pub async fn content_owned(&self, account: &Account, actor: &Actor) -> Result<ContentOwned, Error> {
        if !may_rule_shares(actor, account) {
            return Err(Refusal::NotAllowed.into());
        }
        let is_owner = actor.person() == Some(account.id);
        let id = account.id;
        let mut collections = self.collections_on_disk(id).await?;
        collections.retain(|collection| is_owner || !collection.personal);
        let mut counts: Vec<ContentCount> = Vec::new();
        for collection in &collections {
            let kind = ContentKind::from(collection.kind);
            match counts.iter_mut().find(|counted| counted.kind == kind) {
                Some(counted) => counted.count += 1,
                None => counts.push(ContentCount { kind, count: 1 }),
            }
        }
        let items = self.look(move |tx| content::counts_of_owner(tx, id)).await?;
        counts.extend(items);
        counts.sort_by_key(|counted| counted.kind);
        Ok(ContentOwned { counts, collections })
    }

    /// A page of the items of applications that `account` owns, kind after kind.
    ///
    /// # Errors
    /// As [`Relais::content_owned`].
    pub async fn content_items(
        &self,
        account: &Account,
        kind: Option<ContentKind>,
        after: Option<ContentId>,
        count_max: i64,
        actor: &Actor,
    ) -> Result<Vec<ContentItem>, Error> {
        if !may_rule_shares(actor, account) {
            return Err(Refusal::NotAllowed.into());
        }
        let id = account.id;
        self.look(move |tx| content::of_owner(tx, id, kind, after, count_max)).await
    }

    async fn collections_on_disk(&self, account: AccountId) -> Result<Vec<Collection>, Error> {
        let (disk, marks) = (self.collections.clone(), self.personal_marks.clone());
        Ok(tokio::task::spawn_blocking(move || disk.list(account, &marks)).await??)
    }

    /// Calendars and address books with something in them.
    pub(crate) async fn filled_collections(&self, account: AccountId) -> Result<u64, Error> {
        let found = self.collections_on_disk(account).await?;
        Ok(found.iter().filter(|collection| collection.items > 0).count() as u64)
    }
}

/// What a decision does with the content of its account, in its transaction.
pub(crate) fn apply(
    tx: &mut Tx<'_>,
    ids: &Ids,
    account: &Account,
    change: &ContentChange,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    match change {
        ContentChange::Reassign(reassign) => {
            reassigning::reassign_in(tx, ids, account, reassign, actor, now).map(drop)
        }
        ContentChange::Erase => erasing::ask_in(tx, ids, account, actor, now),
    }
}
