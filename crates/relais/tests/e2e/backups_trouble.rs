//! Backups in trouble, through the real program: damage, a full disk, storage that is away, kills. Nothing is claimed that
//! was not verified, and earlier generations stay.

use crate::backups::{Fresh, Store, back_up};
use crate::world::{LIMIT, World, message};
use relais_testbed::corpus::random::Random;
use relais_testbed::net::{give_to_server, server_dir, wait_for};
use relais_testbed::postgres::PrivatePostgres;
use relais_testbed::s3::{Mood, S3Server};
use relais_testbed::server::Configuration;
use relais_testbed::small_disk::{Ballast, Lack, on_small_disk};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

const DISK_MIB: u32 = 48;
/// Of the server, at random instants of a backup.
const KILLS: u32 = 12;
/// The newest generations, as many as the API lists.
const LISTED: usize = 50;

fn files(dir: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

/// Files of a repository, changed for the worse until this is dropped.
struct Damaged(Vec<(PathBuf, Vec<u8>)>);

impl Damaged {
    fn make(files: &BTreeSet<PathBuf>, damage: impl Fn(&Path, &[u8])) -> Self {
        let before = files.iter().map(|path| {
            let bytes = std::fs::read(path).expect("a file");
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("ours");
            damage(path, &bytes);
            (path.clone(), bytes)
        });
        Self(before.collect())
    }
}

impl Drop for Damaged {
    fn drop(&mut self) {
        for (path, bytes) in &self.0 {
            std::fs::write(path, bytes).expect("mended");
            give_to_server(path).expect("given back");
        }
    }
}

fn flip_a_bit(path: &Path, bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    // In the first blob, whatever else is there.
    bytes[20] ^= 4;
    std::fs::write(path, bytes).expect("written");
}

fn deliver(world: &World, to: &str, subjects: impl IntoIterator<Item = String>) {
    for subject in subjects {
        assert_eq!(world.lmtp(to, &message(&subject)).code, 250, "{subject}");
    }
}

/// Restores beside what Bruno has; the code, and how many were added or what was said.
fn give_to_bruno(world: &World, generation: &str) -> (i32, String, Value) {
    let words = ["backup", "restore", generation, "anne@bm.com", "--into", "bruno@bm.com", "--mail"];
    let (code, said, errors) = world.cli(&[&words[..], &["--reason", "une perte", "--json"]].concat());
    (code, format!("{said}{errors}"), serde_json::from_str(&said).unwrap_or_default())
}

#[test]
fn damage_is_named_and_nothing_relies_on_what_is_damaged() {
    let dir = server_dir().expect("a directory");
    let mut world = World::start_in(dir.path(), None);
    for login in ["anne", "bruno"] {
        world.person(login, "Une personne");
    }
    deliver(&world, "anne@bm.com", (0..3).map(|number| format!("first {number}")));
    let first = back_up(&world);
    let store = Store::of(&world);
    let place = PathBuf::from(&store.location);
    let packs_of_first = files(&place.join("data"));
    let indexes_of_first = files(&place.join("index"));
    deliver(&world, "anne@bm.com", (0..3).map(|number| format!("second {number}")));
    let second = back_up(&world);
    world.must("POST", "/accounts/anne@bm.com/deactivate", json!({}));
    let packs: BTreeSet<_> = files(&place.join("data")).difference(&packs_of_first).cloned().collect();
    let indexes: BTreeSet<_> = files(&place.join("index")).difference(&indexes_of_first).cloned().collect();
    assert!(!packs.is_empty() && !indexes.is_empty());

    let is_told = |world: &World| {
        let (code, said, errors) = world.cli(&["backup", "check"]);
        assert!(code == 1 && errors.contains("abîmée"), "{said}{errors}");
    };
    let second_is_lost = |world: &World, second: &str| {
        let (code, said, report) = give_to_bruno(world, second);
        let unreadable = report.pointer("/mail/unreadable_messages").and_then(Value::as_u64).unwrap_or(0);
        assert!(unreadable > 0 || code == 1 && said.contains("abîmée"), "{code} {said}");
    };
    let nothing_is_claimed = |world: &World| {
        let (code, said, errors) = world.cli(&["backup", "run", "--account", "anne@bm.com"]);
        assert!(code == 1 && errors.contains("n'est pas complète"), "{said}{errors}");
        let (status, refused) = world.api("DELETE", "/accounts/anne@bm.com", Value::Null);
        assert_eq!((status, &refused["code"]), (409, &json!("backup_missing")), "{refused}");
    };

    let truncated = Damaged::make(&indexes, |path, bytes| {
        std::fs::write(path, &bytes[..bytes.len() / 2]).expect("written");
    });
    world.server.kill_9().expect("killed");
    world.server.start_again().expect("starts");
    is_told(&world);
    second_is_lost(&world, &second);
    nothing_is_claimed(&world);
    drop(truncated);
    world.server.kill_9().expect("killed");
    world.server.start_again().expect("starts");

    let flipped = Damaged::make(&packs, flip_a_bit);
    is_told(&world);
    second_is_lost(&world, &second);
    nothing_is_claimed(&world);
    let (code, said, report) = give_to_bruno(&world, &first);
    assert_eq!((code, &report["mail"]["added"]), (0, &json!(3)), "{said}");
    drop(flipped);

    let missing = Damaged::make(&packs, |path, _| std::fs::remove_file(path).expect("removed"));
    is_told(&world);
    second_is_lost(&world, &second);
    nothing_is_claimed(&world);
    drop(missing);

    // Mended, everything is there again, and counts.
    let (code, said, report) = give_to_bruno(&world, &second);
    let there = report.pointer("/mail/already_there").and_then(Value::as_u64).unwrap_or(0);
    let added = report.pointer("/mail/added").and_then(Value::as_u64).unwrap_or(0);
    assert_eq!((code, there + added), (0, 6), "{said}");
    world.typed(&["backup", "run", "--account", "anne@bm.com"]);
    world.must("DELETE", "/accounts/anne@bm.com", Value::Null);
    store.restic_agrees();
    world.check_chain();
}

#[test]
fn organisations_come_back_one_by_one_in_the_newest_state_that_can_be_read() {
    let dir = server_dir().expect("a directory");
    let world = World::start_program(Path::new(env!("CARGO_BIN_EXE_relais")), dir.path(), without_doors());
    world.person("anne", "Anne");
    deliver(&world, "anne@bm.com", ["kept".to_owned()]);
    back_up(&world);
    let store = Store::of(&world);
    let packs_before = files(&Path::new(&store.location).join("data"));
    back_up(&world);
    let packs = files(&Path::new(&store.location).join("data")).difference(&packs_before).cloned().collect();
    let damaged = Damaged::make(&packs, flip_a_bit);
    // Later than the rows that can be read: mail of an account alone.
    deliver(&world, "anne@bm.com", ["later".to_owned()]);
    world.typed(&["backup", "run", "--account", "anne@bm.com"]);

    world.must("POST", "/organisations", json!({ "name": "Autre", "language": "fr" }));
    world.must("POST", "/organisations/Autre/domains", json!({ "name": "autre.fr" }));
    let body = json!({ "address": "zoe@autre.fr", "name": "Zoé", "password": "the secret word of zoe" });
    world.must("POST", "/organisations/Autre/accounts", body);
    deliver(&world, "zoe@autre.fr", ["other".to_owned()]);
    let begun = world.must("POST", "/organisations/Autre/backups", json!({}));
    wait_until_verified(&world, begun["id"].as_str().expect("an id"));
    let other = Store::of_organisation(&world, "Autre");

    let fresh = Fresh::new(without_doors());
    let (whole, said) = fresh.restore(&other);
    assert!(whole && said.contains("zoe@autre.fr : 1 message(s)"), "{said}");
    let (whole, said) = fresh.restore(&store);
    assert!(!whole && said.contains("Attention : 1 état(s) plus récent(s)"), "{said}");
    assert!(said.contains("anne@bm.com : 2 message(s)"), "{said}");
    let (again, said) = fresh.restore(&store);
    assert!(!again && said.contains("est déjà sur cette instance"), "{said}");
    drop(damaged);
    let both = fresh.start();
    both.check_chain();
    let check = both.must("GET", "/organisations/Autre/events/verify", Value::Null);
    assert!(check["broken_at"].is_null(), "{check}");
    for address in ["anne@bm.com", "zoe@autre.fr"] {
        deliver(&both, address, ["after".to_owned()]);
    }
}

fn begin(world: &World) -> String {
    let begun = world.of_organisation("POST", "/backups", json!({}));
    begun["id"].as_str().expect("an id").to_owned()
}

fn wait_until_verified(world: &World, generation: &str) {
    wait_for(LIMIT, "the generation is verified", || {
        let found = world.must("GET", &format!("/backups/{generation}"), Value::Null);
        assert_ne!(found["state"], "incomplete", "{found}");
        (found["state"] == "verified").then_some(())
    });
}

fn wait_until_troubled(world: &World, generation: &str) -> Value {
    wait_for(LIMIT, "the generation meets trouble", || {
        let found = world.must("GET", &format!("/backups/{generation}"), Value::Null);
        assert_eq!(found["state"], "running", "{found}");
        found["trouble"].is_string().then_some(found)
    })
}

/// The program with what opens the bucket in its environment.
fn with_credentials(dir: &Path) -> PathBuf {
    let script = dir.join("relais-with-credentials");
    let program = env!("CARGO_BIN_EXE_relais");
    let text = format!(
        "#!/bin/sh\nexport AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret\nexec '{program}' \"$@\"\n"
    );
    std::fs::write(&script, text).expect("written");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("ours");
    script
}

#[test]
fn a_backup_waits_for_storage_that_is_away_ends_verified_and_builds_an_instance_on_postgres() {
    let storage = S3Server::start().expect("listens");
    let dir = server_dir().expect("a directory");
    let program = with_credentials(dir.path());
    let world = World::start_program(&program, dir.path(), without_doors());
    world.person("anne", "Anne");
    world.person("bruno", "Bruno");
    let location = format!("s3:http://127.0.0.1:{}/seau/bm", storage.port());
    world.typed(&["backup", "policy", "--location", &location]);
    deliver(&world, "anne@bm.com", (0..3).map(|number| format!("first {number}")));
    let first = back_up(&world);
    deliver(&world, "anne@bm.com", ["second".to_owned()]);
    storage.set_mood(Mood::Gone);
    let second = begin(&world);
    let found = wait_until_troubled(&world, &second);
    assert!(found["trouble"].as_str().is_some_and(|text| text.contains(&location)), "{found}");
    let (code, said, _) = give_to_bruno(&world, &first);
    assert!(code == 1 && said.contains("ne répond pas"), "{said}");
    storage.set_mood(Mood::Serving);
    let (code, said, report) = give_to_bruno(&world, &first);
    assert_eq!((code, &report["mail"]["added"]), (0, &json!(3)), "{said}");
    wait_until_verified(&world, &second);
    world.typed(&["backup", "check"]);
    let copy = server_dir().expect("a directory");
    storage.copy_to("seau/bm", copy.path()).expect("copied");
    let store = Store::of(&world);
    Store { location: copy.path().display().to_string(), key: store.key.clone() }.restic_agrees();
    world.check_chain();

    let mut configuration = without_doors();
    let database = PrivatePostgres::shared().fresh_database().expect("a database");
    configuration.rest.insert("database".to_owned(), database.into());
    let fresh = Fresh::new(configuration);
    let (whole, said) = fresh.restore(&store);
    assert!(whole && said.contains("anne@bm.com : 4 message(s)"), "{said}");
    let built = fresh.start();
    deliver(&built, "anne@bm.com", ["after".to_owned()]);
    built.check_chain();
}

/// The database stands on another disk: what is full is where mail and backups are.
#[test]
fn a_full_disk_holds_backups_and_restores_up_and_breaks_none() {
    let name = "backups_trouble::a_full_disk_holds_backups_and_restores_up_and_breaks_none";
    on_small_disk(name, DISK_MIB, |dir| {
        let elsewhere = server_dir().expect("a directory");
        let mut configuration = without_doors();
        let database = elsewhere.path().join("relais.db").display().to_string();
        configuration.rest.insert("database".to_owned(), database.into());
        let world = World::start_program(Path::new(env!("CARGO_BIN_EXE_relais")), dir, configuration);
        world.person("anne", "Anne");
        world.person("bruno", "Bruno");
        deliver(&world, "anne@bm.com", (0..20).map(|number| format!("first {number}")));
        let first = back_up(&world);
        deliver(&world, "anne@bm.com", (0..20).map(|number| format!("second {number}")));
        let ballast = Ballast::fill(dir, Lack::BytesAndFiles).expect("filled");
        let second = begin(&world);
        let found = wait_until_troubled(&world, &second);
        assert!(found["trouble"].as_str().is_some_and(|text| text.contains("plus de place")), "{found}");
        let (code, said, _) = give_to_bruno(&world, &first);
        assert_eq!(code, 1, "{said}");
        drop(ballast);
        let (code, said, report) = give_to_bruno(&world, &first);
        let count = |name: &str| report["mail"][name].as_u64().unwrap_or_default();
        assert_eq!((code, count("added") + count("already_there")), (0, 20), "{said}");
        wait_until_verified(&world, &second);
        Store::of(&world).restic_agrees();
        world.check_chain();
    })
    .expect("a small disk");
}

/// Nothing but the API and the mail door: it starts in no time.
fn without_doors() -> Configuration {
    let mut configuration = Configuration::for_test();
    (configuration.imap_port, configuration.pop3_port, configuration.sieve_port) = (0, 0, 0);
    configuration.rest.insert("dav".to_owned(), false.into());
    configuration
}

#[test]
fn a_backup_that_is_killed_goes_on_and_ends_verified() {
    let dir = server_dir().expect("a directory");
    let program = Path::new(env!("CARGO_BIN_EXE_relais"));
    let mut world = World::start_program(program, dir.path(), without_doors());
    for login in ["anne", "bruno", "chloe"] {
        world.person(login, "Une personne");
    }
    deliver(&world, "anne@bm.com", (0..5).map(|number| format!("first {number}")));
    let first = back_up(&world);
    let store = Store::of(&world);
    let mut random = Random::new(2026);
    for kill in 0..KILLS {
        for login in ["anne", "bruno", "chloe"] {
            deliver(&world, &format!("{login}@bm.com"), [format!("{login} {kill}")]);
        }
        let generation = begin(&world);
        std::thread::sleep(Duration::from_millis(random.below(700) as u64));
        world.server.kill_9().expect("killed");
        let said = store.restic(&["check", "--read-data"]);
        assert!(said.status.success(), "kill {kill}: {}", String::from_utf8_lossy(&said.stderr));
        world.server.start_again().expect("starts");
        wait_until_verified(&world, &generation);
    }
    store.restic_agrees();
    assert_eq!(world.typed(&["backup", "check"]).lines().count(), 1);
    let (code, said, report) = give_to_bruno(&world, &first);
    assert_eq!((code, &report["mail"]["added"]), (0, &json!(5)), "{said}");
    let listed = world.of_organisation("GET", "/backups", Value::Null);
    let all = listed.as_array().expect("a list");
    assert_eq!(all.len(), (KILLS as usize + 1).min(LISTED));
    assert!(all.iter().all(|one| one["state"] == "verified"), "{listed}");
    world.check_chain();
}
