//! Domains at the API: what an admin is told to do, and what is refused.

use crate::world::{Who, World};
use serde_json::json;

const DOMAINS: &str = "/api/v1/organisations/bm/domains";

/// M3: until it is proven, a domain is a record to publish and nothing more.
#[tokio::test]
async fn an_admin_claims_a_domain_and_is_told_what_to_publish() {
    let world = World::new().await;
    let asked = json!({ "name": "Été.fr" });
    let claimed = world.ask_with(Who::Admin, "POST", DOMAINS, &asked).await;
    assert_eq!(claimed.status, 201, "{}", claimed.text);
    let claim = claimed.json();
    assert_eq!(
        (&claim["status"], &claim["name"], &claim["unicode"]),
        (&json!("claimed"), &json!("xn--t-9fab.fr"), &json!("été.fr"))
    );
    assert_eq!(claim["record"]["name"], "_relais.xn--t-9fab.fr");
    let value = claim["record"]["value"].as_str().expect("a text");
    assert!(
        value.strip_prefix("relais-domain-verification=").is_some_and(|token| token.len() == 32),
        "{value}"
    );
    let location = claimed.headers["location"].to_str().expect("text").to_owned();
    assert_eq!(world.ask(Who::Manager, "GET", &location).await.json(), claim);
    assert_eq!(
        world.ask_with(Who::Admin, "POST", DOMAINS, &asked).await.json(),
        claim,
        "again: the same record"
    );

    let account = json!({ "address": "anne@été.fr", "name": "Anne" });
    let refused = world.ask_with(Who::Admin, "POST", "/api/v1/organisations/bm/accounts", &account).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "domain_not_proven"));
    let detail = refused.json()["detail"].as_str().expect("a text").to_owned();
    assert!(
        detail.contains(value) && detail.contains("_relais.xn--t-9fab.fr") && detail.contains("été.fr"),
        "{detail}"
    );
    assert_eq!(world.ask(Who::Admin, "DELETE", &format!("{DOMAINS}/%C3%A9t%C3%A9.fr")).await.status, 204);
    assert_eq!(world.ask(Who::Admin, "GET", &location).await.status, 404);
}

