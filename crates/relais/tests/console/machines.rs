//! What an administrator connects to the organisation: directories, the identity provider, SCIM, applications; and the
//! policies that hold for all of it.

use crate::world::{ORGANISATION, WIDE, World};
use relais_testbed::browser::Looks;
use relais_testbed::openid::OpenId;
use relais_testbed::scim_server::ScimServer;
use relais_testbed::slapd::{self, Slapd};
use serde_json::{Value, json};

fn id_of(made: &Value) -> String {
    made["id"].as_str().expect("an id").to_owned()
}

fn now_s() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().expect("it is after 1970");
    i64::try_from(since.as_secs()).expect("and not so late")
}

/// A directory that nobody runs, and an application that nobody answers for.
pub fn pages(world: &World) -> Vec<String> {
    let settings = json!({ "kind": "open_ldap", "host": "127.0.0.1", "port": 1, "encryption": "none", "base": "dc=valmont,dc=fr" });
    let directory =
        world.of_organisation("POST", "/directories", json!({ "name": "Mairie", "settings": settings }));
    let directory = format!("/console/directories/{}", id_of(&directory));
    world.must("POST", &format!("{}/sync", directory.replace("/console", "")), json!({}));
    let asked = json!({ "name": "Tableaux", "url": "http://127.0.0.1:1/relais" });
    let application = id_of(&world.of_organisation("POST", "/applications", asked));
    let application = format!("/console/applications/{application}");
    let feed = json!({ "settings": { "url": "http://127.0.0.1:1/scim/v2" }, "token": "secret" });
    world.must("PUT", &format!("{}/feed", application.replace("/console", "")), feed);
    world.of_organisation("POST", "/scim/tokens", json!({ "name": "Entra ID" }));
    vec![
        "/console/directories".to_owned(),
        "/console/directories/new".to_owned(),
        directory.clone(),
        format!("{directory}/settings"),
        format!("{directory}/differences"),
        "/console/sign-on".to_owned(),
        "/console/scim".to_owned(),
        "/console/applications".to_owned(),
        application.clone(),
        format!("{application}/feed"),
        "/console/policies".to_owned(),
    ]
}

fn person(uid: &str, name: &str) -> String {
    slapd::person(uid, name).replace("@bm.com", "@valmont.fr")
}

/// X8, B16: planned first, then applied; what is held waits for a person; who is not recognised is linked by hand.
#[test]
fn a_directory_is_connected_planned_and_applied_and_holds_what_is_too_much() {
    let people: Vec<String> =
        (0..8).map(|number| person(&format!("agent{number}"), &format!("Agent {number}"))).collect();
    let slapd = Slapd::start(&(people.concat() + &person("maire", "Claire Aubert"))).expect("starts");
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/directories").unwrap();
    browser.see("Aucun annuaire n'est relié");
    browser.press("a[href='/console/directories/new']").unwrap();
    browser.see("Le serveur");
    for (field, text) in [
        ("#name", "Mairie"),
        ("#host", "127.0.0.1"),
        ("#port", &slapd.port.to_string()),
        ("#bind_dn", slapd::ADMIN),
        ("#bind_password", slapd::PASSWORD),
        ("#base", slapd::PEOPLE),
    ] {
        browser.write(field, text).unwrap();
    }
    browser.run("document.querySelector('#encryption').value = 'none'", &[]).unwrap();
    browser.write("#filter", "(uid=*").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("filter");
    assert_eq!(browser.run("return document.querySelector('#base').value", &[]).unwrap(), slapd::PEOPLE);
    browser.write("#filter", ")").unwrap();
    browser.write("#bind_password", slapd::PASSWORD).unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see("n'a pas encore été lu");
    browser.press("form[action$='/plan'] button").unwrap();
    browser.see("Un essai");
    browser.see("agent0@valmont.fr");
    assert_eq!(world.of_organisation("GET", "/accounts?limit=200", Value::Null).as_array().unwrap().len(), 4);
    browser.press("form[action$='/sync'] button.primary").unwrap();
    browser.see("L'annuaire est lu");
    assert_eq!(world.account("agent0")["state"], "invited");
    browser.press("a[href$='/differences']").unwrap();
    browser.see("maire@valmont.fr");
    browser.write("#account", "maire@valmont.fr").unwrap();
    browser.press("form[action$='/link'] button").unwrap();
    browser.see("sont la même personne");
    // Most of them vanish at once.
    let gone: String = (0..8)
        .map(|number| format!("dn: uid=agent{number},{}\nchangetype: delete\n\n", slapd::PEOPLE))
        .collect();
    slapd.change(&gone).expect("changed");
    browser.press("form[action$='/sync'] button").unwrap();
    browser.see("Un plan attend votre décision");
    assert_eq!(world.account("agent0")["state"], "invited");
    browser.press("input[name=understood]").unwrap();
    browser.press("form[action$='/apply'] button").unwrap();
    browser.see("L'annuaire est lu");
    assert_eq!(world.account("agent0")["state"], "deactivated");
    browser.press("a[href$='/settings']").unwrap();
    browser.see("Lecture et prudence");
    assert!(
        !browser
            .run("return document.documentElement.outerHTML", &[])
            .unwrap()
            .to_string()
            .contains("value=\\\"secret")
    );
}

