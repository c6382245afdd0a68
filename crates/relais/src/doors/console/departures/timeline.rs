//! How far a departure is: its days as a picture, its steps as a list.

use super::super::visitor::Visitor;
use super::tone;
use crate::doors::words;
use jiff::Timestamp;
use maud::{Markup, html};
use relais_app::core::departure::{Departure, DepartureState, NewMail, Plan, Step};

pub fn head(visitor: &Visitor, departure: &Departure) -> Markup {
    let done = departure.steps_done;
    let all = departure.plan.steps.len();
    html! {
        p.under-title { span.muted { (departure.plan.leaver) } " "
            span class=(tone(departure.state)) { (words::departure_state(departure.state, visitor.language)) } }
        @if let Some(trouble) = &departure.trouble {
            div class=(if departure.state == DepartureState::Held { "refusal" } else { "warning" }) role="status" { p { (trouble) } }
        }
        p.progress {
            label for="steps" { (visitor.pick("Étapes faites\u{a0}: ", "Steps done: ")) (done) " / " (all) }
            progress #steps value=(done) max=(all) {}
        }
    }
}

/// One moment of the plan.
struct Mark {
    at: Timestamp,
    name: &'static str,
}

fn marks(visitor: &Visitor, plan: &Plan) -> Vec<Mark> {
    let mut marks =
        vec![Mark { at: plan.begins_at, name: visitor.pick("Le compte se ferme", "The account closes") }];
    let (end, name) = match &plan.new_mail {
        NewMail::Redirect { until, .. } => {
            (*until, visitor.pick("La redirection s'arrête", "The redirect ends"))
        }
        NewMail::Reply { until, .. } => (Some(*until), visitor.pick("La réponse s'arrête", "The reply ends")),
        NewMail::Responder { until, .. } => {
            (*until, visitor.pick("Le répondeur s'arrête", "The responder ends"))
        }
    };
    marks.extend(end.map(|at| Mark { at, name }));
    let deletion = visitor.pick("Le compte est supprimé", "The account is deleted");
    marks.extend(plan.delete_after.map(|at| Mark { at, name: deletion }));
    marks.sort_by_key(|mark| mark.at);
    marks
}

const WIDTH: f64 = 720.0;
const EDGE: f64 = 14.0;

/// The days of a departure on a line: what begins and ends when, and where today is.
pub fn days(visitor: &Visitor, plan: &Plan) -> Markup {
    let marks = marks(visitor, plan);
    let now = visitor.app.now();
    let (Some(first), Some(last)) = (marks.first(), marks.last()) else { return html! {} };
    let (from, until) = (first.at.min(now).as_second(), last.at.max(now).as_second());
    #[expect(clippy::cast_precision_loss, reason = "places on a picture")]
    let place = |at: Timestamp| {
        let share = (at.as_second() - from) as f64 / ((until - from).max(1)) as f64;
        EDGE + share.clamp(0.0, 1.0) * (WIDTH - 2.0 * EDGE)
    };
    let at = |x: f64| format!("{x:.1}");
    html! {
        figure.days {
            svg viewBox={ "0 0 " (WIDTH) " 34" } role="img" aria-label=(visitor.pick("Les dates du départ sur une ligne\u{a0}; elles sont écrites dessous.", "The dates of the departure on a line; they are written below.")) {
                line.track x1=(EDGE) x2=(WIDTH - EDGE) y1="17" y2="17" {}
                line.passed x1=(EDGE) x2=(at(place(now))) y1="17" y2="17" {}
                @for mark in &marks {
                    circle class=(if mark.at <= now { "mark passed" } else { "mark" }) cx=(at(place(mark.at))) cy="17" r="7" {}
                }
                line.now x1=(at(place(now))) x2=(at(place(now))) y1="3" y2="31" {}
            }
            ol.dates {
                li.today { strong { (visitor.day(now)) } span { (visitor.pick("Aujourd'hui", "Today")) } }
                @for mark in &marks {
                    li class=(if mark.at <= now { "passed" } else { "" }) { strong { (visitor.day(mark.at)) } span { (mark.name) } }
                }
            }
        }
    }
}

pub fn picture(visitor: &Visitor, departure: &Departure) -> Markup {
    days(visitor, &departure.plan)
}

pub fn steps(visitor: &Visitor, departure: &Departure) -> Markup {
    let undone = departure.state == DepartureState::Undone;
    html! {
        h2 { (visitor.pick("Étapes", "Steps")) }
        ol.steps {
            @for (place, step) in departure.plan.steps.iter().enumerate() {
                @let done = place < departure.steps_done as usize;
                @let current = !done && !undone && departure.next_step() == Some(*step);
                li class=(if done { "done-step" } else if current { "current" } else { "" }) aria-current=[current.then_some("step")] {
                    span.what { (words::step(*step, visitor.language)) }
                    span.when {
                        @if done {
                            @if let Some(report) = departure.report_of(*step) { (visitor.minute(report.done_at)) }
                        } @else if current { (waits(visitor, departure, *step)) }
                    }
                }
            }
        }
    }
}

fn waits(visitor: &Visitor, departure: &Departure, step: Step) -> String {
    match departure.state {
        DepartureState::Scheduled => {
            format!("{} {}", visitor.pick("à partir du", "from"), visitor.day(departure.plan.begins_at))
        }
        DepartureState::Held => visitor.pick("attend une personne", "waits for a person").to_owned(),
        DepartureState::Running
        | DepartureState::Undoing
        | DepartureState::Undone
        | DepartureState::Finished => match (step, departure.plan.delete_after) {
            (Step::Wait, Some(at)) => format!("{} {}", visitor.pick("jusqu'au", "until"), visitor.day(at)),
            _ => visitor.pick("en cours", "under way").to_owned(),
        },
    }
}
