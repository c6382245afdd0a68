//! The door of single sign-on: browsers that go to an organisation's identity provider and come back, and providers that
//! say who signed out. Below `/sso`, with the few pages that this needs.
//!
//! The session's secret is in a cookie that only this door and the console read: the API asks for it in a header, which no
//! other site's page can send.

mod page;

use crate::doors::accept::asked_language;
use crate::doors::cookies::{ATTEMPT, SESSION, cookie, forget, keep};
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use page::Said;
use relais_app::core::language::Language;
use relais_app::core::refusal::{Refusal, SignOnFault};
use relais_app::core::sign_on::ATTEMPT_LIFE;
use relais_app::{Error, Network, Origin, Relais, SignOnBack, SignOnEnd, SignOnStart};
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;

/// A logout token is a few hundred bytes.
const BODY_BYTES_MAX: usize = 64 << 10;

/// The door, to be served with `ConnectInfo<SocketAddr>`: a session remembers roughly where it was opened.
pub fn router(app: Arc<Relais>) -> Router {
    Router::new()
        .route("/sso", get(show))
        .route("/sso/start", get(start))
        .route("/sso/callback", get(callback))
        .route("/sso/backchannel", post(back_channel))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(app)
}

/// What a failure says to the person; what is our own goes to the log alone.
fn ended(error: Error, language: Language) -> Response {
    match error {
        Error::Refused(refusal) => {
            let status = match &refusal {
                Refusal::SignOn(SignOnFault::ProviderAway { .. }) => StatusCode::SERVICE_UNAVAILABLE,
                Refusal::SignOn(SignOnFault::TooManyStarts) => StatusCode::TOO_MANY_REQUESTS,
                Refusal::SignOn(
                    SignOnFault::ProviderMissing | SignOnFault::AttemptVoid | SignOnFault::LinkedElsewhere,
                ) => StatusCode::CONFLICT,
                _ => StatusCode::FORBIDDEN,
            };
            page::answer(status, &Said::Refused(refusal.sentence(language)), language)
        }
        error => {
            tracing::error!(%error, "a sign-on failed");
            page::answer(StatusCode::SERVICE_UNAVAILABLE, &Said::Unavailable, language)
        }
    }
}

fn to(place: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, place), (header::CACHE_CONTROL, "no-store")]).into_response()
}

/// The question who wants to sign in. Whoever is signed in already goes on to the console.
async fn show(State(app): State<Arc<Relais>>, headers: HeaderMap) -> Response {
    let language = asked_language(&headers).unwrap_or_default();
    let Some(secret) = cookie(&headers, SESSION) else {
        return page::answer(StatusCode::OK, &Said::Ask, language);
    };
    match app.caller(&secret).await {
        Ok(Some(_)) => to("/"),
        Ok(None) => forget(page::answer(StatusCode::OK, &Said::Ask, language), SESSION),
        Err(error) => ended(error, language),
    }
}

#[derive(Deserialize)]
struct Wanted {
    login: Option<String>,
    organisation: Option<String>,
    ticket: Option<String>,
    invitation: Option<String>,
}

async fn start(
    State(app): State<Arc<Relais>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    wanted: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let language = asked_language(&headers).unwrap_or_default();
    let start = match wanted {
        Ok(Query(Wanted { ticket: Some(secret), .. })) => SignOnStart::Ticket(secret),
        Ok(Query(Wanted { invitation: Some(secret), .. })) => SignOnStart::Invitation(secret),
        Ok(Query(Wanted { organisation: Some(name), .. })) => SignOnStart::Organisation(name),
        Ok(Query(Wanted { login: Some(login), .. })) => SignOnStart::Login(login),
        Ok(Query(_)) | Err(_) => return page::answer(StatusCode::OK, &Said::Ask, language),
    };
    match app.start_sign_on(start, cookie(&headers, ATTEMPT), Network::from(peer.ip())).await {
        Ok(started) => keep(to(&started.url), ATTEMPT, &started.browser, Some(ATTEMPT_LIFE)),
        Err(error) => ended(error, language),
    }
}

#[derive(Deserialize)]
struct CameBack {
    state: Option<String>,
    code: Option<String>,
    /// RFC 9207.
    iss: Option<String>,
}

async fn callback(
    State(app): State<Arc<Relais>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    came: Result<Query<CameBack>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let language = asked_language(&headers).unwrap_or_default();
    let void = |fault: SignOnFault| ended(Refusal::from(fault).into(), language);
    let (Ok(Query(CameBack { state: Some(state), code, iss })), Some(browser)) =
        (came, cookie(&headers, ATTEMPT))
    else {
        return void(SignOnFault::AttemptVoid);
    };
    // Without a code the provider says that the person, or it, did not want to.
    let Some(code) = code else { return void(SignOnFault::AnswerInvalid) };
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let origin = Origin::of(Network::from(peer.ip()), agent);
    let back = SignOnBack { state: &state, code: &code, issuer: iss.as_deref() };
    match app.finish_sign_on(back, &browser, &origin).await {
        // The secret of the attempt is not kept: who comes back in another one has a new one.
        Ok(session) => keep(forget(to("/"), ATTEMPT), SESSION, &session.secret, None),
        Err(SignOnEnd::Closed { account, elsewhere }) => {
            page::answer(StatusCode::FORBIDDEN, &Said::Closed { account, elsewhere }, language)
        }
        Err(SignOnEnd::Other(error)) => ended(error, language),
    }
}

#[derive(Deserialize)]
struct LogoutRequest {
    logout_token: String,
}

/// OpenID Connect Back-Channel Logout 1.0, sections 2.5 and 2.8.
async fn back_channel(
    State(app): State<Arc<Relais>>,
    asked: Result<Form<LogoutRequest>, axum::extract::rejection::FormRejection>,
) -> Response {
    let status = match asked {
        Ok(Form(asked)) => match app.back_channel_logout(&asked.logout_token).await {
            Ok(_) => StatusCode::OK,
            Err(Error::Refused(_)) => StatusCode::BAD_REQUEST,
            Err(error) => {
                tracing::error!(%error, "a provider's logout failed");
                StatusCode::SERVICE_UNAVAILABLE
            }
        },
        Err(_) => StatusCode::BAD_REQUEST,
    };
    (status, [(header::CACHE_CONTROL, "no-store")]).into_response()
}
