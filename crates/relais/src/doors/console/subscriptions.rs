//! Subscriptions: what is offered, who is on what, and putting an account on another one after its cost was shown.

mod change;

use super::Console;
use super::accounts::called;
use super::acts::{offered, state_badges};
use super::fault::{Answer, Fault};
use super::fields::{Asked, Sent};
use super::finder;
use super::layout::Page;
use super::provision::price;
use super::section::Section;
use super::visitor::Visitor;
use crate::doors::numbers;
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::account::Account;
use relais_app::core::authority::Power;
use relais_app::core::ids::{AccountId, SubscriptionId};
use relais_app::core::plan::{Licence, Subscription, SubscriptionTerms};
use relais_app::core::rights::{Act, Verdict, may, standing_of};
use relais_app::read::{Filter, Sort, Tx, accounts, offers};
use std::collections::HashMap;

/// Accounts of one page.
const PAGE_MAX: i64 = 50;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/subscriptions", get(list))
        .route("/console/subscriptions/{subscription}", get(show))
        .route("/console/subscriptions/{subscription}/put", post(put))
        .merge(change::routes())
}

/// A limit, or that there is none.
fn limit(visitor: &Visitor, number: Option<i64>) -> String {
    number.map_or_else(
        || visitor.pick("sans limite", "no limit").to_owned(),
        |number| visitor.number(number.unsigned_abs()),
    )
}

fn quota(visitor: &Visitor, terms: &SubscriptionTerms) -> String {
    terms.quota_bytes.map_or_else(
        || visitor.pick("sans limite", "no limit").to_owned(),
        |bytes| numbers::size(bytes.unsigned_abs(), visitor.language),
    )
}

fn licence(visitor: &Visitor, terms: &SubscriptionTerms) -> &'static str {
    match terms.licence {
        Licence::Full => visitor.pick("complète", "full"),
        Licence::Restricted => visitor.pick("restreinte", "restricted"),
    }
}

/// Whether somebody may still be put on it.
fn is_offered(visitor: &Visitor, offer: &Subscription) -> bool {
    offer.retired_at.is_none_or(|end| end > visitor.app.now())
        && offer.terms.currency == visitor.organisation.currency
}

/// What is offered to the organisation, and what some of its accounts are still on; with how many hold it.
struct Offers {
    offers: Vec<Subscription>,
    holders: HashMap<Option<SubscriptionId>, i64>,
}

async fn look(visitor: &Visitor) -> Result<Offers, Fault> {
    let (id, now) = (visitor.organisation.id, visitor.app.now());
    let look = move |tx: &mut Tx<'_>| {
        let mut holders: HashMap<Option<SubscriptionId>, i64> = HashMap::new();
        for group in accounts::census(tx, id, now)? {
            if may(standing_of(group.state, group.leaving), Act::HoldLicence) == Verdict::Yes {
                *holders.entry(group.subscription).or_default() += group.count;
            }
        }
        Ok(Offers { offers: offers::subscriptions(tx)?, holders })
    };
    let mut found = visitor.app.look(look).await?;
    let Offers { offers, holders } = &mut found;
    offers.retain(|offer| is_offered(visitor, offer) || holders.contains_key(&Some(offer.id)));
    Ok(found)
}

