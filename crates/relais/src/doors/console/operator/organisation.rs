//! One organisation, as the operator sees it: what it is, what it has to spend, its plan, its domains, who answers for it.

use super::organisations::{language, name_and_place};
use super::{Operator, amount, page, to};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::Sent;
use crate::doors::numbers;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::account::Account;
use relais_app::core::authority::Role;
use relais_app::core::domain::Domain;
use relais_app::core::ids::{OrganisationId, PlanId};
use relais_app::core::money::Money;
use relais_app::core::organisation::Organisation;
use relais_app::core::plan::Plan;
use relais_app::read::{Tx, accounts, domains, offers, organisations};
use relais_app::{NewAccountRequest, OrganisationChange, Provision};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/operator/organisations/{organisation}", get(show).post(change))
        .route("/operator/organisations/{organisation}/plan", post(set_plan))
        .route("/operator/organisations/{organisation}/top-up", post(top_up))
        .route("/operator/organisations/{organisation}/correction", post(correct))
        .route("/operator/organisations/{organisation}/domains", post(add_domain))
        .route("/operator/organisations/{organisation}/owner", post(make_owner))
}

async fn find(operator: &Operator, text: &str) -> Result<Organisation, Fault> {
    let id: OrganisationId = text.parse().map_err(|_| Fault::not_found())?;
    operator.app.look(move |tx| organisations::get(tx, id)).await?.ok_or_else(Fault::not_found)
}

/// Its own domains, the plans there are, and who answers for it.
struct Around {
    domains: Vec<Domain>,
    plans: Vec<Plan>,
    leading: Vec<Account>,
}

async fn show(operator: Operator, Path(organisation): Path<String>) -> Answer {
    let found = find(&operator, &organisation).await?;
    let id = found.id;
    let provision = operator.app.provision(id, operator.actor()).await?;
    let look = move |tx: &mut Tx<'_>| {
        let mut domains = domains::all(tx)?;
        domains.retain(|domain| domain.organisation == Some(id));
        Ok(Around {
            domains,
            plans: offers::plans(tx)?,
            leading: accounts::with_roles(tx, id, &Role::LEADING)?,
        })
    };
    let around = operator.app.look(look).await?;
    let main = html! {
        p.under-title.muted { code { (found.id) } " · " (operator.pick("créée le ", "created on ")) (operator.day(found.created_at)) }
        div.columns.even {
            (money(&operator, &found, &provision))
            (plan(&operator, &found, &provision, &around.plans))
        }
        div.columns.even.apart {
            (people(&operator, &found, &around.leading))
            (own_domains(&operator, &found, &around.domains))
        }
        form.card.stack.apart method="post" action={ "/operator/organisations/" (id) } {
            h2 { (operator.pick("Réglages", "Settings")) }
            (name_and_place(&operator, Some(&found)))
            p.actions { button type="submit" { (operator.pick("Enregistrer", "Save")) } }
        }
        (correction(&operator, &found))
    };
    Ok(page(&operator, &found.name, main))
}

fn money(operator: &Operator, found: &Organisation, provision: &Provision) -> Markup {
    html! {
        section.card {
            h2 { (operator.pick("Provision", "Provision")) }
            p.figure { (found.currency.format(provision.balance_minor, operator.language)) }
            form.stack method="post" action={ "/operator/organisations/" (found.id) "/top-up" } {
                div.field {
                    label for="amount" { (operator.pick("Versement reçu", "Payment received")) " (" (found.currency.code()) ")" }
                    input #amount name="amount" inputmode="decimal" required placeholder="120,00";
                }
                div.field {
                    label for="reference" { (operator.pick("Référence", "Reference")) }
                    input #reference name="reference" required maxlength="200" aria-describedby="reference-hint";
                    p.hint #reference-hint { (operator.pick("Celle du virement. Une même référence ne compte qu'une fois.", "That of the transfer. The same reference counts once.")) }
                }
                p.actions { button.primary type="submit" { (operator.pick("Enregistrer le versement", "Record the payment")) } }
            }
        }
    }
}

