//! Directories that an organisation is kept in step with. The password with which one is read goes in and never out.

use super::find::require;
use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::core::authority::Power;
use relais_app::core::directory::{Directory, Report};
use relais_app::read::directories::{self, Kept};
use relais_app::{Caller, DirectoryChange, Error, NewDirectory};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, change, remove))
        .routes(routes!(plan, last_plan))
        .routes(routes!(sync))
        .routes(routes!(apply))
        .routes(routes!(report))
        .routes(routes!(link))
}

/// List the directories
#[utoipa::path(get, path = "/organisations/{organisation}/directories", tag = "directories", responses((status = 200, body = Vec<Directory>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<Directory>> {
    let id = api.organisation(&caller, &organisation).await?.id;
    require(&caller, Power::ManageOrganisation, id)?;
    Ok(Json(api.app.look(move |tx| directories::list(tx, id)).await?))
}

/// Add a directory
///
/// Nothing is read before its time has come: ask for a plan first.
#[utoipa::path(
    post, path = "/organisations/{organisation}/directories", tag = "directories",
    request_body(content = NewDirectory, example = json!({
        "name": "Annuaire",
        "settings": {
            "kind": "open_ldap", "host": "ldap.bm.com", "base": "ou=people,dc=bm,dc=com",
            "bind_dn": "cn=relais,ou=services,dc=bm,dc=com"
        },
        "bind_password": "a secret"
    })),
    responses((status = 201, body = Directory))
)]
async fn add(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<NewDirectory>,
) -> Result<Created<Directory>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let made = api.app.add_directory(id, asked, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/directories/{}", made.id), of: made })
}

/// Show a directory
#[utoipa::path(get, path = "/directories/{directory}", tag = "directories", responses((status = 200, body = Directory)))]
async fn show(
    State(api): State<Api>,
    caller: Caller,
    Segment(directory): Segment<String>,
) -> Answer<Directory> {
    Ok(Json(api.directory(&caller, &directory).await?))
}

/// Change a directory's name, its settings, or the password with which it is read
#[utoipa::path(
    patch, path = "/directories/{directory}", tag = "directories",
    request_body(content = DirectoryChange, example = json!({ "settings": { "every_minutes": 30 } })),
    responses((status = 200, body = Directory))
)]
async fn change(
    State(api): State<Api>,
    caller: Caller,
    Segment(directory): Segment<String>,
    Body(asked): Body<DirectoryChange>,
) -> Answer<Directory> {
    let id = api.directory(&caller, &directory).await?.id;
    Ok(Json(api.app.change_directory(id, asked, caller.actor).await?))
}

/// Remove a directory
///
/// Accounts and groups stay as they are.
#[utoipa::path(delete, path = "/directories/{directory}", tag = "directories", responses((status = 204)))]
async fn remove(
    State(api): State<Api>,
    caller: Caller,
    Segment(directory): Segment<String>,
) -> Result<StatusCode, Problem> {
    let id = api.directory(&caller, &directory).await?.id;
    api.app.remove_directory(id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read a directory and say what it would change
///
/// Tried through the functions that would do it, and undone.
#[utoipa::path(post, path = "/directories/{directory}/plan", tag = "directories", responses((status = 200, body = Report)))]
async fn plan(State(api): State<Api>, caller: Caller, Segment(directory): Segment<String>) -> Answer<Report> {
    let id = api.directory(&caller, &directory).await?.id;
    Ok(Json(api.app.plan_directory(id, caller.actor).await?))
}

/// The last plan
#[utoipa::path(get, path = "/directories/{directory}/plan", tag = "directories", responses((status = 200, body = Report)))]
async fn last_plan(
    State(api): State<Api>,
    caller: Caller,
    Segment(directory): Segment<String>,
) -> Answer<Report> {
    api.kept(&caller, &directory, Kept::Plan).await
}

/// Read a directory and do what it says
///
/// Unless so many would be suspended that a person has to say so: then nothing is done, and the plan is held.
#[utoipa::path(post, path = "/directories/{directory}/sync", tag = "directories", responses((status = 200, body = Report)))]
async fn sync(State(api): State<Api>, caller: Caller, Segment(directory): Segment<String>) -> Answer<Report> {
    let id = api.directory(&caller, &directory).await?.id;
    Ok(Json(api.app.sync_directory(id, caller.actor).await?))
}

/// Carry out the plan that is held
///
/// The directory is read again. Whoever was not among those that the held plan would suspend is not suspended: it is held
/// anew.
#[utoipa::path(post, path = "/directories/{directory}/apply", tag = "directories", responses((status = 200, body = Report)))]
async fn apply(
    State(api): State<Api>,
    caller: Caller,
    Segment(directory): Segment<String>,
) -> Answer<Report> {
    let id = api.directory(&caller, &directory).await?.id;
    Ok(Json(api.app.apply_held_plan(id, caller.actor).await?))
}

/// What the last reading came to
///
/// With what differs still, and why.
#[utoipa::path(get, path = "/directories/{directory}/report", tag = "directories", responses((status = 200, body = Report)))]
async fn report(
    State(api): State<Api>,
    caller: Caller,
    Segment(directory): Segment<String>,
) -> Answer<Report> {
    api.kept(&caller, &directory, Kept::Report).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkRequest {
    /// Id or address.
    account: String,
}

/// Say that an entry and an account are one person's
#[utoipa::path(
    put, path = "/directories/{directory}/entries/{entry}", tag = "directories",
    request_body(content = LinkRequest, example = json!({ "account": "user1@bm.com" })),
    responses((status = 204))
)]
async fn link(
    State(api): State<Api>,
    caller: Caller,
    Segment((directory, entry)): Segment<(String, String)>,
    Body(asked): Body<LinkRequest>,
) -> Result<StatusCode, Problem> {
    let found = api.directory(&caller, &directory).await?;
    let entry = entry.parse().map_err(|_| Problem::NotAnId(entry))?;
    let account = api.account_of(&caller, &asked.account, found.organisation).await?;
    api.app.link_entry(found.id, entry, account.id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Api {
    async fn kept(&self, caller: &Caller, directory: &str, kept: Kept) -> Answer<Report> {
        let id = self.directory(caller, directory).await?.id;
        let found = self.app.look(move |tx| directories::report(tx, id, kept)).await?;
        Ok(Json(found.ok_or(Error::NotFound)?))
    }
}
