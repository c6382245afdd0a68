//! Mail that comes in. A recipient is asked about, a message is kept for everyone it is for, and only what is
//! durable is acknowledged.
//!
//! The order is what keeps every promise at a kill at any instant: first the messages in mailboxes, then, in one
//! transaction, what goes elsewhere or is answered, then the answer to the client. A client that heard nothing
//! sends again; the deliveries that were done are recognised by their keys and not repeated.

use crate::{Error, Relais, outbound};
use jiff::{SignedDuration, Timestamp};
use relais_core::address::EmailAddress;
use relais_core::ids::{AccountId, MailboxId, OrganisationId, SpoolId};
use relais_core::language::Language;
use relais_core::mail_refusal::MailRefusal;
use relais_core::organisation::Target;
use relais_core::routing::{self, Redirect, ReplyOrder, Route, Sender};
use relais_engines::maildir::{DeliveryKey, Incoming, Received, Usage};
use relais_engines::message::{ENGLISH_PREFIX, FRENCH_PREFIX, Head, Reply, answerable, reply};
use relais_store::spool::{self, Outbound, SpoolState};
use relais_store::{Tx, accounts, addresses, organisations, responders};
use std::collections::{HashMap, HashSet};

/// A message being received.
pub type Message = Incoming;

/// Who a message is from and for.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// `None` is the null sender of notices.
    pub sender: Option<String>,
    pub recipients: Vec<EmailAddress>,
    /// Who signed in to send it.
    pub submitter: Option<AccountId>,
}

/// After so many servers a message goes round in circles (RFC 5321, section 6.3, asks for at least 100).
const RECEIVED_FIELDS_MAX: usize = 100;
/// A sender is answered once in this time (RFC 5230, section 4.2: seven days).
pub(crate) const REPLY_PERIOD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is to be done with one message for one recipient.
struct Due {
    route: Route,
    organisation: OrganisationId,
    language: Language,
    /// The replies that may be given.
    replies: Vec<ReplyOrder>,
}

/// What makes one message of one sender the same message when it comes again.
#[derive(Clone)]
struct Identity {
    digest: String,
    sender: String,
}

impl Identity {
    fn of(received: &Received, envelope: &Envelope) -> Self {
        Self {
            digest: received.digest().iter().map(|byte| format!("{byte:02x}")).collect(),
            sender: envelope.sender.clone().unwrap_or_default(),
        }
    }

    fn redirect_key(&self, to: &EmailAddress) -> String {
        format!("redirect {} {} {to}", self.digest, self.sender)
    }

    fn reply_key(&self, from: &EmailAddress) -> String {
        format!("reply {} {} {from}", self.digest, self.sender)
    }
}

impl Relais {
    /// Asked at RCPT: whether a message from `sender` would be accepted for `recipient`.
    ///
    /// # Errors
    /// The refusal.
    pub async fn recipient(
        &self,
        sender: Option<&str>,
        submitter: Option<AccountId>,
        recipient: &EmailAddress,
    ) -> Result<(), MailRefusal> {
        let (address, kind, now) = (recipient.clone(), kind_of(sender), self.now());
        let (route, elsewhere) = self
            .look(move |tx| {
                let route = routing::resolve(tx, &address, kind, now)?;
                let elsewhere = match submitter {
                    Some(id) if route.refusal == Some(MailRefusal::RelayDenied) => accounts::get(tx, id)?,
                    Some(_) | None => None,
                };
                Ok((route, elsewhere))
            })
            .await
            .map_err(|error| unavailable(&error))?;
        if elsewhere.is_some() {
            return Ok(());
        }
        match route.refusal {
            Some(refusal) => Err(refusal),
            None => self.check_quotas(&route).await,
        }
    }

    /// Where a message goes and why, for `relais explain` (X2).
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn explain(&self, recipient: EmailAddress) -> Result<Route, Error> {
        let now = self.now();
        self.look(move |tx| routing::resolve(tx, &recipient, Sender::Someone, now)).await
    }

    /// Begins to receive a message.
    ///
    /// # Errors
    /// The refusal when no file can be made.
    pub async fn begin_message(&self) -> Result<Message, MailRefusal> {
        let maildirs = self.maildirs.clone();
        let begun = tokio::task::spawn_blocking(move || maildirs.incoming()).await;
        match begun {
            Ok(Ok(incoming)) => Ok(incoming),
            Ok(Err(error)) => Err(unavailable(&error.into())),
            Err(error) => Err(unavailable(&error.into())),
        }
    }

