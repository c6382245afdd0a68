//! The sequences of requests that identity providers document, replayed: Microsoft Entra ID ("Develop and plan
//! provisioning for a SCIM endpoint") and Okta ("SCIM 2.0 protocol reference").

use crate::scim::{ENTERPRISE, patch};
use crate::world::{Who, World};
use serde_json::{Value, json};

#[tokio::test]
async fn entra_id_makes_changes_closes_opens_and_removes_a_user() {
    let world = World::new().await;
    let get = async |path: &str| world.scim_must("GET", path, &Value::Null).await;
    // The test of the connection: somebody who is not there is an empty list, and no error.
    let nobody = get("/Users?filter=userName eq \"00aa00aa-bb11-cc22-dd33-44ee44ee44ee\"").await;
    assert_eq!((&nobody["totalResults"], &nobody["Resources"]), (&json!(0), &json!([])));
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "externalId": "00aa00aa-bb11-cc22-dd33-44ee44ee44ee",
        "userName": "Test_User_ab6490ee@bm.com", "active": true,
        "emails": [{ "primary": true, "type": "work", "value": "test_user_ab6490ee@bm.com" }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName" },
        "roles": [],
    });
    let made = world.made(&user).await;
    let path = format!("/Users/{}", made["id"].as_str().expect("an id"));
    assert_eq!(get(&path).await["userName"], user["userName"]);
    let found = get("/Users?filter=userName eq \"test_user_ab6490ee@bm.com\"").await;
    assert_eq!(found["Resources"][0]["id"], made["id"]);
    let found = get("/Users?filter=externalId eq \"00aa00aa-bb11-cc22-dd33-44ee44ee44ee\"").await;
    assert_eq!(found["totalResults"], 1);

    // Several attributes: operations with capitals, a value selected by a filter, a name by its path.
    let changed = world
        .scim_must(
            "PATCH",
            &path,
            &patch(&json!([
                { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "updated@bm.com" },
                { "op": "Replace", "path": "name.familyName", "value": "updatedFamilyName" },
                { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+33612345678" },
                { "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "acc-0000000000001" },
            ])),
        )
        .await;
    assert_eq!(changed["emails"][0], json!({ "primary": true, "type": "work", "value": "updated@bm.com" }));
    assert_eq!(changed["name"]["familyName"], "updatedFamilyName");
    assert_eq!(changed["phoneNumbers"], json!([{ "type": "mobile", "value": "+33612345678" }]));
    assert_eq!(changed[ENTERPRISE]["manager"], json!({ "value": "acc-0000000000001" }));
    // Without a path, the keys are paths.
    let changed = world
        .scim_must(
            "PATCH",
            &path,
            &patch(&json!([{ "op": "replace", "value": {
            "name.givenName": "Nouvelle", "emails[type eq \"work\"].value": "autre@bm.com",
            format!("{ENTERPRISE}:department"): "Droit", "displayName": "Nouvelle Venue",
        } }])),
        )
        .await;
    assert_eq!(changed["name"]["givenName"], "Nouvelle");
    assert_eq!(changed["emails"][0]["value"], "autre@bm.com");
    assert_eq!(changed[ENTERPRISE]["department"], "Droit");
    let renamed = world
        .scim_must(
            "PATCH",
            &path,
            &patch(&json!([{ "op": "Replace", "path": "userName", "value": "5b50642d@bm.com" }])),
        )
        .await;
    assert_eq!(renamed["userName"], "5b50642d@bm.com");

    // Closed, as Entra writes it without and with its flag for SCIM 2.0; opened again; removed.
    for closing in [json!("False"), json!(false)] {
        let closed = patch(&json!([{ "op": "Replace", "path": "active", "value": closing }]));
        assert_eq!(world.scim_must("PATCH", &path, &closed).await["active"], false);
        let state = world.ask(Who::Admin, "GET", "/api/v1/accounts/5b50642d@bm.com").await.json();
        assert_eq!(state["state"], "deactivated");
        let opened = patch(&json!([{ "op": "Replace", "path": "active", "value": "True" }]));
        assert_eq!(world.scim_must("PATCH", &path, &opened).await["active"], true);
    }
    assert_eq!(world.scim("DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(world.scim("GET", &path, &Value::Null).await.status, 404);
}

#[tokio::test]
async fn entra_id_makes_a_group_and_changes_who_is_in_it() {
    let world = World::new().await;
    let user = world.made(&json!({ "userName": "membre@bm.com" })).await["id"].clone();
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "displayName", "meta": { "resourceType": "Group" },
    });
    let made = world.scim_must("POST", "/Groups", &group).await;
    let path = format!("/Groups/{}", made["id"].as_str().expect("an id"));
    let shown = world.scim_must("GET", &format!("{path}?excludedAttributes=members"), &Value::Null).await;
    assert_eq!(shown["externalId"], group["externalId"]);
    let filter = "/Groups?excludedAttributes=members&filter=displayName eq \"displayName\"";
    assert_eq!(world.scim_must("GET", filter, &Value::Null).await["totalResults"], 1);
    let change = async |operations: Value| world.scim_must("PATCH", &path, &patch(&operations)).await;
    let renamed = json!([{ "op": "Replace", "path": "displayName", "value": "1879db59-3bdf" }]);
    assert_eq!(change(renamed).await["displayName"], "1879db59-3bdf");
    let added = json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": user }] }]);
    assert_eq!(change(added).await["members"][0]["value"], user);
    // Whoever goes is named by a value, not by a filter.
    let removed = json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": user }] }]);
    assert!(change(removed).await.get("members").is_none());
    assert_eq!(world.scim("DELETE", &path, &Value::Null).await.status, 204);
}

#[tokio::test]
async fn okta_makes_changes_closes_and_opens_a_user() {
    let world = World::new().await;
    let nobody = world
        .scim_must(
            "GET",
            "/Users?filter=userName eq \"test.user@bm.com\"&startIndex=1&count=100",
            &Value::Null,
        )
        .await;
    assert_eq!((&nobody["totalResults"], &nobody["startIndex"]), (&json!(0), &json!(1)));
    let mut user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "test.user@bm.com", "name": { "givenName": "Test", "familyName": "User" },
        "emails": [{ "primary": true, "value": "test.user@bm.com", "type": "work" }],
        "displayName": "Test User", "locale": "en-US", "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [], "password": "1mz050nq-Xj8-Xj8", "active": true,
    });
    let made = world.made(&user).await;
    let path = format!("/Users/{}", made["id"].as_str().expect("an id"));
    assert!(made.get("password").is_none());
    let account = async || world.ask(Who::Admin, "GET", "/api/v1/accounts/test.user@bm.com").await.json();
    assert_eq!(account().await["state"], "active", "whoever has a password can sign in");
    // Okta reads the user, changes it and sends it back whole.
    user = world.scim_must("GET", &path, &Value::Null).await;
    user["name"]["familyName"] = json!("Renamed");
    let changed = world.scim_must("PUT", &path, &user).await;
    assert_eq!(changed["name"]["familyName"], "Renamed");
    assert_eq!(changed["id"], made["id"]);
    // And closes and opens without a path.
    for (said, state) in [(false, "deactivated"), (true, "active")] {
        let operation = patch(&json!([{ "op": "replace", "value": { "active": said } }]));
        assert_eq!(world.scim_must("PATCH", &path, &operation).await["active"], said);
        assert_eq!(account().await["state"], state);
    }
    // A new password for all applications.
    let operation = patch(&json!([{ "op": "replace", "value": { "password": "encore un mot de passe" } }]));
    assert!(world.scim_must("PATCH", &path, &operation).await.get("password").is_none());
    let login = json!({ "login": "test.user@bm.com", "password": "encore un mot de passe" });
    assert_eq!(world.ask_with(Who::Nobody, "POST", "/api/v1/sessions", &login).await.status, 201);
    // Unassigned it is closed; assigned again it is sent as somebody new.
    world
        .scim_must("PATCH", &path, &patch(&json!([{ "op": "replace", "value": { "active": false } }])))
        .await;
    let mut again = user.clone();
    again["active"] = json!(true);
    let back = world.scim("POST", "/Users", &again).await;
    assert_eq!((back.status.as_u16(), &back.json()["id"]), (201, &made["id"]), "{}", back.text);
}

