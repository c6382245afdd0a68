//! One shared mailbox: who reads it, where its mail comes from, how full it is.

use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields, Sent};
use crate::doors::console::layout::Page;
use crate::doors::console::said::{Said, answered};
use crate::doors::console::section::Section;
use crate::doors::console::suggest;
use crate::doors::console::visitor::Visitor;
use crate::doors::numbers::size;
use crate::doors::words;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::MailboxChange;
use relais_app::core::authority::Power;
use relais_app::core::organisation::{
    Address, AddressKind, MailboxMember, MailboxRight, SharedMailbox, Target,
};
use relais_app::read::{Tx, accounts, addresses, mailboxes};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/mailboxes/{mailbox}", get(show))
        .route("/console/mailboxes/{mailbox}/name", post(rename))
        .route("/console/mailboxes/{mailbox}/members", post(set_member))
        .route("/console/mailboxes/{mailbox}/addresses", post(add_address))
        .route("/console/mailboxes/{mailbox}/addresses/remove", post(free_address))
}

pub fn place(mailbox: &SharedMailbox) -> String {
    format!("/console/mailboxes/{}", mailbox.id)
}

const RIGHTS: [(MailboxRight, &str); 2] =
    [(MailboxRight::ReadWrite, "read_write"), (MailboxRight::Read, "read")];

async fn show(visitor: Visitor, Path(mailbox): Path<String>, Asked(asked): Asked) -> Answer {
    let mailbox = visitor.find_mailbox(&mailbox).await?;
    page(&visitor, &mailbox, &Fields::default(), &Said::by(&asked)).await
}

/// A member with their name.
type Reader = (MailboxMember, String);

async fn page(visitor: &Visitor, mailbox: &SharedMailbox, typed: &Fields, said: &Said<'_>) -> Answer {
    let id = mailbox.id;
    let look = move |tx: &mut Tx<'_>| {
        let mut readers: Vec<Reader> = Vec::new();
        for member in mailboxes::members(tx, id)? {
            let name = accounts::get(tx, member.account)?.map(|account| account.name).unwrap_or_default();
            readers.push((member, name));
        }
        Ok((readers, addresses::of_target(tx, Target::SharedMailbox(id))?))
    };
    let (readers, held) = visitor.app.look(look).await?;
    let main = html! {
        (said.shown(visitor))
        p.under-title.muted { (mailbox.address) }
        h2 { (visitor.pick("Qui la lit", "Who reads it")) }
        @if visitor.has(Power::EndAccounts) { (adding(visitor, mailbox, typed).await?) }
        @if readers.is_empty() {
            p.empty.apart { (visitor.pick("Personne ne lit cette boîte\u{a0}: son courrier attend.", "Nobody reads this mailbox: its mail waits.")) }
        } @else { (table(visitor, mailbox, &readers)) }
        div.columns.apart {
            (addresses_card(visitor, mailbox, &held, typed))
            (facts(visitor, mailbox).await?)
        }
        @if visitor.has(Power::ManageAccounts) { (naming(visitor, mailbox, typed)) }
        @if visitor.has(Power::EndAccounts) {
            p.actions { a.button.grave href={ (place(mailbox)) "/delete" } { (visitor.pick("Supprimer la boîte…", "Delete the mailbox…")) } }
        }
    };
    let page = Page { title: &mailbox.name, section: Some(Section::Mailboxes), main };
    Ok(visitor.page_with(said.status(), &page))
}

async fn adding(visitor: &Visitor, mailbox: &SharedMailbox, typed: &Fields) -> Result<Markup, Fault> {
    Ok(html! {
        form.card.filters method="post" action={ (place(mailbox)) "/members" } {
            div.field.grow {
                label for="address" { (visitor.pick("Ajouter quelqu'un (adresse)", "Add somebody (address)")) }
                input #address name="address" type="email" required list=(suggest::PEOPLE) autocomplete="off" value=[typed.get("address")];
            }
            div.field {
                label for="right" { (visitor.pick("Droit", "Right")) }
                select #right name="right" { @for (right, word) in RIGHTS {
                    option value=(word) selected[typed.get("right") == Some(word)] { (words::mailbox_right(right, visitor.language)) }
                } }
            }
            button.primary type="submit" { (visitor.pick("Ajouter", "Add")) }
            (suggest::people(visitor).await?)
        }
    })
}

