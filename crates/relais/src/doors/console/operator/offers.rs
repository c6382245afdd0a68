//! What is offered to all organisations: plans for organisations, subscriptions for accounts. An offer is never changed,
//! so that every charge can be explained; it is retired, and another made.

use super::{Operator, amount, currencies, page, to};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Fields, Sent};
use crate::doors::numbers;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use jiff::Timestamp;
use maud::{Markup, html};
use relais_app::core::ids::{PlanId, SubscriptionId};
use relais_app::core::money::Currency;
use relais_app::core::plan::{Licence, Plan, PlanTerms, Subscription, SubscriptionTerms};
use relais_app::core::quota;
use relais_app::core::term::Period;
use relais_app::read::{Tx, offers};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/operator/offers", get(list))
        .route("/operator/offers/plans", post(offer_plan))
        .route("/operator/offers/plans/{plan}/retire", post(retire_plan))
        .route("/operator/offers/subscriptions", post(offer_subscription))
        .route("/operator/offers/subscriptions/{subscription}/retire", post(retire_subscription))
}

async fn list(operator: Operator) -> Answer {
    let look = |tx: &mut Tx<'_>| Ok((offers::plans(tx)?, offers::subscriptions(tx)?));
    let (plans, subscriptions) = operator.app.look(look).await?;
    let main = html! {
        p.lead { (operator.pick(
            "Une offre n'est jamais modifiée, pour que chaque débit s'explique\u{a0}: un autre prix est une autre offre. Qui est sur une offre retirée y reste et est renouvelé.",
            "An offer is never changed, so that every charge can be explained: another price is another offer. Whoever is on a retired offer stays and is renewed.")) }
        section {
            h2 { (operator.pick("Formules, pour les organisations", "Plans, for organisations")) }
            (plans_table(&operator, &plans))
            details.card.apart {
                summary { (operator.pick("Proposer une formule", "Offer a plan")) }
                (plan_form(&operator))
            }
        }
        section {
            h2 { (operator.pick("Abonnements, pour les comptes", "Subscriptions, for accounts")) }
            (subscriptions_table(&operator, &subscriptions))
            details.card.apart {
                summary { (operator.pick("Proposer un abonnement", "Offer a subscription")) }
                (subscription_form(&operator))
            }
        }
    };
    Ok(page(&operator, operator.pick("Formules et abonnements", "Plans and subscriptions"), main))
}

fn price(operator: &Operator, currency: Currency, price_minor: i64, period: Period) -> String {
    let each = match period {
        Period::Month => operator.pick("par mois", "a month"),
        Period::Year => operator.pick("par an", "a year"),
    };
    format!("{} {each}", currency.format(price_minor, operator.language))
}

fn most(operator: &Operator, number: Option<i64>) -> String {
    number.map_or_else(
        || operator.pick("sans limite", "no limit").to_owned(),
        |number| operator.number(number.unsigned_abs()),
    )
}

/// The button that retires it, or since when it is retired.
fn retiring(operator: &Operator, retired_at: Option<Timestamp>, place: &str, name: &str) -> Markup {
    html! {
        @match retired_at {
            Some(at) => span.muted { (operator.pick("retirée le ", "retired on ")) (operator.day(at)) },
            None => form method="post" action=(place) {
                button type="submit" { (operator.pick("Retirer", "Retire")) span.unseen { " " (name) } }
            },
        }
    }
}

fn plans_table(operator: &Operator, plans: &[Plan]) -> Markup {
    if plans.is_empty() {
        return html! { p.empty { (operator.pick(
        "Aucune formule\u{a0}: sans elle, une organisation n'est pas comptée.",
        "No plan: without one, an organisation is not counted.")) } };
    }
    html! {
        div.listing { table.folds {
            thead { tr {
                th scope="col" { (operator.pick("Formule", "Plan")) }
                th scope="col" { (operator.pick("Prix", "Price")) }
                th.number scope="col" { (operator.pick("Comptes", "Accounts")) }
                th.number scope="col" { (operator.pick("Compris", "Included")) }
                th.number scope="col" { (operator.pick("Complètes", "Full")) }
                th.number scope="col" { (operator.pick("Domaines", "Domains")) }
                th scope="col" { (operator.pick("Proposée", "Offered")) }
            } }
            tbody { @for plan in plans {
                @let terms = &plan.terms;
                tr {
                    td { strong dir="auto" { (terms.name) }
                        @if terms.flexible_licences { " " span.badge.plain { (operator.pick("licences souples", "flexible licences")) } } }
                    td { (price(operator, terms.currency, terms.price_minor, terms.period)) }
                    td.number data-label=(operator.pick("Comptes\u{a0}:", "Accounts:")) { (most(operator, terms.accounts_max)) }
                    td.number data-label=(operator.pick("Compris\u{a0}:", "Included:")) { (operator.number(terms.accounts_free.unsigned_abs())) }
                    td.number data-label=(operator.pick("Complètes\u{a0}:", "Full:")) { (most(operator, terms.full_licences_max)) }
                    td.number data-label=(operator.pick("Domaines\u{a0}:", "Domains:")) { (most(operator, terms.own_domains_max)) }
                    td { (retiring(operator, plan.retired_at, &format!("/operator/offers/plans/{}/retire", plan.id), &terms.name)) }
                }
            } }
        } }
    }
}

