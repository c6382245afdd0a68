//! Role × page and form of the console: everyone asks for every route that stands in its sources. What they get is written in
//! `console.txt`, which people review; `RELAIS_BLESS=1` rewrites it.

use crate::world::{Who, World, account, id_of};
use axum::body::Body;
use axum::http::StatusCode;
use relais_app::core::authority::{Actor, Role};
use relais_app::core::language::Language;
use relais_app::core::money::Currency;
use relais_app::{NewOrganisationRequest, Origin, read};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// What a form of ours sends, for those that are sent with something in them. Others are empty, or are refused for what they
/// lack only to whom they are not refused at all.
const FORMS: &[(&str, &str)] = &[
    ("/console/accounts/import", FILE),
    ("/console/accounts/{account}/photo", FILE),
    ("/me/photo", FILE),
    ("/console/accounts/bulk", "act=deactivate&account={account}"),
    ("/console/accounts/new", "way=invite&name=Neuve&address=neuve%40bm.com&role=member"),
    ("/console/accounts/{account}", "name=Ursule&title=Directrice"),
    ("/console/accounts/{account}/aliases", "address=autre.nom%40bm.com"),
    ("/console/accounts/{account}/aliases/give", "given=alias1%40bm.com&to=user2%40bm.com"),
    ("/console/accounts/{account}/aliases/remove", "address=alias1%40bm.com"),
    ("/console/accounts/{account}/deactivate", "mail=refuse"),
    ("/console/accounts/{account}/delete", "understood=yes"),
    ("/console/accounts/{account}/departure", "mail=reply"),
    ("/console/accounts/{account}/grants", "reason=essai&until=2026-12-01"),
    ("/console/accounts/{account}/legal-hold", "hold=Litige"),
    ("/console/accounts/{account}/password", "password=quatre+mots+pour+rien"),
    ("/console/accounts/{account}/quota", "quota=5G"),
    ("/console/accounts/{account}/rename", "primary=nouveau%40bm.com"),
    ("/console/accounts/{account}/role", "role=account_manager"),
    ("/console/accounts/{account}/sessions/end", "session={session}"),
    ("/console/accounts/{account}/subscription", "to={subscription}"),
    ("/console/applications", "name=Neuve&url="),
    ("/console/applications/{application}", "name=Autre&url="),
    ("/console/applications/{application}/disconnect", "understood=yes"),
    ("/console/applications/{application}/replay", "from=0"),
    ("/console/backups/policy", "daily_at=03%3A30&days=14&weeks=8&months=12"),
    ("/console/backups/{generation}/{holder}/restore", "reason=essai&what=all&place=own"),
    ("/console/directories/{directory}/apply", "understood=yes"),
    ("/console/directories/{directory}/link", "entry=e1&account=user1%40bm.com"),
    ("/console/directories/{directory}/remove", "understood=yes"),
    ("/console/domains", "name=neuf.fr"),
    ("/console/domains/{domain}/catch-all", "to=user2%40bm.com"),
    ("/console/domains/{domain}/delete", "understood=yes"),
    ("/console/groups/new", "name=Neuf&lead=yes"),
    ("/console/groups/{group}/address", "address=vente%40bm.com"),
    ("/console/groups/{group}/groups", "inner={inner}"),
    ("/console/groups/{group}/groups/take-out", "inner={inner}"),
    ("/console/groups/{group}/lead", "account={account}&next=deactivate"),
    ("/console/groups/{group}/members", "address=user1%40bm.com&role=member"),
    ("/console/groups/{group}/members/change", "account={account}&role=admin"),
    ("/console/groups/{group}/name", "name=Vente"),
    ("/console/groups/{group}/posting", "who=members"),
    ("/console/mailboxes/new", "name=Neuve&address=contact%40bm.com"),
    ("/console/mailboxes/{mailbox}/members", "address=user1%40bm.com&right=read"),
    ("/console/mailboxes/{mailbox}/name", "name=Accueil&own=accueil%40bm.com"),
    ("/console/organisation", "name=bm&language=fr&time_zone=Europe%2FParis"),
    ("/console/organisation/default-subscription", "subscription="),
    ("/console/organisation/owner", "to=admin%40bm.com&understood=yes"),
    ("/console/policies/departure", "new_mail=reply&days=30&text=Parti."),
    ("/console/policies/sign-in", "second_factor=optional"),
    ("/console/responders/new", "name=Neuf&text=Parti."),
    ("/console/responders/{responder}", "text=Parti+pour+de+bon."),
    ("/console/responders/{responder}/addresses", "address=parti2%40bm.com"),
    ("/console/scim", "name=Okta"),
    ("/console/scim/revoke", "token={token}"),
    (
        "/console/sign-on",
        "issuer=https%3A%2F%2Flogin.example.com&client_id=relais&domains=bm.com&demand=optional&address_claim=email",
    ),
    ("/console/sign-on/remove", "understood=yes"),
    ("/console/subscriptions/{subscription}/put", "address=user1%40bm.com"),
    ("/language", "language=en"),
    ("/me", "name=Ursule"),
    ("/me/app-passwords", "name=Poste&mail=yes"),
    ("/me/password", "old=correct+horse+battery&new=quatre+mots+pour+rien&again=quatre+mots+pour+rien"),
    ("/operator/domains", "domain=partage.net"),
    ("/operator/domains/address", "address=x%40host.net"),
    ("/operator/operators", "address=owner%40bm.com"),
    ("/operator/organisations", "name=Neuve&language=fr&time_zone=Europe%2FParis&currency=EUR"),
    ("/operator/organisations/{organisation}", "name=bm&language=fr&time_zone=Europe%2FParis"),
    ("/operator/organisations/{organisation}/correction", "amount=-1&reason=essai"),
    ("/operator/organisations/{organisation}/domains", "domain=neuf.fr"),
    ("/operator/organisations/{organisation}/owner", "address=neuf%40bm.com&name=Neuf"),
    ("/operator/organisations/{organisation}/plan", "plan={plan}"),
    ("/operator/organisations/{organisation}/top-up", "amount=10&reference=virement"),
    ("/set-up/{secret}", "organisation=Neuve&name=Neuf&address=neuf%40neuf.fr"),
    ("/sign-in", "login=user2%40bm.com&password=correct+horse+battery"),
];

