//! The log: what happened, the newest first; whether its chain is whole; all of it as a table to keep.

mod said;

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::Asked;
use super::layout::Page;
use super::section::Section;
use super::visitor::Visitor;
use axum::Router;
use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::authority::{Actor, Power};
use relais_app::core::event::Event;
use relais_app::core::ids::{AccountId, DepartureId, GroupId};
use relais_app::read::{Tx, accounts, departures, events, groups};
use std::collections::HashMap;

const PAGE_MAX: i64 = 100;
/// What kinds of events begin with, and what they are about.
const SUBJECTS: [(&str, &str, &str); 9] = [
    ("account.", "Comptes", "Accounts"),
    ("departure.", "Départs", "Departures"),
    ("group.", "Groupes", "Groups"),
    ("content.", "Contenus", "Content"),
    ("backup.", "Sauvegardes", "Backups"),
    ("directory.", "Annuaires", "Directories"),
    ("provision.", "Provision", "Provision"),
    ("organisation.", "Organisation", "Organisation"),
    ("domain.", "Domaines", "Domains"),
];

pub fn routes() -> Router<Console> {
    Router::new().route("/console/events", get(list)).route("/console/events.csv", get(download))
}

async fn list(visitor: Visitor, Asked(asked): Asked) -> Answer {
    visitor.require(Power::EndAccounts)?;
    let id = visitor.organisation.id;
    let kind = SUBJECTS.iter().map(|(kind, ..)| *kind).find(|kind| asked.get("kind") == Some(kind));
    let before: i64 = asked.read("before").unwrap_or(i64::MAX);
    let checks = asked.has("check");
    let look = move |tx: &mut Tx<'_>| {
        let page = events::newest(tx, id, "", kind.unwrap_or_default(), before, PAGE_MAX + 1)?;
        let check = if checks { Some(events::verify(tx, id)?) } else { None };
        Ok((page, check))
    };
    let (mut found, check) = visitor.app.look(look).await?;
    let page_max = usize::try_from(PAGE_MAX).unwrap_or_default();
    let more = found.len() > page_max;
    found.truncate(page_max);
    let main = html! {
        p.lead { (visitor.pick(
            "Chaque événement porte l'empreinte du précédent\u{a0}: un changement ou un manque se verrait.",
            "Each event carries the hash of the one before it: a change or a gap would show.",
        )) }
        @match check {
            Some(check) => @match check.broken_at {
                None => div.done role="status" {
                    p { (visitor.pick("La chaîne est intacte\u{a0}: ", "The chain is whole: ")) (visitor.number(check.events.unsigned_abs()))
                        (visitor.pick(" événements relus. Notez ailleurs la dernière empreinte\u{a0}:", " events read again. Note the last hash elsewhere:")) }
                    p { code { (check.head) } }
                },
                Some(number) => div.refusal role="alert" { p {
                    (visitor.pick("La chaîne est rompue à l'événement ", "The chain is broken at event ")) (number)
                    (visitor.pick("\u{a0}: prévenez l'exploitant et comparez avec une sauvegarde.", ": tell the operator and compare with a backup."))
                } },
            },
            None => {},
        }
        form.filters method="get" action="/console/events" {
            div.field {
                label for="kind" { (visitor.pick("À propos de", "About")) }
                select #kind name="kind" {
                    option value="" { (visitor.pick("tout", "everything")) }
                    @for (word, french, english) in SUBJECTS {
                        option value=(word) selected[kind == Some(word)] { (visitor.pick(french, english)) }
                    }
                }
            }
            button type="submit" { (visitor.pick("Filtrer", "Filter")) }
            button type="submit" name="check" value="yes" { (visitor.pick("Vérifier la chaîne", "Check the chain")) }
            a.button href="/console/events.csv" { (visitor.pick("Tout exporter (CSV)", "Export all (CSV)")) }
        }
        (table(&visitor, &found).await?)
        @if let Some(last) = found.last().filter(|_| more) {
            form.actions method="get" action="/console/events" {
                @for (name, value) in asked.without("before") { @if name != "check" { input type="hidden" name=(name) value=(value); } }
                button type="submit" name="before" value=(last.number) { (visitor.pick("Plus ancien", "Older")) }
            }
        }
    };
    let title = visitor.pick("Journal", "Log");
    Ok(visitor.page(&Page { title, section: Some(Section::Events), main }))
}

