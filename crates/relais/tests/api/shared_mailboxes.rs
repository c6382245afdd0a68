//! Shared mailboxes: called otherwise, and deleted once nobody needs them.

use crate::groups::done;
use crate::world::{Who, World};
use serde_json::{Value, json};

const INFO: &str = "/api/v1/shared-mailboxes/info@bm.com";

/// What the deletion is refused for, and the sentence.
async fn kept_for(world: &World) -> (String, String) {
    let answer = world.ask(Who::Admin, "DELETE", INFO).await;
    (answer.code(), answer.json()["detail"].as_str().expect("a sentence").to_owned())
}

async fn members(world: &World) -> Vec<String> {
    let list = world.ask(Who::Admin, "GET", &format!("{INFO}/members")).await.json();
    let address = |member: &Value| member["address"].as_str().expect("an address").to_owned();
    list.as_array().expect("a list").iter().map(address).collect()
}

#[tokio::test]
async fn a_shared_mailbox_that_is_renamed_keeps_its_old_address_as_an_alias() {
    let world = World::new().await;
    let renamed = world
        .ask_with(Who::Manager, "PATCH", INFO, &json!({ "name": "Accueil", "address": "accueil@bm.com" }))
        .await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    assert_eq!(renamed.json()["name"], "Accueil");
    let held = world.ask(Who::Admin, "GET", "/api/v1/addresses/info@bm.com").await.json();
    assert_eq!(held["address"]["kind"], "alias");
    let own = world.ask(Who::Admin, "GET", "/api/v1/addresses/accueil@bm.com").await.json();
    assert_eq!(own["address"]["kind"], "primary");
    assert_eq!(own["address"]["target"], held["address"]["target"]);
    let taken = "/api/v1/shared-mailboxes/accueil@bm.com";
    let taken = world.ask_with(Who::Manager, "PATCH", taken, &json!({ "address": "user1@bm.com" })).await;
    assert_eq!(taken.code(), "address_taken");
    // And back to the old one, which is its own.
    let back = "/api/v1/shared-mailboxes/accueil@bm.com";
    done(&world, Who::Manager, "PATCH", back, json!({ "address": "info@bm.com" })).await;
    let held = world.ask(Who::Admin, "GET", "/api/v1/addresses/accueil@bm.com").await.json();
    assert_eq!(held["address"]["kind"], "alias");
}

#[tokio::test]
async fn a_shared_mailbox_is_deleted_once_nobody_needs_it() {
    let world = World::new().await;
    let catch_all = "/api/v1/organisations/bm/domains/bm.com/catch-all";
    done(&world, Who::Admin, "PUT", catch_all, json!({ "to": "info@bm.com" })).await;
    let (code, sentence) = kept_for(&world).await;
    assert_eq!(code, "shared_mailbox_in_use");
    assert!(sentence.contains("bm.com"), "{sentence}");
    done(&world, Who::Admin, "DELETE", catch_all, Value::Null).await;
    let departure = json!({ "shared_mailbox": "info@bm.com", "on": "2030-01-15T17:00:00Z" });
    let begun = world
        .ask_with(Who::Admin, "POST", "/api/v1/accounts/user1@bm.com/departure", &departure)
        .await
        .json();
    let (code, sentence) = kept_for(&world).await;
    assert_eq!(code, "shared_mailbox_in_departure");
    assert!(sentence.contains("user1@bm.com"), "{sentence}");
    let renamed = world.ask_with(Who::Admin, "PATCH", INFO, &json!({ "address": "autre@bm.com" })).await;
    assert_eq!(renamed.code(), "shared_mailbox_in_departure");
    let undo = format!("/api/v1/departures/{}/undo", begun["id"].as_str().expect("an id"));
    done(&world, Who::Admin, "POST", &undo, Value::Null).await;
    world.app.work_once().await;
    done(&world, Who::Admin, "PUT", &format!("{INFO}/members/user2@bm.com"), json!({ "right": "read" }))
        .await;
    let (code, sentence) = kept_for(&world).await;
    assert_eq!(code, "shared_mailbox_has_readers");
    assert!(sentence.contains("user2@bm.com"), "{sentence}");
    for member in members(&world).await {
        done(&world, Who::Admin, "DELETE", &format!("{INFO}/members/{member}"), Value::Null).await;
    }
    assert_eq!(world.ask(Who::Manager, "DELETE", INFO).await.code(), "not_allowed");
    let listed = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/shared-mailboxes").await.json();
    let id = listed[0]["id"].as_str().expect("an id");
    done(&world, Who::Admin, "DELETE", INFO, Value::Null).await;
    assert_eq!(world.ask(Who::Admin, "GET", &format!("{INFO}/members")).await.status, 404);
    let held = world.ask(Who::Admin, "GET", "/api/v1/addresses/info@bm.com").await.json();
    assert_eq!(held["address"]["target"], Value::Null);
    let events = format!("/api/v1/organisations/bm/events?subject={id}");
    let events = world.ask(Who::Admin, "GET", &events).await.text;
    assert!(events.contains("shared_mailbox.removed"), "{events}");
}
