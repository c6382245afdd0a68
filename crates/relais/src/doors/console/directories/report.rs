//! What a reading came to, or would: the counts, then entry by entry what is done, and why not all of it.

use super::{place, titled};
use crate::doors::console::fault::Fault;
use crate::doors::console::fields::Fields;
use crate::doors::console::layout::refused;
use crate::doors::console::visitor::Visitor;
use crate::doors::words;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use relais_app::core::directory::{Directory, Outcome, Report, ReportItem};
use relais_app::core::job::ItemRefusal;

/// On one page.
const ROWS_MAX: usize = 100;

/// How it ended, and how much was done.
pub fn summary(visitor: &Visitor, report: &Report) -> Markup {
    let counts = words::directory_counts(&report.counts, visitor.language);
    html! {
        @match &report.outcome {
            Outcome::Done => {}
            Outcome::Held(hold) => p.warning {
                (visitor.number(hold.suspended)) (visitor.pick(" suspensions sur ", " suspensions of "))
                (visitor.number(hold.of)) (visitor.pick("\u{a0}: un tel plan attend une décision.", ": such a plan waits for a decision."))
            },
            Outcome::Incomplete { because } => p.refusal { (sentence(visitor, because)) },
        }
        dl.facts {
            dt { (visitor.pick("Quand", "When")) } dd { (visitor.minute(report.ended_at)) }
            dt { (visitor.pick("Entrées lues", "Entries read")) } dd { (visitor.number(report.counts.read)) }
            @for (count, word) in &counts { dt { (capital(word)) } dd { (visitor.number(*count)) } }
        }
        @if counts.is_empty() && matches!(report.outcome, Outcome::Done) {
            p.hint { (visitor.pick("Tout est déjà comme l'annuaire le dit.", "Everything is as the directory says already.")) }
        }
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn sentence<'a>(visitor: &Visitor, refusal: &'a ItemRefusal) -> &'a str {
    visitor.pick(refusal.french.as_str(), refusal.english.as_str())
}

/// What was tried, and that nothing of it is done yet.
pub fn plan_page(visitor: &Visitor, directory: &Directory, plan: &Report, asked: &Fields) -> Response {
    let main = html! {
        p.lead { (visitor.pick(
            "Un essai\u{a0}: rien n'a été gardé. Appliquer relit l'annuaire et fait ce qu'il dit alors.",
            "Tried: nothing was kept. Applying reads the directory again and does what it says then.",
        )) }
        section.card { (summary(visitor, plan)) }
        div.actions.before.apart {
            form method="post" action={ (place(directory)) "/sync" } { button.primary type="submit" { (visitor.pick("Appliquer", "Apply")) } }
            form method="post" action={ (place(directory)) "/plan" } { button type="submit" { (visitor.pick("Refaire le plan", "Plan again")) } }
            a.button href=(place(directory)) { (visitor.pick("Ne rien faire", "Do nothing")) }
        }
        (items(visitor, directory, plan, asked, &[]))
    };
    let title = format!("{}\u{a0}: {}", directory.name, visitor.pick("le plan", "the plan"));
    titled(visitor, StatusCode::OK, &title, main)
}

/// What the last reading did and what differs still; whoever is not recognised is linked here.
pub fn differences_page(
    visitor: &Visitor,
    directory: &Directory,
    report: &Report,
    asked: &Fields,
    fault: Option<&Fault>,
) -> Response {
    let linkable: Vec<&ReportItem> = report.items.iter().filter(|item| !item.refusals.is_empty()).collect();
    let status = fault.map_or(StatusCode::OK, Fault::status);
    let main = html! {
        @if let Some(fault) = fault { (refused(&fault.sentences(visitor.language))) }
        p.lead { (visitor.pick(
            "Ce que la dernière lecture a fait, entrée par entrée\u{a0}; en premier, ce qui n'a pas pu l'être et pourquoi. Chaque lecture réessaie.",
            "What the last reading did, entry by entry; first what could not be done, and why. Every reading tries again.",
        )) }
        p.under-title { a href=(place(directory)) { "← " (directory.name) } " · " span.muted { (visitor.minute(report.ended_at)) } }
        @if let Outcome::Incomplete { because } = &report.outcome { p.refusal { (sentence(visitor, because)) } }
        (items(visitor, directory, report, asked, &linkable))
    };
    let title = visitor.pick("Ce qui diffère, et pourquoi", "What differs, and why");
    titled(visitor, status, title, main)
}

