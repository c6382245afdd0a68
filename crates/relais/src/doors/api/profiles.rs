//! What is known of a person: their data, their photo, their displayed name; and how full their mailbox is.

use super::input::{Body, Segment, upload};
use super::{Answer, Api, Problem};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use relais_app::core::account::Account;
use relais_app::core::lifecycle::Command;
use relais_app::core::photo::BYTES_MAX;
use relais_app::core::profile::Profile;
use relais_app::core::refusal::{ProfileFault, Refusal};
use relais_app::read::profiles;
use relais_app::{Caller, Error, MailboxUsage};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(get, put))
        .routes(routes!(photo, set_photo, remove_photo))
        .routes(routes!(set_name))
        .routes(routes!(set_quota))
        .routes(routes!(usage))
}

/// Show what is known of a person
///
/// To themselves and to whoever manages accounts.
#[utoipa::path(get, path = "/accounts/{account}/profile", tag = "people", responses((status = 200, body = Profile)))]
async fn get(State(api): State<Api>, caller: Caller, Segment(account): Segment<String>) -> Answer<Profile> {
    let id = api.readable_account(&caller, &account).await?.id;
    Ok(Json(api.app.look(move |tx| profiles::get(tx, id)).await?))
}

/// Replace what is known of a person
///
/// What is left out is forgotten. The external address is one that is not hosted here: where a link for a new
/// password is sent.
#[utoipa::path(
    put, path = "/accounts/{account}/profile", tag = "people",
    request_body(content = Profile, example = json!({
        "given_name": "Jeanne", "family_name": "Martin",
        "phones": [{ "kind": "mobile", "number": "+33 6 12 34 56 78" }],
        "postal_address": { "street": ["1 rue de la Paix"], "postal_code": "69001", "city": "Lyon", "country": "FR" },
        "birth_date": "1980-02-29", "external_address": "jeanne@ailleurs.example",
        "job_title": "Comptable", "department": "Finances"
    })),
    responses((status = 200, body = Profile))
)]
async fn put(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<Profile>,
) -> Answer<Profile> {
    let account = api.account(&caller, &account).await?;
    Ok(Json(api.app.set_profile(account.id, asked, caller.actor).await?))
}

/// Nothing in an image runs, whatever a browser takes it for.
const PHOTO_POLICY: &str = "default-src 'none'; sandbox";

/// Show a person's photo
#[utoipa::path(
    get, path = "/accounts/{account}/photo", tag = "people",
    responses((status = 200, content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/webp"))))
)]
async fn photo(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Result<Response, Problem> {
    let id = api.readable_account(&caller, &account).await?.id;
    let photo = api.app.look(move |tx| profiles::photo(tx, id)).await?.ok_or(Error::NotFound)?;
    let head =
        [(header::CONTENT_TYPE, photo.kind.media_type()), (header::CONTENT_SECURITY_POLICY, PHOTO_POLICY)];
    Ok((head, photo.image).into_response())
}

/// Set a person's photo
///
/// The body is the image: JPEG, PNG or WebP, at most 1 MiB and 4096 pixels a side. Its kind is read from its bytes.
#[utoipa::path(
    put, path = "/accounts/{account}/photo", tag = "people",
    request_body(content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/webp"))),
    responses((status = 204))
)]
async fn set_photo(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let account = api.account(&caller, &account).await?;
    let image = match upload(request, BYTES_MAX).await {
        Err(Problem::BodyTooLarge { mib_max }) => {
            return Err(Refusal::from(ProfileFault::PhotoTooLarge { mib_max }).into());
        }
        image => image?,
    };
    api.app.set_photo(account.id, image, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a person's photo
#[utoipa::path(delete, path = "/accounts/{account}/photo", tag = "people", responses((status = 204)))]
async fn remove_photo(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Result<StatusCode, Problem> {
    let account = api.account(&caller, &account).await?;
    api.app.remove_photo(account.id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewName {
    name: String,
}

/// Change the name that others see
#[utoipa::path(
    put, path = "/accounts/{account}/name", tag = "people",
    request_body(content = NewName, example = json!({ "name": "Jeanne Martin" })),
    responses((status = 200, body = Account))
)]
async fn set_name(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<NewName>,
) -> Answer<Account> {
    let account = api.account(&caller, &account).await?;
    let command = Command::SetName { name: asked.name };
    Ok(Json(api.app.execute(account.id, command, caller.actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewQuota {
    /// Largest mailbox size in bytes; `null` lifts the limit.
    quota_bytes: Option<i64>,
}

/// Change the largest size of an account's mailbox
///
/// Mail for a full mailbox is answered `452` and comes again; nothing that is there is removed.
#[utoipa::path(
    put, path = "/accounts/{account}/quota", tag = "people",
    request_body(content = NewQuota, example = json!({ "quota_bytes": 5_368_709_120_i64 })),
    responses((status = 200, body = Account))
)]
async fn set_quota(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<NewQuota>,
) -> Answer<Account> {
    let account = api.account(&caller, &account).await?;
    let command = Command::SetQuota { quota_bytes: asked.quota_bytes };
    Ok(Json(api.app.execute(account.id, command, caller.actor).await?))
}

/// Say how full an account's mailbox is
#[utoipa::path(get, path = "/accounts/{account}/usage", tag = "people", responses((status = 200, body = MailboxUsage)))]
async fn usage(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<MailboxUsage> {
    let account = api.readable_account(&caller, &account).await?;
    Ok(Json(api.app.mailbox_usage(&account).await?))
}