    /// Delivers a whole message and returns one answer per recipient, in order. `Ok` means durable.
    pub async fn deliver(&self, envelope: &Envelope, message: Message) -> Vec<Result<(), MailRefusal>> {
        let all = |refusal: MailRefusal| vec![Err(refusal); envelope.recipients.len()];
        let received = match tokio::task::spawn_blocking(move || message.finish()).await {
            Ok(Ok(received)) => received,
            Ok(Err(error)) => return all(unavailable(&error.into())),
            Err(error) => return all(unavailable(&error.into())),
        };
        if received.received_fields() > RECEIVED_FIELDS_MAX {
            return all(MailRefusal::TooManyHops);
        }
        match self.try_deliver(envelope, received).await {
            Ok(answers) => answers,
            Err(error) => all(unavailable(&error)),
        }
    }

    async fn try_deliver(
        &self,
        envelope: &Envelope,
        received: Received,
    ) -> Result<Vec<Result<(), MailRefusal>>, Error> {
        let head = Head::parse(received.head());
        let identity = Identity::of(&received, envelope);
        let dues = self.find_out(envelope, identity.clone(), head.clone()).await?;
        let mut answers = Vec::with_capacity(dues.len());
        for due in &dues {
            answers.push(match due.route.refusal {
                Some(refusal) => Err(refusal),
                None => self.check_quotas(&due.route).await,
            });
        }
        let outbound = self.outbound_of(envelope, &head, &identity, &dues, &answers);
        let mailboxes = mailboxes_of(&dues, &answers);
        let received = self
            .store_messages(envelope, received, mailboxes, !outbound.is_empty(), &dues, &mut answers)
            .await?;
        if let Some(received) = received
            && !outbound.is_empty()
        {
            self.spool_messages(received, outbound).await?;
        }
        Ok(answers)
    }

    /// Tells the sender which recipients a message, accepted for others, did not reach: SMTP has one answer for all.
    ///
    /// # Errors
    /// The refusal when the notice cannot be kept; then the whole message is to be sent again.
    pub async fn report_failed(
        &self,
        envelope: &Envelope,
        failed: Vec<(EmailAddress, MailRefusal)>,
    ) -> Result<(), MailRefusal> {
        let Some(sender) = envelope.sender.clone() else {
            tracing::warn!(?failed, "a notice could not be delivered and has nobody to return to");
            return Ok(());
        };
        let recipients = envelope.recipients.clone();
        let written = async {
            let organisation = self
                .look(move |tx| {
                    for recipient in &recipients {
                        if let Some(held) = routing::find(tx, recipient)? {
                            return Ok(Some(held.organisation));
                        }
                    }
                    Ok(None)
                })
                .await?
                .ok_or_else(|| Error::Internal("an accepted message without a hosted recipient".into()))?;
            let said: Vec<_> = failed
                .iter()
                .map(|(address, refusal)| (address.to_string(), outbound::said(*refusal)))
                .collect();
            let key = format!("report {}", self.ids.next());
            self.spool_notice(organisation, &sender, &said, b"", key).await
        };
        written.await.map_err(|error| unavailable(&error))
    }

    /// Routes every recipient in one look at the tables, and decides what may be answered.
    async fn find_out(&self, envelope: &Envelope, identity: Identity, head: Head) -> Result<Vec<Due>, Error> {
        let (envelope, now) = (envelope.clone(), self.now());
        self.look(move |tx| {
            let kind = kind_of(envelope.sender.as_deref());
            envelope
                .recipients
                .iter()
                .map(|recipient| {
                    let route = routing::resolve(tx, recipient, kind, now)?;
                    due(tx, route, recipient, &envelope, (&identity, &head), now)
                })
                .collect()
        })
        .await
    }

    async fn check_quotas(&self, route: &Route) -> Result<(), MailRefusal> {
        for delivery in &route.deliveries {
            let Some(quota) = delivery.quota_bytes else { continue };
            let (maildirs, mailbox) = (self.maildirs.clone(), delivery.mailbox);
            let usage = tokio::task::spawn_blocking(move || {
                maildirs.create(mailbox)?;
                maildirs.usage(mailbox)
            })
            .await;
            match usage {
                Ok(Ok(Usage { bytes, .. })) if bytes >= quota.cast_unsigned() => {
                    return Err(MailRefusal::OverQuota);
                }
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(unavailable(&error.into())),
                Err(error) => return Err(unavailable(&error.into())),
            }
        }
        Ok(())
    }

