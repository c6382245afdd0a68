//! A new password, by whoever knows the one there is.

use super::{Said, Tab, show};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::Sent;
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use maud::html;
use relais_app::core::language::Language;
use relais_app::core::password::LENGTH_MIN;
use relais_app::{Network, SignInRefusal};
use std::net::SocketAddr;

pub fn routes() -> Router<Console> {
    Router::new().route("/me/password", get(look).post(change))
}

async fn look(visitor: Visitor) -> Answer {
    page(&visitor, &Said::Nothing)
}

async fn change(visitor: Visitor, ConnectInfo(peer): ConnectInfo<SocketAddr>, Sent(sent): Sent) -> Answer {
    let wanted = sent.verbatim("new").unwrap_or_default();
    let done = match wanted == sent.verbatim("again").unwrap_or_default() {
        false => Err(Fault::Unlike),
        true => {
            let known = sent.verbatim("current").unwrap_or_default();
            set(&visitor, known, wanted, Network::from(peer.ip())).await
        }
    };
    match done {
        // It has ended this session, too.
        Ok(()) => Ok(Redirect::to("/sign-in").into_response()),
        Err(fault) if fault.inner_text().is_some() => Err(fault),
        Err(fault) => page(&visitor, &Said::Refused(&fault)),
    }
}

async fn set(visitor: &Visitor, known: &str, wanted: &str, network: Network) -> Result<(), Fault> {
    if visitor.account.password.is_some() {
        let login = visitor.account.address.as_str();
        match visitor.app.sign_in_to_portal(login, known, network).await {
            Ok(_) | Err(SignInRefusal::SignOnNeeded { .. }) => {}
            Err(refusal) => return Err(Fault::SignIn(refusal)),
        }
    }
    visitor.app.set_password(visitor.account.id, wanted.to_owned(), visitor.actor()).await?;
    Ok(())
}

fn page(visitor: &Visitor, said: &Said<'_>) -> Answer {
    let ends = visitor.pick(
        "Un nouveau mot de passe termine toutes vos sessions, celle-ci aussi, et les mots de passe de vos appareils ne valent plus rien\u{a0}: il faudra en refaire.",
        "A new password ends all your sessions, this one too, and the passwords of your devices are void: you will have to make others.",
    );
    let rule = match visitor.language {
        Language::French => {
            format!(
                "Au moins {LENGTH_MIN} caractères\u{a0}; quatre ou cinq mots sans rapport entre eux conviennent bien."
            )
        }
        Language::English => {
            format!(
                "At least {LENGTH_MIN} characters; four or five words that have nothing to do with each other do well."
            )
        }
    };
    let main = html! {
        p.note { (ends) }
        form.stack.card method="post" action="/me/password" {
            input type="hidden" name="username" autocomplete="username" value=(visitor.account.address);
            @if visitor.account.password.is_some() {
                div.field {
                    label for="current" { (visitor.pick("Mot de passe actuel", "Current password")) }
                    input #current name="current" type="password" autocomplete="current-password" required;
                }
            }
            div.field {
                label for="new" { (visitor.pick("Nouveau mot de passe", "New password")) }
                input #new name="new" type="password" autocomplete="new-password" required aria-describedby="rule";
                p.hint #rule { (rule) }
            }
            div.field {
                label for="again" { (visitor.pick("Encore une fois", "Once more")) }
                input #again name="again" type="password" autocomplete="new-password" required;
            }
            div { button.primary type="submit" { (visitor.pick("Changer", "Change")) } }
        }
    };
    Ok(show(visitor, Tab::Password, said, &main))
}
