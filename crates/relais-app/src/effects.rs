//! What a commit owes the outside world, paid from the outbox: at once, and again until it works. Each effect reads
//! the present state instead of remembering the past, so it may be done twice and in any order.

use crate::{Error, Relais};
use jiff::{SignedDuration, Timestamp};
use relais_core::ids::{AccountId, MailboxId};
use relais_core::lifecycle::Effect;
use relais_core::organisation::{MailboxRight, SharedMailbox};
use relais_core::rights::{Act, allows};
use relais_engines::dovecot::{Rights, write_acl};
use relais_store::content::reassigning;
use relais_store::{Tx, accounts, collections, credentials, mailboxes, outbox};
use std::time::Duration;

const BATCH: i64 = 100;
const RETRY_DELAY_S_MAX: i64 = 60;
/// How often a kick is repeated until no session is left: a login under way may still appear.
const KICKS_MAX: u32 = 50;

impl Relais {
    /// Does what is due in the outbox. What fails stays there with a later time.
    pub(crate) async fn settle_effects(&self) {
        // One at a time: whoever had to wait finds what it owes done already.
        let _settling = self.settling.lock().await;
        loop {
            let now = self.now();
            let due = match self.look(move |tx| outbox::due(tx, now, BATCH)).await {
                Ok(due) => due,
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be read");
                    return;
                }
            };
            if due.is_empty() {
                return;
            }
            let mut ended = Vec::new();
            for owed in due {
                let failure = self.carry_out(&owed.effect).await.err().map(|error| {
                    tracing::warn!(effect = ?owed.effect, %error, "an effect failed and will be tried again");
                    (error.to_string(), later(now, owed.attempts))
                });
                ended.push((owed.id, failure));
            }
            let written = self.store.write(move |tx| {
                ended.iter().try_for_each(|(id, failure)| match failure {
                    None => outbox::done(tx, *id),
                    Some((text, next_at)) => outbox::retry(tx, *id, text, *next_at),
                })
            });
            if let Err(error) = written.await {
                tracing::warn!(%error, "the outbox cannot be written");
                return;
            }
        }
    }

    async fn carry_out(&self, effect: &Effect) -> Result<(), Error> {
        match effect {
            Effect::CutSessions { account } => {
                self.passwords.forget(*account);
                let cut = self.cut_sessions(*account).await;
                self.write_shares_with(*account).await?;
                cut.map(|_| ())
            }
            Effect::ReturnMailbox { account, mailbox } => {
                let (account, now) = (*account, self.now());
                self.store
                    .write(move |tx| credentials::end_grants(tx, account, now).map_err(Error::from))
                    .await?;
                let (maildirs, mailbox) = (self.maildirs.clone(), *mailbox);
                tokio::task::spawn_blocking(move || {
                    maildirs.create(mailbox)?;
                    maildirs.restore_personal(mailbox)
                })
                .await??;
                self.write_shares_with(account).await
            }
            Effect::RemoveMailbox { mailbox } => {
                let (maildirs, marks) = (self.maildirs.clone(), self.personal_marks.clone());
                let mailbox = *mailbox;
                tokio::task::spawn_blocking(move || {
                    // What is personal is the person's, and is kept aside for them (Soc. 18 June 2025, no 23-19.022).
                    if maildirs.home(mailbox).is_dir() {
                        maildirs.set_aside_personal(mailbox, &marks)?;
                    }
                    maildirs.remove(mailbox)
                })
                .await??;
                Ok(())
            }
            Effect::RemoveCollections { account } => {
                let (disk, marks, account) =
                    (self.collections.clone(), self.personal_marks.clone(), *account);
                // What somebody else is given goes to them before the rest goes for good.
                if !self.look(move |tx| reassigning::unsettled_of(tx, account)).await?.is_empty() {
                    return Err(Error::Unavailable(format!("collections of {account} are to move first")));
                }
                tokio::task::spawn_blocking(move || disk.remove(account, &marks)).await??;
                self.store.write(move |tx| Ok(collections::forget_account(tx, account)?)).await
            }
            Effect::MoveCollections { reassignment, former_owner } => {
                self.settle_collections(*reassignment, former_owner).await
            }
            Effect::ShareMailbox { mailbox } => self.write_shares(*mailbox).await,
        }
    }

    /// Ends the account's live sessions and sees that none is left. Returns how many were ended.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the mail server does not say so.
    pub(crate) async fn cut_sessions(&self, account: AccountId) -> Result<u32, Error> {
        let Some(dovecot) = &self.dovecot else { return Ok(0) };
        let user = account.to_string();
        let away = |error: relais_engines::dovecot::DoveadmError| Error::Unavailable(error.to_string());
        let mut cut = 0;
        for _ in 0..KICKS_MAX {
            cut += dovecot.kick(&user).await.map_err(away)?;
            if dovecot.sessions(&user).await.map_err(away)? == 0 {
                return Ok(cut);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(Error::Unavailable(format!("sessions of {user} are still open")))
    }

    /// The access lists of every shared mailbox with this member: what it may do there depends on its state.
    async fn write_shares_with(&self, account: AccountId) -> Result<(), Error> {
        for shared in self.look(move |tx| mailboxes::of_member(tx, account)).await? {
            self.write_shares(shared.id).await?;
        }
        Ok(())
    }

    /// Whoever nothing may be shared with stands in no list: a grant on a closed account opens that mailbox alone. A mailbox
    /// that is gone is not made again.
    pub(crate) async fn write_shares(&self, mailbox: MailboxId) -> Result<(), Error> {
        let now = self.now();
        let members = self
            .look(move |tx| {
                if mailboxes::get(tx, mailbox)?.is_none() {
                    return Ok(None);
                }
                let mut open = Vec::new();
                for member in mailboxes::members(tx, mailbox)? {
                    if sharing_reaches(tx, member.account, now)? {
                        open.push(member);
                    }
                }
                Ok(Some(open))
            })
            .await?;
        let Some(members) = members else { return Ok(()) };
        let rights = |right| match right {
            MailboxRight::Read => Rights::Read,
            MailboxRight::ReadWrite => Rights::ReadWrite,
        };
        let list: Vec<_> =
            members.iter().map(|member| (member.account.to_string(), rights(member.right))).collect();
        let maildirs = self.maildirs.clone();
        tokio::task::spawn_blocking(move || {
            maildirs.create(mailbox)?;
            write_acl(&maildirs.home(mailbox).join("Maildir"), &list)
        })
        .await??;
        Ok(())
    }
}

/// Whether what was shared with `account` is open to it now.
pub(crate) fn sharing_reaches(
    tx: &mut Tx<'_>,
    account: AccountId,
    now: Timestamp,
) -> Result<bool, relais_store::Error> {
    let found = accounts::get(tx, account)?;
    Ok(found.is_some_and(|found| allows(&found, Act::BeSharedWith, now)))
}

impl Relais {
    /// The shared mailboxes that `account` may open now.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn shared_with(&self, account: AccountId) -> Result<Vec<SharedMailbox>, Error> {
        let now = self.now();
        self.look(move |tx| match sharing_reaches(tx, account, now)? {
            true => mailboxes::of_member(tx, account),
            false => Ok(Vec::new()),
        })
        .await
    }
}

/// One second, then twice as long each time, a minute at most.
fn later(now: Timestamp, attempts: i64) -> Timestamp {
    let seconds = 1_i64.checked_shl(u32::try_from(attempts).unwrap_or(u32::MAX)).unwrap_or(RETRY_DELAY_S_MAX);
    now + SignedDuration::from_secs(seconds.clamp(1, RETRY_DELAY_S_MAX))
}
