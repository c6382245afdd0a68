//! Applications, the hashes of their tokens, and the secrets that their webhooks are signed with.

use crate::columns::{at, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::application::Application;
use relais_core::ids::{ApplicationId, OrganisationId};

/// What webhooks are signed with (Standard Webhooks: `whsec_` and base64).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningSecrets {
    pub current: String,
    /// The one before, and until when it is signed with too.
    pub former: Option<(String, Timestamp)>,
}

const COLUMNS: &str = "id, organisation, name, url, created_at, ended_at";

fn read(row: &Row) -> Result<Application, Error> {
    let id = row.int(0)?;
    Ok(Application {
        id: ApplicationId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        name: row.text(2)?.to_owned(),
        url: row.opt_text(3)?.map(str::to_owned),
        created_at: at("applications", "created_at").time(id, row.int(4)?)?,
        ended_at: at("applications", "ended_at").opt_time(id, row.opt_int(5)?)?,
    })
}

/// It is told what happens from now on.
///
/// # Errors
/// `Constraint("applications.organisation,name")` when one in use has the name.
pub fn insert(
    tx: &mut Tx<'_>,
    application: &Application,
    token_hash: &[u8],
    signing_secret: &str,
) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO applications (id, organisation, name, url, token_hash, signing_secret, created_at, looked_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, COALESCE((SELECT MAX(number) FROM events WHERE organisation = $2), 0))",
        &[
            application.id.number().into(),
            application.organisation.number().into(),
            application.name.as_str().into(),
            application.url.as_deref().into(),
            token_hash.into(),
            signing_secret.into(),
            time(application.created_at),
        ],
    )
}

pub fn get(tx: &mut Tx<'_>, id: ApplicationId) -> Result<Option<Application>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM applications WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

/// Those that are connected.
pub fn list(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<Application>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM applications WHERE organisation = $1 AND ended_at IS NULL ORDER BY name"
    );
    tx.query(&sql, &[organisation.number().into()])?.iter().map(read).collect()
}

/// The connected application of this name.
pub fn named(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    name: &str,
) -> Result<Option<Application>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM applications WHERE organisation = $1 AND name = $2 AND ended_at IS NULL"
    );
    tx.query_opt(&sql, &[organisation.number().into(), name.into()])?.as_ref().map(read).transpose()
}

/// The connected application with this token.
pub fn by_token(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<Option<Application>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM applications WHERE token_hash = $1 AND ended_at IS NULL");
    tx.query_opt(&sql, &[token_hash.into()])?.as_ref().map(read).transpose()
}

/// Writes its name and where it is told.
pub fn update(tx: &mut Tx<'_>, application: &Application) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE applications SET name = $2, url = $3 WHERE id = $1",
        &[
            application.id.number().into(),
            application.name.as_str().into(),
            application.url.as_deref().into(),
        ],
    )
}

pub fn set_token(tx: &mut Tx<'_>, id: ApplicationId, token_hash: &[u8]) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE applications SET token_hash = $2 WHERE id = $1",
        &[id.number().into(), token_hash.into()],
    )
}

pub fn secrets(tx: &mut Tx<'_>, id: ApplicationId) -> Result<Option<SigningSecrets>, Error> {
    let found = tx.query_opt(
        "SELECT signing_secret, former_secret, former_until FROM applications WHERE id = $1",
        &[id.number().into()],
    )?;
    found
        .map(|row| {
            let until = at("applications", "former_until").opt_time(id.number(), row.opt_int(2)?)?;
            let former = row.opt_text(1)?.map(str::to_owned).zip(until);
            Ok(SigningSecrets { current: row.text(0)?.to_owned(), former })
        })
        .transpose()
}

/// A new secret in the place of the current one, which is good until `former_until`.
pub fn replace_secret(
    tx: &mut Tx<'_>,
    id: ApplicationId,
    secret: &str,
    former_until: Timestamp,
) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE applications SET former_secret = signing_secret, former_until = $3, signing_secret = $2 WHERE id = $1",
        &[id.number().into(), secret.into(), time(former_until)],
    )
}

/// Returns whether it was connected.
pub fn end(tx: &mut Tx<'_>, id: ApplicationId, now: Timestamp) -> Result<bool, Error> {
    let ended = tx.execute(
        "UPDATE applications SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL",
        &[id.number().into(), time(now)],
    )?;
    Ok(ended == 1)
}
