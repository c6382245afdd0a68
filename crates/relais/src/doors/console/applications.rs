//! Connected applications: which they are, their secrets, and what they have not been told yet.

mod feed;

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields, Sent};
use super::finder;
use super::layout::{Page, done, refused, shown_once};
use super::section::Section;
use super::visitor::Visitor;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::ApplicationChange;
use relais_app::core::application::Application;
use relais_app::core::authority::Power;
use relais_app::core::event::Event;
use relais_app::core::ids::ApplicationId;
use relais_app::read::{Delivery, Tx, applications, events, webhooks};

const UNDELIVERED_MAX: i64 = 100;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/applications", get(list).post(connect))
        .route("/console/applications/{application}", get(show).post(change))
        .route("/console/applications/{application}/token", post(renew_token))
        .route("/console/applications/{application}/signing-secret", post(rotate_secret))
        .route("/console/applications/{application}/replay", post(replay))
        .route("/console/applications/{application}/disconnect", post(disconnect))
        .merge(feed::routes())
}

impl Visitor {
    async fn find_application(&self, text: &str) -> Result<Application, Fault> {
        self.require(Power::ManageOrganisation)?;
        let id: ApplicationId = text.parse().map_err(|_| Fault::not_found())?;
        let found = self.app.look(move |tx| applications::get(tx, id)).await?;
        let ours = |application: &Application| {
            application.organisation == self.organisation.id && application.ended_at.is_none()
        };
        found.filter(ours).ok_or_else(Fault::not_found)
    }
}

fn place(application: &Application) -> String {
    format!("/console/applications/{}", application.id)
}

async fn list(visitor: Visitor) -> Answer {
    list_page(&visitor, StatusCode::OK, html! {}).await
}

async fn list_page(visitor: &Visitor, status: StatusCode, said: Markup) -> Answer {
    visitor.require(Power::ManageOrganisation)?;
    let id = visitor.organisation.id;
    let look = move |tx: &mut Tx<'_>| {
        let mut found = Vec::new();
        for application in applications::list(tx, id)?.into_iter().filter(|one| one.ended_at.is_none()) {
            let waiting = webhooks::undelivered(tx, application.id, 0, UNDELIVERED_MAX)?;
            let stuck = waiting.iter().filter(|delivery| delivery.trouble.is_some()).count();
            found.push((application, stuck));
        }
        Ok(found)
    };
    let found = visitor.app.look(look).await?;
    let main = html! {
        p.lead { (visitor.pick(
            "Ce que vos applications gardent fait partie des départs\u{a0}: elles apprennent ce qui arrive aux comptes, et les contenus se donnent d'ici.",
            "What your applications keep is part of departures: they are told what happens to accounts, and content is given on from here.",
        )) }
        (said)
        @if found.is_empty() {
            p.empty { (visitor.pick("Aucune application n'est reliée.", "No application is connected.")) }
        } @else {
            div.listing { table.folds {
                thead { tr {
                    th { (visitor.pick("Application", "Application")) }
                    th { (visitor.pick("Webhooks", "Webhooks")) }
                    th { (visitor.pick("Reliée", "Connected")) }
                } }
                tbody { @for (application, stuck) in &found { tr {
                    td.who {
                        a.name dir="auto" href=(place(application)) { (application.name) }
                        span.hint { (application.url.as_deref().unwrap_or(visitor.pick("n'est pas prévenue", "is told nothing"))) }
                    }
                    td { @match (application.url.is_some(), stuck) {
                        (false, _) => span.badge { (visitor.pick("aucun", "none")) },
                        (true, 0) => span.badge.good { (visitor.pick("tout est arrivé", "all arrived")) },
                        (true, stuck) => span.badge.bad { (stuck) (visitor.pick(" en échec", " failing")) },
                    } }
                    td data-label=(visitor.pick("reliée", "connected")) { (visitor.day(application.created_at)) }
                } } }
            } }
        }
        form.card.stack.apart method="post" action="/console/applications" {
            h2 { (visitor.pick("Relier une application", "Connect an application")) }
            div.columns { (name_and_url(visitor, None, None)) }
            p.actions { button.primary type="submit" { (visitor.pick("Relier", "Connect")) } }
        }
    };
    let title = visitor.pick("Applications", "Applications");
    Ok(visitor.page_with(status, &Page { title, section: Some(Section::Applications), main }))
}

