//! Who owns an organisation: the one account that cannot leave, until it hands over.

use crate::account::Account;
use crate::authority::{Actor, Role};
use crate::lifecycle::{Change, Means, changed, check_role};
use crate::refusal::Refusal;
use crate::rights::{Act, allows};
use jiff::Timestamp;
use serde_json::json;

/// What changes when `heir` becomes the owner: the heir first, then each of the `owners` there are, who stay as company
/// admins. Empty when it is so already. The rights of both change, so both sign in again.
///
/// # Errors
/// [`Refusal::NotAllowed`] unless an owner or the operator asks; [`Refusal::SuccessorNotActive`]; a limit of the
/// plan, when a guest inherits.
pub fn hand_over(
    owners: &[Account],
    heir: &Account,
    means: &Means,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Change>, Refusal> {
    let is_owner = match actor {
        Actor::Operator | Actor::Operating { .. } => true,
        Actor::Account { id, .. } => owners.iter().any(|owner| owner.id == *id),
        Actor::Token { .. }
        | Actor::Departure { .. }
        | Actor::Directory { .. }
        | Actor::Billing { .. }
        | Actor::Schedule { .. }
        | Actor::Grant { .. }
        | Actor::Application { .. }
        | Actor::Scim { .. }
        | Actor::SignOn { .. } => false,
    };
    if !is_owner {
        return Err(Refusal::NotAllowed);
    }
    if !allows(heir, Act::SignInWithPassword, now) {
        return Err(Refusal::SuccessorNotActive { address: heir.address.clone() });
    }
    let mut changes = Vec::new();
    if heir.role != Role::Owner {
        let change = with_role(heir, Role::Owner);
        check_role(heir, &change.account, means)?;
        changes.push(change);
    }
    let others = owners.iter().filter(|owner| owner.id != heir.id);
    changes.extend(others.map(|owner| with_role(owner, Role::CompanyAdmin)));
    Ok(changes)
}

fn with_role(account: &Account, role: Role) -> Change {
    let mut next = account.clone();
    next.role = role;
    next.epoch += 1;
    changed(next, "account.role_set", json!({ "from": account.role, "to": role }))
}