async fn list(visitor: Visitor) -> Answer {
    visitor.require(Power::Subscribe)?;
    let Offers { offers, holders } = look(&visitor).await?;
    let included = holders.get(&None).copied().unwrap_or_default();
    let main = html! {
        p.lead { (visitor.pick(
            "Un abonnement dit ce qu'un compte coûte et ce qu'il peut. La première période est payée quand le compte devient actif\u{a0}; ensuite il est renouvelé à sa date.",
            "A subscription says what an account costs and what it may have. The first period is paid when the account becomes active; then it is renewed on its day.")) }
        @if offers.is_empty() {
            p.empty { (visitor.pick(
                "Aucun abonnement n'est proposé dans votre monnaie\u{a0}; demandez-en un à l'exploitant.",
                "No subscription is offered in your currency; ask the operator for one.")) }
        } @else {
            div.listing { table.folds {
                thead { tr {
                    th scope="col" { (visitor.pick("Abonnement", "Subscription")) }
                    th scope="col" { (visitor.pick("Prix", "Price")) }
                    th scope="col" { (visitor.pick("Licence", "Licence")) }
                    th scope="col" { (visitor.pick("Boîte", "Mailbox")) }
                    th.number scope="col" { (visitor.pick("Alias", "Aliases")) }
                    th.number scope="col" { (visitor.pick("Comptes", "Accounts")) }
                } }
                tbody { @for offer in &offers { (row(&visitor, offer, holders.get(&Some(offer.id)).copied())) } }
            } }
        }
        @if included > 0 {
            p.hint { (visitor.number(included.unsigned_abs())) (visitor.pick(
                " sans abonnement\u{a0}: ils sont compris dans la formule.",
                " without a subscription: the plan includes them.")) }
        }
        p.actions { @if visitor.has(Power::ReadProvision) {
            a.button href="/console/provision" { (visitor.pick("Solde et échéances", "Balance and renewals")) }
        } }
    };
    let title = visitor.pick("Abonnements", "Subscriptions");
    Ok(visitor.page(&Page { title, section: Some(Section::Subscriptions), main }))
}

fn row(visitor: &Visitor, offer: &Subscription, holders: Option<i64>) -> Markup {
    let terms = &offer.terms;
    html! { tr {
        td.who { a.name href={ "/console/subscriptions/" (offer.id) } dir="auto" { (terms.name) }
            @if !is_offered(visitor, offer) { " " span.badge { (visitor.pick("n'est plus proposé", "no longer offered")) } } }
        td { (price(visitor, terms.price_minor, terms.period)) }
        td data-label=(visitor.pick("Licence\u{a0}:", "Licence:")) { (licence(visitor, terms)) }
        td data-label=(visitor.pick("Boîte\u{a0}:", "Mailbox:")) { (quota(visitor, terms)) }
        td.number data-label=(visitor.pick("Alias\u{a0}:", "Aliases:")) { (limit(visitor, terms.aliases_max)) }
        td.number data-label=(visitor.pick("Comptes\u{a0}:", "Accounts:")) { (visitor.number(holders.unwrap_or(0).unsigned_abs())) }
    } }
}

/// A subscription that the organisation may be on.
async fn find(visitor: &Visitor, text: &str) -> Result<Subscription, Fault> {
    visitor.require(Power::Subscribe)?;
    let id: SubscriptionId = text.parse().map_err(|_| Fault::not_found())?;
    visitor.app.look(move |tx| offers::subscription(tx, id)).await?.ok_or_else(Fault::not_found)
}

async fn show(visitor: Visitor, Path(subscription): Path<String>, Asked(asked): Asked) -> Answer {
    let offer = find(&visitor, &subscription).await?;
    let filter = Filter { subscription: Some(offer.id), ..Filter::default() };
    let (id, after) = (visitor.organisation.id, asked.read::<AccountId>("after"));
    let look = move |tx: &mut Tx<'_>| accounts::page(tx, id, &filter, Sort::Name, after, PAGE_MAX + 1);
    let mut found = visitor.app.look(look).await?;
    let page_max = usize::try_from(PAGE_MAX).unwrap_or_default();
    let more = found.len() > page_max;
    found.truncate(page_max);
    let last = more.then(|| found.last().map(|last| last.id)).flatten();
    let place = format!("/console/subscriptions/{}", offer.id);
    let main = html! {
        div.columns.even { (terms(&visitor, &offer)) (form(&visitor, &offer)) }
        h2 { (visitor.pick("Qui y est", "Who is on it")) }
        @if found.is_empty() {
            p.empty { (visitor.pick("Personne.", "Nobody.")) }
        } @else { (holders(&visitor, &found)) }
        (finder::pages(&visitor, &place, &asked, "after", last))
    };
    Ok(visitor.page(&Page { title: &offer.terms.name, section: Some(Section::Subscriptions), main }))
}

