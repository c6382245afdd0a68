//! Single sign-on, with a provider that tells the truth and one that lies.

use crate::world::{Answer, PASSWORD, Who, World, in_state};
use axum::body::Body;
use axum::http::header;
use relais_app::core::rights::{Act, State, Verdict, may};
use relais_testbed::http::query_of;
use relais_testbed::openid::{CLIENT_ID, CLIENT_SECRET, Lie, OpenId, Person};
use serde_json::{Value, json};

const PROVIDER: &str = "/api/v1/organisations/bm/identity-provider";
const LINKS: &str = "/api/v1/accounts/user1@bm.com/sign-on-links";

fn settings(provider: &OpenId) -> Value {
    json!({ "issuer": provider.issuer(), "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "domains": ["bm.com"] })
}

/// The organisation's people sign in at this provider; `more` says what differs from the usual.
async fn world_with(more: Value) -> (World, OpenId) {
    let world = World::new().await;
    let provider = OpenId::start(world.app.now().as_second()).expect("it starts");
    let mut body = settings(&provider);
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let set = world.ask_with(Who::Owner, "PUT", PROVIDER, &body).await;
    assert_eq!(set.status, 200, "{}", set.text);
    assert!(!set.text.contains("secret"), "{}", set.text);
    (world, provider)
}

async fn visit(world: &World, method: &str, path: &str, cookies: &str) -> Answer {
    let request = world.request(Who::Nobody, method, path).header("accept-language", "en");
    let request = request.header(header::COOKIE, cookies).body(Body::empty()).expect("a request");
    world.send(Who::Nobody, request).await
}

/// The cookie of this name that an answer sets: name and value.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let set = answer.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().expect("text"));
    let mut set = set.filter(|value| value.starts_with(name) && !value.contains("Max-Age=0"));
    let whole = set.next()?;
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(whole.contains(attribute), "{whole}");
    }
    whole.split(';').next().map(str::to_owned)
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{} {}", answer.status, answer.text);
    answer.headers[header::LOCATION].to_str().expect("text").to_owned()
}

/// A browser at the provider: where it is, and its cookie.
async fn depart(world: &World, query: &str) -> (String, String) {
    let started = visit(world, "GET", &format!("/sso/start?{query}"), "").await;
    (location(&started), cookie(&started, "__Host-relais-sign-on").expect("a cookie"))
}

async fn come_back(world: &World, query: &str, browser: &str) -> Answer {
    visit(world, "GET", &format!("/sso/callback?{query}"), browser).await
}

/// All of it.
async fn sign_on(world: &World, provider: &OpenId, query: &str, person: &Person) -> Answer {
    let (url, browser) = depart(world, query).await;
    let back = provider.sign_in(&url, person).expect("signs in there");
    come_back(world, &back, &browser).await
}

fn session(answer: &Answer) -> String {
    assert_eq!(location(answer), "/", "{}", answer.text);
    cookie(answer, "__Host-relais-session").expect("a session")
}

/// What is wrong, as the page says.
fn refused(answer: &Answer, words: &str) {
    assert!(answer.status.is_client_error(), "{} {}", answer.status, answer.text);
    assert!(cookie(answer, "__Host-relais-session").is_none());
    assert!(answer.text.contains(words), "{words}: {}", answer.text);
}

fn user1() -> Person {
    Person::new("u-1", "User1@bm.com")
}

const USER1: &str = "login=user1@bm.com";

#[tokio::test]
async fn a_person_signs_in_sees_who_they_are_and_signs_out_there_too() {
    let (world, provider) = world_with(json!({})).await;
    let entered = sign_on(&world, &provider, USER1, &user1()).await;
    let session = session(&entered);
    assert_eq!(location(&visit(&world, "GET", "/sso", &session).await), "/");
    let page = visit(&world, "GET", "/me", &session).await;
    assert!(page.text.contains("user1@bm.com") && page.text.contains("Sign out"), "{}", page.text);
    // The secret is an ordinary session's.
    let secret = session.split_once('=').expect("a value").1.to_owned();
    let request = world.request(Who::Nobody, "GET", "/api/v1/me");
    let request = request.header("authorization", format!("Bearer {secret}")).body(Body::empty());
    let me = world.send(Who::Nobody, request.expect("a request")).await;
    assert_eq!(me.json()["account"]["address"], "user1@bm.com");
    // And nothing at the API as a cookie.
    assert_eq!(visit(&world, "GET", "/api/v1/me", &session).await.code(), "secret_missing");
    let request = world.request(Who::Nobody, "POST", "/sign-out").header("sec-fetch-site", "same-origin");
    let request = request.header(header::COOKIE, &session).body(Body::empty()).expect("a request");
    let out = world.send(Who::Nobody, request).await;
    let onwards = out.headers[header::REFRESH].to_str().expect("text");
    let farewell = onwards.strip_prefix("0; url=").expect("an address").to_owned();
    assert!(farewell.starts_with(&format!("{}/end?", provider.issuer())), "{farewell}");
    assert_eq!(query_of(&farewell)["post_logout_redirect_uri"], "https://mail.bm.com/sso");
    assert!(visit(&world, "GET", "/sso", &session).await.text.contains("Your address"));
}

