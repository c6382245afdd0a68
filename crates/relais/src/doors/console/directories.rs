//! Directories that the organisation is kept in step with: which they are, what each would change, what it did, and what
//! differs still and why. The password with which one is read goes in and never out.

mod report;
mod settings;

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields, Sent};
use super::layout::{Page, done, refused};
use super::section::Section;
use super::visitor::Visitor;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::directory::Report;
use relais_app::core::directory::{Directory, EntryId, Outcome};
use relais_app::core::ids::DirectoryId;
use relais_app::read::Tx;
use relais_app::read::directories::{self, Kept};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/directories", get(list).post(add))
        .route("/console/directories/new", get(begin))
        .route("/console/directories/{directory}", get(show))
        .route("/console/directories/{directory}/settings", get(look_at_settings).post(change))
        .route("/console/directories/{directory}/plan", get(show_plan).post(plan))
        .route("/console/directories/{directory}/differences", get(differences))
        .route("/console/directories/{directory}/sync", post(sync))
        .route("/console/directories/{directory}/apply", post(apply))
        .route("/console/directories/{directory}/link", post(link))
        .route("/console/directories/{directory}/remove", post(remove))
}

impl Visitor {
    async fn find_directory(&self, text: &str) -> Result<Directory, Fault> {
        self.require(Power::ManageOrganisation)?;
        let id: DirectoryId = text.parse().map_err(|_| Fault::not_found())?;
        let found = self.app.look(move |tx| directories::get(tx, id)).await?;
        found.filter(|directory| directory.organisation == self.organisation.id).ok_or_else(Fault::not_found)
    }

    async fn kept(&self, directory: &Directory, kept: Kept) -> Result<Option<Report>, Fault> {
        let id = directory.id;
        Ok(self.app.look(move |tx| directories::report(tx, id, kept)).await?)
    }
}

/// Where the pages of `directory` begin.
fn place(directory: &Directory) -> String {
    format!("/console/directories/{}", directory.id)
}

fn to(place: &str) -> Answer {
    Ok(Redirect::to(place).into_response())
}

async fn list(visitor: Visitor) -> Answer {
    visitor.require(Power::ManageOrganisation)?;
    let id = visitor.organisation.id;
    let look = move |tx: &mut Tx<'_>| {
        let mut found = Vec::new();
        for directory in directories::list(tx, id)? {
            let report = directories::report(tx, directory.id, Kept::Report)?;
            found.push((directory, report));
        }
        Ok(found)
    };
    let found = visitor.app.look(look).await?;
    let main = html! {
        p.lead { (visitor.pick(
            "Les comptes suivent l'annuaire de l'organisation\u{a0}: qui y arrive reçoit un compte, qui en disparaît est suspendu.",
            "Accounts follow the organisation's directory: whoever appears there gets an account, whoever vanishes is suspended.",
        )) }
        @if found.is_empty() {
            div.empty {
                p { (visitor.pick(
                    "Aucun annuaire n'est relié. OpenLDAP et Active Directory conviennent.",
                    "No directory is connected. OpenLDAP and Active Directory will do.",
                )) }
                a.button.primary href="/console/directories/new" { (visitor.pick("Relier un annuaire", "Connect a directory")) }
            }
        } @else {
            div.listing { table.folds {
                thead { tr {
                    th { (visitor.pick("Annuaire", "Directory")) }
                    th { (visitor.pick("Dernière lecture", "Last reading")) }
                    th { (visitor.pick("Prochaine", "Next")) }
                    th { (visitor.pick("Priorité", "Precedence")) }
                } }
                tbody { @for (directory, report) in &found { tr {
                    td.who {
                        a.name dir="auto" href=(place(directory)) { (directory.name) }
                        span.hint { (directory.settings.host) ":" (directory.settings.port()) }
                    }
                    td { (standing(&visitor, directory, report.as_ref())) }
                    td data-label=(visitor.pick("prochaine", "next")) { (next(&visitor, directory)) }
                    td data-label=(visitor.pick("priorité", "precedence")) { (directory.settings.precedence) }
                } } }
            } }
            p.actions { a.button href="/console/directories/new" { (visitor.pick("Relier un autre annuaire", "Connect another directory")) } }
        }
    };
    let title = visitor.pick("Annuaires", "Directories");
    Ok(visitor.page(&Page { title, section: Some(Section::Directories), main }))
}