#[tokio::test]
async fn okta_pushes_groups() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for name in ["a@bm.com", "b@bm.com"] {
        ids.push(world.made(&json!({ "userName": name })).await["id"].clone());
    }
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Test SCIMv2",
        "members": [{ "value": ids[0], "display": "a@bm.com" }],
    });
    let made = world.scim_must("POST", "/Groups", &group).await;
    let path = format!("/Groups/{}", made["id"].as_str().expect("an id"));
    let change = async |operations: Value| world.scim_must("PATCH", &path, &patch(&operations)).await;
    let named = json!([{ "op": "replace", "value": { "id": made["id"], "displayName": "Test SCIMv2 0" } }]);
    assert_eq!(change(named).await["displayName"], "Test SCIMv2 0");
    let filter = format!("members[value eq {}]", ids[0]);
    let both = json!([
        { "op": "remove", "path": filter },
        { "op": "add", "path": "members", "value": [{ "value": ids[1], "display": "b@bm.com" }] },
    ]);
    assert_eq!(change(both).await["members"][0]["value"], ids[1]);
    let all =
        json!([{ "op": "replace", "path": "members", "value": [{ "value": ids[0] }, { "value": ids[1] }] }]);
    assert_eq!(change(all).await["members"].as_array().map(Vec::len), Some(2));
    let whole = json!({ "displayName": "Test SCIMv2", "members": [] });
    assert!(world.scim_must("PUT", &path, &whole).await.get("members").is_none());
    assert_eq!(world.scim("DELETE", &path, &Value::Null).await.status, 204);
}
