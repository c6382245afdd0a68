//! Signing in: what closes the door, and when a session dies.

use crate::world::{PASSWORD, Who, World, in_state};
use axum::body::Body;
use axum::extract::ConnectInfo;
use relais_app::core::rights::{Act, State, Verdict, may};
use serde_json::json;
use std::net::SocketAddr;

async fn sign_in(world: &World, login: &str, password: &str) -> crate::world::Answer {
    let body = json!({ "login": login, "password": password });
    world.ask_with(Who::Nobody, "POST", "/api/v1/sessions", &body).await
}

async fn sign_in_from(world: &World, peer: &str, login: &str, password: &str) -> crate::world::Answer {
    let body = json!({ "login": login, "password": password }).to_string();
    let mut request = world.request(Who::Nobody, "POST", "/api/v1/sessions");
    let peer: SocketAddr = peer.parse().expect("an address");
    request = request.header("content-type", "application/json").extension(ConnectInfo(peer));
    world.send(Who::Nobody, request.body(Body::from(body)).expect("a request")).await
}

async fn me(world: &World, secret: &str) -> crate::world::Answer {
    let request = world.request(Who::Nobody, "GET", "/api/v1/me");
    let request = request.header("authorization", format!("bearer {secret}")).body(Body::empty());
    world.send(Who::Nobody, request.expect("a request")).await
}

#[tokio::test]
async fn signing_in_gives_a_secret_that_works_until_signing_out() {
    let world = World::new().await;
    let signed = sign_in(&world, "User1@BM.com", PASSWORD).await;
    assert_eq!(signed.status, 201, "{}", signed.text);
    assert_eq!(signed.headers["cache-control"], "no-store");
    assert_eq!(signed.json()["account"]["address"], "user1@bm.com");
    assert!(signed.json()["account"].get("password").is_none());
    let secret = signed.json()["secret"].as_str().expect("a secret").to_owned();
    assert_eq!(me(&world, &secret).await.json()["actor"]["kind"], "account");
    let request = world.request(Who::Nobody, "DELETE", "/api/v1/sessions/current");
    let request = request.header("authorization", format!("Bearer {secret}")).body(Body::empty());
    assert_eq!(world.send(Who::Nobody, request.expect("a request")).await.status, 204);
    assert_eq!(me(&world, &secret).await.code(), "secret_unknown");
}

#[tokio::test]
async fn without_the_right_secret_nobody_is_let_in_and_is_told_how() {
    let world = World::new().await;
    let answer = world.ask(Who::Nobody, "GET", "/api/v1/me").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "secret_missing"));
    assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"Relais\"");
    for value in ["Bearer nothing", "Bearer ", "Basic dXNlcjE6eA==", "Bearer", "Bearer \u{e9}"] {
        for who in [Who::Nobody, Who::Socket] {
            let request = world.request(who, "GET", "/api/v1/me").header("authorization", value);
            let answer = world.send(who, request.body(Body::empty()).expect("a request")).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "secret_unknown"), "{value}");
            assert!(answer.headers["www-authenticate"].to_str().expect("text").contains("invalid_token"));
        }
    }
}

#[tokio::test]
async fn ten_failures_close_the_door_for_that_login_from_that_network() {
    let world = World::new().await;
    for _ in 0..10 {
        let answer = sign_in(&world, "user1@bm.com", "wrong password").await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "credentials_wrong"));
    }
    let answer = sign_in(&world, "user1@bm.com", PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "too_many_attempts"));
    assert_eq!(answer.headers["retry-after"], "300");
    assert_eq!(sign_in(&world, "user2@bm.com", PASSWORD).await.status, 201);
    assert_eq!(sign_in_from(&world, "192.0.2.7:99", "user1@bm.com", PASSWORD).await.status, 201);
    world.clock.advance(1);
    assert_eq!(sign_in(&world, "user1@bm.com", PASSWORD).await.status, 201);
}

