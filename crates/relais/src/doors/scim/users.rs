//! Users: the accounts of the organisation, as far as providers see them (RFC 7643, section 4.1).

use super::ask::Ask;
use super::shape::Shape;
use super::{Denial, Reply, Visit};
use axum::http::StatusCode;
use relais_app::core::authority::Actor;
use relais_app::core::ids::AccountId;
use relais_app::core::scim::{ENTERPRISE, Resource, USER};
use relais_app::read::scim::Person;
use relais_app::read::{Tx, groups};
use relais_app::{is_active, said_of, version_of};
use serde_json::{Map, Value, json};

impl Visit {
    pub async fn create_user(&self, ask: &Ask) -> Result<Reply, Denial> {
        let document = ask.document(Resource::User)?;
        let id = self.app.enrol(self.organisation, document, self.actor).await?;
        self.show_user(&id.to_string(), ask).await
    }

    pub async fn change_user(&self, id: &str, ask: &Ask) -> Result<Reply, Denial> {
        let account: AccountId = id.parse().map_err(|_| Denial::NotFound)?;
        let wish = ask.wish(Resource::User)?;
        let expected = ask.expected.clone();
        self.app.change_enrolled(self.organisation, account, wish, expected, self.actor).await?;
        self.show_user(id, ask).await
    }

    pub async fn show_user(&self, id: &str, ask: &Ask) -> Result<Reply, Denial> {
        let id: AccountId = id.parse().map_err(|_| Denial::NotFound)?;
        let shape = Shape::of(Resource::User, &ask.query);
        let found = self.users(vec![id], &shape).await?.pop().ok_or(Denial::NotFound)?;
        let version = found["meta"]["version"].as_str().map(str::to_owned);
        let location = Some(self.location(Resource::User, id));
        Ok(Reply { status: StatusCode::OK, location, version, body: Some(shape.apply(found)) })
    }

    /// Whoever is signed in (RFC 7644, section 3.11).
    pub async fn me(&self, ask: &Ask) -> Result<Reply, Denial> {
        match self.actor {
            Actor::Account { id, .. } => self.show_user(&id.to_string(), ask).await,
            _ => Err(Denial::Nobody),
        }
    }

    /// Those that are there, in this order and whole, except for groups that nobody wants.
    pub async fn users(&self, ids: Vec<AccountId>, shape: &Shape) -> Result<Vec<Map<String, Value>>, Denial> {
        let people = self.app.enrolled(self.organisation, ids).await?;
        let mut users = Vec::new();
        let mut wanted: Vec<AccountId> = Vec::new();
        for person in people {
            wanted.push(person.account.id);
            users.push(self.user(&person));
        }
        if shape.wants("groups") {
            let look = move |tx: &mut Tx<'_>| {
                wanted.iter().map(|id| groups::of_member(tx, *id)).collect::<Result<Vec<_>, _>>()
            };
            for (user, groups) in users.iter_mut().zip(self.app.look(look).await?) {
                let listed: Vec<Value> = groups
                    .iter()
                    .map(|group| {
                        json!({
                            "value": group.id, "$ref": self.location(Resource::Group, group.id),
                            "display": group.name, "type": "direct",
                        })
                    })
                    .collect();
                if !listed.is_empty() {
                    user.insert("groups".to_owned(), Value::Array(listed));
                }
            }
        }
        Ok(users)
    }

    fn user(&self, person: &Person) -> Map<String, Value> {
        let (account, now) = (&person.account, self.app.now());
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
        user
    }
}
