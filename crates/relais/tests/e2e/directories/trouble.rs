//! What goes wrong: a server that goes away, answers nonsense, or has lost most of its people. Nobody pays for it here.

use super::*;
use crate::world::{LIMIT, in_seconds};
use base64::Engine as _;
use relais_app::read::directories;
use relais_app::{Store, schema};
use relais_core::ids::DirectoryId;
use relais_testbed::interference::{Interference, Mood};
use relais_testbed::net::wait_for;

const COUNT: usize = 200;

fn many() -> String {
    (0..COUNT).map(|number| slapd::person(&format!("p{number}"), &format!("Personne {number}"))).collect()
}

fn states(world: &World) -> Value {
    let path = format!("/organisations/{}/accounts?limit=200", percent(ORGANISATION));
    let all = world.must("GET", &path, Value::Null);
    all.as_array().expect("a list").iter().map(|one| one["state"].clone()).collect()
}

#[test]
fn a_reading_that_breaks_off_changes_nothing_and_the_next_one_goes_on() {
    let mut slapd = Slapd::start(&many()).expect("starts");
    let between = Interference::before(([127, 0, 0, 1], slapd.port).into()).expect("listens");
    let world = world(Database::Sqlite);
    for reading in ["changes", "whole"] {
        let mut settings = openldap_settings(between.port);
        settings["reading"] = json!(reading);
        let path = add(&world, settings, slapd::PASSWORD);
        between.set_mood(Mood::Cutting { after_bytes: 20_000 });
        let before = states(&world);
        let cut = sync(&world, &path);
        assert_eq!(cut["outcome"]["because"]["code"], "directory_cut_short", "{cut}");
        assert_eq!(states(&world), before);
        between.set_mood(Mood::Passing);
        let whole = done(&world, &path);
        let act = if reading == "changes" { "created" } else { "linked" };
        assert_eq!(counts(&whole)[act], COUNT, "{}", whole["counts"]);
        // Away altogether: nothing changes either.
        slapd.kill_9().expect("ended");
        let away = sync(&world, &path);
        assert_eq!(away["outcome"]["is"], "incomplete", "{away}");
        assert_eq!(states(&world).as_array().map(Vec::len), Some(COUNT));
        slapd.start_again().expect("starts");
        assert_eq!(
            counts(&done(&world, &path)),
            json!({}),
            "{reading}: a restart of the server is no change"
        );
        world.must("DELETE", &path, Value::Null);
    }
    world.check_chain();
}

#[test]
fn an_answer_without_sense_changes_nothing() {
    let slapd = Slapd::start(&many()).expect("starts");
    let between = Interference::before(([127, 0, 0, 1], slapd.port).into()).expect("listens");
    let world = world(Database::Sqlite);
    for (reading, control) in [("changes", "1.3.6.1.4.1.4203.1.9.1.2"), ("whole", "1.2.840.113556.1.4.319")] {
        let mut settings = openldap_settings(between.port);
        settings["reading"] = json!(reading);
        let path = add(&world, settings, slapd::PASSWORD);
        // Sequences become texts: the control's value has no parts any more.
        between.set_mood(Mood::Garbling { behind: control.into(), from: 0x30, to: 0x04, bytes: 6 });
        let garbled = sync(&world, &path);
        assert_eq!(garbled["outcome"]["because"]["code"], "directory_garbled", "{garbled}");
        assert_eq!(states(&world), json!([]));
        // Lengths that lead nowhere, all over the place.
        between.set_mood(Mood::Garbling { behind: b"uid=".to_vec(), from: 0x30, to: 0x84, bytes: 40 });
        let garbled = sync(&world, &path);
        assert_eq!(garbled["outcome"]["is"], "incomplete", "{garbled}");
        assert_eq!(states(&world), json!([]));
        between.set_mood(Mood::Passing);
        world.must("DELETE", &path, Value::Null);
    }
}

