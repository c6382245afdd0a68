//! A small instance with two organisations, and callers of every kind. It is made once; each test gets a copy.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use relais::doors::api::{Trust, router};
use relais_app::core::authority::{Actor, Role};
use relais_app::core::backup::{Generation, GenerationState, Holder, Occasion, Scope, Snapshot};
use relais_app::core::collection::{ShareRight, Sharee};
use relais_app::core::content::{self, ContentFate, ContentKind};
use relais_app::core::departure::Order;
use relais_app::core::ids::{
    AccountId, ApplicationId, ContentId, DepartureId, DirectoryId, ErasureId, GenerationId, GroupId, JobId,
    OrganisationId, ReassignmentId, ResponderId, ShareId, SpoolId, TokenId,
};
use relais_app::core::job::{BulkAct, Run};
use relais_app::core::language::Language;
use relais_app::core::lifecycle::Command;
use relais_app::core::money::Currency;
use relais_app::core::organisation::{GroupRole, MailboxRight};
use relais_app::core::plan::{Licence, PlanTerms, SubscriptionTerms};
use relais_app::core::rights::{Act, State};
use relais_app::core::term::Period;
use relais_app::read::{Filter, generations};
use relais_app::{
    Clock, Ids, JobAccounts, Network, NewAccountRequest, NewOrganisationRequest, Parts, ReassignRequest,
    Relais, SaidItem, Store, schema,
};
use relais_engines::collections::Collections;
use relais_engines::dns::Dns;
use relais_engines::maildir::Maildirs;
use relais_engines::message::PersonalMarks;
use relais_engines::radicale::Homes;
use relais_engines::spool::SpoolFiles;
use relais_engines::webhook::{Reach, Webhooks};
use relais_testbed::dns::resolver_in_trouble;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tower::ServiceExt;

pub const PASSWORD: &str = "correct horse battery";
pub const START: &str = "2026-11-21T10:00:00Z";
/// The one in use, and the one it replaces.
pub const PAYMENT_SECRETS: [&str; 2] =
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_b2xkZXIgc2VjcmV0IG9mIDI0IGJ5dGVzIQ=="];
/// Ids below this are the template's.
const IDS_OF_TEMPLATE: i64 = 1000;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// What was made in the template and has no name of its own.
#[derive(Debug, Clone)]
pub struct Made {
    pub bm: OrganisationId,
    pub group: GroupId,
    /// Without members or address.
    pub inner_group: GroupId,
    pub responder: ResponderId,
    pub share: ShareId,
    pub application: ApplicationId,
    pub directory: DirectoryId,
    /// Of user1@bm.com.
    pub item: ContentId,
    /// From user1@bm.com to user2@bm.com.
    pub reassignment: ReassignmentId,
    /// Of what deleted@bm.com owned.
    pub erasure: ErasureId,
    /// Ordered, and not begun.
    pub job: JobId,
    pub spare_token: TokenId,
    pub scim_token: TokenId,
    pub operator_token: TokenId,
    pub finished: DepartureId,
    pub scheduled: DepartureId,
    pub held: DepartureId,
    /// Of closed@bm.com.
    pub generation: GenerationId,
    secrets: Vec<(Who, String)>,
}

