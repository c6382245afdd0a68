//! An organisation on a program of its own, in a directory of its own.

use anyhow::Result;
use base64::Engine as _;
use relais_testbed::dav::Dav;
use relais_testbed::http;
use relais_testbed::imap::{Imap, Refusal};
use relais_testbed::mail::{Lmtp, Reply, Smtp};
use relais_testbed::net::{server_dir, wait_for};
use relais_testbed::pop3::Pop3;
use relais_testbed::postgres::PrivatePostgres;
use relais_testbed::server::{Configuration, Server};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

pub const LIMIT: Duration = Duration::from_secs(60);
pub const ORGANISATION: &str = "Association BM";
/// Agreed on with a payment provider: `whsec_` and base64 of these bytes.
pub const PAYMENT_KEY: &[u8] = b"thirty-two bytes of a secret key";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

pub struct World {
    pub server: Server,
    /// Removed with the world, unless it is somebody else's.
    _dir: Option<TempDir>,
}

pub fn password_of(login: &str) -> String {
    format!("the secret word of {login}")
}

/// A message with a line of text, CRLF line ends and an id of its own.
pub fn message(subject: &str) -> Vec<u8> {
    let id = subject.replace(|c: char| !c.is_ascii_alphanumeric(), ".");
    format!(
        "From: Client <client@far.example>\r\nTo: someone@bm.com\r\nSubject: {subject}\r\nMessage-ID: <{id}@far.example>\r\n\
         Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nBonjour.\r\n"
    )
    .into_bytes()
}

impl World {
    pub fn start(database: Database) -> Self {
        match database {
            Database::Sqlite => Self::start_with(None),
            Database::Postgres => {
                Self::start_on(&PrivatePostgres::shared().fresh_database().expect("a database"))
            }
        }
    }

    /// On this database.
    pub fn start_on(url: &str) -> Self {
        Self::start_with(Some(url))
    }

    fn start_with(database: Option<&str>) -> Self {
        let dir = server_dir().expect("a directory");
        let world = Self::start_in(dir.path(), database);
        Self { _dir: Some(dir), ..world }
    }

    /// With this key in its configuration.
    pub fn start_with_key(database: Database, key: &str, value: toml::Value) -> Self {
        let dir = server_dir().expect("a directory");
        let mut configuration = Configuration::for_test();
        configuration.rest.insert(key.to_owned(), value);
        if database == Database::Postgres {
            let url = PrivatePostgres::shared().fresh_database().expect("a database");
            configuration.rest.insert("database".to_owned(), url.into());
        }
        let world = Self::start_configured(dir.path(), configuration);
        Self { _dir: Some(dir), ..world }
    }

    /// Asking this name server.
    pub fn start_asking(resolver: SocketAddr) -> Self {
        let dir = server_dir().expect("a directory");
        let mut configuration = Configuration::for_test();
        configuration.rest.insert("resolver".to_owned(), resolver.to_string().into());
        let world = Self::start_configured(dir.path(), configuration);
        Self { _dir: Some(dir), ..world }
    }

