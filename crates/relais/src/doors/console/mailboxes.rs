//! Shared mailboxes: the list, and making one. One with who reads it is in `mailboxes/one.rs`, its end in
//! `mailboxes/removal.rs`.

mod one;
mod removal;

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields, Sent};
use super::finder::{self, Finder};
use super::layout::Page;
use super::said::{Said, answered_at};
use super::section::Section;
use super::visitor::Visitor;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::organisation::SharedMailbox;
use relais_app::read::{Tx, mailboxes};

const LIST: &str = "/console/mailboxes";

pub fn routes() -> Router<Console> {
    Router::new()
        .route(LIST, get(list))
        .route("/console/mailboxes/new", get(ask_new).post(create))
        .merge(one::routes())
        .merge(removal::routes())
}

async fn list(visitor: Visitor, Asked(asked): Asked) -> Answer {
    visitor.require(Power::Read)?;
    let organisation = visitor.organisation.id;
    let finder = Finder::of(&asked);
    let look = move |tx: &mut Tx<'_>| {
        let mut all = mailboxes::list(tx, organisation)?;
        all.retain(|mailbox| finder.fits(&[&mailbox.name, mailbox.address.as_str()]));
        finder.page(all).with(|mailbox| {
            let members = mailboxes::members(tx, mailbox.id)?.len();
            Ok((mailbox, members))
        })
    };
    let found = visitor.app.look(look).await?;
    let label = visitor.pick("Nom ou adresse", "Name or address");
    let make =
        visitor.has(Power::ManageAccounts).then(|| visitor.pick("Créer une boîte", "Create a mailbox"));
    let main = html! {
        (Said::by(&asked).shown(&visitor))
        (finder::field(&visitor, LIST, &asked, label, make))
        @if found.lines.is_empty() {
            (finder::nothing(&visitor, LIST, &asked, visitor.pick(
                "Pas encore de boîte partagée. C'est une boîte que plusieurs personnes lisent\u{a0}: elle ne prend pas de licence.",
                "No shared mailbox yet. It is one that several people read, and takes no licence.",
            )))
        } @else { (table(&visitor, &found.lines)) }
        (found.pages(&visitor, LIST, &asked))
    };
    let title = visitor.pick("Boîtes partagées", "Shared mailboxes");
    Ok(visitor.page(&Page { title, section: Some(Section::Mailboxes), main }))
}

fn table(visitor: &Visitor, lines: &[(SharedMailbox, usize)]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Boîte", "Mailbox")) }
                th { (visitor.pick("Depuis", "Since")) }
                th.number { (visitor.pick("Lecteurs", "Readers")) }
            } }
            tbody { @for (mailbox, members) in lines { tr {
                td.who {
                    a.name href=(one::place(mailbox)) dir="auto" { (mailbox.name) }
                    span.hint { (mailbox.address) }
                }
                td { (visitor.day(mailbox.created_at)) }
                td.number data-label=(visitor.pick("Lecteurs\u{a0}:", "Readers:")) {
                    @if *members == 0 { span.badge.warn { (visitor.pick("personne", "nobody")) } } @else { (members) }
                }
            } } }
        } }
    }
}

async fn ask_new(visitor: Visitor) -> Answer {
    visitor.require(Power::ManageAccounts)?;
    Ok(form(&visitor, &Fields::default(), &Said::Nothing))
}

fn form(visitor: &Visitor, typed: &Fields, said: &Said<'_>) -> Response {
    let main = html! {
        (said.shown(visitor))
        form.card.stack method="post" action="/console/mailboxes/new" {
            div.field {
                label for="name" { (visitor.pick("Nom", "Name")) }
                input #name name="name" required maxlength="200" dir="auto" value=[typed.get("name")] placeholder=(visitor.pick("Accueil de la mairie", "Reception"));
            }
            div.field {
                label for="address" { (visitor.pick("Adresse", "Address")) }
                input #address name="address" type="email" required value=[typed.get("address")] aria-describedby="address-hint";
                p.hint #address-hint { (visitor.pick(
                    "Elle est aussi le nom de la boîte dans les programmes de messagerie de ceux qui la lisent.",
                    "It is also the mailbox's name in the mail programs of those who read it.",
                )) }
            }
            p.actions {
                button.primary type="submit" { (visitor.pick("Créer la boîte", "Create the mailbox")) }
                a.button href="/console/mailboxes" { (visitor.pick("Ne rien faire", "Do nothing")) }
            }
        }
    };
    let title = visitor.pick("Créer une boîte partagée", "Create a shared mailbox");
    visitor.page_with(said.status(), &Page { title, section: Some(Section::Mailboxes), main })
}

async fn create(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let made = make(&visitor, &sent).await.map(|mailbox| one::place(&mailbox));
    answered_at(made, async |fault| Ok(form(&visitor, &sent, &Said::Refused(fault)))).await
}

async fn make(visitor: &Visitor, sent: &Fields) -> Result<SharedMailbox, Fault> {
    let address = sent.need_address("address", visitor)?;
    let (id, name) = (visitor.organisation.id, sent.need("name")?.to_owned());
    Ok(visitor.app.create_shared_mailbox(id, address, name, visitor.actor()).await?)
}
