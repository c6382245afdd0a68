//! The API's own description, and what watches the instance.

use crate::world::{Who, World};
use serde_json::Value;
use std::collections::BTreeSet;

#[tokio::test]
async fn every_operation_has_a_summary_an_example_and_its_problems() {
    let world = World::new().await;
    let answer = world.ask(Who::Nobody, "GET", "/api/openapi.json").await;
    assert_eq!(answer.status, 200);
    let document = answer.json();
    assert_eq!(document["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let what = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{what}");
            let name = operation["operationId"].as_str().expect("a name");
            assert!(names.insert(name.to_owned()), "{what}: {name} is not unique");
            if let Some(body) = operation.get("requestBody") {
                for (kind, content) in body["content"].as_object().expect("bodies have a content") {
                    let is_text = !kind.starts_with("image/");
                    assert_eq!(content.get("example").is_some(), is_text, "{what}: an example of {kind}");
                }
            }
            let segments = path.matches('{').count();
            let named = operation["parameters"]
                .as_array()
                .map_or(0, |list| list.iter().filter(|parameter| parameter["in"] == "path").count());
            assert_eq!(segments, named, "{what}");
            if path.starts_with("/api/") {
                for code in ["401", "403", "503", "default"] {
                    let problem = &operation["responses"][code]["content"]["application/problem+json"];
                    assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{what} {code}");
                }
            }
        }
    }
    for reference in references(&document) {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(fields.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![],
    }
}

#[tokio::test]
async fn whoever_watches_needs_no_secret() {
    let world = World::new().await;
    let health = world.ask(Who::Nobody, "GET", "/healthz").await;
    assert_eq!(health.status, 200);
    let said = serde_json::json!({
        "status": "ok", "database": "ok", "dovecot": "off", "radicale": "off", "smarthost": "off"
    });
    assert_eq!(health.json(), said);
    let metrics = world.ask(Who::Nobody, "GET", "/metrics").await;
    assert_eq!(metrics.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
}
