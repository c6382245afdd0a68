//! What `decide` answers, one line per event:
//!
//! `state, more about the account | command | actor, facts -> answer # reference rows`
//!
//! The account is `user1@bm.com` with the aliases `alias1@bm.com` (own domain) and `user1@host.net` (the provider's).
//! The answer is a refusal's code, `unchanged`, or `ok` with the state after and everything else that changed, so
//! that a line says all that happens and nothing happens that no line says.

#[path = "support/people.rs"]
mod people;

use people::{account, address, moment};
use relais_core::account::{Account, Cause, Deactivation};
use relais_core::authority::{Actor, Role};
use relais_core::ids::{AccountId, DepartureId, MailboxId, OrganisationId, TokenId};
use relais_core::inbound::{Inbound, LocalCopy, Phase, Treatment};
use relais_core::lifecycle::{
    AddressChange, Availability, Command, Decision, Effect, Facts, NewAccount, create, decide,
};
use relais_core::organisation::{Address, AddressKind, DomainKind, Target};
use relais_core::password::PasswordHash;
use relais_core::refusal::Refusal;
use relais_core::rights::State;
use std::collections::BTreeSet;

const NOW: &str = "2026-11-21T09:00:00Z";
const YESTERDAY: &str = "2026-11-20T09:00:00Z";
const NEXT_MONTH: &str = "2026-12-21T09:00:00Z";

const TABLE: &str = "
# Passwords: M10. A new one ends what was signed in under the old (X3); the first one makes an invited account active.
invited                      | set_password          | by manager       -> ok active epoch cut          # M7
active                       | set_password          | by self          -> ok active epoch cut          # M10 X3
active                       | set_password          | by manager       -> ok active epoch cut          # M10
active                       | set_password          | by admin         -> ok active epoch cut          # M10
active                       | set_password          | by operator      -> ok active epoch cut
active                       | set_password          | by token         -> ok active epoch cut
active                       | set_password          | by departure     -> ok active epoch cut
active                       | set_password          | by member        -> not_allowed
active                       | set_password          | by guest         -> not_allowed
active                       | set_password          | by foreign admin -> not_allowed
active                       | set_password          | by foreign token -> not_allowed
active, leaving passed       | set_password          | by self          -> not_in_this_state            # X5
active, leaving planned      | set_password          | by self          -> ok active epoch cut
deactivated                  | set_password          | by admin         -> not_in_this_state            # R10
deactivated                  | set_password          | by self          -> not_in_this_state            # R3
deleted                      | set_password          | by admin         -> not_in_this_state
# Who may not appoint an admin may not become one by setting an admin's password or redirecting an admin's mail.
active, company admin        | set_password          | by manager       -> not_allowed
active, owner                | set_password          | by manager       -> not_allowed
active, owner                | set_inbound redirect  | by manager       -> not_allowed
active, company admin        | rename new@bm.com     | by manager       -> not_allowed
active, owner                | add_alias new@bm.com  | by manager       -> not_allowed
active, company admin        | remove_alias alias1@bm.com | by manager  -> not_allowed
active, owner                | set_password          | by self          -> ok active epoch cut
active, company admin        | set_password          | by admin         -> ok active epoch cut
active, manager              | set_password          | by manager       -> ok active epoch cut

