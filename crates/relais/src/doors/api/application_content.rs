//! What an application says of the content that it keeps, and what it is told and asked about it.

use super::content::PageAsked;
use super::find::require_application;
use super::input::{Asked, Body, Limit, OptionalBody, Segment};
use super::problem::RefusalDocument;
use super::{Answer, Api, Problem};
use crate::doors::accept::asked_language;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Json;
use relais_app::core::content::{ContentItem, ContentShare, Erasure, ExternalId, Reassignment};
use relais_app::core::ids::OrganisationId;
use relais_app::core::language::Language;
use relais_app::read::Tx;
use relais_app::read::content::reassigning::{self, Move};
use relais_app::read::content::{self, erasing};
use relais_app::{Caller, Error, ItemOutcome, Outcome, SaidItem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, register, remove))
        .routes(routes!(moves))
        .routes(routes!(refuse))
        .routes(routes!(to_erase))
        .routes(routes!(confirm))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListAsked {
    /// The external id of the last item of the page before.
    #[param(inline)]
    after: Option<ExternalId>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, required = false)]
    limit: Limit,
}

#[derive(Serialize, ToSchema)]
struct RegisteredItem {
    #[serde(flatten)]
    item: ContentItem,
    shares: Vec<ContentShare>,
}

/// List what the application has registered, by external id (application)
#[utoipa::path(get, path = "/application/content", tag = "application content", params(ListAsked), responses((status = 200, body = Vec<RegisteredItem>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Asked(asked): Asked<ListAsked>,
) -> Answer<Vec<RegisteredItem>> {
    let (id, _) = require_application(&caller)?;
    let look = move |tx: &mut Tx<'_>| {
        let mut page = Vec::new();
        for item in content::of_application(tx, id, asked.after.as_ref(), asked.limit.count())? {
            let shares = content::shares_of(tx, item.id)?;
            page.push(RegisteredItem { item, shares });
        }
        Ok(page)
    };
    Ok(Json(api.app.look(look).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Registrations {
    /// At most 1,000, a project before what it holds.
    items: Vec<SaidItem>,
}

/// What became of one item: an outcome, or why it was refused.
#[derive(Serialize, ToSchema)]
struct ItemDocument {
    external_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalDocument>,
}

fn documents(outcomes: Vec<ItemOutcome>, headers: &HeaderMap) -> Json<Vec<ItemDocument>> {
    let language: Language = asked_language(headers).unwrap_or_default();
    let document = |ItemOutcome { external_id, outcome }| match outcome {
        Ok(outcome) => ItemDocument { external_id, outcome: Some(outcome), refusal: None },
        Err(refusal) => {
            let said =
                RefusalDocument { code: refusal.code().to_owned(), detail: refusal.sentence(language) };
            ItemDocument { external_id, outcome: None, refusal: Some(said) }
        }
    };
    Json(outcomes.into_iter().map(document).collect())
}

/// Register items, or change them (application)
///
/// Each has a result of its own, in the order of the request; one that is refused keeps none of the others out. An item's
/// kind stays what it was. Nothing is given to an account that is closed, and nothing is shared anew with one.
#[utoipa::path(
    put, path = "/application/content", tag = "application content",
    request_body(content = Registrations, example = json!({ "items": [
        { "external_id": "p-7", "kind": "project", "title": "Budget 2027", "owner": "user1@bm.com" },
        { "external_id": "b-12", "kind": "board", "title": "Esquisses", "owner": "user1@bm.com", "parent": "p-7",
          "url": "https://tableaux.example/b-12", "shares": [{ "with": "user2@bm.com", "right": "read" }] }
    ] })),
    responses((status = 200, body = Vec<ItemDocument>))
)]
async fn register(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Body(asked): Body<Registrations>,
) -> Result<Json<Vec<ItemDocument>>, Problem> {
    let application = require_application(&caller)?;
    Ok(documents(api.app.register_content(asked.items, application).await?, &headers))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Removals {
    /// At most 1,000.
    external_ids: Vec<String>,
}

/// Say that items are gone (application)
///
/// What a project held is in none then. An item that was to be erased counts as erased.
#[utoipa::path(
    delete, path = "/application/content", tag = "application content",
    request_body(content = Removals, example = json!({ "external_ids": ["b-12"] })),
    responses((status = 200, body = Vec<ItemDocument>))
)]
async fn remove(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Body(asked): Body<Removals>,
) -> Result<Json<Vec<ItemDocument>>, Problem> {
    let application = require_application(&caller)?;
    Ok(documents(api.app.remove_content(asked.external_ids, application).await?, &headers))
}