fn name_and_url(visitor: &Visitor, name: Option<&str>, url: Option<&str>) -> Markup {
    html! {
        div.field {
            label for="name" { (visitor.pick("Nom", "Name")) }
            input #name name="name" required maxlength="100" value=[name];
        }
        div.field {
            label for="url" { (visitor.pick("Où elle est prévenue (facultatif)", "Where it is told (optional)")) }
            input #url name="url" type="url" value=[url] aria-describedby="url-hint" placeholder="https://tableaux.exemple.fr/relais";
            p.hint #url-hint { (visitor.pick("Par webhooks signés (Standard Webhooks).", "By signed webhooks (Standard Webhooks).")) }
        }
    }
}

async fn connect(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let name = sent.get("name").unwrap_or_default().to_owned();
    let url = sent.get("url").map(str::to_owned);
    match visitor.app.connect_application(visitor.organisation.id, name, url, visitor.actor()).await {
        Ok(made) => {
            let name = &made.application.name;
            let said = html! {
                (done(visitor.pick("L'application est reliée.", "The application is connected.")))
                (shown_once(&visitor, visitor.pick("Jeton avec lequel elle demande\u{a0}: ", "Token with which it asks: "), name, &made.token))
                (shown_once(&visitor, visitor.pick("Secret avec lequel elle reconnaît les webhooks\u{a0}: ", "Secret by which it recognises webhooks: "), name, &made.signing_secret))
            };
            page(&visitor, &made.application, &Fields::default(), StatusCode::OK, said).await
        }
        Err(error) => {
            let fault = Fault::from(error);
            if fault.inner_text().is_some() {
                return Err(fault);
            }
            list_page(&visitor, fault.status(), refused(&fault.sentences(visitor.language))).await
        }
    }
}

async fn show(visitor: Visitor, Path(application): Path<String>, Asked(asked): Asked) -> Answer {
    let application = visitor.find_application(&application).await?;
    let said = match asked.get("done") {
        Some("changed") => done(visitor.pick("C'est enregistré.", "It is saved.")),
        Some("replay") => done(visitor.pick(
            "Les événements repartent, dans l'ordre et sous le même nom qu'avant.",
            "The events go out again, in order and under the same name as before.",
        )),
        Some(_) | None => html! {},
    };
    page(&visitor, &application, &asked, StatusCode::OK, said).await
}

async fn change(visitor: Visitor, Path(application): Path<String>, Sent(sent): Sent) -> Answer {
    let application = visitor.find_application(&application).await?;
    let change = ApplicationChange {
        name: sent.get("name").map(str::to_owned),
        url: Some(sent.get("url").unwrap_or_default().to_owned()),
    };
    let changed = visitor.app.change_application(application.id, change, visitor.actor()).await;
    then(&visitor, &application, changed.map(drop).map_err(Fault::from), "changed").await
}

async fn replay(visitor: Visitor, Path(application): Path<String>, Sent(sent): Sent) -> Answer {
    let application = visitor.find_application(&application).await?;
    let replayed = match sent.read("from") {
        Some(from) => {
            let replayed = visitor.app.replay_webhooks(application.id, from, visitor.actor()).await;
            replayed.map_err(Fault::from)
        }
        None => Err(Fault::Unfit { field: "from" }),
    };
    then(&visitor, &application, replayed, "replay").await
}

