//! Directories at the API: what is refused, what is never shown, and that their time comes.

use crate::world::{Who, World};
use serde_json::{Value, json};

const ALL: &str = "/api/v1/organisations/bm/directories";

fn settings() -> Value {
    json!({ "kind": "open_ldap", "host": "127.0.0.1", "port": 1, "encryption": "none", "base": "dc=bm,dc=com" })
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused_and_the_password_is_never_shown() {
    let world = World::new().await;
    for (field, value) in [
        ("host", json!("ldap://bm.com")),
        ("base", json!("")),
        ("filter", json!("(uid=*")),
        ("every_minutes", json!(0)),
        ("domain", json!("bm")),
    ] {
        let mut wrong = settings();
        wrong[field] = value;
        let body = json!({ "name": "Faux", "settings": wrong });
        let refused = world.ask_with(Who::Token, "POST", ALL, &body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()["code"].clone()),
            (422, json!("directory_setting_invalid"))
        );
        assert!(refused.text.contains(field), "{}", refused.text);
    }
    let body = json!({ "name": "Second", "settings": settings(), "bind_password": "tres secret" });
    let made = world.ask_with(Who::Token, "POST", ALL, &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let again = world.ask_with(Who::Token, "POST", ALL, &body).await;
    assert_eq!(again.status, 409, "a name is one directory's: {}", again.text);
    let path = format!("/api/v1/directories/{}", made.json()["id"].as_str().expect("an id"));
    let patch =
        json!({ "settings": { "filter": "(uid=*)", "guard": { "count_max": 5 }, "every_minutes": null } });
    let changed = world.ask_with(Who::Token, "PATCH", &path, &patch).await.json();
    assert_eq!(changed["settings"]["guard"], json!({ "count_max": 5, "percent_max": 10 }));
    assert_eq!((&changed["settings"]["filter"], &changed["next_at"]), (&json!("(uid=*)"), &Value::Null));
    let patch = json!({ "settings": { "filter": null, "colour": "blue" } });
    let unknown = world.ask_with(Who::Token, "PATCH", &path, &patch).await;
    assert_eq!(unknown.json()["code"], "directory_settings_unreadable");
    for asked in [ALL, &path, "/api/v1/organisations/bm/events"] {
        let shown = world.ask(Who::Token, "GET", asked).await.text;
        assert!(!shown.contains("tres secret"), "{asked}: {shown}");
    }
    assert_eq!(world.ask(Who::Token, "DELETE", &path).await.status, 204);
    assert_eq!(world.ask(Who::Token, "GET", &path).await.status, 404);
}

#[tokio::test]
async fn a_directory_is_read_when_its_time_has_come_and_says_why_it_could_not() {
    let world = World::new().await;
    let body = json!({ "name": "Second", "settings": settings() });
    let made = world.ask_with(Who::Token, "POST", ALL, &body).await.json();
    let path = format!("/api/v1/directories/{}", made["id"].as_str().expect("an id"));
    assert_eq!(world.ask(Who::Token, "GET", &format!("{path}/report")).await.status, 404);
    world.app.work_once().await;
    assert_eq!(
        world.ask(Who::Token, "GET", &format!("{path}/report")).await.status,
        404,
        "its time has not come"
    );
    world.clock.advance(1);
    world.app.work_once().await;
    let report = world.ask(Who::Token, "GET", &format!("{path}/report")).await.json();
    assert_eq!(report["outcome"]["because"]["code"], "directory_unreachable", "{report}");
    let next = world.ask(Who::Token, "GET", &path).await.json()["next_at"].clone();
    assert_ne!(next, made["next_at"], "and it comes again");
}
