//! Invitations: a person chooses a password by a link, and enters (R8, R20).

use crate::groups::{done, flexible, state};
use crate::world::{Answer, Who, World, id_of};
use relais_app::Clock;
use relais_app::read::{Outbound, spool};
use serde_json::{Value, json};

const INVITE: &str = "/api/v1/organisations/bm/invitations";
const CHOSEN: &str = "a much better password";

async fn letters(world: &World) -> Vec<Outbound> {
    let mut all = world.app.look(|tx| spool::list(tx, None, 1000)).await.expect("asked");
    all.retain(|row| row.recipient.as_str() == "zoe@ailleurs.example");
    all.sort_by_key(|row| row.id);
    all
}

/// Of the newest letter.
async fn secret(world: &World) -> String {
    let newest = letters(world).await.pop().expect("a letter");
    let text = world.spooled(newest.id);
    let link = "https://mail.bm.com/invitation/";
    let start = text.find(link).expect("a link") + link.len();
    text[start..].split_whitespace().next().expect("a secret").to_owned()
}

fn zoe(address: &str) -> Value {
    json!({ "address": address, "name": "Zoé", "external_address": "zoe@ailleurs.example", "groups": ["ventes@bm.com"] })
}

async fn choose(world: &World, secret: &str) -> Answer {
    let path = format!("/api/v1/password-resets/{secret}");
    world.ask_with(Who::Nobody, "POST", &path, &json!({ "password": CHOSEN })).await
}

async fn sign_in(world: &World, login: &str) -> u16 {
    let body = json!({ "login": login, "password": CHOSEN });
    world.ask_with(Who::Nobody, "POST", "/api/v1/sessions", &body).await.status.as_u16()
}

fn advance_hours(world: &World, hours: i64) {
    let Clock::Set(at) = &world.clock else { panic!("the clock is set") };
    *at.lock().expect("no panic before") += jiff::SignedDuration::from_hours(hours);
}

#[tokio::test]
async fn whoever_is_invited_chooses_a_password_by_the_link_and_enters() {
    let world = World::new().await;
    let invited = world.ask_with(Who::Manager, "POST", INVITE, &zoe("zoe@bm.com")).await;
    assert_eq!(
        (invited.status.as_u16(), &invited.json()["state"]),
        (201, &json!("invited")),
        "{}",
        invited.text
    );
    let members = world.ask(Who::Manager, "GET", "/api/v1/groups/ventes@bm.com/members").await;
    assert!(members.text.contains("zoe@bm.com"), "{}", members.text);
    let secret = secret(&world).await;
    assert_ne!(sign_in(&world, "zoe@bm.com").await, 201);
    let page = world.ask_in("fr", Who::Nobody, "GET", &format!("/invitation/{secret}")).await;
    assert!(page.status == 200 && page.text.contains("Bienvenue"), "{}", page.text);
    assert_eq!(choose(&world, &secret).await.status, 204);
    assert_eq!(state(&world, "zoe@bm.com").await, "active");
    assert_eq!(sign_in(&world, "zoe@bm.com").await, 201);
    assert_eq!(choose(&world, &secret).await.code(), "password_reset_void", "it works once");
    assert_eq!(letters(&world).await.len(), 2, "the person is told");
    let again = world.ask(Who::Manager, "POST", "/api/v1/accounts/zoe@bm.com/invitation").await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (409, "account_not_invited"));
    let events = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/events?limit=200").await.text;
    assert!(events.contains("account.invited") && events.contains("account.invitation_used"));
}

#[tokio::test]
async fn an_invitation_dies_of_age_of_another_one_and_of_a_deactivation() {
    let world = World::new().await;
    done(&world, Who::Manager, "POST", INVITE, zoe("zoe@bm.com")).await;
    let first = secret(&world).await;
    advance_hours(&world, 7 * 24);
    assert_eq!(choose(&world, &first).await.code(), "password_reset_void");
    // Sessions of the template have ended by now.
    let again = "/api/v1/accounts/zoe@bm.com/invitation";
    done(&world, Who::Token, "POST", again, json!({})).await;
    let second = secret(&world).await;
    done(&world, Who::Token, "POST", again, json!({})).await;
    assert_eq!(choose(&world, &second).await.code(), "password_reset_void");
    let third = secret(&world).await;
    done(&world, Who::Token, "POST", "/api/v1/accounts/zoe@bm.com/deactivate", json!({})).await;
    assert_eq!(choose(&world, &third).await.code(), "password_reset_void");
    assert_eq!(world.ask(Who::Token, "POST", again).await.code(), "account_not_invited");
    done(&world, Who::Token, "POST", "/api/v1/accounts/zoe@bm.com/reactivate", json!({})).await;
    assert_eq!(choose(&world, &third).await.code(), "password_reset_void");
    done(&world, Who::Token, "POST", again, json!({})).await;
    assert_eq!(choose(&world, &secret(&world).await).await.status, 204);
}

