//! What the commands about money ask and print.

use super::fake_api::FakeApi;
use super::people::{leaver, planned, reader};
use crate::doors::cli::plan;
use relais_core::departure::Order;
use relais_core::ids::SubscriptionId;
use relais_core::language::Language::{English, French};
use relais_core::money::{Currency, Money};
use relais_core::term::{Period, Term};
use serde_json::{Value, json};

const ORGANISATION: &str = "GET /organisations/org-0000000000001";

fn organisation() -> Value {
    json!({
        "id": "org-0000000000001", "name": "BM", "language": "fr", "time_zone": "Europe/Paris", "currency": "EUR",
        "plan": null, "plan_term": null, "created_at": "2026-01-01T00:00:00Z"
    })
}

fn subscription(name: &str, price_minor: i64, retired_at: Value) -> Value {
    json!({
        "id": "sub-0000000000001", "name": name, "price_minor": price_minor, "currency": "EUR", "period": "month",
        "aliases_max": 5, "quota_bytes": null, "licence": "full", "created_at": "2026-01-01T00:00:00Z",
        "retired_at": retired_at
    })
}

fn entry(number: i64, kind: &str, amount_minor: i64, balance_minor: i64) -> Value {
    let of_account = json!({
        "account": "acc-0000000000001", "name": "Base", "from": "2026-07-01", "until": "2026-08-01"
    });
    json!({
        "organisation": "org-0000000000001", "number": number, "at": "2026-07-01T08:00:00Z", "kind": kind,
        "service": if kind == "charge" { of_account } else { Value::Null },
        "reference": if kind == "top_up" { json!("pay_1") } else { Value::Null },
        "amount_minor": amount_minor, "balance_minor": balance_minor
    })
}

#[tokio::test]
async fn offers_are_listed_with_their_prices_below_each_other() {
    let api = FakeApi::start();
    let rows = json!([
        subscription("Base", 300, Value::Null),
        subscription("Ancien", 123_400, json!("2026-02-01T00:00:00Z"))
    ]);
    api.answers("GET /subscriptions", 200, &rows);
    let outcome = api.run(English, &["subscription", "list"]).await;
    assert_eq!(
        outcome.output,
        "\
name    price                 aliases  size limit  licence  offered  id
Base        3.00\u{a0}EUR / month  5        unlimited   full     yes      sub-0000000000001
Ancien  1,234.00\u{a0}EUR / month  5        unlimited   full     no       sub-0000000000001
"
    );
    let plan = json!({
        "id": "pln-0000000000001", "name": "Mairie", "price_minor": 4900, "currency": "EUR", "period": "year",
        "accounts_free": 2, "accounts_max": 50, "full_licences_max": null, "own_domains_max": 1,
        "flexible_licences": false, "created_at": "2026-01-01T00:00:00Z", "retired_at": null
    });
    api.answers("GET /plans", 200, &json!([plan]));
    let outcome = api.run(French, &["plan", "list"]).await;
    assert_eq!(
        outcome.output,
        "\
nom     prix            gratuits  comptes  licences complètes  domaines  flexible  proposée  id
Mairie  49,00\u{a0}EUR / an  2         50       sans limite         1         non       oui       pln-0000000000001
"
    );
}

