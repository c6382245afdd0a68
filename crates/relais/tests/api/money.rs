//! Plans, subscriptions and the provision through the API: what is refused and how it is said, what is charged, frozen and
//! given back, to the cent. The clock is set forward where days have to pass.

use crate::world::{Answer, PASSWORD, Who, World};
use serde_json::{Value, json};

const BM: &str = "/api/v1/organisations/bm";
const SUBJECT: &str = "/api/v1/accounts/user1@bm.com";

impl World {
    async fn operator(&self, method: &str, path: &str, body: Value) -> Answer {
        let answer = self.ask_with(Who::Socket, method, path, &body).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text);
        answer
    }

    pub async fn offer(&self, name: &str, price_minor: i64, more: Value) {
        let mut terms = json!({
            "name": name, "price_minor": price_minor, "currency": "EUR", "period": "month", "aliases_max": null,
            "quota_bytes": null, "licence": "full",
        });
        more.as_object().expect("fields").iter().for_each(|(field, value)| terms[field] = value.clone());
        self.operator("POST", "/api/v1/subscriptions", terms).await;
    }

    async fn plan(&self, name: &str, more: Value) {
        let mut terms = json!({
            "name": name, "price_minor": 0, "currency": "EUR", "period": "month", "accounts_free": 1000,
            "accounts_max": null, "full_licences_max": null, "own_domains_max": null, "flexible_licences": false,
        });
        more.as_object().expect("fields").iter().for_each(|(field, value)| terms[field] = value.clone());
        self.operator("POST", "/api/v1/plans", terms).await;
    }

    pub async fn top_up(&self, amount_minor: i64) {
        let body = json!({ "amount_minor": amount_minor, "currency": "EUR" });
        self.operator("POST", &format!("{BM}/provision/top-ups"), body).await;
    }

    pub async fn subscribe(&self, account: &str, name: &str) -> Answer {
        let path = format!("/api/v1/accounts/{account}/subscription");
        self.ask_with(Who::Token, "PUT", &path, &json!({ "subscription": name })).await
    }

    pub async fn balance(&self) -> i64 {
        let provision = self.ask(Who::Token, "GET", &format!("{BM}/provision")).await.json();
        provision["balance_minor"].as_i64().expect("a number")
    }

    /// Every posting adds up, and to what the provision says.
    pub async fn check_ledger(&self) {
        let check = self.ask(Who::Token, "GET", &format!("{BM}/provision/check")).await.json();
        assert_eq!(check["broken_at"], Value::Null, "{check}");
        assert_eq!(check["balance_minor"], self.balance().await);
    }
}

/// M9: at once if the provision suffices, with what is missing if not; a person never changes their own.
#[tokio::test]
async fn a_subscription_is_refused_with_what_is_missing_and_given_at_once_after_a_top_up() {
    let world = World::new().await;
    world.offer("Base", 300, json!({})).await;
    world.top_up(120).await;
    let (path, body) = (format!("{SUBJECT}/subscription"), json!({ "subscription": "Base" }));
    let own = world.ask_with(Who::Subject, "PUT", &path, &body).await;
    assert_eq!((own.status.as_u16(), own.code().as_str()), (403, "not_allowed"));
    for (language, amount) in [("fr", "1,80\u{a0}EUR"), ("en", "1.80\u{a0}EUR")] {
        let request = world.request(Who::Manager, "PUT", &path).header("content-type", "application/json");
        let request = request.header("accept-language", language).body(body.to_string().into());
        let refused = world.send(Who::Manager, request.expect("a request")).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "provision_short"));
        assert!(refused.json()["detail"].as_str().expect("text").contains(amount), "{}", refused.text);
    }
    assert_eq!(world.balance().await, 120, "a refusal costs nothing");
    world.top_up(180).await;
    let given = world.ask_with(Who::Manager, "PUT", &path, &body).await;
    assert_eq!(given.status, 200, "{}", given.text);
    let term = &given.json()["term"];
    assert_eq!((&term["price_minor"], &term["days"]), (&json!(300), &json!(30)));
    assert_eq!(term["until"], "2026-12-21");
    assert_eq!(world.balance().await, 0);
    let again = world.ask_with(Who::Manager, "PUT", &path, &body).await;
    assert_eq!(again.json(), given.json(), "once, however often it is asked");
    world.check_ledger().await;
}