# Deactivation: M13, R1, R11. All credentials die (X3), mail is refused unless said otherwise.
active                       | deactivate            | by admin         -> ok deactivated epoch cut cause=admin inbound=refuse # M13 R1 R3 X3
invited                      | deactivate            | by admin         -> ok deactivated epoch cut cause=admin inbound=refuse
active                       | deactivate            | by owner         -> ok deactivated epoch cut cause=admin inbound=refuse
active                       | deactivate            | by operator      -> ok deactivated epoch cut cause=admin inbound=refuse
active                       | deactivate            | by token         -> ok deactivated epoch cut cause=admin inbound=refuse
active                       | deactivate by scim    | by token         -> ok deactivated epoch cut cause=scim inbound=refuse  # R17
active                       | deactivate by directory | by operator    -> ok deactivated epoch cut cause=directory inbound=refuse # B16
active                       | deactivate by departure | by departure   -> ok deactivated epoch cut cause=departure inbound=refuse # B1
active                       | deactivate            | by manager       -> not_allowed
active                       | deactivate            | by member        -> not_allowed
active                       | deactivate            | by self          -> not_allowed
active                       | deactivate            | by guest         -> not_allowed
active                       | deactivate            | by foreign admin -> not_allowed
active                       | deactivate            | by foreign token -> not_allowed
active                       | deactivate            | by foreign departure -> not_allowed
active                       | deactivate redirect   | by admin         -> ok deactivated epoch cut cause=admin inbound=redirect # B8
active                       | deactivate reply      | by admin         -> ok deactivated epoch cut cause=admin inbound=reply,refuse # X5 B14
active                       | deactivate past       | by admin         -> inbound_in_the_past          # X5
active                       | deactivate redirect   | by admin, loop   -> redirect_loop
active                       | deactivate redirect   | by admin, nowhere -> redirect_nowhere
active                       | deactivate            | by admin, departure in progress -> ok deactivated epoch cut cause=admin inbound=refuse # B16
active, leaving planned      | deactivate            | by admin         -> ok deactivated epoch cut cause=admin inbound=refuse leaves=never
active, leaving passed       | deactivate by schedule | by operator     -> ok deactivated epoch cut cause=schedule inbound=refuse leaves=never
active, guest                | deactivate            | by admin         -> ok deactivated epoch cut cause=admin inbound=refuse
active, manager              | deactivate            | by admin         -> ok deactivated epoch cut cause=admin inbound=refuse
active, owner                | deactivate            | by admin         -> owner_cannot_leave
active, owner                | deactivate            | by owner, last admin -> owner_cannot_leave
active, owner                | deactivate by directory | by operator    -> owner_cannot_leave           # B16
active, company admin        | deactivate            | by admin         -> revoke_role_first            # R15
active, company admin        | deactivate by scim    | by token         -> revoke_role_first            # R15 R17
active, company admin        | deactivate            | by admin, last admin -> last_company_admin
active, company admin        | deactivate            | by self          -> revoke_role_first
active, company admin, leaving passed | deactivate by schedule | by operator -> revoke_role_first
active                       | deactivate            | by admin, only group admin -> only_group_admin   # R16
invited                      | deactivate            | by admin, only group admin -> only_group_admin   # R16
active                       | deactivate by scim    | by token, only group admin -> only_group_admin   # R16 R17
deleted                      | deactivate            | by admin         -> not_in_this_state
# Again: no second effect, except that a person takes over what a machine did, never the reverse.
deactivated                  | deactivate            | by admin         -> unchanged
deactivated                  | deactivate by scim    | by token         -> unchanged                    # R17
deactivated                  | deactivate by directory | by operator    -> unchanged                    # B16
deactivated by directory     | deactivate by scim    | by token         -> unchanged
deactivated by directory     | deactivate            | by admin         -> ok deactivated cause=admin
deactivated by billing       | deactivate            | by admin         -> ok deactivated cause=admin
deactivated by scim          | deactivate by departure | by departure   -> ok deactivated cause=departure
deactivated by departure     | deactivate            | by admin         -> unchanged
deactivated                  | deactivate redirect   | by admin         -> ok deactivated inbound=redirect # B8
deactivated                  | deactivate reply      | by admin         -> ok deactivated inbound=reply,refuse
deactivated                  | deactivate redirect   | by admin, loop   -> redirect_loop
deactivated                  | deactivate past       | by admin         -> inbound_in_the_past
deactivated, to reply        | deactivate reply      | by admin         -> unchanged
deactivated                  | deactivate            | by manager       -> not_allowed
# What a person decided about the mail is not a machine's to change.
deactivated, to reply        | deactivate redirect by directory | by operator -> unchanged
deactivated by directory     | deactivate redirect by scim | by token   -> ok deactivated inbound=redirect

# Reactivation: M14, R14, R18. Company admins only; back as it was.
deactivated                  | reactivate            | by admin         -> ok active epoch return cause=none inbound=deliver # M14 R14 R18
deactivated, no password     | reactivate            | by admin         -> ok invited epoch return cause=none inbound=deliver
deactivated by directory     | reactivate            | by admin         -> ok active epoch return cause=none inbound=deliver
deactivated                  | reactivate            | by operator      -> ok active epoch return cause=none inbound=deliver
deactivated                  | reactivate            | by token         -> ok active epoch return cause=none inbound=deliver
deactivated                  | reactivate            | by owner         -> ok active epoch return cause=none inbound=deliver
deactivated, was redirect    | reactivate            | by admin         -> ok active epoch return cause=none inbound=redirect # R14
deactivated, was redirect    | reactivate            | by admin, loop   -> ok active epoch return cause=none inbound=deliver
deactivated, was redirect    | reactivate            | by admin, nowhere -> ok active epoch return cause=none inbound=deliver
deactivated                  | reactivate            | by manager       -> not_allowed                  # R18
deactivated                  | reactivate            | by member        -> not_allowed
deactivated                  | reactivate            | by self          -> not_allowed
deactivated                  | reactivate            | by foreign admin -> not_allowed
deactivated                  | reactivate            | by admin, primary lost -> address_taken          # R14
deactivated                  | reactivate            | by admin, departure in progress -> departure_in_progress # X1
deactivated                  | reactivate            | by departure, departure in progress -> ok active epoch return cause=none inbound=deliver # X1
deactivated                  | reactivate            | by foreign departure, departure in progress -> not_allowed
active                       | reactivate            | by admin         -> unchanged
invited                      | reactivate            | by admin         -> unchanged
deleted                      | reactivate            | by admin         -> not_in_this_state            # M15
active, leaving planned      | reactivate            | by admin         -> unchanged
# The time has passed and no workflow ran: the account counts as deactivated, so it can be reactivated.
active, leaving passed       | reactivate            | by admin         -> ok active epoch return leaves=never # X5
active, leaving passed       | reactivate            | by admin, departure in progress -> departure_in_progress

