//! Passkeys: registered by the person, and what they open. One proves both that the person has a device and that they are at
//! it, so nothing else is asked for; beside a password it is a second factor.

use super::sessions::{demands, opened_at};
use super::sign_in::account_half_in;
use super::{Caller, NewSecret, Origin, SignInRefusal, require_over, require_the_person, secret_hash};
use crate::letters::Letter;
use crate::organisations::note;
use crate::throttle::{Network, Pace};
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::authority::Actor;
use relais_core::ids::{AccountId, PasskeyId};
use relais_core::language::Language;
use relais_core::lifecycle::{Effect, check_name};
use relais_core::organisation::Organisation;
use relais_core::passkey::{CEREMONY_LIFE, check_count, check_passkey};
use relais_core::refusal::{CredentialFault, PasskeyFault, Refusal};
use relais_core::rights::{Act, allows, require};
use relais_core::sign_in::{SecondFactor, check_fresh};
use relais_engines::passkey::{
    self as engine, Amiss, Person, RegistrationAnswer, RelyingParty, SignInAnswer, Told, challenge_of,
    credential_id_of,
};
use relais_store::passkeys::{self, Ceremony, Passkey, Purpose};
use relais_store::sessions::Session;
use relais_store::{Tx, accounts, organisations, outbox, second_factors, sessions};
use serde_json::json;

/// What a browser is asked, to be given to `navigator.credentials` (Web Authentication Level 3, section 5.1).
#[derive(Debug, Clone, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct PasskeyQuestion {
    /// As `parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` takes them.
    #[schema(value_type = Object)]
    pub options: serde_json::Value,
    pub expires_at: Timestamp,
}

fn fault(fault: PasskeyFault) -> Error {
    Refusal::from(fault).into()
}

fn unsound(why: &Amiss) -> Error {
    tracing::info!(%why, "a passkey is refused");
    fault(PasskeyFault::AnswerInvalid)
}

/// Opaque to whoever finds it in a device.
fn handle(account: AccountId) -> Vec<u8> {
    account.to_string().into_bytes()
}

fn ids(passkeys: &[Passkey]) -> Vec<&[u8]> {
    passkeys.iter().map(|passkey| passkey.credential_id.as_slice()).collect()
}

/// Whom a passkey lets in.
enum Entered {
    In(Box<Account>),
    /// The right passkey, and nothing opens.
    Not(SignInRefusal),
}

impl Relais {
    fn relying_party(&self) -> Result<RelyingParty, Error> {
        let unavailable = || fault(PasskeyFault::Unavailable { url: self.public_url.clone() });
        RelyingParty::at(&self.public_url).ok_or_else(unavailable)
    }

    /// # Errors
    /// The refusal, for whom they are no concern of.
    pub async fn passkeys_of(&self, account: &Account, actor: &Actor) -> Result<Vec<Passkey>, Error> {
        require_over(account, actor)?;
        let id = account.id;
        self.look(move |tx| passkeys::of_account(tx, id)).await
    }

