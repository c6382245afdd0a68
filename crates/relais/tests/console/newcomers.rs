//! Somebody new: invited, made with a password, asked again.

use crate::world::{WIDE, World};
use relais_testbed::browser::Looks;
use serde_json::{Value, json};

/// The pages of new accounts and invitations, with somebody who is awaited.
pub fn pages(world: &World) -> Vec<String> {
    world.of_organisation(
        "POST",
        "/invitations",
        json!({ "address": "zoe@valmont.fr", "name": "Zoé Petit", "external_address": "zoe.petit@exemple.test" }),
    );
    ["/console/invitations", "/console/accounts/new", "/console/accounts/import"].map(str::to_owned).into()
}

#[test]
fn somebody_is_invited_into_a_group_and_once_more() {
    let world = World::start();
    let group = world.group_led_by("Voirie", "jeanne");
    let browser = world.signed_in("admin", WIDE);
    browser.go(&format!("/console/groups/{group}")).unwrap();
    browser.press("a[href*='/accounts/new']").unwrap();
    browser.write("#name", "Zoé Petit").unwrap();
    browser.write("#address", "zoe@valmont.fr").unwrap();
    browser.press("main form button.primary").unwrap();
    // Nowhere to send the link to: refused, and what was typed is there still.
    browser.see("Nouveau compte");
    assert_eq!(browser.run("return document.querySelector('#name').value", &[]).unwrap(), "Zoé Petit");
    browser.write("#external_address", "zoe@exemple.test").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("C'est fait");
    assert_eq!(world.account("zoe")["state"], "invited");
    let members = world.must("GET", &format!("/groups/{group}/members"), Value::Null);
    assert!(members.to_string().contains("zoe@valmont.fr"), "{members}");
    browser.go("/console/invitations").unwrap();
    browser.see("zoe@exemple.test");
    browser.press("form[action$='/invitation'] button").unwrap();
    browser.see("C'est fait");
    browser.press("a[aria-label^=Retirer]").unwrap();
    browser.see("Désactiver le compte");
}

/// R20: somebody who was deleted, or never was here, comes as a guest on one content.
#[test]
fn a_guest_is_invited_to_one_content() {
    let world = World::start();
    let item = json!({ "external_id": "b1", "kind": "board", "title": "Plan <b>de</b> ville", "owner": "jeanne@valmont.fr" });
    world.registers(&item);
    let browser = world.signed_in("admin", WIDE);
    browser.go(&format!("{}/content", world.page_of("jeanne"))).unwrap();
    browser.see("Plan <b>de</b> ville");
    browser.press("a[href*='content=']").unwrap();
    browser.see("Partagé dès le début");
    browser.write("#name", "Zoé Petit").unwrap();
    browser.write("#address", "zoe@valmont.fr").unwrap();
    browser.write("#external_address", "zoe@exemple.test").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("C'est fait");
    let zoe = world.account("zoe");
    assert_eq!((&zoe["state"], &zoe["role"]), (&json!("invited"), &json!("guest")));
    let shared = world.must("GET", "/accounts/zoe@valmont.fr/content/received", Value::Null);
    assert!(shared.to_string().contains("Plan <b>de</b> ville"), "{shared}");
}

#[test]
fn an_account_is_made_with_a_password() {
    let world = World::start();
    let browser = world.signed_in("admin", Looks { language: "en", ..WIDE });
    browser.go("/console/accounts").unwrap();
    browser.press("a[href='/console/accounts/new']").unwrap();
    browser.write("#name", "Nora Roux").unwrap();
    browser.write("#address", "nora@valmont.fr").unwrap();
    browser.press("input[value=password]").unwrap();
    browser.write("#password", "quatre lampes sous la neige").unwrap();
    browser.write("#quota", "2G").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("Nora Roux");
    let made = world.account("nora");
    assert_eq!((&made["state"], &made["quota_bytes"]), (&json!("active"), &json!(2_147_483_648_i64)));
}

#[test]
fn a_list_is_tried_before_it_is_taken_in() {
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/accounts/import").unwrap();
    browser.write("#list", "address,name,couleur\nnora@valmont.fr,Nora Roux,1\n").unwrap();
    browser.press("main form button.primary").unwrap();
    // A column that nobody knows: refused, and the lines are there still.
    browser.see("couleur");
    assert_eq!(browser.run("return document.querySelectorAll('[role=alert]').length", &[]).unwrap(), 1);
    let typed = browser.run("return document.querySelector('#list').value", &[]).unwrap();
    assert!(typed.as_str().unwrap().contains("nora@valmont.fr"), "{typed}");
    browser.run("document.querySelector('#list').value = ''", &[]).unwrap();
    browser
        .write(
            "#list",
            "address,name,job_title\nnora@valmont.fr,Nora Roux,Archiviste\nnora@ailleurs.fr,Nora,\n",
        )
        .unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("Ce que ferait la liste");
    browser.see("créés\u{a0}: 1");
    browser.see("refusés\u{a0}: 1");
    browser.press("button[name=confirmed]").unwrap();
    browser.see("Ce qu'a fait la liste");
    assert_eq!(world.account("nora")["name"], "Nora Roux");
}
