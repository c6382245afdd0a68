//! What an organisation wants done for whoever a provider of identities or a directory closes.

use super::input::{Body, Segment};
use super::{Answer, Api};
use axum::extract::State;
use axum::response::Json;
use relais_app::Caller;
use relais_app::core::authority::Power;
use relais_app::core::departure::DeparturePolicy;
use relais_app::read::organisations;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(departure_policy, set_departure_policy))
}

/// Show what is done for whoever a provider or a directory closes
///
/// Unless something was said: new mail is refused, and nothing is given away.
#[utoipa::path(get, path = "/organisations/{organisation}/departure-policy", tag = "organisations", responses((status = 200, body = DeparturePolicy)))]
async fn departure_policy(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
) -> Answer<DeparturePolicy> {
    let id = api.organisation_with(&caller, Power::Read, &organisation).await?.id;
    Ok(Json(api.app.look(move |tx| organisations::departure_policy(tx, id)).await?))
}

/// Say what is done for whoever a provider or a directory closes
///
/// Holds for whoever is closed from then on. If it cannot be followed, the account is closed all the same.
#[utoipa::path(
    put, path = "/organisations/{organisation}/departure-policy", tag = "organisations",
    request_body(content = DeparturePolicy, example = json!({
        "new_mail": { "do": "redirect", "to": "usercs@bm.com", "days": 30 }, "content_to": "usercs@bm.com"
    })),
    responses((status = 200, body = DeparturePolicy))
)]
async fn set_departure_policy(
    State(api): State<Api>,
    caller: Caller,
    Segment(organisation): Segment<String>,
    Body(asked): Body<DeparturePolicy>,
) -> Answer<DeparturePolicy> {
    let id = api.organisation(&caller, &organisation).await?.id;
    Ok(Json(api.app.set_departure_policy(id, asked, caller.actor).await?))
}
