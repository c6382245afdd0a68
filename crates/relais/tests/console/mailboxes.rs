//! Shared mailboxes and responders in the console.

use crate::backups::{back_up, deliver_to};
use crate::world::{WIDE, World};
use relais_testbed::browser::Looks;
use serde_json::{Value, json};

/// The pages of shared mailboxes and responders, with something on them.
pub fn pages(world: &World) -> Vec<String> {
    let mailbox = world.of_organisation(
        "POST",
        "/shared-mailboxes",
        json!({ "address": "accueil@valmont.fr", "name": "Accueil de la mairie" }),
    );
    let mailbox = mailbox["id"].as_str().unwrap();
    world.must(
        "PUT",
        "/shared-mailboxes/accueil@valmont.fr/members/jeanne@valmont.fr",
        json!({ "right": "read" }),
    );
    let text = "Bonjour,\n\nCette personne a quitté la mairie. Écrivez à accueil@valmont.fr.";
    let responder = world.of_organisation("POST", "/responders", json!({ "name": "Partis", "text": text }));
    let responder = responder["id"].as_str().unwrap();
    world.must(
        "POST",
        &format!("/responders/{responder}/addresses"),
        json!({ "address": "ancien@valmont.fr", "until": "2030-01-31T00:00:00Z" }),
    );
    vec![
        "/console/mailboxes".to_owned(),
        "/console/mailboxes?search=nobody".to_owned(),
        "/console/mailboxes/new".to_owned(),
        format!("/console/mailboxes/{mailbox}"),
        format!("/console/mailboxes/{mailbox}/delete"),
        "/console/responders".to_owned(),
        "/console/responders/new".to_owned(),
        format!("/console/responders/{responder}"),
    ]
}

#[test]
fn a_shared_mailbox_is_made_and_read_by_whom_the_page_says() {
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/mailboxes").unwrap();
    browser.see("Pas encore de boîte partagée");
    browser.press("a[href='/console/mailboxes/new']").unwrap();
    browser.write("#name", "Accueil").unwrap();
    browser.write("#address", "accueil@valmont.fr").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("Personne ne lit cette boîte");
    browser.write("#address", "jeanne@valmont.fr").unwrap();
    browser.press("form[action$='/members'] button.primary").unwrap();
    browser.see("Jeanne Martin");
    let members = "/shared-mailboxes/accueil@valmont.fr/members";
    assert_eq!(world.must("GET", members, Value::Null)[0]["right"], "read_write");
    browser.press("button[aria-label='Lecture seule, Jeanne Martin']").unwrap();
    browser.see("Permettre d'écrire");
    assert_eq!(world.must("GET", members, Value::Null)[0]["right"], "read");
    browser.press("button[aria-label='Retirer de la boîte, Jeanne Martin']").unwrap();
    browser.see("Personne ne lit cette boîte");
    assert_eq!(world.must("GET", members, Value::Null), json!([]));
    browser.write("#more", "contact@valmont.fr").unwrap();
    browser.press("form[action$='/addresses'] button").unwrap();
    browser.see("contact@valmont.fr");
    let held = world.must("GET", "/addresses/contact@valmont.fr", Value::Null);
    assert_eq!(held["address"]["target"]["kind"], "shared_mailbox");
    browser.press("button[aria-label='Retirer contact@valmont.fr']").unwrap();
    browser.see("C'est fait");
    let held = world.must("GET", "/addresses/contact@valmont.fr", Value::Null);
    assert_eq!(held["address"]["target"], Value::Null, "{held}");
}

/// A message that is in no backup keeps it; then it goes, and its address is free.
#[test]
fn a_shared_mailbox_is_renamed_and_deleted_without_losing_a_message() {
    let world = World::start();
    let made = json!({ "address": "accueil@valmont.fr", "name": "Accueil" });
    let id = world.of_organisation("POST", "/shared-mailboxes", made)["id"].as_str().unwrap().to_owned();
    let readers = "/shared-mailboxes/accueil@valmont.fr/members/jeanne@valmont.fr";
    world.must("PUT", readers, json!({ "right": "read_write" }));
    let browser = world.signed_in("admin", WIDE);
    browser.go(&format!("/console/mailboxes/{id}")).unwrap();
    for (field, text) in [("#name", "Accueil de la mairie"), ("#own", "mairie@valmont.fr")] {
        browser.run("document.querySelector(arguments[0]).value = ''", &[json!(field)]).unwrap();
        browser.write(field, text).unwrap();
    }
    browser.press("form[action$='/name'] button").unwrap();
    browser.see("C'est fait");
    browser.see("Accueil de la mairie");
    deliver_to(&world, "accueil@valmont.fr");
    browser.press("a[href$='/delete']").unwrap();
    browser.see("est encore lue par : jeanne@valmont.fr");
    let readers = "/shared-mailboxes/mairie@valmont.fr/members/jeanne@valmont.fr";
    world.must("DELETE", readers, Value::Null);
    let delete = format!("/console/mailboxes/{id}/delete");
    browser.go(&delete).unwrap();
    browser.see("Aucune sauvegarde vérifiée ne contient tous les messages");
    back_up(&world);
    browser.go(&delete).unwrap();
    browser.see("mairie@valmont.fr refuse le courrier, et redevient libre");
    browser.press("button.grave").unwrap();
    browser.see("Pas encore de boîte partagée");
    for address in ["accueil@valmont.fr", "mairie@valmont.fr"] {
        let held = world.must("GET", &format!("/addresses/{address}"), Value::Null);
        assert_eq!(held["address"]["target"], Value::Null, "{held}");
    }
}

#[test]
fn a_responder_answers_what_the_page_says() {
    let world = World::start();
    let browser = world.signed_in("admin", Looks { language: "en", ..WIDE });
    browser.go("/console/responders/new").unwrap();
    browser.write("#name", "Left").unwrap();
    browser.write("#text", "This person has left.").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("None: it answers nobody yet.");
    browser.write("#address", "jeanne@valmont.fr").unwrap();
    browser.press("form[action$='/addresses'] button").unwrap();
    // Somebody has it; what was typed is there still.
    browser.see("jeanne@valmont.fr");
    browser.run("document.querySelector('#address').value = ''", &[]).unwrap();
    browser.write("#address", "old@valmont.fr").unwrap();
    browser.press("form[action$='/addresses'] button").unwrap();
    browser.see("old@valmont.fr");
    browser.run("document.querySelector('#text').value = ''", &[]).unwrap();
    browser.write("#text", "Write to the reception.").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("Done.");
    let all = world.of_organisation("GET", "/responders", Value::Null);
    assert_eq!(all[0]["text"], "Write to the reception.");
    browser.go("/console/routing?address=old@valmont.fr").unwrap();
    browser.see("1 automatic reply");
    let id = all[0]["id"].as_str().unwrap();
    world.of_organisation("PUT", "/domains/valmont.fr/catch-all", json!({ "to": "Left" }));
    browser.go(&format!("/console/responders/{id}/delete")).unwrap();
    browser.see("old@valmont.fr");
    browser.press("button.grave").unwrap();
    browser.see("Mail still goes to the responder \u{201c}Left\u{201d}: valmont.fr");
    world.of_organisation("DELETE", "/domains/valmont.fr/catch-all", Value::Null);
    browser.press("button.grave").unwrap();
    browser.see("No responder yet");
}
