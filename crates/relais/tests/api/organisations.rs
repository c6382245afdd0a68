//! No data crosses between organisations, and what is made can be read back.

use crate::world::{Who, World};
use serde_json::json;

#[tokio::test]
async fn a_redirect_into_another_organisation_explains_nothing_of_it() {
    let world = World::new().await;
    let phases = json!([{ "until": null, "do": "accept", "copy": "keep", "redirect_to": ["ceo@autre.com"] }]);
    let set = world.ask_with(Who::Admin, "PUT", "/api/v1/accounts/user1@bm.com/inbound", &phases).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let ours = world.ask(Who::Admin, "GET", "/api/v1/explain/user1+tag@bm.com").await;
    assert_eq!(ours.status, 200, "{}", ours.text);
    assert!(
        ours.text.contains("sent_outside") && !ours.text.contains("Nom de ceo@autre.com"),
        "{}",
        ours.text
    );
    assert_eq!(ours.json()["deliveries"].as_array().expect("a list").len(), 1);
    let operators = world.ask(Who::Socket, "GET", "/api/v1/explain/user1@bm.com").await;
    assert!(operators.text.contains("Nom de ceo@autre.com"), "{}", operators.text);
    for path in [
        "/api/v1/explain/ceo@autre.com",
        "/api/v1/explain/nobody@autre.com",
        "/api/v1/explain/x@ailleurs.org",
    ] {
        assert_eq!(world.ask(Who::Admin, "GET", path).await.status, 404, "{path}");
    }
    assert_eq!(world.ask(Who::Admin, "GET", "/api/v1/explain/nobody@bm.com").await.status, 200);
}

#[tokio::test]
async fn things_of_another_organisation_cannot_be_brought_in_by_a_body_or_a_second_segment() {
    let world = World::new().await;
    for (method, path, body, expected) in [
        (
            "PUT",
            "/api/v1/groups/ventes@bm.com/members/ceo@autre.com",
            json!({ "role": "member" }),
            "not_found",
        ),
        (
            "PUT",
            "/api/v1/shared-mailboxes/info@bm.com/members/ceo@autre.com",
            json!({ "right": "read" }),
            "not_found",
        ),
        ("POST", "/api/v1/addresses/alias1@bm.com/move", json!({ "to": "ceo@autre.com" }), "not_found"),
        (
            "POST",
            "/api/v1/accounts/user1@bm.com/aliases",
            json!({ "address": "x@autre.com" }),
            "domain_not_hosted",
        ),
        (
            "POST",
            "/api/v1/accounts/user1@bm.com/departure",
            json!({ "to": "ceo@autre.com" }),
            "successor_not_active",
        ),
    ] {
        for who in [Who::Token, Who::Socket] {
            let answer = world.ask_with(who, method, path, &body).await;
            assert_eq!(answer.code(), expected, "{who:?} {method} {path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn an_address_that_is_given_on_keeps_its_history() {
    let world = World::new().await;
    for (to, kind) in [("user2@bm.com", "account"), ("départs", "responder")] {
        let world = if kind == "account" { &world } else { &World::new().await };
        let moved = world
            .ask_with(Who::Admin, "POST", "/api/v1/addresses/alias1@bm.com/move", &json!({ "to": to }))
            .await;
        assert_eq!(moved.status, 200, "{}", moved.text);
        let held = world.ask(Who::Manager, "GET", "/api/v1/addresses/alias1@bm.com").await.json();
        assert_eq!(held["address"]["target"]["kind"], kind);
        assert_eq!(held["history"].as_array().expect("a list").len(), 2);
    }
    // A group is named by its address: names are for responders.
    let path = "/api/v1/addresses/alias1@bm.com/move";
    assert_eq!(world.ask_with(Who::Admin, "POST", path, &json!({ "to": "Ventes" })).await.status, 404);
    let group = json!({ "to": "ventes@bm.com" });
    let answer = world.ask_with(Who::Admin, "POST", "/api/v1/addresses/info@bm.com/move", &group).await;
    assert_eq!(answer.code(), "address_not_held", "only what an account holds can be given on");
}

#[tokio::test]
async fn accounts_are_listed_in_pages_and_by_state() {
    let world = World::new().await;
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/api/v1/organisations/bm/accounts?limit=3{after}");
        let page = world.ask(Who::Manager, "GET", &path).await.json();
        let page = page.as_array().expect("a list");
        let text = |account: &serde_json::Value, field| account[field].as_str().expect("text").to_owned();
        let Some(last) = page.last() else { break };
        after = format!("&after={}", text(last, "id"));
        found.extend(page.iter().map(|account| text(account, "address")));
    }
    assert_eq!(found.len(), 12, "{found:?}");
    assert!(found.is_sorted());
    let closed =
        world.ask(Who::Manager, "GET", "/api/v1/organisations/bm/accounts?state=invited").await.json();
    assert_eq!(closed[0]["address"], "invited@bm.com");
    assert_eq!(closed.as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn what_is_made_says_where_it_is_and_a_name_is_taken_once() {
    let world = World::new().await;
    let made = world
        .ask_with(
            Who::Manager,
            "POST",
            "/api/v1/organisations/bm/accounts",
            &json!({ "address": "neuf@bm.com", "name": "Neuf" }),
        )
        .await;
    assert_eq!(made.status, 201);
    let location = made.headers["location"].to_str().expect("text");
    assert_eq!(world.ask(Who::Manager, "GET", location).await.json(), made.json());
    let group = json!({ "name": "Ventes" });
    let twice = world.ask_with(Who::Manager, "POST", "/api/v1/organisations/bm/groups", &group).await;
    assert_eq!((twice.status.as_u16(), twice.code().as_str()), (409, "conflict"));
    assert_eq!(twice.headers["retry-after"], "1");
    let events = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/events?limit=2&after=1").await.json();
    assert_eq!((&events[0]["number"], &events[1]["number"]), (&json!(2), &json!(3)));
    let chain = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/events/verify").await.json();
    assert_eq!(chain["broken_at"], json!(null));
}
