//! Signing in and out, and who one is.

use super::caller::Peer;
use super::input::Body;
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::core::account::Account;
use relais_app::core::authority::Actor;
use relais_app::core::rights::Act;
use relais_app::read::accounts;
use relais_app::{Caller, Error};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(sign_in)).routes(routes!(sign_out)).routes(routes!(me))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// One of the account's addresses.
    login: String,
    password: String,
}

/// A session: its secret is shown once.
#[derive(Serialize, ToSchema)]
struct SignedIn {
    account: Account,
    /// To be sent as `Authorization: Bearer …`, for twelve hours at most.
    secret: String,
}

/// Sign in
///
/// Ten failures for a login from one network close the door there for five minutes.
#[utoipa::path(
    post, path = "/sessions", tag = "sessions", security(()),
    request_body(content = SignIn, example = json!({ "login": "user1@bm.com", "password": "correct horse battery" })),
    responses((status = 201, body = SignedIn))
)]
async fn sign_in(
    State(api): State<Api>,
    Peer(network): Peer,
    Body(asked): Body<SignIn>,
) -> Result<Created<SignedIn>, Problem> {
    let account = api.app.sign_in(&asked.login, &asked.password, Act::SignInWithPassword, network).await?;
    let secret = api.app.open_session(&account).await?.secret;
    Ok(Created { location: "/api/v1/sessions/current".to_owned(), of: SignedIn { account, secret } })
}

/// Sign out
#[utoipa::path(delete, path = "/sessions/current", tag = "sessions", responses((status = 204)))]
async fn sign_out(State(api): State<Api>, caller: Caller) -> Result<StatusCode, Problem> {
    let session = caller.session.ok_or(Error::NotFound)?;
    api.app.close_session(session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who calls.
#[derive(Serialize, ToSchema)]
struct Me {
    actor: Actor,
    /// The account, for a signed-in person.
    account: Option<Account>,
}

/// Who am I
#[utoipa::path(get, path = "/me", tag = "sessions", responses((status = 200, body = Me)))]
async fn me(State(api): State<Api>, caller: Caller) -> Answer<Me> {
    let account = match caller.actor {
        Actor::Account { id, .. } => api.app.look(move |tx| accounts::get(tx, id)).await?,
        Actor::Operator
        | Actor::Token { .. }
        | Actor::Departure { .. }
        | Actor::Directory { .. }
        | Actor::Billing { .. }
        | Actor::Schedule { .. }
        | Actor::Grant { .. }
        | Actor::Application { .. }
        | Actor::Scim { .. } => None,
    };
    Ok(Json(Me { actor: caller.actor, account }))
}
