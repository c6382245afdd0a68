//! Archives that people take along, and the hash of the secret in the link to each.

use crate::columns::{at, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::address::EmailAddress;
use relais_core::ids::{AccountId, ExportId, OrganisationId};
use serde::{Deserialize, Serialize};

/// An archive that waits to be taken, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Export {
    pub id: ExportId,
    pub organisation: OrganisationId,
    pub account: AccountId,
    pub sent_to: EmailAddress,
    pub size_bytes: i64,
    pub made_at: Timestamp,
    pub expires_at: Timestamp,
    pub taken_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, organisation, account, sent_to, size_bytes, made_at, expires_at, taken_at";

fn read(row: &Row) -> Result<Export, Error> {
    let id = row.int(0)?;
    let place = |column| at("exports", column);
    Ok(Export {
        id: ExportId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        account: AccountId::from_number(row.int(2)?),
        sent_to: place("sent_to").parse(id, row.text(3)?)?,
        size_bytes: row.int(4)?,
        made_at: place("made_at").time(id, row.int(5)?)?,
        expires_at: place("expires_at").time(id, row.int(6)?)?,
        taken_at: place("taken_at").opt_time(id, row.opt_int(7)?)?,
    })
}

pub fn insert(tx: &mut Tx<'_>, export: &Export, secret_hash: &[u8]) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO exports (id, organisation, account, secret_hash, sent_to, size_bytes, made_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            export.id.number().into(),
            export.organisation.number().into(),
            export.account.number().into(),
            secret_hash.into(),
            export.sent_to.as_str().into(),
            export.size_bytes.into(),
            time(export.made_at),
            time(export.expires_at),
        ],
    )
}

pub fn get(tx: &mut Tx<'_>, id: ExportId) -> Result<Option<Export>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM exports WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

pub fn by_secret(tx: &mut Tx<'_>, secret_hash: &[u8]) -> Result<Option<Export>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM exports WHERE secret_hash = $1");
    tx.query_opt(&sql, &[secret_hash.into()])?.as_ref().map(read).transpose()
}

pub fn of_account(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Export>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM exports WHERE account = $1 ORDER BY made_at DESC, id DESC");
    tx.query(&sql, &[account.number().into()])?.iter().map(read).collect()
}

pub fn of_organisation(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<Export>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM exports WHERE organisation = $1 ORDER BY id");
    tx.query(&sql, &[organisation.number().into()])?.iter().map(read).collect()
}

/// `false` when it was taken already.
pub fn take(tx: &mut Tx<'_>, id: ExportId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE exports SET taken_at = $2 WHERE id = $1 AND taken_at IS NULL";
    Ok(tx.execute(sql, &[id.number().into(), time(now)])? == 1)
}

/// Archives whose time is over, taken or not.
pub fn over(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<ExportId>, Error> {
    let rows = tx.query("SELECT id FROM exports WHERE expires_at <= $1", &[time(now)])?;
    rows.iter().map(|row| Ok(ExportId::from_number(row.int(0)?))).collect()
}

pub fn remove(tx: &mut Tx<'_>, id: ExportId) -> Result<(), Error> {
    tx.execute("DELETE FROM exports WHERE id = $1", &[id.number().into()])?;
    Ok(())
}
