//! Sessions: people who signed in at the portal, and what they see and end of them.

use super::{Caller, NewSecret, new_secret, require_over, secret_hash};
use crate::organisations::note;
use crate::{Error, Network, Relais};
use jiff::{SignedDuration, Timestamp};
use relais_core::account::Account;
use relais_core::authority::Actor;
use relais_core::ids::{AccountId, SessionId};
use relais_core::rights::allows;
use relais_core::sign_in::{Demands, OpenedBy, SecondFactor, SessionExtent, check_fresh, extent_of_session};
use relais_core::sign_on::SignOnDemand;
use relais_store::sessions::{self, Session};
use relais_store::{Tx, accounts, organisations, passkeys, second_factors, sign_on};
use serde_json::json;

const SESSION_LIFE: SignedDuration = SignedDuration::from_hours(12);
/// That a session is in use is written no more often.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(15);

/// From where and with what somebody signs in, as roughly as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    network: String,
    agent: String,
}

/// What browsers and programs say of themselves; the first that is named counts, since each names those before it.
const AGENTS: [(&str, &str); 8] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Thunderbird/", "Thunderbird"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("relais", "relais"),
];
const SYSTEMS: [(&str, &str); 6] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
];

impl Origin {
    /// `agent` as the request names it (RFC 9110, section 10.1.5).
    #[must_use]
    pub fn of(network: Network, agent: Option<&str>) -> Self {
        let said = agent.unwrap_or_default();
        let named = |known: &[(&str, &'static str)]| {
            known.iter().find(|(word, _)| said.contains(word)).map(|(_, name)| *name)
        };
        let parts: Vec<&str> = [named(&AGENTS), named(&SYSTEMS)].into_iter().flatten().collect();
        Self { network: network.roughly(), agent: parts.join(", ") }
    }
}

/// What is asked of an account's person now.
pub(super) fn demands(tx: &mut Tx<'_>, account: &Account) -> Result<Demands, relais_store::Error> {
    let policy = organisations::sign_in_policy(tx, account.organisation)?;
    let factor = second_factors::get(tx, account.id)?;
    let confirmed = factor.is_some_and(|factor| factor.confirmed_at.is_some())
        || !passkeys::of_account(tx, account.id)?.is_empty();
    let kept = sign_on::provider(tx, account.organisation)?;
    Ok(Demands {
        role: account.role,
        policy,
        factor: if confirmed { SecondFactor::Confirmed } else { SecondFactor::Absent },
        sign_on: kept.map_or(SignOnDemand::Optional, |kept| kept.provider.demand),
    })
}

/// When the session of `caller` was opened; `None` for whoever has none.
pub(super) fn opened_at(
    tx: &mut Tx<'_>,
    caller: &Caller,
    now: Timestamp,
) -> Result<Option<Timestamp>, relais_store::Error> {
    let (Some(id), Some(session)) = (caller.actor.person(), caller.session) else { return Ok(None) };
    let Some(account) = accounts::get(tx, id)? else { return Ok(None) };
    let open = sessions::of_account(tx, id, account.epoch, now)?;
    Ok(open.into_iter().find(|one| one.id == session).map(|one| one.created_at))
}

impl Relais {
    /// Who has the session with this secret, while the table lets its account sign in.
    pub(super) async fn signed_in(&self, hash: Vec<u8>) -> Result<Option<Caller>, Error> {
        let now = self.now();
        let found = self.look(move |tx| session_in_force(tx, &hash, now)).await?;
        let Some((session, account, extent)) = found else { return Ok(None) };
        if session.seen_at + SEEN_EVERY <= now {
            let id = session.id;
            self.store.write(move |tx| sessions::seen(tx, id, now).map_err(Error::from)).await?;
        }
        let Account { id, organisation, role, .. } = account;
        let actor = Actor::Account { id, organisation, role };
        Ok(Some(Caller { actor, session: Some(session.id), extent }))
    }

    /// Opens a session for someone who signed in.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn open_session(
        &self,
        account: &Account,
        origin: &Origin,
    ) -> Result<NewSecret<AccountId>, Error> {
        let (session, secret) = self.new_session(account, origin);
        let hash = secret_hash(&secret);
        self.store.write(move |tx| sessions::insert(tx, &session, &hash).map_err(Error::from)).await?;
        Ok(NewSecret { of: account.id, secret })
    }

