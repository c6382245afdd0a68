//! The SCIM door: resources, filters, pages, changes, versions, bulk, discovery.

use crate::world::{Answer, Who, World};
use axum::body::Body;
use serde_json::{Value, json};

pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

impl World {
    /// A request of the provider.
    pub async fn scim(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.scim_as(Who::Provider, method, path, &[], body).await
    }

    pub async fn scim_as(
        &self,
        who: Who,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let path = path.replace(' ', "%20").replace('"', "%22");
        let mut request = self.request(who, method, &format!("/scim/v2{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/scim+json");
            Body::from(body.to_string())
        };
        self.send(who, request.body(body).expect("a request")).await
    }

    /// What has to succeed.
    pub async fn scim_must(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.scim(method, path, body).await;
        assert!(answer.status.is_success(), "{method} {path}: {} {}", answer.status, answer.text);
        if answer.text.is_empty() { Value::Null } else { answer.json() }
    }

    pub async fn made(&self, user: &Value) -> Value {
        self.scim_must("POST", "/Users", user).await
    }

    /// The userNames that a filter finds.
    pub async fn found(&self, filter: &str) -> Vec<String> {
        let list =
            self.scim_must("GET", &format!("/Users?filter={filter}&sortBy=userName"), &Value::Null).await;
        let users = list["Resources"].as_array().expect("a list");
        assert_eq!(list["totalResults"], users.len(), "{filter}");
        users.iter().map(|user| user["userName"].as_str().expect("a name").to_owned()).collect()
    }
}

/// Status and `scimType` of an error, which is one as RFC 7644 has it.
pub fn error(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{}", answer.text);
    assert_eq!(body["status"], answer.status.as_str());
    assert!(body["detail"].as_str().is_some_and(|detail| detail.len() > 20), "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "application/scim+json");
    (answer.status.as_u16(), body["scimType"].as_str().unwrap_or_default().to_owned())
}

pub fn patch(operations: &Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

fn jeanne() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "userName": "Jeanne.Martin@bm.com", "externalId": "e-1",
        "name": { "givenName": "Jeanne", "familyName": "Martin" }, "displayName": "Jeanne Martin",
        "title": "Juriste", "userType": "Employee", "NICKNAME": "Jeannette",
        "emails": [
            { "value": "jeanne.martin@bm.com", "type": "work", "primary": true },
            { "value": "jeanne@ailleurs.example", "type": "home" },
        ],
        "phoneNumbers": [{ "value": "+33 1 23 45 67 89", "type": "work" }],
        "roles": [{ "value": "account_manager", "display": "Gestionnaire" }, { "value": "juriste" }],
        "unknown": "left out",
        ENTERPRISE: { "department": "Droit", "employeeNumber": "0042", "manager": { "value": "m-1" } },
    })
}

