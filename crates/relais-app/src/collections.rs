//! Calendars and address books: who visits them, what is in a home, and with whom they are shared. What they hold, Radicale
//! keeps.

use crate::effects::sharing_reaches;
use crate::organisations::note;
use crate::throttle::Network;
use crate::{Error, Relais, SignInRefusal};
use jiff::{SignedDuration, Timestamp};
use relais_core::account::Account;
use relais_core::authority::Actor;
use relais_core::collection::{
    CollectionKind, CollectionName, Recipient, Share, ShareRight, Sharee, best, check_share, may_rule_shares,
};
use relais_core::ids::{AccountId, GrantId, ShareId};
use relais_core::language::Language;
use relais_core::refusal::{BackupFault, Refusal};
use relais_core::rights::{Act, Verdict, may, standing};
use relais_core::sign_in::Entrance;
use relais_engines::radicale::{Collection, Link};
use relais_store::{Tx, accounts, collections, groups, organisations};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// When the use of each grant was last told.
pub(crate) type GrantsNoted = Mutex<HashMap<GrantId, Timestamp>>;

/// A client of calendars asks every few seconds: its visits are told once an hour, where a mail program's logins are told
/// one by one.
const GRANT_NOTED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Whoever was let in to calendars and address books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    pub account: Account,
    pub extent: Extent,
}

/// How far a visit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Their own.
    Everything,
    /// An administrator with a recovery grant looks, and changes nothing.
    ReadOnly,
}

impl Relais {
    /// Lets somebody in to their calendars and address books: asked with every request, so that what the table says holds
    /// from the next one on.
    ///
    /// # Errors
    /// As [`Relais::sign_in`].
    pub async fn visit_collections(
        &self,
        login: &str,
        password: &str,
        network: Network,
    ) -> Result<Visitor, SignInRefusal> {
        if let Some((account, grant)) = self.grant_of(login, password).await? {
            let (id, now) = (grant.id, self.now());
            let lately = self.grants_noted.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied();
            if lately.is_none_or(|noted| noted + GRANT_NOTED_FOR <= now) {
                self.note_use(&account, &grant).await.map_err(|_| SignInRefusal::Unavailable)?;
                self.grants_noted.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
            }
            // Whoever reads what is not their own does not read what is personal; mail is set aside for that, calendars
            // are not.
            if self.has_personal_collections(account.id).await.map_err(|_| SignInRefusal::Unavailable)? {
                return Err(SignInRefusal::Closed);
            }
            return Ok(Visitor { account, extent: Extent::ReadOnly });
        }
        let account = self.sign_in(login, password, Entrance::Collections, network).await?;
        Ok(Visitor { account, extent: Extent::Everything })
    }

    async fn has_personal_collections(&self, account: AccountId) -> Result<bool, Error> {
        let (disk, marks) = (self.collections.clone(), self.personal_marks.clone());
        let found = tokio::task::spawn_blocking(move || disk.list(account, &marks)).await??;
        Ok(found.iter().any(|collection| !collection.may_be_shared()))
    }

