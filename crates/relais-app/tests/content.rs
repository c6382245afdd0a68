//! Content of accounts on a whole Relais: given away with calendars and address books, given back, given on by a departure,
//! erased with an account; and what a deactivation leaves as it was.

#[path = "support/world.rs"]
mod world;

use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use relais_app::{ReassignRequest, SaidItem, SaidShare};
use relais_core::account::{Account, Cause};
use relais_core::authority::Role;
use relais_core::backup::Scope;
use relais_core::collection::{Share, ShareRight, Sharee};
use relais_core::content::{ContentFate, ContentKind, Selection};
use relais_core::departure::{ContentChoice, DepartureState, Order, Step};
use relais_core::ids::{AccountId, ApplicationId, OrganisationId, ShareId};
use relais_core::lifecycle::Command;
use relais_core::organisation::GroupRole;
use relais_store::content::{self, erasing};
use relais_store::{collections, groups};
use world::{OPERATOR, World, address};

on_both! {
    everything_is_given_with_its_calendars_and_given_back
    a_deleted_accounts_calendars_lie_with_whom_they_were_given_to
    nobody_is_deleted_with_a_calendar_that_nobody_thought_of
    a_departure_gives_content_to_the_successor_and_takes_it_back
    a_departure_that_deletes_leaves_no_content_behind
    r14_whoever_comes_back_finds_everything_as_it_was
}

const KINDS: [ContentKind; 4] = ContentKind::OF_APPLICATIONS;

async fn connected(w: &World) -> (ApplicationId, OrganisationId) {
    let made = w.relais.connect_application(w.organisation, "Tableaux".into(), None, OPERATOR).await;
    (made.unwrap().application.id, w.organisation)
}

fn said(name: &str, kind: ContentKind, owner: &Account) -> SaidItem {
    SaidItem {
        external_id: name.to_owned(),
        kind,
        title: name.to_owned(),
        owner: owner.id.to_string(),
        parent: None,
        url: None,
        shares: None,
    }
}

async fn register(w: &World, application: (ApplicationId, OrganisationId), items: Vec<SaidItem>) {
    for item in w.relais.register_content(items, application).await.unwrap() {
        assert!(item.outcome.is_ok(), "{item:?}");
    }
}

async fn owned(w: &World, owner: AccountId) -> Vec<String> {
    let items = w.read(move |tx| content::of_owner(tx, owner, None, None, 1000)).await;
    items.into_iter().map(|item| item.external_id.to_string()).collect()
}

fn event(uid: &str) -> String {
    let text = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//EN\nBEGIN:VEVENT\nUID:{uid}\nDTSTART:20270115T090000Z\n\
         DTEND:20270115T100000Z\nDTSTAMP:20261101T000000Z\nSUMMARY:{uid}\nEND:VEVENT\nEND:VCALENDAR\n"
    );
    text.replace('\n', "\r\n")
}

async fn share_calendar(w: &World, number: i64, owner: &Account, name: &str, with: Sharee) {
    let share = Share {
        id: ShareId::from_number(number),
        owner: owner.id,
        collection: name.parse().unwrap(),
        with,
        right: ShareRight::Read,
        created_at: w.relais.now(),
    };
    w.write(move |tx| collections::share(tx, &share).map(drop)).await;
}

async fn calendar_shares(w: &World, owner: AccountId) -> Vec<(String, Sharee)> {
    let shares = w.read(move |tx| collections::shares_of_owner(tx, owner)).await;
    shares.into_iter().map(|share| (share.collection.to_string(), share.with)).collect()
}

struct Case {
    application: (ApplicationId, OrganisationId),
    one: Account,
    two: Account,
    three: Account,
}

impl Case {
    async fn new(w: &World) -> Self {
        let application = connected(w).await;
        let (one, two, three) = (w.person("user1").await, w.person("user2").await, w.person("user3").await);
        let mut board = said("board", ContentKind::Board, &one);
        board.parent = Some("project".into());
        board.shares = Some(vec![SaidShare { with: three.id.to_string(), right: ShareRight::Write }]);
        register(w, application, vec![said("project", ContentKind::Project, &one), board]).await;
        w.put_item(one.id, "calendar", "m.ics", &event("m"));
        w.put_item(one.id, "travail", "t.ics", &event("t"));
        share_calendar(w, 1, &one, "travail", Sharee::Account(two.id)).await;
        share_calendar(w, 2, &one, "travail", Sharee::Account(three.id)).await;
        Self { application, one, two, three }
    }
}