#[tokio::test]
async fn only_the_operator_does_without_a_proof_and_may_ask_for_one() {
    let world = World::new().await;
    for (who, proof, expected) in [
        (Who::Admin, "waived", "not_allowed"),
        (Who::Token, "waived", "not_allowed"),
        (Who::Manager, "record", "not_allowed"),
        (Who::Token, "record", "claimed"),
        (Who::Socket, "record", "claimed"),
    ] {
        let answer =
            world.ask_with(who, "POST", DOMAINS, &json!({ "name": "neuf.fr", "proof": proof })).await;
        let outcome = if answer.status.is_success() {
            answer.json()["status"].as_str().expect("a text").to_owned()
        } else {
            answer.code()
        };
        assert_eq!(outcome, expected, "{who:?} {proof}");
    }
    let hosted = world.ask_with(Who::Socket, "POST", DOMAINS, &json!({ "name": "neuf.fr" })).await.json();
    assert_eq!(hosted["status"], "hosted");
    let names: Vec<_> = world
        .ask(Who::Admin, "GET", DOMAINS)
        .await
        .json()
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| {
            format!("{} {}", entry["name"].as_str().expect("text"), entry["status"].as_str().expect("text"))
        })
        .collect();
    assert_eq!(names, ["bm.com hosted", "host.net hosted", "neuf.fr hosted", "claimed.fr claimed"]);
    for name in ["bm", "a b.fr", "-a.fr", "xn--a.fr"] {
        let answer = world.ask_with(Who::Admin, "POST", DOMAINS, &json!({ "name": name })).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "domain_invalid"), "{name}");
    }
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_catch_all_or_a_removal_is_named() {
    let world = World::new().await;
    let catch_all = |to: &str| json!({ "to": to });
    for (path, to, expected) in [
        ("bm.com", "info@bm.com", "ok"),
        ("bm.com", "ventes@bm.com", "ok"),
        ("bm.com", "départs", "ok"),
        ("bm.com", "user1@bm.com", "ok"),
        ("bm.com", "closed@bm.com", "target_not_active"),
        ("bm.com", "deleted@bm.com", "not_found"),
        ("bm.com", "nobody@bm.com", "not_found"),
        ("bm.com", "ceo@autre.com", "not_found"),
        ("host.net", "user1@bm.com", "domain_is_provider"),
        ("claimed.fr", "user1@bm.com", "not_found"),
        ("autre.com", "user1@bm.com", "not_found"),
    ] {
        let path = format!("{DOMAINS}/{path}/catch-all");
        let answer = world.ask_with(Who::Admin, "PUT", &path, &catch_all(to)).await;
        assert_eq!(answer.outcome(), expected, "{path} {to}: {}", answer.text);
    }
    let explained = world.ask(Who::Manager, "GET", "/api/v1/explain/typo@bm.com").await;
    assert!(
        explained.text.contains("catch_all") && explained.text.contains("user1@bm.com"),
        "{}",
        explained.text
    );
    // Sent back to an address that was never made, the mail would come round.
    let back = json!([{ "until": null, "do": "accept", "copy": "none", "redirect_to": ["typo@bm.com"] }]);
    let looped = world.ask_with(Who::Admin, "PUT", "/api/v1/accounts/user1@bm.com/inbound", &back).await;
    assert_eq!(looped.code(), "redirect_loop", "{}", looped.text);
    let fine = world.ask_with(Who::Admin, "PUT", "/api/v1/accounts/user2@bm.com/inbound", &back).await;
    assert_eq!(fine.outcome(), "ok", "{}", fine.text);
    let looped = world
        .ask_with(Who::Admin, "PUT", &format!("{DOMAINS}/bm.com/catch-all"), &catch_all("user2@bm.com"))
        .await;
    assert_eq!(looped.code(), "redirect_loop", "{}", looped.text);
    let explained = world.ask(Who::Manager, "GET", "/api/v1/explain/typo@bm.com").await;
    assert!(explained.text.contains("user1@bm.com"), "the refused change is not kept: {}", explained.text);

    let refused = world.ask(Who::Admin, "DELETE", &format!("{DOMAINS}/bm.com")).await;
    assert_eq!(refused.code(), "domain_in_use");
    assert!(refused.text.contains("admin@bm.com"), "{}", refused.text);
    let provider = world.ask(Who::Admin, "DELETE", &format!("{DOMAINS}/host.net")).await;
    assert_eq!(provider.code(), "domain_is_provider");
    let alien = world.ask(Who::Admin, "DELETE", &format!("{DOMAINS}/autre.com")).await;
    assert_eq!(alien.code(), "not_found");
}

