//! Where a message goes, told to one organisation: another one is to it what the outside world is, so that nobody
//! reads a stranger's accounts by redirecting mail to them.

use crate::mail::asked;
use crate::{Error, Relais};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::domain::Domain;
use relais_core::ids::{AccountId, GroupId, MailboxId, OrganisationId, ResponderId};
use relais_core::organisation::{Address, Group, GroupRole, Responder, SharedMailbox};
use relais_core::routing::{self, Directory, Route};
use relais_store::Tx;

impl Relais {
    /// As [`Relais::explain`], with what `organisation` may know: mail that goes to another organisation of this
    /// instance is shown as sent outside.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn explain_within(
        &self,
        recipient: EmailAddress,
        sender: Option<String>,
        organisation: OrganisationId,
    ) -> Result<Route, Error> {
        let now = self.now();
        self.look(move |tx| {
            let mut own = Own { tx, organisation, hidden: None };
            routing::resolve(&mut own, &recipient, asked(sender.as_deref()), now)
        })
        .await
    }
}

/// The directory as one organisation sees it.
struct Own<'t, 'c> {
    tx: &'t mut Tx<'c>,
    organisation: OrganisationId,
    /// The domain of an address that was just hidden: on a provider domain, which is everybody's, that address counts
    /// as outside.
    hidden: Option<String>,
}

impl Directory for Own<'_, '_> {
    type Error = relais_store::Error;

    fn domain(&mut self, name: &str) -> Result<Option<Domain>, Self::Error> {
        if self.hidden.as_deref() == Some(name) {
            return Ok(None);
        }
        let found = self.tx.domain(name)?;
        Ok(found.filter(|found| found.organisation.is_none_or(|owner| owner == self.organisation)))
    }

    fn owners(&mut self, organisation: OrganisationId) -> Result<Vec<Account>, Self::Error> {
        self.tx.owners(organisation)
    }

    fn operator_address(&mut self) -> Result<Option<EmailAddress>, Self::Error> {
        self.tx.operator_address()
    }

    fn address(&mut self, address: &EmailAddress) -> Result<Option<Address>, Self::Error> {
        match self.tx.address(address)? {
            Some(found) if found.organisation == self.organisation => {
                self.hidden = None;
                Ok(Some(found))
            }
            Some(_) => {
                self.hidden = Some(address.domain().to_owned());
                Ok(None)
            }
            None => {
                self.hidden.take_if(|domain| domain != address.domain());
                Ok(None)
            }
        }
    }

    fn account(&mut self, id: AccountId) -> Result<Option<Account>, Self::Error> {
        self.tx.account(id)
    }

    fn shared_mailbox(&mut self, id: MailboxId) -> Result<Option<SharedMailbox>, Self::Error> {
        self.tx.shared_mailbox(id)
    }

    fn group(&mut self, id: GroupId) -> Result<Option<Group>, Self::Error> {
        self.tx.group(id)
    }

    fn group_members(&mut self, id: GroupId) -> Result<Vec<(AccountId, GroupRole)>, Self::Error> {
        self.tx.group_members(id)
    }

    fn inner_groups(&mut self, id: GroupId) -> Result<Vec<GroupId>, Self::Error> {
        self.tx.inner_groups(id)
    }

    fn responder(&mut self, id: ResponderId) -> Result<Option<Responder>, Self::Error> {
        self.tx.responder(id)
    }
}
