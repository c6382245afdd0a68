//! Tokens and recovery grants. Only hashes of their secrets are kept.

use crate::columns::{at, time};
use crate::tx::{Error, Tx};
use jiff::Timestamp;
use relais_core::ids::{AccountId, GrantId, OrganisationId, TokenId};
use serde::{Deserialize, Serialize};

/// A token of an organisation, or of the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Token {
    pub id: TokenId,
    /// `None` for an operator's.
    pub organisation: Option<OrganisationId>,
    pub name: String,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

pub fn insert_token(tx: &mut Tx<'_>, token: &Token, secret_hash: &[u8]) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO tokens (id, organisation, name, secret_hash, created_at) VALUES ($1, $2, $3, $4, $5)",
        &[
            token.id.number().into(),
            token.organisation.map(OrganisationId::number).into(),
            token.name.as_str().into(),
            secret_hash.into(),
            time(token.created_at),
        ],
    )
}

fn read_token(row: &crate::value::Row) -> Result<Token, Error> {
    let id = row.int(0)?;
    Ok(Token {
        id: TokenId::from_number(id),
        organisation: row.opt_int(1)?.map(OrganisationId::from_number),
        name: row.text(2)?.to_owned(),
        created_at: at("tokens", "created_at").time(id, row.int(3)?)?,
        revoked_at: at("tokens", "revoked_at").opt_time(id, row.opt_int(4)?)?,
    })
}

/// The token with this secret, unless it was revoked.
pub fn token_by_secret(tx: &mut Tx<'_>, secret_hash: &[u8]) -> Result<Option<Token>, Error> {
    tx.query_opt(
        "SELECT id, organisation, name, created_at, revoked_at FROM tokens \
         WHERE secret_hash = $1 AND revoked_at IS NULL",
        &[secret_hash.into()],
    )?
    .as_ref()
    .map(read_token)
    .transpose()
}

/// No organisation is this number: the place of an operator's tokens in a query.
const OPERATOR: i64 = -1;

fn owner(organisation: impl Into<Option<OrganisationId>>) -> i64 {
    organisation.into().map_or(OPERATOR, OrganisationId::number)
}

/// The tokens of an organisation; of the operator, if none is named.
pub fn tokens(tx: &mut Tx<'_>, organisation: impl Into<Option<OrganisationId>>) -> Result<Vec<Token>, Error> {
    tx.query(
        "SELECT id, organisation, name, created_at, revoked_at FROM tokens \
         WHERE COALESCE(organisation, -1) = $1 ORDER BY id",
        &[owner(organisation).into()],
    )?
    .iter()
    .map(read_token)
    .collect()
}

/// Returns whether the organisation, or the operator, had such a token in force.
pub fn revoke_token(
    tx: &mut Tx<'_>,
    organisation: impl Into<Option<OrganisationId>>,
    id: TokenId,
    now: Timestamp,
) -> Result<bool, Error> {
    let revoked = tx.execute(
        "UPDATE tokens SET revoked_at = $3 WHERE id = $1 AND COALESCE(organisation, -1) = $2 AND revoked_at IS NULL",
        &[id.number().into(), owner(organisation).into(), time(now)],
    )?;
    Ok(revoked == 1)
}

/// Lets whoever has its secret read a deactivated account's mail until a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Grant {
    pub id: GrantId,
    pub account: AccountId,
    pub reason: String,
    pub ends_at: Timestamp,
    pub created_at: Timestamp,
}

pub fn insert_grant(tx: &mut Tx<'_>, grant: &Grant, secret_hash: &[u8]) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO grants (id, account, secret_hash, reason, ends_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            grant.id.number().into(),
            grant.account.number().into(),
            secret_hash.into(),
            grant.reason.as_str().into(),
            time(grant.ends_at),
            time(grant.created_at),
        ],
    )
}

fn read_grant(row: &crate::value::Row) -> Result<Grant, Error> {
    let id = row.int(0)?;
    Ok(Grant {
        id: GrantId::from_number(id),
        account: AccountId::from_number(row.int(1)?),
        reason: row.text(2)?.to_owned(),
        ends_at: at("grants", "ends_at").time(id, row.int(3)?)?,
        created_at: at("grants", "created_at").time(id, row.int(4)?)?,
    })
}

const GRANT: &str = "SELECT id, account, reason, ends_at, created_at FROM grants";

/// The grant on `account` with this secret, if it is in force at `now`.
pub fn grant_in_force(
    tx: &mut Tx<'_>,
    account: AccountId,
    secret_hash: &[u8],
    now: Timestamp,
) -> Result<Option<Grant>, Error> {
    let sql = format!("{GRANT} WHERE account = $1 AND secret_hash = $2 AND ends_at > $3");
    tx.query_opt(&sql, &[account.number().into(), secret_hash.into(), time(now)])?
        .as_ref()
        .map(read_grant)
        .transpose()
}

pub fn grants(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Grant>, Error> {
    tx.query(&format!("{GRANT} WHERE account = $1 ORDER BY id"), &[account.number().into()])?
        .iter()
        .map(read_grant)
        .collect()
}

/// Ends every grant on `account` that is still in force.
pub fn end_grants(tx: &mut Tx<'_>, account: AccountId, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE grants SET ends_at = $2 WHERE account = $1 AND ends_at > $2",
        &[account.number().into(), time(now)],
    )
}
