//! Lists of accounts, in and out (M4, M8).

use crate::world::{Answer, PASSWORD, Who, World};
use serde_json::{Value, json};
use std::fmt::Write;

const EXPORT: &str = "/api/v1/organisations/bm/accounts.csv";

async fn import(world: &World, who: Who, run: &str, list: &str) -> Answer {
    let path = format!("/api/v1/organisations/bm/accounts/import?run={run}");
    world.send_file(who, "POST", &path, "text/csv; charset=utf-8", list).await
}

/// Line by line: its number, what became of it, and why not.
fn told(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let report = answer.json();
    let lines = report["lines"].as_array().expect("lines").iter();
    lines
        .map(|line| {
            let refusals = line["refusals"].as_array().cloned().unwrap_or_default();
            let codes: Vec<&str> = refusals.iter().filter_map(|one| one["code"].as_str()).collect();
            let outcome = line["outcome"].as_str().expect("an outcome");
            format!("{} {outcome} {}", line["line"], codes.join(" ")).trim_end().to_owned()
        })
        .collect()
}

async fn count_of_events(world: &World) -> i64 {
    let check = world.ask(Who::Admin, "GET", "/api/v1/organisations/bm/events/verify").await.json();
    assert_eq!(check["broken_at"], Value::Null);
    check["events"].as_i64().expect("a count")
}

const GOOD: &str = "\u{feff}Adresse;Nom;Prénom;Rôle;quota;alias;mot de passe;Téléphone;adresse extérieure;rue\r\n\
    jeanne@bm.com;Jeanne Martin;Jeanne;member;5G;j.martin@bm.com compta@bm.com;;'+33 1 23 45 67 89;jeanne@ailleurs.example;\"1 rue X\nBât. B\"\r\n\
    \r\n\
    paul@bm.com;Paul;;;;;correct horse battery;;;\r\n";

#[tokio::test]
async fn a_list_makes_accounts_and_again_changes_nothing_m4() {
    let world = World::new().await;
    let before = count_of_events(&world).await;
    assert_eq!(told(&import(&world, Who::Manager, "dry", GOOD).await), ["2 created", "5 created"]);
    assert_eq!(count_of_events(&world).await, before, "a dry run leaves nothing");
    assert_eq!(world.ask(Who::Manager, "GET", "/api/v1/accounts/paul@bm.com").await.status, 404);

    let answer = import(&world, Who::Manager, "apply", GOOD).await;
    assert_eq!(told(&answer), ["2 created", "5 created"]);
    assert_eq!(answer.json()["created"], 2);
    let jeanne = world.ask(Who::Manager, "GET", "/api/v1/accounts/compta@bm.com").await.json();
    assert_eq!((&jeanne["state"], &jeanne["quota_bytes"]), (&json!("invited"), &json!(5_368_709_120_i64)));
    let profile = world.ask(Who::Manager, "GET", "/api/v1/accounts/jeanne@bm.com/profile").await.json();
    assert_eq!(profile["phones"], json!([{ "kind": "work", "number": "+33 1 23 45 67 89" }]));
    assert_eq!(profile["postal_address"]["street"], json!(["1 rue X", "Bât. B"]));
    assert_eq!(profile["external_address"], "jeanne@ailleurs.example");
    let sign_in = json!({ "login": "paul@bm.com", "password": PASSWORD });
    assert_eq!(world.ask_with(Who::Nobody, "POST", "/api/v1/sessions", &sign_in).await.status, 201);

    let before = count_of_events(&world).await;
    for run in ["dry", "apply"] {
        assert_eq!(told(&import(&world, Who::Manager, run, GOOD).await), ["2 unchanged", "5 unchanged"]);
    }
    assert_eq!(count_of_events(&world).await, before);
}

