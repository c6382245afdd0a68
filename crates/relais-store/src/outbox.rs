//! Effects that a commit owes the outside world, kept until they are done.

use crate::columns::{at, json, time};
use crate::tx::{Error, Tx};
use jiff::Timestamp;
use relais_core::lifecycle::Effect;

/// An effect that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    pub id: i64,
    pub effect: Effect,
    pub attempts: i64,
}

pub fn push(tx: &mut Tx<'_>, id: i64, effect: &Effect, now: Timestamp) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO outbox (id, effect, attempts, next_at) VALUES ($1, $2, 0, $3)",
        &[id.into(), json(effect), time(now)],
    )
}

/// Effects due at `now`, the oldest first.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, count_max: i64) -> Result<Vec<Owed>, Error> {
    tx.query(
        "SELECT id, effect, attempts FROM outbox WHERE next_at <= $1 ORDER BY id LIMIT $2",
        &[time(now), count_max.into()],
    )?
    .iter()
    .map(|row| {
        let id = row.int(0)?;
        Ok(Owed { id, effect: at("outbox", "effect").json(id, row.text(1)?)?, attempts: row.int(2)? })
    })
    .collect()
}

pub fn done(tx: &mut Tx<'_>, id: i64) -> Result<(), Error> {
    tx.execute("DELETE FROM outbox WHERE id = $1", &[id.into()])?;
    Ok(())
}

pub fn retry(tx: &mut Tx<'_>, id: i64, trouble: &str, next_at: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE outbox SET attempts = attempts + 1, trouble = $2, next_at = $3 WHERE id = $1",
        &[id.into(), trouble.into(), time(next_at)],
    )?;
    Ok(())
}

pub fn count(tx: &mut Tx<'_>) -> Result<i64, Error> {
    tx.query_opt("SELECT COUNT(*) FROM outbox", &[])?.map_or(Ok(0), |row| row.int(0))
}