#[tokio::test]
async fn amounts_are_sent_in_whole_cents_of_the_organisation_s_currency() {
    let api = FakeApi::start();
    let mut swiss = organisation();
    swiss["currency"] = json!("CHF");
    api.answers("GET /organisations/BM", 200, &swiss).answers(
        "POST /organisations/BM/provision/top-ups",
        201,
        &entry(1, "top_up", 12_050, 12_050),
    );
    let outcome = api.run(French, &["provision", "top-up", "BM", "120,50", "--reference", "pay_1"]).await;
    assert_eq!(
        outcome.output,
        "120,50\u{a0}CHF versés à la provision de BM (écriture 1) ; elle contenait alors 120,50\u{a0}CHF.\n"
    );
    api.answers("GET /organisations/BM", 200, &swiss).answers(
        "POST /organisations/BM/provision/corrections",
        201,
        &entry(2, "correction", -29, 12_021),
    );
    let outcome = api.run(English, &["provision", "correct", "BM", "-0.29", "--reason", "typed twice"]).await;
    assert_eq!(outcome.output, "Corrected the provision of BM; it holds 120.21\u{a0}CHF.\n");
    let asked = api.asked();
    assert!(
        asked[1].ends_with(r#"{"amount_minor":12050,"currency":"CHF","reference":"pay_1"}"#),
        "{asked:?}"
    );
    assert!(asked[3].ends_with(r#"{"amount_minor":-29,"reason":"typed twice"}"#), "{asked:?}");
}

#[tokio::test]
async fn a_subscription_is_set_by_name_and_says_until_when_it_is_paid() {
    let api = FakeApi::start();
    let mut account = leaver();
    account.subscription = Some(SubscriptionId::from_number(1));
    account.term = Some(Term::begin(300, Period::Month, "2026-07-29".parse().expect("a day")));
    api.answers("PUT /accounts/user1@bm.com/subscription", 200, &account);
    let outcome = api.run(French, &["account", "subscription", "user1@bm.com", "Base"]).await;
    assert_eq!(outcome.output, "Le compte user1@bm.com a l'abonnement Base, payé jusqu'au 2026-08-28.\n");
    let usage = json!({ "messages": 0, "bytes": 0, "quota_bytes": null, "share": null });
    account.term = account.term.map(|term| term.freeze("2026-08-08".parse().expect("a day")));
    api.answers("GET /accounts/user1@bm.com", 200, &account)
        .answers("GET /accounts/acc-0000000000001/addresses", 200, &json!([]))
        .answers("GET /subscriptions/sub-0000000000001", 200, &subscription("Base", 300, Value::Null))
        .answers("GET /accounts/acc-0000000000001/usage", 200, &usage);
    let outcome = api.run(English, &["account", "show", "user1@bm.com"]).await;
    let shown = "subscription  Base, paid days waiting: 21\naliases       0 of 5\n";
    assert!(outcome.output.contains(shown), "{}", outcome.output);
    account.subscription = None;
    account.term = None;
    api.answers("PUT /accounts/user1@bm.com/subscription", 200, &account);
    let outcome = api.run(English, &["account", "subscription", "user1@bm.com", "--none"]).await;
    assert_eq!(outcome.output, "The account user1@bm.com is one of the plan's free accounts.\n");
    assert!(api.asked().last().unwrap().ends_with(r#"{"subscription":null}"#));
}

#[tokio::test]
async fn the_provision_its_forecast_and_its_entries_are_shown() {
    let api = FakeApi::start();
    let provision = json!({
        "balance_minor": 12_050, "currency": "EUR", "today": "2026-07-29", "plan": null, "plan_term": null,
        "licences": { "accounts": 12, "free": 9, "full": 11 }
    });
    api.answers("GET /organisations/org-0000000000001/provision", 200, &provision);
    let line = ["provision", "show", "-o", "org-0000000000001"];
    assert_eq!(
        api.run(French, &line).await.output,
        "\
provision           120,50\u{a0}EUR
aujourd'hui         2026-07-29
formule             aucune : rien n'est compté
comptes             12
dont gratuits       9
licences complètes  11
"
    );
    let plan = json!({
        "id": "pln-0000000000001", "name": "Mairie", "price_minor": 4900, "currency": "EUR", "period": "month",
        "accounts_free": 9, "accounts_max": 50, "full_licences_max": 30, "own_domains_max": 2,
        "flexible_licences": false, "created_at": "2026-01-01T00:00:00Z", "retired_at": null
    });
    let on_plan = json!({
        "balance_minor": 12_050, "currency": "EUR", "today": "2026-07-29", "plan": plan,
        "plan_term": Term::begin(4900, Period::Month, "2026-07-29".parse().expect("a day")),
        "licences": { "accounts": 12, "free": 9, "full": 11 }
    });
    api.answers("GET /organisations/org-0000000000001/provision", 200, &on_plan);
    let shown = api.run(French, &line).await.output;
    assert!(shown.contains("formule             Mairie, payée jusqu'au 2026-08-28\n"), "{shown}");
    let forecast = json!([
        { "on": "2026-08-01", "name": "Base", "accounts": 3, "amount_minor": 900, "balance_minor": 100 },
        { "on": "2026-08-15", "name": "Mairie", "accounts": 0, "amount_minor": 4900, "balance_minor": -4800 }
    ]);
    api.answers(ORGANISATION, 200, &organisation()).answers(
        "GET /organisations/org-0000000000001/provision/forecast",
        200,
        &forecast,
    );
    let line = ["provision", "forecast", "-o", "org-0000000000001"];
    assert_eq!(
        api.run(English, &line).await.output,
        "\
on          offer   accounts  amount     provision then
2026-08-01  Base    3          9.00\u{a0}EUR    1.00\u{a0}EUR
2026-08-15  Mairie  plan      49.00\u{a0}EUR  -48.00\u{a0}EUR
The provision no longer suffices on 2026-08-15; top it up before.
"
    );
    api.answers(ORGANISATION, 200, &organisation()).answers(
        "GET /organisations/org-0000000000001/provision/entries?after=0&limit=2",
        200,
        &json!([entry(1, "top_up", 1000, 1000), entry(2, "charge", -300, 700)]),
    );
    let line = ["provision", "entries", "-o", "org-0000000000001", "--limit", "2"];
    let outcome = api.run(French, &line).await;
    assert_eq!(
        outcome.output,
        "\
n°  le                sorte      pour                          compte             montant    provision
1   2026-07-01 08:00  versement  pay_1                                            10,00\u{a0}EUR  10,00\u{a0}EUR
2   2026-07-01 08:00  débit      Base 2026-07-01 – 2026-07-31  acc-0000000000001  -3,00\u{a0}EUR   7,00\u{a0}EUR
"
    );
    assert_eq!(outcome.errors, "La suite : --after 2\n");
}

#[tokio::test]
async fn a_ledger_that_does_not_add_up_is_a_failure() {
    let api = FakeApi::start();
    let path = "GET /organisations/org-0000000000001/provision/check";
    for (broken_at, code, text) in [
        (Value::Null, 0, "✓ 2 entries, all adds up; the provision holds 7.00\u{a0}EUR\n"),
        (json!(2), 1, "✗ The ledger is wrong from entry 2\n"),
    ] {
        let check = json!({ "entries": 2, "balance_minor": 700, "broken_at": broken_at });
        api.answers(ORGANISATION, 200, &organisation()).answers(path, 200, &check);
        let outcome = api.run(English, &["provision", "check", "-o", "org-0000000000001"]).await;
        assert_eq!((outcome.code, outcome.output.as_str()), (code, text));
    }
}

/// X12
#[test]
fn a_plan_says_what_the_departure_frees_and_credits() {
    let mut departure =
        planned(&Order { to: Some("usercs@bm.com".parse().expect("an address")), ..Order::default() });
    departure.findings.subscription = Some("Base".to_owned());
    departure.findings.credit = Some(Money { amount_minor: 666, currency: Currency::Eur });
    let french = plan::in_words(&reader(French), &departure);
    assert!(
        french.contains("  abonnement libéré : Base\n  à créditer à la suppression : 6,66\u{a0}EUR\n"),
        "{french}"
    );
    let english = plan::in_words(&reader(English), &departure);
    assert!(
        english.contains("  subscription freed: Base\n  to be credited on deletion: 6.66\u{a0}EUR\n"),
        "{english}"
    );
}
