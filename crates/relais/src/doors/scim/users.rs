//! Users: the accounts of the organisation, as far as providers see them (RFC 7643, section 4.1).

use super::ask::Ask;
use super::shape::Shape;
use super::{Denial, Reply, Visit};
use axum::http::StatusCode;
use relais_app::core::authority::Actor;
use relais_app::core::ids::AccountId;
use relais_app::core::scim::{ENTERPRISE, Resource, USER};
use relais_app::{Enrolled, is_active, said_of, version_of};
use serde_json::{Map, Value, json};

impl Visit {
    pub async fn create_user(&self, ask: &Ask) -> Result<Reply, Denial> {
        let document = ask.document(Resource::User)?;
        let made = self.app.enrol(self.organisation, document, self.actor).await?;
        Ok(self.user_reply(&made, &Shape::of(Resource::User, &ask.query)))
    }

    pub async fn change_user(&self, id: &str, ask: &Ask) -> Result<Reply, Denial> {
        let id: AccountId = id.parse().map_err(|_| Denial::NotFound)?;
        let (wish, expected) = (ask.wish(Resource::User)?, ask.expected.clone());
        let changed = self.app.change_enrolled(self.organisation, id, wish, expected, self.actor).await?;
        Ok(self.user_reply(&changed, &Shape::of(Resource::User, &ask.query)))
    }

    pub async fn show_user(&self, id: &str, ask: &Ask) -> Result<Reply, Denial> {
        let id: AccountId = id.parse().map_err(|_| Denial::NotFound)?;
        let shape = Shape::of(Resource::User, &ask.query);
        let found = self.app.enrolled(self.organisation, id, shape.ties("groups")).await?;
        Ok(self.user_reply(&found.ok_or(Denial::NotFound)?, &shape))
    }

    /// Whoever is signed in (RFC 7644, section 3.11).
    pub async fn me(&self, ask: &Ask) -> Result<Reply, Denial> {
        match self.actor {
            Actor::Account { id, .. } => self.show_user(&id.to_string(), ask).await,
            _ => Err(Denial::Nobody),
        }
    }

    fn user_reply(&self, enrolled: &Enrolled, shape: &Shape) -> Reply {
        let user = self.user(enrolled);
        let version = user["meta"]["version"].as_str().map(str::to_owned);
        let location = Some(self.location(Resource::User, enrolled.person.account.id));
        Reply { status: StatusCode::OK, location, version, body: Some(shape.apply(user)) }
    }

    /// All that is known of it.
    pub fn user(&self, enrolled: &Enrolled) -> Map<String, Value> {
        let (person, now) = (&enrolled.person, self.app.now());
        let account = &person.account;
        let mut user = said_of(person, now);
        let schemas: Vec<&str> =
            [Some(USER), user.contains_key(ENTERPRISE).then_some(ENTERPRISE)].into_iter().flatten().collect();
        user.insert("schemas".to_owned(), json!(schemas));
        user.insert("id".to_owned(), json!(account.id));
        user.insert(
            "meta".to_owned(),
            json!({
                "resourceType": Resource::User.name(),
                "created": account.created_at,
                "lastModified": person.changed_at,
                "location": self.location(Resource::User, account.id),
                "version": version_of(person.version, is_active(person, now)),
            }),
        );
        if !enrolled.groups.is_empty() {
            let listed = enrolled.groups.iter().map(|group| {
                json!({
                    "value": group.id, "$ref": self.location(Resource::Group, group.id),
                    "display": group.name, "type": "direct",
                })
            });
            user.insert("groups".to_owned(), listed.collect());
        }
        user
    }
}