#[test]
fn single_sign_on_is_set_up_tried_and_taken_away_in_both_languages() {
    let provider = OpenId::start(now_s()).expect("starts");
    for (language, answers, gone) in [
        ("fr", "Le fournisseur d'identité répond", "de nouveau avec son mot de passe"),
        ("en", "answers, and is who", "with their password again"),
    ] {
        let world = World::start();
        let browser = world.signed_in("admin", Looks { language, ..WIDE });
        browser.go("/console/sign-on").unwrap();
        browser.see("/sso/backchannel");
        browser.write("#issuer", "ftp://nowhere").unwrap();
        browser.write("#client_id", "relais").unwrap();
        browser.write("#domains", "valmont.fr").unwrap();
        browser.press("main form.card button.primary").unwrap();
        browser.see("ftp://nowhere");
        browser.run("document.querySelector('#issuer').value = ''", &[]).unwrap();
        browser.write("#issuer", &provider.issuer()).unwrap();
        browser.press("main form.card button.primary").unwrap();
        browser.press("form[action$='/test'] button").unwrap();
        browser.see(answers);
        browser.run("document.querySelector('details:has([name=understood])').open = true", &[]).unwrap();
        browser.press("input[name=understood]").unwrap();
        browser.press("form[action$='/remove'] button").unwrap();
        browser.see(gone);
    }
}

#[test]
fn a_scim_token_is_shown_once_and_opens_nothing_once_it_is_revoked() {
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/scim").unwrap();
    browser.see("/scim/v2");
    browser.write("#name", "Entra <ID>").unwrap();
    browser.press("main form.card button.primary").unwrap();
    browser.see("Jeton pour Entra <ID>");
    let secret = browser.run("return document.querySelector('code.secret').textContent", &[]).unwrap();
    let bearer = format!("Bearer {}", secret.as_str().unwrap());
    let users =
        || crate::refused::ask(&world, "GET", "/scim/v2/Users", &[("Authorization", &bearer)], "").status;
    assert_eq!(users(), 200);
    browser.go("/console/scim").unwrap();
    assert_eq!(browser.run("return document.querySelectorAll('code.secret').length", &[]).unwrap(), 0);
    browser.press("form[action$='/revoke'] button").unwrap();
    browser.see("n'ouvre plus rien");
    assert_eq!(users(), 401);
}

#[test]
fn an_application_is_connected_replayed_and_fed() {
    let scim = ScimServer::start("s3cret").expect("starts");
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/applications").unwrap();
    browser.see("Aucune application n'est reliée");
    browser.write("#name", "Tableaux").unwrap();
    browser.write("#url", "http://127.0.0.1:1/relais").unwrap();
    browser.press("main form.card button.primary").unwrap();
    browser.see("Copiez-le maintenant");
    assert_eq!(browser.run("return document.querySelectorAll('code.secret').length", &[]).unwrap(), 2);
    world.must("POST", "/accounts/lucas@valmont.fr/deactivate", json!({}));
    browser.press("form[action$='/replay'] button").unwrap();
    browser.see("repartent, dans l'ordre");
    browser.see("account.deactivated");
    browser.press("form[action$='/signing-secret'] button").unwrap();
    browser.see("Nouveau secret des webhooks");
    browser.press("a[href$='/feed']").unwrap();
    browser.write("#url", &scim.url()).unwrap();
    browser.write("#token", "s3cret").unwrap();
    browser.press("main form.card button.primary").unwrap();
    browser.see("arrêté");
    browser.press("form[action$='/plan'] button").unwrap();
    browser.see("Ce que comparer ferait");
    browser.see("jeanne@valmont.fr");
    assert_eq!(scim.list("Users").len(), 0);
    browser.press("form[action$='/run'] button.primary").unwrap();
    browser.see("C'est fait");
    relais_testbed::net::wait_for(std::time::Duration::from_secs(60), "the application has them", || {
        (scim.list("Users").len() >= 3).then_some(())
    });
    browser.press("form[action$='/off'] button").unwrap();
    browser.see("arrêté");
}

