//! Where one is signed in, and ending it.

use super::{Said, Tab, answered, show};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields, Sent};
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::routing::get;
use maud::html;

pub fn routes() -> Router<Console> {
    Router::new().route("/me/sessions", get(look).post(end))
}

async fn look(visitor: Visitor, Asked(asked): Asked) -> Answer {
    page(&visitor, &Said::by(&asked)).await
}

async fn end(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let done = end_one_or_others(&visitor, &sent).await;
    answered(done, Tab::Sessions, async |fault| page(&visitor, &Said::Refused(fault)).await).await
}

async fn end_one_or_others(visitor: &Visitor, sent: &Fields) -> Result<(), Fault> {
    match sent.read("session") {
        Some(one) => visitor.app.end_session(&visitor.account, one, visitor.actor()).await?,
        None => {
            visitor.app.end_other_sessions(&visitor.account, &visitor.caller).await?;
        }
    }
    Ok(())
}

async fn page(visitor: &Visitor, said: &Said<'_>) -> Answer {
    let open = visitor.app.sessions_of(&visitor.account, &visitor.actor()).await?;
    let label = |french, english| visitor.pick(french, english);
    let (opened, seen) = (label("ouverte", "opened"), label("vue", "seen"));
    let (place, with) = (label("réseau", "network"), label("avec", "with"));
    let main = html! {
        div.listing {
            table.folds {
                thead { tr { @for name in [opened, seen, with, place, ""] { th scope="col" { (name) } } } }
                tbody {
                    @for one in &open {
                        tr {
                            td data-label=(opened) { (visitor.minute(one.created_at)) }
                            td data-label=(seen) { (visitor.minute(one.seen_at)) }
                            td data-label=(with) { (one.agent) }
                            td data-label=(place) { (one.network) }
                            td {
                                @if visitor.caller.session == Some(one.id) {
                                    span.badge.good { (label("celle-ci", "this one")) }
                                } @else {
                                    form method="post" action="/me/sessions" {
                                        button type="submit" name="session" value=(one.id) { (label("Terminer", "End")) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if open.len() > 1 {
            form.actions method="post" action="/me/sessions" {
                button.grave type="submit" { (label("Terminer toutes les autres", "End all others")) }
            }
        }
    };
    Ok(show(visitor, Tab::Sessions, said, &main))
}
