//! Closing an account, opening it again, ending it.

use super::addresses::release;
use super::billing::{Bill, seat};
use super::{Answer, Decision, Effect, Facts, changed, check_inbound, check_loops, done};
use crate::account::{Account, Cause, Deactivation};
use crate::address::EmailAddress;
use crate::authority::{Actor, Role};
use crate::content::{ContentChange, ContentFate, Reassign, check_fate, check_given};
use crate::inbound::Inbound;
use crate::refusal::{BackupFault, ContentFault, Refusal, ScimFault};
use crate::rights::{Act, State, Verdict, allows, may, require, standing};
use jiff::Timestamp;
use serde_json::json;

/// What a deactivation gives away. A machine's gives nothing (R13), unless the organisation has said to whom.
pub(super) fn check_content(
    account: &Account,
    cause: Cause,
    content: Option<Reassign>,
    facts: &Facts,
    now: Timestamp,
) -> Result<Option<ContentChange>, Refusal> {
    let may_give = |given: &Reassign| match cause {
        Cause::Admin | Cause::Departure => true,
        Cause::Scim | Cause::Directory => facts.policy_heir == Some(given.to),
        Cause::Billing | Cause::Schedule => false,
    };
    if content.as_ref().is_some_and(|given| !may_give(given)) {
        return Err(ContentFault::NotByMachine.into());
    }
    check_given(account, content, facts.heir.as_ref(), now)
}

/// The guards are facts of the same transaction, so that two last admins in one bulk call cannot both pass.
pub(super) fn deactivate(
    account: &Account,
    cause: Cause,
    inbound: Option<Inbound>,
    content: Option<ContentChange>,
    facts: &Facts,
    now: Timestamp,
) -> Answer {
    let mut next = account.clone();
    match account.state {
        State::Deactivated => return deactivate_again(account, cause, inbound, content, facts, now),
        State::Deleted => {
            return Err(Refusal::NotInThisState { act: Act::BeDeactivated, state: State::Deleted });
        }
        State::Invited | State::Active => {}
    }
    check_role_may_leave(account.role, facts.other_admins)?;
    // Whoever has not paid keeps no group alive; the mail waits for the money.
    if cause != Cause::Billing && !facts.only_admin_of.is_empty() {
        return Err(Refusal::OnlyGroupAdmin { groups: facts.only_admin_of.clone() });
    }
    next.inbound = match inbound {
        Some(inbound) => inbound,
        None if cause == Cause::Billing => account.inbound.clone(),
        None => Inbound::refuse(),
    };
    next.term = account.term.map(|term| facts.means.freeze(term));
    check_inbound(&next.inbound, account, facts, now)?;
    next.state = State::Deactivated;
    // A payment opens it again by itself: whoever was to leave then still does.
    next.leaves_at = account.leaves_at.filter(|_| cause == Cause::Billing);
    next.epoch += 1;
    next.deactivation = Some(Deactivation {
        cause,
        at: now,
        inbound_before: account.inbound.clone(),
        state_before: account.state,
    });
    let detail = json!({ "cause": cause, "inbound": next.inbound });
    let mut change = changed(next, "account.deactivated", detail);
    change.effects.push(Effect::CutSessions { account: account.id });
    change.content = content;
    done(change)
}

/// Whoever leads the organisation hands over first (R15). A departure asks the same when it is planned.
pub(crate) fn check_role_may_leave(role: Role, other_admins: u64) -> Result<(), Refusal> {
    match role {
        Role::Owner => Err(Refusal::OwnerCannotLeave),
        Role::CompanyAdmin if other_admins == 0 => Err(Refusal::LastCompanyAdmin),
        Role::CompanyAdmin => Err(Refusal::RevokeRoleFirst),
        Role::AccountManager | Role::Member | Role::Guest => Ok(()),
    }
}

