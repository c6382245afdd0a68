//! Group succession: whoever takes over becomes the admin of the groups that would have none.

use crate::Error;
use crate::execute::{can_act, only_admin_of};
use crate::organisations::note;
use jiff::Timestamp;
use relais_core::authority::Actor;
use relais_core::departure::Departure;
use relais_core::ids::{AccountId, GroupId};
use relais_core::organisation::GroupRole;
use relais_core::refusal::Refusal;
use relais_store::{Tx, accounts, groups};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A group that has another admin now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct GivenGroup {
    pub group: GroupId,
    pub name: String,
    pub to: AccountId,
    /// What they were in it before; nothing if they were not in it.
    pub role_before: Option<GroupRole>,
}

/// Before the account is closed, so that its guard finds an admin everywhere.
pub(super) fn give(
    tx: &mut Tx<'_>,
    departure: &Departure,
    actor: Actor,
    now: Timestamp,
) -> Result<Vec<GivenGroup>, Error> {
    let Some(address) = &departure.plan.groups_to else { return Ok(vec![]) };
    let mut given = Vec::new();
    for group in only_admin_of(tx, departure.plan.account, now)? {
        let heir = accounts::holding(tx, address)?
            .filter(|heir| heir.organisation == departure.organisation && can_act(heir, now));
        let Some(heir) = heir else {
            return Err(Refusal::SuccessorNotActive { address: address.clone() }.into());
        };
        let role_before = groups::role_of(tx, group.id, heir.id)?;
        groups::set_member(tx, group.id, heir.id, GroupRole::Admin)?;
        tell(tx, departure, group.id, heir.id, Some(GroupRole::Admin), actor, now)?;
        given.push(GivenGroup { group: group.id, name: group.name, to: heir.id, role_before });
    }
    Ok(given)
}

/// What somebody has said of the group since stays as they said.
pub(super) fn take_back(
    tx: &mut Tx<'_>,
    departure: &Departure,
    given: &[GivenGroup],
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    for given in given {
        if groups::role_of(tx, given.group, given.to)? != Some(GroupRole::Admin) {
            continue;
        }
        match given.role_before {
            Some(role) => groups::set_member(tx, given.group, given.to, role)?,
            None => {
                groups::remove_member(tx, given.group, given.to)?;
            }
        }
        tell(tx, departure, given.group, given.to, given.role_before, actor, now)?;
    }
    Ok(())
}

fn tell(
    tx: &mut Tx<'_>,
    departure: &Departure,
    group: GroupId,
    account: AccountId,
    role: Option<GroupRole>,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let detail = json!({ "account": account, "role": role });
    note(tx, departure.organisation, "group.member_set", group, detail, actor, now)
}