#[tokio::test]
async fn signing_on_is_what_the_table_says_in_every_state() {
    let (world, provider) = world_with(json!({})).await;
    for state in State::ALL {
        let address = in_state(state);
        let answer = sign_on(&world, &provider, "login=x@bm.com", &Person::new(address, address)).await;
        let expected = matches!(may(state, Act::SignInWithSso), Verdict::Yes | Verdict::Activates);
        assert_eq!(cookie(&answer, "__Host-relais-session").is_some(), expected, "{state:?} {}", answer.text);
    }
    let invited = world.ask(Who::Admin, "GET", "/api/v1/accounts/invited@bm.com").await.json();
    assert_eq!(invited["state"], "active", "{invited}");
    let closed = Person::new("closed@bm.com", "closed@bm.com");
    refused(&sign_on(&world, &provider, USER1, &closed).await, "is closed");
}

#[tokio::test]
async fn nothing_that_does_not_hold_is_believed() {
    let (world, provider) = world_with(json!({})).await;
    for lie in [
        Lie::Audience,
        Lie::SeveralAudiences,
        Lie::Issuer,
        Lie::Nonce,
        Lie::NoNonce,
        Lie::Expired,
        Lie::Unsigned,
        Lie::SignedWithSecret,
        Lie::OtherKey,
    ] {
        provider.lie(lie);
        let answer = sign_on(&world, &provider, USER1, &user1()).await;
        assert!(answer.text.contains("does not hold"), "{lie:?}: {} {}", answer.status, answer.text);
        refused(&answer, "does not hold");
    }
    provider.keep_email_apart();
    provider.lie(Lie::UserInfo);
    refused(&sign_on(&world, &provider, USER1, &user1()).await, "does not hold");
    provider.lie(Lie::None);
    session(&sign_on(&world, &provider, USER1, &user1()).await);
}

#[tokio::test]
async fn an_attempt_is_for_one_browser_once_and_not_for_long() {
    let (world, provider) = world_with(json!({})).await;
    let (url, browser) = depart(&world, USER1).await;
    let (_, other) = depart(&world, USER1).await;
    let back = provider.sign_in(&url, &user1()).expect("signs in there");
    refused(&come_back(&world, &back, &other).await, "another browser");
    refused(&come_back(&world, &back, "").await, "another browser");
    session(&come_back(&world, &back, &browser).await);
    refused(&come_back(&world, &back, &browser).await, "was used already");
    // The code alone was used too.
    let (url, browser) = depart(&world, USER1).await;
    let state = query_of(&url)["state"].clone();
    let used = query_of(&format!("?{back}"))["code"].clone();
    refused(&come_back(&world, &format!("code={used}&state={state}"), &browser).await, "does not hold");
    let (url, browser) = depart(&world, USER1).await;
    let back = provider.sign_in(&url, &user1()).expect("signs in there");
    world.clock.advance(1);
    refused(&come_back(&world, &back, &browser).await, "waited too long");
    refused(&come_back(&world, "state=x&error=access_denied", &browser).await, "does not hold");
}

#[tokio::test]
async fn a_provider_that_sends_its_people_to_another_one_does_not_learn_their_code() {
    let (world, provider) = world_with(json!({})).await;
    let (url, browser) = depart(&world, USER1).await;
    let back = provider.sign_in(&url, &user1()).expect("signs in there");
    let elsewhere = format!("{back}&iss=https%3A%2F%2Felsewhere.example");
    refused(&come_back(&world, &elsewhere, &browser).await, "does not hold");
    let (url, browser) = depart(&world, USER1).await;
    let back = provider.sign_in(&url, &user1()).expect("signs in there");
    let issuer = provider.issuer().replace(':', "%3A").replace('/', "%2F");
    session(&come_back(&world, &format!("{back}&iss={issuer}"), &browser).await);
}