# Deletion: M15, R19. Only what is deactivated; own addresses become free, the provider's are never given again.
deactivated                  | delete                | by admin         -> ok deleted epoch cut remove free=user1@bm.com free=alias1@bm.com retire=user1@host.net anonymous # M15 R19 M12
deactivated                  | delete                | by departure, departure in progress -> ok deleted epoch cut remove free=user1@bm.com free=alias1@bm.com retire=user1@host.net anonymous # B12
deactivated, to reply        | delete                | by admin         -> ok deleted epoch cut remove free=user1@bm.com free=alias1@bm.com retire=user1@host.net inbound=refuse anonymous
deactivated                  | delete                | by admin, departure in progress -> departure_in_progress
deactivated                  | delete                | by manager       -> not_allowed
deactivated                  | delete                | by self          -> not_allowed
deactivated                  | delete                | by foreign token -> not_allowed
active                       | delete                | by admin         -> deactivate_first             # M15
invited                      | delete                | by admin         -> deactivate_first             # M15
active, leaving passed       | delete                | by admin         -> deactivate_first             # M15
active, owner                | delete                | by admin         -> deactivate_first
deleted                      | delete                | by admin         -> unchanged

# Renaming: B5, B6. The old primary address stays as an alias.
active                       | rename new@bm.com     | by admin         -> ok active alias=user1@bm.com primary=new@bm.com # B5 B6
active                       | rename new@bm.com     | by manager       -> ok active alias=user1@bm.com primary=new@bm.com
invited                      | rename new@bm.com     | by manager       -> ok invited alias=user1@bm.com primary=new@bm.com
deactivated                  | rename user1.bck@bm.com | by departure   -> ok deactivated alias=user1@bm.com primary=user1.bck@bm.com # B5
deactivated                  | rename new@bm.com     | by admin, primary lost -> ok deactivated primary=new@bm.com # R14
active                       | rename alias1@bm.com  | by admin, wanted own -> ok active alias=user1@bm.com primary=alias1@bm.com
active                       | rename user1@bm.com   | by admin, wanted own -> unchanged
active                       | rename new@bm.com     | by admin, wanted taken -> address_taken
active                       | rename new@bm.com     | by admin, wanted retired -> address_retired      # M12
active                       | rename new@other.fr   | by admin, wanted not hosted -> domain_not_hosted # M3
active                       | rename abuse@bm.com   | by admin         -> address_reserved             # M7
active                       | rename new@bm.com     | by member        -> not_allowed
active                       | rename new@bm.com     | by self          -> not_allowed
deleted                      | rename new@bm.com     | by admin         -> not_in_this_state

# Aliases: M11, M12.
active                       | add_alias new@bm.com  | by manager       -> ok active alias=new@bm.com   # M11
invited                      | add_alias new@bm.com  | by admin         -> ok invited alias=new@bm.com
deactivated                  | add_alias new@bm.com  | by admin         -> ok deactivated alias=new@bm.com # B6
active                       | add_alias new@bm.com  | by admin, wanted taken -> address_taken
active                       | add_alias new@bm.com  | by admin, wanted retired -> address_retired      # M12
active                       | add_alias new@other.fr | by admin, wanted not hosted -> domain_not_hosted
active                       | add_alias abuse@bm.com | by admin        -> address_reserved             # M7
active                       | add_alias abuse@bm.com | by operator     -> address_reserved             # M7
active                       | add_alias postmaster@bm.com | by admin   -> ok active alias=postmaster@bm.com # M7
active                       | add_alias alias1@bm.com | by admin, wanted own -> unchanged
active                       | add_alias new@bm.com  | by self          -> not_allowed
active                       | add_alias new@bm.com  | by foreign admin -> not_allowed
deleted                      | add_alias new@bm.com  | by admin         -> not_in_this_state
active                       | remove_alias alias1@bm.com | by admin    -> ok active free=alias1@bm.com # M12
active                       | remove_alias alias1@bm.com | by manager  -> ok active free=alias1@bm.com # M12
invited                      | remove_alias alias1@bm.com | by manager  -> ok invited free=alias1@bm.com
deactivated                  | remove_alias alias1@bm.com | by admin    -> ok deactivated free=alias1@bm.com # M12
active                       | remove_alias user1@host.net | by admin   -> address_stays                # M12
active                       | remove_alias user1@host.net | by operator -> address_stays               # M12
active                       | remove_alias user1@bm.com | by admin     -> address_is_primary
active                       | remove_alias other@bm.com | by admin     -> address_not_held
active                       | remove_alias alias1@bm.com | by self     -> not_allowed
deleted                      | remove_alias alias1@bm.com | by admin    -> address_not_held

