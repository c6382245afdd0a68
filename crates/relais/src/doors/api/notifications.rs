//! What people are told by letter, and what they want to be told.

use super::input::{Body, Segment};
use super::{Answer, Api};
use axum::extract::State;
use axum::response::Json;
use relais_app::core::notification::Preferences;
use relais_app::{Caller, NotificationReport};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(notifications, set_notifications))
}

/// Show what a person was told, and what waits
///
/// To themselves and to whoever manages accounts. News are gathered for a minute and sent in one letter; nothing is sent to
/// an account that is closed, and what waited for it is dropped and counted. Kept for thirty days.
#[utoipa::path(
    get, path = "/accounts/{account}/notifications", tag = "people",
    responses((status = 200, body = NotificationReport))
)]
async fn notifications(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<NotificationReport> {
    let id = api.readable_account(&caller, &account).await?.id;
    Ok(Json(api.app.notification_report(id).await?))
}

/// Say what a person wants to be told
///
/// They are told nothing of the topics in `muted`, and of everything else.
#[utoipa::path(
    put, path = "/accounts/{account}/notifications", tag = "people",
    request_body(content = Preferences, example = json!({ "muted": ["people", "jobs"] })),
    responses((status = 200, body = NotificationReport))
)]
async fn set_notifications(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
    Body(wanted): Body<Preferences>,
) -> Answer<NotificationReport> {
    let id = api.account(&caller, &account).await?.id;
    api.app.set_notification_preferences(id, wanted, caller.actor).await?;
    Ok(Json(api.app.notification_report(id).await?))
}
