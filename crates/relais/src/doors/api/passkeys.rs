//! Passkeys: what a person registers, and signing in with one. Questions and answers are as browsers take and give them in
//! JSON (Web Authentication Level 3, sections 5.1 and 5.4).

use super::caller::{AnyCaller, Peer};
use super::input::{Body, OptionalBody, Segment};
use super::sessions::{agent, session_opened};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Json, Response};
use relais_app::core::ids::PasskeyId;
use relais_app::read::Passkey;
use relais_app::{Caller, Origin, PasskeyQuestion, RegistrationAnswer, SignInAnswer};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(begin))
        .routes(routes!(rename, remove))
        .routes(routes!(sign_in_by_passkey))
        .routes(routes!(begin_sign_in))
}

/// List the passkeys of an account
#[utoipa::path(get, path = "/accounts/{account}/passkeys", tag = "passkeys", responses((status = 200, body = Vec<Passkey>)))]
async fn list(
    State(api): State<Api>,
    AnyCaller(caller): AnyCaller,
    Segment(account): Segment<String>,
) -> Answer<Vec<Passkey>> {
    let account = api.account(&caller, &account).await?;
    Ok(Json(api.app.passkeys_of(&account, &caller.actor).await?))
}

/// Begin to register a passkey of one's own
///
/// The options go through `PublicKeyCredential.parseCreationOptionsFromJSON` to `navigator.credentials.create`. They are good
/// for five minutes.
#[utoipa::path(post, path = "/accounts/{account}/passkeys/begin", tag = "passkeys", responses((status = 200, body = PasskeyQuestion)))]
async fn begin(
    State(api): State<Api>,
    AnyCaller(caller): AnyCaller,
    Segment(account): Segment<String>,
) -> Answer<PasskeyQuestion> {
    let id = api.account(&caller, &account).await?.id;
    Ok(Json(api.app.begin_passkey(id, &caller).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPasskey {
    /// The device, or the password manager.
    name: String,
    /// What `navigator.credentials.create` gave, by its `toJSON()`.
    credential: RegistrationAnswer,
}

/// Register a passkey of one's own
///
/// From then on it opens the portal without a password, a password needs a second factor, and mail and calendar programs need
/// app passwords. The person is told by a letter.
#[utoipa::path(
    post, path = "/accounts/{account}/passkeys", tag = "passkeys",
    request_body(content = NewPasskey, example = json!({ "name": "Téléphone", "credential": {
        "id": "3q2-7w", "response": { "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0", "attestationObject": "o2NmbXRkbm9uZQ" }
    } })),
    responses((status = 201, body = Passkey))
)]
async fn create(
    State(api): State<Api>,
    AnyCaller(caller): AnyCaller,
    Segment(account): Segment<String>,
    Body(asked): Body<NewPasskey>,
) -> Result<Created<Passkey>, Problem> {
    let id = api.account(&caller, &account).await?.id;
    let of = api.app.finish_passkey(id, asked.name, asked.credential, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/accounts/{id}/passkeys/{}", of.id), of })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyName {
    name: String,
}

fn parse(passkey: String) -> Result<PasskeyId, Problem> {
    passkey.parse().map_err(|_| Problem::NotAnId(passkey))
}

/// Rename a passkey of one's own
#[utoipa::path(
    put, path = "/accounts/{account}/passkeys/{passkey}", tag = "passkeys",
    request_body(content = PasskeyName, example = json!({ "name": "Clé de secours" })),
    responses((status = 200, body = Passkey))
)]
async fn rename(
    State(api): State<Api>,
    caller: Caller,
    Segment((account, passkey)): Segment<(String, String)>,
    Body(asked): Body<PasskeyName>,
) -> Answer<Passkey> {
    let id = api.account(&caller, &account).await?.id;
    Ok(Json(api.app.rename_passkey(id, parse(passkey)?, asked.name, caller.actor).await?))
}

/// Remove a passkey
///
/// The person, or whoever manages the account of somebody who lost the device. The person is told by a letter.
#[utoipa::path(delete, path = "/accounts/{account}/passkeys/{passkey}", tag = "passkeys", responses((status = 204)))]
async fn remove(
    State(api): State<Api>,
    caller: Caller,
    Segment((account, passkey)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    let id = api.account(&caller, &account).await?.id;
    api.app.remove_passkey(id, parse(passkey)?, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyWanted {
    /// Of a sign-in that is half done; without it the person chooses whose passkey it is.
    #[serde(default)]
    second_half: Option<String>,
}

/// Begin to sign in with a passkey
///
/// The options go through `PublicKeyCredential.parseRequestOptionsFromJSON` to `navigator.credentials.get`. No address is
/// needed.
#[utoipa::path(
    post, path = "/sessions/passkey/begin", tag = "sessions", security(()),
    request_body(content = PasskeyWanted, example = json!({ "second_half": "rlh_9f86d081884c7d659a2feaa0c55ad015" })),
    responses((status = 200, body = PasskeyQuestion))
)]
async fn begin_sign_in(
    State(api): State<Api>,
    Peer(network): Peer,
    OptionalBody(asked): OptionalBody<PasskeyWanted>,
) -> Answer<PasskeyQuestion> {
    Ok(Json(api.app.ask_for_passkey(asked.second_half, network).await??))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeySignIn {
    /// What `navigator.credentials.get` gave, by its `toJSON()`.
    credential: SignInAnswer,
    /// The secret with which it began, if it did.
    #[serde(default)]
    second_half: Option<String>,
}

/// Sign in with a passkey
///
/// Nothing else is asked for: a passkey is a device and the person at it.
#[utoipa::path(
    post, path = "/sessions/passkey", tag = "sessions", security(()),
    request_body(content = PasskeySignIn, example = json!({ "credential": { "id": "3q2-7w", "response": {
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0", "authenticatorData": "SZYN5Q", "signature": "MEUCIQ"
    } } })),
    responses((status = 201, body = super::sessions::SignedIn))
)]
async fn sign_in_by_passkey(
    State(api): State<Api>,
    Peer(network): Peer,
    headers: HeaderMap,
    Body(asked): Body<PasskeySignIn>,
) -> Result<Response, Problem> {
    let origin = Origin::of(network, agent(&headers));
    let opened = api.app.sign_in_by_passkey(asked.credential, asked.second_half, network, &origin).await??;
    Ok(session_opened(opened.of, opened.secret))
}
