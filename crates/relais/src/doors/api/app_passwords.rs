//! App passwords: what lets a device's mail and calendar programs in.

use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::core::ids::AppPasswordId;
use relais_app::core::sign_in::Scope;
use relais_app::read::AppPassword;
use relais_app::{Caller, NewSecret};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// List the app passwords of an account
#[utoipa::path(get, path = "/accounts/{account}/app-passwords", tag = "app passwords", responses((status = 200, body = Vec<AppPassword>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Vec<AppPassword>> {
    let account = api.account(&caller, &account).await?;
    Ok(Json(api.app.app_passwords_of(&account, &caller.actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAppPassword {
    /// The device.
    name: String,
    /// What it opens.
    scopes: Vec<Scope>,
}

/// Create an app password for a device of one's own
///
/// It is shown once; hyphens and case do not count. Nobody makes one for another person.
#[utoipa::path(
    post, path = "/accounts/{account}/app-passwords", tag = "app passwords",
    request_body(content = NewAppPassword, example = json!({ "name": "Téléphone", "scopes": ["mail", "calendars"] })),
    responses((status = 201, body = NewSecret<AppPassword>))
)]
async fn create(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<NewAppPassword>,
) -> Result<Created<NewSecret<AppPassword>>, Problem> {
    let id = api.account(&caller, &account).await?.id;
    let made = api.app.create_app_password(id, asked.name, asked.scopes, &caller).await?;
    Ok(Created { location: format!("/api/v1/accounts/{id}/app-passwords/{}", made.of.id), of: made })
}

/// Revoke an app password
///
/// Whatever it had opened is cut.
#[utoipa::path(delete, path = "/accounts/{account}/app-passwords/{app_password}", tag = "app passwords", responses((status = 204)))]
async fn revoke(
    State(api): State<Api>,
    caller: Caller,
    Segment((account, app_password)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    let account = api.account(&caller, &account).await?;
    let id: AppPasswordId = app_password.parse().map_err(|_| Problem::NotAnId(app_password))?;
    api.app.revoke_app_password(&account, id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
