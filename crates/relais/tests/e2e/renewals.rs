//! The real process killed again and again in the middle of a renewal run: each account is charged exactly once.

use crate::world::{Database, ORGANISATION, World};
use jiff::ToSpan;
use jiff::tz::TimeZone;
use relais_app::core::account::Account;
use relais_app::core::authority::Role;
use relais_app::core::ids::{AccountId, MailboxId, OrganisationId, SubscriptionId};
use relais_app::core::inbound::Inbound;
use relais_app::core::ledger::{EntryKind, NewEntry};
use relais_app::core::money::Currency;
use relais_app::core::plan::{Licence, Subscription, SubscriptionTerms};
use relais_app::core::rights::State;
use relais_app::core::term::{Course, Period, Term};
use relais_app::read::{Tx, accounts, ledger, offers, organisations};
use relais_app::{Clock, Store, schema};
use relais_testbed::net::wait_for;
use std::collections::BTreeSet;
use std::time::Duration;

const ACCOUNTS: i64 = 10_000;
const PRICE_MINOR: i64 = 250;
/// After how many charges the process is killed.
const KILLS: [i64; 8] = [1, 450, 1_300, 1_301, 4_000, 6_666, 9_000, 9_950];
const RUN_MAX: Duration = Duration::from_secs(300);

type Look<T> = Result<T, relais_app::Error>;

#[test]
fn killed_while_renewing_on_sqlite() {
    charge_each_once(Database::Sqlite);
}

#[test]
fn killed_while_renewing_on_postgresql() {
    charge_each_once(Database::Postgres);
}

fn charge_each_once(database: Database) {
    let mut world = World::start(database);
    let url = match world.server.configuration.rest.get("database") {
        Some(url) => url.as_str().expect("a text").to_owned(),
        None => world.server.data.join("relais.db").display().to_string(),
    };
    world.server.kill_9().expect("killed");
    let store = Store::open(&url, schema::MIGRATIONS).expect("opened");
    let organisation = store.write_blocking(fill).expect("filled");
    let check =
        || store.read_blocking(move |tx| Look::Ok(ledger::check(tx, organisation)?)).expect("checked");
    for charges in KILLS {
        world.server.start_again().expect("started");
        // The first entry is the top-up.
        wait_for(RUN_MAX, "charges", || (check().entries > charges).then_some(()));
        world.server.kill_9().expect("killed");
    }
    world.server.start_again().expect("started");
    // The run is over once the organisation is to be looked at tomorrow.
    let now = Clock::System.now();
    let to_bill = move |tx: &mut Tx<'_>| Look::Ok(organisations::to_bill(tx, now)?);
    let is_over = || store.read_blocking(to_bill).expect("asked").is_empty();
    wait_for(RUN_MAX, "the end of the run", || is_over().then_some(()));

    let end = check();
    assert_eq!((end.broken_at, end.entries, end.balance_minor), (None, ACCOUNTS + 1, 0));
    let all = move |tx: &mut Tx<'_>| Look::Ok(ledger::page(tx, organisation, 0, ACCOUNTS * 2)?);
    let all = store.read_blocking(all).expect("read");
    let charged = all.iter().filter(|entry| entry.kind == EntryKind::Charge);
    let whom: BTreeSet<_> = charged.map(|entry| entry.service.as_ref().expect("a service").account).collect();
    assert_eq!(whom.len(), 10_000, "each once");
    world.check_chain();
}

/// An organisation with accounts that are all due today, and just enough to pay for them.
fn fill(tx: &mut Tx<'_>) -> Look<OrganisationId> {
    let now = Clock::System.now();
    let organisation = organisations::named(tx, ORGANISATION)?.expect("made").id;
    let today = now.to_zoned(TimeZone::UTC).date();
    let id = SubscriptionId::from_number(7);
    let terms = SubscriptionTerms {
        name: "Base".into(),
        price_minor: PRICE_MINOR,
        currency: Currency::Eur,
        period: Period::Month,
        aliases_max: None,
        quota_bytes: None,
        licence: Licence::Full,
    };
    offers::insert_subscription(tx, &Subscription { id, terms, created_at: now, retired_at: None })?;
    let provision = NewEntry::top_up(PRICE_MINOR * ACCOUNTS, None).expect("an amount");
    ledger::append(tx, organisation, &provision, now)?;
    // Yesterday by every clock, and not so long ago that two periods are due.
    let until = today - 1.day();
    let term = Term { price_minor: PRICE_MINOR, days: 30, anchor: until, course: Course::Running { until } };
    for number in 1..=ACCOUNTS {
        accounts::insert(
            tx,
            &Account {
                id: AccountId::from_number(number),
                organisation,
                mailbox: MailboxId::from_number(number),
                name: format!("Personne {number}"),
                address: format!("p{number}@bm.com").parse().expect("an address"),
                role: Role::Member,
                state: State::Active,
                deactivation: None,
                leaves_at: None,
                legal_hold: None,
                inbound: Inbound::deliver(),
                quota_bytes: None,
                subscription: Some(id),
                term: Some(term),
                password: None,
                epoch: 0,
                created_at: now,
            },
        )?;
    }
    organisations::bill_at(tx, organisation, now)?;
    Ok(organisation)
}
