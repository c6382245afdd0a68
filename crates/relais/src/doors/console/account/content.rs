//! What an account owns: how much of each kind, and what applications keep for it, one by one.

use super::super::fault::Fault;
use super::super::fields::Fields;
use super::super::finder;
use super::super::visitor::Visitor;
use crate::doors::words;
use maud::{Markup, html};
use relais_app::ContentOwned;
use relais_app::core::account::Account;
use relais_app::core::authority::{Power, Role};
use relais_app::core::content::ContentItem;
use relais_app::core::ids::ContentId;

/// Items of one page.
const PAGE_MAX: usize = 50;

pub async fn section(visitor: &Visitor, account: &Account, asked: &Fields) -> Result<Markup, Fault> {
    let owned = visitor.app.content_owned(account, &visitor.actor()).await?;
    if owned.counts.is_empty() && owned.collections.is_empty() {
        return Ok(html! {
            p.empty { (visitor.pick("Ne possède rien d'autre que sa boîte.", "Owns nothing but the mailbox.")) }
        });
    }
    let after: Option<ContentId> = asked.read("after");
    let count_max = i64::try_from(PAGE_MAX + 1).unwrap_or(i64::MAX);
    let mut items = visitor.app.content_items(account, None, after, count_max, &visitor.actor()).await?;
    let more = items.len() > PAGE_MAX;
    items.truncate(PAGE_MAX);
    let last = more.then(|| items.last().map(|last| last.id)).flatten();
    let place = format!("/console/accounts/{}/content", account.id);
    Ok(html! {
        (how_much(visitor, &owned))
        @if !items.is_empty() { (one_by_one(visitor, &items)) }
        (finder::pages(visitor, &place, asked, "after", last))
    })
}

fn how_much(visitor: &Visitor, owned: &ContentOwned) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr { th { (visitor.pick("Contenu", "Content")) } th.number { (visitor.pick("Nombre", "Number")) } } }
            tbody {
                @for counted in &owned.counts { tr {
                    td { (words::content_kind(counted.kind, visitor.language)) }
                    td.number { (visitor.number(counted.count.unsigned_abs())) }
                } }
                @for collection in &owned.collections { tr {
                    td dir="auto" { (collection.display_name) }
                    td.number { (visitor.number(collection.items)) }
                } }
            }
        } }
    }
}

fn one_by_one(visitor: &Visitor, items: &[ContentItem]) -> Markup {
    let invites = visitor.has(Power::ManageAccounts);
    html! {
        h2 { (visitor.pick("Dans les applications", "In applications")) }
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Titre", "Title")) }
                th { (visitor.pick("Sorte", "Kind")) }
                @if invites { th { span.unseen { (visitor.pick("Actions", "Actions")) } } }
            } }
            tbody { @for item in items { tr {
                td.who dir="auto" { @match &item.url {
                    Some(url) => a href=(url) rel="noreferrer" { (item.title) },
                    None => (item.title),
                } }
                td { (words::content_kind(item.kind, visitor.language)) }
                @if invites { td.number {
                    a.button.quiet href={ "/console/accounts/new?role=" (Role::Guest.as_str()) "&content=" (item.id) }
                        aria-label={ (visitor.pick("Inviter quelqu'un sur ", "Invite somebody to ")) (item.title) } { (visitor.pick("Inviter…", "Invite…")) }
                } }
            } } }
        } }
    }
}
