//! Where a message goes. `resolve` is the one function that says so: reception asks it for every recipient and
//! `relais explain` prints its trace.
//!
//! A loop is refused when it is set ([`loop_through`]); one that is met all the same is cut where it closes and the
//! message kept there. Nothing is accepted and dropped: a route without delivery, redirect or reply is a refusal.

mod groups;
mod lead;

pub use groups::{everyone_in, group_path};

use crate::account::Account;
use crate::address::EmailAddress;
use crate::domain::Domain;
use crate::group::Posting;
use crate::ids::{AccountId, GroupId, MailboxId, OrganisationId, ResponderId};
use crate::inbound::{Inbound, LocalCopy, Treatment};
use crate::mail_refusal::MailRefusal;
use crate::organisation::{Address, Group, GroupRole, Responder, SharedMailbox, Target};
use crate::reserved::Keeper;
use crate::rights::{Act, State, Verdict, may, standing};
use jiff::Timestamp;
use lead::{Lead, lead};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use utoipa::ToSchema;

/// What routing asks of the store.
pub trait Directory {
    type Error;
    /// The domain, if mail for it ends here.
    fn domain(&mut self, name: &str) -> Result<Option<Domain>, Self::Error>;
    fn hosts(&mut self, domain: &str) -> Result<bool, Self::Error> {
        Ok(self.domain(domain)?.is_some())
    }
    /// The owners of an organisation, in whatever state; the one who has been there longest first.
    fn owners(&mut self, organisation: OrganisationId) -> Result<Vec<Account>, Self::Error>;
    /// Where who runs the instance has mail, here or elsewhere.
    fn operator_address(&mut self) -> Result<Option<EmailAddress>, Self::Error>;
    fn address(&mut self, address: &EmailAddress) -> Result<Option<Address>, Self::Error>;
    fn account(&mut self, id: AccountId) -> Result<Option<Account>, Self::Error>;
    fn shared_mailbox(&mut self, id: MailboxId) -> Result<Option<SharedMailbox>, Self::Error>;
    fn group(&mut self, id: GroupId) -> Result<Option<Group>, Self::Error>;
    fn group_members(&mut self, id: GroupId) -> Result<Vec<(AccountId, GroupRole)>, Self::Error>;
    /// The groups that were put into a group.
    fn inner_groups(&mut self, id: GroupId) -> Result<Vec<GroupId>, Self::Error>;
    fn responder(&mut self, id: ResponderId) -> Result<Option<Responder>, Self::Error>;
}

/// Whom a message is from. A null sender is a bounce: delivered, never answered, never redirected outside
/// (RFC 5321, section 4.5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender<'a> {
    Null,
    /// Not said: somebody who may write to whom they write.
    Someone,
    /// As the envelope has it: of any form.
    Known(&'a str),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    pub mailbox: MailboxId,
    /// Largest size of the mailbox in bytes; `None` without limit.
    pub quota_bytes: Option<i64>,
}

/// A message sent on to another system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Redirect {
    pub to: EmailAddress,
    /// The hosted address that sends it on.
    pub by: EmailAddress,
}

/// An automatic reply to give, if the message may be answered (RFC 3834).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplyOrder {
    pub target: Target,
    /// The address that answers: the one the message was for.
    pub from: EmailAddress,
    pub name: String,
    pub text: String,
}

