//! Groups: who looks after them, who may write to them, groups in groups, and who comes back by them.

use crate::world::{Answer, Who, World};
use serde_json::{Value, json};

const VENTES: &str = "/api/v1/groups/ventes@bm.com";

pub async fn done(world: &World, who: Who, method: &str, path: &str, body: Value) {
    let answer = world.ask_with(who, method, path, &body).await;
    assert!(answer.status.is_success(), "{who:?} {method} {path}: {}", answer.text);
}

async fn refused(world: &World, who: Who, method: &str, path: &str, body: Value) -> String {
    world.ask_with(who, method, path, &body).await.code()
}

async fn explain(world: &World, from: &str) -> Value {
    let path = format!("/api/v1/explain/ventes@bm.com?from={from}");
    world.ask(Who::Manager, "GET", &path).await.json()
}

fn names(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let name = |group: &Value| group["name"].as_str().expect("a name").to_owned();
    list.as_array().expect("a list").iter().map(name).collect()
}

/// `user2@bm.com` is its admin.
#[tokio::test]
async fn the_admin_of_a_group_looks_after_it_and_names_it_not() {
    let world = World::new().await;
    assert_eq!(world.ask(Who::Member, "GET", VENTES).await.status, 200);
    assert_eq!(world.ask(Who::Subject, "GET", VENTES).await.code(), "not_allowed");
    let posting = json!({ "posting": { "who": "members" } });
    done(&world, Who::Member, "PATCH", VENTES, posting.clone()).await;
    assert_eq!(refused(&world, Who::Subject, "PATCH", VENTES, posting).await, "not_allowed");
    assert_eq!(refused(&world, Who::Member, "PATCH", VENTES, json!({ "name": "A" })).await, "not_allowed");
    assert_eq!(world.ask(Who::Member, "DELETE", VENTES).await.code(), "not_allowed");
    let member = format!("{VENTES}/members/user1@bm.com");
    done(&world, Who::Member, "PUT", &member, json!({ "role": "member" })).await;
    assert_eq!(
        refused(&world, Who::Subject, "PUT", &member, json!({ "role": "admin" })).await,
        "not_allowed"
    );
    let members = world.ask(Who::Member, "GET", &format!("{VENTES}/members")).await.json();
    assert_eq!(members.as_array().expect("a list").len(), 2);
    assert_eq!(members[0]["state"], "active");
}

#[tokio::test]
async fn a_company_admin_joins_any_group_as_its_admin_so_that_another_may_leave_r16() {
    let world = World::new().await;
    let leave = "/api/v1/accounts/user2@bm.com/deactivate";
    let answer = world.ask(Who::Admin, "POST", leave).await;
    assert_eq!(answer.code(), "only_group_admin");
    assert!(answer.json()["detail"].as_str().expect("a sentence").contains("Ventes"), "{}", answer.text);
    done(&world, Who::Admin, "PUT", &format!("{VENTES}/members/admin@bm.com"), json!({ "role": "admin" }))
        .await;
    assert_eq!(world.ask(Who::Admin, "POST", leave).await.status, 200);
    // Remembered while deactivated, and left out of delivery.
    let members = world.ask(Who::Admin, "GET", &format!("{VENTES}/members")).await;
    assert!(
        members.text.contains("user2@bm.com") && members.text.contains("deactivated"),
        "{}",
        members.text
    );
    assert!(explain(&world, "").await.to_string().contains("member_left_out"));
}

