//! Domains: those the organisation has and those it claims, and adding one. One domain is in `domains/one.rs`, its end
//! in `domains/removal.rs`.

mod one;
mod records;
mod removal;

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields, Sent};
use super::layout::Page;
use super::said::{Said, answered_at};
use super::section::Section;
use super::visitor::Visitor;
use crate::doors::words;
use axum::Router;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::domain::{DomainEntry, Finding};
use relais_app::core::organisation::DomainKind;
use relais_app::read::{Tx, claims, domains};

pub fn routes() -> Router<Console> {
    Router::new().route("/console/domains", get(show).post(add)).merge(one::routes()).merge(removal::routes())
}

fn place(name: &str) -> String {
    format!("/console/domains/{name}")
}

/// As people read it.
fn called(entry: &DomainEntry) -> &str {
    match entry {
        DomainEntry::Hosted(domain) => &domain.unicode,
        DomainEntry::Claimed(claim) => &claim.unicode,
    }
}

async fn show(visitor: Visitor, Asked(asked): Asked) -> Answer {
    visitor.require(Power::Read)?;
    page(&visitor, &Fields::default(), &Said::by(&asked)).await
}

async fn page(visitor: &Visitor, typed: &Fields, said: &Said<'_>) -> Answer {
    let id = visitor.organisation.id;
    let look = move |tx: &mut Tx<'_>| {
        let hosted = domains::open_to(tx, id)?.into_iter().map(DomainEntry::Hosted);
        let claimed = claims::of_organisation(tx, id)?.into_iter().map(DomainEntry::Claimed);
        Ok(claimed.chain(hosted).collect::<Vec<_>>())
    };
    let found = visitor.app.look(look).await?;
    let main = html! {
        (said.shown(visitor))
        @if found.is_empty() {
            p.empty { (visitor.pick(
                "Pas encore de domaine. Ajoutez le vôtre\u{a0}: vous prouverez qu'il est à vous par un enregistrement DNS.",
                "No domain yet. Add yours: you will prove that it is yours by a DNS record.",
            )) }
        } @else { (table(visitor, &found)) }
        @if visitor.has(Power::ManageOrganisation) {
            form.card.stack.apart method="post" action="/console/domains" {
                div.field {
                    label for="name" { (visitor.pick("Ajouter un domaine", "Add a domain")) }
                    div.joined {
                        input #name name="name" required placeholder="exemple.fr" autocapitalize="off" spellcheck="false" value=[typed.get("name")] aria-describedby="name-hint";
                        button.primary type="submit" { (visitor.pick("Ajouter", "Add")) }
                    }
                    p.hint #name-hint { (visitor.pick(
                        "Rien ne change pour son courrier tant que le domaine n'est pas prouvé et que ses MX ne désignent pas ce serveur.",
                        "Nothing changes for its mail until the domain is proven and its MX records point to this server.",
                    )) }
                }
            }
        }
    };
    let title = visitor.pick("Domaines", "Domains");
    Ok(visitor.page_with(said.status(), &Page { title, section: Some(Section::Domains), main }))
}

fn table(visitor: &Visitor, found: &[DomainEntry]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Domaine", "Domain")) }
                th { (visitor.pick("À qui", "Whose")) }
                th { (visitor.pick("État", "State")) }
            } }
            tbody { @for entry in found { tr {
                td.who { a.name href=(place(entry.name())) { (called(entry)) } }
                td { @match entry {
                    DomainEntry::Hosted(domain) => (words::domain_kind(domain.kind, visitor.language)),
                    DomainEntry::Claimed(_) => (words::domain_kind(DomainKind::Own, visitor.language)),
                } }
                td { @match entry {
                    DomainEntry::Hosted(_) => span.badge.good { (visitor.pick("reçoit du courrier", "takes mail")) },
                    DomainEntry::Claimed(claim) => {
                        span.badge.warn { (visitor.pick("à prouver", "to be proven")) }
                        span.hint { " " (found_of(visitor, claim.found)) }
                    },
                } }
            } } }
        } }
    }
}

/// What the last look at the DNS found.
fn found_of(visitor: &Visitor, found: Finding) -> &'static str {
    match found {
        Finding::Waiting => visitor.pick("pas encore vérifié", "not looked at yet"),
        Finding::NotFound => {
            visitor.pick("l'enregistrement n'est pas encore visible", "the record is not visible yet")
        }
        Finding::Taken => {
            visitor.pick("une autre organisation a ce domaine", "another organisation has this domain")
        }
        Finding::NoRoom => visitor
            .pick("prouvé, mais la formule n'a plus de place", "proven, but the plan has no room for it"),
        Finding::Trouble => visitor.pick("le DNS ne répond pas", "the DNS does not answer"),
    }
}

async fn add(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let added = claim(&visitor, &sent).await.map(|entry| place(entry.name()));
    answered_at(added, async |fault| page(&visitor, &sent, &Said::Refused(fault)).await).await
}

async fn claim(visitor: &Visitor, sent: &Fields) -> Result<DomainEntry, Fault> {
    let name = sent.need("name")?;
    Ok(visitor.app.claim_domain(visitor.organisation.id, name, visitor.actor()).await?)
}
