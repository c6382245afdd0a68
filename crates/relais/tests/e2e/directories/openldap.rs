//! OpenLDAP by RFC 4533 and by whole readings: what happens there happens here.

use super::*;

fn lives(database: Database, reading: &str) {
    let slapd = Slapd::start(&people(&["anna", "bruno", "carla", "denis", "elsa", "farid"])).expect("starts");
    let world = world(database);
    let mut settings = openldap_settings(slapd.port);
    settings["reading"] = json!(reading);
    let path = add(&world, settings, slapd::PASSWORD);

    // Seen first, kept by nobody.
    let plan = world.must("POST", &format!("{path}/plan"), json!({}));
    assert_eq!((&plan["run"], counts(&plan)), (&json!("dry"), json!({ "created": 6 })), "{plan}");
    assert_eq!(world.of_organisation("GET", "/accounts", Value::Null).as_array().expect("a list").len(), 0);

    let first = done(&world, &path);
    assert_eq!(counts(&first), json!({ "created": 6 }), "{first}");
    let anna = account(&world, "anna");
    assert_eq!((&anna["name"], &anna["state"]), (&json!("anna Martin"), &json!("invited")));
    let profile = world.must("GET", "/accounts/anna@bm.com/profile", Value::Null);
    assert_eq!(profile["job_title"], "Agent");
    assert_eq!(profile["phones"], json!([{ "kind": "work", "number": "+33 1 23 45 67 89" }]));
    let again = done(&world, &path);
    assert_eq!(counts(&again), json!({}), "nothing changed: {again}");

    // Another name, another address, another branch of the tree: the same person.
    let base = slapd::PEOPLE;
    slapd
        .change(&format!(
            "dn: uid=anna,{base}\nchangetype: modify\nreplace: cn\ncn: Anna Durand\n-\nreplace: mail\nmail: anna.durand@bm.com\n\n\
             dn: uid=anna,{base}\nchangetype: modrdn\nnewrdn: uid=adurand\ndeleteoldrdn: 1\n\n\
             dn: ou=cadres,{base}\nobjectClass: organizationalUnit\nou: cadres\n\n\
             dn: uid=bruno,{base}\nchangetype: modrdn\nnewrdn: uid=bruno\ndeleteoldrdn: 0\nnewsuperior: ou=cadres,{base}\n\n\
             {}",
            slapd::person("gina", "Gina Neuve")
        ))
        .expect("changed");
    let changed = done(&world, &path);
    assert_eq!(counts(&changed), json!({ "created": 1, "updated": 1 }), "{changed}");
    let renamed = account(&world, "anna.durand");
    assert_eq!((&renamed["id"], &renamed["name"]), (&anna["id"], &json!("Anna Durand")));
    assert_eq!(state(&world, "bruno"), "invited");

    // Deleted there, suspended here: sign-in stops, data stays (B16). Moved out of the base is as good as gone.
    world.must("POST", "/accounts/carla@bm.com/password", json!({ "password": "password of carla" }));
    slapd
        .change(&format!(
            "dn: uid=carla,{base}\nchangetype: delete\n\n\
             dn: uid=denis,{base}\nchangetype: modrdn\nnewrdn: uid=denis\ndeleteoldrdn: 0\nnewsuperior: ou=alumni,{}\n\n\
             dn: uid=elsa,{base}\nchangetype: modify\nadd: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n\n",
            slapd::SUFFIX
        ))
        .expect("changed");
    let gone = done(&world, &path);
    assert_eq!(counts(&gone), json!({ "suspended": 3 }), "{gone}");
    for login in ["carla", "denis", "elsa"] {
        let closed = account(&world, login);
        assert_eq!(
            (&closed["state"], &closed["deactivation"]["cause"]),
            (&json!("deactivated"), &json!("directory"))
        );
    }
    let body = json!({ "login": "carla@bm.com", "password": "password of carla" });
    assert_eq!(world.api("POST", "/sessions", body.clone()).0, 403);

    // Back in the tree, and let in again: linked again, with everything that was there. A new entry of the same name is
    // perhaps somebody else.
    slapd
        .change(&format!(
            "dn: uid=denis,ou=alumni,{}\nchangetype: modrdn\nnewrdn: uid=denis\ndeleteoldrdn: 0\nnewsuperior: {base}\n\n\
             dn: uid=elsa,{base}\nchangetype: modify\ndelete: pwdAccountLockedTime\n\n{}",
            slapd::SUFFIX,
            slapd::person("carla", "Carla Martin")
        ))
        .expect("changed");
    let back = done(&world, &path);
    assert_eq!(counts(&back), json!({ "resumed": 2, "refused": 1 }), "{back}");
    assert_eq!(back["items"][0]["refusals"][0]["code"], "directory_other_entry", "{back}");
    assert_eq!(state(&world, "carla"), "deactivated");
    let entry = back["items"][0]["entry"].as_str().expect("an id");
    world.must("PUT", &format!("{path}/entries/{entry}"), json!({ "account": "carla@bm.com" }));
    let linked = done(&world, &path);
    assert_eq!(counts(&linked)["resumed"], 1, "{linked}");
    assert_eq!(world.api("POST", "/sessions", body).0, 201);

    // What a person decided stays, whatever the directory says.
    world.must("POST", "/accounts/farid@bm.com/deactivate", json!({}));
    slapd
        .change(&format!("dn: uid=farid,{base}\nchangetype: modify\nreplace: title\ntitle: Chef\n\n"))
        .expect("changed");
    let still = done(&world, &path);
    assert_eq!(counts(&still), json!({ "updated": 1 }), "{still}");
    assert_eq!(account(&world, "farid")["deactivation"]["cause"], "admin");
    world.check_chain();
}

