//! Passwords for one device each. Only hashes of them are kept.

use crate::columns::{at, json, opt_time, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::ids::{AccountId, AppPasswordId};
use relais_core::sign_in::Scope;
use serde::{Deserialize, Serialize};

/// What lets one device in. Void as soon as the account's epoch is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AppPassword {
    pub id: AppPasswordId,
    pub account: AccountId,
    /// The device.
    pub name: String,
    pub scopes: Vec<Scope>,
    #[serde(skip)]
    pub epoch: i64,
    pub created_at: Timestamp,
    /// When it was last used, to an hour.
    pub used_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, account, name, scopes, epoch, created_at, used_at";

fn read(row: &Row) -> Result<AppPassword, Error> {
    let id = row.int(0)?;
    let place = |column| at("app_passwords", column);
    Ok(AppPassword {
        id: AppPasswordId::from_number(id),
        account: AccountId::from_number(row.int(1)?),
        name: row.text(2)?.to_owned(),
        scopes: place("scopes").json(id, row.text(3)?)?,
        epoch: row.int(4)?,
        created_at: place("created_at").time(id, row.int(5)?)?,
        used_at: place("used_at").opt_time(id, row.opt_int(6)?)?,
    })
}

pub fn insert(tx: &mut Tx<'_>, made: &AppPassword, secret_hash: &[u8]) -> Result<(), Error> {
    let sql =
        format!("INSERT INTO app_passwords ({COLUMNS}, secret_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    tx.execute_one(
        &sql,
        &[
            made.id.number().into(),
            made.account.number().into(),
            made.name.as_str().into(),
            json(&made.scopes),
            made.epoch.into(),
            time(made.created_at),
            opt_time(made.used_at),
            secret_hash.into(),
        ],
    )
}

pub fn by_secret(tx: &mut Tx<'_>, secret_hash: &[u8]) -> Result<Option<AppPassword>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM app_passwords WHERE secret_hash = $1");
    tx.query_opt(&sql, &[secret_hash.into()])?.as_ref().map(read).transpose()
}

/// Those of `account` that are good under `epoch`.
pub fn of_account(tx: &mut Tx<'_>, account: AccountId, epoch: i64) -> Result<Vec<AppPassword>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM app_passwords WHERE account = $1 AND epoch = $2 ORDER BY id");
    tx.query(&sql, &[account.number().into(), epoch.into()])?.iter().map(read).collect()
}

pub fn used(tx: &mut Tx<'_>, id: AppPasswordId, now: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE app_passwords SET used_at = $2 WHERE id = $1", &[id.number().into(), time(now)])?;
    Ok(())
}

/// Those of the epoch `from` are good under `to`: what happened concerns no device.
pub fn carry_over(tx: &mut Tx<'_>, account: AccountId, from: i64, to: i64) -> Result<(), Error> {
    tx.execute(
        "UPDATE app_passwords SET epoch = $3 WHERE account = $1 AND epoch = $2",
        &[account.number().into(), from.into(), to.into()],
    )?;
    Ok(())
}

/// Returns whether `account` had it.
pub fn revoke(tx: &mut Tx<'_>, account: AccountId, id: AppPasswordId) -> Result<bool, Error> {
    let revoked = tx.execute(
        "DELETE FROM app_passwords WHERE id = $1 AND account = $2",
        &[id.number().into(), account.number().into()],
    )?;
    Ok(revoked == 1)
}

/// Forgets those of `account` that an epoch has made void.
pub fn forget_void(tx: &mut Tx<'_>, account: AccountId, epoch: i64) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM app_passwords WHERE account = $1 AND epoch <> $2",
        &[account.number().into(), epoch.into()],
    )?;
    Ok(())
}

pub fn forget_account(tx: &mut Tx<'_>, account: AccountId) -> Result<(), Error> {
    tx.execute("DELETE FROM app_passwords WHERE account = $1", &[account.number().into()])?;
    Ok(())
}
