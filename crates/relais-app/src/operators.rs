//! People who operate the instance in the console. The first is made by a link that the first start prints; whoever has
//! the machine appoints others.

use crate::credentials::{new_secret, secret_hash};
use crate::domains::host_own;
use crate::organisations::{found, insert_account, note};
use crate::{Error, NewOrganisationRequest, NewSecret, Origin, Relais};
use jiff::SignedDuration;
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Role};
use relais_core::ids::{AccountId, MailboxId, OrganisationId};
use relais_core::lifecycle::NewAccount;
use relais_core::refusal::{OperatorFault, Refusal};
use relais_core::rights::{Act, require};
use relais_store::{Tx, accounts, operators, organisations};
use serde_json::json;

/// Long enough to open it from another place, short enough for a log that others read.
const LINK_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// What the first operator says of themselves and of their organisation.
#[derive(Debug, Clone)]
pub struct SetUp {
    pub organisation: NewOrganisationRequest,
    pub name: String,
    /// On a domain that becomes the organisation's own.
    pub address: EmailAddress,
    pub password: String,
}

fn allow_operator(actor: Actor) -> Result<(), Error> {
    if actor.operates() { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
}

/// Whether nobody has begun: then a link is worth printing.
fn is_untouched(tx: &mut Tx<'_>) -> Result<bool, Error> {
    Ok(operators::list(tx)?.is_empty() && organisations::list(tx)?.is_empty())
}

impl Relais {
    /// The link that makes the first operator, where there is nobody and nothing yet; those of before are void.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub async fn first_link(&self) -> Result<Option<String>, Error> {
        let secret = new_secret("rlo");
        let (hash, expires_at) = (secret_hash(&secret), self.now() + LINK_LIFE);
        let made = self.store.write(move |tx| {
            if !is_untouched(tx)? {
                operators::forget_links(tx)?;
                return Ok::<_, Error>(false);
            }
            operators::set_link(tx, &hash, expires_at)?;
            Ok(true)
        });
        Ok(made.await?.then(|| format!("{}/set-up/{secret}", self.public_url)))
    }

    /// # Errors
    /// [`OperatorFault::LinkVoid`] when it cannot be used, or no longer.
    pub async fn check_first_link(&self, secret: &str) -> Result<(), Error> {
        let (hash, now) = (secret_hash(secret), self.now());
        let usable = self.look(move |tx| is_usable(tx, &hash, now)).await?;
        if usable { Ok(()) } else { Err(Refusal::Operator(OperatorFault::LinkVoid).into()) }
    }

    /// Makes an organisation with its domain and its owner, who operates the instance; and signs them in. The link is
    /// void with it.
    ///
    /// # Errors
    /// The refusal; a link survives what will not do.
    pub async fn set_up(
        &self,
        secret: &str,
        asked: SetUp,
        origin: &Origin,
    ) -> Result<NewSecret<AccountId>, Error> {
        self.check_first_link(secret).await?;
        let SetUp { organisation, name, address, password } = asked;
        let (ids, now, actor) = (self.ids.clone(), self.now(), Actor::Operator);
        let organisation = organisation.make(OrganisationId::from_number(ids.next()), now)?;
        let password = Some(self.hash_password_of(&organisation.name, &address, &name, password).await?);
        let new = NewAccount {
            id: AccountId::from_number(ids.next()),
            mailbox: MailboxId::from_number(ids.next()),
            organisation: organisation.id,
            name,
            address,
            role: Role::Owner,
            password,
            quota_bytes: None,
            subscription: None,
        };
        let hash = secret_hash(secret);
        let account = self
            .store
            .write(move |tx| {
                if !is_usable(tx, &hash, now)? {
                    return Err(Refusal::Operator(OperatorFault::LinkVoid).into());
                }
                found(tx, &organisation, actor, now)?;
                host_own(tx, organisation.id, new.address.domain(), actor, now)?;
                let account = insert_account(tx, &ids, new.clone(), &actor, now)?;
                operators::add(tx, account.id, now)?;
                operators::forget_links(tx)?;
                note(tx, organisation.id, "operator.appointed", account.id, json!({}), actor, now)?;
                Ok::<_, Error>(account)
            })
            .await?;
        self.settle_effects().await;
        self.open_session(&account, origin).await
    }

    /// # Errors
    /// Only the operator may.
    pub async fn operators(&self, actor: Actor) -> Result<Vec<Account>, Error> {
        allow_operator(actor)?;
        self.look(move |tx| {
            let mut found = Vec::new();
            for id in operators::list(tx)? {
                found.extend(accounts::get(tx, id)?);
            }
            Ok(found)
        })
        .await
    }

    /// Lets a person operate the instance in the console. Only who answers for an organisation may: whoever may set
    /// somebody's password may become them.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`]; only the operator may.
    pub async fn appoint_operator(&self, id: AccountId, actor: Actor) -> Result<Account, Error> {
        allow_operator(actor)?;
        let now = self.now();
        self.store
            .write(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                require(&account, Act::SignInWithPassword, now)?;
                if !account.role.leads() {
                    return Err(Refusal::Operator(OperatorFault::LeadsNothing).into());
                }
                if operators::add(tx, id, now)? {
                    operators::forget_links(tx)?;
                    note(tx, account.organisation, "operator.appointed", id, json!({}), actor, now)?;
                }
                Ok(account)
            })
            .await
    }

    /// # Errors
    /// [`Error::NotFound`] when the account does not operate; only the operator may.
    pub async fn dismiss_operator(&self, id: AccountId, actor: Actor) -> Result<Account, Error> {
        allow_operator(actor)?;
        let now = self.now();
        self.store
            .write(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                if !operators::remove(tx, id)? {
                    return Err(Error::NotFound);
                }
                note(tx, account.organisation, "operator.dismissed", id, json!({}), actor, now)?;
                Ok(account)
            })
            .await
    }
}

fn is_usable(tx: &mut Tx<'_>, hash: &[u8], now: jiff::Timestamp) -> Result<bool, relais_store::Error> {
    Ok(operators::list(tx)?.is_empty() && operators::has_link(tx, hash, now)?)
}

/// Whether a person who is signed in operates the instance.
pub fn operates(tx: &mut Tx<'_>, account: &Account) -> Result<bool, relais_store::Error> {
    Ok(account.role.leads() && operators::has(tx, account.id)?)
}