# Where mail goes: B8, X5.
active                       | set_inbound redirect  | by self          -> ok active inbound=redirect   # B8
active                       | set_inbound reply     | by manager       -> ok active inbound=reply,refuse
active                       | set_inbound deliver   | by self          -> unchanged
active                       | set_inbound past      | by self          -> inbound_in_the_past
active                       | set_inbound redirect  | by self, loop    -> redirect_loop
active                       | set_inbound redirect  | by self, nowhere -> redirect_nowhere
active                       | set_inbound redirect  | by self, loop, nowhere -> redirect_loop
active                       | set_inbound redirect  | by member        -> not_allowed
active                       | set_inbound redirect  | by foreign admin -> not_allowed
invited                      | set_inbound redirect  | by manager       -> ok invited inbound=redirect
deactivated                  | set_inbound redirect  | by admin         -> ok deactivated inbound=redirect # B3
deactivated                  | set_inbound reply     | by departure     -> ok deactivated inbound=reply,refuse # X5
deactivated, to past         | set_inbound past      | by admin         -> unchanged
deleted                      | set_inbound redirect  | by admin         -> not_in_this_state

# Roles: R10, R15. Whoever signed in under the old role signs in again.
active                       | set_role company_admin | by admin        -> ok active epoch role=company_admin
active                       | set_role guest        | by owner         -> ok active epoch role=guest
active                       | set_role member       | by admin         -> unchanged
invited                      | set_role account_manager | by admin      -> ok invited epoch role=account_manager
active                       | set_role company_admin | by self         -> not_allowed
active                       | set_role company_admin | by manager      -> not_allowed
active                       | set_role company_admin | by foreign token -> not_allowed
active                       | set_role owner        | by owner         -> not_allowed
active                       | set_role owner        | by admin         -> not_allowed
active                       | set_role owner        | by token         -> not_allowed
active                       | set_role owner        | by operator      -> ok active epoch role=owner
active, company admin        | set_role member       | by admin         -> ok active epoch role=member  # R15
active, company admin        | set_role member       | by self          -> ok active epoch role=member  # R15
active, company admin        | set_role member       | by admin, last admin -> last_company_admin       # R15
active, company admin        | set_role member       | by operator, last admin -> last_company_admin
active, owner                | set_role member       | by admin         -> owner_cannot_leave
active, owner                | set_role member       | by self          -> owner_cannot_leave
deactivated                  | set_role guest        | by admin         -> not_in_this_state            # R10
active, leaving passed       | set_role guest        | by admin         -> not_in_this_state            # R10
deleted                      | set_role guest        | by admin         -> not_in_this_state

# A planned last day: X5. What would be refused on the day is refused today.
active                       | set_leaving tomorrow  | by admin         -> ok active leaves=tomorrow
invited                      | set_leaving tomorrow  | by admin         -> ok invited leaves=tomorrow
active, leaving planned      | set_leaving tomorrow  | by admin         -> unchanged
active, leaving planned      | set_leaving never     | by admin         -> ok active leaves=never
active                       | set_leaving never     | by admin         -> unchanged
active                       | set_leaving yesterday | by admin         -> date_in_the_past
active                       | set_leaving now       | by admin         -> date_in_the_past
active                       | set_leaving tomorrow  | by manager       -> not_allowed
active                       | set_leaving tomorrow  | by self          -> not_allowed
active, owner                | set_leaving tomorrow  | by admin         -> owner_cannot_leave
active, company admin        | set_leaving tomorrow  | by admin         -> revoke_role_first            # R15
active, company admin        | set_leaving tomorrow  | by admin, last admin -> last_company_admin
active                       | set_leaving tomorrow  | by admin, only group admin -> only_group_admin   # R16
deactivated                  | set_leaving tomorrow  | by admin         -> not_in_this_state
deactivated                  | set_leaving never     | by admin         -> unchanged
deleted                      | set_leaving tomorrow  | by admin         -> not_in_this_state
active, leaving passed       | set_leaving tomorrow  | by admin         -> not_in_this_state
# Taking back a day that has passed reactivates: what was signed in before must not come back to life (X3).
active, leaving passed       | set_leaving never     | by admin         -> ok active epoch return leaves=never # X3
active, leaving passed       | set_leaving never     | by admin, departure in progress -> departure_in_progress
active, leaving passed       | set_leaving yesterday | by admin         -> unchanged

