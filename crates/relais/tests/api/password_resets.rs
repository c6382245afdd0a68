//! A new password by a link to the external address (M8, M10).

use crate::world::{Answer, PASSWORD, Who, World, id_of};
use axum::body::Body;
use relais_app::Clock;
use relais_app::core::account::Cause;
use relais_app::core::authority::Actor;
use relais_app::core::lifecycle::Command;
use relais_app::read::{Outbound, spool};
use serde_json::json;
use std::time::Duration;

const NEW: &str = "a much better password";

async fn letters(world: &World) -> Vec<Outbound> {
    let mut all = world.app.look(|tx| spool::list(tx, None, 1000)).await.expect("asked");
    all.retain(|row| row.recipient.as_str() == "jeanne@ailleurs.example");
    all.sort_by_key(|row| row.id);
    all
}

/// Asks as anyone on the network would, for `user1@bm.com`, who has an external address; the secret that was sent.
async fn ask(world: &World) -> String {
    let before = letters(world).await.len();
    let answer = world
        .ask_with(Who::Nobody, "POST", "/api/v1/password-resets", &json!({ "login": "User1@bm.com" }))
        .await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (202, ""));
    // The letter is written behind the answer.
    tokio::time::timeout(Duration::from_secs(30), async {
        while letters(world).await.len() == before {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("a letter is written");
    secret(world).await
}

async fn secret(world: &World) -> String {
    let newest = letters(world).await.pop().expect("a letter");
    let text = world.spooled(newest.id);
    let start = text.find("https://mail.bm.com/reset/").expect("a link") + "https://mail.bm.com/reset/".len();
    text[start..].split_whitespace().next().expect("a secret").to_owned()
}

async fn with_external_address() -> World {
    let world = World::new().await;
    let profile = json!({ "external_address": "jeanne@ailleurs.example" });
    let answer = world.ask_with(Who::Subject, "PUT", "/api/v1/accounts/user1@bm.com/profile", &profile).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    world
}

async fn choose(world: &World, secret: &str, password: &str) -> Answer {
    let path = format!("/api/v1/password-resets/{secret}");
    world.ask_with(Who::Nobody, "POST", &path, &json!({ "password": password })).await
}

async fn sign_in(world: &World, password: &str) -> u16 {
    let body = json!({ "login": "user1@bm.com", "password": password });
    world.ask_with(Who::Nobody, "POST", "/api/v1/sessions", &body).await.status.as_u16()
}

fn advance_minutes(world: &World, minutes: i64) {
    let Clock::Set(at) = &world.clock else { panic!("the clock is set") };
    *at.lock().expect("no panic before") += jiff::SignedDuration::from_mins(minutes);
}

async fn assert_void(world: &World, secret: &str) {
    let answer = choose(world, secret, NEW).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "password_reset_void"));
    assert_eq!(page(world, "GET", secret, "").await.status, 409);
    assert_ne!(sign_in(world, NEW).await, 201);
}

async fn page(world: &World, method: &str, secret: &str, form: &str) -> Answer {
    let request = world
        .request(Who::Nobody, method, &format!("/reset/{secret}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept-language", "fr");
    world.send(Who::Nobody, request.body(Body::from(form.to_owned())).expect("a request")).await
}

#[tokio::test]
async fn a_link_sets_the_password_once_and_ends_every_session_m10() {
    let world = with_external_address().await;
    let secret = ask(&world).await;
    assert_eq!(choose(&world, &secret, "short").await.code(), "password_length");
    assert_eq!(world.ask(Who::Subject, "GET", "/api/v1/me").await.status, 200);
    let answer = choose(&world, &secret, NEW).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(world.ask(Who::Subject, "GET", "/api/v1/me").await.status, 401, "sessions are cut");
    assert_eq!((sign_in(&world, PASSWORD).await, sign_in(&world, NEW).await), (401, 201));
    let again = choose(&world, &secret, "yet another password").await;
    assert_eq!(again.code(), "password_reset_void");
}

#[tokio::test]
async fn a_link_dies_of_age_of_another_link_and_of_every_change() {
    let world = with_external_address().await;
    let secret = ask(&world).await;
    advance_minutes(&world, 30);
    assert_void(&world, &secret).await;

    let first = ask(&world).await;
    advance_minutes(&world, 2);
    let second = ask(&world).await;
    assert_ne!(first, second);
    assert_void(&world, &first).await;
    // The address elsewhere is another one.
    let profile = "/api/v1/accounts/user1@bm.com/profile";
    let other = json!({ "external_address": "autre@ailleurs.example" });
    assert_eq!(world.ask_with(Who::Subject, "PUT", profile, &other).await.status, 200);
    assert_void(&world, &second).await;
    let same = json!({ "external_address": "jeanne@ailleurs.example" });
    assert_eq!(world.ask_with(Who::Subject, "PUT", profile, &same).await.status, 200);

    advance_minutes(&world, 2);
    let third = ask(&world).await;
    let password = json!({ "password": "set by an admin" });
    let path = "/api/v1/accounts/user1@bm.com/password";
    assert_eq!(world.ask_with(Who::Admin, "POST", path, &password).await.status, 200);
    assert_void(&world, &third).await;

    advance_minutes(&world, 2);
    let fourth = ask(&world).await;
    let close = Command::Deactivate { cause: Cause::Admin, inbound: None, content: None };
    let id = id_of(&world.app, "user1@bm.com").await;
    world.app.execute(id, close, Actor::Operator).await.expect("closed");
    assert_void(&world, &fourth).await;
    world.app.execute(id, Command::Reactivate, Actor::Operator).await.expect("opened");
    assert_void(&world, &fourth).await;
}

#[tokio::test]
async fn whoever_may_not_sign_in_or_has_no_address_elsewhere_gets_no_letter_and_nobody_learns_it() {
    let world = World::new().await;
    for login in ["invited@bm.com", "closed@bm.com"] {
        let path = format!("/api/v1/accounts/{login}/profile");
        let profile = json!({ "external_address": "jeanne@ailleurs.example" });
        assert_eq!(world.ask_with(Who::Admin, "PUT", &path, &profile).await.status, 200);
    }
    for login in ["invited@bm.com", "closed@bm.com", "deleted@bm.com", "user2@bm.com", "nobody@bm.com", "x"] {
        let answer =
            world.ask_with(Who::Nobody, "POST", "/api/v1/password-resets", &json!({ "login": login })).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (202, ""), "{login}");
        world.app.send_password_reset(login).await.expect("nothing is no trouble");
    }
    assert!(letters(&world).await.is_empty());
}

