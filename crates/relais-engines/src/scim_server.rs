//! A SCIM server (RFC 7644), as its client asks it. What is to be done there is decided elsewhere. Redirects are not
//! followed.

use crate::outside::{self, Reach, root};
use relais_core::scim::{Change, Document, Operation, Resource};
use reqwest::{Method, RequestBuilder, Response, Url, header};
use serde_json::{Value, json};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: usize = 16 << 20;
const KIND: &str = "application/scim+json";
/// What an error says is kept as far as a person reads it.
const DETAIL_CHARS_MAX: usize = 300;
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// How many a page is asked to hold. A server may send fewer.
const PAGE: usize = 200;

/// One server, and what opens it.
#[derive(Clone)]
pub struct ScimServer {
    /// What stands before `/Users`.
    pub url: String,
    pub token: String,
}

/// What a server has of somebody, or of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub id: String,
    /// All that it says, its own words included.
    pub document: Document,
}

/// A page of what a server has.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryPage {
    pub total: usize,
    pub entries: Vec<Entry>,
}

/// Why a server did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScimError {
    /// It is away, or in trouble of its own: nothing else will be done either.
    #[error("{trouble}")]
    Away { trouble: String, retry_after: Option<Duration> },
    /// It does not take the token.
    #[error("answered {0}")]
    Denied(u16),
    /// It has no such entry.
    #[error("answered 404")]
    Gone,
    /// Another entry has what has to be unique.
    #[error("{0}")]
    Taken(String),
    /// The entry has changed since it was read.
    #[error("answered 412")]
    Changed,
    /// It does not take this.
    #[error("{trouble}")]
    Refused { status: u16, trouble: String },
}

fn away(trouble: impl ToString) -> ScimError {
    ScimError::Away { trouble: trouble.to_string(), retry_after: None }
}

/// Asks all servers of all applications.
#[derive(Debug, Clone)]
pub struct ScimServers {
    client: reqwest::Client,
    reach: Reach,
}

impl ScimServers {
    /// # Errors
    /// When the TLS library has no roots of trust on this machine.
    pub fn new(reach: Reach) -> Result<Self, ScimError> {
        Ok(Self { client: outside::client(reach, TIMEOUT).map_err(away)?, reach })
    }

