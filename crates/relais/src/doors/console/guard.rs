//! Around every page and form: what a browser may do with the answer, and that nothing is changed on another site's word.

use super::Console;
use super::layout;
use super::sign_in::language_of;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use maud::html;

/// Nothing but our own files, no script or style in a page, and no page of ours inside another.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

pub async fn guard(State(console): State<Console>, request: Request, next: Next) -> Response {
    let language = language_of(request.headers());
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if reads || is_ours(request.headers(), console.app.public_url()) {
        next.run(request).await
    } else {
        let main = html! {
            p.refusal role="alert" { (language.pick(
                "Ce formulaire vient d'un autre site\u{a0}; rien n'a été changé. Ouvrez la page ici et recommencez.",
                "This form comes from another site; nothing was changed. Open the page here and try again.",
            )) }
            p { a.button href="/" { (language.pick("Ouvrir la console", "Open the console")) } }
        };
        layout::alone(StatusCode::FORBIDDEN, language.pick("Refusé", "Refused"), &main, language)
    };
    let headers = response.headers_mut();
    // The certificate is a sheet with its style in it, and a policy of its own.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Not less than this: without a referrer, forms of our own would say that they come from nowhere.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether a page of ours sent the request: browsers say so in `Sec-Fetch-Site`, and older ones in `Origin`. One that says
/// neither is none that has our cookie.
fn is_ours(headers: &HeaderMap, public_url: &str) -> bool {
    let said = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(site) = said(header::HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin";
    }
    let (Some(origin), Some(host)) = (said(header::ORIGIN), said(header::HOST)) else { return false };
    let same_host = origin.split_once("://").is_some_and(|(_, from)| from == host);
    same_host || origin == public_url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_another_site_is_not_ours() {
        let ours = "https://mail.example.com";
        for (said, expected) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "same-site"), ("origin", ours), ("host", "mail.example.com")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("sec-fetch-site", "none")], false),
            (vec![("origin", ours), ("host", "mail.example.com")], true),
            (vec![("origin", ours), ("host", "127.0.0.1:8080")], true),
            (vec![("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], true),
            (vec![("origin", "https://mail.example.com.evil.test"), ("host", "mail.example.com")], false),
            (vec![("origin", "null"), ("host", "mail.example.com")], false),
            (vec![("host", "mail.example.com")], false),
            (vec![], false),
        ] {
            let headers: HeaderMap = said
                .iter()
                .map(|(name, value)| {
                    (name.parse::<header::HeaderName>().unwrap(), HeaderValue::from_static(value))
                })
                .collect();
            assert_eq!(is_ours(&headers, ours), expected, "{said:?}");
        }
    }
}