fn items(
    visitor: &Visitor,
    directory: &Directory,
    report: &Report,
    asked: &Fields,
    linkable: &[&ReportItem],
) -> Markup {
    let from: usize = asked.read("from").unwrap_or_default();
    let shown: Vec<&ReportItem> = report.items.iter().skip(from).take(ROWS_MAX).collect();
    let links = linkable.iter().any(|item| shown.iter().any(|other| other.entry == item.entry));
    html! {
        @if shown.is_empty() {
            p.empty { (visitor.pick("Rien à faire, et rien ne diffère.", "Nothing to do, and nothing differs.")) }
        } @else {
            div.listing { table.folds {
                thead { tr {
                    th { (visitor.pick("Qui", "Who")) }
                    th { (visitor.pick("Quoi", "What")) }
                    th { (visitor.pick("Pourquoi pas tout", "Why not all")) }
                } }
                tbody { @for item in &shown { (row(visitor, item)) } }
            } }
        }
        (more(visitor, report, from))
        @if links { (link_form(visitor, directory, linkable, asked)) }
    }
}

fn row(visitor: &Visitor, item: &ReportItem) -> Markup {
    let acts: Vec<&str> = item.acts.iter().map(|act| words::entry_act(*act, visitor.language)).collect();
    html! {
        tr {
            td.who dir="auto" {
                @match item.account {
                    Some(account) => a.name href={ "/console/accounts/" (account) } { (named(visitor, item)) },
                    None => strong { (named(visitor, item)) },
                }
                span.hint { code { (item.entry) } }
            }
            td { (acts.join(", ")) }
            td { @for refusal in &item.refusals { p { (sentence(visitor, refusal)) } } }
        }
    }
}

fn named<'a>(visitor: &Visitor, item: &'a ReportItem) -> &'a str {
    if item.name.is_empty() { visitor.pick("sans nom", "without a name") } else { &item.name }
}

fn more(visitor: &Visitor, report: &Report, from: usize) -> Markup {
    let next = from + ROWS_MAX;
    let page = |from: usize| format!("{}?from={from}", visitor.place.split('?').next().unwrap_or_default());
    html! {
        @if from > 0 || next < report.items.len() {
            p.actions {
                @if from > 0 { a.button href=(page(from.saturating_sub(ROWS_MAX))) { (visitor.pick("Précédents", "Previous")) } }
                @if next < report.items.len() { a.button href=(page(next)) { (visitor.pick("Suivants", "Next")) } }
            }
        }
        @if report.items_left_out > 0 && next >= report.items.len() {
            p.hint { (visitor.pick("Non montrés\u{a0}: ", "Not shown: ")) (visitor.number(report.items_left_out)) }
        }
    }
}

/// For whom a person has to say it: the address leads the organisation, or is another entry's.
fn link_form(visitor: &Visitor, directory: &Directory, linkable: &[&ReportItem], typed: &Fields) -> Markup {
    html! {
        form.card.stack.apart method="post" action={ (place(directory)) "/link" } {
            h2 { (visitor.pick("Relier une entrée à un compte", "Link an entry to an account")) }
            p { (visitor.pick(
                "Quand l'annuaire ne reconnaît pas une personne qui a déjà un compte, dites laquelle c'est.",
                "Where the directory does not recognise somebody who has an account already, say who it is.",
            )) }
            div.columns {
                div.field {
                    label for="entry" { (visitor.pick("Entrée de l'annuaire", "Entry of the directory")) }
                    select #entry name="entry" { @for item in linkable.iter().take(ROWS_MAX) {
                        option value=(item.entry) selected[typed.get("entry") == Some(&item.entry.to_string())] { (named(visitor, item)) " (" (item.entry) ")" }
                    } }
                }
                div.field {
                    label for="account" { (visitor.pick("Adresse du compte", "Address of the account")) }
                    input #account name="account" type="email" required value=[typed.get("account")];
                }
            }
            p.actions { button type="submit" { (visitor.pick("C'est la même personne", "They are one person")) } }
        }
    }
}
