//! Messages on their way elsewhere.

use super::find::{require, require_operator};
use super::input::Segment;
use super::{Answer, Api};
use axum::extract::State;
use axum::response::Json;
use relais_app::Caller;
use relais_app::core::authority::Power;
use relais_app::read::{Outbound, spool};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The newest messages, at most.
const COUNT_MAX: i64 = 200;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(of_organisation)).routes(routes!(all))
}

/// List an organisation's messages to elsewhere, the newest first
///
/// Who writes to whom is for those who may audit.
#[utoipa::path(get, path = "/organisations/{organisation}/spool", tag = "spool", responses((status = 200, body = Vec<Outbound>)))]
async fn of_organisation(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<Outbound>> {
    let id = api.organisation(&caller, &organisation).await?.id;
    require(&caller, Power::EndAccounts, id)?;
    Ok(Json(api.app.look(move |tx| spool::list(tx, Some(id), COUNT_MAX)).await?))
}

/// List the whole instance's messages to elsewhere, the newest first (operator)
#[utoipa::path(get, path = "/spool", tag = "spool", responses((status = 200, body = Vec<Outbound>)))]
async fn all(State(api): State<Api>, caller: Caller) -> Answer<Vec<Outbound>> {
    require_operator(&caller)?;
    Ok(Json(api.app.look(move |tx| spool::list(tx, None, COUNT_MAX)).await?))
}
