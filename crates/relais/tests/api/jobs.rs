//! One act on many accounts.

use crate::world::{PASSWORD, Who, World, account};
use relais_app::core::authority::Role;
use serde_json::{Value, json};

const JOBS: &str = "/api/v1/organisations/bm/jobs";

fn order(act: &Value, run: &str, on: &Value) -> Value {
    json!({ "act": act, "run": run, "on": on })
}

impl World {
    async fn order(&self, act: Value, run: &str, on: Value) -> Value {
        let answer = self.ask_with(Who::Admin, "POST", JOBS, &order(&act, run, &on)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    async fn state_of(&self, address: &str) -> Value {
        let found = self.ask(Who::Admin, "GET", &format!("/api/v1/accounts/{address}")).await;
        found.json()["state"].clone()
    }

    async fn staff(&self, count: usize) {
        for number in 0..count {
            let address = format!("agent{number:03}@bm.com");
            account(&self.app, self.made.bm, &address, Role::Member).await;
        }
    }
}

fn outcomes(job: &Value) -> Vec<(&str, &str)> {
    let results = job["results"].as_array().expect("results");
    let mut lines = Vec::new();
    for item in results {
        let said = item["refusals"][0]["code"].as_str().or(item["outcome"].as_str());
        lines.push((item["address"].as_str().expect("an address"), said.expect("an outcome")));
    }
    lines
}

#[tokio::test]
async fn a_few_are_answered_at_once_each_with_a_result_of_its_own() {
    let world = World::new().await;
    let on = json!({ "accounts": ["user1@bm.com", "owner@bm.com", "closed@bm.com", "admin@bm.com", "user1@bm.com"] });
    let expected = [
        ("user1@bm.com", "changed"),
        ("owner@bm.com", "owner_cannot_leave"),
        ("closed@bm.com", "unchanged"),
        ("admin@bm.com", "revoke_role_first"),
    ];
    let tried = world.order(json!({ "do": "deactivate" }), "dry", on.clone()).await;
    assert_eq!(outcomes(&tried), expected);
    assert_eq!(world.state_of("user1@bm.com").await, "active", "a dry run keeps nothing");
    let done = world.order(json!({ "do": "deactivate" }), "apply", on.clone()).await;
    assert_eq!(outcomes(&done), expected);
    assert_eq!((&done["changed"], &done["unchanged"], &done["refused"]), (&json!(1), &json!(1), &json!(2)));
    assert_eq!(done["state"], "finished");
    assert_eq!(world.state_of("user1@bm.com").await, "deactivated");
    let back = world.order(json!({ "do": "reactivate" }), "apply", on).await;
    assert_eq!(back["changed"], json!(2));
}

#[tokio::test]
async fn a_dry_run_meets_what_its_accounts_take_from_each_other() {
    let world = World::new().await;
    // The only two admins of a group, neither of whom leads the organisation.
    for member in ["user1@bm.com", "user2@bm.com"] {
        let path = format!("/api/v1/groups/ventes@bm.com/members/{member}");
        let set = world.ask_with(Who::Admin, "PUT", &path, &json!({ "role": "admin" })).await;
        assert!(set.status.is_success(), "{}", set.text);
    }
    let on = json!({ "accounts": ["user1@bm.com", "user2@bm.com"] });
    for run in ["dry", "apply"] {
        let job = world.order(json!({ "do": "deactivate" }), run, on.clone()).await;
        assert_eq!(outcomes(&job), [("user1@bm.com", "changed"), ("user2@bm.com", "only_group_admin")]);
    }
}

#[tokio::test]
async fn many_are_done_behind_the_answer_and_can_be_followed_and_written_out() {
    let world = World::new().await;
    world.staff(120).await;
    let on = json!({ "filter": { "search": "agent" } });
    let job = world.order(json!({ "do": "deactivate" }), "apply", on.clone()).await;
    assert_eq!(
        (&job["items"], &job["state"], &job["results"]),
        (&json!(120), &json!("running"), &Value::Null)
    );
    world.app.work_once().await;
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().expect("an id"));
    let done = world.ask(Who::Admin, "GET", &path).await.json();
    assert_eq!((&done["state"], &done["changed"]), (&json!("finished"), &json!(120)));
    assert_eq!(world.state_of("agent119@bm.com").await, "deactivated");
    let page = world.ask(Who::Admin, "GET", &format!("{path}/items?after=100&limit=50")).await.json();
    assert_eq!(page.as_array().map(Vec::len), Some(20));
    assert_eq!(page[0]["number"], 101);
    let refused = world.ask(Who::Admin, "GET", &format!("{path}/items?outcome=refused")).await.json();
    assert_eq!(refused, json!([]));
    let csv = world.ask(Who::Admin, "GET", &format!("{path}/items.csv")).await;
    assert!(csv.headers["content-type"].to_str().expect("text").starts_with("text/csv"));
    assert_eq!(csv.text.lines().count(), 121);
    assert!(csv.text.starts_with("number,account,address,outcome,code,french,english\r\n"), "{}", csv.text);
    assert_eq!(world.ask(Who::Admin, "POST", &format!("{path}/cancel")).await.code(), "job_over");
}

#[tokio::test]
async fn a_cancelled_job_leaves_the_rest_as_it_was() {
    let world = World::new().await;
    world.staff(60).await;
    let on = json!({ "filter": { "search": "agent", "states": ["active"] } });
    let job = world.order(json!({ "do": "deactivate" }), "apply", on).await;
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().expect("an id"));
    let stopped = world.ask(Who::Admin, "POST", &format!("{path}/cancel")).await.json();
    assert_eq!((&stopped["state"], &stopped["items_done"]), (&json!("cancelled"), &json!(0)));
    world.app.work_once().await;
    assert_eq!(world.state_of("agent000@bm.com").await, "active");
    let items = world.ask(Who::Admin, "GET", &format!("{path}/items?limit=1")).await.json();
    assert_eq!(items[0]["outcome"], Value::Null);
}