async fn then(visitor: &Visitor, application: &Application, ended: Result<(), Fault>, word: &str) -> Answer {
    match ended {
        Ok(()) => Ok(Redirect::to(&format!("{}?done={word}", place(application))).into_response()),
        Err(fault) => said_no(visitor, application, fault).await,
    }
}

async fn said_no(visitor: &Visitor, application: &Application, fault: Fault) -> Answer {
    if fault.inner_text().is_some() {
        return Err(fault);
    }
    page(
        visitor,
        application,
        &Fields::default(),
        fault.status(),
        refused(&fault.sentences(visitor.language)),
    )
    .await
}

async fn renew_token(visitor: Visitor, Path(application): Path<String>) -> Answer {
    let application = visitor.find_application(&application).await?;
    match visitor.app.renew_application_token(application.id, visitor.actor()).await {
        Ok(made) => {
            let what = visitor.pick("Nouveau jeton\u{a0}: ", "New token: ");
            let said = shown_once(&visitor, what, &made.of.name, &made.secret);
            page(&visitor, &application, &Fields::default(), StatusCode::OK, said).await
        }
        Err(error) => said_no(&visitor, &application, error.into()).await,
    }
}

async fn rotate_secret(visitor: Visitor, Path(application): Path<String>) -> Answer {
    let application = visitor.find_application(&application).await?;
    match visitor.app.rotate_signing_secret(application.id, visitor.actor()).await {
        Ok(made) => {
            let what = visitor.pick("Nouveau secret des webhooks\u{a0}: ", "New secret of the webhooks: ");
            let said = shown_once(&visitor, what, &made.of.name, &made.secret);
            page(&visitor, &application, &Fields::default(), StatusCode::OK, said).await
        }
        Err(error) => said_no(&visitor, &application, error.into()).await,
    }
}

async fn disconnect(visitor: Visitor, Path(application): Path<String>, Sent(sent): Sent) -> Answer {
    let application = visitor.find_application(&application).await?;
    sent.need("understood")?;
    visitor.app.disconnect_application(application.id, visitor.actor()).await?;
    Ok(Redirect::to("/console/applications").into_response())
}

async fn page(
    visitor: &Visitor,
    application: &Application,
    asked: &Fields,
    status: StatusCode,
    said: Markup,
) -> Answer {
    let (id, organisation) = (application.id, application.organisation);
    let after = asked.read("after").unwrap_or_default();
    let look = move |tx: &mut Tx<'_>| {
        let mut waiting = Vec::new();
        for delivery in webhooks::undelivered(tx, id, after, UNDELIVERED_MAX + 1)? {
            let event = events::page(tx, organisation, "", delivery.number - 1, 1)?.pop();
            waiting.push((delivery, event));
        }
        Ok(waiting)
    };
    let mut waiting = visitor.app.look(look).await?;
    let page_max = usize::try_from(UNDELIVERED_MAX).unwrap_or_default();
    let more = waiting.len() > page_max;
    waiting.truncate(page_max);
    let last = more.then(|| waiting.last().map(|(delivery, _)| delivery.number)).flatten();
    let here = place(application);
    let main = html! {
        p.under-title { a href="/console/applications" { "← " (visitor.pick("Applications", "Applications")) } }
        (said)
        form.card.stack method="post" action=(here) {
            div.columns { (name_and_url(visitor, Some(&application.name), application.url.as_deref())) }
            p.actions { button type="submit" { (visitor.pick("Enregistrer", "Save")) } }
        }
        @if application.url.is_some() {
            (undelivered(visitor, &waiting))
            (finder::pages(visitor, &here, asked, "after", last))
            (replay_form(visitor, &here, waiting.first().map_or(1, |(delivery, _)| delivery.number)))
        }
        (feed::card(visitor, application).await?)
        (secrets(visitor, &here))
    };
    Ok(visitor
        .page_with(status, &Page { title: &application.name, section: Some(Section::Applications), main }))
}

