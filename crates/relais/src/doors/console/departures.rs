//! Departures: the list, and each with how far it is, live; held, resumed, undone; its certificate.

mod assistant;
mod order;
mod planned;
mod timeline;

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::Asked;
use super::finder::Finder;
use super::layout::Page;
use super::section::Section;
use super::visitor::Visitor;
use crate::doors::{certificate_page, sheet, words};
use axum::Router;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::sse::{Event as News, KeepAlive, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::departure::{Departure, DepartureState, Way};
use relais_app::core::ids::DepartureId;
use relais_app::read::departures;
use std::convert::Infallible;
use std::time::Duration;

/// How often a page that is looked at is brought up to date.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const REFRESH_S: u32 = 5;
/// After so many looks the browser asks again, and its session with it.
const LOOKS_MAX: u32 = 60;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/departures", get(list))
        .route("/console/departures/{departure}", get(show))
        .route("/console/departures/{departure}/news", get(news))
        .route("/console/departures/{departure}/certificate", get(certificate))
        .route("/console/departures/{departure}/hold", post(hold))
        .route("/console/departures/{departure}/resume", post(resume))
        .route("/console/departures/{departure}/undo", post(undo))
        .merge(assistant::routes())
}

/// The colour of a state.
fn tone(state: DepartureState) -> &'static str {
    match state {
        DepartureState::Scheduled => "badge plain",
        DepartureState::Running | DepartureState::Undoing => "badge plain",
        DepartureState::Held => "badge bad",
        DepartureState::Undone => "badge",
        DepartureState::Finished => "badge good",
    }
}

async fn list(visitor: Visitor, Asked(asked): Asked) -> Answer {
    visitor.require(Power::Read)?;
    let id = visitor.organisation.id;
    let all = visitor.app.look(move |tx| departures::list(tx, id)).await?;
    let found = Finder::of(&asked).page(all);
    let main = html! {
        @if visitor.has(Power::EndAccounts) {
            p.lead { (visitor.pick(
                "Pour organiser un départ, ouvrez le compte de la personne.",
                "To arrange a departure, open the person's account.",
            )) " " a href="/console/accounts" { (visitor.pick("Choisir un compte", "Choose an account")) } }
        }
        @if found.lines.is_empty() {
            p.empty { (visitor.pick("Aucun départ pour l'instant.", "No departure so far.")) }
        } @else { (table(&visitor, &found.lines)) }
        (found.pages(&visitor, "/console/departures", &asked))
    };
    let title = visitor.pick("Départs", "Departures");
    Ok(visitor.page(&Page { title, section: Some(Section::Departures), main }))
}

/// Departures, one a line.
pub fn table(visitor: &Visitor, found: &[Departure]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Qui", "Who")) }
                th { (visitor.pick("État", "State")) }
                th { (visitor.pick("Commence", "Begins")) }
                th { (visitor.pick("Avancement", "Progress")) }
            } }
            tbody { @for departure in found { tr {
                td.who { a.name href={ "/console/departures/" (departure.id) } dir="auto" { (departure.plan.name) }
                    span.hint { (departure.plan.leaver) } }
                td { span class=(tone(departure.state)) { (words::departure_state(departure.state, visitor.language)) } }
                td { (visitor.day(departure.plan.begins_at)) }
                td { (departure.steps_done) " / " (departure.plan.steps.len())
                    @if let Some(step) = departure.next_step() { " " span.muted { "· " (words::step(step, visitor.language)) } } }
            } } }
        } }
    }
}

/// Whether anything is still going to happen by itself.
fn goes_on(state: DepartureState) -> bool {
    match state {
        DepartureState::Scheduled | DepartureState::Running | DepartureState::Undoing => true,
        DepartureState::Held | DepartureState::Undone | DepartureState::Finished => false,
    }
}

