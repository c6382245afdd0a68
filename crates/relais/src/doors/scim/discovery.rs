//! What the service can do (RFC 7644, section 4): its configuration, its types of resources, their schemas. Only read.

use super::ask::{Ask, BODY_BYTES_MAX};
use super::bulk::OPERATIONS_MAX;
use super::list::{COUNT, COUNT_MAX};
use super::{Denial, PREFIX, Reply, Visit};
use relais_app::core::scim::{Attribute, Kind, Mutability, Resource, Returned, SCHEMAS, Schema, Uniqueness};
use serde_json::{Value, json};

const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

impl Visit {
    pub fn discover(&self, ask: &Ask) -> Result<Reply, Denial> {
        if ask.query.contains_key("filter") {
            return Err(Denial::FilterHere);
        }
        let one = |found: Option<Value>| found.map(Reply::ok).ok_or(Denial::NotFound);
        match ask.named()[..] {
            ["ServiceProviderConfig"] => Ok(Reply::ok(self.configuration())),
            ["Schemas"] => Ok(all(SCHEMAS.iter().map(|schema| self.schema(schema)).collect())),
            ["Schemas", id] => {
                let found = SCHEMAS.iter().find(|schema| schema.id.eq_ignore_ascii_case(id));
                one(found.map(|schema| self.schema(schema)))
            }
            ["ResourceTypes"] => Ok(all(Resource::ALL.map(|resource| self.resource_type(resource)).to_vec())),
            ["ResourceTypes", name] => {
                let found = Resource::ALL.into_iter().find(|resource| resource.name() == name);
                one(found.map(|resource| self.resource_type(resource)))
            }
            _ => Err(Denial::NotFound),
        }
    }

    fn at(&self, place: &str) -> String {
        format!("{}{PREFIX}/{place}", self.app.public_url())
    }

    fn configuration(&self) -> Value {
        json!({
            "schemas": [CONFIG],
            "patch": { "supported": true },
            "bulk": { "supported": true, "maxOperations": OPERATIONS_MAX, "maxPayloadSize": BODY_BYTES_MAX },
            "filter": { "supported": true, "maxResults": COUNT_MAX },
            "changePassword": { "supported": true },
            "sort": { "supported": true },
            "etag": { "supported": true },
            "pagination": {
                "cursor": true, "index": true, "defaultPaginationMethod": "index",
                "defaultPageSize": COUNT, "maxPageSize": COUNT_MAX,
            },
            "authenticationSchemes": [{
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A SCIM token of the organisation, made with relais scim token create.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": true,
            }],
            "meta": {
                "resourceType": "ServiceProviderConfig",
                "location": self.at("ServiceProviderConfig"),
            },
        })
    }

    fn resource_type(&self, resource: Resource) -> Value {
        let extensions: Vec<Value> = resource
            .extension()
            .iter()
            .map(|extension| json!({ "schema": extension.id, "required": false }))
            .collect();
        json!({
            "schemas": [RESOURCE_TYPE],
            "id": resource.name(),
            "name": resource.name(),
            "endpoint": format!("/{}", resource.endpoint()),
            "description": resource.schema().description,
            "schema": resource.schema().id,
            "schemaExtensions": extensions,
            "meta": {
                "resourceType": "ResourceType",
                "location": self.at(&format!("ResourceTypes/{}", resource.name())),
            },
        })
    }

    fn schema(&self, schema: &Schema) -> Value {
        let attributes: Vec<Value> = schema.attributes.iter().map(attribute).collect();
        json!({
            "schemas": [SCHEMA],
            "id": schema.id,
            "name": schema.name,
            "description": schema.description,
            "attributes": attributes,
            "meta": { "resourceType": "Schema", "location": self.at(&format!("Schemas/{}", schema.id)) },
        })
    }
}

/// There is one page, whatever is asked.
fn all(resources: Vec<Value>) -> Reply {
    Reply::ok(json!({
        "schemas": [LIST], "totalResults": resources.len(), "startIndex": 1,
        "itemsPerPage": resources.len(), "Resources": resources,
    }))
}

/// RFC 7643, section 7.
fn attribute(of: &Attribute) -> Value {
    let mut shown = json!({
        "name": of.name,
        "type": match of.kind {
            Kind::Text => "string",
            Kind::Boolean => "boolean",
            Kind::Binary => "binary",
            Kind::Time => "dateTime",
            Kind::Reference(_) => "reference",
            Kind::Complex(_) => "complex",
        },
        "multiValued": of.is_multiple,
        "description": of.description,
        "required": of.is_required,
        "mutability": match of.mutability {
            Mutability::ReadWrite => "readWrite",
            Mutability::ReadOnly => "readOnly",
            Mutability::Immutable => "immutable",
            Mutability::WriteOnly => "writeOnly",
        },
        "returned": match of.returned {
            Returned::Always => "always",
            Returned::Default => "default",
            Returned::Never => "never",
        },
    });
    let is_text = matches!(of.kind, Kind::Text | Kind::Binary | Kind::Reference(_));
    if is_text {
        shown["caseExact"] = json!(of.is_case_exact);
        shown["uniqueness"] = json!(match of.uniqueness {
            Uniqueness::None => "none",
            Uniqueness::Server => "server",
        });
    }
    if !of.canonical.is_empty() {
        shown["canonicalValues"] = json!(of.canonical);
    }
    match of.kind {
        Kind::Reference(types) => shown["referenceTypes"] = json!(types),
        Kind::Complex(parts) => shown["subAttributes"] = parts.iter().map(attribute).collect(),
        Kind::Text | Kind::Boolean | Kind::Binary | Kind::Time => {}
    }
    shown
}