#[tokio::test]
async fn a_user_is_given_back_word_for_word_and_relais_takes_what_it_has_a_place_for() {
    let world = World::new().await;
    let answer = world.scim("POST", "/Users", &jeanne()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let made = answer.json();
    let location = answer.headers["location"].to_str().expect("text").to_owned();
    assert_eq!(made["meta"]["location"], location);
    assert_eq!(answer.headers["etag"], made["meta"]["version"].as_str().expect("a version"));
    for name in ["userName", "externalId", "name", "displayName", "title", "emails", "roles", ENTERPRISE] {
        assert_eq!(made[name], jeanne()[name], "{name}");
    }
    assert_eq!(made["nickName"], "Jeannette");
    assert_eq!(made["active"], true);
    assert!(made.get("unknown").is_none() && made.get("password").is_none());
    let read =
        world.scim_must("GET", &location[location.find("/Users").expect("a place")..], &Value::Null).await;
    assert_eq!(read, made);

    let account = world.ask(Who::Admin, "GET", "/api/v1/accounts/jeanne.martin@bm.com").await.json();
    assert_eq!((&account["state"], &account["role"]), (&json!("invited"), &json!("account_manager")));
    assert_eq!(account["name"], "Jeanne Martin");
    let profile = world.ask(Who::Admin, "GET", "/api/v1/accounts/jeanne.martin@bm.com/profile").await.json();
    assert_eq!(profile["department"], "Droit");
    assert_eq!(profile["job_title"], "Juriste");
    assert_eq!(profile["external_address"], "jeanne@ailleurs.example");
    assert_eq!(profile["phones"], json!([{ "kind": "work", "number": "+33 1 23 45 67 89" }]));
    let events = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/events?after=0&limit=200").await.text;
    assert!(events.contains("\"kind\":\"scim\"") && events.contains("account.scim_set"), "{events}");
    for value in ["\"0042\"", "1 23 45 67", "Jeannette"] {
        assert!(!events.contains(value), "an event holds no value of a person's data, and one holds {value}");
    }
}

#[tokio::test]
async fn what_an_account_lacks_is_made_up_of_what_is_known() {
    let world = World::new().await;
    // No address is said: the userName stands before the organisation's one domain.
    let made = world.made(&json!({ "userName": "paul" })).await;
    assert_eq!(made["userName"], "paul");
    assert!(world.ask(Who::Admin, "GET", "/api/v1/accounts/paul@bm.com").await.status.is_success());
    // The name at the provider is on a domain of its own.
    let mail = json!([{ "value": "zoe@bm.com", "type": "work" }]);
    let made = world.made(&json!({ "userName": "zoe@corp.example", "emails": mail })).await;
    assert_eq!(made["userName"], "zoe@corp.example");
    assert!(world.ask(Who::Admin, "GET", "/api/v1/accounts/zoe@bm.com").await.status.is_success());
    // Nothing here.
    let nowhere = world.scim("POST", "/Users", &json!({ "userName": "luc@corp.example" })).await;
    assert_eq!(error(&nowhere), (400, "invalidValue".into()));
    assert!(nowhere.text.contains("corp.example"), "{}", nowhere.text);
    assert_eq!(error(&world.scim("POST", "/Users", &json!({})).await), (400, "invalidValue".into()));
    // Whoever was made here is there too, and is called by the address.
    let found = world.scim_must("GET", "/Users?filter=userName eq \"USER1@bm.com\"", &Value::Null).await;
    let user = &found["Resources"][0];
    assert_eq!(user["emails"], json!([{ "value": "user1@bm.com", "type": "work", "primary": true }]));
    assert_eq!(user["displayName"], "Nom de user1@bm.com");
}

#[tokio::test]
async fn every_operator_finds_those_that_it_says() {
    let world = World::new().await;
    world.made(&jeanne()).await;
    world
        .made(&json!({ "userName": "paul@bm.com", "externalId": "E-2", "title": "Directeur, 100%",
        "name": { "familyName": "Zola" }, "emails": [{ "value": "p@x.example", "type": "home" }] }))
        .await;
    let jeanne = vec!["Jeanne.Martin@bm.com".to_owned()];
    let paul = vec!["paul@bm.com".to_owned()];
    let none: Vec<String> = vec![];
    for (filter, expected) in [
        ("userName eq \"jeanne.martin@BM.com\"", &jeanne),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"paul@bm.com\"", &paul),
        ("externalId eq \"E-2\"", &paul),
        ("externalId eq \"e-2\"", &none),
        ("externalId sw \"E\"", &paul),
        ("title co \"RIST\"", &jeanne),
        ("title sw \"jur\"", &jeanne),
        ("title ew \"100%25\"", &paul),
        ("title co \"_\"", &none),
        ("title gt \"E\"", &jeanne),
        ("title le \"directeur, 100%25\"", &paul),
        ("name.familyName ge \"n\"", &paul),
        ("name.familyName lt \"n\"", &jeanne),
        ("nickName pr", &jeanne),
        ("title pr and not (nickName pr)", &paul),
        ("emails[type eq \"work\" and value ew \"@bm.com\"] and title pr", &jeanne),
        ("emails[type eq \"home\" and value ew \"@bm.com\"]", &none),
        ("emails.value eq \"P@x.example\"", &paul),
        ("emails eq \"p@x.example\"", &paul),
        ("roles[value eq \"juriste\"]", &jeanne),
        ("roles.value eq \"account_manager\" and externalId pr", &jeanne),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"droit\"", &jeanne),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq \"m-1\"", &jeanne),
        ("externalId pr and (title eq \"x\" or title eq \"juriste\")", &jeanne),
        ("externalId pr and userName ne \"paul@bm.com\"", &jeanne),
        (
            "externalId pr and active eq true and meta.created ge \"2026-11-21T10:00:00Z\" and title sw \"D\"",
            &paul,
        ),
        ("externalId pr and active eq false", &none),
        ("externalId pr and meta.lastModified gt \"2026-11-22T00:00:00Z\"", &none),
        ("externalId pr and nickName eq null", &paul),
    ] {
        assert_eq!(world.found(filter).await, *expected, "{filter}");
    }
    // Of those who were made here: by address, name, role and group.
    for (filter, expected) in [
        ("emails[type eq \"work\" and value eq \"guest@bm.com\"]", "guest@bm.com"),
        ("emails.value eq \"guest@bm.com\"", "guest@bm.com"),
        ("displayName eq \"nom de guest@bm.com\"", "guest@bm.com"),
        ("roles.value eq \"owner\"", "owner@bm.com"),
        ("groups.display eq \"ventes\"", "user2@bm.com"),
    ] {
        assert_eq!(world.found(filter).await, [expected], "{filter}");
    }
    assert_eq!(world.found("active eq false").await, ["closed@bm.com", "parti.bck@bm.com"]);
    let id = world.ask(Who::Admin, "GET", "/api/v1/accounts/guest@bm.com").await.json()["id"].clone();
    let id = id.as_str().expect("an id");
    assert_eq!(world.found(&format!("id eq \"{id}\"")).await, ["guest@bm.com"]);
    for wrong in [
        "userName",
        "userName eq",
        "userName eq \"x",
        "userName xx \"x\"",
        "(userName pr",
        "surname pr",
        "userName eq \"x\" and",
        "emails[type eq \"work\"",
        "active gt true",
        "password eq \"x\"",
        "active eq \"maybe\"",
        "not userName pr",
    ] {
        let answer = world.scim("GET", &format!("/Users?filter={wrong}"), &Value::Null).await;
        assert_eq!(error(&answer), (400, "invalidFilter".into()), "{wrong}");
    }
}

