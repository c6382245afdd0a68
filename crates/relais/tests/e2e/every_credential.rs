//! Every kind of credential, tried at every door of two nodes in the instant after a deactivation: nothing opens (X3). This
//! test is the product.

use crate::world::{ORGANISATION, World, in_seconds, password_of, percent};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use relais_testbed::authenticator;
use relais_testbed::dav;
use relais_testbed::imap::Imap;
use relais_testbed::mail::Smtp;
use relais_testbed::net::{Lines, server_dir, wait_for};
use relais_testbed::openid::{CLIENT_ID, CLIENT_SECRET, OpenId, Person};
use relais_testbed::passkey::Authenticator;
use relais_testbed::pop3::Pop3;
use relais_testbed::postgres::PrivatePostgres;
use relais_testbed::server::{Configuration, Server};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

/// Something by which somebody got in, and at which doors.
struct Credential {
    kind: &'static str,
    login: String,
    secret: String,
    /// What completes it, where it is a half.
    code: String,
    /// What holds it, where it is no text.
    device: Option<Rc<RefCell<Authenticator>>>,
    opened: &'static [&'static str],
}

const DOORS: [&str; 12] = [
    "API",
    "sign-in",
    "second half",
    "passkey",
    "IMAP",
    "POP",
    "ManageSieve",
    "SMTP",
    "DAV",
    "link",
    "page",
    "ticket",
];

/// Where people reach both nodes.
const SITE: &str = "https://mail.bm.com";

fn configuration(database: &str) -> Configuration {
    let mut configuration = Configuration::for_test();
    configuration.rest.insert("database".to_owned(), database.into());
    configuration.rest.insert("sign_on_in_own_network".to_owned(), true.into());
    configuration.rest.insert("public_url".to_owned(), SITE.into());
    configuration
}

fn now_s() -> i64 {
    let now: jiff::Timestamp = in_seconds(0).parse().expect("a time");
    now.as_second()
}

fn plain(login: &str, secret: &str) -> String {
    STANDARD.encode(format!("\0{login}\0{secret}"))
}

/// RFC 5804: everything before the answer is a capability.
fn sieve_opens(server: &Server, login: &str, secret: &str) -> bool {
    let mut lines = Lines::connect(server.dovecot(server.configuration.sieve_port)).expect("it listens");
    let answer = |lines: &mut Lines| loop {
        let line = lines.read_line().expect("an answer");
        if ["OK", "NO", "BYE"].iter().any(|word| line.starts_with(word)) {
            return line.starts_with("OK");
        }
    };
    assert!(answer(&mut lines), "it greets");
    let command = format!("AUTHENTICATE \"PLAIN\" \"{}\"\r\n", plain(login, secret));
    lines.write(command.as_bytes()).expect("asked");
    answer(&mut lines)
}

