//! App passwords, second factors, sessions: who sets them up, what is asked then, and what ends them.

use crate::world::{Answer, PASSWORD, Who, World};
use axum::body::Body;
use axum::extract::ConnectInfo;
use relais_app::core::rights::State;
use relais_app::core::sign_in::Entrance;
use relais_app::{Network, SignInRefusal};
use relais_testbed::authenticator::code;
use serde_json::{Value, json};
use std::net::SocketAddr;

const FACTOR: &str = "/api/v1/accounts/user1@bm.com/second-factor";
const APPS: &str = "/api/v1/accounts/user1@bm.com/app-passwords";
const SESSIONS: &str = "/api/v1/accounts/user1@bm.com/sessions";
const POLICY: &str = "/api/v1/organisations/bm/sign-in-policy";
const HERE: Network = Network::V4([127, 0, 0, 1]);

async fn bearer(world: &World, secret: &str, method: &str, path: &str, body: Value) -> Answer {
    let request =
        world.request(Who::Nobody, method, path).header("authorization", format!("Bearer {secret}"));
    let request = request.header("content-type", "application/json");
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    world.send(Who::Nobody, request.body(body).expect("a request")).await
}

async fn sign_in(world: &World, login: &str) -> Answer {
    let body = json!({ "login": login, "password": PASSWORD });
    world.ask_with(Who::Nobody, "POST", "/api/v1/sessions", &body).await
}

async fn second_half(world: &World, secret: &str, code: &str) -> Answer {
    let body = json!({ "secret": secret, "code": code });
    world.ask_with(Who::Nobody, "POST", "/api/v1/sessions/second-half", &body).await
}

fn secret_of(answer: &Answer) -> String {
    answer.json()["secret"].as_str().expect("a secret").to_owned()
}

fn now_s(world: &World) -> i64 {
    world.app.now().as_second()
}

/// user1@bm.com with a second factor: its secret, and the recovery codes.
async fn with_factor(world: &World) -> (String, Vec<String>) {
    let begun = world.ask(Who::Subject, "POST", FACTOR).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    let secret = secret_of(&begun);
    assert!(begun.json()["uri"].as_str().expect("an address").contains(&secret));
    assert_eq!(sign_in(world, "user1@bm.com").await.status, 201, "nothing is asked before it is confirmed");
    let sent = json!({ "code": code(&secret, now_s(world)) });
    let confirmed = world.ask_with(Who::Subject, "POST", &format!("{FACTOR}/confirm"), &sent).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text);
    let codes = confirmed.json()["recovery_codes"].as_array().expect("codes").clone();
    (secret, codes.iter().map(|code| code.as_str().expect("text").to_owned()).collect())
}

#[tokio::test]
async fn a_second_factor_is_asked_for_once_it_is_confirmed_and_takes_each_code_once() {
    let world = World::new().await;
    let (secret, _) = with_factor(&world).await;
    let first = sign_in(&world, "user1@bm.com").await;
    assert_eq!(first.status, 202, "{}", first.text);
    assert!(first.json().get("account").is_none());
    let half = secret_of(&first);
    assert_eq!(bearer(&world, &half, "GET", "/api/v1/me", Value::Null).await.status, 401, "half is nothing");
    // The code that confirmed it was used.
    let used = code(&secret, now_s(&world));
    assert_eq!(second_half(&world, &half, &used).await.code(), "code_wrong");
    let next = code(&secret, now_s(&world) + 30);
    let done = second_half(&world, &half, &next).await;
    assert_eq!(done.status, 201, "{}", done.text);
    assert_eq!(bearer(&world, &secret_of(&done), "GET", "/api/v1/me", Value::Null).await.status, 200);
    assert_eq!(second_half(&world, &half, &next).await.code(), "half_sign_in_void", "once");
    // Nor twice within its window, nor one before it.
    let again = secret_of(&sign_in(&world, "user1@bm.com").await);
    for code in [&next, &used] {
        assert_eq!(second_half(&world, &again, code).await.code(), "code_wrong");
    }
    world.clock.advance(1);
    assert_eq!(second_half(&world, &again, &code(&secret, now_s(&world))).await.code(), "half_sign_in_void");
}

