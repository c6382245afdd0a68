//! Pages that people open in a browser without a console: those behind links in letters, and those of single sign-on. They work without scripts, with a keyboard and a screen reader, and load nothing.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use relais_app::core::language::Language;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = "
:root { color-scheme: light; }
body { margin: 0 auto; padding: 2.5rem 1.5rem; max-width: 28rem; background: #fff; color: #1d2433;
       font: 1rem/1.55 'Source Sans 3', 'Segoe UI', system-ui, sans-serif; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; font-weight: 600; }
dl { margin: 1rem 0; }
dt { color: #4a5468; }
dd { margin: 0 0 .6rem; font-weight: 600; }
code { font-size: 1.1rem; }
a { color: #1f4b8f; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; padding: .5rem .6rem; border: 1px solid #5a6478; border-radius: .25rem; font: inherit; }
button { margin-top: 1.5rem; padding: .55rem 1.2rem; border: 0; border-radius: .25rem; background: #1f4b8f; color: #fff; font: inherit; }
input:focus-visible, button:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px; }
.wrong { padding: .6rem .8rem; border-left: 4px solid #a3211b; background: #fbeeed; }
.under { color: #4a5468; }
";

/// Where the form of a page may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormLeads {
    Here,
    /// From here to somebody's identity provider: browsers look at where the answer sends them.
    Elsewhere,
}

/// The hash of the style: nothing else is loaded or run.
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| STANDARD.encode(Sha256::digest(STYLE)));

fn policy(form: FormLeads) -> String {
    let targets = match form {
        FormLeads::Here => "'self'",
        FormLeads::Elsewhere => "'self' https: http:",
    };
    format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action {targets}; frame-ancestors 'none'; base-uri 'none'",
        *STYLE_HASH
    )
}

pub fn page(title: &str, main: &Markup, language: Language) -> Markup {
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
                    (main)
                }
            }
        }
    }
}

/// The answer that has a page in it.
pub fn answered(status: StatusCode, page: Markup, form: FormLeads, language: Language) -> Response {
    let head = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy(form)),
        (header::CONTENT_LANGUAGE, language.tag().to_owned()),
        (header::VARY, "accept-language".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        // The address of the page is the secret.
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (status, head, page.into_string()).into_response()
}
