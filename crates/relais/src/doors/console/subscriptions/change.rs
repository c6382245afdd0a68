//! Putting one account on another subscription: what is credited and charged is shown first.

use super::{is_offered, paid, quota};
use crate::doors::console::Console;
use crate::doors::console::accounts::called;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Sent};
use crate::doors::console::layout::{Page, refused};
use crate::doors::console::provision::price;
use crate::doors::console::section::Section;
use crate::doors::console::visitor::Visitor;
use crate::doors::numbers;
use crate::doors::statement_page::{kind, last_day};
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use maud::{Markup, html};
use relais_app::Error;
use relais_app::core::account::Account;
use relais_app::core::authority::Power;
use relais_app::core::ids::SubscriptionId;
use relais_app::core::ledger::NewEntry;
use relais_app::core::lifecycle::Command;
use relais_app::core::plan::Subscription;
use relais_app::core::refusal::Refusal;
use relais_app::read::offers;

pub fn routes() -> Router<Console> {
    Router::new().route("/console/accounts/{account}/subscription", get(ask).post(set))
}

/// The word for an account that the plan includes.
const NONE: &str = "none";

/// What a form or a query wants it to be on.
fn wanted(word: &str) -> Result<Option<SubscriptionId>, Fault> {
    match word {
        NONE => Ok(None),
        id => id.parse().map(Some).map_err(|_| Fault::not_found()),
    }
}

async fn ask(visitor: Visitor, Path(account): Path<String>, Asked(asked): Asked) -> Answer {
    let account = visitor.find_account(&account).await?;
    if !visitor.has_over(Power::Subscribe, &account) {
        return Err(Refusal::NotAllowed.into());
    }
    let to = asked.get("to").map(wanted).transpose()?;
    page(&visitor, &account, to, StatusCode::OK).await
}

async fn page(
    visitor: &Visitor,
    account: &Account,
    to: Option<Option<SubscriptionId>>,
    status: StatusCode,
) -> Answer {
    let mut all = visitor.app.look(offers::subscriptions).await?;
    let on = all.iter().find(|offer| Some(offer.id) == account.subscription).cloned();
    all.retain(|offer| is_offered(visitor, offer) && Some(offer.id) != account.subscription);
    let place = format!("/console/accounts/{}/subscription", account.id);
    let main = html! {
        p.under-title { a href={ "/console/accounts/" (account.id) "/billing" } dir="auto" { (called(visitor, account)) } " " span.muted { (account.address) } }
        section.card { dl.facts {
            dt { (visitor.pick("Aujourd'hui", "Today")) }
            dd { @match &on {
                Some(offer) => { (offer.terms.name) ", " (price(visitor, offer.terms.price_minor, offer.terms.period)) },
                None => (visitor.pick("compris dans la formule", "included in the plan")),
            } }
            dt { (visitor.pick("Payé", "Paid")) } dd { (paid(visitor, account)) }
        } }
        form.card.stack method="get" action=(place) {
            fieldset {
                legend { (visitor.pick("Le mettre sur", "Put it on")) }
                @for offer in &all { (choice(visitor, offer, to)) }
                @if on.is_some() {
                    label.choice { input type="radio" name="to" value=(NONE) required checked[to == Some(None)];
                        span { (visitor.pick("aucun abonnement\u{a0}: un des comptes compris dans la formule", "no subscription: one of the accounts that the plan includes")) } }
                }
            }
            @if all.is_empty() && on.is_none() {
                p.hint { (visitor.pick("Aucun abonnement n'est proposé.", "No subscription is offered.")) }
            } @else {
                p.actions { button type="submit" { (visitor.pick("Voir le coût", "See the cost")) } }
            }
        }
        @if let Some(to) = to { (cost(visitor, account, to, &place).await?) }
    };
    let title = visitor.pick("Changer d'abonnement", "Change the subscription");
    Ok(visitor.page_with(status, &Page { title, section: Some(Section::Subscriptions), main }))
}

fn choice(visitor: &Visitor, offer: &Subscription, to: Option<Option<SubscriptionId>>) -> Markup {
    html! {
        label.choice { input type="radio" name="to" value=(offer.id) required checked[to == Some(Some(offer.id))];
            span dir="auto" { strong { (offer.terms.name) } ", " (price(visitor, offer.terms.price_minor, offer.terms.period)) }
            span.hint { (visitor.pick("licence ", "licence: ")) (super::licence(visitor, &offer.terms)) (visitor.pick(", boîte\u{a0}: ", ", mailbox: ")) (quota(visitor, &offer.terms)) }
        }
    }
}

/// What it would enter into the ledger, and the button; or what stands in the way.
async fn cost(
    visitor: &Visitor,
    account: &Account,
    to: Option<SubscriptionId>,
    place: &str,
) -> Result<Markup, Fault> {
    let command = Command::SetSubscription { to };
    let entries = match visitor.app.foresee_entries(account.id, command, visitor.actor()).await {
        Ok(entries) => entries,
        Err(Error::Refused(refusal)) => return Ok(refused(&[refusal.sentence(visitor.language)])),
        Err(error) => return Err(error.into()),
    };
    Ok(html! {
        section.card #cost {
            h2 { (visitor.pick("Ce que cela coûte", "What it costs")) }
            (bill(visitor, &entries))
            form method="post" action=(place) {
                input type="hidden" name="to" value=(to.map_or_else(|| NONE.to_owned(), |id| id.to_string()));
                p.actions {
                    button.primary type="submit" { (visitor.pick("Changer maintenant", "Change now")) }
                    a.button href={ "/console/accounts/" (account.id) "/billing" } { (visitor.pick("Ne rien faire", "Do nothing")) }
                }
            }
        }
    })
}

fn bill(visitor: &Visitor, entries: &[NewEntry]) -> Markup {
    let amount = |minor| visitor.organisation.currency.format(minor, visitor.language);
    let total: i64 = entries.iter().map(NewEntry::gained_minor).sum();
    html! {
        @if entries.is_empty() {
            p { (visitor.pick("Rien n'est dû maintenant.", "Nothing is due now.")) }
        } @else {
            dl.facts.amounts {
                @for entry in entries {
                    dt { (kind(entry.kind, visitor.language))
                        @if let Some(service) = &entry.service {
                            ", " (service.name) " "
                            span.hint { (visitor.pick("du ", "from ")) (numbers::short_day(service.from, visitor.language))
                                (visitor.pick(" au ", " to ")) (numbers::short_day(last_day(service.until), visitor.language)) }
                        } }
                    dd { (amount(entry.gained_minor())) }
                }
                dt { strong { @if total > 0 { (visitor.pick("Rendu à la provision", "Given back to the provision")) } @else { (visitor.pick("Pris sur la provision", "Taken from the provision")) } } }
                dd { strong { (amount(total.abs())) } }
            }
        }
        p.hint { (visitor.pick(
            "Les jours payés et non utilisés de l'ancien abonnement sont crédités, et une nouvelle période commence aujourd'hui.",
            "Paid days of the old subscription that were not used are credited, and a new period begins today.")) }
    }
}

async fn set(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    let to = wanted(sent.need("to")?)?;
    let done = visitor.app.execute(account.id, Command::SetSubscription { to }, visitor.actor()).await;
    match done {
        Ok(_) => Ok(Redirect::to(&format!("/console/accounts/{}/billing", account.id)).into_response()),
        // The page says again what stands in the way.
        Err(Error::Refused(_)) if visitor.has_over(Power::Subscribe, &account) => {
            page(&visitor, &account, Some(to), StatusCode::CONFLICT).await
        }
        Err(error) => Err(error.into()),
    }
}
