//! Which attributes an answer holds: `attributes` and `excludedAttributes` (RFC 7644, section 3.4.2.5).

use relais_app::Ties;
use relais_app::core::scim::{Resource, parse_shape};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    included: Vec<String>,
    excluded: Vec<String>,
}

/// What is in every answer.
const ALWAYS: [&str; 2] = ["schemas", "id"];

impl Shape {
    /// From a query, where names are separated by commas, or from the body of a search, where they are a list.
    pub fn of(resource: Resource, said: &Map<String, Value>) -> Self {
        let names = |name: &str| -> Vec<String> {
            match said.get(name) {
                Some(Value::String(text)) => text.split(',').map(str::to_owned).collect(),
                Some(Value::Array(items)) => {
                    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
                }
                _ => vec![],
            }
        };
        Self {
            included: parse_shape(resource, &names("attributes")),
            excluded: parse_shape(resource, &names("excludedAttributes")),
        }
    }

    /// Whether the attribute that lists members, or groups, is in the answer, whole or in part: it costs something.
    pub fn ties(&self, name: &str) -> Ties {
        let part = format!("{name}.");
        let is_wanted = if self.included.is_empty() {
            !self.excluded.iter().any(|excluded| excluded == name)
        } else {
            self.included.iter().any(|included| included == name || included.starts_with(&part))
        };
        if is_wanted { Ties::Listed } else { Ties::LeftOut }
    }

    pub fn apply(&self, mut resource: Map<String, Value>) -> Value {
        if self.included.is_empty() {
            self.exclude(&mut resource);
            return Value::Object(resource);
        }
        let mut kept = Map::new();
        for (name, value) in resource {
            let lower = name.to_ascii_lowercase();
            if ALWAYS.contains(&lower.as_str()) || self.included.contains(&lower) {
                kept.insert(name, value);
                continue;
            }
            let parts = self.parts(&self.included, &lower);
            let value = if parts.is_empty() { None } else { only(value, &|part| is_of(&parts, part)) };
            if let Some(value) = value {
                kept.insert(name, value);
            }
        }
        Value::Object(kept)
    }

    fn exclude(&self, resource: &mut Map<String, Value>) {
        resource.retain(|name, value| {
            let lower = name.to_ascii_lowercase();
            if ALWAYS.contains(&lower.as_str()) {
                return true;
            }
            let parts = self.parts(&self.excluded, &lower);
            if !parts.is_empty() {
                match only(value.take(), &|part| !is_of(&parts, part)) {
                    Some(left) => *value = left,
                    None => return false,
                }
            }
            !self.excluded.contains(&lower)
        });
    }

    /// The parts of this attribute, or the attributes of this extension, that are named.
    fn parts<'a>(&self, names: &'a [String], attribute: &str) -> Vec<&'a str> {
        let sign = if attribute.starts_with("urn:") { ':' } else { '.' };
        let parts = names.iter().filter_map(|name| name.strip_prefix(attribute)?.strip_prefix(sign));
        parts.map(|part| part.split('.').next().unwrap_or(part)).collect()
    }
}

fn is_of(parts: &[&str], name: &str) -> bool {
    parts.iter().any(|part| part.eq_ignore_ascii_case(name))
}

/// What is left of a value, or of each of a list, with only those parts.
fn only(value: Value, keeps: &dyn Fn(&str) -> bool) -> Option<Value> {
    match value {
        Value::Object(inner) => {
            let inner: Map<_, _> = inner.into_iter().filter(|(name, _)| keeps(name)).collect();
            (!inner.is_empty()).then_some(Value::Object(inner))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.into_iter().filter_map(|item| only(item, keeps)).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        other => Some(other),
    }
}
