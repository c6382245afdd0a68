//! Personal data, photos, names, quotas and usage (M8).

use crate::world::{Who, World, id_of, in_state};
use relais_app::core::lifecycle::Command;
use relais_app::core::rights::{Act, State, Verdict, may};
use relais_app::read::{events, profiles};
use serde_json::{Value, json};

/// As much of a PNG as says how large it is.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(),
        &width.to_be_bytes(),
        &height.to_be_bytes(),
        b"\x08\x02\0\0\0",
    ]
    .concat()
}

const PROFILE: &str = "/api/v1/accounts/user1@bm.com/profile";
const PHOTO: &str = "/api/v1/accounts/user1@bm.com/photo";

fn full() -> Value {
    json!({
        "given_name": "Jeanne", "family_name": "Martin",
        "phones": [{ "kind": "mobile", "number": "+33 6 12 34 56 78" }],
        "postal_address": { "street": ["1 rue X"], "postal_code": "69001", "city": "Lyon", "country": "FR" },
        "birth_date": "1980-02-29", "external_address": "jeanne@ailleurs.example",
        "job_title": "Comptable", "department": "Finances"
    })
}

async fn kinds_and_details(world: &World) -> Vec<(String, Value)> {
    let bm = world.made.bm;
    let all = world.app.look(move |tx| events::page(tx, bm, "", 0, 10_000)).await.expect("asked");
    all.into_iter().map(|event| (event.kind, event.detail)).collect()
}

#[tokio::test]
async fn the_person_and_their_managers_keep_personal_data_and_events_never_tell_it_m8() {
    let world = World::new().await;
    let answer = world.ask_with(Who::Subject, "PUT", PROFILE, &full()).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, full()), "{}", answer.text);
    for who in [Who::Subject, Who::Manager, Who::Admin, Who::Token, Who::Socket] {
        assert_eq!(world.ask(who, "GET", PROFILE).await.json(), full(), "{who:?}");
    }
    assert_eq!(world.ask(Who::Member, "GET", PROFILE).await.code(), "not_allowed");
    let less = json!({ "given_name": "Jeanne" });
    let answer = world.ask_with(Who::Manager, "PUT", PROFILE, &less).await;
    assert_eq!(answer.json()["family_name"], Value::Null, "what is left out is forgotten");
    // Again: nothing happens, and nothing is told.
    let told = kinds_and_details(&world).await;
    assert_eq!(world.ask_with(Who::Manager, "PUT", PROFILE, &less).await.status, 200);
    assert_eq!(kinds_and_details(&world).await.len(), told.len());
    let set: Vec<_> = told.iter().filter(|(kind, _)| kind == "account.profile_set").collect();
    assert_eq!(set.len(), 2);
    assert!(set[0].1["fields"].as_array().expect("a list").contains(&json!("birth_date")));
    let everything = format!("{told:?}");
    for value in ["Comptable", "1980", "+33", "Lyon", "jeanne@ailleurs"] {
        assert!(!everything.contains(value), "{value} is in the log");
    }
}

#[tokio::test]
async fn a_wrong_field_is_named_and_nothing_is_kept_m8() {
    let world = World::new().await;
    let wrong = json!({ "birth_date": "2030-01-01", "postal_address": { "country": "ZZ" } });
    let answer = world.ask_with(Who::Subject, "PUT", PROFILE, &wrong).await;
    assert_eq!(answer.status, 422);
    let codes: Vec<Value> = answer.json()["refusals"]
        .as_array()
        .expect("several")
        .iter()
        .map(|one| one["code"].clone())
        .collect();
    assert_eq!(codes, ["country_unknown", "birth_date_in_the_future"]);
    for (body, code) in [
        (json!({ "external_address": "user2@bm.com" }), "external_address_hosted"),
        (json!({ "phones": [{ "kind": "work", "number": "x" }] }), "phone_invalid"),
        (json!({ "surname": "x" }), "body_invalid"),
        (json!({ "birth_date": "29/02/1980" }), "body_invalid"),
    ] {
        let answer = world.ask_with(Who::Subject, "PUT", PROFILE, &body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, code), "{body}");
    }
    assert_eq!(world.ask(Who::Subject, "GET", PROFILE).await.json()["birth_date"], Value::Null);
}

#[tokio::test]
async fn profile_and_photo_change_where_the_table_says_and_go_with_the_account_m8() {
    let world = World::new().await;
    for state in State::ALL {
        let id = match state {
            State::Deleted => deleted(&world).await,
            _ => id_of(&world.app, in_state(state)).await.to_string(),
        };
        let allowed = may(state, Act::ChangeAttributes) == Verdict::Yes;
        let expected = if allowed { "ok" } else { "not_in_this_state" };
        let path = format!("/api/v1/accounts/{id}");
        let answer = world.ask_with(Who::Token, "PUT", &format!("{path}/profile"), &full()).await;
        assert_eq!(answer.outcome(), expected, "{state:?}: {}", answer.text);
        let answer =
            world.send_file(Who::Token, "PUT", &format!("{path}/photo"), "image/png", png(9, 9)).await;
        assert_eq!(answer.outcome(), expected, "{state:?}: {}", answer.text);
    }
    // Deactivation keeps both, deletion erases both.
    let id = id_of(&world.app, "closed@bm.com").await;
    assert!(world.app.look(move |tx| profiles::photo(tx, id)).await.expect("asked").is_some());
    crate::backed_up::pretend_backup(world.data(), world.made.bm, id).await;
    let deleted = world
        .app
        .execute(id, Command::Delete { content: None }, relais_app::core::authority::Actor::Operator)
        .await;
    deleted.expect("deleted");
    let left = world.app.look(move |tx| Ok((profiles::get(tx, id)?, profiles::photo(tx, id)?))).await;
    assert_eq!(left.expect("asked"), Default::default());
}

