//! One measured figure with what it is compared to, and how figures are printed.

use std::fmt::Write as _;

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Table,
    JsonLines,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub name: String,
    pub ours: f64,
    /// The same work done by another program.
    pub peer: Option<f64>,
    /// What the machine can do at most.
    pub limit: Option<f64>,
    pub unit: &'static str,
}

impl Figure {
    fn ratio_to_peer(&self) -> Option<f64> {
        ratio(self.ours, self.peer)
    }

    fn ratio_to_limit(&self) -> Option<f64> {
        ratio(self.ours, self.limit)
    }
}

fn ratio(ours: f64, other: Option<f64>) -> Option<f64> {
    other.filter(|other| *other > 0.0).map(|other| ours / other)
}

pub fn text(figures: &[Figure], format: Format) -> anyhow::Result<String> {
    match format {
        Format::Table => Ok(table(figures)),
        Format::JsonLines => json_lines(figures),
    }
}

fn json_lines(figures: &[Figure]) -> anyhow::Result<String> {
    let mut out = String::new();
    for figure in figures {
        let row = Row {
            name: &figure.name,
            ours: figure.ours,
            peer: figure.peer,
            limit: figure.limit,
            unit: figure.unit,
            ratio_to_peer: figure.ratio_to_peer(),
            ratio_to_limit: figure.ratio_to_limit(),
        };
        writeln!(out, "{}", serde_json::to_string(&row)?)?;
    }
    Ok(out)
}

/// A figure with what follows from it, in the order in which it is printed.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    ours: f64,
    peer: Option<f64>,
    limit: Option<f64>,
    unit: &'static str,
    ratio_to_peer: Option<f64>,
    ratio_to_limit: Option<f64>,
}

fn table(figures: &[Figure]) -> String {
    let head = ["name", "ours", "peer", "limit", "unit", "ratio_to_peer", "ratio_to_limit"];
    let mut rows = vec![head.map(str::to_owned)];
    for figure in figures {
        rows.push([
            figure.name.clone(),
            number(Some(figure.ours)),
            number(figure.peer),
            number(figure.limit),
            figure.unit.to_owned(),
            number(figure.ratio_to_peer()),
            number(figure.ratio_to_limit()),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            // Words to the left, numbers to the right.
            let is_word = column == 0 || column == 4;
            let _ = if is_word { write!(line, "{cell:<width$}  ") } else { write!(line, "{cell:>width$}  ") };
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// Three digits or more, none that nobody measured.
fn number(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value.abs() >= 100.0 => format!("{value:.0}"),
        Some(value) if value.abs() >= 10.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Figure, Format, text};

    fn figures() -> Vec<Figure> {
        let delivery = Figure {
            name: "lmtp".to_owned(),
            ours: 900.0,
            peer: Some(300.0),
            limit: Some(1200.0),
            unit: "messages/s",
        };
        let start = Figure { name: "start-up".to_owned(), ours: 0.5, peer: None, limit: None, unit: "s" };
        vec![delivery, start]
    }

    #[test]
    fn the_table_has_one_aligned_row_per_figure() {
        let expected = "\
name      ours  peer  limit  unit        ratio_to_peer  ratio_to_limit
lmtp       900   300   1200  messages/s           3.00            0.75
start-up  0.50     -      -  s                       -               -
";
        assert_eq!(text(&figures(), Format::Table).expect("text"), expected);
    }

    #[test]
    fn json_has_one_object_a_line_with_every_field() {
        let printed = text(&figures(), Format::JsonLines).expect("text");
        let rows: Vec<serde_json::Value> =
            printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(rows[0]["ratio_to_peer"], 3.0);
        assert_eq!(rows[0]["ratio_to_limit"], 0.75);
        assert_eq!(rows[1]["peer"], serde_json::Value::Null);
        assert_eq!(rows[1].as_object().expect("an object").len(), 7);
    }

    #[test]
    fn a_peer_that_did_nothing_gives_no_ratio() {
        let mut figure = figures().remove(0);
        figure.peer = Some(0.0);
        assert_eq!(figure.ratio_to_peer(), None);
    }
}
