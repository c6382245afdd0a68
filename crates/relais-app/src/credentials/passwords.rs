//! Passwords: telling those that are tried first, hashing, and remembering which were right.

use crate::{Error, Relais};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use hmac::{Hmac, KeyInit, Mac};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::ids::{AccountId, OrganisationId};
use relais_core::password::{PasswordHash, check_is_own, check_length, context_words, normalise};
use relais_core::refusal::{CredentialFault, Refusal};
use relais_store::{accounts, organisations};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Hashing takes a core and 19 MiB for 50 ms: more at once only makes everyone wait.
const HASHES_AT_ONCE: usize = 2;
const REMEMBERED_MAX: usize = 100_000;
/// A password that is found with fewer guesses is one that is tried first.
const GUESSES_MIN: u64 = 1_000_000;
/// Of a longer one as much is looked at: the work grows with the square of it.
const LOOKED_AT_CHARACTERS: usize = 100;

/// Whether a new password will do, where `context` is what whoever guesses knows (NIST SP 800-63B-4, section 3.1.1.2:
/// long enough, and on no list of those that are common, expected or known of the person).
///
/// # Errors
/// [`Refusal::PasswordLength`], [`CredentialFault::PasswordCommon`], [`CredentialFault::PasswordFamiliar`].
pub(crate) fn check(password: &str, context: &[String]) -> Result<(), Refusal> {
    let password = normalise(password);
    check_length(&password)?;
    let looked_at: String = password.chars().take(LOOKED_AT_CHARACTERS).collect();
    if zxcvbn::zxcvbn(&looked_at, &[]).guesses() < GUESSES_MIN {
        return Err(CredentialFault::PasswordCommon.into());
    }
    check_is_own(&password, context)
}

/// Hashes passwords, and remembers which were right: a mail program signs in every few minutes. What is remembered
/// is a keyed hash that dies with the process, with the epoch for which it holds.
pub(crate) struct Passwords {
    key: [u8; 32],
    remembered: Mutex<HashMap<AccountId, ([u8; 32], i64)>>,
    turns: Semaphore,
}

/// A password was compared.
pub(super) enum Verified {
    Wrong,
    Right,
    /// Right, and kept under a hash that was made with less work than today's: this is the same under today's.
    RightAndStale(PasswordHash),
}

impl Passwords {
    pub fn new() -> Self {
        Self { key: rand::random(), remembered: Mutex::default(), turns: Semaphore::new(HASHES_AT_ONCE) }
    }

    fn mark(&self, account: AccountId, password: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(&account.number().to_be_bytes());
        mac.update(password.as_bytes());
        mac.finalize().into_bytes().into()
    }

    pub fn forget(&self, account: AccountId) {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).remove(&account);
    }

    fn remembers(&self, account: &Account, mark: &[u8; 32]) -> bool {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(&account.id).is_some_and(|(known, epoch)| known == mark && *epoch == account.epoch)
    }

    fn remember(&self, account: &Account, mark: [u8; 32]) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(account.id, (mark, account.epoch));
    }

    /// Of a password that will do ([`check`]).
    pub async fn hash(&self, password: String) -> Result<PasswordHash, Error> {
        let _turn = self.turns.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
        tokio::task::spawn_blocking(move || hash(&normalise(&password))).await?
    }

    /// Whether `password` is the account's. For no account, or one without password, it takes as long and is no.
    pub(super) async fn verify(&self, account: Option<&Account>, password: &str) -> Result<Verified, Error> {
        let known = account.and_then(|account| account.password.as_ref().map(|hash| (account, hash)));
        if let Some((account, _)) = known
            && self.remembers(account, &self.mark(account.id, password))
        {
            return Ok(Verified::Right);
        }
        let kept = known.map_or_else(|| NOBODYS_HASH.to_owned(), |(_, hash)| hash.as_phc().to_owned());
        let attempt = password.to_owned();
        let turn = self.turns.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
        let verified = tokio::task::spawn_blocking(move || compare(&kept, &attempt)).await??;
        drop(turn);
        match known {
            Some((account, _)) if !matches!(verified, Verified::Wrong) => {
                self.remember(account, self.mark(account.id, password));
                Ok(verified)
            }
            Some(_) | None => Ok(Verified::Wrong),
        }
    }
}

fn hash(password: &str) -> Result<PasswordHash, Error> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(PasswordHash::from_phc(hash.map_err(|error| Error::Internal(error.to_string()))?.to_string()))
}