async fn everything_is_given_with_its_calendars_and_given_back(w: &mut World) {
    let case = Case::new(w).await;
    let (one, two) = (case.one.id, case.two.id);
    let before = (owned(w, one).await, w.items(one), calendar_shares(w, one).await);
    let asked = ReassignRequest { from: vec![one], to: two, selection: Selection::Everything };
    let made = w.relais.reassign_content(asked, OPERATOR).await.unwrap().remove(0);
    assert_eq!((made.items, made.collections.as_ref().map(Vec::len)), (2, Some(2)));
    assert_eq!((owned(w, one).await.len(), owned(w, two).await.len()), (0, 2));
    assert_eq!((w.items(one).len(), w.items(two).len()), (0, 2));
    // Whoever else it was shared with goes on reaching it.
    let shares = calendar_shares(w, two).await;
    assert_eq!((shares.len(), shares[0].1), (1, Sharee::Account(case.three.id)));
    w.relais.undo_reassignment(made.id, OPERATOR).await.unwrap();
    assert_eq!((owned(w, one).await, w.items(one), calendar_shares(w, one).await), before);
    assert_eq!((owned(w, two).await.len(), w.items(two).len()), (0, 0));
    w.relais.undo_reassignment(made.id, OPERATOR).await.unwrap();

    let one_calendar = Selection::Chosen { items: vec![], collections: vec!["travail".parse().unwrap()] };
    let asked = ReassignRequest { from: vec![one], to: two, selection: one_calendar };
    w.relais.reassign_content(asked, OPERATOR).await.unwrap();
    assert_eq!((w.items(one), w.items(two).len()), (vec!["calendar/m.ics".to_owned()], 1));
}

async fn closed(w: &World, id: AccountId) {
    w.command(id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
    // A real one: what is deleted has to be in it, to the last entry.
    w.clock.advance(1);
    w.relais.start_backup(w.organisation, Scope::Account(id), OPERATOR).await.unwrap();
    w.run_until_idle().await;
}

async fn a_deleted_accounts_calendars_lie_with_whom_they_were_given_to(w: &mut World) {
    let case = Case::new(w).await;
    closed(w, case.one.id).await;
    let fate = ContentFate::Reassign { to: case.two.id };
    w.command(case.one.id, Command::Delete { content: Some(fate) }).await;
    assert_eq!((w.items(case.one.id).len(), w.items(case.two.id).len()), (0, 2));
    assert_eq!(owned(w, case.two.id).await.len(), 2);
    assert_eq!(calendar_shares(w, case.one.id).await, []);
    assert_eq!(calendar_shares(w, case.two.id).await.len(), 1);
}

async fn nobody_is_deleted_with_a_calendar_that_nobody_thought_of(w: &mut World) {
    let four = w.person("user4").await;
    w.put_item(four.id, "calendar", "m.ics", &event("m"));
    closed(w, four.id).await;
    let refused = w.try_command(four.id, Command::Delete { content: None }).await.unwrap_err();
    assert_eq!(refused, "content_fate_missing");
    w.command(four.id, Command::Delete { content: Some(ContentFate::Erase) }).await;
    assert_eq!(w.items(four.id).len(), 0);
    let five = w.person("user5").await;
    closed(w, five.id).await;
    w.command(five.id, Command::Delete { content: None }).await;
}

fn to_two() -> Order {
    Order { to: Some(address("user2@bm.com")), ..Order::default() }
}

async fn a_departure_gives_content_to_the_successor_and_takes_it_back(w: &mut World) {
    let case = Case::new(w).await;
    let before = (owned(w, case.one.id).await, w.items(case.one.id));
    let departure = w.depart(&case.one, to_two()).await;
    w.assert_state(departure.id, DepartureState::Finished).await;
    let report = departure.report_of(Step::ReassignContent).expect("done");
    assert_eq!(report.detail["items"], serde_json::json!(2));
    assert_eq!((owned(w, case.one.id).await.len(), owned(w, case.two.id).await.len()), (0, 2));
    w.undo(departure.id).await;
    w.assert_state(departure.id, DepartureState::Undone).await;
    assert_eq!((owned(w, case.one.id).await, w.items(case.one.id)), before);

    let keep = Order { content: Some(ContentChoice::Keep), ..to_two() };
    let departure = w.depart(&case.one, keep).await;
    assert_eq!(departure.report_of(Step::ReassignContent), None);
    assert_eq!(owned(w, case.one.id).await, before.0);
}

async fn a_departure_that_deletes_leaves_no_content_behind(w: &mut World) {
    let case = Case::new(w).await;
    let after = Some(w.relais.now() + SignedDuration::from_hours(24));
    let nobody = Order { delete_after: after, ..Order::default() };
    assert_eq!(w.try_start(&case.one, nobody.clone()).await.unwrap_err(), "content_fate_missing");
    let never = Order { content: Some(ContentChoice::Erase), ..Order::default() };
    assert_eq!(w.try_start(&case.one, never).await.unwrap_err(), "content_erase_without_deletion");
    let departure = w.depart(&case.one, Order { delete_after: after, ..to_two() }).await;
    // The application has not heard of it yet.
    register(w, case.application, vec![said("late", ContentKind::Document, &case.one)]).await;
    w.advance_days(2);
    w.run_until_idle().await;
    w.assert_state(departure.id, DepartureState::Finished).await;
    assert_eq!((owned(w, case.one.id).await.len(), owned(w, case.two.id).await.len()), (0, 3));

    register(w, case.application, vec![said("three", ContentKind::Template, &case.three)]).await;
    let after = Some(w.relais.now() + SignedDuration::from_hours(24));
    let erase = Order { delete_after: after, content: Some(ContentChoice::Erase), ..to_two() };
    let departure = w.depart(&case.three, erase).await;
    w.advance_days(2);
    w.run_until_idle().await;
    w.assert_state(departure.id, DepartureState::Finished).await;
    let organisation = w.organisation;
    let open = w.read(move |tx| erasing::open(tx, organisation)).await;
    assert_eq!(
        open.iter().map(|asked| (asked.account, asked.open)).collect::<Vec<_>>(),
        [(case.three.id, 1)]
    );
}

/// Everything that hangs on an account.
async fn standing_of(w: &World, id: AccountId) -> String {
    let found = w.read(move |tx| {
        let mut roles = Vec::new();
        for group in groups::of_member(tx, id)? {
            let members = groups::members(tx, group.id)?;
            roles.extend(
                members.into_iter().filter(|(member, _)| *member == id).map(|(_, role)| (group.id, role)),
            );
        }
        let items = content::of_owner(tx, id, None, None, 1000)?;
        let mut shares = Vec::new();
        for item in &items {
            shares.extend(content::shares_of(tx, item.id)?);
        }
        let calendars = (collections::shares_of_owner(tx, id)?, collections::shares_with(tx, id)?);
        let received = content::shared_with(tx, id, None, 1000)?;
        Ok((roles, items, shares, received, calendars))
    });
    let (found, account, addresses) = (found.await, w.account(id).await, w.addresses(id).await);
    format!("{found:?} {:?} {:?} {:?} {addresses:?}", account.role, account.state, account.inbound)
}

/// Random organisations; who leaves in between, and in which order they come back, is random too.
async fn r14_whoever_comes_back_finds_everything_as_it_was(w: &mut World) {
    let application = connected(w).await;
    for seed in 0..6_u64 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut people = Vec::new();
        for number in 0..6 {
            let roles = [Role::Member, Role::AccountManager, Role::Guest];
            let role = roles[random.random_range(0..3)];
            people.push(w.person_with(&format!("s{seed}p{number}"), "correct horse battery", role).await);
        }
        populate(w, application, seed, &people, &mut random).await;
        let mut before = Vec::new();
        for person in &people {
            before.push(standing_of(w, person.id).await);
        }
        let mut leaving: Vec<usize> = (0..6).filter(|_| random.random_ratio(1, 2)).collect();
        for index in &leaving {
            let cause = [Cause::Admin, Cause::Scim, Cause::Directory][random.random_range(0..3)];
            let close = Command::Deactivate { cause, inbound: None, content: None };
            w.command(people[*index].id, close).await;
        }
        while !leaving.is_empty() {
            let index = leaving.swap_remove(random.random_range(0..leaving.len()));
            w.command(people[index].id, Command::Reactivate).await;
        }
        for (person, before) in people.iter().zip(before) {
            assert_eq!(standing_of(w, person.id).await, before, "seed {seed}");
        }
    }
}

