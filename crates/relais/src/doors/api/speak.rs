//! The edge of the API: every request has a name in the log, every problem is written in the language of whoever
//! asks, and every answer says that it is not to be kept.

use super::input::whole_if_small;
use super::{Api, Problem};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use metrics::counter;
use relais_app::core::language::Language;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub async fn speak(State(api): State<Api>, request: Request, next: Next) -> Response {
    let language = asked_language(request.headers()).unwrap_or_default();
    let number = api.requests.fetch_add(1, Ordering::Relaxed);
    let id = format!("{:x}-{number:x}", api.app.now().as_millisecond());
    let method = request.method().clone();
    let path = without_secret(request.uri().path()).to_owned();
    let mut response = match whole_if_small(request).await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    counter!("relais_api_requests_total", "status" => response.status().as_str().to_owned()).increment(1);
    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        if let Some(text) = problem.inner_text() {
            tracing::error!(request = id, %method, path, status = response.status().as_u16(), text, "a request failed");
        }
        write_problem(&mut response, &problem, language, &id);
    }
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// A path as it may be logged: whoever reads the log is not to use the link that did not work.
fn without_secret(path: &str) -> &str {
    let ends = ["/reset/", "/invitation/", "/password-resets/", "/exports/"]
        .map(|lead| path.find(lead).map(|start| start + lead.len()));
    ends.into_iter().flatten().min().map_or(path, |end| &path[..end])
}

fn write_problem(response: &mut Response, problem: &Problem, language: Language, request: &str) {
    let document = problem.document(language, request);
    let text = serde_json::to_string(&document).expect("problems serialise");
    *response.body_mut() = Body::from(text);
    let headers = response.headers_mut();
    headers.remove(axum::http::header::CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.insert(VARY, HeaderValue::from_static("accept-language"));
}

/// The language that `Accept-Language` prefers (RFC 9110, section 12.5.4); `None` when it names neither of ours.
pub fn asked_language(headers: &HeaderMap) -> Option<Language> {
    let wanted = qualities(headers, &ACCEPT_LANGUAGE);
    let known = wanted.iter().filter_map(|(tag, quality)| Some((Language::from_tag(tag)?, *quality)));
    first_best(known)
}

/// What `Accept` prefers of a page and of JSON; JSON unless a page is asked for.
pub fn wants_page(headers: &HeaderMap) -> bool {
    let wanted = qualities(headers, &ACCEPT);
    let quality =
        |kind: &str| wanted.iter().find(|(asked, _)| asked == kind).map_or(0, |(_, quality)| *quality);
    quality("text/html") > quality("application/json")
}

/// The values of a header with their weights in thousandths; those of weight 0 are not wanted and left out.
fn qualities(headers: &HeaderMap, name: &HeaderName) -> Vec<(String, u16)> {
    let parts =
        headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    parts
        .filter_map(|part| {
            let (value, rest) = part.split_once(';').unwrap_or((part, ""));
            let weight = rest.split(';').find_map(|parameter| parameter.trim().strip_prefix("q="));
            let weight: f32 = weight.map_or(Ok(1.0), str::parse).unwrap_or(0.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..1000")]
            let thousandths = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
            (thousandths > 0).then(|| (value.trim().to_ascii_lowercase(), thousandths))
        })
        .collect()
}

/// The first of those with the greatest weight.
fn first_best<T>(weighed: impl Iterator<Item = (T, u16)>) -> Option<T> {
    let mut best: Option<(T, u16)> = None;
    for (value, weight) in weighed {
        if best.as_ref().is_none_or(|(_, heaviest)| weight > *heaviest) {
            best = Some((value, weight));
        }
    }
    best.map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_language_asked_for_is_the_heaviest_of_ours() {
        for (asked, expected) in [
            ("en", Some(Language::English)),
            ("fr-CA, en;q=0.8", Some(Language::French)),
            ("de, en;q=0.5, fr;q=0.7", Some(Language::French)),
            ("fr;q=0, en;q=0.1", Some(Language::English)),
            ("de", None),
            ("*", None),
            (";;q=,", None),
        ] {
            assert_eq!(asked_language(&header(ACCEPT_LANGUAGE, asked)), expected, "{asked}");
        }
    }

    #[test]
    fn no_secret_of_a_link_is_logged() {
        for (path, logged) in [
            ("/reset/rlp_abc", "/reset/"),
            ("/invitation/rli_abc", "/invitation/"),
            ("/api/v1/password-resets/rlp_abc", "/api/v1/password-resets/"),
            ("/api/v1/password-resets", "/api/v1/password-resets"),
            ("/api/v1/accounts/user1@bm.com", "/api/v1/accounts/user1@bm.com"),
        ] {
            assert_eq!(without_secret(path), logged);
        }
    }

    #[test]
    fn a_page_is_given_to_whoever_prefers_one() {
        for (asked, expected) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("application/json", false),
            ("*/*", false),
            ("application/json, text/html;q=0.5", false),
        ] {
            assert_eq!(wants_page(&header(ACCEPT, asked)), expected, "{asked}");
        }
    }
}
