//! `create` and `decide`: the only functions that make or change an account. Pure: the application gathers the
//! facts inside the transaction that will apply the decision.

use crate::account::{Account, Cause, Deactivation};
use crate::address::{EmailAddress, domain_for_people};
use crate::authority::{Actor, Power, Role};
use crate::domain::TxtRecord;
use crate::event::Happening;
use crate::ids::{AccountId, MailboxId, OrganisationId};
use crate::inbound::Inbound;
use crate::organisation::{Address, AddressKind, DomainKind, Target};
use crate::password::PasswordHash;
use crate::refusal::Refusal;
use crate::reserved::Reserved;
use crate::rights::{Act, State, Verdict, may, standing};
use jiff::Timestamp;
use serde_json::json;

/// What is asked of an existing account. Doors build one and hand it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Makes an invited account active.
    SetPassword {
        hash: PasswordHash,
    },
    /// Closes every door; mail goes where `inbound` says, or is refused.
    Deactivate {
        cause: Cause,
        inbound: Option<Inbound>,
    },
    Reactivate,
    /// For good. Its addresses are freed (own domains) or retired (provider domains).
    Delete,
    /// A new primary address; the old one stays as an alias.
    Rename {
        to: EmailAddress,
    },
    AddAlias {
        address: EmailAddress,
    },
    RemoveAlias {
        address: EmailAddress,
    },
    SetInbound {
        inbound: Inbound,
    },
    SetRole {
        role: Role,
    },
    /// From this moment on the account counts as deactivated; `None` takes the plan back.
    SetLeaving {
        at: Option<Timestamp>,
    },
    /// Gives one of its addresses to someone else.
    MoveAddress {
        address: EmailAddress,
        to: Target,
    },
}

/// What the store knows of an address that a command wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    Free(DomainKind),
    /// Held by this target at present.
    Held(Target),
    Retired,
    NotHosted,
    /// Claimed by the organisation; this record is to be published.
    NotProven(TxtRecord),
}

/// What a decision needs to know besides the account; read in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub addresses: Vec<Address>,
    /// Active owners and company admins of the organisation other than this account.
    pub other_admins: u64,
    /// Groups that would be left without an active admin.
    pub only_admin_of: Vec<String>,
    /// Of the address that the command names, or that is to be moved.
    pub wanted: Availability,
    /// The addresses through which the new inbound, or the one that is restored, would come back here.
    pub loop_through: Option<Vec<EmailAddress>>,
    /// The first hosted redirect target that does not exist.
    pub redirect_nowhere: Option<EmailAddress>,
    /// The primary address, if someone else holds it now.
    pub primary_lost: bool,
    /// A departure that is neither finished nor undone.
    pub departure_in_progress: bool,
}

/// What has to be done outside the database once a decision is committed. Kept in the outbox until done; each may be
/// done twice.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Effect {
    /// End the live IMAP, POP and ManageSieve sessions of the account.
    CutSessions { account: AccountId },
    /// Put back what was set aside while the account was closed, and end the grants on it.
    ReturnMailbox { account: AccountId, mailbox: MailboxId },
    /// Put a deleted account's mail out of reach.
    RemoveMailbox { mailbox: MailboxId },
    /// Write the access lists of a shared mailbox from its members.
    ShareMailbox { mailbox: MailboxId },
}

/// How an address changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressChange {
    Point { address: EmailAddress, to: Target, kind: AddressKind },
    Free { address: EmailAddress },
    Retire { address: EmailAddress },
}

/// What a command changes; applied in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub account: Account,
    pub addresses: Vec<AddressChange>,
    pub happening: Happening,
    pub effects: Vec<Effect>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Changed(Box<Change>),
    /// Already so: a repeated request has no second effect.
    Unchanged,
}

/// What a new account is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    pub id: AccountId,
    pub mailbox: MailboxId,
    pub organisation: OrganisationId,
    pub name: String,
    pub address: EmailAddress,
    pub role: Role,
    /// Without a password the account is only invited.
    pub password: Option<PasswordHash>,
    pub quota_bytes: Option<i64>,
}

