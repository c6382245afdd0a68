//! Groups by SCIM. Who is in one changes by the steps that are said, without reading all who are.

use super::{Expected, Wish, seen, seen_group, standings, version_of};
use crate::groups::{GroupChange, apply_change, enter, insert_group, put_in, remove, set_member, take_out};
use crate::organisations::allow;
use crate::{Error, Ids, Relais};
use jiff::Timestamp;
use relais_core::authority::{Actor, Power};
use relais_core::group::Posting;
use relais_core::ids::{AccountId, GroupId, OrganisationId};
use relais_core::lifecycle::check_name;
use relais_core::organisation::Group;
use relais_core::refusal::{Refusal, ScimFault};
use relais_core::scim::{self, Change, Document, Operation, Resource, Step, members_changed};
use relais_store::scim::{Team, group_by_external_id, group_named, members, set_group_external_id};
use relais_store::{Tx, groups};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What stands in a list of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Member {
    Account(AccountId),
    Group(GroupId),
}

fn member(id: &str) -> Result<Member, Refusal> {
    let account = id.parse().map(Member::Account);
    account.or_else(|_| id.parse().map(Member::Group)).map_err(|_| unknown(id))
}

fn unknown(id: impl ToString) -> Refusal {
    ScimFault::MemberUnknown { id: id.to_string() }.into()
}

/// What is said of a group besides who is in it.
struct Named {
    name: String,
    external_id: Option<String>,
}

impl Named {
    fn of(document: &Document) -> Result<Self, Refusal> {
        let text = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
        let name = text("displayName")
            .ok_or_else(|| Refusal::from(ScimFault::Value { attribute: "displayName".to_owned() }))?;
        check_name(&name)?;
        Ok(Self { name, external_id: text("externalId") })
    }
}

/// What a body says of who is in a group, as the operation that makes it so.
fn all_members(document: &Document) -> Vec<Operation> {
    let value = document.get("members").cloned().unwrap_or_else(|| json!([]));
    vec![Operation { change: Change::Replace, path: Some("members".to_owned()), value: Some(value) }]
}

impl Relais {
    /// # Errors
    /// The refusal; nothing changed then.
    pub async fn enrol_group(
        &self,
        organisation: OrganisationId,
        document: Document,
        actor: Actor,
    ) -> Result<GroupId, Error> {
        allow(&actor, Power::ManageAccounts, organisation)?;
        let named = Named::of(&document)?;
        let (steps, _) = members_changed(&all_members(&document)).map_err(Refusal::from)?;
        let (ids, now) = (self.ids.clone(), self.now());
        let id = GroupId::from_number(ids.next());
        let group = Group {
            id,
            organisation,
            name: named.name,
            address: None,
            posting: Posting::default(),
            created_at: now,
        };
        self.store
            .write(move |tx| {
                check_free(tx, &group, named.external_id.as_deref())?;
                insert_group(tx, &group, actor, now)?;
                set_group_external_id(tx, id, organisation, named.external_id.as_deref())?;
                take_steps(tx, &ids, organisation, id, &steps, &actor, now)
            })
            .await?;
        self.settle_effects().await;
        Ok(id)
    }

    /// # Errors
    /// The refusal; nothing changed then. [`Error::NotFound`] when the organisation has no such group.
    pub async fn change_enrolled_group(
        &self,
        organisation: OrganisationId,
        id: GroupId,
        wish: Wish,
        expected: Expected,
        actor: Actor,
    ) -> Result<(), Error> {
        let (steps, rest) = match &wish {
            Wish::Replace(document) => members_changed(&all_members(document)),
            Wish::Patch(operations) => members_changed(operations),
        }
        .map_err(Refusal::from)?;
        let (ids, now) = (self.ids.clone(), self.now());
        self.store
            .write(move |tx| {
                let team = seen_group(tx, organisation, id)?.ok_or(Error::NotFound)?;
                expected.check(&version_of(team.version, true))?;
                let mut document = match &wish {
                    Wish::Replace(document) => document.clone(),
                    Wish::Patch(_) => names_of(&team),
                };
                scim::apply(Resource::Group, &mut document, &rest).map_err(Refusal::from)?;
                rename(tx, &team, Named::of(&document)?, &actor, now)?;
                take_steps(tx, &ids, organisation, id, &steps, &actor, now)
            })
            .await?;
        self.settle_effects().await;
        Ok(())
    }

