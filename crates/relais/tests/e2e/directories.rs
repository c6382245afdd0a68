//! Real directories, read by the real program: OpenLDAP and Active Directory (Samba). Rows B16 and X8.

mod active_directory;
mod openldap;
mod policy;
mod sign_in;
mod trouble;

use crate::world::{Database, ORGANISATION, World, percent};
use relais_testbed::server::Configuration;
use relais_testbed::slapd::{self, Slapd};
use serde_json::{Value, json};

/// A world that may read directories on this machine.
fn world(database: Database) -> World {
    World::start_with_key(database, "directories_on_own_network", true.into())
}

/// Adds a directory with these settings; its path.
fn add(world: &World, settings: Value, password: &str) -> String {
    let body = json!({ "name": "Annuaire", "settings": settings, "bind_password": password });
    let made = world.of_organisation("POST", "/directories", body);
    format!("/directories/{}", made["id"].as_str().expect("an id"))
}

fn openldap_settings(port: u16) -> Value {
    json!({
        "kind": "open_ldap", "host": "127.0.0.1", "port": port, "encryption": "none",
        "base": slapd::PEOPLE, "bind_dn": slapd::ADMIN, "every_minutes": null
    })
}

fn people(logins: &[&str]) -> String {
    logins.iter().map(|login| slapd::person(login, &format!("{login} Martin"))).collect()
}

fn sync(world: &World, path: &str) -> Value {
    world.must("POST", &format!("{path}/sync"), json!({}))
}

/// A reading that does what it has to.
fn done(world: &World, path: &str) -> Value {
    let report = sync(world, path);
    assert_eq!(report["outcome"]["is"], "done", "{report}");
    report
}

fn account(world: &World, login: &str) -> Value {
    world.must("GET", &format!("/accounts/{login}@bm.com"), Value::Null)
}

fn state(world: &World, login: &str) -> String {
    account(world, login)["state"].as_str().expect("a state").to_owned()
}

/// What differs from nothing, among the counts.
fn counts(report: &Value) -> Value {
    let counts = report["counts"].as_object().expect("counts").iter();
    counts
        .filter(|(name, count)| *name != "read" && **count != 0)
        .map(|(n, c)| (n.clone(), c.clone()))
        .collect()
}