#[test]
fn when_most_have_vanished_a_person_is_asked_first_x8() {
    let slapd = Slapd::start(&many()).expect("starts");
    let world = world(Database::Sqlite);
    world.person("chef", "Chef");
    world.must("PUT", "/accounts/chef@bm.com/role", json!({ "role": "company_admin" }));
    let path = add(&world, openldap_settings(slapd.port), slapd::PASSWORD);
    done(&world, &path);
    let delete = |range: std::ops::Range<usize>| {
        let base = slapd::PEOPLE;
        let ldif: String =
            range.map(|number| format!("dn: uid=p{number},{base}\nchangetype: delete\n\n")).collect();
        slapd.change(&ldif).expect("deleted");
    };
    delete(0..120);
    for _ in 0..2 {
        let held = sync(&world, &path);
        assert_eq!(held["outcome"], json!({ "is": "held", "suspended": 120, "of": 200 }), "{held}");
        assert_eq!(held["items"].as_array().map(Vec::len), Some(120));
        assert_eq!(state(&world, "p0"), "invited");
    }
    assert!(!world.must("GET", &path, Value::Null)["held_since"].is_null());
    let letters = wait_for(LIMIT, "a letter", || {
        let letters = world.bodies("chef", "INBOX");
        (!letters.is_empty()).then_some(letters)
    });
    assert_eq!(letters.len(), 1, "one letter of one hold: {letters:?}");
    assert!(letters[0].contains("120"), "{}", letters[0]);
    // More go: not they, whom nobody has seen.
    delete(120..130);
    let more = world.must("POST", &format!("{path}/apply"), json!({}));
    assert_eq!(more["outcome"], json!({ "is": "held", "suspended": 130, "of": 200 }), "{more}");
    let applied = world.must("POST", &format!("{path}/apply"), json!({}));
    assert_eq!(counts(&applied), json!({ "suspended": 130 }), "{applied}");
    assert_eq!((state(&world, "p0"), state(&world, "p130")), ("deactivated".into(), "invited".into()));
    assert!(world.must("GET", &path, Value::Null)["held_since"].is_null());
    let (status, problem) = world.api("POST", &format!("{path}/apply"), json!({}));
    assert_eq!((status, &problem["code"]), (409, &json!("directory_nothing_held")));
    // Everyone back at once is no danger.
    slapd
        .change(&(0..10).map(|n| slapd::person(&format!("q{n}"), "Neuf")).collect::<String>())
        .expect("added");
    assert_eq!(counts(&done(&world, &path)), json!({ "created": 10 }));
    world.check_chain();
}

/// As if the last reading had ended there, in the only directory, and the last whole one been then.
fn set_place(world: &World, cookie: &str, whole_at: &str) {
    let listed = world.of_organisation("GET", "/directories", Value::Null);
    let id: DirectoryId = listed[0]["id"].as_str().expect("an id").parse().expect("an id");
    let cookie = base64::engine::general_purpose::STANDARD.encode(cookie);
    let place = json!({ "whole_at": whole_at, "cookie": cookie }).to_string();
    let database = world.data().join("relais.db").display().to_string();
    let store = Store::open(&database, schema::MIGRATIONS).expect("opens");
    store.write_blocking(move |tx| directories::set_cookie(tx, id, Some(&place))).expect("written");
}

#[test]
fn a_cookie_that_is_too_old_costs_a_whole_reading_and_suspends_nobody() {
    let slapd = Slapd::start(&people(&["anna", "bruno", "carla", "denis"])).expect("starts");
    let world = world(Database::Sqlite);
    let path = add(&world, openldap_settings(slapd.port), slapd::PASSWORD);
    done(&world, &path);
    for cookie in ["rid=000,csn=20200101000000.000000Z#000000#000#000000", "garbage", ""] {
        set_place(&world, cookie, &in_seconds(0));
        assert_eq!(counts(&done(&world, &path)), json!({}), "{cookie}");
        slapd
            .change(&format!(
                "dn: uid=anna,{}\nchangetype: modify\nreplace: title\ntitle: {}\n\n",
                slapd::PEOPLE,
                cookie.len()
            ))
            .expect("changed");
        assert_eq!(counts(&done(&world, &path)), json!({ "updated": 1 }), "{cookie}");
    }
    set_place(&world, "rid=000,csn=20200101000000.000000Z#000000#000#000000", &in_seconds(0));
    slapd.change(&format!("dn: uid=denis,{}\nchangetype: delete\n\n", slapd::PEOPLE)).expect("changed");
    assert_eq!(counts(&done(&world, &path)), json!({ "suspended": 1 }));
}