#[test]
fn policies_hold_from_the_next_page_on() {
    let world = World::start();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/policies").unwrap();
    browser.press("input[name=new_mail][value=redirect]").unwrap();
    browser.write("#redirect_to", "personne@valmont.fr").unwrap();
    browser.press("form[action$='/departure'] button").unwrap();
    browser.see("personne@valmont.fr");
    browser.run("document.querySelector('#redirect_to').value = ''", &[]).unwrap();
    browser.write("#redirect_to", "jeanne@valmont.fr").unwrap();
    browser.press("form[action$='/departure'] button").unwrap();
    browser.see("La règle est enregistrée");
    let policy = world.of_organisation("GET", "/departure-policy", Value::Null);
    assert_eq!(policy["new_mail"], json!({ "do": "redirect", "to": "jeanne@valmont.fr", "days": 90 }));
    browser.press("input[name=second_factor][value=administrators]").unwrap();
    browser.press("form[action$='/sign-in'] button").unwrap();
    browser.see("Clés d'accès");
    assert_eq!(browser.place().unwrap(), "/me/second-factor");
}

/// Another organisation's things are not there, and a lesser role has neither the pages nor the links.
#[test]
fn machines_of_others_are_not_there() {
    let world = World::start();
    world.must("POST", "/organisations", json!({ "name": "Voisins", "language": "fr" }));
    let settings =
        json!({ "kind": "open_ldap", "host": "127.0.0.1", "port": 1, "encryption": "none", "base": "dc=v" });
    let theirs = world.must(
        "POST",
        "/organisations/Voisins/directories",
        json!({ "name": "Leur", "settings": settings }),
    );
    let directory = id_of(&theirs);
    let application =
        id_of(&world.must("POST", "/organisations/Voisins/applications", json!({ "name": "Leur" })));
    world.person("gest", "Gestion Comptes", "account_manager");
    let pages = pages(&world);
    let admin = crate::refused::cookie_of(&world, "admin");
    let lesser = crate::refused::cookie_of(&world, "gest");
    let ask = |method: &str, place: &str, cookie: &str, form: &str| {
        let head = [("Cookie", cookie), crate::refused::OURS[0], crate::refused::OURS[1]];
        crate::refused::ask(&world, method, place, &head, form).status
    };
    for page in &pages {
        assert_eq!(ask("GET", page, &admin, ""), 200, "{page}");
        assert_eq!(ask("GET", page, &lesser, ""), 403, "{page}");
    }
    for part in ["", "/settings", "/plan", "/differences"] {
        assert_eq!(ask("GET", &format!("/console/directories/{directory}{part}"), &admin, ""), 404, "{part}");
    }
    for part in ["/settings", "/plan", "/sync", "/apply", "/link", "/remove"] {
        let place = format!("/console/directories/{directory}{part}");
        assert_eq!(ask("POST", &place, &admin, "understood=yes"), 404, "{part}");
    }
    for part in [
        "",
        "/token",
        "/signing-secret",
        "/replay",
        "/disconnect",
        "/feed",
        "/feed/plan",
        "/feed/run",
        "/feed/off",
    ] {
        let place = format!("/console/applications/{application}{part}");
        assert_eq!(ask("POST", &place, &admin, "understood=yes&from=1"), 404, "{part}");
    }
    for place in [
        "/console/sign-on",
        "/console/sign-on/test",
        "/console/scim",
        "/console/applications",
        "/console/policies/sign-in",
        "/console/policies/departure",
    ] {
        assert_eq!(ask("POST", place, &lesser, "name=x"), 403, "{place}");
    }
    assert_eq!(
        world
            .must("GET", &format!("/organisations/{ORGANISATION}/applications"), Value::Null)
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
