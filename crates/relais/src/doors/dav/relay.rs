//! A request on its way to Radicale, and the answer on its way back. Only headers that are known pass: no client says who it
//! is by one of ours, in whatever spelling.

use super::answer::Denial;
use super::place::{self, Place};
use super::{BODY_BYTES_MAX, PREFIX};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::response::Response;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body as _;
use relais_engines::radicale::Radicale;
use std::time::Duration;

const DEPTH: HeaderName = HeaderName::from_static("depth");
const DESTINATION: HeaderName = HeaderName::from_static("destination");
/// For a body that is gathered before it goes on.
const BODY_LIMIT: Duration = Duration::from_secs(120);

const TO_RADICALE: [HeaderName; 10] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::USER_AGENT,
    DEPTH,
    HeaderName::from_static("brief"),
    HeaderName::from_static("overwrite"),
    HeaderName::from_static("prefer"),
];

const TO_CLIENTS: [HeaderName; 10] = [
    header::ALLOW,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::LOCATION,
    header::VARY,
    HeaderName::from_static("dav"),
];

/// Where a MOVE goes, which has to be on this server (RFC 4918, section 10.3).
pub fn destination(request: &Request) -> Result<Option<Place>, Denial> {
    if request.method().as_str() != "MOVE" {
        return Ok(None);
    }
    let headers = request.headers();
    let uri = headers.get(DESTINATION).and_then(|value| value.to_str().ok()?.parse::<Uri>().ok());
    let uri = uri.ok_or(Denial::Destination)?;
    let here = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if uri.authority().is_some_and(|there| Some(there.as_str()) != here) {
        return Err(Denial::Destination);
    }
    let path = uri.path().strip_prefix(PREFIX).ok_or(Denial::Destination)?;
    place::read(path).map(Some)
}

/// Asks Radicale as `user`, and gives its answer back.
pub async fn pass(
    radicale: &Radicale,
    user: &str,
    request: Request,
    place: &Place,
    to: Option<&Place>,
) -> Result<Response, Denial> {
    let (parts, body) = request.into_parts();
    let (length, body) = measured(&parts.headers, body).await?;
    let mut passed = axum::http::Request::new(body);
    *passed.method_mut() = parts.method;
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    *passed.uri_mut() = format!("{}{query}", place.path()).parse().map_err(|_| Denial::Path)?;
    let headers = passed.headers_mut();
    copy(&TO_RADICALE, &parts.headers, headers);
    headers.insert(header::CONTENT_LENGTH, length.into());
    if *place == Place::Root {
        // Deeper there is everybody, of whom Radicale would look at each to hide them.
        headers.insert(DEPTH, HeaderValue::from_static("0"));
    }
    if let Some(to) = to {
        let there = format!("http://{}{PREFIX}{}", radicale.address(), to.path());
        headers.insert(DESTINATION, HeaderValue::from_str(&there).map_err(|_| Denial::Path)?);
    }
    let answer = radicale.ask(user, passed).await?;
    let (answered, body) = answer.into_parts();
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = answered.status;
    copy(&TO_CLIENTS, &answered.headers, response.headers_mut());
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

fn copy(names: &[HeaderName], from: &HeaderMap, to: &mut HeaderMap) {
    for name in names {
        for value in from.get_all(name) {
            to.append(name, value.clone());
        }
    }
}

/// Radicale reads as much as the length says and knows no chunks, which some clients send.
async fn measured(headers: &HeaderMap, body: Body) -> Result<(u64, Body), Denial> {
    if body.is_end_stream() {
        return Ok((0, Body::empty()));
    }
    if let Some(length) = headers.get(header::CONTENT_LENGTH) {
        let length = length.to_str().ok().and_then(|text| text.parse().ok()).ok_or(Denial::BodyBroken)?;
        return if length > BODY_BYTES_MAX { Err(Denial::TooLarge) } else { Ok((length, body)) };
    }
    let limit = usize::try_from(BODY_BYTES_MAX).unwrap_or(usize::MAX);
    let whole = tokio::time::timeout(BODY_LIMIT, Limited::new(body, limit).collect()).await;
    let whole = whole.map_err(|_| Denial::BodyBroken)?.map_err(|error| {
        if error.is::<LengthLimitError>() { Denial::TooLarge } else { Denial::BodyBroken }
    })?;
    let bytes = whole.to_bytes();
    Ok((bytes.len() as u64, Body::from(bytes)))
}
