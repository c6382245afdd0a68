//! What happens to every request of the HTTP port before a door sees it: who asks, behind a proxy, and the whole of a
//! short question before anybody answers it.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, header};
use axum::middleware::{Next, from_fn};
use futures_util::stream::{self, StreamExt as _};
use http_body_util::BodyExt as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What is read whatever becomes of the request; only what somebody puts in is larger.
const SHORT_BYTES_MAX: usize = 64 << 10;
/// After that a door gets what came, and reads on with a limit and words of its own.
const PATIENCE: Duration = Duration::from_secs(10);
/// Set by proxies, each of which adds whom it heard the request from at the end.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The doors as they are served. What one of `proxies` says about who asks is believed.
pub fn around(doors: Router, proxies: Vec<IpAddr>) -> Router {
    let proxies: Arc<[IpAddr]> = proxies.into();
    doors.layer(from_fn(move |mut request: Request, next: Next| {
        if let Some(ConnectInfo(peer)) =
            request.extensions_mut().get_mut::<ConnectInfo<SocketAddr>>().copied()
        {
            let asker = asker(peer.ip(), request.headers(), &proxies);
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(asker, peer.port())));
        }
        async move { next.run(whole_if_short(request).await).await }
    }))
}

/// The last address that none of the proxies has: whatever stands before it, anybody may have written.
fn asker(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> IpAddr {
    let mut asker = peer.to_canonical();
    let said = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = said.flat_map(|value| value.split(',')).map(str::trim).collect();
    for hop in hops.iter().rev() {
        if !proxies.contains(&asker) {
            break;
        }
        let Ok(address) = hop.parse::<IpAddr>() else { break };
        asker = address.to_canonical();
    }
    asker
}

/// A client that is still sending when its answer comes, and the connection is closed, sees a broken one.
async fn whole_if_short(request: Request) -> Request {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if !length.is_some_and(|bytes| (1..=SHORT_BYTES_MAX).contains(&bytes)) {
        return request;
    }
    let (parts, mut body) = request.into_parts();
    let until = Instant::now() + PATIENCE;
    let mut came = Vec::new();
    let fault = loop {
        match timeout_at(until, body.frame()).await {
            Ok(Some(Ok(frame))) => came.extend(frame.into_data().unwrap_or_default()),
            Ok(Some(Err(error))) => break Some(error),
            Ok(None) => return Request::from_parts(parts, Body::from(came)),
            Err(_) => break None,
        }
    };
    let came = [Ok(Bytes::from(came))].into_iter().chain(fault.map(Err));
    let body = Body::from_stream(stream::iter(came).chain(body.into_data_stream()));
    Request::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn who_asks_is_the_last_whom_no_proxy_of_ours_is() {
        let proxies = [ip("127.0.0.1"), ip("10.0.0.2")];
        for (peer, said, expected) in [
            ("192.0.2.7", &[][..], "192.0.2.7"),
            // Nobody but a proxy is believed.
            ("192.0.2.7", &["198.51.100.1"], "192.0.2.7"),
            ("127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:127.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            // What stands before was written by whoever asks.
            ("127.0.0.1", &["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["unknown"], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1, unknown"], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1, , 10.0.0.2"], "10.0.0.2"),
        ] {
            let values =
                said.iter().map(|value| (FORWARDED_FOR.parse().unwrap(), HeaderValue::from_static(value)));
            let headers: HeaderMap = values.collect();
            assert_eq!(asker(ip(peer), &headers, &proxies), ip(expected), "{peer} {said:?}");
        }
    }
}
