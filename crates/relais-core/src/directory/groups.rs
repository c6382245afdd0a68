//! What a reading of a directory does to groups. What the directory gave it may take again; whom people put into a group,
//! or took out of it, stays as they left it until the directory says something else.

use super::EntryId;
use std::collections::BTreeSet;

/// A group as it was read now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenGroup {
    pub entry: EntryId,
    pub dn: String,
    pub name: String,
    /// Entries of people and of groups.
    pub members: BTreeSet<EntryId>,
}

/// What changes in one group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberChange {
    pub come: Vec<EntryId>,
    pub go: Vec<EntryId>,
}

/// `given`: what the directory had put into the group before. A group that vanished has no members.
#[must_use]
pub fn changes(now: Option<&SeenGroup>, given: &BTreeSet<EntryId>) -> MemberChange {
    let none = BTreeSet::new();
    let members = now.map_or(&none, |group| &group.members);
    MemberChange {
        come: members.difference(given).copied().collect(),
        go: given.difference(members).copied().collect(),
    }
}
