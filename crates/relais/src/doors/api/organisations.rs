//! Organisations: their names and owners.

use super::find::require;
use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::response::Json;
use relais_app::core::account::Account;
use relais_app::core::authority::Power;
use relais_app::core::organisation::Organisation;
use relais_app::read::organisations;
use relais_app::{Caller, NewOrganisationRequest, OrganisationChange};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, change)).routes(routes!(set_owner))
}

/// List the organisations one may see
#[utoipa::path(get, path = "/organisations", tag = "organisations", responses((status = 200, body = Vec<Organisation>)))]
async fn list(State(api): State<Api>, caller: Caller) -> Answer<Vec<Organisation>> {
    let mut all = api.app.look(organisations::list).await?;
    all.retain(|organisation| require(&caller, Power::ChangeSelf, organisation.id).is_ok());
    Ok(Json(all))
}

/// Create an organisation (operator)
#[utoipa::path(
    post, path = "/organisations", tag = "organisations",
    request_body(content = NewOrganisationRequest, example = json!({
        "name": "bm", "language": "fr", "time_zone": "Europe/Paris", "currency": "EUR"
    })),
    responses((status = 201, body = Organisation))
)]
async fn create(
    State(api): State<Api>,
    caller: Caller,
    Body(asked): Body<NewOrganisationRequest>,
) -> Result<Created<Organisation>, Problem> {
    let made = api.app.create_organisation(asked, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/organisations/{}", made.id), of: made })
}

/// Show an organisation
#[utoipa::path(get, path = "/organisations/{organisation}", tag = "organisations", responses((status = 200, body = Organisation)))]
async fn get(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Organisation> {
    Ok(Json(api.organisation(&caller, &organisation).await?))
}

/// Give an organisation another name, language or time zone
#[utoipa::path(
    patch, path = "/organisations/{organisation}", tag = "organisations",
    request_body(content = OrganisationChange, example = json!({ "name": "BM & Cie" })),
    responses((status = 200, body = Organisation))
)]
async fn change(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<OrganisationChange>,
) -> Answer<Organisation> {
    let id = api.organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.change_organisation(id, asked, caller.actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOwner {
    /// Id or address of an active account of the organisation.
    account: String,
}

/// Hand an organisation over to another account (its owner, or the operator)
///
/// Whoever owned it stays as a company admin. Both sign in again. Returns the new owner.
#[utoipa::path(
    post, path = "/organisations/{organisation}/owner", tag = "organisations",
    request_body(content = NewOwner, example = json!({ "account": "user2@bm.com" })),
    responses((status = 200, body = Account))
)]
async fn set_owner(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<NewOwner>,
) -> Answer<Account> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let heir = api.account(&caller, &asked.account).await?.id;
    Ok(Json(api.app.hand_over_organisation(id, heir, caller.actor).await?))
}
