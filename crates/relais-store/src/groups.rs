//! Groups and their members.

use crate::columns::{at, name, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use relais_core::address::EmailAddress;
use relais_core::ids::{AccountId, GroupId, OrganisationId};
use relais_core::organisation::{Group, GroupRole};

const COLUMNS: &str = "g.id, g.organisation, g.name, g.address, g.created_at";

fn read(row: &Row) -> Result<Group, Error> {
    let id = row.int(0)?;
    Ok(Group {
        id: GroupId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        name: row.text(2)?.to_owned(),
        address: row.opt_text(3)?.map(|text| at("member_groups", "address").parse(id, text)).transpose()?,
        created_at: at("member_groups", "created_at").time(id, row.int(4)?)?,
    })
}

/// # Errors
/// `Constraint("member_groups.organisation,name")` when the organisation has a group of that name.
pub fn insert(tx: &mut Tx<'_>, group: &Group) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO member_groups (id, organisation, name, address, created_at) VALUES ($1, $2, $3, $4, $5)",
        &[
            group.id.number().into(),
            group.organisation.number().into(),
            group.name.as_str().into(),
            group.address.as_ref().map(EmailAddress::as_str).into(),
            time(group.created_at),
        ],
    )
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