fn web(server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> dav::Answer {
    let address = server.address(&server.configuration.http).expect("an address");
    dav::ask(address, method, path, headers, body).expect("an answer")
}

fn posts(server: &Server, path: &str, body: &Value) -> u16 {
    let json = [("Content-Type", "application/json")];
    web(server, "POST", path, &json, &body.to_string()).status
}

/// Whether somebody who is asked for a passkey has a session.
fn signs_in_by(server: &Server, device: &RefCell<Authenticator>) -> bool {
    let json = [("Content-Type", "application/json")];
    let asked = web(server, "POST", "/api/v1/sessions/passkey/begin", &json, "{}");
    assert_eq!(asked.status, 200, "{}", asked.text());
    let asked: Value = serde_json::from_slice(&asked.body).expect("JSON");
    let answer = device.borrow_mut().get(&asked["options"]).expect("signs");
    posts(server, "/api/v1/sessions/passkey", &json!({ "credential": answer })) < 300
}

/// Whether a browser that goes through all of it has a session.
fn signs_on(server: &Server, provider: &OpenId, query: &str, person: &Person) -> bool {
    match departs(server, query) {
        Some((url, browser)) => {
            let back = provider.sign_in(&url, person).expect("signs in there");
            comes_back(server, &back, &browser).is_some()
        }
        None => false,
    }
}

fn departs(server: &Server, query: &str) -> Option<(String, String)> {
    let started = web(server, "GET", &format!("/sso/start?{query}"), &[], "");
    let browser = started.header("set-cookie")?.split(';').next()?.to_owned();
    Some((started.header("location")?.to_owned(), browser))
}

/// The secret of the session that was opened.
fn comes_back(server: &Server, query: &str, browser: &str) -> Option<String> {
    let answer = web(server, "GET", &format!("/sso/callback?{query}"), &[("Cookie", browser)], "");
    let session = answer.head.lines().find(|line| line.contains("__Host-relais-session=rls_"))?;
    Some(session.split_once("session=")?.1.split(';').next()?.to_owned())
}

fn opens(server: &Server, provider: &OpenId, door: &str, credential: &Credential) -> bool {
    let Credential { login, secret, code, .. } = credential;
    let (name, address) = (login.as_str(), format!("{login}@bm.com"));
    match door {
        "API" => {
            let bearer = format!("Bearer {secret}");
            web(server, "GET", "/api/v1/me", &[("Authorization", &bearer)], "").status == 200
        }
        "sign-in" => {
            posts(server, "/api/v1/sessions", &json!({ "login": address, "password": secret })) < 300
        }
        "second half" => {
            posts(server, "/api/v1/sessions/second-half", &json!({ "secret": secret, "code": code })) < 300
        }
        "passkey" => credential.device.as_ref().is_some_and(|device| signs_in_by(server, device)),
        "IMAP" => {
            let mut imap = Imap::connect(server.dovecot(server.configuration.imap_port)).expect("it greets");
            imap.login(&address, secret).expect("an answer").is_ok()
        }
        "POP" => {
            let mut pop = Pop3::connect(server.dovecot(server.configuration.pop3_port)).expect("it greets");
            pop.login(&address, secret).expect("an answer").is_ok()
        }
        "ManageSieve" => sieve_opens(server, &address, secret),
        "SMTP" => {
            let mut smtp = Smtp::open(server.address(&server.configuration.smtp).expect("an address"))
                .expect("SMTP greets");
            let command = format!("AUTH PLAIN {}", plain(&address, secret));
            smtp.0.command(&command).expect("an answer").code == 235
        }
        "DAV" => {
            let basic = format!("Basic {}", STANDARD.encode(format!("{address}:{secret}")));
            web(server, "PROPFIND", "/dav/", &[("Authorization", &basic), ("Depth", "0")], "").status == 207
        }
        "link" => {
            let page = web(server, "GET", &format!("/reset/{secret}"), &[], "").status == 200;
            let body = json!({ "password": "chosen by whoever has the link" });
            // Asked of a link that is void: the page alone, while it works.
            page || (credential.opened.is_empty()
                && posts(server, &format!("/api/v1/password-resets/{secret}"), &body) < 300)
        }
        "page" => {
            let cookie = format!("__Host-relais-session={secret}");
            web(server, "GET", "/me", &[("Cookie", &cookie)], "").text().contains("/sign-out")
        }
        "ticket" => {
            let person = Person { email: None, ..Person::new(name, "") };
            signs_on(server, provider, &format!("ticket={secret}"), &person)
                || signs_on(server, provider, &format!("invitation={secret}"), &person)
        }
        other => panic!("no door {other}"),
    }
}

struct Stage {
    world: World,
    second: Server,
    provider: OpenId,
}

impl Stage {
    fn start(database: &str, second_dir: &Path) -> Self {
        let dir = server_dir().expect("a directory");
        let world = World::start_program(
            Path::new(env!("CARGO_BIN_EXE_relais")),
            dir.path(),
            configuration(database),
        );
        let second =
            Server::start(Path::new(env!("CARGO_BIN_EXE_relais")), second_dir, configuration(database));
        let second = second.expect("the second node starts");
        let provider = OpenId::start(now_s()).expect("it starts");
        let body = json!({
            "issuer": provider.issuer(), "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "domains": ["bm.com"]
        });
        world.must("PUT", &format!("/organisations/{}/identity-provider", percent(ORGANISATION)), body);
        Self { world: World::around(world.server, dir), second, provider }
    }

    fn session_of(&self, login: &str) -> String {
        let (status, signed_in) = self.world.sign_in(login);
        assert_eq!(status, 201, "{signed_in}");
        signed_in["secret"].as_str().expect("a secret").to_owned()
    }

    fn as_person(&self, login: &str, method: &str, path: &str, body: Value) -> Value {
        let session = self.session_of(login);
        let path = format!("/accounts/{login}@bm.com{path}");
        let (status, answer) = self.world.as_bearer(&session, method, &path, body);
        assert!(status < 300, "{path}: {answer}");
        answer
    }

    fn app_password(&self, login: &str, scope: &str) -> String {
        let body = json!({ "name": "Téléphone", "scopes": [scope] });
        let made = self.as_person(login, "POST", "/app-passwords", body);
        made["secret"].as_str().expect("a secret").to_owned()
    }

    /// The secret in the letter to this address.
    fn letter(&self, to: &str, before: &str) -> String {
        let id = wait_for(crate::world::LIMIT, "the letter is written", || {
            let found = self.world.spool().into_iter().find(|letter| letter["recipient"] == to)?;
            Some(found["id"].as_str()?.to_owned())
        });
        let bytes = std::fs::read(self.world.data().join("spool").join(id)).expect("a message");
        let message = mail_parser::MessageParser::default().parse(&bytes).expect("a message");
        let text = message.body_text(0).expect("a text").into_owned();
        let secret = text.split(before).nth(1).expect("a link").split_whitespace().next().expect("a secret");
        secret.to_owned()
    }

    /// A second factor of `login`: its recovery codes.
    fn second_factor(&self, login: &str) -> Vec<String> {
        let session = self.session_of(login);
        let path = format!("/accounts/{login}@bm.com/second-factor");
        let (_, begun) = self.world.as_bearer(&session, "POST", &path, json!({}));
        let code = authenticator::code(begun["secret"].as_str().expect("a secret"), now_s());
        let (status, answer) =
            self.world.as_bearer(&session, "POST", &format!("{path}/confirm"), json!({ "code": code }));
        assert_eq!(status, 200, "{answer}");
        let codes = answer["recovery_codes"].as_array().expect("codes").clone();
        codes.iter().map(|code| code.as_str().expect("text").to_owned()).collect()
    }

    /// A device with a passkey of `login`.
    fn passkey(&self, login: &str) -> Authenticator {
        let session = self.session_of(login);
        let path = format!("/accounts/{login}@bm.com/passkeys");
        let (_, begun) = self.world.as_bearer(&session, "POST", &format!("{path}/begin"), json!({}));
        let mut device = Authenticator::new(SITE).expect("a key");
        let made = device.create(&begun["options"]).expect("made");
        let body = json!({ "name": "Téléphone", "credential": made });
        let (status, answer) = self.world.as_bearer(&session, "POST", &path, body);
        assert_eq!(status, 201, "{answer}");
        device
    }

    fn half(&self, login: &str) -> String {
        let (status, half) = self.world.sign_in(login);
        assert_eq!(status, 202, "{half}");
        half["secret"].as_str().expect("a secret").to_owned()
    }

    fn ticket(&self, login: &str) -> String {
        let link = self.as_person(login, "POST", "/sign-on-links", json!({}));
        link["url"].as_str().expect("a link").split_once("ticket=").expect("a ticket").1.to_owned()
    }

    /// One account for each, so that nobody's failed attempts slow another's.
    fn credentials(&self) -> Vec<Credential> {
        let people = [
            "password",
            "app.mail",
            "app.calendars",
            "session",
            "sso",
            "half",
            "recovery",
            "reset",
            "grant",
            "ticket",
            "passkey",
        ];
        for login in people {
            self.world.person(login, "Personne");
        }
        let made = |kind: &'static str, secret: String, opened: &'static [&'static str]| Credential {
            kind,
            login: kind.to_owned(),
            secret,
            code: "000000".to_owned(),
            device: None,
            opened,
        };
        let external = |login: &str| format!("{login}@ailleurs.example");
        let profile = json!({ "external_address": external("reset") });
        self.world.must("PUT", "/accounts/reset@bm.com/profile", profile);
        self.world.must("POST", "/password-resets", json!({ "login": "reset@bm.com" }));
        let invited = json!({
            "address": "invitation@bm.com", "name": "Invitée", "external_address": external("invitation")
        });
        self.world.of_organisation("POST", "/invitations", invited);
        self.world.must("POST", "/accounts/grant@bm.com/deactivate", json!({}));
        let grant = json!({ "reason": "dossier", "ends_at": in_seconds(86_400) });
        let grant = self.world.must("POST", "/accounts/grant@bm.com/grants", grant);
        self.world.must("POST", "/accounts/grant@bm.com/reactivate", json!({}));
        let codes = self.second_factor("half");
        let recovery = self.second_factor("recovery");
        let person = Person::new("sso", "sso@bm.com");
        let (url, browser) = departs(&self.second, "login=sso@bm.com").expect("departs");
        let back = self.provider.sign_in(&url, &person).expect("signs in there");
        let sso = comes_back(&self.second, &back, &browser).expect("a session");
        let half = Credential { code: codes[1].clone(), ..made("half", self.half("half"), &[]) };
        // That such a half completes, another one shows.
        let other = Credential { code: codes[0].clone(), ..made("half", self.half("half"), &[]) };
        assert!(opens(&self.second, &self.provider, "second half", &other));
        let used = Credential { login: "ticket".to_owned(), ..made("ticket", self.ticket("ticket"), &[]) };
        assert!(opens(&self.second, &self.provider, "ticket", &used));
        let device = Some(Rc::new(RefCell::new(self.passkey("passkey"))));
        vec![
            Credential { device, ..made("passkey", String::new(), &["passkey"]) },
            made(
                "password",
                password_of("password"),
                &["sign-in", "IMAP", "POP", "ManageSieve", "SMTP", "DAV"],
            ),
            made("app.mail", self.app_password("app.mail", "mail"), &["IMAP", "POP", "ManageSieve", "SMTP"]),
            made("app.calendars", self.app_password("app.calendars", "calendars"), &["DAV"]),
            made("session", self.session_of("session"), &["API", "page"]),
            made("sso", sso, &["API", "page"]),
            half,
            made("recovery", recovery[0].clone(), &[]),
            made("reset", self.letter(&external("reset"), "/reset/"), &["link"]),
            made("invitation", self.letter(&external("invitation"), "/invitation/"), &["link"]),
            made("grant", grant["secret"].as_str().expect("a secret").to_owned(), &[]),
            made("ticket", self.ticket("ticket"), &[]),
        ]
    }
}

#[test]
fn in_the_instant_after_a_deactivation_no_credential_opens_any_door_of_any_node() {
    let database = PrivatePostgres::shared().fresh_database().expect("a database");
    let second_dir = server_dir().expect("a directory");
    let stage = Stage::start(&database, second_dir.path());
    let credentials = stage.credentials();
    let nodes = [("second", &stage.second), ("first", &stage.world.server)];
    for credential in &credentials {
        for door in credential.opened {
            for (node, server) in nodes {
                let opened = opens(server, &stage.provider, door, credential);
                assert!(opened, "{} opens {door} of the {node} node", credential.kind);
            }
        }
    }
    // Somebody is at the provider.
    let person = Person::new("sso", "sso@bm.com");
    let away = departs(&stage.second, "login=sso@bm.com").expect("departs");
    let back = stage.provider.sign_in(&away.0, &person).expect("signs in there");
    let mut wrong = Vec::new();
    for credential in &credentials {
        let path = format!("/accounts/{}@bm.com/deactivate", credential.login);
        stage.world.must("POST", &path, json!({}));
        let closed = Credential {
            opened: &[],
            login: credential.login.clone(),
            secret: credential.secret.clone(),
            code: credential.code.clone(),
            device: credential.device.clone(),
            kind: credential.kind,
        };
        for (node, server) in nodes {
            for door in DOORS {
                if opens(server, &stage.provider, door, &closed) {
                    wrong.push(format!("{} opens {door} of the {node} node", closed.kind));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(comes_back(&stage.second, &back, &away.1).is_none(), "on the way when it was closed");
    assert!(!signs_on(&stage.world.server, &stage.provider, "login=sso@bm.com", &person));
    stage.world.check_chain();
}
