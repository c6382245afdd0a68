//! Whoever the directory makes or suspends is dealt with as their organisation has said; and where that cannot be, they are made
//! and suspended all the same.

use super::*;
use crate::world::{LIMIT, message, password_of};
use relais_testbed::net::wait_for;

/// A document of `login`'s that an application keeps.
fn document_of(world: &World, login: &str) {
    let made = world.of_organisation("POST", "/applications", json!({ "name": "Documents" }));
    let token = made["token"].as_str().expect("a token");
    let item = json!({ "external_id": "d1", "kind": "document", "title": "Bail", "owner": format!("{login}@bm.com") });
    let (status, answer) = world.as_bearer(token, "PUT", "/application/content", json!({ "items": [item] }));
    assert_eq!(status, 200, "{answer}");
}

/// Titles of what applications keep of theirs.
fn owned(world: &World, login: &str) -> Vec<String> {
    let owned = world.must("GET", &format!("/accounts/{login}@bm.com/content/items"), Value::Null);
    let items = owned.as_array().expect("a list").iter();
    let items = items.filter(|item| item["kind"] == "document");
    items.map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
}

/// A world with what the directory says of these people; they have passwords.
fn world_of(slapd: &Slapd, logins: &[&str]) -> (World, String) {
    let world = world(Database::Sqlite);
    let path = add(&world, openldap_settings(slapd.port), slapd::PASSWORD);
    done(&world, &path);
    for login in logins {
        let password = json!({ "password": password_of(login) });
        world.must("POST", &format!("/accounts/{login}@bm.com/password"), password);
    }
    (world, path)
}

fn vanish(slapd: &Slapd, login: &str) {
    slapd.change(&format!("dn: uid={login},{}\nchangetype: delete\n\n", slapd::PEOPLE)).expect("changed");
}

/// Mail goes to this one, and so does content.
fn all_to(world: &World, login: &str) {
    let to = format!("{login}@bm.com");
    let redirect = json!({ "do": "redirect", "to": to, "days": 30 });
    world.of_organisation("PUT", "/departure-policy", json!({ "new_mail": redirect, "content_to": to }));
}

fn events(world: &World) -> String {
    world.of_organisation("GET", "/events?after=0&limit=200", Value::Null).to_string()
}

fn suspended(world: &World, login: &str) -> Value {
    let account = account(world, login);
    let standing = (&account["state"], &account["deactivation"]["cause"]);
    assert_eq!(standing, (&json!("deactivated"), &json!("directory")), "{account}");
    assert_eq!(world.sign_in(login).0, 403);
    account
}

#[test]
fn whose_entry_vanishes_is_followed_by_whom_the_organisation_named() {
    let slapd = Slapd::start(&people(&["anna", "bruno", "carla"])).expect("starts");
    let (world, path) = world_of(&slapd, &["anna", "bruno", "carla"]);
    document_of(&world, "anna");
    all_to(&world, "bruno");
    vanish(&slapd, "anna");
    let report = done(&world, &path);
    assert_eq!(counts(&report), json!({ "suspended": 1 }), "{report}");
    let anna = suspended(&world, "anna");
    assert_eq!(anna["inbound"][0]["redirect_to"], json!(["bruno@bm.com"]), "{anna}");
    assert_eq!(anna["inbound"][1]["do"], "refuse", "{anna}");
    assert_eq!((owned(&world, "anna"), owned(&world, "bruno")), (vec![], vec!["Bail".to_owned()]));
    assert!(world.lmtp("anna@bm.com", &message("Pour Anna")).is_positive());
    wait_for(LIMIT, "the mail for Anna", || {
        (world.count_of("bruno", "INBOX", "Pour Anna") == 1).then_some(())
    });
    assert!(!events(&world).contains("departure_policy_left_out"));

    // Another one is answered for, and keeps what is theirs.
    let reply = json!({ "do": "reply", "text": "Carla est partie.", "days": 7 });
    world.of_organisation("PUT", "/departure-policy", json!({ "new_mail": reply, "content_to": null }));
    vanish(&slapd, "carla");
    done(&world, &path);
    assert_eq!(suspended(&world, "carla")["inbound"][0]["reply"], "Carla est partie.");
    world.check_chain();
}

