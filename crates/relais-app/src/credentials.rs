//! Who someone is: passwords, sessions, tokens, recovery grants. What they may then do, the table says.

use crate::throttle::Network;
use crate::{Error, Relais};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::application::Application;
use relais_core::authority::{Actor, Power};
use relais_core::event::Happening;
use relais_core::ids::{AccountId, GrantId, MailboxId, OrganisationId, SessionId, TokenId};
use relais_core::lifecycle::Effect;
use relais_core::password::{self, PasswordHash};
use relais_core::refusal::Refusal;
use relais_core::rights::{Act, Verdict, allows, may, standing};
use relais_store::credentials::{
    Grant, Session, Token, end_session, grant_in_force, grants, insert_grant, insert_session, insert_token,
    revoke_token, session_by_secret, token_by_secret,
};
use relais_store::{accounts, applications, events, mailboxes, outbox};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Why nobody is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInRefusal {
    /// No such login, or another password: never told apart.
    Credentials,
    /// The right password, and the table says no.
    Closed,
    TooManyAttempts,
    Unavailable,
}

/// Whoever calls, once known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub actor: Actor,
    pub session: Option<SessionId>,
}

/// A mailbox that may be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenMail {
    pub home: PathBuf,
    /// The limit that its reader is shown.
    pub quota_bytes: Option<i64>,
}

/// A secret that is shown once, with what it is for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct NewSecret<T> {
    #[serde(flatten)]
    pub of: T,
    pub secret: String,
}

const SESSION_LIFE: SignedDuration = SignedDuration::from_hours(12);
const GRANT_DAYS_MAX: i64 = 31;
/// Hashing takes a core and 19 MiB for 50 ms: more at once only makes everyone wait.
const HASHES_AT_ONCE: usize = 2;
const REMEMBERED_MAX: usize = 100_000;

/// Hashes passwords, and remembers which were right: a mail program signs in every few minutes. What is remembered
/// is a keyed hash that dies with the process, with the epoch for which it holds.
pub(crate) struct Passwords {
    key: [u8; 32],
    remembered: Mutex<HashMap<AccountId, ([u8; 32], i64)>>,
    turns: Semaphore,
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

    pub async fn hash(&self, password: String) -> Result<PasswordHash, Error> {
        password::check(&password)?;
        let _turn = self.turns.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
        let hash =
            tokio::task::spawn_blocking(move || Argon2::default().hash_password(password.as_bytes())).await?;
        let hash = hash.map_err(|error| Error::Internal(error.to_string()))?;
        Ok(PasswordHash::from_phc(hash.to_string()))
    }

    /// Whether `password` is the account's. For no account, or one without password, it takes as long and is no.
    async fn verify(&self, account: Option<&Account>, password: &str) -> Result<bool, Error> {
        let known = account.and_then(|account| account.password.as_ref().map(|hash| (account, hash)));
        if let Some((account, _)) = known
            && self.remembers(account, &self.mark(account.id, password))
        {
            return Ok(true);
        }
        let hash = known.map_or_else(|| NOBODYS_HASH.to_owned(), |(_, hash)| hash.as_phc().to_owned());
        let attempt = password.as_bytes().to_vec();
        let turn = self.turns.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
        let right = tokio::task::spawn_blocking(move || {
            let hash =
                argon2::PasswordHash::new(&hash).map_err(|error| Error::Internal(error.to_string()))?;
            Ok::<_, Error>(Argon2::default().verify_password(&attempt, &hash).is_ok())
        })
        .await??;
        drop(turn);
        match known {
            Some((account, _)) if right => {
                self.remember(account, self.mark(account.id, password));
                Ok(true)
            }
            Some(_) | None => Ok(false),
        }
    }
}

/// Of a password nobody has: what is verified when there is no account, so that the time says nothing.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cmVsYWlzcmVsYWlzcmVs$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// 256 random bits as text, with a prefix by which a leaked one is recognised.
pub(crate) fn new_secret(prefix: &str) -> String {
    let bits: [u8; 32] = rand::random();
    format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(bits))
}

/// Secrets are random, so a plain hash keeps them.
pub(crate) fn secret_hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

impl Relais {
    pub(crate) async fn account_of_login(&self, login: &str) -> Result<Option<Account>, Error> {
        let Ok(address) = login.parse::<EmailAddress>() else { return Ok(None) };
        self.look(move |tx| accounts::holding(tx, &address)).await
    }

