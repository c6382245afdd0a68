//! One domain: proven or to be proven, what the DNS says of it, and who has the mail for unknown addresses.

use super::{called, found_of, place, records};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields, Sent};
use crate::doors::console::layout::Page;
use crate::doors::console::said::{Said, answered};
use crate::doors::console::section::Section;
use crate::doors::console::suggest;
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Power;
use relais_app::core::domain::readiness::Readiness;
use relais_app::core::domain::{Claim, Domain, DomainEntry, check_own};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/domains/{domain}", get(show))
        .route("/console/domains/{domain}/prove", post(prove))
        .route("/console/domains/{domain}/catch-all", post(set_catch_all))
}

async fn show(visitor: Visitor, Path(domain): Path<String>, Asked(asked): Asked) -> Answer {
    let entry = visitor.find_domain(&domain).await?;
    let said = Said::by(&asked);
    match expected(&visitor, &entry, &asked) {
        Ok(expected) => page(&visitor, &entry, expected, &asked, &said).await,
        Err(fault) => page(&visitor, &entry, Vec::new(), &asked, &Said::Refused(&fault)).await,
    }
}

/// The addresses of the domain that have mail elsewhere today, as they are typed.
fn expected(visitor: &Visitor, entry: &DomainEntry, asked: &Fields) -> Result<Vec<EmailAddress>, Fault> {
    let separates = |letter: char| letter.is_whitespace() || letter == ',' || letter == ';';
    let typed = asked.get("expect").unwrap_or_default().split(separates).filter(|text| !text.is_empty());
    let unfit = || Fault::Unfit { field: visitor.pick("adresses de ce domaine", "addresses of this domain") };
    let read = |text: &str| {
        let found: Option<EmailAddress> = text.parse().ok();
        found.filter(|address| address.domain() == entry.name()).ok_or_else(unfit)
    };
    typed.map(read).collect()
}

async fn page(
    visitor: &Visitor,
    entry: &DomainEntry,
    expected: Vec<EmailAddress>,
    typed: &Fields,
    said: &Said<'_>,
) -> Answer {
    let readiness = visitor.app.readiness(visitor.organisation.id, entry.name(), expected).await?;
    let main = html! {
        (said.shown(visitor))
        @match entry {
            DomainEntry::Claimed(claim) => (to_prove(visitor, claim)),
            DomainEntry::Hosted(domain) => p.under-title {
                span.badge.good { (visitor.pick("reçoit du courrier", "takes mail")) } " "
                @if domain.unicode != domain.name { span.muted { (domain.name) } }
            },
        }
        (switch(visitor, entry, &readiness, typed))
        h2 { (visitor.pick("Ce que dit le DNS", "What the DNS says")) }
        (records::table(visitor, &readiness))
        p.actions { a.button href=(place(entry.name())) { (visitor.pick("Vérifier de nouveau", "Check again")) } }
        @if let DomainEntry::Hosted(domain) = entry { (catch_all(visitor, domain, typed).await?) }
        @if visitor.has(Power::ManageOrganisation) && may_go(entry) {
            p.actions { a.button.grave href={ (place(entry.name())) "/delete" } { @match entry {
                DomainEntry::Hosted(_) => (visitor.pick("Retirer le domaine…", "Remove the domain…")),
                DomainEntry::Claimed(_) => (visitor.pick("Renoncer à ce domaine…", "Withdraw this domain…")),
            } } }
        }
    };
    let page = Page { title: called(entry), section: Some(Section::Domains), main };
    Ok(visitor.page_with(said.status(), &page))
}

fn may_go(entry: &DomainEntry) -> bool {
    match entry {
        DomainEntry::Hosted(domain) => check_own(domain).is_ok(),
        DomainEntry::Claimed(_) => true,
    }
}

fn to_prove(visitor: &Visitor, claim: &Claim) -> Markup {
    html! {
        section.card {
            h2 { (visitor.pick("Prouvez que ce domaine est à vous", "Prove that this domain is yours")) }
            p { (visitor.pick(
                "Publiez cet enregistrement chez votre fournisseur de noms de domaine, puis vérifiez. Il peut être retiré ensuite.",
                "Publish this record at your domain name provider, then check. It may be removed afterwards.",
            )) }
            (records::proof(visitor, &claim.record))
            p.hint { (visitor.pick("Dernière vérification\u{a0}: ", "Last look: ")) (found_of(visitor, claim.found))
                @if let Some(at) = claim.checked_at { ", " (visitor.minute(at)) }
                ". " (visitor.pick("Relais regarde aussi de lui-même.", "Relais also looks by itself.")) }
            @if visitor.has(Power::ManageOrganisation) {
                form.actions method="post" action={ (place(&claim.name)) "/prove" } {
                    button.primary type="submit" { (visitor.pick("Vérifier maintenant", "Check now")) }
                }
            }
        }
    }
}

