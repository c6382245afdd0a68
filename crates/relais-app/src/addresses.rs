//! Taking an alias away from whoever has it, in one transaction with its event.

use crate::execute::taken;
use crate::organisations::{allow, note};
use crate::{Error, Relais};
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Power};
use relais_core::lifecycle::{Command, free_alias};
use relais_core::organisation::Target;
use relais_core::refusal::Refusal;
use relais_store::addresses;
use serde_json::json;

impl Relais {
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