    /// Puts the message into every mailbox, each once. A mailbox that fails turns the answers that need it into
    /// refusals. Gives the message back while something still needs it.
    async fn store_messages(
        &self,
        envelope: &Envelope,
        received: Received,
        mailboxes: Vec<MailboxId>,
        needed_after: bool,
        dues: &[Due],
        answers: &mut [Result<(), MailRefusal>],
    ) -> Result<Option<Received>, Error> {
        let (maildirs, now) = (self.maildirs.clone(), self.now());
        let sender = envelope.sender.clone().unwrap_or_default();
        let (received, failed) = tokio::task::spawn_blocking(move || {
            let key = DeliveryKey::new(received.digest(), &sender);
            let mut failed: HashMap<MailboxId, MailRefusal> = HashMap::new();
            let mut message = Some(received);
            let count = mailboxes.len();
            for (index, mailbox) in mailboxes.into_iter().enumerate() {
                let stored = maildirs.create(mailbox).and_then(|()| {
                    if index + 1 == count && !needed_after {
                        match message.take() {
                            Some(received) => maildirs.store_last(received, mailbox, key, now).map(|_| ()),
                            None => Ok(()),
                        }
                    } else if let Some(received) = &message {
                        maildirs.store(received, mailbox, key, now).map(|_| ())
                    } else {
                        Ok(())
                    }
                });
                if let Err(error) = stored {
                    failed.insert(mailbox, unavailable(&error.into()));
                }
            }
            (message, failed)
        })
        .await?;
        for (due, answer) in dues.iter().zip(answers.iter_mut()) {
            let trouble = due.route.deliveries.iter().find_map(|delivery| failed.get(&delivery.mailbox));
            if let (Some(refusal), true) = (trouble, answer.is_ok()) {
                *answer = Err(*refusal);
            }
        }
        Ok(received)
    }

    /// The rows and files of what goes elsewhere: redirects, submissions, automatic replies.
    fn outbound_of(
        &self,
        envelope: &Envelope,
        head: &Head,
        identity: &Identity,
        dues: &[Due],
        answers: &[Result<(), MailRefusal>],
    ) -> Vec<Going> {
        let mut seen = HashSet::new();
        let mut going = Vec::new();
        for (due, _) in dues.iter().zip(answers).filter(|(_, answer)| answer.is_ok()) {
            for redirect in &due.route.redirects {
                let key = identity.redirect_key(&redirect.to);
                if seen.insert(key.clone()) {
                    going.push(self.redirected(envelope, due, redirect, key));
                }
            }
            for order in &due.replies {
                let key = identity.reply_key(&order.from);
                if seen.insert(key.clone()) {
                    going.push(self.answered(&identity.sender, head, due, order, key));
                }
            }
        }
        going
    }

    fn redirected(&self, envelope: &Envelope, due: &Due, redirect: &Redirect, key: String) -> Going {
        let row = self.outbound_row(due.organisation, envelope.sender.clone(), redirect.to.clone());
        Going { row, key, what: What::Received }
    }

    fn answered(&self, sender: &str, head: &Head, due: &Due, order: &ReplyOrder, key: String) -> Going {
        // Who may be answered has an address we can write to: `due` has checked.
        let to: EmailAddress = sender.parse().expect("answerable senders are addresses");
        let row = self.outbound_row(due.organisation, None, to);
        let message = reply(&Reply {
            from_name: &order.name,
            from: &order.from,
            to: sender,
            subject_prefix: due.language.pick(FRENCH_PREFIX, ENGLISH_PREFIX),
            text: &order.text,
            head,
            message_id: &format!("{}@{}", row.id, self.hostname),
            now: self.now(),
        });
        Going { row, key, what: What::Reply { by: order.target, sender: sender.to_owned(), message } }
    }

    pub(crate) fn outbound_row(
        &self,
        organisation: OrganisationId,
        sender: Option<String>,
        recipient: EmailAddress,
    ) -> Outbound {
        let now = self.now();
        Outbound {
            id: SpoolId::from_number(self.ids.next()),
            organisation,
            sender,
            recipient,
            state: SpoolState::Waiting,
            attempts: 0,
            next_at: now,
            answer: None,
            created_at: now,
        }
    }

    /// Files first, then the rows in one transaction; a file whose row was there already goes again.
    async fn spool_messages(&self, received: Received, outbound: Vec<Going>) -> Result<(), Error> {
        let files = self.spool_files.clone();
        let outbound = tokio::task::spawn_blocking(move || {
            for going in &outbound {
                match &going.what {
                    What::Received => files.link(going.row.id, &received)?,
                    What::Reply { message, .. } => files.write(going.row.id, message)?,
                }
            }
            Ok::<_, std::io::Error>(outbound)
        })
        .await??;
        let ids: Vec<SpoolId> = outbound.iter().map(|going| going.row.id).collect();
        let now = self.now();
        let kept = self.store.write(move |tx| keep_rows(tx, &outbound, now)).await;
        let unneeded: Vec<SpoolId> = match &kept {
            Ok(kept) => ids.into_iter().filter(|id| !kept.contains(id)).collect(),
            // The commit may have been made: the files stay, and what has no row goes at the next start.
            Err(_) => Vec::new(),
        };
        for id in unneeded {
            if let Err(error) = self.spool_files.remove(id) {
                tracing::warn!(%error, %id, "a spool file without a row stays until the next start");
            }
        }
        self.work.notify_one();
        kept.map(|_| ())
    }
}