    /// Whether a server may be at `url`: by https, since a token goes there, or in one's own network where that may be
    /// reached.
    #[must_use]
    pub fn may_be_at(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| {
            let scheme =
                url.scheme() == "https" || (url.scheme() == "http" && self.reach == Reach::Everywhere);
            scheme && outside::check(self.reach, &url).is_ok()
        })
    }

    /// What it has under `id`; `None` if nothing.
    ///
    /// # Errors
    /// Why it does not say.
    pub async fn get(
        &self,
        server: &ScimServer,
        resource: Resource,
        id: &str,
    ) -> Result<Option<Entry>, ScimError> {
        match self.ask(server, Method::GET, place(server, resource, Some(id))?, None, None).await {
            Ok(said) => entry(said).map(Some),
            Err(ScimError::Gone) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What it has whose `attribute` is `value`. Nothing, where it cannot be asked by that attribute.
    ///
    /// # Errors
    /// Why it does not say.
    pub async fn find(
        &self,
        server: &ScimServer,
        resource: Resource,
        attribute: &str,
        value: &str,
    ) -> Result<Vec<Entry>, ScimError> {
        let mut place = place(server, resource, None)?;
        put_query(&mut place, &[("filter", &format!("{attribute} eq {}", json!(value)))]);
        match self.ask(server, Method::GET, place, None, None).await {
            Ok(said) => Ok(page(said)?.entries),
            Err(ScimError::Refused { status: 400 | 501, .. }) => Ok(vec![]),
            Err(error) => Err(error),
        }
    }

    /// A page of all it has, from the entry `start` on, counted from 1.
    ///
    /// # Errors
    /// Why it does not say.
    pub async fn page(
        &self,
        server: &ScimServer,
        resource: Resource,
        start: usize,
    ) -> Result<EntryPage, ScimError> {
        let mut place = place(server, resource, None)?;
        put_query(&mut place, &[("startIndex", &start.to_string()), ("count", &PAGE.to_string())]);
        page(self.ask(server, Method::GET, place, None, None).await?)
    }

    /// Makes an entry, and returns the server's id of it.
    ///
    /// # Errors
    /// Why it is not made.
    pub async fn create(
        &self,
        server: &ScimServer,
        resource: Resource,
        document: &Document,
    ) -> Result<String, ScimError> {
        let place = place(server, resource, None)?;
        let body = with_schemas(resource, document.clone());
        Ok(entry(self.ask(server, Method::POST, place, Some(body), None).await?)?.id)
    }

    /// # Errors
    /// Why it is not changed.
    pub async fn patch(
        &self,
        server: &ScimServer,
        resource: Resource,
        id: &str,
        operations: &[Operation],
    ) -> Result<(), ScimError> {
        let operations: Vec<Value> = operations.iter().map(written).collect();
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        self.ask(server, Method::PATCH, place(server, resource, Some(id))?, Some(body), None).await.map(drop)
    }

    /// Puts `document` in the place of `entry`, if that is still how it was read.
    ///
    /// # Errors
    /// Why it is not changed.
    pub async fn replace(
        &self,
        server: &ScimServer,
        resource: Resource,
        entry: &Entry,
        document: &Document,
    ) -> Result<(), ScimError> {
        let version = entry.document.get("meta").and_then(|meta| meta.get("version")?.as_str());
        let mut document = document.clone();
        document.remove("meta");
        let body = with_schemas(resource, document);
        let place = place(server, resource, Some(&entry.id))?;
        self.ask(server, Method::PUT, place, Some(body), version).await.map(drop)
    }

    /// Nothing is there under `id` afterwards.
    ///
    /// # Errors
    /// Why it is not removed.
    pub async fn remove(&self, server: &ScimServer, resource: Resource, id: &str) -> Result<(), ScimError> {
        match self.ask(server, Method::DELETE, place(server, resource, Some(id))?, None, None).await {
            Ok(_) | Err(ScimError::Gone) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn ask(
        &self,
        server: &ScimServer,
        method: Method,
        place: Url,
        body: Option<Value>,
        version: Option<&str>,
    ) -> Result<Value, ScimError> {
        outside::check(self.reach, &place).map_err(away)?;
        let mut request: RequestBuilder = self
            .client
            .request(method, place)
            .bearer_auth(&server.token)
            .header(header::ACCEPT, format!("{KIND}, application/json"));
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, version);
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, KIND).body(body.to_string());
        }
        let mut answer = request.send().await.map_err(|error| away(root(&error)))?;
        let status = answer.status().as_u16();
        let retry_after = retry_after(&answer);
        let mut bytes = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| away(root(&error)))? {
            if bytes.len() + part.len() > ANSWER_BYTES_MAX {
                return Err(away("the answer is too long"));
            }
            bytes.extend_from_slice(&part);
        }
        let said: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        match status {
            200..=299 => Ok(said),
            401 | 403 => Err(ScimError::Denied(status)),
            404 => Err(ScimError::Gone),
            409 => Err(ScimError::Taken(trouble(status, &said))),
            412 => Err(ScimError::Changed),
            408 | 429 | 500 | 502.. => Err(ScimError::Away { trouble: trouble(status, &said), retry_after }),
            status => Err(ScimError::Refused { status, trouble: trouble(status, &said) }),
        }
    }
}

/// In seconds; a date is not read.
fn retry_after(answer: &Response) -> Option<Duration> {
    let said = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    said.trim().parse().ok().map(Duration::from_secs)
}

fn trouble(status: u16, said: &Value) -> String {
    let detail = said.get("detail").and_then(Value::as_str).unwrap_or_default();
    let detail: String =
        detail.chars().filter(|letter| !letter.is_control()).take(DETAIL_CHARS_MAX).collect();
    if detail.is_empty() { format!("answered {status}") } else { format!("answered {status}: {detail}") }
}

