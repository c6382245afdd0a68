//! Changes of a resource (RFC 7644, section 3.5.2), with what Entra ID and Okta write besides: operations in any case,
//! truths as texts, `replace` without a path whose keys are paths, items removed by their values.

use super::document::{Document, check_primary, single, tidied};
use super::filter::{Filter, Literal};
use super::path::{Path, split_schema};
use super::schema::{Attribute, Mutability, Resource, Schema};
use crate::refusal::ScimFault;
use serde_json::{Map, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Add,
    Remove,
    Replace,
}

/// One operation as a request has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub change: Change,
    pub path: Option<String>,
    pub value: Option<Value>,
}

/// Reads the operations of a request.
///
/// # Errors
/// [`ScimFault::Syntax`] when it is none.
pub fn operations(body: &Value) -> Result<Vec<Operation>, ScimFault> {
    let field = |of: &Value, name: &str| {
        let found = of.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    };
    let Some(Value::Array(listed)) = field(body, "Operations") else { return Err(ScimFault::Syntax) };
    let read = |one: &Value| {
        let Some(Value::String(word)) = field(one, "op") else { return Err(ScimFault::Syntax) };
        let change = match word.to_ascii_lowercase().as_str() {
            "add" => Change::Add,
            "remove" => Change::Remove,
            "replace" => Change::Replace,
            _ => return Err(ScimFault::Syntax),
        };
        let path = match field(one, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(path)) => Some(path).filter(|path| !path.is_empty()),
            Some(_) => return Err(ScimFault::Syntax),
        };
        Ok(Operation { change, path, value: field(one, "value") })
    };
    listed.iter().map(read).collect()
}