#[tokio::test]
async fn lists_are_sorted_and_come_in_pages_by_place_and_by_cursor() {
    let world = World::new().await;
    let names = |list: &Value| -> Vec<String> {
        let users = list["Resources"].as_array().expect("a list").iter();
        users.map(|user| user["userName"].as_str().expect("a name").to_owned()).collect()
    };
    let get = async |path: &str| world.scim_must("GET", path, &Value::Null).await;
    let all = get("/Users?sortBy=userName").await;
    let mut sorted = names(&all);
    let total = all["totalResults"].as_u64().expect("a count");
    assert_eq!(total, sorted.len() as u64);
    assert!(sorted.is_sorted() && !sorted.contains(&"deleted@bm.com".to_owned()), "{sorted:?}");
    let page = get("/Users?sortBy=userName&startIndex=3&count=2").await;
    assert_eq!(names(&page), sorted[2..4]);
    assert_eq!(
        (&page["startIndex"], &page["itemsPerPage"], &page["totalResults"]),
        (&json!(3), &json!(2), &json!(total))
    );
    assert_eq!(names(&get("/Users?count=0").await), [""; 0]);
    assert_eq!(names(&get("/Users?startIndex=999").await), [""; 0]);
    sorted.reverse();
    assert_eq!(names(&get("/Users?sortBy=userName&sortOrder=descending").await), sorted);

    for order in ["", "&sortBy=userName"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = get(&format!("/Users?count=4&cursor={cursor}{order}")).await;
            seen.extend(names(&page));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen.len() as u64, total, "{order}");
        let other = world.scim("GET", &format!("/Users?cursor={cursor}&filter=title pr"), &Value::Null).await;
        assert_eq!(error(&other), (400, "invalidCursor".into()), "a cursor is of one list");
    }
    let search = json!({ "filter": "userName eq \"guest@bm.com\"", "attributes": ["userName"], "count": 10 });
    let found = world.scim_must("POST", "/Users/.search", &search).await;
    let keys: Vec<&String> = found["Resources"][0].as_object().expect("a user").keys().collect();
    assert_eq!(keys, ["id", "schemas", "userName"]);
    let both =
        world.scim_must("POST", "/.search", &json!({ "filter": "meta.resourceType eq \"Group\"" })).await;
    assert_eq!(both["totalResults"], 2);
    let both = world.scim_must("POST", "/.search", &json!({ "startIndex": total, "count": 2 })).await;
    assert_eq!(both["totalResults"], total + 2);
    assert_eq!(both["Resources"][1]["meta"]["resourceType"], "Group");
    assert_eq!(error(&world.scim("GET", "/Users?count=x", &Value::Null).await), (400, "invalidCount".into()));
}