fn undelivered(visitor: &Visitor, waiting: &[(Delivery, Option<Event>)]) -> Markup {
    html! {
        h2 { (visitor.pick("Événements qui ne sont pas arrivés", "Events that have not arrived")) }
        @if waiting.is_empty() {
            p.empty { (visitor.pick("Tout est arrivé.", "Everything has arrived.")) }
        } @else {
            p { (visitor.pick(
                "Chacun attend ceux d'avant sur le même compte ou groupe, et est réessayé tant que l'application est reliée.",
                "Each waits for those before it about the same account or group, and is tried again for as long as the application is connected.",
            )) }
            div.listing { table.folds {
                thead { tr {
                    th { (visitor.pick("Événement", "Event")) }
                    th { (visitor.pick("Essais", "Attempts")) }
                    th { (visitor.pick("Prochain", "Next")) }
                    th { (visitor.pick("Ennui", "Trouble")) }
                } }
                tbody { @for (delivery, event) in waiting { tr {
                    td { strong { (delivery.number) } @if let Some(event) = event { " " code { (event.kind) } " " span.muted { (visitor.minute(event.at)) } } }
                    td data-label=(visitor.pick("essais", "attempts")) { (delivery.attempts) }
                    td data-label=(visitor.pick("prochain", "next")) { (visitor.minute(delivery.next_at)) }
                    td { (delivery.trouble.as_deref().unwrap_or_default()) }
                } } }
            } }
        }
    }
}

fn replay_form(visitor: &Visitor, here: &str, first: i64) -> Markup {
    html! {
        form.card.apart method="post" action={ (here) "/replay" } {
            div.field {
                label for="from" { (visitor.pick("Prévenir encore de tout, depuis l'événement", "Tell everything again, from event")) }
                div.joined {
                    input #from name="from" type="number" min="1" required value=(first) aria-describedby="from-hint";
                    button type="submit" { (visitor.pick("Rejouer", "Replay")) }
                }
                p.hint #from-hint { (visitor.pick(
                    "Ce qui attend encore est essayé aussitôt. Le numéro est celui du journal\u{a0}; l'application reconnaît ce qu'elle a déjà.",
                    "What still waits is tried at once. The number is that of the log; the application recognises what it has already.",
                )) }
            }
        }
    }
}

fn secrets(visitor: &Visitor, here: &str) -> Markup {
    html! {
        section.card.apart {
            h2 { (visitor.pick("Secrets", "Secrets")) }
            div.between {
                div { strong { (visitor.pick("Secret des webhooks", "Secret of the webhooks")) }
                    p.hint { (visitor.pick("Pendant 24 heures, les webhooks sont signés avec l'ancien aussi.", "For 24 hours webhooks are signed with the old one too.")) } }
                form method="post" action={ (here) "/signing-secret" } { button type="submit" { (visitor.pick("En changer", "Change it")) } }
            }
            div.between {
                div { strong { (visitor.pick("Jeton de l'application", "Token of the application")) }
                    p.hint { (visitor.pick("L'ancien n'ouvre plus rien, aussitôt.", "The old one opens nothing any more, at once.")) } }
                form method="post" action={ (here) "/token" } { button.grave type="submit" { (visitor.pick("En changer", "Change it")) } }
            }
        }
        details.apart {
            summary { (visitor.pick("Ne plus relier cette application", "Disconnect this application")) }
            form.card.stack method="post" action={ (here) "/disconnect" } {
                label { input type="checkbox" name="understood" value="yes" required;
                    (visitor.pick(
                        "Elle n'est plus prévenue de rien, son jeton n'ouvre plus rien, et ce qu'elle garde ne fait plus partie des départs.",
                        "It is told nothing more, its token opens nothing, and what it keeps is no part of departures any more.",
                    )) }
                p.actions { button.grave type="submit" { (visitor.pick("Retirer l'application", "Disconnect the application")) } }
            }
        }
    }
}