    /// # Errors
    /// As [`Relais::change_enrolled_group`].
    pub async fn remove_enrolled_group(
        &self,
        organisation: OrganisationId,
        id: GroupId,
        expected: Expected,
        actor: Actor,
    ) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let team = seen_group(tx, organisation, id)?.ok_or(Error::NotFound)?;
                expected.check(&version_of(team.version, true))?;
                remove(tx, id, actor, now)
            })
            .await
    }
}

fn names_of(team: &Team) -> Document {
    let mut document = Document::from_iter([("displayName".to_owned(), json!(team.group.name))]);
    if let Some(external_id) = &team.external_id {
        document.insert("externalId".to_owned(), json!(external_id));
    }
    document
}

/// Refuses a name or an external id that another group of the organisation has.
fn check_free(tx: &mut Tx<'_>, group: &Group, external_id: Option<&str>) -> Result<(), Error> {
    if group_named(tx, group.organisation, &group.name)?.is_some_and(|other| other != group.id) {
        return Err(Refusal::from(ScimFault::GroupNameTaken { name: group.name.clone() }).into());
    }
    let Some(external_id) = external_id else { return Ok(()) };
    match group_by_external_id(tx, group.organisation, external_id)? {
        Some(other) if other != group.id => {
            Err(Refusal::from(ScimFault::ExternalIdTaken { external_id: external_id.to_owned() }).into())
        }
        Some(_) | None => Ok(()),
    }
}

fn rename(tx: &mut Tx<'_>, team: &Team, named: Named, actor: &Actor, now: Timestamp) -> Result<(), Error> {
    let group = &team.group;
    let Named { name, external_id } = named;
    check_free(tx, &Group { name: name.clone(), ..group.clone() }, external_id.as_deref())?;
    if name != group.name {
        let change = GroupChange { name: Some(name), ..GroupChange::default() };
        apply_change(tx, group.id, change, actor, now)?;
    }
    if external_id != team.external_id {
        set_group_external_id(tx, group.id, group.organisation, external_id.as_deref())?;
        let detail = json!({ "fields": ["externalId"] });
        crate::organisations::note(tx, group.organisation, "group.scim_set", group.id, detail, *actor, now)?;
    }
    Ok(())
}

fn take_steps(
    tx: &mut Tx<'_>,
    ids: &Ids,
    organisation: OrganisationId,
    group: GroupId,
    steps: &[Step],
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    for Step { change, named } in steps {
        let said = named.as_deref().unwrap_or_default().iter().map(|id| member(id));
        match change {
            Change::Add => {
                for member in said {
                    put(tx, ids, organisation, group, member?, actor, now)?;
                }
            }
            Change::Remove if named.is_some() => {
                // Who is no member of anything is no member of this.
                for member in said.filter_map(Result::ok) {
                    take(tx, ids, group, member, actor, now)?;
                }
            }
            Change::Remove | Change::Replace => {
                let wanted: BTreeSet<Member> = said.collect::<Result<_, _>>()?;
                let mut there: BTreeSet<Member> =
                    members(tx, group, &standings(now))?.into_iter().map(Member::Account).collect();
                there.extend(groups::inner_ids(tx, group)?.into_iter().map(Member::Group));
                for member in there.difference(&wanted) {
                    take(tx, ids, group, *member, actor, now)?;
                }
                for member in wanted.difference(&there) {
                    put(tx, ids, organisation, group, *member, actor, now)?;
                }
            }
        }
    }
    Ok(())
}

fn put(
    tx: &mut Tx<'_>,
    ids: &Ids,
    organisation: OrganisationId,
    group: GroupId,
    member: Member,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    match member {
        Member::Account(id) => {
            seen(tx, organisation, id)?.ok_or_else(|| unknown(id))?;
            enter(tx, ids, group, id, actor, now)
        }
        Member::Group(id) => {
            seen_group(tx, organisation, id)?.ok_or_else(|| unknown(id))?;
            put_in(tx, group, id, *actor, now)
        }
    }
}

fn take(
    tx: &mut Tx<'_>,
    ids: &Ids,
    group: GroupId,
    member: Member,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    match member {
        Member::Account(id) => match set_member(tx, ids, group, id, None, actor, now) {
            // Nobody here, so nobody in it.
            Err(Error::NotFound) => Ok(()),
            taken => taken,
        },
        Member::Group(id) => take_out(tx, group, id, *actor, now),
    }
}
