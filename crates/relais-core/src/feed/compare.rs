//! What has to be done so that an application has what it is to have.

use super::ActKind;
use super::wanted::{Wanted, WantedGroup};
use crate::scim::{Change, Document, ENTERPRISE, Operation, Resource, canonical};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is to be done there.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    Nothing,
    Create(Document),
    /// `active: false` and nothing besides: what is refused of the rest may not keep anybody open.
    Close,
    Change(Vec<Operation>),
    Remove,
}

impl Act {
    #[must_use]
    pub fn kind(&self) -> Option<ActKind> {
        match self {
            Self::Nothing => None,
            Self::Create(_) => Some(ActKind::Create),
            Self::Close => Some(ActKind::Close),
            Self::Change(_) => Some(ActKind::Change),
            Self::Remove => Some(ActKind::Remove),
        }
    }

    /// The operations that make it so, of what is there.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        match self {
            Self::Close => vec![replace("active", &json!(false))],
            Self::Change(operations) => operations.clone(),
            Self::Nothing | Self::Create(_) | Self::Remove => vec![],
        }
    }

    /// The attributes that it changes.
    #[must_use]
    pub fn attributes(&self) -> Vec<String> {
        let operations = self.operations();
        let paths = operations.iter().filter_map(|one| one.path.as_deref());
        let plain = |path: &str| {
            let short = path.strip_prefix(ENTERPRISE).map_or(path, |rest| rest.trim_start_matches(':'));
            short.split('[').next().unwrap_or_default().to_owned()
        };
        paths.map(plain).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn replace(path: &str, value: &Value) -> Operation {
    Operation { change: Change::Replace, path: Some(path.to_owned()), value: Some(value.clone()) }
}

fn remove(path: &str) -> Operation {
    Operation { change: Change::Remove, path: Some(path.to_owned()), value: None }
}

/// What is to be done about somebody whom the application has as `actual`.
#[must_use]
pub fn compare(wanted: &Wanted, actual: Option<&Document>) -> Act {
    let is_closed = |actual: &Document| tidied(Resource::User, actual).get("active") == Some(&json!(false));
    match (wanted, actual) {
        (Wanted::Open(document), None) => Act::Create(without_nothing(document)),
        (Wanted::Closed | Wanted::Absent, None) => Act::Nothing,
        (Wanted::Closed, Some(actual)) if is_closed(actual) => Act::Nothing,
        (Wanted::Closed, Some(_)) => Act::Close,
        (Wanted::Absent, Some(_)) => Act::Remove,
        (Wanted::Open(document), Some(actual)) => {
            let actual = tidied(Resource::User, actual);
            let mut operations = Vec::new();
            // Servers that leave `active` out mean that it is so.
            let differing = document.iter().filter(|(name, _)| *name != "active" || is_closed(&actual));
            for (name, value) in differing {
                differ(&mut operations, name, value, actual.get(name));
            }
            if operations.is_empty() { Act::Nothing } else { Act::Change(operations) }
        }
    }
}

/// What is to be done about a group that the application has as `actual`. Of its members only those go that are `ours`:
/// whoever was put in there by hand stays.
#[must_use]
pub fn compare_group(
    wanted: Option<&WantedGroup>,
    actual: Option<&Document>,
    ours: &BTreeSet<String>,
) -> Act {
    let Some(wanted) = wanted else { return actual.map_or(Act::Nothing, |_| Act::Remove) };
    let listed =
        |ids: &mut dyn Iterator<Item = &String>| -> Value { ids.map(|id| json!({ "value": id })).collect() };
    let Some(actual) = actual else {
        let mut document = wanted.document.clone();
        if !wanted.members.is_empty() {
            document.insert("members".to_owned(), listed(&mut wanted.members.iter()));
        }
        return Act::Create(document);
    };
    let actual = tidied(Resource::Group, actual);
    let mut operations = Vec::new();
    for (name, value) in &wanted.document {
        differ(&mut operations, name, value, actual.get(name));
    }
    let present = members_of(&actual);
    let mut missing = wanted.members.difference(&present).peekable();
    if missing.peek().is_some() {
        let value = Some(listed(&mut missing));
        operations.push(Operation { change: Change::Add, path: Some("members".to_owned()), value });
    }
    let gone = present.difference(&wanted.members).filter(|id| ours.contains(*id));
    operations.extend(gone.map(|id| remove(&format!("members[value eq {}]", json!(id)))));
    if operations.is_empty() { Act::Nothing } else { Act::Change(operations) }
}

/// The application's ids of those whom it has in a group.
#[must_use]
pub fn members_of(group: &Document) -> BTreeSet<String> {
    let members = group.get("members").and_then(Value::as_array).into_iter().flatten();
    members.filter_map(|member| member.get("value")?.as_str().map(str::to_owned)).collect()
}

/// Whether an entry there is called `name`, in any case (RFC 7643, section 4.1.1).
#[must_use]
pub fn is_called(entry: &Document, attribute: &str, name: &str) -> bool {
    entry.get(attribute).and_then(Value::as_str).is_some_and(|found| same_text(found, name))
}

fn same_text(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// In the form in which our own door keeps what it is told: names as the schema has them, truths as truths.
fn tidied(resource: Resource, document: &Document) -> Document {
    canonical(resource, document).unwrap_or_else(|_| document.clone())
}

/// Without what is known to be empty: as it is created.
#[must_use]
pub fn without_nothing(document: &Document) -> Document {
    let mut kept = Document::new();
    for (name, value) in document {
        match value {
            Value::Null => {}
            Value::Object(inner) => {
                let inner = without_nothing(inner);
                if !inner.is_empty() {
                    kept.insert(name.clone(), Value::Object(inner));
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                kept.insert(name.clone(), value.clone());
            }
        }
    }
    kept
}

/// Adds what makes `actual` say `wanted`: of what has parts, part by part.
fn differ(operations: &mut Vec<Operation>, path: &str, wanted: &Value, actual: Option<&Value>) {
    match (wanted, actual) {
        (Value::Null, None) => {}
        (Value::Null, Some(_)) => operations.push(remove(path)),
        (Value::Object(parts), actual) => {
            let between = if path == ENTERPRISE { ':' } else { '.' };
            for (part, value) in parts {
                let found = actual.and_then(|actual| actual.get(part));
                differ(operations, &format!("{path}{between}{part}"), value, found);
            }
        }
        (wanted, Some(actual)) if says(path, actual, wanted) => {}
        (wanted, _) => operations.push(replace(path, wanted)),
    }
}

/// Whether `actual` says all that `wanted` says. What a server adds of its own is no difference.
fn says(path: &str, actual: &Value, wanted: &Value) -> bool {
    match (actual, wanted) {
        // Some servers keep them in lower case.
        (Value::String(actual), Value::String(wanted)) if matches!(path, "userName" | "emails.value") => {
            same_text(actual, wanted)
        }
        (Value::Object(actual), Value::Object(wanted)) => wanted.iter().all(|(part, value)| {
            let found = actual.get(part);
            found.is_some_and(|found| says(&format!("{path}.{part}"), found, value))
        }),
        (Value::Array(actual), Value::Array(wanted)) => {
            actual.len() == wanted.len()
                && wanted.iter().all(|one| actual.iter().any(|found| says(path, found, one)))
        }
        (actual, wanted) => actual == wanted,
    }
}
