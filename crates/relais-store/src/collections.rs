//! With whom collections are shared.

use crate::columns::{Place, at, name, time};
use crate::tx::{Error, Tx};
use crate::value::{Row, Value};
use relais_core::collection::{CollectionName, Share, Sharee};
use relais_core::ids::{AccountId, GroupId, ShareId};

const COLUMNS: &str = "id, owner, collection, sharee_kind, sharee_id, access, created_at";

fn read(row: &Row) -> Result<Share, Error> {
    let id = row.int(0)?;
    let place = |column| at("collection_shares", column);
    let sharee = row.int(4)?;
    Ok(Share {
        id: ShareId::from_number(id),
        owner: AccountId::from_number(row.int(1)?),
        collection: place("collection").parse(id, row.text(2)?)?,
        with: read_sharee(place("sharee_kind"), id, row.text(3)?, sharee)?,
        right: place("access").name(id, row.text(5)?)?,
        created_at: place("created_at").time(id, row.int(6)?)?,
    })
}

pub(crate) fn read_sharee(place: Place, row: i64, kind: &str, id: i64) -> Result<Sharee, Error> {
    Ok(match kind {
        "account" => Sharee::Account(AccountId::from_number(id)),
        "group" => Sharee::Group(GroupId::from_number(id)),
        _ => return Err(place.corrupt(row)),
    })
}

pub(crate) fn sharee(with: Sharee) -> (Value, Value) {
    let (kind, id) = match with {
        Sharee::Account(id) => ("account", id.number()),
        Sharee::Group(id) => ("group", id.number()),
    };
    (kind.into(), id.into())
}

/// Shares a collection; where it is shared with the same one already, changes what they may do. Returns the share as it
/// is then.
pub fn share(tx: &mut Tx<'_>, share: &Share) -> Result<Share, Error> {
    let (kind, id) = sharee(share.with);
    let sql = format!(
        "INSERT INTO collection_shares (id, owner, collection, sharee_kind, sharee_id, access, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (owner, collection, sharee_kind, sharee_id) DO UPDATE SET access = excluded.access \
         RETURNING {COLUMNS}"
    );
    let row = tx.query_opt(
        &sql,
        &[
            share.id.number().into(),
            share.owner.number().into(),
            share.collection.as_str().into(),
            kind,
            id,
            name(&share.right),
            time(share.created_at),
        ],
    )?;
    read(&row.ok_or_else(|| at("collection_shares", "id").corrupt(share.id))?)
}

pub fn get(tx: &mut Tx<'_>, id: ShareId) -> Result<Option<Share>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM collection_shares WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

/// What `owner` shares.
pub fn shares_of_owner(tx: &mut Tx<'_>, owner: AccountId) -> Result<Vec<Share>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM collection_shares WHERE owner = $1 ORDER BY collection, id");
    tx.query(&sql, &[owner.number().into()])?.iter().map(read).collect()
}

/// What others share with `account`, directly and through its groups and those that they are in, the oldest first. Several may be of one collection:
/// see [`relais_core::collection::best`].
pub fn shares_with(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Share>, Error> {
    let sql = format!(
        "WITH RECURSIVE reached (id) AS (SELECT m.member_group FROM group_members m WHERE m.account = $1 \
         UNION SELECT i.member_group FROM group_groups i JOIN reached r ON r.id = i.inner_group) \
         SELECT {COLUMNS} FROM collection_shares WHERE owner <> $1 AND ((sharee_kind = 'account' AND sharee_id = $1) \
         OR (sharee_kind = 'group' AND sharee_id IN (SELECT r.id FROM reached r))) \
         ORDER BY id"
    );
    tx.query(&sql, &[account.number().into()])?.iter().map(read).collect()
}

/// Returns whether there was one.
pub fn end_share(tx: &mut Tx<'_>, id: ShareId) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM collection_shares WHERE id = $1", &[id.number().into()])? > 0)
}

/// The collection is gone, and with it who it was shared with. Returns how many there were.
pub fn forget_collection(
    tx: &mut Tx<'_>,
    owner: AccountId,
    collection: &CollectionName,
) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM collection_shares WHERE owner = $1 AND collection = $2",
        &[owner.number().into(), collection.as_str().into()],
    )
}

/// The account is gone: nothing of it is shared, and nothing with it.
pub fn forget_account(tx: &mut Tx<'_>, account: AccountId) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM collection_shares WHERE owner = $1 OR (sharee_kind = 'account' AND sharee_id = $1)",
        &[account.number().into()],
    )?;
    Ok(())
}

/// The account is gone: nothing is shared with it any more.
pub fn forget_sharee(tx: &mut Tx<'_>, account: AccountId) -> Result<(), Error> {
    let sql = "DELETE FROM collection_shares WHERE sharee_kind = 'account' AND sharee_id = $1";
    tx.execute(sql, &[account.number().into()])?;
    Ok(())
}

/// Lets the shares of a collection follow it to another owner and name. With whom the new owner shares a collection of
/// that name already, nothing changes; it is not shared with its new owner. Returns how many followed.
pub fn move_collection(
    tx: &mut Tx<'_>,
    owner: AccountId,
    collection: &CollectionName,
    new_owner: AccountId,
    new_name: &CollectionName,
) -> Result<u64, Error> {
    if (owner, collection) == (new_owner, new_name) {
        return Ok(0);
    }
    let (from, name) = (Value::from(owner.number()), Value::from(collection.as_str()));
    let (to, new_name) = (Value::from(new_owner.number()), Value::from(new_name.as_str()));
    tx.execute(
        "DELETE FROM collection_shares WHERE owner = $1 AND collection = $2 \
         AND ((sharee_kind = 'account' AND sharee_id = $3) OR EXISTS (SELECT 1 FROM collection_shares t \
         WHERE t.owner = $3 AND t.collection = $4 AND t.sharee_kind = collection_shares.sharee_kind \
         AND t.sharee_id = collection_shares.sharee_id))",
        &[from.clone(), name.clone(), to.clone(), new_name.clone()],
    )?;
    tx.execute(
        "UPDATE collection_shares SET owner = $3, collection = $4 WHERE owner = $1 AND collection = $2",
        &[from, name, to, new_name],
    )
}
