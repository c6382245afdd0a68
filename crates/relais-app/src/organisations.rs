//! Making organisations and their accounts. Each is one transaction with its event.

use crate::execute::{taken, write_rest};
use crate::{Error, Ids, Relais, means};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Power, Role};
use relais_core::event::Happening;
use relais_core::ids::{AccountId, MailboxId, OrganisationId, SubscriptionId};
use relais_core::language::Language;
use relais_core::lifecycle::{self, AddressChange, NewAccount, check_available, check_name};
use relais_core::money::Currency;
use relais_core::organisation::{AddressKind, Organisation, Target};
use relais_core::refusal::Refusal;
use relais_core::rights::{Act, allows};
use relais_store::{Tx, accounts, addresses, events, organisations};
use serde::Deserialize;
use serde_json::json;

/// What an account is made from. A door may take the subscription by what people call it, and look it up.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccountRequest<S = SubscriptionId> {
    pub address: EmailAddress,
    pub name: String,
    /// Without one the account is invited.
    #[serde(default)]
    pub password: Option<String>,
    #[serde(default = "member")]
    pub role: Role,
    /// Largest mailbox size in bytes.
    #[serde(default)]
    pub quota_bytes: Option<i64>,
    /// What it is on; without one it is one of the plan's free accounts.
    #[serde(default = "no_subscription")]
    pub subscription: Option<S>,
}

impl<S> NewAccountRequest<S> {
    /// The same with the subscription that was found.
    #[must_use]
    pub fn on(self, subscription: Option<SubscriptionId>) -> NewAccountRequest {
        let Self { address, name, password, role, quota_bytes, subscription: _ } = self;
        NewAccountRequest { address, name, password, role, quota_bytes, subscription }
    }
}

/// What an organisation is made from.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganisationRequest {
    pub name: String,
    /// Of its automatic replies and certificates; French unless said.
    #[serde(default)]
    pub language: Language,
    /// Where its days begin and end: a name of the IANA time zone database.
    #[serde(default = "paris")]
    pub time_zone: String,
    /// Of its provision.
    #[serde(default)]
    pub currency: Currency,
}

impl NewOrganisationRequest {
    /// # Errors
    /// The refusal, when its name or its time zone will not do.
    pub(crate) fn make(self, id: OrganisationId, now: Timestamp) -> Result<Organisation, Refusal> {
        let Self { name, language, time_zone, currency } = self;
        check_name(&name)?;
        means::time_zone(&time_zone)?;
        Ok(Organisation {
            id,
            name,
            language,
            time_zone,
            currency,
            plan: None,
            plan_term: None,
            default_subscription: None,
            created_at: now,
        })
    }
}

/// Writes a new organisation inside the caller's transaction.
pub(crate) fn found(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    organisations::insert(tx, organisation)?;
    let detail = json!({ "name": organisation.name, "language": organisation.language });
    note(tx, organisation.id, "organisation.created", organisation.id, detail, actor, now)
}

fn paris() -> String {
    "Europe/Paris".to_owned()
}

fn no_subscription<S>() -> Option<S> {
    None
}

fn member() -> Role {
    Role::Member
}

