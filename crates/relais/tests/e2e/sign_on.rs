//! Single sign-on of the real program at a provider that others wrote, through its forms.

use crate::world::{Database, ORGANISATION, World, percent};
use relais_testbed::canaille::{Browser, CLIENT_ID, CLIENT_SECRET, Canaille, Led};
use relais_testbed::http::query_of;
use serde_json::{Value, json};

const USER1: &str = "/sso/start?login=user1@bm.com";

struct Scene {
    world: World,
    canaille: Canaille,
    /// In front of Relais.
    here: Browser,
    /// The same person's, in front of the provider.
    there: Browser,
}

impl Scene {
    /// An organisation that signs in at Canaille, where `zoe` has the address of `user1`.
    fn set() -> Self {
        let world = World::start_with_key(Database::Sqlite, "sign_on_in_own_network", true.into());
        world.person("user1", "Un");
        let address = world.server.configuration.http.parse().expect("an address");
        let canaille = Canaille::start(&format!("http://{address}"), &[("zoe", "user1@bm.com")]);
        let canaille = canaille.expect("it starts");
        let provider = json!({ "issuer": canaille.issuer(), "client_id": CLIENT_ID,
                               "client_secret": CLIENT_SECRET, "domains": ["bm.com"] });
        world.of_organisation("PUT", "/identity-provider", provider);
        let there = canaille.browser();
        Self { world, canaille, here: Browser::at(address), there }
    }

    /// Where the provider asks who comes.
    fn departs(&mut self, path: &str) -> String {
        match self.here.go(path).expect("an answer") {
            Led::Away(url) => url,
            Led::Page(page) => panic!("{}", page.text()),
        }
    }

    /// What the person reads when they are back.
    fn comes_back(&mut self, query: &str) -> String {
        self.page(&format!("/sso/callback?{query}"))
    }

    fn page(&mut self, path: &str) -> String {
        match self.here.go(path).expect("an answer") {
            Led::Page(page) => page.text(),
            Led::Away(url) => panic!("away to {url}"),
        }
    }

    fn signs_on(&mut self, path: &str) -> String {
        let url = self.departs(path);
        let back = self.there.sign_in(&url, "zoe").expect("is let in there");
        self.comes_back(&back)
    }

    /// A person who is signed in with their password asks for a link.
    fn links(&mut self) -> String {
        let (status, session) = self.world.sign_in("user1");
        assert_eq!(status, 201, "{session}");
        let secret = session["secret"].as_str().expect("a secret");
        let path = "/accounts/user1@bm.com/sign-on-links";
        let (status, link) = self.world.as_bearer(secret, "POST", path, Value::Null);
        assert_eq!(status, 200, "{link}");
        let url = link["url"].as_str().expect("a link").to_owned();
        self.signs_on(&url)
    }
}

#[test]
fn a_person_signs_in_at_a_provider_that_others_wrote_and_out_of_both() {
    let mut scene = Scene::set();
    // Canaille says of no address that it is verified: an address alone lets nobody in.
    let unknown = scene.signs_on(USER1);
    assert!(unknown.contains("no account of the organisation"), "{unknown}");
    let linked = scene.links();
    assert!(linked.contains("user1@bm.com") && linked.contains("Sign out"), "{linked}");
    // From now on the subject is enough, and nobody asks for a password there.
    let again = scene.signs_on(USER1);
    assert!(again.contains("user1@bm.com"), "{again}");
    scene.canaille.rotate_keys().expect("rotated");
    let signed_anew = scene.signs_on(USER1);
    assert!(signed_anew.contains("user1@bm.com"), "{signed_anew}");

    let Led::Page(page) = scene.here.press("/sign-out").expect("an answer") else { panic!("away at once") };
    let onwards = page.header("refresh").expect("a farewell");
    let farewell = onwards.strip_prefix("0; url=").expect("an address").to_owned();
    assert_eq!(query_of(&farewell)["client_id"], CLIENT_ID);
    let Led::Away(back) = scene.there.go(&farewell).expect("an answer") else {
        panic!("it keeps the person")
    };
    assert!(back.starts_with(&format!("http://{}/sso", scene.world.server.configuration.http)), "{back}");
    assert!(scene.page("/sso").contains("Your address"));
    let url = scene.departs(USER1);
    let Led::Page(asks) = scene.there.go(&url).expect("an answer") else {
        panic!("it knows the person still")
    };
    assert!(asks.text().contains("name=\"login\""), "{}", asks.text());
    let path = format!("/organisations/{}/events/verify", percent(ORGANISATION));
    assert!(scene.world.must("GET", &path, Value::Null)["broken_at"].is_null());
}

#[test]
fn a_code_of_a_real_provider_works_once_and_what_its_person_refuses_does_not() {
    let mut scene = Scene::set();
    scene.links();
    let url = scene.departs(USER1);
    let back = scene.there.sign_in(&url, "zoe").expect("is let in there");
    assert!(scene.comes_back(&back).contains("user1@bm.com"));
    assert!(scene.comes_back(&back).contains("was used already"));
    // The provider itself does not take its code again.
    let used = query_of(&format!("?{back}"))["code"].clone();
    let url = scene.departs(USER1);
    let state = query_of(&url)["state"].clone();
    assert!(scene.comes_back(&format!("code={used}&state={state}")).contains("does not hold"));
    // A stranger there is nobody here: the subject counts.
    let url = scene.departs(USER1);
    let Led::Page(login) = scene.canaille.browser().go(&url).expect("an answer") else { panic!("let in") };
    assert!(login.text().contains("name=\"login\""));
    assert!(scene.comes_back("error=access_denied&state=x").contains("does not hold"));
}

#[test]
fn deactivated_in_the_middle_of_a_session_a_real_provider_does_not_help() {
    let mut scene = Scene::set();
    assert!(scene.links().contains("user1@bm.com"));
    let url = scene.departs(USER1);
    let back = scene.there.sign_in(&url, "zoe").expect("is let in there");
    scene.world.must("POST", "/accounts/user1@bm.com/deactivate", json!({}));
    assert!(scene.page("/sso").contains("Your address"));
    assert!(scene.comes_back(&back).contains("user1@bm.com is closed"));
    assert!(scene.signs_on(USER1).contains("user1@bm.com is closed"));
    scene.world.must("POST", "/accounts/user1@bm.com/reactivate", json!({}));
    assert!(scene.page("/sso").contains("Your address"), "dead is dead");
    assert!(scene.signs_on(USER1).contains("Sign out"));
}
