//! Calendars and address books of an account, and with whom they are shared. What is in them is behind `/dav/`.

use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::Caller;
use relais_app::core::address::EmailAddress;
use relais_app::core::collection::{Share, ShareRight, Sharee};
use relais_app::core::ids::GroupId;
use relais_app::read::{Tx, accounts, collections, groups};
use relais_engines::radicale::Collection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(share)).routes(routes!(end))
}

/// A share, with the names of both sides.
#[derive(Serialize, ToSchema)]
struct NamedShare {
    #[serde(flatten)]
    share: Share,
    owner_address: EmailAddress,
    /// The address of the account, or the name of the group.
    with_name: String,
}

#[derive(Serialize, ToSchema)]
struct Collections {
    own: Vec<Collection>,
    /// With whom they are shared.
    given: Vec<NamedShare>,
    /// What others share with the account, also through its groups.
    received: Vec<NamedShare>,
}

/// List the calendars and address books of an account, and what is shared
#[utoipa::path(get, path = "/accounts/{account}/collections", tag = "collections", responses((status = 200, body = Collections)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Collections> {
    let account = api.account(&caller, &account).await?;
    let own = api.app.collections_of(&account, &caller.actor).await?;
    let look = move |tx: &mut Tx<'_>| {
        let given = collections::shares_of_owner(tx, account.id)?;
        let received = collections::shares_with(tx, account.id)?;
        Ok((named(tx, given)?, named(tx, received)?))
    };
    let (given, received) = api.app.look(look).await?;
    Ok(Json(Collections { own, given, received }))
}

fn named(tx: &mut Tx<'_>, shares: Vec<Share>) -> Result<Vec<NamedShare>, relais_app::read::StoreError> {
    let mut all = Vec::with_capacity(shares.len());
    for share in shares {
        let with_name = match share.with {
            Sharee::Account(id) => accounts::get(tx, id)?.map(|found| found.address.to_string()),
            Sharee::Group(id) => groups::get(tx, id)?.map(|found| found.name),
        };
        if let (Some(owner), Some(with_name)) = (accounts::get(tx, share.owner)?, with_name) {
            all.push(NamedShare { share, owner_address: owner.address, with_name });
        }
    }
    Ok(all)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewShare {
    /// The name of a calendar or an address book of the account, from the list of its collections.
    collection: String,
    /// Id or address of an account or a group.
    with: String,
    right: ShareRight,
}

/// Share a calendar or an address book, or change what somebody may do with it
#[utoipa::path(
    post, path = "/accounts/{account}/shares", tag = "collections",
    request_body(content = NewShare, example = json!({ "collection": "calendar", "with": "user2@bm.com", "right": "read" })),
    responses((status = 201, body = Share))
)]
async fn share(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(asked): Body<NewShare>,
) -> Result<Created<Share>, Problem> {
    let owner = api.account(&caller, &account).await?.id;
    let with = api.sharee(&caller, &asked.with).await?;
    let made = api.app.share_collection(owner, &asked.collection, with, asked.right, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/accounts/{owner}/collections"), of: made })
}

/// End a share
#[utoipa::path(delete, path = "/shares/{share}", tag = "collections", responses((status = 204)))]
async fn end(
    State(api): State<Api>,
    caller: Caller,
    Segment(share): Segment<String>,
) -> Result<StatusCode, Problem> {
    let share = api.share(&caller, &share).await?;
    api.app.end_share(share.id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Api {
    /// An account or a group that somebody names.
    async fn sharee(&self, caller: &Caller, text: &str) -> Result<Sharee, Problem> {
        if text.parse::<GroupId>().is_ok() {
            return Ok(Sharee::Group(self.group(caller, text).await?.id));
        }
        match self.account(caller, text).await {
            Ok(account) => Ok(Sharee::Account(account.id)),
            // A group's address is no account's.
            Err(not_there) => match self.group(caller, text).await {
                Ok(group) => Ok(Sharee::Group(group.id)),
                Err(_) => Err(not_there),
            },
        }
    }
}