/// M15: what is not used up comes back, rounded down, when the account is deleted.
#[tokio::test]
async fn a_deletion_credits_the_unused_days_to_the_cent() {
    for (price, days_passed, credit) in
        [(1000, 0, 1000), (1000, 1, 966), (1000, 29, 33), (1000, 10, 666), (7, 20, 2)]
    {
        let world = World::new().await;
        world.offer("Base", price, json!({})).await;
        world.top_up(price).await;
        assert_eq!(world.subscribe("user1@bm.com", "Base").await.status, 200);
        world.clock.advance(24 * days_passed);
        world.operator("POST", &format!("{SUBJECT}/deactivate"), json!({})).await;
        world.clock.advance(24 * 90);
        world.backed_up("user1@bm.com").await;
        world.operator("DELETE", &format!("{SUBJECT}?content=erase"), json!({})).await;
        // From 21 November to 21 December: 30 days, of which the closed ones were not used up.
        assert_eq!(credit, price * (30 - days_passed) / 30);
        assert_eq!(world.balance().await, credit, "{price} after {days_passed} days");
        world.check_ledger().await;
    }
}

/// R9: a closed account uses up nothing, and its days go on where they stopped.
#[tokio::test]
async fn paid_days_freeze_with_the_account_and_resume_with_it() {
    let world = World::new().await;
    world.offer("Base", 300, json!({})).await;
    world.top_up(300).await;
    world.subscribe("user1@bm.com", "Base").await;
    world.clock.advance(24 * 10);
    let closed = world.operator("POST", &format!("{SUBJECT}/deactivate"), json!({})).await.json();
    assert_eq!((&closed["term"]["course"], &closed["term"]["unused_days"]), (&json!("frozen"), &json!(20)));
    world.clock.advance(24 * 100);
    world.app.work_once().await;
    let open = world.operator("POST", &format!("{SUBJECT}/reactivate"), json!({})).await.json();
    // 21 November and 110 days is 11 March; 20 days were left.
    assert_eq!((&open["term"]["course"], &open["term"]["until"]), (&json!("running"), &json!("2027-03-31")));
    assert_eq!(world.balance().await, 0, "nothing was charged meanwhile");
    world.check_ledger().await;
}

/// R2, R9: a deactivation frees the last licence for another account at once, and the way back waits for one.
#[tokio::test]
async fn a_closed_account_frees_its_licence_at_once() {
    let world = World::new().await;
    world.offer("Complet", 0, json!({})).await;
    let used = world.ask(Who::Token, "GET", &format!("{BM}/provision")).await.json()["licences"].clone();
    let full = used["full"].as_i64().expect("a number");
    world.plan("Juste", json!({ "full_licences_max": full })).await;
    world.operator("PUT", &format!("{BM}/plan"), json!({ "plan": "Juste" })).await;
    let body =
        json!({ "address": "neuf@bm.com", "name": "Neuf", "password": PASSWORD, "subscription": "Complet" });
    let refused = world.ask_with(Who::Token, "POST", &format!("{BM}/accounts"), &body).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "full_licences_used"));
    world.operator("POST", &format!("{SUBJECT}/deactivate"), json!({})).await;
    let made = world.ask_with(Who::Token, "POST", &format!("{BM}/accounts"), &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let back = world.ask_with(Who::Token, "POST", &format!("{SUBJECT}/reactivate"), &json!({})).await;
    assert_eq!(back.code(), "full_licences_used");
}

