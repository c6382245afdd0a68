//! Groups: who is in one, what it is called, who may write to it. Each act is one transaction with its event.

use crate::execute::{apply, taken};
use crate::organisations::{allow, note, of_organisation, point_new};
use crate::{Error, Ids, Relais};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Power};
use relais_core::group::{Joining, Posting, check_looks_after, check_may_join, check_unneeded};
use relais_core::ids::{AccountId, GroupId, OrganisationId};
use relais_core::lifecycle::{Command, check_name, release};
use relais_core::organisation::{AddressKind, Group, GroupRole, Target};
use relais_core::refusal::{GroupFault, Refusal};
use relais_core::routing;
use relais_store::{Tx, accounts, addresses, domains, groups, offers, organisations};
use serde_json::json;

/// What is to be changed of a group; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct GroupChange {
    pub name: Option<String>,
    pub address: Option<GroupAddress>,
    pub posting: Option<Posting>,
}

#[derive(Debug, Clone)]
pub enum GroupAddress {
    /// The one it has stays as an alias.
    Set(EmailAddress),
    /// It and its aliases: nobody writes to the group any more.
    Drop,
}

impl Relais {
    /// # Errors
    /// The refusal, when the address cannot be had; [`Error::Conflict`] when the name is in use.
    pub async fn create_group(
        &self,
        organisation: OrganisationId,
        name: String,
        address: Option<EmailAddress>,
        actor: Actor,
    ) -> Result<Group, Error> {
        allow(&actor, Power::ManageAccounts, organisation)?;
        check_name(&name)?;
        let now = self.now();
        let id = GroupId::from_number(self.ids.next());
        let group = Group { id, organisation, name, address, posting: Posting::default(), created_at: now };
        self.store
            .write(move |tx| {
                organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
                insert_group(tx, &group, actor, now)?;
                Ok(group.clone())
            })
            .await
    }

    /// Its name and address are for whoever manages accounts, its policy also for its admins.
    ///
    /// # Errors
    /// The refusal; [`Error::Conflict`] when the name is in use.
    pub async fn change_group(&self, id: GroupId, change: GroupChange, actor: Actor) -> Result<Group, Error> {
        let now = self.now();
        self.store.write(move |tx| apply_change(tx, id, change.clone(), &actor, now)).await
    }

    /// With its memberships and what was shared with it. Its addresses are freed, or retired on a provider domain.
    ///
    /// # Errors
    /// The refusal, while mail is sent on to it.
    pub async fn remove_group(&self, id: GroupId, actor: Actor) -> Result<(), Error> {
        let now = self.now();
        self.store.write(move |tx| remove(tx, id, actor, now)).await
    }

    /// Adds an account to a group, changes its role, or (`None`) takes it out. A deactivated account is reactivated
    /// where licences are flexible and the actor may reactivate (R8).
    ///
    /// # Errors
    /// The refusal when the table does not let it join; [`Error::NotFound`] when it is not of the organisation.
    pub async fn set_group_member(
        &self,
        group: GroupId,
        account: AccountId,
        role: Option<GroupRole>,
        actor: Actor,
    ) -> Result<(), Error> {
        let (ids, now) = (self.ids.clone(), self.now());
        self.store.write(move |tx| set_member(tx, &ids, group, account, role, &actor, now)).await?;
        self.settle_effects().await;
        Ok(())
    }

    /// Puts a group into another: whoever is in it has the mail of the other too.
    ///
    /// # Errors
    /// [`GroupFault::Cycle`]; [`Error::NotFound`] when they are not of one organisation.
    pub async fn put_group_in(&self, group: GroupId, inner: GroupId, actor: Actor) -> Result<(), Error> {
        let now = self.now();
        self.store.write(move |tx| put_in(tx, group, inner, actor, now)).await
    }

    /// # Errors
    /// The refusal, when the actor may not.
    pub async fn take_group_out(&self, group: GroupId, inner: GroupId, actor: Actor) -> Result<(), Error> {
        let now = self.now();
        self.store.write(move |tx| take_out(tx, group, inner, actor, now)).await
    }

