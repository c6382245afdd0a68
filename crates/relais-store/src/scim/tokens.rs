//! The tokens of providers of identities. They open the SCIM door of one organisation, and nothing else.

use crate::columns::{at, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::ids::{OrganisationId, TokenId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ScimToken {
    pub id: TokenId,
    pub organisation: OrganisationId,
    pub name: String,
    pub created_at: Timestamp,
    /// To the hour: not every request writes it.
    pub used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

const TOKEN: &str = "SELECT id, organisation, name, created_at, used_at, revoked_at FROM scim_tokens";

fn read(row: &Row) -> Result<ScimToken, Error> {
    let id = row.int(0)?;
    let place = |column| at("scim_tokens", column);
    Ok(ScimToken {
        id: TokenId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        name: row.text(2)?.to_owned(),
        created_at: place("created_at").time(id, row.int(3)?)?,
        used_at: place("used_at").opt_time(id, row.opt_int(4)?)?,
        revoked_at: place("revoked_at").opt_time(id, row.opt_int(5)?)?,
    })
}

pub fn insert_token(tx: &mut Tx<'_>, token: &ScimToken, secret_hash: &[u8]) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO scim_tokens (id, organisation, name, secret_hash, created_at) VALUES ($1, $2, $3, $4, $5)",
        &[
            token.id.number().into(),
            token.organisation.number().into(),
            token.name.as_str().into(),
            secret_hash.into(),
            time(token.created_at),
        ],
    )
}

/// The token with this secret, unless it was revoked.
pub fn token_by_secret(tx: &mut Tx<'_>, secret_hash: &[u8]) -> Result<Option<ScimToken>, Error> {
    let sql = format!("{TOKEN} WHERE secret_hash = $1 AND revoked_at IS NULL");
    tx.query_opt(&sql, &[secret_hash.into()])?.as_ref().map(read).transpose()
}

pub fn token_used(tx: &mut Tx<'_>, id: TokenId, now: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE scim_tokens SET used_at = $2 WHERE id = $1", &[id.number().into(), time(now)])?;
    Ok(())
}

pub fn tokens(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<ScimToken>, Error> {
    let sql = format!("{TOKEN} WHERE organisation = $1 ORDER BY id");
    tx.query(&sql, &[organisation.number().into()])?.iter().map(read).collect()
}

/// Returns whether the organisation had such a token in force.
pub fn revoke_token(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    id: TokenId,
    now: Timestamp,
) -> Result<bool, Error> {
    let revoked = tx.execute(
        "UPDATE scim_tokens SET revoked_at = $3 WHERE id = $1 AND organisation = $2 AND revoked_at IS NULL",
        &[id.number().into(), organisation.number().into(), time(now)],
    )?;
    Ok(revoked == 1)
}
