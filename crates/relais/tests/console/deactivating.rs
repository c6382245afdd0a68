//! Deactivated, reactivated and deleted, as suites for teams have it: from the lists, with what stays, what is freed and what
//! nobody can do with somebody who is closed. What a page says is looked at at the door it speaks of.

use crate::mail::{LIMIT, count};
use crate::refused::ask;
use crate::world::{WIDE, World, password_of, pick};
use relais_testbed::browser::{Browser, Looks};
use relais_testbed::net::wait_for;
use relais_testbed::openid::{CLIENT_ID, CLIENT_SECRET, OpenId, Person};
use serde_json::{Value, json};

impl World {
    /// An application with a board of Jeanne's that is shared with Lucas.
    fn board(&self) {
        self.registers(
            &json!({ "external_id": "b1", "kind": "board", "title": "Plan de rue", "owner": "jeanne@valmont.fr",
                     "shares": [{ "with": "lucas@valmont.fr", "right": "write" }] }),
        );
    }

    fn boards_of(&self, login: &str, part: &str) -> usize {
        let path = format!("/accounts/{login}@valmont.fr/content/{part}");
        self.must("GET", &path, Value::Null).as_array().expect("a list").len()
    }

    fn signs_in(&self, login: &str) -> bool {
        let body = json!({ "login": format!("{login}@valmont.fr"), "password": password_of(login) });
        self.server.api("POST", "/sessions", &body).expect("an answer").0 == 201
    }
}

/// The accounts with a licence, as the page of licences counts them.
fn licences(browser: &Browser) -> i64 {
    browser.go("/console/provision/licences").unwrap();
    let shown = browser.run("return document.querySelector('ul.tally p.figure').textContent", &[]).unwrap();
    let number = shown.as_str().unwrap().split_whitespace().next().unwrap();
    number.parse().expect("a number")
}

fn is_listed(browser: &Browser, state: &str, name: &str) -> bool {
    browser.go(&format!("/console/accounts?state={state}")).unwrap();
    let listed = browser.run("return document.querySelector('main').innerText", &[]).unwrap();
    listed.as_str().unwrap().contains(name)
}

/// R1, R2, R3, R5, R9, R11, M13: from the list of who is active, and into the other.
fn close(world: &World, browser: &Browser, language: &'static str) {
    let before = licences(browser);
    browser.go("/console/accounts").unwrap();
    browser.press("summary[aria-label$='Jeanne Martin']").unwrap();
    browser.press("details[open] a[href$='/deactivate']").unwrap();
    browser.press("form[action$='/deactivate'] button.primary").unwrap();
    browser.see(pick(language, "est désactivé", "is deactivated"));
    assert!(!is_listed(browser, "active", "Jeanne Martin"), "R2");
    assert!(is_listed(browser, "deactivated", "Jeanne Martin"), "R1, R2");
    assert_eq!(licences(browser), before - 1, "R9");
    assert!(!world.signs_in("jeanne"), "R3");
    assert!(world.try_imap("jeanne@valmont.fr", &password_of("jeanne")).is_err(), "R3");
    assert_eq!(world.letter("jeanne@valmont.fr", "refused").code, 550, "M13");
    assert_eq!((world.boards_of("jeanne", "items"), world.boards_of("lucas", "received")), (1, 1), "R5");
    browser.go(&format!("{}/billing", world.page_of("jeanne"))).unwrap();
    browser.see(pick(language, "jours restants gelés", "days left, frozen"));
}

/// R7, R8, R14: nothing new with whoever is closed, and nothing old is lost.
fn leave_alone(world: &World, browser: &Browser, groups: &[String; 2], language: &'static str) {
    let shared = json!({ "collection": "calendar", "with": "jeanne@valmont.fr", "right": "read" });
    let (status, problem) = world.server.api("POST", "/accounts/lucas@valmont.fr/shares", &shared).unwrap();
    assert_eq!((status, &problem["code"]), (409, &json!("not_in_this_state")), "R7: {problem}");
    let own = world.signed_in("lucas", Looks { language, ..WIDE });
    own.go("/me/shares").unwrap();
    own.see(pick(language, "Vous ne partagez aucun agenda", "You share no calendar"));
    browser.go(&format!("/console/groups/{}", groups[1])).unwrap();
    browser.write("#address", "jeanne@valmont.fr").unwrap();
    browser.press("form[action$='/members'] button.primary").unwrap();
    browser.see(pick(language, "Un compte désactivé", "A deactivated account"));
    let members = world.must("GET", &format!("/groups/{}/members", groups[1]), Value::Null);
    assert!(!members.to_string().contains("jeanne@"), "R8");
    browser.go(&format!("/console/groups/{}", groups[0])).unwrap();
    browser.see("Jeanne Martin");
}

