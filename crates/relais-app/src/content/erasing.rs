//! Erasing what a deleted account owned: the applications are asked, and it counts as done when they confirm it.

use crate::organisations::{allow, note};
use crate::{Error, Ids, Relais};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::authority::{Actor, Power};
use relais_core::content::{Erasure, ExternalId};
use relais_core::ids::{ApplicationId, ErasureId, OrganisationId};
use relais_core::refusal::ContentFault;
use relais_core::refusal::Refusal;
use relais_store::{Tx, content::erasing};
use serde_json::json;

/// Everything that `account` owns is to be erased.
pub(super) fn ask_in(
    tx: &mut Tx<'_>,
    ids: &Ids,
    account: &Account,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let id = ErasureId::from_number(ids.next());
    let items = erasing::ask(tx, id, account.organisation, account.id, now)?;
    let detail = json!({ "erasure": id, "items": items });
    note(tx, account.organisation, "content.erasure_asked", account.id, detail, *actor, now)
}

/// Tells it when nothing of an erasure is left.
pub(super) fn end_if_done(tx: &mut Tx<'_>, id: ErasureId, actor: Actor, now: Timestamp) -> Result<(), Error> {
    if erasing::end_if_done(tx, id, now)? {
        let erasure = erasing::get(tx, id)?.ok_or(Error::NotFound)?;
        let detail = json!({ "erasure": id, "items": erasure.items });
        note(tx, erasure.organisation, "content.erased", erasure.account, detail, actor, now)?;
    }
    Ok(())
}

impl Relais {
    /// What applications have been asked to erase and have not confirmed.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] unless `actor` ends accounts.
    pub async fn open_erasures(
        &self,
        organisation: OrganisationId,
        actor: &Actor,
    ) -> Result<Vec<Erasure>, Error> {
        allow(actor, Power::EndAccounts, organisation)?;
        self.look(move |tx| erasing::open(tx, organisation)).await
    }

    /// An application has erased items, or all that it was asked to if none is named. May be said twice.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an erasure of another organisation.
    pub async fn confirm_erasure(
        &self,
        id: ErasureId,
        external_ids: Option<Vec<String>>,
        (application, organisation): (ApplicationId, OrganisationId),
    ) -> Result<Erasure, Error> {
        let count_max = super::registering::BATCH_MAX;
        if external_ids.as_ref().is_some_and(|named| named.len() > count_max) {
            return Err(Refusal::from(ContentFault::TooMany { count_max }).into());
        }
        let named: Option<Vec<ExternalId>> = external_ids
            .map(|named| named.iter().map(|text| text.parse()).collect::<Result<_, Refusal>>())
            .transpose()?;
        let now = self.now();
        self.store
            .write(move |tx| {
                let erasure = erasing::get(tx, id)?.filter(|found| found.organisation == organisation);
                erasure.ok_or(Error::NotFound)?;
                match &named {
                    None => {
                        erasing::confirm_all(tx, id, application)?;
                    }
                    Some(named) => {
                        for external_id in named {
                            erasing::confirm(tx, id, application, external_id)?;
                        }
                    }
                }
                end_if_done(tx, id, Actor::Application { id: application, organisation }, now)?;
                erasing::get(tx, id)?.ok_or(Error::NotFound)
            })
            .await
    }
}
