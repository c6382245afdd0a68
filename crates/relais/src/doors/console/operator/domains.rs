//! Domains of the operator's, on which every organisation may have addresses; and where the operator has their own mail.

use super::{Operator, page, to};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::Sent;
use axum::Router;
use axum::routing::{get, post};
use maud::html;
use relais_app::core::address::EmailAddress;
use relais_app::core::organisation::DomainKind;
use relais_app::read::{Tx, domains, settings};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/operator/domains", get(list).post(add))
        .route("/operator/domains/address", post(set_address))
}

async fn list(operator: Operator) -> Answer {
    let look = |tx: &mut Tx<'_>| Ok((domains::all(tx)?, settings::operator_address(tx)?));
    let (mut all, address) = operator.app.look(look).await?;
    all.retain(|domain| domain.kind == DomainKind::Provider);
    let main = html! {
        p.lead { (operator.pick(
            "Chaque organisation peut avoir des adresses sur ces domaines. Une adresse donnée n'y est plus jamais donnée à quelqu'un d'autre.",
            "Every organisation may have addresses on these domains. An address that was given there is never given to anyone else.")) }
        @if all.is_empty() {
            p.empty { (operator.pick("Aucun domaine partagé.", "No shared domain.")) }
        } @else {
            div.listing { table {
                thead { tr { th scope="col" { (operator.pick("Domaine", "Domain")) } } }
                tbody { @for domain in &all { tr { td { (domain.unicode) } } } }
            } }
        }
        div.columns.even.apart {
            form.card.stack method="post" action="/operator/domains" {
                h2 { (operator.pick("Ajouter un domaine", "Add a domain")) }
                div.field {
                    label for="domain" { (operator.pick("Domaine", "Domain")) }
                    input #domain name="domain" required placeholder="exemple.fr";
                }
                p.actions { button.primary type="submit" { (operator.pick("Ajouter", "Add")) } }
            }
            form.card.stack method="post" action="/operator/domains/address" {
                h2 { (operator.pick("Votre adresse", "Your address")) }
                div.field {
                    label for="address" { (operator.pick("Où arrive ce qui est écrit à abuse@", "Where mail to abuse@ arrives")) }
                    input #address name="address" type="email" value=[address.as_ref().map(EmailAddress::as_str)] aria-describedby="address-hint";
                    p.hint #address-hint { (operator.pick("Les organisations la voient sur la page de leur provision. Vide\u{a0}: aucune.", "Organisations see it on the page of their provision. Empty: none.")) }
                }
                p.actions { button type="submit" { (operator.pick("Enregistrer", "Save")) } }
            }
        }
    };
    Ok(page(&operator, operator.pick("Domaines partagés", "Shared domains"), main))
}

async fn add(operator: Operator, Sent(sent): Sent) -> Answer {
    operator.app.add_provider_domain(sent.need("domain")?, operator.actor()).await?;
    Ok(to("/operator/domains"))
}

async fn set_address(operator: Operator, Sent(sent): Sent) -> Answer {
    let typed = sent.get("address").map(|text| text.parse().map_err(|_| Fault::Unfit { field: "address" }));
    operator.app.set_operator_address(typed.transpose()?, operator.actor()).await?;
    Ok(to("/operator/domains"))
}
