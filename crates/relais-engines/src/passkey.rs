//! What authenticators say, as a relying party hears it (Web Authentication Level 2, sections 7.1 and 7.2). It is read and
//! verified here; that a question was asked, and whom an answer lets in, is known elsewhere.
//!
//! A device's make is not asked for: the statement about it (attestation) is not looked at.

mod cbor;

use crate::outside::root;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cbor::Item;
use reqwest::Url;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// ECDSA on P-256 with SHA-256, EdDSA on Ed25519, RSA (PKCS #1 v1.5) with SHA-256: RFC 9053 and RFC 8812.
const ALGORITHMS: [i64; 3] = [-7, -8, -257];
const CREDENTIAL_ID_BYTES_MAX: usize = 1023;

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const CREDENTIAL_INCLUDED: u8 = 1 << 6;

/// An answer does not hold, and why: for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an authenticator's answer does not hold: {0}")]
pub struct Amiss(String);

fn amiss(why: impl Into<String>) -> Amiss {
    Amiss(why.into())
}

/// A new credential as `PublicKeyCredential.toJSON()` writes it (`RegistrationResponseJSON`).
#[derive(Debug, Clone, Deserialize, Serialize, utoipa::ToSchema)]
pub struct RegistrationAnswer {
    pub id: String,
    pub response: AttestationResponse,
}

#[derive(Debug, Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttestationResponse {
    #[serde(rename = "clientDataJSON")]
    pub client_data: String,
    pub attestation_object: String,
}

/// A signature as `PublicKeyCredential.toJSON()` writes it (`AuthenticationResponseJSON`).
#[derive(Debug, Clone, Deserialize, Serialize, utoipa::ToSchema)]
pub struct SignInAnswer {
    pub id: String,
    pub response: AssertionResponse,
}

#[derive(Debug, Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    pub client_data: String,
    pub authenticator_data: String,
    pub signature: String,
    /// By whom the device says that it is.
    #[serde(default)]
    pub user_handle: Option<String>,
}

/// What a device says of a credential whenever it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub signatures: u32,
    /// Whether it may be on several devices.
    pub backup_eligible: bool,
    /// Whether it is.
    pub backed_up: bool,
}

/// A new credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCredential {
    pub credential_id: Vec<u8>,
    /// COSE (RFC 9052).
    pub public_key: Vec<u8>,
    pub told: Told,
}

/// Whom a question is about.
pub struct Person<'a> {
    /// Opaque.
    pub handle: &'a [u8],
    pub login: &'a str,
    pub name: &'a str,
}

/// We, as browsers know us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    origin: String,
}

impl RelyingParty {
    /// `None` where browsers know no passkeys: by anything but https, except on one's own machine, and at an address
    /// without a name.
    #[must_use]
    pub fn at(public_url: &str) -> Option<Self> {
        let url = Url::parse(public_url).ok()?;
        let id = url.domain()?.to_owned();
        let secure = url.scheme() == "https" || id == "localhost" || id.ends_with(".localhost");
        secure.then(|| Self { id, origin: url.origin().ascii_serialization() })
    }

