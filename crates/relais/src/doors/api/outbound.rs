//! Messages on their way elsewhere.

use super::find::{require, require_operator};
use super::input::Segment;
use super::{Answer, Api, Problem};
use axum::extract::State;
use axum::response::Json;
use relais_app::Caller;
use relais_app::core::authority::Power;
use relais_app::core::ids::SpoolId;
use relais_app::read::{Outbound, spool};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The newest messages, at most.
const COUNT_MAX: i64 = 200;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(of_organisation))
        .routes(routes!(all))
        .routes(routes!(retry))
        .routes(routes!(withdraw))
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

fn id(text: &str) -> Result<SpoolId, Problem> {
    text.parse().map_err(|_| Problem::NotAnId(text.to_owned()))
}

/// Try a message that waits again at once (operator)
#[utoipa::path(post, path = "/spool/{message}/retry", tag = "spool", responses((status = 200, body = Outbound)))]
async fn retry(
    State(api): State<Api>,
    caller: Caller,
    Segment(message): Segment<String>,
) -> Answer<Outbound> {
    require_operator(&caller)?;
    Ok(Json(api.app.retry_outbound(id(&message)?, caller.actor).await?))
}

/// Take a message that waits out of the line for good (operator)
///
/// Its sender is not told.
#[utoipa::path(post, path = "/spool/{message}/withdraw", tag = "spool", responses((status = 200, body = Outbound)))]
async fn withdraw(
    State(api): State<Api>,
    caller: Caller,
    Segment(message): Segment<String>,
) -> Answer<Outbound> {
    require_operator(&caller)?;
    Ok(Json(api.app.withdraw_outbound(id(&message)?, caller.actor).await?))
}
