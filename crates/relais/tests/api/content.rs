//! What applications keep for accounts: said, shown, shared, given away, given back, erased. What deactivation leaves alone.

use crate::world::{Who, World, id_of};
use relais_app::read::events;
use serde_json::{Value, json};

const OWN: &str = "/api/v1/application/content";
const ITEMS: &str = "/api/v1/accounts/user1@bm.com/content/items";
const REASSIGN: &str = "/api/v1/organisations/bm/reassignments";

fn item(external_id: &str, kind: &str, owner: &str) -> Value {
    json!({ "external_id": external_id, "kind": kind, "title": external_id, "owner": owner })
}

fn with(mut item: Value, field: &str, value: Value) -> Value {
    item[field] = value;
    item
}

impl World {
    /// Outcomes, or codes of refusals, in the order of the items.
    async fn say(&self, items: &[Value]) -> Vec<String> {
        let answer = self.ask_with(Who::Application, "PUT", OWN, &json!({ "items": items })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        outcomes(&answer.json())
    }

    async fn owned(&self, account: &str) -> Vec<String> {
        let path = format!("/api/v1/accounts/{account}/content/items");
        names(&self.ask(Who::Admin, "GET", &path).await.json())
    }

    async fn reassign(&self, body: &Value) -> Value {
        let answer = self.ask_with(Who::Admin, "POST", REASSIGN, body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    async fn close(&self, account: &str) {
        let answer = self.ask(Who::Admin, "POST", &format!("/api/v1/accounts/{account}/deactivate")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    async fn count(&self, kind: &str) -> usize {
        let bm = self.made.bm;
        let all = self.app.look(move |tx| events::page(tx, bm, "", 0, 10_000)).await.expect("asked");
        all.iter().filter(|event| event.kind == kind).count()
    }
}

fn outcomes(answer: &Value) -> Vec<String> {
    let items = answer.as_array().expect("a list").iter();
    let text = |item: &Value| {
        let said = if item["outcome"].is_null() { &item["refusal"]["code"] } else { &item["outcome"] };
        said.as_str().expect("a word").to_owned()
    };
    items.map(text).collect()
}

fn names(items: &Value) -> Vec<String> {
    let items = items.as_array().expect("a list").iter();
    let mut names: Vec<_> =
        items.map(|item| item["external_id"].as_str().expect("a name").to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn each_item_is_taken_or_refused_alone() {
    let world = World::new().await;
    let shared = |who: &str| json!([{ "with": who, "right": "read" }]);
    let one = "user1@bm.com";
    let said = world
        .say(&[
            item("p-7", "project", one),
            with(item("b-7", "board", one), "parent", json!("p-7")),
            with(item("b-8", "board", one), "parent", json!("nowhere")),
            item("b-9", "board", "ceo@autre.com"),
            item("b-10", "board", "nobody@bm.com"),
            item("c-1", "calendar", one),
            with(item("b-11", "board", one), "shares", shared("closed@bm.com")),
            with(item("b-12", "board", one), "shares", shared("ventes@bm.com")),
            with(item("b-13", "board", one), "shares", shared("guest@bm.com")),
            with(item("b-14", "board", one), "shares", shared("ceo@autre.com")),
            item("b-15", "board", "closed@bm.com"),
            item("b-16", "board", "deleted@bm.com"),
        ])
        .await;
    assert_eq!(
        said,
        [
            "created",
            "created",
            "content_parent_unknown",
            "content_owner_unknown",
            "content_owner_unknown",
            "content_kind_is_ours",
            "not_in_this_state",
            "created",
            "created",
            "content_sharee_unknown",
            "created",
            "content_owner_closed",
        ]
    );
    // Again nothing changes, and nothing is told a second time.
    let told = world.count("content.registered").await;
    let again = world.say(&[item("p-7", "project", one), item("p-7", "board", one)]).await;
    assert_eq!(again, ["unchanged", "content_kind_fixed"]);
    assert_eq!(world.count("content.registered").await, told);
    let page = world.ask(Who::Application, "GET", &format!("{OWN}?after=b-12&limit=2")).await.json();
    assert_eq!(names(&page), ["b-13", "b-15"]);
    let gone = json!({ "external_ids": ["p-7", "p-8"] });
    let gone = world.ask_with(Who::Application, "DELETE", OWN, &gone).await;
    assert_eq!(outcomes(&gone.json()), ["removed", "absent"]);
    assert_eq!(world.say(&[item("b-7", "board", one)]).await, ["unchanged"], "in no project any more");
    let many: Vec<_> = (0..1001).map(|number| item(&format!("m-{number}"), "board", one)).collect();
    let many = world.ask_with(Who::Application, "PUT", OWN, &json!({ "items": many })).await;
    assert_eq!(many.code(), "content_too_many");
}

#[tokio::test]
async fn r5_r7_r14_a_closed_account_keeps_what_it_owns_and_what_is_shared_and_is_shared_nothing_new() {
    let world = World::new().await;
    let share = |who: &str| json!([{ "with": who, "right": "write" }]);
    let shared = with(item("b-1", "board", "user1@bm.com"), "shares", share("user2@bm.com"));
    let other = with(item("o-1", "board", "user2@bm.com"), "shares", share("user1@bm.com"));
    assert_eq!(world.say(&[shared.clone(), other.clone()]).await, ["updated", "created"]);
    let owned = world.owned("user1@bm.com").await;
    let received = async |who: &str| {
        let path = format!("/api/v1/accounts/{who}/content/received");
        names(&world.ask(Who::Admin, "GET", &path).await.json())
    };
    world.close("user1@bm.com").await;
    assert_eq!(world.owned("user1@bm.com").await, owned);
    assert_eq!(received("user2@bm.com").await, ["b-1"]);
    // What was shared before may be said again; nothing is shared anew, nothing given.
    let anew = with(item("o-2", "board", "user2@bm.com"), "shares", share("user1@bm.com"));
    let given = item("o-1", "board", "user1@bm.com");
    let said = world.say(&[shared, other, anew, given]).await;
    assert_eq!(said, ["unchanged", "unchanged", "not_in_this_state", "content_owner_closed"]);
    let back = world.ask(Who::Admin, "POST", "/api/v1/accounts/user1@bm.com/reactivate").await;
    assert_eq!(back.status, 200, "{}", back.text);
    assert_eq!(world.owned("user1@bm.com").await, owned);
    assert_eq!(
        (received("user1@bm.com").await, received("user2@bm.com").await),
        (vec!["o-1".to_owned()], vec!["b-1".to_owned()])
    );
}

#[tokio::test]
async fn content_of_several_is_given_by_kind_refused_in_part_and_given_back() {
    let world = World::new().await;
    let (one, closed) = ("user1@bm.com", "closed@bm.com");
    world
        .say(&[
            item("p-1", "project", one),
            with(item("d-2", "document", one), "parent", json!("p-1")),
            item("p-2", "project", closed),
            item("t-1", "template", closed),
        ])
        .await;
    let made =
        world.reassign(&json!({ "from": [one, closed], "to": "guest@bm.com", "kinds": ["project"] })).await;
    let counts: Vec<_> = made.as_array().expect("a list").iter().map(|one| one["items"].clone()).collect();
    assert_eq!(counts, [json!(2), json!(1)]);
    assert_eq!(world.owned("guest@bm.com").await, ["d-2", "p-1", "p-2"]);
    assert_eq!(world.owned(closed).await, ["t-1"]);

    let id = made[0]["id"].as_str().expect("an id").to_owned();
    let told = format!("/api/v1/application/reassignments/{id}");
    let moves = world.ask(Who::Application, "GET", &format!("{told}/items")).await.json();
    assert_eq!(moves.as_array().map(Vec::len), Some(2));
    let refuse = async |name: &str| {
        let body = json!({ "items": [{ "external_id": name, "reason": "Espace fermé." }] });
        world.ask_with(Who::Application, "POST", &format!("{told}/refusals"), &body).await
    };
    assert_eq!(refuse("p-2").await.code(), "content_unknown");
    assert_eq!(refuse("d-2").await.status, 200);
    assert_eq!(refuse("d-2").await.status, 200, "said twice");
    assert_eq!(world.count("content.reassignment_refused").await, 1);
    assert_eq!(world.owned(one).await, ["b-1", "d-2"]);
    let listed = world.ask(Who::Admin, "GET", &format!("/api/v1/reassignments/{id}/items")).await.text;
    assert!(listed.contains("Espace fermé.") && listed.contains("refused"), "{listed}");

    let undo = format!("/api/v1/reassignments/{id}/undo");
    assert!(!world.ask(Who::Admin, "POST", &undo).await.json()["undone_at"].is_null());
    assert_eq!(world.ask(Who::Admin, "POST", &undo).await.status, 200, "undone twice");
    assert_eq!(world.owned(one).await, ["b-1", "d-2", "p-1"]);
    assert_eq!(world.count("content.reassignment_undone").await, 1);
    for (body, code) in [
        (json!({ "from": [one], "to": closed }), "content_owner_closed"),
        (json!({ "from": [one], "to": one }), "content_same_owner"),
        (json!({ "from": [one], "to": "ceo@autre.com" }), "content_owner_unknown"),
        (json!({ "from": [], "to": "user2@bm.com" }), "content_nothing_chosen"),
        (json!({ "from": [one], "to": "user2@bm.com", "kinds": [] }), "content_nothing_chosen"),
        (
            json!({ "from": [one], "to": "user2@bm.com", "kinds": ["board"], "items": [] }),
            "content_kinds_or_items",
        ),
        (
            json!({ "from": ["user2@bm.com"], "to": "admin@bm.com", "items": [world.made.item] }),
            "content_unknown",
        ),
    ] {
        assert_eq!(world.ask_with(Who::Admin, "POST", REASSIGN, &body).await.code(), code, "{body}");
    }
}

#[tokio::test]
async fn r13_a_deactivation_gives_away_what_it_is_told_to() {
    let world = World::new().await;
    world.say(&[item("d-9", "document", "user1@bm.com")]).await;
    let body = json!({ "content": { "to": "user2@bm.com", "kinds": ["board"] } });
    let path = "/api/v1/accounts/user1@bm.com/deactivate";
    let answer = world.ask_with(Who::Admin, "POST", path, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(world.owned("user1@bm.com").await, ["d-9"]);
    assert_eq!(world.owned("user2@bm.com").await, ["b-1", "b-2"]);
    let body = json!({ "content": { "to": "closed@bm.com" } });
    let refused = world.ask_with(Who::Admin, "POST", "/api/v1/accounts/user2@bm.com/deactivate", &body).await;
    assert!(!refused.status.is_success(), "{}", refused.text);
}

#[tokio::test]
async fn r19_nobody_who_owns_something_is_deleted_without_saying_what_becomes_of_it() {
    let world = World::new().await;
    world.close("user1@bm.com").await;
    world.backed_up("user1@bm.com").await;
    let path = "/api/v1/accounts/user1@bm.com";
    let refused = world.ask(Who::Admin, "DELETE", path).await;
    assert_eq!((refused.code(), refused.status.as_u16()), ("content_fate_missing".to_owned(), 409));
    assert!(refused.text.contains("possède 1 élément"), "{}", refused.text);
    for (query, code) in
        [("content=reassign", "query_invalid"), ("content=erase&to=user2@bm.com", "query_invalid")]
    {
        let refused = world.ask(Who::Admin, "DELETE", &format!("{path}?{query}")).await;
        assert!(refused.status.is_client_error(), "{code} {}", refused.text);
    }
    let gone = world.ask(Who::Admin, "DELETE", &format!("{path}?content=reassign&to=user2@bm.com")).await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    assert_eq!(world.owned("user2@bm.com").await, ["b-1", "b-2"]);
    // What was given before cannot be given back to nobody.
    let undo = format!("/api/v1/reassignments/{}/undo", world.made.reassignment);
    assert_eq!(world.ask(Who::Admin, "POST", &undo).await.code(), "reassignment_not_undoable");
}

#[tokio::test]
async fn r19_what_is_erased_counts_as_erased_when_the_application_says_so() {
    let world = World::new().await;
    world.say(&[item("d-9", "document", "user1@bm.com")]).await;
    world.close("user1@bm.com").await;
    world.backed_up("user1@bm.com").await;
    let id = id_of(&world.app, "user1@bm.com").await;
    let gone = world.ask(Who::Admin, "DELETE", "/api/v1/accounts/user1@bm.com?content=erase").await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    let open = async || world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/erasures").await.json();
    let asked = open().await;
    // One is the template's.
    let mine =
        asked.as_array().expect("a list").iter().find(|one| one["account"] == json!(id)).expect("asked");
    assert_eq!((&mine["items"], &mine["open"]), (&json!(2), &json!(2)));
    assert_eq!(world.say(&[item("b-1", "board", "user2@bm.com")]).await, ["content_erasing"]);
    let path = format!("/api/v1/application/erasures/{}", mine["id"].as_str().expect("an id"));
    let told = world.ask(Who::Application, "GET", &format!("{path}/items")).await.json();
    assert_eq!(names(&told), ["b-1", "d-9"]);
    let confirm = format!("{path}/confirmations");
    let first = world.ask_with(Who::Application, "POST", &confirm, &json!({ "external_ids": ["b-1"] })).await;
    assert_eq!(first.json()["open"], json!(1), "{}", first.text);
    assert_eq!(world.count("content.erased").await, 0);
    for _ in 0..2 {
        let all = world.ask(Who::Application, "POST", &confirm).await;
        assert_eq!(all.json()["open"], json!(0), "{}", all.text);
    }
    assert_eq!(world.count("content.erased").await, 1);
    assert_eq!(open().await.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn whoever_owns_sees_what_they_own_and_nobody_elses() {
    let world = World::new().await;
    let counts = world.ask(Who::Subject, "GET", "/api/v1/accounts/user1@bm.com/content").await.json();
    let expected = json!([{ "kind": "board", "count": 1 }]);
    assert_eq!(
        counts["counts"].as_array().and_then(|all| all.last()),
        expected.as_array().and_then(|all| all.last())
    );
    assert_eq!(names(&world.ask(Who::Subject, "GET", ITEMS).await.json()), ["b-1"]);
    for who in [Who::Member, Who::Manager, Who::Guest] {
        assert_eq!(world.ask(who, "GET", ITEMS).await.code(), "not_allowed", "{who:?}");
    }
    // An application asks for its own, and for nothing else.
    assert_eq!(world.ask(Who::Application, "GET", ITEMS).await.code(), "not_found");
    assert_eq!(world.ask(Who::Subject, "GET", OWN).await.code(), "not_allowed");
}
