//! What is known of an account or a group that an application is told of, in one look at the tables.

use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::feed::{
    Belonging, Feed, GroupsSent, Keys, Known, Wanted, WantedGroup, keys, wanted, wanted_group,
};
use relais_core::ids::{AccountId, GroupId};
use relais_core::rights::allows;
use relais_core::scim::ACTIVE;
use relais_store::feeds::{Subject, Urgency};
use relais_store::scim::{members, person};
use relais_store::{Error, Tx, groups, profiles};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Somebody, as the application is to have them.
pub(super) struct Person {
    pub account: Account,
    pub keys: Keys,
    /// `None`: nothing is known that they could be called.
    pub wanted: Option<Wanted>,
    /// When that changes by itself.
    pub changes_at: Option<Timestamp>,
}

impl Person {
    /// Whoever is to be shut out goes before all others.
    pub fn urgency(&self) -> Urgency {
        match self.wanted {
            Some(Wanted::Closed | Wanted::Absent) => Urgency::Closing,
            Some(Wanted::Open(_)) | None => Urgency::Person,
        }
    }
}

pub(super) fn gather(
    tx: &mut Tx<'_>,
    feed: &Feed,
    id: AccountId,
    now: Timestamp,
) -> Result<Option<Person>, Error> {
    let Some(found) = person(tx, id)?.filter(|found| found.account.organisation == feed.organisation) else {
        return Ok(None);
    };
    let profile = profiles::get(tx, id)?;
    let said = found.said.as_ref();
    let known = Known {
        account: &found.account,
        profile: &profile,
        provider_name: said.map(|said| said.user_name.as_str()),
        provider_id: said.and_then(|said| said.external_id.as_deref()),
        belonging: belonging(tx, feed, id)?,
    };
    let (mut keys, wanted) = (keys(&known, &feed.settings), wanted(&known, &feed.settings, now));
    if wanted == Some(Wanted::Absent) {
        // Only what is surely theirs is removed.
        keys.user_name = None;
    }
    let leaves_at = found.account.leaves_at.filter(|_| allows(&found.account, ACTIVE, now));
    Ok(Some(Person { keys, wanted, changes_at: leaves_at, account: found.account }))
}

fn belonging(tx: &mut Tx<'_>, feed: &Feed, id: AccountId) -> Result<Belonging, Error> {
    let only = &feed.settings.only_groups;
    if only.is_empty() {
        return Ok(Belonging::Belongs);
    }
    let direct = groups::of_member(tx, id)?.into_iter().map(|group| group.id).collect();
    let all = with_outer(tx, direct)?;
    Ok(if only.iter().any(|group| all.contains(group)) { Belonging::Belongs } else { Belonging::Outside })
}

/// Groups, and all in which they are.
pub(super) fn with_outer(tx: &mut Tx<'_>, from: Vec<GroupId>) -> Result<BTreeSet<GroupId>, Error> {
    closure(from, |group| groups::outer_ids(tx, group))
}

fn closure(
    mut open: Vec<GroupId>,
    mut next: impl FnMut(GroupId) -> Result<Vec<GroupId>, Error>,
) -> Result<BTreeSet<GroupId>, Error> {
    let mut all = BTreeSet::new();
    while let Some(group) = open.pop() {
        if all.insert(group) {
            open.extend(next(group)?);
        }
    }
    Ok(all)
}

/// Whether the application is to have this group at all.
pub(super) fn is_fed(feed: &Feed, group: GroupId) -> bool {
    let only = &feed.settings.only_groups;
    feed.settings.groups == GroupsSent::Sent && (only.is_empty() || only.contains(&group))
}

/// A group as the application is to have it, with those in it that it has under `remotes`; those of groups in it count as
/// its own. `None`: it is not to have it.
pub(super) fn gather_group(
    tx: &mut Tx<'_>,
    feed: &Feed,
    id: GroupId,
    remotes: &BTreeMap<Subject, String>,
    now: Timestamp,
) -> Result<Option<WantedGroup>, Error> {
    let found =
        groups::get(tx, id)?.filter(|group| group.organisation == feed.organisation && is_fed(feed, id));
    let Some(group) = found else { return Ok(None) };
    let standings = crate::scim::standings(now);
    let mut there = BTreeSet::new();
    for inner in closure(vec![id], |group| groups::inner_ids(tx, group))? {
        for account in members(tx, inner, &standings)? {
            there.extend(remotes.get(&Subject::Account(account)).cloned());
        }
    }
    Ok(Some(wanted_group(&group, there)))
}

/// Names what an application is told: the same for the same.
pub(super) fn digest(wanted: &impl Serialize) -> String {
    let text = serde_json::to_string(wanted).expect("values of the core serialise");
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
