use super::fake_api::FakeApi;
use super::people::leaver;
use relais_core::language::Language::{English, French};
use serde_json::json;

#[tokio::test]
async fn an_account_is_shown_with_how_full_its_mailbox_is() {
    let api = FakeApi::start();
    let usage = json!({ "messages": 412, "bytes": 3_145_728, "quota_bytes": 4_194_304, "share": 0.75 });
    api.answers("GET /accounts/user1@bm.com", 200, &leaver())
        .answers("GET /accounts/acc-0000000000001/addresses", 200, &json!([]))
        .answers("GET /accounts/acc-0000000000001/usage", 200, &usage);
    let outcome = api.run(French, &["account", "show", "user1@bm.com"]).await;
    let line = outcome.output.lines().find(|line| line.starts_with("boîte")).map(str::to_owned);
    assert_eq!(
        line.as_deref(),
        Some("boîte         412 messages, 3,0 Mio sur 4,0 Mio (75 %)"),
        "{}",
        outcome.output
    );
}

#[tokio::test]
async fn a_profile_is_changed_where_it_is_named_and_stays_elsewhere() {
    let api = FakeApi::start();
    let before = json!({
        "given_name": "Jeanne", "family_name": "Martin", "job_title": "Comptable",
        "phones": [{ "kind": "work", "number": "0123456789" }, { "kind": "home", "number": "0987654321" }],
        "birth_date": "1980-02-29"
    });
    api.answers("GET /accounts/user1@bm.com/profile", 200, &before).answers(
        "PUT /accounts/user1@bm.com/profile",
        200,
        &before,
    );
    let line =
        "account profile set user1@bm.com --family-name Durand --job-title= --phone-work 112 --no-birth-date";
    let outcome = api.run(French, &line.split(' ').collect::<Vec<_>>()).await;
    assert_eq!(
        (outcome.code, outcome.output.as_str()),
        (0, "Les données de user1@bm.com sont enregistrées.\n")
    );
    let asked = api.asked().pop().unwrap();
    let (_, body) = asked.split_once("/profile ").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["given_name"], &body["family_name"]), (&json!("Jeanne"), &json!("Durand")));
    assert_eq!((&body["job_title"], &body["birth_date"]), (&json!(null), &json!(null)));
    assert_eq!(
        body["phones"],
        json!([{ "kind": "home", "number": "0987654321" }, { "kind": "work", "number": "112" }])
    );
}

#[tokio::test]
async fn a_profile_is_shown_without_what_is_not_known() {
    let api = FakeApi::start();
    let known = json!({
        "given_name": "Jeanne",
        "phones": [{ "kind": "mobile", "number": "0612345678" }],
        "postal_address": { "street": ["1 rue X"], "postal_code": "69001", "city": "Lyon", "country": "FR" }
    });
    api.answers("GET /accounts/user1@bm.com/profile", 200, &known).answers(
        "GET /accounts/user2@bm.com/profile",
        200,
        &json!({}),
    );
    let outcome = api.run(French, &["account", "profile", "show", "user1@bm.com"]).await;
    assert_eq!(
        outcome.output,
        "\
prénom           Jeanne
téléphones       0612345678 (mobile)
adresse postale  1 rue X, 69001 Lyon FR
"
    );
    let outcome = api.run(English, &["account", "profile", "show", "user2@bm.com"]).await;
    assert_eq!(outcome.output, "(nothing)\n");
}

