//! The end of a shared mailbox: what goes with it, and what stands in the way, said before it is done.

use super::{LIST, one::place};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::layout::{Page, refused};
use crate::doors::console::said::{Said, answered};
use crate::doors::console::section::Section;
use crate::doors::console::visitor::Visitor;
use crate::doors::words;
use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use maud::html;
use relais_app::core::authority::Power;
use relais_app::core::organisation::{DomainKind, SharedMailbox, Target};
use relais_app::read::addresses;

pub fn routes() -> Router<Console> {
    Router::new().route("/console/mailboxes/{mailbox}/delete", get(ask).post(remove))
}

async fn ask(visitor: Visitor, Path(mailbox): Path<String>) -> Answer {
    let mailbox = visitor.find_mailbox(&mailbox).await?;
    visitor.require(Power::EndAccounts)?;
    page(&visitor, &mailbox, &Said::Nothing).await
}

async fn remove(visitor: Visitor, Path(mailbox): Path<String>) -> Answer {
    let mailbox = visitor.find_mailbox(&mailbox).await?;
    let done = visitor.app.remove_shared_mailbox(mailbox.id, visitor.actor()).await.map_err(Fault::from);
    let again = async |fault: &Fault| page(&visitor, &mailbox, &Said::Refused(fault)).await;
    answered(done, LIST, again).await
}

async fn page(visitor: &Visitor, mailbox: &SharedMailbox, said: &Said<'_>) -> Answer {
    let target = Target::SharedMailbox(mailbox.id);
    let held = visitor.app.look(move |tx| addresses::of_target(tx, target)).await?;
    let usage = visitor.app.shared_mailbox_usage(mailbox).await?;
    let foreseen = visitor.app.foresee_shared_mailbox_removal(mailbox.id, visitor.actor()).await;
    let in_the_way = foreseen.err().map(Fault::from);
    let main = html! {
        p.under-title { a href=(place(mailbox)) dir="auto" { (mailbox.name) } }
        (said.shown(visitor))
        @if let (Some(fault), Said::Nothing) = (&in_the_way, said) { (refused(&fault.sentences(visitor.language))) }
        section.card {
            h2 { (visitor.pick("Ce qui se passe", "What happens")) }
            ul {
                li { (visitor.pick("Messages, qui restent dans la sauvegarde\u{a0}: ", "Messages, which stay in the backup: ")) strong { (visitor.number(usage.messages)) } }
                @for address in &held {
                    li { strong { (address.address) } " " @match address.domain {
                        DomainKind::Own => (visitor.pick("refuse le courrier, et redevient libre", "refuses mail, and is free again")),
                        DomainKind::Provider => (visitor.pick("refuse le courrier, et n'est plus donnée à personne", "refuses mail, and is given to nobody any more")),
                    } " (" (words::address_kind(address.kind, visitor.language)) ")." }
                }
            }
            p { strong { (visitor.pick("C'est définitif.", "This is for good.")) } }
        }
        form.actions method="post" action={ (place(mailbox)) "/delete" } {
            @if in_the_way.is_none() {
                button.grave type="submit" { (visitor.pick("Supprimer la boîte", "Delete the mailbox")) }
            }
            a.button href=(place(mailbox)) { (visitor.pick("Ne rien faire", "Do nothing")) }
        }
    };
    let title = visitor.pick("Supprimer la boîte partagée", "Delete the shared mailbox");
    Ok(visitor.page_with(said.status(), &Page { title, section: Some(Section::Mailboxes), main }))
}
