//! Jobs: one act on many accounts. Each account is decided as if it were asked alone, and reports its own result.

use crate::account::Cause;
use crate::authority::{Power, Role};
use crate::content::{ContentFate, Reassign};
use crate::ids::{AccountId, GroupId, JobId, OrganisationId, SubscriptionId};
use crate::inbound::Inbound;
use crate::lifecycle::Command;
use crate::organisation::GroupRole;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is done to each account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum BulkAct {
    Deactivate {
        /// Where new mail goes; refused if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inbound: Option<Inbound>,
        /// To whom content goes; it stays where it is if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Reassign>,
    },
    Reactivate,
    Delete {
        /// What becomes of content; needed for an account that owns some.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<ContentFate>,
    },
    SetRole {
        role: Role,
    },
    SetSubscription {
        /// Without one the account is one of the plan's free accounts.
        subscription: Option<SubscriptionId>,
    },
    JoinGroup {
        group: GroupId,
        role: GroupRole,
    },
    LeaveGroup {
        group: GroupId,
    },
    /// Gives their content to another account.
    Reassign(Reassign),
}

impl BulkAct {
    /// What whoever orders it needs in the organisation; each account asks for more if it has to.
    #[must_use]
    pub fn power(&self) -> Power {
        match self {
            Self::Deactivate { .. } | Self::Delete { .. } | Self::SetRole { .. } | Self::Reassign(_) => {
                Power::EndAccounts
            }
            Self::Reactivate => Power::Reactivate,
            Self::SetSubscription { .. } => Power::Subscribe,
            Self::JoinGroup { .. } | Self::LeaveGroup { .. } => Power::ManageAccounts,
        }
    }

    /// What is asked for each account.
    #[must_use]
    pub fn on_each(&self) -> ItemAct {
        ItemAct::Command(match self {
            Self::Deactivate { inbound, content } => Command::Deactivate {
                cause: Cause::Admin,
                inbound: inbound.clone(),
                content: content.clone(),
            },
            Self::Reactivate => Command::Reactivate,
            Self::Delete { content } => Command::Delete { content: *content },
            Self::SetRole { role } => Command::SetRole { role: *role },
            Self::SetSubscription { subscription } => Command::SetSubscription { to: *subscription },
            Self::JoinGroup { group, role } => {
                return ItemAct::Membership { group: *group, role: Some(*role) };
            }
            Self::LeaveGroup { group } => return ItemAct::Membership { group: *group, role: None },
            Self::Reassign(reassign) => return ItemAct::Reassign(reassign.clone()),
        })
    }

    /// The group it is about.
    #[must_use]
    pub fn group(&self) -> Option<GroupId> {
        match self.on_each() {
            ItemAct::Membership { group, .. } => Some(group),
            ItemAct::Command(_) | ItemAct::Reassign(_) => None,
        }
    }
}

/// What a job asks for one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemAct {
    Command(Command),
    /// In the group with this role, or not in it.
    Membership {
        group: GroupId,
        role: Option<GroupRole>,
    },
    Reassign(Reassign),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Running,
    /// Stopped by a person: what was done stays done.
    Cancelled,
    Finished,
}

/// Whether what is asked of many is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Run {
    /// Nothing is kept.
    Dry,
    Apply,
}

/// One act on many accounts, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    pub id: JobId,
    pub organisation: OrganisationId,
    pub act: BulkAct,
    pub run: Run,
    pub state: JobState,
    /// How many accounts it is about.
    pub items: i64,
    /// How many of them it has come to, from the first.
    pub items_done: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub refused: i64,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemOutcome {
    Changed,
    /// It was so already.
    Unchanged,
    Refused,
}

impl ItemOutcome {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
        }
    }
}

/// Why one account was left as it was, in words of the time it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemRefusal {
    pub code: String,
    pub french: String,
    pub english: String,
}

/// One account of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobItem {
    /// 1, 2, 3… in the order in which they are done.
    pub number: i64,
    pub account: AccountId,
    /// Its address when the job was ordered.
    pub address: String,
    /// `None` until it has had its turn, or for ever once the job was cancelled.
    pub outcome: Option<ItemOutcome>,
    pub refusals: Vec<ItemRefusal>,
}
