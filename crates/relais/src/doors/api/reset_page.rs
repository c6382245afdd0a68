//! The page on which a person chooses a new password. Works without scripts, with a keyboard and a screen reader, and
//! loads nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use relais_app::core::language::Language;
use relais_app::core::password::LENGTH_MIN;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = "
:root { color-scheme: light; }
body { margin: 0 auto; padding: 2.5rem 1.5rem; max-width: 28rem; background: #fff; color: #1d2433;
       font: 1rem/1.55 'Source Sans 3', 'Segoe UI', system-ui, sans-serif; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; font-weight: 600; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; padding: .5rem .6rem; border: 1px solid #5a6478; border-radius: .25rem; font: inherit; }
button { margin-top: 1.5rem; padding: .55rem 1.2rem; border: 0; border-radius: .25rem; background: #1f4b8f; color: #fff; font: inherit; }
input:focus-visible, button:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px; }
.wrong { padding: .6rem .8rem; border-left: 4px solid #a3211b; background: #fbeeed; }
.under { color: #4a5468; }
";

/// What the page may do: nothing is loaded or run but its own style, and the form goes nowhere else.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
});

/// What the page has to say.
pub enum Said {
    Ask,
    /// What was typed will not do: the sentence, and the form once more.
    AskAgain(String),
    Done,
    /// The link cannot be used: the sentence.
    Void(String),
}

pub fn page(said: &Said, language: Language) -> Markup {
    let title = match said {
        Said::Ask | Said::AskAgain(_) => language.pick("Nouveau mot de passe", "New password"),
        Said::Done => language.pick("Mot de passe changé", "Password changed"),
        Said::Void(_) => language.pick("Lien périmé", "Link no longer valid"),
    };
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    @match said {
                        Said::Ask => (form(None, language)),
                        Said::AskAgain(why) => (form(Some(why), language)),
                        Said::Done => p { (language.pick(
                            "Votre nouveau mot de passe est en place et vos connexions ouvertes ont été coupées. Vous pouvez fermer cette page et vous reconnecter.",
                            "Your new password is in place and your open connections were cut. You can close this page and sign in again.",
                        )) },
                        Said::Void(why) => p.wrong role="alert" { (why) },
                    }
                }
            }
        }
    }
}

/// Sent to the address of the page itself.
fn form(wrong: Option<&str>, language: Language) -> Markup {
    let length = match language {
        Language::French => format!("Au moins {LENGTH_MIN} caractères."),
        Language::English => format!("At least {LENGTH_MIN} characters."),
    };
    html! {
        @if let Some(why) = wrong { p.wrong role="alert" { (why) } }
        form method="post" {
            label for="password" { (language.pick("Nouveau mot de passe", "New password")) }
            input #password name="password" type="password" autocomplete="new-password" required minlength=(LENGTH_MIN)
                aria-describedby="length";
            p.under #length { (length) }
            label for="again" { (language.pick("Encore une fois", "Once more")) }
            input #again name="again" type="password" autocomplete="new-password" required;
            button type="submit" { (language.pick("Changer le mot de passe", "Change the password")) }
        }
    }
}