/// Whether the MX records may be switched to this server.
fn switch(visitor: &Visitor, entry: &DomainEntry, readiness: &Readiness, typed: &Fields) -> Markup {
    html! {
        @for warning in &readiness.warnings { p.warning { (warning.sentence(visitor.language)) } }
        @if !readiness.missing.is_empty() {
            ul { @for address in &readiness.missing { li { (address) } } }
        }
        details.card.apart open[typed.has("expect")] {
            summary { strong { (visitor.pick("Avant de changer les MX\u{a0}: qui a du courrier aujourd'hui\u{a0}?", "Before switching the MX records: who has mail today?")) } }
            form.stack method="get" action=(place(entry.name())) {
                div.field {
                    label for="expect" { (visitor.pick("Adresses du domaine chez le fournisseur actuel", "Addresses of the domain at the present provider")) }
                    textarea #expect name="expect" rows="3" spellcheck="false" { (typed.get("expect").unwrap_or_default()) }
                    p.hint { (visitor.pick(
                        "Relais dit lesquelles refuseraient leur courrier après le changement.",
                        "Relais says which of them would refuse their mail after the switch.",
                    )) }
                }
                p.actions { button type="submit" { (visitor.pick("Vérifier ces adresses", "Check these addresses")) } }
            }
            @if typed.has("expect") && readiness.missing.is_empty() {
                p.done { (visitor.pick("Chacune de ces adresses reçoit son courrier ici.", "Each of these addresses has its mail here.")) }
            }
        }
    }
}

async fn catch_all(visitor: &Visitor, domain: &Domain, typed: &Fields) -> Result<Markup, Fault> {
    if !visitor.has(Power::ManageOrganisation) || check_own(domain).is_err() {
        return Ok(html! {});
    }
    let holder = match domain.catch_all {
        Some(target) => Some(visitor.called_target(target).await?),
        None => None,
    };
    let action = format!("{}/catch-all", place(&domain.name));
    Ok(html! {
        section.card.stack.apart {
            h2 { (visitor.pick("Adresses inconnues", "Unknown addresses")) }
            @match &holder {
                Some(name) => p { (visitor.pick("Leur courrier va à ", "Their mail goes to ")) strong dir="auto" { (name) } "." },
                None => p { (visitor.pick(
                    "Leur courrier est refusé, et c'est le mieux\u{a0}: presque tout y est indésirable.",
                    "Their mail is refused, which is best: most of it is spam.",
                )) },
            }
            form method="post" action=(action) {
                div.field {
                    label for="to" { (visitor.pick("Le donner à (adresse, ou nom d'un répondeur)", "Give it to (address, or a responder's name)")) }
                    div.joined {
                        input #to name="to" required list=(suggest::PEOPLE) autocomplete="off" value=[typed.get("to")];
                        button type="submit" { (visitor.pick("Donner", "Give")) }
                    }
                }
                (suggest::people(visitor).await?)
            }
            @if holder.is_some() {
                form method="post" action=(action) {
                    button type="submit" name="nobody" value="yes" { (visitor.pick("Le refuser de nouveau", "Refuse it again")) }
                }
            }
        }
    })
}

async fn again(visitor: &Visitor, entry: &DomainEntry, sent: &Fields, done: Result<(), Fault>) -> Answer {
    let shown = async |fault: &Fault| page(visitor, entry, Vec::new(), sent, &Said::Refused(fault)).await;
    answered(done, &place(entry.name()), shown).await
}

async fn prove(visitor: Visitor, Path(domain): Path<String>) -> Answer {
    let entry = visitor.find_domain(&domain).await?;
    let looked = visitor.app.prove_domain(visitor.organisation.id, entry.name(), visitor.actor()).await;
    let nothing = Fields::default();
    match looked {
        // What was found is on the page itself.
        Ok(DomainEntry::Claimed(claim)) => {
            page(&visitor, &DomainEntry::Claimed(claim), Vec::new(), &nothing, &Said::Nothing).await
        }
        Ok(DomainEntry::Hosted(_)) => again(&visitor, &entry, &nothing, Ok(())).await,
        Err(error) => again(&visitor, &entry, &nothing, Err(error.into())).await,
    }
}

async fn set_catch_all(visitor: Visitor, Path(domain): Path<String>, Sent(sent): Sent) -> Answer {
    let entry = visitor.find_domain(&domain).await?;
    visitor.require(Power::ManageOrganisation)?;
    let done = give_unknown(&visitor, &entry, &sent).await;
    again(&visitor, &entry, &sent, done).await
}

async fn give_unknown(visitor: &Visitor, entry: &DomainEntry, sent: &Fields) -> Result<(), Fault> {
    let to = match sent.get("nobody") {
        Some(_) => None,
        None => Some(visitor.target_named(sent.need("to")?).await?),
    };
    visitor.app.set_catch_all(visitor.organisation.id, entry.name(), to, visitor.actor()).await?;
    Ok(())
}