#[tokio::test]
async fn rotated_keys_are_asked_for_when_they_are_met() {
    let (world, provider) = world_with(json!({})).await;
    session(&sign_on(&world, &provider, USER1, &user1()).await);
    provider.rotate_keys().expect("rotated");
    session(&sign_on(&world, &provider, USER1, &user1()).await);
}

#[tokio::test]
async fn a_subject_is_the_person_and_an_address_only_makes_the_first_link() {
    let (world, provider) = world_with(json!({})).await;
    session(&sign_on(&world, &provider, USER1, &user1()).await);
    let links = world.ask(Who::Subject, "GET", LINKS).await.json();
    assert_eq!((links[0]["subject"].as_str(), links.as_array().map(Vec::len)), (Some("u-1"), Some(1)));
    // Under another address they are the same; somebody else with the address is not.
    session(&sign_on(&world, &provider, USER1, &Person::new("u-1", "user2@bm.com")).await);
    refused(&sign_on(&world, &provider, USER1, &Person::new("u-9", "user1@bm.com")).await, "somebody else");
    for stranger in [
        Person { email_verified: false, ..Person::new("u-3", "user2@bm.com") },
        Person::new("u-3", "user2@elsewhere.example"),
        Person::new("u-3", "ceo@autre.com"),
        Person { email: None, ..Person::new("u-3", "") },
        Person::new("u-3", "nobody@bm.com"),
    ] {
        refused(&sign_on(&world, &provider, USER1, &stranger).await, "no account of the organisation");
    }
    assert_eq!(world.ask(Who::Manager, "DELETE", LINKS).await.status, 204);
    session(&sign_on(&world, &provider, USER1, &Person::new("u-9", "user1@bm.com")).await);
}

#[tokio::test]
async fn whoever_leads_links_themselves_while_signed_in() {
    let (world, provider) = world_with(json!({})).await;
    let admin = Person::new("a-1", "admin@bm.com");
    refused(&sign_on(&world, &provider, USER1, &admin).await, "leads the organisation");
    let path = "/api/v1/accounts/admin@bm.com/sign-on-links";
    assert_eq!(world.ask(Who::Owner, "POST", path).await.code(), "only_the_person");
    let link = world.ask(Who::Admin, "POST", path).await.json();
    let ticket = link["url"].as_str().expect("a link").split_once('?').expect("a query").1.to_owned();
    session(&sign_on(&world, &provider, &ticket, &admin).await);
    refused(&visit(&world, "GET", &format!("/sso/start?{ticket}"), "").await, "was used already");
    session(&sign_on(&world, &provider, USER1, &admin).await);
    // Somebody who is linked is not linked with a second account.
    let link = world.ask(Who::Subject, "POST", LINKS).await.json();
    let ticket = link["url"].as_str().expect("a link").split_once('?').expect("a query").1.to_owned();
    refused(&sign_on(&world, &provider, &ticket, &admin).await, "another account");
}

#[tokio::test]
async fn newcomers_get_an_account_where_they_may() {
    let (world, provider) = world_with(json!({ "newcomers": "members" })).await;
    provider.keep_email_apart();
    session(&sign_on(&world, &provider, USER1, &Person::new("n-1", "neuf@bm.com")).await);
    let made = world.ask(Who::Admin, "GET", "/api/v1/accounts/neuf@bm.com").await.json();
    assert_eq!((&made["state"], &made["role"]), (&json!("active"), &json!("member")));
    assert_eq!(made["name"], "Personne n-1");
    refused(&sign_on(&world, &provider, USER1, &Person::new("n-2", "neuf@host.net")).await, "no account");
}

#[tokio::test]
async fn a_newcomer_is_on_what_the_organisation_has_said_and_enters_though_the_provision_is_short() {
    let (world, provider) = world_with(json!({ "newcomers": "members" })).await;
    world.offer("Base", 300, json!({})).await;
    world.top_up(300).await;
    let set = json!({ "subscription": "Base" });
    let path = "/api/v1/organisations/bm/default-subscription";
    assert_eq!(world.ask_with(Who::Admin, "PUT", path, &set).await.status, 200);
    for (subject, address, is_paid) in [("n-1", "neuf@bm.com", true), ("n-2", "dix@bm.com", false)] {
        session(&sign_on(&world, &provider, USER1, &Person::new(subject, address)).await);
        let made = world.ask(Who::Admin, "GET", &format!("/api/v1/accounts/{address}")).await.json();
        assert_eq!((&made["state"], made["subscription"].is_string()), (&json!("active"), is_paid), "{made}");
        assert_eq!(made["term"].is_object(), is_paid, "{made}");
    }
    assert_eq!(world.balance().await, 0);
    let events = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/events?after=0&limit=200").await.text;
    assert!(events.contains("account.default_subscription_left_out"), "{events}");
}

