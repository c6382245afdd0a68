//! An OpenID provider, written by hand so that it can lie: wrong audiences and nonces, no signatures, other keys. It signs
//! with a library that is not the one of the program under test.

use crate::http::{query_of, read_request};
use anyhow::{Context as _, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub const CLIENT_ID: &str = "relais";
pub const CLIENT_SECRET: &str = "a secret & more";

/// In what way it lies.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Lie {
    #[default]
    None,
    Audience,
    SeveralAudiences,
    Issuer,
    Nonce,
    NoNonce,
    Expired,
    /// `alg` is `none`.
    Unsigned,
    /// By HMAC with the client's secret.
    SignedWithSecret,
    /// With a key that it does not publish, under the name of one that it does.
    OtherKey,
    /// The user information is of somebody else.
    UserInfo,
}

/// Who signs in there.
#[derive(Clone, Debug)]
pub struct Person {
    pub subject: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub name: String,
    pub sid: String,
}

impl Person {
    pub fn new(subject: &str, email: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            email: Some(email.to_owned()),
            email_verified: true,
            name: format!("Personne {subject}"),
            sid: format!("session of {subject}"),
        }
    }
}

struct Given {
    person: Person,
    nonce: String,
    challenge: String,
    redirect: String,
}

struct State {
    key: EcdsaKeyPair,
    key_id: u32,
    lie: Lie,
    /// In seconds since 1970.
    now_s: i64,
    /// Claims of the address come with the user information only.
    email_apart: bool,
    codes: HashMap<String, Given>,
    bearers: HashMap<String, Person>,
    given: u32,
}

pub struct OpenId {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

fn new_key() -> Result<EcdsaKeyPair> {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let pkcs8 = pkcs8.map_err(|_| anyhow!("no key"))?;
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random)
        .map_err(|_| anyhow!("no key"))
}

impl OpenId {
    /// Starts one whose clock stands at `now_s`; it serves until the process ends.
    pub fn start(now_s: i64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = State {
            key: new_key()?,
            key_id: 1,
            lie: Lie::None,
            now_s,
            email_apart: false,
            codes: HashMap::new(),
            bearers: HashMap::new(),
            given: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let issuer = format!("http://{address}");
                let answered = answer(stream, &issuer, &shared);
                // Whoever hung up wants no answer.
                drop(answered);
            }
        });
        Ok(Self { address, state })
    }

    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn lie(&self, lie: Lie) {
        self.state().lie = lie;
    }

    /// The address comes with the user information only.
    pub fn keep_email_apart(&self) {
        self.state().email_apart = true;
    }

    /// Signs with another key from now on, and publishes it alone.
    pub fn rotate_keys(&self) -> Result<()> {
        let mut state = self.state();
        state.key = new_key()?;
        state.key_id += 1;
        Ok(())
    }

    /// `person` follows the redirect to `url` and signs in: what their browser brings back, `code=…&state=…`.
    pub fn sign_in(&self, url: &str, person: &Person) -> Result<String> {
        let asked = query_of(url);
        let field = |name: &str| asked.get(name).cloned().with_context(|| format!("no {name} in {url}"));
        anyhow::ensure!(url.starts_with(&format!("{}/authorize?", self.issuer())), "{url}");
        anyhow::ensure!(field("response_type")? == "code" && field("client_id")? == CLIENT_ID, "{url}");
        anyhow::ensure!(field("code_challenge_method")? == "S256", "{url}");
        let (nonce, challenge, redirect) =
            (field("nonce")?, field("code_challenge")?, field("redirect_uri")?);
        let mut state = self.state();
        state.given += 1;
        let code = format!("code-{}", state.given);
        state.codes.insert(code.clone(), Given { person: person.clone(), nonce, challenge, redirect });
        Ok(format!("code={code}&state={}", field("state")?))
    }

    /// A logout token (Back-Channel Logout 1.0, section 2.4); `change` spoils it.
    pub fn logout_token(&self, person: &Person, change: impl FnOnce(&mut Value)) -> Result<String> {
        let state = self.state();
        let mut claims = json!({
            "iss": self.issuer(), "aud": CLIENT_ID, "iat": state.now_s, "exp": state.now_s + 120, "jti": "1",
            "sub": person.subject, "sid": person.sid,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} }
        });
        change(&mut claims);
        state.sign(&claims)
    }
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

