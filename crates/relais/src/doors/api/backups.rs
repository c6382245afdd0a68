//! Backups: where and when, generations, the tree of what each holds, and restoring out of it.

use super::find::require;
use super::input::{Asked, Body, Segment};
use super::{Answer, Api, Created, Problem};
use crate::doors::accept::asked_language;
use crate::doors::download::{disposition, downloaded};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Json, Response};
use jiff::Timestamp;
use relais_app::core::authority::Power;
use relais_app::core::backup::{BackupPolicy, Generation, Holder, Scope, Snapshot};
use relais_app::core::collection::CollectionKind;
use relais_app::core::ids::{AccountId, GenerationId, MailboxId};
use relais_app::read::generations;
use relais_app::{
    BackupPolicyChange, Caller, Contents, Error, Looker, MessagePage, Personal, Query, RestoreReport,
    RestoreRequest, View,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Messages on a page.
const PAGE_MAX: usize = 200;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(policy, set_policy))
        .routes(routes!(key))
        .routes(routes!(check))
        .routes(routes!(list, start))
        .routes(routes!(get))
        .routes(routes!(snapshots))
        .routes(routes!(contents))
        .routes(routes!(messages))
        .routes(routes!(message))
        .routes(routes!(message_file))
        .routes(routes!(folder))
        .routes(routes!(collection))
        .routes(routes!(archive))
        .routes(routes!(restore))
}

/// Show where and when an organisation is backed up
#[utoipa::path(get, path = "/organisations/{organisation}/backup-policy", tag = "backups", responses((status = 200, body = BackupPolicy)))]
async fn policy(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<BackupPolicy> {
    let id = api.organisation_with(&caller, Power::EndAccounts, &organisation).await?.id;
    Ok(Json(api.app.backup_policy(id).await?))
}

/// Change where and when an organisation is backed up
///
/// The location is the operator's to say: an absolute path on the server, or `s3:https://server/bucket/folder` with the
/// credentials in the server's environment. What is absent stays.
#[utoipa::path(
    patch, path = "/organisations/{organisation}/backup-policy", tag = "backups",
    request_body(content = BackupPolicyChange, example = json!({ "schedule": { "daily_at": "03:30:00" }, "retention": { "days": 14, "weeks": 8, "months": 12 } })),
    responses((status = 200, body = BackupPolicy))
)]
async fn set_policy(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<BackupPolicyChange>,
) -> Answer<BackupPolicy> {
    let id = api.organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.set_backup_policy(id, asked, caller.actor).await?))
}

#[derive(Serialize, ToSchema)]
struct BackupKey {
    location: String,
    /// What restic calls the password.
    key: String,
}

/// Show the key of an organisation's backups
///
/// Whoever has it reads everything, personal messages too: for the operator alone. Keep it elsewhere: without it nothing can
/// be restored once this server is lost.
#[utoipa::path(get, path = "/organisations/{organisation}/backup-key", tag = "backups", responses((status = 200, body = BackupKey)))]
async fn key(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<BackupKey> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let key = api.app.backup_key(id, caller.actor).await?;
    Ok(Json(BackupKey { location: api.app.backup_policy(id).await?.location, key }))
}

/// What a check found.
#[derive(Serialize, ToSchema)]
struct BackupCheck {
    /// Empty when nothing is wrong.
    damages: Vec<String>,
}