# Giving an address on: B3, B13.
active                       | move alias1@bm.com    | by admin         -> ok active box-2=alias1@bm.com # B4
invited                      | move alias1@bm.com    | by admin         -> ok invited box-2=alias1@bm.com
deactivated                  | move alias1@bm.com    | by departure     -> ok deactivated box-2=alias1@bm.com # B13
deactivated                  | move user1@bm.com     | by admin         -> address_is_primary           # B5 comes first
active                       | move user1@host.net   | by admin         -> address_stays                # M12
active                       | move other@bm.com     | by admin         -> address_not_held
active                       | move alias1@bm.com    | by admin, wanted moved -> unchanged
active                       | move alias1@bm.com to itself | by admin  -> unchanged
active                       | move alias1@bm.com    | by manager       -> not_allowed
active                       | move alias1@bm.com    | by self          -> not_allowed
active                       | move alias1@bm.com    | by foreign departure -> not_allowed
deleted                      | move alias1@bm.com    | by admin         -> address_not_held
";

/// The account before the event.
fn subject(words: &str) -> Account {
    let mut subject = account(1, "user1@bm.com");
    subject.password = Some(PasswordHash::from_phc("$argon2id$old".into()));
    let deactivated = |mut subject: Account, cause| {
        subject.state = State::Deactivated;
        subject.deactivation = Some(Deactivation {
            cause,
            at: moment(YESTERDAY),
            inbound_before: Inbound::deliver(),
            state_before: State::Active,
        });
        subject.inbound = Inbound::refuse();
        subject
    };
    for word in words.split(", ") {
        match word.trim() {
            "active" => {}
            "invited" => {
                subject.state = State::Invited;
                subject.password = None;
            }
            "deactivated" => subject = deactivated(subject, Cause::Admin),
            "deleted" => {
                subject = deactivated(subject, Cause::Admin);
                subject.state = State::Deleted;
                subject.password = None;
                subject.name.clear();
            }
            "no password" => subject.password = None,
            "owner" => subject.role = Role::Owner,
            "company admin" => subject.role = Role::CompanyAdmin,
            "manager" => subject.role = Role::AccountManager,
            "guest" => subject.role = Role::Guest,
            "leaving planned" => subject.leaves_at = Some(day("tomorrow")),
            "leaving passed" => subject.leaves_at = Some(day("yesterday")),
            "to reply" => subject.inbound = inbound("reply"),
            "was redirect" => {
                subject.deactivation.as_mut().expect("deactivated first").inbound_before =
                    inbound("redirect");
            }
            "to past" => subject.inbound = inbound("past"),
            by => {
                let cause = by.strip_prefix("deactivated by ").unwrap_or_else(|| panic!("account: {by}"));
                subject = deactivated(subject, named_cause(cause));
            }
        }
    }
    subject
}

fn named_cause(name: &str) -> Cause {
    serde_json::from_value(name.into()).unwrap_or_else(|error| panic!("cause: {error}"))
}

fn named_role(name: &str) -> Role {
    serde_json::from_value(name.into()).unwrap_or_else(|error| panic!("role: {error}"))
}

fn day(name: &str) -> jiff::Timestamp {
    match name {
        "yesterday" => moment(YESTERDAY),
        "now" => moment(NOW),
        "tomorrow" => moment("2026-11-22T09:00:00Z"),
        other => panic!("day: {other}"),
    }
}

fn inbound(name: &str) -> Inbound {
    let reply = Treatment::reply("J'ai quitté l'organisation.".into(), LocalCopy::None);
    match name {
        "deliver" => Ok(Inbound::deliver()),
        "redirect" => Inbound::always(Treatment::redirect(address("user2@bm.com"), LocalCopy::None)),
        "reply" => Inbound::until_then_refuse(reply, moment(NEXT_MONTH)),
        "past" => Inbound::until_then_refuse(reply, moment(YESTERDAY)),
        other => panic!("inbound: {other}"),
    }
    .expect("a valid inbound")
}

