//! Departures: planned, started, followed, held, resumed, undone, certified.

use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use crate::doors::accept::wants_page;
use crate::doors::{certificate_page, sheet};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Json, Response};
use relais_app::core::departure::{Departure, Order, Plan};
use relais_app::read::departures;
use relais_app::{Caller, Certificate, Error};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(plan))
        .routes(routes!(latest, start))
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(hold))
        .routes(routes!(resume))
        .routes(routes!(undo))
        .routes(routes!(certificate))
}

/// Plan a departure
///
/// Says everything that would happen and everything it would be refused for; changes nothing.
#[utoipa::path(
    post, path = "/accounts/{account}/departure/plan", tag = "departures",
    request_body(content = Order, example = json!({ "to": "userCS@bm.com", "reason": "Continuité du service client" })),
    responses((status = 200, body = Plan))
)]
async fn plan(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(order): Body<Order>,
) -> Answer<Plan> {
    let account = api.account(&caller, &account).await?;
    Ok(Json(api.app.plan_departure(account.id, order, caller.actor).await?))
}

/// Start a departure, or schedule it for its date
#[utoipa::path(
    post, path = "/accounts/{account}/departure", tag = "departures",
    request_body(content = Order, example = json!({
        "to": "userCS@bm.com", "until": "2027-01-31T00:00:00Z", "reason": "Continuité du service client"
    })),
    responses((status = 201, body = Departure))
)]
async fn start(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(order): Body<Order>,
) -> Result<Created<Departure>, Problem> {
    let account = api.account(&caller, &account).await?;
    let started = api.app.start_departure(account.id, order, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/departures/{}", started.id), of: started })
}

/// Show the latest departure of an account
#[utoipa::path(get, path = "/accounts/{account}/departure", tag = "departures", responses((status = 200, body = Departure)))]
async fn latest(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Departure> {
    let account = api.account(&caller, &account).await?.id;
    let id = api.app.look(move |tx| departures::latest_of(tx, account)).await?.ok_or(Error::NotFound)?;
    Ok(Json(api.readable_departure(&caller, &id.to_string()).await?))
}

/// List the departures of an organisation, the newest first
#[utoipa::path(get, path = "/organisations/{organisation}/departures", tag = "departures", responses((status = 200, body = Vec<Departure>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<Departure>> {
    let id = api.readable_organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.look(move |tx| departures::list(tx, id)).await?))
}

/// Show a departure and how far it is
#[utoipa::path(get, path = "/departures/{departure}", tag = "departures", responses((status = 200, body = Departure)))]
async fn get(
    State(api): State<Api>,
    caller: Caller,
    Segment(departure): Segment<String>,
) -> Answer<Departure> {
    Ok(Json(api.readable_departure(&caller, &departure).await?))
}

/// Hold a departure after the step under way
#[utoipa::path(post, path = "/departures/{departure}/hold", tag = "departures", responses((status = 200, body = Departure)))]
async fn hold(
    State(api): State<Api>,
    caller: Caller,
    Segment(departure): Segment<String>,
) -> Answer<Departure> {
    let id = api.departure(&caller, &departure).await?.id;
    Ok(Json(api.app.hold_departure(id, caller.actor).await?))
}

/// Resume a departure where it was held
#[utoipa::path(post, path = "/departures/{departure}/resume", tag = "departures", responses((status = 200, body = Departure)))]
async fn resume(
    State(api): State<Api>,
    caller: Caller,
    Segment(departure): Segment<String>,
) -> Answer<Departure> {
    let id = api.departure(&caller, &departure).await?.id;
    Ok(Json(api.app.resume_departure(id, caller.actor).await?))
}

/// Undo a departure, from its last step to its first
#[utoipa::path(post, path = "/departures/{departure}/undo", tag = "departures", responses((status = 200, body = Departure)))]
async fn undo(
    State(api): State<Api>,
    caller: Caller,
    Segment(departure): Segment<String>,
) -> Answer<Departure> {
    let id = api.departure(&caller, &departure).await?.id;
    Ok(Json(api.app.undo_departure(id, caller.actor).await?))
}

/// Show the certificate of a departure that has ended
///
/// As JSON, or as a page to print with `Accept: text/html`, in the organisation's language or the one asked for.
#[utoipa::path(
    get, path = "/departures/{departure}/certificate", tag = "departures",
    responses((status = 200, content((Certificate = "application/json"), (String = "text/html"))))
)]
async fn certificate(
    State(api): State<Api>,
    caller: Caller,
    Segment(departure): Segment<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = api.readable_departure(&caller, &departure).await?.id;
    let certificate = api.app.certificate(id).await?;
    if !wants_page(&headers) {
        return Ok((sheet::VARY, Json(certificate)).into_response());
    }
    let language = sheet::language_of(&headers, certificate.language());
    Ok(sheet::answer(certificate_page::page(&certificate, language), language))
}
