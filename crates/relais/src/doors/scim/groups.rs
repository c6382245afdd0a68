//! Groups: those of the organisation, with accounts and groups in them (RFC 7643, section 4.2).

use super::ask::Ask;
use super::shape::Shape;
use super::{Denial, Reply, Visit};
use axum::http::StatusCode;
use relais_app::core::ids::GroupId;
use relais_app::core::scim::{GROUP, Resource};
use relais_app::version_of;
use serde_json::{Map, Value, json};

impl Visit {
    pub async fn create_group(&self, ask: &Ask) -> Result<Reply, Denial> {
        let document = ask.document(Resource::Group)?;
        let id = self.app.enrol_group(self.organisation, document, self.actor).await?;
        self.show_group(&id.to_string(), ask).await
    }

    pub async fn change_group(&self, id: &str, ask: &Ask) -> Result<Reply, Denial> {
        let group: GroupId = id.parse().map_err(|_| Denial::NotFound)?;
        let wish = ask.wish(Resource::Group)?;
        let expected = ask.expected.clone();
        self.app.change_enrolled_group(self.organisation, group, wish, expected, self.actor).await?;
        self.show_group(id, ask).await
    }

    pub async fn show_group(&self, id: &str, ask: &Ask) -> Result<Reply, Denial> {
        let id: GroupId = id.parse().map_err(|_| Denial::NotFound)?;
        let shape = Shape::of(Resource::Group, &ask.query);
        let found = self.groups(vec![id], &shape).await?.pop().ok_or(Denial::NotFound)?;
        let version = found["meta"]["version"].as_str().map(str::to_owned);
        let location = Some(self.location(Resource::Group, id));
        Ok(Reply { status: StatusCode::OK, location, version, body: Some(shape.apply(found)) })
    }

    /// Those that are there, in this order and whole, except for members that nobody wants.
    pub async fn groups(&self, ids: Vec<GroupId>, shape: &Shape) -> Result<Vec<Map<String, Value>>, Denial> {
        let with = shape.ties("members");
        let found = self.app.enrolled_groups(self.organisation, ids, with).await?;
        let groups = found.into_iter().map(|(team, accounts, inner)| {
            let group = &team.group;
            let member = |resource: Resource, id: String| {
                json!({ "value": id, "$ref": self.location(resource, &id), "type": resource.name() })
            };
            let members: Vec<Value> = accounts
                .iter()
                .map(|id| member(Resource::User, id.to_string()))
                .chain(inner.iter().map(|id| member(Resource::Group, id.to_string())))
                .collect();
            let mut shown = Map::from_iter([
                ("schemas".to_owned(), json!([GROUP])),
                ("id".to_owned(), json!(group.id)),
                ("displayName".to_owned(), json!(group.name)),
            ]);
            if let Some(external_id) = &team.external_id {
                shown.insert("externalId".to_owned(), json!(external_id));
            }
            if !members.is_empty() {
                shown.insert("members".to_owned(), Value::Array(members));
            }
            let meta = json!({
                "resourceType": Resource::Group.name(),
                "created": group.created_at,
                "lastModified": team.changed_at,
                "location": self.location(Resource::Group, group.id),
                "version": version_of(team.version, true),
            });
            shown.insert("meta".to_owned(), meta);
            shown
        });
        Ok(groups.collect())
    }
}
