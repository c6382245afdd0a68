//! What an application says of its items: taken one by one, so that one that is refused keeps none of the others out.

use super::erasing;
use crate::organisations::note;
use crate::{Error, Ids, Relais};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::Actor;
use relais_core::collection::{ShareRight, Sharee};
use relais_core::content::{
    ContentItem, ContentKind, ContentShare, ExternalId, Registered, Registration, register,
};
use relais_core::ids::{AccountId, ApplicationId, ContentId, GroupId, OrganisationId};
use relais_core::organisation::Target;
use relais_core::refusal::{ContentFault, Refusal};
use relais_core::rights::{Act, require};
use relais_store::{Tx, accounts, addresses, content, groups};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use utoipa::ToSchema;

/// How many items one request may have.
pub(super) const BATCH_MAX: usize = 1000;

/// An item as its application describes it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaidItem {
    /// What the application calls it: unique among its own.
    pub external_id: String,
    pub kind: ContentKind,
    pub title: String,
    /// Id or address of an account.
    pub owner: String,
    /// What the application calls the project that holds it.
    #[serde(default)]
    pub parent: Option<String>,
    /// Where people open it.
    #[serde(default)]
    pub url: Option<String>,
    /// With whom it is shared, all of them; absent: as before.
    #[serde(default)]
    pub shares: Option<Vec<SaidShare>>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaidShare {
    /// Id or address of an account or a group.
    pub with: String,
    pub right: ShareRight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
    Removed,
    /// There was none of that name.
    Absent,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemOutcome {
    pub external_id: String,
    pub outcome: Result<Outcome, Refusal>,
}

/// One batch in its transaction.
struct Batch<'b, 't, 'c> {
    tx: &'t mut Tx<'c>,
    ids: &'b Ids,
    application: ApplicationId,
    organisation: OrganisationId,
    now: Timestamp,
    /// Whom names stand for: a batch names few people often.
    accounts: HashMap<String, Option<Account>>,
}

impl Relais {
    /// Registers items of an application, or changes them. A refusal of one keeps none of the others out.
    ///
    /// # Errors
    /// [`ContentFault::TooMany`]; when the store cannot be asked.
    pub async fn register_content(
        &self,
        items: Vec<SaidItem>,
        caller: (ApplicationId, OrganisationId),
    ) -> Result<Vec<ItemOutcome>, Error> {
        check_size(items.len())?;
        let (ids, now) = (self.ids.clone(), self.now());
        self.store
            .write(move |tx| {
                let mut batch = Batch::new(tx, &ids, caller, now);
                let mut outcomes = Vec::with_capacity(items.len());
                for said in &items {
                    let outcome = match batch.register(said) {
                        Ok(outcome) => Ok(outcome),
                        Err(Error::Refused(refusal)) => Err(refusal),
                        Err(error) => return Err(error),
                    };
                    outcomes.push(ItemOutcome { external_id: said.external_id.clone(), outcome });
                }
                batch.tell(&outcomes)?;
                Ok(outcomes)
            })
            .await
    }

    /// Items are gone from an application; what a project held is in none then.
    ///
    /// # Errors
    /// As [`Relais::register_content`].
    pub async fn remove_content(
        &self,
        external_ids: Vec<String>,
        caller: (ApplicationId, OrganisationId),
    ) -> Result<Vec<ItemOutcome>, Error> {
        check_size(external_ids.len())?;
        let (ids, now) = (self.ids.clone(), self.now());
        self.store
            .write(move |tx| {
                let mut batch = Batch::new(tx, &ids, caller, now);
                let mut outcomes = Vec::with_capacity(external_ids.len());
                for named in &external_ids {
                    let outcome = match named.parse::<ExternalId>() {
                        Ok(external_id) => Ok(batch.remove(&external_id)?),
                        Err(refusal) => Err(refusal),
                    };
                    outcomes.push(ItemOutcome { external_id: named.clone(), outcome });
                }
                batch.tell(&outcomes)?;
                Ok(outcomes)
            })
            .await
    }
}

fn check_size(count: usize) -> Result<(), Refusal> {
    if count > BATCH_MAX { Err(ContentFault::TooMany { count_max: BATCH_MAX }.into()) } else { Ok(()) }
}

impl<'b, 't, 'c> Batch<'b, 't, 'c> {
    fn new(
        tx: &'t mut Tx<'c>,
        ids: &'b Ids,
        (application, organisation): (ApplicationId, OrganisationId),
        now: Timestamp,
    ) -> Self {
        Self { tx, ids, application, organisation, now, accounts: HashMap::new() }
    }

    /// Everything that may be refused is found before anything is written.
    fn register(&mut self, said: &SaidItem) -> Result<Outcome, Error> {
        let external_id: ExternalId = said.external_id.parse()?;
        let owner = self.account(&said.owner)?;
        let owner = owner.ok_or_else(|| ContentFault::OwnerUnknown { text: said.owner.clone() });
        let owner = owner.map_err(Refusal::from)?;
        let parent = said.parent.as_deref().map(|parent| self.parent(parent)).transpose()?;
        let known = content::named(self.tx, self.application, &external_id)?;
        let registration = Registration {
            application: self.application,
            external_id,
            kind: said.kind,
            title: said.title.clone(),
            owner: &owner,
            parent: parent.as_ref(),
            url: said.url.clone(),
        };
        let id = ContentId::from_number(self.ids.next());
        let registered = register(registration, known.as_ref(), id, self.now)?;
        let item = known.as_ref().map_or(id, |known| known.id);
        let shares = match &said.shares {
            Some(said) => Some(self.shares(item, &owner, known.as_ref(), said)?),
            None => None,
        };
        let outcome = match registered {
            Registered::New(item) => {
                content::insert(self.tx, &item)?;
                Outcome::Created
            }
            Registered::Changed(item) => {
                content::update(self.tx, &item)?;
                Outcome::Updated
            }
            Registered::Unchanged => Outcome::Unchanged,
        };
        let reshared = shares.map_or(Ok(Changed::No), |changes| self.write_shares(item, &changes))?;
        Ok(if outcome == Outcome::Unchanged && reshared == Changed::Yes { Outcome::Updated } else { outcome })
    }