    /// Checks a password and asks the table whether its holder may do `act`.
    ///
    /// # Errors
    /// The refusal; an unknown login and a wrong password give the same one after the same time.
    pub async fn sign_in(
        &self,
        login: &str,
        password: &str,
        act: Act,
        network: Network,
    ) -> Result<Account, SignInRefusal> {
        let (login, now) = (login.to_lowercase(), self.now());
        if !self.throttle.allows(network, &login, now) {
            return Err(SignInRefusal::TooManyAttempts);
        }
        let checked = async {
            let account = self.account_of_login(&login).await?;
            let right = self.passwords.verify(account.as_ref(), password).await?;
            if let Some(known) = account.as_ref().filter(|_| !right)
                && let Some(entered) = self.verify_by_directory(known, password).await?
            {
                return Ok((Some(entered), true));
            }
            Ok::<_, Error>((account, right))
        };
        let (account, right) = checked.await.map_err(|error| {
            tracing::warn!(%error, "a sign-in could not be checked");
            SignInRefusal::Unavailable
        })?;
        let Some(account) = account.filter(|_| right) else {
            self.throttle.failed(network, &login, now);
            metrics::counter!("relais_sign_ins_failed_total").increment(1);
            return Err(SignInRefusal::Credentials);
        };
        // Many guesses at once were all let through before the first one failed.
        if !self.throttle.allows(network, &login, now) {
            return Err(SignInRefusal::TooManyAttempts);
        }
        self.throttle.succeeded(network, &login);
        match may(standing(&account, now), act) {
            Verdict::Yes | Verdict::Activates => Ok(account),
            Verdict::No
            | Verdict::WithGrant
            | Verdict::AsInbound
            | Verdict::InvitationOnly
            | Verdict::WithFlexibleLicences => Err(SignInRefusal::Closed),
        }
    }

    /// Signs in to read mail: with the password, or where the table asks for one, with a recovery grant's secret.
    ///
    /// # Errors
    /// As [`Relais::sign_in`].
    pub async fn sign_in_to_read_mail(
        &self,
        login: &str,
        password: &str,
        network: Network,
    ) -> Result<Account, SignInRefusal> {
        if let Some((account, grant)) = self.grant_of(login, password).await? {
            // Nobody reads what the log does not tell.
            return match self.note_use(&account, &grant).await {
                Ok(()) => Ok(account),
                Err(_) => Err(SignInRefusal::Unavailable),
            };
        }
        self.sign_in(login, password, Act::ReadMail, network).await
    }

    /// The grant whose secret this is, where the table asks for one.
    ///
    /// # Errors
    /// [`SignInRefusal::Unavailable`] when the store cannot be asked.
    pub(crate) async fn grant_of(
        &self,
        login: &str,
        secret: &str,
    ) -> Result<Option<(Account, Grant)>, SignInRefusal> {
        if !secret.starts_with(GRANT_PREFIX) {
            return Ok(None);
        }
        let Ok(Some(account)) = self.account_of_login(login).await else { return Ok(None) };
        let now = self.now();
        if may(standing(&account, now), Act::ReadMail) != Verdict::WithGrant {
            return Ok(None);
        }
        let (id, hash) = (account.id, secret_hash(secret));
        match self.look(move |tx| grant_in_force(tx, id, &hash, now)).await {
            Ok(found) => Ok(found.map(|grant| (account, grant))),
            Err(_) => Err(SignInRefusal::Unavailable),
        }
    }

    pub(crate) async fn note_use(&self, account: &Account, grant: &Grant) -> Result<(), Error> {
        let (organisation, subject, now) = (account.organisation, account.id.to_string(), self.now());
        let actor = Actor::Grant { id: grant.id, organisation };
        self.store
            .write(move |tx| {
                let happening =
                    Happening { kind: "account.recovery_used", subject: subject.clone(), detail: json!({}) };
                events::append(tx, organisation, happening, actor, now)?;
                Ok::<_, Error>(())
            })
            .await
    }

