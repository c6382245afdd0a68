//! Tokens of providers of identities, and where they send what they have to say.

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Sent};
use super::layout::{Page, done, refused, shown_once};
use super::section::Section;
use super::visitor::Visitor;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::ids::TokenId;
use relais_app::read::{ScimToken, scim};

const PLACE: &str = "/console/scim";

pub fn routes() -> Router<Console> {
    Router::new().route(PLACE, get(show).post(create)).route("/console/scim/revoke", post(revoke))
}

async fn show(visitor: Visitor, Asked(asked): Asked) -> Answer {
    let said = match asked.get("done") {
        Some("revoked") => done(visitor.pick(
            "Ce jeton n'ouvre plus rien. Les comptes restent comme ils sont.",
            "This token opens nothing any more. Accounts stay as they are.",
        )),
        Some(_) | None => html! {},
    };
    page(&visitor, StatusCode::OK, said).await
}

async fn create(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let name = sent.get("name").unwrap_or_default().to_owned();
    match visitor.app.create_scim_token(visitor.organisation.id, name, visitor.actor()).await {
        Ok(made) => {
            let said = html! {
                (done(visitor.pick("Le jeton est créé.", "The token is made.")))
                (shown_once(&visitor, visitor.pick("Jeton pour ", "Token for "), &made.of.name, &made.secret))
            };
            page(&visitor, StatusCode::OK, said).await
        }
        Err(error) => refuse(&visitor, error.into()).await,
    }
}

async fn revoke(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let token: TokenId = sent.read("token").ok_or_else(Fault::not_found)?;
    match visitor.app.revoke_scim_token(visitor.organisation.id, token, visitor.actor()).await {
        Ok(_) => Ok(Redirect::to(&format!("{PLACE}?done=revoked")).into_response()),
        Err(error) => refuse(&visitor, error.into()).await,
    }
}

async fn refuse(visitor: &Visitor, fault: Fault) -> Answer {
    if fault.inner_text().is_some() {
        return Err(fault);
    }
    page(visitor, fault.status(), refused(&fault.sentences(visitor.language))).await
}

async fn page(visitor: &Visitor, status: StatusCode, said: Markup) -> Answer {
    visitor.require(Power::EndAccounts)?;
    let id = visitor.organisation.id;
    let tokens = visitor.app.look(move |tx| scim::tokens(tx, id)).await?;
    let (revoked, live): (Vec<&ScimToken>, Vec<&ScimToken>) =
        tokens.iter().partition(|token| token.revoked_at.is_some());
    let main = html! {
        p.lead { (visitor.pick(
            "Entra ID, Okta et d'autres fournisseurs créent, changent et ferment des comptes par SCIM 2.0.",
            "Entra ID, Okta and other providers create, change and close accounts by SCIM 2.0.",
        )) }
        (said)
        section.card {
            h2 { (visitor.pick("À saisir chez le fournisseur", "To be typed at the provider")) }
            dl.facts {
                dt { (visitor.pick("Adresse de base", "Base URL")) } dd { code { (visitor.app.public_url()) "/scim/v2" } }
                dt { (visitor.pick("Authentification", "Authentication")) } dd { (visitor.pick("jeton (Bearer), créé ici", "token (Bearer), made here")) }
            }
            p.hint { (visitor.pick("Pour Entra ID, ajoutez à l'adresse\u{a0}: ", "For Entra ID, add to the address: ")) code { "?aadOptscim062020" } }
            p.hint { (visitor.pick(
                "Qui est fermé par le fournisseur l'est selon la règle de l'organisation\u{a0}: ",
                "Whoever the provider closes is closed by the organisation's policy: ",
            )) a href="/console/policies" { (visitor.pick("la voir", "see it")) } }
        }
        h2 { (visitor.pick("Jetons", "Tokens")) }
        @if live.is_empty() {
            p.empty { (visitor.pick("Aucun jeton. Créez-en un par fournisseur.", "No token. Make one for each provider.")) }
        } @else { (table(visitor, &live)) }
        form.card.apart method="post" action=(PLACE) {
            div.field {
                label for="name" { (visitor.pick("Nouveau jeton\u{a0}: pour quel fournisseur\u{a0}?", "New token: for which provider?")) }
                div.joined {
                    input #name name="name" required maxlength="100" placeholder="Entra ID";
                    button.primary type="submit" { (visitor.pick("Créer", "Make")) }
                }
            }
        }
        @if !revoked.is_empty() {
            details.apart {
                summary { (visitor.pick("Jetons révoqués", "Revoked tokens")) " (" (revoked.len()) ")" }
                (table(visitor, &revoked))
            }
        }
    };
    let title = visitor.pick("Approvisionnement (SCIM)", "Provisioning (SCIM)");
    Ok(visitor.page_with(status, &Page { title, section: Some(Section::Scim), main }))
}

fn table(visitor: &Visitor, tokens: &[&ScimToken]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Fournisseur", "Provider")) }
                th { (visitor.pick("Créé", "Made")) }
                th { (visitor.pick("Dernière utilisation", "Last used")) }
                th { (visitor.pick("Révoqué", "Revoked")) }
            } }
            tbody { @for token in tokens { tr {
                td dir="auto" { strong { (token.name) } }
                td data-label=(visitor.pick("créé", "made")) { (visitor.minute(token.created_at)) }
                td data-label=(visitor.pick("dernière utilisation", "last used")) {
                    @match token.used_at {
                        Some(at) => (visitor.minute(at)),
                        None => (visitor.pick("jamais", "never")),
                    }
                }
                td {
                    @match token.revoked_at {
                        Some(at) => (visitor.minute(at)),
                        None => form method="post" action="/console/scim/revoke" {
                            button.grave type="submit" name="token" value=(token.id)
                                aria-label={ (visitor.pick("Révoquer ", "Revoke ")) (token.name) } { (visitor.pick("Révoquer", "Revoke")) }
                        },
                    }
                }
            } } }
        } }
    }
}
