//! The person who reads: their language, their clock on the wall, and whether they see colours. Tables are laid out
//! here; nothing here knows what stands in them.

use super::words::printable;
use console::{Style, measure_text_width};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use relais_core::language::Language;

pub struct Reader {
    pub language: Language,
    pub zone: TimeZone,
    pub colours: bool,
}

impl Reader {
    #[must_use]
    pub fn pick<'a>(&self, french: &'a str, english: &'a str) -> &'a str {
        self.language.pick(french, english)
    }

    /// The colon as each language sets it.
    #[must_use]
    pub fn colon(&self) -> &'static str {
        self.language.pick(" :", ":")
    }

    #[must_use]
    pub fn quoted(&self, text: &str) -> String {
        match self.language {
            Language::French => format!("« {text} »"),
            Language::English => format!("\u{201c}{text}\u{201d}"),
        }
    }

    /// To the minute, in local time.
    #[must_use]
    pub fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    #[must_use]
    pub fn end(&self, at: Option<Timestamp>) -> String {
        at.map_or_else(
            || self.pick("sans fin", "without end").to_owned(),
            |at| format!("{} {}", self.pick("jusqu'au", "until"), self.time(at)),
        )
    }

    #[must_use]
    pub fn styled(&self, style: Style, text: &str) -> String {
        style.force_styling(self.colours).apply_to(text).to_string()
    }

    #[must_use]
    pub fn strong(&self, text: &str) -> String {
        self.styled(Style::new().bold(), text)
    }

    #[must_use]
    pub fn good(&self, text: &str) -> String {
        self.styled(Style::new().green(), text)
    }

    #[must_use]
    pub fn careful(&self, text: &str) -> String {
        self.styled(Style::new().yellow(), text)
    }

    #[must_use]
    pub fn bad(&self, text: &str) -> String {
        self.styled(Style::new().red(), text)
    }

    /// Columns under their headings.
    #[must_use]
    pub fn table<const N: usize>(&self, headings: [(&str, &str); N], rows: Vec<[String; N]>) -> String {
        if rows.is_empty() {
            return self.pick("(rien)", "(nothing)").to_owned();
        }
        let headings = headings.map(|(french, english)| self.pick(french, english).to_owned());
        let rows: Vec<[String; N]> = rows.into_iter().map(|row| row.map(|cell| printable(&cell))).collect();
        let mut widths = [0; N];
        for row in rows.iter().chain([&headings]) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(measure_text_width(cell));
            }
        }
        let mut lines = vec![self.strong(&line(&headings, &widths))];
        lines.extend(rows.iter().map(|row| line(row, &widths)));
        lines.join("\n")
    }

    /// Amounts of a column, so that their ends stand below each other.
    #[must_use]
    pub fn right_aligned(&self, cells: impl Iterator<Item = String>) -> Vec<String> {
        let cells: Vec<String> = cells.collect();
        let width = cells.iter().map(|cell| measure_text_width(cell)).max().unwrap_or(0);
        let padded = |cell: &String| format!("{}{cell}", " ".repeat(width - measure_text_width(cell)));
        cells.iter().map(padded).collect()
    }

    /// One thing: names and values below each other.
    #[must_use]
    pub fn sheet(&self, rows: &[(&str, &str, String)]) -> String {
        let names: Vec<&str> = rows.iter().map(|(french, english, _)| self.pick(french, english)).collect();
        let width = names.iter().map(|name| measure_text_width(name)).max().unwrap_or(0);
        let line = |(name, (_, _, value)): (&&str, &(&str, &str, String))| {
            let space = " ".repeat(width - measure_text_width(name) + 2);
            format!("{}{space}{}", self.strong(name), printable(value))
        };
        names.iter().zip(rows).map(line).collect::<Vec<_>>().join("\n")
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        line.push_str(&" ".repeat(width - measure_text_width(cell) + 2));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_whatever_the_script_and_control_characters_do_nothing() {
        let reader = Reader { language: Language::French, zone: TimeZone::UTC, colours: false };
        let row = |name: &str, address: &str| [name.to_owned(), address.to_owned()];
        let rows =
            vec![row("Zoé", "zoe@bm.com"), row("王小明", "wang@bm.com"), row("x\x1b[2J\ny", "x@bm.com")];
        assert_eq!(
            reader.table([("nom", "name"), ("adresse", "address")], rows),
            "\
nom      adresse
Zoé      zoe@bm.com
王小明   wang@bm.com
x·[2J·y  x@bm.com"
        );
    }
}
