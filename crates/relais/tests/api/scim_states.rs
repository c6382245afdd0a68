//! Door × state and role × route for the SCIM door, and what a provider does to states.

use crate::scim::{error, patch};
use crate::world::{Who, World, id_of, in_state};
use jiff::ToSpan as _;
use relais_app::Clock;
use relais_app::core::rights::{Act, State, Verdict, may};
use serde_json::{Value, json};

async fn user_of(world: &World, address: &str) -> String {
    let named = address.parse().expect("an address");
    let bm = world.made.bm;
    let look = move |tx: &mut relais_app::read::Tx<'_>| relais_app::read::accounts::named(tx, &named, bm);
    let account = world.app.look(look).await.expect("asked").expect("the template has it");
    format!("/Users/{}", account.id)
}

/// What each change asks of the table.
fn changes() -> Vec<(Value, Act)> {
    let replace = |path: &str, value: Value| json!({ "op": "replace", "path": path, "value": value });
    vec![
        (replace("userName", json!("neuf@bm.com")), Act::ChangeIdentity),
        (replace("userType", json!("Contractor")), Act::ChangeIdentity),
        (json!({ "op": "add", "path": "roles", "value": [{ "value": "guest" }] }), Act::ChangeIdentity),
        (json!({ "op": "add", "path": "roles", "value": [{ "value": "juriste" }] }), Act::ChangeIdentity),
        (replace("password", json!("another good one")), Act::ChangeIdentity),
        (replace("title", json!("Notaire")), Act::ChangeAttributes),
        (replace("displayName", json!("Zoé")), Act::ChangeAttributes),
        (replace("externalId", json!("e-9")), Act::ChangeAttributes),
    ]
}

#[tokio::test]
async fn every_change_is_answered_as_the_table_says_in_every_state() {
    for state in State::ALL {
        for (operation, act) in changes() {
            let world = World::new().await;
            let path = user_of(&world, in_state(state)).await;
            let answer = world.scim("PATCH", &path, &patch(&json!([operation]))).await;
            if may(state, Act::ChangeAttributes) == Verdict::No {
                assert_eq!(error(&answer).0, 404, "{state:?}");
            } else if may(state, act) == Verdict::Yes {
                assert_eq!(answer.status, 200, "{state:?} {operation}: {}", answer.text);
            } else {
                assert_eq!(error(&answer), (400, "mutability".into()), "{state:?} {operation}");
            }
        }
        let world = World::new().await;
        let path = user_of(&world, in_state(state)).await;
        let shown = world.scim("GET", &path, &Value::Null).await;
        match may(state, Act::ChangeAttributes) {
            Verdict::No => assert_eq!(error(&shown).0, 404),
            _ => assert_eq!(
                shown.json()["active"],
                may(state, Act::BeDeactivated) == Verdict::Yes,
                "{state:?}"
            ),
        }
        let group = format!("/Groups/{}", world.made.group);
        let id = path.trim_start_matches("/Users/");
        let join = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
        let joined = world.scim("PATCH", &group, &patch(&join)).await;
        let expected = match may(state, Act::JoinGroup) {
            Verdict::Yes => 200,
            _ => 400,
        };
        assert_eq!(joined.status.as_u16(), expected, "{state:?}: {}", joined.text);
    }
}

fn active(value: Value) -> Value {
    patch(&json!([{ "op": "replace", "path": "active", "value": value }]))
}