#[tokio::test]
async fn an_invitation_is_a_way_in_through_the_provider() {
    let (world, provider) = world_with(json!({})).await;
    let body = json!({ "address": "zoe@bm.com", "name": "Zoé", "external_address": "zoe@ailleurs.example" });
    let invited = world.ask_with(Who::Admin, "POST", "/api/v1/organisations/bm/invitations", &body).await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    let spool = world.ask(Who::Socket, "GET", "/api/v1/spool").await.json();
    let letter = world.spooled(spool[0]["id"].as_str().expect("a letter").parse().expect("an id"));
    let secret =
        letter.split("/invitation/").nth(1).expect("a link").split_whitespace().next().expect("a secret");
    // With whatever address the provider knows them by.
    let zoe = Person { email: None, ..Person::new("z-1", "") };
    session(&sign_on(&world, &provider, &format!("invitation={secret}"), &zoe).await);
    let made = world.ask(Who::Admin, "GET", "/api/v1/accounts/zoe@bm.com").await.json();
    assert_eq!(made["state"], "active");
    refused(&visit(&world, "GET", &format!("/sso/start?invitation={secret}"), "").await, "was used already");
    session(&sign_on(&world, &provider, USER1, &zoe).await);
}

#[tokio::test]
async fn deactivated_in_the_middle_of_a_session_the_next_request_is_refused() {
    let (world, provider) = world_with(json!({})).await;
    let signed_in = session(&sign_on(&world, &provider, USER1, &user1()).await);
    // Another attempt is on its way.
    let (url, browser) = depart(&world, USER1).await;
    let back = provider.sign_in(&url, &user1()).expect("signs in there");
    let closed = world.ask(Who::Admin, "POST", "/api/v1/accounts/user1@bm.com/deactivate").await;
    assert_eq!(closed.status, 200, "{}", closed.text);
    assert!(visit(&world, "GET", "/sso", &signed_in).await.text.contains("Your address"));
    refused(&come_back(&world, &back, &browser).await, "user1@bm.com is closed");
    let again = world.ask(Who::Admin, "POST", "/api/v1/accounts/user1@bm.com/reactivate").await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert!(visit(&world, "GET", "/sso", &signed_in).await.text.contains("Your address"), "dead is dead");
    session(&sign_on(&world, &provider, USER1, &user1()).await);
}

#[tokio::test]
async fn whoever_is_closed_here_is_told_which_accounts_elsewhere_stay_open() {
    let (world, provider) = world_with(json!({})).await;
    let mut elsewhere = settings(&provider);
    elsewhere["domains"] = json!(["autre.com"]);
    elsewhere["newcomers"] = json!("members");
    let path = "/api/v1/organisations/autre/identity-provider";
    assert_eq!(world.ask_with(Who::OtherToken, "PUT", path, &elsewhere).await.status, 200);
    session(&sign_on(&world, &provider, "login=u@autre.com", &Person::new("u-1", "u@autre.com")).await);
    session(&sign_on(&world, &provider, USER1, &user1()).await);
    world.ask(Who::Admin, "POST", "/api/v1/accounts/user1@bm.com/deactivate").await;
    let answer = sign_on(&world, &provider, USER1, &user1()).await;
    refused(&answer, "stay open");
    assert!(answer.text.contains("autre – u@autre.com"), "{}", answer.text);
    session(&sign_on(&world, &provider, "login=u@autre.com", &user1()).await);
}

#[tokio::test]
async fn where_it_is_required_passwords_open_nothing_but_the_owners_portal() {
    let (world, provider) = world_with(json!({})).await;
    let made = json!({ "name": "Téléphone", "scopes": ["mail"] });
    let made =
        world.ask_with(Who::Subject, "POST", "/api/v1/accounts/user1@bm.com/app-passwords", &made).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let mut body = settings(&provider);
    body["demand"] = json!("required");
    assert_eq!(world.ask_with(Who::Owner, "PUT", PROVIDER, &body).await.status, 200);
    let sign_in = async |login: &str, password: &str| {
        let body = json!({ "login": login, "password": password });
        world.ask_with(Who::Nobody, "POST", "/api/v1/sessions", &body).await
    };
    let refused = sign_in("user1@bm.com", PASSWORD).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "sign_on_required"));
    let way = "https://mail.bm.com/sso/start?login=user1@bm.com";
    assert!(refused.json()["detail"].as_str().expect("a sentence").contains(way));
    assert_eq!(sign_in("user1@bm.com", "a wrong password").await.code(), "credentials_wrong");
    assert_eq!(world.ask(Who::Member, "GET", "/api/v1/me").await.status, 401, "sessions of before are void");
    assert_eq!(
        sign_in("owner@bm.com", PASSWORD).await.status,
        201,
        "for the day on which the provider fails"
    );
    assert_eq!(world.ask(Who::Owner, "GET", "/api/v1/me").await.status, 200);
    session(&sign_on(&world, &provider, USER1, &user1()).await);
}

