//! Shared mailboxes: made, called otherwise, read by whom, deleted. Each act is one transaction with its event.

use crate::backups::since::Kept;
use crate::groups::release_all;
use crate::organisations::{allow, note, of_organisation, point_new};
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Power};
use relais_core::backup::Holder;
use relais_core::ids::{AccountId, MailboxId, OrganisationId};
use relais_core::lifecycle::{Effect, check_name};
use relais_core::mailbox::Uses;
use relais_core::organisation::{AddressKind, MailboxRight, SharedMailbox, Target};
use relais_core::refusal::MailboxFault;
use relais_core::rights::{Act, require};
use relais_store::{Tx, accounts, departures, domains, mailboxes, organisations, outbox};
use serde_json::json;

/// What is to be changed of a shared mailbox; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct MailboxChange {
    pub name: Option<String>,
    /// The one it has stays as an alias.
    pub address: Option<EmailAddress>,
}

impl Relais {
    /// # Errors
    /// The refusal, when the address cannot be had.
    pub async fn create_shared_mailbox(
        &self,
        organisation: OrganisationId,
        address: EmailAddress,
        name: String,
        actor: Actor,
    ) -> Result<SharedMailbox, Error> {
        allow(&actor, Power::ManageAccounts, organisation)?;
        check_name(&name)?;
        let id = MailboxId::from_number(self.ids.next());
        let (ids, now) = (self.ids.clone(), self.now());
        let made = self
            .store
            .write(move |tx| {
                let mailbox = SharedMailbox {
                    id,
                    organisation,
                    address: address.clone(),
                    name: name.clone(),
                    created_at: now,
                };
                insert_shared_mailbox(tx, &mailbox, ids.next(), actor, now)?;
                Ok::<_, Error>(mailbox)
            })
            .await?;
        self.settle_effects().await;
        Ok(made)
    }

