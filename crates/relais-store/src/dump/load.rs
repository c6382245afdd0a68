//! Rows back into a database.

use super::lines::{End, Field, Head, Line, Reader, TableRow};
use super::tables::{self, TABLES, Table};
use super::{DumpError, comma_separated, dump, known};
use crate::open::Store;
use crate::schema::MIGRATIONS;
use crate::tx::{Error, Tx};
use crate::value::{Kind, Value};
use crate::{events, ledger};
use relais_core::ids::OrganisationId;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    pub head: Head,
    /// Rows that were written.
    pub rows: i64,
    /// Rows of the operator that were there.
    pub already_there: i64,
}

/// Writes the rows of a dump, in one transaction, exactly as they were. Rows of the operator that are there are left as they
/// are. Afterwards the chain of events and the ledger are checked against what they were.
///
/// # Errors
/// [`DumpError::Taken`] and [`DumpError::Differs`] name the row that is in the way; [`DumpError::Older`] asks for [`renew`].
pub fn load(tx: &mut Tx<'_>, from: &mut dyn BufRead) -> Result<Loaded, DumpError> {
    let mut loading = Loading::begin(tx, from)?;
    let found = loading.head.migration;
    if found < known() {
        return Err(DumpError::Older { found });
    }
    let end = loading.write_rows(tx)?;
    loading.check(tx, &end)?;
    Ok(loading.done())
}

/// Brings a dump of an older schema to this program's, and answers the file that can be loaded: the rows are loaded under
/// their own schema into a database of its own, and written again once it is migrated. `scratch` is an empty
/// directory, for the caller to remove; `open` gives the dump from its beginning, each time it is asked.
///
/// # Errors
/// As [`load`], and what [`Store::open`] says.
pub fn renew<R: BufRead>(
    open: impl Fn() -> io::Result<R> + Send + 'static,
    scratch: &Path,
) -> Result<PathBuf, DumpError> {
    let head = super::head(&mut open()?)?;
    let database = scratch.join("renewed.db").display().to_string();
    let old: Vec<_> =
        MIGRATIONS.iter().copied().filter(|migration| migration.version <= head.migration).collect();
    Store::open(&database, &old)?.write_blocking(move |tx| {
        let mut from = open()?;
        Loading::begin(tx, &mut from)?.write_rows(tx).map(drop)
    })?;
    let renewed = scratch.join("renewed.jsonl");
    let path = renewed.clone();
    Store::open(&database, MIGRATIONS)?.read_blocking(move |tx| {
        let mut to = BufWriter::new(File::create(&path)?);
        dump(tx, head.organisation, &mut to)?;
        Ok::<_, DumpError>(to.flush()?)
    })?;
    Ok(renewed)
}

struct Loading<'a> {
    lines: Reader<'a>,
    head: Head,
    /// The columns of each table here.
    catalog: HashMap<String, Vec<(String, Kind)>>,
    /// How many rows of the organisation each table has been given.
    kept: HashMap<&'static str, i64>,
    rows: i64,
    already_there: i64,
}

impl<'a> Loading<'a> {
    fn begin(tx: &mut Tx<'_>, from: &'a mut dyn BufRead) -> Result<Self, DumpError> {
        let mut lines = Reader::new(from);
        let head = lines.head()?;
        if head.migration > known() {
            return Err(DumpError::Newer { found: head.migration });
        }
        let mut catalog: HashMap<_, Vec<_>> = HashMap::new();
        for column in tx.catalog()? {
            catalog.entry(column.table).or_default().push((column.name, column.kind));
        }
        Ok(Loading { lines, head, catalog, kept: HashMap::new(), rows: 0, already_there: 0 })
    }

    fn write_rows(&mut self, tx: &mut Tx<'_>) -> Result<End, DumpError> {
        loop {
            match self.lines.line()? {
                Line::Row(row) => self.write_kept(tx, row)?,
                Line::Instance(row) => self.write_instance(tx, row)?,
                Line::End(end) if end.rows == self.rows + self.already_there => return Ok(end),
                Line::End(_) => return Err(self.lines.damaged("rows are missing before it")),
                Line::Begin(_) => return Err(self.lines.damaged("it begins a second time")),
            }
        }
    }

    fn write_kept(&mut self, tx: &mut Tx<'_>, row: TableRow) -> Result<(), DumpError> {
        let table = tables::named(&row.table).filter(|table| table.kept().is_some());
        let table =
            table.ok_or_else(|| self.lines.damaged(&format!("{} is not a table of it", row.table)))?;
        let values = self.values(row)?;
        if !insert(tx, table, &values)? {
            return Err(DumpError::Taken { table: table.name, row: shown(table, &values) });
        }
        *self.kept.entry(table.name).or_default() += 1;
        self.rows += 1;
        Ok(())
    }

