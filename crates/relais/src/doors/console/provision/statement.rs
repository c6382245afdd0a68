//! The statement: the entries of some days with their sums, by kind, a page at a time; and all of it to keep or print.

use super::{Part, day_asked, tabs};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields};
use crate::doors::console::finder;
use crate::doors::console::layout::Page;
use crate::doors::console::section::Section;
use crate::doors::console::visitor::Visitor;
use crate::doors::statement_page::{closing, details, kind, label, last_day, opening, period};
use crate::doors::{numbers, sheet, statement_page, statement_table};
use axum::Router;
use axum::routing::get;
use jiff::ToSpan;
use jiff::civil::Date;
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::ledger::EntryKind;
use relais_app::{Days, Line, Statement};

/// Entries of one page.
const PAGE_MAX: usize = 100;

/// The kinds, by the word that stands in the query.
const KINDS: [(&str, EntryKind); 4] = [
    ("top_up", EntryKind::TopUp),
    ("correction", EntryKind::Correction),
    ("charge", EntryKind::Charge),
    ("credit", EntryKind::Credit),
];

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/provision/statement", get(show))
        .route("/console/provision/statement.csv", get(download))
        .route("/console/provision/statement.html", get(print))
}

/// The days that are asked for: people name the last one, the application the one after it.
async fn asked_for(visitor: &Visitor, asked: &Fields) -> Result<Statement, Fault> {
    visitor.require(Power::ReadProvision)?;
    let last = day_asked(asked, "last")?;
    let until = last.map(|last| last.tomorrow().map_err(|_| Fault::Unfit { field: "last" })).transpose()?;
    let days = Days { from: day_asked(asked, "from")?, until };
    Ok(visitor.app.statement(visitor.organisation.id, days, visitor.actor()).await?)
}

async fn show(visitor: Visitor, Asked(asked): Asked) -> Answer {
    let statement = asked_for(&visitor, &asked).await?;
    let only = KINDS.into_iter().find(|(word, _)| asked.get("kind") == Some(word));
    let after: i64 = asked.read("after").unwrap_or(0);
    let mut balance_minor = statement.opening_minor;
    let mut rows: Vec<(&Line, i64)> = Vec::new();
    for line in &statement.lines {
        balance_minor += line.entry.amount_minor;
        if line.entry.number > after && only.is_none_or(|(_, kind)| kind == line.entry.kind) {
            rows.push((line, balance_minor));
        }
    }
    let more = rows.len() > PAGE_MAX;
    rows.truncate(PAGE_MAX);
    let last = rows.last().filter(|_| more).map(|(line, _)| line.entry.number);
    let main = html! {
        (tabs(&visitor, Part::Statement))
        (choose(&visitor, &statement, only.map(|(word, _)| word)))
        (sums(&visitor, &statement))
        (entries(&visitor, &statement, &rows))
        (finder::pages(&visitor, "/console/provision/statement", &asked, "after", last))
    };
    let title = visitor.pick("Relevé de la provision", "Statement of the provision");
    Ok(visitor.page(&Page { title, section: Some(Section::Provision), main }))
}

/// The whole month before, or behind, the first day.
fn month_beside(from: Date, months: i64) -> (Date, Date) {
    let first = from.first_of_month().saturating_add(months.months());
    (first, first.last_of_month())
}

