//! Organisations and what they hold besides accounts and domains: shared mailboxes, groups, responders, addresses.

use crate::address::EmailAddress;
use crate::authority::Role;
use crate::group::Posting;
use crate::ids::{AccountId, GroupId, MailboxId, OrganisationId, PlanId, ResponderId, SubscriptionId};
use crate::language::Language;
use crate::money::Currency;
use crate::term::Term;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A customer: its accounts, domains, groups. No data crosses between organisations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Organisation {
    pub id: OrganisationId,
    pub name: String,
    /// The language of its automatic replies and certificates.
    pub language: Language,
    /// Where its days begin and end: a name of the IANA time zone database.
    pub time_zone: String,
    /// Of its provision; chosen once.
    pub currency: Currency,
    /// `None`: nothing is counted and nothing has to be paid.
    pub plan: Option<PlanId>,
    /// The time that the plan was paid for.
    pub plan_term: Option<Term>,
    /// What whoever a machine makes is on; `None`: one of the plan's free accounts.
    pub default_subscription: Option<SubscriptionId>,
    pub created_at: Timestamp,
}

impl Organisation {
    /// What a newcomer is on for whom nobody has chosen. A guest takes no licence, and costs nothing unless somebody says so.
    #[must_use]
    pub fn subscription_of_newcomer(&self, role: Role) -> Option<SubscriptionId> {
        match role {
            Role::Guest => None,
            Role::Owner | Role::CompanyAdmin | Role::AccountManager | Role::Member => {
                self.default_subscription
            }
        }
    }
}

/// Who owns a domain decides whether its addresses may be removed and given on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DomainKind {
    /// The organisation's own: addresses come and go as its admins say.
    Own,
    /// The operator's: an address, once given, is never given to anyone else.
    Provider,
}

/// Stored mail that several people read. Its address is also its name in their mail programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SharedMailbox {
    pub id: MailboxId,
    pub organisation: OrganisationId,
    pub address: EmailAddress,
    pub name: String,
    pub created_at: Timestamp,
}

/// What a member may do with a shared mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailboxRight {
    Read,
    ReadWrite,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailboxMember {
    pub account: AccountId,
    pub address: EmailAddress,
    pub right: MailboxRight,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Group {
    pub id: GroupId,
    pub organisation: OrganisationId,
    pub name: String,
    pub address: Option<EmailAddress>,
    /// Who may write to its address.
    #[schema(inline)]
    pub posting: Posting,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupRole {
    Admin,
    Member,
}

/// Answers and stores nothing; costs no licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Responder {
    pub id: ResponderId,
    pub organisation: OrganisationId,
    pub name: String,
    /// The common text, for addresses without one of their own.
    pub text: String,
    pub created_at: Timestamp,
}

/// What an address points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Target {
    Account(AccountId),
    SharedMailbox(MailboxId),
    Group(GroupId),
    Responder(ResponderId),
}

/// How an address stands with its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// The target's name: an account signs in with it.
    Primary,
    Alias,
}

/// An address that has, or had, a target. `target` is `None` once it was freed or retired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Address {
    pub address: EmailAddress,
    pub organisation: OrganisationId,
    pub target: Option<Target>,
    pub kind: AddressKind,
    pub domain: DomainKind,
    /// Never to be given to anyone again (a provider domain's address whose holder is gone).
    pub retired: bool,
    /// What a responder answers for this address, instead of its common text.
    pub reply_text: Option<String>,
    /// When a responder stops answering for this address and refuses.
    pub reply_until: Option<Timestamp>,
    pub since: Timestamp,
}

/// Who held an address, and when (X6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holding {
    pub address: EmailAddress,
    pub target: Target,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}
