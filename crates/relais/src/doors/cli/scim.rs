//! Providers of identities: their tokens, whose secrets are shown once, and where they ask.

use super::arguments::{ScimCommand, ScimTokenCommand};
use super::{Failure, Session};
use relais_app::read::ScimToken;
use serde_json::{Value, json};

pub async fn scim(session: &mut Session, command: ScimCommand) -> Result<(), Failure> {
    let ScimCommand::Token(command) = command;
    match command {
        ScimTokenCommand::Create { name, organisation } => {
            let organisation = session.organisation(organisation.organisation.as_deref()).await?;
            let place = ["organisations", &organisation, "scim", "tokens"];
            let answer = session.client.post(&place, &json!({ "name": name })).await?;
            session.show(&answer, |reader, whole: Value| {
                let text =
                    |name: &str| whole.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                let sheet = reader.sheet(&[
                    ("jeton", "token", text("id")),
                    ("nom", "name", text("name")),
                    ("secret", "secret", text("secret")),
                ]);
                let once = reader.pick(
                    "Le secret n'est affiché qu'une fois. Donnez-le au fournisseur d'identités, avec l'adresse de ce\n\
                     serveur suivie de /scim/v2. Il n'ouvre rien d'autre.",
                    "The secret is shown once. Give it to the identity provider, with the address of this server\n\
                     followed by /scim/v2. It opens nothing else.",
                );
                format!("{sheet}\n\n{once}")
            })
        }
        ScimTokenCommand::List { organisation } => {
            let organisation = session.organisation(organisation.organisation.as_deref()).await?;
            let answer = session.client.get(&["organisations", &organisation, "scim", "tokens"]).await?;
            session.show(&answer, |reader, rows: Vec<ScimToken>| {
                let row = |token: ScimToken| {
                    [
                        token.id.to_string(),
                        token.name,
                        reader.time(token.created_at),
                        token.used_at.map_or_else(String::new, |at| reader.time(at)),
                        token.revoked_at.map_or_else(String::new, |at| reader.time(at)),
                    ]
                };
                reader.table(
                    [
                        ("id", "id"),
                        ("nom", "name"),
                        ("créé le", "created"),
                        ("dernière utilisation", "last used"),
                        ("révoqué le", "revoked"),
                    ],
                    rows.into_iter().map(row).collect(),
                )
            })
        }
        ScimTokenCommand::Revoke { token, organisation } => {
            let organisation = session.organisation(organisation.organisation.as_deref()).await?;
            let place = ["organisations", &organisation, "scim", "tokens", &token];
            let answer = session.client.delete(&place).await?;
            session.confirm(
                &answer,
                &format!("Le jeton SCIM {token} ne vaut plus rien."),
                &format!("The SCIM token {token} is void."),
            )
        }
    }
}