/// R14, R18, M14: from the list of who is closed; everything is there again.
fn open(world: &World, browser: &Browser, group: &str, language: &'static str) {
    browser.go("/console/accounts?state=deactivated").unwrap();
    browser.press("summary[aria-label$='Jeanne Martin']").unwrap();
    browser.press("details[open] a[href$='/reactivate']").unwrap();
    browser.press("form[action$='/reactivate'] button.primary").unwrap();
    browser.see(pick(language, "de nouveau actif", "is active again"));
    assert!(world.signs_in("jeanne"), "R18: at once");
    assert_eq!(count(&mut world.imap("jeanne"), "INBOX", "before"), 1);
    assert_eq!(world.letter("jeanne@valmont.fr", "again").code, 250, "M14");
    assert_eq!((world.boards_of("jeanne", "items"), world.boards_of("lucas", "received")), (1, 1), "R14");
    let members = world.must("GET", &format!("/groups/{group}/members"), Value::Null);
    assert!(members.to_string().contains("jeanne@valmont.fr"), "R14");
}

/// R13, R19, R20, M15, X7: closed with everything given away, deleted, credited, and invited as somebody new.
fn delete(world: &World, browser: &Browser, language: &'static str) {
    let page = world.page_of("jeanne");
    let id = world.account("jeanne")["id"].clone();
    browser.go(&format!("{page}/delete")).unwrap();
    browser.see(pick(language, "désactivez-le d'abord", "deactivate it first"));
    browser.go(&format!("{page}/deactivate")).unwrap();
    browser.write("#heir", "lucas@valmont.fr").unwrap();
    browser.press("form[action$='/deactivate'] button.primary").unwrap();
    browser.see(pick(language, "est désactivé", "is deactivated"));
    assert_eq!((world.boards_of("jeanne", "items"), world.boards_of("lucas", "items")), (0, 1), "R13");
    let balance = |world: &World| {
        world.of_organisation("GET", "/provision", Value::Null)["balance_minor"].as_i64().expect("an amount")
    };
    let before = balance(world);
    browser.go(&format!("{page}/delete")).unwrap();
    browser.press("form[action$='/back-up'] button").unwrap();
    browser.see(pick(language, "J'ai compris que", "I understand that"));
    browser.see(pick(language, "Crédité à la provision", "Credited to the provision"));
    if browser.run("return document.querySelector('input[value=none]') === null", &[]).unwrap() == true {
        browser.press("input[value=erase]").unwrap();
    }
    browser.press("input[name=understood]").unwrap();
    browser.press("button.grave").unwrap();
    browser.see(pick(language, "Il n'en reste que la trace", "Only its tombstone is left"));
    assert_eq!(balance(world), before + 300, "M15: a month that was paid a moment ago");
    assert_eq!(world.letter("jeanne@valmont.fr", "gone").code, 550);
    browser.go("/console/accounts/new").unwrap();
    browser.write("#name", "Jeanne Revenue").unwrap();
    browser.write("#address", "jeanne@valmont.fr").unwrap();
    browser.write("#external_address", "jeanne@maison.example").unwrap();
    browser.press("main form button.primary").unwrap();
    browser.see(pick(language, "C'est fait", "Done."));
    let again = world.account("jeanne");
    assert_eq!(again["state"], "invited");
    assert_ne!(again["id"], id, "R20: a new account");
    assert_eq!(world.boards_of("jeanne", "received"), 0, "that inherits nothing");
    assert_eq!(world.sent_outside("jeanne@maison.example").len(), 1);
}

fn as_the_suite_has_it(language: &'static str) {
    let world = World::start_with_mail();
    crate::money::furnish(&world);
    world.board();
    let groups = [world.group_led_by("Voirie", "lucas"), world.group_led_by("Fêtes", "lucas")];
    let member = format!("/groups/{}/members/jeanne@valmont.fr", groups[0]);
    world.must("PUT", &member, json!({ "role": "member" }));
    assert_eq!(world.letter("jeanne@valmont.fr", "before").code, 250);
    let browser = world.signed_in("admin", Looks { language, ..WIDE });
    close(&world, &browser, language);
    leave_alone(&world, &browser, &groups, language);
    open(&world, &browser, &groups[0], language);
    delete(&world, &browser, language);
}

