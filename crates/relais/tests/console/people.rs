//! What an administrator does to people: found, closed, opened, deleted, several at once, and a departure from its first
//! question to its certificate.

use crate::world::{WIDE, World};
use relais_testbed::browser::{Looks, Scheme};
use relais_testbed::net::wait_for;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// M7, R15, R16: the guard names the groups, and a button takes each away.
#[test]
fn whoever_alone_leads_a_group_is_closed_after_one_press_more_and_comes_back() {
    let world = World::start();
    let group = world.group_led_by("État civil", "jeanne");
    let browser = world.signed_in("admin", WIDE);
    browser.write("#find", "jeanne").unwrap();
    browser.run("document.querySelector('.search').submit()", &[]).unwrap();
    browser.see("jeanne@valmont.fr");
    browser.press("td.who a.name").unwrap();
    browser.see("Données personnelles");
    browser.press("a[href$='/deactivate']").unwrap();
    browser.see("Prenez le relais dans ces groupes");
    browser.see("M'ajouter comme administrateur");
    browser.press("form[action$='/lead'] button").unwrap();
    browser.see("Les nouveaux messages");
    browser.press("form[action$='/deactivate'] button.primary").unwrap();
    browser.see("Jeanne Martin est désactivé");
    assert_eq!(world.account("jeanne")["state"], "deactivated");
    let members = world.must("GET", &format!("/groups/{group}/members"), serde_json::Value::Null);
    assert!(
        members.to_string().contains("admin@valmont.fr")
            || members.as_array().is_some_and(|all| all.len() == 2)
    );
    browser.press("a[href$='/reactivate']").unwrap();
    browser.see("La personne peut se connecter aussitôt");
    browser.press("form[action$='/reactivate'] button.primary").unwrap();
    browser.see("de nouveau actif");
    assert_eq!(world.account("jeanne")["state"], "active");
}

/// R12, R13: chosen in the list, tried first, each with its own result.
#[test]
fn several_are_closed_at_once_after_their_results_were_shown() {
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/accounts").unwrap();
    browser.press("#all").unwrap();
    let count = browser.run("return document.querySelector('[data-count]').textContent", &[]).unwrap();
    assert_eq!(count, "4");
    browser.press("button[value=deactivate]").unwrap();
    browser.see("2 comptes seront modifiés");
    browser.see("2 refusés");
    assert_eq!(world.account("jeanne")["state"], "active", "nothing is done before");
    browser.press("form[action$='/apply'] button").unwrap();
    browser.see("2 comptes modifiés");
    assert_eq!(world.account("jeanne")["state"], "deactivated");
    assert_eq!(world.account("admin")["state"], "active");
}

/// B1, B13 and what is between from the console, in both languages: the lawful answer is chosen, the plan follows the answers, the steps are
/// watched, and the certificate is there at the end.
#[test]
fn a_departure_goes_from_its_questions_to_its_certificate() {
    for (language, begin, finished, certificate) in [
        ("fr", "Commencer maintenant", "terminé", "Attestation de départ"),
        ("en", "Begin now", "finished", "Certificate of departure"),
    ] {
        let world = World::start();
        let id = world.account("jeanne")["id"].as_str().unwrap().to_owned();
        let browser = world.signed_in("admin", Looks { language, ..WIDE });
        browser.go(&format!("/console/accounts/{id}/departure")).unwrap();
        let chosen = browser.run("return document.querySelector('[name=mail]:checked').value", &[]).unwrap();
        assert_eq!(chosen, "reply", "what the law allows comes first");
        browser.write("#to", "lucas@valmont.fr").unwrap();
        browser
            .run("document.querySelector('#to').dispatchEvent(new Event('change', { bubbles: true }))", &[])
            .unwrap();
        wait_for(LIMIT, "the plan names the successor", || {
            let plan = browser.run("return document.querySelector('#plan').innerText", &[]).ok()?;
            plan.as_str()?.contains("lucas@valmont.fr").then_some(())
        });
        browser.see(begin);
        browser.press("#plan button.primary").unwrap();
        browser.see(finished);
        browser.press("a[href$='/certificate']").unwrap();
        browser.see(certificate);
        assert_eq!(world.account("jeanne.bck")["state"], "deactivated");
    }
}

#[test]
fn a_departure_that_begins_later_is_held_resumed_and_undone() {
    let world = World::start();
    let id = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    let browser = world.signed_in("admin", WIDE);
    browser.go(&format!("/console/accounts/{id}/departure?on=2030-01-15&to=lucas@valmont.fr")).unwrap();
    browser.see("Programmer pour le 15 janvier 2030");
    browser.press("#plan button.primary").unwrap();
    browser.see("prévu");
    browser.press("form[action$='/hold'] button").unwrap();
    browser.see("suspendu");
    browser.press("form[action$='/resume'] button").unwrap();
    browser.see("prévu");
    browser.press("form[action$='/undo'] button").unwrap();
    browser.see("annulé");
    assert_eq!(world.account("jeanne")["leaves_at"], serde_json::Value::Null);
}

#[test]
fn where_mail_goes_is_drawn_with_its_reasons() {
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/routing").unwrap();
    browser.write("#address", "jeanne@valmont.fr").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("1 boîte le reçoit");
    browser.see("Conservé dans la boîte");
    browser.go("/console/routing?address=personne@valmont.fr").unwrap();
    browser.see("Le message est refusé");
}

#[test]
fn every_page_works_without_the_script() {
    let world = World::start();
    let browser = world.signed_in("admin", Looks { scheme: Scheme::Dark, ..WIDE });
    browser.tell("Emulation.setScriptExecutionDisabled", &serde_json::json!({ "value": true })).unwrap();
    browser.go("/console/accounts?search=jeanne").unwrap();
    browser.press("input[name=account]").unwrap();
    browser.press("button[value=deactivate]").unwrap();
    browser.press("form[action$='/apply'] button").unwrap();
    assert_eq!(world.account("jeanne")["state"], "deactivated");
}