fn plan(operator: &Operator, found: &Organisation, provision: &Provision, plans: &[Plan]) -> Markup {
    let now = operator.app.now();
    let offered = |plan: &&Plan| {
        let current = plan.retired_at.is_none_or(|end| end > now) && plan.terms.currency == found.currency;
        current || found.plan == Some(plan.id)
    };
    html! {
        section.card {
            h2 { (operator.pick("Formule", "Plan")) }
            p.hint {
                (operator.pick("Licences prises\u{a0}: ", "Licences held: ")) (operator.number(provision.licences.accounts.unsigned_abs()))
                @if let Some(day) = provision.plan_term.and_then(|term| term.until()) {
                    (operator.pick(" · payée jusqu'au ", " · paid until ")) (numbers::day(day, operator.language))
                }
            }
            form.stack method="post" action={ "/operator/organisations/" (found.id) "/plan" } {
                div.field {
                    label for="plan" { (operator.pick("Sa formule", "Its plan")) }
                    select #plan name="plan" aria-describedby="plan-hint" {
                        option value="none" selected[found.plan.is_none()] { (operator.pick("aucune\u{a0}: rien n'est compté", "none: nothing is counted")) }
                        @for plan in plans.iter().filter(offered) {
                            option value=(plan.id) selected[found.plan == Some(plan.id)] { (plan.terms.name) " – " (plan.terms.currency.format(plan.terms.price_minor, operator.language)) }
                        }
                    }
                    p.hint #plan-hint { (operator.pick(
                        "Aussitôt\u{a0}: les jours non utilisés de l'ancienne sont crédités et une période commence.",
                        "At once: unused days of the old one are credited, and a period begins.")) }
                }
                p.actions { button type="submit" { (operator.pick("Changer de formule", "Change the plan")) } }
            }
        }
    }
}

