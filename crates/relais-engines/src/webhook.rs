//! Webhooks: one signed request to an application, as Standard Webhooks has it. Redirects are not followed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use sha2::Sha256;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(15);

/// Which hosts may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those of the internet: no customer of a host has its server speak to the host's own network.
    Internet,
    /// Also those of the server's own network and of this machine.
    Everywhere,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub url: String,
    /// The same whenever the same thing is told again.
    pub id: String,
    pub body: String,
    /// `whsec_…`; each makes a signature.
    pub secrets: Vec<String>,
}

/// Why a webhook did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The application is away, or in trouble: nothing else will arrive either.
    #[error("{0}")]
    Away(String),
    /// It does not take this one.
    #[error("answered {0}")]
    Refused(u16),
}

#[derive(Debug, Clone)]
pub struct Webhooks {
    client: reqwest::Client,
    reach: Reach,
}

impl Webhooks {
    /// # Errors
    /// When the TLS library has no roots of trust on this machine.
    pub fn new(reach: Reach) -> Result<Self, WebhookError> {
        // The second time it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("Relais")
            .dns_resolver(Arc::new(Names { reach }))
            .build()
            .map_err(|error| WebhookError::Away(error.to_string()))?;
        Ok(Self { client, reach })
    }

    /// Sends `webhook`, signed at `now`. Any status of the 200s says that it is taken.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn send(&self, webhook: &Webhook, now: Timestamp) -> Result<(), WebhookError> {
        let away = |error: reqwest::Error| WebhookError::Away(root(&error));
        let url = reqwest::Url::parse(&webhook.url).map_err(|error| WebhookError::Away(error.to_string()))?;
        let literal = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        if let Some(address) = literal.filter(|address| !may_reach(self.reach, *address)) {
            return Err(WebhookError::Away(own_network(address)));
        }
        let second = now.as_second();
        let answer = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", &webhook.id)
            .header("webhook-timestamp", second)
            .header("webhook-signature", signatures(webhook, second))
            .body(webhook.body.clone())
            .send()
            .await
            .map_err(away)?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            // Ask later, gone, or its own trouble.
            status @ (408 | 410 | 429 | 500..) => Err(WebhookError::Away(format!("answered {status}"))),
            status => Err(WebhookError::Refused(status)),
        }
    }
}

/// `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`, once for each secret.
fn signatures(webhook: &Webhook, second: i64) -> String {
    let keys = webhook
        .secrets
        .iter()
        .filter_map(|secret| STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok());
    let sign = |key: Vec<u8>| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
        mac.update(format!("{}.{second}.", webhook.id).as_bytes());
        mac.update(webhook.body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    };
    keys.map(sign).collect::<Vec<_>>().join(" ")
}

/// What lies at the bottom of an error: its outer texts name the URL.
pub(crate) fn root(error: &dyn std::error::Error) -> String {
    let mut at = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}

pub(crate) fn own_network(address: IpAddr) -> String {
    format!("{address} is not on the internet; only who runs the server may allow such addresses")
}

pub(crate) fn may_reach(reach: Reach, address: IpAddr) -> bool {
    reach == Reach::Everywhere || is_of_the_internet(address)
}

/// Not of this machine or of a network of one's own (RFC 6890, and RFC 4193 for IPv6).
fn is_of_the_internet(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && (v4.octets()[1] & 0xC0) == 64;
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_multicast()
                || v4.octets()[0] == 0
                || shared)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_of_the_internet(IpAddr::V4(v4)),
            None => {
                let first = v6.segments()[0];
                !(v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_multicast()
                    || (first & 0xFE00) == 0xFC00
                    || (first & 0xFFC0) == 0xFE80)
            }
        },
    }
}

/// The machine's own resolver, without what may not be reached: asked for each connection, so that a name cannot stand
/// for another address than the one that was judged.
struct Names {
    reach: Reach,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let reached: Vec<_> =
                found.iter().copied().filter(|address| may_reach(reach, address.ip())).collect();
            match (reached.is_empty(), found.first()) {
                (true, Some(address)) => Err(own_network(address.ip()).into()),
                (_, _) => Ok(Box::new(reached.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Standard Webhooks.
    #[test]
    fn a_webhook_bears_a_signature_for_each_secret() {
        let webhook = Webhook {
            url: String::new(),
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned(),
            body: "{\"test\": 2432232314}".to_owned(),
            secrets: vec!["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(); 2],
        };
        let one = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signatures(&webhook, 1_614_265_330), format!("{one} {one}"));
    }

    #[test]
    fn only_the_internet_is_reached_unless_the_operator_says_so() {
        for own in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            let address = own.parse().unwrap();
            assert!(!may_reach(Reach::Internet, address), "{own}");
            assert!(may_reach(Reach::Everywhere, address), "{own}");
        }
        for outside in ["192.0.2.1", "100.128.0.1", "2001:db8::1", "172.32.0.1"] {
            assert!(may_reach(Reach::Internet, outside.parse().unwrap()), "{outside}");
        }
    }
}
