//! Single sign-on: where the organisation's people sign in. The client's secret goes in and never out.

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields, Sent};
use super::layout::{Page, done, refused};
use super::section::Section;
use super::visitor::Visitor;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::IdentityProviderRequest;
use relais_app::core::sign_on::{IdentityProvider, Newcomers, SignOnDemand};

const PLACE: &str = "/console/sign-on";

pub fn routes() -> Router<Console> {
    Router::new()
        .route(PLACE, get(show).post(set))
        .route("/console/sign-on/test", post(greet))
        .route("/console/sign-on/remove", post(remove))
}

async fn show(visitor: Visitor, Asked(asked): Asked) -> Answer {
    let said = match asked.get("done") {
        Some("set") => visitor.pick(
            "C'est enregistré. Essayez maintenant si le fournisseur répond.",
            "It is saved. Try now whether the provider answers.",
        ),
        Some("test") => visitor.pick(
            "Le fournisseur d'identité répond, et c'est bien lui.",
            "The identity provider answers, and is who it was said to be.",
        ),
        Some("removed") => visitor.pick(
            "Chacun se connecte de nouveau avec son mot de passe.",
            "Everybody signs in with their password again.",
        ),
        Some(_) | None => return page(&visitor, None, StatusCode::OK, html! {}).await,
    };
    page(&visitor, None, StatusCode::OK, done(said)).await
}

async fn set(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let domains = sent.get("domains").unwrap_or_default().split([',', ' ', '\n', '\r']);
    let request = IdentityProviderRequest {
        issuer: sent.get("issuer").unwrap_or_default().to_owned(),
        client_id: sent.get("client_id").unwrap_or_default().to_owned(),
        client_secret: sent.verbatim("client_secret").filter(|text| !text.is_empty()).map(str::to_owned),
        domains: domains.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        demand: match sent.get("demand") {
            Some("required") => SignOnDemand::Required,
            _ => SignOnDemand::Optional,
        },
        newcomers: if sent.has("newcomers") { Newcomers::Members } else { Newcomers::Refused },
        address_claim: sent.get("address_claim").unwrap_or("email").to_owned(),
    };
    let kept = visitor.app.set_identity_provider(visitor.organisation.id, request, visitor.actor()).await;
    then(&visitor, kept.map(drop).map_err(Fault::from), "set", Some(&sent)).await
}

async fn greet(visitor: Visitor) -> Answer {
    let greeted = visitor.app.greet_identity_provider(visitor.organisation.id, &visitor.actor()).await;
    then(&visitor, greeted.map_err(Fault::from), "test", None).await
}

async fn remove(visitor: Visitor, Sent(sent): Sent) -> Answer {
    sent.need("understood")?;
    let removed = visitor.app.remove_identity_provider(visitor.organisation.id, visitor.actor()).await;
    then(&visitor, removed.map_err(Fault::from), "removed", None).await
}

async fn then(visitor: &Visitor, ended: Result<(), Fault>, word: &str, typed: Option<&Fields>) -> Answer {
    match ended {
        Ok(()) => Ok(Redirect::to(&format!("{PLACE}?done={word}")).into_response()),
        Err(fault) if fault.inner_text().is_some() => Err(fault),
        Err(fault) => {
            let sentences = refused(&fault.sentences(visitor.language));
            page(visitor, typed, fault.status(), sentences).await
        }
    }
}

fn typed_of(provider: &IdentityProvider) -> Fields {
    let demand = match provider.demand {
        SignOnDemand::Optional => "optional",
        SignOnDemand::Required => "required",
    };
    let newcomers = match provider.newcomers {
        Newcomers::Refused => "",
        Newcomers::Members => "yes",
    };
    [
        ("issuer", provider.issuer.clone()),
        ("client_id", provider.client_id.clone()),
        ("domains", provider.domains.join(", ")),
        ("demand", demand.to_owned()),
        ("newcomers", newcomers.to_owned()),
        ("address_claim", provider.address_claim.clone()),
    ]
    .into_iter()
    .collect()
}

async fn page(visitor: &Visitor, typed: Option<&Fields>, status: StatusCode, said: Markup) -> Answer {
    let kept = visitor.app.identity_provider(visitor.organisation.id, &visitor.actor()).await?;
    let standing = kept.as_ref().map(typed_of).unwrap_or_default();
    let main = html! {
        p.lead { (visitor.pick(
            "Les personnes se connectent chez le fournisseur d'identité de l'organisation (OpenID Connect), jusqu'à la seconde où leur compte est désactivé.",
            "People sign in at the organisation's identity provider (OpenID Connect), until the second in which their account is deactivated.",
        )) }
        (said)
        (registration(visitor))
        (form(visitor, typed.unwrap_or(&standing)))
        @if kept.is_some() {
            section.card.apart {
                h2 { (visitor.pick("Essayer", "Try")) }
                p { (visitor.pick(
                    "Le document de découverte du fournisseur est relu\u{a0}; personne n'est connecté.",
                    "The provider's discovery document is read anew; nobody signs in.",
                )) }
                form.actions method="post" action="/console/sign-on/test" {
                    button type="submit" { (visitor.pick("Demander s'il répond", "Ask whether it answers")) }
                }
            }
            (removal(visitor))
        }
    };
    let title = visitor.pick("Connexion unique (SSO)", "Single sign-on");
    Ok(visitor.page_with(status, &Page { title, section: Some(Section::SignOn), main }))
}