#[tokio::test]
async fn roles_groups_and_subscriptions_are_set_for_many() {
    let world = World::new().await;
    let on = json!({ "accounts": ["user1@bm.com", "user2@bm.com"] });
    let made = json!({ "name": "Achats" });
    let group = world.ask_with(Who::Admin, "POST", "/api/v1/organisations/bm/groups", &made).await.json();
    let join = json!({ "do": "join_group", "group": group["id"], "role": "member" });
    for (act, changed) in [
        (json!({ "do": "set_role", "role": "guest" }), 2),
        (join.clone(), 2),
        (join, 0),
        (json!({ "do": "leave_group", "group": group["id"] }), 2),
        (json!({ "do": "set_subscription", "subscription": null }), 0),
    ] {
        let job = world.order(act.clone(), "apply", on.clone()).await;
        assert_eq!(job["changed"], json!(changed), "{act}: {job}");
    }
}

#[tokio::test]
async fn whoever_may_not_do_it_to_one_may_not_order_it_for_many() {
    let world = World::new().await;
    let on = json!({ "accounts": ["user2@bm.com"] });
    let act = json!({ "do": "deactivate" });
    for who in [Who::Manager, Who::Member, Who::Application] {
        let answer = world.ask_with(who, "POST", JOBS, &order(&act, "apply", &on)).await;
        assert!(["not_allowed", "not_found"].contains(&answer.code().as_str()), "{who:?}");
    }
    // An account of another organisation is not there.
    let elsewhere = json!({ "accounts": ["ceo@autre.com"] });
    let answer = world.ask_with(Who::Admin, "POST", JOBS, &order(&act, "dry", &elsewhere)).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    // Signing in still works: nothing happened.
    let login = json!({ "login": "user2@bm.com", "password": PASSWORD });
    assert_eq!(world.ask_with(Who::Nobody, "POST", "/api/v1/sessions", &login).await.status, 201);
}
