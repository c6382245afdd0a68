//! Mail that comes in. A recipient is asked about, a message is kept for everyone it is for, and only what is
//! durable is acknowledged.
//!
//! The order is what keeps every promise at a kill at any instant: first the messages in mailboxes, then, in one
//! transaction, what goes elsewhere or is answered, then the answer to the client. A client that heard nothing
//! sends again; the deliveries that were done are recognised by their keys and not repeated.

mod onward;

use crate::{Error, Relais, outbound};
use jiff::{SignedDuration, Timestamp};
use onward::{Identity, asker};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::ids::{AccountId, MailboxId, OrganisationId};
use relais_core::language::Language;
use relais_core::mail_refusal::MailRefusal;
use relais_core::rights::{Act, allows};
use relais_core::routing::{self, Delivery, Redirect, ReplyOrder, Route, Sender};
use relais_engines::maildir::{DeliveryKey, Incoming, Received, Usage};
use relais_engines::message::{Head, answerable};
use relais_store::{Tx, accounts, addresses, organisations, responders, spool};
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
    /// `None` where mail for the operator concerns no organisation.
    organisation: Option<OrganisationId>,
    language: Language,
    /// The replies that may be given.
    replies: Vec<ReplyOrder>,
    /// The sender has the answer to this very message: only our acceptance of it got lost on the way.
    answered_before: bool,
}