/// With a file in it.
const FILE: &str =
    "--b\r\nContent-Disposition: form-data; name=\"list\"; filename=\"a\"\r\n\r\naddress\r\n--b--\r\n";

/// Who asks, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    Role(Who),
    /// The owner of another organisation.
    Stranger,
    /// The owner of a third, who operates the instance.
    Operator,
    /// The owner's browser, sent by a page of another site.
    Forged,
}

const ASKERS: [Asker; 10] = [
    Asker::Role(Who::Nobody),
    Asker::Stranger,
    Asker::Role(Who::Guest),
    Asker::Role(Who::Member),
    Asker::Role(Who::Subject),
    Asker::Role(Who::Manager),
    Asker::Role(Who::Admin),
    Asker::Role(Who::Owner),
    Asker::Operator,
    Asker::Forged,
];

/// Method and path of every `.route(…)` in the sources of the console.
fn routes() -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    read_routes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/doors/console"), &mut found);
    read_routes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/doors/console.rs"), &mut found);
    // Everything that is not there.
    found.retain(|(_, path)| !path.contains("{*"));
    found
}

fn read_routes(place: &Path, found: &mut BTreeSet<(&'static str, String)>) {
    if place.is_dir() {
        for entry in std::fs::read_dir(place).expect("readable") {
            read_routes(&entry.expect("readable").path(), found);
        }
        return;
    }
    if place.extension().is_none_or(|kind| kind != "rs") {
        return;
    }
    let source = std::fs::read_to_string(place).expect("readable");
    for call in source.split(".route(").skip(1) {
        let Some((path, handlers)) = call.split_once(',') else { continue };
        let path = match path.trim().strip_prefix('"') {
            Some(literal) => literal.trim_end_matches('"'),
            None => match source.split_once(&format!("const {}: &str = \"", path.trim())) {
                Some((_, value)) => value.split('"').next().unwrap_or_default(),
                // The names of what is served for ever have a hash in them, and are for everybody.
                None => continue,
            },
        };
        let end = handlers.find([';', '}']).unwrap_or(handlers.len());
        let handlers = handlers[..end].split(".merge(").next().unwrap_or_default();
        let has = |word: &str| {
            let mut whole = handlers.match_indices(word);
            whole.any(|(at, _)| !handlers[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        };
        // One that is named before has both.
        let named = !has("get(") && !has("post(");
        for (method, word) in [("GET", "get("), ("POST", "post(")] {
            if named || has(word) {
                found.insert((method, path.to_owned()));
            }
        }
    }
}

struct Visit {
    world: World,
    stranger: String,
    operator: String,
    /// Of each segment and field, what stands there.
    values: Vec<(&'static str, String)>,
}

async fn session_of(world: &World, login: &str) -> String {
    let id = id_of(&world.app, login).await;
    let account = world.app.look(move |tx| read::accounts::get(tx, id)).await.expect("asked").expect("there");
    world.app.open_session(&account, &Origin::default()).await.expect("opens").secret
}

impl Visit {
    async fn new() -> Self {
        let world = World::new().await;
        let (app, made) = (&world.app, &world.made);
        let third = NewOrganisationRequest {
            name: "hebergeur".into(),
            language: Language::French,
            time_zone: "Europe/Paris".into(),
            currency: Currency::Eur,
        };
        let third = app.create_organisation(third, Actor::Operator).await.expect("made").id;
        app.add_domain(third, "hebergeur.fr", Actor::Operator).await.expect("made");
        account(app, third, "exploitant@hebergeur.fr", Role::Owner).await;
        let operator = id_of(app, "exploitant@hebergeur.fr").await;
        app.appoint_operator(operator, Actor::Operator).await.expect("appointed");
        let plans = app.look(read::offers::plans).await.expect("asked");
        let subscriptions = app.look(read::offers::subscriptions).await.expect("asked");
        let bm = made.bm;
        let mailboxes = app.look(move |tx| read::mailboxes::list(tx, bm)).await.expect("asked");
        let values = vec![
            ("{account}", id_of(app, "user1@bm.com").await.to_string()),
            ("{section}", "addresses".to_owned()),
            ("{group}", made.group.to_string()),
            ("{inner}", made.inner_group.to_string()),
            ("{departure}", made.scheduled.to_string()),
            ("{job}", made.job.to_string()),
            ("{session}", made.session.to_string()),
            ("{application}", made.application.to_string()),
            ("{directory}", made.directory.to_string()),
            ("{generation}", made.generation.to_string()),
            ("{holder}", id_of(app, "closed@bm.com").await.to_string()),
            ("{responder}", made.responder.to_string()),
            ("{token}", made.scim_token.to_string()),
            ("{domain}", "bm.com".to_owned()),
            ("{mailbox}", mailboxes[0].id.to_string()),
            ("{organisation}", made.bm.to_string()),
            ("{plan}", plans[0].id.to_string()),
            ("{subscription}", subscriptions[0].id.to_string()),
            ("{message}", "spl-nobodys".to_owned()),
            ("{secret}", "rlo_nobodys".to_owned()),
        ];
        let stranger = session_of(&world, "ceo@autre.com").await;
        let operator = session_of(&world, "exploitant@hebergeur.fr").await;
        Self { world, stranger, operator, values }
    }

    fn fill(&self, template: &str) -> String {
        let filled =
            self.values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value));
        assert!(!filled.contains('{'), "{template} has a segment without a value");
        filled
    }

    /// The status; `in` where one is asked to sign in.
    async fn ask(&self, asker: Asker, method: &str, template: &str) -> String {
        let secret = match asker {
            Asker::Role(who) => self.world.secret(who),
            Asker::Stranger => Some(self.stranger.as_str()),
            Asker::Operator => Some(self.operator.as_str()),
            Asker::Forged => self.world.secret(Who::Owner),
        };
        let site = if asker == Asker::Forged { "cross-site" } else { "same-origin" };
        let form = FORMS.iter().find(|(path, _)| *path == template).map_or("", |(_, form)| form);
        let form = if method == "POST" { self.fill(form) } else { String::new() };
        let kind = if form.starts_with("--") {
            "multipart/form-data; boundary=b"
        } else {
            "application/x-www-form-urlencoded"
        };
        let mut request = self.world.request(Who::Nobody, method, &self.fill(template));
        request = request.header("host", "mail.bm.com").header("sec-fetch-site", site);
        if let Some(secret) = secret {
            request = request.header("cookie", format!("__Host-relais-session={secret}"));
        }
        let request = request.header("content-type", kind);
        let request = request.body(Body::from(form)).expect("a request");
        let (status, head) = self.world.head_of(Who::Nobody, request).await;
        // A provider that nobody serves is away.
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{asker:?} {method} {template}");
        match head.get("location").and_then(|place| place.to_str().ok()) {
            Some(place) if place.starts_with("/sign-in") => "in".to_owned(),
            _ => status.as_u16().to_string(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_gets_from_every_page_and_form_what_the_reviewed_table_says() {
    let routes = routes();
    assert!(routes.len() > 190, "the routes of the console were not found: {routes:?}");
    let strange: Vec<_> =
        FORMS.iter().filter(|(path, _)| !routes.contains(&("POST", (*path).to_owned()))).collect();
    assert!(strange.is_empty(), "forms without a route: {strange:?}");
    let mut table = String::from(
        "# Role × page and form: the status everyone gets; `in`: is asked to sign in. `stranger` owns another organisation,\n\
         # `subject` is the member whom the request is about, `operator` owns a third and\n\
         # operates the instance, `forged` is the owner's browser led here by another site,\n\
         # `again` what the owner gets for the same form a second time.\n\
         # Rewritten by RELAIS_BLESS=1; every change of a line is to be reviewed.\n\n\
         nobody stranger guest member subject manager admin owner operator forged again\n",
    );
    let mut visit = Visit::new().await;
    let mut changed = false;
    for (method, template) in &routes {
        let (mut line, mut again) = (String::new(), String::from("-"));
        for asker in ASKERS {
            if changed {
                visit = Visit::new().await;
            }
            let word = visit.ask(asker, method, template).await;
            changed = *method == "POST" && !["in", "403", "404"].contains(&word.as_str());
            write!(line, "{word} ").expect("strings take text");
            if asker == Asker::Role(Who::Owner) && *method == "POST" {
                again = visit.ask(asker, method, template).await;
            }
        }
        writeln!(table, "{line}{again} {method} {template}").expect("strings take text");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/console.txt");
    if std::env::var_os("RELAIS_BLESS").is_some() {
        std::fs::write(&file, &table).expect("written");
    }
    let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(table, reviewed, "run with RELAIS_BLESS=1 and review the difference");
}