fn command(words: &str) -> Command {
    let (name, rest) = words.trim().split_once(' ').unwrap_or((words.trim(), ""));
    match name {
        "set_password" => Command::SetPassword { hash: PasswordHash::from_phc("$argon2id$new".into()) },
        "deactivate" => {
            let (to, cause) = rest.split_once("by ").unwrap_or((rest, "admin"));
            let to = Some(to.trim()).filter(|to| !to.is_empty());
            Command::Deactivate { cause: named_cause(cause), inbound: to.map(inbound) }
        }
        "reactivate" => Command::Reactivate,
        "delete" => Command::Delete,
        "rename" => Command::Rename { to: address(rest) },
        "add_alias" => Command::AddAlias { address: address(rest) },
        "remove_alias" => Command::RemoveAlias { address: address(rest) },
        "set_inbound" => Command::SetInbound { inbound: inbound(rest) },
        "set_role" => Command::SetRole { role: named_role(rest) },
        "set_leaving" => Command::SetLeaving { at: (rest != "never").then(|| day(rest)) },
        "move" => match rest.strip_suffix(" to itself") {
            Some(held) => Command::MoveAddress {
                address: address(held),
                to: Target::Account(AccountId::from_number(1)),
            },
            None => Command::MoveAddress {
                address: address(rest),
                to: Target::SharedMailbox(MailboxId::from_number(2)),
            },
        },
        other => panic!("command: {other}"),
    }
}

/// A new variant does not compile here until the table has lines for it.
fn name_of(command: &Command) -> &'static str {
    match command {
        Command::SetPassword { .. } => "set_password",
        Command::Deactivate { .. } => "deactivate",
        Command::Reactivate => "reactivate",
        Command::Delete => "delete",
        Command::Rename { .. } => "rename",
        Command::AddAlias { .. } => "add_alias",
        Command::RemoveAlias { .. } => "remove_alias",
        Command::SetInbound { .. } => "set_inbound",
        Command::SetRole { .. } => "set_role",
        Command::SetLeaving { .. } => "set_leaving",
        Command::MoveAddress { .. } => "move",
    }
}

fn actor(name: &str) -> Actor {
    let (name, organisation) = match name.strip_prefix("foreign ") {
        Some(name) => (name, OrganisationId::from_number(2)),
        None => (name, OrganisationId::from_number(1)),
    };
    let person = |number, role| Actor::Account { id: AccountId::from_number(number), organisation, role };
    match name {
        "operator" => Actor::Operator,
        "token" => Actor::Token { id: TokenId::from_number(1), organisation },
        "departure" => Actor::Departure { id: DepartureId::from_number(1), organisation },
        "owner" => person(90, Role::Owner),
        "admin" => person(91, Role::CompanyAdmin),
        "manager" => person(92, Role::AccountManager),
        "member" => person(93, Role::Member),
        "guest" => person(94, Role::Guest),
        other => panic!("actor: {other}"),
    }
}

fn facts(subject: &Account, words: &[&str]) -> Facts {
    let held = |text: &str, kind, domain| Address {
        address: address(text),
        organisation: subject.organisation,
        target: Some(Target::Account(subject.id)),
        kind,
        domain,
        retired: false,
        reply_text: None,
        reply_until: None,
        since: subject.created_at,
    };
    let mut facts = Facts {
        addresses: vec![
            held("user1@bm.com", AddressKind::Primary, DomainKind::Own),
            held("alias1@bm.com", AddressKind::Alias, DomainKind::Own),
            held("user1@host.net", AddressKind::Alias, DomainKind::Provider),
        ],
        other_admins: 1,
        only_admin_of: vec![],
        wanted: Availability::Free(DomainKind::Own),
        loop_through: None,
        redirect_nowhere: None,
        primary_lost: false,
        departure_in_progress: false,
    };
    if subject.state == State::Deleted {
        facts.addresses.clear();
    }
    for word in words {
        match *word {
            "last admin" => facts.other_admins = 0,
            "only group admin" => facts.only_admin_of = vec!["Ventes".into()],
            "departure in progress" => facts.departure_in_progress = true,
            "loop" => facts.loop_through = Some(vec![address("user2@bm.com")]),
            "nowhere" => facts.redirect_nowhere = Some(address("user2@bm.com")),
            "primary lost" => {
                facts.primary_lost = true;
                facts.addresses.remove(0);
            }
            "wanted own" => facts.wanted = Availability::Held(Target::Account(subject.id)),
            "wanted taken" => {
                facts.wanted = Availability::Held(Target::Account(AccountId::from_number(2)));
            }
            "wanted moved" => {
                facts.wanted = Availability::Held(Target::SharedMailbox(MailboxId::from_number(2)));
            }
            "wanted retired" => facts.wanted = Availability::Retired,
            "wanted not hosted" => facts.wanted = Availability::NotHosted,
            other => panic!("fact: {other}"),
        }
    }
    facts
}

