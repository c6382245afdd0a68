//! Domains that organisations say are theirs.

use crate::columns::{at, json, name, opt_time, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::address::domain_for_people;
use relais_core::domain::{Claim, TxtRecord, record_name};
use relais_core::ids::OrganisationId;

const COLUMNS: &str = "name, organisation, proof, found, checked_at, next_at, created_at, claimed_by";

fn read(row: &Row) -> Result<Claim, Error> {
    let domain = row.text(0)?;
    let place = |column| at("domain_claims", column);
    Ok(Claim {
        name: domain.to_owned(),
        unicode: domain_for_people(domain),
        organisation: OrganisationId::from_number(row.int(1)?),
        record: TxtRecord { name: record_name(domain), value: row.text(2)?.to_owned() },
        found: place("found").name(domain, row.text(3)?)?,
        checked_at: place("checked_at").opt_time(0, row.opt_int(4)?)?,
        next_at: place("next_at").time(0, row.int(5)?)?,
        created_at: place("created_at").time(0, row.int(6)?)?,
        claimed_by: place("claimed_by").json(domain, row.text(7)?)?,
    })
}

/// # Errors
/// `Constraint("domain_claims.name,organisation")` when the organisation has claimed the name.
pub fn insert(tx: &mut Tx<'_>, claim: &Claim) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO domain_claims (name, organisation, proof, found, checked_at, next_at, created_at, claimed_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            claim.name.as_str().into(),
            claim.organisation.number().into(),
            claim.record.value.as_str().into(),
            name(&claim.found),
            opt_time(claim.checked_at),
            time(claim.next_at),
            time(claim.created_at),
            json(&claim.claimed_by),
        ],
    )
}

pub fn get(tx: &mut Tx<'_>, domain: &str, organisation: OrganisationId) -> Result<Option<Claim>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM domain_claims WHERE name = $1 AND organisation = $2");
    tx.query_opt(&sql, &[domain.into(), organisation.number().into()])?.as_ref().map(read).transpose()
}

pub fn of_organisation(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<Claim>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM domain_claims WHERE organisation = $1 ORDER BY name");
    tx.query(&sql, &[organisation.number().into()])?.iter().map(read).collect()
}

/// Claims to look at, the longest waiting first.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, count_max: i64) -> Result<Vec<Claim>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM domain_claims WHERE next_at <= $1 ORDER BY next_at, name, organisation LIMIT $2"
    );
    tx.query(&sql, &[time(now), count_max.into()])?.iter().map(read).collect()
}

/// Keeps what the last look found. Does nothing for a claim that is gone.
pub fn record(tx: &mut Tx<'_>, claim: &Claim) -> Result<(), Error> {
    tx.execute(
        "UPDATE domain_claims SET found = $3, checked_at = $4, next_at = $5 WHERE name = $1 AND organisation = $2",
        &[
            claim.name.as_str().into(),
            claim.organisation.number().into(),
            name(&claim.found),
            opt_time(claim.checked_at),
            time(claim.next_at),
        ],
    )?;
    Ok(())
}

/// Somebody has the domain now: every claim to it says so.
pub fn lose(tx: &mut Tx<'_>, domain: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE domain_claims SET found = 'taken', checked_at = $2 WHERE name = $1",
        &[domain.into(), time(now)],
    )?;
    Ok(())
}

/// Returns whether there was one.
pub fn remove(tx: &mut Tx<'_>, domain: &str, organisation: OrganisationId) -> Result<bool, Error> {
    let gone = tx.execute(
        "DELETE FROM domain_claims WHERE name = $1 AND organisation = $2",
        &[domain.into(), organisation.number().into()],
    )?;
    Ok(gone > 0)
}