#[tokio::test]
async fn refused_lines_of_a_list_are_said_with_their_number_and_fail_the_command() {
    let api = FakeApi::start();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "address,name\nx,y\n").unwrap();
    let report = json!({
        "run": "dry", "created": 2, "changed": 0, "unchanged": 1, "refused": 1,
        "lines": [
            { "line": 2, "address": "a@bm.com", "outcome": "created" },
            { "line": 3, "address": "b@bm.com", "outcome": "refused", "refusals": [
                { "code": "x", "detail": "L'adresse b@bm.com est déjà utilisée ; choisissez-en une autre." },
                { "code": "y", "detail": "La cellule « name » est vide ; remplissez-la." } ] }
        ]
    });
    let question = "POST /organisations/BM/accounts/import?run=dry";
    api.answers(question, 200, &report);
    let path = file.path().display().to_string();
    let outcome = api.run(French, &["account", "import", &path, "-o", "BM"]).await;
    assert_eq!(outcome.code, 1);
    assert_eq!(
        outcome.output,
        "\
ligne 3, b@bm.com : L'adresse b@bm.com est déjà utilisée ; choisissez-en une autre. La cellule « name » est vide ; remplissez-la.
À créer : 2, à modifier : 0, inchangés : 1, refusés : 1. Rien n'est encore fait ; pour appliquer la liste, ajoutez --apply.
"
    );
    assert_eq!(api.asked(), [format!("{question} address,name\nx,y")]);
}

#[tokio::test]
async fn a_photo_that_is_not_there_is_named() {
    let api = FakeApi::start();
    let problem = json!({ "title": "Introuvable", "status": 404, "code": "not_found" });
    api.answers("DELETE /accounts/user1@bm.com/photo", 404, &problem);
    let outcome = api.run(French, &["account", "photo", "user1@bm.com", "--remove"]).await;
    assert_eq!(outcome.code, 1);
    assert!(outcome.errors.contains("Il n'y a pas de photo de user1@bm.com ; "), "{}", outcome.errors);
}

#[tokio::test]
async fn the_events_tell_what_was_done() {
    let api = FakeApi::start();
    let event = |kind: &str, detail: serde_json::Value| {
        json!({
            "organisation": "org-0000000000001", "number": 1, "at": "2026-07-29T08:00:00Z",
            "actor": { "kind": "operator" }, "kind": kind, "subject": "acc-0000000000001", "detail": detail,
            "hash": "00".repeat(32)
        })
    };
    let rows = json!([
        event("account.subscription_set", json!({ "from": null, "to": "Base" })),
        event("account.profile_set", json!({ "fields": ["city"] })),
        event("account.photo_set", json!({}))
    ]);
    api.answers("GET /organisations/BM/events?after=0&limit=200", 200, &rows);
    let outcome = api.run(French, &["events", "-o", "BM"]).await;
    assert_eq!(
        outcome.output,
        "\
n°  le                par         événement                 sujet              détail
1   2026-07-29 08:00  exploitant  account.subscription_set  acc-0000000000001  to=Base
1   2026-07-29 08:00  exploitant  account.profile_set       acc-0000000000001  fields=[\"city\"]
1   2026-07-29 08:00  exploitant  account.photo_set         acc-0000000000001
"
    );
}

#[tokio::test]
async fn what_a_person_was_told_is_a_list_of_sentences() {
    let api = FakeApi::start();
    let report = json!({
        "preferences": { "muted": ["jobs"] }, "count": { "waiting": 0, "sent": 4, "dropped": 2 },
        "last": [{ "number": 7, "at": "2026-11-21T10:00:00Z", "topic": "groups", "state": "dropped",
                   "sentence": "Vous faites maintenant partie du groupe Ventes." }]
    });
    api.answers("GET /accounts/user1@bm.com/notifications", 200, &report).answers(
        "PUT /accounts/user1@bm.com/notifications",
        200,
        &report,
    );
    let line = ["account", "notifications", "user1@bm.com", "--mute", "jobs", "--tell", "people"];
    let outcome = api.run(French, &line).await;
    assert_eq!(outcome.code, 0, "{}", outcome.errors);
    for words in [
        "votre compte, groupes, partages, personnes, départs",
        "opérations",
        "abandonnée",
        "du groupe Ventes.",
    ] {
        assert!(outcome.output.contains(words), "{words}: {}", outcome.output);
    }
    let asked = api.asked().pop().expect("a question");
    assert!(asked.ends_with(r#"{"muted":["jobs"]}"#), "{asked}");
}
