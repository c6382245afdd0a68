use super::super::client::Client;
use super::fake_api::{FakeApi, run_at};
use super::people::{account, address, departure, leaver, planned};
use relais_core::departure::{DepartureState, Order};
use relais_core::language::Language::{English, French};
use serde_json::json;

const LIST: &str = "GET /organisations";

fn organisations(names: &[&str]) -> serde_json::Value {
    let one = |(number, name): (usize, &&str)| {
        json!({
            "id": format!("org-000000000000{}", number + 1), "name": name, "language": "fr",
            "time_zone": "Europe/Paris", "currency": "EUR", "created_at": "2026-01-01T00:00:00Z"
        })
    };
    names.iter().enumerate().map(one).collect()
}

fn domain(name: &str, number: usize) -> serde_json::Value {
    json!([{
        "status": "hosted", "name": name, "unicode": name, "organisation": format!("org-000000000000{number}"),
        "kind": "own", "catch_all": null
    }])
}

fn problem(status: u16, detail: &str, refusals: &[&str]) -> serde_json::Value {
    let refusals: Vec<_> = refusals.iter().map(|detail| json!({ "code": "x", "detail": detail })).collect();
    json!({
        "type": "urn:relais:problem:x", "title": "Conflict", "status": status, "detail": detail, "code": "x",
        "refusals": refusals
    })
}

fn order() -> Order {
    Order { to: Some(address("usercs@bm.com")), ..Order::default() }
}

#[tokio::test]
async fn an_account_is_created_where_its_domain_is() {
    let api = FakeApi::start();
    api.answers(LIST, 200, &organisations(&["BM", "Autre"]))
        .answers("GET /organisations/org-0000000000001/domains", 200, &domain("autre.fr", 1))
        .answers("GET /organisations/org-0000000000002/domains", 200, &domain("bm.com", 2))
        .answers("POST /organisations/org-0000000000002/accounts", 201, &leaver());
    let line =
        ["account", "create", "user1@bm.com", "--name", "Jeanne", "--password", "secret12", "--quota", "1G"];
    let outcome = api.run(English, &line).await;
    assert_eq!((outcome.code, outcome.output.as_str()), (0, "Created the account user1@bm.com.\n"));
    assert_eq!(
        api.asked().last().unwrap(),
        r#"POST /organisations/org-0000000000002/accounts {"address":"user1@bm.com","name":"Jeanne","password":"secret12","quota_bytes":1073741824,"role":"member"}"#
    );
}

#[tokio::test]
async fn where_several_organisations_can_be_meant_nothing_is_done() {
    let api = FakeApi::start();
    api.answers(LIST, 200, &organisations(&["BM", "Autre"]));
    let outcome = api.run(French, &["domain", "add", "bm.com"]).await;
    assert_eq!(outcome.code, 2);
    assert_eq!(outcome.errors, "relais: Précisez l'organisation avec --organisation : BM, Autre\n");
}

#[tokio::test]
async fn a_list_over_organisations_is_one_table_and_as_json_one_list() {
    let api = FakeApi::start();
    for _ in 0..2 {
        api.answers(LIST, 200, &organisations(&["BM", "Autre"]))
            .answers("GET /organisations/org-0000000000001/domains", 200, &domain("bm.com", 1))
            .answers("GET /organisations/org-0000000000002/domains", 200, &domain("autre.fr", 2));
    }
    let outcome = api.run(French, &["domain", "list"]).await;
    assert_eq!(
        outcome.output,
        "\
domaine   sorte              état     organisation
bm.com    de l'organisation  hébergé  org-0000000000001
autre.fr  de l'organisation  hébergé  org-0000000000002
"
    );
    let outcome = api.run(French, &["domain", "list", "--json"]).await;
    let both: Vec<serde_json::Value> = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!(both.len(), 2);
}

#[tokio::test]
async fn accounts_are_read_page_after_page() {
    let full: Vec<_> = (1..=200).map(|number| account(number, &format!("u{number:03}"), "U")).collect();
    let last = full.last().expect("two hundred").id;
    let second =
        format!("GET /organisations/org-0000000000001/accounts?limit=200&state=active&after={last}").leak();
    let api = FakeApi::start();
    api.answers("GET /organisations/BM", 200, &organisations(&["BM"])[0])
        .answers("GET /organisations/org-0000000000001/accounts?limit=200&state=active", 200, &full)
        .answers(second, 200, &[account(201, "u201", "U")]);
    let outcome = api.run(English, &["account", "list", "--state", "active", "-o", "BM"]).await;
    assert_eq!((outcome.code, outcome.output.lines().count()), (0, 202));
}

#[tokio::test]
async fn json_is_what_the_api_answered_untouched() {
    let text = "{\"unknown\" : 1,\n \"b\":2}";
    let api = FakeApi::start();
    api.answers_text("GET /accounts/user1@bm.com", 200, text);
    let outcome = api.run(French, &["account", "show", "user1@bm.com", "--json"]).await;
    assert_eq!((outcome.code, outcome.output), (0, format!("{text}\n")));
}

