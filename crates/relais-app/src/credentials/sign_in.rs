//! Signing in with a login and a password, or with an app password; and the second half of it, where a code is asked for.

use super::passwords::Verified;
use super::sessions::demands;
use super::totp;
use super::{NewSecret, Origin, as_typed, new_secret, secret_hash};
use crate::throttle::{Network, Pace};
use crate::{Error, Relais};
use jiff::{SignedDuration, Timestamp};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::ids::AccountId;
use relais_core::refusal::{CredentialFault, Refusal};
use relais_core::rights::{Act, Verdict, allows, may, standing};
use relais_core::sign_in::{
    CODE_FAILURES_MAX, Entrance, HALF_SIGN_IN_LIFE, PasswordVerdict, SecondWay, steps_taken,
    what_a_password_opens,
};
use relais_store::second_factors::{self, Factor, HalfSignIn};
use relais_store::{Tx, accounts, known_networks, passkeys, sessions};

/// Why nobody is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInRefusal {
    /// No such login, or another password: never told apart.
    Credentials,
    /// The right password, and the table says no.
    Closed,
    /// The right password, and only an app password opens this entrance.
    AppPasswordNeeded,
    /// The right password, which opens nothing: the organisation signs in by its identity provider, from here.
    SignOnNeeded {
        url: String,
    },
    TooManyAttempts,
    Unavailable,
}

/// What the portal says to the right password.
#[derive(Debug)]
pub enum PortalAnswer {
    In(Box<Account>),
    /// A code is to come, together with this secret.
    Code(NewSecret<HalfSignedIn>),
}

/// How long the second half may take.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct HalfSignedIn {
    pub expires_at: Timestamp,
    /// Each of them will do.
    pub ways: Vec<SecondWay>,
}

/// From where somebody signed in is known for so long, and written no more often than once a day.
pub(crate) const NETWORK_KNOWN_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
const NETWORK_NOTED_FOR: SignedDuration = SignedDuration::from_hours(24);

fn unavailable(error: Error) -> SignInRefusal {
    tracing::warn!(%error, "a sign-in could not be checked");
    SignInRefusal::Unavailable
}

impl Relais {
    pub(crate) async fn account_of_login(&self, login: &str) -> Result<Option<Account>, Error> {
        let Ok(address) = login.parse::<EmailAddress>() else { return Ok(None) };
        self.look(move |tx| accounts::holding(tx, &address)).await
    }

    /// Lets a program in: with an app password, or with the password where that opens the entrance; and asks the table.
    ///
    /// # Errors
    /// The refusal; an unknown login and a wrong password give the same one after the same time.
    pub async fn sign_in(
        &self,
        login: &str,
        password: &str,
        entrance: Entrance,
        network: Network,
    ) -> Result<Account, SignInRefusal> {
        let login = login.to_lowercase();
        let account = self.account_of_login(&login).await.map_err(unavailable)?;
        if let Some(account) = &account
            && self.is_app_password(account, password, entrance).await.map_err(unavailable)?
        {
            return self.allowed(account.clone(), entrance);
        }
        let (account, verdict) = self.check_password(&login, account, password, entrance, network).await?;
        match verdict {
            PasswordVerdict::Opens => Ok(account),
            PasswordVerdict::AsksForCode | PasswordVerdict::AppPasswordOnly | PasswordVerdict::SignOnOnly => {
                Err(SignInRefusal::AppPasswordNeeded)
            }
        }
    }

    /// The first half of a sign-in at the portal, or all of it where no code is asked for.
    ///
    /// # Errors
    /// As [`Relais::sign_in`].
    pub async fn sign_in_to_portal(
        &self,
        login: &str,
        password: &str,
        network: Network,
    ) -> Result<PortalAnswer, SignInRefusal> {
        let login = login.to_lowercase();
        let account = self.account_of_login(&login).await.map_err(unavailable)?;
        let checked = self.check_password(&login, account, password, Entrance::Portal, network);
        let (account, verdict) = checked.await?;
        match verdict {
            PasswordVerdict::Opens => Ok(PortalAnswer::In(Box::new(account))),
            PasswordVerdict::AsksForCode => {
                self.begin_second_half(&account).await.map(PortalAnswer::Code).map_err(unavailable)
            }
            PasswordVerdict::AppPasswordOnly => Err(SignInRefusal::AppPasswordNeeded),
            PasswordVerdict::SignOnOnly => {
                let url = format!("{}/sso/start?login={}", self.public_url, account.address);
                Err(SignInRefusal::SignOnNeeded { url })
            }
        }
    }

