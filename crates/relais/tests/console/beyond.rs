//! What no reference has: mail in stages, a legal hold, connected applications that are told; and that every row is shown.

use crate::mail::LIMIT;
use crate::world::{WIDE, World};
use relais_testbed::net::wait_for;
use relais_testbed::receiver::Receiver;
use relais_testbed::scim_server::ScimServer;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// X2, X5: answered for a month, refused from then on, released at the end; the page says each with its day.
#[test]
fn mail_is_answered_for_a_month_then_refused_and_the_address_is_released() {
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser
        .go(&format!(
            "{}/departure?until=2030-02-15&on=2030-01-15&delete_after=2030-06-02&reason=x",
            world.page_of("lucas")
        ))
        .unwrap();
    for said in [
        "La réponse s'arrête",
        "15 février 2030",
        "Le compte est supprimé",
        "2 juin 2030",
        "libérées à la suppression",
    ] {
        browser.see(said);
    }
    let page = world.page_of("jeanne");
    browser.go(&format!("{page}/deactivate")).unwrap();
    browser.press("input[value=reply]").unwrap();
    browser.press("form[action$='/deactivate'] button.primary").unwrap();
    browser.see("est désactivé");
    assert_eq!(world.letter("jeanne@valmont.fr", "question").code, 250);
    assert_eq!(world.sent_outside("client@far.example").len(), 1);
    browser.go("/console/routing?address=jeanne@valmont.fr").unwrap();
    browser.see("1 réponse automatique");
    let phases = world.account("jeanne")["inbound"].clone();
    assert_eq!(phases.as_array().map(Vec::len), Some(2), "{phases}");
    assert_eq!((&phases[0]["do"], &phases[1]["do"]), (&json!("accept"), &json!("refuse")), "{phases}");
    assert!(phases[0]["until"].is_string() && phases[1]["until"].is_null(), "{phases}");
}

/// X7: neither without a verified backup nor under a legal hold; the page says what stands in the way, and how it goes.
#[test]
fn who_has_to_be_kept_is_not_deleted() {
    let world = World::start();
    world.must("POST", "/accounts/jeanne@valmont.fr/deactivate", json!({}));
    let page = world.page_of("jeanne");
    let browser = world.signed_in("admin", WIDE);
    browser.go(&format!("{page}/delete")).unwrap();
    browser.press("form[action$='/back-up'] button").unwrap();
    browser.see("J'ai compris que");
    world.must("PUT", "/accounts/jeanne@valmont.fr/legal-hold", json!({ "reason": "Procès n° 12" }));
    browser.press("input[name=understood]").unwrap();
    browser.press("button.grave").unwrap();
    browser.see("Procès n° 12");
    assert_eq!(world.account("jeanne")["state"], "deactivated");
    let graves =
        browser.run("return document.querySelectorAll('main form button.grave').length", &[]).unwrap();
    assert_eq!(graves, 0);
    world.must("DELETE", "/accounts/jeanne@valmont.fr/legal-hold", Value::Null);
    browser.go(&format!("{page}/delete")).unwrap();
    browser.press("input[name=understood]").unwrap();
    browser.press("button.grave").unwrap();
    browser.see("Il n'en reste que la trace");
}

/// X10: closed on a page here, closed in the application that is fed, and the webhook is signed.
#[test]
fn connected_applications_are_told_who_is_closed() {
    let receiver = Receiver::start().expect("starts");
    let scim = ScimServer::start("s3cret").expect("starts");
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/applications").unwrap();
    browser.write("#name", "Tableaux").unwrap();
    browser.write("#url", &receiver.url()).unwrap();
    browser.press("main form.card button.primary").unwrap();
    browser.see("Copiez-le maintenant");
    let secrets = "return [...document.querySelectorAll('code.secret')].map((code) => code.textContent)";
    let secrets = browser.run(secrets, &[]).unwrap();
    let mut secrets = secrets.as_array().unwrap().iter().filter_map(Value::as_str);
    receiver.agree_on(secrets.find(|secret| secret.starts_with("whsec_")).expect("a secret")).unwrap();
    browser.go("/console/applications").unwrap();
    browser.press("main a[href^='/console/applications/']").unwrap();
    browser.press("a[href$='/feed']").unwrap();
    browser.write("#url", &scim.url()).unwrap();
    browser.write("#token", "s3cret").unwrap();
    browser.press("main form.card button.primary").unwrap();
    browser.press("form[action$='/plan'] button").unwrap();
    browser.see("jeanne@valmont.fr");
    browser.press("form[action$='/run'] button.primary").unwrap();
    let active = |login: &str| {
        let users = scim.list("Users");
        let name = format!("{login}@valmont.fr");
        users.iter().find(|user| user["userName"] == name.as_str()).map(|user| user["active"].clone())
    };
    wait_for(LIMIT, "the application has her", || (active("jeanne")? == true).then_some(()));
    browser.go(&format!("{}/deactivate", world.page_of("jeanne"))).unwrap();
    browser.press("form[action$='/deactivate'] button.primary").unwrap();
    browser.see("est désactivé");
    wait_for(LIMIT, "the application has closed her", || (active("jeanne")? == false).then_some(()));
    let id = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    wait_for(LIMIT, "the webhook comes", || {
        let heard = receiver.heard().ok()?;
        let of_her = |heard: &&relais_testbed::receiver::Heard| {
            let body = heard.body.to_string();
            body.contains("account.deactivated") && body.contains(&id)
        };
        heard.iter().find(of_her).map(|heard| assert!(heard.genuine, "{heard:?}"))
    });
    assert_eq!(active("lucas"), Some(json!(true)));
}

/// The rows of the references and beyond.
fn rows() -> BTreeSet<String> {
    let numbered =
        |letter: &'static str, last: u32| (1..=last).map(move |number| format!("{letter}{number}"));
    let of_mail = numbered("B", 16).filter(|row| row != "B10");
    let rows = of_mail.chain(["B10a", "B10b", "B10c"].map(str::to_owned));
    rows.chain(numbered("M", 15)).chain(numbered("R", 20)).chain(numbered("X", 12)).collect()
}

/// Each is named in what stands above a test of these, as a word of its own.
#[test]
fn every_row_of_the_references_is_shown_in_a_browser() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/console");
    let mut named = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut above = String::new();
        for line in source.lines().map(str::trim) {
            match line.strip_prefix("///") {
                Some(text) => above.push_str(text),
                None if line == "#[test]" => {
                    named.extend(above.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
                }
                None => above.clear(),
            }
        }
    }
    let missing: Vec<_> = rows().difference(&named).cloned().collect();
    assert!(missing.is_empty(), "no test names {missing:?}");
}
