//! People who operate the instance in the console.

use super::find::require_operator;
use super::input::Segment;
use super::{Answer, Api};
use axum::extract::State;
use axum::response::Json;
use relais_app::Caller;
use relais_app::core::account::Account;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(appoint, dismiss))
}

/// List who operates the instance in the console (operator)
#[utoipa::path(get, path = "/operators", tag = "operator", responses((status = 200, body = Vec<Account>)))]
async fn list(State(api): State<Api>, caller: Caller) -> Answer<Vec<Account>> {
    Ok(Json(api.app.operators(caller.actor).await?))
}

/// Let an owner or a company admin operate the instance in the console (operator)
///
/// Whoever administers their organisation may set their password, and so take their place.
#[utoipa::path(put, path = "/operators/{account}", tag = "operator", responses((status = 200, body = Account)))]
async fn appoint(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Account> {
    require_operator(&caller)?;
    let id = api.account(&caller, &account).await?.id;
    Ok(Json(api.app.appoint_operator(id, caller.actor).await?))
}

/// Let somebody operate the instance no longer (operator)
#[utoipa::path(delete, path = "/operators/{account}", tag = "operator", responses((status = 200, body = Account)))]
async fn dismiss(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Account> {
    require_operator(&caller)?;
    let id = api.account(&caller, &account).await?.id;
    Ok(Json(api.app.dismiss_operator(id, caller.actor).await?))
}
