//! The cookies of the doors that browsers use. Their prefix says to browsers: of this host alone, for all of it, and only by https.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use jiff::SignedDuration;

/// By which a browser that comes back is recognised.
pub const ATTEMPT: &str = "__Host-relais-sign-on";
/// The secret of a session.
pub const SESSION: &str = "__Host-relais-session";
/// The language that somebody chose in a browser.
pub const LANGUAGE: &str = "__Host-relais-language";
/// The page that was asked for before signing in elsewhere.
pub const WANTED: &str = "__Host-relais-wanted";

/// Also kept when another site's page leads here, which is how a browser comes back; not when it posts here.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// The value of a cookie (RFC 6265, section 4.2).
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value.to_owned())
}

/// For `life`, or as long as the browser runs.
pub fn keep(response: Response, name: &str, value: &str, life: Option<SignedDuration>) -> Response {
    let age = life.map(|life| format!("; Max-Age={}", life.as_secs())).unwrap_or_default();
    set(response, &format!("{name}={value}; {ATTRIBUTES}{age}"))
}

pub fn forget(response: Response, name: &str) -> Response {
    set(response, &format!("{name}=; {ATTRIBUTES}; Max-Age=0"))
}

fn set(mut response: Response, cookie: &str) -> Response {
    // Secrets are base64: every one is a header's value. What a browser sent us is not repeated if it is none.
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; __Host-relais-session=rls_x; b=2"));
        assert_eq!(cookie(&headers, SESSION).as_deref(), Some("rls_x"));
        assert_eq!(cookie(&headers, ATTEMPT), None);
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-relais-sign-on="));
        assert_eq!(cookie(&headers, ATTEMPT), None, "empty is none");
    }
}
