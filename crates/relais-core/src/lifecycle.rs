//! `create` and `decide`: the only functions that make or change an account. Pure: the application gathers the
//! facts inside the transaction that will apply the decision.

mod addresses;
mod attributes;
mod billing;
mod flexible;
mod leaving;

pub use addresses::{check_available, check_free, free_alias, release};
pub use billing::{GRACE_DAYS, Means, check_offer};
pub(crate) use billing::{check_currency, check_role};
use leaving::check_content;
pub(crate) use leaving::check_role_may_leave;

use crate::account::{Account, Cause};
use crate::address::EmailAddress;
use crate::authority::{Actor, Power, Role};
use crate::content::{ContentChange, ContentFate, Owned, Reassign};
use crate::domain::TxtRecord;
use crate::event::Happening;
use crate::ids::{AccountId, MailboxId, OrganisationId, ReassignmentId, SubscriptionId};
use crate::inbound::Inbound;
use crate::ledger::NewEntry;
use crate::organisation::{Address, AddressKind, DomainKind, Target};
use crate::password::PasswordHash;
use crate::refusal::Refusal;
use crate::rights::{Act, State, Verdict, may, require, standing};
use jiff::Timestamp;
use serde_json::json;

/// What is asked of an existing account. Doors build one and hand it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Makes an invited account active.
    SetPassword {
        hash: PasswordHash,
    },
    /// Makes an invited account active without a password: an identity provider vouches for the person.
    Activate,
    /// Closes every door; mail goes where `inbound` says, or is refused.
    Deactivate {
        cause: Cause,
        inbound: Option<Inbound>,
        /// What it owns and gives away with it; without this content stays where it is (R5).
        content: Option<Reassign>,
    },
    Reactivate,
    /// The same by an invitation, where the plan's licences are flexible: on a restricted subscription if no other
    /// licence is left.
    ReactivateFlexibly,
    /// For good. Its addresses are freed (own domains) or retired (provider domains). Whoever owns content says what
    /// becomes of it.
    Delete {
        content: Option<ContentFate>,
    },
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
    /// The name that others see.
    SetName {
        name: String,
    },
    /// The largest mailbox size; `None` lifts the limit.
    SetQuota {
        quota_bytes: Option<i64>,
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
    /// `None` makes it one of the plan's free accounts.
    SetSubscription {
        to: Option<SubscriptionId>,
    },
    /// Pays the period that is due.
    Renew,
    /// Forbids the deletion for this reason; `None` ends the hold.
    SetLegalHold {
        reason: Option<String>,
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
    /// When the newest verified backup of the account began to read it.
    pub backed_up_at: Option<Timestamp>,
    pub means: Means,
    /// What it owns, where that has to be decided on.
    pub owned: Owned,
    /// To whom the command gives content.
    pub heir: Option<Account>,
    /// To whom a machine may give it, as the organisation has said.
    pub policy_heir: Option<AccountId>,
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
    /// Remove a deleted account's calendars and address books.
    RemoveCollections { account: AccountId },
    /// Let calendars and address books lie with whom the reassignment says, or with whom they were if it was undone.
    MoveCollections {
        reassignment: ReassignmentId,
        /// By which the new owner's collections are called; a deleted account has no name any more.
        former_owner: String,
    },
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
    /// What it costs and gives back, in this order.
    pub entries: Vec<NewEntry>,
    pub content: Option<ContentChange>,
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
    /// As its subscription says, if absent.
    pub quota_bytes: Option<i64>,
    pub subscription: Option<SubscriptionId>,
}

/// An organisation has one owner, whom the operator names: nobody else makes a second one by the way.
fn check_owner_is_named_by_the_operator(role: Role, actor: &Actor) -> Result<(), Refusal> {
    if role == Role::Owner && !actor.operates() { Err(Refusal::NotAllowed) } else { Ok(()) }
}

/// Creates an account, invited or active.
///
/// # Errors
/// The refusal, when the actor may not, or the name or address cannot be had.
pub fn create(
    new: NewAccount,
    wanted: &Availability,
    means: &Means,
    actor: &Actor,
    now: Timestamp,
) -> Result<Change, Refusal> {
    if !actor.has(Power::ManageAccounts, new.organisation)
        || (new.role.leads() && !actor.has(Power::EndAccounts, new.organisation))
    {
        return Err(Refusal::NotAllowed);
    }
    check_owner_is_named_by_the_operator(new.role, actor)?;
    check_name(&new.name)?;
    crate::quota::check(new.quota_bytes)?;
    let target = Target::Account(new.id);
    check_available(&new.address, wanted, target)?;
    let subscription = means.wanted.as_ref();
    if let Some(subscription) = subscription {
        billing::check_offer(subscription, means.currency, now)?;
    }
    let mut account = Account {
        id: new.id,
        organisation: new.organisation,
        mailbox: new.mailbox,
        name: new.name,
        address: new.address.clone(),
        role: new.role,
        state: if new.password.is_some() { State::Active } else { State::Invited },
        deactivation: None,
        leaves_at: None,
        legal_hold: None,
        inbound: Inbound::deliver(),
        quota_bytes: new.quota_bytes.or_else(|| subscription.and_then(|on| on.terms.quota_bytes)),
        subscription: new.subscription,
        term: None,
        password: new.password,
        epoch: 0,
        created_at: now,
    };
    means.check_newcomer(billing::seat(&account, subscription))?;
    let mut bill = billing::Bill::new(means);
    bill.begin(&mut account, subscription)?;
    let detail = json!({ "address": account.address, "role": account.role, "state": account.state });
    Ok(Change {
        happening: happening("account.created", &account, detail),
        addresses: vec![AddressChange::Point {
            address: new.address,
            to: target,
            kind: AddressKind::Primary,
        }],
        effects: vec![],
        entries: bill.entries(),
        content: None,
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
        Command::SetPassword { hash } => set_password(account, hash, facts, now),
        Command::Activate => activate(account, facts, now),
        Command::Deactivate { cause, inbound, content } => {
            let content = check_content(account, cause, content, facts, now)?;
            leaving::deactivate(account, cause, inbound, content, facts, now)
        }
        Command::Reactivate => leaving::reactivate(account, facts, actor, now),
        Command::ReactivateFlexibly => flexible::reactivate(account, facts, actor, now),
        Command::Delete { content } => leaving::delete(account, content, facts, actor, now),
        Command::Rename { to } => addresses::rename(account, to, facts, now),
        Command::AddAlias { address } => addresses::add_alias(account, address, facts, now),
        Command::RemoveAlias { address } => addresses::remove_alias(account, address, facts),
        Command::SetInbound { inbound } => set_inbound(account, inbound, facts, now),
        Command::SetRole { role } => set_role(account, role, facts, actor, now),
        Command::SetLeaving { at } => leaving::set_leaving(account, at, facts, actor, now),
        Command::MoveAddress { address, to } => addresses::move_address(account, address, to, facts),
        Command::SetSubscription { to } => {
            billing::set_subscription(account, to, addresses::count_aliases(facts), &facts.means, now)
        }
        Command::Renew => billing::renew(account, &facts.means, now),
        Command::SetName { name } => attributes::set_name(account, name, now),
        Command::SetQuota { quota_bytes } => attributes::set_quota(account, quota_bytes, now),
        Command::SetLegalHold { reason } => attributes::set_legal_hold(account, reason, now),
    }
}

fn power_for(command: &Command) -> Power {
    match command {
        Command::SetPassword { .. }
        | Command::Activate
        | Command::SetInbound { .. }
        | Command::SetName { .. } => Power::ChangeSelf,
        Command::Rename { .. }
        | Command::AddAlias { .. }
        | Command::RemoveAlias { .. }
        | Command::SetQuota { .. }
        // Whoever invites a person back says so; what it needs besides, the group or the invitation asks.
        | Command::ReactivateFlexibly => Power::ManageAccounts,
        Command::Deactivate { .. }
        | Command::Delete { .. }
        | Command::SetRole { .. }
        | Command::SetLeaving { .. }
        | Command::SetLegalHold { .. }
        | Command::MoveAddress { .. } => Power::EndAccounts,
        Command::Reactivate => Power::Reactivate,
        Command::SetSubscription { .. } => Power::Subscribe,
        Command::Renew => Power::Bill,
    }
}

fn happening(kind: &'static str, account: &Account, detail: serde_json::Value) -> Happening {
    Happening { kind, subject: account.id.to_string(), detail }
}

pub(crate) fn changed(account: Account, kind: &'static str, detail: serde_json::Value) -> Change {
    let happening = happening(kind, &account, detail);
    Change { happening, account, addresses: vec![], effects: vec![], entries: vec![], content: None }
}

type Answer = Result<Decision, Refusal>;

fn done(change: Change) -> Answer {
    Ok(Decision::Changed(Box::new(change)))
}

fn set_password(account: &Account, hash: PasswordHash, facts: &Facts, now: Timestamp) -> Answer {
    require(account, Act::ChangeIdentity, now)?;
    let mut next = account.clone();
    next.password = Some(hash);
    next.state = State::Active;
    next.epoch += 1;
    // Who was invited holds a licence already; from now on it is paid for.
    let mut bill = billing::Bill::new(&facts.means);
    bill.begin(&mut next, facts.means.subscription.as_ref())?;
    let mut change =
        changed(next, "account.password_set", json!({ "activates": account.state == State::Invited }));
    change.entries = bill.entries();
    // Whoever was signed in under the old password signs in again.
    change.effects.push(Effect::CutSessions { account: account.id });
    done(change)
}

fn activate(account: &Account, facts: &Facts, now: Timestamp) -> Answer {
    match may(standing(account, now), Act::SignInWithSso) {
        Verdict::Yes => return Ok(Decision::Unchanged),
        Verdict::Activates => {}
        Verdict::No
        | Verdict::WithGrant
        | Verdict::AsInbound
        | Verdict::InvitationOnly
        | Verdict::WithFlexibleLicences => {
            let (act, state) = (Act::SignInWithSso, standing(account, now));
            return Err(Refusal::NotInThisState { act, state });
        }
    }
    let mut next = account.clone();
    next.state = State::Active;
    let mut bill = billing::Bill::new(&facts.means);
    bill.begin(&mut next, facts.means.subscription.as_ref())?;
    let mut change = changed(next, "account.activated", json!({}));
    change.entries = bill.entries();
    done(change)
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
    if account.role == Role::Owner && !actor.operates() {
        return Err(Refusal::OwnerCannotLeave);
    }
    if account.role.leads() && !role.leads() && facts.other_admins == 0 {
        return Err(Refusal::LastCompanyAdmin);
    }
    let mut next = account.clone();
    next.role = role;
    next.epoch += 1;
    billing::check_role(account, &next, &facts.means)?;
    done(changed(next, "account.role_set", json!({ "from": account.role, "to": role })))
}