fn terms(visitor: &Visitor, offer: &Subscription) -> Markup {
    let terms = &offer.terms;
    html! {
        section.card {
            h2 { (visitor.pick("Ce qu'il donne", "What it gives")) }
            dl.facts {
                dt { (visitor.pick("Prix", "Price")) } dd { (price(visitor, terms.price_minor, terms.period)) }
                dt { (visitor.pick("Licence", "Licence")) } dd { (licence(visitor, terms)) }
                dt { (visitor.pick("Boîte", "Mailbox")) } dd { (quota(visitor, terms)) }
                dt { (visitor.pick("Alias", "Aliases")) } dd { (limit(visitor, terms.aliases_max)) }
            }
        }
    }
}

fn form(visitor: &Visitor, offer: &Subscription) -> Markup {
    html! {
        section.card {
            h2 { (visitor.pick("Y mettre un compte", "Put an account on it")) }
            @if is_offered(visitor, offer) {
                form.stack method="post" action={ "/console/subscriptions/" (offer.id) "/put" } {
                    div.field {
                        label for="address" { (visitor.pick("Adresse du compte", "Address of the account")) }
                        input #address name="address" type="email" required aria-describedby="address-hint";
                        p.hint #address-hint { (visitor.pick("La page suivante montre ce que cela coûte, avant de rien changer.", "The next page shows what it costs, before anything changes.")) }
                    }
                    p.actions { button.primary type="submit" { (visitor.pick("Voir le coût", "See the cost")) } }
                }
            } @else {
                p { (visitor.pick(
                    "Il n'est plus proposé\u{a0}: ceux qui y sont restent et sont renouvelés.",
                    "It is no longer offered: whoever is on it stays and is renewed.")) }
            }
        }
    }
}

fn holders(visitor: &Visitor, found: &[Account]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th scope="col" { (visitor.pick("Compte", "Account")) }
                th scope="col" { (visitor.pick("État", "State")) }
                th scope="col" { (visitor.pick("Payé", "Paid")) }
                th scope="col" { (visitor.pick("Actions", "Acts")) }
            } }
            tbody { @for account in found { tr {
                td.who { a.name href={ "/console/accounts/" (account.id) "/billing" } dir="auto" { (called(visitor, account)) }
                    span.hint { (account.address) } }
                td { (state_badges(visitor, account)) }
                td data-label=(visitor.pick("Payé", "Paid")) { (paid(visitor, account)) }
                td {
                    @if visitor.has_over(Power::Subscribe, account) {
                        a href={ "/console/accounts/" (account.id) "/subscription" } { (visitor.pick("Changer", "Change")) }
                    }
                    @for (_, place, name) in offered(visitor, account) { " · " a href=(place) { (name) } }
                }
            } } }
        } }
    }
}

/// Until when an account is paid, or what is left of it while it is closed.
pub fn paid(visitor: &Visitor, account: &Account) -> String {
    let today = visitor.date(visitor.app.now());
    match account.term {
        None => visitor.pick("rien encore", "nothing yet").to_owned(),
        Some(term) => match term.until() {
            Some(day) => {
                let day = numbers::day(day, visitor.language);
                visitor.pick(format!("jusqu'au {day}"), format!("until {day}"))
            }
            None => {
                let days = visitor.number(term.unused_days(today).unsigned_abs());
                visitor.pick(format!("{days} jours gelés"), format!("{days} days frozen"))
            }
        },
    }
}

/// On to the page that shows what it costs.
async fn put(visitor: Visitor, Path(subscription): Path<String>, Sent(sent): Sent) -> Answer {
    let offer = find(&visitor, &subscription).await?;
    let account = visitor.account_named(sent.need("address")?).await?;
    let place = format!("/console/accounts/{}/subscription?to={}", account.id, offer.id);
    Ok(Redirect::to(&place).into_response())
}