fn people(operator: &Operator, found: &Organisation, leading: &[Account]) -> Markup {
    let has_owner = leading.iter().any(|account| account.role == Role::Owner);
    html! {
        section.card {
            h2 { (operator.pick("Qui en répond", "Who answers for it")) }
            @if leading.is_empty() { p { (operator.pick("Personne encore.", "Nobody yet.")) } }
            @else { ul.plain { @for account in leading { li.between {
                span { span dir="auto" { (account.name) } " " span.muted { (account.address) } }
                span.badge.plain { (account.role.called(operator.language)) }
            } } } }
            @if !has_owner {
                h3 { (operator.pick("Créer son propriétaire", "Create its owner")) }
                form.stack method="post" action={ "/operator/organisations/" (found.id) "/owner" } {
                    div.field { label for="owner-name" { (operator.pick("Nom", "Name")) } input #owner-name name="name" required autocomplete="off"; }
                    div.field { label for="owner-address" { (operator.pick("Adresse, sur un de ses domaines", "Address, on one of its domains")) }
                        input #owner-address name="address" type="email" required autocomplete="off"; }
                    div.field { label for="owner-password" { (operator.pick("Premier mot de passe", "First password")) }
                        input #owner-password name="password" type="password" required autocomplete="new-password" aria-describedby="owner-hint";
                        p.hint #owner-hint { (operator.pick("Donnez-le de vive voix\u{a0}; la personne le change dans «\u{a0}Mon compte\u{a0}».", "Tell it to them in person; they change it in “My account”.")) } }
                    p.actions { button type="submit" { (operator.pick("Créer", "Create")) } }
                }
            }
        }
    }
}

fn own_domains(operator: &Operator, found: &Organisation, domains: &[Domain]) -> Markup {
    html! {
        section.card {
            h2 { (operator.pick("Ses domaines", "Its domains")) }
            @if domains.is_empty() { p { (operator.pick("Aucun encore.", "None yet.")) } }
            @else { ul.plain { @for domain in domains { li.between { span { (domain.unicode) } } } } }
            form.stack method="post" action={ "/operator/organisations/" (found.id) "/domains" } {
                div.field {
                    label for="domain" { (operator.pick("Ajouter un domaine", "Add a domain")) }
                    input #domain name="domain" required placeholder="exemple.fr" aria-describedby="domain-hint";
                    p.hint #domain-hint { (operator.pick("Sans preuve dans le DNS\u{a0}: vous savez que le domaine est le sien.", "Without a proof in the DNS: you know that the domain is theirs.")) }
                }
                p.actions { button type="submit" { (operator.pick("Ajouter", "Add")) } }
            }
        }
    }
}

fn correction(operator: &Operator, found: &Organisation) -> Markup {
    html! {
        details.card.apart {
            summary { (operator.pick("Corriger un versement saisi de travers", "Put a payment right that was typed wrongly")) }
            form.stack method="post" action={ "/operator/organisations/" (found.id) "/correction" } {
                div.field {
                    label for="difference" { (operator.pick("De combien, en plus ou en moins", "By how much, more or less")) " (" (found.currency.code()) ")" }
                    input #difference name="amount" required placeholder="-5,00";
                }
                div.field {
                    label for="reason" { (operator.pick("Pourquoi (gardé dans le journal)", "Why (kept in the log)")) }
                    input #reason name="reason" required;
                }
                p.actions { button type="submit" { (operator.pick("Corriger", "Correct")) } }
            }
        }
    }
}

fn back(found: &Organisation) -> Answer {
    Ok(to(&format!("/operator/organisations/{}", found.id)))
}

async fn change(operator: Operator, Path(organisation): Path<String>, Sent(sent): Sent) -> Answer {
    let found = find(&operator, &organisation).await?;
    let change = OrganisationChange {
        name: Some(sent.need("name")?.to_owned()),
        language: Some(language(&sent)?),
        time_zone: Some(sent.need("time_zone")?.to_owned()),
    };
    operator.app.change_organisation(found.id, change, operator.actor()).await?;
    back(&found)
}

async fn set_plan(operator: Operator, Path(organisation): Path<String>, Sent(sent): Sent) -> Answer {
    let found = find(&operator, &organisation).await?;
    let plan: Option<PlanId> = match sent.need("plan")? {
        "none" => None,
        id => Some(id.parse().map_err(|_| Fault::not_found())?),
    };
    operator.app.set_plan(found.id, plan, operator.actor()).await?;
    back(&found)
}

async fn top_up(operator: Operator, Path(organisation): Path<String>, Sent(sent): Sent) -> Answer {
    let found = find(&operator, &organisation).await?;
    let field = operator.pick("le versement", "the payment");
    let paid = Money { amount_minor: amount(sent.need("amount")?, field)?, currency: found.currency };
    let reference = Some(sent.need("reference")?.to_owned());
    operator.app.top_up(found.id, paid, reference, operator.actor()).await?;
    back(&found)
}

async fn correct(operator: Operator, Path(organisation): Path<String>, Sent(sent): Sent) -> Answer {
    let found = find(&operator, &organisation).await?;
    let by = amount(sent.need("amount")?, operator.pick("la correction", "the correction"))?;
    let reason = sent.need("reason")?.to_owned();
    operator.app.correct_provision(found.id, by, reason, operator.actor()).await?;
    back(&found)
}

async fn add_domain(operator: Operator, Path(organisation): Path<String>, Sent(sent): Sent) -> Answer {
    let found = find(&operator, &organisation).await?;
    operator.app.add_domain(found.id, sent.need("domain")?, operator.actor()).await?;
    back(&found)
}

async fn make_owner(operator: Operator, Path(organisation): Path<String>, Sent(sent): Sent) -> Answer {
    let found = find(&operator, &organisation).await?;
    let request = NewAccountRequest {
        address: sent.need("address")?.parse().map_err(|_| Fault::Unfit { field: "address" })?,
        name: sent.need("name")?.to_owned(),
        password: sent.verbatim("password").map(str::to_owned),
        role: Role::Owner,
        quota_bytes: None,
        subscription: None,
    };
    operator.app.create_account(found.id, request, operator.actor()).await?;
    back(&found)
}
