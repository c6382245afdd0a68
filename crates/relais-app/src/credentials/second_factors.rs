//! Setting up a second factor in two steps, and what is done with it then. What is set up counts once a code of it came.

use super::sign_in::{step_of, take_code};
use super::{as_typed, require_over, require_the_person, secret_hash, totp, typed_secret};
use crate::letters::Letter;
use crate::organisations::{allow, note};
use crate::throttle::{Network, Pace};
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::authority::{Actor, Power};
use relais_core::ids::{AccountId, OrganisationId};
use relais_core::language::Language;
use relais_core::lifecycle::Effect;
use relais_core::organisation::Organisation;
use relais_core::refusal::{CredentialFault, Refusal};
use relais_core::rights::{Act, require};
use relais_core::sign_in::{RECOVERY_CODES, SignInPolicy};
use relais_store::second_factors::{self, Factor};
use relais_store::{Tx, accounts, organisations, outbox};
use serde_json::json;

/// 80 bits: nobody tries them all, even with the hashes.
const RECOVERY_LETTERS: usize = 16;

/// What a device is given, once.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct SecondFactorBegun {
    /// In base 32, to be typed.
    pub secret: String,
    /// The same as an app reads it from a QR code.
    pub uri: String,
}

/// Whether an account has a second factor.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct SecondFactorState {
    /// Since when it is asked for; `null` without one.
    pub confirmed_at: Option<Timestamp>,
    pub recovery_codes_left: i64,
}

fn fault(fault: CredentialFault) -> Error {
    Refusal::from(fault).into()
}

fn account_of(tx: &mut Tx<'_>, id: AccountId) -> Result<Account, Error> {
    accounts::get(tx, id)?.ok_or(Error::NotFound)
}

fn absent(account: &Account) -> Error {
    fault(CredentialFault::SecondFactorAbsent { account: account.address.clone() })
}

fn new_codes() -> (Vec<String>, Vec<Vec<u8>>) {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| typed_secret::<RECOVERY_LETTERS>()).collect();
    let hashes = codes.iter().map(|code| secret_hash(as_typed(code))).collect();
    (codes, hashes)
}

impl Relais {
    /// # Errors
    /// The refusal, for whom it is no concern of.
    pub async fn second_factor_of(
        &self,
        account: &Account,
        actor: &Actor,
    ) -> Result<SecondFactorState, Error> {
        require_over(account, actor)?;
        let id = account.id;
        self.look(move |tx| {
            let confirmed_at = second_factors::get(tx, id)?.and_then(|factor| factor.confirmed_at);
            let recovery_codes_left = second_factors::recovery_codes_left(tx, id)?;
            Ok(SecondFactorState { confirmed_at, recovery_codes_left })
        })
        .await
    }

    /// The first step. Nothing is asked of the person before the second one.
    ///
    /// # Errors
    /// The refusal: of another person, or when there is one already.
    pub async fn begin_second_factor(&self, id: AccountId, actor: Actor) -> Result<SecondFactorBegun, Error> {
        let secret: [u8; totp::SECRET_BYTES] = rand::random();
        let now = self.now();
        let (account, organisation) = self
            .store
            .write(move |tx| {
                let account = account_of(tx, id)?;
                require_the_person(&account, &actor)?;
                require(&account, Act::ChangeIdentity, now)?;
                if second_factors::get(tx, id)?.is_some_and(|factor| factor.confirmed_at.is_some()) {
                    return Err(fault(CredentialFault::SecondFactorPresent { account: account.address }));
                }
                let factor = Factor {
                    account: id,
                    secret: secret.to_vec(),
                    begun_at: now,
                    confirmed_at: None,
                    last_step: 0,
                };
                second_factors::set(tx, &factor)?;
                let organisation = organisations::get(tx, account.organisation)?.ok_or(Error::NotFound)?;
                Ok((account, organisation))
            })
            .await?;
        let uri = totp::uri(&secret, &organisation.name, account.address.as_str());
        Ok(SecondFactorBegun { secret: totp::base_32(&secret), uri })
    }

    /// The second step: from now on a code is asked for, and programs need app passwords. Returns the recovery codes.
    ///
    /// # Errors
    /// The refusal: of another person, nothing begun, or another code.
    pub async fn confirm_second_factor(
        &self,
        id: AccountId,
        code: String,
        actor: Actor,
    ) -> Result<Vec<String>, Error> {
        let (codes, hashes) = new_codes();
        let (now, effect) = (self.now(), self.ids.next());
        self.store
            .write(move |tx| {
                let account = account_of(tx, id)?;
                require_the_person(&account, &actor)?;
                let begun = second_factors::get(tx, id)?.filter(|factor| factor.confirmed_at.is_none());
                let begun = begun.ok_or_else(|| fault(CredentialFault::SecondFactorNotBegun))?;
                let step = step_of(&begun, &code, now).ok_or_else(|| fault(CredentialFault::CodeWrong))?;
                second_factors::set(tx, &Factor { confirmed_at: Some(now), last_step: step, ..begun })?;
                second_factors::set_recovery_codes(tx, id, &hashes)?;
                // What the password alone had opened is asked again.
                outbox::push(tx, effect, &Effect::CutSessions { account: id }, now)?;
                note(tx, account.organisation, "account.second_factor_set", id, json!({}), actor, now)
            })
            .await?;
        self.settle_effects().await;
        Ok(codes)
    }

