//! Amounts day by day as a picture: steps, since an amount holds until the next one. What is written beside it stands in
//! HTML, where it has the size of all other text; the same numbers are a table that can be opened.

use super::visitor::Visitor;
use crate::doors::numbers;
use jiff::civil::Date;
use maud::{Markup, html};

/// In the picture's own units; it is stretched to the width that there is.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 160.0;

pub struct Chart<'a> {
    /// What the picture says, for whoever does not see it.
    pub said: &'a str,
    pub series: Vec<Series<'a>>,
    /// What is behind this day is not known yet.
    pub today: Date,
    /// How a number is written.
    pub number: &'a dyn Fn(i64) -> String,
}

pub struct Series<'a> {
    pub name: &'a str,
    /// How it is drawn: a class of the sheet of style.
    pub class: &'static str,
    /// From each day on; the days in their order.
    pub points: Vec<(Date, i64)>,
}

/// Where days and amounts come to stand.
struct Frame {
    first: Date,
    days: f64,
    least: i64,
    most: i64,
}

impl Frame {
    fn of(series: &[Series<'_>]) -> Option<Self> {
        let points = || series.iter().flat_map(|one| &one.points);
        let first = points().map(|(day, _)| *day).min()?;
        let last = points().map(|(day, _)| *day).max()?;
        // Nothing is drawn from a bottom that is not zero: a small change would look like a large one.
        let least = points().map(|(_, amount)| *amount).min().unwrap_or(0).min(0);
        let most = points().map(|(_, amount)| *amount).max().unwrap_or(0).max(least + 1);
        Some(Self { first, days: days(first, last).max(1.0), least, most })
    }

    fn x(&self, day: Date) -> f64 {
        days(self.first, day) / self.days * WIDTH
    }

    #[expect(clippy::cast_precision_loss, reason = "a picture has fewer points than a float has digits")]
    fn y(&self, amount: i64) -> f64 {
        let share = (amount - self.least) as f64 / (self.most - self.least) as f64;
        HEIGHT - share * HEIGHT
    }

    /// The corners of the steps.
    fn path(&self, points: &[(Date, i64)]) -> String {
        let mut text = String::new();
        let mut before = None;
        for (day, amount) in points {
            let (x, y) = (self.x(*day), self.y(*amount));
            match before {
                None => text.push_str(&format!("M{x:.1} {y:.1}")),
                Some(level) => text.push_str(&format!("L{x:.1} {level:.1}L{x:.1} {y:.1}")),
            }
            before = Some(y);
        }
        text
    }
}

fn days(from: Date, until: Date) -> f64 {
    f64::from(from.until(until).map_or(0, |span| span.get_days()))
}

impl Chart<'_> {
    pub fn draw(&self, visitor: &Visitor) -> Markup {
        let Some(frame) = Frame::of(&self.series) else { return html! {} };
        let last = self.series.iter().filter_map(|one| one.points.last()).map(|(day, _)| *day).max();
        let at = |x: f64| format!("{x:.1}");
        let day = |date| numbers::short_day(date, visitor.language);
        html! {
            figure.chart {
                p.edge { ((self.number)(frame.most)) }
                svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(self.said) {
                    line.zero x1="0" x2=(WIDTH) y1=(at(frame.y(0))) y2=(at(frame.y(0))) {}
                    @if last.is_some_and(|last| self.today < last) {
                        line.today x1=(at(frame.x(self.today))) x2=(at(frame.x(self.today))) y1="0" y2=(HEIGHT) {}
                    }
                    @for one in &self.series { path class=(one.class) d=(frame.path(&one.points)) {} }
                }
                @if frame.least < 0 { p.edge { ((self.number)(frame.least)) } }
                figcaption {
                    span { (day(frame.first)) }
                    span.names { @for one in &self.series { span { i class=(one.class) {} (one.name) } } }
                    span { @if let Some(last) = last { (day(last)) } }
                }
            }
            (self.table(visitor))
        }
    }

    fn table(&self, visitor: &Visitor) -> Markup {
        let mut rows: Vec<Date> =
            self.series.iter().flat_map(|one| &one.points).map(|(day, _)| *day).collect();
        rows.sort_unstable();
        rows.dedup();
        // What holds on that day; nothing before the first and behind the last of a series.
        let value = |one: &Series<'_>, on: Date| {
            let ends = one.points.last().is_some_and(|(day, _)| *day < on);
            let held = one.points.iter().rev().find(|(day, _)| *day <= on).filter(|_| !ends);
            held.map(|(_, amount)| (self.number)(*amount))
        };
        html! {
            details.numbers {
                summary { (visitor.pick("Les mêmes nombres en tableau", "The same numbers as a table")) }
                div.listing { table {
                    thead { tr {
                        th scope="col" { (visitor.pick("Jour", "Day")) }
                        @for one in &self.series { th.number scope="col" { (one.name) } }
                    } }
                    tbody { @for on in rows { tr {
                        th scope="row" { (numbers::short_day(on, visitor.language)) }
                        @for one in &self.series { td.number { (value(one, on).unwrap_or_else(|| "–".to_owned())) } }
                    } } }
                } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn an_amount_holds_until_the_next_and_zero_is_always_in_the_picture() {
        let points = vec![(date(2026, 11, 1), 100), (date(2026, 11, 6), 50), (date(2026, 11, 11), -100)];
        let series = [Series { name: "", class: "", points: points.clone() }];
        let frame = Frame::of(&series).unwrap();
        assert_eq!((frame.least, frame.most), (-100, 100));
        assert_eq!(frame.path(&points), "M0.0 0.0L300.0 0.0L300.0 40.0L600.0 40.0L600.0 160.0");
        let level = [Series { name: "", class: "", points: vec![(date(2026, 11, 1), 0)] }];
        assert_eq!(Frame::of(&level).map(|frame| (frame.least, frame.most)), Some((0, 1)));
        assert!(Frame::of(&[]).is_none());
    }
}
