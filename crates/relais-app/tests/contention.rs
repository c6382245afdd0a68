//! Two requests at the same moment of which only one can be granted: exactly one is, thousands of times in all.

#[path = "support/world.rs"]
mod world;

use relais_app::{Error, Invitation, ReassignRequest, SaidItem};
use relais_core::account::Cause;
use relais_core::authority::Role;
use relais_core::content::{ContentFate, ContentKind, Selection};
use relais_core::departure::Order;
use relais_core::lifecycle::Command;
use relais_core::money::{Currency, Money};
use relais_core::organisation::GroupRole;
use relais_core::plan::PlanTerms;
use relais_core::rights::State;
use relais_core::term::Period;
use relais_store::content;
use world::{OPERATOR, World, code};

const ROUNDS: usize = 300;

on_both! {
    of_two_last_admins_one_stays
    of_two_who_want_one_address_one_gets_it
    of_two_departures_of_one_account_one_starts
    of_two_who_want_the_last_licence_one_gets_it
    of_two_who_spend_the_last_cent_one_does
    of_the_two_admins_of_a_group_one_leaves
    whoever_is_closed_while_joining_a_group_ends_closed
    whoever_is_invited_while_being_closed_is_in_or_out_and_never_both
    what_is_given_while_its_owner_is_deleted_is_given_or_erased
    events_of_many_at_once_are_one_chain
}

/// How the loser of two was refused; panics unless exactly one won.
fn loser<T: std::fmt::Debug, U: std::fmt::Debug>(both: (Result<T, Error>, Result<U, Error>)) -> String {
    match both {
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => code(&error),
        other => panic!("{other:?}"),
    }
}

async fn of_two_last_admins_one_stays(w: &mut World) {
    let admin = Command::SetRole { role: Role::CompanyAdmin };
    let member = Command::SetRole { role: Role::Member };
    let (one, two) = (w.person("user1").await, w.person("user2").await);
    for _ in 0..ROUNDS {
        w.command(one.id, admin.clone()).await;
        w.command(two.id, admin.clone()).await;
        let both = tokio::join!(
            w.relais.execute(one.id, member.clone(), OPERATOR),
            w.relais.execute(two.id, member.clone(), OPERATOR)
        );
        assert_eq!(loser(both), "last_company_admin");
    }
}

async fn of_two_who_want_one_address_one_gets_it(w: &mut World) {
    let (one, two) = (w.person("user1").await, w.person("user2").await);
    for round in 0..ROUNDS {
        let address = world::address(&format!("wanted{round}@bm.com"));
        let wants = || Command::AddAlias { address: address.clone() };
        let refused = match round % 3 {
            0 => loser(tokio::join!(
                w.relais.execute(one.id, wants(), OPERATOR),
                w.relais.execute(two.id, wants(), OPERATOR)
            )),
            1 => {
                let request = w.request(&format!("wanted{round}"), None, Role::Member);
                loser(tokio::join!(
                    w.relais.create_account(w.organisation, request, OPERATOR),
                    w.relais.execute(two.id, wants(), OPERATOR)
                ))
            }
            _ => {
                let shared = w.relais.create_shared_mailbox(
                    w.organisation,
                    address.clone(),
                    "Partagée".into(),
                    OPERATOR,
                );
                loser(tokio::join!(shared, w.relais.execute(two.id, wants(), OPERATOR)))
            }
        };
        assert_eq!(refused, "address_taken", "round {round}");
    }
}

async fn of_two_departures_of_one_account_one_starts(w: &mut World) {
    let one = w.person("user1").await;
    for _ in 0..ROUNDS / 4 {
        let start = || w.relais.start_departure(one.id, Order::default(), OPERATOR);
        assert_eq!(loser(tokio::join!(start(), start())), "departure_in_progress");
        let open = w.read(move |tx| relais_store::departures::open_of(tx, one.id)).await.unwrap();
        w.undo(open).await;
    }
}

enum Licences {
    Fixed,
    Flexible,
}