/// Why routing went one way: one line of `explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Hop {
    Tag {
        base: EmailAddress,
    },
    /// A reserved address that nobody who is here holds, or may hold.
    Reserved {
        address: EmailAddress,
        #[schema(inline)]
        keeper: Keeper,
    },
    /// An address that was never made, on a domain that takes such mail.
    CatchAll {
        domain: String,
    },
    Account {
        id: AccountId,
        address: EmailAddress,
        name: String,
        state: State,
    },
    SharedMailbox {
        id: MailboxId,
        address: EmailAddress,
    },
    Group {
        id: GroupId,
        name: String,
        #[schema(inline)]
        posting: Posting,
    },
    /// A group in the group: its members have the message too, whoever may write to its own address.
    InnerGroup {
        id: GroupId,
        name: String,
    },
    /// A notice for a group that not everybody may write to.
    AdminsOnly,
    Responder {
        id: ResponderId,
        name: String,
    },
    Stored {
        mailbox: MailboxId,
    },
    Redirected {
        to: EmailAddress,
        copy: LocalCopy,
    },
    SentOutside {
        to: EmailAddress,
    },
    Answered {
        from: EmailAddress,
    },
    BounceKept,
    LoopCut {
        at: EmailAddress,
    },
    MemberLeftOut {
        address: EmailAddress,
        state: State,
    },
    Refused {
        refusal: MailRefusal,
    },
}

/// Everything that happens to a message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Route {
    pub deliveries: Vec<Delivery>,
    pub redirects: Vec<Redirect>,
    pub replies: Vec<ReplyOrder>,
    /// Set exactly when nothing else is.
    pub refusal: Option<MailRefusal>,
    pub trace: Vec<(u8, Hop)>,
}

/// Where a message for `recipient` goes at `now`.
///
/// # Errors
/// Only what `directory` returns.
pub fn resolve<D: Directory>(
    directory: &mut D,
    recipient: &EmailAddress,
    sender: Sender<'_>,
    now: Timestamp,
) -> Result<Route, D::Error> {
    let mut walk = Walk {
        directory,
        sender,
        now,
        route: Route::default(),
        on_path: Vec::new(),
        done: HashMap::new(),
        stored: HashSet::new(),
        operator_asked: false,
        refusal: None,
    };
    walk.address(recipient, Via::Envelope)?;
    let mut route = walk.route;
    if route.deliveries.is_empty() && route.redirects.is_empty() && route.replies.is_empty() {
        route.refusal = Some(walk.refusal.unwrap_or(MailRefusal::Unknown));
    }
    Ok(route)
}

/// For questions that leaving times to come do not change: before any of them.
const WHENEVER: Timestamp = Timestamp::MIN;

/// The addresses through which mail for `owner` would come back to it if its inbound were `inbound`; `None` when it
/// would not. Follows every phase of every redirect, whatever its dates: a loop that begins next month is a loop.
///
/// # Errors
/// Only what `directory` returns.
pub fn loop_through<D: Directory>(
    directory: &mut D,
    owner: Target,
    inbound: &Inbound,
) -> Result<Option<Vec<EmailAddress>>, D::Error> {
    // Addresses to follow, each with the place of the one that led to it; the nearest first, so that the loop that is
    // named is a short one. A list and no recursion: the chain may be as long as the organisation is large.
    let mut found: Vec<(EmailAddress, Option<usize>)> =
        inbound.redirect_targets().map(|to| (to.clone(), None)).collect();
    let mut seen = HashSet::new();
    let mut operator_seen = false;
    let mut here = 0;
    while let Some((from, _)) = found.get(here).cloned() {
        let lead = lead(directory, &from, Sender::Someone, WHENEVER)?;
        if let Lead::Operator { to, .. } = &lead
            && !std::mem::replace(&mut operator_seen, true)
        {
            found.push((to.clone(), Some(here)));
        }
        let target = lead.target();
        let accounts = match target.filter(|target| seen.insert(*target)) {
            Some(Target::Account(id)) => vec![id],
            Some(Target::Group(id)) => everyone_in(directory, id)?,
            Some(Target::SharedMailbox(_) | Target::Responder(_)) | None => vec![],
        };
        if target == Some(owner) || accounts.iter().any(|id| Target::Account(*id) == owner) {
            return Ok(Some(path_to(&found, here)));
        }
        for id in accounts {
            if let Some(account) = directory.account(id)? {
                found.extend(account.inbound.redirect_targets().map(|to| (to.clone(), Some(here))));
            }
        }
        here += 1;
    }
    Ok(None)
}