/// R1, R2, R3, R5, R7, R8, R9, R11, R13, R14, R18, R19, R20, M13, M14, M15, X7.
#[test]
fn closed_left_alone_opened_and_deleted_in_french() {
    as_the_suite_has_it("fr");
}

/// R1, R2, R3, R5, R7, R8, R9, R11, R13, R14, R18, R19, R20, M13, M14, M15, X7.
#[test]
fn closed_left_alone_opened_and_deleted_in_english() {
    as_the_suite_has_it("en");
}

/// R8, where licences are flexible: being put into a group reactivates.
#[test]
fn with_flexible_licences_a_group_brings_somebody_back() {
    let world = World::start();
    let plan = json!({ "name": "Souple", "price_minor": 0, "currency": "EUR", "period": "month", "accounts_free": 20,
        "accounts_max": 50, "full_licences_max": 30, "own_domains_max": 2, "flexible_licences": true });
    world.must("POST", "/plans", plan);
    world.of_organisation("PUT", "/plan", json!({ "plan": "Souple" }));
    let group = world.group_led_by("Fêtes", "lucas");
    world.must("POST", "/accounts/jeanne@valmont.fr/deactivate", json!({}));
    let browser = world.signed_in("admin", WIDE);
    browser.go(&format!("/console/groups/{group}")).unwrap();
    browser.write("#address", "jeanne@valmont.fr").unwrap();
    browser.press("form[action$='/members'] button.primary").unwrap();
    browser.see("Jeanne Martin");
    assert_eq!(world.account("jeanne")["state"], "active");
    assert!(world.signs_in("jeanne"));
}

/// R15, and the role that goes with one press.
#[test]
fn a_company_admin_loses_the_role_first() {
    let world = World::start();
    world.person("second", "Odile Second", "company_admin");
    let page = world.page_of("second");
    let browser = world.signed_in("admin", WIDE);
    browser.go(&format!("{page}/deactivate")).unwrap();
    browser.see("retirez-lui d'abord ce rôle");
    assert_eq!(world.account("second")["state"], "active");
    browser.press("form[action$='/role'] button").unwrap();
    browser.press("form[action$='/deactivate'] button.primary").unwrap();
    browser.see("est désactivé");
    assert_eq!(world.account("second")["role"], "member");
    assert!(!world.signs_in("second"));
}

/// R6: whoever is closed is told nothing of what happens meanwhile; a colleague to whom the same happens is.
#[test]
fn who_is_closed_is_told_nothing() {
    let world = World::start();
    let group = world.group_led_by("Voirie", "admin");
    for login in ["jeanne", "lucas"] {
        world.must(
            "PUT",
            &format!("/groups/{group}/members/{login}@valmont.fr"),
            json!({ "role": "member" }),
        );
    }
    let browser = world.signed_in("admin", WIDE);
    browser.go(&format!("{}/deactivate", world.page_of("jeanne"))).unwrap();
    browser.press("form[action$='/deactivate'] button.primary").unwrap();
    browser.see("est désactivé");
    browser.go(&format!("/console/groups/{group}")).unwrap();
    for name in ["Jeanne Martin", "Lucas Bernard"] {
        browser.press(&format!("button[aria-label='Retirer du groupe, {name}']")).unwrap();
        browser.see("C'est fait");
        browser.go(&format!("/console/groups/{group}")).unwrap();
    }
    let told = |login: &str| {
        let found = world.must("GET", &format!("/accounts/{login}@valmont.fr/notifications"), Value::Null);
        found["last"].to_string()
    };
    let sentence = "Vous ne faites plus partie du groupe Voirie";
    wait_for(LIMIT, "the colleague is told", || told("lucas").contains(sentence).then_some(()));
    assert!(!told("jeanne").contains(sentence));
}

/// Whether a browser that goes through single sign-on has a session in the end.
fn signs_on(world: &World, provider: &OpenId) -> bool {
    let started = ask(world, "GET", "/sso/start?login=jeanne@valmont.fr", &[], "");
    let (Some(url), Some(cookie)) = (started.header("location"), started.header("set-cookie")) else {
        return false;
    };
    let cookie = cookie.split(';').next().expect("a cookie");
    let back = provider.sign_in(url, &Person::new("s-jeanne", "jeanne@valmont.fr")).expect("signs in there");
    let answer = ask(world, "GET", &format!("/sso/callback?{back}"), &[("Cookie", cookie)], "");
    answer.head.contains("__Host-relais-session=rls_")
}

