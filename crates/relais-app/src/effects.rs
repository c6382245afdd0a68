//! What a commit owes the outside world, paid from the outbox: at once, and again until it works. Each effect reads
//! the present state instead of remembering the past, so it may be done twice and in any order.

use crate::{Error, Relais};
use jiff::{SignedDuration, Timestamp};
use relais_core::ids::{AccountId, MailboxId};
use relais_core::lifecycle::Effect;
use relais_core::organisation::MailboxRight;
use relais_engines::dovecot::{Rights, write_acl};
use relais_store::{credentials, mailboxes, outbox};
use std::time::Duration;

const BATCH: i64 = 100;
const RETRY_DELAY_S_MAX: i64 = 60;
/// How often a kick is repeated until no session is left: a login under way may still appear.
const KICKS_MAX: u32 = 50;

impl Relais {
    /// Does what is due in the outbox. What fails stays there with a later time.
    pub(crate) async fn settle_effects(&self) {
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
            for owed in due {
                let ended = self.carry_out(&owed.effect).await;
                let written = match ended {
                    Ok(()) => self.store.write(move |tx| outbox::done(tx, owed.id)).await,
                    Err(error) => {
                        tracing::warn!(effect = ?owed.effect, %error, "an effect failed and will be tried again");
                        let next_at = later(now, owed.attempts);
                        let text = error.to_string();
                        self.store.write(move |tx| outbox::retry(tx, owed.id, &text, next_at)).await
                    }
                };
                if let Err(error) = written {
                    tracing::warn!(%error, "the outbox cannot be written");
                    return;
                }
            }
        }
    }

    async fn carry_out(&self, effect: &Effect) -> Result<(), Error> {
        match effect {
            Effect::CutSessions { account } => {
                self.passwords.forget(*account);
                self.cut_sessions(*account).await.map(|_| ())
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
                Ok(())
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

    pub(crate) async fn write_shares(&self, mailbox: MailboxId) -> Result<(), Error> {
        let members = self.look(move |tx| mailboxes::members(tx, mailbox)).await?;
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

/// One second, then twice as long each time, a minute at most.
fn later(now: Timestamp, attempts: i64) -> Timestamp {
    let seconds = 1_i64.checked_shl(u32::try_from(attempts).unwrap_or(u32::MAX)).unwrap_or(RETRY_DELAY_S_MAX);
    now + SignedDuration::from_secs(seconds.clamp(1, RETRY_DELAY_S_MAX))
}