#[tokio::test]
async fn a_refusal_is_its_sentence_on_the_error_output_and_as_json_the_problem() {
    let refused = problem(409, "L'adresse est déjà utilisée ; choisissez-en une autre.", &[]);
    let api = FakeApi::start();
    for _ in 0..2 {
        api.answers("POST /accounts/user1@bm.com/aliases", 409, &refused);
    }
    let line = ["alias", "add", "user1@bm.com", "x@bm.com", "--json"];
    let outcome = api.run(French, &line[..4]).await;
    assert_eq!((outcome.code, outcome.output.as_str()), (1, ""));
    assert_eq!(outcome.errors, "relais: L'adresse est déjà utilisée ; choisissez-en une autre.\n");
    let outcome = api.run(French, &line).await;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&outcome.errors).unwrap(), refused);
}

#[tokio::test]
async fn a_server_that_does_not_run_is_said_with_how_to_start_it() {
    let data = tempfile::tempdir().unwrap();
    let place = data.path().display().to_string();
    for (language, expected) in [
        (
            French,
            format!(
                "relais: Aucun serveur ne tourne sur {place} ; lancez-le : relais serve --data {place}\n"
            ),
        ),
        (
            English,
            format!("relais: No server is running on {place}; start it: relais serve --data {place}\n"),
        ),
    ] {
        let client = Client::on_socket(data.path().to_owned(), language);
        let outcome = run_at(client, language, &["organisation", "list"]).await;
        assert_eq!((outcome.code, outcome.errors), (3, expected));
    }
    let client = Client::at_url("http://127.0.0.1:1", None, English).unwrap();
    assert_eq!(run_at(client, English, &["organisation", "list"]).await.code, 3);
}

#[tokio::test]
async fn every_reason_against_a_departure_has_its_line() {
    let api = FakeApi::start();
    api.answers("POST /accounts/user1@bm.com/departure/plan", 409, &problem(409, "x", &["Un.", "Deux."]));
    let outcome = api.run(French, &["depart", "user1@bm.com", "--to", "userCS@bm.com", "--yes"]).await;
    assert_eq!((outcome.code, outcome.errors.as_str()), (1, "relais: Un.\nrelais: Deux.\n"));
}

#[tokio::test]
async fn without_anyone_to_ask_only_the_plan_is_shown() {
    let api = FakeApi::start();
    api.answers("POST /accounts/user1@bm.com/departure/plan", 200, &planned(&order()));
    let outcome = api.run(English, &["depart", "user1@bm.com", "--to", "userCS@bm.com"]).await;
    assert_eq!(outcome.code, 2);
    assert!(outcome.output.contains("Departure of Jeanne Martin <user1@bm.com>"), "{}", outcome.output);
    assert!(outcome.errors.contains("Add --yes to start"), "{}", outcome.errors);
}

#[tokio::test]
async fn a_departure_is_followed_to_its_certificate() {
    let api = FakeApi::start();
    api.answers("POST /accounts/user1@bm.com/departure/plan", 200, &planned(&order()))
        .answers(
            "POST /accounts/user1@bm.com/departure",
            201,
            &departure(&order(), DepartureState::Running, 0),
        )
        .answers("GET /departures/dep-0000000000007", 200, &departure(&order(), DepartureState::Running, 2))
        .answers(
            "GET /departures/dep-0000000000007",
            200,
            &departure(&order(), DepartureState::Finished, 10),
        );
    let outcome = api.run(English, &["depart", "user1@bm.com", "--to", "userCS@bm.com", "--yes"]).await;
    assert_eq!((outcome.code, outcome.errors.as_str()), (0, ""));
    let steps = outcome.output.split("\n\n").last().unwrap();
    assert_eq!(
        steps,
        "\
✓ Closing the account
✓ Cutting connections: 2 mail session(s)
✓ Inventory
✓ Routing new mail
✓ Verified backup
✓ Handing over old mail: 410 messages (2.8 MiB) to usercs@bm.com, folder user1@bm.com; personal and set aside: 2
✓ Handing over calendars and address books
✓ Renaming the account: user1.bck@bm.com
✓ Giving the addresses
✓ Certificate
The departure has ended. Its certificate: relais departure certificate dep-0000000000007  (--html FILE)
"
    );
}

#[tokio::test]
async fn an_undo_shows_what_it_takes_back_from_the_last_step() {
    let api = FakeApi::start();
    api.answers(
        "POST /departures/dep-0000000000007/undo",
        200,
        &departure(&order(), DepartureState::Undoing, 3),
    )
    .answers("GET /departures/dep-0000000000007", 200, &departure(&order(), DepartureState::Undoing, 1))
    .answers("GET /departures/dep-0000000000007", 200, &departure(&order(), DepartureState::Undone, 0));
    let outcome = api.run(French, &["departure", "undo", "dep-0000000000007", "--yes"]).await;
    assert_eq!(outcome.code, 0);
    assert_eq!(
        outcome.output,
        "\
↶ Inventaire
↶ Coupure des connexions
↶ Fermeture du compte
Le départ est annulé.
"
    );
}

