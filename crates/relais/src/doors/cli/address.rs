//! Addresses: who holds them, who held them, and the responders that answer for them.

use super::arguments::{AddressCommand, ResponderCommand};
use super::client::Answer;
use super::reader::Reader;
use super::{Failure, Session, words};
use relais_core::ids::ResponderId;
use relais_core::organisation::{Address, Holding, Responder};
use serde_json::{Value, json};

pub async fn address(session: &mut Session, command: AddressCommand) -> Result<(), Failure> {
    match command {
        AddressCommand::Show { address } => {
            let answer = session.client.get(&["addresses", address.as_str()]).await?;
            let both: Value = answer.read()?;
            let part = |name: &str| Answer { text: both.get(name).unwrap_or(&Value::Null).to_string() };
            let held: Option<Address> = part("address").read()?;
            let history: Vec<Holding> = part("history").read()?;
            session.show(&answer, |reader, _: Value| shown(reader, held.as_ref(), history))
        }
        AddressCommand::Free { address } => {
            let answer = session.client.delete(&["addresses", address.as_str()]).await?;
            session.confirm(
                &answer,
                &format!("Plus personne n'a {address} ; son courrier est refusé."),
                &format!("Nobody has {address} any more; its mail is refused."),
            )
        }
        AddressCommand::Move { address, to } => {
            let path = ["addresses", address.as_str(), "move"];
            let answer = session.client.post(&path, &json!({ "to": to })).await?;
            session.confirm(
                &answer,
                &format!("{address} appartient maintenant à {to} ; l'ancien courrier reste où il est."),
                &format!("{address} now belongs to {to}; its old mail stays where it is."),
            )
        }
    }
}

fn shown(reader: &Reader, held: Option<&Address>, history: Vec<Holding>) -> String {
    let mut text = String::new();
    if let Some(held) = held {
        let holder = match held.target {
            Some(target) => words::target(target, reader.language),
            None if held.retired => {
                reader.pick("retirée : plus jamais attribuée", "retired: never given again").to_owned()
            }
            None => reader.pick("libre", "free").to_owned(),
        };
        let mut rows = vec![
            ("adresse", "address", held.address.to_string()),
            ("titulaire", "holder", holder),
            ("sorte", "kind", words::address_kind(held.kind, reader.language).to_owned()),
            ("depuis", "since", reader.time(held.since)),
        ];
        if let Some(reply) = &held.reply_text {
            rows.push(("réponse", "reply", words::beginning(reply)));
        }
        if let Some(until) = held.reply_until {
            rows.push(("répond", "answers", reader.end(Some(until))));
        }
        text.push_str(&reader.sheet(&rows));
        text.push_str("\n\n");
    }
    let row = |holding: Holding| {
        [
            words::target(holding.target, reader.language),
            reader.time(holding.from),
            holding.until.map_or_else(String::new, |until| reader.time(until)),
        ]
    };
    text.push_str(&reader.table(
        [("titulaire", "holder"), ("du", "from"), ("au", "until")],
        history.into_iter().map(row).collect(),
    ));
    text
}

pub async fn responder(session: &mut Session, command: ResponderCommand) -> Result<(), Failure> {
    match command {
        ResponderCommand::Create { name, text, organisation } => {
            let organisation = session.organisation(organisation.organisation.as_deref()).await?;
            let path = ["organisations", &organisation, "responders"];
            let answer = session.client.post(&path, &json!({ "name": name, "text": text.read()? })).await?;
            session.confirm(
                &answer,
                &format!("Le répondeur {name} est créé ; donnez-lui une adresse : relais responder address \"{name}\" ADRESSE"),
                &format!("Created the responder {name}; give it an address: relais responder address \"{name}\" ADDRESS"),
            )
        }
        ResponderCommand::Address { responder, address, text, until, organisation } => {
            let id = responder_id(session, &responder, organisation.organisation.as_deref()).await?;
            let mut body = json!({ "address": address });
            if let Some(text) = text {
                body["text"] = text.read()?.into();
            }
            if let Some(until) = until {
                body["until"] = json!(until.ends(&session.zone, session.now)?);
            }
            let answer = session.client.post(&["responders", &id, "addresses"], &body).await?;
            session.confirm(
                &answer,
                &format!("Le répondeur {responder} répond pour {address}."),
                &format!("The responder {responder} answers for {address}."),
            )
        }
        ResponderCommand::Text { responder, text, organisation } => {
            let id = responder_id(session, &responder, organisation.organisation.as_deref()).await?;
            let body = json!({ "text": text.read()? });
            let answer = session.client.put(&["responders", &id, "text"], &body).await?;
            session.confirm(
                &answer,
                &format!("Le répondeur {responder} répond désormais ce texte."),
                &format!("The responder {responder} answers this text from now on."),
            )
        }
        ResponderCommand::Remove { responder, organisation } => {
            let id = responder_id(session, &responder, organisation.organisation.as_deref()).await?;
            let answer = session.client.delete(&["responders", &id]).await?;
            session.confirm(
                &answer,
                &format!("Le répondeur {responder} est retiré ; ses adresses refusent le courrier."),
                &format!("Removed the responder {responder}; its addresses refuse their mail."),
            )
        }
        ResponderCommand::List { organisation } => {
            session
                .list(organisation.organisation.as_deref(), "responders", |reader, rows: Vec<Responder>| {
                    let row =
                        |found: Responder| [found.name, words::beginning(&found.text), found.id.to_string()];
                    reader.table(
                        [("nom", "name"), ("texte", "text"), ("id", "id")],
                        rows.into_iter().map(row).collect(),
                    )
                })
                .await
        }
    }
}

/// Names are unique within an organisation only, so the id is what is asked with.
async fn responder_id(session: &Session, named: &str, organisation: Option<&str>) -> Result<String, Failure> {
    if named.parse::<ResponderId>().is_ok() {
        return Ok(named.to_owned());
    }
    let all: Vec<Responder> = match organisation {
        Some(organisation) => {
            session.client.get(&["organisations", organisation, "responders"]).await?.read()?
        }
        None => session.everywhere("responders").await?,
    };
    let found = all.iter().filter(|found| found.name == named).map(|found| found.id.to_string());
    session.only_one(named, found.collect())
}