/// What is typed at the provider.
fn registration(visitor: &Visitor) -> Markup {
    let url = visitor.app.public_url();
    html! {
        section.card {
            h2 { (visitor.pick("À saisir chez le fournisseur", "To be typed at the provider")) }
            dl.facts {
                dt { (visitor.pick("Adresse de retour", "Redirect URI")) } dd { code { (url) "/sso/callback" } }
                dt { (visitor.pick("Après la déconnexion", "Post-logout redirect URI")) } dd { code { (url) "/sso" } }
                dt { (visitor.pick("Déconnexion par le fournisseur", "Back-channel logout URI")) } dd { code { (url) "/sso/backchannel" } }
                dt { (visitor.pick("Portées", "Scopes")) } dd { code { "openid email profile" } }
            }
        }
    }
}

fn field(typed: &Fields, name: &str, label: &str, hint: &str) -> Markup {
    let note = format!("{name}-hint");
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) required value=[typed.get(name)] aria-describedby=(note) spellcheck="false" autocapitalize="off";
            p.hint id=(note) { (hint) }
        }
    }
}

fn form(visitor: &Visitor, typed: &Fields) -> Markup {
    let required = typed.get("demand") == Some("required");
    html! {
        form.card.stack.apart method="post" action=(PLACE) {
            h2 { (visitor.pick("Le fournisseur", "The provider")) }
            div.columns {
                (field(typed, "issuer", visitor.pick("Émetteur (issuer)", "Issuer"), visitor.pick(
                    "Exactement comme il s'appelle lui-même, par exemple https://login.exemple.fr/realm.",
                    "Exactly as it calls itself, for example https://login.example.com/realm.")))
                (field(typed, "client_id", visitor.pick("Identifiant du client", "Client id"), visitor.pick("Comme le fournisseur le donne.", "As the provider gives it.")))
                div.field {
                    label for="client_secret" { (visitor.pick("Secret du client", "Client secret")) }
                    input #client_secret name="client_secret" type="password" autocomplete="off" aria-describedby="secret-hint";
                    p.hint #secret-hint { (visitor.pick("Il n'est jamais affiché\u{a0}; laissé vide, celui qui est enregistré reste.", "It is never shown; left empty, the one that is kept stays.")) }
                }
                (field(typed, "domains", visitor.pick("Domaines dont il connaît les adresses", "Domains whose addresses it knows"), visitor.pick("Des domaines prouvés de l'organisation, séparés par des virgules.", "Proven domains of the organisation, separated by commas.")))
            }
            fieldset {
                legend { (visitor.pick("Qui l'utilise", "Who uses it")) }
                label.choice { input type="radio" name="demand" value="optional" checked[!required];
                    span { (visitor.pick("Qui veut\u{a0}: le mot de passe ouvre toujours.", "Whoever wants to: the password still opens.")) } }
                label.choice { input type="radio" name="demand" value="required" checked[required];
                    span { (visitor.pick("Tout le monde\u{a0}: les mots de passe n'ouvrent plus rien.", "Everybody: passwords open nothing any more.")) }
                    span.hint { (visitor.pick(
                        "Les sessions ouvertes avec un mot de passe cessent aussitôt\u{a0}; téléphones et Thunderbird ont besoin d'un mot de passe d'application. Entrée de secours\u{a0}: le propriétaire de l'organisation garde son mot de passe (et son second facteur) pour le jour où le fournisseur est en panne.",
                        "Sessions that were opened with a password end at once; phones and Thunderbird need an app password. Emergency way in: the owner of the organisation keeps their password (and second factor) for the day on which the provider fails.",
                    )) } }
            }
            label { input type="checkbox" name="newcomers" value="yes" checked[typed.has("newcomers")];
                (visitor.pick("Qui est connu du fournisseur et n'a pas encore de compte en reçoit un, comme membre.", "Whoever the provider knows and has no account yet gets one, as a member.")) }
            details {
                summary { (visitor.pick("Autres réglages", "Other settings")) }
                div.field {
                    label for="address_claim" { (visitor.pick("Revendication qui contient l'adresse", "Claim with the address")) }
                    input #address_claim name="address_claim" value=(typed.get("address_claim").unwrap_or("email")) spellcheck="false";
                }
            }
            p.actions { button.primary type="submit" { (visitor.pick("Enregistrer", "Save")) } }
        }
    }
}

fn removal(visitor: &Visitor) -> Markup {
    html! {
        details.apart {
            summary { (visitor.pick("Ne plus utiliser ce fournisseur", "Use this provider no more")) }
            form.card.stack method="post" action="/console/sign-on/remove" {
                p { (visitor.pick(
                    "Chacun se connecte de nouveau avec un mot de passe\u{a0}; qui n'en a jamais eu en demande un par «\u{a0}mot de passe oublié\u{a0}». Les liens entre personnes et fournisseur sont oubliés.",
                    "Everybody signs in with a password again; whoever never had one asks for it as for a forgotten one. Whom the provider knew is forgotten.",
                )) }
                label { input type="checkbox" name="understood" value="yes" required; (visitor.pick("J'ai compris.", "I understand.")) }
                p.actions { button.grave type="submit" { (visitor.pick("Retirer le fournisseur", "Remove the provider")) } }
            }
        }
    }
}
