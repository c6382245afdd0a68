//! Signing in and out in a browser, and choosing a language.

use super::Console;
use super::escape::escaped;
use super::fault::Fault;
use super::fields::{Asked, Fields, Sent};
use super::layout;
use crate::doors::accept::asked_language;
use crate::doors::cookies::{LANGUAGE, SESSION, WANTED, cookie, forget, keep};
use crate::doors::failure::{self, sentence_of_sign_in, status_of_sign_in};
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::SignedDuration;
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::language::Language;
use relais_app::core::sign_in::SecondWay;
use relais_app::{Error, Network, Origin, PortalAnswer, SignInRefusal};
use std::net::SocketAddr;

const LANGUAGE_KEPT: SignedDuration = SignedDuration::from_hours(24 * 365);
const WANTED_KEPT: SignedDuration = SignedDuration::from_mins(15);

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(show).post(sign_in))
        .route("/sign-in/code", post(complete))
        .route("/sign-out", post(sign_out))
        .route("/language", post(choose_language))
}

/// The language that was chosen here, or that the browser prefers.
pub fn chosen_language(headers: &HeaderMap) -> Option<Language> {
    let chosen = cookie(headers, LANGUAGE).and_then(|tag| Language::from_tag(&tag));
    chosen.or_else(|| asked_language(headers))
}

pub fn language_of(headers: &HeaderMap) -> Language {
    chosen_language(headers).unwrap_or_default()
}

/// To the sign-in, and from there back to `wanted`.
pub fn asked_first(wanted: &str) -> Response {
    match place_of_ours(wanted) {
        Some("/" | "/console") | None => Redirect::to("/sign-in").into_response(),
        Some(wanted) => Redirect::to(&format!("/sign-in?wanted={}", escaped(wanted))).into_response(),
    }
}

/// A place to go to, if it is one of the console's own.
fn place_of_ours(wanted: &str) -> Option<&str> {
    let path = wanted.split(['?', '#']).next().unwrap_or_default();
    let ours = path == "/"
        || ["/console", "/me", "/operator"]
            .iter()
            .any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    // Of what an address is made of, so that it fits a header and a cookie as it stands.
    let plain =
        wanted.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b';' | b',' | b'"'));
    (ours && plain).then_some(wanted)
}

/// Where whoever signed in begins: at the console, or with their own account.
async fn home(State(console): State<Console>, headers: HeaderMap) -> Response {
    if let Some(wanted) = cookie(&headers, WANTED) {
        let place = place_of_ours(&wanted).filter(|place| *place != "/").unwrap_or("/console");
        return forget(Redirect::to(place).into_response(), WANTED);
    }
    let caller = match cookie(&headers, SESSION) {
        Some(secret) => console.app.caller(&secret).await.unwrap_or_default(),
        None => None,
    };
    let reads = caller.and_then(|caller| {
        let organisation = caller.actor.organisation()?;
        Some(caller.actor.has(Power::Read, organisation))
    });
    let place = match reads {
        None => "/sign-in",
        Some(true) => "/console",
        Some(false) => "/me",
    };
    Redirect::to(place).into_response()
}

async fn show(headers: HeaderMap, Asked(asked): Asked) -> Response {
    let language = language_of(&headers);
    let page = layout::alone(
        StatusCode::OK,
        language.pick("Se connecter", "Sign in"),
        &form(&asked, None, language),
        language,
    );
    // Whoever goes on at an identity provider comes back without the query.
    match asked.get("wanted").and_then(place_of_ours) {
        Some(wanted) => keep(page, WANTED, wanted, Some(WANTED_KEPT)),
        None => page,
    }
}

fn form(fields: &Fields, wrong: Option<Markup>, language: Language) -> Markup {
    html! {
        @if let Some(wrong) = wrong { p.refusal role="alert" { (wrong) } }
        form.stack method="post" action="/sign-in" {
            @if let Some(wanted) = fields.get("wanted") { input type="hidden" name="wanted" value=(wanted); }
            div.field {
                label for="login" { (language.pick("Adresse", "Address")) }
                input #login name="login" type="email" autocomplete="username" required
                    value=[fields.get("login")];
            }
            div.field {
                label for="password" { (language.pick("Mot de passe", "Password")) }
                input #password name="password" type="password" autocomplete="current-password" required;
            }
            button.primary type="submit" { (language.pick("Se connecter", "Sign in")) }
        }
        p.or { (language.pick("ou", "or")) }
        (by_passkey(None, fields, language))
        p { a.button.wide href="/sso" {
            (language.pick("Continuer avec votre organisation (SSO)", "Continue with your organisation (SSO)"))
        } }
    }
}

