//! What the console does not do: for another site, for another organisation, for whoever has not the role; and what people
//! call themselves is text.

use crate::world::{WIDE, World, password_of};
use relais_testbed::dav::{self, Answer};
use serde_json::{Value, json};

/// A request with these lines in its head.
pub fn ask(world: &World, method: &str, path: &str, head: &[(&str, &str)], form: &str) -> Answer {
    dav::ask(world.address(), method, path, head, form).expect("an answer")
}

/// Signs in as a browser does; the cookie.
pub fn cookie_of(world: &World, login: &str) -> String {
    let form = format!("login={login}%40valmont.fr&password={}", password_of(login).replace(' ', "+"));
    let answer = ask(world, "POST", "/sign-in", &OURS, &form);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookie = answer.header("set-cookie").expect("a cookie").to_owned();
    for part in ["__Host-", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

pub const OURS: [(&str, &str); 2] =
    [("Sec-Fetch-Site", "same-origin"), ("Content-Type", "application/x-www-form-urlencoded")];

#[test]
fn a_form_of_another_site_changes_nothing() {
    let world = World::start();
    let id = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    let cookie = cookie_of(&world, "admin");
    let place = format!("/console/accounts/{id}/deactivate");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for forged in [
        vec![("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "same-site")],
        vec![("Origin", "https://evil.test")],
        vec![("Origin", "null")],
        vec![],
    ] {
        let mut head = vec![("Cookie", cookie.as_str()), form];
        head.extend(&forged);
        let answer = ask(&world, "POST", &place, &head, "mail=refuse");
        assert_eq!(answer.status, 403, "{forged:?}");
        assert_eq!(world.account("jeanne")["state"], "active");
    }
    let head = [("Cookie", cookie.as_str()), OURS[0], OURS[1]];
    assert_eq!(ask(&world, "POST", &place, &head, "mail=refuse").status, 303);
    assert_eq!(world.account("jeanne")["state"], "deactivated");
}

/// Role by page: who is not signed in is asked to, a member has no console, another organisation's things are not there.
#[test]
fn nobody_sees_what_is_not_theirs() {
    let world = World::start();
    world.must("POST", "/organisations", json!({ "name": "Voisins", "language": "fr" }));
    world.must("POST", "/organisations/Voisins/domains", json!({ "name": "voisins.fr" }));
    let stranger = world.must(
        "POST",
        "/organisations/Voisins/accounts",
        json!({ "address": "a@voisins.fr", "name": "Autre", "password": "une phrase bien longue" }),
    );
    let theirs = stranger["id"].as_str().unwrap();
    let ours = world.account("jeanne")["id"].as_str().unwrap().to_owned();
    let pages = [
        "",
        "/deactivate",
        "/reactivate",
        "/delete",
        "/departure",
        "/addresses",
        "/events",
        "/sessions",
        "/subscription",
    ];
    let (admin, member) = (cookie_of(&world, "admin"), cookie_of(&world, "lucas"));
    for page in pages {
        let head = [("Cookie", admin.as_str())];
        let answer = ask(&world, "GET", &format!("/console/accounts/{theirs}{page}"), &head, "");
        assert_eq!(answer.status, 404, "{page}: {}", answer.text());
        let answer = ask(&world, "GET", &format!("/console/accounts/{ours}{page}"), &head, "");
        assert_eq!(answer.status, 200, "{page}: {}", answer.text());
    }
    for place in [
        "/console",
        "/console/accounts",
        "/console/departures",
        "/console/routing",
        "/console/events",
        "/console/events.csv",
        "/console/provision",
        "/console/provision/statement",
        "/console/provision/statement.csv",
        "/console/provision/licences",
        "/console/subscriptions",
        "/console/organisation",
    ] {
        assert_eq!(ask(&world, "GET", place, &[("Cookie", &admin)], "").status, 200, "{place}");
        assert_eq!(ask(&world, "GET", place, &[("Cookie", &member)], "").status, 403, "{place}");
        let answer = ask(&world, "GET", place, &[], "");
        assert_eq!(answer.status, 303, "{place}");
        assert!(answer.header("location").unwrap().starts_with("/sign-in"), "{place}");
    }
    assert_eq!(
        ask(&world, "GET", &format!("/console/accounts/{ours}"), &[("Cookie", &member)], "").status,
        403
    );
    assert_eq!(ask(&world, "GET", "/console/nothing", &[("Cookie", &admin)], "").status, 404);
    let head = [("Cookie", admin.as_str()), OURS[0], OURS[1]];
    for act in ["deactivate", "reactivate", "delete", "aliases", "role", "sessions/end", "subscription"] {
        let form = "mail=refuse&understood=yes&address=x%40valmont.fr&role=member&session=1&to=none";
        let answer = ask(&world, "POST", &format!("/console/accounts/{theirs}/{act}"), &head, form);
        assert_eq!(answer.status, 404, "{act}");
    }
    let answer =
        ask(&world, "POST", "/console/accounts/bulk", &head, &format!("act=deactivate&account={theirs}"));
    assert!([303, 404].contains(&answer.status));
    assert_eq!(world.must("GET", "/accounts/a@voisins.fr", Value::Null)["state"], "active");
}

/// The same of what an organisation has besides accounts.
#[test]
fn nobody_sees_or_changes_the_groups_mailboxes_domains_and_backups_of_others() {
    let world = World::start();
    world.person("gestion", "Nadia Faure", "account_manager");
    world.must("POST", "/organisations", json!({ "name": "Voisins", "language": "fr" }));
    world.must("POST", "/organisations/Voisins/domains", json!({ "name": "voisins.fr" }));
    let theirs = |path: &str, body: Value| {
        let made = world.must("POST", &format!("/organisations/Voisins/{path}"), body);
        made["id"].as_str().unwrap().to_owned()
    };
    let group = theirs("groups", json!({ "name": "Club" }));
    let mailbox = theirs("shared-mailboxes", json!({ "name": "Info", "address": "info@voisins.fr" }));
    let responder = theirs("responders", json!({ "name": "Partis", "text": "Parti." }));
    let backup = theirs("backups", json!({}));
    let admin = cookie_of(&world, "admin");
    let head = [("Cookie", admin.as_str()), OURS[0], OURS[1]];
    for place in [
        format!("/console/groups/{group}"),
        format!("/console/groups/{group}/settings"),
        format!("/console/groups/{group}/delete"),
        format!("/console/mailboxes/{mailbox}"),
        format!("/console/responders/{responder}"),
        "/console/domains/voisins.fr".to_owned(),
        "/console/domains/voisins.fr/delete".to_owned(),
        format!("/console/backups/{backup}"),
        format!("/console/backups/{backup}/{mailbox}?reason=essai"),
    ] {
        assert_eq!(ask(&world, "GET", &place, &head, "").status, 404, "{place}");
    }
    for (place, form) in [
        (format!("/console/groups/{group}/members"), "address=jeanne%40valmont.fr&role=admin"),
        (format!("/console/groups/{group}/name"), "name=Pris"),
        (format!("/console/groups/{group}/delete"), ""),
        (format!("/console/mailboxes/{mailbox}/members"), "address=jeanne%40valmont.fr&right=read"),
        (format!("/console/responders/{responder}"), "text=Pris"),
        ("/console/domains/voisins.fr/delete".to_owned(), ""),
        (format!("/console/backups/{backup}/{mailbox}/restore"), "reason=essai&confirmed=yes"),
    ] {
        assert_eq!(ask(&world, "POST", &place, &head, form).status, 404, "{place}");
    }
    let (member, manager) = (cookie_of(&world, "lucas"), cookie_of(&world, "gestion"));
    let status = |cookie: &str, method: &str, place: &str| {
        ask(&world, method, place, &[("Cookie", cookie), OURS[0], OURS[1]], "name=a&text=b").status
    };
    for place in ["groups", "mailboxes", "responders", "domains", "invitations", "accounts/new", "backups"] {
        assert_eq!(status(&member, "GET", &format!("/console/{place}")), 403, "{place}");
    }
    for place in ["groups", "mailboxes", "responders", "domains", "invitations", "accounts/new"] {
        assert_eq!(status(&manager, "GET", &format!("/console/{place}")), 200, "{place}");
    }
    assert_eq!(status(&manager, "GET", "/console/backups"), 403);
    assert_eq!(status(&manager, "GET", "/console/domains/valmont.fr/delete"), 403);
    assert_eq!(status(&manager, "POST", "/console/domains"), 403);
    assert_eq!(status(&manager, "POST", "/console/backups"), 403);
}

/// M10, B10a: who may give a password or read a closed mailbox; and one's own password asks for the one there is.
#[test]
fn nobody_gives_a_password_or_a_grant_who_may_not() {
    let world = World::start();
    world.person("gestion", "Nadia Faure", "account_manager");
    let page = world.page_of("jeanne");
    let own = world.page_of("gestion");
    let status = |login: &str, place: &str| {
        let cookie = cookie_of(&world, login);
        let form = "password=quatre+mots+pour+rien&reason=essai&until=2026-12-01";
        ask(&world, "POST", place, &[("Cookie", &cookie), OURS[0], OURS[1]], form).status
    };
    for (login, password, grant) in [("lucas", 403, 403), ("gestion", 303, 403), ("admin", 303, 409)] {
        assert_eq!(status(login, &format!("{page}/password")), password, "{login}");
        assert_eq!(status(login, &format!("{page}/grants")), grant, "{login}");
    }
    assert_eq!(status("gestion", &format!("{own}/password")), 403);
}

#[test]
fn every_page_says_what_a_browser_may_do_with_it() {
    let world = World::start();
    let cookie = cookie_of(&world, "admin");
    for place in ["/sign-in", "/console", "/console/accounts", "/console/nothing"] {
        let answer = ask(&world, "GET", place, &[("Cookie", &cookie)], "");
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{place}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{place}");
        assert!(!answer.text().contains("style=\"") && !answer.text().contains("onclick"), "{place}");
    }
}

#[test]
fn what_people_call_themselves_is_text() {
    let world = World::start();
    world.person("script", "<script>document.title='hacked'</script>", "member");
    world.person("rtl", "\u{202e}\u{645}\u{62d}\u{645}\u{62f}", "member");
    let group = world.group_led_by("<script>document.title='hacked'</script>", "script");
    let browser = world.signed_in("admin", WIDE);
    let group = format!("/console/groups/{group}");
    for place in [&group, "/console/groups", "/console/events", "/console/accounts?search=script"] {
        browser.go(place).unwrap();
        browser.see("<script>document.title");
        assert_ne!(browser.run("return document.title", &[]).unwrap(), "hacked");
    }
    browser.press("td.who a.name").unwrap();
    browser.see("<script>document.title");
}

#[test]
fn signing_in_goes_back_to_the_page_that_was_asked_for_and_out_again() {
    let world = World::start();
    let browser = world.browser(WIDE);
    browser.go("/console/accounts?state=invited").unwrap();
    browser.see("Se connecter");
    browser.write("#login", "admin@valmont.fr").unwrap();
    browser.write("#password", "wrong").unwrap();
    browser.press("main button.primary").unwrap();
    browser.see("L'identifiant ou le mot de passe est faux");
    browser.write("#password", &password_of("admin")).unwrap();
    browser.press("main button.primary").unwrap();
    browser.see("Aucun compte dans cet état");
    assert_eq!(browser.place().unwrap(), "/console/accounts?state=invited");
    browser.press("form.language button").unwrap();
    browser.see("No account is in this state");
    browser.press("details.account summary").unwrap();
    browser.press("form[action='/sign-out'] button").unwrap();
    browser.see("You are signed out");
    browser.go("/console").unwrap();
    browser.see("Sign in");
}