#[test]
fn what_happens_in_openldap_happens_here_by_its_changes_b16() {
    lives(Database::Sqlite, "changes");
}

#[test]
fn what_happens_in_openldap_happens_here_by_whole_readings_on_postgresql() {
    lives(Database::Postgres, "whole");
}

#[test]
fn entries_that_cannot_be_made_are_told_with_the_way_out_and_stop_nobody() {
    let mut ldif = people(&["anna", "bruno"]);
    ldif.push_str(
        &slapd::person("elsewhere", "Elle Ailleurs").replace("elsewhere@bm.com", "elle@ailleurs.fr"),
    );
    ldif.push_str(&slapd::person("none", "Sans Adresse").replace("mail: none@bm.com\n", ""));
    ldif.push_str(&slapd::person("twin", "Un").replace("twin@bm.com", "double@bm.com"));
    ldif.push_str(&slapd::person("twine", "Deux").replace("twine@bm.com", "double@bm.com"));
    let slapd = Slapd::start(&ldif).expect("starts");
    let world = world(Database::Sqlite);
    world.person("chef", "Chef");
    world.must("PUT", "/accounts/chef@bm.com/role", json!({ "role": "company_admin" }));
    slapd.change(&slapd::person("chef", "Chef")).expect("added");
    let path = add(&world, openldap_settings(slapd.port), slapd::PASSWORD);
    let report = done(&world, &path);
    assert_eq!(counts(&report), json!({ "created": 2, "refused": 5 }), "{report}");
    let codes: Vec<&str> = report["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|item| item["refusals"][0]["code"].as_str())
        .collect();
    for code in [
        "domain_not_hosted",
        "directory_address_missing",
        "directory_address_twice",
        "directory_link_by_hand",
    ] {
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
    // Once the domain is there, so is the person, though the directory says nothing new.
    world.of_organisation("POST", "/domains", json!({ "name": "ailleurs.fr" }));
    let next = done(&world, &path);
    assert_eq!(counts(&next), json!({ "created": 1, "refused": 4 }), "{next}");
}

#[test]
fn groups_and_groups_in_groups_follow_the_directory_and_people_keep_their_say() {
    let groups = format!("ou=groups,{}", slapd::SUFFIX);
    let base = slapd::PEOPLE;
    let mut ldif = people(&["anna", "bruno", "carla"]);
    ldif.push_str(&format!("dn: ou=cadres,{base}\nobjectClass: organizationalUnit\nou: cadres\n\n"));
    ldif.push_str(&slapd::person("denis", "Denis").replace("uid=denis,", "uid=denis,ou=cadres,"));
    ldif.push_str(&format!(
        "dn: cn=Ventes,{groups}\nobjectClass: groupOfNames\ncn: Ventes\nmember: UID=anna , {base}\nmember: uid=bruno,{base}\n\n\
         dn: cn=Tous,{groups}\nobjectClass: groupOfNames\ncn: Tous\nmember: cn=Ventes,{groups}\nmember: uid=carla,{base}\n\
         member: uid=denis,ou=cadres,{base}\n\n"
    ));
    let slapd = Slapd::start(&ldif).expect("starts");
    let world = world(Database::Sqlite);
    let mut settings = openldap_settings(slapd.port);
    settings["groups"] = json!({ "base": groups });
    let path = add(&world, settings, slapd::PASSWORD);
    let first = done(&world, &path);
    assert_eq!(counts(&first), json!({ "created": 4, "groups_created": 2, "members_added": 5 }), "{first}");
    let all = world.of_organisation("GET", "/groups", Value::Null);
    let id = |name: &str| {
        let found = all.as_array().expect("groups").iter().find(|group| group["name"] == name);
        found.expect("the group")["id"].as_str().expect("an id").to_owned()
    };
    let (sales, everyone) = (id("Ventes"), id("Tous"));
    let members = |group: &str| {
        let shown = world.must("GET", &format!("/groups/{group}/members"), Value::Null);
        let mut found: Vec<String> = shown
            .as_array()
            .expect("members")
            .iter()
            .map(|member| member["address"].as_str().unwrap_or_default().to_owned())
            .collect();
        found.sort();
        found
    };
    assert_eq!(members(&sales), ["anna@bm.com", "bruno@bm.com"]);
    assert_eq!(members(&everyone), ["carla@bm.com", "denis@bm.com"]);
    // A person takes one out and puts another in; the directory changes something else.
    world.must("DELETE", &format!("/groups/{sales}/members/anna@bm.com"), Value::Null);
    world.must("PUT", &format!("/groups/{sales}/members/carla@bm.com"), json!({ "role": "member" }));
    slapd
        .change(&format!(
            "dn: cn=Ventes,{groups}\nchangetype: modify\ndelete: member\nmember: uid=bruno,{base}\n\n\
             dn: cn=Ventes,{groups}\nchangetype: modrdn\nnewrdn: cn=Commerce\ndeleteoldrdn: 1\n\n"
        ))
        .expect("changed");
    let next = done(&world, &path);
    // This server does not mend names of what is renamed: the group in the other is one that it does not have.
    assert_eq!(counts(&next), json!({ "members_removed": 2 }), "{next}");
    assert_eq!(members(&sales), ["carla@bm.com"]);
    let shown = world.must("GET", &format!("/groups/{sales}"), Value::Null);
    assert_eq!(shown["name"], "Commerce", "{shown}");
    // A branch is renamed, and its people with it: the server tells of them nothing new, and the group names them anew.
    slapd
        .change(&format!(
            "dn: ou=cadres,{base}\nchangetype: modrdn\nnewrdn: ou=direction\ndeleteoldrdn: 1\n\n\
             dn: cn=Tous,{groups}\nchangetype: modify\ndelete: member\nmember: uid=denis,ou=cadres,{base}\n-\n\
             add: member\nmember: uid=denis,ou=direction,{base}\n\n"
        ))
        .expect("changed");
    assert_eq!(counts(&done(&world, &path)), json!({}));
    assert_eq!(members(&everyone), ["carla@bm.com", "denis@bm.com"]);
    world.check_chain();
}

#[test]
fn the_first_of_several_directories_decides() {
    let first = Slapd::start(&people(&["anna", "bruno", "carla"])).expect("starts");
    let second = Slapd::start(&people(&["anna", "bruno", "zoe"])).expect("starts");
    let world = world(Database::Sqlite);
    let mut paths = Vec::new();
    for (slapd, name, precedence) in [(&first, "Premier", 1), (&second, "Second", 2)] {
        let mut settings = openldap_settings(slapd.port);
        settings["precedence"] = json!(precedence);
        let body = json!({ "name": name, "settings": settings, "bind_password": slapd::PASSWORD });
        let made = world.of_organisation("POST", "/directories", body);
        paths.push(format!("/directories/{}", made["id"].as_str().expect("an id")));
    }
    assert_eq!(counts(&done(&world, &paths[0])), json!({ "created": 3 }));
    assert_eq!(counts(&done(&world, &paths[1])), json!({ "created": 1, "linked": 2 }));
    let base = slapd::PEOPLE;
    second
        .change(&format!(
            "dn: uid=anna,{base}\nchangetype: modify\nreplace: cn\ncn: Autre Nom\n\ndn: uid=bruno,{base}\nchangetype: delete\n\n"
        ))
        .expect("changed");
    assert_eq!(counts(&done(&world, &paths[1])), json!({}), "the first knows them");
    first
        .change(&format!(
            "dn: uid=bruno,{base}\nchangetype: delete\n\ndn: uid=anna,{base}\nchangetype: delete\n\n"
        ))
        .expect("changed");
    assert_eq!(counts(&done(&world, &paths[0])), json!({ "suspended": 1 }), "the second knows anna");
    assert_eq!((state(&world, "anna"), state(&world, "bruno")), ("invited".into(), "deactivated".into()));
}

#[test]
fn whoever_a_filter_says_may_not_sign_in_is_suspended_for_as_long_as_it_does() {
    let slapd = Slapd::start(&people(&["anna", "bruno", "carla"])).expect("starts");
    let world = world(Database::Sqlite);
    let mut settings = openldap_settings(slapd.port);
    settings["disabled_filter"] = json!("(employeeType=parti)");
    let path = add(&world, settings, slapd::PASSWORD);
    assert_eq!(counts(&done(&world, &path)), json!({ "created": 3 }));
    let base = slapd::PEOPLE;
    slapd
        .change(&format!(
            "dn: uid=anna,{base}\nchangetype: modify\nadd: employeeType\nemployeeType: parti\n\n\
             dn: uid=bruno,{base}\nchangetype: modify\nadd: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n\n"
        ))
        .expect("changed");
    assert_eq!(counts(&done(&world, &path)), json!({ "suspended": 2 }));
    assert_eq!(counts(&done(&world, &path)), json!({}));
    slapd
        .change(&format!("dn: uid=anna,{base}\nchangetype: modify\ndelete: employeeType\n\n"))
        .expect("changed");
    assert_eq!(counts(&done(&world, &path)), json!({ "resumed": 1 }));
    assert_eq!((state(&world, "anna"), state(&world, "bruno")), ("invited".into(), "deactivated".into()));
    // Without the filter each entry speaks for itself.
    world.must("PATCH", &path, json!({ "settings": { "disabled_filter": null } }));
    assert_eq!(counts(&done(&world, &path)), json!({}));
}
