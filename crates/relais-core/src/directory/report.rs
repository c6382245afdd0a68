//! What a reading of a directory came to: how much was done, and what differs still, and why.

use super::EntryId;
use super::plan::{EntryAct, Hold};
use crate::ids::AccountId;
use crate::job::{ItemRefusal, Run};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Of one reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    pub run: Run,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub outcome: Outcome,
    pub counts: Counts,
    /// What could not be done first, then the rest, as far as it fits.
    pub items: Vec<ReportItem>,
    pub items_left_out: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    Done,
    /// Nothing was done: a person has to say whether so many are to be suspended.
    Held(Hold),
    /// Nothing was done: not everything could be read.
    Incomplete {
        because: ItemRefusal,
    },
}

/// How many entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Counts {
    /// New ones, and those that changed.
    pub read: u64,
    pub created: u64,
    pub linked: u64,
    pub updated: u64,
    pub suspended: u64,
    pub resumed: u64,
    /// What they ask for was refused, at least in part.
    pub refused: u64,
    pub groups_created: u64,
    pub members_added: u64,
    pub members_removed: u64,
}

impl Counts {
    pub fn add(&mut self, act: EntryAct) {
        match act {
            EntryAct::Create => self.created += 1,
            EntryAct::Link => self.linked += 1,
            EntryAct::Resume => self.resumed += 1,
            EntryAct::Update => self.updated += 1,
            EntryAct::Suspend => self.suspended += 1,
        }
    }
}

/// One entry of a person or of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportItem {
    pub entry: EntryId,
    /// The address, or a group's name.
    pub name: String,
    pub account: Option<AccountId>,
    pub acts: Vec<EntryAct>,
    /// Why not everything was done that the entry asks for.
    pub refusals: Vec<ItemRefusal>,
}

/// More of them help nobody.
pub const ITEMS_MAX: usize = 2_000;

impl Report {
    /// Puts in what is told of each entry.
    pub fn tell(&mut self, mut items: Vec<ReportItem>) {
        items.sort_by_key(|item| (item.refusals.is_empty(), std::cmp::Reverse(item.acts.last().copied())));
        self.items_left_out = items.len().saturating_sub(ITEMS_MAX) as u64;
        items.truncate(ITEMS_MAX);
        self.items = items;
    }
}
