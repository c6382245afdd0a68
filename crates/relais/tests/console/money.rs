//! Money in the console: what the provision holds, what falls due, and what a subscription costs before anybody is on it.

use crate::world::{WIDE, World};
use relais_testbed::browser::Looks;
use serde_json::json;

/// Two subscriptions, a plan, money, and Jeanne on one of them.
pub fn furnish(world: &World) {
    let offer = |name: &str, price_minor: i64, licence: &str| {
        let asked = json!({ "name": name, "price_minor": price_minor, "currency": "EUR", "period": "month",
            "aliases_max": 5, "quota_bytes": 5_368_709_120i64, "licence": licence });
        world.must("POST", "/subscriptions", asked);
    };
    offer("Complet", 300, "full");
    offer("Lecture", 100, "restricted");
    let plan = json!({ "name": "Mairie", "price_minor": 4900, "currency": "EUR", "period": "month", "accounts_free": 20,
        "accounts_max": 50, "full_licences_max": 30, "own_domains_max": 2, "flexible_licences": false });
    world.must("POST", "/plans", plan);
    top_up(world, 6000, "virement 2026-118");
    let on_plan = json!({ "plan": "Mairie" });
    world.of_organisation("PUT", "/plan", on_plan);
    world.must("PUT", "/accounts/jeanne@valmont.fr/subscription", json!({ "subscription": "Complet" }));
}

fn top_up(world: &World, amount_minor: i64, reference: &str) {
    let paid = json!({ "amount_minor": amount_minor, "currency": "EUR", "reference": reference });
    world.of_organisation("POST", "/provision/top-ups", paid);
}

/// The pages about money, with something on each.
pub fn pages(world: &World) -> Vec<String> {
    furnish(world);
    let offers = world.must("GET", "/subscriptions", serde_json::Value::Null);
    let offer = offers[0]["id"].as_str().unwrap();
    let jeanne = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    vec![
        "/console/provision".to_owned(),
        "/console/provision/statement".to_owned(),
        "/console/provision/statement?kind=credit".to_owned(),
        "/console/provision/licences".to_owned(),
        "/console/subscriptions".to_owned(),
        format!("/console/subscriptions/{offer}"),
        format!("/console/accounts/{jeanne}/subscription"),
        format!("/console/accounts/{jeanne}/subscription?to=none"),
    ]
}

/// M9: what it costs and gives back is shown first, and is what is then entered.
#[test]
fn an_account_changes_its_subscription_after_its_cost_was_shown() {
    let world = World::start();
    furnish(&world);
    let browser = world.signed_in("admin", WIDE);
    browser.press("nav a[href='/console/subscriptions']").unwrap();
    browser.see("Lecture");
    browser.press("td.who a.name").unwrap();
    browser.see("Ce qu'il donne");
    browser.write("#address", "lucas@valmont.fr").unwrap();
    browser.press("form[action$='/put'] button").unwrap();
    browser.see("Pris sur la provision");
    browser.see("3,00");
    assert_eq!(world.account("lucas")["subscription"], serde_json::Value::Null, "nothing is done before");
    browser.press("#cost button.primary").unwrap();
    browser.see("jusqu'au");
    assert_ne!(world.account("lucas")["subscription"], serde_json::Value::Null);
    browser.go("/console/provision/statement").unwrap();
    browser.see("lucas@valmont.fr");
    browser.see("virement 2026-118");
    // A whole month was paid a moment ago: all of it comes back.
    let lucas = world.account("lucas")["id"].as_str().unwrap().to_owned();
    browser.go(&format!("/console/accounts/{lucas}/subscription?to=none")).unwrap();
    browser.see("Rendu à la provision");
}

/// M1, M2: the balance, when it runs out, and how to pay in.
#[test]
fn a_provision_that_will_not_suffice_says_when_and_what_is_missing() {
    let world = World::start();
    furnish(&world);
    let browser = world.signed_in("admin", Looks { language: "en", ..WIDE });
    browser.press("nav a[href='/console/provision']").unwrap();
    browser.see("8.00");
    browser.see("runs short on");
    browser.see("44.00");
    browser.press("details.numbers summary").unwrap();
    browser.see("Without a payment");
    top_up(&world, 100_000, "virement 2026-119");
    browser.go("/console/provision").unwrap();
    browser.see("1,008.00");
    let warned = browser.run("return document.querySelector('main .warning') !== null", &[]).unwrap();
    assert_eq!(warned, false);
    browser.press("a[href='/console/provision/licences']").unwrap();
    browser.see("of 50");
}

/// What is short is said where the change is asked for, and the page stays.
#[test]
fn a_change_that_cannot_be_paid_says_what_is_missing() {
    let world = World::start();
    furnish(&world);
    let dear = json!({ "name": "Cher", "price_minor": 9900, "currency": "EUR", "period": "month", "licence": "full" });
    let dear = world.must("POST", "/subscriptions", dear);
    let lucas = world.account("lucas")["id"].as_str().unwrap().to_owned();
    let browser = world.signed_in("admin", WIDE);
    let to = dear["id"].as_str().unwrap();
    browser.go(&format!("/console/accounts/{lucas}/subscription?to={to}")).unwrap();
    browser.see("91,00");
    browser.see("Le mettre sur");
    assert_eq!(world.account("lucas")["subscription"], serde_json::Value::Null);
}
