//! Between values and cells. A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and a
//! formula in a list of people can run what its author likes: such a cell gets an apostrophe in front when it is
//! written, which is taken away when it is read.

use crate::Error;

/// What must not begin a cell, and the mark itself, so that every text comes back as it was.
const MARKED: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// A text as it is written into a cell.
fn guarded(text: &str) -> String {
    if text.starts_with(MARKED) { format!("'{text}") } else { text.to_owned() }
}

/// The text of a cell.
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(MARKED) => rest,
        Some(_) | None => cell,
    }
}

/// A table that is written row by row (CSV, RFC 4180, in UTF-8).
pub struct Table {
    writer: csv::Writer<Vec<u8>>,
}

impl Table {
    /// Without columns it goes on where another ended.
    pub fn new<T: AsRef<str>>(columns: &[T]) -> Result<Self, Error> {
        let writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let mut table = Self { writer };
        if !columns.is_empty() {
            table.row(columns)?;
        }
        Ok(table)
    }

    pub fn row<T: AsRef<str>>(&mut self, cells: &[T]) -> Result<(), Error> {
        let written = self.writer.write_record(cells.iter().map(|text| guarded(text.as_ref())));
        written.map_err(|error| Error::Internal(error.to_string()))
    }

    pub fn finish(self) -> Result<String, Error> {
        let bytes = self.writer.into_inner().map_err(|error| Error::Internal(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| Error::Internal(error.to_string()))
    }
}

/// Rows as CSV, every cell guarded; without columns they go on where others ended.
///
/// # Errors
/// When they cannot be written.
pub fn table_of<const N: usize>(
    columns: &[&str],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<Vec<u8>, Error> {
    let mut table = Table::new(columns)?;
    for row in rows {
        table.row(&row)?;
    }
    table.finish().map(String::into_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula_and_every_text_comes_back() {
        for (text, cell) in [
            ("Jeanne", "Jeanne"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+33 1 23 45 67 89", "'+33 1 23 45 67 89"),
            ("-x", "'-x"),
            ("@x", "'@x"),
            ("\t=1", "'\t=1"),
            ("'=1", "''=1"),
            ("'", "''"),
            ("l'été", "l'été"),
        ] {
            assert_eq!(guarded(text), cell);
            assert_eq!(unguarded(cell), text);
        }
        assert_eq!(unguarded("'entre guillemets'"), "'entre guillemets'");
    }
}
