//! Acts on many accounts, of all organisations: which are under way, how they ended; one that goes on is stopped here.

use super::{Operator, page, to};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::words;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::ids::{JobId, OrganisationId};
use relais_app::core::job::{Job, JobState};
use relais_app::core::organisation::Organisation;
use relais_app::read::{Tx, jobs, organisations};
use std::collections::HashMap;

/// The newest, at most.
const COUNT_MAX: i64 = 100;

pub fn routes() -> Router<Console> {
    Router::new().route("/operator/jobs", get(list)).route("/operator/jobs/{job}/cancel", post(cancel))
}

async fn list(operator: Operator) -> Answer {
    let look = |tx: &mut Tx<'_>| {
        let all = jobs::list(tx, None, COUNT_MAX)?;
        let mut whose: HashMap<OrganisationId, Organisation> = HashMap::new();
        for job in &all {
            if !whose.contains_key(&job.organisation) {
                whose.extend(organisations::get(tx, job.organisation)?.map(|found| (found.id, found)));
            }
        }
        Ok((all, whose))
    };
    let (all, whose) = operator.app.look(look).await?;
    let main = html! {
        @if all.is_empty() {
            p.empty { (operator.pick("Aucune tâche ces derniers temps.", "No job of late.")) }
        } @else {
            div.listing { table.folds {
                thead { tr {
                    th scope="col" { (operator.pick("Organisation", "Organisation")) }
                    th scope="col" { (operator.pick("Tâche", "Job")) }
                    th scope="col" { (operator.pick("Demandée", "Ordered")) }
                    th scope="col" { (operator.pick("État", "State")) }
                    th scope="col" { (operator.pick("Actions", "Acts")) }
                } }
                tbody { @for job in &all { (row(&operator, job, whose.get(&job.organisation))) } }
            } }
        }
    };
    Ok(page(&operator, operator.pick("Tâches", "Jobs"), main))
}

fn row(operator: &Operator, job: &Job, of: Option<&Organisation>) -> Markup {
    html! { tr {
        td { @if let Some(of) = of { a dir="auto" href={ "/operator/organisations/" (of.id) } { (of.name) } } }
        td { (words::bulk_act(&job.act, job.run, operator.language)) }
        td data-label=(operator.pick("Demandée\u{a0}:", "Ordered:")) { (operator.minute(job.created_at)) }
        td {
            @let tone = match job.state {
                JobState::Running => "badge plain",
                JobState::Cancelled => "badge",
                JobState::Finished => if job.refused > 0 { "badge warn" } else { "badge good" },
            };
            span class=(tone) { (words::job_state(job.state, operator.language)) }
            p.hint { (operator.number(job.items_done.unsigned_abs())) " / " (operator.number(job.items.unsigned_abs()))
                @if job.refused > 0 { (operator.pick(" · refusés\u{a0}: ", " · refused: ")) (operator.number(job.refused.unsigned_abs())) } }
        }
        td { @if job.state == JobState::Running {
            form method="post" action={ "/operator/jobs/" (job.id) "/cancel" } {
                button.grave type="submit" { (operator.pick("Arrêter", "Stop")) }
            }
        } }
    } }
}

async fn cancel(operator: Operator, Path(job): Path<String>) -> Answer {
    let id: JobId = job.parse().map_err(|_| Fault::not_found())?;
    operator.app.cancel_job(id, operator.actor()).await?;
    Ok(to("/operator/jobs"))
}
