//! Letters that Relais itself writes to people. A letter and the act that it tells of are one: its file is durable
//! first, its row is written in the transaction of the act.

use crate::{Error, Relais};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::ids::AccountId;
use relais_core::organisation::Organisation;
use relais_engines::message;
use relais_store::spool::{self, Outbound};
use relais_store::{Tx, accounts, organisations, profiles};

/// What is to be written to somebody, here or elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    /// On whose behalf, and in whose language.
    pub organisation: Organisation,
    pub to: EmailAddress,
    pub subject: String,
    /// Plain text; lines end with `\n`.
    pub text: String,
    /// By which the same letter is recognised: it is sent once.
    pub key: String,
    /// The account whose news it is: it is not sent any more once that one may not be notified.
    pub notifies: Option<AccountId>,
}

/// A letter whose file is durable and that nobody sends yet.
#[derive(Clone)]
pub(crate) struct Written {
    row: Outbound,
    key: String,
}

impl Written {
    /// Puts it in line, with everything else that the transaction does. Without effect when a letter with its key
    /// was there before.
    pub fn post(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        spool::push(tx, &self.row, &self.key)?;
        Ok(())
    }
}

impl Relais {
    /// An account, its organisation, and where its person reads what concerns their access: elsewhere, if that is known.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) async fn addressee(
        &self,
        id: AccountId,
    ) -> Result<(Account, Organisation, EmailAddress), Error> {
        self.store
            .read(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                let organisation = organisations::get(tx, account.organisation)?.ok_or(Error::NotFound)?;
                let external = profiles::get(tx, id)?.external_address;
                let to = external.unwrap_or_else(|| account.address.clone());
                Ok((account, organisation, to))
            })
            .await
    }

    /// Does `act` in one transaction, which posts `letter` where it has to be sent. Either both are kept, or neither.
    ///
    /// # Errors
    /// What `act` returns, or that letter or act cannot be kept.
    pub(crate) async fn act_with_letter<T, F>(&self, letter: Letter, act: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>, &Written) -> Result<T, Error> + Send + 'static,
    {
        let written = self.write_letter(letter).await?;
        self.act_with(written, act).await
    }

    async fn act_with<T, F>(&self, written: Written, mut act: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>, &Written) -> Result<T, Error> + Send + 'static,
    {
        let id = written.row.id;
        let done = self.store.write(move |tx| act(tx, &written)).await;
        let is_posted = match &done {
            Ok(_) => self.look(move |tx| spool::is_waiting(tx, id)).await.unwrap_or(true),
            Err(Error::Refused(_) | Error::RefusedAll(_) | Error::NotFound) => false,
            // The commit may have been made: the file stays, and goes at the next start if it has no row.
            Err(Error::Conflict | Error::Unavailable(_) | Error::StorageFull | Error::Internal(_)) => true,
        };
        if is_posted {
            self.outgoing.notify_one();
        } else if let Err(error) = self.remove_spool_file(id).await {
            tracing::warn!(%error, %id, "a spool file without a row stays until the next start");
        }
        done
    }

    /// Makes a message durable under its key and puts it in line, unless one with its key was there before.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub(crate) async fn post_message(
        &self,
        row: Outbound,
        key: String,
        message: Vec<u8>,
    ) -> Result<(), Error> {
        let written = self.keep_message(row, key, message).await?;
        self.act_with(written, |tx, written| written.post(tx)).await
    }

    async fn keep_message(&self, row: Outbound, key: String, message: Vec<u8>) -> Result<Written, Error> {
        let (files, id) = (self.spool_files.clone(), row.id);
        tokio::task::spawn_blocking(move || files.write(id, &message)).await??;
        Ok(Written { row, key })
    }

    async fn write_letter(&self, letter: Letter) -> Result<Written, Error> {
        let row = self.outbound_row(Some(letter.organisation.id), None, letter.to.clone());
        let row = Outbound { notifies: letter.notifies, ..row };
        let message = message::letter(&message::Letter {
            from_name: &letter.organisation.name,
            hostname: &self.hostname,
            to: &letter.to,
            language: letter.organisation.language,
            subject: &letter.subject,
            text: &letter.text,
            message_id: &format!("{}@{}", row.id, self.hostname),
            now: self.now(),
        });
        self.keep_message(row, letter.key, message).await
    }
}