#[tokio::test]
async fn a_list_changes_what_differs_leaves_what_is_empty_and_never_a_password() {
    let world = World::new().await;
    let list = "address,name,role,password,department,aliases\n\
                user1@bm.com,,,another password,Ventes,\n\
                user2@bm.com,Nouveau nom,account_manager,,,deux@bm.com\n\
                guest@bm.com,Nom de guest@bm.com,guest,,,\n";
    let answer = import(&world, Who::Admin, "apply", list).await;
    assert_eq!(told(&answer), ["2 changed", "3 changed", "4 unchanged"]);
    let user1 = world.ask(Who::Admin, "GET", "/api/v1/accounts/user1@bm.com").await.json();
    assert_eq!(user1["name"], "Nom de user1@bm.com");
    for (password, status) in [("another password", 401), (PASSWORD, 201)] {
        let body = json!({ "login": "user1@bm.com", "password": password });
        assert_eq!(world.ask_with(Who::Nobody, "POST", "/api/v1/sessions", &body).await.status, status);
    }
    let user2 = world.ask(Who::Admin, "GET", "/api/v1/accounts/deux@bm.com").await.json();
    assert_eq!((&user2["name"], &user2["role"]), (&json!("Nouveau nom"), &json!("account_manager")));
}

const BROKEN: &str = "address,name,role,quota,aliases,password,state,birth_date,country,external_address\n\
    ok1@bm.com,Un,member,,,,,,,\n\
    not an address,,boss,0,,,,,,\n\
    ,X,,,,,,,,\n\
    ok1@bm.com,Deux,,,,,,,,\n\
    new@bm.com,,,,,short,deactivated,,,\n\
    x@autre.com,X,,,,,,,,\n\
    abuse@bm.com,X,,,,,,,,\n\
    ok2@bm.com,Deux,member,,user2@bm.com ok1@bm.com,,,2030-01-01,XX,user1@bm.com\n\
    ok3@bm.com,Trois,company_admin,,,,,,,\n\
    closed@bm.com,,guest,,,,active,,,\n\
    two,cells\n\
    ok4@bm.com,Quatre,,,ok2@bm.com,,,,,\n\
    user1@bm.com,,,,ventes@bm.com,,,1980-02-30,,\n";

const BROKEN_TOLD: [&str; 13] = [
    "2 created",
    "3 refused cell_invalid cell_invalid cell_invalid",
    "4 refused cell_empty",
    "5 refused line_repeated",
    "6 refused state_differs cell_empty password_length",
    "7 refused domain_not_hosted",
    "8 refused address_reserved",
    "9 refused address_taken address_taken country_unknown birth_date_in_the_future external_address_hosted",
    "10 refused not_allowed",
    "11 refused state_differs not_allowed",
    "12 refused line_length",
    // The line that wanted this address was undone: it is free.
    "13 created",
    "14 refused cell_invalid",
];

#[tokio::test]
async fn every_line_hears_all_that_is_wrong_with_it_and_the_dry_run_says_what_the_real_one_does() {
    let world = World::new().await;
    let dry = import(&world, Who::Manager, "dry", BROKEN).await;
    assert_eq!(told(&dry), BROKEN_TOLD);
    let real = import(&world, Who::Manager, "apply", BROKEN).await;
    assert_eq!(told(&real), BROKEN_TOLD);
    assert_eq!(dry.json()["lines"], real.json()["lines"]);
    // A refused line left nothing, the others are in place.
    assert_eq!(world.ask(Who::Manager, "GET", "/api/v1/accounts/ok3@bm.com").await.status, 404);
    let holder = world.ask(Who::Manager, "GET", "/api/v1/accounts/ok2@bm.com").await.json();
    assert_eq!(holder["address"], "ok4@bm.com");
    count_of_events(&world).await;
}

#[tokio::test]
async fn what_is_no_list_is_refused_as_a_whole_with_every_reason() {
    let world = World::new().await;
    for (list, expected) in [
        ("", "list_without_columns"),
        ("\n\n", "list_without_columns"),
        (
            "nom,salaire,taille,Name\nx,1,2,x\n",
            "column_unknown column_unknown column_repeated column_missing",
        ),
        ("name\nx\n", "column_missing"),
        ("address,adresse\nx@bm.com,x@bm.com\n", "column_repeated"),
    ] {
        let answer = import(&world, Who::Admin, "dry", list).await;
        assert_eq!(answer.status, 422, "{list:?}");
        let refusals = answer.json()["refusals"].as_array().cloned().unwrap_or_default();
        let codes: Vec<&str> = refusals.iter().filter_map(|one| one["code"].as_str()).collect();
        assert_eq!(codes.join(" "), expected, "{list:?}");
    }
    let path = "/api/v1/organisations/bm/accounts/import?run=dry";
    let latin = b"address,name\nzoe@bm.com,Zo\xe9\n".to_vec();
    let answer = world.send_file(Who::Admin, "POST", path, "text/csv", latin).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "list_not_unicode"));
    assert!(answer.json()["detail"].as_str().expect("text").contains("ligne 2"), "{}", answer.text);
    let answer = world.send_file(Who::Admin, "POST", path, "application/json", "{}").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (415, "body_not_csv"));
    let long = vec![b'x'; (20 << 20) + 1];
    let answer = world.send_file(Who::Admin, "POST", path, "text/csv", long).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "body_too_large"));
    let path = "/api/v1/organisations/bm/accounts/import";
    assert_eq!(world.send_file(Who::Admin, "POST", path, "text/csv", GOOD).await.code(), "query_invalid");
}