fn path_to(found: &[(EmailAddress, Option<usize>)], last: usize) -> Vec<EmailAddress> {
    let mut path = Vec::new();
    let mut at = Some(last);
    while let Some(here) = at {
        path.push(found[here].0.clone());
        at = found[here].1;
    }
    path.reverse();
    path
}

/// Whether anyone or anything has the mail for `address`.
///
/// # Errors
/// Only what `directory` returns.
pub fn leads_somewhere<D: Directory>(directory: &mut D, address: &EmailAddress) -> Result<bool, D::Error> {
    let lead = lead(directory, address, Sender::Someone, WHENEVER)?;
    Ok(lead.target().is_some() || matches!(lead, Lead::Operator { .. } | Lead::Outside))
}

/// The address itself, or the one it is a tagged form of (RFC 5233).
pub fn find<D: Directory>(directory: &mut D, address: &EmailAddress) -> Result<Option<Address>, D::Error> {
    if let Some(found) = directory.address(address)? {
        return Ok(Some(found));
    }
    match address.without_tag() {
        Some(base) => directory.address(&base),
        None => Ok(None),
    }
}

/// Whether `account` may send with this envelope sender: one of its own addresses, tagged or not (RFC 6409,
/// section 6.1), or none, as receipts and notices have it (RFC 8098, section 3).
///
/// # Errors
/// Only what `directory` returns.
pub fn may_send_as<D: Directory>(
    directory: &mut D,
    account: AccountId,
    sender: Option<&str>,
) -> Result<bool, D::Error> {
    let Some(sender) = sender else { return Ok(true) };
    let Ok(address) = sender.parse::<EmailAddress>() else { return Ok(false) };
    let held = find(directory, &address)?;
    Ok(held.and_then(|held| held.target) == Some(Target::Account(account)))
}

/// Redirects followed inside, one behind the other. Everyone may set their own, so a chain could be as long as the
/// organisation is large; beyond this length it is cut as a loop is, and the message kept.
const PATH_MAX: usize = 50;

/// How the walk came to an address: personal automatic replies answer only mail sent to the person themselves
/// (RFC 5230, section 4.5).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Via {
    Envelope,
    Redirect,
    Group,
}

/// What became of a message at an address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Someone has it, or its sender has an answer.
    Taken,
    Refused,
}

/// What became of a message that was sent on.
enum Onward {
    Ended(Outcome),
    /// It would come back, or may not go there: whoever sends it on keeps it.
    Kept,
}

/// The address a target was reached by, and what a responder says for it.
struct Said<'a> {
    address: &'a EmailAddress,
    reply_text: Option<&'a str>,
    reply_until: Option<Timestamp>,
}

impl<'a> Said<'a> {
    fn of(held: &'a Address) -> Self {
        let Address { address, reply_text, reply_until, .. } = held;
        Self { address, reply_text: reply_text.as_deref(), reply_until: *reply_until }
    }

    fn nothing(address: &'a EmailAddress) -> Self {
        Self { address, reply_text: None, reply_until: None }
    }
}

struct Walk<'d, D> {
    directory: &'d mut D,
    sender: Sender<'d>,
    now: Timestamp,
    route: Route,
    /// The targets between the recipient and here.
    on_path: Vec<Target>,
    /// Targets that have had their turn: each is asked once, so each person gets a message once and a web of
    /// redirects costs no more than its size.
    done: HashMap<Target, Outcome>,
    /// Mailboxes that have the message: each has it once.
    stored: HashSet<MailboxId>,
    /// The operator's address was followed: should it lead to a reserved one, it would do so for ever.
    operator_asked: bool,
    /// The first refusal met; it counts only if nothing was done.
    refusal: Option<MailRefusal>,
}

