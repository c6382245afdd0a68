//! What a path names, if the caller may know of it. What belongs to another organisation is not found: whether it
//! exists is nobody else's business.

use super::{Api, Problem};
use relais_app::core::account::Account;
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::{Actor, Power};
use relais_app::core::departure::Departure;
use relais_app::core::ids::{AccountId, DepartureId, GroupId, OrganisationId, ResponderId};
use relais_app::core::organisation::{Address, Group, Organisation, Responder, SharedMailbox, Target};
use relais_app::core::refusal::Refusal;
use relais_app::read::{Tx, accounts, addresses, departures, groups, mailboxes, organisations, responders};
use relais_app::{Caller, Error};
use std::str::FromStr;

/// The least power: everyone has it in their own organisation, and the operator everywhere.
fn belongs(caller: &Caller, organisation: OrganisationId) -> bool {
    caller.actor.has(Power::ChangeSelf, organisation)
}

/// Refuses unless the caller has `power` in an organisation that it belongs to.
pub fn require(caller: &Caller, power: Power, organisation: OrganisationId) -> Result<(), Problem> {
    if caller.actor.has(power, organisation) { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
}

/// Refuses whoever does not run the instance.
pub fn require_operator(caller: &Caller) -> Result<(), Problem> {
    if caller.actor == Actor::Operator { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
}

/// Reads an address in a path.
pub fn address(text: &str) -> Result<EmailAddress, Problem> {
    text.parse().map_err(|_| Problem::NotAnAddress(text.to_owned()))
}

fn id<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::NotAnId(text.to_owned()))
}

/// `found`, if the caller may know of it.
fn seen<T>(
    caller: &Caller,
    found: Option<T>,
    organisation: impl Fn(&T) -> OrganisationId,
) -> Result<T, Problem> {
    found.filter(|found| belongs(caller, organisation(found))).ok_or(Error::NotFound.into())
}

impl Api {
    /// An organisation by id or name.
    pub async fn organisation(&self, caller: &Caller, text: &str) -> Result<Organisation, Problem> {
        let name = text.to_owned();
        let found = match text.parse::<OrganisationId>() {
            Ok(id) => self.app.look(move |tx| organisations::get(tx, id)).await?,
            Err(_) => self.app.look(move |tx| organisations::named(tx, &name)).await?,
        };
        seen(caller, found, |organisation| organisation.id)
    }

    /// An organisation whose things the caller may read.
    pub async fn readable_organisation(&self, caller: &Caller, text: &str) -> Result<Organisation, Problem> {
        let organisation = self.organisation(caller, text).await?;
        require(caller, Power::Read, organisation.id)?;
        Ok(organisation)
    }

    /// An account by id or address; one that gave its address away is found by it while nobody else holds it.
    pub async fn account(&self, caller: &Caller, text: &str) -> Result<Account, Problem> {
        let found = if let Ok(id) = text.parse::<AccountId>() {
            self.app.look(move |tx| accounts::get(tx, id)).await?
        } else {
            let address = text.parse::<EmailAddress>().map_err(|_| Problem::NotAnId(text.to_owned()))?;
            let look = move |tx: &mut Tx<'_>| {
                if let Some(holder) = accounts::holding(tx, &address)? {
                    return Ok(Some(holder));
                }
                match addresses::organisation_of(tx, &address)? {
                    Some(organisation) => accounts::named(tx, &address, organisation),
                    None => Ok(None),
                }
            };
            self.app.look(look).await?
        };
        seen(caller, found, |account| account.organisation)
    }

    /// An account that the caller may read: everyone reads themselves.
    pub async fn readable_account(&self, caller: &Caller, text: &str) -> Result<Account, Problem> {
        let account = self.account(caller, text).await?;
        let is_self = matches!(caller.actor, Actor::Account { id, .. } if id == account.id);
        if !is_self {
            require(caller, Power::Read, account.organisation)?;
        }
        Ok(account)
    }

    pub async fn departure(&self, caller: &Caller, text: &str) -> Result<Departure, Problem> {
        let id: DepartureId = id(text)?;
        let found = self.app.look(move |tx| departures::get(tx, id)).await?;
        seen(caller, found, |departure| departure.organisation)
    }

    pub async fn readable_departure(&self, caller: &Caller, text: &str) -> Result<Departure, Problem> {
        let departure = self.departure(caller, text).await?;
        require(caller, Power::Read, departure.organisation)?;
        Ok(departure)
    }

    /// An address that has, or had, a holder.
    pub async fn address(&self, caller: &Caller, text: &str) -> Result<Address, Problem> {
        let address = address(text)?;
        let found = self.app.look(move |tx| addresses::get(tx, &address)).await?;
        seen(caller, found, |address| address.organisation)
    }

    pub async fn shared_mailbox(&self, caller: &Caller, text: &str) -> Result<SharedMailbox, Problem> {
        let address = address(text)?;
        let found = self.app.look(move |tx| mailboxes::named(tx, &address)).await?;
        seen(caller, found, |mailbox| mailbox.organisation)
    }

    /// A group by id or address.
    pub async fn group(&self, caller: &Caller, text: &str) -> Result<Group, Problem> {
        let found = if let Ok(id) = text.parse::<GroupId>() {
            self.app.look(move |tx| groups::get(tx, id)).await?
        } else {
            let address = text.parse::<EmailAddress>().map_err(|_| Problem::NotAnId(text.to_owned()))?;
            let look = move |tx: &mut Tx<'_>| match addresses::get(tx, &address)?.and_then(|held| held.target)
            {
                Some(Target::Group(id)) => groups::get(tx, id),
                Some(Target::Account(_) | Target::SharedMailbox(_) | Target::Responder(_)) | None => Ok(None),
            };
            self.app.look(look).await?
        };
        seen(caller, found, |group| group.organisation)
    }

    pub async fn responder(&self, caller: &Caller, text: &str) -> Result<Responder, Problem> {
        let id: ResponderId = id(text)?;
        let found = self.app.look(move |tx| responders::get(tx, id)).await?;
        seen(caller, found, |responder| responder.organisation)
    }
}
