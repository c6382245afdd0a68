//! An organisation's identity provider, as a relying party asks it (OpenID Connect Core 1.0 with discovery and PKCE, and
//! Back-Channel Logout 1.0). What comes back is verified here; whom it lets in is decided elsewhere.

use crate::outside::{self, Reach, root};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreClientAuthMethod, CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm,
};
use openidconnect::http::{Request, Response, header};
use openidconnect::{
    ClaimsVerificationError, ClientId, ClientSecret, HttpRequest, HttpResponse, IssuerUrl, JsonWebKey as _,
    Nonce, ProviderMetadataWithLogout,
};
use reqwest::Url;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::str::FromStr as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// What a provider says of itself, and its keys, are asked again after this time; at once when a key is not among them.
const METADATA_LIFE: SignedDuration = SignedDuration::from_mins(10);
const PROVIDERS_REMEMBERED_MAX: usize = 1000;
/// By so much may a provider's clock be ahead or behind.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(60);
/// A logout token that is older is not taken (Back-Channel Logout 1.0, section 2.6).
const LOGOUT_LIFE: SignedDuration = SignedDuration::from_mins(5);
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Signatures with a provider's key: never none, and never with the client's secret.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// How an organisation is known to its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    pub issuer: String,
    pub client_id: String,
    /// `None` for a client that has none.
    pub client_secret: Option<String>,
    /// Where the provider sends browsers back to.
    pub redirect_url: String,
}

/// Where a browser is sent, and what its coming back is measured by.
#[derive(Clone, PartialEq, Eq)]
pub struct Departure {
    pub url: String,
    pub state: String,
    pub nonce: String,
    /// Of PKCE (RFC 7636).
    pub verifier: String,
}

/// What came back, and what it is measured by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Arrival<'a> {
    pub code: &'a str,
    /// Where the provider says who it is (RFC 9207).
    pub issuer: Option<&'a str>,
    pub nonce: &'a str,
    pub verifier: &'a str,
}

/// Who came back, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub subject: String,
    pub name: Option<String>,
    /// As the provider writes it, and only where it says that it is verified.
    pub address: Option<String>,
    /// The provider's own session.
    pub sid: Option<String>,
    pub id_token: String,
}

/// Whose sessions a provider ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOut {
    pub subject: Option<String>,
    pub sid: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It cannot be reached, or does not answer as it should.
    #[error("the provider does not answer: {0}")]
    Away(String),
    /// What it says does not hold.
    #[error("the provider's answer does not hold: {0}")]
    Invalid(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    Remembered,
    /// Asked now.
    Now,
}

/// All providers of all organisations.
pub struct IdentityProviders {
    client: reqwest::Client,
    reach: Reach,
    known: Mutex<HashMap<String, (ProviderMetadataWithLogout, Timestamp)>>,
}

fn away(error: impl ToString) -> ProviderError {
    ProviderError::Away(error.to_string())
}

fn invalid(error: impl ToString) -> ProviderError {
    ProviderError::Invalid(error.to_string())
}

fn random() -> String {
    let bits: [u8; 32] = rand::random();
    URL_SAFE_NO_PAD.encode(bits)
}

impl IdentityProviders {
    /// # Errors
    /// When the TLS library has no roots of trust on this machine.
    pub fn new(reach: Reach) -> Result<Self, ProviderError> {
        let client = outside::client(reach, TIMEOUT).map_err(ProviderError::Away)?;
        Ok(Self { client, reach, known: Mutex::default() })
    }

    /// Whether a provider may be at `issuer`: by https, or in one's own network where that may be reached.
    #[must_use]
    pub fn may_be_at(&self, issuer: &str) -> bool {
        let Ok(url) = Url::parse(issuer) else { return false };
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && self.reach == Reach::Everywhere);
        scheme
            && url.host_str().is_some()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && outside::check(self.reach, &url).is_ok()
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, ProviderError> {
        let request = reqwest::Request::try_from(request).map_err(away)?;
        if !matches!((request.url().scheme(), self.reach), ("https", _) | ("http", Reach::Everywhere)) {
            return Err(away(format!(
                "{} is not asked by https",
                request.url().host_str().unwrap_or_default()
            )));
        }
        outside::check(self.reach, request.url()).map_err(ProviderError::Away)?;
        let mut answer = self.client.execute(request).await.map_err(|error| away(root(&error)))?;
        let mut response = Response::builder().status(answer.status());
        if let Some(kind) = answer.headers().get(header::CONTENT_TYPE) {
            response = response.header(header::CONTENT_TYPE, kind);
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| away(root(&error)))? {
            if body.len() + part.len() > ANSWER_BYTES_MAX {
                return Err(away("the answer is too long"));
            }
            body.extend_from_slice(&part);
        }
        response.body(body).map_err(away)
    }