impl<D: Directory> Walk<'_, D> {
    fn note(&mut self, hop: Hop) {
        let depth = u8::try_from(self.on_path.len()).unwrap_or(u8::MAX);
        self.route.trace.push((depth, hop));
    }

    fn refuse(&mut self, refusal: MailRefusal) -> Outcome {
        self.note(Hop::Refused { refusal });
        self.refusal.get_or_insert(refusal);
        Outcome::Refused
    }

    fn address(&mut self, address: &EmailAddress, via: Via) -> Result<Outcome, D::Error> {
        let lead = lead(self.directory, address, self.sender, self.now)?;
        Ok(match self.follow(address, lead, via)? {
            Onward::Ended(outcome) => outcome,
            Onward::Kept => self.refuse(MailRefusal::Unanswerable),
        })
    }

    fn follow(&mut self, address: &EmailAddress, lead: Lead, via: Via) -> Result<Onward, D::Error> {
        let outcome = match lead {
            Lead::Outside => self.refuse(MailRefusal::RelayDenied),
            Lead::Unknown => self.refuse(MailRefusal::Unknown),
            Lead::Held(found) => {
                if found.address != *address {
                    self.note(Hop::Tag { base: found.address.clone() });
                }
                let Some(target) = found.target else {
                    return Ok(Onward::Ended(self.refuse(MailRefusal::Gone)));
                };
                self.target(target, &Said::of(&found), via)?
            }
            Lead::Owner { reserved, owner } => {
                self.note(Hop::Reserved { address: reserved.clone(), keeper: Keeper::Owner });
                self.target(Target::Account(owner), &Said::nothing(&reserved), via)?
            }
            Lead::CatchAll { domain, target } => {
                self.note(Hop::CatchAll { domain });
                self.target(target, &Said::nothing(address), via)?
            }
            Lead::Operator { reserved, to } => {
                self.operator_asked = true;
                self.note(Hop::Reserved { address: reserved.clone(), keeper: Keeper::Operator });
                return self.redirect(&to, &reserved);
            }
        };
        Ok(Onward::Ended(outcome))
    }

    fn target(&mut self, target: Target, said: &Said<'_>, via: Via) -> Result<Outcome, D::Error> {
        if self.on_path.contains(&target) {
            self.note(Hop::LoopCut { at: said.address.clone() });
            return Ok(Outcome::Refused);
        }
        if let Some(outcome) = self.done.get(&target) {
            return Ok(*outcome);
        }
        let outcome = match target {
            Target::Account(id) => self.account(id, said.address, via)?,
            Target::SharedMailbox(id) => self.shared_mailbox(id)?,
            Target::Group(id) => self.group(id)?,
            Target::Responder(id) => self.responder(id, said)?,
        };
        self.done.insert(target, outcome);
        Ok(outcome)
    }

    fn account(&mut self, id: AccountId, address: &EmailAddress, via: Via) -> Result<Outcome, D::Error> {
        let Some(account) = self.directory.account(id)? else {
            return Ok(self.refuse(MailRefusal::Gone));
        };
        let state = standing(&account, self.now);
        self.note(Hop::Account { id, address: account.address.clone(), name: account.name.clone(), state });
        if may(state, Act::ReceiveMail) == Verdict::No {
            return Ok(self.refuse(MailRefusal::Gone));
        }
        self.on_path.push(Target::Account(id));
        // A leaving time that passed before any workflow ran: nothing was decided yet, so nothing is lost or refused.
        let outcome = match account.inbound.at(self.now).clone() {
            Treatment::Refuse => self.refuse(MailRefusal::Deactivated),
            Treatment::Accept { copy, redirect_to, reply } => {
                let answered = self.answer(&account, address, reply, via);
                self.pass_on(&account, address, copy, &redirect_to, via, answered)?
            }
        };
        self.on_path.pop();
        Ok(outcome)
    }

    /// Notes the account's automatic reply, if it has one and this message may be answered.
    fn answer(
        &mut self,
        account: &Account,
        address: &EmailAddress,
        reply: Option<String>,
        via: Via,
    ) -> Outcome {
        let Some(text) = reply.filter(|_| via != Via::Group && self.sender != Sender::Null) else {
            return Outcome::Refused;
        };
        self.note(Hop::Answered { from: address.clone() });
        self.route.replies.push(ReplyOrder {
            target: Target::Account(account.id),
            from: address.clone(),
            name: account.name.clone(),
            text,
        });
        Outcome::Taken
    }

    /// Sends on and keeps, as the account wants it; keeps all the same what nobody else would have.
    fn pass_on(
        &mut self,
        account: &Account,
        address: &EmailAddress,
        copy: LocalCopy,
        redirect_to: &[EmailAddress],
        via: Via,
        answered: Outcome,
    ) -> Result<Outcome, D::Error> {
        let (mut kept, mut outcome) = (copy, answered);
        for to in redirect_to {
            self.note(Hop::Redirected { to: to.clone(), copy });
            match self.redirect(to, address)? {
                Onward::Kept => kept = LocalCopy::Keep,
                Onward::Ended(Outcome::Taken) => outcome = Outcome::Taken,
                Onward::Ended(Outcome::Refused) => {}
            }
        }
        if outcome == Outcome::Refused && kept == LocalCopy::None {
            match via {
                // The group accepted it for its members: a member's absence, or a redirect of theirs that leads
                // nowhere, is no reason to lose it.
                Via::Group => kept = LocalCopy::Keep,
                Via::Envelope | Via::Redirect if redirect_to.is_empty() => {
                    self.refuse(MailRefusal::Unanswerable);
                }
                Via::Envelope | Via::Redirect => {}
            }
        }
        if kept == LocalCopy::Keep {
            self.store(account.mailbox, account.quota_bytes);
            outcome = Outcome::Taken;
        }
        Ok(outcome)
    }

    fn redirect(&mut self, to: &EmailAddress, by: &EmailAddress) -> Result<Onward, D::Error> {
        let lead = lead(self.directory, to, self.sender, self.now)?;
        if matches!(lead, Lead::Outside) {
            if self.sender == Sender::Null {
                self.note(Hop::BounceKept);
                return Ok(Onward::Kept);
            }
            self.note(Hop::SentOutside { to: to.clone() });
            let redirect = Redirect { to: to.clone(), by: by.clone() };
            if !self.route.redirects.contains(&redirect) {
                self.route.redirects.push(redirect);
            }
            return Ok(Onward::Ended(Outcome::Taken));
        }
        let closes = lead.target().is_some_and(|target| self.on_path.contains(&target))
            || (self.operator_asked && matches!(lead, Lead::Operator { .. }));
        if closes || self.on_path.len() >= PATH_MAX {
            self.note(Hop::LoopCut { at: to.clone() });
            return Ok(Onward::Kept);
        }
        self.follow(to, lead, Via::Redirect)
    }

    fn store(&mut self, mailbox: MailboxId, quota_bytes: Option<i64>) {
        if !self.stored.insert(mailbox) {
            return;
        }
        self.note(Hop::Stored { mailbox });
        self.route.deliveries.push(Delivery { mailbox, quota_bytes });
    }

    fn shared_mailbox(&mut self, id: MailboxId) -> Result<Outcome, D::Error> {
        let Some(shared) = self.directory.shared_mailbox(id)? else {
            return Ok(self.refuse(MailRefusal::Gone));
        };
        self.note(Hop::SharedMailbox { id, address: shared.address });
        self.store(id, None);
        Ok(Outcome::Taken)
    }

    fn responder(&mut self, id: ResponderId, said: &Said<'_>) -> Result<Outcome, D::Error> {
        let Some(responder) = self.directory.responder(id)? else {
            return Ok(self.refuse(MailRefusal::Gone));
        };
        self.note(Hop::Responder { id, name: responder.name.clone() });
        if said.reply_until.is_some_and(|end| end <= self.now) {
            return Ok(self.refuse(MailRefusal::Gone));
        }
        if self.sender == Sender::Null {
            return Ok(self.refuse(MailRefusal::Unanswerable));
        }
        self.note(Hop::Answered { from: said.address.clone() });
        self.route.replies.push(ReplyOrder {
            target: Target::Responder(id),
            from: said.address.clone(),
            name: responder.name,
            text: said.reply_text.map_or(responder.text, str::to_owned),
        });
        Ok(Outcome::Taken)
    }
}
