//! A statement of the provision as CSV (RFC 4180), as the spreadsheets of each language read it without being asked.

use super::sheet::VARY;
use super::statement_page::{closing, kind, last_day, opening};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use relais_app::Statement;
use relais_app::core::address::EmailAddress;
use relais_app::core::language::Language;

/// Tells spreadsheets that this is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A file to keep.
pub fn answer(statement: &Statement, language: Language) -> Response {
    let name = format!("{}_{}_{}.csv", statement.organisation.id, statement.from, statement.until);
    let kind = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CONTENT_LANGUAGE, language.tag().to_owned()),
    ];
    (VARY, kind, csv(statement, language)).into_response()
}

fn csv(statement: &Statement, language: Language) -> String {
    let separator = language.pick(b';', b',');
    let mut writer = csv::WriterBuilder::new()
        .delimiter(separator)
        .terminator(csv::Terminator::CRLF)
        .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    let mut write = |row: [String; 11]| writer.write_record(row).expect("memory takes what is written");
    write(headings(language).map(str::to_owned));
    let currency = statement.organisation.currency.code();
    let mut balance_minor = statement.opening_minor;
    let balance_row = |on: Date, text: String, balance_minor: i64| {
        let mut row: [String; 11] = Default::default();
        row[1] = on.to_string();
        row[2] = text;
        row[9] = decimal(balance_minor, language);
        row[10] = currency.to_owned();
        row
    };
    write(balance_row(statement.from, opening(statement, language), balance_minor));
    for line in &statement.lines {
        let entry = &line.entry;
        balance_minor += entry.amount_minor;
        let service = entry.service.as_ref();
        let text = |text: Option<&str>| text.map(inert).unwrap_or_default();
        write([
            entry.number.to_string(),
            line.on.to_string(),
            kind(entry.kind, language).to_owned(),
            text(service.map(|service| service.name.as_str())),
            text(line.address.as_ref().map(EmailAddress::as_str)),
            service.map(|service| service.from.to_string()).unwrap_or_default(),
            service.map(|service| last_day(service.until).to_string()).unwrap_or_default(),
            text(entry.reference.as_deref()),
            decimal(entry.amount_minor, language),
            decimal(balance_minor, language),
            currency.to_owned(),
        ]);
    }
    let end = last_day(statement.until).min(statement.written_on);
    write(balance_row(end, closing(statement, language), statement.closing_minor));
    let bytes = writer.into_inner().expect("memory takes what is written");
    String::from_utf8(bytes).expect("texts make text")
}

fn headings(language: Language) -> [&'static str; 11] {
    language.pick(
        [
            "numéro",
            "jour",
            "sorte",
            "offre",
            "compte",
            "du",
            "au",
            "référence",
            "montant",
            "solde",
            "monnaie",
        ],
        [
            "number",
            "day",
            "kind",
            "offer",
            "account",
            "from",
            "to",
            "reference",
            "amount",
            "balance",
            "currency",
        ],
    )
}

/// A number that a spreadsheet reckons with: no grouping, no currency.
fn decimal(amount_minor: i64, language: Language) -> String {
    let sign = if amount_minor < 0 { "-" } else { "" };
    let minor = amount_minor.unsigned_abs();
    format!("{sign}{}{}{:02}", minor / 100, language.pick(',', '.'), minor % 100)
}

/// A text that a spreadsheet does not take for a formula: some of it comes from a payment provider.
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