struct Template {
    dir: TempDir,
    made: Made,
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
        ldap: relais_engines::ldap::Ldap::new(Reach::Everywhere),
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

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("known").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

impl World {
    pub async fn new() -> Self {
        static TEMPLATE: OnceCell<Template> = OnceCell::const_new();
        let template = TEMPLATE.get_or_init(make_template).await;
        let dir = TempDir::new().expect("a directory");
        copy(template.dir.path(), dir.path());
        let clock = Clock::set_to(start());
        let ids = Ids::counted();
        for _ in 0..IDS_OF_TEMPLATE {
            let _ = ids.next();
        }
        let app = build(dir.path(), &clock, ids);
        let made = template.made.clone();
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
            match who {
                Who::Socket => api,
                _ => relais::doors::scim::router(self.app.clone()).fallback_service(api),
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

async fn make_template() -> Template {
    let dir = TempDir::new().expect("a directory");
    let clock = Clock::set_to(start());
    let app = build(dir.path(), &clock, Ids::counted());
    let made = populate(&app).await;
    drop(app);
    Template { dir, made }
}

async fn populate(app: &Arc<Relais>) -> Made {
    let operator = Actor::Operator;
    let bm = app.create_organisation(organisation("bm", Language::French), operator).await.expect("made").id;
    app.add_domain(bm, "bm.com", operator).await.expect("made");
    app.claim_domain(bm, "claimed.fr", operator).await.expect("made");
    app.add_provider_domain("host.net", operator).await.expect("made");
    let other =
        app.create_organisation(organisation("autre", Language::English), operator).await.expect("made").id;
    app.add_domain(other, "autre.com", operator).await.expect("made");
    account(app, other, "ceo@autre.com", Role::Owner).await;

    let mut secrets = Vec::new();
    for (who, address, role) in [
        (Who::Owner, "owner@bm.com", Role::Owner),
        (Who::Admin, "admin@bm.com", Role::CompanyAdmin),
        (Who::Manager, "manager@bm.com", Role::AccountManager),
        (Who::Subject, "user1@bm.com", Role::Member),
        (Who::Member, "user2@bm.com", Role::Member),
        (Who::Guest, "guest@bm.com", Role::Guest),
    ] {
        account(app, bm, address, role).await;
        let signed = app.sign_in(address, PASSWORD, Act::SignInWithPassword, Network::Local).await;
        let session = app.open_session(&signed.expect("signs in")).await.expect("opens");
        secrets.push((who, session.secret));
    }
    for (who, organisation) in
        [(Who::Token, Some(bm)), (Who::OtherToken, Some(other)), (Who::OperatorToken, None)]
    {
        let token = app.create_token(organisation, "test".into(), operator).await.expect("made");
        secrets.push((who, token.secret));
    }
    let application =
        app.connect_application(bm, "Tableaux".into(), None, operator).await.expect("connected");
    secrets.push((Who::Application, application.token));
    let application = application.application.id;
    let directory = directory(app, bm).await;
    let all = JobAccounts::Filter(Filter::default());
    let job = app.order_job(bm, BulkAct::Reactivate, all, Run::Dry, operator).await.expect("ordered").id;
    let operator_token = app.create_token(None, "spare".into(), operator).await.expect("made").of.id;
    let spare_token = app.create_token(Some(bm), "spare".into(), operator).await.expect("made").of.id;
    let photo = crate::people::png(16, 16);
    app.set_photo(id_of(app, "user1@bm.com").await, photo, operator).await.expect("set");
    let (group, responder) = things(app, bm).await;
    let inner_group = app.create_group(bm, "Salon".into(), None, operator).await.expect("made").id;
    let with = Sharee::Group(group);
    let owner = id_of(app, "user1@bm.com").await;
    let share = app.share_collection(owner, "contacts", with, ShareRight::Write, operator).await;
    let share = share.expect("shared").id;
    let generation = states(app, bm, application).await;
    let (finished, scheduled, held) = departures(app, bm).await;
    offers(app).await;
    let (item, reassignment, erasure) = contents(app, bm, application).await;
    let scim = app.create_scim_token(bm, "Entra ID".into(), operator).await.expect("made");
    let scim_token = scim.of.id;
    secrets.push((Who::Provider, scim.secret));
    let scim = app.create_scim_token(other, "Okta".into(), operator).await.expect("made");
    secrets.push((Who::OtherProvider, scim.secret));
    Made {
        bm,
        group,
        inner_group,
        responder,
        share,
        application,
        directory,
        item,
        reassignment,
        erasure,
        job,
        spare_token,
        scim_token,
        operator_token,
        finished,
        scheduled,
        held,
        generation,
        secrets,
    }
}

/// One that nobody serves, read and tried once.
async fn directory(app: &Arc<Relais>, bm: OrganisationId) -> DirectoryId {
    let new = serde_json::json!({ "name": "Annuaire", "bind_password": "secret", "settings": {
        "kind": "open_ldap", "host": "127.0.0.1", "port": 1, "encryption": "none", "base": "dc=bm,dc=com",
        "every_minutes": null
    } });
    let new = serde_json::from_value(new).expect("a directory");
    let made = app.add_directory(bm, new, Actor::Operator).await.expect("added").id;
    app.plan_directory(made, Actor::Operator).await.expect("tried");
    app.sync_directory(made, Actor::Operator).await.expect("read");
    made
}

pub async fn account(app: &Relais, organisation: OrganisationId, address: &str, role: Role) {
    let request = NewAccountRequest {
        address: address.parse().expect("an address"),
        name: format!("Nom de {address}"),
        password: Some(PASSWORD.into()),
        role,
        quota_bytes: None,
        subscription: None,
    };
    app.create_account(organisation, request, Actor::Operator).await.expect("made");
}

/// A group, a responder and a shared mailbox, and an alias.
async fn things(app: &Relais, bm: OrganisationId) -> (GroupId, ResponderId) {
    let operator = Actor::Operator;
    let address = |text: &str| text.parse().expect("an address");
    let held = async |text: &str| {
        let address = address(text);
        let found = app.look(move |tx| relais_app::read::accounts::holding(tx, &address)).await;
        found.expect("asked").expect("there").id
    };
    let group = app
        .create_group(bm, "Ventes".into(), Some(address("ventes@bm.com")), operator)
        .await
        .expect("made")
        .id;
    app.set_group_member(group, held("user2@bm.com").await, Some(GroupRole::Admin), operator)
        .await
        .expect("set");
    let responder =
        app.create_responder(bm, "départs".into(), "Parti.".into(), operator).await.expect("made").id;
    let shared = app
        .create_shared_mailbox(bm, address("info@bm.com"), "Information".into(), operator)
        .await
        .expect("made");
    let reader = held("user2@bm.com").await;
    app.set_mailbox_member(shared.id, reader, Some(MailboxRight::Read), operator).await.expect("set");
    let alias = Command::AddAlias { address: address("alias1@bm.com") };
    app.execute(held("user1@bm.com").await, alias, operator).await.expect("added");
    (group, responder)
}

/// As if a verified backup held the account as it will ever be: for tests that are not about backups.
pub async fn pretend_backup(data: &Path, organisation: OrganisationId, account: AccountId) {
    let database = data.join("relais.db");
    let store = Store::open(database.to_str().expect("UTF-8"), schema::MIGRATIONS).expect("opens");
    let (generation, at) = (GenerationId::from_number(account.number()), start());
    let row = Generation {
        id: generation,
        organisation,
        scope: Scope::Account(account),
        occasion: Occasion::Asked,
        state: GenerationState::Verified,
        started_at: at,
        ended_at: Some(at),
        holders: 1,
        holders_done: 1,
        trouble: None,
    };
    let snapshot = Snapshot {
        generation,
        organisation,
        holder: Holder::Account(account),
        id: "0".repeat(64),
        begun_at: "9999-01-01T00:00:00Z".parse().expect("a moment"),
        verified_at: Some(at),
        messages: 0,
        personal_messages: 0,
        items: 0,
        size_bytes: 0,
        fingerprint: None,
    };
    let written = store.write(move |tx| {
        generations::insert(tx, &row, &Actor::Operator, at)?;
        generations::set_snapshot(tx, &snapshot)
    });
    written.await.expect("written");
}

impl World {
    pub async fn backed_up(&self, address: &str) {
        pretend_backup(self.data(), self.made.bm, id_of(&self.app, address).await).await;
    }
}

/// Accounts in the states that are not active.
async fn states(app: &Relais, bm: OrganisationId, application: ApplicationId) -> GenerationId {
    let mut generations = Vec::new();
    let invited = NewAccountRequest {
        address: "invited@bm.com".parse().expect("an address"),
        name: "Invitée".into(),
        password: None,
        role: Role::Member,
        quota_bytes: None,
        subscription: None,
    };
    app.create_account(bm, invited, Actor::Operator).await.expect("made");
    for address in ["closed@bm.com", "deleted@bm.com"] {
        account(app, bm, address, Role::Member).await;
        let id = id_of(app, address).await;
        if address == "deleted@bm.com" {
            let items = vec![said("d-1", ContentKind::Document, address)];
            app.register_content(items, (application, bm)).await.expect("registered");
        }
        let close = Command::Deactivate {
            cause: relais_app::core::account::Cause::Admin,
            inbound: None,
            content: None,
        };
        app.execute(id, close, Actor::Operator).await.expect("closed");
        let begun = app.start_backup(bm, Scope::Account(id), Actor::Operator).await.expect("begun");
        generations.push(begun.id);
        app.work_once().await;
        if address == "deleted@bm.com" {
            app.execute(id, Command::Delete { content: Some(ContentFate::Erase) }, Actor::Operator)
                .await
                .expect("deleted");
        }
    }
    generations[0]
}

pub fn said(external_id: &str, kind: ContentKind, owner: &str) -> SaidItem {
    let (external_id, owner) = (external_id.to_owned(), owner.to_owned());
    let title = format!("« {external_id} »");
    SaidItem { external_id, kind, title, owner, parent: None, url: None, shares: None }
}

/// Two boards of user1@bm.com, one of them given to user2@bm.com, and what is to be erased with deleted@bm.com.
async fn contents(
    app: &Relais,
    bm: OrganisationId,
    application: ApplicationId,
) -> (ContentId, ReassignmentId, ErasureId) {
    let items = ["b-1", "b-2"].map(|board| said(board, ContentKind::Board, "user1@bm.com"));
    app.register_content(items.to_vec(), (application, bm)).await.expect("registered");
    let owner = id_of(app, "user1@bm.com").await;
    let owned = app.look(move |tx| relais_app::read::content::of_owner(tx, owner, None, None, 10)).await;
    let owned = owned.expect("asked");
    let selection = content::Selection::Chosen { items: vec![owned[1].id], collections: vec![] };
    let asked = ReassignRequest { from: vec![owner], to: id_of(app, "user2@bm.com").await, selection };
    let made = app.reassign_content(asked, Actor::Operator).await.expect("moved");
    let open = app.open_erasures(bm, &Actor::Operator).await.expect("asked");
    (owned[0].id, made[0].id, open[0].id)
}

/// A plan and a subscription that cost nothing and limit nothing; nobody is on them.
async fn offers(app: &Relais) {
    let plan = PlanTerms {
        name: "Grande".into(),
        price_minor: 0,
        currency: Currency::Eur,
        period: Period::Month,
        accounts_free: 1000,
        accounts_max: None,
        full_licences_max: None,
        own_domains_max: None,
        flexible_licences: false,
    };
    app.create_plan(plan, Actor::Operator).await.expect("made");
    let subscription = SubscriptionTerms {
        name: "Offert".into(),
        price_minor: 0,
        currency: Currency::Eur,
        period: Period::Month,
        aliases_max: None,
        quota_bytes: None,
        licence: Licence::Full,
    };
    app.create_subscription(subscription, Actor::Operator).await.expect("made");
}

pub async fn id_of(app: &Relais, address: &str) -> relais_app::core::ids::AccountId {
    let address = address.parse().expect("an address");
    let found = app.look(move |tx| relais_app::read::accounts::holding(tx, &address)).await;
    found.expect("asked").expect("there").id
}

/// One departure that has ended, one that begins later, one that is held.
async fn departures(app: &Relais, bm: OrganisationId) -> (DepartureId, DepartureId, DepartureId) {
    for address in ["parti@bm.com", "partira@bm.com", "retenu@bm.com"] {
        account(app, bm, address, Role::Member).await;
    }
    let order = Order { to: Some("user2@bm.com".parse().expect("an address")), ..Order::default() };
    let finished =
        app.start_departure(id_of(app, "parti@bm.com").await, order.clone(), Actor::Operator).await;
    app.work_once().await;
    let later = Order { on: Some("2027-01-31T00:00:00Z".parse().expect("a time")), ..order.clone() };
    let scheduled = app.start_departure(id_of(app, "partira@bm.com").await, later, Actor::Operator).await;
    let held = app.start_departure(id_of(app, "retenu@bm.com").await, order, Actor::Operator).await;
    let held = app.hold_departure(held.expect("started").id, Actor::Operator).await;
    (finished.expect("started").id, scheduled.expect("started").id, held.expect("held").id)
}

fn organisation(name: &str, language: Language) -> NewOrganisationRequest {
    let (time_zone, currency) = ("Europe/Paris".to_owned(), Currency::Eur);
    NewOrganisationRequest { name: name.to_owned(), language, time_zone, currency }
}