impl Due {
    /// The first of its mailboxes that cannot have the message now decides.
    fn answer(&self, failed: &HashMap<MailboxId, MailRefusal>) -> Result<(), MailRefusal> {
        let trouble = self.route.deliveries.iter().find_map(|delivery| failed.get(&delivery.mailbox));
        match self.route.refusal.or(trouble.copied()) {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }

    fn is_only_answered(&self) -> bool {
        self.route.deliveries.is_empty() && self.route.redirects.is_empty() && !self.answered_before
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
        let (address, now) = (recipient.clone(), self.now());
        let sender = sender.map(str::to_owned);
        let (route, elsewhere) = self
            .look(move |tx| {
                if let Some(refused) = not_theirs(tx, submitter, sender.as_deref())? {
                    return Ok((refused, None));
                }
                let route = routing::resolve(tx, &address, said(sender.as_deref()), now)?;
                let elsewhere = match submitter {
                    Some(id) if route.refusal == Some(MailRefusal::RelayDenied) => submitting(tx, id, now)?,
                    Some(_) | None => None,
                };
                Ok((route, elsewhere))
            })
            .await
            .map_err(|error| unavailable(&error))?;
        if elsewhere.is_some() {
            return Ok(());
        }
        if let Some(refusal) = route.refusal {
            return Err(refusal);
        }
        let failed = self.without_room(&route.deliveries).await;
        let reaches_nobody = route.redirects.is_empty() && failed.len() == route.deliveries.len();
        match route.deliveries.first().and_then(|delivery| failed.get(&delivery.mailbox)) {
            Some(refusal) if reaches_nobody => Err(*refusal),
            Some(_) | None => Ok(()),
        }
    }

    /// Where a message goes and why, for `relais explain` (X2); from `sender`, where it matters.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn explain(&self, recipient: EmailAddress, sender: Option<String>) -> Result<Route, Error> {
        let now = self.now();
        self.look(move |tx| routing::resolve(tx, &recipient, asked(sender.as_deref()), now)).await
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

    /// Waits until every delivery is over that was routed before now. On one node, that is: two nodes wait for their
    /// own each.
    pub(crate) async fn let_deliveries_end(&self) {
        drop(self.deliveries.write().await);
    }

    async fn try_deliver(
        &self,
        envelope: &Envelope,
        received: Received,
    ) -> Result<Vec<Result<(), MailRefusal>>, Error> {
        let _under_way = self.deliveries.read().await;
        let head = Head::parse(received.head());
        let identity = Identity::of(&received, envelope);
        let dues = self.find_out(envelope, identity.clone(), head.clone()).await?;
        let accepted = || dues.iter().filter(|due| due.route.refusal.is_none());
        let deliveries: Vec<_> = accepted().flat_map(|due| due.route.deliveries.clone()).collect();
        let mut failed = self.without_room(&deliveries).await;
        let mailboxes = mailboxes_of(&deliveries, &failed);
        let needed_after = if accepted().any(|due| !due.route.redirects.is_empty() || !due.replies.is_empty())
        {
            Needed::After
        } else {
            Needed::ForMailboxes
        };
        let (received, unstored) = self.store_messages(envelope, received, mailboxes, needed_after).await?;
        failed.extend(unstored);
        let mut answers: Vec<_> = dues.iter().map(|due| due.answer(&failed)).collect();
        let outbound = self.outbound_of(envelope, &head, &identity, &dues, &answers);
        if let Some(received) = received
            && !outbound.is_empty()
        {
            let given_up = self.spool_messages(received, outbound).await?;
            for (due, answer) in dues.iter().zip(&mut answers) {
                let unanswered = |order: &ReplyOrder| given_up.contains(&identity.reply_key(order));
                if answer.is_ok() && due.is_only_answered() && due.replies.iter().all(unanswered) {
                    *answer = Err(MailRefusal::Unanswerable);
                }
            }
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
                        if let Some(found) = addresses::organisation_of(tx, recipient)? {
                            return Ok(Some(found));
                        }
                    }
                    Ok(None)
                })
                .await?;
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
            let refused = not_theirs(tx, envelope.submitter, envelope.sender.as_deref())?;
            envelope
                .recipients
                .iter()
                .map(|recipient| {
                    let route = match &refused {
                        Some(refused) => refused.clone(),
                        None => routing::resolve(tx, recipient, said(envelope.sender.as_deref()), now)?,
                    };
                    due(tx, route, recipient, &envelope, (&identity, &head), now)
                })
                .collect()
        })
        .await
    }

    /// The mailboxes that cannot have another message now, and why. The others of a group do not wait for them.
    async fn without_room(&self, deliveries: &[Delivery]) -> HashMap<MailboxId, MailRefusal> {
        let mut failed = HashMap::new();
        for delivery in deliveries {
            let Some(quota) = delivery.quota_bytes else { continue };
            let (maildirs, mailbox) = (self.maildirs.clone(), delivery.mailbox);
            let usage = tokio::task::spawn_blocking(move || {
                maildirs.create(mailbox)?;
                maildirs.usage(mailbox)
            })
            .await;
            let refusal = match usage {
                Ok(Ok(Usage { bytes, .. })) if bytes >= quota.cast_unsigned() => MailRefusal::OverQuota,
                Ok(Ok(_)) => continue,
                Ok(Err(error)) => unavailable(&error.into()),
                Err(error) => unavailable(&error.into()),
            };
            failed.insert(mailbox, refusal);
        }
        failed
    }

    /// Puts the message into every mailbox, each once, and says which failed. Gives the message back while
    /// something still needs it.
    async fn store_messages(
        &self,
        envelope: &Envelope,
        received: Received,
        mailboxes: Vec<MailboxId>,
        needed: Needed,
    ) -> Result<(Option<Received>, HashMap<MailboxId, MailRefusal>), Error> {
        let (maildirs, now) = (self.maildirs.clone(), self.now());
        let sender = envelope.sender.clone().unwrap_or_default();
        let stored = tokio::task::spawn_blocking(move || {
            let key = DeliveryKey::new(received.digest(), &sender);
            let mut failed: HashMap<MailboxId, MailRefusal> = HashMap::new();
            let mut message = Some(received);
            let count = mailboxes.len();
            for (index, mailbox) in mailboxes.into_iter().enumerate() {
                let stored = maildirs.create(mailbox).and_then(|()| {
                    if index + 1 == count && needed == Needed::ForMailboxes {
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
        });
        Ok(stored.await?)
    }
}

/// What still needs a message once the mailboxes have it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    ForMailboxes,
    After,
}

/// The account, if it may submit mail at this moment: a session may be older than a decision.
fn submitting(
    tx: &mut Tx<'_>,
    id: AccountId,
    now: Timestamp,
) -> Result<Option<Account>, relais_store::Error> {
    Ok(accounts::get(tx, id)?.filter(|account| allows(account, Act::SubmitMail, now)))
}

/// Where a message goes whose sender is not one of the submitter's own addresses: nowhere.
fn not_theirs(
    tx: &mut Tx<'_>,
    submitter: Option<AccountId>,
    sender: Option<&str>,
) -> Result<Option<Route>, relais_store::Error> {
    match submitter {
        Some(id) if !routing::may_send_as(tx, id, sender)? => {
            Ok(Some(Route { refusal: Some(MailRefusal::SenderNotHeld), ..Route::default() }))
        }
        Some(_) | None => Ok(None),
    }
}

fn due(
    tx: &mut Tx<'_>,
    mut route: Route,
    recipient: &EmailAddress,
    envelope: &Envelope,
    (identity, head): (&Identity, &Head),
    now: Timestamp,
) -> Result<Due, relais_store::Error> {
    let submitter = match envelope.submitter {
        Some(id) => submitting(tx, id, now)?,
        None => None,
    };
    let organisation = match &submitter {
        Some(submitter) if route.refusal == Some(MailRefusal::RelayDenied) => {
            route.refusal = None;
            route.redirects.push(Redirect { to: recipient.clone(), by: submitter.address.clone() });
            Some(submitter.organisation)
        }
        Some(_) | None => addresses::organisation_of(tx, recipient)?,
    };
    let language = match organisation {
        Some(id) => organisations::get(tx, id)?.map(|found| found.language).unwrap_or_default(),
        None => Language::default(),
    };
    let (mut replies, mut answered_before) = (Vec::new(), false);
    for order in std::mem::take(&mut route.replies) {
        if spool::has_key(tx, &identity.reply_key(&order))? {
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
    Ok(Due { route, organisation, language, replies, answered_before })
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
    Ok(!responders::answered_since(tx, order.target, &asker(order, sender), now - REPLY_PERIOD)?)
}

/// Every mailbox that has room, once: a person reached by two addresses has one copy.
fn mailboxes_of(deliveries: &[Delivery], failed: &HashMap<MailboxId, MailRefusal>) -> Vec<MailboxId> {
    let mut seen = HashSet::new();
    let mailboxes = deliveries.iter().map(|delivery| delivery.mailbox);
    mailboxes.filter(|mailbox| !failed.contains_key(mailbox) && seen.insert(*mailbox)).collect()
}

/// The sender of an envelope.
fn said(sender: Option<&str>) -> Sender<'_> {
    sender.map_or(Sender::Null, Sender::Known)
}

/// The sender that a question is about, empty if the null one; anyone if none was named.
pub(crate) fn asked(sender: Option<&str>) -> Sender<'_> {
    match sender {
        None => Sender::Someone,
        Some("") => Sender::Null,
        Some(sender) => Sender::Known(sender),
    }
}

/// What the client hears of trouble of ours; the trouble itself goes to the log.
pub(crate) fn unavailable(error: &Error) -> MailRefusal {
    tracing::error!(%error, "mail cannot be taken now");
    match error {
        Error::StorageFull => MailRefusal::StorageFull,
        _ => MailRefusal::Unavailable,
    }
}