#[test]
fn where_whoever_was_named_has_left_the_entry_that_vanishes_is_suspended_all_the_same() {
    let logins = ["anna", "bruno", "carla", "denis", "elsa", "farid"];
    let slapd = Slapd::start(&people(&logins)).expect("starts");
    let (world, path) = world_of(&slapd, &logins);
    document_of(&world, "anna");
    let left_out = |login: &str, code: &str| {
        let closed = suspended(&world, login);
        assert_eq!(closed["inbound"], json!([{ "until": null, "do": "refuse" }]), "{closed}");
        assert!(!world.lmtp(&format!("{login}@bm.com"), &message("Trop tard")).is_positive());
        let all = world.of_organisation("GET", "/events?after=0&limit=200", Value::Null);
        let noted = all.as_array().expect("events").iter().find(|event| {
            event["kind"] == "account.departure_policy_left_out" && event["subject"] == closed["id"]
        });
        assert_eq!(noted.expect("it is noted")["detail"]["because"], code);
    };
    // The one who was named was closed by a person.
    all_to(&world, "bruno");
    world.must("POST", "/accounts/bruno@bm.com/deactivate", json!({}));
    vanish(&slapd, "anna");
    done(&world, &path);
    left_out("anna", "departure_policy_heir_unknown");
    assert_eq!(owned(&world, "anna"), ["Bail"], "nobody has it");

    // Somebody else is named, and goes by another name since.
    all_to(&world, "denis");
    world.must("POST", "/accounts/denis@bm.com/rename", json!({ "address": "dd@bm.com" }));
    world.must("DELETE", "/accounts/dd@bm.com/aliases/denis@bm.com", Value::Null);
    vanish(&slapd, "carla");
    done(&world, &path);
    left_out("carla", "departure_policy_heir_unknown");

    // Whoever was named and whoever leaves vanish at once.
    all_to(&world, "elsa");
    vanish(&slapd, "elsa");
    vanish(&slapd, "farid");
    let report = done(&world, &path);
    assert_eq!(counts(&report)["suspended"], 2, "{report}");
    suspended(&world, "elsa");
    suspended(&world, "farid");
    world.check_chain();
}

#[test]
fn whoever_the_directory_makes_is_on_what_the_organisation_has_said_and_no_letter_goes_out() {
    let slapd = Slapd::start(&people(&["anna", "bruno"])).expect("starts");
    let world = world(Database::Sqlite);
    let terms = json!({ "name": "Base", "price_minor": 300, "currency": "EUR", "period": "month", "aliases_max": null,
                        "quota_bytes": null, "licence": "full" });
    let base = world.must("POST", "/subscriptions", terms)["id"].clone();
    world.typed(&["organisation", "default-subscription", ORGANISATION, "Base"]);
    let path = add(&world, openldap_settings(slapd.port), slapd::PASSWORD);
    assert_eq!(counts(&done(&world, &path)), json!({ "created": 2 }));
    assert_eq!(account(&world, "anna")["subscription"], base);
    assert_eq!(world.spool(), Vec::<Value>::new());
    // What is no longer offered keeps nobody out.
    world.must("POST", "/subscriptions/Base/retire", json!({}));
    slapd.change(&slapd::person("carla", "Carla")).expect("added");
    assert_eq!(counts(&done(&world, &path)), json!({ "created": 1 }));
    assert_eq!(account(&world, "carla")["subscription"], Value::Null);
    assert!(events(&world).contains("account.default_subscription_left_out"));
    world.typed(&["organisation", "default-subscription", ORGANISATION]);
    world.check_chain();
}