pub(crate) fn allow(actor: &Actor, power: Power, organisation: OrganisationId) -> Result<(), Error> {
    if actor.has(power, organisation) { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
}

impl Relais {
    /// # Errors
    /// [`Error::Conflict`] when the name is in use; only the operator may.
    pub async fn create_organisation(
        &self,
        request: NewOrganisationRequest,
        actor: Actor,
    ) -> Result<Organisation, Error> {
        let now = self.now();
        let id = OrganisationId::from_number(self.ids.next());
        allow(&actor, Power::Operate, id)?;
        let organisation = request.make(id, now)?;
        self.store.write(move |tx| found(tx, &organisation, actor, now).map(|()| organisation.clone())).await
    }

    /// # Errors
    /// The refusal, when the actor may not or the address or the password will not do.
    pub async fn create_account(
        &self,
        organisation: OrganisationId,
        request: NewAccountRequest,
        actor: Actor,
    ) -> Result<Account, Error> {
        allow(&actor, Power::ManageAccounts, organisation)?;
        let password = match request.password {
            Some(password) => {
                let hashing = self.hash_new_password(organisation, &request.address, &request.name, password);
                Some(hashing.await?)
            }
            None => None,
        };
        let new = NewAccount {
            id: AccountId::from_number(self.ids.next()),
            mailbox: MailboxId::from_number(self.ids.next()),
            organisation,
            name: request.name,
            address: request.address,
            role: request.role,
            password,
            quota_bytes: request.quota_bytes,
            subscription: request.subscription,
        };
        let (ids, now) = (self.ids.clone(), self.now());
        self.store.write(move |tx| insert_account(tx, &ids, new.clone(), &actor, now)).await
    }

    /// Changes a password that was given in plain text.
    ///
    /// # Errors
    /// The refusal, when the actor may not or the password will not do.
    pub async fn set_password(
        &self,
        id: AccountId,
        password: String,
        actor: Actor,
    ) -> Result<Account, Error> {
        let account = self.look(move |tx| accounts::get(tx, id)).await?.ok_or(Error::NotFound)?;
        if !actor.has_over(Power::ChangeSelf, &account) {
            return Err(Refusal::NotAllowed.into());
        }
        let Account { organisation, address, name, .. } = &account;
        let hash = self.hash_new_password(*organisation, address, name, password).await?;
        self.execute(id, lifecycle::Command::SetPassword { hash }, actor).await
    }
}

/// Writes an event.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    kind: &'static str,
    subject: impl ToString,
    detail: serde_json::Value,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let happening = Happening { kind, subject: subject.to_string(), detail };
    events::append(tx, organisation, happening, actor, now)?;
    Ok(())
}

/// Makes an account inside the caller's transaction.
pub(crate) fn insert_account(
    tx: &mut Tx<'_>,
    ids: &Ids,
    new: NewAccount,
    actor: &Actor,
    now: Timestamp,
) -> Result<Account, Error> {
    let organisation = organisations::get(tx, new.organisation)?.ok_or(Error::NotFound)?;
    insert_into(tx, ids, &organisation, new, actor, now)
}

/// The same for whoever has the organisation at hand.
pub(crate) fn insert_into(
    tx: &mut Tx<'_>,
    ids: &Ids,
    organisation: &Organisation,
    new: NewAccount,
    actor: &Actor,
    now: Timestamp,
) -> Result<Account, Error> {
    let wanted = addresses::availability(tx, &new.address, new.organisation)?;
    let means = means::for_newcomer(tx, organisation, new.subscription, now)?;
    let change = lifecycle::create(new, &wanted, &means, actor, now)?;
    accounts::insert(tx, &change.account)?;
    write_rest(tx, ids, change, actor, now)
}

/// Points an address that is free, or already there, to something that is not an account.
pub(crate) fn point_new(
    tx: &mut Tx<'_>,
    address: &EmailAddress,
    to: Target,
    organisation: OrganisationId,
    kind: AddressKind,
    now: Timestamp,
) -> Result<(), Error> {
    let wanted = addresses::availability(tx, address, organisation)?;
    check_available(address, &wanted, to)?;
    let change = AddressChange::Point { address: address.clone(), to, kind };
    addresses::apply(tx, &change, organisation, now).map_err(|error| taken(error, &change))
}

/// An account of another organisation is not there.
pub(crate) fn of_organisation(
    tx: &mut Tx<'_>,
    id: AccountId,
    organisation: OrganisationId,
) -> Result<Account, Error> {
    accounts::get(tx, id)?.filter(|account| account.organisation == organisation).ok_or(Error::NotFound)
}

/// Whoever answers for the organisation and may be told.
pub(crate) fn answerable(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<Vec<Account>, Error> {
    let mut leading = accounts::with_roles(tx, organisation, &Role::LEADING)?;
    leading.retain(|account| allows(account, Act::BeNotified, now));
    Ok(leading)
}
