//! A town hall on a program of its own, and browsers in which somebody is signed in.

use relais_testbed::browser::{Browser, Looks, Scheme};
use relais_testbed::http;
use relais_testbed::net::server_dir;
use relais_testbed::server::{Configuration, Server};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const ORGANISATION: &str = "Valmont";

pub struct World {
    pub server: Server,
    _dir: TempDir,
}

pub fn password_of(login: &str) -> String {
    format!("le mot secret de {login}")
}

impl World {
    /// With an owner, a company admin, and whom the tests are about.
    pub fn start() -> Self {
        let mut configuration = Configuration::for_test();
        for port in
            [&mut configuration.imap_port, &mut configuration.pop3_port, &mut configuration.sieve_port]
        {
            *port = 0;
        }
        Self::configured(configuration)
    }

    /// The same with mail that is read by IMAP and POP.
    pub fn start_with_mail() -> Self {
        Self::configured(Configuration::for_test())
    }

    fn configured(mut configuration: Configuration) -> Self {
        let dir = server_dir().expect("a directory");
        // By which browsers know it: they take passkeys of `localhost` without TLS, and of no number.
        let port = configuration.http.rsplit(':').next().expect("a port");
        let public_url = format!("http://localhost:{port}");
        configuration.rest.insert("public_url".to_owned(), public_url.into());
        for reach in ["directories_on_own_network", "sign_on_in_own_network", "webhooks_to_own_network"] {
            configuration.rest.insert(reach.to_owned(), true.into());
        }
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_relais"));
        let server = Server::start(program, dir.path(), configuration).expect("the program starts");
        let world = Self { server, _dir: dir };
        let named = json!({ "name": ORGANISATION, "language": "fr", "time_zone": "Europe/Paris" });
        world.must("POST", "/organisations", named);
        world.of_organisation("POST", "/domains", json!({ "name": "valmont.fr" }));
        world.person("maire", "Claire Aubert", "owner");
        world.person("admin", "Paul Garnier", "company_admin");
        world.person("jeanne", "Jeanne Martin", "member");
        world.person("lucas", "Lucas Bernard", "member");
        world
    }

    pub fn must(&self, method: &str, path: &str, body: Value) -> Value {
        self.server.must(method, path, &body).expect("the API agrees")
    }

    pub fn of_organisation(&self, method: &str, path: &str, body: Value) -> Value {
        self.must(method, &format!("/organisations/{ORGANISATION}{path}"), body)
    }

    /// An active account `login@valmont.fr`; its id.
    pub fn person(&self, login: &str, name: &str, role: &str) -> String {
        let asked = json!({
            "address": format!("{login}@valmont.fr"), "name": name, "role": role, "password": password_of(login)
        });
        let account = self.of_organisation("POST", "/accounts", asked);
        account["id"].as_str().expect("an id").to_owned()
    }

    pub fn account(&self, login: &str) -> Value {
        self.must("GET", &format!("/accounts/{login}@valmont.fr"), Value::Null)
    }

    /// A group of which `login` is the only admin; its id.
    pub fn group_led_by(&self, name: &str, login: &str) -> String {
        let group = self.of_organisation("POST", "/groups", json!({ "name": name }));
        let id = group["id"].as_str().expect("an id").to_owned();
        self.must("PUT", &format!("/groups/{id}/members/{login}@valmont.fr"), json!({ "role": "admin" }));
        id
    }

    /// What an application of the organisation registers as content.
    pub fn registers(&self, item: &Value) {
        let made = self.of_organisation("POST", "/applications", json!({ "name": "Tableaux" }));
        let token = made["token"].as_str().expect("a token");
        let (path, items) = ("/api/v1/application/content", json!({ "items": [item] }));
        let socket = self.server.data.join("relais.sock");
        let (status, answer) = http::ask_as(&socket, Some(token), "PUT", path, &items).expect("an answer");
        assert_eq!(status, 200, "{answer}");
    }

    /// The page of an account.
    pub fn page_of(&self, login: &str) -> String {
        format!("/console/accounts/{}", self.account(login)["id"].as_str().expect("an id"))
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address(&self.server.configuration.http).expect("an address")
    }

    /// Browsers keep `__Host-` cookies of a site without TLS for `localhost` alone.
    pub fn browser(&self, looks: Looks) -> Browser {
        Browser::open(&format!("http://localhost:{}", self.address().port()), looks).expect("a browser")
    }

    pub fn signed_in(&self, login: &str, looks: Looks) -> Browser {
        let browser = self.browser(looks);
        browser.go("/").unwrap();
        browser.write("#login", &format!("{login}@valmont.fr")).unwrap();
        browser.write("#password", &password_of(login)).unwrap();
        browser.press("main button.primary").unwrap();
        browser.see("Valmont");
        browser
    }
}

/// What a page in this language says.
pub fn pick<'a>(language: &str, french: &'a str, english: &'a str) -> &'a str {
    if language == "fr" { french } else { english }
}

pub const WIDE: Looks = Looks { width: 1280, language: "fr", scheme: Scheme::Light };