#[tokio::test]
async fn a_provider_ends_the_sessions_that_it_opened() {
    let (world, provider) = world_with(json!({})).await;
    let other = Person { sid: "a second one".into(), ..user1() };
    let (first, second) = (
        session(&sign_on(&world, &provider, USER1, &user1()).await),
        session(&sign_on(&world, &provider, USER1, &other).await),
    );
    let signed_in = async |cookie: &str| visit(&world, "GET", "/me", cookie).await.text.contains("Sign out");
    let say = async |token: &str| {
        let request = world.request(Who::Nobody, "POST", "/sso/backchannel");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let body = Body::from(format!("logout_token={token}"));
        world.send(Who::Nobody, request.body(body).expect("a request")).await.status.as_u16()
    };
    let spoilt: [fn(&mut Value); 7] = [
        |claims| claims["aud"] = json!("another client"),
        |claims| claims["iss"] = json!("https://elsewhere.example"),
        |claims| claims["events"] = json!({}),
        |claims| claims["nonce"] = json!("x"),
        |claims| claims["iat"] = json!(claims["iat"].as_i64().unwrap_or_default() - 3600),
        |claims| claims["exp"] = json!(claims["exp"].as_i64().unwrap_or_default() - 3600),
        |claims| {
            claims["sub"] = Value::Null;
            claims["sid"] = Value::Null;
        },
    ];
    for spoil in spoilt {
        let token = provider.logout_token(&user1(), spoil).expect("a token");
        assert_eq!(say(&token).await, 400);
    }
    for lie in [Lie::Unsigned, Lie::SignedWithSecret, Lie::OtherKey] {
        provider.lie(lie);
        assert_eq!(say(&provider.logout_token(&user1(), |_| {}).expect("a token")).await, 400, "{lie:?}");
    }
    assert_eq!(say("nothing").await, 400);
    assert!(signed_in(&first).await && signed_in(&second).await);
    provider.lie(Lie::None);
    assert_eq!(say(&provider.logout_token(&user1(), |_| {}).expect("a token")).await, 200);
    assert!(!signed_in(&first).await && signed_in(&second).await, "that session of the provider");
    let all = provider.logout_token(&user1(), |claims| claims["sid"] = Value::Null).expect("a token");
    assert_eq!(say(&all).await, 200);
    assert!(!signed_in(&second).await);
}

#[tokio::test]
async fn a_provider_is_set_for_proven_domains_and_where_it_may_be_reached() {
    let (world, provider) = world_with(json!({})).await;
    for (name, value, code) in [
        ("issuer", json!("ftp://login.example.com"), "issuer_invalid"),
        ("issuer", json!("https://u:p@login.example.com"), "issuer_invalid"),
        ("client_id", json!(""), "client_invalid"),
        ("domains", json!([]), "sign_on_domains_missing"),
        ("domains", json!(["claimed.fr"]), "sign_on_domain_not_own"),
        ("domains", json!(["autre.com"]), "sign_on_domain_not_own"),
        ("domains", json!(["host.net"]), "sign_on_domain_not_own"),
        ("demand", json!("perhaps"), "body_invalid"),
    ] {
        let mut body = settings(&provider);
        body[name] = value;
        let answer = world.ask_with(Who::Owner, "PUT", PROVIDER, &body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, code), "{body}");
    }
    // The secret stays while issuer and client do.
    let mut body = settings(&provider);
    body.as_object_mut().expect("an object").remove("client_secret");
    assert_eq!(world.ask_with(Who::Owner, "PUT", PROVIDER, &body).await.status, 200);
    session(&sign_on(&world, &provider, USER1, &user1()).await);
    assert_eq!(world.ask(Who::Owner, "DELETE", PROVIDER).await.status, 204);
    assert_eq!(world.ask(Who::Owner, "GET", PROVIDER).await.status, 404);
    refused(&visit(&world, "GET", "/sso/start?login=user1@bm.com", "").await, "No single sign-on");
}