async fn plan_of(w: &World, accounts: i64, licences: Licences) {
    let terms = PlanTerms {
        name: "Petite".into(),
        price_minor: 0,
        currency: Currency::Eur,
        period: Period::Year,
        accounts_free: accounts,
        accounts_max: Some(accounts),
        full_licences_max: None,
        own_domains_max: None,
        flexible_licences: matches!(licences, Licences::Flexible),
    };
    let plan = w.relais.create_plan(terms, OPERATOR).await.unwrap().id;
    w.relais.set_plan(w.organisation, Some(plan), OPERATOR).await.unwrap();
}

async fn of_two_who_want_the_last_licence_one_gets_it(w: &mut World) {
    let (one, two) = (w.person("user1").await, w.person("user2").await);
    let close = Command::Deactivate { cause: Cause::Admin, inbound: None, content: None };
    w.command(one.id, close.clone()).await;
    w.command(two.id, close.clone()).await;
    plan_of(w, 1, Licences::Fixed).await;
    for round in 0..ROUNDS {
        let refused = if round % 2 == 0 {
            loser(tokio::join!(
                w.relais.execute(one.id, Command::Reactivate, OPERATOR),
                w.relais.execute(two.id, Command::Reactivate, OPERATOR)
            ))
        } else {
            let request = w.request(&format!("new{round}"), None, Role::Member);
            let create = w.relais.create_account(w.organisation, request, OPERATOR);
            let both = tokio::join!(create, w.relais.execute(two.id, Command::Reactivate, OPERATOR));
            if let (Ok(made), _) = &both {
                w.command(made.id, close.clone()).await;
            }
            loser(both)
        };
        assert_eq!(refused, "plan_full", "round {round}");
        w.command(one.id, close.clone()).await;
        w.command(two.id, close.clone()).await;
    }
}

async fn of_two_who_spend_the_last_cent_one_does(w: &mut World) {
    let base = w.subscription(250).await;
    let (one, two) = (w.person("user1").await, w.person("user2").await);
    let cent = Money { amount_minor: 250, currency: Currency::Eur };
    w.relais.top_up(w.organisation, cent, None, OPERATOR).await.unwrap();
    for round in 0..ROUNDS {
        let subscribe = |id| {
            let to = Some(base);
            w.relais.execute(id, Command::SetSubscription { to }, OPERATOR)
        };
        assert_eq!(loser(tokio::join!(subscribe(one.id), subscribe(two.id))), "provision_short");
        // The whole day is given back.
        for id in [one.id, two.id] {
            w.command(id, Command::SetSubscription { to: None }).await;
        }
        let organisation = w.organisation;
        let balance = w.read(move |tx| relais_store::ledger::balance_minor(tx, organisation)).await;
        assert_eq!(balance, 250, "round {round}");
    }
}

async fn of_the_two_admins_of_a_group_one_leaves(w: &mut World) {
    let (one, two) = (w.person("user1").await, w.person("user2").await);
    let group = w.group("Ventes", &[]).await.id;
    for id in [one.id, two.id] {
        w.relais.set_group_member(group, id, Some(GroupRole::Admin), OPERATOR).await.unwrap();
    }
    let close = || Command::Deactivate { cause: Cause::Admin, inbound: None, content: None };
    for _ in 0..ROUNDS {
        let both = tokio::join!(
            w.relais.execute(one.id, close(), OPERATOR),
            w.relais.execute(two.id, close(), OPERATOR)
        );
        assert_eq!(loser(both), "only_group_admin");
        for id in [one.id, two.id] {
            w.command(id, Command::Reactivate).await;
        }
    }
}

async fn whoever_is_closed_while_joining_a_group_ends_closed(w: &mut World) {
    let one = w.person("user1").await;
    let group = w.group("Ventes", &[]).await.id;
    for _ in 0..ROUNDS {
        let close = Command::Deactivate { cause: Cause::Admin, inbound: None, content: None };
        let (closed, joined) = tokio::join!(
            w.relais.execute(one.id, close, OPERATOR),
            w.relais.set_group_member(group, one.id, Some(GroupRole::Member), OPERATOR)
        );
        closed.unwrap();
        if let Err(error) = joined {
            assert_eq!(code(&error), "not_in_this_state");
        }
        assert_eq!(w.account(one.id).await.state, State::Deactivated);
        w.command(one.id, Command::Reactivate).await;
        w.relais.set_group_member(group, one.id, None, OPERATOR).await.unwrap();
    }
}