    fn parent(&mut self, text: &str) -> Result<ContentItem, Error> {
        let external_id: ExternalId = text.parse()?;
        let found = content::named(self.tx, self.application, &external_id)?;
        found.ok_or_else(|| Refusal::from(ContentFault::ParentUnknown { parent: text.to_owned() }).into())
    }

    /// An account of the organisation by id or address.
    fn account(&mut self, text: &str) -> Result<Option<Account>, Error> {
        if let Some(known) = self.accounts.get(text) {
            return Ok(known.clone());
        }
        let found = if let Ok(id) = text.parse::<AccountId>() {
            accounts::get(self.tx, id)?
        } else if let Ok(address) = text.parse::<EmailAddress>() {
            match accounts::holding(self.tx, &address)? {
                Some(holder) => Some(holder),
                None => accounts::named(self.tx, &address, self.organisation)?,
            }
        } else {
            None
        };
        let found = found.filter(|account| account.organisation == self.organisation);
        self.accounts.insert(text.to_owned(), found.clone());
        Ok(found)
    }

    fn sharee(&mut self, text: &str) -> Result<(Sharee, Option<Account>), Error> {
        if let Some(account) = self.account(text)? {
            return Ok((Sharee::Account(account.id), Some(account)));
        }
        let group = match (text.parse::<GroupId>(), text.parse::<EmailAddress>()) {
            (Ok(id), _) => groups::get(self.tx, id)?,
            (Err(_), Ok(address)) => match addresses::get(self.tx, &address)?.and_then(|held| held.target) {
                Some(Target::Group(id)) => groups::get(self.tx, id)?,
                Some(Target::Account(_) | Target::SharedMailbox(_) | Target::Responder(_)) | None => None,
            },
            (Err(_), Err(_)) => None,
        };
        let group = group.filter(|group| group.organisation == self.organisation);
        let unknown = || Refusal::from(ContentFault::ShareeUnknown { text: text.to_owned() });
        Ok((Sharee::Group(group.ok_or_else(unknown)?.id), None))
    }

    /// Nobody shares anew with whom the table does not let be shared with (R7); what was shared before stays (R14).
    fn shares(
        &mut self,
        item: ContentId,
        owner: &Account,
        known: Option<&ContentItem>,
        said: &[SaidShare],
    ) -> Result<ShareChanges, Error> {
        let before = match known {
            Some(known) => content::shares_of(self.tx, known.id)?,
            None => Vec::new(),
        };
        let mut changes = ShareChanges { set: Vec::new(), ended: Vec::new() };
        let mut named = Vec::new();
        for share in said {
            let (with, account) = self.sharee(&share.with)?;
            if with == Sharee::Account(owner.id) {
                return Err(Refusal::SharedWithOwner.into());
            }
            named.push(with);
            match before.iter().find(|before| before.with == with) {
                Some(before) if before.right == share.right => continue,
                Some(_) => {}
                None => account
                    .as_ref()
                    .map_or(Ok(()), |account| require(account, Act::BeSharedWith, self.now))?,
            }
            changes.set.push(ContentShare { item, with, right: share.right, created_at: self.now });
        }
        changes.ended =
            before.into_iter().map(|share| share.with).filter(|with| !named.contains(with)).collect();
        Ok(changes)
    }

    fn write_shares(&mut self, item: ContentId, changes: &ShareChanges) -> Result<Changed, Error> {
        for share in &changes.set {
            content::share(self.tx, share)?;
        }
        for with in &changes.ended {
            content::end_share(self.tx, item, *with)?;
        }
        Ok(if changes.set.is_empty() && changes.ended.is_empty() { Changed::No } else { Changed::Yes })
    }

    fn remove(&mut self, external_id: &ExternalId) -> Result<Outcome, Error> {
        let Some(item) = content::named(self.tx, self.application, external_id)? else {
            return Ok(Outcome::Absent);
        };
        content::remove(self.tx, item.id)?;
        if let Some(erasure) = item.erasure {
            let actor = Actor::Application { id: self.application, organisation: self.organisation };
            erasing::end_if_done(self.tx, erasure, actor, self.now)?;
        }
        Ok(Outcome::Removed)
    }

    /// One event a batch, where it changed something.
    fn tell(&mut self, outcomes: &[ItemOutcome]) -> Result<(), Error> {
        let count =
            |wanted| outcomes.iter().filter(|item| item.outcome.as_ref().ok() == Some(&wanted)).count();
        let (created, updated, removed) =
            (count(Outcome::Created), count(Outcome::Updated), count(Outcome::Removed));
        if created + updated + removed == 0 {
            return Ok(());
        }
        let detail = json!({ "created": created, "updated": updated, "removed": removed });
        let actor = Actor::Application { id: self.application, organisation: self.organisation };
        note(self.tx, self.organisation, "content.registered", self.application, detail, actor, self.now)
    }
}

/// What a full list of shares changes.
struct ShareChanges {
    set: Vec<ContentShare>,
    ended: Vec<Sharee>,
}

#[derive(PartialEq, Eq)]
enum Changed {
    Yes,
    No,
}
