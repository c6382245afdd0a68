//! The certificate as a page: everything people wrote is text, never markup.

use crate::world::{Answer, PASSWORD, Who, World};
use axum::body::Body;
use serde_json::{Value, json};

const NAME: &str = "<script>alert(1)</script> & Cie";

async fn departed(world: &World, order: &Value) -> String {
    let account = json!({ "address": "mechant@bm.com", "name": NAME, "password": PASSWORD });
    let made = world.ask_with(Who::Admin, "POST", "/api/v1/organisations/bm/accounts", &account).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let started =
        world.ask_with(Who::Admin, "POST", "/api/v1/accounts/mechant@bm.com/departure", order).await;
    assert_eq!(started.status, 201, "{}", started.text);
    let path = started.headers["location"].to_str().expect("text").to_owned();
    assert_eq!(world.ask(Who::Admin, "GET", &format!("{path}/certificate")).await.status, 404);
    world.app.work_once().await;
    let departure = world.ask(Who::Admin, "GET", &path).await.json();
    assert_eq!(departure["state"], "finished", "{departure}");
    format!("{path}/certificate")
}

async fn page(world: &World, path: &str, language: Option<&str>) -> Answer {
    let mut request = world.request(Who::Admin, "GET", path).header("accept", "text/html,*/*;q=0.8");
    if let Some(language) = language {
        request = request.header("accept-language", language);
    }
    let answer = world.send(Who::Admin, request.body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    answer
}

#[tokio::test]
async fn names_are_escaped_and_the_page_loads_nothing() {
    let world = World::new().await;
    let order = json!({ "to": "user2@bm.com", "reason": "<img src=x onerror=alert(1)>" });
    let path = departed(&world, &order).await;
    let answer = page(&world, &path, None).await;
    assert!(answer.text.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; Cie"), "{}", answer.text);
    assert!(answer.text.contains("&lt;img src=x"));
    for tag in ["<script", "<img", "<link", "http://", "https://", "url("] {
        assert!(!answer.text.contains(tag), "{tag} in {}", answer.text);
    }
    let policy = answer.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.starts_with("default-src 'none'"));
    if let Some(file) = std::env::var_os("RELAIS_CERTIFICATE_PAGE") {
        std::fs::write(file, &answer.text).expect("written");
    }
}

#[tokio::test]
async fn the_page_is_in_the_organisations_language_unless_another_is_asked_for() {
    let world = World::new().await;
    let path = departed(&world, &json!({ "to": "user2@bm.com" })).await;
    let json = world.ask(Who::Admin, "GET", &path).await;
    assert_eq!(json.headers["content-type"], "application/json");
    for (asked, lang, title, moment) in [
        (None, "fr", "Attestation de départ", "21 novembre 2026 à 10:00 (UTC)"),
        (Some("de"), "fr", "Attestation de départ", "21 novembre 2026 à 10:00 (UTC)"),
        (Some("en"), "en", "Certificate of departure", "21 November 2026, 10:00 (UTC)"),
    ] {
        let answer = page(&world, &path, asked).await;
        assert_eq!(answer.headers["content-language"], lang);
        for text in [&format!("<html lang=\"{lang}\">"), title, moment, "user2@bm.com", "mechant.bck@bm.com"]
        {
            assert!(answer.text.contains(text), "{text} is missing: {}", answer.text);
        }
        for field in ["chain_hash", "sha256"] {
            assert!(answer.text.contains(json.json()[field].as_str().expect("a hash")));
        }
    }
}
