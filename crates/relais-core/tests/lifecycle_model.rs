//! Random commands on one organisation, applied as `decide` says, beside a small model that knows no type of the core:
//! both must agree on every answer, state and holder of an address, and what must never be never is.

#[path = "support/directory.rs"]
mod directory;
#[path = "support/people.rs"]
mod people;
#[path = "support/small_model.rs"]
mod small_model;

use directory::{ORGANISATION, World};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use people::{address, moment};
use proptest::prelude::*;
use relais_core::account::{Account, Cause};
use relais_core::authority::{Actor, Role};
use relais_core::content::Owned;
use relais_core::ids::{AccountId, DepartureId, MailboxId, OrganisationId};
use relais_core::inbound::{Inbound, LocalCopy, Treatment};
use relais_core::lifecycle::{
    AddressChange, Availability, Change, Command, Decision, Facts, Means, NewAccount, create, decide,
};
use relais_core::organisation::{Address, AddressKind, DomainKind, Target};
use relais_core::password::PasswordHash;
use relais_core::refusal::Refusal;
use relais_core::rights::{Act, State, Verdict, may, standing};
use relais_core::routing::loop_through;
use small_model::*;
use std::collections::BTreeSet;

fn day(days: i64) -> Timestamp {
    moment("2026-11-21T09:00:00Z") + SignedDuration::from_hours(24 * days)
}