#[tokio::test]
async fn a_thousand_lines_go_in_come_out_and_go_in_again_m4() {
    let world = World::new().await;
    let mut list = String::from("address,name,given_name,department,phone_mobile,quota,aliases\n");
    for number in 0..1000 {
        let formula = if number % 7 == 0 { "=HYPERLINK(1)" } else { "Ventes; \"Sud\"" };
        let formula = formula.replace('"', "\"\"");
        writeln!(
            list,
            "p{number:04}@bm.com,Personne {number},=cmd|{number},\"{formula}\",+33 6 {number:04},1G,a{number:04}@bm.com"
        )
        .expect("strings take text");
    }
    let answer = import(&world, Who::Manager, "dry", &list).await;
    assert_eq!(answer.json()["created"], 1000, "{}", answer.text.get(..500).unwrap_or_default());
    let answer = import(&world, Who::Manager, "apply", &list).await;
    assert_eq!(answer.json()["created"], 1000);

    let exported = world.ask(Who::Manager, "GET", EXPORT).await;
    assert_eq!(exported.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert!(exported.text.starts_with("address,name,state,role,subscription,quota,aliases,given_name,"));
    assert!(!exported.text.contains("password") && !exported.text.contains("deleted@bm.com"));
    for line in exported.text.lines() {
        for cell in line.split(',') {
            let cell = cell.trim_start_matches('"');
            assert!(!cell.starts_with(['=', '+', '-', '@']), "a formula in {line}");
        }
    }
    // Everyone but the deleted; none of them changes.
    let again = import(&world, Who::Token, "apply", &exported.text).await.json();
    assert_eq!(again["lines"].as_array().expect("lines").len(), exported.text.lines().count() - 1);
    assert_eq!((&again["refused"], &again["created"], &again["changed"]), (&json!(0), &json!(0), &json!(0)));
    let profile = world.ask(Who::Manager, "GET", "/api/v1/accounts/p0007@bm.com/profile").await.json();
    assert_eq!(profile["given_name"], "=cmd|7");
    assert_eq!(profile["department"], "=HYPERLINK(1)");
    let profile = world.ask(Who::Manager, "GET", "/api/v1/accounts/p0001@bm.com/profile").await.json();
    assert_eq!(profile["department"], "Ventes; \"Sud\"");
}

#[tokio::test]
async fn what_was_given_out_makes_the_same_accounts_elsewhere() {
    let world = World::new().await;
    assert_eq!(import(&world, Who::Admin, "apply", GOOD).await.status, 200);
    let exported = world.ask(Who::Admin, "GET", EXPORT).await.text;
    let elsewhere = exported.replace("@bm.com", "@autre.com");
    let line = |start: &str| {
        let wanted = |line: &&str| line.starts_with(start);
        elsewhere.split("\r\n").find(wanted).expect("a line").to_owned()
    };
    let list = [line("address,"), line("jeanne@"), line("paul@"), line("closed@")].join("\r\n");
    let path = "/api/v1/organisations/autre/accounts/import?run=apply";
    let answer = world.send_file(Who::OtherToken, "POST", path, "text/csv", list).await;
    // An active account without its password is invited; a closed one is not made.
    assert_eq!(told(&answer)[..2], ["2 created", "4 created"]);
    assert_eq!(told(&answer)[2], "5 refused state_differs");
    let profile = world.ask(Who::OtherToken, "GET", "/api/v1/accounts/jeanne@autre.com/profile").await.json();
    assert_eq!(profile["phones"][0]["number"], "+33 1 23 45 67 89");
}
