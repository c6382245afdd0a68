//! The rows of the list, with a menu each, and the bar that acts on those that are chosen.

use super::super::acts::{offered, state_badges};
use super::super::visitor::Visitor;
use super::PAGE_MAX;
use maud::{Markup, html};
use relais_app::core::account::Account;
use relais_app::core::authority::{Power, Role};
use relais_app::core::plan::Subscription;

pub fn form(visitor: &Visitor, accounts: &[Account], subscriptions: &[Subscription]) -> Markup {
    let chooses = visitor.has(Power::EndAccounts);
    html! {
        form method="post" action="/console/accounts/bulk" data-selection=(PAGE_MAX) {
            @if chooses { (bar(visitor)) }
            div.listing {
                table.folds {
                    thead { tr {
                        @if chooses { th.choose {
                            span hidden {
                                input #all type="checkbox" data-all aria-label=(visitor.pick("Tout choisir sur cette page", "Choose all on this page"));
                            }
                            span.unseen { (visitor.pick("Choisir", "Choose")) }
                        } }
                        th { (visitor.pick("Nom", "Name")) }
                        th { (visitor.pick("Rôle", "Role")) }
                        th { (visitor.pick("Abonnement", "Subscription")) }
                        th { (visitor.pick("État", "State")) }
                        th.choose { span.unseen { (visitor.pick("Actions", "Actions")) } }
                    } }
                    tbody { @for account in accounts { (row(visitor, account, subscriptions, chooses)) } }
                }
            }
        }
    }
}

/// A name to be read: what a deleted account was called, nobody keeps.
pub fn called<'a>(visitor: &Visitor, account: &'a Account) -> &'a str
where
    'static: 'a,
{
    if account.name.is_empty() { visitor.pick("(sans nom)", "(no name)") } else { &account.name }
}

fn row(visitor: &Visitor, account: &Account, subscriptions: &[Subscription], chooses: bool) -> Markup {
    let name = called(visitor, account);
    let offers = offered(visitor, account);
    let subscription = account.subscription.and_then(|id| subscriptions.iter().find(|offer| offer.id == id));
    html! {
        tr {
            @if chooses { td.choose {
                input type="checkbox" name="account" value=(account.id)
                    aria-label={ (visitor.pick("Choisir ", "Choose ")) (name) };
            } }
            td.who {
                a.name href={ "/console/accounts/" (account.id) } dir="auto" { (name) }
                span.hint { (account.address) }
            }
            td.aside { @match account.role {
                Role::Member => span.muted { (account.role.called(visitor.language)) },
                role => span.badge.plain { (role.called(visitor.language)) },
            } }
            td.aside { @match subscription {
                Some(offer) => (offer.terms.name),
                None => span.muted { "–" },
            } }
            td.aside { (state_badges(visitor, account)) }
            td.choose { @if !offers.is_empty() {
                details.row-menu {
                    summary aria-label={ (visitor.pick("Actions pour ", "Actions for ")) (name) } { span aria-hidden="true" { "⋯" } }
                    div.sheet { ul {
                        li { a href={ "/console/accounts/" (account.id) } { (visitor.pick("Voir le compte", "See the account")) } }
                        @for (_, place, name) in &offers { li { a href=(place) { (name) } } }
                    } }
                }
            } }
        }
    }
}

fn bar(visitor: &Visitor) -> Markup {
    html! {
        div.bulk role="group" aria-label=(visitor.pick("Agir sur les comptes choisis", "Act on the chosen accounts")) {
            span { strong data-count { "–" } " " (visitor.pick("choisis", "chosen")) }
            button type="submit" name="act" value="deactivate" { (visitor.pick("Désactiver…", "Deactivate…")) }
            @if visitor.has(Power::Reactivate) {
                button type="submit" name="act" value="reactivate" { (visitor.pick("Réactiver…", "Reactivate…")) }
            }
            button.grave type="submit" name="act" value="delete" { (visitor.pick("Supprimer…", "Delete…")) }
            span.hint { (visitor.pick("Rien n'est fait avant une confirmation.", "Nothing is done before you confirm.")) }
        }
    }
}
