//! What a request asks: its path, its query (RFC 7644, section 3.4.2), the versions it names, its body.

use super::{Denial, PREFIX};
use axum::body::Bytes;
use axum::extract::{Query, Request};
use axum::http::header::{CONTENT_TYPE, HeaderName, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use relais_app::core::refusal::{Refusal, ScimFault};
use relais_app::core::scim::{Operation, Resource, canonical, operations};
use relais_app::{Expected, Wish};
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::time::timeout;

/// The largest body, as the configuration of the service says it.
pub const BODY_BYTES_MAX: usize = 1 << 20;
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug, Clone)]
pub struct Ask {
    pub method: Method,
    /// Of the path, behind the prefix.
    pub segments: Vec<String>,
    pub query: Map<String, Value>,
    pub expected: Expected,
    pub none_match: Vec<String>,
    pub body: Value,
}

/// The whole body, while it is small enough and comes in time.
pub async fn read_body(request: Request) -> Result<(Parts, Bytes), Denial> {
    let (parts, body) = request.into_parts();
    match timeout(BODY_TIMEOUT, Limited::new(body, BODY_BYTES_MAX).collect()).await {
        Ok(Ok(whole)) => Ok((parts, whole.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Denial::TooLarge),
        Ok(Err(_)) | Err(_) => Err(Denial::BodyBroken),
    }
}

impl Ask {
    pub fn new(parts: &Parts, body: Bytes) -> Result<Self, Denial> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let Query(pairs) = query.map_err(|_| Denial::from(ScimFault::Syntax))?;
        let changes = [Method::POST, Method::PUT, Method::PATCH].contains(&parts.method);
        let body = if body.is_empty() || !changes {
            Value::Null
        } else {
            check_media_type(&parts.headers)?;
            serde_json::from_slice(&body).map_err(|_| Denial::from(ScimFault::Syntax))?
        };
        Ok(Self {
            method: parts.method.clone(),
            segments: segments(parts.uri.path()),
            query: pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect(),
            expected: match versions(&parts.headers, &IF_MATCH) {
                versions if versions.is_empty() || versions.iter().any(|one| one == "*") => Expected::Any,
                versions => Expected::OneOf(versions),
            },
            none_match: versions(&parts.headers, &IF_NONE_MATCH),
            body,
        })
    }

    pub fn named(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// What the body wants to become of a resource.
    pub fn wish(&self, resource: Resource) -> Result<Wish, Denial> {
        if self.method == Method::PATCH {
            let operations: Vec<Operation> = operations(&self.body)?;
            return Ok(Wish::Patch(operations));
        }
        Ok(Wish::Replace(self.document(resource)?))
    }

    /// The body as a resource.
    pub fn document(&self, resource: Resource) -> Result<Map<String, Value>, Denial> {
        let Value::Object(body) = &self.body else { return Err(ScimFault::Syntax.into()) };
        Ok(canonical(resource, body)?)
    }
}

/// Behind the prefix; texts are decoded.
pub fn segments(path: &str) -> Vec<String> {
    let rest = path.strip_prefix(PREFIX).unwrap_or(path);
    rest.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect()
}

/// Percent encoding (RFC 3986, section 2.1): clients encode the colons of a schema's name.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Denial> {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return Ok(()) };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if ["application/scim+json", "application/json"].contains(&kind.as_str()) {
        Ok(())
    } else {
        Err(Denial::MediaType)
    }
}

/// Versions are weak, and compared so (RFC 7644, section 3.14).
fn versions(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(weak).collect()
}

pub fn weak(version: &str) -> String {
    let version = version.trim();
    if version.starts_with('"') { format!("W/{version}") } else { version.to_owned() }
}

impl From<ScimFault> for Denial {
    fn from(fault: ScimFault) -> Self {
        Self::Application(Refusal::from(fault).into())
    }
}
