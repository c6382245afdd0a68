//! Events on their way to applications. An event that was told has no row: what is here is what is undelivered.

use crate::columns::{at, time};
use crate::tx::{Error, Tx};
use jiff::Timestamp;
use relais_core::ids::{ApplicationId, OrganisationId};
use serde::{Deserialize, Serialize};

/// One event that an application has still to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Delivery {
    pub application: ApplicationId,
    /// Of the event, in the organisation's chain.
    pub number: i64,
    pub attempts: i64,
    pub next_at: Timestamp,
    /// What became of the last attempt.
    pub trouble: Option<String>,
}

const COLUMNS: &str = "d.application, d.number, d.attempts, d.next_at, d.trouble";

fn read(row: &crate::value::Row) -> Result<Delivery, Error> {
    let number = row.int(1)?;
    Ok(Delivery {
        application: ApplicationId::from_number(row.int(0)?),
        number,
        attempts: row.int(2)?,
        next_at: at("deliveries", "next_at").time(number, row.int(3)?)?,
        trouble: row.opt_text(4)?.map(str::to_owned),
    })
}

/// The connected applications that are told, each with its organisation and the last event that was looked at for it.
pub fn listeners(tx: &mut Tx<'_>) -> Result<Vec<(ApplicationId, OrganisationId, i64)>, Error> {
    tx.query(
        "SELECT id, organisation, looked_until FROM applications WHERE ended_at IS NULL AND url IS NOT NULL ORDER BY id",
        &[],
    )?
    .iter()
    .map(|row| {
        let organisation = OrganisationId::from_number(row.int(1)?);
        Ok((ApplicationId::from_number(row.int(0)?), organisation, row.int(2)?))
    })
    .collect()
}

/// Events up to `number` were looked at.
pub fn set_looked_until(tx: &mut Tx<'_>, application: ApplicationId, number: i64) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE applications SET looked_until = $2 WHERE id = $1",
        &[application.number().into(), number.into()],
    )
}

/// Puts an event in line, unless it is.
pub fn push(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    number: i64,
    subject: &str,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO deliveries (application, number, subject, attempts, next_at) VALUES ($1, $2, $3, 0, $4) \
         ON CONFLICT (application, number) DO NOTHING",
        &[application.number().into(), number.into(), subject.into(), time(now)],
    )?;
    Ok(())
}

/// What can be told now: due, and the first of its subject.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, count_max: i64) -> Result<Vec<Delivery>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM deliveries d JOIN applications a ON a.id = d.application \
         WHERE d.next_at <= $1 AND a.ended_at IS NULL AND a.url IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.application = d.application AND e.subject = d.subject \
         AND e.number < d.number) ORDER BY d.next_at, d.application, d.number LIMIT $2"
    );
    tx.query(&sql, &[time(now), count_max.into()])?.iter().map(read).collect()
}

/// It was told.
pub fn done(tx: &mut Tx<'_>, delivery: &Delivery) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM deliveries WHERE application = $1 AND number = $2",
        &[delivery.application.number().into(), delivery.number.into()],
    )?;
    Ok(())
}

/// It was not: why, and when it is tried again.
pub fn put_off(tx: &mut Tx<'_>, delivery: &Delivery, trouble: &str, next_at: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE deliveries SET attempts = attempts + 1, trouble = $3, next_at = $4 \
         WHERE application = $1 AND number = $2",
        &[delivery.application.number().into(), delivery.number.into(), trouble.into(), time(next_at)],
    )?;
    Ok(())
}

/// Nothing is told to an application before `until`: it is away.
pub fn hold(tx: &mut Tx<'_>, application: ApplicationId, until: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE deliveries SET next_at = $2 WHERE application = $1 AND next_at < $2",
        &[application.number().into(), time(until)],
    )?;
    Ok(())
}

/// What an application has still to be told, behind `after`.
pub fn undelivered(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    after: i64,
    count_max: i64,
) -> Result<Vec<Delivery>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM deliveries d WHERE d.application = $1 AND d.number > $2 ORDER BY d.number LIMIT $3"
    );
    let args = [application.number().into(), after.into(), count_max.into()];
    tx.query(&sql, &args)?.iter().map(read).collect()
}

/// Everything in line for an application is due now.
pub fn hurry(tx: &mut Tx<'_>, application: ApplicationId, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE deliveries SET next_at = $2 WHERE application = $1",
        &[application.number().into(), time(now)],
    )?;
    Ok(())
}

/// What was in line for an application that is no longer connected.
pub fn forget(tx: &mut Tx<'_>, application: ApplicationId) -> Result<(), Error> {
    tx.execute("DELETE FROM deliveries WHERE application = $1", &[application.number().into()])?;
    Ok(())
}
