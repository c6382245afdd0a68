//! What applications keep for accounts, and with whom it is shared.

pub mod erasing;
pub mod reassigning;

use crate::collections::{read_sharee, sharee};
use crate::columns::{at, name, time};
use crate::tx::{Error, Tx};
use crate::value::{Row, Value};
use relais_core::collection::{ShareRight, Sharee};
use relais_core::content::{ContentCount, ContentItem, ContentKind, ContentShare, ExternalId};
use relais_core::ids::{AccountId, ApplicationId, ContentId, ErasureId, OrganisationId};

const COLUMNS: &str = "c.id, c.organisation, c.application, c.external_id, c.kind, c.title, c.owner, c.parent, c.url, c.erasure, \
                       c.created_at";

fn read(row: &Row) -> Result<ContentItem, Error> {
    let id = row.int(0)?;
    let place = |column| at("content_items", column);
    Ok(ContentItem {
        id: ContentId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        application: ApplicationId::from_number(row.int(2)?),
        external_id: place("external_id").parse(id, row.text(3)?)?,
        kind: place("kind").name(id, row.text(4)?)?,
        title: row.text(5)?.to_owned(),
        owner: AccountId::from_number(row.int(6)?),
        parent: row.opt_int(7)?.map(ContentId::from_number),
        url: row.opt_text(8)?.map(str::to_owned),
        erasure: row.opt_int(9)?.map(ErasureId::from_number),
        created_at: place("created_at").time(id, row.int(10)?)?,
    })
}

/// # Errors
/// `Constraint("content_items.application,external_id")` when the application has an item of that name.
pub fn insert(tx: &mut Tx<'_>, item: &ContentItem) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO content_items (id, organisation, application, external_id, kind, title, owner, parent, url, erasure, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            item.id.number().into(),
            item.organisation.number().into(),
            item.application.number().into(),
            item.external_id.as_str().into(),
            name(&item.kind),
            item.title.as_str().into(),
            item.owner.number().into(),
            item.parent.map(ContentId::number).into(),
            item.url.as_deref().into(),
            item.erasure.map(ErasureId::number).into(),
            time(item.created_at),
        ],
    )
}

/// What an application may change of an item.
pub fn update(tx: &mut Tx<'_>, item: &ContentItem) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE content_items SET title = $2, owner = $3, parent = $4, url = $5 WHERE id = $1",
        &[
            item.id.number().into(),
            item.title.as_str().into(),
            item.owner.number().into(),
            item.parent.map(ContentId::number).into(),
            item.url.as_deref().into(),
        ],
    )
}

pub fn get(tx: &mut Tx<'_>, id: ContentId) -> Result<Option<ContentItem>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM content_items c WHERE c.id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

pub fn named(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    external_id: &ExternalId,
) -> Result<Option<ContentItem>, Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM content_items c WHERE c.application = $1 AND c.external_id = $2");
    let args = [application.number().into(), external_id.as_str().into()];
    tx.query_opt(&sql, &args)?.as_ref().map(read).transpose()
}

/// A page of an application's items by the names it gave them, behind `after`.
pub fn of_application(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    after: Option<&ExternalId>,
    count_max: i64,
) -> Result<Vec<ContentItem>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM content_items c WHERE c.application = $1 AND c.external_id > $2 \
         ORDER BY c.external_id LIMIT $3"
    );
    let args = [application.number().into(), after.map_or("", ExternalId::as_str).into(), count_max.into()];
    tx.query(&sql, &args)?.iter().map(read).collect()
}

/// A page of what `owner` owns, of one kind or of all, kind after kind, behind `after`.
pub fn of_owner(
    tx: &mut Tx<'_>,
    owner: AccountId,
    kind: Option<ContentKind>,
    after: Option<ContentId>,
    count_max: i64,
) -> Result<Vec<ContentItem>, Error> {
    let mut sql = format!("SELECT {COLUMNS} FROM content_items c WHERE c.owner = $1");
    let mut args: Vec<Value> = vec![owner.number().into(), count_max.into()];
    if let Some(after) = after {
        // Asked before: compared with a question, SQLite would read all items of the kind.
        let Some(last) = get(tx, after)?.filter(|last| last.owner == owner) else { return Ok(Vec::new()) };
        args.extend([name(&last.kind), after.number().into()]);
        sql.push_str(" AND (c.kind, c.id) > ($3, $4)");
    }
    if let Some(kind) = kind {
        args.push(name(&kind));
        sql.push_str(&format!(" AND c.kind = ${}", args.len()));
    }
    sql.push_str(" ORDER BY c.kind, c.id LIMIT $2");
    tx.query(&sql, &args)?.iter().map(read).collect()
}

/// How many items `owner` owns of each kind of which there are any.
pub fn counts_of_owner(tx: &mut Tx<'_>, owner: AccountId) -> Result<Vec<ContentCount>, Error> {
    let sql = "SELECT kind, COUNT(*) FROM content_items WHERE owner = $1 GROUP BY kind ORDER BY kind";
    tx.query(sql, &[owner.number().into()])?.iter().map(|row| read_count(row, owner)).collect()
}

