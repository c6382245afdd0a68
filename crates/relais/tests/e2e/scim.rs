//! The SCIM door of the real program, asked by a client that others wrote: scim2-cli with the checks of scim2-tester.

use crate::world::{Database, ORGANISATION, World, percent};
use relais_testbed::dav::ask;
use relais_testbed::python;
use serde_json::{Value, json};
use std::process::Command;

fn token(world: &World) -> String {
    let path = format!("/organisations/{}/scim/tokens", percent(ORGANISATION));
    let made = world.must("POST", &path, json!({ "name": "scim2-tester" }));
    made["secret"].as_str().expect("a secret").to_owned()
}

/// The schemas as they are published, except that `active` is left alone: a user that is not active is frozen (R10), so a
/// check that writes attributes in any order and truths by chance cannot pass. `scim_states.rs` tries `active`.
fn schemas_without_active(world: &World, bearer: &str) -> Value {
    let address = world.server.configuration.http.parse().expect("an address");
    let answer =
        ask(address, "GET", "/scim/v2/Schemas", &[("Authorization", bearer)], "").expect("an answer");
    let listed: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let mut schemas = listed["Resources"].clone();
    for schema in schemas.as_array_mut().expect("schemas") {
        for attribute in schema["attributes"].as_array_mut().expect("attributes") {
            if attribute["name"] == "active" {
                attribute["mutability"] = json!("readOnly");
            }
        }
    }
    schemas
}

fn check(database: Database) {
    let world = World::start(database);
    let bearer = format!("Bearer {}", token(&world));
    let schemas = world.data().join("schemas.json");
    std::fs::write(&schemas, schemas_without_active(&world, &bearer).to_string()).expect("written");
    let output = Command::new(python::program("scim2").expect("installed"))
        .args(["--url", &format!("http://{}/scim/v2", world.server.configuration.http)])
        .args(["--header", &format!("Authorization: {bearer}"), "--schemas"])
        .arg(&schemas)
        .args(["test", "--verbose"])
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let amiss: Vec<&str> = text
        .split("\n")
        .scan(false, |inside, line| {
            let starts = ["SUCCESS", "ERROR", "CRITICAL", "SKIPPED", "ACCEPTABLE", "DEVIATION"];
            if starts.iter().any(|start| line.starts_with(start)) {
                *inside = !line.starts_with("SUCCESS");
            }
            Some((*inside).then_some(line))
        })
        .flatten()
        .collect();
    assert!(
        output.status.success() && amiss.is_empty(),
        "{}\n{}\n{}",
        output.status,
        amiss.join("\n"),
        String::from_utf8_lossy(&output.stderr)
    );
    let checks = text.lines().filter(|line| line.starts_with("SUCCESS")).count();
    assert!(checks > 80, "only {checks} checks:\n{text}");
    world.check_chain();
}

#[test]
fn a_foreign_client_finds_no_fault_on_sqlite() {
    check(Database::Sqlite);
}

#[test]
fn a_foreign_client_finds_no_fault_on_postgresql() {
    check(Database::Postgres);
}

#[test]
fn the_command_line_makes_lists_and_revokes_tokens() {
    let world = World::start(Database::Sqlite);
    let made = world.typed(&["scim", "token", "create", "Entra ID", "--organisation", ORGANISATION]);
    assert!(made.contains("rlc_") && made.contains("/scim/v2"), "{made}");
    let id = made.split_whitespace().find(|word| word.starts_with("tok-")).expect("an id").to_owned();
    let listed = world.typed(&["scim", "token", "list", "--organisation", ORGANISATION]);
    assert!(listed.contains("Entra ID") && listed.contains(&id), "{listed}");
    let secret = made.split_whitespace().find(|word| word.starts_with("rlc_")).expect("a secret");
    let bearer = format!("Bearer {secret}");
    let address = world.server.configuration.http.parse().expect("an address");
    let status = || {
        let answer = ask(address, "GET", "/scim/v2/Users", &[("Authorization", &bearer)], "");
        answer.expect("an answer").status
    };
    assert_eq!(status(), 200);
    world.typed(&["scim", "token", "revoke", &id, "--organisation", ORGANISATION]);
    assert_eq!(status(), 401);
}