    /// Asks the person's browser to make one.
    ///
    /// # Errors
    /// The refusal: of another person, long after signing in, too many, or no site where browsers know passkeys.
    pub async fn begin_passkey(&self, id: AccountId, caller: &Caller) -> Result<PasskeyQuestion, Error> {
        let party = self.relying_party()?;
        let challenge: [u8; 32] = rand::random();
        let (now, hash) = (self.now(), secret_hash(challenge));
        let expires_at = now + CEREMONY_LIFE;
        let caller = caller.clone();
        let (account, organisation, present) = self
            .store
            .write(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                require_the_person(&account, &caller.actor)?;
                require(&account, Act::ChangeIdentity, now)?;
                check_fresh(opened_at(tx, &caller, now)?, now)?;
                let present = passkeys::of_account(tx, id)?;
                check_passkey(&account.name, present.len())?;
                let asked = Ceremony { purpose: Purpose::Registration, account: Some((id, account.epoch)) };
                passkeys::begin(tx, asked, &hash, expires_at)?;
                let organisation = organisations::get(tx, account.organisation)?.ok_or(Error::NotFound)?;
                Ok::<_, Error>((account, organisation, present))
            })
            .await?;
        let login = account.address.to_string();
        let person = Person { handle: &handle(id), login: &login, name: &account.name };
        let life_ms = i64::try_from(CEREMONY_LIFE.as_millis()).unwrap_or_default();
        let options =
            party.creation_options(&challenge, &organisation.name, &person, &ids(&present), life_ms);
        Ok(PasskeyQuestion { options, expires_at })
    }

    /// Keeps the passkey that the person's browser made. It is a second factor from now on; the person is told.
    ///
    /// # Errors
    /// The refusal: of another person, an answer to no question, or one that does not hold.
    pub async fn finish_passkey(
        &self,
        id: AccountId,
        name: String,
        answer: RegistrationAnswer,
        actor: Actor,
    ) -> Result<Passkey, Error> {
        let account = self.look(move |tx| accounts::get(tx, id)).await?.ok_or(Error::NotFound)?;
        require_the_person(&account, &actor)?;
        let party = self.relying_party()?;
        let made = party.registered(&answer).map_err(|why| unsound(&why))?;
        let challenge = challenge_of(&answer.response.client_data).map_err(|why| unsound(&why))?;
        let (number, effect, now) = (PasskeyId::from_number(self.ids.next()), self.ids.next(), self.now());
        let letter = self.passkey_letter(id, Change::Added).await?;
        let kept = self
            .act_with_letter(letter, move |tx, written| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                require_the_person(&account, &actor)?;
                require(&account, Act::ChangeIdentity, now)?;
                let asked = passkeys::take(tx, Purpose::Registration, &secret_hash(&challenge), now)?;
                if asked.and_then(|asked| asked.account) != Some((id, account.epoch)) {
                    return Err(fault(PasskeyFault::CeremonyVoid));
                }
                check_passkey(&name, passkeys::of_account(tx, id)?.len())?;
                let is_first = demands(tx, &account)?.factor == SecondFactor::Absent;
                let Told { signatures, backup_eligible, backed_up } = made.told;
                let kept = Passkey {
                    id: number,
                    account: id,
                    name: name.clone(),
                    credential_id: made.credential_id.clone(),
                    public_key: made.public_key.clone(),
                    signatures: i64::from(signatures),
                    backup_eligible,
                    backed_up,
                    created_at: now,
                    used_at: None,
                };
                if !passkeys::insert(tx, &kept)? {
                    return Err(fault(PasskeyFault::Present));
                }
                if is_first {
                    // What the password alone had opened is asked again.
                    outbox::push(tx, effect, &Effect::CutSessions { account: id }, now)?;
                }
                // Without its name: people call devices after themselves.
                let detail = json!({ "passkey": number });
                note(tx, account.organisation, "account.passkey_added", id, detail, actor, now)?;
                written.post(tx)?;
                Ok(kept)
            })
            .await?;
        self.settle_effects().await;
        Ok(kept)
    }

    /// # Errors
    /// The refusal; [`Error::NotFound`] when the account has no such passkey.
    pub async fn rename_passkey(
        &self,
        id: AccountId,
        passkey: PasskeyId,
        name: String,
        actor: Actor,
    ) -> Result<Passkey, Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                require_the_person(&account, &actor)?;
                require(&account, Act::ChangeIdentity, now)?;
                check_name(&name)?;
                if !passkeys::rename(tx, id, passkey, &name)? {
                    return Err(Error::NotFound);
                }
                let detail = json!({ "passkey": passkey });
                note(tx, account.organisation, "account.passkey_renamed", id, detail, actor, now)?;
                let all = passkeys::of_account(tx, id)?;
                all.into_iter().find(|one| one.id == passkey).ok_or(Error::NotFound)
            })
            .await
    }

    /// Removes one: the person, or whoever manages the account of somebody who lost the device. The person is told.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`] when the account has no such passkey.
    pub async fn remove_passkey(&self, id: AccountId, passkey: PasskeyId, actor: Actor) -> Result<(), Error> {
        let now = self.now();
        let letter = self.passkey_letter(id, Change::Removed).await?;
        self.act_with_letter(letter, move |tx, written| {
            let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
            require_over(&account, &actor)?;
            if !passkeys::remove(tx, id, passkey)? {
                return Err(Error::NotFound);
            }
            let detail = json!({ "passkey": passkey });
            note(tx, account.organisation, "account.passkey_removed", id, detail, actor, now)?;
            written.post(tx)
        })
        .await
    }

    async fn passkey_letter(&self, id: AccountId, change: Change) -> Result<Letter, Error> {
        let now = self.now();
        let (account, organisation, to) = self.addressee(id).await?;
        let (subject, text) = change.in_words(&account, &organisation);
        let key = format!("passkey {change:?} {} {}", account.id, now.as_millisecond());
        Ok(Letter { organisation, to, subject: subject.to_owned(), text, key, notifies: None })
    }

    /// Asks a browser for a passkey: for whichever the person chooses, or with the secret of a sign-in that is half done
    /// for one of that account.
    ///
    /// # Errors
    /// [`CredentialFault::HalfSignInVoid`]; that the network asks too often; no site where browsers know passkeys.
    pub async fn ask_for_passkey(
        &self,
        half: Option<String>,
        network: Network,
    ) -> Result<Result<PasskeyQuestion, SignInRefusal>, Error> {
        let party = self.relying_party()?;
        let (challenge, now): ([u8; 32], _) = (rand::random(), self.now());
        if self.throttle.starts(network, now) == Pace::Wait {
            return Ok(Err(SignInRefusal::TooManyAttempts));
        }
        let (hash, expires_at) = (secret_hash(challenge), now + CEREMONY_LIFE);
        let allowed = self
            .store
            .write(move |tx| {
                let account = half.as_deref().map(|secret| waiting(tx, secret, now)).transpose()?;
                let whose = account.as_ref().map(|account| (account.id, account.epoch));
                let asked = Ceremony { purpose: Purpose::SignIn, account: whose };
                passkeys::begin(tx, asked, &hash, expires_at)?;
                let allowed = account.map(|account| passkeys::of_account(tx, account.id)).transpose()?;
                Ok::<_, Error>(allowed.unwrap_or_default())
            })
            .await?;
        let life_ms = i64::try_from(CEREMONY_LIFE.as_millis()).unwrap_or_default();
        let options = party.request_options(&challenge, &ids(&allowed), life_ms);
        Ok(Ok(PasskeyQuestion { options, expires_at }))
    }

    /// Lets in whose passkey answered, and opens their session.
    ///
    /// # Errors
    /// The refusal: an answer to no question, one that does not hold, or a passkey that nobody has. What the table says to
    /// the right one stands inside, as with a password.
    pub async fn sign_in_by_passkey(
        &self,
        answer: SignInAnswer,
        half: Option<String>,
        network: Network,
        origin: &Origin,
    ) -> Result<Result<NewSecret<Account>, SignInRefusal>, Error> {
        let party = self.relying_party()?;
        let challenge = challenge_of(&answer.response.client_data).map_err(|why| unsound(&why))?;
        let credential = credential_id_of(&answer).map_err(|why| unsound(&why))?;
        let look = credential.clone();
        let found = self
            .look(move |tx| {
                let Some(passkey) = passkeys::by_credential(tx, &look)? else { return Ok(None) };
                Ok(accounts::get(tx, passkey.account)?.map(|account| (passkey, account)))
            })
            .await?;
        let (passkey, account) = found.ok_or_else(|| fault(PasskeyFault::Unknown))?;
        let told = party.signed(&answer, &passkey.public_key).map_err(|why| unsound(&why))?;
        if !engine::names(&answer, &handle(account.id)) || told.backup_eligible != passkey.backup_eligible {
            return Err(fault(PasskeyFault::AnswerInvalid));
        }
        let (session, bearer) = self.new_session(&account, origin);
        let (kept, now, url) = (secret_hash(&bearer), self.now(), self.public_url.clone());
        let entered = self
            .store
            .write(move |tx| {
                let asked = passkeys::take(tx, Purpose::SignIn, &secret_hash(&challenge), now)?;
                let asked = asked.ok_or_else(|| fault(PasskeyFault::CeremonyVoid))?;
                let account = answering(tx, &credential, asked, half.as_deref(), told, now)?;
                if !allows(&account, Act::SignInWithPassword, now) {
                    return Ok(Entered::Not(SignInRefusal::Closed));
                }
                if !demands(tx, &account)?.password_opens_the_portal() {
                    let url = format!("{url}/sso/start?login={}", account.address);
                    return Ok(Entered::Not(SignInRefusal::SignOnNeeded { url }));
                }
                sessions::insert(tx, &Session { epoch: account.epoch, ..session.clone() }, &kept)?;
                Ok::<_, Error>(Entered::In(Box::new(account)))
            })
            .await?;
        match entered {
            Entered::In(account) => {
                self.know_network(account.id, network).await;
                Ok(Ok(NewSecret { of: *account, secret: bearer }))
            }
            Entered::Not(refusal) => Ok(Err(refusal)),
        }
    }
}