    /// In a directory that exists.
    pub fn start_in(dir: &Path, database: Option<&str>) -> Self {
        let mut configuration = Configuration::for_test();
        if let Some(url) = database {
            configuration.rest.insert("database".to_owned(), url.into());
        }
        let secret = format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(PAYMENT_KEY));
        configuration.rest.insert("payment_secrets".to_owned(), vec![secret].into());
        Self::start_configured(dir, configuration)
    }

    fn start_configured(dir: &Path, configuration: Configuration) -> Self {
        Self::start_program(Path::new(env!("CARGO_BIN_EXE_relais")), dir, configuration)
    }

    /// As whatever starts it.
    pub fn start_program(program: &Path, dir: &Path, configuration: Configuration) -> Self {
        let server = Server::start(program, dir, configuration).expect("the program starts");
        let world = Self { server, _dir: None };
        world.must("POST", "/organisations", json!({ "name": ORGANISATION, "language": "fr" }));
        world.must(
            "POST",
            &format!("/organisations/{}/domains", percent(ORGANISATION)),
            json!({ "name": "bm.com" }),
        );
        world
    }

    /// One that runs already, in a directory that goes with the world.
    pub fn around(server: Server, dir: TempDir) -> Self {
        Self { server, _dir: Some(dir) }
    }

    pub fn data(&self) -> &Path {
        &self.server.data
    }

    /// A command line in French: exit code, output, errors.
    pub fn cli(&self, words: &[&str]) -> (i32, String, String) {
        let mut command = self.server.command();
        let output = command.args(["--language", "fr"]).args(words).output().expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let code = output.status.code().expect("it ends by itself");
        (code, text(output.stdout), text(output.stderr))
    }

    /// The output of a command line that has to succeed.
    pub fn typed(&self, words: &[&str]) -> String {
        let (code, output, errors) = self.cli(words);
        assert_eq!(code, 0, "{words:?}: {output}{errors}");
        output
    }

    pub fn must(&self, method: &str, path: &str, body: Value) -> Value {
        self.server.must(method, path, &body).expect("the API agrees")
    }

    pub fn api(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.server.api(method, path, &body).expect("the API answers")
    }

    /// A path below the organisation.
    pub fn of_organisation(&self, method: &str, path: &str, body: Value) -> Value {
        self.must(method, &format!("/organisations/{}{path}", percent(ORGANISATION)), body)
    }

    /// An active account `login@bm.com`; its id.
    pub fn person(&self, login: &str, name: &str) -> String {
        let body =
            json!({ "address": format!("{login}@bm.com"), "name": name, "password": password_of(login) });
        let account = self.of_organisation("POST", "/accounts", body);
        account["id"].as_str().expect("an id").to_owned()
    }

    pub fn lmtp(&self, to: &str, message: &[u8]) -> Reply {
        let address = self.server.address(&self.server.configuration.lmtp).expect("an address");
        let mut lmtp = Lmtp::open(address).expect("LMTP greets");
        lmtp.send("client@far.example", &[to], message).expect("an answer").remove(0)
    }

    pub fn smtp(&self, to: &[&str], message: &[u8]) -> Vec<Reply> {
        let address = self.server.address(&self.server.configuration.smtp).expect("an address");
        let mut smtp = Smtp::open(address).expect("SMTP greets");
        smtp.send("client@far.example", to, message).expect("answers")
    }

    pub fn try_imap(&self, login: &str, password: &str) -> Result<Imap, Refusal> {
        let address = self.server.dovecot(self.server.configuration.imap_port);
        let mut imap = Imap::connect(address).expect("IMAP greets");
        imap.login(login, password).expect("an answer").map(|()| imap)
    }

    /// The client for calendars and contacts of a person.
    pub fn dav(&self, login: &str) -> Dav {
        let address = self.server.address(&self.server.configuration.http).expect("an address");
        Dav { address, login: format!("{login}@bm.com"), password: password_of(login) }
    }

    pub fn imap(&self, login: &str) -> Imap {
        self.try_imap(&format!("{login}@bm.com"), &password_of(login)).expect("the login is right")
    }

    pub fn try_pop(&self, login: &str, password: &str) -> Result<Pop3, String> {
        let address = self.server.dovecot(self.server.configuration.pop3_port);
        let mut pop = Pop3::connect(address).expect("POP3 greets");
        pop.login(login, password).expect("an answer").map(|()| pop).map_err(|refusal| format!("{refusal:?}"))
    }

    /// Signs in at the API: status and document.
    pub fn sign_in(&self, login: &str) -> (u16, Value) {
        let body = json!({ "login": format!("{login}@bm.com"), "password": password_of(login) });
        self.api("POST", "/sessions", body)
    }

    /// Asks as somebody with a secret instead of as the operator.
    pub fn as_bearer(&self, secret: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        http::ask_as(&self.data().join("relais.sock"), Some(secret), method, &format!("/api/v1{path}"), &body)
            .expect("the API answers")
    }

    /// The bodies in a folder, or none where there is no such folder.
    pub fn bodies(&self, login: &str, folder: &str) -> Vec<String> {
        let mut imap = self.imap(login);
        let there = imap.select(folder).expect("an answer").is_ok();
        let messages = if there { imap.fetch_all(folder).expect("messages") } else { Vec::new() };
        messages.into_iter().map(|message| String::from_utf8_lossy(&message.body).into_owned()).collect()
    }

    pub fn count_of(&self, login: &str, folder: &str, subject: &str) -> usize {
        let line = format!("Subject: {subject}\r\n");
        self.bodies(login, folder).iter().filter(|body| body.contains(&line)).count()
    }

    /// Starts a departure and waits until it is where it is said to get: finished, undone, held, or at a step.
    pub fn depart(&self, login: &str, order: Value) -> String {
        let departure = self.must("POST", &format!("/accounts/{login}@bm.com/departure"), order);
        departure["id"].as_str().expect("an id").to_owned()
    }

    pub fn wait_until_state(&self, departure: &str, state: &str) -> Value {
        wait_for(LIMIT, &format!("the departure is {state}"), || {
            let found = self.must("GET", &format!("/departures/{departure}"), Value::Null);
            assert!(found["state"] != "held" || state == "held", "held: {}", found["trouble"]);
            (found["state"] == state).then_some(found)
        })
    }

    /// Backs one account up and waits until that is verified.
    pub fn back_up(&self, address: &str) {
        let begun = self.of_organisation("POST", "/backups", json!({ "account": address }));
        let path = format!("/backups/{}", begun["id"].as_str().expect("an id"));
        wait_for(LIMIT, "the backup is verified", || {
            let found = self.must("GET", &path, Value::Null);
            assert_ne!(found["state"], "incomplete", "{}", found["trouble"]);
            (found["state"] == "verified").then_some(())
        });
    }

    /// Waits until the next step to do is this one.
    pub fn wait_until_at(&self, departure: &str, step: &str) -> Value {
        wait_for(LIMIT, &format!("the departure is at {step}"), || {
            let found = self.must("GET", &format!("/departures/{departure}"), Value::Null);
            let done = usize::try_from(found["steps_done"].as_u64()?).ok()?;
            (found["plan"]["steps"][done] == step).then_some(found)
        })
    }

    /// The outbound messages, the newest first.
    pub fn spool(&self) -> Vec<Value> {
        self.must("GET", "/spool", Value::Null).as_array().cloned().unwrap_or_default()
    }

    pub fn check_chain(&self) {
        let check = self.of_organisation("GET", "/events/verify", Value::Null);
        assert!(check["broken_at"].is_null(), "{check}");
        assert!(check["events"].as_i64() > Some(0), "{check}");
    }
}

/// So many seconds from now, as the API writes times.
pub fn in_seconds(seconds: i64) -> String {
    #[expect(clippy::disallowed_methods, reason = "the real program runs on the real clock")]
    let now = jiff::Timestamp::now();
    (now + jiff::SignedDuration::from_secs(seconds)).to_string()
}

pub fn percent(text: &str) -> String {
    text.replace(' ', "%20")
}
