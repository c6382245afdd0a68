//! The pages behind links in letters. They work without scripts, with a keyboard and a screen reader, and load nothing.

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
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; padding: .5rem .6rem; border: 1px solid #5a6478; border-radius: .25rem; font: inherit; }
button { margin-top: 1.5rem; padding: .55rem 1.2rem; border: 0; border-radius: .25rem; background: #1f4b8f; color: #fff; font: inherit; }
input:focus-visible, button:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px; }
.wrong { padding: .6rem .8rem; border-left: 4px solid #a3211b; background: #fbeeed; }
.under { color: #4a5468; }
";

/// What the page may do: nothing is loaded or run but its own style, and the form goes nowhere else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
});

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
pub fn answered(status: StatusCode, page: Markup, language: Language) -> Response {
    let head = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY.as_str()),
        (header::CONTENT_LANGUAGE, language.tag()),
        (header::VARY, "accept-language"),
        (header::CACHE_CONTROL, "no-store"),
        // The address of the page is the secret.
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, head, page.into_string()).into_response()
}