    /// What a browser is given to make a credential (`PublicKeyCredentialCreationOptionsJSON`).
    #[must_use]
    pub fn creation_options(
        &self,
        challenge: &[u8],
        organisation: &str,
        person: &Person<'_>,
        present: &[&[u8]],
        timeout_ms: i64,
    ) -> Value {
        json!({
            "rp": { "id": self.id, "name": organisation },
            "user": { "id": text(person.handle), "name": person.login, "displayName": person.name },
            "challenge": text(challenge),
            "pubKeyCredParams": ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg })),
            "timeout": timeout_ms,
            "excludeCredentials": descriptors(present),
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": true, "userVerification": "required"
            },
            "attestation": "none"
        })
    }

    /// What a browser is given to sign (`PublicKeyCredentialRequestOptionsJSON`), with one of `credentials` or, where there
    /// are none, with whichever the person chooses.
    #[must_use]
    pub fn request_options(&self, challenge: &[u8], credentials: &[&[u8]], timeout_ms: i64) -> Value {
        json!({
            "rpId": self.id, "challenge": text(challenge), "timeout": timeout_ms,
            "allowCredentials": descriptors(credentials), "userVerification": "required"
        })
    }

    /// The credential that was made.
    ///
    /// # Errors
    /// [`Amiss`].
    pub fn registered(&self, answer: &RegistrationAnswer) -> Result<NewCredential, Amiss> {
        self.client_data(&answer.response.client_data, "webauthn.create")?;
        let object = decoded(&answer.response.attestation_object)?;
        let (object, _) = Item::read(&object).ok_or_else(|| amiss("the attestation is no CBOR"))?;
        let data = object.get(&Item::Text("authData")).and_then(Item::bytes);
        let data = data.ok_or_else(|| amiss("no authenticator data"))?;
        let (told, rest) = self.authenticator_data(data)?;
        if data[32] & CREDENTIAL_INCLUDED == 0 {
            return Err(amiss("no credential"));
        }
        let short = || amiss("the credential is cut short");
        // 16 bytes of the make, two of a length.
        let (head, rest) = rest.split_at_checked(18).ok_or_else(short)?;
        let length = usize::from(u16::from_be_bytes([head[16], head[17]]));
        let (credential_id, rest) = rest.split_at_checked(length).ok_or_else(short)?;
        if credential_id.is_empty()
            || length > CREDENTIAL_ID_BYTES_MAX
            || decoded(&answer.id)? != credential_id
        {
            return Err(amiss("the credential's id is another one, or none"));
        }
        let (key, after) = Item::read(rest).ok_or_else(|| amiss("the key is no CBOR"))?;
        Key::read(&key)?;
        let public_key = rest[..rest.len() - after.len()].to_vec();
        Ok(NewCredential { credential_id: credential_id.to_vec(), public_key, told })
    }

    /// That the credential with this key signed.
    ///
    /// # Errors
    /// [`Amiss`].
    pub fn signed(&self, answer: &SignInAnswer, public_key: &[u8]) -> Result<Told, Amiss> {
        let client_data = self.client_data(&answer.response.client_data, "webauthn.get")?;
        let mut message = decoded(&answer.response.authenticator_data)?;
        let (told, _) = self.authenticator_data(&message)?;
        message.extend_from_slice(&Sha256::digest(client_data));
        let (key, _) = Item::read(public_key).ok_or_else(|| amiss("the kept key is no CBOR"))?;
        Key::read(&key)?.verify(&message, &decoded(&answer.response.signature)?)?;
        Ok(told)
    }

    fn client_data(&self, encoded: &str, kind: &str) -> Result<Vec<u8>, Amiss> {
        let bytes = decoded(encoded)?;
        let said = ClientData::read(&bytes)?;
        if said.kind != kind {
            return Err(amiss(format!("it is of the type {}", said.kind)));
        }
        if said.origin != self.origin || said.cross_origin {
            return Err(amiss(format!("it is of the origin {}", said.origin)));
        }
        Ok(bytes)
    }

    /// Section 6.1: the hash of our id, flags, a count; then what the flags say.
    fn authenticator_data<'a>(&self, data: &'a [u8]) -> Result<(Told, &'a [u8]), Amiss> {
        let (head, rest) = data.split_at_checked(37).ok_or_else(|| amiss("short authenticator data"))?;
        if head[..32] != Sha256::digest(&self.id)[..] {
            return Err(amiss("it is for another site"));
        }
        let has = |flag: u8| head[32] & flag != 0;
        if !has(USER_PRESENT) || !has(USER_VERIFIED) {
            return Err(amiss("nobody was asked to show who they are"));
        }
        if has(BACKED_UP) && !has(BACKUP_ELIGIBLE) {
            return Err(amiss("it is on several devices and may not be"));
        }
        let signatures = u32::from_be_bytes([head[33], head[34], head[35], head[36]]);
        let told = Told { signatures, backup_eligible: has(BACKUP_ELIGIBLE), backed_up: has(BACKED_UP) };
        Ok((told, rest))
    }
}

/// The question that an answer says it is to: by it the one that was asked is found.
///
/// # Errors
/// [`Amiss`].
pub fn challenge_of(client_data: &str) -> Result<Vec<u8>, Amiss> {
    decoded(&ClientData::read(&decoded(client_data)?)?.challenge)
}

/// # Errors
/// [`Amiss`].
pub fn credential_id_of(answer: &SignInAnswer) -> Result<Vec<u8>, Amiss> {
    decoded(&answer.id)
}

/// Whether the device names this person, or nobody.
#[must_use]
pub fn names(answer: &SignInAnswer, handle: &[u8]) -> bool {
    let said = answer.response.user_handle.as_deref().filter(|said| !said.is_empty());
    said.is_none_or(|said| decoded(said).is_ok_and(|said| said == handle))
}

