//! The first page there is: whoever has the link that the first start printed becomes the operator.

use super::Console;
use super::assets::PLACES;
use super::fault::Fault;
use super::fields::{Fields, Sent};
use super::layout;
use super::sign_in::{agent, language_of};
use crate::doors::cookies::{SESSION, keep};
use axum::Router;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::language::Language;
use relais_app::core::money::Currency;
use relais_app::core::refusal::{OperatorFault, Refusal};
use relais_app::{Error, Network, NewOrganisationRequest, Origin, SetUp};
use std::net::SocketAddr;

pub fn routes() -> Router<Console> {
    Router::new().route("/set-up/{secret}", get(show).post(set_up))
}

async fn show(State(console): State<Console>, Path(secret): Path<String>, headers: HeaderMap) -> Response {
    let language = language_of(&headers);
    match console.app.check_first_link(&secret).await {
        Ok(()) => written(&secret, &Fields::default(), None, language),
        Err(error) => written(&secret, &Fields::default(), Some(&error.into()), language),
    }
}

fn written(secret: &str, fields: &Fields, fault: Option<&Fault>, language: Language) -> Response {
    let void =
        matches!(fault, Some(Fault::Application(Error::Refused(Refusal::Operator(OperatorFault::LinkVoid)))));
    if let Some(text) = fault.and_then(Fault::inner_text) {
        tracing::error!(text, "the operator could not be made");
    }
    let main = html! {
        @if let Some(fault) = fault { (layout::refused(&fault.sentences(language))) }
        @if void {
            p { a.button.wide href="/sign-in" { (language.pick("Se connecter", "Sign in")) } }
        } @else { (form(secret, fields, language)) }
    };
    let status = fault.map_or(StatusCode::OK, Fault::status);
    layout::alone(status, language.pick("Bienvenue dans Relais", "Welcome to Relais"), &main, language)
}

fn form(secret: &str, fields: &Fields, language: Language) -> Markup {
    let pick = |french: &'static str, english: &'static str| language.pick(french, english);
    html! {
        p { (pick(
            "Vous exploitez ce service. Dites qui vous êtes\u{a0}: ce lien ne servira plus.",
            "You operate this service. Say who you are: this link will not work again.")) }
        form.stack method="post" action={ "/set-up/" (secret) } {
            div.field {
                label for="organisation" { (pick("Votre organisation", "Your organisation")) }
                input #organisation name="organisation" required maxlength="200" value=[fields.get("organisation")];
            }
            div.field {
                label for="name" { (pick("Votre nom", "Your name")) }
                input #name name="name" autocomplete="name" required value=[fields.get("name")];
            }
            div.field {
                label for="address" { (pick("Votre adresse ici", "Your address here")) }
                input #address name="address" type="email" autocomplete="username" required value=[fields.get("address")] aria-describedby="address-hint";
                p.hint #address-hint { (pick(
                    "Son domaine devient celui de votre organisation\u{a0}: prenez-en un qui est à vous. Le courrier n'y arrive qu'une fois le MX changé.",
                    "Its domain becomes your organisation's: take one that is yours. Mail arrives here only after the MX is changed.")) }
            }
            div.field {
                label for="password" { (pick("Mot de passe", "Password")) }
                input #password name="password" type="password" autocomplete="new-password" required;
            }
            div.field {
                label for="again" { (pick("Le même encore une fois", "The same once more")) }
                input #again name="again" type="password" autocomplete="new-password" required;
            }
            button.primary type="submit" { (pick("Commencer", "Begin")) }
        }
        p.hint { img src=(PLACES.sign) alt="" width="16" height="16"; " "
            (pick("Ajoutez ensuite une clé d'accès ou un code dans «\u{a0}Mon compte\u{a0}».", "Then add a passkey or a code in “My account”.")) }
    }
}

fn asked(sent: &Fields, language: Language) -> Result<SetUp, Fault> {
    let password = sent.verbatim("password").unwrap_or_default().to_owned();
    if sent.verbatim("again") != Some(password.as_str()) {
        return Err(Fault::Unlike);
    }
    let field = language.pick("votre adresse", "your address");
    Ok(SetUp {
        organisation: NewOrganisationRequest {
            name: sent.need("organisation")?.to_owned(),
            language,
            time_zone: "Europe/Paris".to_owned(),
            currency: Currency::default(),
        },
        name: sent.need("name")?.to_owned(),
        address: sent.need("address")?.parse().map_err(|_| Fault::Unfit { field })?,
        password,
    })
}

async fn set_up(
    State(console): State<Console>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(secret): Path<String>,
    headers: HeaderMap,
    Sent(sent): Sent,
) -> Response {
    let language = language_of(&headers);
    let origin = Origin::of(Network::from(peer.ip()), agent(&headers));
    let made = match asked(&sent, language) {
        Ok(asked) => console.app.set_up(&secret, asked, &origin).await.map_err(Fault::from),
        Err(fault) => Err(fault),
    };
    match made {
        Ok(session) => keep(Redirect::to("/operator").into_response(), SESSION, &session.secret, None),
        Err(fault) => written(&secret, &sent, Some(&fault), language),
    }
}