/// M6: each limit of a plan is said with its number; M11: so is that of a subscription's aliases.
#[tokio::test]
async fn every_limit_is_said_with_its_number_in_both_languages() {
    let world = World::new().await;
    let licences = world.ask(Who::Token, "GET", &format!("{BM}/provision")).await.json()["licences"].clone();
    let accounts = licences["accounts"].as_i64().expect("a number");
    world.offer("Cher", 900, json!({})).await;
    world.offer("Suisse", 100, json!({ "currency": "CHF" })).await;
    world.offer("Ancien", 0, json!({})).await;
    world.operator("POST", "/api/v1/subscriptions/Ancien/retire", json!({})).await;
    world.offer("Un alias", 0, json!({ "aliases_max": 1 })).await;
    world.offer("Sans alias", 0, json!({ "aliases_max": 0 })).await;
    world.plan("Plein", json!({ "accounts_max": accounts })).await;
    world.plan("Petit", json!({ "accounts_max": accounts - 1 })).await;
    world.plan("Payants", json!({ "accounts_free": accounts - 1 })).await;
    world.plan("Chère", json!({ "price_minor": 4900 })).await;
    assert_eq!(world.subscribe("user1@bm.com", "Un alias").await.status, 200);
    let newcomer = json!({ "address": "neuf@bm.com", "name": "Neuf", "password": PASSWORD });
    let accounts_path = format!("{BM}/accounts");
    let subscription = format!("{SUBJECT}/subscription");
    let (top_ups, corrections) = (format!("{BM}/provision/top-ups"), format!("{BM}/provision/corrections"));
    let plan = format!("{BM}/plan");
    let on = |plan: &str| json!({ "plan": plan });
    for (set_to, method, path, body, status, code, number) in [
        (Some("Plein"), "POST", &accounts_path, newcomer.clone(), 409, "plan_full", accounts.to_string()),
        (
            Some("Payants"),
            "POST",
            &accounts_path,
            newcomer,
            409,
            "subscription_needed",
            (accounts - 1).to_string(),
        ),
        (None, "PUT", &plan, on("Petit"), 409, "plan_too_small", (accounts - 1).to_string()),
        (None, "PUT", &plan, on("Chère"), 409, "provision_short", "49".into()),
        (None, "PUT", &plan, on("Nulle part"), 422, "offer_unknown", "Nulle part".into()),
        (None, "PUT", &subscription, json!({ "subscription": "Cher" }), 409, "provision_short", "9".into()),
        (
            None,
            "PUT",
            &subscription,
            json!({ "subscription": "Suisse" }),
            409,
            "currency_differs",
            "CHF".into(),
        ),
        (
            None,
            "PUT",
            &subscription,
            json!({ "subscription": "Ancien" }),
            409,
            "no_longer_offered",
            "Ancien".into(),
        ),
        (None, "PUT", &subscription, json!({ "subscription": "Sans alias" }), 409, "alias_limit", "0".into()),
        (None, "PUT", &subscription, json!({ "subscription": "Rien" }), 422, "offer_unknown", "Rien".into()),
        (None, "PUT", &subscription, json!({}), 422, "body_invalid", "subscription".into()),
        (
            None,
            "POST",
            &format!("{SUBJECT}/aliases"),
            json!({ "address": "a2@bm.com" }),
            409,
            "alias_limit",
            "1".into(),
        ),
        (
            None,
            "POST",
            &top_ups,
            json!({ "amount_minor": 0, "currency": "EUR" }),
            422,
            "amount_invalid",
            String::new(),
        ),
        (
            None,
            "POST",
            &top_ups,
            json!({ "amount_minor": 1, "currency": "CHF" }),
            409,
            "currency_differs",
            "CHF".into(),
        ),
        (
            None,
            "POST",
            &top_ups,
            json!({ "amount_minor": 1.5, "currency": "EUR" }),
            422,
            "body_invalid",
            "1.5".into(),
        ),
        (
            None,
            "POST",
            &top_ups,
            json!({ "amount_minor": 1, "currency": "EUR", "reference": " " }),
            422,
            "reference_invalid",
            String::new(),
        ),
        (
            None,
            "POST",
            &corrections,
            json!({ "amount_minor": -5, "reason": "essai" }),
            409,
            "provision_short",
            "0".into(),
        ),
        (
            None,
            "POST",
            &corrections,
            json!({ "amount_minor": 5, "reason": " " }),
            422,
            "reason_missing",
            String::new(),
        ),
    ] {
        if let Some(name) = set_to {
            world.operator("PUT", &plan, on(name)).await;
        }
        let mut sentences = Vec::new();
        for language in ["fr", "en"] {
            let request = world.request(Who::Socket, method, path).header("content-type", "application/json");
            let request = request.header("accept-language", language).body(body.to_string().into());
            let answer = world.send(Who::Socket, request.expect("a request")).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{path} {body}");
            let detail = answer.json()["detail"].as_str().expect("text").to_owned();
            assert!(detail.contains(&number) && detail.contains(';'), "{detail}");
            sentences.push(detail);
        }
        assert_ne!(sentences[0], sentences[1]);
    }
    world.check_ledger().await;
}

