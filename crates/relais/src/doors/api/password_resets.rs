//! A new password by a link: for programs, and as a page for whoever opens the link in a browser. Nobody who asks
//! learns whether an account exists.

use super::caller::Peer;
use super::input::{Body, Segment};
use super::reset_page::{Said, page};
use super::{Api, Problem};
use crate::doors::accept::asked_language;
use crate::doors::link_page::{self, FormLeads};
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use relais_app::Error;
use relais_app::core::invitation::LinkPurpose;
use relais_app::core::language::Language;
use relais_app::core::refusal::Refusal;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(ask)).routes(routes!(set))
}

/// The page that the link in a letter opens: of a new password, or of an invitation.
pub fn pages() -> axum::Router<Api> {
    axum::Router::new()
        .route("/reset/{secret}", get(show).post(choose))
        .route("/invitation/{secret}", get(show).post(choose))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Forgotten {
    /// One of the account's addresses.
    login: String,
}

/// Ask for a link to choose a new password
///
/// The answer is the same whether or not such an account exists. Whoever may sign in and has an external address gets
/// a letter there; its link works once, for thirty minutes, and not after the account changed.
#[utoipa::path(
    post, path = "/password-resets", tag = "sessions", security(()),
    request_body(content = Forgotten, example = json!({ "login": "user1@bm.com" })),
    responses((status = 202))
)]
async fn ask(
    State(api): State<Api>,
    Peer(network): Peer,
    Body(asked): Body<Forgotten>,
) -> Result<StatusCode, Problem> {
    api.app.ask_password_reset(&asked.login, network).map_err(|_| Problem::TooManyRequests)?;
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Chosen {
    password: String,
}

/// Choose a password with the secret of a link
///
/// Ends every session of the account, and tells the person at their external address. The link of an invitation opens
/// the account.
#[utoipa::path(
    post, path = "/password-resets/{secret}", tag = "sessions", security(()),
    request_body(content = Chosen, example = json!({ "password": "correct horse battery" })),
    responses((status = 204))
)]
async fn set(
    State(api): State<Api>,
    Peer(network): Peer,
    Segment(secret): Segment<String>,
    Body(asked): Body<Chosen>,
) -> Result<StatusCode, Problem> {
    api.app.use_password_reset(&secret, asked.password, network).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn written(said: &Said, language: Language) -> Response {
    let status = match said {
        Said::Ask(_) | Said::Done(_) => StatusCode::OK,
        Said::AskAgain(..) => StatusCode::UNPROCESSABLE_ENTITY,
        Said::Void(_) => StatusCode::CONFLICT,
    };
    link_page::answered(status, page(said, language), FormLeads::Here, language)
}

async fn show(
    State(api): State<Api>,
    Segment(secret): Segment<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = asked_language(&headers).unwrap_or_default();
    match api.app.check_password_reset(&secret).await {
        Ok(purpose) => Ok(written(&Said::Ask(purpose), language)),
        Err(error) => refused(error, LinkPurpose::Reset, language),
    }
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

async fn choose(
    State(api): State<Api>,
    Peer(network): Peer,
    Segment(secret): Segment<String>,
    headers: HeaderMap,
    typed: Result<Form<Typed>, axum::extract::rejection::FormRejection>,
) -> Result<Response, Problem> {
    let language = asked_language(&headers).unwrap_or_default();
    let Form(typed) = typed.map_err(|_| Problem::BodyBroken)?;
    let purpose = match api.app.check_password_reset(&secret).await {
        Ok(purpose) => purpose,
        Err(error) => return refused(error, LinkPurpose::Reset, language),
    };
    if typed.password != typed.again {
        let said = language.pick(
            "Les deux mots de passe diffèrent ; écrivez deux fois le même.",
            "The two passwords differ; write the same one twice.",
        );
        return Ok(written(&Said::AskAgain(purpose, said.to_owned()), language));
    }
    match api.app.use_password_reset(&secret, typed.password, network).await {
        Ok(purpose) => Ok(written(&Said::Done(purpose), language)),
        Err(error) => refused(error, purpose, language),
    }
}

/// A refusal as a page; anything else is a problem as everywhere.
fn refused(error: Error, purpose: LinkPurpose, language: Language) -> Result<Response, Problem> {
    match error {
        Error::Refused(refusal @ (Refusal::PasswordLength { .. } | Refusal::Credential(_))) => {
            Ok(written(&Said::AskAgain(purpose, refusal.sentence(language)), language))
        }
        Error::Refused(refusal) => Ok(written(&Said::Void(refusal.sentence(language)), language)),
        other => Err(other.into()),
    }
}