/// Where licences are flexible an invitation brings back whoever is closed: whichever is first, the state is one, and the last
/// licence is held by nobody or by them.
async fn whoever_is_invited_while_being_closed_is_in_or_out_and_never_both(w: &mut World) {
    let one = w.person("user1").await;
    plan_of(w, 1, Licences::Flexible).await;
    let close = || Command::Deactivate { cause: Cause::Admin, inbound: None, content: None };
    for round in 0..ROUNDS {
        let invitation = Invitation {
            account: w.request("user1", None, Role::Member),
            external_address: Some(world::address("un@far.example")),
            groups: Vec::new(),
            content: Vec::new(),
        };
        let (closed, invited) = tokio::join!(
            w.relais.execute(one.id, close(), OPERATOR),
            w.relais.invite(w.organisation, invitation, OPERATOR)
        );
        closed.unwrap();
        let state = w.account(one.id).await.state;
        match invited {
            Ok(back) => assert_eq!((back.id, state), (one.id, State::Active), "round {round}"),
            Err(error) => {
                assert_eq!(
                    (code(&error).as_str(), state),
                    ("address_taken", State::Deactivated),
                    "round {round}"
                );
            }
        }
        if state == State::Deactivated {
            w.command(one.id, Command::Reactivate).await;
        }
    }
}

/// Nothing is left with a tombstone.
async fn what_is_given_while_its_owner_is_deleted_is_given_or_erased(w: &mut World) {
    let made = w.relais.connect_application(w.organisation, "Tableaux".into(), None, OPERATOR).await;
    let application = (made.unwrap().application.id, w.organisation);
    let heir = w.person("heir").await;
    for round in 0..ROUNDS / 4 {
        let leaver = w.person(&format!("leaver{round}")).await;
        let item = SaidItem {
            external_id: format!("board {round}"),
            kind: ContentKind::Board,
            title: "Plans".into(),
            owner: leaver.id.to_string(),
            parent: None,
            url: None,
            shares: None,
        };
        w.relais.register_content(vec![item], application).await.unwrap();
        let close = Command::Deactivate { cause: Cause::Admin, inbound: None, content: None };
        w.command(leaver.id, close).await;
        w.backed_up(leaver.id).await;
        let asked = ReassignRequest { from: vec![leaver.id], to: heir.id, selection: Selection::Everything };
        let erase = Command::Delete { content: Some(ContentFate::Erase) };
        let (given, deleted) = tokio::join!(
            w.relais.reassign_content(asked, OPERATOR),
            w.relais.execute(leaver.id, erase, OPERATOR)
        );
        deleted.unwrap();
        let moved = given.map_or(0, |made| made.iter().map(|made| made.items).sum::<i64>());
        let left = w.read(move |tx| content::of_owner(tx, leaver.id, None, None, 10)).await;
        let erasing = left.iter().filter(|item| item.erasure.is_some()).count() as i64;
        assert_eq!((moved + erasing, left.len() as i64), (1, erasing), "round {round}");
    }
}

async fn events_of_many_at_once_are_one_chain(w: &mut World) {
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(w.person(&format!("user{number}")).await.id);
    }
    let before = w.chain().await.events;
    let works = people.into_iter().map(|id| {
        let relais = w.relais.clone();
        tokio::spawn(async move {
            for role in [Role::Guest, Role::Member].into_iter().cycle().take(20) {
                relais.execute(id, Command::SetRole { role }, OPERATOR).await.unwrap();
            }
        })
    });
    for work in works.collect::<Vec<_>>() {
        work.await.unwrap();
    }
    assert_eq!(w.chain().await.events, before + 160);
}