#[tokio::test]
async fn an_answer_holds_what_is_asked_for() {
    let world = World::new().await;
    let id = world.made(&jeanne()).await["id"].as_str().expect("an id").to_owned();
    let get = async |query: &str| world.scim_must("GET", &format!("/Users/{id}?{query}"), &Value::Null).await;
    let some = get("attributes=userName,name.familyName,emails.value").await;
    assert_eq!(some["name"], json!({ "familyName": "Martin" }));
    assert_eq!(some["emails"][0], json!({ "value": "jeanne.martin@bm.com" }));
    assert!(some.get("title").is_none() && some.get("meta").is_none() && some["id"] == id.as_str());
    let rest = get(&format!("excludedAttributes=emails,name.givenName,id,{ENTERPRISE}:department")).await;
    assert_eq!(rest["name"], json!({ "familyName": "Martin" }));
    assert_eq!(rest[ENTERPRISE]["employeeNumber"], "0042");
    assert!(rest[ENTERPRISE].get("department").is_none() && rest.get("emails").is_none());
    assert_eq!(rest["id"], id.as_str(), "what is always there stays");
}

#[tokio::test]
async fn changes_add_replace_and_remove_at_every_kind_of_path() {
    let world = World::new().await;
    let id = world.made(&jeanne()).await["id"].as_str().expect("an id").to_owned();
    let path = format!("/Users/{id}");
    let change = async |operation: Value| world.scim_must("PATCH", &path, &patch(&json!([operation]))).await;
    let user = change(json!({ "op": "replace", "path": "name.familyName", "value": "Durand" })).await;
    assert_eq!(user["name"], json!({ "givenName": "Jeanne", "familyName": "Durand" }));
    let user =
        change(json!({ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "j@y.example" }))
            .await;
    assert_eq!(user["emails"][1], json!({ "value": "j@y.example", "type": "home" }));
    let user = change(
        json!({ "op": "add", "path": "emails", "value": [{ "value": "k@y.example", "primary": true }] }),
    )
    .await;
    assert_eq!(user["emails"][0]["primary"], false, "there is one preferred address");
    assert_eq!(user["emails"][2], json!({ "value": "k@y.example", "primary": true }));
    let user = change(json!({ "op": "remove", "path": "emails[value eq \"k@y.example\"]" })).await;
    assert_eq!(user["emails"].as_array().map(Vec::len), Some(2));
    let user = change(json!({ "op": "add", "path": format!("{ENTERPRISE}:costCenter"), "value": "7" })).await;
    assert_eq!(user[ENTERPRISE]["costCenter"], "7");
    let user = change(json!({ "op": "remove", "path": format!("{ENTERPRISE}:manager") })).await;
    assert!(user[ENTERPRISE].get("manager").is_none());
    let user = change(json!({ "op": "add", "value": { "nickName": "J", "title": "Avocate" } })).await;
    assert_eq!((&user["nickName"], &user["title"]), (&json!("J"), &json!("Avocate")));
    let user = change(json!({ "op": "remove", "path": "nickName" })).await;
    assert!(user.get("nickName").is_none());
    let user = change(json!({ "op": "replace", "path": "userName", "value": "jeanne.durand@bm.com" })).await;
    assert_eq!(user["userName"], "jeanne.durand@bm.com");
    let account = world.ask(Who::Admin, "GET", "/api/v1/accounts/jeanne.martin@bm.com").await.json();
    assert_eq!(account["address"], "jeanne.durand@bm.com", "the old address stays as an alias");
    let profile = world.ask(Who::Admin, "GET", "/api/v1/accounts/jeanne.durand@bm.com/profile").await.json();
    assert_eq!((&profile["family_name"], &profile["job_title"]), (&json!("Durand"), &json!("Avocate")));

    for (operation, expected) in [
        (json!({ "op": "replace", "path": "surname", "value": "x" }), (400, "invalidPath")),
        (
            json!({ "op": "replace", "path": "emails[type eq \"other\"].value", "value": "x" }),
            (400, "noTarget"),
        ),
        (json!({ "op": "remove" }), (400, "noTarget")),
        (json!({ "op": "remove", "path": "userName" }), (400, "mutability")),
        (json!({ "op": "remove", "path": "active" }), (400, "mutability")),
        (json!({ "op": "replace", "path": "id", "value": "x" }), (400, "mutability")),
        (json!({ "op": "replace", "path": "active", "value": "perhaps" }), (400, "invalidValue")),
        (json!({ "op": "move", "path": "title" }), (400, "invalidSyntax")),
        (
            json!({ "op": "replace", "path": "emails[type xx \"w\"].value", "value": "x" }),
            (400, "invalidFilter"),
        ),
        (json!({ "op": "replace", "path": "userName", "value": "user1@bm.com" }), (409, "uniqueness")),
        (json!({ "op": "replace", "path": "userName", "value": "ventes@bm.com" }), (409, "uniqueness")),
    ] {
        let before = world.scim_must("GET", &path, &Value::Null).await;
        // Of several operations all or none is done.
        let both = patch(&json!([{ "op": "replace", "path": "title", "value": "never" }, operation]));
        let answer = world.scim("PATCH", &path, &both).await;
        assert_eq!(error(&answer), (expected.0, expected.1.into()), "{operation}");
        assert_eq!(world.scim_must("GET", &path, &Value::Null).await, before, "{operation}");
    }
}

