//! Single sign-on: where an organisation's people sign in, and as whom their provider knows them.

use super::input::{Body, Segment};
use super::{Answer, Api, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::core::sign_on::IdentityProvider;
use relais_app::read::SignOnLink;
use relais_app::{Caller, Error, IdentityProviderRequest};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show, set, remove))
        .routes(routes!(greet))
        .routes(routes!(links, link, unlink))
}

/// Show an organisation's identity provider
#[utoipa::path(get, path = "/organisations/{organisation}/identity-provider", tag = "single sign-on", responses((status = 200, body = IdentityProvider)))]
async fn show(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<IdentityProvider> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let found = api.app.identity_provider(id, &caller.actor).await?;
    Ok(Json(found.ok_or(Error::NotFound)?))
}

/// Say where an organisation's people sign in
///
/// OpenID Connect, with the authorisation code and PKCE. The provider speaks for addresses on proven domains of the
/// organisation. Where it is required, passwords open nothing but the owner's portal, and programs need app passwords.
#[utoipa::path(
    put, path = "/organisations/{organisation}/identity-provider", tag = "single sign-on",
    request_body(content = IdentityProviderRequest, example = json!({
        "issuer": "https://login.example.com/realm", "client_id": "relais", "client_secret": "…", "domains": ["bm.com"],
        "demand": "optional", "newcomers": "refused", "address_claim": "email"
    })),
    responses((status = 200, body = IdentityProvider))
)]
async fn set(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<IdentityProviderRequest>,
) -> Answer<IdentityProvider> {
    let id = api.organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.set_identity_provider(id, asked, caller.actor).await?))
}

/// Let people sign in with passwords again
///
/// Whom the provider knew is forgotten.
#[utoipa::path(delete, path = "/organisations/{organisation}/identity-provider", tag = "single sign-on", responses((status = 204)))]
async fn remove(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Result<StatusCode, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    api.app.remove_identity_provider(id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask an organisation's identity provider whether it is there
///
/// Nobody signs in: its discovery document is read anew.
#[utoipa::path(post, path = "/organisations/{organisation}/identity-provider/test", tag = "single sign-on", responses((status = 204)))]
async fn greet(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Result<StatusCode, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    api.app.greet_identity_provider(id, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List as whom identity providers know an account
#[utoipa::path(get, path = "/accounts/{account}/sign-on-links", tag = "single sign-on", responses((status = 200, body = Vec<SignOnLink>)))]
async fn links(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Vec<SignOnLink>> {
    let account = api.account(&caller, &account).await?;
    Ok(Json(api.app.sign_on_links(&account, &caller.actor).await?))
}

#[derive(Serialize, ToSchema)]
struct ToOpen {
    /// To be opened in the person's browser within ten minutes; works once.
    url: String,
}

/// Begin to link one's own account with who one is at the identity provider
///
/// Whoever leads the organisation is linked in no other way, but for an invitation.
#[utoipa::path(post, path = "/accounts/{account}/sign-on-links", tag = "single sign-on", responses((status = 200, body = ToOpen)))]
async fn link(State(api): State<Api>, caller: Caller, Segment(account): Segment<String>) -> Answer<ToOpen> {
    let id = api.account(&caller, &account).await?.id;
    Ok(Json(ToOpen { url: api.app.begin_sign_on_link(id, caller.actor).await? }))
}

/// Forget as whom identity providers know an account
#[utoipa::path(delete, path = "/accounts/{account}/sign-on-links", tag = "single sign-on", responses((status = 204)))]
async fn unlink(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Result<StatusCode, Problem> {
    let account = api.account(&caller, &account).await?;
    api.app.remove_sign_on_links(&account, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