fn subscriptions_table(operator: &Operator, subscriptions: &[Subscription]) -> Markup {
    if subscriptions.is_empty() {
        return html! { p.empty { (operator.pick("Aucun abonnement encore.", "No subscription yet.")) } };
    }
    html! {
        div.listing { table.folds {
            thead { tr {
                th scope="col" { (operator.pick("Abonnement", "Subscription")) }
                th scope="col" { (operator.pick("Prix", "Price")) }
                th scope="col" { (operator.pick("Licence", "Licence")) }
                th scope="col" { (operator.pick("Boîte", "Mailbox")) }
                th.number scope="col" { (operator.pick("Alias", "Aliases")) }
                th scope="col" { (operator.pick("Proposé", "Offered")) }
            } }
            tbody { @for offer in subscriptions {
                @let terms = &offer.terms;
                tr {
                    td { strong dir="auto" { (terms.name) } }
                    td { (price(operator, terms.currency, terms.price_minor, terms.period)) }
                    td data-label=(operator.pick("Licence\u{a0}:", "Licence:")) { @match terms.licence {
                        Licence::Full => (operator.pick("complète", "full")),
                        Licence::Restricted => (operator.pick("restreinte", "restricted")),
                    } }
                    td data-label=(operator.pick("Boîte\u{a0}:", "Mailbox:")) { @match terms.quota_bytes {
                        Some(bytes) => (numbers::size(bytes.unsigned_abs(), operator.language)),
                        None => (operator.pick("sans limite", "no limit")),
                    } }
                    td.number data-label=(operator.pick("Alias\u{a0}:", "Aliases:")) { (most(operator, terms.aliases_max)) }
                    td { (retiring(operator, offer.retired_at, &format!("/operator/offers/subscriptions/{}/retire", offer.id), &terms.name)) }
                }
            } }
        } }
    }
}

/// A field of a form that stands twice on the page.
fn field(of: &str, name: &str, label: &str, placeholder: &str, required: Required) -> Markup {
    let id = format!("{of}-{name}");
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) name=(name) placeholder=(placeholder) required[required == Required::Yes];
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Required {
    Yes,
    No,
}

fn period_field(operator: &Operator, of: &str) -> Markup {
    let id = format!("{of}-period");
    html! {
        div.field {
            label for=(id) { (operator.pick("Période", "Period")) }
            select id=(id) name="period" {
                option value="month" { (operator.pick("par mois", "a month")) }
                option value="year" { (operator.pick("par an", "a year")) }
            }
        }
    }
}

fn plan_form(operator: &Operator) -> Markup {
    let text = |french, english| operator.pick(french, english);
    let none = text("sans limite", "no limit");
    html! {
        form.stack.apart method="post" action="/operator/offers/plans" {
            div.columns {
                (field("plan", "name", text("Nom", "Name"), "Mairie", Required::Yes))
                (field("plan", "price", text("Prix", "Price"), "49,00", Required::Yes))
                (period_field(operator, "plan"))
                (currencies(operator))
                (field("plan", "accounts_free", text("Comptes compris, sans abonnement", "Accounts included, without a subscription"), "0", Required::No))
                (field("plan", "accounts_max", text("Comptes au plus", "Accounts at most"), none, Required::No))
                (field("plan", "full_licences_max", text("Licences complètes au plus", "Full licences at most"), none, Required::No))
                (field("plan", "own_domains_max", text("Domaines propres au plus", "Own domains at most"), none, Required::No))
            }
            label { input type="checkbox" name="flexible" value="yes";
                (text("Une invitation réactive un compte désactivé (licences souples)", "An invitation reactivates a deactivated account (flexible licences)")) }
            p.actions { button.primary type="submit" { (text("Proposer", "Offer")) } }
        }
    }
}