fn waiting(tx: &mut Tx<'_>, secret: &str, now: Timestamp) -> Result<Account, Error> {
    let account = account_half_in(tx, &secret_hash(secret), now)?;
    account.ok_or_else(|| Refusal::from(CredentialFault::HalfSignInVoid).into())
}

/// The account of the passkey that answered what was asked of it, and of nobody else; what the device told is kept.
fn answering(
    tx: &mut Tx<'_>,
    credential: &[u8],
    asked: Ceremony,
    half: Option<&str>,
    told: Told,
    now: Timestamp,
) -> Result<Account, Error> {
    let passkey = passkeys::by_credential(tx, credential)?.ok_or_else(|| fault(PasskeyFault::Unknown))?;
    let account = accounts::get(tx, passkey.account)?.ok_or(Error::NotFound)?;
    let waits = half.map(|secret| waiting(tx, secret, now)).transpose()?;
    let meant = asked.account == waits.as_ref().map(|waits| (waits.id, waits.epoch))
        && asked.account.is_none_or(|asked| asked == (account.id, account.epoch));
    if !meant {
        return Err(fault(PasskeyFault::CeremonyVoid));
    }
    check_count(passkey.signatures, i64::from(told.signatures))?;
    let signatures = i64::from(told.signatures);
    passkeys::used(tx, &Passkey { signatures, backed_up: told.backed_up, ..passkey }, now)?;
    if let Some(secret) = half {
        second_factors::complete(tx, &secret_hash(secret))?;
    }
    Ok(account)
}

