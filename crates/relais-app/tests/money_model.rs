//! Thousands of random commands, days and stops on a whole Relais, beside a small model that counts on its fingers: every
//! answer, balance, state and paid day agree, and the ledger adds up.

#[path = "support/small_ledger.rs"]
mod small_ledger;
#[path = "support/world.rs"]
mod world;

use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use relais_core::account::{Account, Cause};
use relais_core::authority::Role;
use relais_core::ids::{AccountId, PlanId, SubscriptionId};
use relais_core::lifecycle::Command;
use relais_core::money::{Currency, Money};
use relais_core::password::PasswordHash;
use relais_core::plan::{Licence, PlanTerms, SubscriptionTerms};
use relais_core::rights;
use relais_core::term::Period;
use relais_store::{accounts, ledger};
use small_ledger::{Model, OFFERS, PLANS, State};
use std::collections::BTreeMap;
use world::{Database, NOW, OPERATOR, World, code, moment, on};

#[test]
fn the_provision_agrees_with_a_small_model_on_sqlite() {
    on(Database::Sqlite, async |w| agree(w, 1, 3000).await);
}

#[test]
fn the_provision_agrees_with_a_small_model_on_postgresql() {
    on(Database::Postgres, async |w| agree(w, 2, 2000).await);
}

struct Offers {
    subscriptions: Vec<SubscriptionId>,
    plans: Vec<PlanId>,
}

fn period(months: u32) -> Period {
    if months == 1 { Period::Month } else { Period::Year }
}

async fn offers(w: &World) -> Offers {
    let mut offers = Offers { subscriptions: vec![], plans: vec![] };
    for (number, (price_minor, months, full)) in OFFERS.into_iter().enumerate() {
        let terms = SubscriptionTerms {
            name: format!("Abonnement {number}"),
            price_minor,
            currency: Currency::Eur,
            period: period(months),
            aliases_max: None,
            quota_bytes: None,
            licence: if full { Licence::Full } else { Licence::Restricted },
        };
        offers.subscriptions.push(w.relais.create_subscription(terms, OPERATOR).await.unwrap().id);
    }
    for (number, (accounts_free, accounts_max, full_licences_max, price_minor, months)) in
        PLANS.into_iter().enumerate()
    {
        let terms = PlanTerms {
            name: format!("Formule {number}"),
            price_minor,
            currency: Currency::Eur,
            period: period(months),
            accounts_free,
            accounts_max,
            full_licences_max,
            own_domains_max: None,
            flexible_licences: false,
        };
        offers.plans.push(w.relais.create_plan(terms, OPERATOR).await.unwrap().id);
    }
    offers
}

/// Which account of the model is which, and whether it ever had a password.
#[derive(Default)]
struct People {
    ids: BTreeMap<i64, AccountId>,
    active: BTreeMap<i64, bool>,
}

async fn agree(w: &mut World, seed: u64, steps: usize) {
    let mut random = StdRng::seed_from_u64(seed);
    let offers = offers(w).await;
    let mut model = Model { hour: moment(NOW).as_second() / 3600, ..Model::default() };
    let mut people = People::default();
    create(w, &offers, &mut model, &mut people, (true, false, None)).await;
    for step in 0..steps {
        let said = one_step(w, &offers, &mut model, &mut people, &mut random).await;
        compare(w, &model, &people, &format!("seed {seed}, step {step}: {said}")).await;
    }
    let organisation = w.organisation;
    let check = w.read(move |tx| ledger::check(tx, organisation)).await;
    assert_eq!((check.broken_at, check.balance_minor), (None, model.balance));
    assert!(check.entries > 300, "{check:?}: hardly anything was charged");
}

