//! Second factors: what codes are made from, the codes for whoever lost their device, and sign-ins that wait for a code.

use crate::columns::{at, opt_time, time};
use crate::tx::{Error, Tx};
use jiff::Timestamp;
use relais_core::ids::AccountId;

/// What codes are made from.
#[derive(Clone, PartialEq, Eq)]
pub struct Factor {
    pub account: AccountId,
    pub secret: Vec<u8>,
    pub begun_at: Timestamp,
    /// It counts from then on.
    pub confirmed_at: Option<Timestamp>,
    /// The time step of the last code that was taken.
    pub last_step: i64,
}

/// In the place of one that was never confirmed.
pub fn set(tx: &mut Tx<'_>, factor: &Factor) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO second_factors (account, secret, begun_at, confirmed_at, last_step) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (account) DO UPDATE SET secret = excluded.secret, begun_at = excluded.begun_at, \
         confirmed_at = excluded.confirmed_at, last_step = excluded.last_step",
        &[
            factor.account.number().into(),
            factor.secret.as_slice().into(),
            time(factor.begun_at),
            opt_time(factor.confirmed_at),
            factor.last_step.into(),
        ],
    )
}

/// Confirmed or not.
pub fn get(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<Factor>, Error> {
    let id = account.number();
    tx.query_opt(
        "SELECT secret, begun_at, confirmed_at, last_step FROM second_factors WHERE account = $1",
        &[id.into()],
    )?
    .map(|row| {
        Ok(Factor {
            account,
            secret: row.blob(0)?.to_vec(),
            begun_at: at("second_factors", "begun_at").time(id, row.int(1)?)?,
            confirmed_at: at("second_factors", "confirmed_at").opt_time(id, row.opt_int(2)?)?,
            last_step: row.int(3)?,
        })
    })
    .transpose()
}

/// Returns whether there was one, confirmed or not. Its recovery codes go with it.
pub fn remove(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, Error> {
    tx.execute("DELETE FROM recovery_codes WHERE account = $1", &[account.number().into()])?;
    Ok(tx.execute("DELETE FROM second_factors WHERE account = $1", &[account.number().into()])? == 1)
}

/// In the place of those there were.
pub fn set_recovery_codes(tx: &mut Tx<'_>, account: AccountId, hashes: &[Vec<u8>]) -> Result<(), Error> {
    tx.execute("DELETE FROM recovery_codes WHERE account = $1", &[account.number().into()])?;
    for hash in hashes {
        tx.execute_one(
            "INSERT INTO recovery_codes (account, code_hash) VALUES ($1, $2)",
            &[account.number().into(), hash.as_slice().into()],
        )?;
    }
    Ok(())
}

/// Takes a code, once. Returns whether there was such a one.
pub fn use_recovery_code(tx: &mut Tx<'_>, account: AccountId, hash: &[u8]) -> Result<bool, Error> {
    let used = tx.execute(
        "DELETE FROM recovery_codes WHERE account = $1 AND code_hash = $2",
        &[account.number().into(), hash.into()],
    )?;
    Ok(used == 1)
}

pub fn recovery_codes_left(tx: &mut Tx<'_>, account: AccountId) -> Result<i64, Error> {
    let rows =
        tx.query("SELECT COUNT(*) FROM recovery_codes WHERE account = $1", &[account.number().into()])?;
    rows.first().map_or(Ok(0), |row| row.int(0))
}

/// Somebody gave the right password, and the code is still to come. Void under another epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfSignIn {
    pub account: AccountId,
    pub epoch: i64,
    pub failures: i64,
    pub expires_at: Timestamp,
}

pub fn begin(tx: &mut Tx<'_>, half: &HalfSignIn, secret_hash: &[u8]) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO half_sign_ins (secret_hash, account, epoch, failures, expires_at) VALUES ($1, $2, $3, $4, $5)",
        &[
            secret_hash.into(),
            half.account.number().into(),
            half.epoch.into(),
            half.failures.into(),
            time(half.expires_at),
        ],
    )
}

pub fn half(tx: &mut Tx<'_>, secret_hash: &[u8]) -> Result<Option<HalfSignIn>, Error> {
    tx.query_opt(
        "SELECT account, epoch, failures, expires_at FROM half_sign_ins WHERE secret_hash = $1",
        &[secret_hash.into()],
    )?
    .map(|row| {
        let id = row.int(0)?;
        Ok(HalfSignIn {
            account: AccountId::from_number(id),
            epoch: row.int(1)?,
            failures: row.int(2)?,
            expires_at: at("half_sign_ins", "expires_at").time(id, row.int(3)?)?,
        })
    })
    .transpose()
}

pub fn half_failed(tx: &mut Tx<'_>, secret_hash: &[u8]) -> Result<(), Error> {
    tx.execute(
        "UPDATE half_sign_ins SET failures = failures + 1 WHERE secret_hash = $1",
        &[secret_hash.into()],
    )?;
    Ok(())
}

/// Returns whether it was there.
pub fn complete(tx: &mut Tx<'_>, secret_hash: &[u8]) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM half_sign_ins WHERE secret_hash = $1", &[secret_hash.into()])? == 1)
}

/// Forgets half-done sign-ins that have expired.
pub fn forget(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM half_sign_ins WHERE expires_at <= $1", &[time(now)])
}
