//! Responders, and whom every target has answered.

use crate::columns::{at, target, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::ids::{OrganisationId, ResponderId};
use relais_core::organisation::{Responder, Target};

const COLUMNS: &str = "id, organisation, name, body, created_at";

fn read(row: &Row) -> Result<Responder, Error> {
    let id = row.int(0)?;
    Ok(Responder {
        id: ResponderId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        name: row.text(2)?.to_owned(),
        text: row.text(3)?.to_owned(),
        created_at: at("responders", "created_at").time(id, row.int(4)?)?,
    })
}

/// # Errors
/// `Constraint("responders.organisation,name")` when the organisation has a responder of that name.
pub fn insert(tx: &mut Tx<'_>, responder: &Responder) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO responders (id, organisation, name, body, created_at) VALUES ($1, $2, $3, $4, $5)",
        &[
            responder.id.number().into(),
            responder.organisation.number().into(),
            responder.name.as_str().into(),
            responder.text.as_str().into(),
            time(responder.created_at),
        ],
    )
}

pub fn set_text(tx: &mut Tx<'_>, id: ResponderId, text: &str) -> Result<(), Error> {
    tx.execute_one("UPDATE responders SET body = $2 WHERE id = $1", &[id.number().into(), text.into()])
}

/// Its addresses are the caller's.
pub fn remove(tx: &mut Tx<'_>, id: ResponderId) -> Result<(), Error> {
    tx.execute_one("DELETE FROM responders WHERE id = $1", &[id.number().into()])
}

pub fn get(tx: &mut Tx<'_>, id: ResponderId) -> Result<Option<Responder>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM responders WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

pub fn named(tx: &mut Tx<'_>, organisation: OrganisationId, name: &str) -> Result<Option<Responder>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM responders WHERE organisation = $1 AND name = $2");
    tx.query_opt(&sql, &[organisation.number().into(), name.into()])?.as_ref().map(read).transpose()
}

pub fn list(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<Responder>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM responders WHERE organisation = $1 ORDER BY name");
    tx.query(&sql, &[organisation.number().into()])?.iter().map(read).collect()
}

/// Whether `by` answered `sender` after `since`.
pub fn answered_since(tx: &mut Tx<'_>, by: Target, sender: &str, since: Timestamp) -> Result<bool, Error> {
    let (kind, id) = target(by);
    let found = tx.query_opt(
        "SELECT sent_at FROM replies WHERE target_kind = $1 AND target_id = $2 AND sender = $3 AND sent_at > $4",
        &[kind, id, sender.into(), time(since)],
    )?;
    Ok(found.is_some())
}

/// Remembers that `by` answers `sender` now.
pub fn record_answer(tx: &mut Tx<'_>, by: Target, sender: &str, now: Timestamp) -> Result<(), Error> {
    let (kind, id) = target(by);
    tx.execute_one(
        "INSERT INTO replies (target_kind, target_id, sender, sent_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (target_kind, target_id, sender) DO UPDATE SET sent_at = excluded.sent_at",
        &[kind, id, sender.into(), time(now)],
    )
}

/// Forgets answers older than `before`.
pub fn forget_answers(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM replies WHERE sent_at < $1", &[time(before)])
}