#[tokio::test]
async fn a_provider_closes_opens_and_changes_in_this_order() {
    let world = World::new().await;
    let made =
        world.made(&json!({ "userName": "paul@bm.com", "externalId": "p", "userType": "Employee" })).await;
    let path = format!("/Users/{}", made["id"].as_str().expect("an id"));
    let account = async || world.ask(Who::Admin, "GET", "/api/v1/accounts/paul@bm.com").await.json();
    let closed = world.scim_must("PATCH", &path, &active(json!(false))).await;
    assert_eq!(closed["active"], false);
    assert_eq!(account().await["deactivation"]["cause"], "scim");
    // Said again it has no second effect.
    let before = world.scim("GET", &path, &Value::Null).await.headers["etag"].clone();
    assert_eq!(world.scim("PATCH", &path, &active(json!("False"))).await.headers["etag"], before);
    // A whole body that says nothing of the state changes nothing of it.
    let said = json!({ "userName": "paul@bm.com", "externalId": "p", "userType": "Employee", "title": "x" });
    assert_eq!(world.scim_must("PUT", &path, &said).await["active"], false);
    let frozen = json!({ "userName": "paul@bm.com", "externalId": "p", "userType": "Contractor" });
    assert_eq!(error(&world.scim("PUT", &path, &frozen).await), (400, "mutability".into()));
    // With its reactivation in the same request, wherever it stands.
    let both = patch(&json!([
        { "op": "replace", "path": "userType", "value": "Contractor" },
        { "op": "replace", "path": "active", "value": true },
    ]));
    let opened = world.scim_must("PATCH", &path, &both).await;
    assert_eq!((&opened["active"], &opened["userType"]), (&json!(true), &json!("Contractor")));
    assert_eq!(account().await["state"], "invited");
    // What is changed with a deactivation is changed before it.
    let both = patch(&json!([
        { "op": "replace", "path": "active", "value": false },
        { "op": "replace", "path": "userType", "value": "Alumnus" },
    ]));
    let closed = world.scim_must("PATCH", &path, &both).await;
    assert_eq!((&closed["active"], &closed["userType"]), (&json!(false), &json!("Alumnus")));
    let new = world
        .made(&json!({ "userName": "neuf@bm.com", "active": false, "roles": [{ "value": "guest" }] }))
        .await;
    assert_eq!(new["active"], false);
}

#[tokio::test]
async fn what_was_decided_here_is_not_undone() {
    let world = World::new().await;
    let path = user_of(&world, "closed@bm.com").await;
    let answer = world.scim("PATCH", &path, &active(json!(true))).await;
    assert_eq!(error(&answer), (400, "mutability".into()));
    assert!(answer.text.contains("closed@bm.com"), "{}", answer.text);
    assert!(world.scim("PATCH", &path, &active(json!(false))).await.status.is_success());
    let closed = world.ask(Who::Admin, "GET", "/api/v1/accounts/closed@bm.com").await.json();
    assert_eq!(closed["deactivation"]["cause"], "admin");
    // An administrator takes over what the provider did.
    let path = user_of(&world, "user1@bm.com").await;
    world.scim_must("PATCH", &path, &active(json!(false))).await;
    world.ask(Who::Admin, "POST", "/api/v1/accounts/user1@bm.com/deactivate").await;
    assert_eq!(error(&world.scim("PATCH", &path, &active(json!(true))).await), (400, "mutability".into()));
    // And may open what the provider closed.
    let path = user_of(&world, "user2@bm.com").await;
    let only_admin = world.scim("PATCH", &path, &active(json!(false))).await;
    assert_eq!(error(&only_admin), (400, "mutability".into()));
    assert!(only_admin.text.contains("Ventes"), "{}", only_admin.text);
}

#[tokio::test]
async fn the_owner_and_admins_are_not_closed_by_a_provider() {
    let world = World::new().await;
    for address in ["owner@bm.com", "admin@bm.com"] {
        let path = user_of(&world, address).await;
        for (method, body) in [("PATCH", active(json!(false))), ("DELETE", Value::Null)] {
            let answer = world.scim(method, &path, &body).await;
            assert_eq!(error(&answer), (400, "mutability".into()), "{method} {address}");
        }
        assert_eq!(world.scim_must("GET", &path, &Value::Null).await["active"], true);
    }
    let path = user_of(&world, "user1@bm.com").await;
    let owner = patch(&json!([{ "op": "add", "path": "roles", "value": [{ "value": "owner" }] }]));
    assert_eq!(error(&world.scim("PATCH", &path, &owner).await).0, 403);
    let admin = patch(&json!([{ "op": "add", "path": "roles", "value": [{ "value": "company_admin" }] }]));
    assert_eq!(world.scim_must("PATCH", &path, &admin).await["roles"], json!([{ "value": "company_admin" }]));
}

