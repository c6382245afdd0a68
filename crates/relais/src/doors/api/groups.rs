//! Groups: what they are called, who is in them, who may write to them.

use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::{Actor, Power};
use relais_app::core::group::{Posting, check_looks_after};
use relais_app::core::ids::AccountId;
use relais_app::core::organisation::{Group, GroupRole};
use relais_app::core::rights::{State as AccountState, standing};
use relais_app::read::{Tx, accounts, groups};
use relais_app::{Caller, GroupAddress, GroupChange};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change, remove))
        .routes(routes!(set_address, drop_address))
        .routes(routes!(inner))
        .routes(routes!(put_in, take_out))
        .routes(routes!(members))
        .routes(routes!(set_member, remove_member))
}

/// List the groups of an organisation
#[utoipa::path(get, path = "/organisations/{organisation}/groups", tag = "groups", responses((status = 200, body = Vec<Group>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<Group>> {
    let id = api.readable_organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.look(move |tx| groups::list(tx, id)).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGroup {
    name: String,
    /// Mail for it goes to every member.
    #[serde(default)]
    address: Option<EmailAddress>,
}

/// Create a group
#[utoipa::path(
    post, path = "/organisations/{organisation}/groups", tag = "groups",
    request_body(content = NewGroup, example = json!({ "name": "Ventes", "address": "ventes@bm.com" })),
    responses((status = 201, body = Group))
)]
async fn create(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<NewGroup>,
) -> Result<Created<Group>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let made = api.app.create_group(id, asked.name, asked.address, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/groups/{}", made.id), of: made })
}

/// A group that the caller may read: with the accounts, or because they look after it.
async fn readable(api: &Api, caller: &Caller, text: &str) -> Result<Group, Problem> {
    let group = api.group(caller, text).await?;
    if caller.actor.has(Power::Read, group.organisation) {
        return Ok(group);
    }
    let (id, actor) = (group.id, caller.actor);
    let role = api
        .app
        .look(move |tx| match actor {
            Actor::Account { id: account, .. } => groups::role_of(tx, id, account),
            _ => Ok(None),
        })
        .await?;
    check_looks_after(&caller.actor, &group, role)?;
    Ok(group)
}

