//! The end of a group: what goes with it, said before it is done.

use super::one::place;
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::layout::Page;
use crate::doors::console::said::{Said, answered};
use crate::doors::console::section::Section;
use crate::doors::console::visitor::Visitor;
use crate::doors::words;
use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use maud::html;
use relais_app::core::authority::Power;
use relais_app::core::group::check_unneeded;
use relais_app::core::organisation::{DomainKind, Group, Target};
use relais_app::read::{Tx, accounts, addresses, domains, groups};

pub fn routes() -> Router<Console> {
    Router::new().route("/console/groups/{group}/delete", get(ask).post(remove))
}

async fn ask(visitor: Visitor, Path(group): Path<String>) -> Answer {
    let group = visitor.find_group(&group).await?;
    visitor.require(Power::ManageAccounts)?;
    page(&visitor, &group, &Said::Nothing).await
}

async fn remove(visitor: Visitor, Path(group): Path<String>) -> Answer {
    let group = visitor.find_group(&group).await?;
    let done = visitor.app.remove_group(group.id, visitor.actor()).await.map_err(Fault::from);
    let again = async |fault: &Fault| page(&visitor, &group, &Said::Refused(fault)).await;
    answered(done, "/console/groups", again).await
}

async fn page(visitor: &Visitor, group: &Group, said: &Said<'_>) -> Answer {
    let id = group.id;
    let look = move |tx: &mut Tx<'_>| {
        let target = Target::Group(id);
        let needed = (domains::caught_by(tx, target)?, accounts::redirecting_to(tx, target)?);
        Ok((groups::members(tx, id)?.len(), addresses::of_target(tx, target)?, needed))
    };
    let (members, held, (catch_all_of, redirected_by)) = visitor.app.look(look).await?;
    let in_the_way = check_unneeded(group, catch_all_of, redirected_by).err();
    let main = html! {
        p.under-title { a href=(place(group)) dir="auto" { (group.name) } }
        (said.shown(visitor))
        @if let (Some(refusal), Said::Nothing) = (&in_the_way, said) {
            p.refusal role="alert" { (refusal.sentence(visitor.language)) }
        }
        section.card {
            h2 { (visitor.pick("Ce qui se passe", "What happens")) }
            ul {
                li { (visitor.pick("Comptes membres, qui restent tels quels\u{a0}: ", "Accounts in it, which stay as they are: ")) strong { (members) } }
                li { (visitor.pick("Ce qui était partagé avec le groupe ne l'est plus.", "What was shared with the group is shared no longer.")) }
                @for address in &held {
                    li { strong { (address.address) } " " @match address.domain {
                        DomainKind::Own => (visitor.pick("refuse le courrier, et redevient libre", "refuses mail, and is free again")),
                        DomainKind::Provider => (visitor.pick("refuse le courrier, et n'est plus donnée à personne", "refuses mail, and is given to nobody any more")),
                    } " (" (words::address_kind(address.kind, visitor.language)) ")." }
                }
            }
            p { strong { (visitor.pick("C'est définitif.", "This is for good.")) } }
        }
        form.actions method="post" action={ (place(group)) "/delete" } {
            @if in_the_way.is_none() {
                button.grave type="submit" { (visitor.pick("Supprimer le groupe", "Delete the group")) }
            }
            a.button href=(place(group)) { (visitor.pick("Ne rien faire", "Do nothing")) }
        }
    };
    let title = visitor.pick("Supprimer le groupe", "Delete the group");
    Ok(visitor.page_with(said.status(), &Page { title, section: Some(Section::Groups), main }))
}
