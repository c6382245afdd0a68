//! Mail that goes out: the spool is emptied towards the smarthost, or back through our own door when the recipient
//! is hosted here. Without a smarthost it is kept and listed. Whatever cannot be delivered comes back to its sender.

use crate::mail::Envelope;
use crate::organisations::note;
use crate::{Error, Relais};
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use relais_core::authority::Actor;
use relais_core::ids::SpoolId;
use relais_core::mail_refusal::MailRefusal;
use relais_core::refusal::Refusal;
use relais_engines::message::{Notice, notice};
use relais_engines::smtp::{self, Content, RecipientResult};
use relais_store::domains;
use relais_store::spool::{self, Outbound, SpoolState};
use serde_json::json;
use std::io::Read;

const BATCH: i64 = 50;
/// Messages on their way at the same time.
const AT_ONCE: usize = 8;
/// Longer waits each time, as RFC 5321, section 4.5.4.1, asks, and a return after five days.
const DELAYS_S: [i64; 6] = [60, 300, 900, 1800, 3600, 7200];
const LIFE: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How one attempt ended.
enum Attempt {
    Sent(String),
    Later(String),
    Never(String),
    /// There is nobody to hand it to: it waits without counting.
    NoSmarthost,
}

impl Relais {
    /// Sends what is due. Returns how many messages it dealt with.
    pub(crate) async fn send_due(&self) -> usize {
        let now = self.now();
        let due = match self.look(move |tx| spool::due(tx, now, BATCH)).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "the spool cannot be read");
                return 0;
            }
        };
        let sending = due.into_iter().map(|outbound| async move { self.send_or_put_off(&outbound).await });
        let written: Vec<bool> =
            futures_util::stream::iter(sending).buffer_unordered(AT_ONCE).collect().await;
        // What cannot be written down would be sent again at once.
        if written.contains(&false) { 0 } else { written.len() }
    }

    /// Whether what became of it could be written down.
    async fn send_or_put_off(&self, outbound: &Outbound) -> bool {
        let Err(error) = self.send_one(outbound).await else { return true };
        tracing::warn!(%error, id = %outbound.id, "an outbound message is tried again later");
        let next_at = self.now() + SignedDuration::from_secs(DELAYS_S[0]);
        self.record_attempt(outbound.id, SpoolState::Waiting, error.to_string(), next_at).await.is_ok()
    }

    async fn send_one(&self, outbound: &Outbound) -> Result<(), Error> {
        let now = self.now();
        if !self.spool_files.path(outbound.id).try_exists()? {
            // Someone emptied the directory. Trying for ever would hide it; the line says what to look for.
            tracing::error!(id = %outbound.id, recipient = %outbound.recipient, "the file of an outbound message is missing");
            let answer = "the file of the message is missing from the spool directory".to_owned();
            return self.record_attempt(outbound.id, SpoolState::Failed, answer, now).await;
        }
        if !self.may_still_go(outbound).await? {
            let answer = "dropped: its reader may not be notified any more".to_owned();
            return self.finish(outbound, SpoolState::Failed, answer).await;
        }
        match self.attempt(outbound).await? {
            Attempt::Sent(answer) => self.finish(outbound, SpoolState::Sent, answer).await,
            Attempt::NoSmarthost => {
                let next_at = now + SignedDuration::from_secs(DELAYS_S[DELAYS_S.len() - 1]);
                let text = "no smarthost is configured; set `smarthost` in relais.toml".to_owned();
                self.record_attempt(outbound.id, SpoolState::Waiting, text, next_at).await
            }
            Attempt::Later(answer) if outbound.created_at + LIFE > now => {
                let place = usize::try_from(outbound.attempts).unwrap_or(usize::MAX).min(DELAYS_S.len() - 1);
                let next_at = now + SignedDuration::from_secs(DELAYS_S[place]);
                self.record_attempt(outbound.id, SpoolState::Waiting, answer, next_at).await
            }
            Attempt::Later(answer) | Attempt::Never(answer) => {
                self.return_to_sender(outbound, &answer).await?;
                self.finish(outbound, SpoolState::Failed, answer).await
            }
        }
    }

    async fn attempt(&self, outbound: &Outbound) -> Result<Attempt, Error> {
        let domain = outbound.recipient.domain().to_owned();
        let hosted = self.look(move |tx| domains::get(tx, &domain)).await?.is_some();
        if hosted {
            return self.attempt_here(outbound).await;
        }
        let Some(smarthost) = &self.smarthost else { return Ok(Attempt::NoSmarthost) };
        let path = self.spool_files.path(outbound.id);
        let recipients = [outbound.recipient.to_string()];
        let results =
            smtp::send(smarthost, outbound.sender.as_deref(), &recipients, Content::File(&path)).await;
        Ok(match results.into_iter().next() {
            Some(RecipientResult::Sent) => Attempt::Sent(format!("taken by {}", smarthost.host)),
            Some(RecipientResult::Temporary(text)) => Attempt::Later(text),
            Some(RecipientResult::Permanent(code, text)) => Attempt::Never(format!("{code} {text}")),
            None => Attempt::Later("no answer".to_owned()),
        })
    }

    async fn attempt_here(&self, outbound: &Outbound) -> Result<Attempt, Error> {
        let (maildirs, path) = (self.maildirs.clone(), self.spool_files.path(outbound.id));
        let message = tokio::task::spawn_blocking(move || {
            let mut file = std::fs::File::open(path)?;
            let mut message = maildirs.incoming()?;
            let mut piece = vec![0; 64 << 10];
            loop {
                match file.read(&mut piece)? {
                    0 => return Ok::<_, std::io::Error>(message),
                    count => message.write(&piece[..count])?,
                }
            }
        })
        .await??;
        let recipients = vec![outbound.recipient.clone()];
        let envelope = Envelope { sender: outbound.sender.clone(), recipients, submitter: None };
        // Boxed: delivering may spool, and the spool delivers.
        let answers = Box::pin(self.deliver(&envelope, message)).await;
        Ok(match answers.into_iter().next() {
            Some(Ok(())) => Attempt::Sent("delivered here".to_owned()),
            Some(Err(refusal)) if refusal.is_temporary() => Attempt::Later(said(refusal)),
            Some(Err(refusal)) => Attempt::Never(said(refusal)),
            None => Attempt::Later("no answer".to_owned()),
        })
    }

    /// A notice to the sender that the message did not arrive (RFC 3464). A notice itself has no sender to tell.
    async fn return_to_sender(&self, outbound: &Outbound, answer: &str) -> Result<(), Error> {
        let Some(sender) = outbound.sender.clone() else { return Ok(()) };
        let (files, id) = (self.spool_files.clone(), outbound.id);
        let head = tokio::task::spawn_blocking(move || {
            let mut head = Vec::new();
            std::fs::File::open(files.path(id))?.take(64 << 10).read_to_end(&mut head)?;
            Ok::<_, std::io::Error>(head)
        })
        .await??;
        let failed = [(outbound.recipient.to_string(), answer.to_owned())];
        self.spool_notice(outbound.organisation, &sender, &failed, &head, format!("notice {}", outbound.id))
            .await
    }

    /// Writes a notice for `sender` into the spool, once per key.
    pub(crate) async fn spool_notice(
        &self,
        organisation: Option<relais_core::ids::OrganisationId>,
        sender: &str,
        failed: &[(String, String)],
        head: &[u8],
        key: String,
    ) -> Result<(), Error> {
        let Ok(to) = sender.parse::<relais_core::address::EmailAddress>() else {
            tracing::warn!(sender, "a sender that cannot be written to was not told of a failed message");
            return Ok(());
        };
        let row = self.outbound_row(organisation, None, to);
        let message = notice(&Notice {
            hostname: &self.hostname,
            to: sender,
            failed,
            head,
            message_id: &format!("{}@{}", row.id, self.hostname),
            now: self.now(),
        });
        let (files, id) = (self.spool_files.clone(), row.id);
        tokio::task::spawn_blocking(move || files.write(id, &message)).await??;
        let added = self.store.write(move |tx| spool::push(tx, &row, &key).map_err(Error::from)).await?;
        if !added {
            self.remove_spool_file(id).await?;
        }
        self.outgoing.notify_one();
        Ok(())
    }

    /// Tries a message that waits again at once.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it does not wait; [`Refusal::NotAllowed`] to whoever does not operate.
    pub async fn retry_outbound(&self, id: SpoolId, actor: Actor) -> Result<Outbound, Error> {
        allow_operator(actor)?;
        let now = self.now();
        let hastened =
            self.store
                .write(move |tx| {
                    if spool::hasten(tx, id, now)? { Ok(spool::get(tx, id)?) } else { Ok::<_, Error>(None) }
                })
                .await?;
        self.outgoing.notify_one();
        hastened.ok_or(Error::NotFound)
    }

    /// Takes a message that waits out of the line for good. Its sender is not told.
    ///
    /// # Errors
    /// As [`Relais::retry_outbound`].
    pub async fn withdraw_outbound(&self, id: SpoolId, actor: Actor) -> Result<Outbound, Error> {
        allow_operator(actor)?;
        let now = self.now();
        let withdrawn = self
            .store
            .write(move |tx| {
                let found = spool::get(tx, id)?.filter(|found| found.state == SpoolState::Waiting);
                let found = found.ok_or(Error::NotFound)?;
                spool::record(tx, id, SpoolState::Failed, "withdrawn by the operator", now)?;
                if let Some(organisation) = found.organisation {
                    let detail = json!({ "sender": found.sender, "recipient": found.recipient });
                    note(tx, organisation, "mail.withdrawn", id, detail, actor, now)?;
                }
                spool::get(tx, id)?.ok_or(Error::NotFound)
            })
            .await?;
        self.remove_spool_file(id).await?;
        Ok(withdrawn)
    }

    async fn record_attempt(
        &self,
        id: relais_core::ids::SpoolId,
        state: SpoolState,
        answer: String,
        next_at: Timestamp,
    ) -> Result<(), Error> {
        self.store.write(move |tx| spool::record(tx, id, state, &answer, next_at).map_err(Error::from)).await
    }

    /// The row first: a crash in between leaves a file without use, never a row without its message.
    async fn finish(&self, outbound: &Outbound, state: SpoolState, answer: String) -> Result<(), Error> {
        self.record_attempt(outbound.id, state, answer, self.now()).await?;
        self.remove_spool_file(outbound.id).await
    }

    pub(crate) async fn remove_spool_file(&self, id: relais_core::ids::SpoolId) -> Result<(), Error> {
        let files = self.spool_files.clone();
        tokio::task::spawn_blocking(move || files.remove(id)).await??;
        Ok(())
    }
}

fn allow_operator(actor: Actor) -> Result<(), Refusal> {
    if actor.operates() { Ok(()) } else { Err(Refusal::NotAllowed) }
}

/// A refusal as the text of an answer.
pub(crate) fn said(refusal: MailRefusal) -> String {
    let answer = refusal.answer();
    let (class, subject, detail) = answer.enhanced;
    format!("{} {class}.{subject}.{detail} {}", answer.code, answer.text)
}