#[tokio::test]
async fn the_same_link_is_not_sent_twice_in_a_minute_and_asking_is_throttled() {
    let world = with_external_address().await;
    let secret = ask(&world).await;
    world.app.send_password_reset("user1@bm.com").await.expect("asked");
    assert_eq!(letters(&world).await.len(), 1);
    for login in ["user1@bm.com", "personne@bm.com"] {
        let mut last = 0;
        for _ in 0..11 {
            let body = json!({ "login": login });
            last =
                world.ask_with(Who::Nobody, "POST", "/api/v1/password-resets", &body).await.status.as_u16();
        }
        assert_eq!(last, 429, "{login}");
    }
    // Asking closes no door to signing in, and the link that was sent still opens.
    assert_eq!(sign_in(&world, PASSWORD).await, 201);
    assert_eq!(choose(&world, &secret, NEW).await.status, 204);
}

#[tokio::test]
async fn the_page_of_a_link_asks_for_the_password_twice_and_runs_nothing_m10() {
    let world = with_external_address().await;
    let secret = ask(&world).await;
    let shown = page(&world, "GET", &secret, "").await;
    assert_eq!(shown.status, 200);
    assert!(shown.text.contains("Nouveau mot de passe") && shown.text.contains("<form method=\"post\">"));
    assert!(!shown.text.contains("<script") && !shown.text.contains(&secret), "{}", shown.text);
    let policy = shown.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(shown.headers["referrer-policy"], "no-referrer");
    assert_eq!(shown.headers["cache-control"], "no-store");

    let differing = page(&world, "POST", &secret, "password=un+mot+de+passe&again=un+autre").await;
    assert_eq!(differing.status, 422);
    assert!(differing.text.contains("diffèrent") && differing.text.contains("<form"), "{}", differing.text);
    let short = page(&world, "POST", &secret, "password=court&again=court").await;
    assert_eq!(short.status, 422);
    assert!(short.text.contains("au moins 15 caractères"), "{}", short.text);
    let done = page(&world, "POST", &secret, "password=un+mot+de+passe%21&again=un+mot+de+passe%21").await;
    assert_eq!(done.status, 200);
    assert!(done.text.contains("Mot de passe changé") && !done.text.contains("<form"), "{}", done.text);
    assert_eq!(sign_in(&world, "un mot de passe!").await, 201);
    let again = page(&world, "GET", &secret, "").await;
    assert_eq!(again.status, 409);
    assert!(again.text.contains("n'est plus valable") || again.text.contains("n&#39;est plus valable"));
}

#[tokio::test]
async fn the_letters_are_in_the_language_of_the_organisation_and_tell_of_the_change() {
    let world = with_external_address().await;
    let secret = ask(&world).await;
    assert_eq!(choose(&world, &secret, NEW).await.status, 204);
    let rows = letters(&world).await;
    let texts: Vec<String> = rows.iter().map(|row| world.spooled(row.id)).collect();
    assert_eq!(texts.len(), 2, "the link, and the notice");
    assert!(texts[0].contains("Subject: Choisir un nouveau mot de passe"), "{}", texts[0]);
    assert!(texts[0].contains("dans les 30 minutes"), "{}", texts[0]);
    assert!(texts[1].contains("user1@bm.com") && !texts[1].contains(&secret), "{}", texts[1]);
    assert!(rows.iter().all(|row| row.sender.is_none()), "nobody is told what cannot be delivered");
    // The log tells how, and by whom, and holds no secret.
    let bm = world.made.bm;
    let all = world.app.look(move |tx| relais_app::read::events::page(tx, bm, "", 0, 10_000)).await;
    let kinds: Vec<String> = all.expect("asked").into_iter().map(|event| event.kind).collect();
    let last = &kinds[kinds.len() - 3..];
    assert_eq!(last, ["account.password_reset_asked", "account.password_reset_used", "account.password_set"]);
}
