//! What one shares, with whom, and ending it.

use super::{Said, Tab, answered, show};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields, Sent};
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::routing::get;
use maud::html;
use relais_app::core::collection::{Share, ShareRight, Sharee};
use relais_app::read::{accounts, collections, groups};

pub fn routes() -> Router<Console> {
    Router::new().route("/me/shares", get(look).post(end))
}

async fn look(visitor: Visitor, Asked(asked): Asked) -> Answer {
    page(&visitor, &Said::by(&asked)).await
}

async fn end(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let done = end_one(&visitor, &sent).await;
    answered(done, Tab::Shares, async |fault| page(&visitor, &Said::Refused(fault)).await).await
}

async fn end_one(visitor: &Visitor, sent: &Fields) -> Result<(), Fault> {
    let share = sent.read("share").ok_or(Fault::Missing { field: "share" })?;
    Ok(visitor.app.end_share(share, visitor.actor()).await?)
}

async fn page(visitor: &Visitor, said: &Said<'_>) -> Answer {
    let id = visitor.account.id;
    let shares: Vec<(Share, String)> = visitor
        .app
        .look(move |tx| {
            let mut named = Vec::new();
            for share in collections::shares_of_owner(tx, id)? {
                let with = match share.with {
                    Sharee::Account(account) => {
                        accounts::get(tx, account)?.map(|account| account.address.to_string())
                    }
                    Sharee::Group(group) => groups::get(tx, group)?.map(|group| group.name),
                };
                named.push((share, with.unwrap_or_default()));
            }
            Ok(named)
        })
        .await?;
    let held = visitor.app.collections_of(&visitor.account, &visitor.actor()).await?;
    let name_of = |share: &Share| {
        let found = held.iter().find(|one| one.name == share.collection);
        found.map_or_else(|| share.collection.to_string(), |one| one.title.clone())
    };
    let main = html! {
        @if shares.is_empty() {
            p.lead { (visitor.pick(
                "Vous ne partagez aucun agenda ni carnet d'adresses.",
                "You share no calendar and no address book.",
            )) }
        } @else {
            div.listing {
                table.folds {
                    thead { tr {
                        th scope="col" { (visitor.pick("quoi", "what")) }
                        th scope="col" { (visitor.pick("avec", "with")) }
                        th scope="col" { (visitor.pick("pour", "for")) }
                        th scope="col" {}
                    } }
                    tbody {
                        @for (share, with) in &shares {
                            tr {
                                td { (name_of(share)) }
                                td data-label=(visitor.pick("avec", "with")) { (with) }
                                td { (match share.right {
                                    ShareRight::Read => visitor.pick("lire", "reading"),
                                    ShareRight::Write => visitor.pick("lire et écrire", "reading and writing"),
                                }) }
                                td { form method="post" action="/me/shares" {
                                    button type="submit" name="share" value=(share.id) { (visitor.pick("Ne plus partager", "Stop sharing")) }
                                } }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(show(visitor, Tab::Shares, said, &main))
}