async fn deleted(world: &World) -> String {
    let path = "/api/v1/accounts/deleted@bm.com";
    world.ask(Who::Token, "GET", path).await.json()["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_photo_is_what_its_bytes_say_and_is_served_as_that_m8() {
    let world = World::new().await;
    let answer = world.ask(Who::Subject, "GET", PHOTO).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.as_ref()), (200, png(16, 16).as_slice()));
    assert_eq!(answer.headers["content-type"], "image/png");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    for (image, kind, status, code) in [
        (b"<html><script>alert(1)</script>".to_vec(), "image/png", 422, "photo_kind_unknown"),
        (b"GIF89a\x01\0\x01\0\0\0\0".to_vec(), "image/gif", 422, "photo_kind_unknown"),
        (png(5000, 10), "image/png", 422, "photo_sides"),
        ([png(10, 10), vec![0; 1 << 20]].concat(), "image/png", 413, "photo_too_large"),
        (vec![], "image/png", 422, "photo_kind_unknown"),
    ] {
        let answer = world.send_file(Who::Subject, "PUT", PHOTO, kind, image).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code));
    }
    let jpeg = b"\xff\xd8\xff\xc0\0\x11\x08\0\x10\0\x20\x03\x01\x22\0".to_vec();
    // What the request says it is does not count.
    let answer = world.send_file(Who::Subject, "PUT", PHOTO, "text/html", jpeg).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(world.ask(Who::Manager, "GET", PHOTO).await.headers["content-type"], "image/jpeg");
    assert_eq!(world.ask(Who::Subject, "DELETE", PHOTO).await.status, 204);
    assert_eq!(world.ask(Who::Subject, "GET", PHOTO).await.status, 404);
    assert_eq!(world.ask(Who::Subject, "DELETE", PHOTO).await.status, 404);
}

#[tokio::test]
async fn usage_has_the_limit_and_the_part_of_it_that_is_used() {
    let world = World::new().await;
    let usage = "/api/v1/accounts/user1@bm.com/usage";
    let expected = json!({ "messages": 0, "bytes": 0, "quota_bytes": null, "share": null });
    assert_eq!(world.ask(Who::Subject, "GET", usage).await.json(), expected);
    let quota = "/api/v1/accounts/user1@bm.com/quota";
    let answer = world.ask_with(Who::Manager, "PUT", quota, &json!({ "quota_bytes": 5000 })).await;
    assert_eq!(answer.json()["quota_bytes"], 5000);
    let expected = json!({ "messages": 0, "bytes": 0, "quota_bytes": 5000, "share": 0.0 });
    assert_eq!(world.ask(Who::Subject, "GET", usage).await.json(), expected);
    let answer = world.ask_with(Who::Manager, "PUT", quota, &json!({ "quota_bytes": 0 })).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "quota_invalid"));
    let answer = world.ask_with(Who::Subject, "PUT", quota, &json!({ "quota_bytes": null })).await;
    assert_eq!(answer.code(), "not_allowed");
}

#[tokio::test]
async fn people_say_what_they_want_to_be_told_and_see_what_they_were_r6() {
    let world = World::new().await;
    let path = "/api/v1/accounts/user1@bm.com/notifications";
    let rename = json!({ "name": "Un Autre" });
    assert_eq!(
        world.ask_with(Who::Manager, "PUT", "/api/v1/accounts/user1@bm.com/name", &rename).await.status,
        200
    );
    let group = "/api/v1/groups/ventes@bm.com/members/user1@bm.com";
    assert_eq!(world.ask_with(Who::Manager, "PUT", group, &json!({ "role": "member" })).await.status, 204);
    world.app.work_once().await;
    let report = world.ask(Who::Subject, "GET", path).await.json();
    assert_eq!(report["count"], json!({ "waiting": 1, "sent": 0, "dropped": 0 }), "{report}");
    let last = &report["last"][0];
    assert_eq!((&last["topic"], &last["state"]), (&json!("groups"), &json!("waiting")));
    assert_eq!(last["sentence"], "Vous faites maintenant partie du groupe Ventes.");

    let wanted = json!({ "muted": ["groups", "groups"] });
    let answer = world.ask_with(Who::Subject, "PUT", path, &wanted).await;
    assert_eq!(answer.json()["preferences"], json!({ "muted": ["groups"] }), "{}", answer.text);
    let bad = json!({ "muted": ["weather"] });
    assert_eq!(world.ask_with(Who::Subject, "PUT", path, &bad).await.status, 422);
    assert_eq!(world.ask_with(Who::Member, "PUT", path, &wanted).await.code(), "not_allowed");
    assert_eq!(world.ask(Who::Manager, "GET", path).await.status, 200);
}
