//! The page on which a person chooses a password: another one, or their first.

use crate::doors::link_page;
use maud::{Markup, html};
use relais_app::core::invitation::LinkPurpose;
use relais_app::core::language::Language;
use relais_app::core::password::LENGTH_MIN;

/// What the page has to say.
pub enum Said {
    Ask(LinkPurpose),
    /// What was typed will not do: the sentence, and the form once more.
    AskAgain(LinkPurpose, String),
    Done(LinkPurpose),
    /// The link cannot be used: the sentence.
    Void(String),
}

pub fn page(said: &Said, language: Language) -> Markup {
    let title = match said {
        Said::Ask(LinkPurpose::Reset) | Said::AskAgain(LinkPurpose::Reset, _) => {
            language.pick("Nouveau mot de passe", "New password")
        }
        Said::Ask(LinkPurpose::Invitation) | Said::AskAgain(LinkPurpose::Invitation, _) => {
            language.pick("Bienvenue", "Welcome")
        }
        Said::Done(LinkPurpose::Reset) => language.pick("Mot de passe changé", "Password changed"),
        Said::Done(LinkPurpose::Invitation) => language.pick("Compte ouvert", "Account opened"),
        Said::Void(_) => language.pick("Lien périmé", "Link no longer valid"),
    };
    let main = html! {
        @match said {
            Said::Ask(purpose) => (form(*purpose, None, language)),
            Said::AskAgain(purpose, why) => (form(*purpose, Some(why), language)),
            Said::Done(LinkPurpose::Invitation) => p { (language.pick(
                "Votre mot de passe est en place et votre compte est ouvert. Vous pouvez fermer cette page et vous connecter.",
                "Your password is in place and your account is open. You can close this page and sign in.",
            )) },
            Said::Done(LinkPurpose::Reset) => p { (language.pick(
                "Votre nouveau mot de passe est en place et vos connexions ouvertes ont été coupées. Vous pouvez fermer cette page et vous reconnecter.",
                "Your new password is in place and your open connections were cut. You can close this page and sign in again.",
            )) },
            Said::Void(why) => p.wrong role="alert" { (why) },
        }
    };
    link_page::page(title, &main, language)
}

/// Sent to the address of the page itself.
fn form(purpose: LinkPurpose, wrong: Option<&str>, language: Language) -> Markup {
    let (label, send) = match purpose {
        LinkPurpose::Reset => (
            language.pick("Nouveau mot de passe", "New password"),
            language.pick("Changer le mot de passe", "Change the password"),
        ),
        LinkPurpose::Invitation => {
            (language.pick("Votre mot de passe", "Your password"), language.pick("Entrer", "Enter"))
        }
    };
    let length = match language {
        Language::French => format!("Au moins {LENGTH_MIN} caractères."),
        Language::English => format!("At least {LENGTH_MIN} characters."),
    };
    html! {
        @if let Some(why) = wrong { p.wrong role="alert" { (why) } }
        form method="post" {
            label for="password" { (label) }
            input #password name="password" type="password" autocomplete="new-password" required minlength=(LENGTH_MIN)
                aria-describedby="length";
            p.under #length { (length) }
            label for="again" { (language.pick("Encore une fois", "Once more")) }
            input #again name="again" type="password" autocomplete="new-password" required;
            button type="submit" { (send) }
        }
    }
}