/// What a letter tells of.
#[derive(Debug, Clone, Copy)]
enum Change {
    Added,
    Removed,
}

impl Change {
    fn in_words(self, account: &Account, organisation: &Organisation) -> (&'static str, String) {
        let (address, name) = (&account.address, &organisation.name);
        match (self, organisation.language) {
            (Self::Added, Language::French) => (
                "Une clé d'accès a été ajoutée",
                format!(
                    "Bonjour,\n\n\
                     Une clé d'accès vient d'être ajoutée au compte {address} : elle ouvre le portail sans mot de passe.\n\n\
                     Si ce n'est pas vous, supprimez-la et prévenez tout de suite un administrateur de {name}.\n"
                ),
            ),
            (Self::Added, Language::English) => (
                "A passkey was added",
                format!(
                    "Hello,\n\n\
                     A passkey has just been added to the account {address}: it opens the portal without a password.\n\n\
                     If this was not you, remove it and tell an administrator of {name} at once.\n"
                ),
            ),
            (Self::Removed, Language::French) => (
                "Une clé d'accès a été supprimée",
                format!(
                    "Bonjour,\n\n\
                     Une clé d'accès du compte {address} vient d'être supprimée : elle n'ouvre plus rien.\n\n\
                     Si vous ne l'avez pas demandé, prévenez tout de suite un administrateur de {name}.\n"
                ),
            ),
            (Self::Removed, Language::English) => (
                "A passkey was removed",
                format!(
                    "Hello,\n\n\
                     A passkey of the account {address} has just been removed: it opens nothing any more.\n\n\
                     If you did not ask for this, tell an administrator of {name} at once.\n"
                ),
            ),
        }
    }
}
