//! What a town hall's administrator does for somebody new, and what that person does themselves: an account with its addresses,
//! its subscription, its password and its personal data.

use crate::world::{WIDE, World, password_of, pick};
use relais_testbed::browser::{Browser, Looks};
use serde_json::{Value, json};

const FIRST: &str = "quatre lampes sous la neige";
const SECOND: &str = "cinq bateaux dans le port";
const THIRD: &str = "six fenêtres sur la cour";

fn done(language: &str) -> &'static str {
    pick(language, "C'est fait", "Done.")
}

fn alerts(browser: &Browser) -> Value {
    browser.run("return document.querySelectorAll('[role=alert]').length", &[]).unwrap()
}

fn signs_in(world: &World, password: &str) -> bool {
    let body = json!({ "login": "nora@partage.fr", "password": password });
    world.server.api("POST", "/sessions", &body).expect("an answer").0 == 201
}

/// M4, M7: never as abuse@; on the operator's domain, with a subscription and a password.
fn create(world: &World, browser: &Browser, subscription: &str) {
    browser.go("/console/accounts/new").unwrap();
    browser.write("#name", "Nora Roux").unwrap();
    browser.write("#address", "abuse@valmont.fr").unwrap();
    browser.press("input[value=password]").unwrap();
    browser.write("#password", FIRST).unwrap();
    browser.press(&format!("#subscription option[value='{subscription}']")).unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("abuse@valmont.fr");
    assert_eq!(alerts(browser), 1);
    assert_eq!(world.server.api("GET", "/accounts/abuse@valmont.fr", &Value::Null).unwrap().0, 404);
    browser.rewrite("#address", "nora@partage.fr").unwrap();
    browser.write("#password", FIRST).unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("nora@partage.fr");
    let made = world.must("GET", "/accounts/nora@partage.fr", Value::Null);
    assert_eq!((&made["state"], &made["subscription"]), (&json!("active"), &json!(subscription)));
    assert!(signs_in(world, FIRST));
}

/// M4, M11, M12: as many aliases as the subscription allows; one on the organisation's domain goes, one on the operator's stays.
fn give_aliases(world: &World, browser: &Browser, page: &str, language: &'static str) {
    let add = |address: &str| {
        browser.go(&format!("{page}/addresses")).unwrap();
        browser.write("#address", address).unwrap();
        browser.press("form[action$='/aliases'] button").unwrap();
    };
    add("nora.roux@valmont.fr");
    browser.see(done(language));
    assert_eq!(world.letter("nora.roux@valmont.fr", "alias").code, 250);
    add("n.roux@valmont.fr");
    browser.see(pick(language, "sont tous pris", "are all taken"));
    assert_eq!(world.letter("n.roux@valmont.fr", "no alias").code, 550);
    browser.go(&format!("{page}/addresses")).unwrap();
    browser.press("form[action$='/aliases/remove'] button").unwrap();
    browser.see(done(language));
    assert_eq!(world.letter("nora.roux@valmont.fr", "removed").code, 550);
    add("n.roux@partage.fr");
    browser.see(done(language));
    browser.press("form[action$='/aliases/remove'] button").unwrap();
    browser.see("n.roux@partage.fr");
    assert_eq!(alerts(browser), 1);
    assert_eq!(world.letter("n.roux@partage.fr", "stays").code, 250, "M12");
}

/// M8, M10: the administrator writes down and sets; the person changes both.
fn fill_in(world: &World, browser: &Browser, page: &str, language: &'static str) {
    browser.go(page).unwrap();
    for (field, text) in [
        ("#mobile", "+33 6 12 34 56 78"),
        ("#street", "Mairie\n1 place de l'Église"),
        ("#postal_code", "69000"),
        ("#city", "Valmont"),
        ("#country", "FR"),
        ("#external_address", "nora@maison.example"),
    ] {
        browser.write(field, text).unwrap();
    }
    browser.run("document.querySelector('#birth_date').value = '1990-05-17'", &[]).unwrap();
    browser.press("main form.card button.primary").unwrap();
    browser.see(pick(language, "Les changements sont enregistrés", "The changes are saved"));
    browser.go(&format!("{page}/sessions")).unwrap();
    browser.write("#password", SECOND).unwrap();
    browser.press("form[action$='/password'] button").unwrap();
    browser.see(done(language));
    assert!(signs_in(world, SECOND) && !signs_in(world, FIRST), "M10");

    let own = world.browser(Looks { language, ..WIDE });
    own.go("/me").unwrap();
    own.write("#login", "nora@partage.fr").unwrap();
    own.write("#password", SECOND).unwrap();
    own.press("main button.primary").unwrap();
    own.see("nora@partage.fr");
    assert_eq!(
        own.run("return document.querySelector('#street').value", &[]).unwrap(),
        "Mairie\n1 place de l'Église"
    );
    own.rewrite("#city", "Lyon").unwrap();
    own.press("form[action='/me'] button.primary").unwrap();
    own.see(done(language));
    let profile = world.must("GET", "/accounts/nora@partage.fr/profile", Value::Null);
    assert_eq!(profile["postal_address"]["city"], "Lyon");
    assert_eq!(profile["birth_date"], "1990-05-17");
    assert_eq!(profile["external_address"], "nora@maison.example");
    own.go("/me/password").unwrap();
    for (field, text) in [("#current", SECOND), ("#new", THIRD), ("#again", THIRD)] {
        own.write(field, text).unwrap();
    }
    own.press("main form button.primary").unwrap();
    own.see(pick(language, "Se connecter", "Sign in"));
    assert!(signs_in(world, THIRD) && !signs_in(world, SECOND), "M10");
}

