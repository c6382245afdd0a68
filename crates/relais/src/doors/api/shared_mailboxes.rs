//! Shared mailboxes: made, called otherwise, deleted, and who reads them.

use super::find::require;
use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Power;
use relais_app::core::organisation::{MailboxMember, MailboxRight, SharedMailbox};
use relais_app::read::mailboxes;
use relais_app::{Caller, MailboxChange};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change, remove))
        .routes(routes!(members))
        .routes(routes!(add_address))
        .routes(routes!(set_member, remove_member))
}

/// List the shared mailboxes of an organisation
#[utoipa::path(get, path = "/organisations/{organisation}/shared-mailboxes", tag = "shared mailboxes", responses((status = 200, body = Vec<SharedMailbox>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<SharedMailbox>> {
    let id = api.readable_organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.look(move |tx| mailboxes::list(tx, id)).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSharedMailbox {
    address: EmailAddress,
    name: String,
}

/// Create a shared mailbox
#[utoipa::path(
    post, path = "/organisations/{organisation}/shared-mailboxes", tag = "shared mailboxes",
    request_body(content = NewSharedMailbox, example = json!({ "address": "bp.user1@bm.com", "name": "Jeanne Martin (partie)" })),
    responses((status = 201, body = SharedMailbox))
)]
async fn create(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<NewSharedMailbox>,
) -> Result<Created<SharedMailbox>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let made = api.app.create_shared_mailbox(id, asked.address, asked.name, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/organisations/{id}/shared-mailboxes"), of: made })
}

/// What is absent stays. The address it has stays as an alias.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MailboxToChange {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    address: Option<EmailAddress>,
}

/// Give a shared mailbox another name or address
#[utoipa::path(
    patch, path = "/shared-mailboxes/{address}", tag = "shared mailboxes",
    request_body(content = MailboxToChange, example = json!({ "name": "Accueil", "address": "accueil@bm.com" })),
    responses((status = 200, body = SharedMailbox))
)]
async fn change(
    State(api): State<Api>,
    caller: Caller,
    Segment(address): Segment<String>,
    Body(asked): Body<MailboxToChange>,
) -> Answer<SharedMailbox> {
    let mailbox = api.shared_mailbox(&caller, &address).await?;
    let change = MailboxChange { name: asked.name, address: asked.address };
    Ok(Json(api.app.change_shared_mailbox(mailbox.id, change, caller.actor).await?))
}

/// Delete a shared mailbox
///
/// Refused while somebody reads it, mail of others leads to it or a departure counts on it, and unless a verified backup
/// holds every message. Its addresses are free again, or retired on a domain of the operator.
#[utoipa::path(delete, path = "/shared-mailboxes/{address}", tag = "shared mailboxes", responses((status = 204)))]
async fn remove(
    State(api): State<Api>,
    caller: Caller,
    Segment(address): Segment<String>,
) -> Result<StatusCode, Problem> {
    let mailbox = api.shared_mailbox(&caller, &address).await?;
    api.app.remove_shared_mailbox(mailbox.id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the members of a shared mailbox
#[utoipa::path(get, path = "/shared-mailboxes/{address}/members", tag = "shared mailboxes", responses((status = 200, body = Vec<MailboxMember>)))]
async fn members(
    State(api): State<Api>,
    caller: Caller,
    Segment(address): Segment<String>,
) -> Answer<Vec<MailboxMember>> {
    let mailbox = api.shared_mailbox(&caller, &address).await?;
    require(&caller, Power::Read, mailbox.organisation)?;
    Ok(Json(api.app.look(move |tx| mailboxes::members(tx, mailbox.id)).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMailboxAddress {
    address: EmailAddress,
}

/// Give a shared mailbox one more address, which is free
#[utoipa::path(
    post, path = "/shared-mailboxes/{address}/addresses", tag = "shared mailboxes",
    request_body(content = NewMailboxAddress, example = json!({ "address": "contact@bm.com" })),
    responses((status = 204))
)]
async fn add_address(
    State(api): State<Api>,
    caller: Caller,
    Segment(address): Segment<String>,
    Body(asked): Body<NewMailboxAddress>,
) -> Result<StatusCode, Problem> {
    let mailbox = api.shared_mailbox(&caller, &address).await?;
    api.app.add_shared_mailbox_address(mailbox.id, asked.address, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRight {
    right: MailboxRight,
}

/// Make an account a member of a shared mailbox, or change its right
#[utoipa::path(
    put, path = "/shared-mailboxes/{address}/members/{account}", tag = "shared mailboxes",
    request_body(content = NewRight, example = json!({ "right": "read_write" })),
    responses((status = 204))
)]
async fn set_member(
    State(api): State<Api>,
    caller: Caller,
    Segment((address, account)): Segment<(String, String)>,
    Body(asked): Body<NewRight>,
) -> Result<StatusCode, Problem> {
    let mailbox = api.shared_mailbox(&caller, &address).await?;
    let account = api.account(&caller, &account).await?;
    api.app.set_mailbox_member(mailbox.id, account.id, Some(asked.right), caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End an account's membership of a shared mailbox
#[utoipa::path(delete, path = "/shared-mailboxes/{address}/members/{account}", tag = "shared mailboxes", responses((status = 204)))]
async fn remove_member(
    State(api): State<Api>,
    caller: Caller,
    Segment((address, account)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    let mailbox = api.shared_mailbox(&caller, &address).await?;
    let account = api.account(&caller, &account).await?;
    api.app.set_mailbox_member(mailbox.id, account.id, None, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
