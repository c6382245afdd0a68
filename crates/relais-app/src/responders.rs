//! Responders: made, changed, given addresses, and removed. Each act is one transaction with its event.

use crate::groups::release_all;
use crate::organisations::{allow, note, point_new};
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Power};
use relais_core::ids::{OrganisationId, ResponderId};
use relais_core::lifecycle::check_name;
use relais_core::organisation::{AddressKind, Responder, Target};
use relais_core::responder::check_unneeded;
use relais_store::{Tx, accounts, addresses, domains, organisations, responders};
use serde_json::json;

impl Relais {
    /// # Errors
    /// [`Error::Conflict`] when the name is in use.
    pub async fn create_responder(
        &self,
        organisation: OrganisationId,
        name: String,
        text: String,
        actor: Actor,
    ) -> Result<Responder, Error> {
        allow(&actor, Power::ManageAccounts, organisation)?;
        check_name(&name)?;
        let now = self.now();
        let id = ResponderId::from_number(self.ids.next());
        let responder = Responder { id, organisation, name, text, created_at: now };
        self.store
            .write(move |tx| {
                organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                insert_responder(tx, &responder, actor, now)?;
                Ok(responder.clone())
            })
            .await
    }

    /// Changes the common text; what addresses say of their own stays.
    ///
    /// # Errors
    /// The refusal, when the actor may not; [`Error::NotFound`].
    pub async fn set_responder_text(
        &self,
        id: ResponderId,
        text: String,
        actor: Actor,
    ) -> Result<Responder, Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let found = responders::get(tx, id)?.ok_or(Error::NotFound)?;
                allow(&actor, Power::ManageAccounts, found.organisation)?;
                if found.text == text {
                    return Ok(found);
                }
                responders::set_text(tx, id, &text)?;
                let detail = json!({ "fields": ["text"] });
                note(tx, found.organisation, "responder.changed", id, detail, actor, now)?;
                Ok(Responder { text: text.clone(), ..found })
            })
            .await
    }

    /// Gives a responder an address that is free, with a text of its own if one is wanted (X9).
    ///
    /// # Errors
    /// The refusal, when the address cannot be had.
    pub async fn add_responder_address(
        &self,
        responder: ResponderId,
        address: EmailAddress,
        text: Option<String>,
        until: Option<Timestamp>,
        actor: Actor,
    ) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let found = responders::get(tx, responder)?.ok_or(Error::NotFound)?;
                allow(&actor, Power::ManageAccounts, found.organisation)?;
                let target = Target::Responder(responder);
                point_new(tx, &address, target, found.organisation, AddressKind::Alias, now)?;
                // A blank text is none: the common one is given.
                let own = text.as_deref().filter(|text| !text.trim().is_empty());
                addresses::set_reply(tx, &address, own, until)?;
                let detail = json!({ "address": address, "until": until });
                note(tx, found.organisation, "responder.address_added", responder, detail, actor, now)
            })
            .await
    }

    /// With its addresses, which are freed, or retired on a provider domain.
    ///
    /// # Errors
    /// The refusal, while others' mail leads to it; [`Error::NotFound`].
    pub async fn remove_responder(&self, id: ResponderId, actor: Actor) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let found = responders::get(tx, id)?.ok_or(Error::NotFound)?;
                allow(&actor, Power::ManageAccounts, found.organisation)?;
                let target = Target::Responder(id);
                check_unneeded(
                    &found,
                    domains::caught_by(tx, target)?,
                    accounts::redirecting_to(tx, target)?,
                )?;
                release_all(tx, target, found.organisation, now)?;
                responders::remove(tx, id)?;
                let detail = json!({ "name": found.name });
                note(tx, found.organisation, "responder.removed", id, detail, actor, now)
            })
            .await
    }
}

pub(crate) fn insert_responder(
    tx: &mut Tx<'_>,
    responder: &Responder,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    responders::insert(tx, responder)?;
    let detail = json!({ "name": responder.name });
    note(tx, responder.organisation, "responder.created", responder.id, detail, actor, now)
}
