//! Organisations and their domains.

use super::find::require;
use super::input::{Body, Segment};
use super::{Answer, Api, Created, Problem};
use axum::extract::State;
use axum::response::Json;
use relais_app::core::authority::Power;
use relais_app::core::organisation::{Domain, Organisation};
use relais_app::read::organisations;
use relais_app::{Caller, NewOrganisationRequest};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get))
        .routes(routes!(domains, add_domain))
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

/// List the domains on which an organisation may have addresses
#[utoipa::path(get, path = "/organisations/{organisation}/domains", tag = "organisations", responses((status = 200, body = Vec<Domain>)))]
async fn domains(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<Vec<Domain>> {
    let id = api.readable_organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.look(move |tx| organisations::domains(tx, id)).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDomain {
    name: String,
}

/// Add a domain of the organisation's own (operator)
#[utoipa::path(
    post, path = "/organisations/{organisation}/domains", tag = "organisations",
    request_body(content = NewDomain, example = json!({ "name": "bm.com" })),
    responses((status = 201, body = Domain))
)]
async fn add_domain(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<NewDomain>,
) -> Result<Created<Domain>, Problem> {
    let id = api.organisation(&caller, &organisation).await?.id;
    let made = api.app.add_domain(id, &asked.name, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/organisations/{id}/domains"), of: made })
}
