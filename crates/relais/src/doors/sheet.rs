//! Pages to read and print: the certificate of a departure, the statement of a provision. One sheet of style for all of
//! them, nothing that a page loads, and everything that people wrote escaped by maud.

use crate::doors::accept::asked_language;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use relais_app::core::language::Language;

/// No colour carries meaning, nothing is loaded, and a sheet of A4 holds what is usual.
const STYLE: &str = "
:root { color-scheme: light; }
body { margin: 0 auto; padding: 2.5rem 1.5rem; max-width: 46rem; background: #fff; color: #1d2433;
       font: 1rem/1.55 'Source Sans 3', 'Segoe UI', system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.7rem; font-weight: 600; }
h2 { margin: 2.2rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid #c9d0dc; font-size: 1.1rem; font-weight: 600; }
.under { margin: .2rem 0 0; color: #4a5468; }
.end { margin: 1.5rem 0 0; color: #4a5468; }
dl { display: grid; grid-template-columns: 11rem 1fr; gap: .3rem 1rem; margin: 0; }
dt { color: #4a5468; } dd { margin: 0; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
th { color: #4a5468; font-weight: 600; text-align: left; }
th { overflow-wrap: normal; white-space: nowrap; }
th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #e6e9ef; vertical-align: top; }
td { overflow-wrap: anywhere; }
.day { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
code { font: .8rem/1.4 ui-monospace, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; color: #384154; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
@media screen and (max-width: 34rem) { th { white-space: normal; }
  .entries thead { display: none; } .entries td { padding: 0; border: 0; }
  .entries tr { display: grid; grid-template-columns: 1.5rem 1fr auto; column-gap: .6rem; padding: .4rem 0; border-bottom: 1px solid #e6e9ef; }
  .entries td:nth-child(3) { grid-area: 2 / 2; } .entries td:nth-child(4) { grid-area: 1 / 3; }
  .entries td:nth-child(5) { grid-area: 2 / 3; color: #4a5468; } }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; } tr, dl > * { break-inside: avoid; } h2 { break-after: avoid; } }
@page { size: A4; margin: 18mm; }
";

/// What the page may load: nothing but its own style.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/// What answers in several languages or forms depend on.
pub const VARY: [(HeaderName, &str); 1] = [(header::VARY, "accept, accept-language")];

pub struct Sheet<'a> {
    pub language: Language,
    pub title: &'a str,
    /// Whom or what it is about: behind the title, in the name of the window.
    pub about: &'a str,
    /// The line under the title.
    pub under: &'a str,
    pub main: Markup,
}

pub fn sheet(sheet: &Sheet<'_>) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(sheet.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (sheet.title) " · " (sheet.about) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (sheet.title) }
                    p.under { (sheet.under) }
                }
                main { (sheet.main) }
            }
        }
    }
}

/// The language of a page: the one asked for, or else the organisation's.
pub fn language_of(headers: &HeaderMap, own: Language) -> Language {
    asked_language(headers).unwrap_or(own)
}

pub fn answer(page: Markup, language: Language) -> Response {
    let kind = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CONTENT_LANGUAGE, language.tag()),
    ];
    (VARY, kind, page.into_string()).into_response()
}
