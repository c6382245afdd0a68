//! The departure workflow under trouble: killed anywhere, done twice, held, undone from everywhere.

#[path = "support/world.rs"]
mod world;

use jiff::SignedDuration;
use relais_core::account::{Account, Cause};
use relais_core::departure::{DepartureState, Order, Step};
use relais_core::ids::DepartureId;
use relais_core::inbound::{Inbound, LocalCopy, Treatment};
use relais_core::lifecycle::Command;
use relais_core::organisation::GroupRole;
use relais_core::rights::State;
use world::{Database, OPERATOR, World, address, code, runtime};

const CLIENT: &str = "client@elsewhere.test";

on_both! {
    every_step_may_be_done_twice
    undoing_twice_or_again_changes_nothing
    an_unusable_mailbox_is_waited_for
    held_it_does_nothing_and_resumed_it_goes_on
    a_way_back_that_was_held_stays_a_way_back
    a_successor_who_left_first_holds_it_with_a_sentence
    a_name_taken_meanwhile_holds_it_until_it_is_free
    an_address_given_on_since_is_not_stolen_back
    a_scheduled_departure_is_undone_before_and_after_its_day
    on_a_providers_domain_it_is_undone_too
    held_beyond_the_end_of_its_reply_it_goes_on
    a_later_departure_stands_in_the_way_of_undoing_an_earlier_one
    a_reactivation_that_would_loop_delivers_and_says_so
    another_runner_does_nothing_twice
    groups_without_another_admin_pass_to_the_successor_and_come_back
}

/// Everything a departure may touch of the one who leaves, and of the one who takes over.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    account: serde_json::Value,
    addresses: Vec<String>,
    mail: Vec<String>,
    successor_addresses: Vec<String>,
    successor_mail: Vec<String>,
}

struct Case {
    one: Account,
    cs: Account,
    before: Seen,
}

impl Case {
    async fn new(w: &World) -> Self {
        let one = w.person("user1").await;
        w.alias(one.id, "un").await;
        let cs = w.person("usercs").await;
        assert_eq!(w.deliver(CLIENT, "user1", "avant").await, "ok");
        assert_eq!(w.deliver(CLIENT, "usercs", "à elle").await, "ok");
        w.put(one.mailbox, "Projets.2024", "dossier", "FS");
        w.put(one.mailbox, "Perso", "mes clés", "S");
        let away = Inbound::always(Treatment::reply("En réunion.".into(), LocalCopy::Keep)).unwrap();
        w.set_inbound(one.id, away).await;
        let before = see(w, &one, &cs).await;
        Self { one, cs, before }
    }

    async fn seen(&self, w: &World) -> Seen {
        see(w, &self.one, &self.cs).await
    }
}

async fn see(w: &World, one: &Account, cs: &Account) -> Seen {
    Seen {
        account: w.account_as_json(one.id).await,
        addresses: w.addresses(one.id).await,
        mail: w.listing(one.mailbox),
        successor_addresses: w.addresses(cs.id).await,
        successor_mail: w.listing(cs.mailbox),
    }
}

fn orders(w: &World) -> Vec<Order> {
    let in_days = |days: i64| w.relais.now() + SignedDuration::from_hours(24 * days);
    let to = Some(address("usercs@bm.com"));
    let plain = Order { to: to.clone(), reason: Some("continuité".into()), ..Order::default() };
    vec![
        plain.clone(),
        Order { copy: Some(LocalCopy::Keep), until: Some(in_days(60)), ..plain.clone() },
        Order { shared_mailbox: Some(address("bp@bm.com")), ..plain.clone() },
        Order { reply: Some("Parti.".into()), ..plain.clone() },
        Order { responder: Some("Anciens".into()), ..plain.clone() },
        Order { delete_after: Some(in_days(90)), ..plain },
        Order::default(),
    ]
}

fn to_cs() -> Order {
    Order { to: Some(address("usercs@bm.com")), ..Order::default() }
}

