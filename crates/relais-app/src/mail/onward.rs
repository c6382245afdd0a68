//! What goes on from here: redirects, submissions, automatic replies, each with a key by which a repeated message is
//! recognised. Knows nothing of mailboxes.

use super::{Due, Envelope, REPLY_PERIOD};
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::address::EmailAddress;
use relais_core::ids::{OrganisationId, SpoolId};
use relais_core::mail_refusal::MailRefusal;
use relais_core::organisation::Target;
use relais_core::routing::{Redirect, ReplyOrder};
use relais_engines::maildir::Received;
use relais_engines::message::{ENGLISH_PREFIX, FRENCH_PREFIX, Head, Reply, reply};
use relais_store::spool::{self, Outbound, SpoolState};
use relais_store::{Tx, responders};
use std::collections::HashSet;

/// What makes one message of one sender the same message when it comes again.
#[derive(Clone)]
pub(super) struct Identity {
    digest: String,
    sender: String,
}

/// Who answers, as far as a sender can tell: a person once, whatever address they are written to; a responder for
/// each of its addresses, since each stands for someone else who left.
fn answerer(order: &ReplyOrder) -> String {
    match order.target {
        Target::Account(id) => id.to_string(),
        Target::Responder(_) | Target::SharedMailbox(_) | Target::Group(_) => order.from.to_string(),
    }
}

/// Under which name a sender that was answered is remembered: case makes no other person.
pub(super) fn asker(order: &ReplyOrder, sender: &str) -> String {
    format!("{} {}", sender.to_lowercase(), answerer(order))
}

impl Identity {
    pub(super) fn of(received: &Received, envelope: &Envelope) -> Self {
        Self {
            digest: received.digest().iter().map(|byte| format!("{byte:02x}")).collect(),
            sender: envelope.sender.clone().unwrap_or_default(),
        }
    }

    fn redirect_key(&self, to: &EmailAddress) -> String {
        format!("redirect {} {} {to}", self.digest, self.sender)
    }

    pub(super) fn reply_key(&self, order: &ReplyOrder) -> String {
        format!("reply {} {} {}", self.digest, self.sender, answerer(order))
    }
}

impl Relais {
    /// The rows and files of what goes elsewhere: redirects, submissions, automatic replies.
    pub(super) fn outbound_of(
        &self,
        envelope: &Envelope,
        head: &Head,
        identity: &Identity,
        dues: &[Due],
        answers: &[Result<(), MailRefusal>],
    ) -> Vec<Going> {
        let mut seen = HashSet::new();
        let mut going = Vec::new();
        for (due, answer) in dues.iter().zip(answers).filter(|(due, _)| due.route.refusal.is_none()) {
            // Also while a mailbox waits for room: the message comes again, and is then known by its key.
            for redirect in &due.route.redirects {
                let key = identity.redirect_key(&redirect.to);
                if seen.insert(key.clone()) {
                    going.push(self.redirected(envelope, due, redirect, key));
                }
            }
            for order in due.replies.iter().filter(|_| answer.is_ok()) {
                let key = identity.reply_key(order);
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
        Going { row, key, what: What::Reply { by: order.target, to: asker(order, sender), message } }
    }

    pub(crate) fn outbound_row(
        &self,
        organisation: Option<OrganisationId>,
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
            notifies: None,
        }
    }

    /// Files first, then the rows in one transaction; a file whose row was there already goes again. Returns the keys
    /// of replies that were given up.
    pub(super) async fn spool_messages(
        &self,
        received: Received,
        outbound: Vec<Going>,
    ) -> Result<HashSet<String>, Error> {
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
            Ok(kept) => ids.into_iter().filter(|id| !kept.ids.contains(id)).collect(),
            // The commit may have been made: the files stay, and what has no row goes at the next start.
            Err(_) => Vec::new(),
        };
        for id in unneeded {
            if let Err(error) = self.remove_spool_file(id).await {
                tracing::warn!(%error, %id, "a spool file without a row stays until the next start");
            }
        }
        self.outgoing.notify_one();
        Ok(kept?.given_up)
    }
}

/// A message on its way elsewhere.
pub(super) struct Going {
    row: Outbound,
    key: String,
    what: What,
}

enum What {
    /// The message as it came.
    Received,
    /// An answer of ours.
    Reply { by: Target, to: String, message: Vec<u8> },
}

#[derive(Default)]
struct Kept {
    ids: Vec<SpoolId>,
    /// Keys of the replies that another message of the same sender got in the meantime.
    given_up: HashSet<String>,
}

/// Adds the rows that are not there yet.
fn keep_rows(tx: &mut Tx<'_>, outbound: &[Going], now: Timestamp) -> Result<Kept, Error> {
    let mut kept = Kept::default();
    for going in outbound {
        if let What::Reply { by, to, .. } = &going.what {
            if spool::has_key(tx, &going.key)? {
                continue;
            }
            if responders::answered_since(tx, *by, to, now - REPLY_PERIOD)? {
                kept.given_up.insert(going.key.clone());
                continue;
            }
            responders::record_answer(tx, *by, to, now)?;
        }
        if spool::push(tx, &going.row, &going.key)? {
            kept.ids.push(going.row.id);
        }
    }
    Ok(kept)
}