    async fn read<T: DeserializeOwned>(&self, place: &str) -> Result<T, ProviderError> {
        let request = Request::get(place).header(header::ACCEPT, "application/json");
        let answer = self.ask(request.body(Vec::new()).map_err(away)?).await?;
        match answer.status().as_u16() {
            200 => serde_json::from_slice(answer.body()).map_err(away),
            status => Err(away(format!("{place} answered {status}"))),
        }
    }

    async fn metadata(
        &self,
        issuer: &str,
        freshness: Freshness,
        now: Timestamp,
    ) -> Result<ProviderMetadataWithLogout, ProviderError> {
        if freshness == Freshness::Remembered {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((metadata, asked_at)) = known.get(issuer)
                && *asked_at + METADATA_LIFE > now
            {
                return Ok(metadata.clone());
            }
        }
        // OpenID Connect Discovery 1.0, section 4. Its own client cannot be shared between threads.
        let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let said: ProviderMetadataWithLogout = self.read(&place).await?;
        if said.issuer().as_str() != issuer {
            return Err(away(format!("it calls itself {}", said.issuer().as_str())));
        }
        let keys: CoreJsonWebKeySet = self.read(said.jwks_uri().url().as_str()).await?;
        let metadata = said.set_jwks(keys);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= PROVIDERS_REMEMBERED_MAX {
            known.clear();
        }
        known.insert(issuer.to_owned(), (metadata.clone(), now));
        Ok(metadata)
    }

    /// Asks a provider anew what it says of itself, as a sign-in would first of all.
    ///
    /// # Errors
    /// [`ProviderError::Away`].
    pub async fn greet(&self, registration: &Registration, now: Timestamp) -> Result<(), ProviderError> {
        self.metadata(&registration.issuer, Freshness::Now, now).await.map(drop)
    }

