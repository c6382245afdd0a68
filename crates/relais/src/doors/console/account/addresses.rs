//! The addresses of an account: who had each before, and adding, renaming, removing and giving them away.

use crate::doors::console::fault::Fault;
use crate::doors::console::fields::Fields;
use crate::doors::console::suggest;
use crate::doors::console::visitor::Visitor;
use crate::doors::words;
use maud::{Markup, html};
use relais_app::core::account::Account;
use relais_app::core::authority::Power;
use relais_app::core::organisation::{Address, AddressKind, Holding, Target};
use relais_app::core::rights::{Act, allows};
use relais_app::read::{Tx, addresses};

/// An address, and everyone who held it.
type Held = (Address, Vec<Holding>);

pub async fn section(visitor: &Visitor, account: &Account, typed: &Fields) -> Result<Markup, Fault> {
    let own = Target::Account(account.id);
    let look = move |tx: &mut Tx<'_>| {
        let held = addresses::of_target(tx, own)?;
        let mut with_history: Vec<Held> = Vec::new();
        for address in held {
            let history = addresses::history(tx, &address.address)?;
            with_history.push((address, history));
        }
        Ok(with_history)
    };
    let held = visitor.app.look(look).await?;
    let changes = visitor.has_over(Power::ManageAccounts, account)
        && allows(account, Act::ChangeAttributes, visitor.app.now());
    let gives = changes && visitor.has_over(Power::EndAccounts, account);
    Ok(html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Adresse", "Address")) }
                th { (visitor.pick("Sorte", "Kind")) }
                th { (visitor.pick("Depuis", "Since")) }
                th { (visitor.pick("Avant", "Before")) }
                th { span.unseen { (visitor.pick("Actions", "Actions")) } }
            } }
            tbody { @for (address, history) in &held { tr {
                td { strong { (address.address) } " "
                    a.hint href={ "/console/routing?address=" (address.address) } { (visitor.pick("où va le courrier\u{a0}?", "where does mail go?")) } }
                td { (words::address_kind(address.kind, visitor.language)) }
                td { (visitor.day(address.since)) }
                td {
                    @let earlier: Vec<_> = history.iter().filter(|holding| holding.target != own).collect();
                    @if earlier.is_empty() { span.muted { (visitor.pick("personne d'autre", "nobody else")) } }
                    @for holding in earlier {
                        div { (words::target(holding.target, visitor.language)) ", " (visitor.day(holding.from))
                            @if let Some(until) = holding.until { " – " (visitor.day(until)) } }
                    }
                }
                td.number { @if changes && address.kind == AddressKind::Alias {
                    form method="post" action={ "/console/accounts/" (account.id) "/aliases/remove" } {
                        button.quiet type="submit" name="address" value=(address.address)
                            aria-label={ (visitor.pick("Retirer ", "Remove ")) (address.address) } { (visitor.pick("Retirer", "Remove")) }
                    }
                } }
            } } }
        } }
        @if changes { (adding(visitor, account, typed)) }
        @if gives && held.iter().any(|(address, _)| address.kind == AddressKind::Alias) {
            (giving(visitor, account, &held, typed).await?)
        }
    })
}

fn adding(visitor: &Visitor, account: &Account, typed: &Fields) -> Markup {
    let place = format!("/console/accounts/{}", account.id);
    html! {
        div.columns.apart {
            form.card method="post" action={ (place) "/aliases" } {
                div.field {
                    label for="address" { (visitor.pick("Ajouter un alias", "Add an alias")) }
                    div.joined {
                        input #address name="address" type="email" required placeholder="ventes@exemple.fr" value=[typed.get("address")];
                        button type="submit" { (visitor.pick("Ajouter", "Add")) }
                    }
                }
            }
            form.card method="post" action={ (place) "/rename" } {
                div.field {
                    label for="primary" { (visitor.pick("Changer l'adresse principale", "Change the primary address")) }
                    div.joined {
                        input #primary name="primary" type="email" required value=[typed.get("primary")] aria-describedby="primary-hint";
                        button type="submit" { (visitor.pick("Changer", "Change")) }
                    }
                    p.hint #primary-hint { (visitor.pick(
                        "La personne se connecte avec la nouvelle\u{a0}; celle d'avant reste comme alias.",
                        "The person signs in with the new one; the one before stays as an alias.",
                    )) }
                }
            }
        }
    }
}

/// Aliases may be given to others, and the mail that came by them stays.
async fn giving(
    visitor: &Visitor,
    account: &Account,
    held: &[Held],
    typed: &Fields,
) -> Result<Markup, Fault> {
    let aliases = held.iter().filter(|(address, _)| address.kind == AddressKind::Alias);
    Ok(html! {
        form.card.filters.apart method="post" action={ "/console/accounts/" (account.id) "/aliases/give" } {
            div.field.grow {
                label for="given" { (visitor.pick("Donner l'alias", "Give the alias")) }
                select #given name="given" { @for (address, _) in aliases {
                    option value=(address.address) selected[typed.get("given") == Some(address.address.as_str())] { (address.address) }
                } }
            }
            div.field.grow {
                label for="to" { (visitor.pick("à (adresse, ou nom d'un répondeur)", "to (address, or a responder's name)")) }
                input #to name="to" required list=(suggest::PEOPLE) autocomplete="off" value=[typed.get("to")];
            }
            button type="submit" { (visitor.pick("Donner", "Give")) }
            (suggest::people(visitor).await?)
        }
        p.hint { (visitor.pick(
            "Une personne, un groupe, une boîte partagée ou un répondeur. Le courrier déjà arrivé reste où il est.",
            "A person, a group, a shared mailbox or a responder. Mail that has arrived stays where it is.",
        )) }
    })
}
