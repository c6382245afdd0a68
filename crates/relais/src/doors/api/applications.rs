//! Connected applications: who may ask, and where each is told what happens. What an application itself asks begins
//! with `/application`.

use super::find::{require, require_application};
use super::input::{Asked, Body, Limit, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::core::application::Application;
use relais_app::core::authority::Power;
use relais_app::read::{Delivery, applications, webhooks};
use relais_app::{ApplicationChange, Caller, Error, NewApplication, NewSecret};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, connect))
        .routes(routes!(show, change, disconnect))
        .routes(routes!(renew_token))
        .routes(routes!(rotate_secret))
        .routes(routes!(undelivered))
        .routes(routes!(replay))
        .routes(routes!(own))
}

/// List the connected applications
#[utoipa::path(get, path = "/organisations/{organisation}/applications", tag = "applications", responses((status = 200, body = Vec<Application>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<Application>> {
    let id = api.organisation(&caller, &organisation).await?.id;
    require(&caller, Power::ManageOrganisation, id)?;
    Ok(Json(api.app.look(move |tx| applications::list(tx, id)).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplicationRequest {
    name: String,
    /// Where it is told what happens, by signed webhooks.
    #[serde(default)]
    url: Option<String>,
}

/// Connect an application
///
/// Its token and its signing secret are shown once.
#[utoipa::path(
    post, path = "/organisations/{organisation}/applications", tag = "applications",
    request_body(content = ApplicationRequest, example = json!({
        "name": "Tableaux", "url": "https://boards.example/relais"
    })),
    responses((status = 201, body = NewApplication))
)]
async fn connect(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<ApplicationRequest>,
) -> Result<Created<NewApplication>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let made = api.app.connect_application(id, asked.name, asked.url, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/applications/{}", made.application.id), of: made })
}

/// Show an application
#[utoipa::path(get, path = "/applications/{application}", tag = "applications", responses((status = 200, body = Application)))]
async fn show(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
) -> Answer<Application> {
    Ok(Json(api.application(&caller, &application).await?))
}

/// Change an application's name, or where it is told
#[utoipa::path(
    patch, path = "/applications/{application}", tag = "applications",
    request_body(content = ApplicationChange, example = json!({ "url": "https://boards.example/relais" })),
    responses((status = 200, body = Application))
)]
async fn change(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
    Body(asked): Body<ApplicationChange>,
) -> Answer<Application> {
    let id = api.application(&caller, &application).await?.id;
    Ok(Json(api.app.change_application(id, asked, caller.actor).await?))
}

/// Disconnect an application
#[utoipa::path(delete, path = "/applications/{application}", tag = "applications", responses((status = 204)))]
async fn disconnect(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
) -> Result<StatusCode, Problem> {
    let id = api.application(&caller, &application).await?.id;
    api.app.disconnect_application(id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give an application a new token
///
/// The one before opens nothing from then on.
#[utoipa::path(post, path = "/applications/{application}/token", tag = "applications", responses((status = 200, body = NewSecret<Application>)))]
async fn renew_token(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
) -> Answer<NewSecret<Application>> {
    let id = api.application(&caller, &application).await?.id;
    Ok(Json(api.app.renew_application_token(id, caller.actor).await?))
}

/// Give an application a new signing secret
///
/// For 24 hours webhooks are signed with the one before too.
#[utoipa::path(post, path = "/applications/{application}/signing-secret", tag = "applications", responses((status = 200, body = NewSecret<Application>)))]
async fn rotate_secret(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
) -> Answer<NewSecret<Application>> {
    let id = api.application(&caller, &application).await?.id;
    Ok(Json(api.app.rotate_signing_secret(id, caller.actor).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UndeliveredAsked {
    /// The number of the last event of the page before.
    #[serde(default)]
    after: i64,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, required = false)]
    limit: Limit,
}

/// List what an application has still to be told
///
/// With the last attempt's trouble. An event waits for those before it about the same account or group; all are tried again
/// for as long as the application is connected.
#[utoipa::path(get, path = "/applications/{application}/undelivered", tag = "applications", params(UndeliveredAsked), responses((status = 200, body = Vec<Delivery>)))]
async fn undelivered(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
    Asked(asked): Asked<UndeliveredAsked>,
) -> Answer<Vec<Delivery>> {
    let id = api.application(&caller, &application).await?.id;
    let UndeliveredAsked { after, limit } = asked;
    Ok(Json(api.app.look(move |tx| webhooks::undelivered(tx, id, after, limit.count())).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplayRequest {
    /// The number of the first event to be told again.
    from: i64,
}

/// Tell an application once more what happened from an event on
///
/// Each event has the `webhook-id` it had before. What it still waits for is tried at once.
#[utoipa::path(
    post, path = "/applications/{application}/replay", tag = "applications",
    request_body(content = ReplayRequest, example = json!({ "from": 1 })),
    responses((status = 204))
)]
async fn replay(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
    Body(asked): Body<ReplayRequest>,
) -> Result<StatusCode, Problem> {
    let id = api.application(&caller, &application).await?.id;
    api.app.replay_webhooks(id, asked.from, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The application that asks (application)
#[utoipa::path(get, path = "/application", tag = "applications", responses((status = 200, body = Application)))]
async fn own(State(api): State<Api>, caller: Caller) -> Answer<Application> {
    let (id, _) = require_application(&caller)?;
    let found = api.app.look(move |tx| applications::get(tx, id)).await?;
    Ok(Json(found.ok_or(Error::NotFound)?))
}
