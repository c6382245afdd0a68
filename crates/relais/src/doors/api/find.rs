//! What a path names, if the caller may know of it. What belongs to another organisation is not found: whether it
//! exists is nobody else's business.

use super::{Api, Problem};
use relais_app::core::account::Account;
use relais_app::core::address::EmailAddress;
use relais_app::core::application::Application;
use relais_app::core::authority::{Actor, Power};
use relais_app::core::collection::Share;
use relais_app::core::content::{ContentItem, Reassignment};
use relais_app::core::departure::Departure;
use relais_app::core::directory::Directory;
use relais_app::core::ids::{
    AccountId, ApplicationId, ContentId, DepartureId, DirectoryId, GroupId, JobId, OrganisationId, PlanId,
    ReassignmentId, ResponderId, ShareId, SubscriptionId,
};
use relais_app::core::job::Job;
use relais_app::core::organisation::{Address, Group, Organisation, Responder, SharedMailbox, Target};
use relais_app::core::plan::{Plan, Subscription};
use relais_app::core::refusal::{ContentFault, Refusal};
use relais_app::read::{
    Tx, accounts, addresses, applications, collections, content, departures, directories, groups, jobs,
    mailboxes, offers, organisations, responders,
};
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
    if caller.actor.operates() { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
}

/// Refuses whoever reads nothing but themselves: what is offered is for those who choose from it.
pub fn require_some_reader(caller: &Caller) -> Result<(), Problem> {
    let reads =
        |own| [Power::Read, Power::ReadProvision].into_iter().any(|power| caller.actor.has(power, own));
    match caller.actor.organisation() {
        None => require_operator(caller),
        Some(own) if reads(own) => Ok(()),
        Some(_) => Err(Refusal::NotAllowed.into()),
    }
}

/// The application that calls, and its organisation; refuses everyone else.
pub fn require_application(caller: &Caller) -> Result<(ApplicationId, OrganisationId), Problem> {
    match caller.actor {
        Actor::Application { id, organisation } => Ok((id, organisation)),
        Actor::Operator
        | Actor::Operating { .. }
        | Actor::Token { .. }
        | Actor::Account { .. }
        | Actor::Departure { .. }
        | Actor::Directory { .. }
        | Actor::Billing { .. }
        | Actor::Schedule { .. }
        | Actor::Grant { .. }
        | Actor::Scim { .. }
        | Actor::SignOn { .. } => Err(Refusal::NotAllowed.into()),
    }
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
        self.organisation_with(caller, Power::Read, text).await
    }

    /// An organisation in which the caller has `power`.
    pub async fn organisation_with(
        &self,
        caller: &Caller,
        power: Power,
        text: &str,
    ) -> Result<Organisation, Problem> {
        let organisation = self.organisation(caller, text).await?;
        require(caller, power, organisation.id)?;
        Ok(organisation)
    }

    /// A plan by id or name. Plans belong to nobody: whoever may read any sees all.
    pub async fn plan(&self, text: &str) -> Result<Plan, Problem> {
        let name = text.to_owned();
        let found = match text.parse::<PlanId>() {
            Ok(id) => self.app.look(move |tx| offers::plan(tx, id)).await?,
            Err(_) => self.app.look(move |tx| offers::plan_named(tx, &name)).await?,
        };
        found.ok_or(Error::NotFound.into())
    }

    /// A subscription by id or name, as plans.
    pub async fn subscription(&self, text: &str) -> Result<Subscription, Problem> {
        let name = text.to_owned();
        let found = match text.parse::<SubscriptionId>() {
            Ok(id) => self.app.look(move |tx| offers::subscription(tx, id)).await?,
            Err(_) => self.app.look(move |tx| offers::subscription_named(tx, &name)).await?,
        };
        found.ok_or(Error::NotFound.into())
    }

    /// The subscription that a body names.
    pub async fn wanted_subscription(&self, text: &str) -> Result<SubscriptionId, Problem> {
        let found = self.subscription(text).await.map_err(|problem| problem.in_body(text))?;
        Ok(found.id)
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
        let is_self = caller.actor.person() == Some(account.id);
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

    /// A share of a collection. It belongs to the organisation of its owner.
    pub async fn share(&self, caller: &Caller, text: &str) -> Result<Share, Problem> {
        let id: ShareId = id(text)?;
        let look = move |tx: &mut Tx<'_>| {
            let Some(share) = collections::get(tx, id)? else { return Ok(None) };
            Ok(accounts::get(tx, share.owner)?.map(|owner| (share, owner.organisation)))
        };
        let found = self.app.look(look).await?;
        seen(caller, found, |(_, organisation)| *organisation).map(|(share, _)| share)
    }

    /// A directory that the caller rules over.
    pub async fn directory(&self, caller: &Caller, text: &str) -> Result<Directory, Problem> {
        let id: DirectoryId = id(text)?;
        let found = self.app.look(move |tx| directories::get(tx, id)).await?;
        let directory = seen(caller, found, |directory| directory.organisation)?;
        require(caller, Power::ManageOrganisation, directory.organisation)?;
        Ok(directory)
    }

    /// A connected application that the caller rules over.
    pub async fn application(&self, caller: &Caller, text: &str) -> Result<Application, Problem> {
        let id: ApplicationId = id(text)?;
        let found = self.app.look(move |tx| applications::get(tx, id)).await?;
        let connected = found.filter(|application| application.ended_at.is_none());
        let application = seen(caller, connected, |application| application.organisation)?;
        require(caller, Power::ManageOrganisation, application.organisation)?;
        Ok(application)
    }

    /// An account of this organisation that a body names.
    pub async fn account_of(
        &self,
        caller: &Caller,
        text: &str,
        organisation: OrganisationId,
    ) -> Result<Account, Problem> {
        let unknown = || Problem::from(Refusal::from(ContentFault::OwnerUnknown { text: text.to_owned() }));
        let account = self.account(caller, text).await.map_err(|_| unknown())?;
        if account.organisation == organisation { Ok(account) } else { Err(unknown()) }
    }

    pub async fn content_item(&self, caller: &Caller, text: &str) -> Result<ContentItem, Problem> {
        let id: ContentId = id(text)?;
        let found = self.app.look(move |tx| content::get(tx, id)).await?;
        seen(caller, found, |item| item.organisation)
    }

    pub async fn reassignment(&self, caller: &Caller, text: &str) -> Result<Reassignment, Problem> {
        let id: ReassignmentId = id(text)?;
        let found = self.app.look(move |tx| content::reassigning::get(tx, id)).await?;
        seen(caller, found, |made| made.organisation)
    }

    /// A job that the caller could have ordered.
    pub async fn job(&self, caller: &Caller, text: &str) -> Result<Job, Problem> {
        let id: JobId = id(text)?;
        let found = self.app.look(move |tx| jobs::get(tx, id)).await?;
        let job = seen(caller, found, |job| job.organisation)?;
        require(caller, job.act.power(), job.organisation)?;
        Ok(job)
    }

    pub async fn responder(&self, caller: &Caller, text: &str) -> Result<Responder, Problem> {
        let id: ResponderId = id(text)?;
        let found = self.app.look(move |tx| responders::get(tx, id)).await?;
        seen(caller, found, |responder| responder.organisation)
    }
}
