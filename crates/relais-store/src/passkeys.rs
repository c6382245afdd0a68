//! Passkeys, and the questions that devices are asked.

use crate::columns::{at, name, opt_time, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::ids::{AccountId, PasskeyId};
use serde::{Deserialize, Serialize};

/// What proves that a person is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Passkey {
    pub id: PasskeyId,
    pub account: AccountId,
    /// As the person calls it.
    pub name: String,
    #[serde(skip)]
    pub credential_id: Vec<u8>,
    /// COSE (RFC 9052).
    #[serde(skip)]
    pub public_key: Vec<u8>,
    /// That the device told of; 0 from one that counts none.
    #[serde(skip)]
    pub signatures: i64,
    /// Whether it may be on several devices.
    pub backup_eligible: bool,
    /// Whether it is.
    pub backed_up: bool,
    pub created_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, account, name, credential_id, public_key, signatures, backup_eligible, backed_up, \
                       created_at, used_at";

fn read(row: &Row) -> Result<Passkey, Error> {
    let id = row.int(0)?;
    let place = |column| at("passkeys", column);
    Ok(Passkey {
        id: PasskeyId::from_number(id),
        account: AccountId::from_number(row.int(1)?),
        name: row.text(2)?.to_owned(),
        credential_id: row.blob(3)?.to_vec(),
        public_key: row.blob(4)?.to_vec(),
        signatures: row.int(5)?,
        backup_eligible: row.int(6)? != 0,
        backed_up: row.int(7)? != 0,
        created_at: place("created_at").time(id, row.int(8)?)?,
        used_at: place("used_at").opt_time(id, row.opt_int(9)?)?,
    })
}

/// Returns whether it is new: no other is like it on the whole instance.
pub fn insert(tx: &mut Tx<'_>, made: &Passkey) -> Result<bool, Error> {
    let sql = format!(
        "INSERT INTO passkeys ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (credential_id) DO NOTHING"
    );
    let inserted = tx.execute(
        &sql,
        &[
            made.id.number().into(),
            made.account.number().into(),
            made.name.as_str().into(),
            made.credential_id.as_slice().into(),
            made.public_key.as_slice().into(),
            made.signatures.into(),
            i64::from(made.backup_eligible).into(),
            i64::from(made.backed_up).into(),
            time(made.created_at),
            opt_time(made.used_at),
        ],
    )?;
    Ok(inserted == 1)
}

pub fn by_credential(tx: &mut Tx<'_>, credential_id: &[u8]) -> Result<Option<Passkey>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM passkeys WHERE credential_id = $1");
    tx.query_opt(&sql, &[credential_id.into()])?.as_ref().map(read).transpose()
}

pub fn of_account(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Passkey>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM passkeys WHERE account = $1 ORDER BY id");
    tx.query(&sql, &[account.number().into()])?.iter().map(read).collect()
}

pub fn used(tx: &mut Tx<'_>, passkey: &Passkey, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE passkeys SET signatures = $2, backed_up = $3, used_at = $4 WHERE id = $1",
        &[
            passkey.id.number().into(),
            passkey.signatures.into(),
            i64::from(passkey.backed_up).into(),
            time(now),
        ],
    )?;
    Ok(())
}

/// Returns whether `account` has it.
pub fn rename(tx: &mut Tx<'_>, account: AccountId, id: PasskeyId, name: &str) -> Result<bool, Error> {
    let renamed = tx.execute(
        "UPDATE passkeys SET name = $3 WHERE id = $1 AND account = $2",
        &[id.number().into(), account.number().into(), name.into()],
    )?;
    Ok(renamed == 1)
}

/// Returns whether `account` had it.
pub fn remove(tx: &mut Tx<'_>, account: AccountId, id: PasskeyId) -> Result<bool, Error> {
    let removed = tx.execute(
        "DELETE FROM passkeys WHERE id = $1 AND account = $2",
        &[id.number().into(), account.number().into()],
    )?;
    Ok(removed == 1)
}

pub fn forget_account(tx: &mut Tx<'_>, account: AccountId) -> Result<(), Error> {
    tx.execute("DELETE FROM passkeys WHERE account = $1", &[account.number().into()])?;
    tx.execute("DELETE FROM passkey_ceremonies WHERE account = $1", &[account.number().into()])?;
    Ok(())
}

/// What a device is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Registration,
    SignIn,
}

/// A device was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceremony {
    pub purpose: Purpose,
    /// Whose device, and under which epoch; `None` where that is the question.
    pub account: Option<(AccountId, i64)>,
}

pub fn begin(
    tx: &mut Tx<'_>,
    ceremony: Ceremony,
    challenge_hash: &[u8],
    expires_at: Timestamp,
) -> Result<(), Error> {
    let (account, epoch) = ceremony.account.unzip();
    tx.execute_one(
        "INSERT INTO passkey_ceremonies (challenge_hash, purpose, account, epoch, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
        &[
            challenge_hash.into(),
            name(&ceremony.purpose),
            account.map(AccountId::number).into(),
            epoch.unwrap_or(0).into(),
            time(expires_at),
        ],
    )
}

/// Takes what was asked, once and in time; `None` when there is no such question of this purpose.
pub fn take(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    challenge_hash: &[u8],
    now: Timestamp,
) -> Result<Option<Ceremony>, Error> {
    let found = tx.query_opt(
        "SELECT account, epoch FROM passkey_ceremonies \
         WHERE challenge_hash = $1 AND purpose = $2 AND expires_at > $3",
        &[challenge_hash.into(), name(&purpose), time(now)],
    )?;
    let Some(row) = found else { return Ok(None) };
    let account = row.opt_int(0)?.map(AccountId::from_number);
    let epoch = row.int(1)?;
    tx.execute("DELETE FROM passkey_ceremonies WHERE challenge_hash = $1", &[challenge_hash.into()])?;
    Ok(Some(Ceremony { purpose, account: account.map(|account| (account, epoch)) }))
}

/// Forgets questions that nobody answered.
pub fn forget(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM passkey_ceremonies WHERE expires_at <= $1", &[time(now)])
}
