//! Connected applications. Their secrets are shown once.

use super::arguments::ApplicationCommand;
use super::client::Answer;
use super::feed::feed;
use super::reader::Reader;
use super::{Failure, Session, words};
use relais_app::read::Delivery;
use relais_core::application::Application;
use relais_core::ids::ApplicationId;
use serde_json::{Map, Value, json};

pub async fn application(session: &mut Session, command: ApplicationCommand) -> Result<(), Failure> {
    match command {
        ApplicationCommand::Connect { name, webhook, organisation } => {
            let organisation = session.organisation(organisation.organisation.as_deref()).await?;
            let body = json!({ "name": name, "url": webhook });
            let place = ["organisations", &organisation, "applications"];
            let answer = session.client.post(&place, &body).await?;
            show_secrets(session, &answer)
        }
        ApplicationCommand::List { organisation } => {
            session.list(organisation.organisation.as_deref(), "applications", table).await
        }
        ApplicationCommand::Change { application, name, webhook, no_webhook } => {
            let id = id_of(session, &application).await?;
            let mut body = Map::new();
            let url = if no_webhook { Some(String::new()) } else { webhook };
            for (field, value) in [("name", name), ("url", url)] {
                if let Some(value) = value {
                    body.insert(field.to_owned(), json!(value));
                }
            }
            let answer = session.client.patch(&["applications", &id], &json!(body)).await?;
            session.show(&answer, |reader, of: Application| sheet(reader, &of, &[]))
        }
        ApplicationCommand::Token { application } => {
            let id = id_of(session, &application).await?;
            let answer = session.client.post(&["applications", &id, "token"], &json!({})).await?;
            show_secrets(session, &answer)
        }
        ApplicationCommand::SigningSecret { application } => {
            let id = id_of(session, &application).await?;
            let place = ["applications", &id, "signing-secret"];
            let answer = session.client.post(&place, &json!({})).await?;
            show_secrets(session, &answer)
        }
        ApplicationCommand::Undelivered { application, after } => {
            let id = id_of(session, &application).await?;
            let after = after.to_string();
            let query = [("after", after.as_str()), ("limit", "200")];
            let answer = session.client.search(&["applications", &id, "undelivered"], &query).await?;
            session.show(&answer, |reader, rows: Vec<Delivery>| {
                let row = |one: Delivery| {
                    let trouble = words::printable(&one.trouble.unwrap_or_default());
                    [one.number.to_string(), one.attempts.to_string(), reader.time(one.next_at), trouble]
                };
                let headings = [
                    ("événement", "event"),
                    ("essais", "attempts"),
                    ("prochain", "next"),
                    ("ennui", "trouble"),
                ];
                reader.table(headings, rows.into_iter().map(row).collect())
            })
        }
        ApplicationCommand::Replay { application, from } => {
            let id = id_of(session, &application).await?;
            let answer =
                session.client.post(&["applications", &id, "replay"], &json!({ "from": from })).await?;
            session.confirm(
                &answer,
                &format!("{application} va entendre à nouveau ce qui s'est passé depuis l'événement {from}."),
                &format!("{application} is told again what happened from event {from} on."),
            )
        }
        ApplicationCommand::Scim { command } => feed(session, command).await,
        ApplicationCommand::Disconnect { application } => {
            let id = id_of(session, &application).await?;
            let answer = session.client.delete(&["applications", &id]).await?;
            session.confirm(
                &answer,
                &format!("L'application {application} est déconnectée : son jeton ne vaut plus rien."),
                &format!("The application {application} is disconnected: its token is void."),
            )
        }
    }
}

/// By id, or by name where only one connected application has it.
pub(super) async fn id_of(session: &Session, named: &str) -> Result<String, Failure> {
    if named.parse::<ApplicationId>().is_ok() {
        return Ok(named.to_owned());
    }
    let all: Vec<Application> = session.everywhere("applications").await?;
    let found = all.iter().filter(|one| one.name == named).map(|one| one.id.to_string());
    session.only_one(named, found.collect())
}

fn table(reader: &Reader, rows: Vec<Application>) -> String {
    let row = |one: Application| {
        [one.name, one.url.unwrap_or_default(), reader.time(one.created_at), one.id.to_string()]
    };
    reader.table(
        [("nom", "name"), ("prévenue à", "told at"), ("connectée le", "connected"), ("id", "id")],
        rows.into_iter().map(row).collect(),
    )
}

fn show_secrets(session: &mut Session, answer: &Answer) -> Result<(), Failure> {
    let of: Application = answer.read()?;
    session.show(answer, |reader, whole: Value| {
        let secrets: Vec<_> = [
            ("jeton", "token", "token"),
            ("secret de signature", "signing secret", "signing_secret"),
            ("secret", "secret", "secret"),
        ]
        .into_iter()
        .filter_map(|(french, english, field)| {
            Some((french, english, whole.get(field)?.as_str()?.to_owned()))
        })
        .collect();
        let once = reader.pick(
            "Ces secrets ne sont affichés qu'une fois : donnez-les à l'application maintenant.",
            "These secrets are shown once: give them to the application now.",
        );
        format!("{}\n\n{once}", sheet(reader, &of, &secrets))
    })
}

fn sheet(reader: &Reader, of: &Application, more: &[(&'static str, &'static str, String)]) -> String {
    let mut rows = vec![
        ("application", "application", of.id.to_string()),
        ("nom", "name", of.name.clone()),
        ("prévenue à", "told at", of.url.clone().unwrap_or_default()),
    ];
    rows.extend(more.iter().cloned());
    reader.sheet(&rows)
}
