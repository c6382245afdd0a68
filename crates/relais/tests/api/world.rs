//! A small instance with two organisations, and callers of every kind. It is made once; each test gets a copy.

mod template;

pub use template::{Made, account, id_of};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use relais::doors::api::{Trust, router};
use relais::doors::{console, sso};
use relais_app::core::ids::SpoolId;
use relais_app::core::rights::State;
use relais_app::{Clock, Ids, Parts, Relais, Store, schema};
use relais_engines::collections::Collections;
use relais_engines::dns::Dns;
use relais_engines::identity_provider::IdentityProviders;
use relais_engines::maildir::Maildirs;
use relais_engines::message::PersonalMarks;
use relais_engines::outside::Reach;
use relais_engines::radicale::Homes;
use relais_engines::scim_server::ScimServers;
use relais_engines::spool::SpoolFiles;
use relais_engines::webhook::Webhooks;
use relais_testbed::dns::resolver_in_trouble;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use tower::ServiceExt;

pub const PASSWORD: &str = "correct horse battery";
pub const START: &str = "2026-11-21T10:00:00Z";
/// The one in use, and the one it replaces.
pub const PAYMENT_SECRETS: [&str; 2] =
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_b2xkZXIgc2VjcmV0IG9mIDI0IGJ5dGVzIQ=="];
/// Ids below this are the template's.
const IDS_OF_TEMPLATE: i64 = 1000;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// On the network, without a secret.
    Nobody,
    /// On the operator's socket, without a secret.
    Socket,
    OperatorToken,
    Token,
    /// A token of the other organisation.
    OtherToken,
    Owner,
    Admin,
    Manager,
    /// `user1@bm.com`, whom most requests are about.
    Subject,
    /// Another member of the same organisation.
    Member,
    Guest,
    /// A connected program of the organisation.
    Application,
    /// A provider of identities, by its SCIM token.
    Provider,
    /// That of the other organisation.
    OtherProvider,
}

impl Who {
    /// Who asks the API; what a provider asks, `scim_states.rs` tries.
    pub const ALL: [Self; 12] = [
        Self::Nobody,
        Self::OtherToken,
        Self::Guest,
        Self::Member,
        Self::Subject,
        Self::Manager,
        Self::Admin,
        Self::Owner,
        Self::Token,
        Self::OperatorToken,
        Self::Socket,
        Self::Application,
    ];
}

pub struct World {
    dir: TempDir,
    pub app: Arc<Relais>,
    pub clock: Clock,
    pub made: Made,
    network: OnceLock<Router>,
    socket: OnceLock<Router>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    /// What `text` is made of, if it is no text.
    pub bytes: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The code of a problem.
    pub fn code(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{} {}", self.status, self.text);
        self.json()["code"].as_str().expect("problems have a code").to_owned()
    }

    /// `ok`, or the code of the problem.
    pub fn outcome(&self) -> String {
        if self.status.is_success() { "ok".to_owned() } else { self.code() }
    }
}

fn build(dir: &Path, clock: &Clock, ids: Ids) -> Arc<Relais> {
    let store =
        Store::open(dir.join("relais.db").to_str().expect("UTF-8"), schema::MIGRATIONS).expect("opens");
    Relais::new(Parts {
        store,
        maildirs: Arc::new(Maildirs::open(dir.join("mail")).expect("opens")),
        spool_files: Arc::new(SpoolFiles::open(dir.join("spool")).expect("opens")),
        dovecot: None,
        homes: Arc::new(Homes::open(&dir.join("dav")).expect("opens")),
        radicale: None,
        collections: Arc::new(Collections::open(dir.join("dav")).expect("opens")),
        backups_dir: dir.join("backups"),
        exports_dir: dir.join("exports"),
        smarthost: None,
        webhooks: Webhooks::new(Reach::Everywhere).expect("made"),
        scim_servers: ScimServers::new(Reach::Everywhere).expect("made"),
        ldap: relais_engines::ldap::Ldap::new(Reach::Everywhere),
        identity_providers: IdentityProviders::new(Reach::Everywhere).expect("made"),
        dns: Dns::at(resolver_in_trouble()),
        hostname: "mail.bm.com".to_owned(),
        public_url: "https://mail.bm.com".to_owned(),
        dkim_selector: "relais".to_owned(),
        personal_marks: PersonalMarks::default(),
        clock: clock.clone(),
        ids,
        node: "test".to_owned(),
    })
}