fn inbound_name(inbound: &Inbound) -> String {
    let name = |phase: &Phase| match &phase.treatment {
        Treatment::Refuse => "refuse",
        Treatment::Accept { reply: Some(_), .. } => "reply",
        Treatment::Accept { redirect_to, .. } if !redirect_to.is_empty() => "redirect",
        Treatment::Accept { .. } => "deliver",
    };
    inbound.phases().iter().map(name).collect::<Vec<_>>().join(",")
}

/// Everything that a decision changes, in words.
fn answer(before: &Account, result: &Result<Decision, Refusal>) -> String {
    let change = match result {
        Err(refusal) => return refusal.code().to_owned(),
        Ok(Decision::Unchanged) => return "unchanged".to_owned(),
        Ok(Decision::Changed(change)) => change,
    };
    let after = &change.account;
    let mut words = vec!["ok".to_owned(), after.state.as_str().to_owned()];
    assert!(after.epoch == before.epoch || after.epoch == before.epoch + 1);
    if after.epoch > before.epoch {
        words.push("epoch".into());
    }
    for effect in &change.effects {
        words.push(match effect {
            Effect::CutSessions { account } if *account == before.id => "cut".into(),
            Effect::RemoveMailbox { mailbox } if *mailbox == before.mailbox => "remove".into(),
            Effect::ReturnMailbox { account, mailbox }
                if *account == before.id && *mailbox == before.mailbox =>
            {
                "return".into()
            }
            Effect::CutSessions { .. }
            | Effect::ReturnMailbox { .. }
            | Effect::RemoveMailbox { .. }
            | Effect::ShareMailbox { .. } => format!("{effect:?}"),
        });
    }
    for address in &change.addresses {
        words.push(match address {
            AddressChange::Point { address, to, kind } if *to == Target::Account(before.id) => match kind {
                AddressKind::Primary => format!("primary={address}"),
                AddressKind::Alias => format!("alias={address}"),
            },
            AddressChange::Point { address, to: Target::SharedMailbox(id), kind: AddressKind::Alias } => {
                format!("{}={address}", id.to_string().replace("0000000000002", "2"))
            }
            AddressChange::Point { .. } => format!("{address:?}"),
            AddressChange::Free { address } => format!("free={address}"),
            AddressChange::Retire { address } => format!("retire={address}"),
        });
    }
    if after.role != before.role {
        words.push(format!("role={}", after.role.as_str()));
    }
    let cause = |account: &Account| account.deactivation.as_ref().map(|why| format!("{:?}", why.cause));
    if cause(after) != cause(before) {
        words.push(format!("cause={}", cause(after).unwrap_or("none".into()).to_lowercase()));
    }
    if after.inbound != before.inbound {
        words.push(format!("inbound={}", inbound_name(&after.inbound)));
    }
    if after.leaves_at != before.leaves_at {
        words.push(format!("leaves={}", after.leaves_at.map_or("never", |_| "tomorrow")));
    }
    if after.name != before.name {
        words.push(if after.name.is_empty() { "anonymous".into() } else { after.name.clone() });
    }
    assert_eq!(change.happening.subject, before.id.to_string(), "an event names whom it happened to");
    words.join(" ")
}

struct Line<'t> {
    text: &'t str,
    account: &'t str,
    command: &'t str,
    actor: &'t str,
    facts: Vec<&'t str>,
    expected: &'t str,
}

fn lines() -> impl Iterator<Item = Line<'static>> {
    let table = TABLE.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    table.map(|text| {
        let read = || {
            let (event, expected) = text.split_once(" -> ")?;
            let (account, rest) = event.split_once(" | ")?;
            let (command, who) = rest.split_once(" | ")?;
            let mut who = who.trim().strip_prefix("by ")?.split(", ");
            let expected = expected.split_once(" #").map_or(expected, |(expected, _)| expected).trim();
            Some(Line { text, account, command, actor: who.next()?, facts: who.collect(), expected })
        };
        read().unwrap_or_else(|| panic!("not a line of the table: {text}"))
    })
}

