//! Whether the instance works, for whoever watches it.

use super::Api;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use relais_app::core::ids::OrganisationId;
use relais_app::read::organisations;
use relais_engines::dovecot::Dovecot;
use relais_engines::radicale::Radicale;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(metrics))
}

#[derive(Serialize, ToSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Condition {
    Ok,
    Down,
    /// Not installed or switched off: everything else works without it.
    Off,
}

#[derive(Serialize, ToSchema)]
struct Health {
    status: Condition,
    database: Condition,
    /// The server of IMAP and POP.
    dovecot: Condition,
    /// The server of calendars and address books.
    radicale: Condition,
}

/// Say whether the instance works
#[utoipa::path(
    get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, body = Health), (status = 503, body = Health))
)]
async fn healthz(State(api): State<Api>) -> (StatusCode, Json<Health>) {
    // Any question will do: that it is answered is the answer.
    let nobody = OrganisationId::from_number(0);
    let asked = api.app.look(move |tx| organisations::get(tx, nobody)).await;
    let database = if asked.is_ok() { Condition::Ok } else { Condition::Down };
    let engine = |pid: Option<Option<i32>>| match pid {
        None => Condition::Off,
        Some(Some(_)) => Condition::Ok,
        Some(None) => Condition::Down,
    };
    let dovecot = engine(api.app.dovecot().map(Dovecot::master_pid));
    let radicale = engine(api.app.radicale().map(Radicale::pid));
    let works = database == Condition::Ok && ![dovecot, radicale].contains(&Condition::Down);
    let (code, status) = if works {
        (StatusCode::OK, Condition::Ok)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Condition::Down)
    };
    (code, Json(Health { status, database, dovecot, radicale }))
}

/// Show counters and times for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "health", security(()),
    responses((status = 200, body = String, content_type = "text/plain"))
)]
async fn metrics(State(api): State<Api>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, api.metrics.render()).into_response()
}
