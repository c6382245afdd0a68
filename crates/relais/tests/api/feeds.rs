//! A connected application that is a real SCIM server (scim2-server) has the organisation's people and groups, and hears
//! first of whom it has to shut out (X10).

use crate::backed_up::pretend_backup;
use crate::world::{Who, World};
use relais_app::core::authority::Actor;
use relais_app::core::ids::ApplicationId;
use relais_app::{FeedRequest, Relais};
use relais_testbed::scim_server::{ScimServer, Way};
use serde_json::{Value, json};

const TOKEN: &str = "s3cret.token";

/// A feed to a server that nobody runs, as the template has it.
pub async fn set_up(app: &Relais, application: ApplicationId) {
    let request = json!({ "settings": { "url": "http://127.0.0.1:1/scim" }, "token": TOKEN });
    let request: FeedRequest = serde_json::from_value(request).expect("a request");
    app.set_feed(application, request, Actor::Operator).await.expect("set");
}

struct Fed {
    world: World,
    server: ScimServer,
    path: String,
}

impl Fed {
    /// Set up, and not run yet.
    async fn new(settings: Value) -> Self {
        let world = World::new().await;
        let server = ScimServer::start(TOKEN).expect("starts");
        let asked = json!({ "name": "Documents" });
        let made = world.ask_with(Who::Token, "POST", "/api/v1/organisations/bm/applications", &asked).await;
        let path = format!("/api/v1/applications/{}/feed", made.json()["id"].as_str().expect("an id"));
        let fed = Self { world, server, path };
        fed.set(settings, Some(TOKEN)).await;
        fed
    }

    async fn running(settings: Value) -> Self {
        let fed = Self::new(settings).await;
        fed.run().await;
        fed
    }

    async fn set(&self, mut settings: Value, token: Option<&str>) {
        settings["url"] = json!(self.server.url());
        let asked = json!({ "settings": settings, "token": token });
        let set = self.world.ask_with(Who::Token, "PUT", &self.path, &asked).await;
        assert!(set.status.is_success(), "{}", set.text);
    }

    /// Everything is compared and told.
    async fn run(&self) {
        self.must("POST", &format!("{}/run", self.path), json!({})).await;
        self.world.app.work_once().await;
    }

    async fn must(&self, method: &str, path: &str, body: Value) {
        let done = self.world.ask_with(Who::Token, method, path, &body).await;
        assert!(done.status.is_success(), "{method} {path}: {}", done.text);
    }

    /// An act on an account, and telling of it.
    async fn act(&self, account: &str, act: &str) {
        self.must("POST", &format!("/api/v1/accounts/{account}/{act}"), json!({})).await;
        self.world.app.work_once().await;
    }

    async fn show(&self) -> Value {
        self.world.ask(Who::Token, "GET", &self.path).await.json()
    }

    async fn plan(&self) -> Value {
        self.world.ask(Who::Token, "POST", &format!("{}/plan", self.path)).await.json()
    }

    async fn errors(&self) -> Value {
        self.world.ask(Who::Token, "GET", &format!("{}/errors", self.path)).await.json()
    }

    fn user(&self, name: &str) -> Option<Value> {
        self.server.list("Users").into_iter().find(|user| user["userName"] == name)
    }

    /// `None`: the server does not have them.
    fn is_active(&self, name: &str) -> Option<bool> {
        self.user(name).map(|user| user["active"] == json!(true))
    }

    fn group(&self, name: &str) -> Option<Value> {
        self.server.list("Groups").into_iter().find(|group| group["displayName"] == name)
    }

    /// Who is in a group there, by name.
    fn members(&self, group: &str) -> Vec<String> {
        let users = self.server.list("Users");
        let of = self.group(group).expect("there");
        let name = |member: &Value| {
            let user = users.iter().find(|user| user["id"] == member["value"]).expect("a user");
            user["userName"].as_str().expect("a name").to_owned()
        };
        let mut names: Vec<String> = of["members"].as_array().into_iter().flatten().map(name).collect();
        names.sort();
        names
    }

    async fn id(&self, address: &str) -> String {
        crate::world::id_of(&self.world.app, address).await.to_string()
    }