/// An organisation has one owner, whom the operator names: nobody else makes a second one by the way.
fn check_owner_is_named_by_the_operator(role: Role, actor: &Actor) -> Result<(), Refusal> {
    if role == Role::Owner && *actor != Actor::Operator { Err(Refusal::NotAllowed) } else { Ok(()) }
}

/// Creates an account, invited or active.
///
/// # Errors
/// The refusal, when the actor may not, or the name or address cannot be had.
pub fn create(
    new: NewAccount,
    wanted: &Availability,
    actor: &Actor,
    now: Timestamp,
) -> Result<Change, Refusal> {
    if !actor.has(Power::ManageAccounts, new.organisation)
        || (matches!(new.role, Role::Owner | Role::CompanyAdmin)
            && !actor.has(Power::EndAccounts, new.organisation))
    {
        return Err(Refusal::NotAllowed);
    }
    check_owner_is_named_by_the_operator(new.role, actor)?;
    check_name(&new.name)?;
    let target = Target::Account(new.id);
    check_available(&new.address, wanted, target)?;
    let account = Account {
        id: new.id,
        organisation: new.organisation,
        mailbox: new.mailbox,
        name: new.name,
        address: new.address.clone(),
        role: new.role,
        state: if new.password.is_some() { State::Active } else { State::Invited },
        deactivation: None,
        leaves_at: None,
        inbound: Inbound::deliver(),
        quota_bytes: new.quota_bytes,
        password: new.password,
        epoch: 0,
        created_at: now,
    };
    let detail = json!({ "address": account.address, "role": account.role, "state": account.state });
    Ok(Change {
        happening: happening("account.created", &account, detail),
        addresses: vec![AddressChange::Point {
            address: new.address,
            to: target,
            kind: AddressKind::Primary,
        }],
        effects: vec![],
        account,
    })
}

/// A name that people read: not empty, at most 200 characters, no control characters.
///
/// # Errors
/// [`Refusal::NameInvalid`].
pub fn check_name(name: &str) -> Result<(), Refusal> {
    let ok = !name.trim().is_empty() && name.chars().count() <= 200 && !name.chars().any(char::is_control);
    if ok { Ok(()) } else { Err(Refusal::NameInvalid) }
}

/// Whether `address` may be given to `to` as things are.
///
/// # Errors
/// The refusal that names what stands in the way.
pub fn check_available(address: &EmailAddress, wanted: &Availability, to: Target) -> Result<(), Refusal> {
    match check_free(address, wanted) {
        Err(Refusal::AddressTaken { .. }) if *wanted == Availability::Held(to) => Ok(()),
        checked => checked,
    }
}

/// Whether `address` may be given to something new as things are.
///
/// # Errors
/// The refusal that names what stands in the way.
pub fn check_free(address: &EmailAddress, wanted: &Availability) -> Result<(), Refusal> {
    if let Some(reserved) = Reserved::of(address.local()) {
        // What is not free is refused below, unless nobody could ever hold it.
        let kind = if let Availability::Free(kind) = wanted { *kind } else { DomainKind::Own };
        if !reserved.may_be_held(kind) {
            return Err(Refusal::AddressReserved { address: address.clone() });
        }
    }
    match wanted {
        Availability::Free(_) => Ok(()),
        Availability::Held(_) => Err(Refusal::AddressTaken { address: address.clone() }),
        Availability::Retired => Err(Refusal::AddressRetired { address: address.clone() }),
        Availability::NotHosted => Err(Refusal::DomainNotHosted { domain: address.domain().to_owned() }),
        Availability::NotProven(record) => Err(Refusal::DomainNotProven {
            domain: domain_for_people(address.domain()),
            record: record.clone(),
        }),
    }
}

/// What `command` changes on `account`.
///
/// # Errors
/// The refusal; nothing changes.
pub fn decide(
    account: &Account,
    command: Command,
    facts: &Facts,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    if !actor.has_over(power_for(&command), account) {
        return Err(Refusal::NotAllowed);
    }
    match command {
        Command::SetPassword { hash } => set_password(account, hash, now),
        Command::Deactivate { cause, inbound } => deactivate(account, cause, inbound, facts, now),
        Command::Reactivate => reactivate(account, facts, actor, now),
        Command::Delete => delete(account, facts, actor, now),
        Command::Rename { to } => rename(account, to, facts, now),
        Command::AddAlias { address } => add_alias(account, address, facts, now),
        Command::RemoveAlias { address } => remove_alias(account, address, facts),
        Command::SetInbound { inbound } => set_inbound(account, inbound, facts, now),
        Command::SetRole { role } => set_role(account, role, facts, actor, now),
        Command::SetLeaving { at } => set_leaving(account, at, facts, actor, now),
        Command::MoveAddress { address, to } => move_address(account, address, to, facts),
    }
}

