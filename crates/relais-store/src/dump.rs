//! The rows of an organisation, written as text and read again elsewhere: on another server, on the other database, under
//! a later schema.
//!
//! Which rows, says [`TABLES`]. What a dump holds is as secret as the database: password hashes, hashes of tokens,
//! people's data. It is meant for an encrypted repository.

mod lines;
mod load;
mod tables;

pub use lines::{Head, head};
pub use load::{Loaded, load, renew};
pub use tables::{Emptied, Rows, TABLES, Table};

use crate::schema::MIGRATIONS;
use crate::tx::{Error, Tx};
use crate::value::Row;
use crate::{events, ledger, organisations};
use lines::{End, Field, Line, TableRow, Writer};
use relais_core::ids::OrganisationId;
use std::io::Write;

/// Why rows were not written, or not loaded.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    #[error(transparent)]
    Store(#[from] Error),
    #[error("the rows cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    #[error("there is no organisation {0} here")]
    Absent(OrganisationId),
    #[error(
        "the rows are of schema version {found} and this program knows versions up to {}: restore them with the newer \
         program",
        known()
    )]
    Newer { found: i64 },
    #[error(
        "the rows are of schema version {found} and the database is of version {}: renew them first",
        known()
    )]
    Older { found: i64 },
    /// No dump, or not all of one, or one that was changed by hand.
    #[error("line {line} of the rows cannot be used: {reason}")]
    Damaged { line: u64, reason: String },
    /// The organisation is here, or something that can be there once only is somebody's: a name, a domain, an address.
    #[error(
        "{table} has {row} already: an organisation is loaded where it is absent and nobody has what is its own"
    )]
    Taken { table: &'static str, row: String },
    /// A row of the operator is here with another meaning.
    #[error("{table} {row} is something else here than where the rows come from")]
    Differs { table: &'static str, row: String },
}

fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// Writes every row of the organisation, and those of the operator that it may refer to. To be called in a read, which is
/// one snapshot; holds one row at a time.
///
/// # Errors
/// [`DumpError::Absent`], or what the database or `to` says.
pub fn dump(tx: &mut Tx<'_>, organisation: OrganisationId, to: &mut dyn Write) -> Result<Head, DumpError> {
    let found = organisations::get(tx, organisation)?.ok_or(DumpError::Absent(organisation))?;
    let head = Head { migration: known(), organisation, name: found.name };
    let mut to = Writer::new(to);
    to.line(&Line::Begin(head.clone()))?;
    let mut rows = 0;
    for table in TABLES {
        for part in table.rows {
            rows += match part {
                Rows::Kept(of) => write_rows(tx, table, of, Some(organisation), Line::Row, &mut to)?,
                Rows::Instance { of, .. } => write_rows(tx, table, of, None, Line::Instance, &mut to)?,
                Rows::LeftOut(_) => 0,
            };
        }
    }
    let end =
        End { rows, chain: events::verify(tx, organisation)?, ledger: ledger::check(tx, organisation)? };
    to.line(&Line::End(end))?;
    Ok(head)
}

fn write_rows(
    tx: &mut Tx<'_>,
    table: &Table,
    of: &str,
    organisation: Option<OrganisationId>,
    line: fn(TableRow) -> Line,
    to: &mut Writer<'_>,
) -> Result<i64, DumpError> {
    let sql = format!(
        "SELECT {} FROM {} WHERE {of} ORDER BY {}",
        comma_separated(table.columns()),
        table.name,
        comma_separated(table.key())
    );
    let args: Vec<_> = organisation.iter().map(|organisation| organisation.number().into()).collect();
    let mut count = 0;
    let mut failed = None;
    let listed = tx.for_each(&sql, &args, &mut |row| {
        count += 1;
        to.line(&line(table_row(table, row))).map_err(|error| {
            failed = Some(error);
            Error::Shape("a row was not written".to_owned())
        })
    });
    failed.map_or(Ok(()), Err)?;
    listed?;
    Ok(count)
}

fn table_row(table: &Table, row: Row) -> TableRow {
    let values = table.columns().zip(row.into_cells()).map(|(column, cell)| {
        let field = if table.is_emptied(column) { Field::Null } else { cell.into() };
        (column.to_owned(), field)
    });
    TableRow { table: table.name.to_owned(), values: values.collect() }
}

fn comma_separated<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