/// What was asked for is on record once, and what was offered once is never another.
#[tokio::test]
async fn offers_are_found_by_id_and_name_and_top_ups_count_once() {
    let world = World::new().await;
    world.offer("Base", 300, json!({})).await;
    let named = world.ask(Who::Manager, "GET", "/api/v1/subscriptions/Base").await.json();
    let id = named["id"].as_str().expect("an id");
    assert_eq!(world.ask(Who::Manager, "GET", &format!("/api/v1/subscriptions/{id}")).await.json(), named);
    let twice = json!({
        "name": "Base", "price_minor": 1, "currency": "EUR", "period": "year", "aliases_max": null,
        "quota_bytes": null, "licence": "full",
    });
    let twice = world.ask_with(Who::Socket, "POST", "/api/v1/subscriptions", &twice).await;
    assert_eq!(twice.code(), "conflict");
    let path = format!("{BM}/provision/top-ups");
    let body = json!({ "amount_minor": 900, "currency": "EUR", "reference": "virement 1" });
    let first = world.operator("POST", &path, body.clone()).await;
    assert_eq!(world.operator("POST", &path, body).await.json(), first.json());
    let listed = world.ask(Who::Token, "GET", first.headers["location"].to_str().expect("text")).await;
    assert_eq!(listed.json(), json!([first.json()]));
    let other = json!({ "amount_minor": 901, "currency": "EUR", "reference": "virement 1" });
    assert_eq!(world.ask_with(Who::Socket, "POST", &path, &other).await.code(), "payment_differs");
    assert_eq!(world.balance().await, 900);
    let made = json!({ "address": "neuf@bm.com", "name": "Neuf", "password": PASSWORD, "subscription": id });
    assert_eq!(world.operator("POST", &format!("{BM}/accounts"), made).await.json()["subscription"], id);
    assert_eq!(world.balance().await, 600);
    let forecast = world.ask(Who::Token, "GET", &format!("{BM}/provision/forecast")).await.json();
    let expected = json!([{
        "on": "2026-12-21", "name": "Base", "accounts": 1, "amount_minor": 300, "balance_minor": 300
    }]);
    assert_eq!(forecast, expected);
}

/// X12: the plan of a departure says what it frees and what its deletion will give back, and the certificate what it gave.
#[tokio::test]
async fn a_departure_says_what_it_frees_and_credits() {
    let world = World::new().await;
    world.offer("Base", 1000, json!({})).await;
    world.top_up(1000).await;
    world.subscribe("user1@bm.com", "Base").await;
    world.clock.advance(24 * 10);
    let order = json!({ "to": "user2@bm.com", "delete_after": "2026-12-05T00:00:00Z" });
    let plan = world.ask_with(Who::Token, "POST", &format!("{SUBJECT}/departure/plan"), &order).await.json();
    let credit = json!({ "amount_minor": 666, "currency": "EUR" });
    assert_eq!((&plan["findings"]["subscription"], &plan["findings"]["credit"]), (&json!("Base"), &credit));
    let started = world.operator("POST", &format!("{SUBJECT}/departure"), order).await;
    world.app.work_once().await;
    world.clock.advance(24 * 10);
    world.app.work_once().await;
    assert_eq!(world.balance().await, 666);
    let path = format!("{}/certificate", started.headers["location"].to_str().expect("text"));
    let certificate = world.ask(Who::Token, "GET", &path).await;
    assert_eq!(certificate.status, 200, "{}", certificate.text);
    let request = world.request(Who::Token, "GET", &path).header("accept", "text/html");
    let page = world.send(Who::Token, request.body(axum::body::Body::empty()).expect("a request")).await;
    assert!(
        page.text.contains("<dd>Base</dd>") && page.text.contains("6,66\u{a0}EUR à la provision"),
        "{}",
        page.text
    );
    world.check_ledger().await;
}