#[test]
fn only_a_certificate_that_is_trusted_is_spoken_to_and_nothing_goes_in_the_clear() {
    let slapd = Slapd::start(&people(&["anna"])).expect("starts");
    let world = world(Database::Sqlite);
    let ca = std::fs::read_to_string(&slapd.certificates.ca).expect("read");
    let mut settings = openldap_settings(slapd.tls_port);
    settings["encryption"] = json!("tls");
    let path = add(&world, settings, slapd::PASSWORD);
    let stranger = sync(&world, &path);
    assert_eq!(stranger["outcome"]["because"]["code"], "directory_not_trusted", "{stranger}");
    world.must("PATCH", &path, json!({ "settings": { "ca": ca } }));
    assert_eq!(counts(&done(&world, &path)), json!({ "created": 1 }));
    // The name in it is the one that was asked for.
    world.must("PATCH", &path, json!({ "settings": { "host": "localhost" } }));
    let other = sync(&world, &path);
    assert_eq!(other["outcome"]["because"]["code"], "directory_not_trusted", "{other}");
    world.must(
        "PATCH",
        &path,
        json!({ "settings": { "host": "127.0.0.1", "port": slapd.port, "encryption": "start_tls" } }),
    );
    assert_eq!(counts(&done(&world, &path)), json!({}));
    world.must("PATCH", &path, json!({ "bind_password": "wrong" }));
    let wrong = sync(&world, &path);
    assert_eq!(wrong["outcome"]["because"]["code"], "directory_not_let_in", "{wrong}");
    // Its password goes in and never out.
    for path in [path.clone(), format!("/organisations/{}/directories", percent(ORGANISATION))] {
        let shown = world.must("GET", &path, Value::Null).to_string();
        assert!(!shown.contains("wrong") && !shown.contains("password"), "{shown}");
    }
    // Without the operator's word no directory of the server's own network is read.
    let closed = World::start(Database::Sqlite);
    let path = add(&closed, openldap_settings(slapd.port), slapd::PASSWORD);
    let report = sync(&closed, &path);
    assert_eq!(report["outcome"]["because"]["code"], "directory_unreachable", "{report}");
    assert_eq!(Configuration::for_test().rest.get("directories_on_own_network"), None);
}

#[test]
fn the_command_line_adds_plans_and_reads_a_directory_in_both_languages() {
    let slapd = Slapd::start(&people(&["anna", "bruno"])).expect("starts");
    let world = world(Database::Sqlite);
    let port = slapd.port.to_string();
    let password = world.data().join("password");
    std::fs::write(&password, format!("{}\n", slapd::PASSWORD)).expect("written");
    let password = format!("@{}", password.display());
    let added = world.typed(&[
        "directory",
        "add",
        "Annuaire",
        "open-ldap",
        "--host",
        "127.0.0.1",
        "--port",
        &port,
        "--encryption",
        "none",
        "--base",
        slapd::PEOPLE,
        "--bind-dn",
        slapd::ADMIN,
        "--bind-password",
        &password,
        "--every",
        "never",
    ]);
    assert!(added.contains("Annuaire") && !added.contains(slapd::PASSWORD), "{added}");
    let plan = world.typed(&["directory", "plan", "Annuaire"]);
    assert!(plan.contains("Essai : rien n'a été gardé.") && plan.contains("créés : 2"), "{plan}");
    let synced = world.typed(&["directory", "sync", "Annuaire"]);
    assert!(synced.contains("L'annuaire est lu et appliqué."), "{synced}");
    let mut english = world.server.command();
    let report =
        english.args(["--language", "en", "directory", "report", "Annuaire"]).output().expect("starts");
    let report = String::from_utf8(report.stdout).expect("text");
    assert!(report.contains("created: 2"), "{report}");
    let (code, _, errors) = world.cli(&["directory", "apply", "Annuaire"]);
    assert_eq!(code, 1);
    assert!(errors.contains("Aucun plan de cet annuaire n'est en attente"), "{errors}");
    world.typed(&["directory", "change", "Annuaire", "--every", "30", "--name", "Le nôtre"]);
    let listed = world.typed(&["directory", "list"]);
    assert!(listed.contains("Le nôtre"), "{listed}");
    world.typed(&["directory", "remove", "Le nôtre"]);
    assert_eq!(state(&world, "anna"), "invited");
}

#[test]
fn a_branch_that_moves_away_with_everyone_in_it_is_seen_within_a_day() {
    let base = slapd::PEOPLE;
    let mut ldif = people(&["anna"]);
    ldif.push_str(&format!("dn: ou=cadres,{base}\nobjectClass: organizationalUnit\nou: cadres\n\n"));
    ldif.push_str(&slapd::person("denis", "Denis").replace("uid=denis,", "uid=denis,ou=cadres,"));
    let slapd = Slapd::start(&ldif).expect("starts");
    let world = world(Database::Sqlite);
    let path = add(&world, openldap_settings(slapd.port), slapd::PASSWORD);
    done(&world, &path);
    slapd
        .change(&format!(
            "dn: ou=cadres,{base}\nchangetype: modrdn\nnewrdn: ou=cadres\ndeleteoldrdn: 0\nnewsuperior: ou=alumni,{}\n\n",
            slapd::SUFFIX
        ))
        .expect("moved");
    // Of the branch this server tells, perhaps, and not of who is in it.
    done(&world, &path);
    set_place(&world, "", &in_seconds(-25 * 3600));
    done(&world, &path);
    assert_eq!((state(&world, "anna"), state(&world, "denis")), ("invited".into(), "deactivated".into()));
}