    /// Makes an account a member of a shared mailbox, changes its right, or (`None`) ends its membership.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`] when mailbox or account are not of the organisation.
    pub async fn set_mailbox_member(
        &self,
        mailbox: MailboxId,
        account: AccountId,
        right: Option<MailboxRight>,
        actor: Actor,
    ) -> Result<(), Error> {
        let (ids, now) = (self.ids.clone(), self.now());
        self.store
            .write(move |tx| {
                let shared = mailboxes::get(tx, mailbox)?.ok_or(Error::NotFound)?;
                allow(&actor, Power::EndAccounts, shared.organisation)?;
                share(tx, &shared, account, right, actor, now)?;
                outbox::push(tx, ids.next(), &Effect::ShareMailbox { mailbox }, now)?;
                if right.is_none() {
                    // A folder that is open stays readable until the session ends.
                    outbox::push(tx, ids.next(), &Effect::CutSessions { account }, now)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        self.settle_effects().await;
        Ok(())
    }

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

    /// Calls it otherwise, in the console and, by its address, in the mail programs of those who read it.
    ///
    /// # Errors
    /// The refusal, when the address cannot be had or a departure under way counts on the old one.
    pub async fn change_shared_mailbox(
        &self,
        id: MailboxId,
        change: MailboxChange,
        actor: Actor,
    ) -> Result<SharedMailbox, Error> {
        let now = self.now();
        self.store.write(move |tx| apply_change(tx, id, change.clone(), actor, now)).await
    }

    /// All that a deletion is refused for at this moment. Changes nothing.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`].
    pub async fn foresee_shared_mailbox_removal(&self, id: MailboxId, actor: Actor) -> Result<(), Error> {
        self.check_removal(id, actor).await.map(drop)
    }

    async fn check_removal(&self, id: MailboxId, actor: Actor) -> Result<Kept, Error> {
        let mailbox = self.store.read(move |tx| unneeded(tx, id, actor)).await?;
        let missing = MailboxFault::NotBackedUp { mailbox: mailbox.name.clone() };
        let kept = self.what_is_kept(Holder::SharedMailbox(id), mailbox.organisation, id, missing).await?;
        let (first, now) = (kept.clone(), self.now());
        tokio::task::spawn_blocking(move || first.check_all_is(now)).await??;
        Ok(kept)
    }

    /// Deletes what a verified backup holds to the last message. Its addresses are freed, or retired on a provider domain.
    ///
    /// # Errors
    /// The refusal, while somebody needs it or something in it is in no backup.
    pub async fn remove_shared_mailbox(&self, id: MailboxId, actor: Actor) -> Result<(), Error> {
        let kept = self.check_removal(id, actor).await?;
        let (ids, now) = (self.ids.clone(), self.now());
        // None that was routed before comes after the second look; those that are routed later find no mailbox.
        let no_delivery = self.deliveries.write().await;
        self.store
            .write(move |tx| {
                let SharedMailbox { name, address, organisation, .. } = unneeded(tx, id, actor)?;
                kept.check_all_is_now(tx, now)?;
                release_all(tx, Target::SharedMailbox(id), organisation, now)?;
                mailboxes::remove(tx, id)?;
                outbox::push(tx, ids.next(), &Effect::RemoveMailbox { mailbox: id }, now)?;
                let detail = json!({ "name": name, "address": address });
                note(tx, organisation, "shared_mailbox.removed", id, detail, actor, now)
            })
            .await?;
        drop(no_delivery);
        self.settle_effects().await;
        Ok(())
    }
}

/// A mailbox that the actor may delete and nobody needs.
fn unneeded(tx: &mut Tx<'_>, id: MailboxId, actor: Actor) -> Result<SharedMailbox, Error> {
    let mailbox = mailboxes::get(tx, id)?.ok_or(Error::NotFound)?;
    allow(&actor, Power::EndAccounts, mailbox.organisation)?;
    uses(tx, &mailbox)?.check_none(&mailbox)?;
    Ok(mailbox)
}

fn uses(tx: &mut Tx<'_>, mailbox: &SharedMailbox) -> Result<Uses, relais_store::Error> {
    let target = Target::SharedMailbox(mailbox.id);
    let mut open = departures::open(tx, mailbox.organisation)?;
    open.retain(|departure| departure.plan.shared_mailbox.as_ref() == Some(&mailbox.address));
    Ok(Uses {
        catch_all_of: domains::caught_by(tx, target)?,
        redirected_by: accounts::redirecting_to(tx, target)?,
        leavers: open.into_iter().map(|departure| departure.plan.leaver).collect(),
        readers: mailboxes::members(tx, mailbox.id)?.into_iter().map(|member| member.address).collect(),
    })
}

fn apply_change(
    tx: &mut Tx<'_>,
    id: MailboxId,
    change: MailboxChange,
    actor: Actor,
    now: Timestamp,
) -> Result<SharedMailbox, Error> {
    let before = mailboxes::get(tx, id)?.ok_or(Error::NotFound)?;
    allow(&actor, Power::ManageAccounts, before.organisation)?;
    let mut mailbox = before.clone();
    mailbox.name = change.name.unwrap_or(mailbox.name);
    check_name(&mailbox.name)?;
    mailbox.address = change.address.unwrap_or(mailbox.address);
    if mailbox.address != before.address {
        uses(tx, &before)?.check_address_may_change(&before)?;
        let target = Target::SharedMailbox(id);
        let mut point =
            |address: &EmailAddress, kind| point_new(tx, address, target, before.organisation, kind, now);
        point(&mailbox.address, AddressKind::Primary)?;
        point(&before.address, AddressKind::Alias)?;
    }
    if mailbox != before {
        mailboxes::update(tx, &mailbox)?;
        let told = |mailbox: &SharedMailbox| json!({ "name": mailbox.name, "address": mailbox.address });
        let detail = json!({ "from": told(&before), "to": told(&mailbox) });
        note(tx, mailbox.organisation, "shared_mailbox.changed", id, detail, actor, now)?;
    }
    Ok(mailbox)
}

pub(crate) fn insert_shared_mailbox(
    tx: &mut Tx<'_>,
    mailbox: &SharedMailbox,
    effect_id: i64,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let SharedMailbox { id, organisation, address, name, .. } = mailbox;
    organisations::get(tx, *organisation)?.ok_or(Error::NotFound)?;
    mailboxes::insert(tx, mailbox)?;
    point_new(tx, address, Target::SharedMailbox(*id), *organisation, AddressKind::Primary, now)?;
    outbox::push(tx, effect_id, &Effect::ShareMailbox { mailbox: *id }, now)?;
    note(
        tx,
        *organisation,
        "shared_mailbox.created",
        id,
        json!({ "address": address, "name": name }),
        actor,
        now,
    )
}

/// Sets or ends a membership, inside the caller's transaction.
pub(crate) fn share(
    tx: &mut Tx<'_>,
    mailbox: &SharedMailbox,
    account: AccountId,
    right: Option<MailboxRight>,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let member = of_organisation(tx, account, mailbox.organisation)?;
    match right {
        Some(right) => {
            require(&member, Act::BeSharedWith, now)?;
            mailboxes::set_member(tx, mailbox.id, account, right)?;
        }
        None if mailboxes::remove_member(tx, mailbox.id, account)? => {}
        None => return Ok(()),
    }
    let detail = json!({ "account": account, "right": right });
    note(tx, mailbox.organisation, "shared_mailbox.member_set", mailbox.id, detail, actor, now)
}
