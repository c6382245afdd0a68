//! Passkeys, and codes of an authenticator app with recovery codes.

use super::{Said, Tab, answered, qr, show, while_fresh};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields, Sent};
use crate::doors::console::passkeys::asked_of_browser;
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::SecondFactorState;
use relais_app::core::ids::PasskeyId;
use relais_app::read::Passkey;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/me/second-factor", get(look))
        .route("/me/second-factor/codes", post(begin))
        .route("/me/second-factor/confirm", post(confirm))
        .route("/me/second-factor/recovery-codes", post(renew))
        .route("/me/second-factor/remove", post(remove))
        .route("/me/second-factor/passkeys/begin", post(begin_passkey))
        .route("/me/second-factor/passkeys", post(add_passkey))
        .route("/me/second-factor/passkeys/change", post(change_passkey))
}

async fn look(visitor: Visitor, Asked(asked): Asked) -> Answer {
    page(&visitor, &Said::by(&asked)).await
}

async fn then(visitor: &Visitor, done: Result<(), Fault>) -> Answer {
    answered(done, Tab::SecondFactor, async |fault| page(visitor, &Said::Refused(fault)).await).await
}

async fn begin_passkey(visitor: Visitor) -> Response {
    let asked = visitor.app.begin_passkey(visitor.account.id, &visitor.caller).await;
    asked_of_browser(asked.map_err(Fault::from), visitor.language)
}

async fn add_passkey(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let done = add(&visitor, &sent).await;
    then(&visitor, done).await
}

async fn add(visitor: &Visitor, sent: &Fields) -> Result<(), Fault> {
    let answer = serde_json::from_str(sent.need("credential")?).map_err(|_| Fault::Unreadable)?;
    let name = sent.get("name").unwrap_or_default().to_owned();
    visitor.app.finish_passkey(visitor.account.id, name, answer, visitor.actor()).await?;
    Ok(())
}

async fn change_passkey(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let done = rename_or_remove(&visitor, &sent).await;
    then(&visitor, done).await
}

async fn rename_or_remove(visitor: &Visitor, sent: &Fields) -> Result<(), Fault> {
    let passkey: PasskeyId = sent.read("passkey").ok_or(Fault::Missing { field: "passkey" })?;
    let (id, actor) = (visitor.account.id, visitor.actor());
    if sent.get("act") == Some("remove") {
        visitor.app.remove_passkey(id, passkey, actor).await?;
    } else {
        let name = sent.get("name").unwrap_or_default().to_owned();
        visitor.app.rename_passkey(id, passkey, name, actor).await?;
    }
    Ok(())
}

async fn begin(visitor: Visitor) -> Answer {
    match visitor.app.begin_second_factor(visitor.account.id, visitor.actor()).await {
        Ok(begun) => Ok(to_confirm(&visitor, &begun.secret, &begun.uri, &Said::Nothing)),
        Err(error) => then(&visitor, Err(error.into())).await,
    }
}

async fn confirm(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let code = sent.get("code").unwrap_or_default().to_owned();
    match visitor.app.confirm_second_factor(visitor.account.id, code, visitor.actor()).await {
        Ok(codes) => Ok(recovery_codes(&visitor, &codes)),
        Err(error) => {
            let fault = Fault::from(error);
            let (secret, uri) = (sent.get("secret").unwrap_or_default(), sent.get("uri").unwrap_or_default());
            Ok(to_confirm(&visitor, secret, uri, &Said::Refused(&fault)))
        }
    }
}

async fn renew(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let code = sent.get("code").unwrap_or_default().to_owned();
    match visitor.app.renew_recovery_codes(visitor.account.id, code, visitor.actor()).await {
        Ok(codes) => Ok(recovery_codes(&visitor, &codes)),
        Err(error) => then(&visitor, Err(error.into())).await,
    }
}

