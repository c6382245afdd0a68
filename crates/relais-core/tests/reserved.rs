//! Where mail for reserved and for unknown addresses goes: one line for each change of the world and each message (M7).

#[path = "support/directory.rs"]
mod directory;
#[path = "support/people.rs"]
mod people;

use directory::World;
use people::{address, moment};
use relais_core::authority::Role;
use relais_core::ids::{AccountId, MailboxId};
use relais_core::inbound::{Inbound, LocalCopy, Treatment};
use relais_core::lifecycle::{Availability, check_free};
use relais_core::organisation::{DomainKind, Target};
use relais_core::refusal::Refusal;
use relais_core::rights::State;
use relais_core::routing::{Hop, Route, Sender, leads_somewhere, loop_through, resolve};

const NOW: &str = "2026-11-21T09:00:00Z";

fn redirect(to: &str) -> Inbound {
    Inbound::always(Treatment::redirect(address(to), LocalCopy::None)).expect("valid")
}

fn person(number: i64) -> Target {
    Target::Account(AccountId::from_number(number))
}

/// `olga` owns, `anne` and `bruno` work there.
fn company() -> World {
    let mut world = World::default();
    for (number, name) in [(1, "olga"), (2, "anne"), (3, "bruno")] {
        world.account(number, &format!("{name}@bm.com")).name = name.into();
    }
    world.account_mut(1).role = Role::Owner;
    world.shared_mailbox(90, "divers@bm.com");
    world
}

impl World {
    fn account_mut(&mut self, number: i64) -> &mut relais_core::account::Account {
        self.accounts.get_mut(&AccountId::from_number(number)).expect("there")
    }
}

fn went(world: &mut World, message: &str) -> String {
    let (recipient, sender) = match message.strip_suffix(" from nobody") {
        Some(recipient) => (recipient, Sender::Null),
        None => (message, Sender::Someone),
    };
    let Ok(route) = resolve(world, &address(recipient), sender, moment(NOW));
    in_words(world, &route)
}

fn in_words(world: &World, route: &Route) -> String {
    let name = |mailbox: MailboxId| {
        let owner = world.accounts.values().find(|account| account.mailbox == mailbox);
        owner.map_or_else(|| "divers".to_owned(), |account| account.name.clone())
    };
    let mut words: Vec<_> = route.deliveries.iter().map(|delivery| name(delivery.mailbox)).collect();
    words.extend(route.redirects.iter().map(|redirect| format!("{} by {}", redirect.to, redirect.by)));
    words.extend(route.replies.iter().map(|reply| format!("{} from {}", reply.text, reply.from)));
    words.extend(route.refusal.map(|refusal| format!("{refusal:?}")));
    for (_, hop) in &route.trace {
        match hop {
            Hop::Reserved { keeper, .. } => words.push(format!("[{keeper:?}]")),
            Hop::CatchAll { .. } => words.push("[catch-all]".into()),
            Hop::LoopCut { .. } => words.push("[loop cut]".into()),
            Hop::Tag { .. } => words.push("[tag]".into()),
            _ => {}
        }
    }
    words.join(" ")
}

/// A step: how the world changes, and then where messages go.
type Step<'a> = (&'a str, &'a dyn Fn(&mut World), &'a [(&'a str, &'a str)]);

