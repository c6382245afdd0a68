//! What happened, and what is on its way.

use super::arguments::{EventsArguments, EventsCommand, InOrganisation};
use super::{Failure, Session, words};
use relais_app::read::Outbound;
use relais_core::event::Event;
use serde_json::Value;

pub async fn events(session: &mut Session, arguments: EventsArguments) -> Result<(), Failure> {
    let EventsArguments { command, organisation, subject, after, limit } = arguments;
    if let Some(EventsCommand::Verify { organisation }) = command {
        return verify(session, &organisation).await;
    }
    let organisation = session.organisation(organisation.organisation.as_deref()).await?;
    let (after, limit_text) = (after.to_string(), limit.to_string());
    let mut query = vec![("after", after.as_str()), ("limit", limit_text.as_str())];
    if let Some(subject) = &subject {
        query.push(("subject", subject));
    }
    let answer = session.client.search(&["organisations", &organisation, "events"], &query).await?;
    let mut more = None;
    session.show(&answer, |reader, rows: Vec<Event>| {
        more = rows.last().map(|event| event.number).filter(|_| i64::try_from(rows.len()) == Ok(limit));
        let row = |event: Event| {
            [
                event.number.to_string(),
                reader.time(event.at),
                words::actor(event.actor, reader.language),
                event.kind,
                event.subject,
                words::beginning(&detail(&event.detail)),
            ]
        };
        reader.table(
            [
                ("n°", "no."),
                ("le", "at"),
                ("par", "by"),
                ("événement", "event"),
                ("sujet", "subject"),
                ("détail", "detail"),
            ],
            rows.into_iter().map(row).collect(),
        )
    })?;
    match more {
        Some(last) => {
            let said = session.language().pick("La suite : --after", "To go on: --after");
            session.remark(&format!("{said} {last}"))
        }
        None => Ok(()),
    }
}

/// What an event tells, by the names that the API has for it.
fn detail(detail: &Value) -> String {
    let Some(fields) = detail.as_object() else { return String::new() };
    let told = fields.iter().filter(|(_, value)| !value.is_null());
    let pairs = told.map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name}={text}"),
        None => format!("{name}={value}"),
    });
    pairs.collect::<Vec<_>>().join(" ")
}

async fn verify(session: &mut Session, organisation: &InOrganisation) -> Result<(), Failure> {
    let organisation = session.organisation(organisation.organisation.as_deref()).await?;
    let answer = session.client.get(&["organisations", &organisation, "events", "verify"]).await?;
    let check: Value = answer.read()?;
    let count = check.get("events").and_then(Value::as_i64).unwrap_or_default();
    let head = check.get("head").and_then(Value::as_str).unwrap_or_default();
    let broken_at = check.get("broken_at").and_then(Value::as_i64);
    session.show(&answer, |reader, _: Value| match broken_at {
        None => {
            let said = reader.pick("événements, la chaîne est intacte.", "events, the chain is whole.");
            format!("{} {count} {said}\n  {head}", reader.good("✓"))
        }
        Some(number) => {
            let said = reader.pick("La chaîne est rompue à l'événement", "The chain is broken at event");
            format!("{} {said} {number}.", reader.bad("✗"))
        }
    })?;
    match broken_at {
        None => Ok(()),
        Some(_) => Err(Failure::NotDone(
            session
                .language()
                .pick(
                    "Quelqu'un a modifié ou retiré un événement ; comparez avec une sauvegarde.",
                    "Someone changed or removed an event; compare with a backup.",
                )
                .to_owned(),
        )),
    }
}

pub async fn spool(session: &mut Session, organisation: &InOrganisation) -> Result<(), Failure> {
    let answer = match organisation.organisation.as_deref() {
        Some(organisation) => session.client.get(&["organisations", organisation, "spool"]).await?,
        None => session.client.get(&["spool"]).await?,
    };
    session.show(&answer, |reader, rows: Vec<Outbound>| {
        let row = |found: Outbound| {
            [
                found.id.to_string(),
                found.recipient.to_string(),
                words::spool_state(found.state, reader.language).to_owned(),
                found.attempts.to_string(),
                reader.time(found.next_at),
                found.answer.as_deref().map_or_else(String::new, words::beginning),
            ]
        };
        reader.table(
            [
                ("id", "id"),
                ("pour", "for"),
                ("état", "state"),
                ("essais", "attempts"),
                ("prochain", "next"),
                ("réponse", "answer"),
            ],
            rows.into_iter().map(row).collect(),
        )
    })
}