/// As if the process had died between the work of step `index` and its record, on disk and in the table.
async fn forget_from(w: &World, id: DepartureId, steps: Vec<Step>, index: usize) {
    w.write(move |tx| {
        for step in steps[index..].iter().rev() {
            relais_store::departures::forget_step(tx, id, *step)?;
        }
        let now = "2026-11-21T09:00:00Z".parse().unwrap();
        relais_store::departures::set_state(tx, id, DepartureState::Running, None, now)?;
        let done = [i64::try_from(index).unwrap().into(), id.number().into()];
        tx.execute_one("UPDATE departures SET steps_done = $1 WHERE id = $2", &done)
    })
    .await;
}

async fn every_step_may_be_done_twice(w: &mut World) {
    for (number, order) in orders(w).into_iter().filter(|order| order.delete_after.is_none()).enumerate() {
        let one = w.person(&format!("leaver{number}")).await;
        w.alias(one.id, &format!("alias{number}")).await;
        let cs = match w.read(|tx| relais_store::accounts::holding(tx, &address("usercs@bm.com"))).await {
            Some(cs) => cs,
            None => w.person("usercs").await,
        };
        w.deliver(CLIENT, &format!("leaver{number}"), "avant").await;
        let before = (w.account_as_json(one.id).await, w.addresses(one.id).await);
        let cs_before = w.addresses(cs.id).await;
        let departure = w.depart(&one, order.clone()).await;
        assert_eq!(departure.state, DepartureState::Finished, "{order:?}: {:?}", departure.trouble);
        let after = see(w, &one, &cs).await;
        for index in (0..departure.plan.steps.len()).rev() {
            forget_from(w, departure.id, departure.plan.steps.clone(), index).await;
            w.run_until_idle().await;
            let again = w.departure(departure.id).await;
            let step = departure.plan.steps[index];
            assert_eq!(again.state, DepartureState::Finished, "{order:?}, {step:?}: {:?}", again.trouble);
            assert_eq!(see(w, &one, &cs).await, after, "{order:?}, {step:?}");
        }
        // What was done twice is undone once.
        let undone = w.undo(departure.id).await;
        assert_eq!(undone.state, DepartureState::Undone, "{order:?}: {:?}", undone.trouble);
        assert_eq!((w.account_as_json(one.id).await, w.addresses(one.id).await), before, "{order:?}");
        assert_eq!(w.addresses(cs.id).await, cs_before);
    }
}

async fn undoing_twice_or_again_changes_nothing(w: &mut World) {
    let case = Case::new(w).await;
    let departure = w.depart(&case.one, to_cs()).await;
    for _ in 0..2 {
        w.relais.undo_departure(departure.id, OPERATOR).await.unwrap();
    }
    w.run_until_idle().await;
    let events = w.chain().await.events;
    w.undo(departure.id).await;
    assert_eq!(w.chain().await.events, events, "already undone");
    assert_eq!(case.seen(w).await, case.before);
    let refused = w.relais.resume_departure(departure.id, OPERATOR).await.unwrap_err();
    assert_eq!(code(&refused), "departure_over");
    // And the person may leave again.
    assert_eq!(w.depart(&case.one, to_cs()).await.state, DepartureState::Finished);
}

async fn an_unusable_mailbox_is_waited_for(w: &mut World) {
    let case = Case::new(w).await;
    for (broken, step) in [(case.cs.mailbox, Step::HandOverMail), (case.one.mailbox, Step::BackUp)] {
        let id = w.start(&case.one, to_cs()).await.id;
        w.break_mailbox(broken);
        w.run_until_idle().await;
        let stuck = w.departure(id).await;
        assert_eq!((stuck.state, stuck.next_step()), (DepartureState::Running, Some(step)));
        let trouble = stuck.trouble.unwrap();
        assert!(trouble.contains("tentée à nouveau") && !trouble.contains('/'), "{trouble}");
        w.mend_mailbox(broken);
        w.clock.advance(1);
        w.run_until_idle().await;
        w.assert_state(id, DepartureState::Finished).await;
        // The way back meets the same.
        w.relais.undo_departure(id, OPERATOR).await.unwrap();
        w.break_mailbox(broken);
        w.run_until_idle().await;
        w.assert_state(id, DepartureState::Undoing).await;
        w.mend_mailbox(broken);
        w.clock.advance(1);
        w.run_until_idle().await;
        w.assert_state(id, DepartureState::Undone).await;
        assert_eq!(case.seen(w).await, case.before);
    }
}

