//! One act on several accounts: what it would do to each, and what it did.

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::Sent;
use super::layout::Page;
use super::section::Section;
use super::visitor::Visitor;
use crate::doors::words;
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::JobAccounts;
use relais_app::core::content::ContentFate;
use relais_app::core::ids::AccountId;
use relais_app::core::job::{BulkAct, ItemOutcome, Job, JobItem, Run};
use relais_app::read::jobs;

/// As many as are chosen at once.
const ITEMS_MAX: i64 = 200;

pub fn routes() -> Router<Console> {
    Router::new().route("/console/jobs/{job}", get(show)).route("/console/jobs/{job}/apply", post(apply))
}

async fn items(visitor: &Visitor, job: &Job) -> Result<Vec<JobItem>, Fault> {
    let id = job.id;
    Ok(visitor.app.look(move |tx| jobs::items(tx, id, None, 0, ITEMS_MAX)).await?)
}

async fn show(visitor: Visitor, Path(job): Path<String>) -> Answer {
    let job = visitor.find_job(&job).await?;
    let items = items(&visitor, &job).await?;
    let main = html! {
        (summary(&visitor, &job))
        @if job.run == Run::Dry && job.changed > 0 { (confirm(&visitor, &job)) }
        (table(&visitor, &items))
        p.actions { a.button href="/console/accounts" { (visitor.pick("Retour aux comptes", "Back to the accounts")) } }
    };
    let act = words::bulk_act(&job.act, Run::Apply, visitor.language);
    let title = match job.run {
        Run::Dry => format!("{} – {}", capital(&act), visitor.pick("à confirmer", "to be confirmed")),
        Run::Apply => capital(&act),
    };
    Ok(visitor.page(&Page { title: &title, section: Some(Section::Accounts), main }))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn counted(visitor: &Visitor, count: i64, one: (&str, &str), many: (&str, &str)) -> String {
    let (french, english) = if count == 1 { one } else { many };
    format!("{} {}", visitor.number(count.unsigned_abs()), visitor.pick(french, english))
}

fn summary(visitor: &Visitor, job: &Job) -> Markup {
    let changed = match job.run {
        Run::Dry => counted(
            visitor,
            job.changed,
            ("compte sera modifié", "account will change"),
            ("comptes seront modifiés", "accounts will change"),
        ),
        Run::Apply => counted(
            visitor,
            job.changed,
            ("compte modifié", "account changed"),
            ("comptes modifiés", "accounts changed"),
        ),
    };
    let refused = counted(
        visitor,
        job.refused,
        ("refusé, laissé tel quel", "refused, left as it is"),
        ("refusés, laissés tels quels", "refused, left as they are"),
    );
    html! {
        div class=(if job.refused > 0 { "warning" } else if job.run == Run::Apply { "done" } else { "note" }) role="status" {
            p {
                (changed)
                @if job.refused > 0 { " · " (refused) }
                @if job.unchanged > 0 {
                    " · " (counted(visitor, job.unchanged, ("l'était déjà", "was so already"), ("l'étaient déjà", "were so already")))
                }
                @if job.items_done < job.items {
                    " · " (counted(visitor, job.items - job.items_done, ("reste à faire", "still to do"), ("restent à faire", "still to do")))
                }
            }
        }
    }
}

fn confirm(visitor: &Visitor, job: &Job) -> Markup {
    let number = visitor.number(job.changed.unsigned_abs());
    let (label, tone) = match &job.act {
        BulkAct::Deactivate { .. } => (visitor.pick("Désactiver", "Deactivate"), "primary"),
        BulkAct::Delete { .. } => (visitor.pick("Supprimer définitivement", "Delete for good"), "grave"),
        BulkAct::Reactivate
        | BulkAct::SetRole { .. }
        | BulkAct::SetSubscription { .. }
        | BulkAct::JoinGroup { .. }
        | BulkAct::LeaveGroup { .. }
        | BulkAct::Reassign(_) => (visitor.pick("Confirmer", "Confirm"), "primary"),
    };
    html! {
        form.card.stack method="post" action={ "/console/jobs/" (job.id) "/apply" } {
            p { (consequence(visitor, &job.act)) }
            @if matches!(job.act, BulkAct::Delete { .. }) {
                div.field {
                    label for="to" { (visitor.pick("Donner leurs contenus à (adresse, facultatif)", "Give their content to (address, optional)")) }
                    input #to name="to" type="email" aria-describedby="to-hint";
                    p.hint #to-hint { (visitor.pick(
                        "Sans adresse, un compte qui possède encore quelque chose est refusé.",
                        "Without an address, an account that still owns something is refused.")) }
                }
            }
            p.actions { button class=(tone) type="submit" { (label) " (" (number) ")" } }
        }
    }
}

