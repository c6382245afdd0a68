//! Who someone is: passwords and app passwords, second factors, sessions, tokens, recovery grants. What they may then do,
//! the table says.

mod app_passwords;
mod grants;
mod mail_access;
mod passkeys;
pub(crate) mod passwords;
mod second_factors;
mod sessions;
mod sign_in;
mod tokens;
mod totp;

pub use mail_access::OpenMail;
pub use passkeys::PasskeyQuestion;
pub use second_factors::{SecondFactorBegun, SecondFactorState};
pub use sessions::Origin;
pub(crate) use sign_in::NETWORK_KNOWN_FOR;
pub use sign_in::{HalfSignedIn, PortalAnswer, SignInRefusal};

use crate::{Error, Relais};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use relais_core::account::Account;
use relais_core::application::Application;
use relais_core::authority::{Actor, Power};
use relais_core::ids::{AccountId, SessionId};
use relais_core::refusal::{CredentialFault, Refusal};
use relais_core::sign_in::SessionExtent;
use relais_store::credentials::token_by_secret;
use relais_store::{Tx, applications, known_networks};
use sha2::{Digest, Sha256};

/// Whoever calls, once known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub actor: Actor,
    pub session: Option<SessionId>,
    /// How far it goes.
    pub extent: SessionExtent,
}

impl Caller {
    /// Who needs nothing else.
    #[must_use]
    pub fn whole(actor: Actor) -> Self {
        Self { actor, session: None, extent: SessionExtent::Whole }
    }
}

/// A secret that is shown once, with what it is for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct NewSecret<T> {
    #[serde(flatten)]
    pub of: T,
    pub secret: String,
}

/// That a secret is in use is written no more often: mail programs and providers come every few minutes.
const USED_EVERY: SignedDuration = SignedDuration::from_hours(1);

pub(crate) fn use_is_news(used_at: Option<Timestamp>, now: Timestamp) -> bool {
    used_at.is_none_or(|used_at| used_at + USED_EVERY <= now)
}

/// 256 random bits as text, with a prefix by which a leaked one is recognised.
pub(crate) fn new_secret(prefix: &str) -> String {
    let bits: [u8; 32] = rand::random();
    format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(bits))
}

/// Secrets are random, so a plain hash keeps them.
pub(crate) fn secret_hash(secret: impl AsRef<[u8]>) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// Letters and digits that nobody takes for each other (Crockford's base 32).
const TYPED_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A secret to be typed: groups of four letters, five bits each.
fn typed_secret<const LETTERS: usize>() -> String {
    let bits: [u8; LETTERS] = std::array::from_fn(|_| rand::random());
    let letters: Vec<u8> = bits.iter().map(|byte| TYPED_ALPHABET[usize::from(byte & 31)]).collect();
    let groups: Vec<&str> =
        letters.chunks(4).map(|group| std::str::from_utf8(group).expect("the alphabet is ASCII")).collect();
    groups.join("-")
}

/// The same whatever the case, and with or without what separates its groups.
fn as_typed(secret: &str) -> String {
    secret.chars().filter(|c| !matches!(c, '-' | ' ')).collect::<String>().to_lowercase()
}

/// What a person sets up for themselves, nobody sets up for them: whoever did would know it.
pub(crate) fn require_the_person(account: &Account, actor: &Actor) -> Result<(), Error> {
    match actor {
        Actor::Account { id, .. } if *id == account.id => Ok(()),
        _ if actor.has_over(Power::ChangeSelf, account) => {
            Err(Refusal::from(CredentialFault::OnlyThePerson { account: account.address.clone() }).into())
        }
        _ => Err(Refusal::NotAllowed.into()),
    }
}

/// The person, or whoever manages the account.
pub(crate) fn require_over(account: &Account, actor: &Actor) -> Result<(), Error> {
    if actor.has_over(Power::ChangeSelf, account) { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
}

/// Forgets what let somebody in who is gone: names of devices and places are theirs.
pub(crate) fn forget_of(tx: &mut Tx<'_>, account: AccountId) -> Result<(), relais_store::Error> {
    relais_store::app_passwords::forget_account(tx, account)?;
    relais_store::passkeys::forget_account(tx, account)?;
    relais_store::second_factors::remove(tx, account)?;
    known_networks::forget_account(tx, account)?;
    relais_store::sessions::end_all(tx, account, None)?;
    relais_store::sign_on::unlink(tx, account)?;
    Ok(())
}

impl Relais {
    /// Who has this bearer secret: a token, a connected application, or a session whose account may still sign in.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn caller(&self, secret: &str) -> Result<Option<Caller>, Error> {
        let (hash, look) = (secret_hash(secret), secret_hash(secret));
        let program = self
            .look(move |tx| {
                if let Some(token) = token_by_secret(tx, &hash)? {
                    let actor = match token.organisation {
                        None => Actor::Operator,
                        Some(organisation) => Actor::Token { id: token.id, organisation },
                    };
                    return Ok(Some(Caller::whole(actor)));
                }
                let found = applications::by_token(tx, &hash)?;
                Ok(found.map(|Application { id, organisation, .. }| {
                    Caller::whole(Actor::Application { id, organisation })
                }))
            })
            .await?;
        match program {
            Some(program) => Ok(Some(program)),
            None => self.signed_in(look).await,
        }
    }
}
