//! Accounts that machines make are on what their organisation has said, and are made in any case.

use crate::scim::error;
use crate::world::{Answer, Who, World};
use serde_json::{Value, json};

const DEFAULT: &str = "/api/v1/organisations/bm/default-subscription";

impl World {
    async fn set_default(&self, subscription: Value) -> Answer {
        self.ask_with(Who::Admin, "PUT", DEFAULT, &json!({ "subscription": subscription })).await
    }

    /// What an account is on, by name.
    async fn is_on(&self, address: &str) -> Option<String> {
        let account = self.ask(Who::Admin, "GET", &format!("/api/v1/accounts/{address}")).await.json();
        let id = account["subscription"].as_str()?.to_owned();
        let offer = self.ask(Who::Admin, "GET", &format!("/api/v1/subscriptions/{id}")).await.json();
        Some(offer["name"].as_str().expect("a name").to_owned())
    }

    /// Why each was made without, who was.
    async fn left_out(&self) -> Vec<String> {
        let path = "/api/v1/organisations/bm/events?after=0&limit=200";
        let events = self.ask(Who::Admin, "GET", path).await.json();
        let events = events.as_array().expect("events").iter();
        events
            .filter(|event| event["kind"] == "account.default_subscription_left_out")
            .map(|event| event["detail"]["because"].as_str().expect("a code").to_owned())
            .collect()
    }
}

#[tokio::test]
async fn whoever_a_provider_makes_is_on_what_the_organisation_has_said() {
    let world = World::new().await;
    world.offer("Base", 300, json!({})).await;
    world.made(&json!({ "userName": "avant@bm.com" })).await;
    let set = world.set_default(json!("Base")).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let organisation = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm").await.json();
    assert_eq!(organisation["default_subscription"], set.json()["default_subscription"]);
    world.top_up(300).await;
    // Whoever is invited pays nothing yet; whoever has a password does, as long as there is something to pay with.
    world.made(&json!({ "userName": "invite@bm.com" })).await;
    let secret = "un assez long secret";
    world.made(&json!({ "userName": "un@bm.com", "password": secret })).await;
    assert_eq!(world.balance().await, 0);
    world.made(&json!({ "userName": "deux@bm.com", "password": secret })).await;
    world.made(&json!({ "userName": "hote@bm.com", "roles": [{ "value": "guest" }] })).await;
    for (address, expected) in [
        ("avant@bm.com", None),
        ("invite@bm.com", Some("Base")),
        ("un@bm.com", Some("Base")),
        ("deux@bm.com", None),
        ("hote@bm.com", None),
    ] {
        assert_eq!(world.is_on(address).await.as_deref(), expected, "{address}");
    }
    assert_eq!(world.left_out().await, ["provision_short"]);
    let made = world.ask(Who::Admin, "GET", "/api/v1/accounts/deux@bm.com").await.json();
    assert_eq!(made["state"], "active");
    // What an administrator makes is as they say.
    let by_hand = json!({ "address": "main@bm.com", "name": "À la main" });
    world.ask_with(Who::Admin, "POST", "/api/v1/organisations/bm/accounts", &by_hand).await;
    assert_eq!(world.is_on("main@bm.com").await, None);
    // A refusal that has nothing to do with it stays one, and is told as itself.
    let taken = world
        .scim("POST", "/Users", &json!({ "userName": "x", "emails": [{ "value": "ventes@bm.com" }] }))
        .await;
    assert_eq!(error(&taken), (409, "uniqueness".into()), "{}", taken.text);
    assert_eq!(world.set_default(Value::Null).await.status, 200);
    world.made(&json!({ "userName": "apres@bm.com" })).await;
    assert_eq!(world.is_on("apres@bm.com").await, None);
    world.check_ledger().await;
}

#[tokio::test]
async fn only_what_is_offered_to_the_organisation_is_what_newcomers_are_on() {
    let world = World::new().await;
    world.offer("Francs", 300, json!({ "currency": "CHF" })).await;
    world.offer("Ancien", 300, json!({})).await;
    let retire = world.ask(Who::Socket, "POST", "/api/v1/subscriptions/Ancien/retire").await;
    assert_eq!(retire.status, 200, "{}", retire.text);
    assert_eq!(world.set_default(json!("Francs")).await.code(), "currency_differs");
    assert_eq!(world.set_default(json!("Ancien")).await.code(), "no_longer_offered");
    assert_eq!(world.set_default(json!("Rien")).await.status, 422);
    // What is retired later keeps nobody out.
    world.offer("Base", 0, json!({})).await;
    assert_eq!(world.set_default(json!("Base")).await.status, 200);
    world.ask(Who::Socket, "POST", "/api/v1/subscriptions/Base/retire").await;
    world.made(&json!({ "userName": "tard@bm.com" })).await;
    assert_eq!(world.is_on("tard@bm.com").await, None);
    assert_eq!(world.left_out().await, ["no_longer_offered"]);
}