fn place(server: &ScimServer, resource: Resource, id: Option<&str>) -> Result<Url, ScimError> {
    let mut place = Url::parse(&server.url).map_err(away)?;
    if let Ok(mut segments) = place.path_segments_mut() {
        segments.pop_if_empty().push(resource.endpoint()).extend(id);
    }
    Ok(place)
}

/// A space as `%20`: not every server reads `+` as one.
fn put_query(place: &mut Url, parameters: &[(&str, &str)]) {
    place.query_pairs_mut().extend_pairs(parameters);
    let query = place.query().map(|query| query.replace('+', "%20"));
    place.set_query(query.as_deref());
}

fn written(operation: &Operation) -> Value {
    let change = match operation.change {
        Change::Add => "add",
        Change::Remove => "remove",
        Change::Replace => "replace",
    };
    let mut written = Document::from_iter([("op".to_owned(), json!(change))]);
    for (name, value) in
        [("path", operation.path.as_ref().map(|path| json!(path))), ("value", operation.value.clone())]
    {
        written.extend(value.map(|value| (name.to_owned(), value)));
    }
    Value::Object(written)
}

/// RFC 7643, section 3: those of the resource, and of the extension if something of it is said.
fn with_schemas(resource: Resource, mut document: Document) -> Value {
    let extension = resource.extension().map(|schema| schema.id).filter(|id| document.contains_key(*id));
    let schemas: Vec<&str> = [Some(resource.schema().id), extension].into_iter().flatten().collect();
    document.entry("schemas").or_insert(json!(schemas));
    Value::Object(document)
}

fn entry(said: Value) -> Result<Entry, ScimError> {
    let id = said.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned);
    match (id, said) {
        (Some(id), Value::Object(document)) => Ok(Entry { id, document }),
        (_, _) => Err(away("an answer without an id: there is no SCIM server at this address")),
    }
}

fn page(mut said: Value) -> Result<EntryPage, ScimError> {
    let total = said.get("totalResults").and_then(Value::as_u64);
    let total =
        total.ok_or_else(|| away("an answer that is no list: there is no SCIM server at this address"))?;
    let listed = match said.get_mut("Resources").map(Value::take) {
        Some(Value::Array(listed)) => listed,
        _ => vec![],
    };
    let entries = listed.into_iter().map(entry).collect::<Result<_, _>>()?;
    Ok(EntryPage { total: usize::try_from(total).unwrap_or(usize::MAX), entries })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> ScimServer {
        ScimServer { url: url.to_owned(), token: "token".to_owned() }
    }

    #[test]
    fn places_are_written_so_that_every_server_reads_them() {
        for (url, id, expected) in [
            ("https://a.example/scim/v2", None, "https://a.example/scim/v2/Users"),
            ("https://a.example/scim/v2/", Some("a/b c"), "https://a.example/scim/v2/Users/a%2Fb%20c"),
            ("https://a.example", Some("7"), "https://a.example/Users/7"),
        ] {
            assert_eq!(place(&server(url), Resource::User, id).unwrap().as_str(), expected);
        }
        let mut place = place(&server("https://a.example"), Resource::User, None).unwrap();
        put_query(&mut place, &[("filter", "userName eq \"a+b@c\"")]);
        assert_eq!(place.query(), Some("filter=userName%20eq%20%22a%2Bb%40c%22"));
    }

    #[test]
    fn a_token_goes_by_https_and_not_into_ones_own_network_unless_the_operator_says_so() {
        for (url, internet, everywhere) in [
            ("https://a.example/scim", true, true),
            ("http://a.example/scim", false, true),
            ("https://127.0.0.1/scim", false, true),
            ("nonsense", false, false),
        ] {
            let may = |reach| ScimServers::new(reach).unwrap().may_be_at(url);
            assert_eq!((may(Reach::Internet), may(Reach::Everywhere)), (internet, everywhere), "{url}");
        }
    }
}