/// What the ids in some events are called.
async fn names(visitor: &Visitor, found: &[Event]) -> Result<HashMap<String, String>, Fault> {
    let mut ids: Vec<String> = Vec::new();
    for event in found {
        ids.push(event.subject.clone());
        if let Actor::Account { id, .. } = event.actor {
            ids.push(id.to_string());
        }
        if let Actor::Departure { id, .. } = event.actor {
            ids.push(id.to_string());
        }
    }
    ids.sort_unstable();
    ids.dedup();
    let look = move |tx: &mut Tx<'_>| {
        let mut names = HashMap::new();
        for text in &ids {
            let name = if let Ok(id) = text.parse::<AccountId>() {
                accounts::get(tx, id)?.map(|account| {
                    if account.name.is_empty() { account.address.to_string() } else { account.name }
                })
            } else if let Ok(id) = text.parse::<GroupId>() {
                groups::get(tx, id)?.map(|group| group.name)
            } else if let Ok(id) = text.parse::<DepartureId>() {
                departures::get(tx, id)?.map(|departure| departure.plan.leaver.to_string())
            } else {
                None
            };
            if let Some(name) = name {
                names.insert(text.clone(), name);
            }
        }
        Ok(names)
    };
    Ok(visitor.app.look(look).await?)
}

/// Events as a table, with the names of whom they are about.
pub async fn table(visitor: &Visitor, found: &[Event]) -> Result<Markup, Fault> {
    let names = names(visitor, found).await?;
    let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    Ok(html! {
        @if found.is_empty() {
            p.empty { (visitor.pick("Rien n'est noté.", "Nothing is noted.")) }
        } @else {
            div.listing { table.folds {
                thead { tr {
                    th { (visitor.pick("Quand", "When")) }
                    th { (visitor.pick("Quoi", "What")) }
                    th { (visitor.pick("Qui ou quoi est concerné", "Whom or what it is about")) }
                    th { (visitor.pick("Par", "By")) }
                } }
                tbody { @for event in found { tr {
                    td.nowrap { span.muted { (visitor.minute(event.at)) } }
                    td { strong { (said::kind(&event.kind, visitor.language)) } }
                    td dir="auto" {
                        @if event.subject.parse::<AccountId>().is_ok() {
                            a href={ "/console/accounts/" (event.subject) } { (name(&event.subject)) }
                        } @else if event.subject.parse::<DepartureId>().is_ok() {
                            a href={ "/console/departures/" (event.subject) } { (name(&event.subject)) }
                        } @else { (name(&event.subject)) }
                    }
                    td dir="auto" { (said::actor(event.actor, &names, visitor.language)) }
                } } }
            } }
        }
    })
}

/// All of the log, a page at a time, so that none of it is held as a whole.
async fn download(visitor: Visitor) -> Answer {
    visitor.require(Power::EndAccounts)?;
    let organisation = visitor.organisation.id;
    let first = (visitor.app.clone(), Some(0_i64));
    let lines = futures_util::stream::unfold(first, move |(app, after)| async move {
        let after = after?;
        let page = app.look(move |tx| events::page(tx, organisation, "", after, 500)).await;
        Some(match page {
            Ok(found) => {
                let last = found.last().map(|event| event.number);
                (csv_of(&found, after == 0), (app, last))
            }
            Err(error) => (Err(std::io::Error::other(error.to_string())), (app, None)),
        })
    });
    let head = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"journal.csv\""),
    ];
    Ok((head, Body::from_stream(lines)).into_response())
}

/// As `relais_app` writes tables: no text of somebody else's is a formula to a spreadsheet.
fn csv_of(found: &[Event], begins: bool) -> Result<Vec<u8>, std::io::Error> {
    let rows = found.iter().map(|event| {
        let actor = serde_json::to_string(&event.actor).unwrap_or_default();
        [
            event.number.to_string(),
            event.at.to_string(),
            event.kind.clone(),
            event.subject.clone(),
            actor,
            event.detail.to_string(),
            event.hash.clone(),
        ]
    });
    let columns: &[&str] =
        if begins { &["number", "at", "kind", "subject", "actor", "detail", "hash"] } else { &[] };
    relais_app::table_of(columns, rows).map_err(|error| std::io::Error::other(error.to_string()))
}
