//! The first page: who leaves soon, what waits for a person, and how the organisation stands.

use super::Console;
use super::departures::table as departures_table;
use super::fault::{Answer, Fault};
use super::layout::Page;
use super::section::Section;
use super::visitor::Visitor;
use crate::doors::numbers;
use axum::Router;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::backup::{Generation, GenerationState};
use relais_app::core::departure::{Departure, DepartureState};
use relais_app::core::directory::Directory;
use relais_app::core::rights::{State, standing_of};
use relais_app::read::{Tx, accounts, departures, directories, generations};

pub fn routes() -> Router<Console> {
    Router::new().route("/console", get(show))
}

/// The states whose accounts are counted, in the order in which they are shown.
const SHOWN: [State; 3] = [State::Active, State::Invited, State::Deactivated];

/// What the tables say.
struct Standing {
    counts: Vec<(State, i64)>,
    open: Vec<Departure>,
    last_backup: Option<Generation>,
    /// Each with how many suspensions it holds back.
    directories: Vec<(Directory, usize)>,
}

async fn look(visitor: &Visitor) -> Result<Standing, Fault> {
    let (id, now) = (visitor.organisation.id, visitor.app.now());
    let look = move |tx: &mut Tx<'_>| {
        let mut counts: Vec<(State, i64)> = SHOWN.into_iter().map(|state| (state, 0)).collect();
        for group in accounts::census(tx, id, now)? {
            let state = standing_of(group.state, group.leaving);
            if let Some((_, count)) = counts.iter_mut().find(|(other, _)| *other == state) {
                *count += group.count;
            }
        }
        let mut known = Vec::new();
        for directory in directories::list(tx, id)? {
            let held = directories::held(tx, directory.id)?.len();
            known.push((directory, held));
        }
        Ok(Standing {
            counts,
            open: departures::open(tx, id)?,
            last_backup: generations::page(tx, id, None, 1)?.pop(),
            directories: known,
        })
    };
    Ok(visitor.app.look(look).await?)
}

async fn show(visitor: Visitor) -> Answer {
    visitor.require(Power::Read)?;
    let standing = look(&visitor).await?;
    let main = html! {
        (decisions(&visitor, &standing))
        ul.counts { @for (state, count) in &standing.counts {
            li { a href={ "/console/accounts?state=" (state.as_str()) } {
                strong { (visitor.number(count.unsigned_abs())) }
                span { (plural(&visitor, *state)) }
            } }
        } }
        section {
            h2 { (visitor.pick("Qui part", "Who is leaving")) }
            @let leaving: Vec<Departure> = standing.open.iter().filter(|departure| departure.state != DepartureState::Held).cloned().collect();
            @if leaving.is_empty() {
                p.empty { (visitor.pick("Personne n'est en train de partir.", "Nobody is leaving at the moment.")) }
            } @else { (departures_table(&visitor, &leaving)) }
        }
        h2 { (visitor.pick("L'organisation", "The organisation")) }
        div.columns {
            @if visitor.has(Power::ReadProvision) { (money(&visitor).await?) }
            (backup(&visitor, standing.last_backup.as_ref()))
            @for (directory, held) in &standing.directories { (directory_card(&visitor, directory, *held)) }
        }
    };
    let title = visitor.pick("Vue d'ensemble", "Overview");
    Ok(visitor.page(&Page { title, section: Some(Section::Overview), main }))
}

fn plural(visitor: &Visitor, state: State) -> &'static str {
    match state {
        State::Active => visitor.pick("comptes actifs", "active accounts"),
        State::Invited => visitor.pick("invités", "invited"),
        State::Deactivated => visitor.pick("désactivés", "deactivated"),
        State::Deleted => visitor.pick("supprimés", "deleted"),
    }
}

