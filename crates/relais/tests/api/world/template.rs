//! What the instance holds: made once for a build of the tests, kept beside their program, copied for each test.

use super::{PASSWORD, Who, build, start};
use relais_app::core::authority::{Actor, Role};
use relais_app::core::backup::Scope;
use relais_app::core::collection::{ShareRight, Sharee};
use relais_app::core::content::{self, ContentFate, ContentKind};
use relais_app::core::departure::Order;
use relais_app::core::ids::{
    AccountId, AppPasswordId, ApplicationId, ContentId, DepartureId, DirectoryId, ErasureId, GenerationId,
    GroupId, JobId, OrganisationId, ReassignmentId, ResponderId, SessionId, ShareId, TokenId,
};
use relais_app::core::job::{BulkAct, Run};
use relais_app::core::language::Language;
use relais_app::core::lifecycle::Command;
use relais_app::core::money::Currency;
use relais_app::core::organisation::{GroupRole, MailboxRight};
use relais_app::core::plan::{Licence, PlanTerms, SubscriptionTerms};
use relais_app::core::sign_in;
use relais_app::core::sign_on::{Newcomers, SignOnDemand};
use relais_app::core::term::Period;
use relais_app::read::Filter;
use relais_app::{
    Caller, Clock, IdentityProviderRequest, Ids, JobAccounts, Network, NewAccountRequest,
    NewOrganisationRequest, Origin, PortalAnswer, ReassignRequest, Relais, SaidItem,
};
use serde::{Deserialize, Serialize};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Beside what is copied.
const MADE: &str = "made.json";
const DATA: &str = "data";

/// What was made in the template and has no name of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// Of user1@bm.com, as the next.
    pub session: SessionId,
    pub app_password: AppPasswordId,
    pub spare_token: TokenId,
    pub scim_token: TokenId,
    pub operator_token: TokenId,
    pub finished: DepartureId,
    pub scheduled: DepartureId,
    pub held: DepartureId,
    /// Of closed@bm.com.
    pub generation: GenerationId,
    pub secrets: Vec<(Who, String)>,
}

/// Puts the instance there.
pub async fn copy_to(dir: &Path) -> Made {
    static KEPT: OnceCell<PathBuf> = OnceCell::const_new();
    let kept = KEPT.get_or_init(keep).await;
    copy(&kept.join(DATA), dir);
    let made = std::fs::read(kept.join(MADE)).expect("readable");
    serde_json::from_slice(&made).expect("written by this program")
}

/// Where the template of this very program is: each test may be a process of its own, and making it takes seconds.
async fn keep() -> PathBuf {
    let program = std::env::current_exe().and_then(std::fs::metadata).expect("we run");
    let name = format!("api-{}-{}", program.ino(), program.mtime());
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if kept.exists() {
        return kept;
    }
    // Under a name of its own first: another test may be doing the same.
    let draft = kept.with_extension(std::process::id().to_string());
    let data = draft.join(DATA);
    std::fs::create_dir_all(&data).expect("a directory");
    let app = build(&data, &Clock::set_to(start()), Ids::counted());
    let made = populate(&app).await;
    drop(app);
    std::fs::write(draft.join(MADE), serde_json::to_vec(&made).expect("serialises")).expect("written");
    if std::fs::rename(&draft, &kept).is_err() {
        std::fs::remove_dir_all(&draft).expect("ours");
    }
    kept
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
        let signed = app.sign_in_to_portal(address, PASSWORD, Network::Local).await.expect("signs in");
        let PortalAnswer::In(signed) = signed else { panic!("a code is asked for") };
        let session = app.open_session(&signed, &Origin::default()).await.expect("opens");
        secrets.push((who, session.secret));
    }
    for (who, organisation) in
        [(Who::Token, Some(bm)), (Who::OtherToken, Some(other)), (Who::OperatorToken, None)]
    {
        let token = app.create_token(organisation, "test".into(), operator).await.expect("made");
        secrets.push((who, token.secret));
    }
    let (session, app_password) = credentials(app, bm).await;
    let application =
        app.connect_application(bm, "Tableaux".into(), None, operator).await.expect("connected");
    secrets.push((Who::Application, application.token));
    let application = application.application.id;
    crate::feeds::set_up(app, application).await;
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
        session,
        app_password,
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

/// A session and an app password of user1@bm.com, whom the organisation's provider knows.
async fn credentials(app: &Relais, bm: OrganisationId) -> (SessionId, AppPasswordId) {
    let subject = id_of(app, "user1@bm.com").await;
    let account = app.look(move |tx| relais_app::read::accounts::get(tx, subject)).await.expect("asked");
    let account = account.expect("there");
    app.open_session(&account, &Origin::default()).await.expect("opens");
    let actor = Actor::Account { id: subject, organisation: bm, role: account.role };
    let sessions = app.sessions_of(&account, &actor).await.expect("listed");
    let caller = Caller { session: Some(sessions[0].id), ..Caller::whole(actor) };
    let made =
        app.create_app_password(subject, "Téléphone".into(), vec![sign_in::Scope::Mail], &caller).await;
    let provider = IdentityProviderRequest {
        issuer: "https://login.example.com".into(),
        client_id: "relais".into(),
        client_secret: None,
        domains: vec!["bm.com".into()],
        demand: SignOnDemand::Optional,
        newcomers: Newcomers::Refused,
        address_claim: "email".into(),
    };
    app.set_identity_provider(bm, provider, Actor::Operator).await.expect("set");
    (sessions[0].id, made.expect("made").of.id)
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

fn said(external_id: &str, kind: ContentKind, owner: &str) -> SaidItem {
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

pub async fn id_of(app: &Relais, address: &str) -> AccountId {
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
