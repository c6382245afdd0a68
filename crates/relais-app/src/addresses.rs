//! Aliases of what is not an account: one more for a shared mailbox, and taking any away. Each is one transaction with its event.

use crate::execute::taken;
use crate::organisations::{allow, note, point_new};
use crate::{Error, Relais};
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Power};
use relais_core::ids::MailboxId;
use relais_core::lifecycle::{Command, free_alias};
use relais_core::organisation::{AddressKind, Target};
use relais_core::refusal::Refusal;
use relais_store::{addresses, mailboxes};
use serde_json::json;

impl Relais {
    /// # Errors
    /// The refusal, when the address cannot be had; [`Error::NotFound`].
    pub async fn add_shared_mailbox_address(
        &self,
        mailbox: MailboxId,
        address: EmailAddress,
        actor: Actor,
    ) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let found = mailboxes::get(tx, mailbox)?.ok_or(Error::NotFound)?;
                allow(&actor, Power::ManageAccounts, found.organisation)?;
                let target = Target::SharedMailbox(mailbox);
                point_new(tx, &address, target, found.organisation, AddressKind::Alias, now)?;
                let detail = json!({ "address": address });
                note(tx, found.organisation, "shared_mailbox.address_added", mailbox, detail, actor, now)
            })
            .await
    }

    /// Takes an alias away from whoever has it.
    ///
    /// # Errors
    /// The refusal, for a primary address or one that stays; [`Error::NotFound`] when it never was.
    pub async fn free_alias(&self, address: EmailAddress, actor: Actor) -> Result<(), Error> {
        let asked = address.clone();
        let held = self.look(move |tx| addresses::get(tx, &asked)).await?.ok_or(Error::NotFound)?;
        if let Some(Target::Account(holder)) = held.target {
            return self.execute(holder, Command::RemoveAlias { address }, actor).await.map(drop);
        }
        let now = self.now();
        self.store
            .write(move |tx| {
                let held = addresses::get(tx, &address)?.ok_or(Error::NotFound)?;
                allow(&actor, Power::ManageAccounts, held.organisation)?;
                let (kind, subject) = match held.target {
                    Some(Target::SharedMailbox(id)) => ("shared_mailbox.address_removed", id.to_string()),
                    Some(Target::Group(id)) => ("group.address_removed", id.to_string()),
                    Some(Target::Responder(id)) => ("responder.address_removed", id.to_string()),
                    // Given to somebody since it was looked up.
                    Some(Target::Account(_)) => return Err(Error::Conflict),
                    None => return Err(Refusal::AddressNotHeld { address: address.clone() }.into()),
                };
                let change = free_alias(&held)?;
                addresses::apply(tx, &change, held.organisation, now)
                    .map_err(|error| taken(error, &change))?;
                note(tx, held.organisation, kind, subject, json!({ "address": address }), actor, now)
            })
            .await
    }
}