#[tokio::test]
async fn an_unknown_login_and_a_wrong_password_are_told_the_same() {
    let world = World::new().await;
    let unknown = sign_in(&world, "personne@bm.com", PASSWORD).await;
    let wrong = sign_in(&world, "user1@bm.com", "wrong password").await;
    let closed = sign_in(&world, "closed@bm.com", "wrong password").await;
    for answer in [&unknown, &wrong, &closed] {
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "credentials_wrong"));
        assert_eq!(answer.json()["detail"], unknown.json()["detail"]);
    }
}

#[tokio::test]
async fn a_session_dies_at_the_first_request_after_deactivation_and_stays_dead() {
    let world = World::new().await;
    assert_eq!(world.ask(Who::Subject, "GET", "/api/v1/me").await.status, 200);
    let closed = world.ask(Who::Admin, "POST", "/api/v1/accounts/user1@bm.com/deactivate").await;
    assert_eq!(closed.status, 200, "{}", closed.text);
    assert_eq!(world.ask(Who::Subject, "GET", "/api/v1/me").await.code(), "secret_unknown");
    let answer = sign_in(&world, "user1@bm.com", PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "account_closed"));
    let again = world.ask(Who::Admin, "POST", "/api/v1/accounts/user1@bm.com/reactivate").await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(world.ask(Who::Subject, "GET", "/api/v1/me").await.status, 401);
    assert_eq!(sign_in(&world, "user1@bm.com", PASSWORD).await.status, 201);
}

#[tokio::test]
async fn a_changed_password_or_role_ends_the_sessions_there_were() {
    for (method, path, body) in [
        ("POST", "/api/v1/accounts/user1@bm.com/password", json!({ "password": "another good one" })),
        ("PUT", "/api/v1/accounts/user1@bm.com/role", json!({ "role": "guest" })),
    ] {
        let world = World::new().await;
        assert_eq!(world.ask_with(Who::Admin, method, path, &body).await.status, 200);
        assert_eq!(world.ask(Who::Subject, "GET", "/api/v1/me").await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn a_revoked_token_and_an_expired_session_are_unknown() {
    let world = World::new().await;
    let made = world
        .ask_with(Who::Admin, "POST", "/api/v1/organisations/bm/tokens", &json!({ "name": "court" }))
        .await;
    let (id, secret) =
        (made.json()["id"].clone(), made.json()["secret"].as_str().expect("a secret").to_owned());
    assert_eq!(me(&world, &secret).await.status, 200);
    let path = format!("/api/v1/organisations/bm/tokens/{}", id.as_str().expect("an id"));
    assert_eq!(world.ask(Who::Admin, "DELETE", &path).await.status, 204);
    assert_eq!(me(&world, &secret).await.status, 401);
    world.clock.advance(12);
    assert_eq!(world.ask(Who::Subject, "GET", "/api/v1/me").await.status, 401);
}

#[tokio::test]
async fn signing_in_is_what_the_table_says_in_every_state() {
    let world = World::new().await;
    for state in State::ALL {
        let answer = sign_in(&world, in_state(state), PASSWORD).await;
        let let_in = may(state, Act::SignInWithPassword) == Verdict::Yes;
        assert_eq!(answer.status == 201, let_in, "{state:?}: {}", answer.text);
    }
    // A planned leaving time holds from that second on, for sessions too.
    let order = json!({ "on": "2026-11-21T12:00:00Z" });
    let path = "/api/v1/accounts/user1@bm.com/departure";
    let started = world.ask_with(Who::Admin, "POST", path, &order).await;
    assert_eq!(started.status, 201, "{}", started.text);
    world.clock.advance(1);
    assert_eq!(world.ask(Who::Subject, "GET", "/api/v1/me").await.status, 200);
    world.clock.advance(1);
    assert_eq!(world.ask(Who::Subject, "GET", "/api/v1/me").await.status, 401);
    assert_eq!(sign_in(&world, "user1@bm.com", PASSWORD).await.code(), "account_closed");
}
