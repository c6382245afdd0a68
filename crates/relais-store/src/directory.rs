//! What routing asks, answered from the tables inside one transaction.

use crate::tx::{Error, Tx};
use crate::{accounts, addresses, domains, groups, mailboxes, responders, settings};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::Role;
use relais_core::domain::Domain;
use relais_core::ids::{AccountId, GroupId, MailboxId, OrganisationId, ResponderId};
use relais_core::organisation::{Address, Group, GroupRole, Responder, SharedMailbox};
use relais_core::routing::Directory;

impl Directory for Tx<'_> {
    type Error = Error;

    fn domain(&mut self, name: &str) -> Result<Option<Domain>, Error> {
        domains::get(self, name)
    }

    fn owners(&mut self, organisation: OrganisationId) -> Result<Vec<Account>, Error> {
        accounts::with_roles(self, organisation, &[Role::Owner])
    }

    fn operator_address(&mut self) -> Result<Option<EmailAddress>, Error> {
        settings::operator_address(self)
    }

    fn address(&mut self, address: &EmailAddress) -> Result<Option<Address>, Error> {
        addresses::get(self, address)
    }

    fn account(&mut self, id: AccountId) -> Result<Option<Account>, Error> {
        accounts::get(self, id)
    }

    fn shared_mailbox(&mut self, id: MailboxId) -> Result<Option<SharedMailbox>, Error> {
        mailboxes::get(self, id)
    }

    fn group(&mut self, id: GroupId) -> Result<Option<Group>, Error> {
        groups::get(self, id)
    }

    fn group_members(&mut self, id: GroupId) -> Result<Vec<(AccountId, GroupRole)>, Error> {
        groups::members(self, id)
    }

    fn inner_groups(&mut self, id: GroupId) -> Result<Vec<GroupId>, Error> {
        groups::inner_ids(self, id)
    }

    fn responder(&mut self, id: ResponderId) -> Result<Option<Responder>, Error> {
        responders::get(self, id)
    }
}
