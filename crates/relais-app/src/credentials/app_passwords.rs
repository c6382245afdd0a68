//! App passwords: one for each device, for programs that cannot ask for a code. Random and long, so a plain hash keeps them
//! and nobody guesses one: they are looked up before anything is counted.

use super::sessions::opened_at;
use super::{
    Caller, NewSecret, as_typed, require_over, require_the_person, secret_hash, typed_secret, use_is_news,
};
use crate::organisations::note;
use crate::{Error, Relais};
use relais_core::account::Account;
use relais_core::authority::Actor;
use relais_core::ids::{AccountId, AppPasswordId};
use relais_core::lifecycle::Effect;
use relais_core::rights::{Act, require};
use relais_core::sign_in::{Entrance, Scope, check_app_password, check_fresh};
use relais_store::app_passwords::{self, AppPassword};
use relais_store::{accounts, outbox};
use serde_json::json;

const PREFIX: &str = "rla";
/// 140 bits.
const LETTERS: usize = 28;

impl Relais {
    /// Makes one for a device of the person who asks.
    ///
    /// # Errors
    /// The refusal: nobody makes one for another, nor long after signing in, and it has to open something.
    pub async fn create_app_password(
        &self,
        id: AccountId,
        name: String,
        mut scopes: Vec<Scope>,
        caller: &Caller,
    ) -> Result<NewSecret<AppPassword>, Error> {
        scopes.sort_unstable();
        scopes.dedup();
        let secret = format!("{PREFIX}-{}", typed_secret::<LETTERS>());
        let hash = secret_hash(as_typed(&secret));
        let (number, now) = (AppPasswordId::from_number(self.ids.next()), self.now());
        let (caller, actor) = (caller.clone(), caller.actor);
        let made = self
            .store
            .write(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                require_the_person(&account, &actor)?;
                require(&account, Act::ChangeIdentity, now)?;
                check_fresh(opened_at(tx, &caller, now)?, now)?;
                app_passwords::forget_void(tx, id, account.epoch)?;
                let there_are = app_passwords::of_account(tx, id, account.epoch)?.len();
                check_app_password(&name, &scopes, there_are)?;
                let made = AppPassword {
                    id: number,
                    account: id,
                    name: name.clone(),
                    scopes: scopes.clone(),
                    epoch: account.epoch,
                    created_at: now,
                    used_at: None,
                };
                app_passwords::insert(tx, &made, &hash)?;
                // Without its name: people call devices after themselves.
                let detail = json!({ "app_password": number, "scopes": made.scopes });
                note(tx, account.organisation, "account.app_password_created", id, detail, actor, now)?;
                Ok::<_, Error>(made)
            })
            .await?;
        Ok(NewSecret { of: made, secret })
    }

    /// # Errors
    /// The refusal, for whom they are no concern of.
    pub async fn app_passwords_of(
        &self,
        account: &Account,
        actor: &Actor,
    ) -> Result<Vec<AppPassword>, Error> {
        require_over(account, actor)?;
        let (id, epoch) = (account.id, account.epoch);
        self.look(move |tx| app_passwords::of_account(tx, id, epoch)).await
    }

    /// Whatever was opened with it is cut.
    ///
    /// # Errors
    /// The refusal; [`Error::NotFound`] when the account has no such one.
    pub async fn revoke_app_password(
        &self,
        account: &Account,
        app_password: AppPasswordId,
        actor: Actor,
    ) -> Result<(), Error> {
        require_over(account, &actor)?;
        let (id, organisation, now, effect) = (account.id, account.organisation, self.now(), self.ids.next());
        self.store
            .write(move |tx| {
                if !app_passwords::revoke(tx, id, app_password)? {
                    return Err(Error::NotFound);
                }
                outbox::push(tx, effect, &Effect::CutSessions { account: id }, now)?;
                let detail = json!({ "app_password": app_password });
                note(tx, organisation, "account.app_password_revoked", id, detail, actor, now)
            })
            .await?;
        self.settle_effects().await;
        Ok(())
    }

    /// Whether `secret` is an app password of `account` that opens this entrance; its use is noted.
    pub(super) async fn is_app_password(
        &self,
        account: &Account,
        secret: &str,
        entrance: Entrance,
    ) -> Result<bool, Error> {
        let (typed, Some(scope)) = (as_typed(secret), entrance.scope()) else { return Ok(false) };
        if !typed.starts_with(PREFIX) || typed.len() != PREFIX.len() + LETTERS {
            return Ok(false);
        }
        let hash = secret_hash(&typed);
        let (id, epoch, now) = (account.id, account.epoch, self.now());
        let found = self.look(move |tx| app_passwords::by_secret(tx, &hash)).await?;
        let Some(found) = found
            .filter(|found| found.account == id && found.epoch == epoch && found.scopes.contains(&scope))
        else {
            return Ok(false);
        };
        if use_is_news(found.used_at, now) {
            self.store.write(move |tx| app_passwords::used(tx, found.id, now).map_err(Error::from)).await?;
        }
        Ok(true)
    }
}
