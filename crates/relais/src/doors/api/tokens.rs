//! Tokens: secrets for programs.

use super::find::{require, require_operator};
use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::core::authority::Power;
use relais_app::core::ids::{OrganisationId, TokenId};
use relais_app::read::{self, Token};
use relais_app::{Caller, NewSecret};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
        .routes(routes!(list_for_operator, create_for_operator))
        .routes(routes!(revoke_for_operator))
}

/// List the tokens of an organisation
#[utoipa::path(get, path = "/organisations/{organisation}/tokens", tag = "tokens", responses((status = 200, body = Vec<Token>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<Token>> {
    let id = api.organisation(&caller, &organisation).await?.id;
    require(&caller, Power::EndAccounts, id)?;
    Ok(Json(api.app.look(move |tx| read::tokens(tx, id)).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// What it is for.
    name: String,
}

/// Create a token that acts as the organisation's company admin
///
/// Its secret is shown once.
#[utoipa::path(
    post, path = "/organisations/{organisation}/tokens", tag = "tokens",
    request_body(content = NewToken, example = json!({ "name": "annuaire" })),
    responses((status = 201, body = NewSecret<Token>))
)]
async fn create(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<NewToken>,
) -> Result<Created<NewSecret<Token>>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let made = api.app.create_token(Some(id), asked.name, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/organisations/{id}/tokens/{}", made.of.id), of: made })
}

/// Revoke a token
#[utoipa::path(delete, path = "/organisations/{organisation}/tokens/{token}", tag = "tokens", responses((status = 204)))]
async fn revoke(
    State(api): State<Api>,
    caller: Caller,
    Segment((organisation, token)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    let organisation = api.organisation(&caller, &organisation).await?.id;
    let token: TokenId = token.parse().map_err(|_| Problem::NotAnId(token))?;
    api.app.revoke_token(organisation, token, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Create a token that acts as the operator (operator)
///
/// Its secret is shown once.
#[utoipa::path(
    post, path = "/tokens", tag = "tokens",
    request_body(content = NewToken, example = json!({ "name": "supervision" })),
    responses((status = 201, body = NewSecret<Token>))
)]
async fn create_for_operator(
    State(api): State<Api>,
    caller: Caller,
    Body(asked): Body<NewToken>,
) -> Result<Created<NewSecret<Token>>, Problem> {
    let made = api.app.create_token(None, asked.name, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/tokens/{}", made.of.id), of: made })
}

/// List the operator's tokens (operator)
#[utoipa::path(get, path = "/tokens", tag = "tokens", responses((status = 200, body = Vec<Token>)))]
async fn list_for_operator(State(api): State<Api>, caller: Caller) -> Answer<Vec<Token>> {
    require_operator(&caller)?;
    Ok(Json(api.app.look(|tx| read::tokens(tx, None::<OrganisationId>)).await?))
}

/// Revoke a token of the operator (operator)
#[utoipa::path(delete, path = "/tokens/{token}", tag = "tokens", responses((status = 204)))]
async fn revoke_for_operator(
    State(api): State<Api>,
    caller: Caller,
    Segment(token): Segment<String>,
) -> Result<StatusCode, Problem> {
    require_operator(&caller)?;
    let token: TokenId = token.parse().map_err(|_| Problem::NotAnId(token))?;
    api.app.revoke_token(None::<OrganisationId>, token, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