async fn populate(
    w: &World,
    application: (ApplicationId, OrganisationId),
    seed: u64,
    people: &[Account],
    random: &mut StdRng,
) {
    // One that leads every group stays out of the random choice: nobody is the only admin.
    let lead = w.person(&format!("s{seed}lead")).await;
    for number in 0..3 {
        let group = w.group(&format!("g{seed}-{number}"), &[]).await;
        let roles = [GroupRole::Admin, GroupRole::Member];
        w.relais.set_group_member(group.id, lead.id, Some(GroupRole::Admin), OPERATOR).await.unwrap();
        let chosen: Vec<_> = people.iter().filter(|_| random.random_ratio(1, 2)).collect();
        for person in chosen {
            let role = roles[random.random_range(0..2)];
            w.relais.set_group_member(group.id, person.id, Some(role), OPERATOR).await.unwrap();
        }
        let with = Sharee::Group(group.id);
        let owner = &people[random.random_range(0..people.len())];
        share_calendar(w, i64::try_from(seed).unwrap() * 10 + number, owner, "calendar", with).await;
    }
    for number in 0..12 {
        let owner = random.random_range(0..people.len());
        let mut item = said(&format!("s{seed}i{number}"), KINDS[random.random_range(0..4)], &people[owner]);
        let others = people.iter().enumerate().filter(|(other, _)| *other != owner);
        let chosen = others.filter(|_| random.random_ratio(1, 3));
        let shares = chosen.map(|(_, with)| SaidShare { with: with.id.to_string(), right: ShareRight::Read });
        item.shares = Some(shares.collect());
        register(w, application, vec![item]).await;
    }
    for (number, person) in people.iter().enumerate().filter(|_| random.random_ratio(1, 3)) {
        w.alias(person.id, &format!("s{seed}alias{number}")).await;
    }
}