/// Show a group
#[utoipa::path(get, path = "/groups/{group}", tag = "groups", responses((status = 200, body = Group)))]
async fn get(State(api): State<Api>, caller: Caller, Segment(group): Segment<String>) -> Answer<Group> {
    Ok(Json(readable(&api, &caller, &group).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WhatToChange {
    #[serde(default)]
    name: Option<String>,
    /// Who may write to its address.
    #[serde(default)]
    #[schema(inline)]
    posting: Option<Posting>,
}

/// Give a group another name, or say who may write to it
///
/// Its own admins may say who writes to it. A notice (null sender) for a group that not everybody may write to goes to
/// its admins.
#[utoipa::path(
    patch, path = "/groups/{group}", tag = "groups",
    request_body(content = WhatToChange, example = json!({
        "name": "Ventes France", "posting": { "who": "listed", "senders": ["client@example.com"] }
    })),
    responses((status = 200, body = Group))
)]
async fn change(
    State(api): State<Api>,
    caller: Caller,
    Segment(group): Segment<String>,
    Body(asked): Body<WhatToChange>,
) -> Answer<Group> {
    let id = api.group(&caller, &group).await?.id;
    let change = GroupChange { name: asked.name, posting: asked.posting, address: None };
    Ok(Json(api.app.change_group(id, change, caller.actor).await?))
}

/// Remove a group
///
/// Nobody is deactivated by it. Its addresses are free again, or retired on a domain of the operator; what was shared
/// with it is no longer.
#[utoipa::path(delete, path = "/groups/{group}", tag = "groups", responses((status = 204)))]
async fn remove(
    State(api): State<Api>,
    caller: Caller,
    Segment(group): Segment<String>,
) -> Result<StatusCode, Problem> {
    let id = api.group(&caller, &group).await?.id;
    api.app.remove_group(id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAddress {
    address: EmailAddress,
}

/// Give a group an address, or another one
///
/// The one it had stays as an alias.
#[utoipa::path(
    put, path = "/groups/{group}/address", tag = "groups",
    request_body(content = NewAddress, example = json!({ "address": "commercial@bm.com" })),
    responses((status = 200, body = Group))
)]
async fn set_address(
    State(api): State<Api>,
    caller: Caller,
    Segment(group): Segment<String>,
    Body(asked): Body<NewAddress>,
) -> Answer<Group> {
    let id = api.group(&caller, &group).await?.id;
    let change = GroupChange { address: Some(GroupAddress::Set(asked.address)), ..GroupChange::default() };
    Ok(Json(api.app.change_group(id, change, caller.actor).await?))
}

/// Take the address of a group away, and its aliases
#[utoipa::path(delete, path = "/groups/{group}/address", tag = "groups", responses((status = 200, body = Group)))]
async fn drop_address(
    State(api): State<Api>,
    caller: Caller,
    Segment(group): Segment<String>,
) -> Answer<Group> {
    let id = api.group(&caller, &group).await?.id;
    let change = GroupChange { address: Some(GroupAddress::Drop), ..GroupChange::default() };
    Ok(Json(api.app.change_group(id, change, caller.actor).await?))
}

/// List the groups in a group
#[utoipa::path(get, path = "/groups/{group}/groups", tag = "groups", responses((status = 200, body = Vec<Group>)))]
async fn inner(
    State(api): State<Api>,
    caller: Caller,
    Segment(group): Segment<String>,
) -> Answer<Vec<Group>> {
    let id = readable(&api, &caller, &group).await?.id;
    Ok(Json(api.app.look(move |tx| groups::inner(tx, id)).await?))
}

/// Put a group into a group
///
/// Whoever is in it has the mail for the other too, and what is shared with it.
#[utoipa::path(put, path = "/groups/{group}/groups/{inner}", tag = "groups", responses((status = 204)))]
async fn put_in(
    State(api): State<Api>,
    caller: Caller,
    Segment((group, inner)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    let group = api.group(&caller, &group).await?;
    let inner = api.group(&caller, &inner).await?;
    api.app.put_group_in(group.id, inner.id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a group out of a group
#[utoipa::path(delete, path = "/groups/{group}/groups/{inner}", tag = "groups", responses((status = 204)))]
async fn take_out(
    State(api): State<Api>,
    caller: Caller,
    Segment((group, inner)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    let group = api.group(&caller, &group).await?;
    let inner = api.group(&caller, &inner).await?;
    api.app.take_group_out(group.id, inner.id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is in a group, and as what.
#[derive(Serialize, ToSchema)]
struct GroupMember {
    account: AccountId,
    address: EmailAddress,
    role: GroupRole,
    /// Whoever is deactivated stays a member, and has none of its mail.
    state: AccountState,
}

/// List the members of a group
#[utoipa::path(get, path = "/groups/{group}/members", tag = "groups", responses((status = 200, body = Vec<GroupMember>)))]
async fn members(
    State(api): State<Api>,
    caller: Caller,
    Segment(group): Segment<String>,
) -> Answer<Vec<GroupMember>> {
    let group = readable(&api, &caller, &group).await?;
    let now = api.app.now();
    let look = move |tx: &mut Tx<'_>| {
        let mut list = Vec::new();
        for (account, role) in groups::members(tx, group.id)? {
            if let Some(found) = accounts::get(tx, account)? {
                let state = standing(&found, now);
                list.push(GroupMember { account, address: found.address, role, state });
            }
        }
        Ok(list)
    };
    Ok(Json(api.app.look(look).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGroupRole {
    role: GroupRole,
}

/// Add an account to a group, or change its role
///
/// A deactivated account is reactivated by it where the plan's licences are flexible and the caller may reactivate.
#[utoipa::path(
    put, path = "/groups/{group}/members/{account}", tag = "groups",
    request_body(content = NewGroupRole, example = json!({ "role": "member" })),
    responses((status = 204))
)]
async fn set_member(
    State(api): State<Api>,
    caller: Caller,
    Segment((group, account)): Segment<(String, String)>,
    Body(asked): Body<NewGroupRole>,
) -> Result<StatusCode, Problem> {
    let group = api.group(&caller, &group).await?;
    let account = api.account(&caller, &account).await?;
    api.app.set_group_member(group.id, account.id, Some(asked.role), caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take an account out of a group
#[utoipa::path(delete, path = "/groups/{group}/members/{account}", tag = "groups", responses((status = 204)))]
async fn remove_member(
    State(api): State<Api>,
    caller: Caller,
    Segment((group, account)): Segment<(String, String)>,
) -> Result<StatusCode, Problem> {
    let group = api.group(&caller, &group).await?;
    let account = api.account(&caller, &account).await?;
    api.app.set_group_member(group.id, account.id, None, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
