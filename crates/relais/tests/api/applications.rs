//! Connecting programs: their secrets, and what they may ask.

use crate::world::{Who, World};
use axum::http::Request;
use serde_json::json;

const APPLICATIONS: &str = "/api/v1/organisations/bm/applications";

impl World {
    async fn own_application(&self, token: &str) -> String {
        let request = Request::get("/api/v1/application").header("authorization", format!("Bearer {token}"));
        let answer = self.send(Who::Nobody, request.body(axum::body::Body::empty()).expect("whole")).await;
        if answer.status.is_success() {
            answer.json()["name"].as_str().expect("a name").to_owned()
        } else {
            answer.code()
        }
    }
}

#[tokio::test]
async fn an_applications_token_opens_until_it_is_renewed_or_the_application_disconnected() {
    let world = World::new().await;
    let asked = json!({ "name": "Documents", "url": "https://documents.example/relais" });
    let made = world.ask_with(Who::Admin, "POST", APPLICATIONS, &asked).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    let first = made["token"].as_str().expect("a token").to_owned();
    assert!(made["signing_secret"].as_str().expect("a secret").starts_with("whsec_"));
    assert_eq!(world.own_application(&first).await, "Documents");
    assert_eq!(world.ask_with(Who::Admin, "POST", APPLICATIONS, &asked).await.code(), "conflict");

    let path = format!("/api/v1/applications/{}", made["id"].as_str().expect("an id"));
    let renewed = world.ask(Who::Admin, "POST", &format!("{path}/token")).await.json();
    let second = renewed["secret"].as_str().expect("a token").to_owned();
    assert_eq!(world.own_application(&first).await, "secret_unknown");
    assert_eq!(world.own_application(&second).await, "Documents");

    let changed = world.ask_with(Who::Admin, "PATCH", &path, &json!({ "name": "Dossiers", "url": "" })).await;
    assert_eq!((&changed.json()["name"], &changed.json()["url"]), (&json!("Dossiers"), &json!(null)));
    assert_eq!(world.ask(Who::Admin, "DELETE", &path).await.status, 204);
    assert_eq!(world.own_application(&second).await, "secret_unknown");
    assert_eq!(world.ask(Who::Admin, "GET", &path).await.code(), "not_found");
    // The list shows the template's alone, and no secret of it.
    let listed = world.ask(Who::Admin, "GET", APPLICATIONS).await;
    assert_eq!(listed.json().as_array().map(Vec::len), Some(1));
    assert!(!listed.text.contains("whsec_") && !listed.text.contains("rla_"), "{}", listed.text);
}

#[tokio::test]
async fn an_application_is_told_only_at_a_whole_address() {
    let world = World::new().await;
    for url in ["boards.example", "ftp://boards.example", "https://user:secret@boards.example"] {
        let asked = json!({ "name": "Documents", "url": url });
        let answer = world.ask_with(Who::Admin, "POST", APPLICATIONS, &asked).await;
        assert_eq!(answer.code(), "webhook_url_invalid", "{url}");
    }
}