#[test]
fn every_event_of_the_table_has_the_answer_that_stands_there() {
    let mut wrong = Vec::new();
    for line in lines() {
        let subject = subject(line.account);
        let who = if line.actor == "self" {
            Actor::Account { id: subject.id, organisation: subject.organisation, role: subject.role }
        } else {
            actor(line.actor)
        };
        let facts = facts(&subject, &line.facts);
        let result = decide(&subject, command(line.command), &facts, &who, moment(NOW));
        let got = answer(&subject, &result);
        if got != line.expected {
            wrong.push(format!("{}\n    got {got}", line.text));
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_table_has_every_command_in_every_state() {
    let seen: BTreeSet<_> =
        lines().map(|line| (name_of(&command(line.command)), subject(line.account).state.as_str())).collect();
    for name in [
        "set_password",
        "deactivate",
        "reactivate",
        "delete",
        "rename",
        "add_alias",
        "remove_alias",
        "set_inbound",
        "set_role",
        "set_leaving",
        "move",
    ] {
        for state in State::ALL {
            assert!(seen.contains(&(name, state.as_str())), "no line for {name} × {}", state.as_str());
        }
    }
}

/// R14: permissions, and where mail went, are as they were.
#[test]
fn reactivation_gives_back_the_inbound_that_deactivation_took() {
    let mut before = subject("active");
    before.inbound = inbound("redirect");
    let facts = facts(&before, &[]);
    let run =
        |account: &Account, command| match decide(account, command, &facts, &actor("admin"), moment(NOW)) {
            Ok(Decision::Changed(change)) => change.account,
            other => panic!("{other:?}"),
        };
    let closed = run(&before, Command::Deactivate { cause: Cause::Admin, inbound: None });
    let closed = run(&closed, Command::SetInbound { inbound: inbound("reply") });
    let after = run(&closed, Command::Reactivate);
    assert_eq!(after, Account { epoch: before.epoch + 2, ..before });
}

/// A tombstone holds evidence and no personal data: neither the name, nor the password, nor what was answered or
/// where mail was sent before.
#[test]
fn a_deleted_account_keeps_no_text_and_no_destination() {
    let mut before = subject("deactivated, to reply");
    if let Some(why) = &mut before.deactivation {
        why.inbound_before = inbound("redirect");
    }
    let facts = facts(&before, &[]);
    let Ok(Decision::Changed(change)) =
        decide(&before, Command::Delete, &facts, &actor("admin"), moment(NOW))
    else {
        panic!("refused");
    };
    let kept = serde_json::to_string(&change.account).expect("accounts serialise");
    assert!(
        !kept.contains("user2@bm.com") && !kept.contains("quitté") && !kept.contains("Personne"),
        "{kept}"
    );
    assert_eq!(change.account.password, None);
    assert_eq!(change.account.deactivation.map(|why| why.cause), Some(Cause::Admin), "the evidence stays");
}

const CREATION: &str = "
by manager       | member          | with password    | free       -> active      # M7
by manager       | member          | without password | free       -> invited     # M7
by manager       | account_manager | with password    | free       -> active
by manager       | company_admin   | with password    | free       -> not_allowed
by manager       | owner           | with password    | free       -> not_allowed
by admin         | company_admin   | with password    | free       -> active
by token         | member          | without password | free       -> invited
by admin         | owner           | with password    | free       -> not_allowed
by token         | owner           | with password    | free       -> not_allowed
by operator      | owner           | with password    | free       -> active
by member        | guest           | with password    | free       -> not_allowed
by foreign admin | member          | with password    | free       -> not_allowed
by foreign token | member          | with password    | free       -> not_allowed
by admin         | member          | with password    | taken      -> address_taken
by admin         | member          | with password    | retired    -> address_retired # M12
by admin         | member          | with password    | not hosted -> domain_not_hosted # M3
by operator      | member          | with password    | abuse      -> address_reserved # M7
by admin         | member          | with password    | nameless   -> name_invalid
";

#[test]
fn every_creation_of_the_table_has_the_answer_that_stands_there() {
    for text in CREATION.lines().filter(|line| !line.is_empty()) {
        let (event, expected) = text.split_once(" -> ").expect(text);
        let expected = expected.split_once(" #").map_or(expected, |(expected, _)| expected).trim();
        let words: Vec<_> = event.split('|').map(str::trim).collect();
        let [by, role, password, wanted] = words[..] else { panic!("{text}") };
        let other = Target::Account(AccountId::from_number(2));
        let new = NewAccount {
            id: AccountId::from_number(1),
            mailbox: MailboxId::from_number(1),
            organisation: OrganisationId::from_number(1),
            name: if wanted == "nameless" { " \t".into() } else { "Anne Martin".into() },
            address: address(if wanted == "abuse" { "Abuse@bm.com" } else { "anne@bm.com" }),
            role: named_role(role),
            password: (password == "with password").then(|| PasswordHash::from_phc("$argon2id$".into())),
            quota_bytes: None,
        };
        let wanted = match wanted {
            "free" | "abuse" | "nameless" => Availability::Free(DomainKind::Own),
            "taken" => Availability::Held(other),
            "retired" => Availability::Retired,
            "not hosted" => Availability::NotHosted,
            word => panic!("{word}"),
        };
        let by = actor(by.strip_prefix("by ").expect(text));
        let got = match create(new, &wanted, &by, moment(NOW)) {
            Ok(change) => change.account.state.as_str(),
            Err(refusal) => refusal.code(),
        };
        assert_eq!(got, expected, "{text}");
    }
}
