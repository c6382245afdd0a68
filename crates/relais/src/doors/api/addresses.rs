//! Addresses: who held them, to whom they are given, and where mail for them goes.

use super::find::{address, require};
use super::input::{Asked, Body, Segment};
use super::{Answer, Api, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use relais_app::core::account::Account;
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Power;
use relais_app::core::ids::OrganisationId;
use relais_app::core::lifecycle::Command;
use relais_app::core::organisation::{Address, Holding, Target};
use relais_app::core::refusal::Refusal;
use relais_app::core::routing::Route;
use relais_app::read::{addresses, responders};
use relais_app::{Caller, Error};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get, free)).routes(routes!(give)).routes(routes!(explain))
}

/// An address and everyone who held it.
#[derive(Serialize, ToSchema)]
struct AddressWithHistory {
    address: Address,
    history: Vec<Holding>,
}

/// Show an address and who held it
#[utoipa::path(get, path = "/addresses/{address}", tag = "addresses", responses((status = 200, body = AddressWithHistory)))]
async fn get(
    State(api): State<Api>,
    caller: Caller,
    Segment(text): Segment<String>,
) -> Answer<AddressWithHistory> {
    let address = api.address(&caller, &text).await?;
    require(&caller, Power::Read, address.organisation)?;
    let held = address.address.clone();
    let history = api.app.look(move |tx| addresses::history(tx, &held)).await?;
    Ok(Json(AddressWithHistory { address, history }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Heir {
    /// An address of the heir (account, shared mailbox or group), or a responder's name.
    to: String,
}

/// Give an account's address to someone else
///
/// The mail that came by it stays where it is. Returns the account that gave it.
#[utoipa::path(
    post, path = "/addresses/{address}/move", tag = "addresses",
    request_body(content = Heir, example = json!({ "to": "userCS@bm.com" })),
    responses((status = 200, body = Account))
)]
async fn give(
    State(api): State<Api>,
    caller: Caller,
    Segment(text): Segment<String>,
    Body(asked): Body<Heir>,
) -> Answer<Account> {
    let address = api.address(&caller, &text).await?;
    let Some(Target::Account(holder)) = address.target else {
        require(&caller, Power::EndAccounts, address.organisation)?;
        return Err(Refusal::AddressNotHeld { address: address.address }.into());
    };
    let to = heir(&api, address.organisation, asked.to).await?;
    let command = Command::MoveAddress { address: address.address, to };
    Ok(Json(api.app.execute(holder, command, caller.actor).await?))
}

/// Who is meant by an address or a responder's name, within one organisation.
pub(super) async fn heir(api: &Api, organisation: OrganisationId, text: String) -> Result<Target, Problem> {
    let found = match text.parse::<EmailAddress>() {
        Ok(address) => {
            let held = api.app.look(move |tx| addresses::get(tx, &address)).await?;
            held.filter(|held| held.organisation == organisation).and_then(|held| held.target)
        }
        Err(_) => {
            let found = api.app.look(move |tx| responders::named(tx, organisation, &text)).await?;
            found.map(|responder| Target::Responder(responder.id))
        }
    };
    found.ok_or(Error::NotFound.into())
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FromWhom {
    /// The sender, where it matters who writes; empty for a notice, which has none. Somebody who may, if absent.
    #[serde(default)]
    from: Option<String>,
}

/// Take an alias away from whoever has it
///
/// An account, a shared mailbox, a group or a responder. Its mail is refused from then on; a primary address stays.
#[utoipa::path(delete, path = "/addresses/{address}", tag = "addresses", responses((status = 204)))]
async fn free(
    State(api): State<Api>,
    caller: Caller,
    Segment(text): Segment<String>,
) -> Result<StatusCode, Problem> {
    let address = api.address(&caller, &text).await?.address;
    api.app.free_alias(address, caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Explain where mail for an address goes
///
/// Another organisation of this instance is shown as the outside world.
#[utoipa::path(
    get, path = "/explain/{address}", tag = "addresses", params(FromWhom),
    responses((status = 200, body = Route))
)]
async fn explain(
    State(api): State<Api>,
    caller: Caller,
    Segment(text): Segment<String>,
    Asked(FromWhom { from }): Asked<FromWhom>,
) -> Answer<Route> {
    let recipient = address(&text)?;
    if caller.actor.operates() {
        return Ok(Json(api.app.explain(recipient, from).await?));
    }
    let asked = recipient.clone();
    let owner =
        api.app.look(move |tx| addresses::organisation_of(tx, &asked)).await?.ok_or(Error::NotFound)?;
    let organisation = api.readable_organisation(&caller, &owner.to_string()).await?.id;
    Ok(Json(api.app.explain_within(recipient, from, organisation).await?))
}