impl Api {
    async fn told_reassignment(
        &self,
        text: &str,
        organisation: OrganisationId,
    ) -> Result<Reassignment, Problem> {
        let id = text.parse().map_err(|_| Problem::NotAnId(text.to_owned()))?;
        let found = self.app.look(move |tx| reassigning::get(tx, id)).await?;
        found.filter(|made| made.organisation == organisation).ok_or(Error::NotFound.into())
    }

    async fn told_erasure(&self, text: &str, organisation: OrganisationId) -> Result<Erasure, Problem> {
        let id = text.parse().map_err(|_| Problem::NotAnId(text.to_owned()))?;
        let found = self.app.look(move |tx| erasing::get(tx, id)).await?;
        found.filter(|asked| asked.organisation == organisation).ok_or(Error::NotFound.into())
    }
}

/// List the application's items of a reassignment (application)
///
/// The event `content.reassigned` names it.
#[utoipa::path(get, path = "/application/reassignments/{reassignment}/items", tag = "application content", params(PageAsked), responses((status = 200, body = Vec<Move>)))]
async fn moves(
    State(api): State<Api>,
    caller: Caller,
    Segment(reassignment): Segment<String>,
    Asked(asked): Asked<PageAsked>,
) -> Answer<Vec<Move>> {
    let (application, organisation) = require_application(&caller)?;
    let id = api.told_reassignment(&reassignment, organisation).await?.id;
    let count_max = asked.limit.count();
    let page = move |tx: &mut Tx<'_>| reassigning::moves(tx, id, Some(application), asked.after, count_max);
    Ok(Json(api.app.look(page).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MoveRefusal {
    external_id: String,
    /// For whoever asked for the reassignment.
    reason: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MoveRefusals {
    /// At most 1,000.
    items: Vec<MoveRefusal>,
}

/// Refuse items of a reassignment (application)
///
/// They are the former owner's again, and listed as refused with the reason.
#[utoipa::path(
    post, path = "/application/reassignments/{reassignment}/refusals", tag = "application content",
    request_body(content = MoveRefusals, example = json!({ "items": [
        { "external_id": "b-12", "reason": "Le destinataire n'a pas accès à cet espace." }
    ] })),
    responses((status = 200, body = Reassignment))
)]
async fn refuse(
    State(api): State<Api>,
    caller: Caller,
    Segment(reassignment): Segment<String>,
    Body(asked): Body<MoveRefusals>,
) -> Answer<Reassignment> {
    let application = require_application(&caller)?;
    let made = api.told_reassignment(&reassignment, application.1).await?;
    let refused = asked.items.into_iter().map(|item| (item.external_id, item.reason)).collect();
    api.app.refuse_moves(made.id, refused, application).await?;
    Ok(Json(made))
}

/// List what the application is to erase (application)
///
/// The event `content.erasure_asked` names the erasure.
#[utoipa::path(get, path = "/application/erasures/{erasure}/items", tag = "application content", params(PageAsked), responses((status = 200, body = Vec<ContentItem>)))]
async fn to_erase(
    State(api): State<Api>,
    caller: Caller,
    Segment(erasure): Segment<String>,
    Asked(asked): Asked<PageAsked>,
) -> Answer<Vec<ContentItem>> {
    let (application, organisation) = require_application(&caller)?;
    let id = api.told_erasure(&erasure, organisation).await?.id;
    let count_max = asked.limit.count();
    let page = move |tx: &mut Tx<'_>| erasing::items(tx, id, Some(application), asked.after, count_max);
    Ok(Json(api.app.look(page).await?))
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
struct Confirmations {
    /// What was erased, at most 1,000; everything that was asked for if absent.
    #[serde(default)]
    external_ids: Option<Vec<String>>,
}

/// Confirm that items are erased (application)
///
/// Only then they count as erased. May be said twice.
#[utoipa::path(
    post, path = "/application/erasures/{erasure}/confirmations", tag = "application content",
    request_body(content = Confirmations, example = json!({ "external_ids": ["b-12"] })),
    responses((status = 200, body = Erasure))
)]
async fn confirm(
    State(api): State<Api>,
    caller: Caller,
    Segment(erasure): Segment<String>,
    OptionalBody(asked): OptionalBody<Confirmations>,
) -> Answer<Erasure> {
    let application = require_application(&caller)?;
    let id = api.told_erasure(&erasure, application.1).await?.id;
    Ok(Json(api.app.confirm_erasure(id, asked.external_ids, application).await?))
}