    /// Where a browser is sent to sign in; `login` is a hint.
    ///
    /// # Errors
    /// [`ProviderError::Away`].
    pub async fn depart(
        &self,
        registration: &Registration,
        login: Option<&str>,
        now: Timestamp,
    ) -> Result<Departure, ProviderError> {
        let metadata = self.metadata(&registration.issuer, Freshness::Remembered, now).await?;
        let (state, nonce, verifier) = (random(), random(), random());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let mut url = metadata.authorization_endpoint().url().clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &registration.client_id)
            .append_pair("redirect_uri", &registration.redirect_url)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(login) = login {
            url.query_pairs_mut().append_pair("login_hint", login);
        }
        Ok(Departure { url: url.into(), state, nonce, verifier })
    }

    /// Who came back. The address is read from `address_claim`.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] for what does not hold: another code, audience, nonce or key, no signature, too old.
    pub async fn arrive(
        &self,
        registration: &Registration,
        Arrival { code, issuer, nonce, verifier }: Arrival<'_>,
        address_claim: &str,
        now: Timestamp,
    ) -> Result<Identity, ProviderError> {
        // RFC 9207, section 2.4: a code of somebody else's is told to nobody.
        if issuer.is_some_and(|issuer| issuer != registration.issuer) {
            return Err(invalid("the browser came back from another provider"));
        }
        let metadata = self.metadata(&registration.issuer, Freshness::Remembered, now).await?;
        let tokens = self.redeem(registration, &metadata, code, verifier).await?;
        let text = |name: &str| tokens.get(name).and_then(Value::as_str).map(str::to_owned);
        let id_token = text("id_token").ok_or_else(|| invalid("no ID token came"))?;
        let mut claims = match verified(&id_token, registration, &metadata, nonce, now) {
            // A key that was not there when it was asked: it has others now.
            Err(Unverified::Signature(_)) => {
                let metadata = self.metadata(&registration.issuer, Freshness::Now, now).await?;
                verified(&id_token, registration, &metadata, nonce, now)
            }
            other => other,
        }
        .map_err(|unverified| match unverified {
            Unverified::Signature(text) | Unverified::Other(text) => ProviderError::Invalid(text),
        })?;
        let subject = string(&claims, "sub").ok_or_else(|| invalid("the ID token has no subject"))?;
        if claims.get(address_claim).is_none()
            && let (Some(endpoint), Some(bearer)) = (metadata.userinfo_endpoint(), text("access_token"))
        {
            let more = self.user_info(endpoint.url(), &bearer).await?;
            // OpenID Connect Core 1.0, section 5.3.4: of nobody else.
            if string(&more, "sub").as_deref() != Some(&subject) {
                return Err(invalid("the user information is of another subject"));
            }
            for name in [address_claim, "email", "email_verified", "name"] {
                if let Some(claim) = more.get(name) {
                    claims.as_object_mut().map(|claims| claims.insert(name.to_owned(), claim.clone()));
                }
            }
        }
        Ok(Identity {
            name: string(&claims, "name"),
            address: verified_address(&claims, address_claim),
            sid: string(&claims, "sid"),
            subject,
            id_token,
        })
    }

    async fn redeem(
        &self,
        registration: &Registration,
        metadata: &ProviderMetadataWithLogout,
        code: &str,
        verifier: &str,
    ) -> Result<Value, ProviderError> {
        let endpoint = metadata.token_endpoint().ok_or_else(|| away("it names no token endpoint"))?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &registration.redirect_url),
            ("code_verifier", verifier),
        ];
        let mut request = Request::post(endpoint.url().as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let by_post = metadata.token_endpoint_auth_methods_supported().is_some_and(|methods| {
            methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        match &registration.client_secret {
            Some(secret) if !by_post => {
                // RFC 6749, section 2.3.1: each is form-encoded first.
                let pair = format!("{}:{}", encoded(&registration.client_id), encoded(secret));
                request = request.header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
            }
            Some(secret) => form.extend([("client_id", &*registration.client_id), ("client_secret", secret)]),
            None => form.push(("client_id", &registration.client_id)),
        }
        let body = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>();
        let answer = self.ask(request.body(body.join("&").into_bytes()).map_err(away)?).await?;
        let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        match answer.status().as_u16() {
            200 => Ok(said),
            // The code was used, is too old, or was never given.
            400 | 401 => {
                Err(invalid(string(&said, "error").unwrap_or_else(|| "the code is refused".to_owned())))
            }
            status => Err(away(format!("its token endpoint answered {status}"))),
        }
    }

    async fn user_info(&self, endpoint: &Url, bearer: &str) -> Result<Value, ProviderError> {
        let request = Request::get(endpoint.as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        let answer = self.ask(request.body(Vec::new()).map_err(away)?).await?;
        if answer.status().as_u16() != 200 {
            return Err(away(format!("its user information endpoint answered {}", answer.status().as_u16())));
        }
        serde_json::from_slice(answer.body()).map_err(|_| invalid("the user information is no JSON"))
    }

    /// Where a browser is sent to sign out there too; `None` where the provider knows no such place.
    ///
    /// # Errors
    /// [`ProviderError::Away`].
    pub async fn farewell(
        &self,
        registration: &Registration,
        id_token: &str,
        back_to: &str,
        now: Timestamp,
    ) -> Result<Option<String>, ProviderError> {
        let metadata = self.metadata(&registration.issuer, Freshness::Remembered, now).await?;
        let endpoint = metadata.additional_metadata().end_session_endpoint.as_ref();
        Ok(endpoint.map(|endpoint| {
            let mut url = endpoint.url().clone();
            url.query_pairs_mut()
                .append_pair("id_token_hint", id_token)
                .append_pair("client_id", &registration.client_id)
                .append_pair("post_logout_redirect_uri", back_to);
            url.into()
        }))
    }

    /// Whose sessions the provider ends with a logout token (Back-Channel Logout 1.0, section 2.6).
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] for a token that does not hold.
    pub async fn logged_out(
        &self,
        registration: &Registration,
        token: &str,
        now: Timestamp,
    ) -> Result<LoggedOut, ProviderError> {
        let metadata = self.metadata(&registration.issuer, Freshness::Remembered, now).await?;
        if check_signature(token, &metadata).is_err() {
            let metadata = self.metadata(&registration.issuer, Freshness::Now, now).await?;
            check_signature(token, &metadata)?;
        }
        let claims = payload(token).ok_or_else(|| invalid("the logout token has no claims"))?;
        let said = Named::by(&claims);
        if said.issuer.as_deref() != Some(&registration.issuer)
            || !said.audience.contains(&registration.client_id)
        {
            return Err(invalid("the logout token is of another provider or for another client"));
        }
        let second = |name: &str| claims.get(name).and_then(Value::as_i64);
        let is_now = second("iat")
            .and_then(|at| Timestamp::from_second(at).ok())
            .is_some_and(|at| at <= now + CLOCKS_DIFFER && now <= at + LOGOUT_LIFE + CLOCKS_DIFFER);
        let is_over = second("exp").is_some_and(|at| at <= (now - CLOCKS_DIFFER).as_second());
        let is_logout =
            claims.get("events").and_then(|events| events.get(LOGOUT_EVENT)).is_some_and(Value::is_object);
        if !is_now || is_over || !is_logout || claims.get("nonce").is_some() {
            return Err(invalid("the logout token is none, or too old"));
        }
        let who = LoggedOut { subject: string(&claims, "sub"), sid: string(&claims, "sid") };
        if who.subject.is_none() && who.sid.is_none() {
            return Err(invalid("the logout token names nobody"));
        }
        Ok(who)
    }
}

/// By whom and for whom a token says it is: to find the organisation by which it is then verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    pub issuer: Option<String>,
    pub audience: Vec<String>,
}