#[tokio::test]
async fn recovery_codes_work_once_each_and_are_replaced_together() {
    let world = World::new().await;
    let (_, codes) = with_factor(&world).await;
    assert_eq!(codes.len(), 10);
    let half = secret_of(&sign_in(&world, "user1@bm.com").await);
    // As people type them.
    let typed = codes[0].to_uppercase().replace('-', " ");
    let done = second_half(&world, &half, &typed).await;
    assert_eq!(done.status, 201, "{}", done.text);
    let half = secret_of(&sign_in(&world, "user1@bm.com").await);
    assert_eq!(second_half(&world, &half, &codes[0]).await.code(), "code_wrong");
    let state = world.ask(Who::Subject, "GET", FACTOR).await.json();
    assert_eq!(state["recovery_codes_left"], 9);
    let renewed = json!({ "code": codes[1] });
    let renewed = world.ask_with(Who::Subject, "POST", &format!("{FACTOR}/recovery-codes"), &renewed).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
    assert_eq!(second_half(&world, &half, &codes[2]).await.code(), "code_wrong");
    let fresh = renewed.json()["recovery_codes"][0].as_str().expect("a code").to_owned();
    assert_eq!(second_half(&world, &half, &fresh).await.status, 201);
}

#[tokio::test]
async fn five_wrong_codes_end_a_sign_in_and_many_slow_the_next() {
    let world = World::new().await;
    with_factor(&world).await;
    for round in 0..2 {
        let half = secret_of(&sign_in(&world, "user1@bm.com").await);
        for _ in 0..5 {
            assert_eq!(second_half(&world, &half, "000000").await.code(), "code_wrong", "round {round}");
        }
        assert_eq!(second_half(&world, &half, "000000").await.code(), "half_sign_in_void");
    }
    let half = secret_of(&sign_in(&world, "user1@bm.com").await);
    let slowed = second_half(&world, &half, "000000").await;
    assert_eq!((slowed.status.as_u16(), slowed.code().as_str()), (429, "too_many_attempts"));
}

#[tokio::test]
async fn an_administrator_removes_a_lost_second_factor_and_the_person_is_told() {
    let world = World::new().await;
    let (_, codes) = with_factor(&world).await;
    assert_eq!(world.ask(Who::Member, "DELETE", FACTOR).await.status, 403);
    let own = world.ask(Who::Subject, "DELETE", FACTOR).await;
    assert_eq!(own.code(), "code_wrong", "one's own with a code");
    let removed = world.ask(Who::Manager, "DELETE", FACTOR).await;
    assert_eq!(removed.status, 204, "{}", removed.text);
    assert_eq!(sign_in(&world, "user1@bm.com").await.status, 201);
    let half = second_half(&world, "rlh_nothing", &codes[3]).await;
    assert_eq!(half.code(), "half_sign_in_void");
    let spool = world.ask(Who::Socket, "GET", "/api/v1/spool").await.json();
    let letter = spool[0]["id"].as_str().expect("a letter").parse().expect("an id");
    let letter = world.spooled(letter);
    assert!(letter.starts_with("Subject: Votre second facteur a été supprimé"), "{letter}");
    assert!(letter.contains("user1@bm.com"), "{letter}");
    let events = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/events?after=10").await.text;
    assert!(events.contains("account.second_factor_removed"));
    // Nobody sets one up for another.
    assert_eq!(world.ask(Who::Admin, "POST", FACTOR).await.code(), "only_the_person");
    assert_eq!(world.ask(Who::Socket, "POST", FACTOR).await.code(), "only_the_person");
}

