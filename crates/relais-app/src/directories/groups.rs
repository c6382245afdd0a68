//! Groups of a directory as groups here: made when first seen, renamed with it, and with the members that it gives. One
//! group is one transaction.

use super::applying::{Hand, refused};
use crate::Error;
use crate::groups::set_member;
use crate::organisations::note;
use relais_core::directory::groups::{MemberChange, SeenGroup, changes};
use relais_core::directory::{Counts, EntryId, ReportItem, Said};
use relais_core::group::Posting;
use relais_core::ids::{DirectoryId, GroupId};
use relais_core::lifecycle::check_name;
use relais_core::organisation::{Group, GroupRole};
use relais_core::refusal::{DirectoryFault, Refusal};
use relais_core::rights::{Act, allows};
use relais_core::routing;
use relais_store::directories::{self, SyncedGroup};
use relais_store::{Tx, accounts, groups};
use serde_json::json;
use std::collections::HashMap;

/// One group, as it was read and as it was known.
pub(super) struct GroupWork {
    entry: EntryId,
    /// `None`: it vanished.
    now: Option<SeenGroup>,
    known: Option<SyncedGroup>,
    change: MemberChange,
}

/// What there is to do, group by group. Those that are new come first: others may contain them.
pub(super) fn gather_groups(
    tx: &mut Tx<'_>,
    id: DirectoryId,
    seen: &[SeenGroup],
) -> Result<Vec<GroupWork>, Error> {
    let known: HashMap<EntryId, SyncedGroup> =
        directories::groups(tx, id)?.into_iter().map(|group| (group.entry, group)).collect();
    let (mut made, mut all) = (Vec::new(), Vec::new());
    for group in seen {
        let given = directories::given(tx, id, group.entry)?;
        let before = known.get(&group.entry).cloned();
        if before.is_none() {
            // Its members follow once all groups are there.
            let alone = SeenGroup { members: given.clone(), ..group.clone() };
            let change = MemberChange::default();
            made.push(GroupWork { entry: group.entry, now: Some(alone), known: None, change });
        }
        let change = changes(Some(group), &given);
        if before.as_ref().is_none_or(|before| before.dn != group.dn) || change != MemberChange::default() {
            all.push(GroupWork { entry: group.entry, now: Some(group.clone()), known: before, change });
        }
    }
    for (entry, before) in &known {
        if !seen.iter().any(|group| group.entry == *entry) {
            let change = changes(None, &directories::given(tx, id, *entry)?);
            if change != MemberChange::default() {
                let known = Some(before.clone());
                all.push(GroupWork { entry: *entry, now: None, known, change });
            }
        }
    }
    made.extend(all);
    Ok(made)
}

/// What became of it, where there is something to tell, and how much was changed.
pub(super) fn settle_groups(
    tx: &mut Tx<'_>,
    hand: &Hand<'_>,
    work: &GroupWork,
) -> Result<(Option<ReportItem>, Counts), Error> {
    let mut counts = Counts::default();
    let mut refusals = Vec::new();
    let id = hand.directory.id;
    let known = match &work.known {
        Some(known) => Some(known.clone()),
        None => directories::groups(tx, id)?.into_iter().find(|group| group.entry == work.entry),
    };
    let group = match (&work.now, known) {
        (Some(now), None) => make(tx, hand, now, &mut refusals, &mut counts)?,
        (Some(now), Some(known)) => {
            rename(tx, hand, now, &known, &mut refusals)?;
            known.group
        }
        (None, known) => known.and_then(|known| known.group),
    };
    if let Some(group) = group {
        for member in &work.change.come {
            if put_in(tx, hand, group, *member, &mut refusals)? {
                directories::set_given(tx, id, work.entry, *member)?;
                counts.members_added += 1;
            }
        }
        for member in &work.change.go {
            take_out(tx, hand, group, *member, &mut refusals)?;
            directories::take_given(tx, id, work.entry, *member)?;
            counts.members_removed += 1;
        }
    }
    let name = work.now.as_ref().map_or_else(String::new, |now| now.name.clone());
    let item = (!refusals.is_empty()).then(|| ReportItem {
        entry: work.entry,
        name,
        account: None,
        acts: vec![],
        refusals: refusals.iter().map(crate::jobs::in_words).collect(),
    });
    Ok((item, counts))
}