    /// Other recovery codes; those there were are void.
    ///
    /// # Errors
    /// The refusal: of another person, without a second factor, or another code.
    pub async fn renew_recovery_codes(
        &self,
        id: AccountId,
        code: String,
        actor: Actor,
    ) -> Result<Vec<String>, Error> {
        self.check_pace_of_codes(id)?;
        let (codes, hashes) = new_codes();
        let now = self.now();
        let renewed = self
            .store
            .write(move |tx| {
                let account = account_of(tx, id)?;
                require_the_person(&account, &actor)?;
                require_code(tx, &account, &code, now)?;
                second_factors::set_recovery_codes(tx, id, &hashes)?;
                let kind = "account.recovery_codes_renewed";
                note(tx, account.organisation, kind, id, json!({}), actor, now)
            })
            .await;
        self.count_code(id, renewed)?;
        Ok(codes)
    }

    /// Removes it: the person with a code, or an administrator for a person who lost the device. The person is told.
    ///
    /// # Errors
    /// The refusal: who may not, without a second factor, or another code.
    pub async fn remove_second_factor(
        &self,
        id: AccountId,
        code: Option<String>,
        actor: Actor,
    ) -> Result<(), Error> {
        self.check_pace_of_codes(id)?;
        let now = self.now();
        let (account, organisation, to) = self.addressee(id).await?;
        let letter = removed_letter(&account, organisation, to, now);
        let removing = self.act_with_letter(letter, move |tx, written| {
            let account = account_of(tx, id)?;
            match require_the_person(&account, &actor) {
                Ok(()) => require_code(tx, &account, code.as_deref().unwrap_or_default(), now)?,
                Err(Error::Refused(Refusal::Credential(CredentialFault::OnlyThePerson { .. }))) => {}
                Err(other) => return Err(other),
            }
            if second_factors::get(tx, id)?.is_none_or(|factor| factor.confirmed_at.is_none()) {
                return Err(absent(&account));
            }
            second_factors::remove(tx, id)?;
            note(tx, account.organisation, "account.second_factor_removed", id, json!({}), actor, now)?;
            written.post(tx)
        });
        self.count_code(id, removing.await)
    }

    /// Whoever has somebody's session and guesses codes is counted where no sign-in is: the person's own go on.
    fn check_pace_of_codes(&self, id: AccountId) -> Result<(), Error> {
        match self.throttle.pace(Network::Local, &format!("code of session {id}"), self.now()) {
            Pace::Wait => Err(fault(CredentialFault::TooManyCodes)),
            Pace::Go | Pace::KnownNetworks => Ok(()),
        }
    }

    fn count_code<T>(&self, id: AccountId, done: Result<T, Error>) -> Result<T, Error> {
        if let Err(Error::Refused(Refusal::Credential(CredentialFault::CodeWrong))) = &done {
            self.throttle.failed(Network::Local, &format!("code of session {id}"), self.now());
        }
        done
    }

    /// What an organisation asks of its people when they sign in.
    ///
    /// # Errors
    /// The refusal, when the actor may not.
    pub async fn set_sign_in_policy(
        &self,
        id: OrganisationId,
        policy: SignInPolicy,
        actor: Actor,
    ) -> Result<SignInPolicy, Error> {
        allow(&actor, Power::ManageOrganisation, id)?;
        let now = self.now();
        self.store
            .write(move |tx| {
                let before = organisations::sign_in_policy(tx, id)?;
                if before != policy {
                    organisations::set_sign_in_policy(tx, id, policy)?;
                    let detail = json!({ "from": before, "to": policy });
                    note(tx, id, "organisation.sign_in_policy_set", id, detail, actor, now)?;
                }
                Ok(policy)
            })
            .await
    }
}

/// A code of the device, or a recovery code.
fn require_code(tx: &mut Tx<'_>, account: &Account, code: &str, now: Timestamp) -> Result<(), Error> {
    if second_factors::get(tx, account.id)?.is_none_or(|factor| factor.confirmed_at.is_none()) {
        return Err(absent(account));
    }
    if take_code(tx, account.id, code, now)? { Ok(()) } else { Err(fault(CredentialFault::CodeWrong)) }
}

fn removed_letter(
    account: &Account,
    organisation: Organisation,
    to: relais_core::address::EmailAddress,
    now: Timestamp,
) -> Letter {
    let (subject, text) = match organisation.language {
        Language::French => (
            "Votre second facteur a été supprimé",
            format!(
                "Bonjour,\n\n\
                 Le second facteur du compte {} vient d'être supprimé : aucun code n'est plus demandé pour se connecter.\n\n\
                 Si vous ne l'avez pas demandé, prévenez tout de suite un administrateur de {}.\n",
                account.address, organisation.name
            ),
        ),
        Language::English => (
            "Your second factor was removed",
            format!(
                "Hello,\n\n\
                 The second factor of the account {} has just been removed: no code is asked for any more to sign in.\n\n\
                 If you did not ask for this, tell an administrator of {} at once.\n",
                account.address, organisation.name
            ),
        ),
    };
    let key = format!("second factor removed {} {}", account.id, now.as_millisecond());
    Letter { organisation, to, subject: subject.to_owned(), text, key, notifies: None }
}