#[tokio::test]
async fn a_group_in_a_group_has_its_mail_and_no_group_contains_itself() {
    let world = World::new().await;
    let salon = world.made.inner_group;
    done(
        &world,
        Who::Manager,
        "PUT",
        &format!("/api/v1/groups/{salon}/members/user1@bm.com"),
        json!({ "role": "admin" }),
    )
    .await;
    done(&world, Who::Manager, "PUT", &format!("{VENTES}/members/user1@bm.com"), json!({ "role": "member" }))
        .await;
    for _ in 0..2 {
        done(&world, Who::Manager, "PUT", &format!("{VENTES}/groups/{salon}"), json!({})).await;
    }
    assert_eq!(names(&world.ask(Who::Manager, "GET", &format!("{VENTES}/groups")).await), ["Salon"]);
    let route = explain(&world, "").await;
    assert_eq!(route["deliveries"].as_array().expect("a list").len(), 2, "each person once: {route}");
    let ring = world
        .ask_with(Who::Manager, "PUT", &format!("/api/v1/groups/{salon}/groups/ventes@bm.com"), &json!({}))
        .await;
    assert_eq!((ring.status.as_u16(), ring.code().as_str()), (409, "group_cycle"));
    assert!(
        ring.json()["detail"].as_str().expect("a sentence").contains("Salon → Ventes → Salon"),
        "{}",
        ring.text
    );
    let itself = format!("{VENTES}/groups/ventes@bm.com");
    assert_eq!(refused(&world, Who::Manager, "PUT", &itself, json!({})).await, "group_cycle");
    done(&world, Who::Manager, "DELETE", &format!("{VENTES}/groups/{salon}"), json!({})).await;
    assert_eq!(explain(&world, "").await["deliveries"].as_array().expect("a list").len(), 2);
    let foreign =
        world.ask_with(Who::OtherToken, "PUT", &format!("{VENTES}/groups/{salon}"), &json!({})).await;
    assert_eq!(foreign.status, 404);
}

#[tokio::test]
async fn who_may_write_to_a_group_is_what_its_policy_says() {
    let world = World::new().await;
    let posting = async |posting: Value| {
        done(&world, Who::Manager, "PATCH", VENTES, json!({ "posting": posting })).await;
    };
    let outcome = async |from: &str| explain(&world, from).await["refusal"].clone();
    posting(json!({ "who": "organisation" })).await;
    assert_eq!(outcome("x@ailleurs.example").await, "not_allowed_to_post");
    assert_eq!(outcome("user1@bm.com").await, Value::Null);
    posting(json!({ "who": "members" })).await;
    assert_eq!(outcome("user1@bm.com").await, "not_allowed_to_post");
    assert_eq!(outcome("user2@bm.com").await, Value::Null);
    posting(json!({ "who": "listed", "senders": ["X@ailleurs.example"] })).await;
    assert_eq!(outcome("x@ailleurs.example").await, Value::Null);
    assert_eq!(outcome("user2@bm.com").await, "not_allowed_to_post");
    assert!(explain(&world, "").await.to_string().contains("admins_only"), "a notice goes to the admins");
    let nobody = json!({ "posting": { "who": "listed", "senders": [] } });
    let answer = world.ask_with(Who::Manager, "PATCH", VENTES, &nobody).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "group_senders_missing"));
    assert_eq!(outcome("x@ailleurs.example").await, Value::Null, "nothing changed");
}

