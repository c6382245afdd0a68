//! Groups and their members.

use super::find::require;
use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::Caller;
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Power;
use relais_app::core::ids::AccountId;
use relais_app::core::organisation::{Group, GroupRole};
use relais_app::read::{Tx, accounts, groups};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
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
    Ok(Created { location: format!("/api/v1/groups/{}/members", made.id), of: made })
}

/// Who is in a group, and as what.
#[derive(Serialize, ToSchema)]
struct GroupMember {
    account: AccountId,
    address: EmailAddress,
    role: GroupRole,
}

/// List the members of a group
#[utoipa::path(get, path = "/groups/{group}/members", tag = "groups", responses((status = 200, body = Vec<GroupMember>)))]
async fn members(
    State(api): State<Api>,
    caller: Caller,
    Segment(group): Segment<String>,
) -> Answer<Vec<GroupMember>> {
    let group = api.group(&caller, &group).await?;
    require(&caller, Power::Read, group.organisation)?;
    let look = move |tx: &mut Tx<'_>| {
        let mut list = Vec::new();
        for (account, role) in groups::members(tx, group.id)? {
            if let Some(found) = accounts::get(tx, account)? {
                list.push(GroupMember { account, address: found.address, role });
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