#[tokio::test]
async fn what_was_changed_here_stays_until_the_provider_changes_it() {
    let world = World::new().await;
    let id = world.made(&jeanne()).await["id"].as_str().expect("an id").to_owned();
    let path = "/api/v1/accounts/jeanne.martin@bm.com";
    world
        .ask_with(
            Who::Admin,
            "PUT",
            &format!("{path}/profile"),
            &json!({ "job_title": "Avocate", "birth_date": "1980-01-02" }),
        )
        .await;
    world.ask_with(Who::Owner, "PUT", &format!("{path}/role"), &json!({ "role": "guest" })).await;
    let profile = async || world.ask(Who::Admin, "GET", &format!("{path}/profile")).await.json();
    let put = async |title: &str| {
        let mut said = jeanne();
        said["title"] = json!(title);
        said["roles"] = json!([{ "value": "guest" }, { "value": "juriste" }]);
        world.scim_must("PUT", &format!("/Users/{id}"), &said).await
    };
    put("Juriste").await;
    assert_eq!(profile().await["job_title"], "Avocate");
    put("Directrice").await;
    assert_eq!(profile().await["job_title"], "Directrice");
    assert_eq!(profile().await["birth_date"], "1980-01-02");
    let shown = world.scim_must("GET", &format!("/Users/{id}"), &Value::Null).await;
    assert_eq!(shown["roles"], json!([{ "value": "guest" }, { "value": "juriste" }]));
    // A role that the provider named goes when it names it no more; one that was given here stays.
    let without = json!([{ "op": "remove", "path": "roles" }]);
    world.scim_must("PATCH", &format!("/Users/{id}"), &patch(&without)).await;
    let role = async || world.ask(Who::Admin, "GET", path).await.json()["role"].clone();
    assert_eq!(role().await, "member");
    world.ask_with(Who::Owner, "PUT", &format!("{path}/role"), &json!({ "role": "account_manager" })).await;
    let title = json!([{ "op": "replace", "path": "title", "value": "x" }]);
    world.scim_must("PATCH", &format!("/Users/{id}"), &patch(&title)).await;
    world.scim_must("PATCH", &format!("/Users/{id}"), &patch(&without)).await;
    assert_eq!(role().await, "account_manager");
}

#[tokio::test]
async fn a_request_for_another_version_changes_nothing() {
    let world = World::new().await;
    let made = world.made(&jeanne()).await;
    let path = format!("/Users/{}", made["id"].as_str().expect("an id"));
    let version = made["meta"]["version"].as_str().expect("a version");
    let again = world.scim_as(Who::Provider, "GET", &path, &[("if-none-match", version)], &Value::Null).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    let operations = patch(&json!([{ "op": "replace", "path": "title", "value": "Notaire" }]));
    let old = [("if-match", "W/\"1\"")];
    for (method, body) in [("PATCH", &operations), ("PUT", &jeanne()), ("DELETE", &Value::Null)] {
        let answer = world.scim_as(Who::Provider, method, &path, &old, body).await;
        assert_eq!(error(&answer), (412, String::new()), "{method}");
    }
    let answer = world.scim_as(Who::Provider, "PATCH", &path, &[("if-match", version)], &operations).await;
    assert_eq!(answer.status, 200);
    assert_ne!(answer.headers["etag"], version);
    // What people change here counts too.
    world
        .ask_with(Who::Admin, "PUT", "/api/v1/accounts/jeanne.martin@bm.com/name", &json!({ "name": "J." }))
        .await;
    let after = world.scim("GET", &path, &Value::Null).await;
    assert_ne!(after.headers["etag"], answer.headers["etag"]);
    // And what changes nothing does not.
    let same = world.scim("PATCH", &path, &operations).await;
    assert_eq!(same.headers["etag"], after.headers["etag"]);
}

