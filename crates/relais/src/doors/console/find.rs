//! What a path or a field names, if the visitor may know of it: what belongs to another organisation is not there.

use super::fault::Fault;
use super::fields::Fields;
use super::visitor::Visitor;
use crate::doors::words;
use relais_app::core::account::Account;
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Power;
use relais_app::core::backup::Generation;
use relais_app::core::departure::Departure;
use relais_app::core::domain::DomainEntry;
use relais_app::core::ids::{AccountId, DepartureId, GenerationId, GroupId, JobId, MailboxId, ResponderId};
use relais_app::core::job::Job;
use relais_app::core::organisation::{Group, Responder, SharedMailbox, Target};
use relais_app::core::refusal::{ContentFault, Refusal};
use relais_app::read::{
    Tx, accounts, addresses, departures, generations, groups, jobs, mailboxes, responders,
};

impl Visitor {
    /// An account of the organisation, by id.
    pub async fn find_account(&self, text: &str) -> Result<Account, Fault> {
        self.require(Power::Read)?;
        let id: AccountId = text.parse().map_err(|_| Fault::not_found())?;
        let found = self.app.look(move |tx| accounts::get(tx, id)).await?;
        found.filter(|account| account.organisation == self.organisation.id).ok_or_else(Fault::not_found)
    }

    /// An account of the organisation that a field names by one of its addresses.
    pub async fn account_named(&self, text: &str) -> Result<Account, Fault> {
        let unknown = || Fault::from(Refusal::from(ContentFault::OwnerUnknown { text: text.to_owned() }));
        let address: EmailAddress = text.parse().map_err(|_| unknown())?;
        let found = self.app.look(move |tx| accounts::holding(tx, &address)).await?;
        found.filter(|account| account.organisation == self.organisation.id).ok_or_else(unknown)
    }

    pub async fn find_departure(&self, text: &str) -> Result<Departure, Fault> {
        self.require(Power::Read)?;
        let id: DepartureId = text.parse().map_err(|_| Fault::not_found())?;
        let found = self.app.look(move |tx| departures::get(tx, id)).await?;
        found.filter(|departure| departure.organisation == self.organisation.id).ok_or_else(Fault::not_found)
    }

    pub async fn find_group(&self, text: &str) -> Result<Group, Fault> {
        self.require(Power::Read)?;
        let id: GroupId = text.parse().map_err(|_| Fault::not_found())?;
        let found = self.app.look(move |tx| groups::get(tx, id)).await?;
        found.filter(|group| group.organisation == self.organisation.id).ok_or_else(Fault::not_found)
    }

    pub async fn find_mailbox(&self, text: &str) -> Result<SharedMailbox, Fault> {
        self.require(Power::Read)?;
        let id: MailboxId = text.parse().map_err(|_| Fault::not_found())?;
        let found = self.app.look(move |tx| mailboxes::get(tx, id)).await?;
        found.filter(|mailbox| mailbox.organisation == self.organisation.id).ok_or_else(Fault::not_found)
    }

    pub async fn find_responder(&self, text: &str) -> Result<Responder, Fault> {
        self.require(Power::Read)?;
        let id: ResponderId = text.parse().map_err(|_| Fault::not_found())?;
        let found = self.app.look(move |tx| responders::get(tx, id)).await?;
        found.filter(|responder| responder.organisation == self.organisation.id).ok_or_else(Fault::not_found)
    }

    /// A domain of the organisation, hosted or claimed, or one of the operator's.
    pub async fn find_domain(&self, text: &str) -> Result<DomainEntry, Fault> {
        self.require(Power::Read)?;
        Ok(self.app.domain_entry(self.organisation.id, text).await?)
    }

    /// Who is meant by an address or a responder's name.
    pub async fn target_named(&self, text: &str) -> Result<Target, Fault> {
        let (organisation, name) = (self.organisation.id, text.to_owned());
        let found = match text.parse::<EmailAddress>() {
            Ok(address) => {
                let held = self.app.look(move |tx| addresses::get(tx, &address)).await?;
                held.filter(|held| held.organisation == organisation).and_then(|held| held.target)
            }
            Err(_) => {
                let found = self.app.look(move |tx| responders::named(tx, organisation, &name)).await?;
                found.map(|responder| Target::Responder(responder.id))
            }
        };
        let unknown = ContentFault::OwnerUnknown { text: text.to_owned() };
        found.ok_or_else(|| Refusal::from(unknown).into())
    }

    /// One of the addresses of `target`, that a form names.
    pub async fn address_of(&self, target: Target, sent: &Fields) -> Result<EmailAddress, Fault> {
        let address = sent.need_address("address", self)?;
        let held = self.app.look(move |tx| addresses::get(tx, &address)).await?;
        let held = held.filter(|held| held.target == Some(target)).ok_or_else(Fault::not_found)?;
        Ok(held.address)
    }

    /// What an address points to, as people call it.
    pub async fn called_target(&self, target: Target) -> Result<String, Fault> {
        let look = move |tx: &mut Tx<'_>| {
            Ok(match target {
                Target::Account(id) => accounts::get(tx, id)?.map(|account| account.name),
                Target::SharedMailbox(id) => mailboxes::get(tx, id)?.map(|mailbox| mailbox.name),
                Target::Group(id) => groups::get(tx, id)?.map(|group| group.name),
                Target::Responder(id) => responders::get(tx, id)?.map(|responder| responder.name),
            })
        };
        let name = self.app.look(look).await?.filter(|name| !name.is_empty());
        Ok(name.unwrap_or_else(|| words::target(target, self.language)))
    }

    /// A generation of the organisation's backups.
    pub async fn find_generation(&self, text: &str) -> Result<Generation, Fault> {
        self.require(Power::EndAccounts)?;
        let id: GenerationId = text.parse().map_err(|_| Fault::not_found())?;
        let found = self.app.look(move |tx| generations::get(tx, id)).await?;
        found
            .filter(|generation| generation.organisation == self.organisation.id)
            .ok_or_else(Fault::not_found)
    }

    /// A job that the visitor could have ordered.
    pub async fn find_job(&self, text: &str) -> Result<Job, Fault> {
        let id: JobId = text.parse().map_err(|_| Fault::not_found())?;
        let found = self.app.look(move |tx| jobs::get(tx, id)).await?;
        let job =
            found.filter(|job| job.organisation == self.organisation.id).ok_or_else(Fault::not_found)?;
        self.require(job.act.power())?;
        Ok(job)
    }
}