async fn create(
    w: &World,
    offers: &Offers,
    model: &mut Model,
    people: &mut People,
    (active, guest, offer): (bool, bool, Option<usize>),
) -> String {
    let number = i64::try_from(people.ids.len()).unwrap();
    let role = match (number, guest) {
        (0, _) => Role::Owner,
        (_, true) => Role::Guest,
        (_, false) => Role::Member,
    };
    let mut request = w.request(&format!("p{}-{}", number, model.hour), None, role);
    request.subscription = offer.map(|offer| offers.subscriptions[offer]);
    // A hash is made of no password here: that takes 50 ms. The model is asked first, and told when it was refused.
    let mut expected = model.create(number, false, guest, offer);
    if active && expected.is_ok() {
        expected = model.set_password(number);
    }
    if expected.is_err() {
        model.people.remove(&number);
    }
    let made = w.relais.create_account(w.organisation, request, OPERATOR).await;
    let made = match made {
        Ok(account) if active => match w.relais.execute(account.id, password(), OPERATOR).await {
            Ok(account) => Ok(account),
            Err(error) => {
                // In the model there is none: here it is closed and deleted without ever having cost anything.
                let close = Command::Deactivate { cause: Cause::Admin, inbound: None, content: None };
                w.command(account.id, close).await;
                w.backed_up(account.id).await;
                w.command(account.id, Command::Delete { content: None }).await;
                Err(error)
            }
        },
        made => made,
    };
    assert_eq!(made.as_ref().map(|_| ()).map_err(code), expected.map_err(str::to_owned), "create {number}");
    if let Ok(account) = made {
        w.tell_nothing(account.id).await;
        people.ids.insert(number, account.id);
        people.active.insert(number, active);
    }
    format!("create {number} {active} {guest} {offer:?}")
}

fn password() -> Command {
    Command::SetPassword { hash: PasswordHash::from_phc("$argon2id$of-nobody".into()) }
}

async fn one_step(
    w: &mut World,
    offers: &Offers,
    model: &mut Model,
    people: &mut People,
    random: &mut StdRng,
) -> String {
    let count = i64::try_from(people.ids.len()).unwrap();
    // Mostly those who came last: the others are deleted.
    let number = random.random_range((count - 12).max(0)..count);
    let id = people.ids[&number];
    let offer = |random: &mut StdRng| Some(random.random_range(0..5)).filter(|offer| *offer < OFFERS.len());
    let close = Command::Deactivate { cause: Cause::Admin, inbound: None, content: None };
    let ask = async |w: &World, command| w.try_command(id, command).await.map(|_| ());
    let (said, expected, got) = match random.random_range(0..20) {
        0..=2 => {
            let what = (random.random_ratio(3, 4), random.random_ratio(1, 8), offer(random));
            return create(w, offers, model, people, what).await;
        }
        3..=4 => {
            let offer = offer(random);
            let to = offer.map(|offer| offers.subscriptions[offer]);
            let got = ask(w, Command::SetSubscription { to }).await;
            (format!("subscribe {number} {offer:?}"), model.subscribe(number, offer), got)
        }
        5..=6 => (format!("close {number}"), model.close(number, false), ask(w, close).await),
        7..=8 => {
            let expected = model.open(number, people.active[&number]);
            (format!("open {number}"), expected, ask(w, Command::Reactivate).await)
        }
        9 => {
            w.backed_up(people.ids[&number]).await;
            (
                format!("delete {number}"),
                model.delete(number),
                ask(w, Command::Delete { content: None }).await,
            )
        }
        10 => {
            let expected = model.set_password(number);
            if expected.is_ok() {
                people.active.insert(number, true);
            }
            (format!("password {number}"), expected, ask(w, password()).await)
        }
        11 => {
            let hours = random.random_range(1..500);
            let at = Some(moment(NOW) + SignedDuration::from_hours(model.hour + hours - start()));
            let expected = model.leave(number, model.hour + hours);
            (format!("leave {number} in {hours} h"), expected, ask(w, Command::SetLeaving { at }).await)
        }
        12..=13 => {
            let amount_minor = random.random_range(1..9000);
            model.pay_in(amount_minor);
            let amount = Money { amount_minor, currency: Currency::Eur };
            let paid = w.relais.top_up(w.organisation, amount, None, OPERATOR).await;
            (format!("pay in {amount_minor}"), Ok(()), paid.map(|_| ()).map_err(|error| code(&error)))
        }
        14 => {
            let plan = Some(random.random_range(0..4)).filter(|plan| *plan < PLANS.len());
            let expected = model.set_plan(plan);
            let set = w.relais.set_plan(w.organisation, plan.map(|plan| offers.plans[plan]), OPERATOR).await;
            (format!("plan {plan:?}"), expected, set.map(|_| ()).map_err(|error| code(&error)))
        }
        15..=17 => {
            let hours = [1, 5, 24, 24 * 6, 24 * 31, 24 * 45][random.random_range(0..6)];
            model.wait(hours);
            w.clock.advance(hours);
            (format!("wait {hours} h"), Ok(()), Ok(()))
        }
        18 => {
            w.reopen().await;
            ("stop and start".to_owned(), Ok(()), Ok(()))
        }
        _ => {
            model.look(|id| people.active[&id]);
            w.relais.work_once().await;
            ("look".to_owned(), Ok(()), Ok(()))
        }
    };
    assert_eq!(got, expected.map_err(str::to_owned), "{said}: {:?}", model.people.get(&number));
    said
}

