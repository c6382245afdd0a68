//! The tokens of providers of identities: what they open is the SCIM door (`/scim/v2`), of this organisation alone.

use super::find::require;
use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::core::authority::Power;
use relais_app::core::ids::TokenId;
use relais_app::read::{ScimToken, scim};
use relais_app::{Caller, NewScimToken, NewSecret};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// List the SCIM tokens of an organisation
#[utoipa::path(get, path = "/organisations/{organisation}/scim/tokens", tag = "scim tokens", responses((status = 200, body = Vec<ScimToken>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<ScimToken>> {
    let id = api.organisation(&caller, &organisation).await?.id;
    require(&caller, Power::EndAccounts, id)?;
    Ok(Json(api.app.look(move |tx| scim::tokens(tx, id)).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewProvider {
    /// The provider that it is for.
    name: String,
}

/// Create a token for a provider of identities
///
/// It opens `/scim/v2`, for this organisation, and nothing else. Its secret is shown once.
#[utoipa::path(
    post, path = "/organisations/{organisation}/scim/tokens", tag = "scim tokens",
    request_body(content = NewProvider, example = json!({ "name": "Entra ID" })),
    responses((status = 201, body = NewSecret<ScimToken>))
)]
async fn create(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<NewProvider>,
) -> Result<Created<NewScimToken>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let made = api.app.create_scim_token(id, asked.name, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/organisations/{id}/scim/tokens/{}", made.of.id), of: made })
}

/// Revoke a SCIM token
#[utoipa::path(delete, path = "/organisations/{organisation}/scim/tokens/{token}", tag = "scim tokens", responses((status = 204)))]
async fn revoke(
    State(api): State<Api>,
    caller: Caller,
    Segment((organisation, token)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    let organisation = api.organisation(&caller, &organisation).await?.id;
    let token: TokenId = token.parse().map_err(|_| Problem::NotAnId(token))?;
    api.app.revoke_scim_token(organisation, token, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
