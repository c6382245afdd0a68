//! The end of a domain: who still has an address of it, said before it goes.

use super::{called, place};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::layout::{Page, refused};
use crate::doors::console::said::{Said, answered};
use crate::doors::console::section::Section;
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use maud::html;
use relais_app::core::authority::Power;
use relais_app::core::domain::{DomainEntry, check_removal};
use relais_app::read::domains;

/// Addresses that are named.
const NAMED_MAX: i64 = 50;

pub fn routes() -> Router<Console> {
    Router::new().route("/console/domains/{domain}/delete", get(ask).post(remove))
}

async fn ask(visitor: Visitor, Path(domain): Path<String>) -> Answer {
    let entry = visitor.find_domain(&domain).await?;
    visitor.require(Power::ManageOrganisation)?;
    page(&visitor, &entry, &Said::Nothing).await
}

async fn remove(visitor: Visitor, Path(domain): Path<String>) -> Answer {
    let entry = visitor.find_domain(&domain).await?;
    visitor.require(Power::ManageOrganisation)?;
    let done = visitor.app.remove_domain(visitor.organisation.id, entry.name(), visitor.actor()).await;
    let again = async |fault: &Fault| page(&visitor, &entry, &Said::Refused(fault)).await;
    answered(done.map_err(Fault::from), "/console/domains", again).await
}

async fn page(visitor: &Visitor, entry: &DomainEntry, said: &Said<'_>) -> Answer {
    let (organisation, name) = (visitor.organisation.id, entry.name().to_owned());
    let held = visitor.app.look(move |tx| domains::held(tx, &name, organisation, NAMED_MAX)).await?;
    let in_the_way = match entry {
        DomainEntry::Hosted(domain) => check_removal(domain, held.iter().take(2).cloned().collect()).err(),
        DomainEntry::Claimed(_) => None,
    };
    let main = html! {
        p.under-title { a href=(place(entry.name())) { (called(entry)) } }
        (said.shown(visitor))
        @if let (Some(refusal), Said::Nothing) = (&in_the_way, said) { (refused(&[refusal.sentence(visitor.language)])) }
        @if in_the_way.is_some() && !held.is_empty() {
            section.card {
                h2 { (visitor.pick("Qui s'en sert", "Who uses it")) }
                ul { @for address in &held {
                    li { a href={ "/console/routing?address=" (address) } { (address) } }
                } }
                p.hint { (visitor.pick(
                    "Renommez ces comptes, ou retirez ces alias et ces adresses de groupes.",
                    "Rename these accounts, or remove these aliases and addresses of groups.",
                )) }
            }
        } @else {
            section.card {
                h2 { (visitor.pick("Ce qui se passe", "What happens")) }
                ul {
                    @match entry {
                        DomainEntry::Hosted(_) => li { (visitor.pick("Plus aucun courrier n'est accepté pour ce domaine.", "No mail for this domain is accepted any more.")) },
                        DomainEntry::Claimed(_) => li { (visitor.pick("L'enregistrement de preuve ne vaut plus rien.", "The record that proves it is void.")) },
                    }
                    li { (visitor.pick("Qui a tenu quelles adresses reste écrit.", "Who held which addresses stays written.")) }
                    li { (visitor.pick("Il peut être ajouté de nouveau, avec une nouvelle preuve.", "It can be added again, with a new proof.")) }
                }
            }
        }
        form.actions method="post" action={ (place(entry.name())) "/delete" } {
            @if in_the_way.is_none() { button.grave type="submit" { (visitor.pick("Retirer le domaine", "Remove the domain")) } }
            a.button href=(place(entry.name())) { (visitor.pick("Ne rien faire", "Do nothing")) }
        }
    };
    let title = visitor.pick("Retirer le domaine", "Remove the domain");
    Ok(visitor.page_with(said.status(), &Page { title, section: Some(Section::Domains), main }))
}