    /// A session and its secret, to be kept.
    pub(crate) fn new_session(&self, account: &Account, origin: &Origin) -> (Session, String) {
        let now = self.now();
        let session = Session {
            id: SessionId::from_number(self.ids.next()),
            account: account.id,
            epoch: account.epoch,
            created_at: now,
            seen_at: now,
            expires_at: now + SESSION_LIFE,
            network: origin.network.clone(),
            agent: origin.agent.clone(),
            sign_on: None,
        };
        (session, new_secret("rls"))
    }

    /// The sessions that `account` has open, the newest first.
    ///
    /// # Errors
    /// The refusal, for whom they are no concern of.
    pub async fn sessions_of(&self, account: &Account, actor: &Actor) -> Result<Vec<Session>, Error> {
        require_over(account, actor)?;
        let (id, epoch, now) = (account.id, account.epoch, self.now());
        self.look(move |tx| sessions::of_account(tx, id, epoch, now)).await
    }

    /// Whether `caller` signed in just now, as adding a way in asks.
    ///
    /// # Errors
    /// [`relais_core::refusal::CredentialFault::SignInAgain`].
    pub async fn check_fresh(&self, caller: &Caller) -> Result<(), Error> {
        let (caller, now) = (caller.clone(), self.now());
        let opened_at = self.look(move |tx| opened_at(tx, &caller, now)).await?;
        Ok(check_fresh(opened_at, now)?)
    }

    /// Signs out.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn close_session(&self, account: AccountId, id: SessionId) -> Result<(), Error> {
        self.store.write(move |tx| sessions::end(tx, account, id).map(|_| ()).map_err(Error::from)).await
    }

    /// # Errors
    /// The refusal; [`Error::NotFound`] when the account has no such session.
    pub async fn end_session(
        &self,
        account: &Account,
        session: SessionId,
        actor: Actor,
    ) -> Result<(), Error> {
        require_over(account, &actor)?;
        let (id, organisation, now) = (account.id, account.organisation, self.now());
        self.store
            .write(move |tx| {
                if !sessions::end(tx, id, session)? {
                    return Err(Error::NotFound);
                }
                note(tx, organisation, "account.sessions_ended", id, json!({ "sessions": 1 }), actor, now)
            })
            .await
    }

    /// Ends all sessions of `account` but the one that asks. Returns how many.
    ///
    /// # Errors
    /// The refusal.
    pub async fn end_other_sessions(&self, account: &Account, caller: &Caller) -> Result<u64, Error> {
        require_over(account, &caller.actor)?;
        let (id, organisation, kept) = (account.id, account.organisation, caller.session);
        let (actor, now) = (caller.actor, self.now());
        self.store
            .write(move |tx| {
                let ended = sessions::end_all(tx, id, kept)?;
                if ended > 0 {
                    let detail = json!({ "sessions": ended });
                    note(tx, organisation, "account.sessions_ended", id, detail, actor, now)?;
                }
                Ok(ended)
            })
            .await
    }
}

/// Void with another epoch than the account's, with its time, and with what the table says.
fn session_in_force(
    tx: &mut Tx<'_>,
    hash: &[u8],
    now: Timestamp,
) -> Result<Option<(Session, Account, SessionExtent)>, relais_store::Error> {
    let Some(session) = sessions::by_secret(tx, hash)?.filter(|session| session.expires_at > now) else {
        return Ok(None);
    };
    let opened_by = if session.sign_on.is_some() { OpenedBy::IdentityProvider } else { OpenedBy::Password };
    let account = accounts::get(tx, session.account)?
        .filter(|account| account.epoch == session.epoch && allows(account, opened_by.act(), now));
    let Some(account) = account else { return Ok(None) };
    let extent = extent_of_session(opened_by, &demands(tx, &account)?);
    Ok(extent.map(|extent| (session, account, extent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_says_of_itself_is_kept_in_two_words() {
        for (said, kept) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
                "Chrome, Android",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
                "Edge, Windows",
            ),
            ("curl/8.14.1", "curl"),
            ("<script>", ""),
        ] {
            assert_eq!(Origin::of(Network::Local, Some(said)).agent, kept);
        }
    }
}