#[tokio::test]
async fn an_app_password_opens_what_it_is_for_until_it_is_revoked() {
    let world = World::new().await;
    let made = json!({ "name": "Téléphone", "scopes": ["mail"] });
    let made = world.ask_with(Who::Subject, "POST", APPS, &made).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let secret = secret_of(&made);
    let opens = async |password: &str, entrance| {
        world.app.sign_in("user1@bm.com", password, entrance, HERE).await.map(|account| account.state)
    };
    for typed in [secret.clone(), secret.to_uppercase(), secret.replace('-', ""), secret.replace('-', " ")] {
        assert_eq!(opens(&typed, Entrance::Mail).await, Ok(State::Active), "{typed}");
    }
    assert_eq!(opens(&secret, Entrance::Submission).await, Ok(State::Active));
    assert_eq!(
        opens(&secret, Entrance::Collections).await,
        Err(SignInRefusal::Credentials),
        "not for calendars"
    );
    let portal = json!({ "login": "user1@bm.com", "password": secret });
    let portal = world.ask_with(Who::Nobody, "POST", "/api/v1/sessions", &portal).await;
    assert_eq!(portal.code(), "credentials_wrong");
    let other = world.app.sign_in("user2@bm.com", &secret, Entrance::Mail, HERE).await;
    assert_eq!(other.unwrap_err(), SignInRefusal::Credentials, "of nobody else");
    let listed = world.ask(Who::Manager, "GET", APPS).await.json();
    assert!(listed[1]["used_at"].is_string() && listed[0]["used_at"].is_null(), "{listed}");
    assert!(!listed.to_string().contains(&secret));
    // Another role is nothing that a phone shows; another password ends all.
    let guest = json!({ "role": "guest" });
    let role = world.ask_with(Who::Admin, "PUT", "/api/v1/accounts/user1@bm.com/role", &guest).await;
    assert_eq!(role.status, 200);
    assert_eq!(opens(&secret, Entrance::Mail).await, Ok(State::Active));
    let path = format!("{APPS}/{}", made.json()["id"].as_str().expect("an id"));
    assert_eq!(world.ask(Who::Manager, "DELETE", &path).await.status, 204);
    assert_eq!(opens(&secret, Entrance::Mail).await, Err(SignInRefusal::Credentials));
    for (body, code) in [
        (json!({ "name": "x", "scopes": [] }), "scopes_missing"),
        (json!({ "name": " ", "scopes": ["mail"] }), "name_invalid"),
        (json!({ "name": "x", "scopes": ["calls"] }), "body_invalid"),
    ] {
        let secret = secret_of(&sign_in(&world, "user1@bm.com").await);
        assert_eq!(bearer(&world, &secret, "POST", APPS, body).await.code(), code);
    }
}

#[tokio::test]
async fn with_a_second_factor_programs_need_an_app_password() {
    let world = World::new().await;
    let entrances = [Entrance::Mail, Entrance::Submission, Entrance::Collections];
    for entrance in entrances {
        assert!(world.app.sign_in("user1@bm.com", PASSWORD, entrance, HERE).await.is_ok());
    }
    with_factor(&world).await;
    for entrance in entrances {
        let refused = world.app.sign_in("user1@bm.com", PASSWORD, entrance, HERE).await;
        assert_eq!(refused.unwrap_err(), SignInRefusal::AppPasswordNeeded, "{entrance:?}");
        let wrong = world.app.sign_in("user1@bm.com", "a wrong password", entrance, HERE).await;
        assert_eq!(wrong.unwrap_err(), SignInRefusal::Credentials, "said to who knows the password alone");
    }
}