/// A person's decision takes over an automatic one, never the reverse; a person, or a machine where no person has
/// decided, may still say anew where mail goes. What is closed for want of money opens again with a payment: any other
/// cause takes it over, or whoever has left since would come back with it. Anything else has no second effect.
fn deactivate_again(
    account: &Account,
    cause: Cause,
    inbound: Option<Inbound>,
    content: Option<ContentChange>,
    facts: &Facts,
    now: Timestamp,
) -> Answer {
    let before = account.deactivation.clone().expect("a deactivated account knows why");
    let by_a_person = |cause: Cause| matches!(cause, Cause::Admin | Cause::Departure);
    let since_unpaid = cause != Cause::Billing && before.cause == Cause::Billing;
    let takes_over = since_unpaid || (by_a_person(cause) && !by_a_person(before.cause));
    let has_a_say = by_a_person(cause) || !by_a_person(before.cause);
    let new_inbound = inbound.filter(|inbound| has_a_say && *inbound != account.inbound);
    if !takes_over && new_inbound.is_none() && content.is_none() {
        return Ok(Decision::Unchanged);
    }
    let mut next = account.clone();
    if let Some(inbound) = new_inbound {
        check_inbound(&inbound, account, facts, now)?;
        next.inbound = inbound;
    }
    if takes_over {
        next.leaves_at = None;
        next.deactivation = Some(Deactivation { cause, ..before });
    }
    let detail = json!({ "cause": cause, "inbound": next.inbound });
    let mut change = changed(next, "account.deactivated", detail);
    change.content = content;
    done(change)
}

/// A provider of identities takes back what it did itself, and nothing that was decided here. Also takes back a leaving time that has passed: the account counts as deactivated, whether or not a workflow has
/// written it down.
pub(super) fn reactivate(account: &Account, facts: &Facts, actor: &Actor, now: Timestamp) -> Answer {
    let standing = standing(account, now);
    if matches!(standing, State::Invited | State::Active) {
        return Ok(Decision::Unchanged);
    }
    if may(standing, Act::BeReactivated) != Verdict::Yes {
        return Err(Refusal::NotInThisState { act: Act::BeReactivated, state: standing });
    }
    let (by_payment, own_departure) =
        (matches!(actor, Actor::Billing { .. }), matches!(actor, Actor::Departure { .. }));
    // A payment opens what is to leave later, for as long as it was to stay.
    let leaves_later = account.leaves_at.filter(|end| by_payment && *end > now);
    if facts.departure_in_progress && !own_departure && leaves_later.is_none() {
        return Err(Refusal::DepartureInProgress);
    }
    let closed_by = account.deactivation.as_ref().map(|why| why.cause);
    if by_payment && (closed_by != Some(Cause::Billing) || account.leaves_at != leaves_later) {
        return Err(Refusal::DeactivatedByAPerson);
    }
    if matches!(actor, Actor::Directory { .. }) && closed_by != Some(Cause::Directory) {
        return Err(Refusal::DeactivatedByAPerson);
    }
    if matches!(actor, Actor::Scim { .. }) && closed_by != Some(Cause::Scim) {
        return Err(ScimFault::ClosedHere { address: account.address.clone() }.into());
    }
    if facts.primary_lost {
        // Signing in needs a name of one's own: never steal it back.
        return Err(Refusal::AddressTaken { address: account.address.clone() });
    }
    let mut next = account.clone();
    let mut detail = json!({ "inbound_was": account.inbound });
    detail["cause_was"] = match next.deactivation.take() {
        Some(before) => {
            next.state = if account.password.is_some() { State::Active } else { State::Invited };
            next.inbound = before.inbound_before;
            json!(before.cause)
        }
        None => json!(Cause::Schedule),
    };
    if let Err(refusal) = check_loops(facts) {
        // The world went on: what was set then would lose mail today. The person is back and sets it anew.
        detail["inbound_not_restored"] = json!({ "inbound": next.inbound, "because": refusal.code() });
        next.inbound = Inbound::deliver();
    }
    next.leaves_at = leaves_later;
    // What was signed in before stays out.
    next.epoch += 1;
    let on = facts.means.subscription.as_ref();
    facts.means.check_newcomer(seat(&next, on))?;
    // Paid days go on where they stopped; without any a new period begins.
    next.term = account.term.and_then(|term| facts.means.freeze(term).resume(facts.means.today));
    let mut bill = Bill::new(&facts.means);
    bill.begin(&mut next, on)?;
    let mut change = changed(next, "account.reactivated", detail);
    change.entries = bill.entries();
    change.effects.push(Effect::ReturnMailbox { account: account.id, mailbox: account.mailbox });
    done(change)
}

