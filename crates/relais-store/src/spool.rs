//! The outbound spool: one row for each message and recipient. The messages themselves are files.

use crate::columns::{at, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::address::EmailAddress;
use relais_core::ids::{AccountId, OrganisationId, SpoolId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpoolState {
    Waiting,
    Sent,
    /// Given up; the sender was told.
    Failed,
}

/// A message to one recipient elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Outbound {
    pub id: SpoolId,
    /// `None` for mail to the operator that concerns no organisation.
    pub organisation: Option<OrganisationId>,
    /// The envelope sender; `None` is the null sender.
    pub sender: Option<String>,
    pub recipient: EmailAddress,
    pub state: SpoolState,
    pub attempts: i64,
    pub next_at: Timestamp,
    /// What the other server last said.
    pub answer: Option<String>,
    pub created_at: Timestamp,
    /// The account that it tells something: not sent any more once that one may not be notified.
    pub notifies: Option<AccountId>,
}

const COLUMNS: &str =
    "id, organisation, sender, recipient, state, attempts, next_at, answer, created_at, notifies";

fn read(row: &Row) -> Result<Outbound, Error> {
    let id = row.int(0)?;
    let place = |column| at("spool", column);
    Ok(Outbound {
        id: SpoolId::from_number(id),
        organisation: row.opt_int(1)?.map(OrganisationId::from_number),
        sender: row.opt_text(2)?.map(str::to_owned),
        recipient: place("recipient").parse(id, row.text(3)?)?,
        state: place("state").name(id, row.text(4)?)?,
        attempts: row.int(5)?,
        next_at: place("next_at").time(id, row.int(6)?)?,
        answer: row.opt_text(7)?.map(str::to_owned),
        created_at: place("created_at").time(id, row.int(8)?)?,
        notifies: row.opt_int(9)?.map(AccountId::from_number),
    })
}

/// Puts a message in line. `false` when one with this key is there already: nothing was added.
pub fn push(tx: &mut Tx<'_>, outbound: &Outbound, dedup_key: &str) -> Result<bool, Error> {
    let added = tx.execute(
        "INSERT INTO spool (id, dedup_key, organisation, sender, recipient, state, attempts, next_at, created_at, \
         notifies) VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6, $7, $8) ON CONFLICT (dedup_key) DO NOTHING",
        &[
            outbound.id.number().into(),
            dedup_key.into(),
            outbound.organisation.map(OrganisationId::number).into(),
            outbound.sender.as_deref().into(),
            outbound.recipient.as_str().into(),
            time(outbound.next_at),
            time(outbound.created_at),
            outbound.notifies.map(AccountId::number).into(),
        ],
    )?;
    Ok(added == 1)
}

/// Whether a message with this key was ever put in line.
pub fn has_key(tx: &mut Tx<'_>, dedup_key: &str) -> Result<bool, Error> {
    Ok(tx.query_opt("SELECT 1 FROM spool WHERE dedup_key = $1", &[dedup_key.into()])?.is_some())
}

/// Messages due at `now`, the oldest first.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, count_max: i64) -> Result<Vec<Outbound>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM spool WHERE state = 'waiting' AND next_at <= $1 ORDER BY next_at, id LIMIT $2"
    );
    tx.query(&sql, &[time(now), count_max.into()])?.iter().map(read).collect()
}

/// What still waits, then the rest; the newest first, so that mail which was sent hides none that was not.
pub fn list(
    tx: &mut Tx<'_>,
    organisation: Option<OrganisationId>,
    count_max: i64,
) -> Result<Vec<Outbound>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM spool WHERE ($1 < 0 OR organisation = $1) \
         ORDER BY (state = 'waiting') DESC, created_at DESC, id DESC LIMIT $2"
    );
    let organisation = organisation.map_or(-1, OrganisationId::number);
    tx.query(&sql, &[organisation.into(), count_max.into()])?.iter().map(read).collect()
}

/// How an attempt ended: sent, failed for good, or to be tried again at `next_at`.
pub fn record(
    tx: &mut Tx<'_>,
    id: SpoolId,
    state: SpoolState,
    answer: &str,
    next_at: Timestamp,
) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE spool SET state = $2, attempts = attempts + 1, answer = $3, next_at = $4 WHERE id = $1",
        &[id.number().into(), crate::columns::name(&state), answer.into(), time(next_at)],
    )
}

/// One message.
pub fn get(tx: &mut Tx<'_>, id: SpoolId) -> Result<Option<Outbound>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM spool WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

/// What waits is due at `now`. `false` when it does not wait.
pub fn hasten(tx: &mut Tx<'_>, id: SpoolId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE spool SET next_at = $2 WHERE id = $1 AND state = 'waiting'";
    Ok(tx.execute(sql, &[id.number().into(), time(now)])? > 0)
}

/// Whether a row still needs the message's file.
pub fn is_waiting(tx: &mut Tx<'_>, id: SpoolId) -> Result<bool, Error> {
    let row =
        tx.query_opt("SELECT 1 FROM spool WHERE id = $1 AND state = 'waiting'", &[id.number().into()])?;
    Ok(row.is_some())
}

/// Forgets what was sent or given up before `before`; its keys are then no longer recognised.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM spool WHERE state <> 'waiting' AND next_at < $1", &[time(before)])
}