/// Check the whole of an organisation's backups
///
/// Everything is read back and compared with its hash: this takes as long as reading all of it.
#[utoipa::path(post, path = "/organisations/{organisation}/backups/check", tag = "backups", responses((status = 200, body = BackupCheck)))]
async fn check(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<BackupCheck> {
    let id = api.organisation_with(&caller, Power::EndAccounts, &organisation).await?.id;
    Ok(Json(BackupCheck { damages: api.app.check_backups(id, caller.actor).await? }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Paged {
    /// Only those before this one.
    before: Option<GenerationId>,
    /// At most 200.
    #[serde(default = "fifty")]
    limit: i64,
}

fn fifty() -> i64 {
    50
}

/// List the generations of an organisation's backup, the newest first
#[utoipa::path(get, path = "/organisations/{organisation}/backups", tag = "backups", params(Paged), responses((status = 200, body = Vec<Generation>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Asked(asked): Asked<Paged>,
) -> Answer<Vec<Generation>> {
    let id = api.organisation_with(&caller, Power::EndAccounts, &organisation).await?.id;
    let limit = asked.limit.clamp(1, PAGE_MAX as i64);
    Ok(Json(api.app.look(move |tx| generations::page(tx, id, asked.before, limit)).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGeneration {
    /// Only this account; everything if absent.
    #[serde(default)]
    account: Option<String>,
}

/// Back up now: everything of an organisation, or one account
///
/// Answered at once; the generation says how far it is, and `verified` when all of it was written and read back.
#[utoipa::path(
    post, path = "/organisations/{organisation}/backups", tag = "backups",
    request_body(content = NewGeneration, example = json!({ "account": "user1@bm.com" })),
    responses((status = 201, body = Generation))
)]
async fn start(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<NewGeneration>,
) -> Result<Created<Generation>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let scope = match &asked.account {
        Some(text) => {
            let found = api.account(&caller, text).await.map_err(|problem| problem.in_body(text))?;
            Scope::Account(found.id)
        }
        None => Scope::Everything,
    };
    let generation = api.app.start_backup(id, scope, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/backups/{}", generation.id), of: generation })
}

/// Show how far a generation is
#[utoipa::path(get, path = "/backups/{generation}", tag = "backups", responses((status = 200, body = Generation)))]
async fn get(
    State(api): State<Api>,
    caller: Caller,
    Segment(generation): Segment<String>,
) -> Answer<Generation> {
    Ok(Json(api.generation(&caller, &generation).await?))
}

/// List what a generation holds
#[utoipa::path(get, path = "/backups/{generation}/snapshots", tag = "backups", responses((status = 200, body = Vec<Snapshot>)))]
async fn snapshots(
    State(api): State<Api>,
    caller: Caller,
    Segment(generation): Segment<String>,
) -> Answer<Vec<Snapshot>> {
    let id = api.generation(&caller, &generation).await?.id;
    Ok(Json(api.app.look(move |tx| generations::snapshots(tx, id)).await?))
}

/// Who looks says why, for the log.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Why {
    /// Why somebody's data is looked at; kept in the log.
    #[serde(default)]
    #[param(example = "Recherche d'un contrat")]
    reason: String,
}

impl Why {
    fn looker(self, caller: &Caller) -> Looker {
        Looker { actor: caller.actor, reason: self.reason }
    }
}

/// Show what a generation holds of an account or a shared mailbox
///
/// Folders with counts, calendars and address books. Personal messages are counted and never shown.
#[utoipa::path(get, path = "/backups/{generation}/{holder}", tag = "backups", params(Why), responses((status = 200, body = Contents)))]
async fn contents(
    State(api): State<Api>,
    caller: Caller,
    Segment((generation, holder)): Segment<(String, String)>,
    Asked(why): Asked<Why>,
) -> Answer<Contents> {
    let (generation, holder) = api.snapshot(&caller, &generation, &holder).await?;
    Ok(Json(api.app.backup_contents(generation, holder, why.looker(&caller)).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Why somebody's mail is looked at; kept in the log.
    #[serde(default)]
    reason: String,
    /// As a mail program shows it: `Projets`, with the folders below it.
    folder: Option<String>,
    /// A part of the sender, whatever its case and accents.
    from: Option<String>,
    /// A part of the subject.
    subject: Option<String>,
    since: Option<Timestamp>,
    before: Option<Timestamp>,
    #[serde(default)]
    skip: usize,
    /// At most 200.
    #[serde(default = "fifty_messages")]
    limit: usize,
}

fn fifty_messages() -> usize {
    50
}

/// List and search the messages of a snapshot, the newest first
#[utoipa::path(get, path = "/backups/{generation}/{holder}/messages", tag = "backups", params(Search), responses((status = 200, body = MessagePage)))]
async fn messages(
    State(api): State<Api>,
    caller: Caller,
    Segment((generation, holder)): Segment<(String, String)>,
    Asked(asked): Asked<Search>,
) -> Answer<MessagePage> {
    let (generation, holder) = api.snapshot(&caller, &generation, &holder).await?;
    let looker = Looker { actor: caller.actor, reason: asked.reason };
    let page = (asked.skip, asked.limit.clamp(1, PAGE_MAX));
    let query = Query {
        sender: asked.from,
        subject: asked.subject,
        folder: asked.folder,
        since: asked.since,
        before: asked.before,
        ..Query::all(Personal::LeaveOut)
    };
    Ok(Json(api.app.backup_messages(generation, holder, query, page, looker).await?))
}

/// Show one message as text: without scripts, pictures or anything from elsewhere
#[utoipa::path(get, path = "/backups/{generation}/{holder}/messages/{folder}/{message}", tag = "backups", params(Why), responses((status = 200, body = View)))]
async fn message(
    State(api): State<Api>,
    caller: Caller,
    Segment((generation, holder, folder, message)): Segment<(String, String, String, String)>,
    Asked(why): Asked<Why>,
) -> Answer<View> {
    let (generation, holder) = api.snapshot(&caller, &generation, &holder).await?;
    let looker = why.looker(&caller);
    Ok(Json(api.app.backup_message(generation, holder, (folder, message), looker).await?))
}

/// Download one message as it came
#[utoipa::path(get, path = "/backups/{generation}/{holder}/messages/{folder}/{message}/eml", tag = "backups", params(Why), responses((status = 200, body = String, content_type = "message/rfc822")))]
async fn message_file(
    State(api): State<Api>,
    caller: Caller,
    Segment((generation, holder, folder, message)): Segment<(String, String, String, String)>,
    Asked(why): Asked<Why>,
) -> Result<Response, Problem> {
    let (generation, holder) = api.snapshot(&caller, &generation, &holder).await?;
    let looker = why.looker(&caller);
    Ok(downloaded(api.app.backup_message_file(generation, holder, (folder, message), looker).await?))
}

/// Download a folder as one mbox file, personal messages left out
#[utoipa::path(get, path = "/backups/{generation}/{holder}/folders/{folder}", tag = "backups", params(Why), responses((status = 200, body = String, content_type = "application/mbox")))]
async fn folder(
    State(api): State<Api>,
    caller: Caller,
    Segment((generation, holder, folder)): Segment<(String, String, String)>,
    Asked(why): Asked<Why>,
) -> Result<Response, Problem> {
    let (generation, holder) = api.snapshot(&caller, &generation, &holder).await?;
    Ok(downloaded(api.app.backup_folder(generation, holder, folder, why.looker(&caller)).await?))
}

/// Download a calendar as `.ics`, or an address book as `.vcf`
///
/// Entries that no program can read are left out, and named with the reason in `Relais-Unreadable` lines of the header.
#[utoipa::path(get, path = "/backups/{generation}/{holder}/collections/{collection}", tag = "backups", params(Why), responses((status = 200, body = String, content_type = "text/calendar")))]
async fn collection(
    State(api): State<Api>,
    caller: Caller,
    Segment((generation, holder, collection)): Segment<(String, String, String)>,
    Asked(why): Asked<Why>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (generation, holder) = api.snapshot(&caller, &generation, &holder).await?;
    let language = asked_language(&headers).unwrap_or_default();
    let name = collection.clone();
    let (kind, exported) =
        api.app.backup_collection(generation, holder, collection, why.looker(&caller)).await?;
    let (media_type, ending) = match kind {
        CollectionKind::Calendar => ("text/calendar; charset=utf-8", "ics"),
        CollectionKind::AddressBook => ("text/vcard; charset=utf-8", "vcf"),
    };
    let mut response = (
        [(header::CONTENT_TYPE, media_type.to_owned()), disposition(&format!("{name}.{ending}"))],
        exported.bytes,
    )
        .into_response();
    for broken in &exported.broken {
        let told = format!("{}: {}", broken.name, broken.reason.sentence(language));
        if let Ok(value) = header::HeaderValue::from_bytes(told.as_bytes()) {
            response.headers_mut().append("relais-unreadable", value);
        }
    }
    Ok(response)
}

/// Download everything of a snapshot as one archive, personal messages and entries left out
#[utoipa::path(get, path = "/backups/{generation}/{holder}/archive", tag = "backups", params(Why), responses((status = 200, body = String, content_type = "application/zip")))]
async fn archive(
    State(api): State<Api>,
    caller: Caller,
    Segment((generation, holder)): Segment<(String, String)>,
    Asked(why): Asked<Why>,
) -> Result<Response, Problem> {
    let (generation, holder) = api.snapshot(&caller, &generation, &holder).await?;
    Ok(downloaded(api.app.backup_archive(generation, holder, why.looker(&caller)).await?))
}

/// Restore out of a snapshot, into its own account, another one or a shared mailbox
///
/// In place only what is missing is added, and nothing that is there is changed; beside, everything comes in a dated folder.
/// Repeated, it adds nothing twice. Personal messages go to nobody but the person.
#[utoipa::path(
    post, path = "/backups/{generation}/{holder}/restore", tag = "backups",
    request_body(content = RestoreRequest, example = json!({
        "what": { "kind": "folder", "folder": "INBOX" }, "into": "user2@bm.com", "place": "beside", "dry_run": "yes",
        "reason": "Dossier Martin"
    })),
    responses((status = 200, body = RestoreReport))
)]
async fn restore(
    State(api): State<Api>,
    caller: Caller,
    Segment((generation, holder)): Segment<(String, String)>,
    Body(asked): Body<RestoreRequest>,
) -> Answer<RestoreReport> {
    let (generation, holder) = api.snapshot(&caller, &generation, &holder).await?;
    Ok(Json(api.app.restore(generation, holder, asked, caller.actor).await?))
}

impl Api {
    /// A generation of an organisation whose backups the caller may look into.
    async fn generation(&self, caller: &Caller, text: &str) -> Result<Generation, Problem> {
        let id: GenerationId = text.parse().map_err(|_| Problem::NotAnId(text.to_owned()))?;
        let found = self.app.look(move |tx| generations::get(tx, id)).await?;
        let belongs = |found: &Generation| caller.actor.has(Power::ChangeSelf, found.organisation);
        let found = found.filter(belongs).ok_or(Error::NotFound)?;
        require(caller, Power::EndAccounts, found.organisation)?;
        Ok(found)
    }

    /// What a path names of a generation: an account or a shared mailbox, by id or address. Whoever is deleted is found by
    /// id.
    async fn snapshot(
        &self,
        caller: &Caller,
        generation: &str,
        holder: &str,
    ) -> Result<(GenerationId, Holder), Problem> {
        let id = self.generation(caller, generation).await?.id;
        if let Ok(account) = holder.parse::<AccountId>() {
            return Ok((id, Holder::Account(account)));
        }
        if let Ok(mailbox) = holder.parse::<MailboxId>() {
            return Ok((id, Holder::SharedMailbox(mailbox)));
        }
        match self.account(caller, holder).await {
            Ok(account) => Ok((id, Holder::Account(account.id))),
            Err(_) => Ok((id, Holder::SharedMailbox(self.shared_mailbox(caller, holder).await?.id))),
        }
    }
}