/// R4: the provider goes on letting them in, and it opens nothing here.
#[test]
fn single_sign_on_lets_nobody_in_who_is_closed() {
    let now_s = std::time::UNIX_EPOCH.elapsed().expect("it is after 1970").as_secs();
    let provider = OpenId::start(i64::try_from(now_s).expect("not so late")).expect("starts");
    let world = World::start();
    let settings = json!({ "issuer": provider.issuer(), "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
                           "domains": ["valmont.fr"] });
    world.of_organisation("PUT", "/identity-provider", settings);
    assert!(signs_on(&world, &provider));
    let browser = world.signed_in("admin", WIDE);
    browser.go(&format!("{}/deactivate", world.page_of("jeanne"))).unwrap();
    browser.press("form[action$='/deactivate'] button.primary").unwrap();
    browser.see("est désactivé");
    assert!(!signs_on(&world, &provider), "R4");
    browser.go(&format!("{}/reactivate", world.page_of("jeanne"))).unwrap();
    browser.press("form[action$='/reactivate'] button.primary").unwrap();
    browser.see("de nouveau actif");
    assert!(signs_on(&world, &provider), "R18");
}

/// R10, R17: the identity provider closes somebody, the page says so, nothing is given away; and what it may not change stays.
#[test]
fn who_a_provider_closes_is_shown_as_closed_by_it_and_keeps_name_and_content() {
    let world = World::start();
    world.board();
    let browser = world.signed_in("admin", WIDE);
    browser.go("/console/scim").unwrap();
    browser.write("#name", "Entra ID").unwrap();
    browser.press("main form.card button.primary").unwrap();
    let secret = browser.run("return document.querySelector('code.secret').textContent", &[]).unwrap();
    let bearer = format!("Bearer {}", secret.as_str().unwrap());
    let user = format!("/scim/v2/Users/{}", world.account("jeanne")["id"].as_str().unwrap());
    let patch = |path: &str, value: Value| {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                           "Operations": [{ "op": "replace", "path": path, "value": value }] });
        let head = [("Authorization", bearer.as_str()), ("Content-Type", "application/scim+json")];
        ask(&world, "PATCH", &user, &head, &body.to_string())
    };
    let closed = patch("active", json!(false));
    assert_eq!(closed.status, 200, "{}", closed.text());
    browser.go(&world.page_of("jeanne")).unwrap();
    browser.see("Désactivé par le fournisseur d'identités (SCIM)");
    assert!(!world.signs_in("jeanne"));
    assert_eq!((world.boards_of("jeanne", "items"), world.boards_of("lucas", "items")), (1, 0), "R17");
    for (path, value) in [("userName", json!("autre@valmont.fr")), ("userType", json!("Contractor"))] {
        let frozen = patch(path, value);
        assert!(frozen.status == 400 && frozen.text().contains("mutability"), "R10: {}", frozen.text());
    }
    assert_eq!(world.account("jeanne")["address"], "jeanne@valmont.fr");
}

/// R12, R19: more than one chosen in the list, and deleted for good with what they own given to somebody.
#[test]
fn several_are_deleted_at_once_and_their_content_is_given_to_a_colleague() {
    let world = World::start();
    world.person("nora", "Nora Roux", "member");
    world.board();
    let browser = world.signed_in("admin", WIDE);
    for login in ["jeanne", "nora"] {
        world.must("POST", &format!("/accounts/{login}@valmont.fr/deactivate"), json!({}));
        browser.go(&format!("{}/delete", world.page_of(login))).unwrap();
        browser.press("form[action$='/back-up'] button").unwrap();
        browser.see("J'ai compris que");
    }
    browser.go("/console/accounts?state=deactivated").unwrap();
    browser.press("#all").unwrap();
    browser.press("button[value=delete]").unwrap();
    // Whoever owns something is refused as long as nobody gets it.
    browser.see("1 compte sera modifié");
    browser.write("#to", "lucas@valmont.fr").unwrap();
    browser.press("form[action$='/apply'] button").unwrap();
    browser.see("2 comptes modifiés");
    assert_eq!(world.boards_of("lucas", "items"), 1);
    for login in ["jeanne", "nora"] {
        assert_eq!(world.letter(&format!("{login}@valmont.fr"), "gone").code, 550);
    }
}
