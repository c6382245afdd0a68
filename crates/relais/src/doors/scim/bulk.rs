//! Many requests in one (RFC 7644, section 3.7). Each is answered as if it came alone, and is a transaction of its own; one
//! that names another by its `bulkId` waits for it.

use super::ask::{Ask, segments, weak};
use super::{Denial, Reply, Visit, denial};
use axum::http::{HeaderMap, Method, StatusCode};
use relais_app::Expected;
use relais_app::core::refusal::ScimFault;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub const OPERATIONS_MAX: usize = 1_000;
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// One request of many.
struct Operation {
    method: String,
    path: String,
    bulk_id: Option<String>,
    version: Option<String>,
    data: Value,
}

impl Operation {
    fn read(said: &Value) -> Option<Self> {
        let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            method: text("method")?.to_ascii_uppercase(),
            path: text("path")?,
            bulk_id: text("bulkId"),
            version: text("version"),
            data: said.get("data").cloned().unwrap_or_default(),
        })
    }

    /// Those that it names and that are not made yet.
    fn waits_for(&self, made: &BTreeMap<String, String>) -> Vec<String> {
        let mut names = Vec::new();
        references(&self.data, &mut names);
        names.extend(reference(self.path.rsplit('/').next().unwrap_or_default()));
        names.retain(|name| !made.contains_key(name));
        names
    }
}

fn reference(text: &str) -> Option<String> {
    text.strip_prefix("bulkId:").map(str::to_owned)
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.extend(reference(text)),
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(inner) => inner.values().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn resolved(value: Value, made: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => {
            let id = reference(&text).and_then(|name| made.get(&name).cloned());
            Value::String(id.unwrap_or(text))
        }
        Value::Array(items) => items.into_iter().map(|item| resolved(item, made)).collect(),
        Value::Object(inner) => {
            let inner: Map<_, _> =
                inner.into_iter().map(|(name, value)| (name, resolved(value, made))).collect();
            Value::Object(inner)
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

impl Visit {
    pub async fn bulk(&self, ask: Ask) -> Result<Reply, Denial> {
        if ask.method != Method::POST {
            return Err(Denial::Method("POST"));
        }
        let Some(Value::Array(listed)) = ask.body.get("Operations") else {
            return Err(ScimFault::Syntax.into());
        };
        if listed.len() > OPERATIONS_MAX {
            return Err(Denial::TooMany { operations_max: OPERATIONS_MAX });
        }
        let fail_on = ask.body.get("failOnErrors").and_then(Value::as_u64).filter(|count| *count > 0);
        let read = listed.iter().map(|said| Operation::read(said).ok_or(ScimFault::Syntax));
        let mut waiting: Vec<(usize, Operation)> = Vec::new();
        for (number, operation) in read.enumerate() {
            waiting.push((number, operation?));
        }
        let mut answers: BTreeMap<usize, Value> = BTreeMap::new();
        let mut made: BTreeMap<String, String> = BTreeMap::new();
        let mut errors = 0;
        while !waiting.is_empty() && fail_on.is_none_or(|count| errors < count) {
            let ready = waiting.iter().position(|(_, operation)| operation.waits_for(&made).is_empty());
            // What waits in a circle, or for what was refused, is refused.
            let (number, operation) = waiting.remove(ready.unwrap_or(0));
            let is_ready = ready.is_some();
            let (answer, id) = self.one(operation, &made, is_ready).await;
            if answer["status"].as_str().is_none_or(|status| !status.starts_with('2')) {
                errors += 1;
            }
            made.extend(id);
            answers.insert(number, answer);
        }
        let answers: Vec<Value> = answers.into_values().collect();
        Ok(Reply::ok(json!({ "schemas": [RESPONSE], "Operations": answers })))
    }

    /// Its answer, and what was made by which name.
    async fn one(
        &self,
        operation: Operation,
        made: &BTreeMap<String, String>,
        is_ready: bool,
    ) -> (Value, Option<(String, String)>) {
        let Operation { method, path, bulk_id, version, data } = operation;
        let mut answer = json!({ "method": method });
        if let Some(bulk_id) = &bulk_id {
            answer["bulkId"] = json!(bulk_id);
        }
        let mut named = segments(&path);
        for segment in &mut named {
            if let Some(id) = reference(segment).and_then(|name| made.get(&name)) {
                segment.clone_from(id);
            }
        }
        if let [resource, id] = &named[..] {
            answer["location"] = json!(format!("{}{}/{resource}/{id}", self.app.public_url(), super::PREFIX));
        }
        let done = async {
            let method = match method.as_str() {
                "POST" if bulk_id.is_some() => Method::POST,
                "PUT" => Method::PUT,
                "PATCH" => Method::PATCH,
                "DELETE" => Method::DELETE,
                _ => return Err(ScimFault::Syntax.into()),
            };
            if !is_ready {
                return Err(ScimFault::Value { attribute: "bulkId".to_owned() }.into());
            }
            let ask = Ask {
                method,
                segments: named,
                query: Map::new(),
                expected: version.map_or(Expected::Any, |version| Expected::OneOf(vec![weak(&version)])),
                none_match: vec![],
                body: resolved(data, made),
            };
            // Only resources: neither a search nor another bulk request.
            match ask.named()[..] {
                ["Users" | "Groups"] if ask.method == Method::POST => {}
                ["Users" | "Groups", id] if id != ".search" => {}
                _ => return Err(Denial::NotFound),
            }
            self.perform(ask).await
        };
        match done.await {
            Ok(reply) => {
                answer["status"] = json!(reply.status.as_str());
                if let Some(version) = reply.version {
                    answer["version"] = json!(version);
                }
                if let Some(location) = reply.location {
                    answer["location"] = json!(location);
                }
                let id = reply.body.filter(|_| reply.status == StatusCode::CREATED);
                let id = id.and_then(|body| body["id"].as_str().map(str::to_owned));
                (answer, bulk_id.zip(id))
            }
            Err(denied) => {
                let language = denial::asked_language(&HeaderMap::new());
                answer["status"] = json!(denied.status().as_str());
                answer["response"] = denied.document(language);
                (answer, None)
            }
        }
    }
}