async fn sign_in(
    State(console): State<Console>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Sent(sent): Sent,
) -> Response {
    let language = language_of(&headers);
    let network = Network::from(peer.ip());
    let (login, password) = (sent.get("login").unwrap_or_default(), sent.verbatim("password"));
    match console.app.sign_in_to_portal(login, password.unwrap_or_default(), network).await {
        Ok(PortalAnswer::In(account)) => {
            match console.app.open_session(&account, &Origin::of(network, agent(&headers))).await {
                Ok(session) => let_in(&session.secret, &sent),
                Err(error) => failed(&error, &sent, language),
            }
        }
        Ok(PortalAnswer::Code(half)) => {
            let form = second_half(&half.secret, &half.of.ways, &sent, None, language);
            layout::alone(StatusCode::OK, second_half_title(language), &form, language)
        }
        Err(refusal) => turned_away(&refusal, &sent, language),
    }
}

pub fn agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::USER_AGENT)?.to_str().ok()
}

pub fn let_in(secret: &str, sent: &Fields) -> Response {
    let place = sent.get("wanted").and_then(place_of_ours).unwrap_or("/");
    forget(keep(Redirect::to(place).into_response(), SESSION, secret, None), WANTED)
}

fn turned_away(refusal: &SignInRefusal, sent: &Fields, language: Language) -> Response {
    let wrong = match refusal {
        SignInRefusal::SignOnNeeded { url } => html! {
            (language.pick(
                "Votre organisation se connecte chez son fournisseur d'identité\u{a0}; ",
                "Your organisation signs in at its identity provider; ",
            ))
            a href=(url) { (language.pick("continuez là-bas", "go on there")) } "."
        },
        SignInRefusal::Credentials
        | SignInRefusal::Closed
        | SignInRefusal::AppPasswordNeeded
        | SignInRefusal::TooManyAttempts
        | SignInRefusal::Unavailable => html! { (sentence_of_sign_in(refusal, language)) },
    };
    let title = language.pick("Se connecter", "Sign in");
    layout::alone(status_of_sign_in(refusal), title, &form(sent, Some(wrong), language), language)
}

/// The page of signing in, with what stands in the way of a passkey.
pub fn refused(fault: &Fault, sent: &Fields, language: Language) -> Response {
    if let Fault::SignIn(refusal) = fault {
        return turned_away(refusal, sent, language);
    }
    if let Some(text) = fault.inner_text() {
        tracing::error!(text, "a sign-in failed");
    }
    let wrong = html! { (fault.sentences(language).join(" ")) };
    let title = language.pick("Se connecter", "Sign in");
    layout::alone(fault.status(), title, &form(sent, Some(wrong), language), language)
}

fn failed(error: &Error, sent: &Fields, language: Language) -> Response {
    if let Error::Internal(text) | Error::Unavailable(text) = error {
        tracing::error!(text, "a sign-in failed");
    }
    let wrong = html! { (failure::sentence(error, language)) };
    let title = language.pick("Se connecter", "Sign in");
    layout::alone(failure::status(error), title, &form(sent, Some(wrong), language), language)
}

/// Shown by the script, where the browser knows passkeys.
fn by_passkey(half: Option<&str>, sent: &Fields, language: Language) -> Markup {
    html! {
        form.stack method="post" action="/sign-in/passkey" data-passkey="get" data-begin="/sign-in/passkey/begin"
            data-with-passkeys hidden {
            @if let Some(wanted) = sent.get("wanted") { input type="hidden" name="wanted" value=(wanted); }
            @if let Some(half) = half { input type="hidden" name="half" value=(half); }
            input type="hidden" name="credential";
            p.refusal data-trouble hidden role="alert" { (language.pick(
                "L'appareil n'a pas répondu avec une clé d'accès\u{a0}; recommencez, ou connectez-vous autrement.",
                "The device did not answer with a passkey; try again, or sign in another way.",
            )) }
            button.wide type="submit" { (language.pick("Utiliser une clé d'accès", "Use a passkey")) }
        }
    }
}

fn second_half_title(language: Language) -> &'static str {
    language.pick("Encore une étape", "One more step")
}