async fn show(visitor: Visitor, Path(departure): Path<String>) -> Answer {
    let departure = visitor.find_departure(&departure).await?;
    let live = goes_on(departure.state);
    let news = live.then(|| format!("/console/departures/{}/news", departure.id));
    let main = html! {
        div #progress data-follow=[news] {
            (timeline::head(&visitor, &departure))
            (buttons(&visitor, &departure))
            (timeline::picture(&visitor, &departure))
            (timeline::steps(&visitor, &departure))
        }
        details.card.apart {
            summary { strong { (visitor.pick("Le plan en entier", "The whole plan")) } }
            (planned::plan(&visitor, &departure.plan))
        }
    };
    let title = match visitor.language {
        relais_app::core::language::Language::French => format!("Départ de {}", departure.plan.name),
        relais_app::core::language::Language::English => format!("Departure of {}", departure.plan.name),
    };
    let page = Page { title: &title, section: Some(Section::Departures), main };
    Ok(if live { visitor.page_read_again(&page, REFRESH_S) } else { visitor.page(&page) })
}

fn buttons(visitor: &Visitor, departure: &Departure) -> Markup {
    let may = visitor.has(Power::EndAccounts);
    let place = |act: &str| format!("/console/departures/{}/{act}", departure.id);
    let holds = matches!(departure.held(), Ok(Some(_)));
    let resumes = departure.resumed(Way::Forth, visitor.app.now()).is_ok();
    let undoes = matches!(departure.undone(), Ok(Some(_)));
    html! {
        div.actions.before {
            @if may && resumes {
                form method="post" action=(place("resume")) { button.primary type="submit" { (visitor.pick("Reprendre", "Resume")) } }
            }
            @if may && holds {
                form method="post" action=(place("hold")) { button type="submit" { (visitor.pick("Suspendre", "Hold")) } }
            }
            @if may && undoes {
                form method="post" action=(place("undo")) { button.grave type="submit" { (visitor.pick("Annuler le départ", "Undo the departure")) } }
            }
            @if departure.state == DepartureState::Finished {
                a.button.primary href=(place("certificate")) { (visitor.pick("Voir l'attestation", "See the certificate")) }
            }
            a.button.quiet href={ "/console/accounts/" (departure.plan.account) } { (visitor.pick("Voir le compte", "See the account")) }
        }
    }
}

fn back(id: DepartureId) -> Response {
    Redirect::to(&format!("/console/departures/{id}")).into_response()
}

async fn hold(visitor: Visitor, Path(departure): Path<String>) -> Answer {
    let id = visitor.find_departure(&departure).await?.id;
    visitor.app.hold_departure(id, visitor.actor()).await?;
    Ok(back(id))
}

async fn resume(visitor: Visitor, Path(departure): Path<String>) -> Answer {
    let id = visitor.find_departure(&departure).await?.id;
    visitor.app.resume_departure(id, visitor.actor()).await?;
    Ok(back(id))
}

async fn undo(visitor: Visitor, Path(departure): Path<String>) -> Answer {
    let id = visitor.find_departure(&departure).await?.id;
    visitor.app.undo_departure(id, visitor.actor()).await?;
    Ok(back(id))
}

async fn certificate(visitor: Visitor, Path(departure): Path<String>, headers: HeaderMap) -> Answer {
    let id = visitor.find_departure(&departure).await?.id;
    let certificate = visitor.app.certificate(id).await?;
    let language = super::sign_in::chosen_language(&headers).unwrap_or(certificate.language());
    Ok(sheet::answer(certificate_page::page(&certificate, language), language))
}

/// What a page that follows a departure has seen of it.
type Seen = (DepartureState, u32, Option<String>, usize);

fn seen(departure: &Departure) -> Seen {
    (departure.state, departure.steps_done, departure.trouble.clone(), departure.reports.len())
}

/// Says that there is something new, until nothing more is to come.
async fn news(visitor: Visitor, Path(departure): Path<String>) -> Result<impl IntoResponse, Fault> {
    let departure = visitor.find_departure(&departure).await?;
    let id = departure.id;
    let from = Some((visitor.app.clone(), seen(&departure), LOOKS_MAX));
    let stream = futures_util::stream::unfold(from, move |from| async move {
        let (app, before, looks) = from?;
        for left in (0..looks).rev() {
            tokio::time::sleep(LOOK_EVERY).await;
            let Ok(Some(now)) = app.look(move |tx| departures::get(tx, id)).await else { return None };
            let now_seen = seen(&now);
            if !goes_on(now.state) {
                return Some((Ok::<_, Infallible>(News::default().event("over").data("")), None));
            }
            if now_seen != before {
                return Some((Ok(News::default().event("changed").data("")), Some((app, now_seen, left))));
            }
        }
        None
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}
