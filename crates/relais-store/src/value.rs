//! Values as both databases know them: what is bound to `$n`, and what a row holds.
//!
//! Three kinds only, so that one SQL text means the same on SQLite and on PostgreSQL: `BIGINT`, `TEXT` and bytes. A truth
//! is 0 or 1 in a `BIGINT`. Knows nothing of what the values mean.

use crate::tx::Error;

/// The type of a value, which PostgreSQL has to be told even for a NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Int,
    Text,
    Blob,
}

/// One argument of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Null(Kind),
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl Value {
    pub fn kind(&self) -> Kind {
        match self {
            Value::Null(kind) => *kind,
            Value::Int(_) => Kind::Int,
            Value::Text(_) => Kind::Text,
            Value::Blob(_) => Kind::Blob,
        }
    }

    /// PostgreSQL keeps no NUL character in a text and SQLite cuts some functions short at one: refused on both.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Value::Text(text) if text.contains('\0') => {
                Err(Error::Shape("a text to store holds a NUL character".to_owned()))
            }
            Value::Text(_) | Value::Null(_) | Value::Int(_) | Value::Blob(_) => Ok(()),
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Value::Text(value.clone())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Blob(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Value::Blob(value.to_vec())
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Value::Null(Kind::Int), Value::Int)
    }
}

impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        value.map_or(Value::Null(Kind::Text), Value::Text)
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        value.map_or(Value::Null(Kind::Text), Value::from)
    }
}

impl From<Option<Vec<u8>>> for Value {
    fn from(value: Option<Vec<u8>>) -> Self {
        value.map_or(Value::Null(Kind::Blob), Value::Blob)
    }
}

impl From<Option<&[u8]>> for Value {
    fn from(value: Option<&[u8]>) -> Self {
        value.map_or(Value::Null(Kind::Blob), Value::from)
    }
}

/// What one column of a row holds. SQLite does not say the kind of a NULL, so unlike [`Value`] this one does not either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl Cell {
    fn noun(&self) -> &'static str {
        match self {
            Cell::Null => "NULL",
            Cell::Int(_) => "an integer",
            Cell::Text(_) => "a text",
            Cell::Blob(_) => "bytes",
        }
    }
}

/// One row of an answer, with values of its own. Columns are counted from 0, in the order of the `SELECT`.
///
/// A column of another kind than the one asked for is [`Error::Shape`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    cells: Vec<Cell>,
}

impl Row {
    pub(crate) fn new(cells: Vec<Cell>) -> Self {
        Row { cells }
    }

    pub(crate) fn into_cells(self) -> Vec<Cell> {
        self.cells
    }

    pub fn int(&self, column: usize) -> Result<i64, Error> {
        self.opt_int(column)?.ok_or_else(|| shape(column, "an integer", "NULL"))
    }

    pub fn text(&self, column: usize) -> Result<&str, Error> {
        self.opt_text(column)?.ok_or_else(|| shape(column, "a text", "NULL"))
    }

    pub fn blob(&self, column: usize) -> Result<&[u8], Error> {
        self.opt_blob(column)?.ok_or_else(|| shape(column, "bytes", "NULL"))
    }

    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, Error> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Int(value) => Ok(Some(*value)),
            other @ (Cell::Text(_) | Cell::Blob(_)) => Err(shape(column, "an integer", other.noun())),
        }
    }

    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, Error> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Text(value) => Ok(Some(value)),
            other @ (Cell::Int(_) | Cell::Blob(_)) => Err(shape(column, "a text", other.noun())),
        }
    }

    pub fn opt_blob(&self, column: usize) -> Result<Option<&[u8]>, Error> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Blob(value) => Ok(Some(value)),
            other @ (Cell::Int(_) | Cell::Text(_)) => Err(shape(column, "bytes", other.noun())),
        }
    }

    fn cell(&self, column: usize) -> Result<&Cell, Error> {
        self.cells.get(column).ok_or_else(|| {
            Error::Shape(format!("column {column} was read of a row of {} columns", self.cells.len()))
        })
    }
}

fn shape(column: usize, wanted: &str, found: &str) -> Error {
    Error::Shape(format!("column {column} should be {wanted} and is {found}"))
}