    /// Reactivates an account and puts it into groups, all or nothing (R18). What it was in before, it is in again.
    ///
    /// # Errors
    /// As [`Relais::execute`]; [`Error::NotFound`] when a group is not of the organisation.
    pub async fn reactivate_into(
        &self,
        account: AccountId,
        into: Vec<GroupId>,
        actor: Actor,
    ) -> Result<Account, Error> {
        let (ids, now) = (self.ids.clone(), self.now());
        let account = self
            .store
            .write(move |tx| {
                let reactivated = apply(tx, &ids, account, Command::Reactivate, &actor, now)?;
                for group in &into {
                    enter(tx, &ids, *group, account, &actor, now)?;
                }
                Ok::<_, Error>(reactivated)
            })
            .await?;
        self.settle_effects().await;
        Ok(account)
    }
}

/// A group that the actor may change.
fn looked_after(tx: &mut Tx<'_>, id: GroupId, actor: &Actor) -> Result<Group, Error> {
    let group = groups::get(tx, id)?.ok_or(Error::NotFound)?;
    let role = match actor {
        Actor::Account { id: account, .. } => groups::role_of(tx, id, *account)?,
        _ => None,
    };
    check_looks_after(actor, &group, role)?;
    Ok(group)
}

/// Makes a group inside the caller's transaction.
pub(crate) fn insert_group(
    tx: &mut Tx<'_>,
    group: &Group,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    groups::insert(tx, group)?;
    if let Some(address) = &group.address {
        point_new(tx, address, Target::Group(group.id), group.organisation, AddressKind::Primary, now)?;
    }
    let detail = json!({ "name": group.name, "address": group.address });
    note(tx, group.organisation, "group.created", group.id, detail, actor, now)
}

/// Changes a group inside the caller's transaction.
pub(crate) fn apply_change(
    tx: &mut Tx<'_>,
    id: GroupId,
    change: GroupChange,
    actor: &Actor,
    now: Timestamp,
) -> Result<Group, Error> {
    let before = looked_after(tx, id, actor)?;
    let GroupChange { name, address, posting } = change;
    if name.is_some() || address.is_some() {
        allow(actor, Power::ManageAccounts, before.organisation)?;
    }
    let mut group = before.clone();
    group.name = name.unwrap_or(group.name);
    check_name(&group.name)?;
    group.posting = posting.unwrap_or(group.posting);
    group.posting.check()?;
    match address {
        Some(GroupAddress::Set(address)) => set_address(tx, &mut group, address, now)?,
        Some(GroupAddress::Drop) => drop_addresses(tx, &mut group, now)?,
        None => {}
    }
    if group != before {
        groups::update(tx, &group)?;
        let detail = json!({ "from": told(&before), "to": told(&group) });
        note(tx, group.organisation, "group.changed", id, detail, *actor, now)?;
    }
    Ok(group)
}

/// Puts a group into another inside the caller's transaction.
pub(crate) fn put_in(
    tx: &mut Tx<'_>,
    group: GroupId,
    inner: GroupId,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let group = looked_after(tx, group, &actor)?;
    let inner = groups::get(tx, inner)?.filter(|inner| inner.organisation == group.organisation);
    let inner = inner.ok_or(Error::NotFound)?;
    if let Some(through) = routing::group_path(tx, inner.id, group.id)? {
        let mut path = vec![group.name.clone()];
        for id in through {
            path.extend(groups::get(tx, id)?.map(|group| group.name));
        }
        return Err(Refusal::from(GroupFault::Cycle { path }).into());
    }
    if groups::put_in(tx, group.id, inner.id)? {
        let detail = json!({ "group": inner.id, "name": inner.name });
        note(tx, group.organisation, "group.group_put_in", group.id, detail, actor, now)?;
    }
    Ok(())
}

/// Takes a group out of another inside the caller's transaction.
pub(crate) fn take_out(
    tx: &mut Tx<'_>,
    group: GroupId,
    inner: GroupId,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let group = looked_after(tx, group, &actor)?;
    if groups::take_out(tx, group.id, inner)? {
        let detail = json!({ "group": inner });
        note(tx, group.organisation, "group.group_taken_out", group.id, detail, actor, now)?;
    }
    Ok(())
}

