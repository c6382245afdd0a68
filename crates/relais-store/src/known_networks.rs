//! From where accounts signed in lately.

use crate::columns::time;
use crate::tx::{Error, Tx};
use jiff::Timestamp;
use relais_core::ids::AccountId;

/// Notes a sign-in, unless one was noted since `noted_after`.
pub fn note(
    tx: &mut Tx<'_>,
    account: AccountId,
    network: &str,
    noted_after: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO known_networks (account, network, seen_at) VALUES ($1, $2, $3) \
         ON CONFLICT (account, network) DO UPDATE SET seen_at = excluded.seen_at WHERE known_networks.seen_at < $4",
        &[account.number().into(), network.into(), time(now), time(noted_after)],
    )?;
    Ok(())
}

/// Whether `account` signed in from `network` after `since`.
pub fn is_known(tx: &mut Tx<'_>, account: AccountId, network: &str, since: Timestamp) -> Result<bool, Error> {
    let found = tx.query_opt(
        "SELECT seen_at FROM known_networks WHERE account = $1 AND network = $2 AND seen_at > $3",
        &[account.number().into(), network.into(), time(since)],
    )?;
    Ok(found.is_some())
}

pub fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM known_networks WHERE seen_at <= $1", &[time(before)])
}

pub fn forget_account(tx: &mut Tx<'_>, account: AccountId) -> Result<(), Error> {
    tx.execute("DELETE FROM known_networks WHERE account = $1", &[account.number().into()])?;
    Ok(())
}