#[tokio::test]
async fn an_invitation_that_cannot_be_sent_makes_nothing() {
    let world = World::new().await;
    let nowhere = json!({ "address": "zoe@bm.com", "name": "Zoé" });
    let answer = world.ask_with(Who::Manager, "POST", INVITE, &nowhere).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "invitation_address_missing"));
    let hosted = json!({ "address": "zoe@bm.com", "name": "Zoé", "external_address": "user1@bm.com" });
    let answer = world.ask_with(Who::Manager, "POST", INVITE, &hosted).await;
    assert_eq!(answer.code(), "external_address_hosted");
    assert_eq!(world.ask(Who::Manager, "GET", "/api/v1/accounts/zoe@bm.com").await.status, 404);
    let again = world.ask(Who::Manager, "POST", "/api/v1/accounts/invited@bm.com/invitation").await;
    assert_eq!(again.code(), "invitation_address_missing");
    for who in [Who::Member, Who::Subject, Who::Guest] {
        assert_eq!(world.ask_with(who, "POST", INVITE, &zoe("zoe@bm.com")).await.code(), "not_allowed");
    }
    let taken = world.ask_with(Who::Manager, "POST", INVITE, &zoe("user1@bm.com")).await;
    assert_eq!(taken.code(), "address_taken");
    assert_eq!(letters(&world).await.len(), 0);
}

#[tokio::test]
async fn whoever_was_deleted_is_invited_again_as_somebody_new_r20() {
    let world = World::new().await;
    let before = id_of(&world.app, "closed@bm.com").await;
    world.backed_up("closed@bm.com").await;
    done(&world, Who::Admin, "DELETE", "/api/v1/accounts/closed@bm.com", json!({})).await;
    let mut guest = zoe("closed@bm.com");
    guest["role"] = json!("guest");
    done(&world, Who::Manager, "POST", INVITE, guest).await;
    let now = id_of(&world.app, "closed@bm.com").await;
    assert_ne!(before, now);
    assert_eq!(choose(&world, &secret(&world).await).await.status, 204);
    let account = world.ask(Who::Manager, "GET", "/api/v1/accounts/closed@bm.com").await.json();
    assert_eq!((&account["role"], &account["state"]), (&json!("guest"), &json!("active")));
}

#[tokio::test]
async fn inviting_a_deactivated_account_brings_it_back_where_licences_are_flexible_r8() {
    let world = World::new().await;
    let before = id_of(&world.app, "closed@bm.com").await;
    let answer = world.ask_with(Who::Manager, "POST", INVITE, &zoe("closed@bm.com")).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "licences_not_flexible"));
    flexible(&world).await;
    done(&world, Who::Manager, "POST", INVITE, zoe("closed@bm.com")).await;
    assert_eq!(
        (state(&world, "closed@bm.com").await, id_of(&world.app, "closed@bm.com").await),
        (json!("active"), before)
    );
    assert_eq!(letters(&world).await.len(), 0, "whoever has a password enters with it");
}

#[tokio::test]
async fn a_guest_is_invited_on_one_item_of_content_and_takes_no_licence_r20() {
    let world = World::new().await;
    let board = json!({ "external_id": "b1", "kind": "board", "title": "Tableau", "owner": "user1@bm.com" });
    let items = json!({ "items": [board] });
    done(&world, Who::Application, "PUT", "/api/v1/application/content", items).await;
    let owned = world.ask(Who::Admin, "GET", "/api/v1/accounts/user1@bm.com/content/items").await.json();
    let owned = owned.as_array().expect("a list").iter().find(|item| item["title"] == "Tableau");
    let item = owned.expect("registered")["id"].clone();
    let licences = async || {
        let report = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/licences").await.json();
        (report["now"]["accounts"].clone(), report["now"]["guests"].clone())
    };
    let (accounts, guests) = licences().await;
    let mut guest = zoe("zoe@bm.com");
    guest["role"] = json!("guest");
    guest["groups"] = json!([]);
    guest["content"] = json!([{ "item": "cnt-0000000000000", "right": "read" }]);
    assert_eq!(world.ask_with(Who::Manager, "POST", INVITE, &guest).await.status, 404);
    assert_eq!(letters(&world).await.len(), 0);
    guest["content"] = json!([{ "item": item, "right": "read" }]);
    done(&world, Who::Manager, "POST", INVITE, guest).await;
    assert_eq!(licences().await, (accounts, json!(guests.as_i64().expect("a number") + 1)));
    let zoe = id_of(&world.app, "zoe@bm.com").await;
    let shared = world.app.look(move |tx| relais_app::read::content::shared_with(tx, zoe, None, 10)).await;
    let shared = shared.expect("asked");
    assert_eq!(shared.iter().map(|(item, _)| item.title.as_str()).collect::<Vec<_>>(), ["Tableau"]);
    assert_eq!(choose(&world, &secret(&world).await).await.status, 204);
    assert_eq!(state(&world, "zoe@bm.com").await, "active");
}
