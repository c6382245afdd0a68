//! Messages on their way elsewhere: what waits and why; tried again at once, or withdrawn.

use super::{Operator, page, to};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::words;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::ids::SpoolId;
use relais_app::read::{Outbound, SpoolState, spool};

/// The newest messages, at most; what waits comes first.
const COUNT_MAX: i64 = 200;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/operator/spool", get(list))
        .route("/operator/spool/{message}/retry", post(retry))
        .route("/operator/spool/{message}/withdraw", post(withdraw))
}

async fn list(operator: Operator) -> Answer {
    let all = operator.app.look(|tx| spool::list(tx, None, COUNT_MAX)).await?;
    let (waiting, over): (Vec<Outbound>, Vec<Outbound>) =
        all.into_iter().partition(|message| message.state == SpoolState::Waiting);
    let main = html! {
        h2 { (operator.pick("En attente", "Waiting")) }
        @if waiting.is_empty() {
            p.empty { (operator.pick("Rien n'attend\u{a0}: tout est parti.", "Nothing waits: everything has left.")) }
        } @else {
            p.hint { (operator.pick(
                "Chaque message est essayé de plus en plus rarement\u{a0}; après cinq jours, il est rendu à son expéditeur.",
                "Each message is tried less and less often; after five days it is returned to its sender.")) }
            (table(&operator, &waiting))
        }
        h2 { (operator.pick("Partis ou abandonnés", "Sent or given up")) }
        @if over.is_empty() {
            p.empty { (operator.pick("Rien ces derniers temps.", "Nothing of late.")) }
        } @else { (table(&operator, &over)) }
    };
    Ok(page(&operator, operator.pick("Courrier sortant", "Outgoing mail"), main))
}

fn table(operator: &Operator, messages: &[Outbound]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th scope="col" { (operator.pick("À", "To")) }
                th scope="col" { (operator.pick("De", "From")) }
                th scope="col" { (operator.pick("Depuis", "Since")) }
                th scope="col" { (operator.pick("État", "State")) }
                th scope="col" { (operator.pick("Actions", "Acts")) }
            } }
            tbody { @for message in messages { tr {
                td { (message.recipient) }
                td data-label=(operator.pick("De\u{a0}:", "From:")) { @match &message.sender {
                    Some(sender) => span dir="auto" { (sender) },
                    None => span.muted { (operator.pick("le service", "the service")) },
                } }
                td data-label=(operator.pick("Depuis\u{a0}:", "Since:")) { (operator.minute(message.created_at)) }
                td { (state(operator, message)) }
                td { @if message.state == SpoolState::Waiting { (acts(operator, message)) } }
            } } }
        } }
    }
}

fn state(operator: &Operator, message: &Outbound) -> Markup {
    let tone = match message.state {
        SpoolState::Waiting => "badge warn",
        SpoolState::Sent => "badge good",
        SpoolState::Failed => "badge bad",
    };
    html! {
        span class=(tone) { (words::spool_state(message.state, operator.language)) }
        @if let Some(answer) = &message.answer { p.hint dir="auto" { (answer) } }
        @if message.state == SpoolState::Waiting {
            p.hint { (operator.pick("Essais\u{a0}: ", "Attempts: ")) (message.attempts) " · "
                (operator.pick("prochain le ", "next on ")) (operator.minute(message.next_at)) }
        }
    }
}

fn acts(operator: &Operator, message: &Outbound) -> Markup {
    let place = |act: &str| format!("/operator/spool/{}/{act}", message.id);
    html! {
        div.joined {
            form method="post" action=(place("retry")) {
                button type="submit" { (operator.pick("Réessayer", "Try again")) span.unseen { " " (message.recipient) } }
            }
            form method="post" action=(place("withdraw")) {
                button.grave type="submit" { (operator.pick("Retirer", "Withdraw")) span.unseen { " " (message.recipient) } }
            }
        }
    }
}

fn id(text: &str) -> Result<SpoolId, Fault> {
    text.parse().map_err(|_| Fault::not_found())
}

async fn retry(operator: Operator, Path(message): Path<String>) -> Answer {
    operator.app.retry_outbound(id(&message)?, operator.actor()).await?;
    Ok(to("/operator/spool"))
}

async fn withdraw(operator: Operator, Path(message): Path<String>) -> Answer {
    operator.app.withdraw_outbound(id(&message)?, operator.actor()).await?;
    Ok(to("/operator/spool"))
}
