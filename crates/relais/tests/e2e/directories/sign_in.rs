//! Signing in with the directory's password: every door asks the table first, and again after.

use super::*;
use crate::doors_and_states::may_submit;
use relais_core::rights::{Act, State, Verdict, may};

fn secret(login: &str) -> String {
    format!("ldap secret of {login}")
}

/// With people `p.invited` and so on, brought there through the doors.
fn staffed() -> (Slapd, World, String) {
    let slapd = Slapd::start(&people(&["invited", "active", "deactivated", "deleted", "other", "more"]))
        .expect("starts");
    let world = world(Database::Sqlite);
    let mut settings = openldap_settings(slapd.port);
    settings["sign_in"] = json!("bind");
    let path = add(&world, settings, slapd::PASSWORD);
    done(&world, &path);
    (slapd, world, path)
}

fn sign_in(world: &World, login: &str, password: &str) -> u16 {
    world.api("POST", "/sessions", json!({ "login": format!("{login}@bm.com"), "password": password })).0
}

#[test]
fn whoever_the_table_lets_in_signs_in_with_the_password_of_the_directory() {
    let (_slapd, world, _) = staffed();
    assert_eq!(sign_in(&world, "active", &secret("active")), 201, "who was invited enters");
    assert_eq!(state(&world, "active"), "active");
    for login in ["deactivated", "deleted"] {
        world.must("POST", &format!("/accounts/{login}@bm.com/deactivate"), json!({}));
    }
    world.back_up("deleted@bm.com");
    let deleted = account(&world, "deleted")["id"].as_str().expect("an id").to_owned();
    world.must("DELETE", &format!("/accounts/{deleted}"), Value::Null);
    for wanted in [State::Active, State::Deactivated, State::Deleted, State::Invited] {
        let login = wanted.as_str();
        let lets = matches!(may(wanted, Act::SignInWithSso), Verdict::Yes | Verdict::Activates);
        let address = format!("{login}@bm.com");
        // The mail door first: whoever was invited enters by it.
        assert_eq!(world.try_imap(&address, &secret(login)).is_ok(), lets, "IMAP, {wanted:?}");
        assert_eq!(world.try_pop(&address, &secret(login)).is_ok(), lets, "POP, {wanted:?}");
        assert_eq!(sign_in(&world, login, &secret(login)) == 201, lets, "API, {wanted:?}");
        assert_eq!(may_submit(&world, login, &secret(login)), lets, "SMTP AUTH, {wanted:?}");
        let dav = relais_testbed::dav::Dav {
            address: world.server.address(&world.server.configuration.http).expect("an address"),
            login: address.clone(),
            password: secret(login),
        };
        let answered = dav.ask("PROPFIND", "/dav/", &[("Depth", "0")], "").expect("an answer").status;
        assert_eq!(answered == 207, lets, "DAV, {wanted:?}");
        assert!(world.try_imap(&address, "").is_err(), "an empty password, {wanted:?}");
        assert_eq!(sign_in(&world, login, ""), 401);
        assert_eq!(sign_in(&world, login, "wrong"), 401);
    }
}

#[test]
fn who_is_gone_there_does_not_sign_in_here_even_before_the_next_reading() {
    let (mut slapd, world, path) = staffed();
    let base = slapd::PEOPLE;
    slapd
        .change(&format!(
            "dn: uid=other,{base}\nchangetype: delete\n\n\
             dn: uid=more,{base}\nchangetype: modify\nadd: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n\n\
             dn: uid=active,{base}\nchangetype: modrdn\nnewrdn: uid=active\ndeleteoldrdn: 0\nnewsuperior: ou=alumni,{}\n\n",
            slapd::SUFFIX
        ))
        .expect("changed");
    for login in ["other", "more", "active"] {
        assert_eq!(sign_in(&world, login, &secret(login)), 401, "{login}");
    }
    // Guesses are counted as everywhere.
    for _ in 0..10 {
        assert_eq!(sign_in(&world, "invited", "wrong"), 401);
    }
    assert_eq!(sign_in(&world, "invited", &secret("invited")), 429);
    // Without the directory nobody is let in by it, and a password here is one.
    world.must("POST", "/accounts/deleted@bm.com/password", json!({ "password": "a password here" }));
    slapd.kill_9().expect("ended");
    assert_eq!(sign_in(&world, "deactivated", &secret("deactivated")), 503);
    assert_eq!(sign_in(&world, "deleted", "a password here"), 201);
    slapd.start_again().expect("starts");
    assert_eq!(sign_in(&world, "deactivated", &secret("deactivated")), 201);
    world.must("PATCH", &path, json!({ "settings": { "sign_in": "off" } }));
    assert_eq!(sign_in(&world, "deactivated", &secret("deactivated")), 401);
}