/// Section 5.8.1.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

impl ClientData {
    fn read(bytes: &[u8]) -> Result<Self, Amiss> {
        serde_json::from_slice(bytes).map_err(|error| amiss(root(&error)))
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decoded(encoded: &str) -> Result<Vec<u8>, Amiss> {
    URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')).map_err(|_| amiss("it is not base64url"))
}

fn descriptors(credentials: &[&[u8]]) -> Value {
    credentials.iter().map(|id| json!({ "type": "public-key", "id": text(id) })).collect()
}

/// A COSE key of one of [`ALGORITHMS`].
enum Key<'a> {
    P256 { x: &'a [u8], y: &'a [u8] },
    Ed25519 { x: &'a [u8] },
    Rsa { modulus: &'a [u8], exponent: &'a [u8] },
}

impl<'a> Key<'a> {
    fn read(key: &Item<'a>) -> Result<Self, Amiss> {
        let number = |name: i64| key.get(&Item::Integer(name)).and_then(Item::integer);
        let bytes = |name: i64, length: Option<usize>| {
            let bytes = key.get(&Item::Integer(name)).and_then(Item::bytes);
            bytes
                .filter(|bytes| length.is_none_or(|length| bytes.len() == length))
                .ok_or_else(|| amiss("the key lacks a part"))
        };
        // The kind (1), the algorithm (3) and the curve (-1).
        match (number(1), number(3), number(-1)) {
            (Some(2), Some(-7), Some(1)) => {
                Ok(Self::P256 { x: bytes(-2, Some(32))?, y: bytes(-3, Some(32))? })
            }
            (Some(1), Some(-8), Some(6)) => Ok(Self::Ed25519 { x: bytes(-2, Some(32))? }),
            (Some(3), Some(-257), _) => {
                Ok(Self::Rsa { modulus: bytes(-1, None)?, exponent: bytes(-2, None)? })
            }
            other => Err(amiss(format!("a key of another kind: {other:?}"))),
        }
    }

    fn verify(&self, message: &[u8], signed: &[u8]) -> Result<(), Amiss> {
        let verified = match self {
            Self::P256 { x, y } => {
                // An uncompressed point: 4, then both coordinates.
                let point = [&[4], *x, *y].concat();
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point).verify(message, signed)
            }
            Self::Ed25519 { x } => UnparsedPublicKey::new(&signature::ED25519, x).verify(message, signed),
            Self::Rsa { modulus, exponent } => {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signed)
            }
        };
        verified.map_err(|_| amiss("it is not signed with the key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_know_passkeys_by_https_under_a_name_and_on_ones_own_machine() {
        for (url, id) in [
            ("https://mail.bm.com", Some("mail.bm.com")),
            ("https://mail.bm.com:8443", Some("mail.bm.com")),
            ("http://localhost:8025", Some("localhost")),
            ("http://mail.bm.com", None),
            ("https://192.0.2.1", None),
            ("http://127.0.0.1:8025", None),
            ("mail.bm.com", None),
        ] {
            assert_eq!(RelyingParty::at(url).map(|party| party.id).as_deref(), id, "{url}");
        }
        let origin = |url: &str| RelyingParty::at(url).map(|party| party.origin);
        assert_eq!(origin("https://mail.bm.com/").as_deref(), Some("https://mail.bm.com"));
        assert_eq!(origin("http://localhost:8025").as_deref(), Some("http://localhost:8025"));
    }

    #[test]
    fn nonsense_does_not_hold() {
        let party = RelyingParty::at("https://mail.bm.com").unwrap();
        let client = |kind: &str| {
            text(
                json!({ "type": kind, "challenge": "AAAA", "origin": "https://mail.bm.com" })
                    .to_string()
                    .as_bytes(),
            )
        };
        let answer = |client_data: String, object: &[u8]| RegistrationAnswer {
            id: "AAAA".into(),
            response: AttestationResponse { client_data, attestation_object: text(object) },
        };
        assert_eq!(challenge_of(&client("x")), Ok(vec![0; 3]));
        for wrong in [
            answer("!".into(), b""),
            answer(text(b"{}"), b""),
            answer(client("webauthn.get"), b""),
            answer(client("webauthn.create"), b"\xa1"),
            answer(client("webauthn.create"), b"\xa1\x68authData\x41\0"),
        ] {
            assert!(party.registered(&wrong).is_err(), "{wrong:?}");
        }
    }
}
