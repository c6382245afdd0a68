//! Groups: who looks after one, and who may write to its address.

use crate::account::Account;
use crate::address::EmailAddress;
use crate::authority::{Actor, Power};
use crate::organisation::{Group, GroupRole};
use crate::plan::PlanTerms;
use crate::refusal::{GroupFault, Refusal};
use crate::rights::{Act, Verdict, may, standing};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Who may write to a group's address. It judges the sender of the envelope, which a server in front has to vouch for
/// (RFC 7208): whoever is signed in here sends as themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "who", rename_all = "snake_case", deny_unknown_fields)]
pub enum Posting {
    #[default]
    Anyone,
    /// Accounts of the organisation that may send.
    Organisation,
    /// Those of them that are in the group, or in a group in it.
    Members,
    /// These addresses, and nobody else.
    Listed { senders: BTreeSet<EmailAddress> },
}

/// More of them are a group of their own.
pub const SENDERS_MAX: usize = 1000;

impl Posting {
    /// # Errors
    /// [`GroupFault::SendersMissing`], [`GroupFault::SendersTooMany`].
    pub fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Listed { senders } if senders.is_empty() => Err(GroupFault::SendersMissing.into()),
            Self::Listed { senders } if senders.len() > SENDERS_MAX => {
                Err(GroupFault::SendersTooMany { count_max: SENDERS_MAX }.into())
            }
            Self::Anyone | Self::Organisation | Self::Members | Self::Listed { .. } => Ok(()),
        }
    }

    /// Who in the group has a message of `author`.
    #[must_use]
    pub fn judge(&self, author: &Author) -> Readers {
        let lets_in = match (self, author) {
            // Who does not say who they are asks what happens to mail that is let in.
            (Self::Anyone, _) | (_, Author::Unsaid) => true,
            // A notice has to be taken (RFC 2505, section 2.6.1), and concerns whoever runs the list
            // (RFC 5321, section 3.9.2).
            (Self::Organisation | Self::Members | Self::Listed { .. }, Author::Nobody) => {
                return Readers::Admins;
            }
            (Self::Organisation, Author::Account { belongs, .. }) => *belongs != Belongs::Elsewhere,
            (Self::Members, Author::Account { belongs, .. }) => *belongs == Belongs::Group,
            (Self::Organisation | Self::Members, Author::Stranger { .. }) => false,
            (Self::Listed { senders }, Author::Account { address, .. } | Author::Stranger { address }) => {
                senders.contains(address) || address.without_tag().is_some_and(|base| senders.contains(&base))
            }
            (Self::Organisation | Self::Members | Self::Listed { .. }, Author::Unknowable) => false,
        };
        if lets_in { Readers::All } else { Readers::Nobody }
    }
}

/// Who writes, as far as a policy asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// The null sender of notices.
    Nobody,
    Unsaid,
    /// The address of an account here that may send.
    Account {
        address: EmailAddress,
        belongs: Belongs,
    },
    Stranger {
        address: EmailAddress,
    },
    /// No address that could be hosted or listed, or that of an account that may not send.
    Unknowable,
}

/// How near an account is to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belongs {
    Group,
    Organisation,
    Elsewhere,
}

/// Who in a group has a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    All,
    /// Those who look after it.
    Admins,
    Nobody,
}

/// Whoever manages accounts looks after every group; its admins look after one: who is in it, and who may write to it.
///
/// # Errors
/// [`Refusal::NotAllowed`].
pub fn check_looks_after(
    actor: &Actor,
    group: &Group,
    role_in_group: Option<GroupRole>,
) -> Result<(), Refusal> {
    let is_admin =
        role_in_group == Some(GroupRole::Admin) && actor.has(Power::ChangeSelf, group.organisation);
    let may = is_admin || actor.has(Power::ManageAccounts, group.organisation);
    if may { Ok(()) } else { Err(Refusal::NotAllowed) }
}

/// How an account comes into a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joining {
    AsItIs,
    /// It was deactivated, and is reactivated in the same transaction.
    Reactivated,
}

/// Whether `actor`, who looks after a group, may add `account` to it: a deactivated one only where licences are
/// flexible, and whoever may reactivate (R8).
///
/// # Errors
/// [`Refusal::NotInThisState`].
pub fn check_may_join(
    account: &Account,
    plan: Option<&PlanTerms>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Joining, Refusal> {
    let state = standing(account, now);
    let refused = Err(Refusal::NotInThisState { act: Act::JoinGroup, state });
    match may(state, Act::JoinGroup) {
        Verdict::Yes => Ok(Joining::AsItIs),
        Verdict::WithFlexibleLicences => {
            let flexible = plan.is_some_and(|plan| plan.flexible_licences);
            if flexible && actor.has_over(Power::Reactivate, account) {
                Ok(Joining::Reactivated)
            } else {
                refused
            }
        }
        Verdict::No
        | Verdict::Activates
        | Verdict::WithGrant
        | Verdict::AsInbound
        | Verdict::InvitationOnly => refused,
    }
}

/// Whether mail would be lost without the group's addresses.
///
/// # Errors
/// [`GroupFault::CatchAll`], [`GroupFault::RedirectedTo`].
pub fn check_unneeded(
    group: &Group,
    catch_all_of: Vec<String>,
    redirected_by: Vec<EmailAddress>,
) -> Result<(), Refusal> {
    let group = group.name.clone();
    if !catch_all_of.is_empty() {
        return Err(GroupFault::CatchAll { group, domains: catch_all_of }.into());
    }
    if !redirected_by.is_empty() {
        let by = redirected_by.iter().map(ToString::to_string).collect();
        return Err(GroupFault::RedirectedTo { group, by }.into());
    }
    Ok(())
}
