//! What accounts own besides mail, with whom it is shared, who is given it, and what is to be erased.

use super::find::require;
use super::input::{Asked, Body, Limit, Segment};
use super::{Answer, Api, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::core::authority::Power;
use relais_app::core::collection::{CollectionName, ShareRight, Sharee, may_rule_shares};
use relais_app::core::content::{
    ContentItem, ContentKind, ContentShare, Erasure, MoveState, Reassignment, Selection,
};
use relais_app::core::ids::{ContentId, ReassignmentId};
use relais_app::core::refusal::{ContentFault, Refusal};
use relais_app::read::content::reassigning::{self, Move};
use relais_app::read::{StoreError, Tx, accounts, content, groups};
use relais_app::{Caller, ContentOwned, ReassignRequest};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(owned))
        .routes(routes!(items))
        .routes(routes!(received))
        .routes(routes!(item))
        .routes(routes!(reassignments, reassign))
        .routes(routes!(reassignment))
        .routes(routes!(moves))
        .routes(routes!(undo))
        .routes(routes!(erasures))
}

/// Count what an account owns, by kind
#[utoipa::path(get, path = "/accounts/{account}/content", tag = "content", responses((status = 200, body = ContentOwned)))]
async fn owned(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<ContentOwned> {
    let account = api.account(&caller, &account).await?;
    Ok(Json(api.app.content_owned(&account, &caller.actor).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ItemsAsked {
    /// Only items of this kind.
    #[param(inline)]
    kind: Option<ContentKind>,
    /// The id of the last item of the page before.
    #[param(inline)]
    after: Option<ContentId>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, required = false)]
    limit: Limit,
}

/// List what an account owns in applications
#[utoipa::path(get, path = "/accounts/{account}/content/items", tag = "content", params(ItemsAsked), responses((status = 200, body = Vec<ContentItem>)))]
async fn items(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Asked(asked): Asked<ItemsAsked>,
) -> Answer<Vec<ContentItem>> {
    let account = api.account(&caller, &account).await?;
    let page = api.app.content_items(&account, asked.kind, asked.after, asked.limit.count(), &caller.actor);
    Ok(Json(page.await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageAsked {
    /// The id of the last item of the page before.
    #[param(inline)]
    pub after: Option<ContentId>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, required = false)]
    pub limit: Limit,
}

/// An item that somebody shares, and what may be done with it.
#[derive(Serialize, ToSchema)]
struct ReceivedItem {
    #[serde(flatten)]
    item: ContentItem,
    right: ShareRight,
}

/// List what others share with an account, also through its groups
#[utoipa::path(get, path = "/accounts/{account}/content/received", tag = "content", params(PageAsked), responses((status = 200, body = Vec<ReceivedItem>)))]
async fn received(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Asked(asked): Asked<PageAsked>,
) -> Answer<Vec<ReceivedItem>> {
    let account = api.account(&caller, &account).await?;
    if !may_rule_shares(&caller.actor, &account) {
        return Err(Refusal::NotAllowed.into());
    }
    let (id, count_max) = (account.id, asked.limit.count());
    let found = api.app.look(move |tx| content::shared_with(tx, id, asked.after, count_max)).await?;
    Ok(Json(found.into_iter().map(|(item, right)| ReceivedItem { item, right }).collect()))
}

/// A share with the address of the account or the name of the group.
#[derive(Serialize, ToSchema)]
struct NamedContentShare {
    #[serde(flatten)]
    share: ContentShare,
    with_name: String,
}

#[derive(Serialize, ToSchema)]
struct ItemWithShares {
    #[serde(flatten)]
    item: ContentItem,
    shares: Vec<NamedContentShare>,
}

/// Show an item, and with whom it is shared
#[utoipa::path(get, path = "/content/{item}", tag = "content", responses((status = 200, body = ItemWithShares)))]
async fn item(
    State(api): State<Api>,
    caller: Caller,
    Segment(item): Segment<String>,
) -> Answer<ItemWithShares> {
    let item = api.content_item(&caller, &item).await?;
    let look = move |tx: &mut Tx<'_>| {
        let owner = accounts::get(tx, item.owner)?;
        let shares = content::shares_of(tx, item.id)?;
        Ok((owner, named(tx, shares)?, item.clone()))
    };
    let (owner, shares, item) = api.app.look(look).await?;
    match owner {
        Some(owner) if may_rule_shares(&caller.actor, &owner) => Ok(Json(ItemWithShares { item, shares })),
        Some(_) | None => Err(Refusal::NotAllowed.into()),
    }
}

fn named(tx: &mut Tx<'_>, shares: Vec<ContentShare>) -> Result<Vec<NamedContentShare>, StoreError> {
    let mut all = Vec::with_capacity(shares.len());
    for share in shares {
        let with_name = match share.with {
            Sharee::Account(id) => accounts::get(tx, id)?.map(|found| found.address.to_string()),
            Sharee::Group(id) => groups::get(tx, id)?.map(|found| found.name),
        };
        all.extend(with_name.map(|with_name| NamedContentShare { share, with_name }));
    }
    Ok(all)
}

/// Whose content is to become whose. Without kinds, items and collections it is everything.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReassignment {
    /// Ids or addresses of the accounts whose it is, whatever their state.
    from: Vec<String>,
    /// Id or address of the account that is given it.
    to: String,
    /// Only these kinds.
    #[serde(default)]
    kinds: Option<Vec<ContentKind>>,
    /// Only these items: their ids.
    #[serde(default)]
    items: Option<Vec<ContentId>>,
    /// Only these calendars and address books: their names.
    #[serde(default)]
    collections: Option<Vec<CollectionName>>,
}

/// What is chosen: kinds, or single things, or everything.
pub fn selection(
    kinds: Option<Vec<ContentKind>>,
    items: Option<Vec<ContentId>>,
    collections: Option<Vec<CollectionName>>,
) -> Result<Selection, Refusal> {
    match (kinds, items, collections) {
        (None, None, None) => Ok(Selection::Everything),
        (Some(kinds), None, None) => Ok(Selection::Kinds { kinds }),
        (None, items, collections) => Ok(Selection::Chosen {
            items: items.unwrap_or_default(),
            collections: collections.unwrap_or_default(),
        }),
        (Some(_), _, _) => Err(ContentFault::KindsOrItems.into()),
    }
}

/// Give content of one or several accounts to another
///
/// A project takes along what it holds of the same owner. Items of applications move at once and together; calendars and
/// address books right after, what is personal left out. Who it is shared with goes on reaching it.
#[utoipa::path(
    post, path = "/organisations/{organisation}/reassignments", tag = "content",
    request_body(content = NewReassignment, example = json!({
        "from": ["user1@bm.com"], "to": "user2@bm.com", "kinds": ["board", "project"]
    })),
    responses((status = 201, body = Vec<Reassignment>))
)]
async fn reassign(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<NewReassignment>,
) -> Result<(StatusCode, Json<Vec<Reassignment>>), Problem> {
    let organisation = api.organisation_with(&caller, Power::EndAccounts, &organisation).await?.id;
    let mut from = Vec::with_capacity(asked.from.len());
    for text in &asked.from {
        from.push(api.account_of(&caller, text, organisation).await?.id);
    }
    let to = api.account_of(&caller, &asked.to, organisation).await?.id;
    let selection = selection(asked.kinds, asked.items, asked.collections)?;
    let asked = ReassignRequest { from, to, selection };
    Ok((StatusCode::CREATED, Json(api.app.reassign_content(asked, caller.actor).await?)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReassignmentsAsked {
    /// The id of the last reassignment of the page before.
    #[param(inline)]
    before: Option<ReassignmentId>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, required = false)]
    limit: Limit,
}

/// List reassignments, the newest first
#[utoipa::path(get, path = "/organisations/{organisation}/reassignments", tag = "content", params(ReassignmentsAsked), responses((status = 200, body = Vec<Reassignment>)))]
async fn reassignments(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Asked(asked): Asked<ReassignmentsAsked>,
) -> Answer<Vec<Reassignment>> {
    let id = api.organisation_with(&caller, Power::EndAccounts, &organisation).await?.id;
    let page = move |tx: &mut Tx<'_>| reassigning::page(tx, id, asked.before, asked.limit.count());
    Ok(Json(api.app.look(page).await?))
}

/// How many items are in which state.
#[derive(Serialize, ToSchema)]
struct MoveCount {
    state: MoveState,
    count: i64,
}

#[derive(Serialize, ToSchema)]
struct ReassignmentReport {
    #[serde(flatten)]
    reassignment: Reassignment,
    moves: Vec<MoveCount>,
}

/// Show a reassignment
#[utoipa::path(get, path = "/reassignments/{reassignment}", tag = "content", responses((status = 200, body = ReassignmentReport)))]
async fn reassignment(
    State(api): State<Api>,
    caller: Caller,
    Segment(reassignment): Segment<String>,
) -> Answer<ReassignmentReport> {
    let reassignment = api.ruled_reassignment(&caller, &reassignment).await?;
    let id = reassignment.id;
    let counts = api.app.look(move |tx| reassigning::count_moves(tx, id)).await?;
    let moves = counts.into_iter().map(|(state, count)| MoveCount { state, count }).collect();
    Ok(Json(ReassignmentReport { reassignment, moves }))
}

/// List the items of a reassignment, and what became of each
#[utoipa::path(get, path = "/reassignments/{reassignment}/items", tag = "content", params(PageAsked), responses((status = 200, body = Vec<Move>)))]
async fn moves(
    State(api): State<Api>,
    caller: Caller,
    Segment(reassignment): Segment<String>,
    Asked(asked): Asked<PageAsked>,
) -> Answer<Vec<Move>> {
    let id = api.ruled_reassignment(&caller, &reassignment).await?.id;
    let page = move |tx: &mut Tx<'_>| reassigning::moves(tx, id, None, asked.after, asked.limit.count());
    Ok(Json(api.app.look(page).await?))
}

/// Undo a reassignment
///
/// What is still the new owner's is the former owner's again. Until the former owner is deleted.
#[utoipa::path(post, path = "/reassignments/{reassignment}/undo", tag = "content", responses((status = 200, body = Reassignment)))]
async fn undo(
    State(api): State<Api>,
    caller: Caller,
    Segment(reassignment): Segment<String>,
) -> Answer<Reassignment> {
    let id = api.reassignment(&caller, &reassignment).await?.id;
    Ok(Json(api.app.undo_reassignment(id, caller.actor).await?))
}

/// List what applications were asked to erase and have not confirmed
#[utoipa::path(get, path = "/organisations/{organisation}/erasures", tag = "content", responses((status = 200, body = Vec<Erasure>)))]
async fn erasures(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<Erasure>> {
    let id = api.organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.open_erasures(id, &caller.actor).await?))
}

impl Api {
    /// A reassignment that the caller rules over.
    async fn ruled_reassignment(&self, caller: &Caller, text: &str) -> Result<Reassignment, Problem> {
        let found = self.reassignment(caller, text).await?;
        require(caller, Power::EndAccounts, found.organisation)?;
        Ok(found)
    }
}