fn inbound(mail: Mail) -> Inbound {
    match mail {
        Mail::Deliver => Inbound::deliver(),
        Mail::Refuse => Inbound::refuse(),
        Mail::Redirect(to) => {
            Inbound::always(Treatment::redirect(address(to), LocalCopy::None)).expect("valid")
        }
        Mail::Reply(until) => {
            let reply = Treatment::reply("parti".into(), LocalCopy::None);
            Inbound::until_then_refuse(reply, day(until)).expect("valid")
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------
// The real thing: facts as the application would gather them, changes as the store would apply them.

fn actor(who: Who, on: Option<&Account>) -> Actor {
    let organisation = OrganisationId::from_number(if who == Who::Stranger { 2 } else { ORGANISATION });
    let person = |number, role| Actor::Account { id: AccountId::from_number(number), organisation, role };
    match (who, on) {
        (Who::Operator, _) => Actor::Operator,
        (Who::Departure, _) => Actor::Departure { id: DepartureId::from_number(1), organisation },
        (Who::Admin | Who::Stranger, _) => person(900, Role::CompanyAdmin),
        (Who::Manager, _) => person(901, Role::AccountManager),
        (Who::Member, _) | (Who::Oneself, None) => person(902, Role::Member),
        (Who::Oneself, Some(account)) => person(account.id.number(), account.role),
    }
}

fn target(number: i64) -> Target {
    if number == SHARED {
        Target::SharedMailbox(MailboxId::from_number(SHARED))
    } else {
        Target::Account(AccountId::from_number(number))
    }
}

fn command(ask: Ask) -> Command {
    match ask {
        Ask::SetPassword => Command::SetPassword { hash: PasswordHash::from_phc("$argon2id$".into()) },
        Ask::Deactivate { cause, mail } => {
            Command::Deactivate { cause, inbound: mail.map(inbound), content: None }
        }
        Ask::Reactivate => Command::Reactivate,
        Ask::Delete => Command::Delete { content: None },
        Ask::Rename(name) => Command::Rename { to: address(name) },
        Ask::AddAlias(name) => Command::AddAlias { address: address(name) },
        Ask::RemoveAlias(name) => Command::RemoveAlias { address: address(name) },
        Ask::SetMail(mail) => Command::SetInbound { inbound: inbound(mail) },
        Ask::SetRole(role) => Command::SetRole { role },
        Ask::SetLeaving(at) => Command::SetLeaving { at: at.map(day) },
        Ask::Move(name, to) => Command::MoveAddress { address: address(name), to: target(to) },
    }
}

fn availability(world: &World, name: &str) -> Availability {
    let kind = match address(name).domain() {
        "bm.com" => DomainKind::Own,
        "host.net" => DomainKind::Provider,
        _ => return Availability::NotHosted,
    };
    match world.addresses.get(&address(name)) {
        Some(Address { retired: true, .. }) => Availability::Retired,
        Some(Address { target: Some(holder), .. }) => Availability::Held(*holder),
        Some(_) | None => Availability::Free(kind),
    }
}

fn facts(world: &mut World, on: &Account, ask: Ask, departing: bool, now: Timestamp) -> Facts {
    let own = Target::Account(on.id);
    let wanted = match ask {
        Ask::Rename(name) | Ask::AddAlias(name) | Ask::RemoveAlias(name) | Ask::Move(name, _) => name,
        Ask::SetPassword
        | Ask::Deactivate { .. }
        | Ask::Reactivate
        | Ask::Delete
        | Ask::SetMail(_)
        | Ask::SetRole(_)
        | Ask::SetLeaving(_) => "unasked@bm.com",
    };
    let new = if let Ask::SetMail(mail) | Ask::Deactivate { mail: Some(mail), .. } = ask {
        Some(inbound(mail))
    } else {
        None
    };
    let leads = |account: &&Account| matches!(account.role, Role::Owner | Role::CompanyAdmin);
    let stands = |account: &Account| standing(account, now);
    let others = world.accounts.values().filter(|other| other.id != on.id);
    let other_admins = others.filter(leads).filter(|other| stands(other) == State::Active).count();
    let is_admin = |number: i64| GROUP_ADMINS.contains(&number);
    let left = world.accounts.values().any(|other| {
        is_admin(other.id.number())
            && other.id != on.id
            && matches!(stands(other), State::Active | State::Invited)
    });
    let nowhere = new.as_ref().and_then(|inbound| {
        let mut targets = inbound.redirect_targets();
        targets
            .find(|to| {
                to.domain() != "other.fr" && world.addresses.get(to).and_then(|held| held.target).is_none()
            })
            .cloned()
    });
    let loops = new.as_ref().and_then(|inbound| {
        let Ok(path) = loop_through(world, own, inbound);
        path
    });
    Facts {
        addresses: world.addresses.values().filter(|held| held.target == Some(own)).cloned().collect(),
        other_admins: u64::try_from(other_admins).expect("few"),
        only_admin_of: if is_admin(on.id.number()) && !left { vec!["Ventes".into()] } else { vec![] },
        wanted: availability(world, wanted),
        loop_through: loops,
        redirect_nowhere: nowhere,
        primary_lost: world
            .addresses
            .get(&on.address)
            .is_some_and(|held| held.target.is_some_and(|holder| holder != own)),
        departure_in_progress: departing,
        // Whatever day it was closed on: what a deletion asks of backups is in the table.
        backed_up_at: Some(Timestamp::MAX),
        means: Means::none(Date::ZERO),
        owned: Owned::default(),
        policy_heir: None,
        heir: None,
    }
}

/// Applies a change, and holds that it touches no one else's address and no address twice.
fn apply(world: &mut World, change: Change) {
    let own = Target::Account(change.account.id);
    let mut touched = BTreeSet::new();
    for address_change in change.addresses {
        let (at, next, kind, retires) = match address_change {
            AddressChange::Point { address, to, kind } => (address, Some(to), kind, false),
            AddressChange::Free { address } => (address, None, AddressKind::Alias, false),
            AddressChange::Retire { address } => (address, None, AddressKind::Alias, true),
        };
        assert!(touched.insert(at.clone()), "{at} changes twice");
        let held = world.addresses.get(&at);
        assert!(
            held.is_none_or(|held| held.target.is_none_or(|holder| holder == own)),
            "{at} is someone else's"
        );
        assert!(held.is_none_or(|held| !held.retired), "{at} was retired for ever");
        let held = world.point(at.as_str(), next);
        held.kind = kind;
        held.retired = retires;
        if at.domain() == "host.net" {
            held.domain = DomainKind::Provider;
        }
    }
    world.accounts.insert(change.account.id, change.account);
}

fn outcome(result: &Result<Decision, Refusal>) -> Answer {
    match result {
        Ok(Decision::Changed(_)) => Answer::Changed,
        Ok(Decision::Unchanged) => Answer::Unchanged,
        Err(_) => Answer::Refused,
    }
}

fn agree(world: &World, model: &Model) -> Result<(), TestCaseError> {
    let now = day(model.today);
    for (number, person) in &model.people {
        let account = &world.accounts[&AccountId::from_number(*number)];
        prop_assert_eq!(account.state, person.state);
        prop_assert_eq!(account.role, person.role);
        prop_assert_eq!(account.password.is_some(), person.password);
        prop_assert_eq!(account.leaves_at, person.leaves.map(day));
        prop_assert_eq!(&account.inbound, &inbound(person.mail));
        prop_assert_eq!(account.address.as_str(), person.primary);
        prop_assert_eq!(account.epoch, person.deaths, "every credential dies exactly when it must");
        prop_assert_eq!(account.deactivation.as_ref().map(|why| why.cause), person.cause);
        // R3, X3: closed means closed, at the hour it was planned for.
        let opens = may(standing(account, now), Act::SignInWithPassword) == Verdict::Yes;
        prop_assert_eq!(opens, person.state == State::Active && model.is_open(person));

        let own = Some(Target::Account(account.id));
        let held: Vec<_> = world.addresses.values().filter(|held| held.target == own).collect();
        if account.state == State::Deleted {
            prop_assert!(held.is_empty(), "a deleted account holds {:?}", held);
        } else {
            let primary: Vec<_> = held.iter().filter(|held| held.kind == AddressKind::Primary).collect();
            prop_assert_eq!(primary.len(), 1);
            prop_assert_eq!(&primary[0].address, &account.address);
        }
    }
    for name in NAMES {
        let held = world.addresses.get(&address(name));
        prop_assert_eq!(
            held.and_then(|held| held.target),
            model.holders.get(name).map(|holder| target(*holder)),
            "{}",
            name
        );
        prop_assert_eq!(held.is_some_and(|held| held.retired), model.retired.contains(name), "M12: {}", name);
    }
    Ok(())
}

fn take(world: &mut World, model: &mut Model, step: Step) -> Result<(), TestCaseError> {
    let now = day(model.today);
    match step {
        Step::Wait { days } => model.today += days,
        Step::Departure { on, begins } => {
            if let Some(person) = model.people.get_mut(&on) {
                person.departing = begins;
            }
        }
        Step::Create { name, role, password, who } => {
            let number = i64::try_from(world.accounts.len()).expect("few");
            if number == ACCOUNTS_MAX {
                return Ok(());
            }
            let new = NewAccount {
                id: AccountId::from_number(number),
                mailbox: MailboxId::from_number(number),
                organisation: OrganisationId::from_number(ORGANISATION),
                name: "Quelqu'un".into(),
                address: address(name),
                role,
                password: password.then(|| PasswordHash::from_phc("$argon2id$".into())),
                quota_bytes: None,
                subscription: None,
            };
            let result =
                create(new, &availability(world, name), &Means::none(Date::ZERO), &actor(who, None), now);
            let expected = model.create(name, role, password, who);
            prop_assert_eq!(result.is_ok(), expected == Answer::Changed, "{:?}", result);
            if let Ok(change) = result {
                apply(world, change);
            }
        }
        Step::Ask { on, ask, who } => {
            let Some(person) = model.people.get(&on) else { return Ok(()) };
            let departing = person.departing;
            // The application refuses targets that are not there; so does this test.
            let is_there = |to| model.people.get(&to).is_some_and(|person| person.state != State::Deleted);
            let ask = if let Ask::Move(name, to) = ask {
                Ask::Move(name, if to == on || is_there(to) { to } else { SHARED })
            } else if let Ask::SetLeaving(Some(days)) = ask {
                Ask::SetLeaving(Some(model.today + days))
            } else {
                ask
            };
            let id = AccountId::from_number(on);
            let before = world.accounts[&id].clone();
            let by = actor(who, Some(&before));
            let known = facts(world, &before, ask, departing, now);
            let result = decide(&before, command(ask), &known, &by, now);
            let expected = model.ask(on, ask, who);
            prop_assert_eq!(
                outcome(&result),
                expected,
                "{:?} by {:?} on {:?}: {:?}",
                ask,
                who,
                before,
                result
            );
            if let Ok(Decision::Changed(change)) = result {
                prop_assert!(change.account.id == before.id && change.account.mailbox == before.mailbox);
                apply(world, *change);
                let after = world.accounts[&id].clone();
                let again = facts(world, &after, ask, departing, now);
                let again = decide(&after, command(ask), &again, &by, now);
                let repeats = matches!(ask, Ask::SetPassword);
                prop_assert!(repeats || outcome(&again) != Answer::Changed, "{:?} has a second effect", ask);
            }
        }
    }
    Ok(())
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || proptest::sample::select(&NAMES[..]);
    let number = || 0..ACCOUNTS_MAX;
    let soon = || 0..12_i64;
    let mail = || {
        prop_oneof![
            Just(Mail::Deliver),
            Just(Mail::Refuse),
            name().prop_map(Mail::Redirect),
            soon().prop_map(Mail::Reply)
        ]
    };
    let role = || {
        proptest::sample::select(vec![
            Role::Owner,
            Role::CompanyAdmin,
            Role::AccountManager,
            Role::Member,
            Role::Guest,
        ])
    };
    let cause = proptest::sample::select(vec![
        Cause::Admin,
        Cause::Directory,
        Cause::Scim,
        Cause::Departure,
        Cause::Billing,
        Cause::Schedule,
    ]);
    let who = || {
        prop_oneof![
            6 => Just(Who::Admin),
            1 => Just(Who::Operator),
            1 => Just(Who::Manager),
            1 => Just(Who::Member),
            1 => Just(Who::Stranger),
            1 => Just(Who::Departure),
            1 => Just(Who::Oneself),
        ]
    };
    let ask = prop_oneof![
        1 => Just(Ask::SetPassword),
        3 => (cause, proptest::option::of(mail())).prop_map(|(cause, mail)| Ask::Deactivate { cause, mail }),
        2 => Just(Ask::Reactivate),
        2 => Just(Ask::Delete),
        2 => name().prop_map(Ask::Rename),
        3 => name().prop_map(Ask::AddAlias),
        1 => name().prop_map(Ask::RemoveAlias),
        3 => mail().prop_map(Ask::SetMail),
        2 => role().prop_map(Ask::SetRole),
        4 => proptest::option::of(-1..4_i64).prop_map(Ask::SetLeaving),
        2 => (name(), number()).prop_map(|(name, to)| Ask::Move(name, to)),
    ];
    let create = (name(), role(), any::<bool>(), who())
        .prop_map(|(name, role, password, who)| Step::Create { name, role, password, who });
    let step = prop_oneof![
        3 => create,
        12 => (number(), ask, who()).prop_map(|(on, ask, who)| Step::Ask { on, ask, who }),
        2 => (1..3_i64).prop_map(|days| Step::Wait { days }),
        1 => (number(), any::<bool>()).prop_map(|(on, begins)| Step::Departure { on, begins }),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_rules_and_the_model_agree_whatever_is_commanded(
        role in proptest::sample::select(vec![Role::Owner, Role::CompanyAdmin]),
        steps in steps(),
    ) {
        let mut world = World::default();
        world.shared_mailbox(SHARED, "shared@bm.com");
        let mut model = Model::default();
        model.holders.insert("shared@bm.com", SHARED);
        // Someone leads from the beginning.
        let first = world.account(0, "first@bm.com");
        first.role = role;
        first.password = Some(PasswordHash::from_phc("$argon2id$".into()));
        prop_assert_eq!(model.create("first@bm.com", role, true, Who::Operator), Answer::Changed);
        for step in steps {
            take(&mut world, &mut model, step)?;
            agree(&world, &model)?;
        }
    }
}