/// A message on its way elsewhere.
struct Going {
    row: Outbound,
    key: String,
    what: What,
}

enum What {
    /// The message as it came.
    Received,
    /// An answer of ours.
    Reply { by: Target, sender: String, message: Vec<u8> },
}

/// Adds the rows that are not there yet and returns their ids. A reply is given up when another message of the same
/// sender was answered in the meantime.
fn keep_rows(tx: &mut Tx<'_>, outbound: &[Going], now: Timestamp) -> Result<Vec<SpoolId>, Error> {
    let mut kept = Vec::new();
    for going in outbound {
        if let What::Reply { by, sender, .. } = &going.what {
            if spool::has_key(tx, &going.key)?
                || responders::answered_since(tx, *by, sender, now - REPLY_PERIOD)?
            {
                continue;
            }
            responders::record_answer(tx, *by, sender, now)?;
        }
        if spool::push(tx, &going.row, &going.key)? {
            kept.push(going.row.id);
        }
    }
    Ok(kept)
}

fn due(
    tx: &mut Tx<'_>,
    mut route: Route,
    recipient: &EmailAddress,
    envelope: &Envelope,
    (identity, head): (&Identity, &Head),
    now: Timestamp,
) -> Result<Due, relais_store::Error> {
    let held = routing::find(tx, recipient)?;
    let submitter = match envelope.submitter {
        Some(id) => accounts::get(tx, id)?,
        None => None,
    };
    if let Some(submitter) = &submitter
        && route.refusal == Some(MailRefusal::RelayDenied)
    {
        route.refusal = None;
        route.redirects.push(Redirect { to: recipient.clone(), by: submitter.address.clone() });
    }
    let organisation = held.map(|held| held.organisation).or(submitter.map(|account| account.organisation));
    let Some(organisation) = organisation else {
        // Refused already: nothing of it is used.
        let organisation = OrganisationId::from_number(0);
        return Ok(Due { route, organisation, language: Language::default(), replies: vec![] });
    };
    let language = organisations::get(tx, organisation)?.map(|found| found.language).unwrap_or_default();
    let (mut replies, mut answered_before) = (Vec::new(), false);
    for order in std::mem::take(&mut route.replies) {
        if spool::has_key(tx, &identity.reply_key(&order.from))? {
            // This very message: our acceptance of it got lost on the way.
            answered_before = true;
        } else if may_answer(tx, &order, envelope.sender.as_deref(), head, now)? {
            replies.push(order);
        }
    }
    // A responder keeps nothing: what it may not answer it refuses, so that nobody believes it was read.
    let done =
        !route.deliveries.is_empty() || !route.redirects.is_empty() || !replies.is_empty() || answered_before;
    if route.refusal.is_none() && !done {
        route.refusal = Some(MailRefusal::Unanswerable);
    }
    Ok(Due { route, organisation, language, replies })
}

fn may_answer(
    tx: &mut Tx<'_>,
    order: &ReplyOrder,
    sender: Option<&str>,
    head: &Head,
    now: Timestamp,
) -> Result<bool, relais_store::Error> {
    let own: Vec<_> = addresses::of_target(tx, order.target)?.into_iter().map(|held| held.address).collect();
    let Some(sender) = sender.filter(|sender| sender.parse::<EmailAddress>().is_ok()) else {
        return Ok(false);
    };
    if answerable(head, Some(sender), &own).is_err() {
        return Ok(false);
    }
    Ok(!responders::answered_since(tx, order.target, sender, now - REPLY_PERIOD)?)
}

/// Every mailbox that some accepted recipient needs, once: a person reached by two addresses has one copy.
fn mailboxes_of(dues: &[Due], answers: &[Result<(), MailRefusal>]) -> Vec<MailboxId> {
    let mut mailboxes = Vec::new();
    let mut seen = HashSet::new();
    for (due, _) in dues.iter().zip(answers).filter(|(_, answer)| answer.is_ok()) {
        for delivery in &due.route.deliveries {
            if seen.insert(delivery.mailbox) {
                mailboxes.push(delivery.mailbox);
            }
        }
    }
    mailboxes
}

fn kind_of(sender: Option<&str>) -> Sender {
    if sender.is_some() { Sender::Someone } else { Sender::Null }
}

/// What the client hears of trouble of ours; the trouble itself goes to the log.
pub(crate) fn unavailable(error: &Error) -> MailRefusal {
    tracing::error!(%error, "mail cannot be taken now");
    match error {
        Error::StorageFull => MailRefusal::StorageFull,
        _ => MailRefusal::Unavailable,
    }
}