#[tokio::test]
async fn a_departure_that_is_held_is_no_success() {
    let mut held = departure(&order(), DepartureState::Held, 2);
    held.trouble = Some("The disk is full.".to_owned());
    let api = FakeApi::start();
    api.answers("POST /departures/dep-0000000000007/resume", 200, &held);
    let outcome = api.run(English, &["departure", "resume", "dep-0000000000007"]).await;
    assert_eq!(outcome.code, 1);
    assert_eq!(
        outcome.errors,
        "relais: The departure is held. The disk is full. Then: relais departure resume dep-0000000000007\n"
    );
}

#[tokio::test]
async fn a_departure_is_found_by_the_address_that_has_changed_hands() {
    let mut of_successor = departure(&order(), DepartureState::Finished, 10);
    of_successor.plan.leaver = address("usercs@bm.com");
    of_successor.plan.renamed_to = address("usercs.bck@bm.com");
    let finished = departure(&order(), DepartureState::Finished, 10);
    for first in [Some(&of_successor), None] {
        let api = FakeApi::start();
        let question = "GET /accounts/user1@bm.com/departure";
        match first {
            Some(other) => api.answers(question, 200, other),
            None => api.answers(question, 404, &problem(404, "?", &[])),
        };
        api.answers(LIST, 200, &organisations(&["BM"]))
            .answers("GET /organisations/org-0000000000001/departures", 200, &[&finished])
            .answers("GET /departures/dep-0000000000007", 200, &finished);
        let outcome = api.run(French, &["departure", "status", "user1@bm.com"]).await;
        assert_eq!((outcome.code, outcome.errors.as_str()), (0, ""));
    }
}

#[tokio::test]
async fn a_reply_without_a_text_is_the_usual_one_in_the_organisation_s_language() {
    let api = FakeApi::start();
    api.answers("GET /accounts/user1@bm.com", 200, &leaver())
        .answers("GET /organisations/org-0000000000001", 200, &organisations(&["BM"])[0])
        .answers("POST /accounts/user1@bm.com/departure/plan", 200, &planned(&order()));
    let line = ["depart", "user1@bm.com", "--to", "userCS@bm.com", "--plan", "--reply"];
    assert_eq!(api.run(English, &line).await.code, 0);
    assert!(api.asked()[2].contains("a quitté l'organisation"), "{:?}", api.asked());
}

#[tokio::test]
async fn a_shared_mailbox_without_domain_is_on_the_leaver_s() {
    let api = FakeApi::start();
    api.answers("GET /accounts/acc-0000000000001", 200, &leaver()).answers(
        "POST /accounts/acc-0000000000001/departure/plan",
        200,
        &planned(&order()),
    );
    let line = ["depart", "acc-0000000000001", "--shared-mailbox", "bp.user1", "--plan"];
    assert_eq!(api.run(English, &line).await.code, 0);
    let asked = &api.asked()[1];
    assert!(asked.ends_with(r#"{"shared_mailbox":"bp.user1@bm.com"}"#), "{asked}");
}

#[tokio::test]
async fn a_deletion_asks_for_its_confirmation() {
    let api = FakeApi::start();
    assert_eq!(api.run(French, &["account", "delete", "user1@bm.com"]).await.code, 2);
    api.answers("DELETE /accounts/user1@bm.com", 200, &leaver());
    assert_eq!(api.run(French, &["account", "delete", "user1@bm.com", "--yes"]).await.code, 0);
}

#[tokio::test]
async fn a_broken_chain_is_no_success() {
    let api = FakeApi::start();
    let check = json!({ "events": 4, "head": "ab", "broken_at": 5 });
    api.answers("GET /organisations/BM/events/verify", 200, &check);
    let outcome = api.run(English, &["events", "verify", "-o", "BM"]).await;
    assert_eq!((outcome.code, outcome.output.as_str()), (1, "✗ The chain is broken at event 5.\n"));
}

#[tokio::test]
async fn a_grant_says_how_its_secret_is_used() {
    let api = FakeApi::start();
    let grant = json!({
        "id": "grt-0000000000001", "account": "acc-0000000000001", "reason": "dossier",
        "ends_at": "2026-08-06T00:00:00Z", "created_at": "2026-07-29T08:00:00Z", "secret": "grant-xyz"
    });
    api.answers("POST /accounts/user1@bm.com/grants", 201, &grant).answers(
        "GET /accounts/acc-0000000000001",
        200,
        &leaver(),
    );
    let line = ["grant", "user1@bm.com", "--reason", "dossier", "--until", "2026-08-05"];
    let outcome = api.run(French, &line).await;
    assert_eq!(
        api.asked()[0],
        r#"POST /accounts/user1@bm.com/grants {"ends_at":"2026-08-06T00:00:00Z","reason":"dossier"}"#
    );
    for expected in ["user1@bm.com", "grant-xyz", "IMAP", "jusqu'au 2026-08-06 00:00"] {
        assert!(outcome.output.contains(expected), "{}", outcome.output);
    }
}