fn table(visitor: &Visitor, mailbox: &SharedMailbox, readers: &[Reader]) -> Markup {
    let changes = visitor.has(Power::EndAccounts);
    html! {
        div.listing.apart { table.folds {
            thead { tr {
                th { (visitor.pick("Lecteur", "Reader")) }
                th { (visitor.pick("Droit", "Right")) }
                th { span.unseen { (visitor.pick("Actions", "Actions")) } }
            } }
            tbody { @for (member, name) in readers { tr {
                td.who {
                    a.name href={ "/console/accounts/" (member.account) } dir="auto" { (name) }
                    span.hint { (member.address) }
                }
                td { (words::mailbox_right(member.right, visitor.language)) }
                td.number { @if changes {
                    form method="post" action={ (place(mailbox)) "/members" } {
                        input type="hidden" name="address" value=(member.address);
                        @for (right, word) in RIGHTS { @if right != member.right {
                            @let label = match right {
                                MailboxRight::Read => visitor.pick("Lecture seule", "Read only"),
                                MailboxRight::ReadWrite => visitor.pick("Permettre d'écrire", "Let write"),
                            };
                            button.quiet type="submit" name="right" value=(word) aria-label={ (label) ", " (name) } { (label) }
                        } }
                        button.quiet type="submit" name="right" value="none" aria-label={ (visitor.pick("Retirer de la boîte, ", "Take out of the mailbox, ")) (name) } {
                            (visitor.pick("Retirer", "Take out"))
                        }
                    }
                } }
            } } }
        } }
        p.hint { (visitor.pick(
            "Qui est retiré perd la boîte aussitôt\u{a0}: ses sessions de messagerie sont coupées.",
            "Whoever is taken out loses the mailbox at once: their mail sessions are cut.",
        )) }
    }
}

fn addresses_card(visitor: &Visitor, mailbox: &SharedMailbox, held: &[Address], typed: &Fields) -> Markup {
    let changes = visitor.has(Power::ManageAccounts);
    html! {
        section.card {
            h2 { (visitor.pick("Ses adresses", "Its addresses")) }
            ul.plain { @for address in held { li.between {
                span { (address.address) " " span.hint { (words::address_kind(address.kind, visitor.language)) ", " (visitor.day(address.since)) } }
                @if changes && address.kind == AddressKind::Alias {
                    form method="post" action={ (place(mailbox)) "/addresses/remove" } {
                        button.quiet type="submit" name="address" value=(address.address) aria-label={ (visitor.pick("Retirer ", "Remove ")) (address.address) } { (visitor.pick("Retirer", "Remove")) }
                    }
                }
            } } }
            @if changes {
                form method="post" action={ (place(mailbox)) "/addresses" } {
                    div.field {
                        label for="more" { (visitor.pick("Ajouter une adresse", "Add an address")) }
                        div.joined {
                            input #more name="more" type="email" required value=[typed.get("more")];
                            button type="submit" { (visitor.pick("Ajouter", "Add")) }
                        }
                    }
                }
            }
            p.hint { (visitor.pick(
                "L'alias de quelqu'un se donne depuis la page de son compte, à «\u{a0}Adresses\u{a0}».",
                "Somebody's alias is given from the page of their account, under \u{201c}Addresses\u{201d}.",
            )) }
        }
    }
}

fn naming(visitor: &Visitor, mailbox: &SharedMailbox, typed: &Fields) -> Markup {
    html! {
        form.card.stack.apart method="post" action={ (place(mailbox)) "/name" } {
            h2 { (visitor.pick("Comment elle s'appelle", "What it is called")) }
            div.columns {
                div.field {
                    label for="name" { (visitor.pick("Nom", "Name")) }
                    input #name name="name" required maxlength="200" dir="auto" value=(typed.get("name").unwrap_or(&mailbox.name));
                }
                div.field {
                    label for="own" { (visitor.pick("Adresse", "Address")) }
                    input #own name="own" type="email" required value=(typed.get("own").unwrap_or(mailbox.address.as_str())) aria-describedby="own-hint";
                    p.hint #own-hint { (visitor.pick(
                        "Celle d'aujourd'hui reste comme alias. Les programmes de messagerie montrent la boîte sous la nouvelle.",
                        "Today's stays as an alias. Mail programs show the mailbox under the new one.",
                    )) }
                }
            }
            p.actions { button type="submit" { (visitor.pick("Renommer", "Rename")) } }
        }
    }
}

