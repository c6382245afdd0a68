//! What happened in an organisation, and whether its record is whole.

use super::find::require;
use super::input::{Asked, Limit, Segment};
use super::{Answer, Api, Problem};
use axum::extract::State;
use axum::response::Json;
use relais_app::Caller;
use relais_app::core::authority::Power;
use relais_app::core::event::Event;
use relais_app::core::ids::OrganisationId;
use relais_app::read::{ChainCheck, Tx, events};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(verify))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsAsked {
    /// The id of what it happened to; a domain's name.
    #[serde(default)]
    #[param(required = false)]
    subject: String,
    /// The number of the last event of the page before.
    #[serde(default)]
    #[param(required = false)]
    after: i64,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, required = false)]
    limit: Limit,
}

/// List what happened in an organisation, the oldest first
#[utoipa::path(get, path = "/organisations/{organisation}/events", tag = "events", params(EventsAsked), responses((status = 200, body = Vec<Event>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Asked(asked): Asked<EventsAsked>,
) -> Answer<Vec<Event>> {
    let id = audited(&api, &caller, &organisation).await?;
    let page = move |tx: &mut Tx<'_>| events::page(tx, id, &asked.subject, asked.after, asked.limit.count());
    Ok(Json(api.app.look(page).await?))
}

/// Check that no event was changed or removed
#[utoipa::path(get, path = "/organisations/{organisation}/events/verify", tag = "events", responses((status = 200, body = ChainCheck)))]
async fn verify(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<ChainCheck> {
    let id = audited(&api, &caller, &organisation).await?;
    Ok(Json(api.app.look(move |tx| events::verify(tx, id)).await?))
}

async fn audited(api: &Api, caller: &Caller, organisation: &str) -> Result<OrganisationId, Problem> {
    let id = api.organisation(caller, organisation).await?.id;
    require(caller, Power::EndAccounts, id)?;
    Ok(id)
}
