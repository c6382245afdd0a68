//! Groups in the console: made, filled, given an address and a policy, put into each other, ended.

use crate::world::{WIDE, World};
use relais_testbed::browser::Looks;
use serde_json::{Value, json};

/// The pages of groups, with something on them.
pub fn pages(world: &World) -> Vec<String> {
    let group = world.of_organisation(
        "POST",
        "/groups",
        json!({ "name": "Services techniques et espaces verts", "address": "services.techniques@valmont.fr" }),
    );
    let id = group["id"].as_str().unwrap().to_owned();
    for (login, role) in [("jeanne", "admin"), ("lucas", "member")] {
        world.must("PUT", &format!("/groups/{id}/members/{login}@valmont.fr"), json!({ "role": role }));
    }
    let inner = world.of_organisation("POST", "/groups", json!({ "name": "Voirie" }));
    let inner = inner["id"].as_str().unwrap();
    world.must("PUT", &format!("/groups/{id}/groups/{inner}"), Value::Null);
    ["/console/groups", "/console/groups?search=nobody", "/console/groups/new"]
        .map(str::to_owned)
        .into_iter()
        .chain(["", "/settings", "/delete"].map(|part| format!("/console/groups/{id}{part}")))
        .chain([format!("/console/groups/{inner}"), format!("/console/groups/{inner}/settings")])
        .collect()
}

/// M5.
#[test]
fn a_group_is_made_filled_addressed_and_ended() {
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/groups").unwrap();
    browser.see("Pas encore de groupe");
    browser.press("a[href='/console/groups/new']").unwrap();
    browser.write("#name", "État civil").unwrap();
    browser.write("#address", "jeanne@valmont.fr").unwrap();
    browser.press("main form button.primary").unwrap();
    // Refused, and what was typed is there still.
    browser.see("jeanne@valmont.fr");
    let typed = browser.run("return document.querySelector('#name').value", &[]).unwrap();
    assert_eq!(typed, "État civil");
    browser.run("document.querySelector('#address').value = ''", &[]).unwrap();
    browser.write("#address", "etat.civil@valmont.fr").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("C'est fait");
    browser.see("Paul Garnier");
    browser.write("#address", "lucas@valmont.fr").unwrap();
    browser.press("form[action$='/members'] button.primary").unwrap();
    browser.see("Lucas Bernard");
    browser.press("button[aria-label='Nommer administrateur, Lucas Bernard']").unwrap();
    browser.see("Ne plus être administrateur");
    browser.press("button[aria-label='Retirer du groupe, Paul Garnier']").unwrap();
    browser.see("C'est fait");
    let place = browser.place().unwrap();
    let id = place.strip_prefix("/console/groups/").unwrap().split('?').next().unwrap().to_owned();
    let members = world.must("GET", &format!("/groups/{id}/members"), Value::Null);
    assert_eq!(members.as_array().unwrap().len(), 1, "{members}");
    assert_eq!(members[0]["role"], "admin");
    browser.press("a[href$='/settings']").unwrap();
    browser.press("input[value=listed]").unwrap();
    browser.write("#senders", "client@exemple.fr\nmaire@valmont.fr").unwrap();
    browser.press("form[action$='/posting'] button").unwrap();
    browser.see("client@exemple.fr, maire@valmont.fr");
    browser.press("a[href$='/delete']").unwrap();
    browser.see("etat.civil@valmont.fr refuse le courrier");
    browser.press("form[action$='/delete'] button.grave").unwrap();
    browser.see("Pas encore de groupe");
}

#[test]
fn groups_are_put_into_each_other_and_never_in_a_ring() {
    let world = World::start();
    let outer = world.group_led_by("Services", "jeanne");
    let inner = world.group_led_by("Voirie", "lucas");
    let browser = world.signed_in("admin", Looks { language: "en", ..WIDE });
    browser.go(&format!("/console/groups/{outer}/settings")).unwrap();
    browser.press("form[action$='/groups'] button").unwrap();
    browser.see("Done.");
    browser.go(&format!("/console/groups/{inner}/settings")).unwrap();
    browser.see("This group is itself in: Services");
    browser.press("form[action$='/groups'] button").unwrap();
    browser.see("Services");
    let inside = world.must("GET", &format!("/groups/{inner}/groups"), Value::Null);
    assert_eq!(inside, json!([]), "a ring is refused");
    browser.go(&format!("/console/groups/{outer}/settings")).unwrap();
    browser.press("form[action$='/groups/take-out'] button").unwrap();
    browser.see("Done.");
    assert_eq!(world.must("GET", &format!("/groups/{outer}/groups"), Value::Null), json!([]));
}
