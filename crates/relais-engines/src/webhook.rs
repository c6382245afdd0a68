//! Webhooks: one signed request to an application, as Standard Webhooks has it. Redirects are not followed.

use crate::outside::{self, Reach, root};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(15);

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
        let client = outside::client(reach, TIMEOUT).map_err(WebhookError::Away)?;
        Ok(Self { client, reach })
    }

    /// Sends `webhook`, signed at `now`. Any status of the 200s says that it is taken.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn send(&self, webhook: &Webhook, now: Timestamp) -> Result<(), WebhookError> {
        let away = |error: reqwest::Error| WebhookError::Away(root(&error));
        let url = reqwest::Url::parse(&webhook.url).map_err(|error| WebhookError::Away(error.to_string()))?;
        outside::check(self.reach, &url).map_err(WebhookError::Away)?;
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
}
