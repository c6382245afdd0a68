//! The pages of single sign-on.

use crate::doors::link_page::{self, FormLeads};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use relais_app::Membership;
use relais_app::core::address::EmailAddress;
use relais_app::core::language::Language;

/// What a page has to say.
pub enum Said {
    /// With which address?
    Ask,
    Closed {
        account: EmailAddress,
        elsewhere: Vec<Membership>,
    },
    /// The sentence.
    Refused(String),
    Unavailable,
}

pub fn answer(status: StatusCode, said: &Said, language: Language) -> Response {
    link_page::answered(status, page(said, language), FormLeads::Elsewhere, language)
}

fn page(said: &Said, language: Language) -> Markup {
    let title = match said {
        Said::Ask => language.pick("Se connecter", "Sign in"),
        Said::Closed { .. } => language.pick("Compte fermé", "Account closed"),
        Said::Refused(_) | Said::Unavailable => language.pick("Connexion impossible", "Sign-in not possible"),
    };
    let main = html! {
        @match said {
            Said::Ask => (ask(language)),
            Said::Closed { account, elsewhere } => (closed(account, elsewhere, language)),
            Said::Refused(why) => {
                p.wrong role="alert" { (why) }
                p { a href="/sso" { (language.pick("Recommencer", "Begin again")) } }
            }
            Said::Unavailable => p.wrong role="alert" { (language.pick(
                "Le service est indisponible pour l'instant ; réessayez dans quelques secondes.",
                "The service is not available for now; try again in a few seconds.",
            )) },
        }
    };
    link_page::page(title, &main, language)
}

fn ask(language: Language) -> Markup {
    html! {
        form method="get" action="/sso/start" {
            label for="login" { (language.pick("Votre adresse", "Your address")) }
            input #login name="login" type="email" autocomplete="username" required
                aria-describedby="where";
            p.under #where { (language.pick(
                "Vous continuerez chez le fournisseur d'identité de votre organisation.",
                "You go on at your organisation's identity provider.",
            )) }
            button type="submit" { (language.pick("Continuer", "Continue")) }
        }
    }
}

fn closed(account: &EmailAddress, elsewhere: &[Membership], language: Language) -> Markup {
    let why = match language {
        Language::French => {
            format!("Le compte {account} est fermé ; adressez-vous à un administrateur de l'organisation.")
        }
        Language::English => {
            format!("The account {account} is closed; ask an administrator of the organisation.")
        }
    };
    html! {
        p.wrong role="alert" { (why) }
        @if !elsewhere.is_empty() {
            p { (language.pick("Vos comptes dans d'autres organisations restent ouverts :", "Your accounts in other organisations stay open:")) }
            ul {
                @for membership in elsewhere {
                    li { (membership.organisation) " – " (membership.address) }
                }
            }
        }
    }
}