async fn held_it_does_nothing_and_resumed_it_goes_on(w: &mut World) {
    let case = Case::new(w).await;
    let id = w.start(&case.one, to_cs()).await.id;
    w.relais.hold_departure(id, OPERATOR).await.unwrap();
    w.run_until_idle().await;
    assert_eq!(case.seen(w).await, case.before);
    let twice = w.relais.hold_departure(id, OPERATOR).await.unwrap();
    assert_eq!(twice.state, DepartureState::Held);
    w.relais.resume_departure(id, OPERATOR).await.unwrap();
    let refused = w.relais.resume_departure(id, OPERATOR).await.unwrap_err();
    assert_eq!(code(&refused), "departure_not_held");
    w.run_until_idle().await;
    w.assert_state(id, DepartureState::Finished).await;
    let refused = w.relais.hold_departure(id, OPERATOR).await.unwrap_err();
    assert_eq!(code(&refused), "departure_over");
}

async fn a_way_back_that_was_held_stays_a_way_back(w: &mut World) {
    let case = Case::new(w).await;
    let departure = w.depart(&case.one, to_cs()).await;
    w.relais.undo_departure(departure.id, OPERATOR).await.unwrap();
    w.relais.hold_departure(departure.id, OPERATOR).await.unwrap();
    w.run_until_idle().await;
    let resumed = w.relais.resume_departure(departure.id, OPERATOR).await.unwrap();
    assert_eq!(resumed.state, DepartureState::Undoing);
    w.run_until_idle().await;
    w.assert_state(departure.id, DepartureState::Undone).await;
    assert_eq!(case.seen(w).await, case.before);
}

