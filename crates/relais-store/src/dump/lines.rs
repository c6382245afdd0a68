//! The text of a dump: one JSON object a line.
//!
//! ```text
//! {"begin":{"migration":4,"organisation":"org-…","name":"Mairie"}}
//! {"instance":{"table":"plans","values":{"id":1,…}}}
//! {"row":{"table":"photos","values":{"account":7,"image":{"base64":"…"},"kind":"png"}}}
//! {"end":{"rows":2,"chain":{…},"ledger":{…}}}
//! ```

use super::DumpError;
use crate::events::ChainCheck;
use crate::ledger::LedgerCheck;
use crate::value::{Cell, Kind, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use relais_core::ids::OrganisationId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufRead, Read, Write};

/// Far more than the largest row: a photo.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// What a dump says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The version of the schema the rows are of.
    pub migration: i64,
    pub organisation: OrganisationId,
    pub name: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Begin(Head),
    Row(TableRow),
    Instance(TableRow),
    End(End),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TableRow {
    pub table: String,
    pub values: BTreeMap<String, Field>,
}

/// Last, so that a dump that was cut off shows; with what the rows have to amount to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct End {
    pub rows: i64,
    pub chain: ChainCheck,
    pub ledger: LedgerCheck,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Field {
    Null,
    Int(i64),
    Text(String),
    Bytes { base64: String },
}

impl From<Cell> for Field {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Null => Field::Null,
            Cell::Int(value) => Field::Int(value),
            Cell::Text(text) => Field::Text(text),
            Cell::Blob(bytes) => Field::Bytes { base64: BASE64.encode(bytes) },
        }
    }
}

impl Field {
    /// As an argument for a column of this kind; `None` if it is of another one.
    pub fn value(self, kind: Kind) -> Option<Value> {
        match (self, kind) {
            (Field::Null, kind) => Some(Value::Null(kind)),
            (Field::Int(value), Kind::Int) => Some(Value::Int(value)),
            (Field::Text(text), Kind::Text) => Some(Value::Text(text)),
            (Field::Bytes { base64 }, Kind::Blob) => BASE64.decode(base64).ok().map(Value::Blob),
            (Field::Int(_) | Field::Text(_) | Field::Bytes { .. }, _) => None,
        }
    }
}

pub(super) struct Writer<'a> {
    to: &'a mut dyn Write,
}

impl<'a> Writer<'a> {
    pub fn new(to: &'a mut dyn Write) -> Self {
        Writer { to }
    }

    pub fn line(&mut self, line: &Line) -> Result<(), DumpError> {
        let mut text = serde_json::to_vec(line).map_err(std::io::Error::from)?;
        text.push(b'\n');
        Ok(self.to.write_all(&text)?)
    }
}

pub(super) struct Reader<'a> {
    from: &'a mut dyn BufRead,
    /// From 1, of the line read last.
    number: u64,
    bytes: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub fn new(from: &'a mut dyn BufRead) -> Self {
        Reader { from, number: 0, bytes: Vec::new() }
    }

    pub fn line(&mut self) -> Result<Line, DumpError> {
        self.number += 1;
        self.bytes.clear();
        self.from.take(LINE_BYTES_MAX).read_until(b'\n', &mut self.bytes)?;
        if !self.bytes.ends_with(b"\n") {
            return Err(self.damaged("it ends before its last line"));
        }
        serde_json::from_slice(&self.bytes).map_err(|error| self.damaged(&error.to_string()))
    }

    pub fn head(&mut self) -> Result<Head, DumpError> {
        match self.line()? {
            Line::Begin(head) => Ok(head),
            Line::Row(_) | Line::Instance(_) | Line::End(_) => {
                Err(self.damaged("it does not say what it is"))
            }
        }
    }

    pub fn damaged(&self, reason: &str) -> DumpError {
        DumpError::Damaged { line: self.number, reason: reason.to_owned() }
    }
}

/// What the dump says of itself.
///
/// # Errors
/// [`DumpError::Damaged`] for what is no dump.
pub fn head(from: &mut dyn BufRead) -> Result<Head, DumpError> {
    Reader::new(from).head()
}
