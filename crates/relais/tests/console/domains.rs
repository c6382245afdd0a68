//! Domains in the console: claimed, looked at, given a catch-all, removed.

use crate::world::{WIDE, World};
use relais_testbed::browser::Looks;
use serde_json::{Value, json};

/// The pages of domains, with something on them. None is claimed by a name that anybody could have.
pub fn pages(world: &World) -> Vec<String> {
    world.of_organisation(
        "POST",
        "/domains",
        json!({ "name": "mairie-de-valmont-les-bains.test", "proof": "record" }),
    );
    [
        "/console/domains",
        "/console/domains/valmont.fr",
        "/console/domains/valmont.fr/delete",
        "/console/domains/mairie-de-valmont-les-bains.test",
        "/console/domains/mairie-de-valmont-les-bains.test/delete",
    ]
    .map(str::to_owned)
    .into()
}

/// M3.
#[test]
fn a_domain_is_claimed_with_its_record_and_withdrawn() {
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/domains").unwrap();
    browser.write("#name", "rien").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("rien");
    browser.run("document.querySelector('#name').value = ''", &[]).unwrap();
    browser.write("#name", "valmont-annexe.test").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("Prouvez que ce domaine est à vous");
    browser.see("_relais.valmont-annexe.test");
    browser.see("relais-domain-verification=");
    browser.press("form[action$='/prove'] button").unwrap();
    browser.see("Dernière vérification");
    browser.press("a[href$='/delete']").unwrap();
    browser.press("form[action$='/delete'] button.grave").unwrap();
    browser.see("C'est fait");
    let left = world.of_organisation("GET", "/domains", Value::Null);
    assert_eq!(left.as_array().unwrap().len(), 1);
}

/// M3: who would have no mail is said before the MX records are switched.
#[test]
fn addresses_without_an_account_are_named_before_the_mx_are_switched() {
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/domains/valmont.fr").unwrap();
    browser.see("Avant de changer les MX");
    browser.press("details:has(#expect) summary").unwrap();
    browser.write("#expect", "jeanne@valmont.fr\nancienne@valmont.fr").unwrap();
    browser.press("form:has(#expect) button").unwrap();
    browser.see("ancienne@valmont.fr");
    let missing = browser.run("return document.querySelector('main ul').innerText", &[]).unwrap();
    assert!(!missing.as_str().unwrap().contains("jeanne@"), "{missing}");
    world.person("ancienne", "Anne Cienne", "member");
    browser.go("/console/domains/valmont.fr?expect=jeanne%40valmont.fr%0Aancienne%40valmont.fr").unwrap();
    browser.see("Chacune de ces adresses reçoit son courrier ici");
}

#[test]
fn whoever_uses_a_domain_is_named_before_it_goes() {
    let world = World::start();
    let browser = world.signed_in("admin", Looks { language: "en", ..WIDE });
    browser.go("/console/domains/valmont.fr").unwrap();
    browser.see("What the DNS says");
    browser.write("#to", "jeanne@valmont.fr").unwrap();
    browser.press("form[action$='/catch-all'] button").unwrap();
    browser.see("Their mail goes to Jeanne Martin");
    browser.press("button[name=nobody]").unwrap();
    browser.see("Their mail is refused, which is best");
    browser.press("a[href$='/delete']").unwrap();
    browser.see("Who uses it");
    browser.see("jeanne@valmont.fr");
    assert_eq!(browser.run("return document.querySelectorAll('button.grave').length", &[]).unwrap(), 0);
}