/// How the last reading ended.
fn standing(visitor: &Visitor, directory: &Directory, report: Option<&Report>) -> Markup {
    html! {
        @if directory.held_since.is_some() {
            span.badge.bad { (visitor.pick("plan en attente", "plan held")) }
        } @else {
            @match report.map(|report| (&report.outcome, report.counts.refused)) {
                None => span.badge.plain { (visitor.pick("jamais lu", "never read")) },
                Some((Outcome::Incomplete { .. }, _)) => span.badge.bad { (visitor.pick("illisible", "not readable")) },
                Some((_, 0)) => span.badge.good { (visitor.pick("en accord", "in step")) },
                Some((_, refused)) => span.badge.warn { (visitor.number(refused)) (visitor.pick(" différences", " differences")) },
            }
        }
        @if let Some(report) = report { " " span.muted { (visitor.minute(report.ended_at)) } }
    }
}

fn next(visitor: &Visitor, directory: &Directory) -> Markup {
    html! {
        @match directory.next_at {
            Some(at) => (visitor.minute(at)),
            None => (visitor.pick("à la demande", "when asked")),
        }
    }
}

async fn begin(visitor: Visitor) -> Answer {
    visitor.require(Power::ManageOrganisation)?;
    Ok(settings::new_page(&visitor, &settings::beginning(), None))
}

async fn add(visitor: Visitor, Sent(sent): Sent) -> Answer {
    visitor.require(Power::ManageOrganisation)?;
    let made = match settings::new_directory(&sent) {
        Ok(new) => visitor.app.add_directory(visitor.organisation.id, new, visitor.actor()).await,
        Err(refusal) => Err(refusal.into()),
    };
    match made.map_err(Fault::from) {
        Ok(directory) => to(&format!("{}?done=added", place(&directory))),
        Err(fault) if fault.inner_text().is_some() => Err(fault),
        Err(fault) => Ok(settings::new_page(&visitor, &sent, Some(&fault))),
    }
}

async fn look_at_settings(visitor: Visitor, Path(directory): Path<String>) -> Answer {
    let directory = visitor.find_directory(&directory).await?;
    let typed = settings::typed_of(&directory);
    Ok(settings::page(&visitor, &directory, &typed, None))
}

async fn change(visitor: Visitor, Path(directory): Path<String>, Sent(sent): Sent) -> Answer {
    let directory = visitor.find_directory(&directory).await?;
    let change = settings::change_of(&directory, &sent);
    match visitor.app.change_directory(directory.id, change, visitor.actor()).await.map_err(Fault::from) {
        Ok(directory) => to(&format!("{}?done=changed", place(&directory))),
        Err(fault) if fault.inner_text().is_some() => Err(fault),
        Err(fault) => Ok(settings::page(&visitor, &directory, &sent, Some(&fault))),
    }
}

async fn show(visitor: Visitor, Path(directory): Path<String>, Asked(asked): Asked) -> Answer {
    let directory = visitor.find_directory(&directory).await?;
    let said = asked.get("done").and_then(|act| was_done(&visitor, act));
    overview(&visitor, &directory, said.map(|sentence| (StatusCode::OK, done(sentence)))).await
}

fn was_done(visitor: &Visitor, act: &str) -> Option<&'static str> {
    Some(match act {
        "added" => visitor.pick(
            "L'annuaire est enregistré. Regardez d'abord ce que sa lecture changerait.",
            "The directory is saved. Look first at what reading it would change.",
        ),
        "changed" => visitor.pick("Les réglages sont enregistrés.", "The settings are saved."),
        "read" => visitor.pick("L'annuaire est lu.", "The directory is read."),
        "linked" => visitor.pick(
            "L'entrée et le compte sont la même personne\u{a0}; la prochaine lecture applique ce que dit l'annuaire.",
            "The entry and the account are one person's; the next reading applies what the directory says.",
        ),
        _ => return None,
    })
}