fn consequence(visitor: &Visitor, act: &BulkAct) -> &'static str {
    match act {
        BulkAct::Deactivate { .. } => visitor.pick(
            "Leurs accès se ferment aussitôt, leurs licences sont libérées et les nouveaux messages sont refusés. Rien n'est effacé\u{a0}: chacun peut être réactivé tel qu'il était.",
            "Their access closes at once, their licences are freed and new mail is refused. Nothing is erased: each can be reactivated as it was.",
        ),
        BulkAct::Reactivate => visitor.pick(
            "Ils retrouvent leurs groupes, leurs rôles et leurs partages. Chacun reprend une licence.",
            "They get their groups, roles and shares back. Each takes a licence again.",
        ),
        BulkAct::Delete { .. } => visitor.pick(
            "C'est définitif\u{a0}: messages, agendas et données personnelles sont effacés. Les jours payés et non utilisés sont crédités.",
            "This is for good: mail, calendars and personal data are erased. Paid days that were not used are credited.",
        ),
        BulkAct::SetRole { .. }
        | BulkAct::SetSubscription { .. }
        | BulkAct::JoinGroup { .. }
        | BulkAct::LeaveGroup { .. }
        | BulkAct::Reassign(_) => visitor.pick(
            "Chaque compte est traité séparément\u{a0}; un refus n'empêche pas les autres.",
            "Each account is treated by itself; a refusal does not stop the others.",
        ),
    }
}

fn table(visitor: &Visitor, items: &[JobItem]) -> Markup {
    html! {
        h2 { (visitor.pick("Compte par compte", "Account by account")) }
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Compte", "Account")) }
                th { (visitor.pick("Résultat", "Result")) }
            } }
            tbody { @for item in items { tr {
                td { a href={ "/console/accounts/" (item.account) } { (item.address) } }
                td {
                    @let tone = match item.outcome {
                        Some(ItemOutcome::Changed) => "badge good",
                        Some(ItemOutcome::Refused) => "badge bad",
                        Some(ItemOutcome::Unchanged) | None => "badge",
                    };
                    span class=(tone) { (words::item_outcome(item.outcome, visitor.language)) }
                    @for refusal in &item.refusals {
                        p.hint { (visitor.pick(&refusal.french, &refusal.english)) }
                    }
                }
            } } }
        } }
    }
}

/// What was tried is done, to the same accounts.
async fn apply(visitor: Visitor, Path(job): Path<String>, Sent(sent): Sent) -> Answer {
    let tried = visitor.find_job(&job).await?;
    let chosen: Vec<AccountId> = items(&visitor, &tried).await?.iter().map(|item| item.account).collect();
    let mut act = tried.act.clone();
    if let (BulkAct::Delete { content }, Some(to)) = (&mut act, sent.get("to")) {
        *content = Some(ContentFate::Reassign { to: visitor.account_named(to).await?.id });
    }
    let ordered = visitor
        .app
        .order_job(visitor.organisation.id, act, JobAccounts::Accounts(chosen), Run::Apply, visitor.actor())
        .await?;
    let done = visitor.app.finish_job(ordered.id).await?;
    Ok(Redirect::to(&format!("/console/jobs/{}", done.id)).into_response())
}
