//! A statement of the provision as a page to read and print, and its words, which the table for spreadsheets shares.

use crate::doors::numbers::{day, short_day};
use crate::doors::sheet::{Sheet, sheet};
use jiff::ToSpan;
use jiff::civil::Date;
use maud::{Markup, html};
use relais_app::core::language::Language;
use relais_app::core::ledger::{EntryKind, Service};
use relais_app::{Line, Statement};

pub fn page(statement: &Statement, language: Language) -> Markup {
    let organisation = &statement.organisation;
    let pick = |french: &'static str, english: &'static str| language.pick(french, english);
    sheet(&Sheet {
        language,
        title: pick("Relevé de la provision", "Statement of the provision"),
        about: &organisation.name,
        under: &format!("{} · {}", organisation.name, organisation.id),
        main: html! {
            (summary(statement, language))
            (lines(statement, language))
            p.end {
                (pick("Établi le", "Written on")) " " (day(statement.written_on, language)) ". "
                (pick("Les jours sont ceux du fuseau", "Days are those of the time zone")) " " (organisation.time_zone) "."
            }
        },
    })
}

fn summary(statement: &Statement, language: Language) -> Markup {
    let sums = statement.sums;
    let currency = statement.organisation.currency;
    let all = [
        ("Versements", "Payments", sums.payments_minor),
        ("Corrections", "Corrections", sums.corrections_minor),
        ("Débits", "Charges", sums.charges_minor),
        ("Crédits", "Credits", sums.credits_minor),
    ];
    html! {
        section {
            h2 { (period(statement.from, statement.until, language)) }
            table.sums {
                tbody {
                    tr {
                        th scope="row" { (opening(statement, language)) }
                        td.number { (currency.format(statement.opening_minor, language)) }
                    }
                    @for (french, english, amount_minor) in all {
                        tr {
                            td { (language.pick(french, english)) }
                            td.number { (currency.format(amount_minor, language)) }
                        }
                    }
                }
                tfoot { tr {
                    th scope="row" { (closing(statement, language)) }
                    td.number { b { (currency.format(statement.closing_minor, language)) } }
                } }
            }
        }
    }
}

/// `from` the first day, `until` the one after the last.
pub fn period(from: Date, until: Date, language: Language) -> String {
    let last = last_day(until);
    match language {
        Language::French => format!("Du {} au {}", day(from, language), day(last, language)),
        Language::English => format!("{} to {}", day(from, language), day(last, language)),
    }
}

pub fn last_day(until: Date) -> Date {
    until.saturating_sub(1.day())
}

pub fn opening(statement: &Statement, language: Language) -> String {
    format!("{} {}", language.pick("Solde au début du", "Balance before"), day(statement.from, language))
}

/// A day that is not over has no balance yet: then it is that of the moment.
pub fn closing(statement: &Statement, language: Language) -> String {
    let last = last_day(statement.until);
    let text = match last < statement.written_on {
        true => language.pick("Solde à la fin du", "Balance after"),
        false => language.pick("Solde actuel, le", "Balance now, on"),
    };
    format!("{text} {}", day(last.min(statement.written_on), language))
}

fn lines(statement: &Statement, language: Language) -> Markup {
    let currency = statement.organisation.currency;
    let mut balance_minor = statement.opening_minor;
    let mut rows = Vec::new();
    for line in &statement.lines {
        balance_minor += line.entry.amount_minor;
        rows.push((line, balance_minor));
    }
    html! {
        section {
            h2 { (language.pick("Écritures", "Entries")) }
            @if rows.is_empty() {
                p { (language.pick("Il n'y a pas d'écriture dans cette période.", "There is no entry in this period.")) }
            } @else {
                table.entries {
                    thead { tr {
                        th.number { (language.pick("Nº", "No")) }
                        th { (language.pick("Jour", "Day")) }
                        th { (language.pick("Libellé", "What")) }
                        th.number { (language.pick("Montant", "Amount")) }
                        th.number { (language.pick("Solde", "Balance")) }
                    } }
                    tbody { @for (line, balance_minor) in rows { tr {
                        td.number { (line.entry.number) }
                        td.day { (short_day(line.on, language)) }
                        td {
                            (label(line, language))
                            @for more in details(line, language) { br; span.under { (more) } }
                        }
                        td.number { (currency.format(line.entry.amount_minor, language)) }
                        td.number { (currency.format(balance_minor, language)) }
                    } } }
                }
            }
        }
    }
}

/// What the entry is, and of what.
pub fn label(line: &Line, language: Language) -> String {
    let kind = kind(line.entry.kind, language);
    let name = line.entry.service.as_ref().map(|service| &service.name).or(line.entry.reference.as_ref());
    match name {
        Some(name) => format!("{kind}{} {name}", language.pick("\u{a0}:", ":")),
        None => kind.to_owned(),
    }
}

/// The account, and the days that were paid for or are given back.
pub fn details(line: &Line, language: Language) -> Vec<String> {
    let mut details: Vec<String> = line.address.iter().map(ToString::to_string).collect();
    if let Some(Service { from, until, .. }) = &line.entry.service {
        let (from, last) = (short_day(*from, language), short_day(last_day(*until), language));
        details.push(match language {
            Language::French => format!("du {from} au {last}"),
            Language::English => format!("{from} to {last}"),
        });
    }
    details
}

pub fn kind(kind: EntryKind, language: Language) -> &'static str {
    let (french, english) = match kind {
        EntryKind::TopUp => ("Versement", "Payment"),
        EntryKind::Correction => ("Correction", "Correction"),
        EntryKind::Charge => ("Débit", "Charge"),
        EntryKind::Credit => ("Crédit", "Credit"),
    };
    language.pick(french, english)
}