    /// Signs in to read mail: with a password, or where the table asks for one, with a recovery grant's secret.
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
        self.sign_in(login, password, Entrance::Mail, network).await
    }

    /// The account whose password this is and that the table lets in, with what the password is good for there.
    async fn check_password(
        &self,
        login: &str,
        account: Option<Account>,
        password: &str,
        entrance: Entrance,
        network: Network,
    ) -> Result<(Account, PasswordVerdict), SignInRefusal> {
        let now = self.now();
        let known = account.as_ref().map(|account| account.id);
        self.may_try(login, known, network).await?;
        let verified = self.passwords.verify(account.as_ref(), password).await.map_err(unavailable)?;
        let account = match (&account, &verified) {
            // It may be the one that they have in the directory.
            (Some(known), Verified::Wrong) => {
                self.verify_by_directory(known, password).await.map_err(unavailable)?
            }
            (_, Verified::Wrong) => None,
            (_, _) => account,
        };
        let Some(account) = account else {
            self.throttle.failed(network, login, now);
            metrics::counter!("relais_sign_ins_failed_total").increment(1);
            return Err(SignInRefusal::Credentials);
        };
        // Many guesses at once were all let through before the first one failed.
        self.may_try(login, known, network).await?;
        self.throttle.succeeded(network, login);
        let account = self.allowed(account, entrance)?;
        if let Verified::RightAndStale(hash) = verified {
            self.rehash(&account, hash).await;
        }
        let seen = account.clone();
        let demands = self.look(move |tx| demands(tx, &seen)).await.map_err(unavailable)?;
        let verdict = what_a_password_opens(entrance, &demands);
        if verdict == PasswordVerdict::Opens {
            self.know_network(account.id, network).await;
        }
        Ok((account, verdict))
    }

    /// What the table says to whoever has the right secret.
    fn allowed(&self, account: Account, entrance: Entrance) -> Result<Account, SignInRefusal> {
        match may(standing(&account, self.now()), entrance.act()) {
            Verdict::Yes | Verdict::Activates => Ok(account),
            Verdict::No
            | Verdict::WithGrant
            | Verdict::AsInbound
            | Verdict::InvitationOnly
            | Verdict::WithFlexibleLicences => Err(SignInRefusal::Closed),
        }
    }

    /// Whether an attempt on what is counted as `what` may be made now.
    async fn may_try(
        &self,
        what: &str,
        account: Option<AccountId>,
        network: Network,
    ) -> Result<(), SignInRefusal> {
        let now = self.now();
        match self.throttle.pace(network, what, now) {
            Pace::Go => Ok(()),
            Pace::Wait => Err(SignInRefusal::TooManyAttempts),
            Pace::KnownNetworks => {
                let Some(account) = account else { return Err(SignInRefusal::TooManyAttempts) };
                let (from, since) = (network.to_string(), now - NETWORK_KNOWN_FOR);
                let asked = self.look(move |tx| known_networks::is_known(tx, account, &from, since)).await;
                if asked.map_err(unavailable)? { Ok(()) } else { Err(SignInRefusal::TooManyAttempts) }
            }
        }
    }

    /// Remembers that the account's person is at this network. Of no consequence if it fails.
    pub(crate) async fn know_network(&self, account: AccountId, network: Network) {
        if network == Network::Local {
            return;
        }
        let (from, now) = (network.to_string(), self.now());
        let look = from.clone();
        let noted_after = now - NETWORK_NOTED_FOR;
        let lately = self.look(move |tx| known_networks::is_known(tx, account, &look, noted_after)).await;
        if lately.unwrap_or(true) {
            return;
        }
        let noted = self
            .store
            .write(move |tx| known_networks::note(tx, account, &from, noted_after, now).map_err(Error::from));
        if let Err(error) = noted.await {
            tracing::warn!(%error, "a network is not remembered");
        }
    }

    async fn begin_second_half(&self, account: &Account) -> Result<NewSecret<HalfSignedIn>, Error> {
        let expires_at = self.now() + HALF_SIGN_IN_LIFE;
        let half = HalfSignIn { account: account.id, epoch: account.epoch, failures: 0, expires_at };
        let secret = new_secret("rlh");
        let hash = secret_hash(&secret);
        let ways = self
            .store
            .write(move |tx| {
                second_factors::begin(tx, &half, &hash)?;
                let code = second_factors::get(tx, half.account)?.and_then(|factor| factor.confirmed_at);
                let passkeys = passkeys::of_account(tx, half.account)?;
                let code = code.map(|_| SecondWay::Code);
                let passkey = (!passkeys.is_empty()).then_some(SecondWay::Passkey);
                Ok::<_, Error>(code.into_iter().chain(passkey).collect())
            })
            .await?;
        Ok(NewSecret { of: HalfSignedIn { expires_at, ways }, secret })
    }

    /// The second half of a sign-in: a code of the device, or a recovery code. Opens the session.
    ///
    /// # Errors
    /// [`CredentialFault::HalfSignInVoid`], [`CredentialFault::CodeWrong`], or that there were too many attempts.
    pub async fn complete_sign_in(
        &self,
        secret: &str,
        code: &str,
        network: Network,
        origin: &Origin,
    ) -> Result<Result<NewSecret<Account>, SignInRefusal>, Error> {
        let (hash, now) = (secret_hash(secret), self.now());
        let look = hash.clone();
        let account = self.look(move |tx| account_half_in(tx, &look, now)).await?;
        let account = account.ok_or_else(|| Refusal::from(CredentialFault::HalfSignInVoid))?;
        let counted = format!("code {}", account.id);
        if let Err(refusal) = self.may_try(&counted, Some(account.id), network).await {
            return Ok(Err(refusal));
        }
        let (session, bearer) = self.new_session(&account, origin);
        let (kept, code) = (secret_hash(&bearer), code.to_owned());
        let let_in = self
            .store
            .write(move |tx| {
                let Some(account) = account_half_in(tx, &hash, now)? else { return Ok(None) };
                if !take_code(tx, account.id, &code, now)? {
                    second_factors::half_failed(tx, &hash)?;
                    return Ok(Some(None));
                }
                second_factors::complete(tx, &hash)?;
                sessions::insert(tx, &session, &kept)?;
                Ok::<_, Error>(Some(Some(account)))
            })
            .await?;
        match let_in.ok_or_else(|| Refusal::from(CredentialFault::HalfSignInVoid))? {
            Some(account) => {
                self.throttle.succeeded(network, &counted);
                self.know_network(account.id, network).await;
                Ok(Ok(NewSecret { of: account, secret: bearer }))
            }
            None => {
                self.throttle.failed(network, &counted, now);
                metrics::counter!("relais_sign_ins_failed_total").increment(1);
                Err(Refusal::from(CredentialFault::CodeWrong).into())
            }
        }
    }
}

