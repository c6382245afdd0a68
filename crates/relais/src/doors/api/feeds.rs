//! What a connected application that is a SCIM server is told of accounts and groups.

use super::input::{Asked, Body, Limit, Segment};
use super::{Answer, Api};
use axum::extract::State;
use axum::response::Json;
use relais_app::core::feed::{FeedError, FeedPlan};
use relais_app::{Caller, FeedRequest, FeedShown};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show_feed, set_feed))
        .routes(routes!(plan_feed))
        .routes(routes!(run_feed))
        .routes(routes!(stop_feed))
        .routes(routes!(feed_errors))
}

/// Show what an application is told by SCIM
///
/// With what its last comparison of everything found.
#[utoipa::path(get, path = "/applications/{application}/feed", tag = "applications", responses((status = 200, body = FeedShown)))]
async fn show_feed(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
) -> Answer<FeedShown> {
    let id = api.application(&caller, &application).await?.id;
    Ok(Json(api.app.feed(id, caller.actor).await?))
}

/// Set up what an application is told by SCIM
///
/// A new feed is silent until it is run: look at its plan first. The token is never shown; what is absent stays, as long as
/// the URL stays the same.
#[utoipa::path(
    put, path = "/applications/{application}/feed", tag = "applications",
    request_body(content = FeedRequest, example = json!({
        "settings": {
            "url": "https://boards.example/scim/v2",
            "user_name": "address",
            "attributes": ["display_name", "name", "emails", "department"],
            "when_closed": "close"
        },
        "token": "k1Yv2…"
    })),
    responses((status = 200, body = FeedShown))
)]
async fn set_feed(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
    Body(asked): Body<FeedRequest>,
) -> Answer<FeedShown> {
    let id = api.application(&caller, &application).await?.id;
    Ok(Json(api.app.set_feed(id, asked, caller.actor).await?))
}

/// See what comparing everything would do at the application
///
/// It is only asked, and nothing is changed there.
#[utoipa::path(post, path = "/applications/{application}/feed/plan", tag = "applications", responses((status = 200, body = FeedPlan)))]
async fn plan_feed(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
) -> Answer<FeedPlan> {
    let id = api.application(&caller, &application).await?.id;
    Ok(Json(api.app.plan_feed(id, caller.actor).await?))
}

/// Tell an application from now on
///
/// Everything is compared at once, and what could not be told is tried again.
#[utoipa::path(post, path = "/applications/{application}/feed/run", tag = "applications", responses((status = 200, body = FeedShown)))]
async fn run_feed(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
) -> Answer<FeedShown> {
    let id = api.application(&caller, &application).await?.id;
    Ok(Json(api.app.run_feed(id, caller.actor).await?))
}

/// Tell an application nothing more
///
/// What it has stays there.
#[utoipa::path(post, path = "/applications/{application}/feed/off", tag = "applications", responses((status = 200, body = FeedShown)))]
async fn stop_feed(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
) -> Answer<FeedShown> {
    let id = api.application(&caller, &application).await?.id;
    Ok(Json(api.app.stop_feed(id, caller.actor).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FeedErrorsAsked {
    /// The subject of the last line of the page before.
    #[serde(default)]
    after: String,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, required = false)]
    limit: Limit,
}

/// List what an application could not be told yet, and why
///
/// Each is tried again after a while, and at once when the feed is run.
#[utoipa::path(get, path = "/applications/{application}/feed/errors", tag = "applications", params(FeedErrorsAsked), responses((status = 200, body = Vec<FeedError>)))]
async fn feed_errors(
    State(api): State<Api>,
    caller: Caller,
    Segment(application): Segment<String>,
    Asked(asked): Asked<FeedErrorsAsked>,
) -> Answer<Vec<FeedError>> {
    let id = api.application(&caller, &application).await?.id;
    Ok(Json(api.app.feed_errors(id, asked.after, asked.limit.count(), caller.actor).await?))
}
