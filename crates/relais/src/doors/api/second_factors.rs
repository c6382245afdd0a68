//! Second factors, and what an organisation asks of its people when they sign in.

use super::caller::AnyCaller;
use super::input::{Body, OptionalBody, Segment};
use super::{Answer, Api, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::core::authority::Power;
use relais_app::core::sign_in::SignInPolicy;
use relais_app::read::organisations;
use relais_app::{Caller, SecondFactorBegun, SecondFactorState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show, begin, remove))
        .routes(routes!(confirm))
        .routes(routes!(renew_codes))
        .routes(routes!(policy, set_policy))
}

/// Show whether an account has a second factor
#[utoipa::path(get, path = "/accounts/{account}/second-factor", tag = "second factors", responses((status = 200, body = SecondFactorState)))]
async fn show(
    State(api): State<Api>,
    AnyCaller(caller): AnyCaller,
    Segment(account): Segment<String>,
) -> Answer<SecondFactorState> {
    let account = api.account(&caller, &account).await?;
    Ok(Json(api.app.second_factor_of(&account, &caller.actor).await?))
}

/// Begin to set up a second factor of one's own
///
/// The secret goes into an authenticator app (RFC 6238) and is shown once. Nothing changes before a code of it confirms it.
#[utoipa::path(post, path = "/accounts/{account}/second-factor", tag = "second factors", responses((status = 200, body = SecondFactorBegun)))]
async fn begin(
    State(api): State<Api>,
    AnyCaller(caller): AnyCaller,
    Segment(account): Segment<String>,
) -> Answer<SecondFactorBegun> {
    let id = api.account(&caller, &account).await?.id;
    Ok(Json(api.app.begin_second_factor(id, caller.actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
}

#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    /// Each works once, in the place of a code of the device.
    recovery_codes: Vec<String>,
}

/// Confirm a second factor
///
/// From then on signing in asks for a code, and mail and calendar programs need app passwords. The recovery codes are shown
/// once.
#[utoipa::path(
    post, path = "/accounts/{account}/second-factor/confirm", tag = "second factors",
    request_body(content = Code, example = json!({ "code": "287082" })),
    responses((status = 200, body = RecoveryCodes))
)]
async fn confirm(
    State(api): State<Api>,
    AnyCaller(caller): AnyCaller,
    Segment(account): Segment<String>,
    Body(asked): Body<Code>,
) -> Answer<RecoveryCodes> {
    let id = api.account(&caller, &account).await?.id;
    let recovery_codes = api.app.confirm_second_factor(id, asked.code, caller.actor).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// Make other recovery codes
///
/// Those there were are void.
#[utoipa::path(
    post, path = "/accounts/{account}/second-factor/recovery-codes", tag = "second factors",
    request_body(content = Code, example = json!({ "code": "287082" })),
    responses((status = 200, body = RecoveryCodes))
)]
async fn renew_codes(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<Code>,
) -> Answer<RecoveryCodes> {
    let id = api.account(&caller, &account).await?.id;
    let recovery_codes = api.app.renew_recovery_codes(id, asked.code, caller.actor).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PerhapsCode {
    /// Of one's own second factor; whoever manages the account of somebody who lost theirs needs none.
    #[serde(default)]
    code: Option<String>,
}

/// Remove a second factor
///
/// The person with a code, or whoever manages the account without one. The person is told by a letter.
#[utoipa::path(
    delete, path = "/accounts/{account}/second-factor", tag = "second factors",
    request_body(content = PerhapsCode, example = json!({ "code": "287082" })),
    responses((status = 204))
)]
async fn remove(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    OptionalBody(asked): OptionalBody<PerhapsCode>,
) -> Result<StatusCode, Problem> {
    let id = api.account(&caller, &account).await?.id;
    api.app.remove_second_factor(id, asked.code, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show what an organisation asks of its people when they sign in
#[utoipa::path(get, path = "/organisations/{organisation}/sign-in-policy", tag = "organisations", responses((status = 200, body = SignInPolicy)))]
async fn policy(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<SignInPolicy> {
    let id = api.organisation_with(&caller, Power::Read, &organisation).await?.id;
    Ok(Json(api.app.look(move |tx| organisations::sign_in_policy(tx, id)).await?))
}

/// Say what an organisation asks of its people when they sign in
///
/// Holds from the next request on: whoever is asked for a second factor and has none can only set one up, and programs then
/// need app passwords.
#[utoipa::path(
    put, path = "/organisations/{organisation}/sign-in-policy", tag = "organisations",
    request_body(content = SignInPolicy, example = json!({ "app_passwords": "required", "second_factor": "administrators" })),
    responses((status = 200, body = SignInPolicy))
)]
async fn set_policy(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<SignInPolicy>,
) -> Answer<SignInPolicy> {
    let id = api.organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.set_sign_in_policy(id, asked, caller.actor).await?))
}
