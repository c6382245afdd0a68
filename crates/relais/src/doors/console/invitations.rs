//! Who is invited and has not entered yet: where the link went, until when it works, and sending another.

use super::Console;
use super::accounts::called;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields};
use super::finder;
use super::layout::Page;
use super::said::{Said, answered};
use super::section::Section;
use super::visitor::Visitor;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::account::Account;
use relais_app::core::authority::Power;
use relais_app::core::ids::AccountId;
use relais_app::core::invitation::LinkPurpose;
use relais_app::core::rights::{Act, State, allows};
use relais_app::read::{Filter, PasswordReset, Sort, Tx, accounts, password_resets};

/// Invitations of one page.
const PAGE_MAX: usize = 50;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/invitations", get(show))
        .route("/console/accounts/{account}/invitation", post(send_again))
}

async fn show(visitor: Visitor, Asked(asked): Asked) -> Answer {
    visitor.require(Power::Read)?;
    page(&visitor, &asked, &Said::by(&asked)).await
}

/// Somebody who is invited, with the link they were sent last.
type Invited = (Account, Option<PasswordReset>);

async fn page(visitor: &Visitor, asked: &Fields, said: &Said<'_>) -> Answer {
    let organisation = visitor.organisation.id;
    let after: Option<AccountId> = asked.read("after");
    let filter = Filter { states: vec![State::Invited], ..Filter::default() };
    let look = move |tx: &mut Tx<'_>| {
        let count_max = i64::try_from(PAGE_MAX + 1).unwrap_or(i64::MAX);
        let mut found: Vec<Invited> = Vec::new();
        for account in accounts::page(tx, organisation, &filter, Sort::Name, after, count_max)? {
            let link = password_resets::of_account(tx, account.id)?;
            found.push((account, link.filter(|link| link.purpose == LinkPurpose::Invitation)));
        }
        Ok(found)
    };
    let mut found = visitor.app.look(look).await?;
    let more = found.len() > PAGE_MAX;
    found.truncate(PAGE_MAX);
    let last = more.then(|| found.last().map(|(last, _)| last.id)).flatten();
    let main = html! {
        (said.shown(visitor))
        @if visitor.has(Power::ManageAccounts) {
            p.actions.before { a.button.primary href="/console/accounts/new" { (visitor.pick("Inviter quelqu'un", "Invite somebody")) } }
        }
        @if found.is_empty() {
            p.empty { (visitor.pick("Personne n'est attendu\u{a0}: chaque invitation a été suivie.", "Nobody is awaited: every invitation was followed.")) }
        } @else { (table(visitor, &found)) }
        (finder::pages(visitor, "/console/invitations", asked, "after", last))
    };
    let title = visitor.pick("Invitations", "Invitations");
    Ok(visitor.page_with(said.status(), &Page { title, section: Some(Section::Invitations), main }))
}

fn table(visitor: &Visitor, found: &[Invited]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Qui", "Who")) }
                th { (visitor.pick("Envoyée à", "Sent to")) }
                th { (visitor.pick("Valable jusqu'au", "Works until")) }
                th { span.unseen { (visitor.pick("Actions", "Actions")) } }
            } }
            tbody { @for (account, link) in found { tr {
                td.who {
                    a.name href={ "/console/accounts/" (account.id) } dir="auto" { (called(visitor, account)) }
                    span.hint { (account.address) }
                }
                td { @match link {
                    Some(link) => (link.sent_to),
                    None => span.muted { (visitor.pick("pas envoyée", "not sent")) },
                } }
                td { @match link {
                    Some(link) if link.epoch != account.epoch || link.expires_at <= visitor.app.now() => {
                        span.badge.warn { (visitor.pick("ne vaut plus", "void")) }
                    },
                    Some(link) => (visitor.minute(link.expires_at)),
                    None => {},
                } }
                td.number { (buttons(visitor, account)) }
            } } }
        } }
        p.hint { (visitor.pick(
            "Une invitation renvoyée rend le lien d'avant inutile. Retirer une invitation ferme le compte\u{a0}; il peut être supprimé ensuite.",
            "An invitation that is sent again makes the link before void. Withdrawing one closes the account; it can be deleted afterwards.",
        )) }
    }
}

fn buttons(visitor: &Visitor, account: &Account) -> Markup {
    let name = called(visitor, account);
    let withdraws = visitor.has_over(Power::EndAccounts, account)
        && allows(account, Act::BeDeactivated, visitor.app.now());
    html! {
        @if visitor.has_over(Power::ManageAccounts, account) {
            form.inline method="post" action={ "/console/accounts/" (account.id) "/invitation" } {
                button.quiet type="submit" aria-label={ (visitor.pick("Renvoyer l'invitation à ", "Send the invitation again to ")) (name) } { (visitor.pick("Renvoyer", "Send again")) }
            }
        }
        @if withdraws {
            a.button.quiet href={ "/console/accounts/" (account.id) "/deactivate" } aria-label={ (visitor.pick("Retirer l'invitation de ", "Withdraw the invitation of ")) (name) } { (visitor.pick("Retirer…", "Withdraw…")) }
        }
    }
}

async fn send_again(visitor: Visitor, Path(account): Path<String>) -> Answer {
    let account = visitor.find_account(&account).await?;
    let done = visitor.app.invite_again(account.id, visitor.actor()).await.map_err(Fault::from);
    let again = async |fault: &Fault| page(&visitor, &Fields::default(), &Said::Refused(fault)).await;
    answered(done, "/console/invitations", again).await
}
