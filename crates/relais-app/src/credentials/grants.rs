//! Recovery grants: dated, recorded permissions to read a deactivated account's mail.

use super::{NewSecret, SignInRefusal, new_secret, secret_hash};
use crate::{Error, Relais};
use jiff::{SignedDuration, Timestamp};
use relais_core::account::Account;
use relais_core::authority::{Actor, Power};
use relais_core::event::Happening;
use relais_core::ids::{AccountId, GrantId};
use relais_core::lifecycle::Effect;
use relais_core::refusal::Refusal;
use relais_core::rights::{Act, Verdict, may, standing};
use relais_store::credentials::{Grant, grant_in_force, insert_grant};
use relais_store::{accounts, events, outbox};
use serde_json::json;

const GRANT_PREFIX: &str = "rlg_";
const GRANT_DAYS_MAX: i64 = 31;

impl Relais {
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
