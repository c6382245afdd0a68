//! What an organisation wants done for whoever its identity provider closes: nothing, unless it has said so.

use crate::world::{Answer, Who, World, id_of};
use serde_json::{Value, json};

const POLICY: &str = "/api/v1/organisations/bm/departure-policy";

impl World {
    async fn set_policy(&self, policy: &Value) -> Answer {
        self.ask_with(Who::Admin, "PUT", POLICY, policy).await
    }

    /// The provider says that somebody is no longer active. Returns the account as it is then.
    async fn closed_by_provider(&self, address: &str) -> Value {
        let id = id_of(&self.app, address).await;
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "active", "value": false }]
        });
        let request = self.request(Who::Provider, "PATCH", &format!("/scim/v2/Users/{id}"));
        let request = request.header("content-type", "application/scim+json");
        let answer =
            self.send(Who::Provider, request.body(body.to_string().into()).expect("a request")).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        let account = self.ask(Who::Admin, "GET", &format!("/api/v1/accounts/{id}")).await.json();
        assert_eq!(
            (&account["state"], &account["deactivation"]["cause"]),
            (&json!("deactivated"), &json!("scim"))
        );
        account
    }

    async fn owner_of_item(&self) -> Value {
        self.ask(Who::Admin, "GET", &format!("/api/v1/content/{}", self.made.item)).await.json()["owner"]
            .clone()
    }
}

#[tokio::test]
async fn nothing_is_given_away_unless_the_organisation_has_said_so_r17() {
    let world = World::new().await;
    let shown = world.ask(Who::Admin, "GET", POLICY).await.json();
    assert_eq!(shown, json!({ "new_mail": { "do": "refuse" }, "content_to": null }));
    let before = world.owner_of_item().await;
    let account = world.closed_by_provider("user1@bm.com").await;
    assert_eq!(account["inbound"], json!([{ "until": null, "do": "refuse" }]));
    assert_eq!(world.owner_of_item().await, before);
}

#[tokio::test]
async fn whoever_the_provider_closes_is_followed_as_the_organisation_has_said() {
    let world = World::new().await;
    let redirect = json!({ "do": "redirect", "to": "user2@bm.com", "days": 30 });
    let policy = json!({ "new_mail": redirect, "content_to": "user2@bm.com" });
    assert_eq!(world.set_policy(&policy).await.json(), policy);
    let account = world.closed_by_provider("user1@bm.com").await;
    assert_eq!(
        account["inbound"],
        json!([
            { "until": "2026-12-21T10:00:00Z", "do": "accept", "copy": "none", "redirect_to": ["user2@bm.com"],
              "reply": null },
            { "until": null, "do": "refuse" }
        ])
    );
    assert_eq!(world.owner_of_item().await, json!(id_of(&world.app, "user2@bm.com").await));

    let reply = json!({ "new_mail": { "do": "reply", "text": "Partie.", "days": 7 }, "content_to": null });
    assert_eq!(world.set_policy(&reply).await.json(), reply);
    let account = world.closed_by_provider("guest@bm.com").await;
    assert_eq!(account["inbound"][0]["reply"], "Partie.");
}

#[tokio::test]
async fn a_policy_that_cannot_be_followed_keeps_nobody_open() {
    let world = World::new().await;
    let redirect = json!({ "do": "redirect", "to": "user1@bm.com", "days": 30 });
    let policy = json!({ "new_mail": redirect, "content_to": "guest@bm.com" });
    assert!(world.set_policy(&policy).await.status.is_success());
    // Mail of the successor's own would come back to them.
    let account = world.closed_by_provider("user1@bm.com").await;
    assert_eq!(account["inbound"], json!([{ "until": null, "do": "refuse" }]));
    let events = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/events?after=0&limit=200").await.text;
    assert!(events.contains("account.departure_policy_left_out"), "{events}");
}

#[tokio::test]
async fn a_policy_names_people_that_there_are_and_a_time() {
    let world = World::new().await;
    let mail = |mail: Value| json!({ "new_mail": mail });
    for (policy, code) in [
        (mail(json!({ "do": "reply", "text": " ", "days": 7 })), "departure_policy_text_invalid"),
        (mail(json!({ "do": "reply", "text": "Parti.", "days": 0 })), "departure_policy_days"),
        (mail(json!({ "do": "redirect", "to": "user1@bm.com", "days": 400 })), "departure_policy_days"),
        (
            mail(json!({ "do": "redirect", "to": "ceo@autre.com", "days": 7 })),
            "departure_policy_heir_unknown",
        ),
        (json!({ "content_to": "closed@bm.com" }), "departure_policy_heir_unknown"),
        (json!({ "content_to": "nobody@bm.com" }), "departure_policy_heir_unknown"),
    ] {
        assert_eq!(world.set_policy(&policy).await.code(), code, "{policy}");
    }
}
