//! Coming back by an invitation, where licences are flexible: whatever licence there is room for.

use super::billing::{Bill, check_aliases};
use super::leaving;
use super::{Answer, Decision, Facts, addresses};
use crate::account::Account;
use crate::authority::Actor;
use crate::plan::Subscription;
use crate::refusal::{InvitationFault, Refusal};
use jiff::Timestamp;
use serde_json::json;

/// On what the account was on, or, if no such licence is left, on the restricted subscription that is wanted.
pub(super) fn reactivate(account: &Account, facts: &Facts, actor: &Actor, now: Timestamp) -> Answer {
    if !facts.means.plan.as_ref().is_some_and(|plan| plan.terms.flexible_licences) {
        return Err(InvitationFault::NotFlexible { account: account.address.clone() }.into());
    }
    let answer = leaving::reactivate(account, facts, actor, now);
    match (&answer, &facts.means.wanted) {
        (Err(Refusal::FullLicencesUsed { .. } | Refusal::SubscriptionNeeded { .. }), Some(restricted)) => {
            on_restricted(account, restricted, facts, actor, now)
        }
        (_, _) => answer,
    }
}

fn on_restricted(
    account: &Account,
    restricted: &Subscription,
    facts: &Facts,
    actor: &Actor,
    now: Timestamp,
) -> Answer {
    check_aliases(addresses::count_aliases(facts), Some(restricted))?;
    let before = facts.means.subscription.as_ref();
    let mut next = account.clone();
    next.subscription = Some(restricted.id);
    if account.quota_bytes == before.and_then(|before| before.terms.quota_bytes) {
        next.quota_bytes = restricted.terms.quota_bytes;
    }
    let mut bill = Bill::new(&facts.means);
    bill.credit(&mut next);
    let mut entries = bill.entries();
    let mut facts = facts.clone();
    facts.means.balance_minor += entries.iter().map(|entry| entry.gained_minor()).sum::<i64>();
    facts.means.subscription = Some(restricted.clone());
    let Decision::Changed(mut change) = leaving::reactivate(&next, &facts, actor, now)? else {
        return Ok(Decision::Unchanged);
    };
    change.happening.detail["subscription"] = json!(restricted.terms.name);
    entries.append(&mut change.entries);
    change.entries = entries;
    Ok(Decision::Changed(change))
}