/// What an operation is about.
enum Place {
    Whole(&'static Schema),
    Attribute { path: Path, filter: Option<Filter> },
}

impl Place {
    fn parse(resource: Resource, text: &str) -> Result<Self, ScimFault> {
        let fault = || ScimFault::Path { path: text.to_owned() };
        if let Some((Some(schema), "")) = split_schema(resource, text) {
            return Ok(Self::Whole(schema));
        }
        let Some(open) = text.find('[') else {
            return Ok(Self::Attribute { path: Path::parse(resource, text)?, filter: None });
        };
        let close = text.rfind(']').filter(|close| *close > open).ok_or_else(fault)?;
        let list = Path::parse(resource, &text[..open])?;
        if list.part.is_some() || !list.attribute.is_multiple {
            return Err(fault());
        }
        let filter = Filter::parse_within(list, &text[open + 1..close])?;
        let part = match &text[close + 1..] {
            "" => None,
            rest => {
                let name = rest.strip_prefix('.').ok_or_else(fault)?;
                Some(list.attribute.part(name).ok_or_else(fault)?)
            }
        };
        Ok(Self::Attribute { path: Path { part, ..list }, filter: Some(filter) })
    }
}

/// Applies the operations in their order; if one cannot be, none was.
///
/// # Errors
/// The fault of the first that cannot be applied.
pub fn apply(resource: Resource, document: &mut Document, operations: &[Operation]) -> Result<(), ScimFault> {
    let mut changed = document.clone();
    for Operation { change, path, value } in operations {
        match path {
            Some(path) => at_path(resource, &mut changed, *change, path, value.as_ref())?,
            None => without_path(resource, &mut changed, *change, value.as_ref())?,
        }
    }
    *document = changed;
    Ok(())
}

fn at_path(
    resource: Resource,
    document: &mut Document,
    change: Change,
    text: &str,
    value: Option<&Value>,
) -> Result<(), ScimFault> {
    match Place::parse(resource, text)? {
        Place::Whole(schema) if Some(schema) == resource.extension() => {
            whole_extension(resource, document, change, schema, value)
        }
        Place::Whole(_) => without_path(resource, document, change, value),
        Place::Attribute { path, filter } => {
            if path.attribute.mutability == Mutability::ReadOnly
                || path.part.is_some_and(|part| part.mutability == Mutability::ReadOnly)
            {
                return Err(ScimFault::ReadOnly { attribute: path.key() });
            }
            let Some(extension) = path.extension else {
                return at_attribute(document, change, text, path, filter.as_ref(), value);
            };
            let mut inner = match document.remove(extension.id) {
                Some(Value::Object(inner)) => inner,
                _ => Map::new(),
            };
            at_attribute(&mut inner, change, text, path, filter.as_ref(), value)?;
            if !inner.is_empty() {
                document.insert(extension.id.to_owned(), Value::Object(inner));
            }
            Ok(())
        }
    }
}

/// The keys are attributes, paths (Entra), or the URN of an extension. What no schema knows is left out, as in a body.
fn without_path(
    resource: Resource,
    document: &mut Document,
    change: Change,
    value: Option<&Value>,
) -> Result<(), ScimFault> {
    let Some(Value::Object(said)) = value else {
        return Err(match change {
            Change::Remove => ScimFault::NoTarget { path: String::new() },
            Change::Add | Change::Replace => ScimFault::Syntax,
        });
    };
    if change == Change::Remove {
        return Err(ScimFault::NoTarget { path: String::new() });
    }
    for (name, value) in said {
        match at_path(resource, document, change, name, Some(value)) {
            // A body may bring along what is the server's to say: id, meta, schemas, groups.
            Ok(()) | Err(ScimFault::Path { .. } | ScimFault::ReadOnly { .. }) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

fn whole_extension(
    resource: Resource,
    document: &mut Document,
    change: Change,
    schema: &'static Schema,
    value: Option<&Value>,
) -> Result<(), ScimFault> {
    if change != Change::Add {
        document.remove(schema.id);
    }
    if change == Change::Remove {
        return Ok(());
    }
    let Some(Value::Object(said)) = value else {
        return Err(ScimFault::Value { attribute: schema.id.to_owned() });
    };
    for (name, value) in said {
        let path = format!("{}:{name}", schema.id);
        match at_path(resource, document, change, &path, Some(value)) {
            Ok(()) | Err(ScimFault::Path { .. } | ScimFault::ReadOnly { .. }) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

fn at_attribute(
    document: &mut Document,
    change: Change,
    text: &str,
    path: Path,
    filter: Option<&Filter>,
    value: Option<&Value>,
) -> Result<(), ScimFault> {
    let attribute = path.attribute;
    if change != Change::Remove && value.is_none() {
        return Err(ScimFault::Value { attribute: path.key() });
    }
    let value = value.unwrap_or(&Value::Null);
    match (attribute.is_multiple, path.part) {
        (true, part) => {
            let mut items = match document.remove(attribute.name) {
                Some(Value::Array(items)) => items,
                _ => vec![],
            };
            match (filter, part) {
                (None, None) => whole_list(attribute, &mut items, change, value)?,
                // `emails.value` names that part of each item.
                (filter, part) => some_items(attribute, &mut items, change, text, filter, part, value)?,
            }
            check_primary(attribute, &items)?;
            if !items.is_empty() {
                document.insert(attribute.name.to_owned(), Value::Array(items));
            }
        }
        (false, Some(part)) => {
            let mut inner = match document.remove(attribute.name) {
                Some(Value::Object(inner)) => inner,
                _ => Map::new(),
            };
            set_part(&mut inner, part, change, value)?;
            if !inner.is_empty() {
                document.insert(attribute.name.to_owned(), Value::Object(inner));
            }
        }
        (false, None) => {
            if change == Change::Remove && (attribute.is_required || attribute.name == "active") {
                return Err(ScimFault::ReadOnly { attribute: attribute.name.to_owned() });
            }
            let wanted = if change == Change::Remove { None } else { tidied(attribute, value)? };
            match (document.remove(attribute.name), wanted) {
                // Of a complex attribute only what is said changes (RFC 7644, sections 3.5.2.1 and 3.5.2.3).
                (Some(Value::Object(mut before)), Some(Value::Object(said))) => {
                    before.extend(said);
                    document.insert(attribute.name.to_owned(), Value::Object(before));
                }
                (_, Some(wanted)) => {
                    document.insert(attribute.name.to_owned(), wanted);
                }
                (_, None) => {}
            }
        }
    }
    Ok(())
}

fn set_part(
    inner: &mut Map<String, Value>,
    part: &'static Attribute,
    change: Change,
    value: &Value,
) -> Result<(), ScimFault> {
    let wanted = if change == Change::Remove { None } else { single(part, value)? };
    match wanted {
        Some(wanted) => inner.insert(part.name.to_owned(), wanted),
        None => inner.remove(part.name),
    };
    Ok(())
}

fn whole_list(
    attribute: &'static Attribute,
    items: &mut Vec<Value>,
    change: Change,
    value: &Value,
) -> Result<(), ScimFault> {
    let said = match tidied(attribute, value)? {
        Some(Value::Array(said)) => said,
        _ => vec![],
    };
    match change {
        Change::Replace => *items = said,
        // Without a value all of them.
        Change::Remove if said.is_empty() => items.clear(),
        Change::Remove => items.retain(|item| !said.iter().any(|gone| is_same(item, gone))),
        Change::Add => {
            for new in said {
                if items.contains(&new) {
                    continue;
                }
                if new.get("primary") == Some(&Value::Bool(true)) {
                    lower_primary(items);
                }
                items.push(new);
            }
        }
    }
    Ok(())
}

/// Whether an item that is to go is this one: the same value, or the same in all that is said.
fn is_same(item: &Value, gone: &Value) -> bool {
    match (item.get("value"), gone.get("value")) {
        (Some(own), Some(gone)) => own == gone,
        (_, _) => item == gone,
    }
}

/// There is a new preferred one (RFC 7644, section 3.5.2).
fn lower_primary(items: &mut [Value]) {
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        if item.get("primary") == Some(&Value::Bool(true)) {
            item.insert("primary".to_owned(), Value::Bool(false));
        }
    }
}

fn some_items(
    attribute: &'static Attribute,
    items: &mut Vec<Value>,
    change: Change,
    text: &str,
    filter: Option<&Filter>,
    part: Option<&'static Attribute>,
    value: &Value,
) -> Result<(), ScimFault> {
    let selected = |item: &Value| filter.is_none_or(|filter| filter.selects(item));
    if !items.iter().any(selected) {
        let no_target = || ScimFault::NoTarget { path: text.to_owned() };
        if change != Change::Add {
            return Err(no_target());
        }
        // Entra adds the first address of a kind so.
        let mut new = Map::new();
        for (name, value) in filter.map_or(Some(vec![]), Filter::implied).ok_or_else(no_target)? {
            let value = match value {
                Literal::Text(text) => Value::String(text),
                Literal::Truth(truth) => Value::Bool(truth),
            };
            new.insert(name.to_owned(), value);
        }
        items.push(Value::Object(new));
    }
    if change == Change::Remove && part.is_none() {
        items.retain(|item| !selected(item));
        return Ok(());
    }
    let makes_primary = match part {
        Some(part) => part.name == "primary" && single(part, value)? == Some(Value::Bool(true)),
        None => value.get("primary") == Some(&Value::Bool(true)),
    };
    let chosen: Vec<bool> = items.iter().map(selected).collect();
    if makes_primary {
        lower_primary(items);
    }
    for (item, chosen) in items.iter_mut().zip(chosen) {
        let Some(inner) = item.as_object_mut().filter(|_| chosen) else { continue };
        match part {
            Some(part) => set_part(inner, part, change, value)?,
            None => {
                let said = match single(attribute, value)? {
                    Some(Value::Object(said)) => said,
                    _ => return Err(ScimFault::Value { attribute: attribute.name.to_owned() }),
                };
                inner.extend(said);
            }
        }
    }
    items.retain(|item| item.as_object().is_none_or(|inner| !inner.is_empty()));
    Ok(())
}

/// One change of who is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub change: Change,
    /// The ids of those whom it is about; without any said, all who are there.
    pub named: Option<Vec<String>>,
}

/// What operations on a group do to its members, without reading who is in it: steps, in their order. What is about the
/// rest of the group is left in the list of operations that comes with them.
///
/// # Errors
/// The fault of the first that cannot be read.
pub fn members_changed(operations: &[Operation]) -> Result<(Vec<Step>, Vec<Operation>), ScimFault> {
    let mut steps = Vec::new();
    let mut rest = Vec::new();
    for operation in operations {
        let (change, value) = (operation.change, operation.value.as_ref());
        match &operation.path {
            Some(path) => match Place::parse(Resource::Group, path)? {
                Place::Attribute { path: at, filter } if at.attribute.name == "members" => {
                    let named = match filter {
                        None => ids(at.attribute, value)?,
                        Some(filter) => Some(
                            named_by(&filter).ok_or_else(|| ScimFault::NoTarget { path: path.clone() })?,
                        ),
                    };
                    if at.part.is_some() || (change != Change::Remove && named.is_none()) {
                        return Err(ScimFault::Path { path: path.clone() });
                    }
                    steps.push(Step { change, named });
                }
                Place::Attribute { .. } | Place::Whole(_) => rest.push(operation.clone()),
            },
            None => {
                let mut left = operation.clone();
                if let Some(said) = left.value.as_mut().and_then(Value::as_object_mut) {
                    let key = said.keys().find(|key| key.eq_ignore_ascii_case("members")).cloned();
                    if let Some(members) = key.and_then(|key| said.remove(&key)) {
                        let attribute = Resource::Group.attribute("members").expect("groups have members");
                        let named = Some(ids(attribute, Some(&members))?.unwrap_or_default());
                        steps.push(Step { change, named });
                    }
                }
                rest.push(left);
            }
        }
    }
    Ok((steps, rest))
}

/// The ids of members that a value names; `None` when there is no value.
fn ids(attribute: &'static Attribute, value: Option<&Value>) -> Result<Option<Vec<String>>, ScimFault> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let Some(Value::Array(items)) = tidied(attribute, value)? else { return Ok(Some(vec![])) };
    let id = |item: &Value| item.get("value").and_then(Value::as_str).map(str::to_owned);
    let fault = || ScimFault::Value { attribute: attribute.name.to_owned() };
    items.iter().map(|item| id(item).ok_or_else(fault)).collect::<Result<_, _>>().map(Some)
}

/// `value eq "…"`, one or several of them.
fn named_by(filter: &Filter) -> Option<Vec<String>> {
    match filter {
        Filter::Either(one, other) => {
            let mut all = named_by(one)?;
            all.extend(named_by(other)?);
            Some(all)
        }
        Filter::Both(..) | Filter::Compare { .. } => {
            let implied = filter.implied()?;
            implied.into_iter().find_map(|(name, value)| match value {
                Literal::Text(id) if name == "value" => Some(vec![id]),
                Literal::Text(_) | Literal::Truth(_) => None,
            })
        }
        Filter::Not(_) | Filter::Present { .. } | Filter::Within { .. } => None,
    }
}
