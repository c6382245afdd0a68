//! Passkeys: registered, asked for, believed or not, removed; with an authenticator that tells the truth and one that lies.

use crate::world::{Answer, PASSWORD, Who, World};
use relais_app::core::passkey::PASSKEYS_MAX;
use relais_app::core::sign_in::Entrance;
use relais_app::{Network, SignInRefusal};
use relais_testbed::passkey::{Authenticator, Lie};
use serde_json::{Value, json};

const PASSKEYS: &str = "/api/v1/accounts/user1@bm.com/passkeys";
const SITE: &str = "https://mail.bm.com";

fn device() -> Authenticator {
    Authenticator::new(SITE).expect("a key")
}

async fn ask_to_create(world: &World) -> Value {
    let begun = world.ask(Who::Subject, "POST", &format!("{PASSKEYS}/begin")).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    begun.json()["options"].clone()
}

async fn send(world: &World, credential: &Value) -> Answer {
    let body = json!({ "name": "Téléphone", "credential": credential });
    world.ask_with(Who::Subject, "POST", PASSKEYS, &body).await
}

async fn register(world: &World, device: &mut Authenticator) -> Value {
    let options = ask_to_create(world).await;
    let made = send(world, &device.create(&options).expect("makes one")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()
}

async fn ask_to_sign(world: &World, half: Option<&str>) -> Answer {
    let body = half.map_or(json!({}), |half| json!({ "second_half": half }));
    world.ask_with(Who::Nobody, "POST", "/api/v1/sessions/passkey/begin", &body).await
}

async fn enter(world: &World, credential: &Value, half: Option<&str>) -> Answer {
    let mut body = json!({ "credential": credential });
    if let Some(half) = half {
        body["second_half"] = json!(half);
    }
    world.ask_with(Who::Nobody, "POST", "/api/v1/sessions/passkey", &body).await
}

/// All of it, with no address typed.
async fn sign_in(world: &World, device: &mut Authenticator) -> Answer {
    let asked = ask_to_sign(world, None).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    enter(world, &device.get(&asked.json()["options"]).expect("signs"), None).await
}

async fn by_password(world: &World) -> Answer {
    let body = json!({ "login": "user1@bm.com", "password": PASSWORD });
    world.ask_with(Who::Nobody, "POST", "/api/v1/sessions", &body).await
}

#[tokio::test]
async fn a_passkey_opens_the_portal_without_an_address_or_a_password() {
    let world = World::new().await;
    let mut device = device();
    let made = register(&world, &mut device).await;
    assert_eq!((&made["name"], &made["backed_up"]), (&json!("Téléphone"), &json!(false)));
    assert!(!made.to_string().contains("key\""), "{made}");
    let entered = sign_in(&world, &mut device).await;
    assert_eq!(entered.status, 201, "{}", entered.text);
    assert_eq!(entered.json()["account"]["address"], "user1@bm.com");
    let bearer = format!("Bearer {}", entered.json()["secret"].as_str().expect("a secret"));
    let request = world.request(Who::Nobody, "GET", "/api/v1/me").header("authorization", bearer);
    let me = world.send(Who::Nobody, request.body(axum::body::Body::empty()).expect("a request")).await;
    assert_eq!(me.json()["account"]["address"], "user1@bm.com");
    let listed = world.ask(Who::Subject, "GET", PASSKEYS).await.json();
    assert_eq!(listed[0]["used_at"], json!(world.app.now()));
    let events = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/events?after=10").await.text;
    assert!(events.contains("account.passkey_added") && !events.contains("Téléphone"), "{events}");
}

#[tokio::test]
async fn a_registration_that_does_not_hold_is_none() {
    let world = World::new().await;
    let mut device = device();
    for (lie, code) in [
        (Lie::Origin, "passkey_answer_invalid"),
        (Lie::Frame, "passkey_answer_invalid"),
        (Lie::Site, "passkey_answer_invalid"),
        (Lie::Kind, "passkey_answer_invalid"),
        (Lie::NobodyPresent, "passkey_answer_invalid"),
        (Lie::NobodyVerified, "passkey_answer_invalid"),
        (Lie::Flags, "passkey_answer_invalid"),
        (Lie::OtherId, "passkey_answer_invalid"),
        (Lie::Challenge, "passkey_ceremony_void"),
    ] {
        device.lie = lie;
        let options = ask_to_create(&world).await;
        assert_eq!(send(&world, &device.create(&options).expect("made")).await.code(), code, "{lie:?}");
    }
    device.lie = Lie::None;
    let options = ask_to_create(&world).await;
    let answer = device.create(&options).expect("made");
    let body = json!({ "name": "Téléphone", "credential": answer });
    let other = "/api/v1/accounts/user2@bm.com/passkeys";
    assert_eq!(world.ask_with(Who::Member, "POST", other, &body).await.code(), "passkey_ceremony_void");
    assert_eq!(send(&world, &answer).await.status, 201);
    assert_eq!(send(&world, &answer).await.code(), "passkey_ceremony_void", "once");
    // The browser is told what is there, and who does not listen is refused.
    let options = ask_to_create(&world).await;
    assert_eq!(options["excludeCredentials"][0]["id"], answer["id"]);
    assert_eq!(send(&world, &device.create(&options).expect("made")).await.code(), "passkey_present");
    let options = ask_to_create(&world).await;
    world.clock.advance(1);
    let late = self::device().create(&options).expect("made");
    assert_eq!(send(&world, &late).await.code(), "passkey_ceremony_void");
}

#[tokio::test]
async fn a_signature_that_does_not_hold_lets_nobody_in() {
    let world = World::new().await;
    let mut device = device();
    register(&world, &mut device).await;
    for (lie, code) in [
        (Lie::Origin, "passkey_answer_invalid"),
        (Lie::Frame, "passkey_answer_invalid"),
        (Lie::Site, "passkey_answer_invalid"),
        (Lie::Kind, "passkey_answer_invalid"),
        (Lie::NobodyPresent, "passkey_answer_invalid"),
        (Lie::NobodyVerified, "passkey_answer_invalid"),
        (Lie::Flags, "passkey_answer_invalid"),
        (Lie::OtherKey, "passkey_answer_invalid"),
        (Lie::OtherMessage, "passkey_answer_invalid"),
        (Lie::OtherPerson, "passkey_answer_invalid"),
        (Lie::OtherId, "passkey_unknown"),
        (Lie::Challenge, "passkey_ceremony_void"),
    ] {
        device.lie = lie;
        assert_eq!(sign_in(&world, &mut device).await.code(), code, "{lie:?}");
    }
    device.lie = Lie::None;
    let asked = ask_to_sign(&world, None).await.json();
    let answer = device.get(&asked["options"]).expect("signs");
    assert_eq!(enter(&world, &answer, None).await.status, 201);
    assert_eq!(enter(&world, &answer, None).await.code(), "passkey_ceremony_void", "once");
    // The question of a registration is none to sign.
    let options = ask_to_create(&world).await;
    let crossed = json!({ "rpId": "mail.bm.com", "challenge": options["challenge"], "allowCredentials": [] });
    let answer = device.get(&crossed).expect("signs");
    assert_eq!(enter(&world, &answer, None).await.code(), "passkey_ceremony_void");
    // A count that goes back is a copy's.
    device.count = 0;
    assert_eq!(sign_in(&world, &mut device).await.code(), "passkey_copied");
    device.count = 100;
    assert_eq!(sign_in(&world, &mut device).await.status, 201);
    let late = ask_to_sign(&world, None).await.json();
    let answer = device.get(&late["options"]).expect("signs");
    world.clock.advance(1);
    assert_eq!(enter(&world, &answer, None).await.code(), "passkey_ceremony_void");
}

#[tokio::test]
async fn a_passkey_on_several_devices_counts_nothing_and_stays_what_it_is() {
    let world = World::new().await;
    let mut device = device();
    device.backed_up = true;
    let made = register(&world, &mut device).await;
    assert_eq!((&made["backup_eligible"], &made["backed_up"]), (&json!(true), &json!(true)));
    for _ in 0..2 {
        assert_eq!(sign_in(&world, &mut device).await.status, 201);
    }
    device.backed_up = false;
    assert_eq!(sign_in(&world, &mut device).await.code(), "passkey_answer_invalid");
}

#[tokio::test]
async fn beside_a_password_it_is_a_second_factor_and_programs_need_app_passwords() {
    let world = World::new().await;
    assert_eq!(by_password(&world).await.status, 201);
    let (mut device, mut other) = (device(), self::device());
    register(&world, &mut device).await;
    let half = by_password(&world).await;
    assert_eq!((half.status.as_u16(), &half.json()["ways"]), (202, &json!(["passkey"])));
    let half = half.json()["secret"].as_str().expect("a secret").to_owned();
    let asked = ask_to_sign(&world, Some(&half)).await.json();
    assert!(other.get(&asked["options"]).is_err(), "only the person's own are asked for");
    let answer = device.get(&asked["options"]).expect("signs");
    assert_eq!(enter(&world, &answer, None).await.code(), "passkey_ceremony_void", "asked for a half");
    let asked = ask_to_sign(&world, Some(&half)).await.json();
    let answer = device.get(&asked["options"]).expect("signs");
    assert_eq!(enter(&world, &answer, Some(&half)).await.status, 201);
    assert_eq!(ask_to_sign(&world, Some(&half)).await.code(), "half_sign_in_void", "once");
    let here = Network::V4([127, 0, 0, 1]);
    let program = world.app.sign_in("user1@bm.com", PASSWORD, Entrance::Mail, here).await;
    assert_eq!(program, Err(SignInRefusal::AppPasswordNeeded));
    // What is demanded of everyone, a passkey is.
    let policy = json!({ "app_passwords": "optional", "second_factor": "everyone" });
    let path = "/api/v1/organisations/bm/sign-in-policy";
    assert_eq!(world.ask_with(Who::Owner, "PUT", path, &policy).await.status, 200);
    let theirs = "/api/v1/accounts/user2@bm.com/app-passwords";
    assert_eq!(world.ask(Who::Member, "GET", theirs).await.code(), "second_factor_to_set_up");
    let entered = sign_in(&world, &mut device).await;
    assert_eq!(entered.status, 201);
    assert_eq!(world.ask(Who::Subject, "GET", "/api/v1/me").await.json()["second_factor_to_set_up"], false);
}

#[tokio::test]
async fn the_person_renames_and_whoever_manages_removes_and_the_person_is_told() {
    let world = World::new().await;
    let mut device = device();
    let made = register(&world, &mut device).await;
    let path = format!("{PASSKEYS}/{}", made["id"].as_str().expect("an id"));
    let name = json!({ "name": "Clé de secours" });
    assert_eq!(world.ask_with(Who::Admin, "PUT", &path, &name).await.code(), "only_the_person");
    let renamed = world.ask_with(Who::Subject, "PUT", &path, &name).await;
    assert_eq!(renamed.json()["name"], "Clé de secours");
    assert_eq!(
        world.ask_with(Who::Subject, "PUT", &path, &json!({ "name": "" })).await.code(),
        "name_invalid"
    );
    let begin = format!("{PASSKEYS}/begin");
    assert_eq!(world.ask(Who::Admin, "POST", &begin).await.code(), "only_the_person");
    assert_eq!(world.ask(Who::Member, "DELETE", &path).await.status, 403);
    assert_eq!(world.ask(Who::Manager, "DELETE", &path).await.status, 204);
    assert_eq!(world.ask(Who::Manager, "DELETE", &path).await.status, 404);
    assert_eq!(sign_in(&world, &mut device).await.code(), "passkey_unknown");
    assert_eq!(by_password(&world).await.status, 201);
    let spool = world.ask(Who::Socket, "GET", "/api/v1/spool").await.json();
    let letters = spool.as_array().expect("letters").iter();
    let letters: Vec<String> = letters
        .map(|row| world.spooled(row["id"].as_str().expect("an id").parse().expect("an id")))
        .collect();
    for subject in ["Une clé d'accès a été ajoutée", "Une clé d'accès a été supprimée"] {
        assert!(
            letters.iter().any(|letter| letter.starts_with(&format!("Subject: {subject}"))),
            "{letters:?}"
        );
    }
}

#[tokio::test]
async fn a_person_has_several_and_not_without_end() {
    let world = World::new().await;
    for _ in 0..PASSKEYS_MAX {
        register(&world, &mut device()).await;
    }
    let more = world.ask(Who::Subject, "POST", &format!("{PASSKEYS}/begin")).await;
    assert_eq!(more.code(), "too_many_passkeys");
}

#[tokio::test]
async fn a_closed_account_is_closed_to_its_passkeys_and_to_what_is_half_done() {
    let world = World::new().await;
    let (mut device, mut late) = (device(), self::device());
    register(&world, &mut device).await;
    let options = ask_to_create(&world).await;
    let registering = late.create(&options).expect("made");
    let half = by_password(&world).await.json()["secret"].as_str().expect("a secret").to_owned();
    let asked = ask_to_sign(&world, Some(&half)).await.json();
    let answer = device.get(&asked["options"]).expect("signs");
    let closed = world.ask(Who::Admin, "POST", "/api/v1/accounts/user1@bm.com/deactivate").await;
    assert_eq!(closed.status, 200, "{}", closed.text);
    assert_eq!(sign_in(&world, &mut device).await.code(), "account_closed");
    assert_eq!(enter(&world, &answer, Some(&half)).await.code(), "half_sign_in_void");
    assert_eq!(send(&world, &registering).await.code(), "secret_unknown");
    let again = world.ask(Who::Admin, "POST", "/api/v1/accounts/user1@bm.com/reactivate").await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(enter(&world, &answer, Some(&half)).await.code(), "half_sign_in_void");
    // It is the person's own, as their password.
    assert_eq!(sign_in(&world, &mut device).await.status, 201);
}