    fn write_instance(&mut self, tx: &mut Tx<'_>, row: TableRow) -> Result<(), DumpError> {
        let found = tables::named(&row.table).and_then(|table| Some((table, table.instance()?)));
        let (table, (of, same)) =
            found.ok_or_else(|| self.lines.damaged(&format!("{} is not the operator's", row.table)))?;
        let values = self.values(row)?;
        if insert(tx, table, &values)? {
            self.rows += 1;
        } else {
            self.already_there += 1;
        }
        let alike: Vec<_> = table.key().chain(same.iter().copied()).collect();
        let (columns, args): (Vec<_>, Vec<_>) =
            values.iter().filter(|(column, _)| alike.contains(&column.as_str())).cloned().unzip();
        let conditions = columns.iter().zip(1..).map(|(column, number)| format!("{column} = ${number}"));
        let conditions = conditions.collect::<Vec<_>>().join(" AND ");
        let sql = format!("SELECT 1 FROM {} WHERE {conditions} AND ({of})", table.name);
        match tx.query_opt(&sql, &args)? {
            Some(_) => Ok(()),
            None => Err(DumpError::Differs { table: table.name, row: shown(table, &values) }),
        }
    }

    /// The values for all columns that the table has here, in its order.
    fn values(&self, mut row: TableRow) -> Result<Vec<(String, Value)>, DumpError> {
        let columns = self.catalog.get(&row.table).map_or(&[][..], Vec::as_slice);
        if row.values.len() != columns.len() {
            return Err(self.lines.damaged(&format!("{} has {} columns", row.table, columns.len())));
        }
        let value_of = |(column, kind): &(String, Kind)| {
            let value = row.values.remove(column).and_then(|field: Field| field.value(*kind));
            let value = value.ok_or_else(|| {
                self.lines.damaged(&format!("{}.{column} is missing or of another kind", row.table))
            })?;
            Ok((column.clone(), value))
        };
        columns.iter().map(value_of).collect()
    }

    /// That every row is the organisation's, and that together they are what they were.
    fn check(&self, tx: &mut Tx<'_>, end: &End) -> Result<(), DumpError> {
        let organisation = self.head.organisation;
        for table in TABLES {
            let Some(of) = table.kept() else { continue };
            let found = count(tx, table, of, organisation)?;
            if found != self.kept.get(table.name).copied().unwrap_or_default() {
                return Err(self.lines.damaged(&format!("{} has rows of another organisation", table.name)));
            }
        }
        if events::verify(tx, organisation)? != end.chain {
            return Err(self.lines.damaged("the chain of events is not the one it was"));
        }
        if ledger::check(tx, organisation)? != end.ledger {
            return Err(self.lines.damaged("the ledger is not the one it was"));
        }
        Ok(())
    }

    fn done(self) -> Loaded {
        Loaded { head: self.head, rows: self.rows, already_there: self.already_there }
    }
}

/// Whether the row is there now; not if one that must not be there twice already was.
fn insert(tx: &mut Tx<'_>, table: &Table, values: &[(String, Value)]) -> Result<bool, Error> {
    let columns = comma_separated(values.iter().map(|(column, _)| column.as_str()));
    let places: Vec<_> = (1..=values.len()).map(|number| format!("${number}")).collect();
    let sql = format!(
        "INSERT INTO {} ({columns}) VALUES ({}) ON CONFLICT DO NOTHING",
        table.name,
        places.join(", ")
    );
    let args: Vec<_> = values.iter().map(|(_, value)| value.clone()).collect();
    Ok(tx.execute(&sql, &args)? == 1)
}

fn count(tx: &mut Tx<'_>, table: &Table, of: &str, organisation: OrganisationId) -> Result<i64, Error> {
    let sql = format!("SELECT COUNT(*) FROM {} WHERE {of}", table.name);
    tx.query_opt(&sql, &[organisation.number().into()])?.map_or(Ok(0), |row| row.int(0))
}

/// How a refusal names the row.
fn shown(table: &Table, values: &[(String, Value)]) -> String {
    let of_key = values.iter().filter(|(column, _)| table.key().any(|key| key == column));
    let texts = of_key.map(|(_, value)| match value {
        Value::Null(_) | Value::Blob(_) => "?".to_owned(),
        Value::Int(value) => value.to_string(),
        Value::Text(text) => text.clone(),
    });
    texts.collect::<Vec<_>>().join(" ")
}
