//! Signing in with the password that a person has in a directory. The table is asked before the directory, and again
//! after: it may have taken its time.

use crate::execute::apply;
use crate::{Error, Relais};
use relais_core::account::Account;
use relais_core::authority::Actor;
use relais_core::directory::{Directory, Said, SignIn};
use relais_core::lifecycle::Command;
use relais_core::rights::{Act, Verdict, may, standing};
use relais_store::directories::{self, EntryRow};
use relais_store::{Tx, accounts};

impl Relais {
    /// Whether `password` is the account's in the directory that lets its person in, and the account as it is then: who
    /// was invited has entered.
    ///
    /// # Errors
    /// When the directory or the store cannot be asked.
    pub(crate) async fn verify_by_directory(
        &self,
        account: &Account,
        password: &str,
    ) -> Result<Option<Account>, Error> {
        let now = self.now();
        if password.is_empty() || !may_enter(account, now) {
            return Ok(None);
        }
        let id = account.id;
        let found = self.store.read(move |tx| letting_in(tx, id)).await?;
        let Some((directory, row, bind_password)) = found else { return Ok(None) };
        let right = self.ldap.verify(directory.settings, bind_password, row.entry, password.to_owned()).await;
        if !right.map_err(|fault| Error::Refused(fault.into()))? {
            return Ok(None);
        }
        let (ids, now) = (self.ids.clone(), self.now());
        self.store
            .write(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                if !may_enter(&account, now) || letting_in(tx, id)?.is_none() {
                    return Ok(None);
                }
                let Account { organisation, role, .. } = account;
                apply(tx, &ids, id, Command::Activate, &Actor::Account { id, organisation, role }, now)
                    .map(Some)
            })
            .await
    }
}

fn may_enter(account: &Account, now: jiff::Timestamp) -> bool {
    match may(standing(account, now), Act::SignInWithSso) {
        Verdict::Yes | Verdict::Activates => true,
        Verdict::No
        | Verdict::WithGrant
        | Verdict::AsInbound
        | Verdict::InvitationOnly
        | Verdict::WithFlexibleLicences => false,
    }
}

/// The directory that decides on an account, if people sign in by it, and what is known there.
fn letting_in(
    tx: &mut Tx<'_>,
    account: relais_core::ids::AccountId,
) -> Result<Option<(Directory, EntryRow, String)>, Error> {
    let mut found = Vec::new();
    for (id, row) in directories::of_account(tx, account)? {
        if row.said != Said::Vanished
            && let Some(directory) = directories::get(tx, id)?
        {
            found.push((directory, row));
        }
    }
    found.sort_by_key(|(directory, _)| (directory.settings.precedence, directory.id));
    let first = found.into_iter().next();
    let Some((directory, row)) = first
        .filter(|(directory, row)| directory.settings.sign_in == SignIn::Bind && row.said == Said::Enabled)
    else {
        return Ok(None);
    };
    let password = directories::password(tx, directory.id)?.unwrap_or_default();
    Ok(Some((directory, row, password)))
}
