//! One's own account: who one is, what lets one in, where one's mail goes. Everybody who may sign in has these pages, and
//! nobody has those of somebody else.

mod absence;
mod app_passwords;
mod export;
mod password;
mod photo;
mod profile;
mod qr;
mod second_factor;
mod sessions;
mod shares;

use super::Console;
use super::fault::{Answer, Fault};
use super::layout::Page;
use super::said::{self, Said};
use super::visitor::Visitor;
use axum::Router;
use axum::response::Response;
use maud::{Markup, html};
use relais_app::Error;
use relais_app::core::language::Language;

pub fn routes() -> Router<Console> {
    Router::new()
        .merge(profile::routes())
        .merge(photo::routes())
        .merge(password::routes())
        .merge(second_factor::routes())
        .merge(app_passwords::routes())
        .merge(sessions::routes())
        .merge(absence::routes())
        .merge(shares::routes())
        .merge(export::routes())
}

/// The pages, in the order in which they are named at the side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Profile,
    Password,
    SecondFactor,
    AppPasswords,
    Sessions,
    Absence,
    Shares,
    Export,
}

impl Tab {
    const ALL: [Self; 8] = [
        Self::Profile,
        Self::Password,
        Self::SecondFactor,
        Self::AppPasswords,
        Self::Sessions,
        Self::Absence,
        Self::Shares,
        Self::Export,
    ];

    fn place(self) -> &'static str {
        match self {
            Self::Profile => "/me",
            Self::Password => "/me/password",
            Self::SecondFactor => "/me/second-factor",
            Self::AppPasswords => "/me/app-passwords",
            Self::Sessions => "/me/sessions",
            Self::Absence => "/me/absence",
            Self::Shares => "/me/shares",
            Self::Export => "/me/export",
        }
    }

    fn name(self, language: Language) -> &'static str {
        match self {
            Self::Profile => language.pick("Mes données", "My data"),
            Self::Password => language.pick("Mot de passe", "Password"),
            Self::SecondFactor => language.pick("Clés d'accès et codes", "Passkeys and codes"),
            Self::AppPasswords => language.pick("Téléphone et ordinateur", "Phone and computer"),
            Self::Sessions => language.pick("Sessions", "Sessions"),
            Self::Absence => language.pick("Absence", "Out of office"),
            Self::Shares => language.pick("Partages", "Shares"),
            Self::Export => language.pick("Mon archive", "My archive"),
        }
    }
}

/// Where they are, and what they are called.
pub fn pages(visitor: &Visitor) -> impl Iterator<Item = (&'static str, &'static str)> {
    Tab::ALL.into_iter().map(|tab| (tab.place(), tab.name(visitor.language)))
}

/// One page.
fn show(visitor: &Visitor, tab: Tab, said: &Said<'_>, main: &Markup) -> Response {
    let main = html! { (said.shown(visitor)) (main) };
    visitor.page_with(said.status(), &Page { title: tab.name(visitor.language), section: None, main })
}

/// Where a way in is added: `form`, as long as the visitor has signed in just now; before it the way to sign in again.
async fn while_fresh(visitor: &Visitor, tab: Tab, form: Markup) -> Result<Markup, Fault> {
    match visitor.app.check_fresh(&visitor.caller).await {
        Ok(()) => Ok(form),
        Err(Error::Refused(refusal)) => Ok(html! {
            div.card {
                p { (refusal.sentence(visitor.language)) }
                p.actions { a.button.primary href={ "/sign-in?wanted=" (tab.place()) } { (visitor.pick("Se connecter à nouveau", "Sign in again")) } }
            }
        }),
        Err(error) => Err(error.into()),
    }
}

/// To the page of `tab`, which says that it is done; or what stands in the way, on a page that `again` makes.
async fn answered(done: Result<(), Fault>, tab: Tab, again: impl AsyncFnOnce(&Fault) -> Answer) -> Answer {
    said::answered(done, tab.place(), again).await
}
