//! What lets someone in: recovery grants and tokens. Their secrets are shown once.

use super::arguments::{GrantArguments, InOrganisation, TokenCommand};
use super::session::Form;
use super::{Failure, Session};
use relais_app::read::{Grant, Token};
use relais_core::account::Account;
use serde_json::{Value, json};

pub async fn grant(session: &mut Session, arguments: GrantArguments) -> Result<(), Failure> {
    let GrantArguments { account, reason, until } = arguments;
    let body = json!({ "reason": reason, "ends_at": until.ends(&session.zone, session.now)? });
    let answer = session.client.post(&["accounts", &account, "grants"], &body).await?;
    if session.form == Form::Json {
        return session.say(answer.text.trim_end());
    }
    let grant: Grant = answer.read()?;
    let whole: Value = answer.read()?;
    let secret = whole.get("secret").and_then(Value::as_str).unwrap_or_default();
    let found: Account = session.client.get(&["accounts", &grant.account.to_string()]).await?.read()?;
    let reader = &session.reader;
    let sheet = reader.sheet(&[
        ("accès de reprise", "grant", grant.id.to_string()),
        ("identifiant", "login", found.address.to_string()),
        ("mot de passe", "password", secret.to_owned()),
        ("valable", "valid", reader.end(Some(grant.ends_at))),
        ("motif", "reason", grant.reason.clone()),
    ]);
    let explained = reader.pick(
        "Le mot de passe n'est affiché qu'une fois. Il ouvre cette boîte, et rien d'autre, par IMAP ou par POP :\n\
         donnez l'identifiant et le mot de passe à un logiciel de courrier, copiez ou relevez les messages, et\n\
         l'accès se ferme de lui-même à sa date. Chaque accès est inscrit au journal.",
        "The password is shown once. It opens this mailbox and nothing else, by IMAP or by POP: give login and\n\
         password to a mail program, copy or fetch the messages, and the access closes by itself on its date.\n\
         Each access is written to the log.",
    );
    let text = format!("{sheet}\n\n{explained}");
    session.say(&text)
}

pub async fn token(session: &mut Session, command: TokenCommand) -> Result<(), Failure> {
    match command {
        TokenCommand::Create { name, organisation, operator } => {
            let body = json!({ "name": name });
            let place = place_of_tokens(session, (!operator).then_some(organisation)).await?;
            let place: Vec<&str> = place.iter().map(String::as_str).collect();
            let answer = session.client.post(&place, &body).await?;
            session.show(&answer, |reader, whole: Value| {
                let text =
                    |name: &str| whole.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                let sheet = reader.sheet(&[
                    ("jeton", "token", text("id")),
                    ("nom", "name", text("name")),
                    ("secret", "secret", text("secret")),
                ]);
                let once = reader.pick(
                    "Le secret n'est affiché qu'une fois. Donnez-le avec --token ou dans RELAIS_TOKEN.",
                    "The secret is shown once. Give it with --token or in RELAIS_TOKEN.",
                );
                format!("{sheet}\n\n{once}")
            })
        }
        TokenCommand::List { organisation, operator } => {
            let place = place_of_tokens(session, (!operator).then_some(organisation)).await?;
            let place: Vec<&str> = place.iter().map(String::as_str).collect();
            let answer = session.client.get(&place).await?;
            session.show(&answer, |reader, rows: Vec<Token>| {
                let row = |token: Token| {
                    [
                        token.id.to_string(),
                        token.name,
                        reader.time(token.created_at),
                        token.revoked_at.map_or_else(String::new, |at| reader.time(at)),
                    ]
                };
                reader.table(
                    [("id", "id"), ("nom", "name"), ("créé le", "created"), ("révoqué le", "revoked")],
                    rows.into_iter().map(row).collect(),
                )
            })
        }
        TokenCommand::Revoke { token, organisation, operator } => {
            let place = place_of_tokens(session, (!operator).then_some(organisation)).await?;
            let place: Vec<&str> = place.iter().map(String::as_str).chain([token.as_str()]).collect();
            let answer = session.client.delete(&place).await?;
            session.confirm(
                &answer,
                &format!("Le jeton {token} ne vaut plus rien."),
                &format!("The token {token} is void."),
            )
        }
    }
}

/// The path of an organisation's tokens, or of the operator's if none is meant.
async fn place_of_tokens(
    session: &Session,
    organisation: Option<InOrganisation>,
) -> Result<Vec<String>, Failure> {
    let Some(organisation) = organisation else { return Ok(vec!["tokens".to_owned()]) };
    let organisation = session.organisation(organisation.organisation.as_deref()).await?;
    Ok(vec!["organisations".to_owned(), organisation, "tokens".to_owned()])
}