fn subscription_form(operator: &Operator) -> Markup {
    let text = |french, english| operator.pick(french, english);
    let none = text("sans limite", "no limit");
    html! {
        form.stack.apart method="post" action="/operator/offers/subscriptions" {
            div.columns {
                (field("offer", "name", text("Nom", "Name"), "Complet", Required::Yes))
                (field("offer", "price", text("Prix", "Price"), "3,00", Required::Yes))
                (period_field(operator, "offer"))
                div.field {
                    label for="offer-currency" { (text("Monnaie", "Currency")) }
                    select #offer-currency name="currency" { @for currency in Currency::ALL { option value=(currency.code()) { (currency.code()) } } }
                }
                div.field {
                    label for="offer-licence" { (text("Licence", "Licence")) }
                    select #offer-licence name="licence" {
                        option value="full" { (text("complète", "full")) }
                        option value="restricted" { (text("restreinte", "restricted")) }
                    }
                }
                (field("offer", "quota", text("Taille de la boîte", "Size of the mailbox"), "5G", Required::No))
                (field("offer", "aliases_max", text("Alias au plus", "Aliases at most"), none, Required::No))
            }
            p.actions { button.primary type="submit" { (text("Proposer", "Offer")) } }
        }
    }
}

/// A number that may be left out.
fn limit(sent: &Fields, field: &'static str) -> Result<Option<i64>, Fault> {
    sent.get(field).map(|text| text.parse().map_err(|_| Fault::Unfit { field })).transpose()
}

fn period(sent: &Fields) -> Result<Period, Fault> {
    match sent.need("period")? {
        "month" => Ok(Period::Month),
        "year" => Ok(Period::Year),
        _ => Err(Fault::Unreadable),
    }
}

fn currency(sent: &Fields) -> Result<Currency, Fault> {
    Currency::from_code(sent.need("currency")?).ok_or(Fault::Unreadable)
}

async fn offer_plan(operator: Operator, Sent(sent): Sent) -> Answer {
    let terms = PlanTerms {
        name: sent.need("name")?.to_owned(),
        price_minor: amount(sent.need("price")?, operator.pick("le prix", "the price"))?,
        currency: currency(&sent)?,
        period: period(&sent)?,
        accounts_free: limit(&sent, "accounts_free")?.unwrap_or(0),
        accounts_max: limit(&sent, "accounts_max")?,
        full_licences_max: limit(&sent, "full_licences_max")?,
        own_domains_max: limit(&sent, "own_domains_max")?,
        flexible_licences: sent.has("flexible"),
    };
    operator.app.create_plan(terms, operator.actor()).await?;
    Ok(to("/operator/offers"))
}

async fn offer_subscription(operator: Operator, Sent(sent): Sent) -> Answer {
    let terms = SubscriptionTerms {
        name: sent.need("name")?.to_owned(),
        price_minor: amount(sent.need("price")?, operator.pick("le prix", "the price"))?,
        currency: currency(&sent)?,
        period: period(&sent)?,
        aliases_max: limit(&sent, "aliases_max")?,
        quota_bytes: sent.get("quota").map(quota::parse).transpose()?,
        licence: match sent.need("licence")? {
            "full" => Licence::Full,
            "restricted" => Licence::Restricted,
            _ => return Err(Fault::Unreadable),
        },
    };
    operator.app.create_subscription(terms, operator.actor()).await?;
    Ok(to("/operator/offers"))
}

async fn retire_plan(operator: Operator, Path(plan): Path<String>) -> Answer {
    let id: PlanId = plan.parse().map_err(|_| Fault::not_found())?;
    operator.app.retire_plan(id, operator.actor()).await?;
    Ok(to("/operator/offers"))
}

async fn retire_subscription(operator: Operator, Path(subscription): Path<String>) -> Answer {
    let id: SubscriptionId = subscription.parse().map_err(|_| Fault::not_found())?;
    operator.app.retire_subscription(id, operator.actor()).await?;
    Ok(to("/operator/offers"))
}