/// Whose sign-in waits for a code under this secret: in time, not failed too often, and of an account that is as it was.
pub(super) fn account_half_in(
    tx: &mut Tx<'_>,
    hash: &[u8],
    now: Timestamp,
) -> Result<Option<Account>, relais_store::Error> {
    let Some(half) = second_factors::half(tx, hash)? else { return Ok(None) };
    if half.expires_at <= now || half.failures >= CODE_FAILURES_MAX {
        return Ok(None);
    }
    let account = accounts::get(tx, half.account)?;
    let account = account
        .filter(|account| account.epoch == half.epoch && allows(account, Act::SignInWithPassword, now));
    let Some(account) = account else { return Ok(None) };
    let opens = demands(tx, &account)?.password_opens_the_portal();
    Ok(opens.then_some(account))
}

/// Takes a code of the confirmed factor, or a recovery code; each once.
pub(super) fn take_code(
    tx: &mut Tx<'_>,
    account: AccountId,
    code: &str,
    now: Timestamp,
) -> Result<bool, relais_store::Error> {
    let Some(factor) = second_factors::get(tx, account)?.filter(|factor| factor.confirmed_at.is_some())
    else {
        return Ok(false);
    };
    match step_of(&factor, code, now) {
        Some(step) => {
            second_factors::set(tx, &Factor { last_step: step, ..factor })?;
            Ok(true)
        }
        None => second_factors::use_recovery_code(tx, account, &secret_hash(as_typed(code))),
    }
}

/// The time step whose code this is, if it is taken now.
pub(super) fn step_of(factor: &Factor, code: &str, now: Timestamp) -> Option<i64> {
    let typed = as_typed(code);
    steps_taken(factor.last_step, now).find(|step| totp::code(&factor.secret, *step) == typed)
}
