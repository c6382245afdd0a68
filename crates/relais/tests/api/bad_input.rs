//! What cannot be read is refused with a sentence in both languages, and changes nothing.

use crate::world::{Who, World};
use axum::body::Body;
use serde_json::json;

const JSON: &str = "application/json";

struct Bad {
    method: &'static str,
    path: &'static str,
    kind: &'static str,
    body: Vec<u8>,
    expected: (u16, &'static str),
}

fn bad(
    method: &'static str,
    path: &'static str,
    kind: &'static str,
    body: impl Into<Vec<u8>>,
    status: u16,
    code: &'static str,
) -> Bad {
    Bad { method, path, kind, body: body.into(), expected: (status, code) }
}

fn bodies() -> Vec<Bad> {
    let accounts = "/api/v1/organisations/bm/accounts";
    let alias = "/api/v1/accounts/user1@bm.com/aliases";
    let inbound = "/api/v1/accounts/user1@bm.com/inbound";
    let deep = "[".repeat(100_000);
    vec![
        bad("POST", alias, JSON, "{", 400, "body_syntax"),
        bad("POST", alias, JSON, "", 400, "body_syntax"),
        bad("POST", alias, JSON, deep, 422, "body_invalid"),
        bad("POST", alias, JSON, b"{\"address\":\"\xff@bm.com\"}".to_vec(), 400, "body_syntax"),
        bad("POST", alias, JSON, "{\"address\":\"x@bm.com\"} trailing", 400, "body_syntax"),
        bad("POST", alias, JSON, "{}", 422, "body_invalid"),
        bad("POST", alias, JSON, "[]", 422, "body_invalid"),
        bad("POST", alias, JSON, "{\"address\":7}", 422, "body_invalid"),
        bad("POST", alias, JSON, "{\"address\":\"nowhere\"}", 422, "body_invalid"),
        bad("POST", alias, JSON, "{\"address\":\"a\\u0000@bm.com\"}", 422, "body_invalid"),
        bad("POST", alias, JSON, "{\"address\":\"x@bm.com\",\"more\":1}", 422, "body_invalid"),
        bad("POST", alias, "text/plain", "{\"address\":\"x@bm.com\"}", 415, "body_not_json"),
        bad("POST", alias, "", "{\"address\":\"x@bm.com\"}", 415, "body_not_json"),
        bad("POST", alias, JSON, vec![b' '; (1 << 20) + 1], 413, "body_too_large"),
        bad("POST", "/api/v1/accounts/user1@bm.com/deactivate", "text/plain", "now", 415, "body_not_json"),
        bad(
            "POST",
            "/api/v1/accounts/user1@bm.com/deactivate",
            JSON,
            "{\"cause\":\"scim\"}",
            422,
            "body_invalid",
        ),
        bad("POST", accounts, JSON, "{\"address\":\"x@bm.com\",\"name\":\"\"}", 422, "name_invalid"),
        bad("POST", accounts, JSON, "{\"address\":\"x@bm.com\",\"name\":\"a\\nb\"}", 422, "name_invalid"),
        bad(
            "POST",
            accounts,
            JSON,
            "{\"address\":\"x@bm.com\",\"name\":\"x\",\"password\":\"short\"}",
            422,
            "password_length",
        ),
        bad(
            "POST",
            accounts,
            JSON,
            "{\"address\":\"x@bm.com\",\"name\":\"x\",\"role\":\"king\"}",
            422,
            "body_invalid",
        ),
        bad("PUT", inbound, JSON, "[]", 422, "inbound_phases"),
        bad(
            "PUT",
            inbound,
            JSON,
            "[{\"until\":null,\"do\":\"accept\",\"copy\":\"none\"}]",
            422,
            "inbound_drops_mail",
        ),
        bad("PUT", inbound, JSON, "[{\"until\":null,\"do\":\"drop\"}]", 422, "body_invalid"),
        bad(
            "PUT",
            inbound,
            JSON,
            "[{\"until\":null,\"do\":\"accept\",\"copy\":\"keep\",\"redirectTo\":[\"x@bm.com\"]}]",
            422,
            "body_invalid",
        ),
        bad("PUT", inbound, JSON, "[{\"until\":\"tomorrow\",\"do\":\"refuse\"}]", 422, "body_invalid"),
        bad(
            "POST",
            "/api/v1/accounts/user1@bm.com/departure",
            JSON,
            "{\"too\":\"user2@bm.com\"}",
            422,
            "body_invalid",
        ),
        bad(
            "POST",
            "/api/v1/accounts/user1@bm.com/departure",
            JSON,
            "{\"on\":\"2020-01-01T00:00:00Z\"}",
            422,
            "date_in_the_past",
        ),
        bad(
            "POST",
            "/api/v1/accounts/closed@bm.com/grants",
            JSON,
            "{\"reason\":\" \",\"ends_at\":\"2026-12-01T00:00:00Z\"}",
            422,
            "reason_missing",
        ),
        bad("POST", "/api/v1/organisations/bm/domains", JSON, "{\"name\":\"-\"}", 422, "domain_invalid"),
    ]
}

fn paths() -> Vec<Bad> {
    vec![
        bad("GET", "/api/v1/accounts/nothing", "", "", 400, "id_invalid"),
        bad("GET", "/api/v1/accounts/org-0000000000001", "", "", 400, "id_invalid"),
        bad("GET", "/api/v1/accounts/acc-7zzzzzzzzzzzz", "", "", 404, "not_found"),
        bad("GET", "/api/v1/accounts/personne@bm.com", "", "", 404, "not_found"),
        bad("GET", "/api/v1/accounts/x@ailleurs.org", "", "", 404, "not_found"),
        bad("GET", "/api/v1/accounts/%ff@bm.com", "", "", 400, "path_invalid"),
        bad("GET", "/api/v1/organisations/inconnue", "", "", 404, "not_found"),
        bad("GET", "/api/v1/departures/7", "", "", 400, "id_invalid"),
        bad("GET", "/api/v1/addresses/nothing", "", "", 400, "address_invalid"),
        bad("GET", "/api/v1/explain/nothing", "", "", 400, "address_invalid"),
        bad("DELETE", "/api/v1/organisations/bm/tokens/x", "", "", 400, "id_invalid"),
        bad("GET", "/api/v1/organisations/bm/accounts?limit=0", "", "", 400, "query_invalid"),
        bad("GET", "/api/v1/organisations/bm/accounts?limit=201", "", "", 400, "query_invalid"),
        bad("GET", "/api/v1/organisations/bm/accounts?state=asleep", "", "", 400, "query_invalid"),
        bad("GET", "/api/v1/organisations/bm/accounts?stat=active", "", "", 400, "query_invalid"),
        bad("GET", "/api/v1/organisations/bm/events?after=x", "", "", 400, "query_invalid"),
        bad("GET", "/api/v1/nothing", "", "", 404, "no_such_route"),
        bad("GET", "/", "", "", 404, "no_such_route"),
        bad("PATCH", "/api/v1/me", "", "", 405, "method_not_allowed"),
    ]
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_what_to_do() {
    let world = World::new().await;
    let events = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/events/verify").await.json();
    for case in bodies().into_iter().chain(paths()) {
        let mut details = Vec::new();
        for language in ["fr", "en"] {
            let mut request =
                world.request(Who::Socket, case.method, case.path).header("accept-language", language);
            if !case.kind.is_empty() {
                request = request.header("content-type", case.kind);
            }
            let request = request.body(Body::from(case.body.clone())).expect("a request");
            let answer = world.send(Who::Socket, request).await;
            let what = format!(
                "{} {} {:?}",
                case.method,
                case.path,
                String::from_utf8_lossy(&case.body[..case.body.len().min(80)])
            );
            assert_eq!(
                (answer.status.as_u16(), answer.code().as_str()),
                case.expected,
                "{what}: {}",
                answer.text
            );
            assert_eq!(answer.headers["content-language"], language);
            let problem = answer.json();
            assert_eq!(problem["status"], answer.status.as_u16());
            let detail = problem["detail"].as_str().expect("a sentence").to_owned();
            assert!(detail.contains(';'), "{what}: {detail} says what to do after a semicolon");
            details.push(detail);
            if case.expected.0 == 405 {
                assert_eq!(answer.headers["allow"], "GET,HEAD");
            }
        }
        assert_ne!(details[0], details[1], "{} {}", case.method, case.path);
    }
    let after = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/events/verify").await.json();
    assert_eq!(events, after, "nothing happened");
}

#[tokio::test]
async fn refusals_are_said_in_the_language_asked_for() {
    let world = World::new().await;
    let path = "/api/v1/accounts/owner@bm.com/deactivate";
    let french = world.ask(Who::Admin, "POST", path).await;
    let english = world.ask_in("en-GB, fr;q=0.5", Who::Admin, "POST", path).await;
    for (answer, language) in [(&french, "fr"), (&english, "en")] {
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "owner_cannot_leave"));
        assert_eq!(answer.headers["content-language"], language);
        assert_eq!(answer.json()["type"], "urn:relais:problem:owner_cannot_leave");
        let request = answer.headers["x-request-id"].to_str().expect("text").to_owned();
        assert_eq!(answer.json()["instance"], format!("urn:relais:request:{request}"));
    }
    assert!(french.json()["detail"].as_str().expect("text").starts_with("Le propriétaire"));
    assert!(english.json()["detail"].as_str().expect("text").starts_with("The owner"));
}

#[tokio::test]
async fn everything_that_stands_in_the_way_of_a_departure_is_said_at_once() {
    let world = World::new().await;
    let order = json!({ "to": "user1@bm.com", "on": "2020-01-01T00:00:00Z", "reply": "x", "shared_mailbox": "bp@bm.com" });
    let answer =
        world.ask_with(Who::Admin, "POST", "/api/v1/accounts/user1@bm.com/departure/plan", &order).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    let problem = answer.json();
    let codes: Vec<_> = problem["refusals"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|refusal| refusal["code"].as_str())
        .collect();
    let expected = ["successor_is_leaver", "new_mail_ambiguous", "date_in_the_past"];
    assert_eq!(codes, expected.map(Some));
    assert_eq!(problem["code"], "successor_is_leaver");
}
