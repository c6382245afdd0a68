//! Where each organisation is backed up, with what key, when next.

use crate::columns::{at, json, opt_time, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use jiff::civil::Time;
use relais_core::backup::BackupPolicy;
use relais_core::ids::OrganisationId;

fn read(row: &Row) -> Result<BackupPolicy, Error> {
    let id = row.int(0)?;
    let place = |column| at("repositories", column);
    Ok(BackupPolicy {
        organisation: OrganisationId::from_number(id),
        location: row.text(1)?.to_owned(),
        daily_at: row.opt_text(2)?.map(|text| place("daily_at").parse::<Time>(id, text)).transpose()?,
        retention: place("retention").json(id, row.text(3)?)?,
    })
}

/// # Errors
/// `Constraint("repositories.location")` or `Constraint("repositories_location_key")` when another organisation is
/// backed up there.
pub fn insert(
    tx: &mut Tx<'_>,
    policy: &BackupPolicy,
    key: &str,
    next_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO repositories (organisation, location, access_key, daily_at, retention, next_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            policy.organisation.number().into(),
            policy.location.as_str().into(),
            key.into(),
            policy.daily_at.map(|at| at.to_string()).into(),
            json(&policy.retention),
            opt_time(next_at),
            time(now),
        ],
    )
}

/// # Errors
/// As [`insert`].
pub fn update(tx: &mut Tx<'_>, policy: &BackupPolicy, next_at: Option<Timestamp>) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE repositories SET location = $2, daily_at = $3, retention = $4, next_at = $5 WHERE organisation = $1",
        &[
            policy.organisation.number().into(),
            policy.location.as_str().into(),
            policy.daily_at.map(|at| at.to_string()).into(),
            json(&policy.retention),
            opt_time(next_at),
        ],
    )
}

/// The repository is found elsewhere now; it is the same one.
///
/// # Errors
/// As [`insert`], and when the organisation has none.
pub fn relocate(tx: &mut Tx<'_>, organisation: OrganisationId, location: &str) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE repositories SET location = $2 WHERE organisation = $1",
        &[organisation.number().into(), location.into()],
    )
}

pub fn get(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Option<BackupPolicy>, Error> {
    let sql = "SELECT organisation, location, daily_at, retention FROM repositories WHERE organisation = $1";
    tx.query_opt(sql, &[organisation.number().into()])?.as_ref().map(read).transpose()
}

/// What opens the repository.
pub fn key(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Option<String>, Error> {
    let sql = "SELECT access_key FROM repositories WHERE organisation = $1";
    let row = tx.query_opt(sql, &[organisation.number().into()])?;
    row.map(|row| Ok(row.text(0)?.to_owned())).transpose()
}

/// Organisations that have no repository yet.
pub fn without(tx: &mut Tx<'_>) -> Result<Vec<OrganisationId>, Error> {
    let rows = tx.query(
        "SELECT id FROM organisations WHERE id NOT IN (SELECT organisation FROM repositories) ORDER BY id",
        &[],
    )?;
    rows.iter().map(|row| Ok(OrganisationId::from_number(row.int(0)?))).collect()
}

/// Organisations whose next generation is due.
pub fn due(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<OrganisationId>, Error> {
    let rows = tx.query(
        "SELECT organisation FROM repositories WHERE next_at <= $1 ORDER BY next_at, organisation",
        &[time(now)],
    )?;
    rows.iter().map(|row| Ok(OrganisationId::from_number(row.int(0)?))).collect()
}

/// Says when the next one is due. `false` when it was not due any more: somebody else has begun it.
pub fn begin_next(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    next_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE repositories SET next_at = $2 WHERE organisation = $1 AND next_at <= $3",
        &[organisation.number().into(), opt_time(next_at), time(now)],
    )?;
    Ok(changed == 1)
}
