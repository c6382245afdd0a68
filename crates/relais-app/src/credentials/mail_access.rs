//! What the mail server asks after the password: where somebody's mail lies, if it may be opened now.

use crate::{Error, Relais};
use relais_core::address::EmailAddress;
use relais_core::ids::{AccountId, MailboxId};
use relais_core::rights::{Act, Verdict, may, standing};
use relais_store::credentials::grants;
use relais_store::{accounts, mailboxes};
use std::path::PathBuf;

/// A mailbox that may be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenMail {
    pub home: PathBuf,
    /// The limit that its reader is shown.
    pub quota_bytes: Option<i64>,
}

impl Relais {
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
    pub(super) async fn set_aside_personal(&self, mailbox: MailboxId) -> Result<u64, Error> {
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
}