async fn a_successor_who_left_first_holds_it_with_a_sentence(w: &mut World) {
    let case = Case::new(w).await;
    let on = Some(w.relais.now() + SignedDuration::from_hours(240));
    let id = w.start(&case.one, Order { on, ..to_cs() }).await.id;
    w.command(case.cs.id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
    w.advance_days(10);
    w.run_until_idle().await;
    w.assert_state(id, DepartureState::Held).await;
    let trouble = w.departure(id).await.trouble.unwrap();
    assert!(trouble.contains("usercs@bm.com") && trouble.contains("réactivez"), "{trouble}");
    assert_eq!(w.deliver(CLIENT, "user1", "entre-temps").await, "ok", "nothing is lost meanwhile");
    w.command(case.cs.id, Command::Reactivate).await;
    w.relais.resume_departure(id, OPERATOR).await.unwrap();
    w.run_until_idle().await;
    w.assert_state(id, DepartureState::Finished).await;
    assert_eq!(w.listing(case.cs.mailbox).iter().filter(|line| line.contains("entre-temps")).count(), 1);
}

async fn a_name_taken_meanwhile_holds_it_until_it_is_free(w: &mut World) {
    let case = Case::new(w).await;
    let other = w.person("autre").await;
    let on = Some(w.relais.now() + SignedDuration::from_hours(240));
    let id = w.start(&case.one, Order { on, ..to_cs() }).await.id;
    w.alias(other.id, "user1.bck").await;
    w.advance_days(10);
    w.run_until_idle().await;
    w.assert_state(id, DepartureState::Held).await;
    assert!(w.departure(id).await.trouble.unwrap().contains("user1.bck@bm.com"));
    w.command(other.id, Command::RemoveAlias { address: address("user1.bck@bm.com") }).await;
    w.relais.resume_departure(id, OPERATOR).await.unwrap();
    w.run_until_idle().await;
    w.assert_state(id, DepartureState::Finished).await;
}

async fn an_address_given_on_since_is_not_stolen_back(w: &mut World) {
    let case = Case::new(w).await;
    let other = w.person("autre").await;
    let departure = w.depart(&case.one, to_cs()).await;
    for (name, to) in [("un", other.id), ("user1", other.id)] {
        let to = relais_core::organisation::Target::Account(to);
        let address = address(&format!("{name}@bm.com"));
        w.command(case.cs.id, Command::MoveAddress { address, to }).await;
    }
    let held = w.undo(departure.id).await;
    assert_eq!(held.state, DepartureState::Held, "the primary address is someone else's");
    assert!(held.trouble.unwrap().contains("user1@bm.com"));
    assert_eq!(w.deliver(CLIENT, "user1", "à l'autre").await, "ok");
    assert_eq!(w.listing(other.mailbox), ["INBOX: à l'autre"]);
    w.command(other.id, Command::RemoveAlias { address: address("user1@bm.com") }).await;
    w.relais.resume_departure(departure.id, OPERATOR).await.unwrap();
    w.run_until_idle().await;
    w.assert_state(departure.id, DepartureState::Undone).await;
    assert_eq!(w.addresses(case.one.id).await, ["user1@bm.com Primary"], "without what is another's now");
}

async fn a_scheduled_departure_is_undone_before_and_after_its_day(w: &mut World) {
    let case = Case::new(w).await;
    for days in [5, 15] {
        let on = Some(w.relais.now() + SignedDuration::from_hours(240));
        let id = w.start(&case.one, Order { on, ..to_cs() }).await.id;
        w.advance_days(days);
        assert_eq!(w.undo(id).await.state, DepartureState::Undone);
        assert_eq!(case.seen(w).await, case.before);
    }
}

async fn on_a_providers_domain_it_is_undone_too(w: &mut World) {
    w.provider_domain("host.test").await;
    let one = w.person("user1@host.test").await;
    w.person("usercs").await;
    let before = w.account_as_json(one.id).await;
    let departure = w.depart(&one, to_cs()).await;
    assert_eq!(departure.state, DepartureState::Finished, "{:?}", departure.trouble);
    assert_eq!(
        w.addresses(one.id).await,
        ["user1.bck@host.test Primary", "user1@host.test Alias"],
        "an address of the operator's stays with whom it was given to"
    );
    assert_eq!(w.deliver(CLIENT, "user1@host.test", "après").await, "ok");
    assert_eq!(w.mailbox("usercs").await, ["INBOX: après"]);
    let undone = w.undo(departure.id).await;
    assert_eq!(undone.state, DepartureState::Undone, "{:?}", undone.trouble);
    assert_eq!(w.account_as_json(one.id).await, before);
}

async fn held_beyond_the_end_of_its_reply_it_goes_on(w: &mut World) {
    let case = Case::new(w).await;
    let id = w.start(&case.one, Order::default()).await.id;
    w.relais.hold_departure(id, OPERATOR).await.unwrap();
    w.advance_days(60);
    w.relais.resume_departure(id, OPERATOR).await.unwrap();
    w.run_until_idle().await;
    w.assert_state(id, DepartureState::Finished).await;
    assert_eq!(w.deliver(CLIENT, "user1", "trop tard").await, "5.2.1");
}

async fn a_later_departure_stands_in_the_way_of_undoing_an_earlier_one(w: &mut World) {
    let case = Case::new(w).await;
    let first = w.depart(&case.one, Order::default()).await;
    let second = w.start(&case.one, to_cs()).await;
    let refused = w.relais.undo_departure(first.id, OPERATOR).await.unwrap_err();
    assert_eq!(code(&refused), "departure_in_progress");
    w.run_until_idle().await;
    w.assert_state(second.id, DepartureState::Finished).await;
    // The later one found the account closed and leaves it so.
    w.undo(second.id).await;
    assert_eq!(w.account(case.one.id).await.state, State::Deactivated);
    assert_eq!(w.undo(first.id).await.state, DepartureState::Undone);
    assert_eq!(case.seen(w).await, case.before);
}

async fn a_reactivation_that_would_loop_delivers_and_says_so(w: &mut World) {
    let case = Case::new(w).await;
    let redirect =
        |to: &Account| Inbound::always(Treatment::redirect(to.address.clone(), LocalCopy::None)).unwrap();
    w.set_inbound(case.one.id, redirect(&case.cs)).await;
    let one = w.account(case.one.id).await;
    w.command(one.id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
    w.set_inbound(case.cs.id, redirect(&one)).await;
    let back = w.command(one.id, Command::Reactivate).await;
    assert_eq!((back.state, back.inbound), (State::Active, Inbound::deliver()));
    let organisation = w.organisation;
    let events =
        w.read(move |tx| relais_store::events::page(tx, organisation, &one.id.to_string(), 0, 100)).await;
    let detail = &events.last().unwrap().detail;
    assert_eq!(detail["inbound_not_restored"]["because"], "redirect_loop", "{detail}");
    assert_eq!(w.deliver(CLIENT, "usercs", "sans détour").await, "ok");
    assert!(w.mailbox("user1").await.contains(&"INBOX: sans détour".to_owned()));
}

/// Two processes on one database, of which one was silent for longer than its lease.
async fn another_runner_does_nothing_twice(w: &mut World) {
    let case = Case::new(w).await;
    let group = w.group("tous", &[case.one.id]).await;
    w.relais.set_group_member(group.id, case.cs.id, Some(GroupRole::Admin), OPERATOR).await.unwrap();
    for _ in 0..10 {
        let id = w.start(&case.one, to_cs()).await.id;
        let runners = [w.second("two"), w.second("three"), w.relais.clone()];
        let works: Vec<_> =
            runners.into_iter().map(|relais| tokio::spawn(async move { relais.work_once().await })).collect();
        for work in works {
            work.await.unwrap();
        }
        w.run_until_idle().await;
        w.assert_state(id, DepartureState::Finished).await;
        w.undo(id).await;
        assert_eq!(case.seen(w).await, case.before);
    }
    let kinds = w.kinds_of_events().await;
    for kind in ["account.deactivated", "departure.finished", "departure.undone"] {
        assert_eq!(kinds.iter().filter(|other| *other == kind).count(), 10, "{kind}");
    }
}

/// R16: with the freeze, before its guard; and the way back.
async fn groups_without_another_admin_pass_to_the_successor_and_come_back(w: &mut World) {
    let case = Case::new(w).await;
    let (one, cs) = (case.one.id, case.cs.id);
    let led = w.group("tous", &[cs]).await.id;
    let shared = w.group("equipe", &[]).await.id;
    let other = w.person("autre").await.id;
    for (group, account) in [(led, one), (shared, one), (shared, other)] {
        w.relais.set_group_member(group, account, Some(GroupRole::Admin), OPERATOR).await.unwrap();
    }
    let roles = async |w: &World| {
        let of = move |tx: &mut relais_store::Tx<'_>| {
            let role = |tx: &mut relais_store::Tx<'_>, group| relais_store::groups::role_of(tx, group, cs);
            Ok((role(tx, led)?, role(tx, shared)?))
        };
        w.read(of).await
    };
    let before = roles(w).await;
    assert_eq!(before, (Some(GroupRole::Member), None));
    // Without anyone to follow it is refused as ever, now and for a later day.
    let later = Some(w.relais.now() + SignedDuration::from_hours(48));
    for on in [None, later] {
        let nobody = Order { on, ..Order::default() };
        assert_eq!(w.try_start(&case.one, nobody).await, Err("only_group_admin".to_owned()));
    }
    for order in [Order { on: later, ..to_cs() }, Order { groups_to: to_cs().to, ..Order::default() }] {
        let id = w.start(&case.one, order).await.id;
        if w.departure(id).await.state == DepartureState::Scheduled {
            assert_eq!(roles(w).await, before, "nothing changes before the day");
            w.advance_days(3);
        }
        w.run_until_idle().await;
        w.assert_state(id, DepartureState::Finished).await;
        assert_eq!(roles(w).await, (Some(GroupRole::Admin), None), "only where there was no other");
        let freeze = w.departure(id).await.report_of(Step::Freeze).unwrap().detail.clone();
        assert_eq!(freeze["groups_given"][0]["name"], "tous", "{freeze}");
        w.undo(id).await;
        assert_eq!(roles(w).await, before);
        let leaver = w.read(move |tx| relais_store::groups::role_of(tx, led, one)).await;
        assert_eq!(leaver, Some(GroupRole::Admin), "remembered");
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Killed on its way, it comes to its end.
    Forth,
    /// Killed while the account is deleted, it comes to its end.
    Deletion,
    /// Killed on its way back from the end, it is undone.
    Back,
    /// Killed on its way and undone from there, wherever that was.
    ForthAndBack,
}

/// Killed at one wait in so many, begun elsewhere for each order: it ends as if nothing had been.
fn killed_anywhere(database: Database, course: Course, order: usize, one_in: usize) {
    let (mut polls, mut expected) = (order % one_in, None);
    loop {
        let life = runtime();
        let (mut w, case, id) = life.block_on(async {
            let w = World::new(database).await;
            let case = Case::new(&w).await;
            let id = w.start(&case.one, orders(&w).swap_remove(order)).await.id;
            if course == Course::Deletion {
                w.run_until_idle().await;
                w.advance_days(90);
            }
            if course == Course::Back {
                w.run_until_idle().await;
                w.relais.undo_departure(id, OPERATOR).await.unwrap();
            }
            (w, case, id)
        });
        let ended = w.work_and_die(polls);
        let seen = life.block_on(async {
            if course == Course::ForthAndBack {
                w.relais.undo_departure(id, OPERATOR).await.unwrap();
            }
            w.run_until_idle().await;
            let state = match course {
                Course::Back | Course::ForthAndBack => DepartureState::Undone,
                Course::Forth | Course::Deletion => DepartureState::Finished,
            };
            w.assert_state(id, state).await;
            w.assert_chain_whole().await;
            case.seen(&w).await
        });
        let as_it_should_be = match course {
            Course::Back | Course::ForthAndBack => &case.before,
            Course::Forth | Course::Deletion => expected.get_or_insert(seen.clone()),
        };
        assert_eq!(&seen, as_it_should_be, "order {order} {course:?}, killed after {polls} waits");
        if ended {
            assert!(polls > 10, "it was killed on the way, {polls} times");
            return;
        }
        polls += one_in;
    }
}

macro_rules! killed_anywhere {
    ($($name:ident: $database:ident $course:ident $orders:expr, one in $one_in:literal;)*) => {
        $(
            #[test]
            fn $name() {
                for order in $orders {
                    killed_anywhere(Database::$database, Course::$course, order, $one_in);
                }
            }
        )*
    };
}

killed_anywhere! {
    killed_anywhere_it_ends_as_if_nothing_had_been_on_sqlite: Sqlite Forth [0], one in 3;
    killed_anywhere_it_ends_as_if_nothing_had_been_on_postgresql: Postgres Forth [0, 4], one in 19;
    killed_anywhere_while_it_deletes_it_ends_all_the_same: Sqlite Deletion [5], one in 3;
    killed_anywhere_on_its_way_back_it_is_undone_on_sqlite: Sqlite Back [0], one in 3;
    killed_anywhere_on_its_way_back_it_is_undone_on_postgresql: Postgres Back [0], one in 19;
    every_form_is_undone_from_wherever_it_was: Sqlite ForthAndBack 0..7, one in 13;
}