/// Removes a group inside the caller's transaction.
pub(crate) fn remove(tx: &mut Tx<'_>, id: GroupId, actor: Actor, now: Timestamp) -> Result<(), Error> {
    let mut group = groups::get(tx, id)?.ok_or(Error::NotFound)?;
    allow(&actor, Power::ManageAccounts, group.organisation)?;
    let name = group.name.clone();
    drop_addresses(tx, &mut group, now)?;
    let members = groups::members(tx, id)?.len();
    groups::remove(tx, id)?;
    let detail = json!({ "name": name, "members": members });
    note(tx, group.organisation, "group.removed", id, detail, actor, now)
}

/// Sets or ends a membership inside the caller's transaction.
pub(crate) fn set_member(
    tx: &mut Tx<'_>,
    ids: &Ids,
    group: GroupId,
    account: AccountId,
    role: Option<GroupRole>,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let group = looked_after(tx, group, actor)?;
    match role {
        Some(role) => join(tx, ids, &group, account, role, actor, now),
        None => leave(tx, &group, account, *actor, now),
    }
}

/// Makes an account a member, or changes its role, inside the caller's transaction.
fn join(
    tx: &mut Tx<'_>,
    ids: &Ids,
    group: &Group,
    account: AccountId,
    role: GroupRole,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let member = of_organisation(tx, account, group.organisation)?;
    let organisation = organisations::get(tx, group.organisation)?.ok_or(Error::NotFound)?;
    let plan = organisation.plan.map(|id| offers::plan(tx, id)).transpose()?.flatten();
    match check_may_join(&member, plan.as_ref().map(|plan| &plan.terms), actor, now)? {
        Joining::AsItIs => {}
        Joining::Reactivated => {
            apply(tx, ids, account, Command::ReactivateFlexibly, actor, now)?;
        }
    }
    groups::set_member(tx, group.id, account, role)?;
    let detail = json!({ "account": account, "role": role });
    note(tx, group.organisation, "group.member_set", group.id, detail, *actor, now)
}

/// Puts an account into a group as a member; what it is in already it stays.
pub(crate) fn enter(
    tx: &mut Tx<'_>,
    ids: &Ids,
    group: GroupId,
    account: AccountId,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let group = looked_after(tx, group, actor)?;
    if groups::role_of(tx, group.id, account)?.is_none() {
        join(tx, ids, &group, account, GroupRole::Member, actor, now)?;
    }
    Ok(())
}

fn leave(
    tx: &mut Tx<'_>,
    group: &Group,
    account: AccountId,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    of_organisation(tx, account, group.organisation)?;
    if !groups::remove_member(tx, group.id, account)? {
        return Ok(());
    }
    let detail = json!({ "account": account, "role": null });
    note(tx, group.organisation, "group.member_set", group.id, detail, actor, now)
}

fn set_address(
    tx: &mut Tx<'_>,
    group: &mut Group,
    address: EmailAddress,
    now: Timestamp,
) -> Result<(), Error> {
    if group.address.as_ref() == Some(&address) {
        return Ok(());
    }
    let target = Target::Group(group.id);
    point_new(tx, &address, target, group.organisation, AddressKind::Primary, now)?;
    if let Some(before) = group.address.replace(address) {
        point_new(tx, &before, target, group.organisation, AddressKind::Alias, now)?;
    }
    Ok(())
}

fn drop_addresses(tx: &mut Tx<'_>, group: &mut Group, now: Timestamp) -> Result<(), Error> {
    let target = Target::Group(group.id);
    check_unneeded(group, domains::caught_by(tx, target)?, accounts::redirecting_to(tx, target)?)?;
    release_all(tx, target, group.organisation, now)?;
    group.address = None;
    Ok(())
}

/// Frees the addresses of what goes, or retires them on a provider domain.
pub(crate) fn release_all(
    tx: &mut Tx<'_>,
    target: Target,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<(), Error> {
    for held in addresses::of_target(tx, target)? {
        let change = release(&held);
        addresses::apply(tx, &change, organisation, now).map_err(|error| taken(error, &change))?;
    }
    Ok(())
}

fn told(group: &Group) -> serde_json::Value {
    json!({ "name": group.name, "address": group.address, "posting": group.posting })
}