#[tokio::test]
async fn a_removed_user_is_gone_for_the_provider_and_comes_back_as_the_same() {
    let world = World::new().await;
    let said = json!({ "userName": "paul@bm.com", "externalId": "p", "title": "Notaire" });
    let made = world.made(&said).await;
    let path = format!("/Users/{}", made["id"].as_str().expect("an id"));
    let twice = world.scim("POST", "/Users", &said).await;
    assert_eq!(error(&twice), (409, "uniqueness".into()));
    assert_eq!(world.scim("DELETE", &path, &Value::Null).await.status, 204);
    for (method, body) in
        [("GET", Value::Null), ("PATCH", active(json!(true))), ("PUT", said.clone()), ("DELETE", Value::Null)]
    {
        assert_eq!(error(&world.scim(method, &path, &body).await).0, 404, "{method}");
    }
    assert_eq!(world.found("userName eq \"paul@bm.com\"").await, [""; 0]);
    let account = world.ask(Who::Admin, "GET", "/api/v1/accounts/paul@bm.com").await.json();
    assert_eq!(
        (&account["state"], &account["deactivation"]["cause"]),
        (&json!("deactivated"), &json!("scim"))
    );
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": made["id"] }] }]);
    let group = format!("/Groups/{}", world.made.group);
    assert_eq!(error(&world.scim("PATCH", &group, &patch(&join)).await), (400, "invalidValue".into()));
    let other = json!({ "userName": "paul@bm.com", "externalId": "q" });
    assert_eq!(error(&world.scim("POST", "/Users", &other).await), (409, "uniqueness".into()));
    let back = world.scim("POST", "/Users", &said).await;
    assert_eq!(back.status, 201, "{}", back.text);
    assert_eq!((&back.json()["id"], &back.json()["active"]), (&made["id"], &json!(true)));
    // Closed and not removed, it is revived by the same external id as well.
    world.scim_must("PATCH", &path, &active(json!(false))).await;
    assert_eq!(world.scim("POST", "/Users", &said).await.status, 201);
    assert_eq!(world.scim_must("GET", &path, &Value::Null).await["active"], true);
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_of_what_was_said() {
    let world = World::new().await;
    let said = json!({ "userName": "paul@bm.com", "externalId": "p", "nickName": "Polo" });
    let made = world.made(&said).await;
    let path = format!("/Users/{}", made["id"].as_str().expect("an id"));
    assert_eq!(world.scim("DELETE", &path, &Value::Null).await.status, 204);
    world.backed_up("paul@bm.com").await;
    let id = id_of(&world.app, "paul@bm.com").await;
    let deleted = world.ask(Who::Admin, "DELETE", "/api/v1/accounts/paul@bm.com").await;
    assert!(deleted.status.is_success(), "{}", deleted.text);
    let left = world.app.look(move |tx| relais_app::read::scim::person(tx, id)).await.expect("asked");
    assert_eq!(left.expect("a tombstone").said, None);
    let new = world.scim_must("POST", "/Users", &said).await;
    assert_ne!(new["id"], made["id"], "a deleted person is somebody new");
}

#[tokio::test]
async fn a_token_opens_its_door_and_no_other() {
    let world = World::new().await;
    let user = user_of(&world, "user1@bm.com").await;
    let group = format!("/Groups/{}", world.made.group);
    let one = json!({ "userName": "x@bm.com" });
    let routes = [
        ("GET", "/Users".to_owned(), Value::Null),
        ("POST", "/Users".to_owned(), one),
        ("GET", user.clone(), Value::Null),
        ("PUT", user.clone(), json!({ "userName": "user1@bm.com" })),
        ("PATCH", user.clone(), patch(&json!([]))),
        ("DELETE", user, Value::Null),
        ("POST", "/Users/.search".to_owned(), json!({})),
        ("GET", "/Groups".to_owned(), Value::Null),
        ("POST", "/Groups".to_owned(), json!({ "displayName": "Neuf" })),
        ("GET", group.clone(), Value::Null),
        ("PUT", group.clone(), json!({ "displayName": "Ventes" })),
        ("PATCH", group.clone(), patch(&json!([]))),
        ("DELETE", group, Value::Null),
        ("POST", "/Groups/.search".to_owned(), json!({})),
        ("POST", "/.search".to_owned(), json!({})),
        ("POST", "/Bulk".to_owned(), json!({ "Operations": [] })),
        ("GET", "/ServiceProviderConfig".to_owned(), Value::Null),
        ("GET", "/ResourceTypes".to_owned(), Value::Null),
        ("GET", "/Schemas".to_owned(), Value::Null),
        ("GET", "/Me".to_owned(), Value::Null),
    ];
    let (mut tried, mut changed) = (World::new().await, false);
    for (method, path, body) in &routes {
        for who in Who::ALL.into_iter().chain([Who::Provider, Who::OtherProvider]) {
            if who == Who::Socket {
                // Not there: the operator's socket has the API alone.
                continue;
            }
            if changed {
                tried = World::new().await;
            }
            let status = tried.scim_as(who, method, path, &[], body).await.status.as_u16();
            changed = *method != "GET" && status < 300;
            let names_one = path.matches('/').count() == 2 && !path.ends_with(".search");
            let is_person = matches!(
                who,
                Who::Owner | Who::Admin | Who::Manager | Who::Subject | Who::Member | Who::Guest
            );
            let expected = match who {
                Who::Provider if path == "/Me" => 501,
                Who::Provider => match (*method, path.as_str()) {
                    ("POST", "/Users" | "/Groups") => 201,
                    ("DELETE", _) => 204,
                    (_, _) => 200,
                },
                Who::OtherProvider if path == "/Me" => 501,
                Who::OtherProvider if names_one => 404,
                // An address on a domain of the first organisation.
                Who::OtherProvider if (*method, path.as_str()) == ("POST", "/Users") => 400,
                Who::OtherProvider if (*method, path.as_str()) == ("POST", "/Groups") => 201,
                Who::OtherProvider => 200,
                _ if path == "/Me" && is_person => 200,
                Who::Token | Who::OtherToken | Who::Application if path == "/Me" => 501,
                _ => 401,
            };
            assert_eq!(status, expected, "{who:?} {method} {path}");
        }
    }
    // And a provider's token opens nothing else.
    for (method, path) in [
        ("GET", "/api/v1/me"),
        ("GET", "/api/v1/organisations/bm/accounts"),
        ("GET", "/api/v1/organisations/bm/scim/tokens"),
        ("POST", "/api/v1/accounts/user1@bm.com/deactivate"),
        ("GET", "/api/v1/application"),
    ] {
        assert_eq!(world.ask(Who::Provider, method, path).await.code(), "secret_unknown", "{method} {path}");
    }
    let theirs = world.scim_as(Who::OtherProvider, "GET", "/Users", &[], &Value::Null).await.json();
    assert_eq!(theirs["totalResults"], 1);
    let revoked = format!("/api/v1/organisations/bm/scim/tokens/{}", world.made.scim_token);
    assert!(world.ask(Who::Admin, "DELETE", &revoked).await.status.is_success());
    let refused = world.scim("GET", "/Users", &Value::Null).await;
    assert_eq!(error(&refused).0, 401);
    assert!(refused.headers["www-authenticate"].to_str().expect("text").contains("invalid_token"));
}

#[tokio::test]
async fn a_token_says_when_it_was_last_used_to_the_hour() {
    let world = World::new().await;
    let used_at = async || {
        let listed = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/scim/tokens").await.json();
        listed[0]["used_at"].clone()
    };
    assert_eq!(used_at().await, Value::Null);
    let first = json!(world.app.now());
    world.scim_must("GET", "/Users", &Value::Null).await;
    assert_eq!(used_at().await, first);
    // Soon after, a question is a question and nothing is written.
    let Clock::Set(time) = &world.clock else { panic!("a clock of its own") };
    *time.lock().expect("nobody panicked") += 59.minutes();
    world.scim_must("GET", "/Users", &Value::Null).await;
    assert_eq!(used_at().await, first);
    *time.lock().expect("nobody panicked") += 1.minute();
    world.scim_must("GET", "/Users", &Value::Null).await;
    assert_eq!(used_at().await, json!(world.app.now()));
}
