//! Accounts that machines make: a provider of identities, a directory, a sign-on. They are on what their organisation has said.
//! No letter goes to them: they enter as that machine knows them.

use crate::organisations::{allow, insert_into, note};
use crate::{Error, Ids, Relais, means};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::authority::{Actor, Power};
use relais_core::ids::{OrganisationId, SubscriptionId};
use relais_core::lifecycle::{NewAccount, check_offer};
use relais_core::organisation::Organisation;
use relais_store::{Tx, organisations};
use serde_json::json;

impl Relais {
    /// What whoever a machine makes is on from now on; `None`: one of the plan's free accounts.
    ///
    /// # Errors
    /// The refusal, when it is not offered to the organisation.
    pub async fn set_default_subscription(
        &self,
        id: OrganisationId,
        to: Option<SubscriptionId>,
        actor: Actor,
    ) -> Result<Organisation, Error> {
        allow(&actor, Power::ManageOrganisation, id)?;
        let now = self.now();
        self.store
            .write(move |tx| {
                let organisation = organisations::get(tx, id)?.ok_or(Error::NotFound)?;
                if organisation.default_subscription == to {
                    return Ok(organisation);
                }
                if let Some(to) = to {
                    check_offer(&means::subscription(tx, to)?, organisation.currency, now)?;
                }
                let organisation = Organisation { default_subscription: to, ..organisation };
                organisations::update(tx, &organisation)?;
                let detail = json!({ "subscription": to });
                note(tx, id, "organisation.default_subscription_set", id, detail, actor, now)?;
                Ok(organisation)
            })
            .await
    }
}

/// Makes an account on a machine's word, and does `then` with it. What the organisation has newcomers on keeps nobody out:
/// where that cannot be had, the account is made without, and that is noted.
pub(crate) fn insert_by_machine(
    tx: &mut Tx<'_>,
    ids: &Ids,
    new: NewAccount,
    actor: &Actor,
    now: Timestamp,
    then: impl Fn(&mut Tx<'_>, Account) -> Result<Account, Error>,
) -> Result<Account, Error> {
    let organisation = organisations::get(tx, new.organisation)?.ok_or(Error::NotFound)?;
    let make = |tx: &mut Tx<'_>, new| {
        let made = insert_into(tx, ids, &organisation, new, actor, now)?;
        then(tx, made)
    };
    let Some(subscription) = organisation.subscription_of_newcomer(new.role) else { return make(tx, new) };
    let subscribed = NewAccount { subscription: Some(subscription), ..new.clone() };
    let refusal = match tx.part(|tx| make(tx, subscribed)) {
        Err(Error::Refused(refusal)) => refusal,
        done => return done,
    };
    let made = match make(tx, new) {
        // It was not for the subscription.
        Err(Error::Refused(_)) => return Err(refusal.into()),
        made => made?,
    };
    let detail = json!({ "because": refusal.code() });
    note(tx, organisation.id, "account.default_subscription_left_out", made.id, detail, *actor, now)?;
    Ok(made)
}