    /// Makes a visitor's home, with a calendar and an address book, where this is the first visit.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn open_home(&self, visitor: &Visitor) -> Result<(), Error> {
        match visitor.extent {
            Extent::Everything => self.make_home(&visitor.account).await,
            Extent::ReadOnly => Ok(()),
        }
    }

    async fn make_home(&self, account: &Account) -> Result<(), Error> {
        let (homes, id, organisation) = (self.homes.clone(), account.id, account.organisation);
        if tokio::task::spawn_blocking(move || homes.is_visited(id)).await? {
            return Ok(());
        }
        let organisation = self.look(move |tx| organisations::get(tx, organisation)).await?;
        let first = first_collections(organisation.ok_or(Error::NotFound)?.language);
        let homes = self.homes.clone();
        tokio::task::spawn_blocking(move || homes.visit(id, &first)).await??;
        Ok(())
    }

    /// What is shared with `account` and open to it now, the best right for each collection; its home then shows exactly
    /// that.
    ///
    /// # Errors
    /// When the store cannot be asked, or the home not be written.
    pub async fn show_shares(&self, account: AccountId) -> Result<Vec<Share>, Error> {
        let now = self.now();
        let shares = self.look(move |tx| reaching(tx, account, now)).await?;
        let links: Vec<Link> = shares
            .iter()
            .map(|share| Link {
                name: share.link(),
                owner: share.owner,
                collection: share.collection.clone(),
            })
            .collect();
        let homes = self.homes.clone();
        tokio::task::spawn_blocking(move || {
            if homes.is_visited(account) { homes.set_links(account, &links) } else { Ok(()) }
        })
        .await??;
        Ok(shares)
    }

    /// The calendars and address books of `account`.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] for whom they are no concern of.
    pub async fn collections_of(&self, account: &Account, actor: &Actor) -> Result<Vec<Collection>, Error> {
        if !may_rule_shares(actor, account) {
            return Err(Refusal::NotAllowed.into());
        }
        self.make_home_of_active(account).await?;
        let (homes, id) = (self.homes.clone(), account.id);
        Ok(tokio::task::spawn_blocking(move || homes.collections(id)).await??)
    }

    async fn make_home_of_active(&self, account: &Account) -> Result<(), Error> {
        match may(standing(account, self.now()), Act::ReadMail) {
            Verdict::Yes | Verdict::Activates => self.make_home(account).await,
            Verdict::No
            | Verdict::WithGrant
            | Verdict::AsInbound
            | Verdict::InvitationOnly
            | Verdict::WithFlexibleLicences => Ok(()),
        }
    }

    /// Shares a collection, or changes what somebody may do with it.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`] when `with` is not of the organisation.
    pub async fn share_collection(
        &self,
        owner: AccountId,
        collection: &str,
        with: Sharee,
        right: ShareRight,
        actor: Actor,
    ) -> Result<Share, Error> {
        let unknown = || Refusal::CollectionUnknown { collection: collection.to_owned() };
        let now = self.now();
        // Who may not share is told so, and not what there is.
        let asked = move |tx: &mut Tx<'_>| check(tx, owner, with, &actor, now);
        let account = self.store.read(asked).await?;
        let name: CollectionName = collection.parse().map_err(|_| unknown())?;
        self.make_home_of_active(&account).await?;
        let (disk, marks, wanted) = (self.collections.clone(), self.personal_marks.clone(), name.clone());
        let found = tokio::task::spawn_blocking(move || disk.list(owner, &marks)).await??;
        let found =
            found.into_iter().find(|collection| collection.name == wanted.as_str()).ok_or_else(unknown)?;
        let by_owner = actor.person() == Some(owner);
        if !by_owner && !found.may_be_shared() {
            return Err(Refusal::from(BackupFault::Personal).into());
        }
        let id = ShareId::from_number(self.ids.next());
        self.store
            .write(move |tx| {
                let account = check(tx, owner, with, &actor, now)?;
                let wanted = Share { id, owner, collection: name.clone(), with, right, created_at: now };
                let share = collections::share(tx, &wanted)?;
                let detail = json!({ "share": share.id, "collection": name, "with": with, "right": right });
                note(tx, account.organisation, "collection.shared", owner, detail, actor, now)?;
                Ok::<_, Error>(share)
            })
            .await
    }

    /// # Errors
    /// The refusal; [`Error::NotFound`] when there is no such share.
    pub async fn end_share(&self, id: ShareId, actor: Actor) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let share = collections::get(tx, id)?.ok_or(Error::NotFound)?;
                let owner = accounts::get(tx, share.owner)?.ok_or(Error::NotFound)?;
                if !may_rule_shares(&actor, &owner) {
                    return Err(Refusal::NotAllowed.into());
                }
                collections::end_share(tx, id)?;
                let detail = json!({ "share": id, "collection": share.collection, "with": share.with });
                note(tx, owner.organisation, "collection.share_ended", owner.id, detail, actor, now)
            })
            .await
    }

    /// A person removed one of their collections: it is shared with nobody any more, whatever takes its name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn collection_removed(&self, owner: &Account, name: &CollectionName) -> Result<(), Error> {
        let (name, now) = (name.clone(), self.now());
        let actor = Actor::Account { id: owner.id, organisation: owner.organisation, role: owner.role };
        let (owner, organisation) = (owner.id, owner.organisation);
        self.store
            .write(move |tx| match collections::forget_collection(tx, owner, &name)? {
                0 => Ok(()),
                shares => {
                    let detail = json!({ "collection": name, "shares": shares });
                    note(tx, organisation, "collection.removed", owner, detail, actor, now)
                }
            })
            .await
    }
}

/// Returns the owner.
fn check(
    tx: &mut Tx<'_>,
    owner: AccountId,
    with: Sharee,
    actor: &Actor,
    now: Timestamp,
) -> Result<Account, Error> {
    let owner = accounts::get(tx, owner)?.ok_or(Error::NotFound)?;
    let recipient = match with {
        Sharee::Account(id) => accounts::get(tx, id)?.map(|account| Recipient::Account(Box::new(account))),
        Sharee::Group(id) => groups::get(tx, id)?.map(Recipient::Group),
    };
    let recipient = recipient.ok_or(Error::NotFound)?;
    if recipient.organisation() != owner.organisation {
        return Err(Error::NotFound);
    }
    check_share(&owner, &recipient, actor, now)?;
    Ok(owner)
}

fn reaching(tx: &mut Tx<'_>, account: AccountId, now: Timestamp) -> Result<Vec<Share>, relais_store::Error> {
    Ok(if sharing_reaches(tx, account, now)? {
        best(collections::shares_with(tx, account)?)
    } else {
        Vec::new()
    })
}

/// What everyone begins with.
fn first_collections(language: Language) -> [Collection; 2] {
    let collection = |name: &str, kind, title: &str| Collection {
        name: name.parse().expect("our own names are names"),
        kind,
        title: title.to_owned(),
    };
    [
        collection("calendar", CollectionKind::Calendar, language.pick("Calendrier", "Calendar")),
        collection("contacts", CollectionKind::AddressBook, "Contacts"),
    ]
}
