//! The edge of the API: every request has a name in the log, every problem is written in the language of whoever
//! asks, and every answer says that it is not to be kept.

use super::{Api, Problem};
use crate::doors::accept::asked_language;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
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
    let mut response = next.run(request).await;
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
