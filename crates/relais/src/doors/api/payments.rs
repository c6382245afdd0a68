//! The door of the payment provider: what it sends is signed as Standard Webhooks has it
//! (github.com/standard-webhooks/standard-webhooks, spec version 1.0), and needs no bearer secret.

use super::input::{RawBody, parse};
use super::{Answer, Api, Problem};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use relais_app::core::authority::Actor;
use relais_app::core::ids::OrganisationId;
use relais_app::core::language::Language;
use relais_app::core::ledger::Entry;
use relais_app::core::money::{Currency, Money};
use serde::Deserialize;
use sha2::Sha256;
use std::str::FromStr;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How old a message may be, or how far ahead its clock.
const TOLERANCE_S: u64 = 300;
/// More is no rotation any more.
const SIGNATURES_MAX: usize = 16;

/// A secret agreed on with the payment provider, written `whsec_` and base64.
#[derive(Clone)]
pub struct PaymentSecret(Vec<u8>);

/// Never shown.
impl std::fmt::Debug for PaymentSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PaymentSecret")
    }
}

impl FromStr for PaymentSecret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The document asks for 24 to 64 bytes.
        let bytes = text.strip_prefix("whsec_").and_then(|secret| STANDARD.decode(secret).ok());
        match bytes {
            Some(bytes) if (24..=64).contains(&bytes.len()) => Ok(Self(bytes)),
            Some(_) | None => Err("a payment secret is whsec_ and 24 to 64 bytes in base64"),
        }
    }
}

/// One while all goes on; two while one replaces the other; none where payments are only recorded by hand.
pub type PaymentSecrets = Arc<[PaymentSecret]>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureError {
    Missing,
    Stale,
    Wrong,
}

impl SignatureError {
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "signature_missing",
            Self::Stale => "signature_stale",
            Self::Wrong => "signature_wrong",
        }
    }

    pub fn sentence(self, language: Language) -> &'static str {
        let (french, english) = match self {
            Self::Missing => (
                "Ce message n'est pas signé ; envoyez webhook-id, webhook-timestamp et webhook-signature.",
                "This message is not signed; send webhook-id, webhook-timestamp and webhook-signature.",
            ),
            Self::Stale => (
                "Ce message date de plus de cinq minutes ou de l'avenir ; vérifiez l'horloge, puis signez-le et envoyez-le à nouveau.",
                "This message is more than five minutes old, or of the future; check the clock, then sign and send it again.",
            ),
            Self::Wrong => (
                "La signature ne convient à aucun des secrets convenus ; comparez payment_secrets avec le prestataire de paiement.",
                "The signature fits none of the secrets agreed on; compare payment_secrets with the payment provider.",
            ),
        };
        language.pick(french, english)
    }
}

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(receive))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Payment {
    /// Its id: a name may pass to another organisation, and money must not go with it.
    organisation: OrganisationId,
    /// In whole cents.
    amount_minor: i64,
    currency: Currency,
    /// The payment's own name: the same one counts once.
    reference: String,
}

/// Receive a payment from the payment provider
///
/// Signed as Standard Webhooks has it: `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`, which may list
/// several `v1,…` while a secret is replaced. A message that comes again is answered with the same entry.
#[utoipa::path(
    post, path = "/payments", tag = "payments", security(()),
    params(
        ("webhook-id" = String, Header, description = "The message's own name."),
        ("webhook-timestamp" = i64, Header, description = "When it was signed, in seconds since 1970; five minutes are tolerated."),
        ("webhook-signature" = String, Header, description = "`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.")
    ),
    request_body(content = Payment, example = json!({
        "organisation": "org-0000000000001", "amount_minor": 12000, "currency": "EUR", "reference": "pay_123"
    })),
    responses((status = 200, body = Entry))
)]
async fn receive(State(api): State<Api>, headers: HeaderMap, RawBody(body): RawBody) -> Answer<Entry> {
    check(&api.payment_secrets, &headers, &body, api.app.now())?;
    let Payment { organisation, amount_minor, currency, reference } = parse(&body)?;
    let amount = Money { amount_minor, currency };
    let actor = Actor::Billing { organisation };
    Ok(Json(api.app.top_up(organisation, amount, Some(reference), actor).await?))
}

