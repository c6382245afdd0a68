//! What is known of a person, and how full their mailbox is. The core says what may be kept and who changes it.

use crate::credentials;
use crate::organisations::note;
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::authority::Actor;
use relais_core::content::ContentChange;
use relais_core::ids::{AccountId, MailboxId};
use relais_core::organisation::SharedMailbox;
use relais_core::photo::Photo;
use relais_core::profile::{Profile, ProfileFacts, check_may_change, replace};
use relais_core::rights::{Act, Verdict, may};
use relais_store::{Tx, accounts, collections, content, directories, domains, events, profiles};
use serde_json::json;

/// How full a mailbox is.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct MailboxUsage {
    pub messages: u64,
    pub bytes: u64,
    /// The limit, if there is one.
    pub quota_bytes: Option<i64>,
    /// The part of the limit that is used: 1 is full, and a limit that was lowered may be exceeded.
    pub share: Option<f64>,
}

impl Relais {
    /// Puts `wanted` in the place of what is known of the person.
    ///
    /// # Errors
    /// Every refusal at once; nothing changed then.
    pub async fn set_profile(&self, id: AccountId, wanted: Profile, actor: Actor) -> Result<Profile, Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                apply_profile(tx, &account, wanted.clone(), &actor, now)?;
                Ok(profiles::get(tx, id)?)
            })
            .await
    }

    /// # Errors
    /// The refusal, when the actor may not or the image will not do.
    pub async fn set_photo(&self, id: AccountId, image: Vec<u8>, actor: Actor) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                check_may_change(&account, &actor, now)?;
                let photo = Photo::of(image.clone()).map_err(relais_core::refusal::Refusal::from)?;
                if profiles::photo(tx, id)?.as_ref() == Some(&photo) {
                    return Ok(());
                }
                profiles::set_photo(tx, id, &photo)?;
                note(tx, account.organisation, "account.photo_set", id, json!({}), actor, now)
            })
            .await
    }

    /// # Errors
    /// The refusal; [`Error::NotFound`] when there is no photo.
    pub async fn remove_photo(&self, id: AccountId, actor: Actor) -> Result<(), Error> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                check_may_change(&account, &actor, now)?;
                if !profiles::remove_photo(tx, id)? {
                    return Err(Error::NotFound);
                }
                note(tx, account.organisation, "account.photo_removed", id, json!({}), actor, now)
            })
            .await
    }

    /// # Errors
    /// When the mailbox cannot be read.
    pub async fn mailbox_usage(&self, account: &Account) -> Result<MailboxUsage, Error> {
        self.usage(account.mailbox, account.quota_bytes).await
    }

    /// A shared mailbox has no limit.
    ///
    /// # Errors
    /// When the mailbox cannot be read.
    pub async fn shared_mailbox_usage(&self, mailbox: &SharedMailbox) -> Result<MailboxUsage, Error> {
        self.usage(mailbox.id, None).await
    }

    async fn usage(&self, mailbox: MailboxId, quota_bytes: Option<i64>) -> Result<MailboxUsage, Error> {
        let maildirs = self.maildirs.clone();
        let usage = tokio::task::spawn_blocking(move || maildirs.usage(mailbox)).await??;
        #[expect(clippy::cast_precision_loss, reason = "a share is shown in percent")]
        let share = |quota: i64| usage.bytes as f64 / quota as f64;
        Ok(MailboxUsage {
            messages: usage.messages,
            bytes: usage.bytes,
            quota_bytes,
            share: quota_bytes.filter(|quota| *quota > 0).map(share),
        })
    }
}

/// Puts `wanted` in place inside the caller's transaction. Returns whether anything changed.
pub(crate) fn apply_profile(
    tx: &mut Tx<'_>,
    account: &Account,
    wanted: Profile,
    actor: &Actor,
    now: Timestamp,
) -> Result<Applied, Error> {
    let before = profiles::get(tx, account.id)?;
    let facts = ProfileFacts { external_is_hosted: is_external_hosted(tx, &wanted)? };
    match replace(account, &before, wanted, facts, actor, now).map_err(Error::RefusedAll)? {
        None => Ok(Applied::Unchanged),
        Some((profile, happening)) => {
            profiles::set(tx, account.id, &profile)?;
            events::append(tx, account.organisation, happening, *actor, now)?;
            Ok(Applied::Changed)
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    Changed,
    Unchanged,
}

fn is_external_hosted(tx: &mut Tx<'_>, profile: &Profile) -> Result<bool, relais_store::Error> {
    match &profile.external_address {
        Some(address) => Ok(domains::get(tx, address.domain())?.is_some()),
        None => Ok(false),
    }
}

/// Erases what is known of whoever nothing can be known of any more, and what they shared: a deleted account keeps no
/// personal data.
pub(crate) fn erase_if_gone(
    tx: &mut Tx<'_>,
    account: &Account,
    content: Option<&ContentChange>,
) -> Result<(), relais_store::Error> {
    match may(account.state, Act::ChangeAttributes) {
        Verdict::No => {
            profiles::erase(tx, account.id)?;
            credentials::forget_of(tx, account.id)?;
            content::forget_sharee(tx, account.id)?;
            directories::erase_account(tx, account.id)?;
            match content {
                // With whom its collections are shared goes with them to their new owner.
                Some(ContentChange::Reassign(_)) => collections::forget_sharee(tx, account.id),
                Some(ContentChange::Erase) | None => collections::forget_account(tx, account.id),
            }
        }
        Verdict::Yes
        | Verdict::Activates
        | Verdict::WithGrant
        | Verdict::AsInbound
        | Verdict::InvitationOnly
        | Verdict::WithFlexibleLicences => Ok(()),
    }
}