/// What there is to decide, what the last reading came to, and what can be done.
async fn overview(visitor: &Visitor, directory: &Directory, said: Option<(StatusCode, Markup)>) -> Answer {
    let report = visitor.kept(directory, Kept::Report).await?;
    let here = place(directory);
    let status = said.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
    let main = html! {
        p.under-title.muted { (directory.settings.host) ":" (directory.settings.port()) " · " (directory.settings.base) }
        @if let Some((_, markup)) = &said { (markup) }
        @if directory.held_since.is_some() { (held(visitor, directory, report.as_ref())) }
        @match &report {
            None => div.empty {
                p { (visitor.pick(
                    "Cet annuaire n'a pas encore été lu. Le plan montre ce que sa lecture changerait, sans rien changer.",
                    "This directory has not been read yet. The plan shows what reading it would change, and changes nothing.",
                )) }
                form method="post" action={ (here) "/plan" } {
                    button.primary type="submit" { (visitor.pick("Voir le plan", "See the plan")) }
                }
            },
            Some(report) => section.card {
                h2 { (visitor.pick("Dernière lecture", "Last reading")) }
                (report::summary(visitor, report))
                @if !report.items.is_empty() {
                    p.actions { a.button href={ (here) "/differences" } { (visitor.pick("Ce qui diffère, et pourquoi", "What differs, and why")) } }
                }
            },
        }
        div.actions {
            @if report.is_some() {
                form method="post" action={ (here) "/plan" } { button type="submit" { (visitor.pick("Voir le plan", "See the plan")) } }
                form method="post" action={ (here) "/sync" } { button type="submit" { (visitor.pick("Lire et appliquer maintenant", "Read and apply now")) } }
            }
            a.button href={ (here) "/settings" } { (visitor.pick("Réglages", "Settings")) }
        }
        (facts(visitor, directory))
        (removal(visitor, directory))
    };
    Ok(visitor.page_with(status, &Page { title: &directory.name, section: Some(Section::Directories), main }))
}

fn held(visitor: &Visitor, directory: &Directory, report: Option<&Report>) -> Markup {
    let hold = report.and_then(|report| match report.outcome {
        Outcome::Held(hold) => Some(hold),
        Outcome::Done | Outcome::Incomplete { .. } => None,
    });
    html! {
        section.card.urgent {
            h2 { (visitor.pick("Un plan attend votre décision", "A plan waits for your decision")) }
            p {
                @if let Some(hold) = hold {
                    (visitor.number(hold.suspended)) (visitor.pick(" comptes sur ", " accounts of ")) (visitor.number(hold.of))
                    (visitor.pick(" seraient suspendus d'un coup. ", " would be suspended at once. "))
                }
                (visitor.pick(
                    "Rien n'a été changé. Si l'annuaire ou son filtre est en panne, corrigez-le\u{a0}: la lecture suivante reprend d'elle-même.",
                    "Nothing was changed. If the directory or its filter is broken, mend it: the next reading goes on by itself.",
                ))
            }
            p { a href={ (place(directory)) "/differences" } { (visitor.pick("Voir de qui il s'agit", "See who they are")) } }
            form method="post" action={ (place(directory)) "/apply" } {
                label { input type="checkbox" name="understood" value="yes" required;
                    (visitor.pick("Ces personnes sont bien parties\u{a0}: leurs comptes seront fermés aussitôt.", "These people have left: their accounts are closed at once.")) }
                p.actions { button.grave type="submit" { (visitor.pick("Suspendre ces comptes", "Suspend these accounts")) } }
            }
        }
    }
}

fn facts(visitor: &Visitor, directory: &Directory) -> Markup {
    let settings = &directory.settings;
    html! {
        section.card.apart {
            h2 { (visitor.pick("Comment il est lu", "How it is read")) }
            dl.facts {
                dt { (visitor.pick("Lu en tant que", "Read as")) }
                dd { @if settings.bind_dn.is_empty() { (visitor.pick("anonyme", "anonymous")) } @else { (settings.bind_dn) } }
                dt { (visitor.pick("Qui est une personne", "Who is a person")) } dd { code { (settings.people_filter()) } }
                dt { (visitor.pick("Groupes", "Groups")) }
                dd { @match &settings.groups {
                    Some(groups) => (groups.base),
                    None => (visitor.pick("laissés tels quels", "left alone")),
                } }
                dt { (visitor.pick("Prochaine lecture", "Next reading")) } dd { (next(visitor, directory)) }
                dt { (visitor.pick("Retenir un plan au-delà de", "Hold a plan beyond")) }
                dd { (settings.guard.count_max) (visitor.pick(" suspensions, ou ", " suspensions, or ")) (settings.guard.percent_max) (visitor.pick("\u{a0}% des personnes", "% of the people")) }
            }
        }
    }
}

