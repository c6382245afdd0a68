//! Groups: the list, and making one. One group is in `groups/one.rs`, what is done to it in `groups/acts.rs`, its end in
//! `groups/removal.rs`.

mod acts;
mod one;
mod removal;
mod settings;

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields, Sent};
use super::finder::{self, Finder};
use super::layout::Page;
use super::said::{Said, answered_at};
use super::section::Section;
use super::visitor::Visitor;
use crate::doors::words;
use axum::Router;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Power;
use relais_app::core::organisation::Group;
use relais_app::read::{Tx, groups};

const LIST: &str = "/console/groups";

pub fn routes() -> Router<Console> {
    Router::new()
        .route(LIST, get(list))
        .route("/console/groups/new", get(ask_new).post(create))
        .merge(one::routes())
        .merge(acts::routes())
        .merge(removal::routes())
}

/// A line of the list.
struct Line {
    group: Group,
    members: usize,
    inner: usize,
}

async fn list(visitor: Visitor, Asked(asked): Asked) -> Answer {
    visitor.require(Power::Read)?;
    let organisation = visitor.organisation.id;
    let finder = Finder::of(&asked);
    let look = move |tx: &mut Tx<'_>| {
        let mut all = groups::list(tx, organisation)?;
        all.retain(|group| {
            let address = group.address.as_ref().map(EmailAddress::as_str);
            finder.fits(&[&group.name, address.unwrap_or_default()])
        });
        finder.page(all).with(|group| {
            let members = groups::members(tx, group.id)?.len();
            let inner = groups::inner_ids(tx, group.id)?.len();
            Ok(Line { group, members, inner })
        })
    };
    let found = visitor.app.look(look).await?;
    let label = visitor.pick("Nom ou adresse", "Name or address");
    let make = visitor.has(Power::ManageAccounts).then(|| visitor.pick("Créer un groupe", "Create a group"));
    let main = html! {
        (Said::by(&asked).shown(&visitor))
        (finder::field(&visitor, LIST, &asked, label, make))
        @if found.lines.is_empty() {
            (finder::nothing(&visitor, LIST, &asked, visitor.pick(
                "Pas encore de groupe. Un groupe a des membres, et une adresse si vous voulez\u{a0}: qui lui écrit écrit à tous.",
                "No group yet. A group has members, and an address if you like: whoever writes to it writes to all.",
            )))
        } @else { (table(&visitor, &found.lines)) }
        (found.pages(&visitor, LIST, &asked))
    };
    let title = visitor.pick("Groupes", "Groups");
    Ok(visitor.page(&Page { title, section: Some(Section::Groups), main }))
}

fn table(visitor: &Visitor, lines: &[Line]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Groupe", "Group")) }
                th { (visitor.pick("Peuvent y écrire", "May write to it")) }
                th.number { (visitor.pick("Membres", "Members")) }
                th.number { (visitor.pick("Groupes dedans", "Groups in it")) }
            } }
            tbody { @for Line { group, members, inner } in lines { tr {
                td.who {
                    a.name href={ "/console/groups/" (group.id) } dir="auto" { (group.name) }
                    span.hint { @match &group.address {
                        Some(address) => (address),
                        None => (visitor.pick("sans adresse", "no address")),
                    } }
                }
                td { @if group.address.is_some() { (words::posting(&group.posting, visitor.language)) } }
                td.number data-label=(visitor.pick("Membres\u{a0}:", "Members:")) { (members) }
                td.number data-label=(visitor.pick("Groupes dedans\u{a0}:", "Groups in it:")) { @if *inner > 0 { (inner) } @else { span.muted { "–" } } }
            } } }
        } }
    }
}

async fn ask_new(visitor: Visitor) -> Answer {
    visitor.require(Power::ManageAccounts)?;
    Ok(form(&visitor, &Fields::default(), &Said::Nothing))
}

fn form(visitor: &Visitor, typed: &Fields, said: &Said<'_>) -> axum::response::Response {
    let main = html! {
        (said.shown(visitor))
        form.card.stack method="post" action="/console/groups/new" {
            div.field {
                label for="name" { (visitor.pick("Nom", "Name")) }
                input #name name="name" required maxlength="200" dir="auto" value=[typed.get("name")] placeholder=(visitor.pick("État civil", "Registry"));
            }
            div.field {
                label for="address" { (visitor.pick("Adresse (facultatif)", "Address (optional)")) }
                input #address name="address" type="email" value=[typed.get("address")] aria-describedby="address-hint";
                p.hint #address-hint { (visitor.pick(
                    "Un message à cette adresse arrive chez chaque membre. Elle peut être donnée plus tard.",
                    "A message to this address reaches every member. It can be given later.",
                )) }
            }
            label { input type="checkbox" name="lead" value="yes" checked[!typed.has("name") || typed.has("lead")];
                (visitor.pick("J'en suis administrateur", "I am an admin of it")) }
            p.actions {
                button.primary type="submit" { (visitor.pick("Créer le groupe", "Create the group")) }
                a.button href="/console/groups" { (visitor.pick("Ne rien faire", "Do nothing")) }
            }
        }
    };
    let title = visitor.pick("Créer un groupe", "Create a group");
    visitor.page_with(said.status(), &Page { title, section: Some(Section::Groups), main })
}

async fn create(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let made = make(&visitor, &sent).await.map(|group| one::place(&group));
    answered_at(made, async |fault| Ok(form(&visitor, &sent, &Said::Refused(fault)))).await
}

async fn make(visitor: &Visitor, sent: &Fields) -> Result<Group, Fault> {
    let name = sent.need("name")?.to_owned();
    let address = sent.address("address", visitor)?;
    let group = visitor.app.create_group(visitor.organisation.id, name, address, visitor.actor()).await?;
    if sent.has("lead") {
        let role = Some(relais_app::core::organisation::GroupRole::Admin);
        visitor.app.set_group_member(group.id, visitor.account.id, role, visitor.actor()).await?;
    }
    Ok(group)
}
