//! Accounts of people who operate the instance in the console, and the link by which the first of them is made.

use crate::columns::time;
use crate::tx::{Error, Tx};
use jiff::Timestamp;
use relais_core::ids::AccountId;

pub fn has(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, Error> {
    Ok(tx.query_opt("SELECT 1 FROM operators WHERE account = $1", &[account.number().into()])?.is_some())
}

/// In the order in which they were appointed.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<AccountId>, Error> {
    let rows = tx.query("SELECT account FROM operators ORDER BY appointed_at, account", &[])?;
    rows.iter().map(|row| Ok(AccountId::from_number(row.int(0)?))).collect()
}

/// `false` when it was one already.
pub fn add(tx: &mut Tx<'_>, account: AccountId, now: Timestamp) -> Result<bool, Error> {
    let sql =
        "INSERT INTO operators (account, appointed_at) VALUES ($1, $2) ON CONFLICT (account) DO NOTHING";
    Ok(tx.execute(sql, &[account.number().into(), time(now)])? > 0)
}

/// `false` when it was none.
pub fn remove(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM operators WHERE account = $1", &[account.number().into()])? > 0)
}

/// In the place of the one there was.
pub fn set_link(tx: &mut Tx<'_>, secret_hash: &[u8], expires_at: Timestamp) -> Result<(), Error> {
    forget_links(tx)?;
    tx.execute_one(
        "INSERT INTO set_up_links (secret_hash, expires_at) VALUES ($1, $2)",
        &[secret_hash.into(), time(expires_at)],
    )
}

/// Whether the link with this secret may still be used.
pub fn has_link(tx: &mut Tx<'_>, secret_hash: &[u8], now: Timestamp) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM set_up_links WHERE secret_hash = $1 AND expires_at > $2";
    Ok(tx.query_opt(sql, &[secret_hash.into(), time(now)])?.is_some())
}

pub fn forget_links(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.execute("DELETE FROM set_up_links", &[]).map(drop)
}