pub(super) fn delete(
    account: &Account,
    fate: Option<ContentFate>,
    facts: &Facts,
    actor: &Actor,
    now: Timestamp,
) -> Answer {
    if account.state == State::Deleted {
        return Ok(Decision::Unchanged);
    }
    if !allows(account, Act::BeDeleted, now) || account.state != State::Deactivated {
        return Err(Refusal::DeactivateFirst);
    }
    if facts.departure_in_progress && !matches!(actor, Actor::Departure { .. }) {
        return Err(Refusal::DepartureInProgress);
    }
    check_kept(account, facts)?;
    let content = check_fate(account, fate, &facts.owned, facts.heir.as_ref(), now)?;
    let mut next = account.clone();
    next.state = State::Deleted;
    next.leaves_at = None;
    next.name = String::new();
    next.password = None;
    next.inbound = Inbound::refuse();
    if let Some(why) = &mut next.deactivation {
        // Cause and time are evidence; the text of a reply and the destinations of redirects are personal.
        why.inbound_before = Inbound::refuse();
    }
    next.epoch += 1;
    let mut bill = Bill::new(&facts.means);
    bill.credit(&mut next);
    next.subscription = None;
    let mut change = changed(next, "account.deleted", json!({ "addresses": addresses_of(facts) }));
    change.entries = bill.entries();
    change.content = content;
    change.addresses = facts.addresses.iter().map(release).collect();
    change.effects = vec![
        Effect::CutSessions { account: account.id },
        Effect::RemoveMailbox { mailbox: account.mailbox },
        Effect::RemoveCollections { account: account.id },
    ];
    done(change)
}

/// What is deleted is in a verified backup that is newer than the closing, and nobody has to keep it (X7).
fn check_kept(account: &Account, facts: &Facts) -> Result<(), Refusal> {
    if let Some(hold) = &account.legal_hold {
        return Err(BackupFault::LegalHold { reason: hold.reason.clone() }.into());
    }
    let closed_at = account.deactivation.as_ref().map(|closed| closed.at);
    match (closed_at, facts.backed_up_at) {
        (Some(closed_at), Some(backed_up_at)) if backed_up_at >= closed_at => Ok(()),
        (_, _) => Err(BackupFault::Missing.into()),
    }
}

fn addresses_of(facts: &Facts) -> Vec<&EmailAddress> {
    facts.addresses.iter().map(|held| &held.address).collect()
}

pub(super) fn set_leaving(
    account: &Account,
    at: Option<Timestamp>,
    facts: &Facts,
    actor: &Actor,
    now: Timestamp,
) -> Answer {
    if at == account.leaves_at {
        return Ok(Decision::Unchanged);
    }
    match at {
        Some(at) => {
            require(account, Act::BeDeactivated, now)?;
            if at <= now {
                return Err(Refusal::DateInThePast);
            }
            // What would be refused on the day is refused today, while there is time to mend it.
            deactivate(account, Cause::Schedule, None, None, facts, now)?;
        }
        // The day has come: taking it back is a reactivation, with its conditions, and revives no session.
        None if standing(account, now) != account.state => return reactivate(account, facts, actor, now),
        None => {}
    }
    let mut next = account.clone();
    next.leaves_at = at;
    done(changed(next, "account.leaving_set", json!({ "at": at })))
}
