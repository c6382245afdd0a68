//! Responders and the addresses they answer for.

use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use jiff::Timestamp;
use relais_app::core::address::EmailAddress;
use relais_app::core::organisation::{Address, Responder};
use relais_app::read::{addresses, responders};
use relais_app::{Caller, Error};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(set_text))
        .routes(routes!(remove))
        .routes(routes!(add_address))
}

/// List the responders of an organisation
#[utoipa::path(get, path = "/organisations/{organisation}/responders", tag = "responders", responses((status = 200, body = Vec<Responder>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<Responder>> {
    let id = api.readable_organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.look(move |tx| responders::list(tx, id)).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewResponder {
    name: String,
    /// What it answers for addresses without a text of their own.
    text: String,
}

/// Create a responder
#[utoipa::path(
    post, path = "/organisations/{organisation}/responders", tag = "responders",
    request_body(content = NewResponder, example = json!({ "name": "départs", "text": "Cette personne a quitté l'organisation." })),
    responses((status = 201, body = Responder))
)]
async fn create(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<NewResponder>,
) -> Result<Created<Responder>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let made = api.app.create_responder(id, asked.name, asked.text, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/organisations/{id}/responders"), of: made })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewResponderText {
    text: String,
}

/// Change the common text of a responder
///
/// Addresses with a text of their own keep it.
#[utoipa::path(
    put, path = "/responders/{responder}/text", tag = "responders",
    request_body(content = NewResponderText, example = json!({ "text": "Écrivez à accueil@bm.com." })),
    responses((status = 200, body = Responder))
)]
async fn set_text(
    State(api): State<Api>,
    caller: Caller,
    Segment(responder): Segment<String>,
    Body(asked): Body<NewResponderText>,
) -> Answer<Responder> {
    let id = api.responder(&caller, &responder).await?.id;
    Ok(Json(api.app.set_responder_text(id, asked.text, caller.actor).await?))
}

/// Remove a responder
///
/// Its addresses are free again, or retired on a domain of the operator, and refuse their mail.
#[utoipa::path(delete, path = "/responders/{responder}", tag = "responders", responses((status = 204)))]
async fn remove(
    State(api): State<Api>,
    caller: Caller,
    Segment(responder): Segment<String>,
) -> Result<StatusCode, Problem> {
    let id = api.responder(&caller, &responder).await?.id;
    api.app.remove_responder(id, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewResponderAddress {
    address: EmailAddress,
    /// What is answered for this address instead of the common text.
    #[serde(default)]
    text: Option<String>,
    /// When the responder stops answering for it and refuses.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// Give a responder a free address
#[utoipa::path(
    post, path = "/responders/{responder}/addresses", tag = "responders",
    request_body(content = NewResponderAddress, example = json!({ "address": "ancien@bm.com", "until": "2027-01-31T00:00:00Z" })),
    responses((status = 201, body = Address))
)]
async fn add_address(
    State(api): State<Api>,
    caller: Caller,
    Segment(responder): Segment<String>,
    Body(asked): Body<NewResponderAddress>,
) -> Result<Created<Address>, Problem> {
    let id = api.responder(&caller, &responder).await?.id;
    let address = asked.address.clone();
    api.app.add_responder_address(id, asked.address, asked.text, asked.until, caller.actor).await?;
    let location = format!("/api/v1/addresses/{address}");
    let held = api.app.look(move |tx| addresses::get(tx, &address)).await?.ok_or(Error::NotFound)?;
    Ok(Created { location, of: held })
}