async fn remove(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let code = sent.get("code").map(str::to_owned);
    let done = visitor.app.remove_second_factor(visitor.account.id, code, visitor.actor()).await;
    then(&visitor, done.map_err(Fault::from)).await
}

async fn page(visitor: &Visitor, said: &Said<'_>) -> Answer {
    let (account, actor) = (&visitor.account, visitor.actor());
    let passkeys = visitor.app.passkeys_of(account, &actor).await?;
    let state = visitor.app.second_factor_of(account, &actor).await?;
    let form = while_fresh(visitor, Tab::SecondFactor, new_passkey(visitor)).await?;
    let main = html! {
        p.note { (visitor.pick(
            "Dès qu'il y a une clé d'accès ou un code, le mot de passe seul n'ouvre plus rien\u{a0}: les téléphones et Thunderbird ont besoin d'un mot de passe d'application.",
            "As soon as there is a passkey or a code, the password alone opens nothing any more: phones and Thunderbird need an app password.",
        )) " " a href="/me/app-passwords" { (visitor.pick("En créer un", "Create one")) } "." }
        h2 { (visitor.pick("Clés d'accès", "Passkeys")) }
        p { (visitor.pick(
            "L'empreinte, le visage ou le code de votre appareil vous connecte, sans adresse ni mot de passe.",
            "The fingerprint, the face or the code of your device signs you in, without address or password.",
        )) }
        @for passkey in &passkeys { (one_passkey(visitor, passkey)) }
        (form)
        h2 { (visitor.pick("Codes d'une application", "Codes of an app")) }
        (codes(visitor, &state))
    };
    Ok(show(visitor, Tab::SecondFactor, said, &main))
}

fn one_passkey(visitor: &Visitor, passkey: &Passkey) -> Markup {
    let field = format!("name-{}", passkey.id);
    html! {
        div.card {
            form.stack method="post" action="/me/second-factor/passkeys/change" {
                input type="hidden" name="passkey" value=(passkey.id);
                div.field {
                    label for=(field) { (visitor.pick("Nom", "Name")) }
                    input id=(field) name="name" value=(passkey.name) required maxlength="100";
                    p.hint {
                        (visitor.pick("Ajoutée le ", "Added on ")) (visitor.day(passkey.created_at))
                        @if let Some(used) = passkey.used_at {
                            (visitor.pick(", utilisée le ", ", used on ")) (visitor.minute(used))
                        }
                        @if passkey.backed_up {
                            (visitor.pick(", sur plusieurs appareils", ", on several devices"))
                        }
                    }
                }
                div.actions {
                    button type="submit" { (visitor.pick("Renommer", "Rename")) }
                    button.grave type="submit" name="act" value="remove" { (visitor.pick("Supprimer", "Remove")) }
                }
            }
        }
    }
}

fn new_passkey(visitor: &Visitor) -> Markup {
    html! {
        form.stack.card method="post" action="/me/second-factor/passkeys"
            data-passkey="create" data-begin="/me/second-factor/passkeys/begin" {
            input type="hidden" name="credential";
            div.field {
                label for="passkey-name" { (visitor.pick("Nom de la nouvelle clé d'accès", "Name of the new passkey")) }
                input #passkey-name name="name" required maxlength="100"
                    placeholder=(visitor.pick("Mon téléphone", "My phone"));
            }
            p.refusal data-trouble hidden role="alert" { (visitor.pick(
                "L'appareil n'a pas créé de clé d'accès\u{a0}; recommencez, ou prenez un autre appareil.",
                "The device made no passkey; try again, or take another device.",
            )) }
            div { button.primary type="submit" disabled { (visitor.pick("Ajouter une clé d'accès", "Add a passkey")) } }
            noscript { p.hint { (visitor.pick(
                "Les clés d'accès demandent JavaScript.", "Passkeys need JavaScript.",
            )) } }
        }
    }
}

