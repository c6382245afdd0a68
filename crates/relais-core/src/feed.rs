//! Feeds: what a connected application that is a SCIM server (RFC 7644) is told of accounts and groups. Which of them it
//! is to have and how each is described ([`wanted`]), and what has to be done there when it has something else
//! ([`compare`]). The other direction, a provider that tells Relais, is [`crate::scim`].

mod compare;
mod settings;
mod wanted;

pub use compare::{Act, compare, compare_group, is_called, members_of, without_nothing};
pub use settings::{
    Changes, FeedSettings, GroupsSent, Source, TOKEN_BYTES_MAX, Told, WhenClosed, WhenGone, check_token,
};
pub use wanted::{Belonging, Keys, Known, Wanted, WantedGroup, keys, wanted, wanted_group};

use crate::ids::{ApplicationId, OrganisationId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Everything is compared once in this time, whatever was told in between.
pub const WHOLE_EVERY: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedState {
    /// Set up, and silent.
    Off,
    On,
    /// The application takes our token no more: silent until a person has seen to it.
    Stopped,
}

/// What an application is told by SCIM. Its token never leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Feed {
    pub application: ApplicationId,
    pub organisation: OrganisationId,
    pub settings: FeedSettings,
    pub state: FeedState,
    /// What the application last answered, if it is in trouble as a whole.
    pub trouble: Option<String>,
    /// Nothing is sent before.
    pub away_until: Option<Timestamp>,
    /// When everything is compared next.
    pub whole_at: Option<Timestamp>,
    /// What the last comparison of everything found.
    pub report: Option<FeedReport>,
}

/// What a comparison of everything found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeedReport {
    pub at: Timestamp,
    pub accounts: u64,
    pub groups: u64,
    /// Of both: those for which something had to be done.
    pub differing: u64,
    /// What the application has that is none of ours; it was left alone.
    pub foreign: u64,
}

/// One thing that a comparison of everything would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedAct {
    /// The account or the group.
    #[schema(example = "acc-0000000000001")]
    pub subject: String,
    /// The address, or the group's name.
    pub name: String,
    pub act: ActKind,
    /// The attributes that would change.
    pub attributes: Vec<String>,
}

/// In the order of their urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    Close,
    Remove,
    Create,
    Change,
}

/// What a comparison of everything would do, and how much of it is not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeedPlan {
    pub report: FeedReport,
    pub acts: Vec<PlannedAct>,
    pub acts_left_out: u64,
}

/// More lines of a plan help nobody.
pub const ACTS_MAX: usize = 2_000;

/// One account or group that could not be brought there yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeedError {
    #[schema(example = "acc-0000000000001")]
    pub subject: String,
    /// The address, or the group's name.
    pub name: String,
    pub attempts: i64,
    pub next_at: Timestamp,
    /// What the application answered.
    pub trouble: String,
}