impl Named {
    #[must_use]
    pub fn in_token(token: &str) -> Self {
        payload(token).as_ref().map(Self::by).unwrap_or_default()
    }

    fn by(claims: &Value) -> Self {
        let audience = match claims.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(several)) => {
                several.iter().filter_map(|one| Some(one.as_str()?.to_owned())).collect()
            }
            _ => Vec::new(),
        };
        Self { issuer: string(claims, "iss"), audience }
    }
}

/// An ID token does not hold.
enum Unverified {
    /// By none of the keys that are known.
    Signature(String),
    Other(String),
}

/// The claims of an ID token (OpenID Connect Core 1.0, section 3.1.3.7).
fn verified(
    id_token: &str,
    registration: &Registration,
    metadata: &ProviderMetadataWithLogout,
    nonce: &str,
    now: Timestamp,
) -> Result<Value, Unverified> {
    let other = |error: &dyn ToString| Unverified::Other(error.to_string());
    let token = CoreIdToken::from_str(id_token).map_err(|error| other(&error))?;
    let (client, keys) = (ClientId::new(registration.client_id.clone()), metadata.jwks().clone());
    let issuer = IssuerUrl::new(registration.issuer.clone()).map_err(|error| other(&error))?;
    let verifier = match &registration.client_secret {
        Some(secret) => CoreIdTokenVerifier::new_confidential_client(
            client,
            ClientSecret::new(secret.clone()),
            issuer,
            keys,
        ),
        None => CoreIdTokenVerifier::new_public_client(client, issuer, keys),
    };
    let at =
        chrono::DateTime::from_timestamp_millis((now - CLOCKS_DIFFER).as_millisecond()).unwrap_or_default();
    let verifier = verifier.set_allowed_algs(ALGORITHMS).set_time_fn(move || at);
    match token.claims(&verifier, &Nonce::new(nonce.to_owned())) {
        Ok(_) => payload(id_token).ok_or_else(|| other(&"no claims")),
        Err(error @ ClaimsVerificationError::SignatureVerification(_)) => {
            Err(Unverified::Signature(root(&error)))
        }
        Err(error) => Err(other(&error)),
    }
}

