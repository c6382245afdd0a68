//! People who are signed in. Only hashes of the secrets are kept.

use crate::columns::{at, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::ids::{AccountId, SessionId};
use serde::{Deserialize, Serialize};

/// A signed-in person. Void as soon as the account's epoch is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Session {
    pub id: SessionId,
    pub account: AccountId,
    #[serde(skip)]
    pub epoch: i64,
    pub created_at: Timestamp,
    /// When it was last used, to a quarter of an hour.
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
    /// From where it was opened, roughly.
    pub network: String,
    /// With what, roughly.
    pub agent: String,
    /// By an identity provider; `None` with a password.
    #[serde(skip)]
    pub sign_on: Option<SignOn>,
}

/// By which provider a session was opened, and as what it knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOn {
    pub issuer: String,
    pub subject: String,
    /// The provider's own session.
    pub sid: Option<String>,
    pub id_token: String,
}

const COLUMNS: &str = "id, account, epoch, created_at, seen_at, expires_at, network, agent, issuer, subject, sid, \
                       id_token";

fn read(row: &Row) -> Result<Session, Error> {
    let id = row.int(0)?;
    let place = |column| at("sessions", column);
    Ok(Session {
        id: SessionId::from_number(id),
        account: AccountId::from_number(row.int(1)?),
        epoch: row.int(2)?,
        created_at: place("created_at").time(id, row.int(3)?)?,
        seen_at: place("seen_at").time(id, row.int(4)?)?,
        expires_at: place("expires_at").time(id, row.int(5)?)?,
        network: row.text(6)?.to_owned(),
        agent: row.text(7)?.to_owned(),
        sign_on: match (row.opt_text(8)?, row.opt_text(9)?, row.opt_text(11)?) {
            (Some(issuer), Some(subject), Some(id_token)) => Some(SignOn {
                issuer: issuer.to_owned(),
                subject: subject.to_owned(),
                sid: row.opt_text(10)?.map(str::to_owned),
                id_token: id_token.to_owned(),
            }),
            _ => None,
        },
    })
}

pub fn insert(tx: &mut Tx<'_>, session: &Session, secret_hash: &[u8]) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO sessions ({COLUMNS}, secret_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    );
    let by = session.sign_on.as_ref();
    tx.execute_one(
        &sql,
        &[
            session.id.number().into(),
            session.account.number().into(),
            session.epoch.into(),
            time(session.created_at),
            time(session.seen_at),
            time(session.expires_at),
            session.network.as_str().into(),
            session.agent.as_str().into(),
            by.map(|by| by.issuer.as_str()).into(),
            by.map(|by| by.subject.as_str()).into(),
            by.and_then(|by| by.sid.as_deref()).into(),
            by.map(|by| by.id_token.as_str()).into(),
            secret_hash.into(),
        ],
    )
}

pub fn by_secret(tx: &mut Tx<'_>, secret_hash: &[u8]) -> Result<Option<Session>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE secret_hash = $1");
    tx.query_opt(&sql, &[secret_hash.into()])?.as_ref().map(read).transpose()
}

/// Those that `account` has open under `epoch`, the newest first.
pub fn of_account(
    tx: &mut Tx<'_>,
    account: AccountId,
    epoch: i64,
    now: Timestamp,
) -> Result<Vec<Session>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sessions WHERE account = $1 AND epoch = $2 AND expires_at > $3 ORDER BY id DESC"
    );
    tx.query(&sql, &[account.number().into(), epoch.into(), time(now)])?.iter().map(read).collect()
}

pub fn seen(tx: &mut Tx<'_>, id: SessionId, now: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE sessions SET seen_at = $2 WHERE id = $1", &[id.number().into(), time(now)])?;
    Ok(())
}

/// Returns whether `account` had it.
pub fn end(tx: &mut Tx<'_>, account: AccountId, id: SessionId) -> Result<bool, Error> {
    let ended = tx.execute(
        "DELETE FROM sessions WHERE id = $1 AND account = $2",
        &[id.number().into(), account.number().into()],
    )?;
    Ok(ended == 1)
}

/// Ends all of `account` but `kept`. Returns how many there were.
pub fn end_all(tx: &mut Tx<'_>, account: AccountId, kept: Option<SessionId>) -> Result<u64, Error> {
    // Ids are not negative.
    let kept = kept.map_or(-1, SessionId::number);
    tx.execute(
        "DELETE FROM sessions WHERE account = $1 AND id <> $2",
        &[account.number().into(), kept.into()],
    )
}

/// Forgets those that have expired.
pub fn forget(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM sessions WHERE expires_at <= $1", &[time(now)])
}