fn check(mut world: World, steps: &[Step<'_>]) {
    for (what, change, messages) in steps {
        change(&mut world);
        for (message, expected) in *messages {
            assert_eq!(went(&mut world, message), *expected, "{what}: {message}");
        }
    }
}

#[test]
fn postmaster_and_support_go_to_the_owner_until_somebody_here_holds_them() {
    check(
        company(),
        &[
            (
                "nobody holds them",
                &|_| {},
                &[
                    ("postmaster@bm.com", "olga [Owner]"),
                    ("POSTMASTER@bm.com", "olga [Owner]"),
                    ("support@bm.com", "olga [Owner]"),
                    ("support+ticket12@bm.com", "olga [Owner]"),
                    ("postmaster@bm.com from nobody", "olga [Owner]"),
                    ("webmaster@bm.com", "Unknown"),
                ],
            ),
            (
                "anne holds it as an alias",
                &|world| {
                    world.point("postmaster@bm.com", Some(person(2)));
                },
                &[
                    ("postmaster@bm.com", "anne"),
                    ("postmaster+x@bm.com", "anne [tag]"),
                    ("support@bm.com", "olga [Owner]"),
                ],
            ),
            (
                "she is deactivated, and her mail redirected",
                &|world| {
                    world.account_mut(2).state = State::Deactivated;
                    world.account_mut(2).inbound = redirect("bruno@bm.com");
                },
                &[("postmaster@bm.com", "olga [Owner]"), ("anne@bm.com", "bruno")],
            ),
            (
                "she is back",
                &|world| {
                    world.account_mut(2).state = State::Active;
                    world.account_mut(2).inbound = Inbound::deliver();
                },
                &[("postmaster@bm.com", "anne")],
            ),
            (
                "her leaving time has come, and nothing has run yet",
                &|world| world.account_mut(2).leaves_at = Some(moment("2026-11-20T00:00:00Z")),
                &[("postmaster@bm.com", "olga [Owner]")],
            ),
            (
                "she is deleted, and the address freed",
                &|world| {
                    world.account_mut(2).state = State::Deleted;
                    world.point("postmaster@bm.com", None);
                },
                &[("postmaster@bm.com", "olga [Owner]"), ("anne@bm.com", "Gone")],
            ),
            (
                "a shared mailbox holds it",
                &|world| {
                    world.point("postmaster@bm.com", Some(Target::SharedMailbox(MailboxId::from_number(90))));
                },
                &[("postmaster@bm.com", "divers")],
            ),
            (
                "freed again; the organisation has another owner",
                &|world| {
                    world.point("postmaster@bm.com", None);
                    world.account_mut(1).role = Role::CompanyAdmin;
                    world.account_mut(3).role = Role::Owner;
                },
                &[("postmaster@bm.com", "bruno [Owner]")],
            ),
            (
                "nobody owns it, and the operator has no address",
                &|world| world.account_mut(3).role = Role::Member,
                &[("postmaster@bm.com", "Gone"), ("support@bm.com", "Unknown"), ("abuse@bm.com", "Unknown")],
            ),
            (
                "the operator has one",
                &|world| world.operator = Some(address("ops@elsewhere.example")),
                &[("postmaster@bm.com", "ops@elsewhere.example by postmaster@bm.com [Operator]")],
            ),
        ],
    );
}

#[test]
fn abuse_goes_to_the_operator_and_on_a_provider_domain_all_three_do() {
    const OUTSIDE: &str = "ops@elsewhere.example by abuse@bm.com [Operator]";
    check(
        company(),
        &[
            (
                "the operator has no address",
                &|_| {},
                &[
                    ("abuse@bm.com", "olga [Owner]"),
                    ("abuse@host.net", "Unknown"),
                    ("postmaster@host.net", "Unknown"),
                    ("abuse@elsewhere.example", "RelayDenied"),
                ],
            ),
            (
                "outside",
                &|world| world.operator = Some(address("ops@elsewhere.example")),
                &[
                    ("abuse@bm.com", OUTSIDE),
                    ("abuse+x@bm.com", OUTSIDE),
                    // A bounce never goes outside; the owner can read it.
                    ("abuse@bm.com from nobody", "olga [Owner]"),
                    ("abuse@host.net from nobody", "Unknown"),
                    ("support@host.net", "ops@elsewhere.example by support@host.net [Operator]"),
                    ("postmaster@bm.com", "olga [Owner]"),
                ],
            ),
            (
                "here",
                &|world| world.operator = Some(address("bruno@bm.com")),
                &[
                    ("abuse@bm.com", "bruno [Operator]"),
                    ("abuse@bm.com from nobody", "bruno [Operator]"),
                    ("postmaster@host.net", "bruno [Operator]"),
                ],
            ),
            (
                "a row that nothing here would make gives nobody the operator's mail",
                &|world| {
                    world.point("abuse@bm.com", Some(person(2)));
                    world.point("postmaster@host.net", Some(person(2)));
                },
                &[("abuse@bm.com", "bruno [Operator]"), ("postmaster@host.net", "bruno [Operator]")],
            ),
            (
                "whoever runs the instance redirects to it: kept where it closes",
                &|world| world.account_mut(3).inbound = redirect("abuse@bm.com"),
                &[
                    ("abuse@bm.com", "bruno [Operator] [loop cut]"),
                    ("bruno@bm.com", "bruno [Operator] [loop cut]"),
                    ("postmaster@host.net", "bruno [Operator] [loop cut]"),
                ],
            ),
            (
                "the operator's address became a reserved one",
                &|world| world.operator = Some(address("abuse@host.net")),
                &[("abuse@bm.com", "Unanswerable [Operator] [loop cut]")],
            ),
        ],
    );
}

#[test]
fn a_catch_all_has_what_was_never_made_and_nothing_else() {
    check(
        company(),
        &[
            ("none", &|_| {}, &[("typo@bm.com", "Unknown")]),
            (
                "an account",
                &|world| {
                    world.catch_all = Some(person(2));
                    world.point("libre@bm.com", None);
                    world.point("libre@removed.example", None);
                },
                &[
                    ("typo@bm.com", "anne [catch-all]"),
                    ("typo+tag@bm.com", "anne [catch-all]"),
                    ("bruno+tag@bm.com", "bruno [tag]"),
                    ("postmaster@bm.com", "olga [Owner]"),
                    ("libre@bm.com", "Gone"),
                    ("libre@removed.example", "RelayDenied"),
                    ("typo@host.net", "Unknown"),
                    ("typo@elsewhere.example", "RelayDenied"),
                ],
            ),
            (
                "who sends it back to an address that was never made",
                &|world| world.account_mut(2).inbound = redirect("autre@bm.com"),
                &[("typo@bm.com", "anne [catch-all] [loop cut]"), ("anne@bm.com", "anne [loop cut]")],
            ),
            (
                "who is deactivated",
                &|world| {
                    world.account_mut(2).state = State::Deactivated;
                    world.account_mut(2).inbound = Inbound::refuse();
                },
                &[("typo@bm.com", "Deactivated [catch-all]")],
            ),
            (
                "who is deleted",
                &|world| world.account_mut(2).state = State::Deleted,
                &[("typo@bm.com", "Unknown")],
            ),
            (
                "a shared mailbox",
                &|world| world.catch_all = Some(Target::SharedMailbox(MailboxId::from_number(90))),
                &[("typo@bm.com", "divers [catch-all]")],
            ),
        ],
    );
}

#[test]
fn a_loop_through_a_reserved_address_or_a_catch_all_is_a_loop() {
    let mut world = company();
    world.catch_all = Some(person(2));
    world.operator = Some(address("bruno@bm.com"));
    for (number, to, closes) in [
        (1, "postmaster@bm.com", true),
        (2, "postmaster@bm.com", false),
        (2, "typo@bm.com", true),
        (3, "abuse@bm.com", true),
        (1, "abuse@bm.com", false),
        (1, "abuse@host.net", false),
    ] {
        let Ok(found) = loop_through(&mut world, person(number), &redirect(to));
        assert_eq!(found.is_some(), closes, "{number} → {to}: {found:?}");
    }
    world.operator = Some(address("abuse@host.net"));
    let Ok(found) = loop_through(&mut world, person(1), &redirect("abuse@bm.com"));
    assert_eq!(found, None, "an operator's address that leads to itself ends");
    for (text, expected) in [
        ("postmaster@bm.com", true),
        ("typo@bm.com", true),
        ("typo@host.net", false),
        ("x@elsewhere.example", true),
    ] {
        let Ok(found) = leads_somewhere(&mut world, &address(text));
        assert_eq!(found, expected, "{text}");
    }
}

/// M7: abuse@ is nobody's; on the operator's domains the other two are not either.
#[test]
fn reserved_addresses_are_created_by_nobody_who_may_not_hold_them() {
    for (text, kind, refused) in [
        ("abuse@bm.com", DomainKind::Own, true),
        ("abuse@host.net", DomainKind::Provider, true),
        ("postmaster@bm.com", DomainKind::Own, false),
        ("support@bm.com", DomainKind::Own, false),
        ("postmaster@host.net", DomainKind::Provider, true),
        ("support@host.net", DomainKind::Provider, true),
        ("supporter@host.net", DomainKind::Provider, false),
    ] {
        let answer = check_free(&address(text), &Availability::Free(kind));
        let expected =
            if refused { Err(Refusal::AddressReserved { address: address(text) }) } else { Ok(()) };
        assert_eq!(answer, expected, "{text}");
    }
    let abuse = address("abuse@elsewhere.example");
    assert_eq!(
        check_free(&abuse, &Availability::NotHosted).map_err(|refusal| refusal.code()),
        Err("address_reserved")
    );
}
