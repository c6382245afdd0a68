//! The payment provider's door: signed as Standard Webhooks has it, counted once whatever is sent again.

use crate::world::{Answer, PAYMENT_SECRETS, Who, World, start};
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

fn sign(secret: &str, id: &str, at_s: i64, body: &str) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    mac.update(format!("{id}.{at_s}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

async fn send(world: &World, id: &str, at_s: i64, signature: &str, body: &str) -> Answer {
    let request = world.request(Who::Nobody, "POST", "/api/v1/payments");
    let request = request
        .header("webhook-id", id)
        .header("webhook-timestamp", at_s.to_string())
        .header("webhook-signature", signature)
        .header("content-type", "application/json");
    world.send(Who::Nobody, request.body(Body::from(body.to_owned())).expect("a request")).await
}

async fn signed(world: &World, body: &Value) -> Answer {
    let (at_s, body) = (world.app.now().as_second(), body.to_string());
    send(world, "msg_1", at_s, &sign(PAYMENT_SECRETS[0], "msg_1", at_s, &body), &body).await
}

fn payment(world: &World, amount_minor: i64) -> Value {
    json!({ "organisation": world.made.bm, "amount_minor": amount_minor, "currency": "EUR", "reference": "pay_123" })
}

/// M2: the provider credits the provision; a message that comes again changes nothing.
#[tokio::test]
async fn a_payment_counts_once_however_often_it_is_sent() {
    let world = World::new().await;
    let first = signed(&world, &payment(&world, 1200)).await;
    assert_eq!(first.status, 200, "{}", first.text);
    assert_eq!(
        (&first.json()["balance_minor"], &first.json()["reference"]),
        (&json!(1200), &json!("pay_123"))
    );
    let again = signed(&world, &payment(&world, 1200)).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
    // The provider tries for days, each time with a new signature.
    world.clock.advance(72);
    assert_eq!(signed(&world, &payment(&world, 1200)).await.json(), first.json());
    let other = signed(&world, &payment(&world, 1300)).await;
    assert_eq!((other.status.as_u16(), other.code().as_str()), (409, "payment_differs"));
    assert_eq!(world.balance().await, 1200);
    world.check_ledger().await;
    let events = world.ask(Who::Token, "GET", "/api/v1/organisations/bm/events?limit=200").await.json();
    let paid: Vec<_> = events
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| event["kind"] == "provision.topped_up")
        .collect();
    assert_eq!(paid.len(), 1);
    assert_eq!(paid[0]["actor"]["kind"], "billing");
}

#[tokio::test]
async fn only_what_the_provider_signed_about_now_is_taken() {
    let world = World::new().await;
    let (now, body) = (start().as_second(), payment(&world, 1200).to_string());
    let [new, old] = PAYMENT_SECRETS;
    let forged = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx", "msg_1", now, &body);
    let right = sign(new, "msg_1", now, &body);
    let more = payment(&world, 120_000).to_string();
    for (id, at_s, signature, body, code) in [
        ("msg_1", now, forged.as_str(), body.as_str(), "signature_wrong"),
        ("msg_1", now, &right, &more, "signature_wrong"),
        ("msg_2", now, &right, &body, "signature_wrong"),
        ("msg_1", now + 1, &right, &body, "signature_wrong"),
        ("msg_1", now, right.trim_start_matches("v1,"), &body, "signature_wrong"),
        ("msg_1", now, "v1,", &body, "signature_wrong"),
        ("msg_1", now, "", &body, "signature_missing"),
        ("msg_1", now - 301, &sign(new, "msg_1", now - 301, &body), &body, "signature_stale"),
        ("msg_1", now + 301, &sign(new, "msg_1", now + 301, &body), &body, "signature_stale"),
    ] {
        let answer = send(&world, id, at_s, signature, body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, code), "{id} {at_s} {signature}");
    }
    assert_eq!(world.balance().await, 0);
    // While a secret is replaced, either may sign, and the provider may send both.
    let both = format!("{forged} {}", sign(old, "msg_1", now, &body));
    assert_eq!(send(&world, "msg_1", now, &both, &body).await.status, 200);
    assert_eq!(world.balance().await, 1200);
}

#[tokio::test]
async fn what_is_signed_and_wrong_all_the_same_says_why() {
    let world = World::new().await;
    let changed = |field: &str, value: Value| {
        let mut body = payment(&world, 1200);
        body[field] = value;
        body
    };
    for (body, status, code) in [
        // A name may pass to another organisation.
        (changed("organisation", json!("bm")), 422, "body_invalid"),
        (changed("organisation", json!("org-0000000000zzz")), 404, "not_found"),
        (changed("amount_minor", json!(-1200)), 422, "amount_invalid"),
        (changed("amount_minor", json!(12.5)), 422, "body_invalid"),
        (changed("currency", json!("CHF")), 409, "currency_differs"),
        (changed("currency", json!("DKK")), 422, "body_invalid"),
        (changed("reference", json!("")), 422, "reference_invalid"),
        (changed("reference", Value::Null), 422, "body_invalid"),
        (changed("more", json!(1)), 422, "body_invalid"),
        (json!([]), 422, "body_invalid"),
    ] {
        let answer = signed(&world, &body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (status, code),
            "{body}: {}",
            answer.text
        );
    }
    assert_eq!(world.balance().await, 0);
}