fn code_field(visitor: &Visitor, id: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { (visitor.pick("Code à six chiffres, ou code de secours", "Code of six digits, or recovery code")) }
            input id=(id) name="code" inputmode="numeric" autocomplete="one-time-code" required;
        }
    }
}

fn codes(visitor: &Visitor, state: &SecondFactorState) -> Markup {
    let Some(since) = state.confirmed_at else {
        return html! {
            form.card method="post" action="/me/second-factor/codes" {
                p { (visitor.pick(
                    "Une application d'authentification affiche un code qui change toutes les trente secondes.",
                    "An authenticator app shows a code that changes every thirty seconds.",
                )) }
                button type="submit" { (visitor.pick("Configurer une application", "Set up an app")) }
            }
        };
    };
    html! {
        div.card {
            p {
                (visitor.pick("En place depuis le ", "In place since ")) (visitor.day(since))
                (visitor.pick("\u{a0}; codes de secours restants\u{a0}: ", "; recovery codes left: "))
                (state.recovery_codes_left) "."
            }
            details {
                summary { (visitor.pick("D'autres codes de secours", "Other recovery codes")) }
                form.stack method="post" action="/me/second-factor/recovery-codes" {
                    (code_field(visitor, "renew-code"))
                    div { button type="submit" { (visitor.pick("Remplacer les codes de secours", "Replace the recovery codes")) } }
                }
            }
            details {
                summary { (visitor.pick("Ne plus demander de code", "Ask for no code any more")) }
                form.stack method="post" action="/me/second-factor/remove" {
                    (code_field(visitor, "remove-code"))
                    div { button.grave type="submit" { (visitor.pick("Supprimer l'application", "Remove the app")) } }
                }
            }
        }
    }
}

/// The secret is shown this once; a wrong code does not begin anew.
fn to_confirm(visitor: &Visitor, secret: &str, uri: &str, said: &Said<'_>) -> Response {
    let main = html! {
        h2 { (visitor.pick("Configurer une application", "Set up an app")) }
        ol {
            li {
                (visitor.pick("Photographiez ce code avec elle\u{a0}:", "Take a picture of this code with it:"))
                (qr::code(uri, visitor.pick("Code QR du secret", "QR code of the secret")))
                (visitor.pick("Sur ce téléphone-ci\u{a0}: ", "On this very phone: "))
                a href=(uri) { (visitor.pick("ouvrir l'application d'authentification", "open the authenticator app")) }
                (visitor.pick("\u{a0}; ou saisissez-y ce secret\u{a0}: ", "; or type this secret into it: "))
                code { (secret) }
            }
            li { (visitor.pick("Saisissez ici le code qu'elle affiche.", "Type the code that it shows here.")) }
        }
        form.stack.card method="post" action="/me/second-factor/confirm" {
            input type="hidden" name="secret" value=(secret);
            input type="hidden" name="uri" value=(uri);
            div.field {
                label for="code" { (visitor.pick("Code à six chiffres", "Code of six digits")) }
                input #code name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus;
            }
            div { button.primary type="submit" { (visitor.pick("Confirmer", "Confirm")) } }
        }
    };
    show(visitor, Tab::SecondFactor, said, &main)
}

fn recovery_codes(visitor: &Visitor, codes: &[String]) -> Response {
    let main = html! {
        h2 { (visitor.pick("Vos codes de secours", "Your recovery codes")) }
        p.warning { (visitor.pick(
            "Chacun sert une fois, si l'appareil est perdu. Ils ne sont affichés que maintenant\u{a0}: gardez-les ailleurs que sur l'appareil.",
            "Each works once, if the device is lost. They are shown now and never again: keep them somewhere else than on the device.",
        )) }
        ul.card.plain-list { @for code in codes { li { code { (code) } } } }
        p.actions { a.button.primary href="/me/second-factor" { (visitor.pick("Ils sont en lieu sûr", "They are in a safe place")) } }
    };
    show(visitor, Tab::SecondFactor, &Said::Done, &main)
}