fn choose(visitor: &Visitor, statement: &Statement, kind_word: Option<&str>) -> Markup {
    let (from, last) = (statement.from, last_day(statement.until));
    let place = |(from, last): (Date, Date)| format!("/console/provision/statement?from={from}&last={last}");
    html! {
        form.filters method="get" action="/console/provision/statement" {
            div.field {
                label for="from" { (visitor.pick("Du", "From")) }
                input #from type="date" name="from" value=(from);
            }
            div.field {
                label for="last" { (visitor.pick("Au", "To")) }
                input #last type="date" name="last" value=(last);
            }
            div.field {
                label for="kind" { (visitor.pick("Écritures", "Entries")) }
                select #kind name="kind" {
                    option value="" { (visitor.pick("toutes", "all")) }
                    @for (word, of) in KINDS {
                        option value=(word) selected[kind_word == Some(word)] { (kind(of, visitor.language)) }
                    }
                }
            }
            button type="submit" { (visitor.pick("Montrer", "Show")) }
        }
        p.actions.before {
            a.button href=(place(month_beside(from, -1))) { (visitor.pick("Mois précédent", "Month before")) }
            a.button href=(place(month_beside(from, 1))) { (visitor.pick("Mois suivant", "Month after")) }
            a.button href={ "/console/provision/statement.csv?from=" (from) "&last=" (last) } { (visitor.pick("Tableur (CSV)", "Spreadsheet (CSV)")) }
            a.button href={ "/console/provision/statement.html?from=" (from) "&last=" (last) } { (visitor.pick("À imprimer", "To print")) }
        }
    }
}

fn sums(visitor: &Visitor, statement: &Statement) -> Markup {
    let amount = |minor| statement.organisation.currency.format(minor, visitor.language);
    let sums = statement.sums;
    let all = [
        (visitor.pick("Versements", "Payments"), sums.payments_minor),
        (visitor.pick("Corrections", "Corrections"), sums.corrections_minor),
        (visitor.pick("Débits", "Charges"), sums.charges_minor),
        (visitor.pick("Crédits", "Credits"), sums.credits_minor),
    ];
    html! {
        section.card {
            h2 { (period(statement.from, statement.until, visitor.language)) }
            dl.facts.amounts {
                dt { (opening(statement, visitor.language)) } dd { (amount(statement.opening_minor)) }
                @for (name, minor) in all { @if minor != 0 { dt { (name) } dd { (amount(minor)) } } }
                dt { strong { (closing(statement, visitor.language)) } } dd { strong { (amount(statement.closing_minor)) } }
            }
        }
    }
}

fn entries(visitor: &Visitor, statement: &Statement, rows: &[(&Line, i64)]) -> Markup {
    let amount = |minor| statement.organisation.currency.format(minor, visitor.language);
    html! {
        h2 { (visitor.pick("Écritures", "Entries")) }
        @if rows.is_empty() {
            p.empty { (visitor.pick(
                "Il n'y a pas de telle écriture dans cette période\u{a0}; choisissez-en une autre.",
                "There is no such entry in this period; choose another.")) }
        } @else {
            div.listing { table.folds {
                thead { tr {
                    th.number scope="col" { (visitor.pick("Nº", "No")) }
                    th scope="col" { (visitor.pick("Jour", "Day")) }
                    th scope="col" { (visitor.pick("Libellé", "What")) }
                    th.number scope="col" { (visitor.pick("Montant", "Amount")) }
                    th.number scope="col" { (visitor.pick("Solde", "Balance")) }
                } }
                tbody { @for (line, balance_minor) in rows { tr {
                    td.number data-label=(visitor.pick("Nº", "No")) { (line.entry.number) }
                    td.nowrap { (numbers::short_day(line.on, visitor.language)) }
                    td { span dir="auto" { (label(line, visitor.language)) }
                        @for more in details(line, visitor.language) { p.hint { (more) } } }
                    td.number data-label=(visitor.pick("Montant\u{a0}:", "Amount:")) {
                        @if line.entry.amount_minor > 0 { span.gained { "+" (amount(line.entry.amount_minor)) } }
                        @else { (amount(line.entry.amount_minor)) }
                    }
                    td.number data-label=(visitor.pick("Solde\u{a0}:", "Balance:")) { (amount(*balance_minor)) }
                } } }
            } }
        }
    }
}

async fn download(visitor: Visitor, Asked(asked): Asked) -> Answer {
    let statement = asked_for(&visitor, &asked).await?;
    Ok(statement_table::answer(&statement, visitor.language))
}

async fn print(visitor: Visitor, Asked(asked): Asked) -> Answer {
    let statement = asked_for(&visitor, &asked).await?;
    Ok(sheet::answer(statement_page::page(&statement, visitor.language), visitor.language))
}