impl State {
    fn sign(&self, claims: &Value) -> Result<String> {
        let head = |algorithm: &str| encoded(&json!({ "alg": algorithm, "kid": self.key_id.to_string() }));
        let (algorithm, other) = match self.lie {
            Lie::Unsigned => return Ok(format!("{}.{}.", head("none"), encoded(claims))),
            Lie::SignedWithSecret => {
                let message = format!("{}.{}", head("HS256"), encoded(claims));
                let key = hmac::Key::new(hmac::HMAC_SHA256, CLIENT_SECRET.as_bytes());
                let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
                return Ok(format!("{message}.{signature}"));
            }
            Lie::OtherKey => ("ES256", Some(new_key()?)),
            _ => ("ES256", None),
        };
        let message = format!("{}.{}", head(algorithm), encoded(claims));
        let signature = other
            .as_ref()
            .unwrap_or(&self.key)
            .sign(&SystemRandom::new(), message.as_bytes())
            .map_err(|_| anyhow!("not signed"))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn keys(&self) -> Value {
        // An uncompressed point: 4, then both coordinates.
        let point = self.key.public_key().as_ref();
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.key_id.to_string(),
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..65])
        }] })
    }

    fn claims_of(&self, person: &Person) -> Value {
        json!({ "email": person.email, "email_verified": person.email_verified, "name": person.name })
    }

    fn redeem(&mut self, issuer: &str, form: &HashMap<String, String>) -> Result<Value> {
        let code = form.get("code").context("no code")?;
        // Each works once.
        let given = self.codes.remove(code).context("this code was never given, or was used")?;
        let verifier = form.get("code_verifier").context("no verifier")?;
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        anyhow::ensure!(challenge == given.challenge, "another verifier");
        anyhow::ensure!(form.get("redirect_uri") == Some(&given.redirect), "another place");
        let person = &given.person;
        let mut claims = json!({
            "iss": issuer, "aud": CLIENT_ID, "sub": person.subject, "iat": self.now_s, "exp": self.now_s + 300,
            "nonce": given.nonce, "sid": person.sid
        });
        if !self.email_apart {
            for (name, value) in self.claims_of(person).as_object().into_iter().flatten() {
                claims[name] = value.clone();
            }
        }
        match self.lie {
            Lie::Audience => claims["aud"] = json!("another client"),
            Lie::SeveralAudiences => claims["aud"] = json!([CLIENT_ID, "another client"]),
            Lie::Issuer => claims["iss"] = json!("https://elsewhere.example"),
            Lie::Nonce => claims["nonce"] = json!("another nonce"),
            Lie::NoNonce => claims["nonce"] = Value::Null,
            Lie::Expired => claims["exp"] = json!(self.now_s - 600),
            Lie::None | Lie::Unsigned | Lie::SignedWithSecret | Lie::OtherKey | Lie::UserInfo => {}
        }
        let bearer = format!("bearer-{code}");
        let id_token = self.sign(&claims)?;
        self.bearers.insert(bearer.clone(), given.person);
        Ok(json!({ "access_token": bearer, "token_type": "Bearer", "id_token": id_token }))
    }

    fn user_info(&self, authorization: &str) -> Option<Value> {
        let person = self.bearers.get(authorization.strip_prefix("Bearer ")?)?;
        let mut claims = self.claims_of(person);
        claims["sub"] =
            if self.lie == Lie::UserInfo { json!("somebody else") } else { json!(person.subject) };
        Some(claims)
    }
}

fn configuration(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}/{path}");
    json!({
        "issuer": issuer, "authorization_endpoint": at("authorize"), "token_endpoint": at("token"),
        "jwks_uri": at("jwks"), "userinfo_endpoint": at("userinfo"), "end_session_endpoint": at("end"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "backchannel_logout_supported": true, "backchannel_logout_session_supported": true
    })
}

/// RFC 6749, section 2.3.1: both form-encoded.
fn is_client(authorization: &str) -> bool {
    let expected = format!("{CLIENT_ID}:a+secret+%26+more");
    let expected = base64::engine::general_purpose::STANDARD.encode(expected);
    authorization == format!("Basic {expected}")
}

fn answer(mut stream: TcpStream, issuer: &str, state: &Mutex<State>) -> Result<()> {
    let request = read_request(&stream)?;
    let authorization = request.header("authorization").unwrap_or_default();
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, body) = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/.well-known/openid-configuration") => (200, configuration(issuer)),
        ("GET", "/jwks") => (200, state.keys()),
        ("POST", "/token") if !is_client(authorization) => (401, json!({ "error": "invalid_client" })),
        ("POST", "/token") => match state.redeem(issuer, &query_of(&format!("?{}", request.body))) {
            Ok(tokens) => (200, tokens),
            Err(_) => (400, json!({ "error": "invalid_grant" })),
        },
        ("GET", "/userinfo") => match state.user_info(authorization) {
            Some(claims) => (200, claims),
            None => (401, json!({ "error": "invalid_token" })),
        },
        _ => (404, json!({})),
    };
    drop(state);
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}
