//! Active Directory, as Samba is one: by the numbers of its updates.

use super::*;
use relais_testbed::samba::{ADMIN, BASE, PASSWORD, Samba};

#[test]
fn what_happens_in_active_directory_happens_here_b16() {
    let samba = Samba::start().expect("starts");
    for login in ["anna", "bruno", "carla", "denis"] {
        samba.person(login).expect("made");
    }
    samba.tool(&["ou", "create", &format!("OU=Cadres,{BASE}")]).expect("made");
    samba.tool(&["group", "add", "Ventes"]).expect("made");
    samba.tool(&["group", "addmembers", "Ventes", "anna,bruno"]).expect("added");
    let world = world(Database::Sqlite);
    let ca = std::fs::read_to_string(&samba.certificates.ca).expect("read");
    let settings = json!({
        "kind": "active_directory", "host": samba.address.to_string(), "encryption": "tls", "ca": ca,
        "base": BASE, "bind_dn": ADMIN, "filter": "(&(objectCategory=person)(objectClass=user)(mail=*))",
        "groups": { "base": BASE, "filter": "(&(objectClass=group)(cn=Ventes))" },
        "sign_in": "bind", "every_minutes": null
    });
    let path = add(&world, settings, PASSWORD);
    let first = done(&world, &path);
    assert_eq!(counts(&first), json!({ "created": 4, "groups_created": 1, "members_added": 2 }), "{first}");
    assert_eq!(counts(&done(&world, &path)), json!({}));
    let anna = account(&world, "anna")["id"].clone();
    assert_eq!(account(&world, "anna")["name"], "anna Test");

    let sign_in = |login: &str, password: &str| {
        world.api("POST", "/sessions", json!({ "login": format!("{login}@bm.com"), "password": password })).0
    };
    assert_eq!(sign_in("anna", "Ldap.secret.of.anna1"), 201);
    assert_eq!(sign_in("anna", "Ldap.secret.of.bruno1"), 401);

    // Renamed and moved: the same person. Disabled, deleted, moved out of the base: suspended.
    samba
        .tool(&["user", "rename", "anna", "--mail-address=anna.durand@bm.com", "--display-name=Anna Durand"])
        .expect("done");
    samba.tool(&["user", "move", "anna", &format!("OU=Cadres,{BASE}")]).expect("moved");
    samba.tool(&["user", "disable", "bruno"]).expect("disabled");
    samba.tool(&["user", "delete", "carla"]).expect("deleted");
    let changed = done(&world, &path);
    assert_eq!(counts(&changed), json!({ "updated": 1, "suspended": 2 }), "{changed}");
    assert_eq!(account(&world, "anna.durand")["id"], anna);
    assert_eq!(account(&world, "anna.durand")["name"], "Anna Durand");
    assert_eq!(
        (state(&world, "bruno"), state(&world, "carla")),
        ("deactivated".into(), "deactivated".into())
    );
    assert_eq!(sign_in("bruno", "Ldap.secret.of.bruno1"), 401);

    samba.tool(&["user", "enable", "bruno"]).expect("enabled");
    let back = done(&world, &path);
    assert_eq!(counts(&back), json!({ "resumed": 1 }), "{back}");
    assert_eq!(sign_in("bruno", "Ldap.secret.of.bruno1"), 201);

    // Somebody else of the same login is not the one who left.
    samba.person("carla").expect("made");
    let other = done(&world, &path);
    assert_eq!(other["items"][0]["refusals"][0]["code"], "directory_other_entry", "{other}");
    assert_eq!(state(&world, "carla"), "deactivated");
    world.check_chain();
}
