//! Organisations.

use crate::columns::{at, name, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use relais_core::ids::OrganisationId;
use relais_core::organisation::Organisation;

const COLUMNS: &str = "id, name, language, created_at";

fn read(row: &Row) -> Result<Organisation, Error> {
    let id = row.int(0)?;
    Ok(Organisation {
        id: OrganisationId::from_number(id),
        name: row.text(1)?.to_owned(),
        language: at("organisations", "language").name(id, row.text(2)?)?,
        created_at: at("organisations", "created_at").time(id, row.int(3)?)?,
    })
}

/// # Errors
/// `Constraint("organisations.name")` when the name is in use.
pub fn insert(tx: &mut Tx<'_>, organisation: &Organisation) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO organisations (id, name, language, created_at) VALUES ($1, $2, $3, $4)",
        &[
            organisation.id.number().into(),
            organisation.name.as_str().into(),
            name(&organisation.language),
            time(organisation.created_at),
        ],
    )
}

pub fn get(tx: &mut Tx<'_>, id: OrganisationId) -> Result<Option<Organisation>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM organisations WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

pub fn named(tx: &mut Tx<'_>, name: &str) -> Result<Option<Organisation>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM organisations WHERE name = $1");
    tx.query_opt(&sql, &[name.into()])?.as_ref().map(read).transpose()
}

pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Organisation>, Error> {
    tx.query(&format!("SELECT {COLUMNS} FROM organisations ORDER BY name"), &[])?.iter().map(read).collect()
}

/// # Errors
/// `Constraint("organisations.name")` when another one has the name.
pub fn update(tx: &mut Tx<'_>, organisation: &Organisation) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE organisations SET name = $2, language = $3 WHERE id = $1",
        &[organisation.id.number().into(), organisation.name.as_str().into(), name(&organisation.language)],
    )
}
