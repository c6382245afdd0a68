//! Names of attributes, as requests write them: `userName`, `name.familyName`,
//! `urn:ietf:params:scim:schemas:core:2.0:User:emails.value` (RFC 7644, section 3.10).

use super::schema::{Attribute, Resource, Schema};
use crate::refusal::ScimFault;

/// An attribute or a sub-attribute that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    /// The extension that it is of, if it is not of the resource itself.
    pub extension: Option<&'static Schema>,
    pub attribute: &'static Attribute,
    pub part: Option<&'static Attribute>,
}

impl Path {
    /// # Errors
    /// [`ScimFault::Path`] when there is no such attribute.
    pub fn parse(resource: Resource, text: &str) -> Result<Self, ScimFault> {
        let unknown = || ScimFault::Path { path: text.to_owned() };
        let (schema, rest) = split_schema(resource, text).ok_or_else(unknown)?;
        let (name, part) = match rest.split_once('.') {
            Some((name, part)) => (name, Some(part)),
            None => (rest, None),
        };
        let extension = schema.filter(|schema| Some(*schema) == resource.extension());
        let attribute = match extension {
            Some(_) => resource.extended(name),
            None => resource.attribute(name),
        };
        let attribute = attribute.ok_or_else(unknown)?;
        let part = part.map(|part| attribute.part(part).ok_or_else(unknown)).transpose()?;
        Ok(Self { extension, attribute, part })
    }

    /// The attribute whose value is compared: of a list without further say, its `value` (RFC 7644, section 3.4.2.2).
    #[must_use]
    pub fn leaf(&self) -> &'static Attribute {
        self.part.or_else(|| self.attribute.part("value")).unwrap_or(self.attribute)
    }

    /// One name for each: `emails.value`, `enterprise:department`.
    #[must_use]
    pub fn key(&self) -> String {
        let lead = if self.extension.is_some() { "enterprise:" } else { "" };
        match self.part {
            Some(part) => format!("{lead}{}.{}", self.attribute.name, part.name),
            None => format!("{lead}{}", self.attribute.name),
        }
    }

    /// The same of what is compared.
    #[must_use]
    pub fn leaf_key(&self) -> String {
        let part = self.part.or_else(|| self.attribute.part("value"));
        Self { part, ..*self }.key()
    }
}

/// The schema that a name begins with, if it says one, and the rest. `None` for a schema that this resource has not.
pub(super) fn split_schema(resource: Resource, text: &str) -> Option<(Option<&'static Schema>, &str)> {
    if !text.get(..4).is_some_and(|lead| lead.eq_ignore_ascii_case("urn:")) {
        return Some((None, text));
    }
    [Some(resource.schema()), resource.extension()].into_iter().flatten().find_map(|schema| {
        let lead = text.get(..schema.id.len())?;
        let rest = text.get(schema.id.len()..)?;
        let rest = if rest.is_empty() { rest } else { rest.strip_prefix(':')? };
        lead.eq_ignore_ascii_case(schema.id).then_some((Some(schema), rest))
    })
}

/// Names of `attributes` or `excludedAttributes`: lower case, without the schema of the resource itself. What there is
/// not names nothing.
#[must_use]
pub fn parse_shape(resource: Resource, names: &[String]) -> Vec<String> {
    let known = names.iter().filter_map(|name| {
        let (schema, rest) = split_schema(resource, name.trim())?;
        match schema.filter(|schema| Some(*schema) == resource.extension()) {
            Some(extension) if rest.is_empty() => Some(extension.id.to_ascii_lowercase()),
            Some(extension) => Some(format!("{}:{rest}", extension.id).to_ascii_lowercase()),
            None => Some(rest.to_ascii_lowercase()),
        }
    });
    known.filter(|name| !name.is_empty()).collect()
}