fn removal(visitor: &Visitor, directory: &Directory) -> Markup {
    html! {
        details.apart {
            summary { (visitor.pick("Ne plus lire cet annuaire", "Read this directory no more")) }
            form.card method="post" action={ (place(directory)) "/remove" } {
                p { (visitor.pick(
                    "Comptes et groupes restent comme ils sont\u{a0}; qui a été suspendu par l'annuaire le reste jusqu'à ce que quelqu'un le réactive.",
                    "Accounts and groups stay as they are; whoever the directory suspended stays so until somebody reactivates them.",
                )) }
                p.actions { button.grave type="submit" { (visitor.pick("Retirer l'annuaire", "Remove the directory")) } }
            }
        }
    }
}

/// The page of the directory, which says what stands in the way.
async fn said_no(visitor: &Visitor, directory: &Directory, fault: Fault) -> Answer {
    if fault.inner_text().is_some() {
        return Err(fault);
    }
    let sentences = refused(&fault.sentences(visitor.language));
    overview(visitor, directory, Some((fault.status(), sentences))).await
}

async fn plan(visitor: Visitor, Path(directory): Path<String>) -> Answer {
    let directory = visitor.find_directory(&directory).await?;
    match visitor.app.plan_directory(directory.id, visitor.actor()).await {
        Ok(_) => to(&format!("{}/plan", place(&directory))),
        Err(error) => said_no(&visitor, &directory, error.into()).await,
    }
}

async fn show_plan(visitor: Visitor, Path(directory): Path<String>, Asked(asked): Asked) -> Answer {
    let directory = visitor.find_directory(&directory).await?;
    let found = visitor.kept(&directory, Kept::Plan).await?.ok_or_else(Fault::not_found)?;
    Ok(report::plan_page(&visitor, &directory, &found, &asked))
}

async fn differences(visitor: Visitor, Path(directory): Path<String>, Asked(asked): Asked) -> Answer {
    let directory = visitor.find_directory(&directory).await?;
    let found = visitor.kept(&directory, Kept::Report).await?.ok_or_else(Fault::not_found)?;
    Ok(report::differences_page(&visitor, &directory, &found, &asked, None))
}

async fn sync(visitor: Visitor, Path(directory): Path<String>) -> Answer {
    let directory = visitor.find_directory(&directory).await?;
    match visitor.app.sync_directory(directory.id, visitor.actor()).await {
        Ok(_) => to(&format!("{}?done=read", place(&directory))),
        Err(error) => said_no(&visitor, &directory, error.into()).await,
    }
}

async fn apply(visitor: Visitor, Path(directory): Path<String>, Sent(sent): Sent) -> Answer {
    let directory = visitor.find_directory(&directory).await?;
    sent.need("understood")?;
    match visitor.app.apply_held_plan(directory.id, visitor.actor()).await {
        Ok(_) => to(&format!("{}?done=read", place(&directory))),
        Err(error) => said_no(&visitor, &directory, error.into()).await,
    }
}

async fn link(visitor: Visitor, Path(directory): Path<String>, Sent(sent): Sent) -> Answer {
    let directory = visitor.find_directory(&directory).await?;
    match link_one(&visitor, &directory, &sent).await {
        Ok(()) => to(&format!("{}?done=linked", place(&directory))),
        Err(fault) if fault.inner_text().is_some() => Err(fault),
        Err(fault) => {
            let found = visitor.kept(&directory, Kept::Report).await?.ok_or_else(Fault::not_found)?;
            Ok(report::differences_page(&visitor, &directory, &found, &sent, Some(&fault)))
        }
    }
}

async fn link_one(visitor: &Visitor, directory: &Directory, sent: &Fields) -> Result<(), Fault> {
    let entry: EntryId = sent.need("entry")?.parse().map_err(|_| Fault::Unfit { field: "entry" })?;
    let account = visitor.account_named(sent.need("account")?).await?;
    Ok(visitor.app.link_entry(directory.id, entry, account.id, visitor.actor()).await?)
}

async fn remove(visitor: Visitor, Path(directory): Path<String>) -> Answer {
    let directory = visitor.find_directory(&directory).await?;
    visitor.app.remove_directory(directory.id, visitor.actor()).await?;
    to("/console/directories")
}

fn titled(visitor: &Visitor, status: StatusCode, title: &str, main: Markup) -> Response {
    visitor.page_with(status, &Page { title, section: Some(Section::Directories), main })
}