/// What does not go on by itself.
fn decisions(visitor: &Visitor, standing: &Standing) -> Markup {
    let held: Vec<&Departure> =
        standing.open.iter().filter(|departure| departure.state == DepartureState::Held).collect();
    let plans: Vec<_> = standing.directories.iter().filter(|(_, held)| *held > 0).collect();
    html! {
        @if !held.is_empty() || !plans.is_empty() {
            section.card.urgent {
                h2 { (visitor.pick("Attend votre décision", "Waits for your decision")) }
                ul.plain {
                    @for departure in held { li.between {
                        div { strong dir="auto" { (visitor.pick("Départ de ", "Departure of ")) (departure.plan.name) }
                            @if let Some(trouble) = &departure.trouble { p.hint { (trouble) } } }
                        a.button href={ "/console/departures/" (departure.id) } { (visitor.pick("Regarder", "Look")) }
                    } }
                    @for (directory, held) in plans { li.between {
                        div { strong dir="auto" { (visitor.pick("Annuaire ", "Directory ")) (directory.name) }
                            p.hint { (held) " " (visitor.pick(
                                "suspensions retenues\u{a0}: trop de personnes disparaîtraient d'un coup.",
                                "suspensions held back: too many people would vanish at once.")) } }
                        @if visitor.has(Power::ManageOrganisation) {
                            a.button href={ "/console/directories/" (directory.id) } { (visitor.pick("Décider", "Decide")) }
                        }
                    } }
                }
            }
        }
    }
}

async fn money(visitor: &Visitor) -> Result<Markup, Fault> {
    let provision = visitor.app.provision(visitor.organisation.id, visitor.actor()).await?;
    let forecast = visitor.app.forecast(visitor.organisation.id, visitor.actor()).await?;
    let short = forecast.iter().find(|renewal| renewal.balance_minor < 0);
    let said = |amount| provision.currency.format(amount, visitor.language);
    let limit = provision.plan.as_ref().and_then(|plan| plan.terms.accounts_max);
    let full = provision.plan.as_ref().and_then(|plan| plan.terms.full_licences_max);
    Ok(html! {
        section.card {
            h3 { (visitor.pick("Provision", "Provision")) }
            p.figure { (said(provision.balance_minor)) }
            @match short {
                Some(renewal) => p.warning { (visitor.pick("Ne suffit plus le ", "Runs short on ")) (numbers::day(renewal.on, visitor.language)) ". "
                    (visitor.pick("Versez avant cette date.", "Pay in before that day.")) },
                None => p.hint { @match forecast.first() {
                    Some(next) => { (visitor.pick("Prochaine échéance\u{a0}: ", "Next renewal: ")) (numbers::day(next.on, visitor.language)) ", " (said(next.amount_minor)) },
                    None => (visitor.pick("Rien à payer dans les trente jours.", "Nothing to pay within thirty days.")),
                } },
            }
        }
        section.card {
            h3 { (visitor.pick("Licences", "Licences")) }
            p.figure { (visitor.number(provision.licences.accounts.unsigned_abs()))
                @if let Some(limit) = limit { span.of { (visitor.pick(" sur ", " of ")) (visitor.number(limit.unsigned_abs())) } } }
            @if let Some(limit) = limit {
                meter min="0" max=(limit) value=(provision.licences.accounts) high=(limit * 9 / 10) aria-label=(visitor.pick("Licences prises", "Licences taken")) {}
            }
            p.hint { (visitor.pick("pleines\u{a0}: ", "full: ")) (provision.licences.full) @if let Some(full) = full { " / " (full) } }
        }
    })
}

fn backup(visitor: &Visitor, last: Option<&Generation>) -> Markup {
    html! {
        section.card {
            h3 { (visitor.pick("Dernière sauvegarde", "Last backup")) }
            @match last {
                None => p { (visitor.pick("Aucune encore.", "None yet.")) },
                Some(generation) => {
                    p.figure { (visitor.day(generation.started_at)) }
                    @match generation.state {
                        GenerationState::Verified => p { span.badge.good { (visitor.pick("relue et complète", "read back and whole")) } },
                        GenerationState::Running => p { span.badge.plain { (visitor.pick("en cours", "under way")) } },
                        GenerationState::Incomplete => p { span.badge.bad { (visitor.pick("incomplète", "incomplete")) } },
                    }
                    @if let Some(trouble) = &generation.trouble { p.hint { (trouble) } }
                },
            }
        }
    }
}

fn directory_card(visitor: &Visitor, directory: &Directory, held: usize) -> Markup {
    html! {
        section.card {
            h3 { (visitor.pick("Annuaire", "Directory")) }
            p.figure dir="auto" { (directory.name) }
            p { @if held == 0 {
                span.badge.good { (visitor.pick("rien ne bloque", "nothing is held")) }
            } @else {
                span.badge.bad { (visitor.pick("plan retenu", "plan held")) }
            } }
        }
    }
}
