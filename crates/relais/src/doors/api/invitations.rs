//! Invitations: a link by which a person chooses a password and enters.

use super::input::{Body, Segment};
use super::{Api, Created, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use relais_app::core::account::Account;
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Role;
use relais_app::core::collection::ShareRight;
use relais_app::core::ids::ContentId;
use relais_app::{Caller, Invitation, NewAccountRequest};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(invite)).routes(routes!(invite_again))
}

fn member() -> Role {
    Role::Member
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WhoIsInvited {
    address: EmailAddress,
    name: String,
    /// Where the link goes. For somebody who comes back, the one that is known if absent.
    #[serde(default)]
    external_address: Option<EmailAddress>,
    #[serde(default = "member")]
    role: Role,
    /// What it is on, by id or name; one of the plan's free accounts if absent.
    #[serde(default)]
    subscription: Option<String>,
    /// Largest mailbox size in bytes.
    #[serde(default)]
    quota_bytes: Option<i64>,
    /// Ids or addresses of groups to put it into.
    #[serde(default)]
    groups: Vec<String>,
    /// What is shared with them from the beginning; for a guest, all they see.
    #[serde(default)]
    content: Vec<OpenedItem>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenedItem {
    item: ContentId,
    right: ShareRight,
}

/// Invite a person
///
/// Makes an account without a password and sends a link to the external address, which works once and for seven days:
/// by it the person chooses a password and enters. The address of a deactivated account brings that account back, with
/// its name, where the plan's licences are flexible: on what it was on, or on a restricted subscription if no full licence
/// is left.
#[utoipa::path(
    post, path = "/organisations/{organisation}/invitations", tag = "accounts",
    request_body(content = WhoIsInvited, example = json!({
        "address": "zoe@bm.com", "name": "Zoé Petit", "external_address": "zoe@example.org", "role": "guest",
        "groups": [], "content": [{ "item": "cnt-0000000000001", "right": "read" }]
    })),
    responses((status = 201, body = Account))
)]
async fn invite(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<WhoIsInvited>,
) -> Result<Created<Account>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let subscription = match &asked.subscription {
        Some(text) => Some(api.wanted_subscription(text).await?),
        None => None,
    };
    let mut groups = Vec::new();
    for group in &asked.groups {
        groups.push(api.group(&caller, group).await?.id);
    }
    let WhoIsInvited { address, name, external_address, role, quota_bytes, content, .. } = asked;
    let account = NewAccountRequest { address, name, password: None, role, quota_bytes, subscription };
    let content = content.into_iter().map(|opened| (opened.item, opened.right)).collect();
    let invitation = Invitation { account, external_address, groups, content };
    let made = api.app.invite(id, invitation, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/accounts/{}", made.id), of: made })
}

/// Send another invitation to an account that has no password yet
///
/// The link before is void.
#[utoipa::path(post, path = "/accounts/{account}/invitation", tag = "accounts", responses((status = 204)))]
async fn invite_again(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Result<StatusCode, Problem> {
    let id = api.account(&caller, &account).await?.id;
    api.app.invite_again(id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