fn start() -> i64 {
    moment(NOW).as_second() / 3600
}

async fn compare(w: &World, model: &Model, people: &People, said: &str) {
    let provision = w.relais.provision(w.organisation, OPERATOR).await.unwrap();
    assert_eq!(provision.balance_minor, model.balance, "{said}");
    assert!(provision.balance_minor >= 0, "{said}");
    let today = jiff::civil::date(1970, 1, 1).checked_add(SignedDuration::from_hours(24 * model.today()));
    assert_eq!(provision.today, today.unwrap(), "{said}");
    let used = provision.licences;
    assert_eq!((used.accounts, used.free, used.full), model.licences(), "{said}");
    if let Some(plan) = &provision.plan {
        let within = |used: i64, max: Option<i64>| max.is_none_or(|max| used <= max);
        assert!(within(used.accounts, plan.terms.accounts_max), "{said}: above the plan");
        assert!(within(used.free, Some(plan.terms.accounts_free)), "{said}: above the plan");
        assert!(within(used.full, plan.terms.full_licences_max), "{said}: above the plan");
    }
    // Who was deleted stays so: looked at while it is among those who are asked something.
    let newest = people.ids.len().saturating_sub(12);
    let watched: Vec<_> = model
        .people
        .iter()
        .filter(|(number, person)| person.state != State::Deleted || **number >= newest as i64)
        .collect();
    let ids: Vec<_> = watched.iter().map(|(number, _)| people.ids[number]).collect();
    let accounts = w.read(move |tx| {
        let found: Result<Vec<_>, _> = ids.iter().map(|id| accounts::get(tx, *id)).collect();
        Ok(found?.into_iter().flatten().collect::<Vec<_>>())
    });
    let accounts = accounts.await;
    assert_eq!(accounts.len(), watched.len());
    for ((number, person), account) in watched.into_iter().zip(accounts) {
        assert_eq!(state(&account), person.state, "{said}: account {number}");
        let worth = account.term.map(|term| {
            let left = account.leaves_at.filter(|end| *end <= w.relais.now());
            let day = left.map_or(provision.today, |end| end.to_zoned(paris()).date());
            (term.unused_days(day), term.unused_minor(day), term.days)
        });
        let expected =
            person.paid.as_ref().map(|paid| (paid.left.clamp(0, paid.days), Model::worth(paid), paid.days));
        assert_eq!(worth, expected, "{said}: account {number}");
    }
}

fn paris() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("Europe/Paris").unwrap()
}

fn state(account: &Account) -> State {
    match (account.state, account.deactivation.as_ref().map(|why| why.cause)) {
        (rights::State::Invited, _) => State::Invited,
        (rights::State::Active, _) => State::Active,
        (rights::State::Deactivated, Some(Cause::Billing)) => State::ClosedUnpaid,
        (rights::State::Deactivated, _) => State::Closed,
        (rights::State::Deleted, _) => State::Deleted,
    }
}
