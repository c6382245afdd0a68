//! What is done for whoever a provider of identities or a directory closes, as their organisation has said.

use crate::execute::apply;
use crate::organisations::{allow, note};
use crate::{Error, Ids, Relais};
use jiff::Timestamp;
use relais_core::account::{Account, Cause};
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Power};
use relais_core::content::{Reassign, Selection};
use relais_core::departure::{DeparturePolicy, PolicyMail};
use relais_core::ids::OrganisationId;
use relais_core::lifecycle::Command;
use relais_core::refusal::{PolicyFault, Refusal};
use relais_core::rights::{Act, allows};
use relais_store::{Tx, accounts, organisations};
use serde_json::json;

impl Relais {
    /// What is done from now on for whoever a machine closes.
    ///
    /// # Errors
    /// The refusal.
    pub async fn set_departure_policy(
        &self,
        id: OrganisationId,
        policy: DeparturePolicy,
        actor: Actor,
    ) -> Result<DeparturePolicy, Error> {
        allow(&actor, Power::ManageOrganisation, id)?;
        policy.check()?;
        let now = self.now();
        self.store
            .write(move |tx| {
                check_people(tx, id, &policy, now)?;
                if organisations::departure_policy(tx, id)? == policy {
                    return Ok(policy.clone());
                }
                organisations::set_departure_policy(tx, id, &policy)?;
                // What people wrote stays out of the chain.
                let new_mail = match &policy.new_mail {
                    PolicyMail::Refuse => json!({ "do": "refuse" }),
                    PolicyMail::Reply { days, .. } => json!({ "do": "reply", "days": days }),
                    PolicyMail::Redirect { to, days } => json!({ "do": "redirect", "to": to, "days": days }),
                };
                let detail = json!({ "new_mail": new_mail, "content_to": policy.content_to });
                note(tx, id, "organisation.departure_policy_set", id, detail, actor, now)?;
                Ok(policy.clone())
            })
            .await
    }
}

/// Who is named is there, and can be given something.
fn check_people(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    policy: &DeparturePolicy,
    now: Timestamp,
) -> Result<(), Error> {
    if let Some(address) = &policy.content_to
        && open_account(tx, organisation, address)?.is_none_or(|heir| !allows(&heir, Act::BeSharedWith, now))
    {
        return Err(Refusal::from(PolicyFault::HeirUnknown { address: address.clone() }).into());
    }
    match &policy.new_mail {
        PolicyMail::Redirect { to, .. } if open_account(tx, organisation, to)?.is_none() => {
            Err(Refusal::from(PolicyFault::HeirUnknown { address: to.clone() }).into())
        }
        PolicyMail::Refuse | PolicyMail::Reply { .. } | PolicyMail::Redirect { .. } => Ok(()),
    }
}

fn open_account(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    address: &EmailAddress,
) -> Result<Option<Account>, relais_store::Error> {
    Ok(accounts::holding(tx, address)?.filter(|account| account.organisation == organisation))
}

/// To whom a machine may give content.
pub(crate) fn policy_heir(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
) -> Result<Option<Account>, relais_store::Error> {
    match organisations::departure_policy(tx, organisation)?.content_to {
        Some(address) => open_account(tx, organisation, &address),
        None => Ok(None),
    }
}

/// Closes an account on a machine's word, as the organisation has said. A policy that cannot be followed, because whoever was
/// to be given something has left since, keeps nobody open: it is left out, and that is noted.
pub(crate) fn close_by_machine(
    tx: &mut Tx<'_>,
    ids: &Ids,
    account: &Account,
    cause: Cause,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let (id, organisation) = (account.id, account.organisation);
    let plain = Command::Deactivate { cause, inbound: None, content: None };
    let policy = organisations::departure_policy(tx, organisation)?;
    if policy == DeparturePolicy::default() || !allows(account, Act::BeDeactivated, now) {
        return apply(tx, ids, id, plain, actor, now).map(drop);
    }
    let followed = tx.part(|tx| {
        check_people(tx, organisation, &policy, now)?;
        let heir = policy_heir(tx, organisation)?.filter(|heir| heir.id != id);
        let content = heir.map(|heir| Reassign { to: heir.id, selection: Selection::Everything });
        let command = Command::Deactivate { cause, inbound: Some(policy.inbound(now)?), content };
        apply(tx, ids, id, command, actor, now)
    });
    let refusal = match followed {
        Err(Error::Refused(refusal)) => refusal,
        done => return done.map(drop),
    };
    apply(tx, ids, id, plain, actor, now)?;
    let detail = json!({ "because": refusal.code() });
    note(tx, organisation, "account.departure_policy_left_out", id, detail, *actor, now)
}