#[tokio::test]
async fn groups_are_those_of_the_organisation() {
    let world = World::new().await;
    let user = world.made(&json!({ "userName": "paul@bm.com" })).await["id"].clone();
    let other = world.made(&json!({ "userName": "zoe@bm.com" })).await["id"].clone();
    let team = json!({ "displayName": "Droit", "externalId": "g-1", "members": [{ "value": user }] });
    let made = world.scim_must("POST", "/Groups", &team).await;
    let path = format!("/Groups/{}", made["id"].as_str().expect("an id"));
    assert_eq!(made["members"][0]["value"], user);
    assert_eq!(made["members"][0]["type"], "User");
    let shown =
        world.scim_must("GET", &format!("/Users/{}", user.as_str().expect("an id")), &Value::Null).await;
    assert_eq!(shown["groups"][0]["display"], "Droit");
    let change = async |operation: Value| world.scim_must("PATCH", &path, &patch(&json!([operation]))).await;
    let ids = |group: &Value| -> Vec<Value> {
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.into_iter().map(|member| member["value"].clone()).collect()
    };
    let both = change(json!({ "op": "add", "path": "members", "value": [{ "value": other }] })).await;
    assert_eq!(ids(&both), [user.clone(), other.clone()]);
    let filter = format!("members[value eq {user}]");
    let left = ids(&change(json!({ "op": "remove", "path": filter })).await);
    assert_eq!(left, std::slice::from_ref(&other));
    let inner = world.made.inner_group.to_string();
    let replaced = change(
        json!({ "op": "replace", "path": "members", "value": [{ "value": inner }, { "value": user }] }),
    )
    .await;
    assert_eq!(ids(&replaced), [user.clone(), json!(inner)]);
    assert_eq!(replaced["members"][1]["type"], "Group");
    let found =
        world.scim_must("GET", &format!("/Groups?filter=members.value eq {user}"), &Value::Null).await;
    assert_eq!(found["totalResults"], 1);
    for filter in ["displayName eq \"droit\"", "externalId eq \"g-1\"", "members[value eq \"INNER\"]"] {
        let filter = filter.replace("INNER", &inner);
        let found = world
            .scim_must("GET", &format!("/Groups?filter={filter}&excludedAttributes=members"), &Value::Null)
            .await;
        assert_eq!(
            (&found["totalResults"], found["Resources"][0].get("members")),
            (&json!(1), None),
            "{filter}"
        );
    }
    assert_eq!(
        change(json!({ "op": "replace", "value": { "displayName": "Juridique" } })).await["displayName"],
        "Juridique"
    );
    assert!(change(json!({ "op": "remove", "path": "members" })).await.get("members").is_none());
    for (body, expected) in [
        (json!({ "displayName": "Ventes" }), (409, "uniqueness")),
        (json!({ "displayName": "x", "externalId": "g-1" }), (409, "uniqueness")),
        (json!({ "displayName": "x", "members": [{ "value": "acc-0000000000001" }] }), (400, "invalidValue")),
        (json!({ "displayName": "x", "members": [{ "value": "nobody" }] }), (400, "invalidValue")),
        (json!({ "externalId": "x" }), (400, "invalidValue")),
    ] {
        let answer = world.scim("POST", "/Groups", &body).await;
        assert_eq!(error(&answer), (expected.0, expected.1.into()), "{body}");
    }
    assert_eq!(world.scim("DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(error(&world.scim("GET", &path, &Value::Null).await).0, 404);
    // What mail needs is not removed.
    let catch_all = json!({ "to": "ventes@bm.com" });
    let set = world
        .ask_with(Who::Admin, "PUT", "/api/v1/organisations/bm/domains/bm.com/catch-all", &catch_all)
        .await;
    assert!(set.status.is_success(), "{}", set.text);
    let needed = world.scim("DELETE", &format!("/Groups/{}", world.made.group), &Value::Null).await;
    assert_eq!(error(&needed), (400, "mutability".into()));
}

#[tokio::test]
async fn many_requests_are_answered_one_by_one_and_wait_for_each_other() {
    let world = World::new().await;
    let bulk = |operations: Value, fail_on: Value| json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations, "failOnErrors": fail_on });
    let operations = json!([
        { "method": "POST", "path": "/Groups", "bulkId": "g", "data": { "displayName": "Lot", "members": [{ "value": "bulkId:a" }, { "value": "bulkId:b" }] } },
        { "method": "POST", "path": "/Users", "bulkId": "a", "data": { "userName": "a@bm.com" } },
        { "method": "POST", "path": "/Users", "bulkId": "b", "data": { "userName": "b@bm.com" } },
        { "method": "POST", "path": "/Users", "bulkId": "c", "data": { "userName": "a@bm.com" } },
        { "method": "PATCH", "path": "/Users/bulkId:a", "data": patch(&json!([{ "op": "add", "path": "title", "value": "A" }])) },
        { "method": "DELETE", "path": "/Users/bulkId:b" },
        { "method": "DELETE", "path": "/Users/acc-0000000000001" },
        { "method": "PATCH", "path": "/Users/bulkId:nobody", "data": {} },
        { "method": "GET", "path": "/Users" },
    ]);
    let done = world.scim_must("POST", "/Bulk", &bulk(operations.clone(), Value::Null)).await;
    let status: Vec<&str> = done["Operations"]
        .as_array()
        .expect("answers")
        .iter()
        .map(|one| one["status"].as_str().expect("text"))
        .collect();
    assert_eq!(status, ["201", "201", "201", "409", "200", "204", "404", "400", "400"], "{done}");
    assert_eq!(done["Operations"][3]["response"]["scimType"], "uniqueness");
    assert_eq!(done["Operations"][1]["bulkId"], "a");
    assert!(
        done["Operations"][1]["location"].as_str().is_some_and(|place| place.contains("/scim/v2/Users/acc-"))
    );
    let stopped = world.scim_must("POST", "/Bulk", &bulk(operations, json!(1))).await;
    assert_eq!(stopped["Operations"].as_array().map(Vec::len), Some(1), "{stopped}");
    let many: Vec<Value> = (0..1001).map(|_| json!({ "method": "DELETE", "path": "/Users/x" })).collect();
    assert_eq!(error(&world.scim("POST", "/Bulk", &bulk(json!(many), Value::Null)).await).0, 413);
    assert_eq!(error(&world.scim("GET", "/Bulk", &Value::Null).await).0, 405);
}