#[tokio::test]
async fn what_an_organisation_asks_holds_from_the_next_request_on() {
    let world = World::new().await;
    let policy = json!({ "app_passwords": "required", "second_factor": "administrators" });
    assert_eq!(world.ask_with(Who::Manager, "PUT", POLICY, &policy).await.status, 403);
    assert_eq!(world.ask_with(Who::Owner, "PUT", POLICY, &policy).await.status, 200);
    let refused = world.app.sign_in("user2@bm.com", PASSWORD, Entrance::Mail, HERE).await;
    assert_eq!(refused.unwrap_err(), SignInRefusal::AppPasswordNeeded);
    // Members are not asked for a factor; administrators can do nothing else before they have one.
    assert_eq!(world.ask(Who::Member, "GET", "/api/v1/accounts/user2@bm.com").await.status, 200);
    let answer = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/accounts").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "second_factor_to_set_up"));
    let me = world.ask(Who::Admin, "GET", "/api/v1/me").await.json();
    assert_eq!(me["second_factor_to_set_up"], true);
    let path = "/api/v1/accounts/admin@bm.com/second-factor";
    let secret = secret_of(&world.ask(Who::Admin, "POST", path).await);
    let sent = json!({ "code": code(&secret, now_s(&world)) });
    assert_eq!(world.ask_with(Who::Admin, "POST", &format!("{path}/confirm"), &sent).await.status, 200);
    assert_eq!(world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/accounts").await.status, 200);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_together() {
    let world = World::new().await;
    let open = async || secret_of(&sign_in(&world, "user1@bm.com").await);
    let (one, two) = (open().await, open().await);
    let listed = bearer(&world, &one, "GET", SESSIONS, Value::Null).await.json();
    let count = listed.as_array().expect("a list").len();
    assert_eq!(listed[0]["network"], "127.0.0.0/24");
    assert!(listed[0].get("epoch").is_none() && !listed.to_string().contains("rls_"));
    let newest = listed[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(world.ask(Who::Member, "GET", SESSIONS).await.status, 403);
    let path = format!("{SESSIONS}/{newest}");
    assert_eq!(world.ask(Who::Manager, "DELETE", &path).await.status, 204);
    assert_eq!(bearer(&world, &two, "GET", "/api/v1/me", Value::Null).await.status, 401);
    let ended = bearer(&world, &one, "DELETE", SESSIONS, Value::Null).await.json();
    assert_eq!(ended["sessions"], count - 2);
    assert_eq!(bearer(&world, &one, "GET", "/api/v1/me", Value::Null).await.status, 200, "it asks");
    assert_eq!(world.ask(Who::Subject, "GET", "/api/v1/me").await.status, 401);
    assert_eq!(world.ask(Who::Manager, "DELETE", SESSIONS).await.json()["sessions"], 1);
    assert_eq!(bearer(&world, &one, "GET", "/api/v1/me", Value::Null).await.status, 401);
}

#[tokio::test]
async fn guessing_from_everywhere_leaves_the_door_open_where_the_person_is_known() {
    let world = World::new().await;
    let from = async |peer: &str, password: &str| {
        let peer: SocketAddr = format!("{peer}:4000").parse().expect("an address");
        let body = json!({ "login": "user1@bm.com", "password": password }).to_string();
        let request = world.request(Who::Nobody, "POST", "/api/v1/sessions");
        let request = request.header("content-type", "application/json").extension(ConnectInfo(peer));
        world.send(Who::Nobody, request.body(Body::from(body)).expect("a request")).await.status.as_u16()
    };
    assert_eq!(from("192.0.2.1", PASSWORD).await, 201);
    for host in 0..30 {
        assert_eq!(from(&format!("198.51.100.{host}"), "a wrong password").await, 401);
    }
    assert_eq!(from("203.0.113.1", PASSWORD).await, 429, "nobody knows who that is");
    assert_eq!(from("192.0.2.1", PASSWORD).await, 201, "the person was here lately");
    world.clock.advance(1);
    assert_eq!(from("203.0.113.1", PASSWORD).await, 201);
}

#[tokio::test]
async fn a_password_that_is_tried_first_is_refused_with_what_to_do() {
    let world = World::new().await;
    for (password, code) in [
        ("fourteen chars", "password_length"),
        ("passwordpassword", "password_common"),
        ("user1@bm.comrelais", "password_familiar"),
    ] {
        let body = json!({ "password": password });
        let path = "/api/v1/accounts/user1@bm.com/password";
        let refused = world.ask_with(Who::Admin, "POST", path, &body).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, code), "{password}");
    }
}
