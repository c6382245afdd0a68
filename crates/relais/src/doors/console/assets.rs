//! The style sheet, the script and the sign of the console, under addresses that change with what is in them: a browser
//! may keep them for ever.

use super::Console;
use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("console.js");
const SIGN: &str = include_str!("sign.svg");

/// Where each is.
pub struct Places {
    pub style: String,
    pub script: String,
    pub sign: String,
}

pub static PLACES: LazyLock<Places> = LazyLock::new(|| {
    let digest = [STYLE, SCRIPT, SIGN].into_iter().fold(Sha256::new(), Sha256::chain_update).finalize();
    let version: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let place = |name: &str| format!("/assets/{version}/{name}");
    Places { style: place("style.css"), script: place("console.js"), sign: place("sign.svg") }
});

pub fn routes() -> Router<Console> {
    Router::new()
        .route(&PLACES.style, get(async || kept("text/css; charset=utf-8", STYLE)))
        .route(&PLACES.script, get(async || kept("text/javascript; charset=utf-8", SCRIPT)))
        .route(&PLACES.sign, get(async || kept("image/svg+xml", SIGN)))
}

fn kept(kind: &'static str, text: &'static str) -> Response {
    let head = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (head, text).into_response()
}
