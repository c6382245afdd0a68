//! Backups in the console: made, looked into with a reason, downloaded, restored after a trial.

use crate::world::{WIDE, World};
use relais_testbed::browser::Looks;
use relais_testbed::mail::Lmtp;
use relais_testbed::net::wait_for;
use serde_json::{Value, json};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// A letter to Jeanne, whose subject could be taken for markup.
fn deliver(world: &World) {
    deliver_to(world, "jeanne@valmont.fr");
}

pub fn deliver_to(world: &World, to: &str) {
    let address = world.server.address(&world.server.configuration.lmtp).expect("an address");
    let message = b"From: Ren\xc3\xa9 <client@far.example>\r\nTo: jeanne@valmont.fr\r\nSubject: <script>devis</script>\r\n\
        Date: Sat, 21 Nov 2026 20:31:51 +0000\r\nMessage-ID: <1@far.example>\r\n\r\nVoici le devis <b>de</b> l'ecole.\r\n";
    let mut lmtp = Lmtp::open(address).expect("LMTP greets");
    let replies = lmtp.send("client@far.example", &[to], message).expect("an answer");
    assert!(replies[0].is_positive(), "{replies:?}");
}

/// Backs everything up; the generation, read back.
pub fn back_up(world: &World) -> String {
    let begun = world.of_organisation("POST", "/backups", json!({}));
    let id = begun["id"].as_str().expect("an id").to_owned();
    wait_for(LIMIT, "the backup is read back", || {
        let found = world.must("GET", &format!("/backups/{id}"), Value::Null);
        (found["state"] == "verified").then_some(())
    });
    id
}

/// The pages of backups, with a message in one.
pub fn pages(world: &World) -> Vec<String> {
    deliver(world);
    let generation = back_up(world);
    let jeanne = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    let inside = format!("/console/backups/{generation}/{jeanne}");
    let found =
        world.must("GET", &format!("/backups/{generation}/{jeanne}/messages?reason=essai"), Value::Null);
    let message = found["messages"][0]["message"].as_str().expect("a message").to_owned();
    vec![
        "/console/backups".to_owned(),
        format!("/console/backups/{generation}"),
        format!("/console/backups/{generation}?search=nobody"),
        format!("/console/accounts/{jeanne}/backups"),
        inside.clone(),
        format!("{inside}?reason=essai"),
        format!("{inside}/messages?reason=essai"),
        format!("{inside}/message?reason=essai&folder=INBOX&message={message}"),
        format!("{inside}/restore?reason=essai&what=folder&folder=INBOX"),
    ]
}

#[test]
fn a_message_is_found_in_a_backup_and_restored_to_somebody_else() {
    let world = World::start();
    deliver(&world);
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/backups").unwrap();
    browser.see("Pas encore de sauvegarde");
    browser.press("form[action='/console/backups'] button.primary").unwrap();
    browser.see("C'est fait");
    let begun = world.of_organisation("GET", "/backups", Value::Null);
    let generation = begun[0]["id"].as_str().unwrap().to_owned();
    wait_for(LIMIT, "the backup is read back", || {
        let found = world.must("GET", &format!("/backups/{generation}"), Value::Null);
        (found["state"] == "verified").then_some(())
    });
    browser.go(&format!("/console/backups/{generation}?search=jeanne")).unwrap();
    browser.press("td.who a.name").unwrap();
    browser.see("Pourquoi regardez-vous");
    browser.write("#reason", "Devis & contrat de l'école").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("INBOX");
    browser.press("a[href*='folder=INBOX']").unwrap();
    browser.see("<script>devis</script>");
    browser.press("td.who a.name").unwrap();
    browser.see("Voici le devis <b>de</b> l'ecole.");
    browser.press("a[href*='/restore']").unwrap();
    browser.write("#into", "lucas@valmont.fr").unwrap();
    browser.press("form.card button.primary").unwrap();
    browser.see("Ce qui serait restauré chez lucas@valmont.fr");
    browser.press("button[name=confirmed]").unwrap();
    browser.see("Restauré chez lucas@valmont.fr");
    let usage = world.must("GET", "/accounts/lucas@valmont.fr/usage", Value::Null);
    assert_eq!(usage["messages"], 1, "{usage}");
    let looked = world.of_organisation("GET", "/events?limit=100", Value::Null).to_string();
    assert!(looked.contains("Devis & contrat de l'école"), "the reason is in the log");
}

#[test]
fn the_hour_of_backups_and_how_long_they_are_kept_is_changed() {
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/backups").unwrap();
    browser.press("main details summary").unwrap();
    browser.run("document.querySelector('#daily_at').value = '03:30'", &[]).unwrap();
    for (field, days) in [("days", "0"), ("weeks", "0"), ("months", "0")] {
        browser
            .run(
                "document.querySelector(arguments[0]).value = arguments[1]",
                &[json!(format!("#{field}")), json!(days)],
            )
            .unwrap();
    }
    browser.press("form[action$='/policy'] button").unwrap();
    // Nothing would be kept; what was typed is there still.
    let typed = browser.run("return document.querySelector('#days').value", &[]).unwrap();
    assert_eq!(typed, "0");
    browser.run("document.querySelector('#weeks').value = '4'", &[]).unwrap();
    browser.press("form[action$='/policy'] button").unwrap();
    browser.see("C'est fait");
    browser.see("Chaque jour à 03:30");
    let policy = world.of_organisation("GET", "/backup-policy", Value::Null);
    assert_eq!(policy["retention"], json!({ "days": 0, "weeks": 4, "months": 0 }));
}

#[test]
fn an_account_is_held_for_a_reason_and_let_go() {
    let world = World::start();
    let jeanne = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    let browser = world.signed_in("admin", WIDE);
    browser.go(&format!("/console/accounts/{jeanne}/backups")).unwrap();
    browser.write("#hold", "Litige RG 26/1234").unwrap();
    browser.press("form[action$='/legal-hold'] button").unwrap();
    browser.see("Litige RG 26/1234");
    assert_eq!(world.account("jeanne")["legal_hold"]["reason"], "Litige RG 26/1234");
    browser.press("form[action$='/legal-hold/end'] button").unwrap();
    browser.see("C'est fait");
    assert_eq!(world.account("jeanne")["legal_hold"], Value::Null);
}

#[test]
fn one_account_is_backed_up_from_its_own_page() {
    let world = World::start();
    deliver(&world);
    let jeanne = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    let browser = world.signed_in("admin", Looks { language: "en", ..WIDE });
    browser.go(&format!("/console/accounts/{jeanne}/backups")).unwrap();
    browser.see("No backup of this account");
    browser.press("form[action$='/backups'] button").unwrap();
    browser.see("read back and whole");
    browser.go(&format!("/console/accounts/{jeanne}/backups")).unwrap();
    browser.press(".listing td a").unwrap();
    browser.see("Why do you look at this data?");
}