fn make(
    tx: &mut Tx<'_>,
    hand: &Hand<'_>,
    now: &SeenGroup,
    refusals: &mut Vec<Refusal>,
    counts: &mut Counts,
) -> Result<Option<GroupId>, Error> {
    let organisation = hand.directory.organisation;
    if refused(check_name(&now.name).map_err(Error::from), refusals)?.is_none() {
        return Ok(None);
    }
    if groups::list(tx, organisation)?.iter().any(|group| group.name == now.name) {
        refusals.push(DirectoryFault::GroupNameTaken { name: now.name.clone() }.into());
        return Ok(None);
    }
    let group = Group {
        id: GroupId::from_number(hand.ids.next()),
        organisation,
        name: now.name.clone(),
        address: None,
        posting: Posting::default(),
        created_at: hand.now,
    };
    groups::insert(tx, &group)?;
    let detail = json!({ "name": group.name, "address": null });
    note(tx, organisation, "group.created", group.id, detail, hand.actor, hand.now)?;
    let synced = SyncedGroup { entry: now.entry, dn: now.dn.clone(), group: Some(group.id) };
    directories::insert_group(tx, hand.directory.id, &synced)?;
    counts.groups_created += 1;
    Ok(Some(group.id))
}

/// A group that has another name there has it here.
fn rename(
    tx: &mut Tx<'_>,
    hand: &Hand<'_>,
    now: &SeenGroup,
    known: &SyncedGroup,
    refusals: &mut Vec<Refusal>,
) -> Result<(), Error> {
    if known.dn == now.dn {
        return Ok(());
    }
    let all = groups::list(tx, hand.directory.organisation)?;
    let own = known.group.and_then(|id| all.iter().find(|group| group.id == id));
    if let Some(own) = own.filter(|own| own.name != now.name) {
        if all.iter().any(|group| group.name == now.name) {
            refusals.push(DirectoryFault::GroupNameTaken { name: now.name.clone() }.into());
            return Ok(());
        }
        if refused(check_name(&now.name).map_err(Error::from), refusals)?.is_none() {
            return Ok(());
        }
        let next = Group { name: now.name.clone(), ..own.clone() };
        groups::update(tx, &next)?;
        let detail = json!({ "from": { "name": own.name }, "to": { "name": next.name } });
        note(tx, next.organisation, "group.changed", next.id, detail, hand.actor, hand.now)?;
    }
    let renamed = SyncedGroup { dn: now.dn.clone(), ..known.clone() };
    Ok(directories::set_group(tx, hand.directory.id, &renamed)?)
}

/// Whether the member is in the group now by the directory's word: whoever has no account yet, or may not join, comes
/// when they can.
fn put_in(
    tx: &mut Tx<'_>,
    hand: &Hand<'_>,
    group: GroupId,
    member: EntryId,
    refusals: &mut Vec<Refusal>,
) -> Result<bool, Error> {
    if let Some(inner) = group_of(tx, hand, member)? {
        if routing::group_path(tx, inner, group)?.is_some() {
            // In a circle nobody is left out: whoever is in one of them is in all that contain it.
            return Ok(false);
        }
        if groups::put_in(tx, group, inner)? {
            let detail = json!({ "group": inner });
            note(tx, hand.directory.organisation, "group.group_put_in", group, detail, hand.actor, hand.now)?;
        }
        return Ok(true);
    }
    let row = directories::entry(tx, hand.directory.id, member)?;
    let Some(account) = row.filter(|row| row.said == Said::Enabled).and_then(|row| row.account) else {
        return Ok(false);
    };
    let may_join =
        accounts::get(tx, account)?.is_some_and(|account| allows(&account, Act::JoinGroup, hand.now));
    if !may_join {
        return Ok(false);
    }
    if groups::role_of(tx, group, account)?.is_some() {
        return Ok(true);
    }
    let role = Some(GroupRole::Member);
    let joined = set_member(tx, hand.ids, group, account, role, &hand.actor, hand.now);
    Ok(refused(joined, refusals)?.is_some())
}

fn take_out(
    tx: &mut Tx<'_>,
    hand: &Hand<'_>,
    group: GroupId,
    member: EntryId,
    refusals: &mut Vec<Refusal>,
) -> Result<(), Error> {
    if let Some(inner) = group_of(tx, hand, member)? {
        if groups::take_out(tx, group, inner)? {
            let detail = json!({ "group": inner });
            note(
                tx,
                hand.directory.organisation,
                "group.group_taken_out",
                group,
                detail,
                hand.actor,
                hand.now,
            )?;
        }
        return Ok(());
    }
    let account = directories::entry(tx, hand.directory.id, member)?.and_then(|row| row.account);
    let Some(account) = account else { return Ok(()) };
    // Whom people have made an admin of it meanwhile they keep.
    if groups::role_of(tx, group, account)? == Some(GroupRole::Member) {
        refused(set_member(tx, hand.ids, group, account, None, &hand.actor, hand.now), refusals)?;
    }
    Ok(())
}

fn group_of(tx: &mut Tx<'_>, hand: &Hand<'_>, entry: EntryId) -> Result<Option<GroupId>, Error> {
    let found = directories::groups(tx, hand.directory.id)?.into_iter().find(|group| group.entry == entry);
    Ok(found.and_then(|found| found.group))
}
