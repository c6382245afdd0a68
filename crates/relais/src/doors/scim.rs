//! The door of providers of identities: SCIM 2.0 (RFC 7643, RFC 7644) under `/scim/v2`, with pages by cursor (RFC 9865).
//!
//! A token says whose organisation it is. What is asked is parsed, handed to the application and translated back; no state
//! is compared here, and nothing is decided.

mod ask;
mod bulk;
mod denial;
mod discovery;
mod groups;
mod list;
mod shape;
mod users;

use ask::{Ask, read_body};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use denial::Denial;
use metrics::counter;
use relais_app::Relais;
use relais_app::core::authority::Actor;
use relais_app::core::ids::OrganisationId;
use relais_app::core::scim::Resource;
use serde_json::Value;
use std::sync::Arc;

/// The path that every address of this door begins with.
pub const PREFIX: &str = "/scim/v2";
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/scim+json");

/// The door, for the listener that also serves the API.
pub fn router(app: Arc<Relais>) -> Router {
    Router::new().route(PREFIX, any(visit)).route(&format!("{PREFIX}/{{*rest}}"), any(visit)).with_state(app)
}

/// Who asks, and what of.
struct Visit {
    app: Arc<Relais>,
    actor: Actor,
    organisation: OrganisationId,
}

/// An answer that is no problem.
struct Reply {
    status: StatusCode,
    location: Option<String>,
    version: Option<String>,
    body: Option<Value>,
}

impl Reply {
    fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, location: None, version: None, body: Some(body) }
    }

    fn empty(status: StatusCode) -> Self {
        Self { status, location: None, version: None, body: None }
    }
}

async fn visit(State(app): State<Arc<Relais>>, request: Request) -> Response {
    let language = denial::asked_language(request.headers());
    let mut response = match answer(app, request).await {
        Ok(reply) => written(reply),
        Err(denial) => denial.response(language),
    };
    counter!("relais_scim_requests_total", "status" => response.status().as_str().to_owned()).increment(1);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn written(reply: Reply) -> Response {
    let body = reply.body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let mut response = (reply.status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, MEDIA_TYPE);
    for (name, value) in [(LOCATION, reply.location), (ETAG, reply.version)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

async fn answer(app: Arc<Relais>, request: Request) -> Result<Reply, Denial> {
    // Read whole before anything is answered: a client that is refused by the head alone would lose the answer.
    let (parts, body) = read_body(request).await?;
    let ask = Ask::new(&parts, body)?;
    let secret = bearer(&parts.headers).ok_or(Denial::SecretMissing)?.to_owned();
    let actor = match app.provider(&secret).await? {
        Some(actor) => actor,
        // Whoever is signed in here is somebody, and nobody's provider.
        None if ask.segments == ["Me"] => app.caller(&secret).await?.ok_or(Denial::SecretUnknown)?.actor,
        None => return Err(Denial::SecretUnknown),
    };
    let organisation = actor.organisation().ok_or(Denial::SecretUnknown)?;
    let visit = Visit { app, actor, organisation };
    match ask.named()[..] {
        ["Bulk"] => visit.bulk(ask).await,
        _ => visit.perform(ask).await,
    }
}

/// The secret behind `Bearer` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

impl Visit {
    /// Everything but a bulk request, which consists of these.
    async fn perform(&self, ask: Ask) -> Result<Reply, Denial> {
        let method = ask.method.as_str().to_owned();
        let allowed = |methods: &'static str| {
            if methods.split(", ").any(|one| one == method) { Ok(()) } else { Err(Denial::Method(methods)) }
        };
        match ask.named()[..] {
            ["ServiceProviderConfig" | "Schemas" | "ResourceTypes", ..] => {
                allowed("GET")?;
                self.discover(&ask)
            }
            ["Me"] => {
                allowed("GET")?;
                self.me(&ask).await
            }
            [".search"] => {
                allowed("POST")?;
                self.search_all(&ask).await
            }
            [kind, ref rest @ ..] => {
                let resource = Resource::ALL.into_iter().find(|resource| resource.endpoint() == kind);
                let resource = resource.ok_or(Denial::NotFound)?;
                match (rest, method.as_str()) {
                    ([], "GET") => self.list(resource, &ask).await,
                    ([], "POST") => self.create(resource, &ask).await,
                    ([], _) => Err(Denial::Method("GET, POST")),
                    ([".search"], "POST") => self.search(resource, &ask).await,
                    ([".search"], _) => Err(Denial::Method("POST")),
                    ([id], "GET") => self.show(resource, id, &ask).await,
                    ([id], "PUT" | "PATCH") => self.change(resource, id, &ask).await,
                    ([id], "DELETE") => self.remove(resource, id, &ask).await,
                    ([_], _) => Err(Denial::Method("GET, PUT, PATCH, DELETE")),
                    (_, _) => Err(Denial::NotFound),
                }
            }
            [] => Err(Denial::NotFound),
        }
    }

    async fn create(&self, resource: Resource, ask: &Ask) -> Result<Reply, Denial> {
        let reply = match resource {
            Resource::User => self.create_user(ask).await?,
            Resource::Group => self.create_group(ask).await?,
        };
        Ok(Reply { status: StatusCode::CREATED, ..reply })
    }

    async fn show(&self, resource: Resource, id: &str, ask: &Ask) -> Result<Reply, Denial> {
        let reply = match resource {
            Resource::User => self.show_user(id, ask).await?,
            Resource::Group => self.show_group(id, ask).await?,
        };
        match &reply.version {
            Some(version) if ask.none_match.iter().any(|known| known == version || known == "*") => {
                Ok(Reply { body: None, status: StatusCode::NOT_MODIFIED, ..reply })
            }
            Some(_) | None => Ok(reply),
        }
    }

    async fn change(&self, resource: Resource, id: &str, ask: &Ask) -> Result<Reply, Denial> {
        match resource {
            Resource::User => self.change_user(id, ask).await,
            Resource::Group => self.change_group(id, ask).await,
        }
    }

    async fn remove(&self, resource: Resource, id: &str, ask: &Ask) -> Result<Reply, Denial> {
        let (own, actor) = (self.organisation, self.actor);
        match resource {
            Resource::User => {
                let id = id.parse().map_err(|_| Denial::NotFound)?;
                self.app.detach(own, id, ask.expected.clone(), actor).await?;
            }
            Resource::Group => {
                let id = id.parse().map_err(|_| Denial::NotFound)?;
                self.app.remove_enrolled_group(own, id, ask.expected.clone(), actor).await?;
            }
        }
        Ok(Reply::empty(StatusCode::NO_CONTENT))
    }

    /// Where a resource is.
    fn location(&self, resource: Resource, id: impl std::fmt::Display) -> String {
        format!("{}{PREFIX}/{}/{id}", self.app.public_url(), resource.endpoint())
    }
}
