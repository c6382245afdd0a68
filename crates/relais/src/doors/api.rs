//! The door of programs: a REST API under `/api/v1`, described by OpenAPI 3.1, with problems as RFC 9457 has them.
//!
//! Handlers parse, find what the path names, build a command or a question, and translate the answer. They decide
//! nothing: no state is compared here. The one rule of this door is what a caller may *see*: what belongs to another
//! organisation is not there ([`find`]).

mod account_lists;
mod accounts;
mod addresses;
mod app_passwords;
mod application_content;
mod applications;
mod backups;
mod caller;
mod collections;
mod content;
mod departure_policies;
mod departures;
mod directories;
mod domains;
mod events;
mod exports;
mod feeds;
mod find;
mod groups;
mod health;
mod input;
mod invitations;
mod jobs;
mod notifications;
mod offers;
mod openapi;
mod operators;
mod organisations;
mod outbound;
mod passkeys;
mod password_resets;
mod payments;
mod problem;
mod profiles;
mod provision;
mod reset_page;
mod responders;
mod scim_tokens;
mod second_factors;
mod sessions;
mod shared_mailboxes;
mod sign_on;
mod speak;
mod tokens;

pub use openapi::openapi;
pub use payments::{PaymentSecret, PaymentSecrets};
pub use problem::{Problem, ProblemDocument};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use relais_app::Relais;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, LazyLock};
use utoipa_axum::router::OpenApiRouter;

/// What a listener may take for granted about who connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Nothing: every request needs a bearer secret.
    Network,
    /// The operator's unix socket, guarded by its file mode: a request without a secret is the operator's.
    OperatorSocket,
}

/// The largest body of a request.
const BODY_BYTES_MAX: usize = 1 << 20;

/// What handlers share.
#[derive(Clone)]
struct Api {
    app: Arc<Relais>,
    trust: Trust,
    metrics: PrometheusHandle,
    payment_secrets: PaymentSecrets,
    /// How many requests there were: a part of each one's name in the log.
    requests: Arc<AtomicU64>,
}

/// The API on one kind of listener. On [`Trust::Network`] serve it with `ConnectInfo<SocketAddr>`: sign-ins are counted
/// by where they come from.
pub fn router(
    app: Arc<Relais>,
    trust: Trust,
    metrics: PrometheusHandle,
    payment_secrets: PaymentSecrets,
) -> Router {
    let api = Api { app, trust, metrics, payment_secrets, requests: Arc::default() };
    let (router, _) = routes().split_for_parts();
    router
        .route(
            "/api/openapi.json",
            get(async || ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())),
        )
        .merge(password_resets::pages())
        .merge(exports::pages())
        .fallback(async || Problem::NoSuchRoute)
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(axum::middleware::from_fn_with_state(api.clone(), speak::speak))
        .with_state(api)
}

/// The same for every listener, so written once.
static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| openapi().to_json().expect("the description of the API serialises"));

fn routes() -> OpenApiRouter<Api> {
    let v1 = OpenApiRouter::new()
        .merge(sessions::routes())
        .merge(organisations::routes())
        .merge(domains::routes())
        .merge(accounts::routes())
        .merge(account_lists::routes())
        .merge(invitations::routes())
        .merge(app_passwords::routes())
        .merge(second_factors::routes())
        .merge(passkeys::routes())
        .merge(sign_on::routes())
        .merge(profiles::routes())
        .merge(notifications::routes())
        .merge(password_resets::routes())
        .merge(departures::routes())
        .merge(directories::routes())
        .merge(backups::routes())
        .merge(exports::routes())
        .merge(addresses::routes())
        .merge(shared_mailboxes::routes())
        .merge(groups::routes())
        .merge(collections::routes())
        .merge(content::routes())
        .merge(application_content::routes())
        .merge(responders::routes())
        .merge(tokens::routes())
        .merge(scim_tokens::routes())
        .merge(applications::routes())
        .merge(departure_policies::routes())
        .merge(feeds::routes())
        .merge(jobs::routes())
        .merge(events::routes())
        .merge(outbound::routes())
        .merge(operators::routes())
        .merge(offers::routes())
        .merge(provision::routes())
        .merge(payments::routes());
    OpenApiRouter::new().nest("/api/v1", v1).merge(health::routes())
}

/// An answer, or the problem that stands in its place.
type Answer<T> = Result<Json<T>, Problem>;

/// 201 with where the new thing is found.
struct Created<T> {
    location: String,
    of: T,
}

impl<T: serde::Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(header::LOCATION, self.location)], Json(self.of)).into_response()
    }
}