#[tokio::test]
async fn readiness_answers_in_the_language_asked_for_and_only_for_the_domain_s_own_addresses() {
    let world = World::new().await;
    let path = format!("{DOMAINS}/claimed.fr/readiness?expect=anne@claimed.fr,%20info@claimed.fr");
    for (language, word) in [("fr", "publiez"), ("en", "publish")] {
        let answer = world.ask_in(language, Who::Manager, "GET", &path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let found = answer.json();
        assert_eq!(found["missing"], json!(["anne@claimed.fr", "info@claimed.fr"]));
        assert_eq!(found["warnings"], json!(["not_proven"]));
        assert!(found["advice"][0].as_str().is_some_and(|text| text.contains(word)), "{found}");
        assert_eq!(found["records"][0]["recommended"], "10 mail.bm.com.");
    }
    for (expected, code) in [("nobody", "address_invalid"), ("anne@bm.fr", "query_invalid")] {
        let path = format!("{DOMAINS}/bm.com/readiness?expect={expected}");
        assert_eq!(world.ask(Who::Admin, "GET", &path).await.code(), code);
    }
}

/// M7: who has the mail of reserved addresses, as a company admin and the operator see it.
#[tokio::test]
async fn the_operator_s_address_is_set_once_it_leads_somewhere_else() {
    let world = World::new().await;
    const PATH: &str = "/api/v1/operator/address";
    for (text, expected) in [
        ("abuse@bm.com", "address_reserved"),
        ("postmaster+x@host.net", "address_reserved"),
        ("nobody@bm.com", "redirect_nowhere"),
        ("ops@far.example", "ok"),
        ("ceo@autre.com", "ok"),
    ] {
        let answer = world.ask_with(Who::Socket, "PUT", PATH, &json!({ "address": text })).await;
        assert_eq!(answer.outcome(), expected, "{text}: {}", answer.text);
    }
    assert_eq!(world.ask(Who::Socket, "GET", PATH).await.json(), json!({ "address": "ceo@autre.com" }));
    let ours = world.ask(Who::Admin, "GET", "/api/v1/explain/abuse@bm.com").await;
    assert!(
        ours.text.contains("operator") && !ours.text.contains("Nom de ceo"),
        "another organisation is outside: {}",
        ours.text
    );
    let owners = world.ask(Who::Admin, "GET", "/api/v1/explain/support@bm.com").await;
    assert!(
        owners.text.contains("\"keeper\":\"owner\"") && owners.text.contains("owner@bm.com"),
        "{}",
        owners.text
    );
    assert_eq!(world.ask(Who::Socket, "DELETE", PATH).await.status, 204);
    assert_eq!(world.ask(Who::Socket, "GET", PATH).await.json(), json!(null));
}

#[tokio::test]
async fn an_owner_hands_over_and_an_organisation_is_renamed() {
    let world = World::new().await;
    let heir = |to: &str| json!({ "account": to });
    for (to, expected) in [
        ("closed@bm.com", "successor_not_active"),
        ("invited@bm.com", "successor_not_active"),
        ("ceo@autre.com", "not_found"),
        ("user2@bm.com", "ok"),
    ] {
        let answer = world.ask_with(Who::Owner, "POST", "/api/v1/organisations/bm/owner", &heir(to)).await;
        assert_eq!(answer.outcome(), expected, "{to}: {}", answer.text);
    }
    let role = async |of: &str| {
        world.ask(Who::Socket, "GET", &format!("/api/v1/accounts/{of}")).await.json()["role"].clone()
    };
    assert_eq!(
        (role("user2@bm.com").await, role("owner@bm.com").await),
        (json!("owner"), json!("company_admin"))
    );
    assert_eq!(
        world.ask(Who::Owner, "GET", "/api/v1/me").await.status,
        401,
        "signs in again, as what they are now"
    );
    let explained = world.ask(Who::Admin, "GET", "/api/v1/explain/postmaster@bm.com").await;
    assert!(explained.text.contains("user2@bm.com"), "{}", explained.text);

    let changed =
        world.ask_with(Who::Admin, "PATCH", "/api/v1/organisations/bm", &json!({ "name": "BM & Cie" })).await;
    assert_eq!((&changed.json()["name"], &changed.json()["language"]), (&json!("BM & Cie"), &json!("fr")));
    let taken = json!({ "name": "autre" });
    let id = changed.json()["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/organisations/{id}");
    assert_eq!(world.ask_with(Who::Admin, "PATCH", &path, &taken).await.code(), "conflict");
    assert_eq!(
        world.ask_with(Who::Admin, "PATCH", &path, &json!({ "name": " " })).await.code(),
        "name_invalid"
    );
    let kinds: Vec<_> = world
        .ask(Who::Admin, "GET", &format!("{path}/events?limit=200"))
        .await
        .json()
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| event["kind"].as_str().expect("a text").to_owned())
        .collect();
    assert!(
        kinds.ends_with(&[
            "account.role_set".into(),
            "account.role_set".into(),
            "organisation.owner_set".into(),
            "organisation.changed".into()
        ]),
        "{kinds:?}"
    );
}