/// Whether the payment provider sent `body`, about now.
fn check(secrets: &[PaymentSecret], headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Problem> {
    if secrets.is_empty() {
        return Err(Problem::PaymentsOff);
    }
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
        value.ok_or(Problem::Signature(SignatureError::Missing))
    };
    let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
    let signatures = header("webhook-signature")?;
    let signed_at: i64 = timestamp.parse().map_err(|_| Problem::Signature(SignatureError::Missing))?;
    if now.as_second().abs_diff(signed_at) > TOLERANCE_S {
        return Err(Problem::Signature(SignatureError::Stale));
    }
    let given = signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
    for signature in given.take(SIGNATURES_MAX).filter_map(|text| STANDARD.decode(text).ok()) {
        for PaymentSecret(secret) in secrets {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
            mac.update(format!("{id}.{timestamp}.").as_bytes());
            mac.update(body);
            // Takes as long for a wrong signature as for the right one.
            if mac.verify_slice(&signature).is_ok() {
                return Ok(());
            }
        }
    }
    Err(Problem::Signature(SignatureError::Wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the document.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &str = "{\"test\": 2432232314}";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn headers(timestamp: &str, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".parse().unwrap());
        headers.insert("webhook-timestamp", timestamp.parse().unwrap());
        headers.insert("webhook-signature", signature.parse().unwrap());
        headers
    }

    #[test]
    fn the_example_of_standard_webhooks_is_taken_and_every_change_of_it_is_not() {
        let secrets: [PaymentSecret; 1] = [SECRET.parse().unwrap()];
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let sent = 1_614_265_330;
        let ask = |timestamp: &str, signature: &str, body: &str, now: i64| {
            check(&secrets, &headers(timestamp, signature), body.as_bytes(), at(now)).map_err(|problem| {
                match problem {
                    Problem::Signature(error) => error,
                    other => panic!("{other:?}"),
                }
            })
        };
        let time = sent.to_string();
        let rotated = format!("v1,AAAA v2,x {SIGNATURE}");
        for (timestamp, signature, body, now, expected) in [
            (time.as_str(), SIGNATURE, BODY, sent, Ok(())),
            (&time, &rotated, BODY, sent + 300, Ok(())),
            (&time, SIGNATURE, BODY, sent - 300, Ok(())),
            (&time, SIGNATURE, BODY, sent + 301, Err(SignatureError::Stale)),
            (&time, SIGNATURE, BODY, sent - 301, Err(SignatureError::Stale)),
            ("-9223372036854775808", SIGNATURE, BODY, sent, Err(SignatureError::Stale)),
            (&time, SIGNATURE, "{\"test\": 2432232315}", sent, Err(SignatureError::Wrong)),
            ("1614265331", SIGNATURE, BODY, sent, Err(SignatureError::Wrong)),
            (&time, "v1,", BODY, sent, Err(SignatureError::Wrong)),
            (&time, "v1a,g0hM9SsE", BODY, sent, Err(SignatureError::Wrong)),
            ("soon", SIGNATURE, BODY, sent, Err(SignatureError::Missing)),
            (&time, "", BODY, sent, Err(SignatureError::Missing)),
        ] {
            assert_eq!(
                ask(timestamp, signature, body, now),
                expected,
                "{timestamp} {signature} {body} {now}"
            );
        }
        let nobody = check(&[], &headers(&time, SIGNATURE), BODY.as_bytes(), at(sent));
        assert!(matches!(nobody, Err(Problem::PaymentsOff)));
    }

    #[test]
    fn a_secret_that_is_none_is_refused_and_none_is_ever_shown() {
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_***"] {
            assert!(text.parse::<PaymentSecret>().is_err(), "{text}");
        }
        let secret: PaymentSecret = SECRET.parse().unwrap();
        assert_eq!(format!("{secret:?}"), "PaymentSecret");
    }
}
