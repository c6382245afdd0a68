//! Whoever operates the instance: made by the link of the first start, and then everything of it in a browser.

use crate::world::{WIDE, World, password_of};
use relais_testbed::browser::{Browser, Looks};
use relais_testbed::dav;
use relais_testbed::net::server_dir;
use relais_testbed::server::Configuration;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// The operator's pages; the admin of the town hall operates.
pub fn pages(world: &World) -> Vec<String> {
    world.must("PUT", "/operators/admin@valmont.fr", json!({}));
    world.must("POST", "/domains", json!({ "name": "partage.fr" }));
    wait_in_spool(world);
    let organisations = world.must("GET", "/organisations", Value::Null);
    let id = organisations[0]["id"].as_str().unwrap();
    [
        "/operator",
        "/operator/organisations",
        "/operator/organisations?search=personne",
        "/operator/organisations/new",
        "/operator/offers",
        "/operator/domains",
        "/operator/spool",
        "/operator/jobs",
        "/operator/nothing",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([format!("/operator/organisations/{id}")])
    .collect()
}

/// An invitation that nobody takes: there is no smarthost.
fn wait_in_spool(world: &World) {
    let invited = json!({ "address": "invite@valmont.fr", "name": "Inès Vitale", "external_address": "ines@ailleurs.example" });
    world.of_organisation("POST", "/invitations", invited);
}

/// A program that was started on an empty directory, and what it printed.
struct FirstStart {
    child: Child,
    data: std::path::PathBuf,
}

impl Drop for FirstStart {
    fn drop(&mut self) {
        // Ended already, or ended now: either will do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it and reads until it is ready.
fn start(data: &std::path::Path) -> (FirstStart, Vec<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relais"));
    command.arg("serve").arg("--data").arg(data).current_dir(data);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let lines = output.lines().map_while(Result::ok).take_while(|line| line != "ready").collect();
    (FirstStart { child, data: data.to_owned() }, lines)
}

fn plain_configuration(data: &std::path::Path) -> Configuration {
    let mut configuration = Configuration::for_test();
    for port in [&mut configuration.imap_port, &mut configuration.pop3_port, &mut configuration.sieve_port] {
        *port = 0;
    }
    configuration.http = format!("127.0.0.1:{}", relais_testbed::net::free_port());
    configuration.write(data).unwrap();
    configuration
}

#[test]
fn the_first_start_prints_a_link_that_makes_the_operator_once() {
    let dir = server_dir().unwrap();
    let configuration = plain_configuration(dir.path());
    let (first, lines) = start(dir.path());
    let link =
        lines.iter().find_map(|line| line.split(' ').find(|word| word.contains("/set-up/"))).expect("a link");
    let path = link.split_once("/set-up/").map(|(_, secret)| format!("/set-up/{secret}")).unwrap();
    let port = configuration.http.rsplit(':').next().unwrap().to_owned();
    let browser = Browser::open(&format!("http://localhost:{port}"), WIDE).unwrap();
    browser.go("/set-up/rlo_nobodys").unwrap();
    browser.see("n'est plus valable");
    browser.go(&path).unwrap();
    browser.write("#organisation", "Exploitation").unwrap();
    browser.write("#name", "Ada Exploitante").unwrap();
    browser.write("#address", "ada@exploitation.fr").unwrap();
    browser.write("#password", "une phrase bien longue").unwrap();
    browser.write("#again", "une autre phrase longue").unwrap();
    browser.press("main button.primary").unwrap();
    browser.see("diffèrent");
    browser.write("#password", "une phrase bien longue").unwrap();
    browser.write("#again", "une phrase bien longue").unwrap();
    browser.press("main button.primary").unwrap();
    browser.see("État du service");
    browser.see("ada@exploitation.fr");
    browser.go(&path).unwrap();
    browser.see("n'est plus valable");
    let data = first.data.clone();
    drop(first);
    let (_again, lines) = start(&data);
    assert!(lines.iter().all(|line| !line.contains("set-up")), "{lines:?}");
}

/// From nothing to an organisation that has an owner, a plan and money.
#[test]
fn an_organisation_is_made_and_paid_for_by_its_operator() {
    let world = World::start();
    world.must("PUT", "/operators/admin@valmont.fr", json!({}));
    let browser = world.signed_in("admin", WIDE);
    browser.press("nav a[href='/operator']").unwrap();
    browser.press("nav a[href='/operator/offers']").unwrap();
    browser.press("section:first-of-type details summary").unwrap();
    browser.write("#plan-name", "Commune").unwrap();
    browser.write("#plan-price", "49,00").unwrap();
    browser.write("#plan-accounts_free", "2").unwrap();
    browser.write("#plan-accounts_max", "50").unwrap();
    browser.press("form[action$='/plans'] button.primary").unwrap();
    browser.see("49,00");
    browser.go("/operator/organisations/new").unwrap();
    browser.write("#name", "<script>Ville</script>").unwrap();
    browser.press("main button.primary").unwrap();
    browser.see("<script>Ville</script>");
    browser.write("#domain", "ville.fr").unwrap();
    browser.press("form[action$='/domains'] button").unwrap();
    browser.write("#owner-name", "Maire Ville").unwrap();
    browser.write("#owner-address", "maire@ville.fr").unwrap();
    browser.write("#owner-password", "une phrase bien longue").unwrap();
    browser.press("form[action$='/owner'] button").unwrap();
    browser.see("maire@ville.fr");
    browser.write("#amount", "120,00").unwrap();
    browser.write("#reference", "virement 2026-118").unwrap();
    browser.press("form[action$='/top-up'] button").unwrap();
    browser.see("120,00");
    browser
        .run("const s = document.querySelector('#plan'); s.selectedIndex = 1; s.form.requestSubmit()", &[])
        .unwrap();
    browser.see("71,00");
    assert_eq!(world.must("GET", "/accounts/maire@ville.fr", Value::Null)["role"], "owner");
}

/// Whoever is in one of them has the way to the others they may enter.
#[test]
fn the_list_at_the_side_shows_one_place_at_a_time() {
    let world = World::start();
    world.must("PUT", "/operators/admin@valmont.fr", json!({}));
    let listed = |login: &str, page: &str| {
        let browser = world.signed_in(login, WIDE);
        browser.go(page).unwrap();
        let links = "return [...document.querySelectorAll('nav#menu a')].map((a) => a.getAttribute('href'))";
        let found: Vec<String> = serde_json::from_value(browser.run(links, &[]).unwrap()).unwrap();
        let under = |place: &str| found.iter().filter(|link| link.starts_with(place)).count();
        (under("/console"), under("/operator"), under("/me"))
    };
    let (console, operator, own) = listed("admin", "/console/accounts?search=nobody");
    assert!(console > 1, "{console}");
    assert_eq!((operator, own), (1, 1));
    let (console, operator, own) = listed("admin", "/operator/spool");
    assert!(operator > 1, "{operator}");
    assert_eq!((console, own), (1, 1));
    let (console, operator, own) = listed("admin", "/me/password");
    assert!(own > 1, "{own}");
    assert_eq!((console, operator), (1, 1));
    // A member has nowhere else to go.
    let (console, operator, own) = listed("lucas", "/me");
    assert!(own > 1, "{own}");
    assert_eq!((console, operator), (0, 0));
}

#[test]
fn mail_that_waits_says_why_and_is_tried_again_or_withdrawn() {
    let world = World::start();
    world.must("PUT", "/operators/admin@valmont.fr", json!({}));
    wait_in_spool(&world);
    let browser = world.signed_in("admin", Looks { language: "en", ..WIDE });
    browser.go("/operator/spool").unwrap();
    browser.see("ines@ailleurs.example");
    browser.press("form[action$='/retry'] button").unwrap();
    browser.see("ines@ailleurs.example");
    browser.press("form[action$='/withdraw'] button").unwrap();
    browser.see("given up");
    browser.see("withdrawn by the operator");
    browser.go("/operator").unwrap();
    browser.see("nothing waits");
}

/// Who does not operate has neither link nor page nor form; a member cannot be appointed.
#[test]
fn nobody_else_operates() {
    let world = World::start();
    let form = format!("login=admin%40valmont.fr&password={}", password_of("admin").replace(' ', "+"));
    let ours = [("Sec-Fetch-Site", "same-origin"), ("Content-Type", "application/x-www-form-urlencoded")];
    let answer = dav::ask(world.address(), "POST", "/sign-in", &ours, &form).unwrap();
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let head = [("Cookie", cookie.as_str()), ours[0], ours[1]];
    let places =
        ["/operator", "/operator/organisations", "/operator/offers", "/operator/domains", "/operator/spool"];
    for place in places {
        let answer = dav::ask(world.address(), "GET", place, &head, "").unwrap();
        assert_eq!(answer.status, 403, "{place}");
        assert!(!answer.text().contains("href=\"/operator"), "{place}");
    }
    for place in
        ["/operator/organisations", "/operator/operators", "/operator/offers/plans", "/operator/domains"]
    {
        let answer =
            dav::ask(world.address(), "POST", place, &head, "name=x&address=a%40valmont.fr&domain=x.fr")
                .unwrap();
        assert_eq!(answer.status, 403, "{place}");
    }
    world.must("PUT", "/operators/maire@valmont.fr", json!({}));
    let (status, _) = world.server.api("PUT", "/operators/lucas@valmont.fr", &json!({})).unwrap();
    assert_eq!(status, 409);
    world.must("DELETE", "/operators/maire@valmont.fr", Value::Null);
}