fn read_count(row: &Row, of: impl ToString) -> Result<ContentCount, Error> {
    Ok(ContentCount { kind: at("content_items", "kind").name(of, row.text(0)?)?, count: row.int(1)? })
}

/// How many items `owner` owns that nobody was asked to erase yet.
pub fn count_of_owner(tx: &mut Tx<'_>, owner: AccountId) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM content_items WHERE owner = $1 AND erasure IS NULL";
    tx.query_opt(sql, &[owner.number().into()])?.map_or(Ok(0), |row| row.int(0))
}

/// The item is gone, and what it held is in no project.
pub fn remove(tx: &mut Tx<'_>, id: ContentId) -> Result<(), Error> {
    let args = [id.number().into()];
    tx.execute("UPDATE content_items SET parent = NULL WHERE parent = $1", &args)?;
    tx.execute("DELETE FROM content_shares WHERE item = $1", &args)?;
    tx.execute_one("DELETE FROM content_items WHERE id = $1", &args)
}

const SHARE_COLUMNS: &str = "s.item, s.sharee_kind, s.sharee_id, s.access, s.created_at";

fn read_share(row: &Row, first: usize) -> Result<ContentShare, Error> {
    let item = row.int(first)?;
    let place = |column| at("content_shares", column);
    Ok(ContentShare {
        item: ContentId::from_number(item),
        with: read_sharee(place("sharee_kind"), item, row.text(first + 1)?, row.int(first + 2)?)?,
        right: place("access").name(item, row.text(first + 3)?)?,
        created_at: place("created_at").time(item, row.int(first + 4)?)?,
    })
}

/// Shares an item, or changes what somebody may do with it.
pub fn share(tx: &mut Tx<'_>, share: &ContentShare) -> Result<(), Error> {
    let (kind, id) = sharee(share.with);
    tx.execute_one(
        "INSERT INTO content_shares (item, sharee_kind, sharee_id, access, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (item, sharee_kind, sharee_id) DO UPDATE SET access = excluded.access",
        &[share.item.number().into(), kind, id, name(&share.right), time(share.created_at)],
    )
}

/// Returns whether there was one.
pub fn end_share(tx: &mut Tx<'_>, item: ContentId, with: Sharee) -> Result<bool, Error> {
    let (kind, id) = sharee(with);
    let sql = "DELETE FROM content_shares WHERE item = $1 AND sharee_kind = $2 AND sharee_id = $3";
    Ok(tx.execute(sql, &[item.number().into(), kind, id])? > 0)
}

pub fn shares_of(tx: &mut Tx<'_>, item: ContentId) -> Result<Vec<ContentShare>, Error> {
    let sql = format!(
        "SELECT {SHARE_COLUMNS} FROM content_shares s WHERE s.item = $1 ORDER BY s.sharee_kind, s.sharee_id"
    );
    tx.query(&sql, &[item.number().into()])?.iter().map(|row| read_share(row, 0)).collect()
}

/// A page of what others share with `account`, directly and through its groups and those they are in, by item, behind `after`. Of several rights
/// the greatest, which is also the last by its name.
pub fn shared_with(
    tx: &mut Tx<'_>,
    account: AccountId,
    after: Option<ContentId>,
    count_max: i64,
) -> Result<Vec<(ContentItem, ShareRight)>, Error> {
    let sql = format!(
        "WITH RECURSIVE reached (id) AS (SELECT m.member_group FROM group_members m WHERE m.account = $1 \
         UNION SELECT i.member_group FROM group_groups i JOIN reached r ON r.id = i.inner_group) \
         SELECT {COLUMNS}, {SHARE_COLUMNS} FROM (SELECT item, MAX(access) AS access, MIN(sharee_kind) AS sharee_kind, \
         MIN(sharee_id) AS sharee_id, MIN(created_at) AS created_at FROM content_shares \
         WHERE ((sharee_kind = 'account' AND sharee_id = $1) OR (sharee_kind = 'group' AND sharee_id IN \
         (SELECT r.id FROM reached r))) AND item > $2 GROUP BY item) s \
         JOIN content_items c ON c.id = s.item WHERE c.owner <> $1 ORDER BY c.id LIMIT $3"
    );
    let args = [account.number().into(), after.map_or(-1, ContentId::number).into(), count_max.into()];
    tx.query(&sql, &args)?.iter().map(|row| Ok((read(row)?, read_share(row, 11)?.right))).collect()
}

/// The account is gone: nothing is shared with it.
pub fn forget_sharee(tx: &mut Tx<'_>, account: AccountId) -> Result<(), Error> {
    let sql = "DELETE FROM content_shares WHERE sharee_kind = 'account' AND sharee_id = $1";
    tx.execute(sql, &[account.number().into()])?;
    Ok(())
}

/// What stands for so many values from `first` on: `$4, $5, $6`.
fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}