fn somebody_new(language: &'static str) {
    let world = World::start();
    crate::money::furnish(&world);
    world.must("POST", "/domains", json!({ "name": "partage.fr" }));
    let offer = json!({ "name": "Un alias", "price_minor": 0, "currency": "EUR", "period": "month", "aliases_max": 1,
                        "licence": "full" });
    let offer = world.must("POST", "/subscriptions", offer);
    let browser = world.signed_in("admin", Looks { language, ..WIDE });
    create(&world, &browser, offer["id"].as_str().unwrap());
    let id = world.must("GET", "/accounts/nora@partage.fr", Value::Null)["id"].as_str().unwrap().to_owned();
    let page = format!("/console/accounts/{id}");
    give_aliases(&world, &browser, &page, language);
    fill_in(&world, &browser, &page, language);
}

/// M4, M7, M8, M10, M11, M12.
#[test]
fn somebody_new_has_an_account_addresses_a_password_and_personal_data_in_french() {
    somebody_new("fr");
}

/// M4, M7, M8, M10, M11, M12.
#[test]
fn somebody_new_has_an_account_addresses_a_password_and_personal_data_in_english() {
    somebody_new("en");
}

/// M7: support@ goes to the owner until somebody has it as an alias, and back to the owner when that is taken away.
#[test]
fn support_goes_to_the_owner_until_somebody_has_it() {
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    let goes_to = |name: &str| {
        browser.go("/console/routing?address=support@valmont.fr").unwrap();
        browser.see(name);
    };
    goes_to("Claire Aubert");
    let page = format!("{}/addresses", world.page_of("lucas"));
    browser.go(&page).unwrap();
    browser.write("#address", "support@valmont.fr").unwrap();
    browser.press("form[action$='/aliases'] button").unwrap();
    browser.see("C'est fait");
    goes_to("Lucas Bernard");
    browser.go(&page).unwrap();
    browser.press("form[action$='/aliases/remove'] button").unwrap();
    browser.see("C'est fait");
    goes_to("Claire Aubert");
}

/// M6, R9: the plan says how many; who is closed makes room for somebody else.
#[test]
fn no_account_is_made_beyond_the_plan_until_somebody_is_closed() {
    let world = World::start();
    let plan = json!({ "name": "Petite", "price_minor": 0, "currency": "EUR", "period": "month", "accounts_free": 4,
        "accounts_max": 4, "full_licences_max": 4, "own_domains_max": 1, "flexible_licences": false });
    world.must("POST", "/plans", plan);
    world.of_organisation("PUT", "/plan", json!({ "plan": "Petite" }));
    let browser = world.signed_in("admin", WIDE);
    let create = || {
        browser.go("/console/accounts/new").unwrap();
        browser.write("#name", "Nora Roux").unwrap();
        browser.write("#address", "nora@valmont.fr").unwrap();
        browser.press("input[value=password]").unwrap();
        browser.write("#password", &password_of("nora")).unwrap();
        browser.press("main form button.primary").unwrap();
    };
    create();
    browser.see("Nouveau compte");
    assert_eq!(alerts(&browser), 1);
    browser.go(&format!("{}/deactivate", world.page_of("jeanne"))).unwrap();
    browser.press("form[action$='/deactivate'] button.primary").unwrap();
    browser.see("est désactivé");
    create();
    browser.see("nora@valmont.fr");
    assert_eq!(world.account("nora")["state"], "active");
    // There is no licence left for whoever comes back.
    browser.go(&format!("{}/reactivate", world.page_of("jeanne"))).unwrap();
    browser.press("form[action$='/reactivate'] button.primary").unwrap_err();
    assert_eq!(world.account("jeanne")["state"], "deactivated");
}
