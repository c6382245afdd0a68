//! Between values and cells. A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and a
//! formula in a list of people can run what its author likes: such a cell gets an apostrophe in front when it is
//! written, which is taken away when it is read.

/// What must not begin a cell, and the mark itself, so that every text comes back as it was.
const MARKED: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// A text as it is written into a cell.
pub fn guarded(text: &str) -> String {
    if text.starts_with(MARKED) { format!("'{text}") } else { text.to_owned() }
}

/// The text of a cell.
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(MARKED) => rest,
        Some(_) | None => cell,
    }
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