#[tokio::test]
async fn a_group_is_named_anew_has_another_address_and_is_removed_once_nothing_is_sent_on_to_it() {
    let world = World::new().await;
    done(&world, Who::Manager, "PATCH", VENTES, json!({ "name": "Commerce" })).await;
    let address = format!("{VENTES}/address");
    assert_eq!(
        refused(&world, Who::Manager, "PUT", &address, json!({ "address": "user1@bm.com" })).await,
        "address_taken"
    );
    done(&world, Who::Manager, "PUT", &address, json!({ "address": "commerce@bm.com" })).await;
    let old = world.ask(Who::Manager, "GET", "/api/v1/addresses/ventes@bm.com").await.json();
    assert_eq!(
        (&old["address"]["kind"], &old["address"]["target"]["kind"]),
        (&json!("alias"), &json!("group"))
    );

    let to_group =
        json!([{ "until": null, "do": "accept", "copy": "none", "redirect_to": ["ventes@bm.com"] }]);
    done(&world, Who::Manager, "PUT", "/api/v1/accounts/user1@bm.com/inbound", to_group).await;
    let kept = world.ask(Who::Manager, "DELETE", VENTES).await;
    assert_eq!((kept.status.as_u16(), kept.code().as_str()), (409, "group_redirected_to"));
    assert!(kept.text.contains("user1@bm.com"), "{}", kept.text);
    let deliver = json!([{ "until": null, "do": "accept", "copy": "keep" }]);
    done(&world, Who::Manager, "PUT", "/api/v1/accounts/user1@bm.com/inbound", deliver).await;

    let catch_all = "/api/v1/organisations/bm/domains/bm.com/catch-all";
    done(&world, Who::Admin, "PUT", catch_all, json!({ "to": "ventes@bm.com" })).await;
    assert_eq!(world.ask(Who::Manager, "DELETE", &address).await.code(), "group_is_catch_all");
    done(&world, Who::Admin, "DELETE", catch_all, json!({})).await;

    assert_eq!(world.ask(Who::Manager, "DELETE", VENTES).await.status, 204);
    assert_eq!(world.ask(Who::Manager, "GET", VENTES).await.status, 404);
    for freed in ["ventes@bm.com", "commerce@bm.com"] {
        done(
            &world,
            Who::Manager,
            "POST",
            "/api/v1/accounts/user1@bm.com/aliases",
            json!({ "address": freed }),
        )
        .await;
    }
    let shared = world.ask(Who::Manager, "GET", "/api/v1/accounts/user1@bm.com/collections").await;
    assert!(!shared.text.contains("\"group\""), "what was shared with it is no longer: {}", shared.text);
}

pub async fn flexible(world: &World) {
    let plan = json!({
        "name": "Souple", "price_minor": 0, "currency": "EUR", "period": "month", "accounts_free": 100,
        "accounts_max": null, "full_licences_max": null, "own_domains_max": null, "flexible_licences": true,
    });
    done(world, Who::Socket, "POST", "/api/v1/plans", plan).await;
    done(world, Who::Socket, "PUT", "/api/v1/organisations/bm/plan", json!({ "plan": "Souple" })).await;
}

pub async fn state(world: &World, account: &str) -> Value {
    world.ask(Who::Admin, "GET", &format!("/api/v1/accounts/{account}")).await.json()["state"].clone()
}

#[tokio::test]
async fn a_deactivated_account_is_added_to_a_group_only_where_that_may_reactivate_it_r8() {
    let world = World::new().await;
    let member = format!("{VENTES}/members/closed@bm.com");
    let role = json!({ "role": "member" });
    assert_eq!(refused(&world, Who::Admin, "PUT", &member, role.clone()).await, "not_in_this_state");
    flexible(&world).await;
    // Whoever looks after the group or the accounts, and may not reactivate, does not do so by the way (R18).
    for who in [Who::Member, Who::Manager] {
        assert_eq!(refused(&world, who, "PUT", &member, role.clone()).await, "not_in_this_state");
    }
    assert_eq!(state(&world, "closed@bm.com").await, "deactivated");
    done(&world, Who::Admin, "PUT", &member, role.clone()).await;
    assert_eq!(state(&world, "closed@bm.com").await, "active");
    done(&world, Who::Member, "PUT", &member, role).await;
}

#[tokio::test]
async fn a_reactivation_into_groups_happens_whole_or_not_at_all_r18() {
    let world = World::new().await;
    let path = "/api/v1/accounts/closed@bm.com/reactivate";
    let unknown = json!({ "groups": ["ventes@bm.com", "nulle.part@bm.com"] });
    assert_eq!(world.ask_with(Who::Admin, "POST", path, &unknown).await.status, 404);
    assert_eq!(state(&world, "closed@bm.com").await, "deactivated");
    let salon = world.made.inner_group.to_string();
    let groups = json!({ "groups": ["ventes@bm.com", salon] });
    assert_eq!(refused(&world, Who::Manager, "POST", path, groups.clone()).await, "not_allowed");
    done(&world, Who::Admin, "POST", path, groups).await;
    for group in ["ventes@bm.com", &salon] {
        let members = world.ask(Who::Admin, "GET", &format!("/api/v1/groups/{group}/members")).await;
        assert!(members.text.contains("closed@bm.com"), "{}", members.text);
    }
}