    fn by_hand(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.server.ask(method, path, body).expect("an answer");
        assert!(answer.status < 300, "{method} {path}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    fn make_by_hand(&self, name: &str) -> Value {
        let user = "urn:ietf:params:scim:schemas:core:2.0:User";
        self.by_hand("POST", "/Users", &json!({ "schemas": [user], "userName": name, "active": true }))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_there_once_the_plan_was_seen_and_follows_what_happens_here() {
    for changes in ["patch", "put"] {
        let told = json!(["display_name", "name", "emails", "department", "phone_numbers"]);
        let fed = Fed::new(json!({ "changes": changes, "attributes": told })).await;
        // Set up, it is silent.
        fed.world.app.work_once().await;
        assert_eq!(fed.server.asked(), Vec::<String>::new());
        let plan = fed.plan().await;
        let acts = plan["acts"].as_array().expect("acts");
        assert!(acts.iter().all(|act| act["act"] == "create"), "{plan}");
        assert!(acts.iter().any(|act| act["name"] == "user1@bm.com"), "{plan}");
        assert!(fed.server.list("Users").is_empty() && fed.server.list("Groups").is_empty());

        fed.run().await;
        assert_eq!(fed.errors().await, json!([]), "{changes}");
        assert_eq!(fed.is_active("user1@bm.com"), Some(true));
        assert_eq!(fed.is_active("invited@bm.com"), Some(true));
        // Whoever is closed or gone is not made anew.
        assert_eq!((fed.is_active("closed@bm.com"), fed.is_active("deleted@bm.com")), (None, None));
        let plan = fed.plan().await;
        assert_eq!(plan["acts"], json!([]), "what is done is planned no more");

        let profile = json!({ "family_name": "Martin", "department": "Ventes",
                              "phones": [{ "kind": "work", "number": "+33 1 23 45 67 89" }] });
        fed.must("PUT", "/api/v1/accounts/user1@bm.com/profile", profile).await;
        fed.must("PUT", "/api/v1/accounts/user1@bm.com/name", json!({ "name": "Jeanne Martin" })).await;
        fed.world.app.work_once().await;
        let user = fed.user("user1@bm.com").expect("there");
        assert_eq!(user["displayName"], "Jeanne Martin", "{user}");
        assert_eq!(user["name"]["familyName"], "Martin", "{user}");
        assert_eq!(user["phoneNumbers"][0]["value"], "+33 1 23 45 67 89", "{user}");
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        assert_eq!(user[enterprise]["department"], "Ventes", "{user}");

        fed.must("PUT", "/api/v1/accounts/user1@bm.com/profile", json!({})).await;
        fed.must("POST", "/api/v1/accounts/user1@bm.com/rename", json!({ "address": "jm@bm.com" })).await;
        fed.world.app.work_once().await;
        let user = fed.user("jm@bm.com").expect("under its new name");
        assert!(user.get("phoneNumbers").is_none_or(|phones| phones == &json!([])), "{user}");
        assert_eq!(user["externalId"], json!(fed.id("jm@bm.com").await));
        assert_eq!(fed.is_active("user1@bm.com"), None);

        fed.act("jm@bm.com", "deactivate").await;
        assert_eq!(fed.is_active("jm@bm.com"), Some(false));
        fed.act("jm@bm.com", "reactivate").await;
        assert_eq!(fed.is_active("jm@bm.com"), Some(true));
        assert_eq!(fed.errors().await, json!([]), "{changes}");
        // Nothing to tell, nothing asked.
        let _ = fed.server.asked();
        fed.world.app.work_once().await;
        assert_eq!(fed.server.asked(), Vec::<String>::new());

        fed.act("jm@bm.com", "deactivate").await;
        let id = crate::world::id_of(&fed.world.app, "jm@bm.com").await;
        pretend_backup(fed.world.data(), fed.world.made.bm, id).await;
        fed.must("DELETE", "/api/v1/accounts/jm@bm.com?content=erase", json!({})).await;
        fed.world.app.work_once().await;
        assert_eq!(fed.is_active("jm@bm.com"), None);
        let off = fed.world.ask(Who::Token, "POST", &format!("{}/off", fed.path)).await.json();
        assert_eq!(off["state"], "off");
        fed.act("guest@bm.com", "deactivate").await;
        assert_eq!(fed.is_active("guest@bm.com"), Some(true), "off, it hears nothing");
        fed.run().await;
        assert_eq!(fed.is_active("guest@bm.com"), Some(false));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_there_with_who_is_in_them_and_whoever_was_put_in_there_stays() {
    for changes in ["patch", "put"] {
        let fed = Fed::running(json!({ "changes": changes })).await;
        let group = fed.world.made.group;
        assert_eq!(fed.members("Ventes"), ["user2@bm.com"]);
        let member = |account: &str| format!("/api/v1/groups/{group}/members/{account}");
        fed.must("PUT", &member("user1@bm.com"), json!({ "role": "member" })).await;
        fed.world.app.work_once().await;
        assert_eq!(fed.members("Ventes"), ["user1@bm.com", "user2@bm.com"]);

        let guest = fed.make_by_hand("somebody.else")["id"].clone();
        let there = fed.group("Ventes").expect("there")["id"].as_str().expect("an id").to_owned();
        let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
        let operation = json!({ "op": "add", "path": "members", "value": [{ "value": guest }] });
        let patch = json!({ "schemas": [schema], "Operations": [operation] });
        fed.by_hand("PATCH", &format!("/Groups/{there}"), &patch);
        fed.must("DELETE", &member("user1@bm.com"), json!({})).await;
        fed.world.app.work_once().await;
        assert_eq!(fed.members("Ventes"), ["somebody.else", "user2@bm.com"], "{changes}");

        // Those of a group in it are in it.
        let inner = fed.world.made.inner_group;
        fed.must("PUT", &format!("/api/v1/groups/{group}/groups/{inner}"), json!({})).await;
        fed.must("PUT", &format!("/api/v1/groups/{inner}/members/guest@bm.com"), json!({ "role": "member" }))
            .await;
        fed.must("PATCH", &format!("/api/v1/groups/{group}"), json!({ "name": "Commerce" })).await;
        fed.world.app.work_once().await;
        assert_eq!(fed.members("Commerce"), ["guest@bm.com", "somebody.else", "user2@bm.com"]);
        assert_eq!(fed.members("Salon"), ["guest@bm.com"]);
        fed.must("DELETE", &format!("/api/v1/groups/{group}/groups/{inner}"), json!({})).await;
        fed.must("DELETE", &format!("/api/v1/groups/{inner}"), json!({})).await;
        fed.world.app.work_once().await;
        assert_eq!(fed.members("Commerce"), ["somebody.else", "user2@bm.com"]);
        assert!(fed.group("Salon").is_none());
        assert_eq!((fed.errors().await, fed.plan().await["acts"].clone()), (json!([]), json!([])));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_to_be_shut_out_is_told_first_once_the_application_is_back() {
    let fed = Fed::running(json!({})).await;
    let id_there = fed.user("guest@bm.com").expect("there")["id"].as_str().expect("an id").to_owned();
    fed.server.set_way(Way::Shut);
    fed.must("PUT", "/api/v1/accounts/user1@bm.com/name", json!({ "name": "Jeanne Martin" })).await;
    fed.act("guest@bm.com", "deactivate").await;
    assert_eq!(fed.is_active("guest@bm.com"), Some(true));
    let shown = fed.show().await;
    assert!(shown["trouble"].is_string() && shown["away_until"].is_string(), "{shown}");
    fed.server.set_way(Way::Open);
    let _ = fed.server.asked();
    fed.world.clock.advance(1);
    fed.world.app.work_once().await;
    let changed: Vec<String> =
        fed.server.asked().into_iter().filter(|asked| asked.starts_with("PATCH")).collect();
    assert_eq!(changed[0], format!("PATCH /Users/{id_there}"), "{changed:?}");
    assert_eq!(fed.is_active("guest@bm.com"), Some(false));
    assert_eq!(fed.user("user1@bm.com").expect("there")["displayName"], "Jeanne Martin");
    assert_eq!((fed.errors().await, fed.show().await["trouble"].clone()), (json!([]), json!(null)));

    // As long as it asks for, and no request before.
    fed.server.set_way(Way::Busy { retry_after_s: 2 * 3600 });
    fed.act("guest@bm.com", "reactivate").await;
    fed.server.set_way(Way::Open);
    let _ = fed.server.asked();
    fed.world.clock.advance(1);
    fed.world.app.work_once().await;
    assert_eq!(fed.server.asked(), Vec::<String>::new());
    fed.world.clock.advance(2);
    fed.world.app.work_once().await;
    assert_eq!(fed.is_active("guest@bm.com"), Some(true));

    // What was done though its answer was lost is found done.
    fed.server.set_way(Way::Deaf);
    fed.act("closed@bm.com", "reactivate").await;
    fed.server.set_way(Way::Open);
    fed.world.clock.advance(1);
    fed.world.app.work_once().await;
    assert_eq!(fed.is_active("closed@bm.com"), Some(true));
    let all = fed.server.list("Users");
    assert_eq!(all.iter().filter(|user| user["userName"] == "closed@bm.com").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_differs_there_is_mended_every_day_and_what_is_not_ours_is_left_alone() {
    let fed = Fed::new(json!({})).await;
    // Made there by hand before: user1 is taken over, and whoever is closed here is shut out there.
    let by_hand = fed.make_by_hand("USER1@bm.com")["id"].clone();
    fed.make_by_hand("closed@bm.com");
    fed.make_by_hand("machine");
    let plan = fed.plan().await;
    let of = |name: &str| {
        let acts = plan["acts"].as_array().expect("acts");
        acts.iter().find(|act| act["name"] == name).map(|act| act["act"].clone())
    };
    assert_eq!((of("user1@bm.com"), of("closed@bm.com")), (Some(json!("change")), Some(json!("close"))));
    assert_eq!(plan["acts"][0]["act"], "close");
    fed.run().await;
    let taken_over = fed.user("USER1@bm.com").expect("there");
    let ours = json!(fed.id("user1@bm.com").await);
    assert_eq!((&taken_over["id"], &taken_over["externalId"]), (&by_hand, &ours));
    assert_eq!((fed.is_active("closed@bm.com"), fed.is_active("machine")), (Some(false), Some(true)));
    assert_eq!(fed.show().await["report"]["foreign"], 1);

    // Behind our back: one is gone, one is opened again.
    let gone = fed.user("user2@bm.com").expect("there")["id"].as_str().expect("an id").to_owned();
    let opened = fed.user("closed@bm.com").expect("there")["id"].as_str().expect("an id").to_owned();
    fed.by_hand("DELETE", &format!("/Users/{gone}"), &Value::Null);
    let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    let patch =
        json!({ "schemas": [schema], "Operations": [{ "op": "replace", "path": "active", "value": true }] });
    fed.by_hand("PATCH", &format!("/Users/{opened}"), &patch);
    fed.world.app.work_once().await;
    assert_eq!((fed.is_active("user2@bm.com"), fed.is_active("closed@bm.com")), (None, Some(true)));
    fed.world.clock.advance(24);
    fed.world.app.work_once().await;
    assert_eq!((fed.is_active("user2@bm.com"), fed.is_active("closed@bm.com")), (Some(true), Some(false)));
    assert_eq!(fed.members("Ventes"), ["user2@bm.com"], "under its new id");
    assert_eq!((fed.is_active("machine"), fed.errors().await), (Some(true), json!([])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_taken_stops_the_feed_and_says_so_until_there_is_another() {
    let fed = Fed::running(json!({})).await;
    fed.set(json!({}), Some("another.token")).await;
    fed.act("guest@bm.com", "deactivate").await;
    let shown = fed.show().await;
    assert_eq!((&shown["state"], &shown["trouble"]), (&json!("stopped"), &json!("answered 401")), "{shown}");
    let plan = fed.world.ask(Who::Token, "POST", &format!("{}/plan", fed.path)).await;
    assert_eq!(plan.code(), "feed_denied");
    let events = fed.world.ask(Who::Token, "GET", "/api/v1/organisations/bm/events?after=0&limit=200").await;
    assert!(events.text.contains("application.feed_stopped"), "{}", events.text);
    assert!(!events.text.contains(TOKEN) && !shown.to_string().contains(TOKEN));
    let _ = fed.server.asked();
    fed.world.clock.advance(48);
    fed.world.app.work_once().await;
    assert_eq!(fed.server.asked(), Vec::<String>::new(), "silent until somebody has seen to it");
    fed.set(json!({}), Some(TOKEN)).await;
    fed.world.app.work_once().await;
    assert_eq!(fed.is_active("guest@bm.com"), Some(false));
    assert_eq!(fed.show().await["state"], "on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_those_of_the_groups_that_are_named_are_there() {
    let fed = Fed::new(json!({})).await;
    let group = fed.world.made.group;
    fed.set(json!({ "only_groups": [group], "when_closed": "remove", "user_name": "local_part" }), None)
        .await;
    fed.run().await;
    let names = |fed: &Fed| {
        let users = fed.server.list("Users");
        let mut names: Vec<String> =
            users.iter().map(|user| user["userName"].as_str().expect("a name").to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&fed), ["user2"]);
    let there = fed.server.list("Groups");
    assert_eq!((there.len(), &there[0]["displayName"]), (1, &json!("Ventes")));
    let member = format!("/api/v1/groups/{group}/members/user1@bm.com");
    fed.must("PUT", &member, json!({ "role": "member" })).await;
    fed.world.app.work_once().await;
    assert_eq!((names(&fed), fed.members("Ventes")), (vec!["user1".into(), "user2".into()], names(&fed)));
    fed.must("DELETE", &member, json!({})).await;
    fed.world.app.work_once().await;
    assert_eq!((names(&fed), fed.members("Ventes")), (vec!["user2".into()], names(&fed)));
    // Nobody has said what its provider's ids are: an error that is listed, and tried again when it is asked for.
    let by_id = json!({ "only_groups": [group], "user_name": "provider_id" });
    fed.set(by_id, None).await;
    fed.world.app.work_once().await;
    let errors = fed.errors().await;
    assert_eq!(errors[0]["name"], "user2@bm.com", "{errors}");
    fed.set(json!({ "only_groups": [group] }), None).await;
    fed.run().await;
    assert_eq!((fed.errors().await, names(&fed)), (json!([]), vec!["user2@bm.com".to_owned()]));
}

#[tokio::test]
async fn a_feed_is_set_up_only_with_a_place_a_token_and_groups_that_there_are() {
    let world = World::new().await;
    let path = format!("/api/v1/applications/{}/feed", world.made.application);
    let other = "grp-zzzzzzzzzzzz0".replace("zzzzzzzzzzzz", "000000000000");
    for (settings, token, code) in [
        (json!({ "url": "ftp://boards.example" }), json!("t"), "feed_url_invalid"),
        (json!({ "url": "https://boards.example/scim?x=1" }), json!("t"), "feed_url_invalid"),
        (json!({ "url": "https://boards.example/scim" }), json!(null), "feed_token_invalid"),
        (json!({ "url": "https://boards.example/scim" }), json!("two words"), "feed_token_invalid"),
        (
            json!({ "url": "https://boards.example/scim", "only_groups": [other] }),
            json!("t"),
            "feed_group_unknown",
        ),
    ] {
        let asked = json!({ "settings": settings, "token": token });
        assert_eq!(world.ask_with(Who::Token, "PUT", &path, &asked).await.code(), code, "{settings}");
    }
    let plan = world.ask(Who::Token, "POST", &format!("{path}/plan")).await;
    assert_eq!((plan.status.as_u16(), plan.code().as_str()), (409, "feed_away"));
    let made = world
        .ask_with(Who::Token, "POST", "/api/v1/organisations/bm/applications", &json!({ "name": "Sans" }))
        .await
        .json();
    let none = format!("/api/v1/applications/{}/feed", made["id"].as_str().expect("an id"));
    assert_eq!(world.ask(Who::Token, "GET", &none).await.code(), "feed_missing");
}