fn second_half(
    half: &str,
    ways: &[SecondWay],
    sent: &Fields,
    wrong: Option<&str>,
    language: Language,
) -> Markup {
    html! {
        @if let Some(wrong) = wrong { p.refusal role="alert" { (wrong) } }
        @if ways.contains(&SecondWay::Passkey) {
            (by_passkey(Some(half), sent, language))
            noscript { p { (language.pick("Les clés d'accès demandent JavaScript.", "Passkeys need JavaScript.")) } }
        }
        @if ways.contains(&SecondWay::Code) { (code_form(half, sent, language)) }
        p { a href="/sign-in" { (language.pick("Recommencer", "Begin again")) } }
    }
}

fn code_form(half: &str, sent: &Fields, language: Language) -> Markup {
    html! {
        form.stack method="post" action="/sign-in/code" {
            @if let Some(wanted) = sent.get("wanted") { input type="hidden" name="wanted" value=(wanted); }
            input type="hidden" name="half" value=(half);
            div.field {
                label for="code" { (language.pick("Code à six chiffres, ou code de secours", "Code of six digits, or recovery code")) }
                input #code name="code" inputmode="numeric" autocomplete="one-time-code" required
                    aria-describedby="code-hint" autofocus;
                p.hint #code-hint { (language.pick(
                    "Votre application de codes le montre\u{a0}; chacun sert une fois.",
                    "Your code application shows it; each works once.",
                )) }
            }
            button.primary type="submit" { (language.pick("Continuer", "Continue")) }
        }
    }
}

async fn complete(
    State(console): State<Console>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Sent(sent): Sent,
) -> Response {
    let language = language_of(&headers);
    let network = Network::from(peer.ip());
    let origin = Origin::of(network, agent(&headers));
    let (half, code) = (sent.get("half").unwrap_or_default(), sent.get("code").unwrap_or_default());
    match console.app.complete_sign_in(half, code, network, &origin).await {
        Ok(Ok(session)) => let_in(&session.secret, &sent),
        Ok(Err(refusal)) => turned_away(&refusal, &sent, language),
        Err(error) => {
            let wrong = failure::sentence(&error, language);
            let form =
                second_half(half, &[SecondWay::Code, SecondWay::Passkey], &sent, Some(&wrong), language);
            layout::alone(failure::status(&error), second_half_title(language), &form, language)
        }
    }
}

/// Ends the session here, and where its person signed in: the browser goes on to the identity provider by itself. Not by a
/// redirect: a form of ours leads nowhere else.
async fn sign_out(State(console): State<Console>, headers: HeaderMap) -> Response {
    let language = language_of(&headers);
    let Some(secret) = cookie(&headers, SESSION) else { return Redirect::to("/sign-in").into_response() };
    let farewell = match console.app.sign_out_everywhere(&secret).await {
        Ok(farewell) => farewell,
        Err(error) => return failed(&error, &Fields::default(), language),
    };
    let main = html! {
        p { (language.pick("Cette session est terminée.", "This session has ended.")) }
        @if let Some(provider) = &farewell {
            p { (language.pick(
                "Vous êtes aussi déconnecté du fournisseur d'identité de votre organisation\u{a0}; si rien ne se passe\u{a0}:",
                "You are signed out at your organisation's identity provider, too; if nothing happens:",
            )) }
            p { a.button.wide href=(provider) { (language.pick("S'y déconnecter", "Sign out there")) } }
        }
        p { a.button.wide href="/sign-in" { (language.pick("Se reconnecter", "Sign in again")) } }
    };
    let title = language.pick("Vous êtes déconnecté", "You are signed out");
    let mut page = forget(layout::alone(StatusCode::OK, title, &main, language), SESSION);
    let onwards = farewell.and_then(|provider| HeaderValue::from_str(&format!("0; url={provider}")).ok());
    if let Some(onwards) = onwards {
        page.headers_mut().insert(header::REFRESH, onwards);
    }
    page
}

async fn choose_language(Sent(sent): Sent) -> Response {
    let place = sent.get("wanted").and_then(place_of_ours).unwrap_or("/sign-in");
    let response = Redirect::to(place).into_response();
    match sent.get("language").and_then(Language::from_tag) {
        Some(language) => keep(response, LANGUAGE, language.tag(), Some(LANGUAGE_KEPT)),
        None => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_anywhere_else_after_signing_in() {
        for (wanted, ours) in [
            ("/console/accounts?state=active", true),
            ("/console", true),
            ("/me/password", true),
            ("/", true),
            ("/consoles", false),
            ("//evil.test/console", false),
            ("https://evil.test/console", false),
            ("/console\\evil", false),
            ("/console\r\nSet-Cookie: a=b", false),
            ("/console?a=b;c", false),
            ("", false),
        ] {
            assert_eq!(place_of_ours(wanted).is_some(), ours, "{wanted}");
        }
    }
}
