//! Signing in and out, who one is, and who is signed in.

use super::caller::{AnyCaller, Peer};
use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use relais_app::core::account::Account;
use relais_app::core::authority::Actor;
use relais_app::core::ids::SessionId;
use relais_app::core::sign_in::SessionExtent;
use relais_app::read::{Session, accounts};
use relais_app::{Caller, Error, HalfSignedIn, NewSecret, Origin, PortalAnswer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(complete))
        .routes(routes!(sign_out))
        .routes(routes!(me))
        .routes(routes!(list, end_others))
        .routes(routes!(end))
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
pub(super) struct SignedIn {
    account: Account,
    /// To be sent as `Authorization: Bearer …`, for twelve hours at most.
    secret: String,
}

/// What is kept of the browser or program that signs in.
pub(super) fn agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::USER_AGENT)?.to_str().ok()
}

pub(super) fn session_opened(account: Account, secret: String) -> Response {
    let of = SignedIn { account, secret };
    Created { location: "/api/v1/sessions/current".to_owned(), of }.into_response()
}

/// Sign in
///
/// Where the account has a second factor the answer is 202, with a secret that goes to `/sessions/second-half` together
/// with a code. Ten failures for a login from one network close the door there for five minutes; very many from everywhere
/// leave it open only where the account signed in lately.
#[utoipa::path(
    post, path = "/sessions", tag = "sessions", security(()),
    request_body(content = SignIn, example = json!({ "login": "user1@bm.com", "password": "correct horse battery" })),
    responses((status = 201, body = SignedIn), (status = 202, body = NewSecret<HalfSignedIn>))
)]
async fn sign_in(
    State(api): State<Api>,
    Peer(network): Peer,
    headers: HeaderMap,
    Body(asked): Body<SignIn>,
) -> Result<Response, Problem> {
    match api.app.sign_in_to_portal(&asked.login, &asked.password, network).await? {
        PortalAnswer::In(account) => {
            let opened = api.app.open_session(&account, &Origin::of(network, agent(&headers))).await?;
            Ok(session_opened(*account, opened.secret))
        }
        PortalAnswer::Code(half) => Ok((StatusCode::ACCEPTED, Json(half)).into_response()),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SecondHalf {
    /// The one that the first half answered.
    secret: String,
    /// Of the device, or a recovery code.
    code: String,
}

/// Complete a sign-in with a code
///
/// Each code is taken once. Five wrong ones and the sign-in begins anew.
#[utoipa::path(
    post, path = "/sessions/second-half", tag = "sessions", security(()),
    request_body(content = SecondHalf, example = json!({ "secret": "rlh_9f86d081884c7d659a2feaa0c55ad015", "code": "287082" })),
    responses((status = 201, body = SignedIn))
)]
async fn complete(
    State(api): State<Api>,
    Peer(network): Peer,
    headers: HeaderMap,
    Body(asked): Body<SecondHalf>,
) -> Result<Response, Problem> {
    let origin = Origin::of(network, agent(&headers));
    let opened = api.app.complete_sign_in(&asked.secret, &asked.code, network, &origin).await??;
    Ok(session_opened(opened.of, opened.secret))
}

/// Sign out
#[utoipa::path(delete, path = "/sessions/current", tag = "sessions", responses((status = 204)))]
async fn sign_out(State(api): State<Api>, AnyCaller(caller): AnyCaller) -> Result<StatusCode, Problem> {
    match (caller.actor, caller.session) {
        (Actor::Account { id, .. }, Some(session)) => {
            api.app.close_session(id, session).await?;
            Ok(StatusCode::NO_CONTENT)
        }
        _ => Err(Error::NotFound.into()),
    }
}

/// Who calls.
#[derive(Serialize, ToSchema)]
struct Me {
    actor: Actor,
    /// The account, for a signed-in person.
    account: Option<Account>,
    /// Whether the organisation asks for a second factor that is not there yet: until then it is all that can be done.
    second_factor_to_set_up: bool,
}

/// Who am I
#[utoipa::path(get, path = "/me", tag = "sessions", responses((status = 200, body = Me)))]
async fn me(State(api): State<Api>, AnyCaller(caller): AnyCaller) -> Answer<Me> {
    let account = match caller.actor {
        Actor::Account { id, .. } => api.app.look(move |tx| accounts::get(tx, id)).await?,
        Actor::Operator
        | Actor::Operating { .. }
        | Actor::Token { .. }
        | Actor::Departure { .. }
        | Actor::Directory { .. }
        | Actor::Billing { .. }
        | Actor::Schedule { .. }
        | Actor::SignOn { .. }
        | Actor::Grant { .. }
        | Actor::Application { .. }
        | Actor::Scim { .. } => None,
    };
    let second_factor_to_set_up = caller.extent == SessionExtent::SettingUp;
    Ok(Json(Me { actor: caller.actor, account, second_factor_to_set_up }))
}

/// List the sessions of an account
///
/// The person's own, or for whoever manages the account. Network and agent are kept roughly.
#[utoipa::path(get, path = "/accounts/{account}/sessions", tag = "sessions", responses((status = 200, body = Vec<Session>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Vec<Session>> {
    let account = api.account(&caller, &account).await?;
    Ok(Json(api.app.sessions_of(&account, &caller.actor).await?))
}

#[derive(Serialize, ToSchema)]
struct Ended {
    sessions: u64,
}

/// End all sessions of an account but the one that asks
#[utoipa::path(delete, path = "/accounts/{account}/sessions", tag = "sessions", responses((status = 200, body = Ended)))]
async fn end_others(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Ended> {
    let account = api.account(&caller, &account).await?;
    Ok(Json(Ended { sessions: api.app.end_other_sessions(&account, &caller).await? }))
}

/// End a session of an account
#[utoipa::path(delete, path = "/accounts/{account}/sessions/{session}", tag = "sessions", responses((status = 204)))]
async fn end(
    State(api): State<Api>,
    caller: Caller,
    Segment((account, session)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    let account = api.account(&caller, &account).await?;
    let session: SessionId = session.parse().map_err(|_| Problem::NotAnId(session))?;
    api.app.end_session(&account, session, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