#[tokio::test]
async fn what_the_service_can_is_read_and_never_written() {
    let world = World::new().await;
    for place in ["/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas"] {
        let answer = world.scim("GET", place, &Value::Null).await;
        assert_eq!(answer.status, 200, "{place}");
        assert_eq!(answer.headers["content-type"], "application/scim+json");
        let filtered = world.scim("GET", &format!("{place}?filter=id pr"), &Value::Null).await;
        assert_eq!(error(&filtered).0, 403, "{place}");
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let answer = world.scim(method, place, &Value::Null).await;
            assert_eq!(error(&answer).0, 405, "{method} {place}");
            assert_eq!(answer.headers["allow"], "GET");
        }
    }
    let schemas = world.scim_must("GET", "/Schemas", &Value::Null).await;
    for schema in schemas["Resources"].as_array().expect("schemas") {
        let path = format!("/Schemas/{}", schema["id"].as_str().expect("an id"));
        assert_eq!(world.scim_must("GET", &path, &Value::Null).await, *schema);
    }
    for nowhere in ["/Schemas/urn:x", "/ResourceTypes/Cat", "/Cats", "/Users/x/y", "/Users/x", ""] {
        assert_eq!(error(&world.scim("GET", nowhere, &Value::Null).await).0, 404, "{nowhere}");
    }
    let wrong = world.request(Who::Provider, "POST", "/scim/v2/Users").header("content-type", "text/plain");
    let wrong = world.send(Who::Provider, wrong.body(Body::from("x")).expect("a request")).await;
    assert_eq!(error(&wrong).0, 415);
    let wrong =
        world.request(Who::Provider, "POST", "/scim/v2/Users").header("content-type", "application/json");
    let wrong = world.send(Who::Provider, wrong.body(Body::from("{")).expect("a request")).await;
    assert_eq!(error(&wrong), (400, "invalidSyntax".into()));
}
