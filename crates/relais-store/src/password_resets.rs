//! Links by which a person chooses a password, the first or another: one an account, and only the hash of its secret.

use crate::columns::{at, name, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::address::EmailAddress;
use relais_core::ids::AccountId;
use relais_core::invitation::LinkPurpose;

/// A link that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordReset {
    pub account: AccountId,
    pub purpose: LinkPurpose,
    /// Of the account when it was asked for: void under any other.
    pub epoch: i64,
    /// Void when the person's external address is another.
    pub sent_to: EmailAddress,
    pub asked_at: Timestamp,
    pub expires_at: Timestamp,
}

const COLUMNS: &str = "account, epoch, sent_to, asked_at, expires_at, purpose";

fn read(row: &Row) -> Result<PasswordReset, Error> {
    let id = row.int(0)?;
    let place = |column| at("password_resets", column);
    Ok(PasswordReset {
        account: AccountId::from_number(id),
        epoch: row.int(1)?,
        sent_to: place("sent_to").parse(id, row.text(2)?)?,
        asked_at: place("asked_at").time(id, row.int(3)?)?,
        expires_at: place("expires_at").time(id, row.int(4)?)?,
        purpose: place("purpose").name(id, row.text(5)?)?,
    })
}

/// In the place of the one there was.
pub fn set(tx: &mut Tx<'_>, reset: &PasswordReset, secret_hash: &[u8]) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO password_resets (account, secret_hash, epoch, sent_to, asked_at, expires_at, purpose) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account) DO UPDATE SET secret_hash = excluded.secret_hash, \
         epoch = excluded.epoch, sent_to = excluded.sent_to, asked_at = excluded.asked_at, \
         expires_at = excluded.expires_at, purpose = excluded.purpose",
        &[
            reset.account.number().into(),
            secret_hash.into(),
            reset.epoch.into(),
            reset.sent_to.as_str().into(),
            time(reset.asked_at),
            time(reset.expires_at),
            name(&reset.purpose),
        ],
    )
}

pub fn of_account(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<PasswordReset>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM password_resets WHERE account = $1");
    tx.query_opt(&sql, &[account.number().into()])?.as_ref().map(read).transpose()
}

pub fn by_secret(tx: &mut Tx<'_>, secret_hash: &[u8]) -> Result<Option<PasswordReset>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM password_resets WHERE secret_hash = $1");
    tx.query_opt(&sql, &[secret_hash.into()])?.as_ref().map(read).transpose()
}

pub fn remove(tx: &mut Tx<'_>, account: AccountId) -> Result<(), Error> {
    tx.execute("DELETE FROM password_resets WHERE account = $1", &[account.number().into()])?;
    Ok(())
}

/// Forgets links that have expired.
pub fn forget(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM password_resets WHERE expires_at <= $1", &[time(now)])
}