/// The signature of a token that the library knows no type for.
fn check_signature(token: &str, metadata: &ProviderMetadataWithLogout) -> Result<(), ProviderError> {
    let refused = || invalid("the logout token is not signed by the provider");
    let (message, signature) = token.rsplit_once('.').ok_or_else(refused)?;
    let header: Value = message.split('.').next().and_then(decoded).ok_or_else(refused)?;
    let algorithm: CoreJwsSigningAlgorithm =
        serde_json::from_value(header.get("alg").cloned().unwrap_or_default()).map_err(|_| refused())?;
    if !ALGORITHMS.contains(&algorithm) {
        return Err(refused());
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| refused())?;
    let wanted = header.get("kid").and_then(Value::as_str);
    let is_wanted = |id: Option<&str>| wanted.is_none() || id == wanted;
    let keys = metadata.jwks().keys().iter().filter(|key| is_wanted(key.key_id().map(|id| id.as_str())));
    let mut verified = keys.map(|key| key.verify_signature(&algorithm, message.as_bytes(), &signature));
    if verified.any(|verified| verified.is_ok()) { Ok(()) } else { Err(refused()) }
}

fn decoded(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn payload(token: &str) -> Option<Value> {
    decoded(token.split('.').nth(1)?)
}

fn string(claims: &Value, name: &str) -> Option<String> {
    claims.get(name)?.as_str().map(str::to_owned)
}

/// The address, where the provider says of this one that it is verified: `email_verified` speaks of `email` alone.
fn verified_address(claims: &Value, claim: &str) -> Option<String> {
    let address = string(claims, claim)?;
    let is_verified = claims.get("email_verified").and_then(Value::as_bool) == Some(true);
    let is_it = string(claims, "email").is_some_and(|email| email.eq_ignore_ascii_case(&address));
    (is_verified && is_it).then_some(address)
}

/// `application/x-www-form-urlencoded`.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_address_counts_where_the_provider_says_of_it_that_it_is_verified() {
        let claims = |verified: Value| json!({ "email": "zoe@bm.com", "upn": "zoe@bm.com", "email_verified": verified });
        assert_eq!(verified_address(&claims(json!(true)), "email").as_deref(), Some("zoe@bm.com"));
        assert_eq!(verified_address(&claims(json!(true)), "upn").as_deref(), Some("zoe@bm.com"));
        for unverified in [json!(false), json!("true"), json!(null), json!(1)] {
            assert_eq!(verified_address(&claims(unverified), "email"), None);
        }
        let differs = json!({ "email": "zoe@bm.com", "upn": "admin@bm.com", "email_verified": true });
        assert_eq!(verified_address(&differs, "upn"), None);
        assert_eq!(verified_address(&json!({ "upn": "zoe@bm.com", "email_verified": true }), "upn"), None);
    }

    #[test]
    fn a_provider_is_asked_by_https_and_outside_unless_the_operator_says_so() {
        let outside = IdentityProviders::new(Reach::Internet).unwrap();
        let everywhere = IdentityProviders::new(Reach::Everywhere).unwrap();
        for (issuer, internet, all) in [
            ("https://login.example.com/realm", true, true),
            ("http://login.example.com", false, true),
            ("https://127.0.0.1/", false, true),
            ("https://[::1]:8443/", false, true),
            ("https://169.254.169.254", false, true),
            ("https://user:secret@login.example.com", false, false),
            ("https://login.example.com/?a=b", false, false),
            ("ftp://login.example.com", false, false),
            ("login.example.com", false, false),
        ] {
            assert_eq!(
                (outside.may_be_at(issuer), everywhere.may_be_at(issuer)),
                (internet, all),
                "{issuer}"
            );
        }
    }

    #[test]
    fn a_token_names_its_provider_and_its_client_before_it_is_verified() {
        let token = |claims: Value| format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let named = Named::in_token(&token(json!({ "iss": "https://a", "aud": ["b", 7, "c"] })));
        assert_eq!(named, Named { issuer: Some("https://a".into()), audience: vec!["b".into(), "c".into()] });
        assert_eq!(Named::in_token(&token(json!({ "aud": "b" }))).audience, ["b"]);
        assert_eq!(Named::in_token("nothing"), Named::default());
    }
}
