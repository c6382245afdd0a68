//! Two requests at the same moment of which only one can be granted: exactly one is, hundreds of times.

#[path = "support/world.rs"]
mod world;

use relais_app::Error;
use relais_core::authority::Role;
use relais_core::departure::Order;
use relais_core::lifecycle::Command;
use world::{OPERATOR, World, code};

const ROUNDS: usize = 200;

on_both! {
    of_two_last_admins_one_stays
    of_two_who_want_one_address_one_gets_it
    of_two_departures_of_one_account_one_starts
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
