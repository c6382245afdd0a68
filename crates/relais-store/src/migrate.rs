//! Brings a database to the schema of this program.
//!
//! One text per migration for both databases; `BYTES` in it stands for the type of binary columns (`BLOB`, `BYTEA`). Each runs
//! in one transaction together with the row that remembers it. The refinery crate was tried: it commits these two apart, so
//! a machine that stops between them does not start again.

use sha2::{Digest, Sha256};

use crate::tx::{Error, Tx};

/// One step of the schema. A released one is never edited: its SHA-256 is kept and compared.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// From 1, ascending.
    pub version: i64,
    pub name: &'static str,
    /// Statements, each ended by `;`. The word `BYTES` is the type of binary columns.
    pub sql: &'static str,
}

impl Migration {
    fn sha256(&self) -> String {
        Sha256::digest(self.sql).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn sql_for(&self, binary_type: &str) -> String {
        let is_boundary = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        let words = self.sql.split_inclusive(is_boundary).map(|piece| {
            let word = piece.trim_end_matches(is_boundary);
            if word == "BYTES" { piece.replacen(word, binary_type, 1) } else { piece.to_owned() }
        });
        words.collect()
    }
}

/// The clock is the database's own: it is only for people to read.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at TEXT NOT NULL)";
const APPLIED: &str = "SELECT version, name, sha256 FROM schema_migrations ORDER BY version";
const REMEMBER: &str = "INSERT INTO schema_migrations (version, name, sha256, applied_at)
    VALUES ($1, $2, $3, CAST(CURRENT_TIMESTAMP AS TEXT))";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Applied,
    UpToDate,
}

/// Applies the first migration that is missing, inside the transaction it is given.
pub(crate) fn step(tx: &mut Tx<'_>, migrations: &[Migration]) -> Result<Step, Error> {
    assert!(
        migrations.is_sorted_by(|a, b| a.version < b.version),
        "migrations are listed in ascending order"
    );
    tx.execute(CREATE, &[])?;
    let mut applied = Vec::new();
    for row in tx.query(APPLIED, &[])? {
        let version = row.int(0)?;
        check_applied(version, row.text(1)?, row.text(2)?, migrations)?;
        applied.push(version);
    }
    let Some(migration) = migrations.iter().find(|migration| !applied.contains(&migration.version)) else {
        return Ok(Step::UpToDate);
    };
    let Migration { version, name, .. } = migration;
    if applied.last().is_some_and(|last| last > version) {
        return Err(Error::Open(format!(
            "the database lacks schema version {version} ({name}) though it holds later ones: it was made by another \
             build. Start the build that made it, or begin with an empty database"
        )));
    }
    tx.batch(&migration.sql_for(tx.binary_type())).map_err(|error| {
        if matches!(error, Error::Unavailable(_) | Error::StorageFull) {
            return error;
        }
        Error::Open(format!("bringing the database to schema version {version} ({name}): {error}"))
    })?;
    tx.execute_one(REMEMBER, &[(*version).into(), (*name).into(), migration.sha256().into()])?;
    tracing::info!(version, name, "schema migration applied");
    Ok(Step::Applied)
}

fn check_applied(version: i64, name: &str, sha256: &str, migrations: &[Migration]) -> Result<(), Error> {
    match migrations.iter().find(|migration| migration.version == version) {
        None => {
            let latest = migrations.last().map_or(0, |migration| migration.version);
            Err(Error::Open(format!(
                "the database is newer than this program: it holds schema version {version} ({name}) and the program \
                 knows versions up to {latest}. Start the newer program, or restore a copy made before the upgrade"
            )))
        }
        Some(known) if known.sha256() != sha256 => Err(Error::Open(format!(
            "schema version {version} ({name}) of the database is not the one of this program: it was made by another \
             build. Start the build that made it, or begin with an empty database"
        ))),
        Some(_) => Ok(()),
    }
}