fn compare(kept: &str, attempt: &str) -> Result<Verified, Error> {
    let known = argon2::PasswordHash::new(kept).map_err(|error| Error::Internal(error.to_string()))?;
    let composed = normalise(attempt);
    let is = |text: &str| Argon2::default().verify_password(text.as_bytes(), &known).is_ok();
    // Those of before were hashed as they were typed.
    if !is(&composed) && (composed == attempt || !is(attempt)) {
        return Ok(Verified::Wrong);
    }
    Ok(if is_stale(&known) { Verified::RightAndStale(hash(&composed)?) } else { Verified::Right })
}

/// Whether it was made with less work than a new one is, or in another way.
fn is_stale(hash: &argon2::PasswordHash) -> bool {
    let (today, made) = (argon2::Params::default(), argon2::Params::try_from(hash));
    let same_way = hash.algorithm.as_str() == "argon2id" && hash.version == Some(0x13);
    !same_way
        || made.is_ok_and(|made| {
            made.m_cost() < today.m_cost() || made.t_cost() < today.t_cost() || made.p_cost() < today.p_cost()
        })
}

/// Of a password nobody has: what is verified when there is no account, so that the time says nothing.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cmVsYWlzcmVsYWlzcmVs$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

impl Relais {
    /// Hashes what a person of `organisation` is to have as a password, if it will do.
    ///
    /// # Errors
    /// As [`check`].
    pub(crate) async fn hash_new_password(
        &self,
        organisation: OrganisationId,
        login: &EmailAddress,
        name: &str,
        password: String,
    ) -> Result<PasswordHash, Error> {
        let found = self.look(move |tx| organisations::get(tx, organisation)).await?;
        self.hash_password_of(&found.ok_or(Error::NotFound)?.name, login, name, password).await
    }

    /// The same where the organisation is not there yet.
    ///
    /// # Errors
    /// As [`check`].
    pub(crate) async fn hash_password_of(
        &self,
        organisation: &str,
        login: &EmailAddress,
        name: &str,
        password: String,
    ) -> Result<PasswordHash, Error> {
        let context = context_words(organisation, login, name);
        let password = tokio::task::spawn_blocking(move || check(&password, &context).map(|()| password));
        self.passwords.hash(password.await??).await
    }

    /// Keeps a right password under today's hash. What fails is tried again at the next sign-in.
    pub(super) async fn rehash(&self, account: &Account, to: PasswordHash) {
        let (id, Some(from)) = (account.id, account.password.clone()) else { return };
        let kept =
            self.store.write(move |tx| accounts::rehash(tx, id, &from, &to).map_err(Error::from)).await;
        if let Err(error) = kept {
            tracing::warn!(%error, account = %id, "a password stays under the hash it had");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Vec<String> {
        context_words("Mairie de Bonne-Mine", &"zoe.petit@bm.com".parse().unwrap(), "Zoé Petit")
    }

    #[test]
    fn what_is_tried_first_is_refused_and_anything_else_will_do() {
        let code = |password: &str| check(password, &context()).err().map(|refusal| refusal.code());
        for common in [
            "password1234567",
            "aaaaaaaaaaaaaaaa",
            "1234567890123456",
            "qwertyuiopqwertyuiop",
            "azertyuiopazertyuiop",
        ] {
            assert_eq!(code(common), Some("password_common"), "{common}");
        }
        for familiar in ["zoe.petit@bm.com", "zoepetitbonnemine", "mairiebonnemine1"] {
            assert_eq!(code(familiar), Some("password_familiar"), "{familiar}");
        }
        for fine in [
            "correct horse battery",
            "another good one",
            "le chat du voisin ronfle",
            "just-for-show-zoe.petit",
            "the secret word of zoe.petit",
            "a good password",
            "x7#Lq!mZ2pW9$vK",
        ] {
            assert_eq!(code(fine), None, "{fine}");
        }
        assert_eq!(code("x7#Lq!mZ"), Some("password_length"));
        assert_eq!(code(&"ab ".repeat(300)), Some("password_common"), "long, and looked at in no time");
    }

    #[test]
    fn a_hash_of_less_work_is_made_anew_and_one_of_more_stays() {
        let made = |params: argon2::Params| {
            let argon = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
            argon.hash_password(b"cafe\xcc\x81 au lait").unwrap().to_string()
        };
        let weak = made(argon2::Params::new(8192, 1, 1, None).unwrap());
        let strong = made(argon2::Params::new(32_768, 3, 1, None).unwrap());
        // As it was typed once, and composed: the same.
        assert!(matches!(compare(&strong, "cafe\u{301} au lait").unwrap(), Verified::Right));
        let Verified::RightAndStale(anew) = compare(&weak, "cafe\u{301} au lait").unwrap() else { panic!() };
        assert!(matches!(compare(anew.as_phc(), "café au lait").unwrap(), Verified::Right));
        assert!(matches!(compare(&weak, "wrong").unwrap(), Verified::Wrong));
    }
}