impl World {
    pub async fn new() -> Self {
        let dir = TempDir::new().expect("a directory");
        let made = template::copy_to(dir.path()).await;
        let clock = Clock::set_to(start());
        let ids = Ids::counted();
        for _ in 0..IDS_OF_TEMPLATE {
            let _ = ids.next();
        }
        let app = build(dir.path(), &clock, ids);
        Self { dir, app, clock, made, network: OnceLock::new(), socket: OnceLock::new() }
    }

    fn router(&self, who: Who) -> Router {
        let (kept, trust) = match who {
            Who::Socket => (&self.socket, Trust::OperatorSocket),
            _ => (&self.network, Trust::Network),
        };
        let make = || {
            let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle();
            let secrets = PAYMENT_SECRETS.iter().map(|secret| secret.parse().expect("a secret")).collect();
            let api = router(self.app.clone(), trust, metrics, secrets);
            // As start-up serves it: browsers and providers come by the network.
            match trust {
                Trust::Network => relais::doors::scim::router(self.app.clone())
                    .merge(sso::router(self.app.clone()))
                    .merge(console::router(self.app.clone()))
                    .fallback_service(api),
                Trust::OperatorSocket => api,
            }
        };
        kept.get_or_init(make).clone()
    }

    pub fn data(&self) -> &Path {
        self.dir.path()
    }

    pub fn secret(&self, who: Who) -> Option<&str> {
        self.made.secrets.iter().find(|(whose, _)| *whose == who).map(|(_, secret)| secret.as_str())
    }

    /// A message that waits in the spool.
    pub fn spooled(&self, id: SpoolId) -> String {
        let bytes = std::fs::read(self.dir.path().join("spool").join(id.to_string())).expect("a message");
        mail_parser::MessageParser::default()
            .parse(&bytes)
            .map(|message| {
                let subject = message.subject().unwrap_or_default();
                format!("Subject: {subject}\n\n{}", message.body_text(0).unwrap_or_default())
            })
            .expect("a message can be read")
    }

    /// A request of `who`, to be changed or sent.
    pub fn request(&self, who: Who, method: &str, path: &str) -> axum::http::request::Builder {
        let peer: SocketAddr = "127.0.0.1:4000".parse().expect("an address");
        let request = Request::builder().method(method).uri(path).extension(ConnectInfo(peer));
        match self.secret(who) {
            Some(secret) => request.header("authorization", format!("Bearer {secret}")),
            None => request,
        }
    }

    pub async fn send(&self, who: Who, request: Request<Body>) -> Answer {
        let response = self.router(who).oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text, bytes }
    }

    /// What stands before the body, which may have no end.
    pub async fn head_of(&self, who: Who, request: Request<Body>) -> (StatusCode, HeaderMap) {
        let response = self.router(who).oneshot(request).await.expect("infallible");
        (response.status(), response.headers().clone())
    }

    pub async fn ask(&self, who: Who, method: &str, path: &str) -> Answer {
        let request = self.request(who, method, path).body(Body::empty()).expect("a request");
        self.send(who, request).await
    }

    pub async fn ask_with(&self, who: Who, method: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(who, method, path).header("content-type", "application/json");
        self.send(who, request.body(Body::from(body.to_string())).expect("a request")).await
    }

    pub async fn send_file(
        &self,
        who: Who,
        method: &str,
        path: &str,
        kind: &str,
        file: impl Into<Vec<u8>>,
    ) -> Answer {
        let request = self.request(who, method, path).header("content-type", kind);
        self.send(who, request.body(Body::from(file.into())).expect("a request")).await
    }

    pub async fn ask_in(&self, language: &str, who: Who, method: &str, path: &str) -> Answer {
        let request = self.request(who, method, path).header("accept-language", language);
        self.send(who, request.body(Body::empty()).expect("a request")).await
    }
}

pub fn start() -> Timestamp {
    START.parse().expect("a time")
}

/// The address of the account that is in `state`; for [`State::Active`] one that may be changed freely.
pub fn in_state(state: State) -> &'static str {
    match state {
        State::Invited => "invited@bm.com",
        State::Active => "user1@bm.com",
        State::Deactivated => "closed@bm.com",
        State::Deleted => "deleted@bm.com",
    }
}
