//! Passkeys in a browser: its script asks what to put to the device, and sends a form with the answer.

use super::Console;
use super::fault::Fault;
use super::fields::Sent;
use super::sign_in::{agent, language_of, let_in, refused};
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use relais_app::core::language::Language;
use relais_app::{Network, Origin, PasskeyQuestion};
use serde_json::json;
use std::net::SocketAddr;

pub fn routes() -> Router<Console> {
    Router::new().route("/sign-in/passkey/begin", post(begin)).route("/sign-in/passkey", post(sign_in))
}

/// What the script is told: the options of the question, or the sentence of what stands in the way.
pub fn asked_of_browser(asked: Result<PasskeyQuestion, Fault>, language: Language) -> Response {
    match asked {
        Ok(question) => Json(question.options).into_response(),
        Err(fault) => {
            if let Some(text) = fault.inner_text() {
                tracing::error!(text, "a passkey is not asked for");
            }
            let said = json!({ "refused": fault.sentences(language).join(" ") });
            (fault.status(), Json(said)).into_response()
        }
    }
}

async fn begin(
    State(console): State<Console>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Sent(sent): Sent,
) -> Response {
    let half = sent.get("half").map(str::to_owned);
    let asked = match console.app.ask_for_passkey(half, Network::from(peer.ip())).await {
        Ok(Ok(question)) => Ok(question),
        Ok(Err(refusal)) => Err(Fault::SignIn(refusal)),
        Err(error) => Err(error.into()),
    };
    asked_of_browser(asked, language_of(&headers))
}

async fn sign_in(
    State(console): State<Console>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Sent(sent): Sent,
) -> Response {
    let language = language_of(&headers);
    let network = Network::from(peer.ip());
    let origin = Origin::of(network, agent(&headers));
    let answer = sent.get("credential").and_then(|credential| serde_json::from_str(credential).ok());
    let Some(answer) = answer else { return refused(&Fault::Unreadable, &sent, language) };
    let half = sent.get("half").map(str::to_owned);
    match console.app.sign_in_by_passkey(answer, half, network, &origin).await {
        Ok(Ok(session)) => let_in(&session.secret, &sent),
        Ok(Err(refusal)) => refused(&Fault::SignIn(refusal), &sent, language),
        Err(error) => refused(&error.into(), &sent, language),
    }
}
