//! Groups and their members.

use crate::columns::{at, json, name, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use relais_core::address::EmailAddress;
use relais_core::ids::{AccountId, GroupId, OrganisationId};
use relais_core::organisation::{Group, GroupRole};

const COLUMNS: &str = "g.id, g.organisation, g.name, g.address, g.created_at, g.posting";

fn read(row: &Row) -> Result<Group, Error> {
    let id = row.int(0)?;
    Ok(Group {
        id: GroupId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        name: row.text(2)?.to_owned(),
        address: row.opt_text(3)?.map(|text| at("member_groups", "address").parse(id, text)).transpose()?,
        created_at: at("member_groups", "created_at").time(id, row.int(4)?)?,
        posting: at("member_groups", "posting").json(id, row.text(5)?)?,
    })
}

/// # Errors
/// `Constraint("member_groups.organisation,name")` when the organisation has a group of that name.
pub fn insert(tx: &mut Tx<'_>, group: &Group) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO member_groups (id, organisation, name, address, created_at, posting) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            group.id.number().into(),
            group.organisation.number().into(),
            group.name.as_str().into(),
            group.address.as_ref().map(EmailAddress::as_str).into(),
            time(group.created_at),
            json(&group.posting),
        ],
    )
}

/// Its name, address and policy.
///
/// # Errors
/// `Constraint("member_groups.organisation,name")` when the organisation has another group of that name.
pub fn update(tx: &mut Tx<'_>, group: &Group) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE member_groups SET name = $2, address = $3, posting = $4 WHERE id = $1",
        &[
            group.id.number().into(),
            group.name.as_str().into(),
            group.address.as_ref().map(EmailAddress::as_str).into(),
            json(&group.posting),
        ],
    )
}

/// With its memberships, its places in other groups, and what was shared with it. Its addresses are the caller's.
pub fn remove(tx: &mut Tx<'_>, group: GroupId) -> Result<(), Error> {
    for sql in [
        "DELETE FROM group_members WHERE member_group = $1",
        "DELETE FROM group_groups WHERE member_group = $1 OR inner_group = $1",
        "DELETE FROM collection_shares WHERE sharee_kind = 'group' AND sharee_id = $1",
        "DELETE FROM content_shares WHERE sharee_kind = 'group' AND sharee_id = $1",
        "UPDATE directory_groups SET member_group = NULL WHERE member_group = $1",
        "DELETE FROM scim_groups WHERE member_group = $1",
        "DELETE FROM member_groups WHERE id = $1",
    ] {
        tx.execute(sql, &[group.number().into()])?;
    }
    Ok(())
}

pub fn get(tx: &mut Tx<'_>, id: GroupId) -> Result<Option<Group>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM member_groups g WHERE g.id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

pub fn list(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<Group>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM member_groups g WHERE g.organisation = $1 ORDER BY g.name");
    tx.query(&sql, &[organisation.number().into()])?.iter().map(read).collect()
}

pub fn of_member(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Group>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM member_groups g JOIN group_members m ON m.member_group = g.id \
         WHERE m.account = $1 ORDER BY g.name"
    );
    tx.query(&sql, &[account.number().into()])?.iter().map(read).collect()
}

/// The groups that have `account` as admin.
pub fn led_by(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Group>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM member_groups g JOIN group_members m ON m.member_group = g.id \
         WHERE m.account = $1 AND m.role = 'admin' ORDER BY g.name"
    );
    tx.query(&sql, &[account.number().into()])?.iter().map(read).collect()
}

/// What `account` is in a group; `None` when it is not in it itself.
pub fn role_of(tx: &mut Tx<'_>, group: GroupId, account: AccountId) -> Result<Option<GroupRole>, Error> {
    tx.query_opt(
        "SELECT role FROM group_members WHERE member_group = $1 AND account = $2",
        &[group.number().into(), account.number().into()],
    )?
    .map(|row| at("group_members", "role").name(group.number(), row.text(0)?))
    .transpose()
}

/// The groups in a group, by name.
pub fn inner(tx: &mut Tx<'_>, group: GroupId) -> Result<Vec<Group>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM member_groups g JOIN group_groups i ON i.inner_group = g.id \
         WHERE i.member_group = $1 ORDER BY g.name"
    );
    tx.query(&sql, &[group.number().into()])?.iter().map(read).collect()
}

/// The same for routing, which asks at every message.
pub fn inner_ids(tx: &mut Tx<'_>, group: GroupId) -> Result<Vec<GroupId>, Error> {
    tx.query(
        "SELECT inner_group FROM group_groups WHERE member_group = $1 ORDER BY inner_group",
        &[group.number().into()],
    )?
    .iter()
    .map(|row| Ok(GroupId::from_number(row.int(0)?)))
    .collect()
}

/// The groups that a group is in itself.
pub fn outer_ids(tx: &mut Tx<'_>, inner: GroupId) -> Result<Vec<GroupId>, Error> {
    tx.query(
        "SELECT member_group FROM group_groups WHERE inner_group = $1 ORDER BY member_group",
        &[inner.number().into()],
    )?
    .iter()
    .map(|row| Ok(GroupId::from_number(row.int(0)?)))
    .collect()
}

/// Puts `inner` into `group`. Returns whether it was not in it yet.
pub fn put_in(tx: &mut Tx<'_>, group: GroupId, inner: GroupId) -> Result<bool, Error> {
    let put = tx.execute(
        "INSERT INTO group_groups (member_group, inner_group) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        &[group.number().into(), inner.number().into()],
    )?;
    Ok(put > 0)
}

/// Returns whether it was in it.
pub fn take_out(tx: &mut Tx<'_>, group: GroupId, inner: GroupId) -> Result<bool, Error> {
    let taken = tx.execute(
        "DELETE FROM group_groups WHERE member_group = $1 AND inner_group = $2",
        &[group.number().into(), inner.number().into()],
    )?;
    Ok(taken > 0)
}

/// Makes `account` a member, or changes its role.
pub fn set_member(tx: &mut Tx<'_>, group: GroupId, account: AccountId, role: GroupRole) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO group_members (member_group, account, role) VALUES ($1, $2, $3) \
         ON CONFLICT (member_group, account) DO UPDATE SET role = excluded.role",
        &[group.number().into(), account.number().into(), name(&role)],
    )
}

/// Returns whether `account` was a member.
pub fn remove_member(tx: &mut Tx<'_>, group: GroupId, account: AccountId) -> Result<bool, Error> {
    let gone = tx.execute(
        "DELETE FROM group_members WHERE member_group = $1 AND account = $2",
        &[group.number().into(), account.number().into()],
    )?;
    Ok(gone > 0)
}

pub fn members(tx: &mut Tx<'_>, group: GroupId) -> Result<Vec<(AccountId, GroupRole)>, Error> {
    tx.query(
        "SELECT account, role FROM group_members WHERE member_group = $1 ORDER BY account",
        &[group.number().into()],
    )?
    .iter()
    .map(|row| {
        let id = row.int(0)?;
        Ok((AccountId::from_number(id), at("group_members", "role").name(id, row.text(1)?)?))
    })
    .collect()
}
