//! An authenticator and the browser in front of it, written by hand so that they can lie: other sites, nobody at the device,
//! other keys, counts that go back. It signs with ECDSA on P-256.

use anyhow::{Context as _, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// In what way it lies.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Lie {
    #[default]
    None,
    /// The browser is at another site.
    Origin,
    /// In a frame of another site.
    Frame,
    /// For another site's id.
    Site,
    /// A signature where a registration is asked for, and the other way round.
    Kind,
    /// A challenge that nobody gave.
    Challenge,
    NobodyPresent,
    NobodyVerified,
    /// On several devices, and it may not be.
    Flags,
    /// With a key that is not the credential's.
    OtherKey,
    /// The signature is of something else.
    OtherMessage,
    /// The id is another credential's.
    OtherId,
    /// It belongs to somebody else.
    OtherPerson,
}

/// One device with one credential.
pub struct Authenticator {
    key: EcdsaKeyPair,
    other: EcdsaKeyPair,
    pub id: Vec<u8>,
    origin: String,
    /// Whose it is, once registered.
    person: String,
    /// Of signatures; 0 from a credential that is on several devices.
    pub count: u32,
    pub backed_up: bool,
    pub lie: Lie,
}

fn new_key() -> Result<EcdsaKeyPair> {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random);
    let pkcs8 = pkcs8.map_err(|_| anyhow!("no key"))?;
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random)
        .map_err(|_| anyhow!("no key"))
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A byte string or a text of CBOR shorter than 65536 bytes, by its major type.
fn string(major: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("short");
    let head = match u8::try_from(length) {
        Ok(short @ 0..24) => vec![major << 5 | short],
        Ok(short) => vec![major << 5 | 24, short],
        Err(_) => [&[major << 5 | 25][..], &length.to_be_bytes()].concat(),
    };
    [head, bytes.to_vec()].concat()
}

impl Authenticator {
    /// In front of the site at `origin`.
    ///
    /// # Errors
    /// Without randomness.
    pub fn new(origin: &str) -> Result<Self> {
        let mut id = vec![0; 32];
        SystemRandom::new().fill(&mut id).map_err(|_| anyhow!("no randomness"))?;
        Ok(Self {
            key: new_key()?,
            other: new_key()?,
            id,
            origin: origin.to_owned(),
            person: String::new(),
            count: 0,
            backed_up: false,
            lie: Lie::None,
        })
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        let other = if kind == "webauthn.get" { "webauthn.create" } else { "webauthn.get" };
        let challenge = match self.lie {
            Lie::Challenge => json!(encoded([7; 32])),
            _ => options["challenge"].clone(),
        };
        json!({
            "type": if self.lie == Lie::Kind { other } else { kind },
            "challenge": challenge,
            "origin": if self.lie == Lie::Origin { "https://elsewhere.example" } else { &self.origin },
            "crossOrigin": self.lie == Lie::Frame
        })
        .to_string()
    }

    fn authenticator_data(&self, site: &str, more: u8) -> Vec<u8> {
        let site = if self.lie == Lie::Site { "elsewhere.example" } else { site };
        let (present, verified) =
            (u8::from(self.lie != Lie::NobodyPresent), u8::from(self.lie != Lie::NobodyVerified));
        let backup = match (self.lie, self.backed_up) {
            (Lie::Flags, _) => 0b1_0000,
            (_, true) => 0b1_1000,
            (_, false) => 0,
        };
        let flags = present | verified << 2 | backup | more;
        [digest(&SHA256, site.as_bytes()).as_ref(), &[flags], &self.count.to_be_bytes()].concat()
    }

    /// COSE (RFC 9052): an elliptic curve, ES256, P-256, both coordinates.
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let parts = [
            &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21][..],
            &string(2, &point[1..33]),
            &[0x22],
            &string(2, &point[33..65]),
        ];
        parts.concat()
    }

    /// Makes its credential for these options of `navigator.credentials.create`: what `toJSON()` gives.
    ///
    /// # Errors
    /// When something is missing in the options.
    pub fn create(&mut self, options: &Value) -> Result<Value> {
        let site = options["rp"]["id"].as_str().context("no site")?;
        self.person = options["user"]["id"].as_str().context("nobody")?.to_owned();
        anyhow::ensure!(options["authenticatorSelection"]["userVerification"] == "required", "{options}");
        let client_data = self.client_data("webauthn.create", options);
        let id = if self.lie == Lie::OtherId { vec![1; 32] } else { self.id.clone() };
        let length = u16::try_from(self.id.len())?.to_be_bytes();
        let data = self.authenticator_data(site, 0b100_0000);
        let data = [&data[..], &[0; 16], &length, &self.id, &self.public_key()].concat();
        let object = [
            &[0xa3][..],
            &string(3, b"fmt"),
            &string(3, b"none"),
            &string(3, b"attStmt"),
            &[0xa0],
            &string(3, b"authData"),
            &string(2, &data),
        ];
        Ok(json!({
            "id": encoded(&id), "rawId": encoded(&id), "type": "public-key", "clientExtensionResults": {},
            "response": { "clientDataJSON": encoded(client_data), "attestationObject": encoded(object.concat()) }
        }))
    }

    /// Signs for these options of `navigator.credentials.get`: what `toJSON()` gives.
    ///
    /// # Errors
    /// When something is missing in the options, or its credential is not among those that are asked for.
    pub fn get(&mut self, options: &Value) -> Result<Value> {
        let site = options["rpId"].as_str().context("no site")?;
        let allowed = options["allowCredentials"].as_array().context("no list")?;
        let own = encoded(&self.id);
        anyhow::ensure!(allowed.is_empty() || allowed.iter().any(|one| one["id"] == own), "none of mine");
        if !self.backed_up {
            self.count += 1;
        }
        let client_data = self.client_data("webauthn.get", options);
        let data = self.authenticator_data(site, 0);
        let hash = digest(&SHA256, client_data.as_bytes());
        let message = match self.lie {
            Lie::OtherMessage => vec![0; 69],
            _ => [&data[..], hash.as_ref()].concat(),
        };
        let key = if self.lie == Lie::OtherKey { &self.other } else { &self.key };
        let signature = key.sign(&SystemRandom::new(), &message).map_err(|_| anyhow!("not signed"))?;
        let person = if self.lie == Lie::OtherPerson { encoded("somebody") } else { self.person.clone() };
        let id = if self.lie == Lie::OtherId { encoded([1; 32]) } else { own };
        Ok(json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": { "clientDataJSON": encoded(client_data), "authenticatorData": encoded(data),
                          "signature": encoded(signature), "userHandle": person }
        }))
    }
}
