//! What a provider says of a resource, in the one form in which it is kept: attributes by their own names, lists as
//! lists, truths as truths, and nothing that is not the provider's to say.

use super::schema::{Attribute, Kind, Mutability, Resource};
use crate::refusal::ScimFault;
use serde_json::{Map, Value};

/// Attributes by name; those of an extension under its URN.
pub type Document = Map<String, Value>;

/// Longer texts than this are no names, numbers or addresses.
const TEXT_CHARS_MAX: usize = 1_000;
/// Certificates.
const BINARY_CHARS_MAX: usize = 16_000;

/// A body as it is kept. What no schema knows, and what only the server says, is left out (RFC 7644, section 3.3).
///
/// # Errors
/// [`ScimFault::Value`] with the attribute whose value is of another type.
pub fn canonical(resource: Resource, body: &Document) -> Result<Document, ScimFault> {
    let mut kept = Document::new();
    for (name, value) in body {
        if let Some(extension) = resource.extension().filter(|found| found.id.eq_ignore_ascii_case(name)) {
            let Value::Object(said) = value else { continue };
            let mut inner = Document::new();
            for (name, value) in said {
                put(&mut inner, resource.extended(name), value)?;
            }
            if !inner.is_empty() {
                kept.insert(extension.id.to_owned(), Value::Object(inner));
            }
        } else {
            put(&mut kept, resource.attribute(name), value)?;
        }
    }
    Ok(kept)
}

fn put(kept: &mut Document, attribute: Option<&'static Attribute>, value: &Value) -> Result<(), ScimFault> {
    let Some(attribute) = attribute.filter(|found| found.mutability != Mutability::ReadOnly) else {
        return Ok(());
    };
    if let Some(value) = tidied(attribute, value)? {
        kept.insert(attribute.name.to_owned(), value);
    }
    Ok(())
}

/// A value as this attribute keeps it; `None` of nothing.
pub(super) fn tidied(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>, ScimFault> {
    if !attribute.is_multiple {
        // Some send a list of one.
        let only = value.as_array().filter(|items| items.len() == 1).map(|items| &items[0]);
        return single(attribute, only.unwrap_or(value));
    }
    let items = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => vec![],
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value],
    };
    let mut kept = Vec::new();
    for item in items {
        if let Some(item) = single(attribute, item)? {
            kept.push(item);
        }
    }
    check_primary(attribute, &kept)?;
    Ok((!kept.is_empty()).then_some(Value::Array(kept)))
}

/// RFC 7643, section 2.4.
pub(super) fn check_primary(attribute: &Attribute, items: &[Value]) -> Result<(), ScimFault> {
    let primary = items.iter().filter(|item| item.get("primary") == Some(&Value::Bool(true)));
    if primary.count() > 1 { Err(fault(attribute)) } else { Ok(()) }
}

fn fault(attribute: &Attribute) -> ScimFault {
    ScimFault::Value { attribute: attribute.name.to_owned() }
}

/// One value, or one item of a list.
pub(super) fn single(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>, ScimFault> {
    let text_within = |text: &str, max: usize| {
        let fits = text.chars().count() <= max && !text.contains('\0');
        if fits { Ok(()) } else { Err(fault(attribute)) }
    };
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Complex(parts), Value::Object(said)) => {
            let mut kept = Document::new();
            for (name, value) in said {
                let part = parts.iter().find(|part| part.name.eq_ignore_ascii_case(name));
                put(&mut kept, part, value)?;
            }
            Ok((!kept.is_empty()).then_some(Value::Object(kept)))
        }
        // Entra names a manager by the id alone, and others an address.
        (Kind::Complex(parts), Value::String(text)) => {
            let part = parts.iter().find(|part| part.name == "value").ok_or_else(|| fault(attribute))?;
            let mut kept = Document::new();
            put(&mut kept, Some(part), &Value::String(text.clone()))?;
            Ok((!kept.is_empty()).then_some(Value::Object(kept)))
        }
        (Kind::Boolean, Value::Bool(truth)) => Ok(Some(Value::Bool(*truth))),
        // Entra writes truths as texts.
        (Kind::Boolean, Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Some(Value::Bool(true))),
            "false" => Ok(Some(Value::Bool(false))),
            _ => Err(fault(attribute)),
        },
        (Kind::Text, Value::Number(number)) => Ok(Some(Value::String(number.to_string()))),
        (Kind::Text | Kind::Time | Kind::Reference(_), Value::String(text)) => {
            text_within(text, TEXT_CHARS_MAX)?;
            Ok((!text.is_empty()).then(|| Value::String(text.clone())))
        }
        (Kind::Binary, Value::String(text)) => {
            text_within(text, BINARY_CHARS_MAX)?;
            Ok((!text.is_empty()).then(|| Value::String(text.clone())))
        }
        (_, _) => Err(fault(attribute)),
    }
}