async fn facts(visitor: &Visitor, mailbox: &SharedMailbox) -> Result<Markup, Fault> {
    let usage = visitor.app.shared_mailbox_usage(mailbox).await?;
    Ok(html! {
        section.card {
            h2 { (visitor.pick("Contenu", "Content")) }
            dl.facts {
                dt { (visitor.pick("Créée le", "Created on")) } dd { (visitor.day(mailbox.created_at)) }
                dt { (visitor.pick("Messages", "Messages")) } dd { (visitor.number(usage.messages)) }
                dt { (visitor.pick("Taille", "Size")) } dd { (size(usage.bytes, visitor.language)) }
            }
        }
    })
}

async fn rename(visitor: Visitor, Path(mailbox): Path<String>, Sent(sent): Sent) -> Answer {
    let mailbox = visitor.find_mailbox(&mailbox).await?;
    let done = call(&visitor, &mailbox, &sent).await;
    let again = async |fault: &Fault| page(&visitor, &mailbox, &sent, &Said::Refused(fault)).await;
    answered(done, &place(&mailbox), again).await
}

async fn call(visitor: &Visitor, mailbox: &SharedMailbox, sent: &Fields) -> Result<(), Fault> {
    let change = MailboxChange {
        name: Some(sent.need("name")?.to_owned()),
        address: Some(sent.need_address("own", visitor)?),
    };
    visitor.app.change_shared_mailbox(mailbox.id, change, visitor.actor()).await?;
    Ok(())
}

async fn set_member(visitor: Visitor, Path(mailbox): Path<String>, Sent(sent): Sent) -> Answer {
    let mailbox = visitor.find_mailbox(&mailbox).await?;
    let done = set(&visitor, &mailbox, &sent).await;
    let again = async |fault: &Fault| page(&visitor, &mailbox, &sent, &Said::Refused(fault)).await;
    answered(done, &place(&mailbox), again).await
}

async fn set(visitor: &Visitor, mailbox: &SharedMailbox, sent: &Fields) -> Result<(), Fault> {
    let address = sent.need_address("address", visitor)?;
    let account = visitor.account_named(address.as_str()).await?;
    let right = match sent.need("right")? {
        "none" => None,
        asked => {
            let found = RIGHTS.into_iter().find(|(_, word)| *word == asked);
            Some(found.ok_or(Fault::Unreadable)?.0)
        }
    };
    Ok(visitor.app.set_mailbox_member(mailbox.id, account.id, right, visitor.actor()).await?)
}

async fn add_address(visitor: Visitor, Path(mailbox): Path<String>, Sent(sent): Sent) -> Answer {
    let mailbox = visitor.find_mailbox(&mailbox).await?;
    let done = match sent.need_address("more", &visitor) {
        Ok(more) => {
            let added = visitor.app.add_shared_mailbox_address(mailbox.id, more, visitor.actor()).await;
            added.map_err(Fault::from)
        }
        Err(fault) => Err(fault),
    };
    let again = async |fault: &Fault| page(&visitor, &mailbox, &sent, &Said::Refused(fault)).await;
    answered(done, &place(&mailbox), again).await
}

async fn free_address(visitor: Visitor, Path(mailbox): Path<String>, Sent(sent): Sent) -> Answer {
    let mailbox = visitor.find_mailbox(&mailbox).await?;
    let address = visitor.address_of(Target::SharedMailbox(mailbox.id), &sent).await?;
    let done = visitor.app.free_alias(address, visitor.actor()).await.map_err(Fault::from);
    let again =
        async |fault: &Fault| page(&visitor, &mailbox, &Fields::default(), &Said::Refused(fault)).await;
    answered(done, &place(&mailbox), again).await
}