fn power_for(command: &Command) -> Power {
    match command {
        Command::SetPassword { .. } | Command::SetInbound { .. } => Power::ChangeSelf,
        Command::Rename { .. } | Command::AddAlias { .. } | Command::RemoveAlias { .. } => {
            Power::ManageAccounts
        }
        Command::Deactivate { .. }
        | Command::Delete
        | Command::SetRole { .. }
        | Command::SetLeaving { .. }
        | Command::MoveAddress { .. } => Power::EndAccounts,
        Command::Reactivate => Power::Reactivate,
    }
}

fn happening(kind: &'static str, account: &Account, detail: serde_json::Value) -> Happening {
    Happening { kind, subject: account.id.to_string(), detail }
}

pub(crate) fn changed(account: Account, kind: &'static str, detail: serde_json::Value) -> Change {
    Change { happening: happening(kind, &account, detail), account, addresses: vec![], effects: vec![] }
}

fn require(account: &Account, act: Act, now: Timestamp) -> Result<(), Refusal> {
    let state = standing(account, now);
    if may(state, act) == Verdict::Yes { Ok(()) } else { Err(Refusal::NotInThisState { act, state }) }
}

type Answer = Result<Decision, Refusal>;

fn done(change: Change) -> Answer {
    Ok(Decision::Changed(Box::new(change)))
}

fn set_password(account: &Account, hash: PasswordHash, now: Timestamp) -> Answer {
    require(account, Act::ChangeIdentity, now)?;
    let mut next = account.clone();
    next.password = Some(hash);
    next.state = State::Active;
    next.epoch += 1;
    let mut change =
        changed(next, "account.password_set", json!({ "activates": account.state == State::Invited }));
    // Whoever was signed in under the old password signs in again.
    change.effects.push(Effect::CutSessions { account: account.id });
    done(change)
}