    /// Where the mail of `account` lies, if it may be opened now: what a mail server asks after the password.
    ///
    /// # Errors
    /// When the store cannot be asked, or the mailbox cannot be made.
    pub async fn open_mail_of(&self, id: AccountId) -> Result<Option<OpenMail>, Error> {
        let now = self.now();
        let account = self
            .look(move |tx| {
                let Some(account) = accounts::get(tx, id)? else { return Ok(None) };
                let verdict = may(standing(&account, now), Act::ReadMail);
                let open = match verdict {
                    Verdict::Yes | Verdict::Activates => true,
                    Verdict::WithGrant => grants(tx, id)?.iter().any(|grant| grant.ends_at > now),
                    Verdict::No
                    | Verdict::AsInbound
                    | Verdict::InvitationOnly
                    | Verdict::WithFlexibleLicences => false,
                };
                Ok(open.then_some((account, verdict)))
            })
            .await?;
        match account {
            Some((account, verdict)) => {
                if verdict == Verdict::WithGrant {
                    // What is personal may have come since the grant was given.
                    self.set_aside_personal(account.mailbox).await?;
                }
                self.mail_home(account.mailbox, account.quota_bytes).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Where the mail of the shared mailbox with this address lies.
    ///
    /// # Errors
    /// As [`Relais::open_mail_of`].
    pub async fn open_shared_mail(&self, address: &str) -> Result<Option<OpenMail>, Error> {
        let Ok(address) = address.parse::<EmailAddress>() else { return Ok(None) };
        match self.look(move |tx| mailboxes::named(tx, &address)).await? {
            Some(mailbox) => self.mail_home(mailbox.id, None).await.map(Some),
            None => Ok(None),
        }
    }

    /// Returns how many personal messages lie aside.
    async fn set_aside_personal(&self, mailbox: MailboxId) -> Result<u64, Error> {
        let (maildirs, marks) = (self.maildirs.clone(), self.personal_marks.clone());
        let count = tokio::task::spawn_blocking(move || {
            maildirs.create(mailbox)?;
            maildirs.set_aside_personal(mailbox, &marks)
        })
        .await??;
        Ok(count)
    }

    /// A mailbox is made when it is first needed.
    async fn mail_home(&self, mailbox: MailboxId, quota_bytes: Option<i64>) -> Result<OpenMail, Error> {
        let maildirs = self.maildirs.clone();
        let made = move || maildirs.create(mailbox).map(|()| maildirs.home(mailbox));
        let home = tokio::task::spawn_blocking(made).await??;
        Ok(OpenMail { home, quota_bytes })
    }

    /// Opens a session for someone who signed in.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn open_session(&self, account: &Account) -> Result<NewSecret<AccountId>, Error> {
        let secret = new_secret("rls");
        let session = Session {
            id: SessionId::from_number(self.ids.next()),
            account: account.id,
            epoch: account.epoch,
            expires_at: self.now() + SESSION_LIFE,
        };
        let hash = secret_hash(&secret);
        self.store.write(move |tx| insert_session(tx, &session, &hash).map_err(Error::from)).await?;
        Ok(NewSecret { of: account.id, secret })
    }

    /// # Errors
    /// When it cannot be written.
    pub async fn close_session(&self, id: SessionId) -> Result<(), Error> {
        self.store.write(move |tx| end_session(tx, id).map_err(Error::from)).await
    }

    /// Who has this bearer secret: a token, a connected application, or a session whose account may still sign in.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn caller(&self, secret: &str) -> Result<Option<Caller>, Error> {
        let (hash, now) = (secret_hash(secret), self.now());
        self.look(move |tx| {
            if let Some(token) = token_by_secret(tx, &hash)? {
                let actor = match token.organisation {
                    None => Actor::Operator,
                    Some(organisation) => Actor::Token { id: token.id, organisation },
                };
                return Ok(Some(Caller { actor, session: None }));
            }
            if let Some(application) = applications::by_token(tx, &hash)? {
                let Application { id, organisation, .. } = application;
                return Ok(Some(Caller { actor: Actor::Application { id, organisation }, session: None }));
            }
            let Some(session) = session_by_secret(tx, &hash)?.filter(|session| session.expires_at > now)
            else {
                return Ok(None);
            };
            let account = accounts::get(tx, session.account)?.filter(|account| {
                account.epoch == session.epoch && allows(account, Act::SignInWithPassword, now)
            });
            Ok(account.map(|account| Caller {
                actor: Actor::Account {
                    id: account.id,
                    organisation: account.organisation,
                    role: account.role,
                },
                session: Some(session.id),
            }))
        })
        .await
    }

    /// A token of an organisation, or of the operator.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] unless the actor may end accounts there, or operates.
    pub async fn create_token(
        &self,
        organisation: Option<OrganisationId>,
        name: String,
        actor: Actor,
    ) -> Result<NewSecret<Token>, Error> {
        if !may_rule_tokens(&actor, organisation) {
            return Err(Refusal::NotAllowed.into());
        }
        relais_core::lifecycle::check_name(&name)?;
        let now = self.now();
        let id = TokenId::from_number(self.ids.next());
        let token = Token { id, organisation, name, created_at: now, revoked_at: None };
        let secret = new_secret("rlt");
        let (row, hash) = (token.clone(), secret_hash(&secret));
        self.store
            .write(move |tx| {
                insert_token(tx, &row, &hash)?;
                if let Some(organisation) = organisation {
                    let detail = json!({ "name": row.name });
                    let happening = Happening { kind: "token.created", subject: row.id.to_string(), detail };
                    events::append(tx, organisation, happening, actor, now)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        Ok(NewSecret { of: token, secret })
    }

    /// # Errors
    /// [`Error::NotFound`] when the organisation, or the operator if none is named, has no such token in force.
    pub async fn revoke_token(
        &self,
        organisation: impl Into<Option<OrganisationId>>,
        id: TokenId,
        actor: Actor,
    ) -> Result<(), Error> {
        let organisation = organisation.into();
        if !may_rule_tokens(&actor, organisation) {
            return Err(Refusal::NotAllowed.into());
        }
        let now = self.now();
        self.store
            .write(move |tx| {
                if !revoke_token(tx, organisation, id, now)? {
                    return Err(Error::NotFound);
                }
                if let Some(organisation) = organisation {
                    let happening =
                        Happening { kind: "token.revoked", subject: id.to_string(), detail: json!({}) };
                    events::append(tx, organisation, happening, actor, now)?;
                }
                Ok(())
            })
            .await
    }

    /// Lets an admin read a deactivated account's mail until `ends_at` (B10a, B10b). Personal messages are set aside
    /// first: they are nobody's to read (Cass. soc. 2 October 2001, no 99-42.942).
    ///
    /// # Errors
    /// The refusal when the table does not ask for a grant, or the date or the reason will not do.
    pub async fn grant_recovery(
        &self,
        id: AccountId,
        reason: String,
        ends_at: Timestamp,
        actor: Actor,
    ) -> Result<NewSecret<Grant>, Error> {
        let now = self.now();
        let account = self.look(move |tx| accounts::get(tx, id)).await?.ok_or(Error::NotFound)?;
        if !actor.has_over(Power::EndAccounts, &account) {
            return Err(Refusal::NotAllowed.into());
        }
        let state = standing(&account, now);
        if may(state, Act::ReadMail) != Verdict::WithGrant {
            return Err(Refusal::NotInThisState { act: Act::ReadMail, state }.into());
        }
        if reason.trim().is_empty() {
            return Err(Refusal::ReasonMissing.into());
        }
        if ends_at <= now {
            return Err(Refusal::DateInThePast.into());
        }
        if ends_at > now + SignedDuration::from_hours(24 * GRANT_DAYS_MAX) {
            return Err(Refusal::GrantTooLong { days_max: GRANT_DAYS_MAX }.into());
        }
        let set_aside = self.set_aside_personal(account.mailbox).await?;
        let grant = Grant {
            id: GrantId::from_number(self.ids.next()),
            account: id,
            reason,
            ends_at,
            created_at: now,
        };
        let secret = new_secret(GRANT_PREFIX.trim_end_matches('_'));
        let effect_id = self.ids.next();
        let (row, hash, organisation) = (grant.clone(), secret_hash(&secret), account.organisation);
        self.store
            .write(move |tx| {
                insert_grant(tx, &row, &hash)?;
                // A session that is open then would go on.
                outbox::push(tx, effect_id, &Effect::CutSessions { account: id }, row.ends_at)?;
                let detail = json!({ "grant": row.id, "reason": row.reason, "ends_at": row.ends_at,
                                     "personal_messages_set_aside": set_aside });
                let happening =
                    Happening { kind: "account.recovery_granted", subject: id.to_string(), detail };
                events::append(tx, organisation, happening, actor, now)?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(NewSecret { of: grant, secret })
    }
}

/// Whether `actor` makes and revokes the tokens of an organisation, or of the operator.
fn may_rule_tokens(actor: &Actor, organisation: Option<OrganisationId>) -> bool {
    match organisation {
        Some(organisation) => actor.has(Power::EndAccounts, organisation),
        None => *actor == Actor::Operator,
    }
}

const GRANT_PREFIX: &str = "rlg_";
