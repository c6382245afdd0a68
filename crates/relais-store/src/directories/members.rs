//! Groups that come from a directory, and whom it has put into them.

use super::{entry_id, entry_value};
use crate::columns::at;
use crate::tx::{Error, Tx};
use relais_core::directory::EntryId;
use relais_core::ids::{DirectoryId, GroupId};
use std::collections::BTreeSet;

/// A group of a directory, and the group here that it became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncedGroup {
    pub entry: EntryId,
    pub dn: String,
    /// `None` once it was removed here.
    pub group: Option<GroupId>,
}

pub fn groups(tx: &mut Tx<'_>, id: DirectoryId) -> Result<Vec<SyncedGroup>, Error> {
    tx.query(
        "SELECT entry, dn, member_group FROM directory_groups WHERE directory = $1 ORDER BY entry",
        &[id.number().into()],
    )?
    .iter()
    .map(|row| {
        Ok(SyncedGroup {
            entry: entry_id(at("directory_groups", "entry"), row.blob(0)?)?,
            dn: row.text(1)?.to_owned(),
            group: row.opt_int(2)?.map(GroupId::from_number),
        })
    })
    .collect()
}

pub fn insert_group(tx: &mut Tx<'_>, id: DirectoryId, group: &SyncedGroup) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO directory_groups (directory, entry, dn, member_group) VALUES ($1, $2, $3, $4)",
        &[
            id.number().into(),
            entry_value(group.entry),
            group.dn.as_str().into(),
            group.group.map(GroupId::number).into(),
        ],
    )
}

/// Writes its name.
pub fn set_group(tx: &mut Tx<'_>, id: DirectoryId, group: &SyncedGroup) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE directory_groups SET dn = $3, member_group = $4 WHERE directory = $1 AND entry = $2",
        &[
            id.number().into(),
            entry_value(group.entry),
            group.dn.as_str().into(),
            group.group.map(GroupId::number).into(),
        ],
    )
}

/// Whom the directory has put into its group.
pub fn given(tx: &mut Tx<'_>, id: DirectoryId, group: EntryId) -> Result<BTreeSet<EntryId>, Error> {
    tx.query(
        "SELECT member_entry FROM directory_members WHERE directory = $1 AND group_entry = $2",
        &[id.number().into(), entry_value(group)],
    )?
    .iter()
    .map(|row| entry_id(at("directory_members", "member_entry"), row.blob(0)?))
    .collect()
}

pub fn set_given(tx: &mut Tx<'_>, id: DirectoryId, group: EntryId, member: EntryId) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO directory_members (directory, group_entry, member_entry) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        &[id.number().into(), entry_value(group), entry_value(member)],
    )?;
    Ok(())
}

pub fn take_given(tx: &mut Tx<'_>, id: DirectoryId, group: EntryId, member: EntryId) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM directory_members WHERE directory = $1 AND group_entry = $2 AND member_entry = $3",
        &[id.number().into(), entry_value(group), entry_value(member)],
    )?;
    Ok(())
}