/// The guards are facts of the same transaction, so that two last admins in one bulk call cannot both pass.
fn deactivate(
    account: &Account,
    cause: Cause,
    inbound: Option<Inbound>,
    facts: &Facts,
    now: Timestamp,
) -> Answer {
    let mut next = account.clone();
    match account.state {
        State::Deactivated => return deactivate_again(account, cause, inbound, facts, now),
        State::Deleted => {
            return Err(Refusal::NotInThisState { act: Act::BeDeactivated, state: State::Deleted });
        }
        State::Invited | State::Active => {}
    }
    check_role_may_leave(account.role, facts.other_admins)?;
    if !facts.only_admin_of.is_empty() {
        return Err(Refusal::OnlyGroupAdmin { groups: facts.only_admin_of.clone() });
    }
    next.inbound = inbound.unwrap_or_else(Inbound::refuse);
    check_inbound(&next.inbound, account, facts, now)?;
    next.state = State::Deactivated;
    next.leaves_at = None;
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
/// decided, may still say anew where mail goes. Anything else has no second effect.
fn deactivate_again(
    account: &Account,
    cause: Cause,
    inbound: Option<Inbound>,
    facts: &Facts,
    now: Timestamp,
) -> Answer {
    let before = account.deactivation.clone().expect("a deactivated account knows why");
    let by_a_person = |cause: Cause| matches!(cause, Cause::Admin | Cause::Departure);
    let takes_over = by_a_person(cause) && !by_a_person(before.cause);
    let has_a_say = by_a_person(cause) || !by_a_person(before.cause);
    let new_inbound = inbound.filter(|inbound| has_a_say && *inbound != account.inbound);
    if !takes_over && new_inbound.is_none() {
        return Ok(Decision::Unchanged);
    }
    let mut next = account.clone();
    if let Some(inbound) = new_inbound {
        check_inbound(&inbound, account, facts, now)?;
        next.inbound = inbound;
    }
    if takes_over {
        next.deactivation = Some(Deactivation { cause, ..before });
    }
    let detail = json!({ "cause": cause, "inbound": next.inbound });
    done(changed(next, "account.deactivated", detail))
}

/// Also takes back a leaving time that has passed: the account counts as deactivated, whether or not a workflow has
/// written it down.
fn reactivate(account: &Account, facts: &Facts, actor: &Actor, now: Timestamp) -> Answer {
    let standing = standing(account, now);
    if matches!(standing, State::Invited | State::Active) {
        return Ok(Decision::Unchanged);
    }
    if may(standing, Act::BeReactivated) != Verdict::Yes {
        return Err(Refusal::NotInThisState { act: Act::BeReactivated, state: standing });
    }
    let own_departure = matches!(actor, Actor::Departure { .. });
    if facts.departure_in_progress && !own_departure {
        return Err(Refusal::DepartureInProgress);
    }
    if facts.primary_lost {
        // Signing in needs a name of one's own: never steal it back.
        return Err(Refusal::AddressTaken { address: account.address.clone() });
    }
    let mut next = account.clone();
    let mut detail = json!({ "inbound": account.inbound });
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
    next.leaves_at = None;
    // What was signed in before stays out.
    next.epoch += 1;
    let mut change = changed(next, "account.reactivated", detail);
    change.effects.push(Effect::ReturnMailbox { account: account.id, mailbox: account.mailbox });
    done(change)
}

fn delete(account: &Account, facts: &Facts, actor: &Actor, now: Timestamp) -> Answer {
    if account.state == State::Deleted {
        return Ok(Decision::Unchanged);
    }
    if may(standing(account, now), Act::BeDeleted) != Verdict::Yes || account.state != State::Deactivated {
        return Err(Refusal::DeactivateFirst);
    }
    if facts.departure_in_progress && !matches!(actor, Actor::Departure { .. }) {
        return Err(Refusal::DepartureInProgress);
    }
    let mut next = account.clone();
    next.state = State::Deleted;
    next.name = String::new();
    next.password = None;
    next.inbound = Inbound::refuse();
    if let Some(why) = &mut next.deactivation {
        // Cause and time are evidence; the text of a reply and the destinations of redirects are personal.
        why.inbound_before = Inbound::refuse();
    }
    next.epoch += 1;
    let release = |held: &Address| match held.domain {
        DomainKind::Own => AddressChange::Free { address: held.address.clone() },
        DomainKind::Provider => AddressChange::Retire { address: held.address.clone() },
    };
    let mut change = changed(next, "account.deleted", json!({ "addresses": addresses_of(facts) }));
    change.addresses = facts.addresses.iter().map(release).collect();
    change.effects =
        vec![Effect::CutSessions { account: account.id }, Effect::RemoveMailbox { mailbox: account.mailbox }];
    done(change)
}

fn addresses_of(facts: &Facts) -> Vec<&EmailAddress> {
    facts.addresses.iter().map(|held| &held.address).collect()
}

fn rename(account: &Account, to: EmailAddress, facts: &Facts, now: Timestamp) -> Answer {
    require(account, Act::ChangeAttributes, now)?;
    if to == account.address {
        return Ok(Decision::Unchanged);
    }
    let own = Target::Account(account.id);
    check_available(&to, &facts.wanted, own)?;
    let mut next = account.clone();
    next.address = to.clone();
    let mut change = changed(next, "account.renamed", json!({ "from": account.address, "to": to }));
    let point = |address, kind| AddressChange::Point { address, to: own, kind };
    if facts.addresses.iter().any(|held| held.address == account.address) {
        change.addresses.push(point(account.address.clone(), AddressKind::Alias));
    }
    change.addresses.push(point(to, AddressKind::Primary));
    done(change)
}

fn add_alias(account: &Account, address: EmailAddress, facts: &Facts, now: Timestamp) -> Answer {
    require(account, Act::ChangeAttributes, now)?;
    let own = Target::Account(account.id);
    check_available(&address, &facts.wanted, own)?;
    if facts.wanted == Availability::Held(own) {
        return Ok(Decision::Unchanged);
    }
    let mut change = changed(account.clone(), "account.alias_added", json!({ "address": address }));
    change.addresses.push(AddressChange::Point { address, to: own, kind: AddressKind::Alias });
    done(change)
}

fn remove_alias(account: &Account, address: EmailAddress, facts: &Facts) -> Answer {
    let Some(held) = facts.addresses.iter().find(|held| held.address == address) else {
        return Err(Refusal::AddressNotHeld { address });
    };
    match (held.kind, held.domain) {
        (AddressKind::Primary, _) => Err(Refusal::AddressIsPrimary { address }),
        (AddressKind::Alias, DomainKind::Provider) => Err(Refusal::AddressStays { address }),
        (AddressKind::Alias, DomainKind::Own) => {
            let mut change = changed(account.clone(), "account.alias_removed", json!({ "address": address }));
            change.addresses.push(AddressChange::Free { address });
            done(change)
        }
    }
}

fn check_loops(facts: &Facts) -> Result<(), Refusal> {
    if let Some(through) = &facts.loop_through {
        return Err(Refusal::RedirectLoop { through: through.clone() });
    }
    match &facts.redirect_nowhere {
        Some(address) => Err(Refusal::RedirectNowhere { address: address.clone() }),
        None => Ok(()),
    }
}

fn check_inbound(inbound: &Inbound, account: &Account, facts: &Facts, now: Timestamp) -> Result<(), Refusal> {
    let new_end_passed =
        |end: Timestamp| end <= now && !account.inbound.phases().iter().any(|phase| phase.until == Some(end));
    if inbound.phases().iter().filter_map(|phase| phase.until).any(new_end_passed) {
        return Err(Refusal::InboundInThePast);
    }
    check_loops(facts)
}

fn set_inbound(account: &Account, inbound: Inbound, facts: &Facts, now: Timestamp) -> Answer {
    require(account, Act::ChangeAttributes, now)?;
    if inbound == account.inbound {
        return Ok(Decision::Unchanged);
    }
    check_inbound(&inbound, account, facts, now)?;
    let mut next = account.clone();
    next.inbound = inbound;
    let detail = json!({ "from": account.inbound, "to": next.inbound });
    done(changed(next, "account.inbound_set", detail))
}

fn set_role(account: &Account, role: Role, facts: &Facts, actor: &Actor, now: Timestamp) -> Answer {
    require(account, Act::ChangeIdentity, now)?;
    if role == account.role {
        return Ok(Decision::Unchanged);
    }
    check_owner_is_named_by_the_operator(role, actor)?;
    let leads = |role: Role| matches!(role, Role::Owner | Role::CompanyAdmin);
    if account.role == Role::Owner && *actor != Actor::Operator {
        return Err(Refusal::OwnerCannotLeave);
    }
    if leads(account.role) && !leads(role) && facts.other_admins == 0 {
        return Err(Refusal::LastCompanyAdmin);
    }
    let mut next = account.clone();
    next.role = role;
    next.epoch += 1;
    done(changed(next, "account.role_set", json!({ "from": account.role, "to": role })))
}

fn set_leaving(
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
            deactivate(account, Cause::Schedule, None, facts, now)?;
        }
        // The day has come: taking it back is a reactivation, with its conditions, and revives no session.
        None if standing(account, now) != account.state => return reactivate(account, facts, actor, now),
        None => {}
    }
    let mut next = account.clone();
    next.leaves_at = at;
    done(changed(next, "account.leaving_set", json!({ "at": at })))
}

fn move_address(account: &Account, address: EmailAddress, to: Target, facts: &Facts) -> Answer {
    let own = Target::Account(account.id);
    if to == own || facts.wanted == Availability::Held(to) {
        return Ok(Decision::Unchanged);
    }
    let Some(held) = facts.addresses.iter().find(|held| held.address == address) else {
        return Err(Refusal::AddressNotHeld { address });
    };
    if held.kind == AddressKind::Primary && account.state != State::Deleted {
        return Err(Refusal::AddressIsPrimary { address });
    }
    if held.domain == DomainKind::Provider {
        return Err(Refusal::AddressStays { address });
    }
    let mut change = changed(account.clone(), "address.moved", json!({ "address": address, "to": to }));
    change.addresses.push(AddressChange::Point { address, to, kind: AddressKind::Alias });
    done(change)
}
