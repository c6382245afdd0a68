//! Who shares calendars and address books, with whom, and what is told of it.

use crate::world::{Who, World, id_of};
use relais_app::read::{collections, events};
use serde_json::{Value, json};

const SHARES: &str = "/api/v1/accounts/user1@bm.com/shares";
const COLLECTIONS: &str = "/api/v1/accounts/user1@bm.com/collections";

fn wanted(collection: &str, with: &str, right: &str) -> Value {
    json!({ "collection": collection, "with": with, "right": right })
}

#[tokio::test]
async fn everyone_begins_with_a_calendar_and_an_address_book_in_the_organisations_language() {
    let world = World::new().await;
    let listed = world.ask(Who::Subject, "GET", COLLECTIONS).await.json();
    let expected = json!([
        { "name": "calendar", "kind": "calendar", "title": "Calendrier" },
        { "name": "contacts", "kind": "address_book", "title": "Contacts" }
    ]);
    assert_eq!(listed["own"], expected);
    let other = world.ask(Who::OtherToken, "GET", "/api/v1/accounts/ceo@autre.com/collections").await.json();
    assert_eq!(other["own"][0]["title"], "Calendar");
    assert_eq!(world.ask(Who::Member, "GET", COLLECTIONS).await.code(), "not_allowed");
    assert_eq!(world.ask(Who::Manager, "GET", COLLECTIONS).await.code(), "not_allowed");
}

#[tokio::test]
async fn the_owner_shares_changes_and_ends_a_share_and_each_is_told_once() {
    let world = World::new().await;
    let ask = async |body: &Value| world.ask_with(Who::Subject, "POST", SHARES, body).await;
    let first = ask(&wanted("calendar", "user2@bm.com", "read")).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let again = ask(&wanted("calendar", "user2@bm.com", "write")).await.json();
    assert_eq!((&again["id"], &again["right"]), (&first.json()["id"], &json!("write")));
    let listed = world.ask(Who::Subject, "GET", COLLECTIONS).await.json();
    let given = listed["given"].as_array().expect("a list");
    let told: Vec<_> = given.iter().map(|share| (&share["with_name"], &share["right"])).collect();
    assert_eq!(told, [(&json!("user2@bm.com"), &json!("write")), (&json!("Ventes"), &json!("write"))]);
    let received = world.ask(Who::Member, "GET", "/api/v1/accounts/user2@bm.com/collections").await.json();
    assert!(received["received"].to_string().contains("\"owner_address\":\"user1@bm.com\""), "{received}");
    let path = format!("/api/v1/shares/{}", first.json()["id"].as_str().expect("an id"));
    assert_eq!(world.ask(Who::Member, "DELETE", &path).await.code(), "not_allowed");
    assert_eq!(world.ask(Who::Subject, "DELETE", &path).await.status, 204);
    assert_eq!(world.ask(Who::Subject, "DELETE", &path).await.code(), "not_found");
    let bm = world.made.bm;
    let all = world.app.look(move |tx| events::page(tx, bm, "", 0, 10_000)).await.expect("asked");
    let count = |kind: &str| all.iter().filter(|event| event.kind == kind).count();
    // One share is the template's.
    assert_eq!((count("collection.shared"), count("collection.share_ended")), (3, 1));
}

#[tokio::test]
async fn what_cannot_be_shared_is_refused_with_its_name() {
    let world = World::new().await;
    for (body, expected) in [
        (wanted("nothing", "user2@bm.com", "read"), "collection_unknown"),
        (wanted("../x", "user2@bm.com", "read"), "collection_unknown"),
        (wanted("rw-shr-1", "user2@bm.com", "read"), "collection_unknown"),
        (wanted("calendar", "user1@bm.com", "read"), "shared_with_owner"),
        (wanted("calendar", "nobody@bm.com", "read"), "not_found"),
        (wanted("calendar", "ceo@autre.com", "read"), "not_found"),
        (wanted("calendar", "closed@bm.com", "read"), "not_in_this_state"),
        (wanted("calendar", "user2@bm.com", "admin"), "body_invalid"),
    ] {
        let answer = world.ask_with(Who::Subject, "POST", SHARES, &body).await;
        assert_eq!(answer.outcome(), expected, "{body}: {}", answer.text);
    }
    let others = wanted("calendar", "manager@bm.com", "read");
    assert_eq!(world.ask_with(Who::Manager, "POST", SHARES, &others).await.code(), "not_allowed");
    let group = wanted("calendar", "ventes@bm.com", "read");
    assert_eq!(world.ask_with(Who::Subject, "POST", SHARES, &group).await.json()["with"]["kind"], "group");
}

#[tokio::test]
async fn a_deletion_ends_what_was_shared_by_and_with_the_account() {
    let world = World::new().await;
    let by = world.ask_with(Who::Token, "POST", SHARES, &wanted("calendar", "user2@bm.com", "read")).await;
    let with = "/api/v1/accounts/user2@bm.com/shares";
    let with = world.ask_with(Who::Token, "POST", with, &wanted("contacts", "user1@bm.com", "write")).await;
    assert_eq!((by.outcome(), with.outcome()), ("ok".into(), "ok".into()));
    let (gone, stays) = (id_of(&world.app, "user1@bm.com").await, id_of(&world.app, "user2@bm.com").await);
    let home = world.data().join("dav/collection-root").join(gone.to_string());
    assert!(home.is_dir());
    world.backed_up("user1@bm.com").await;
    for (method, path) in [
        ("POST", "/api/v1/accounts/user1@bm.com/deactivate".to_owned()),
        ("DELETE", format!("/api/v1/accounts/{gone}?content=erase")),
    ] {
        let answer = world.ask_with(Who::Token, method, &path, &json!({})).await;
        assert_eq!(answer.outcome(), "ok", "{}", answer.text);
    }
    let look = move |tx: &mut relais_app::read::Tx<'_>| {
        Ok([
            collections::shares_of_owner(tx, gone)?,
            collections::shares_with(tx, gone)?,
            collections::shares_of_owner(tx, stays)?,
        ])
    };
    assert_eq!(world.app.look(look).await.expect("asked"), [vec![], vec![], vec![]]);
    assert!(!home.exists());
}
