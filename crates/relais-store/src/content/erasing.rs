//! What applications are asked to erase with a deleted account, until they confirm it.

use super::{COLUMNS, read, remove};
use crate::columns::{at, time};
use crate::tx::{Error, Tx};
use crate::value::{Row, Value};
use jiff::Timestamp;
use relais_core::content::{ContentItem, Erasure, ExternalId};
use relais_core::ids::{AccountId, ApplicationId, ContentId, ErasureId, OrganisationId};

const RECORD: &str = "e.id, e.organisation, e.account, e.asked_at, e.items, \
                      (SELECT COUNT(*) FROM content_items c WHERE c.erasure = e.id)";

fn read_record(row: &Row) -> Result<Erasure, Error> {
    let id = row.int(0)?;
    Ok(Erasure {
        id: ErasureId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        account: AccountId::from_number(row.int(2)?),
        asked_at: at("erasures", "asked_at").time(id, row.int(3)?)?,
        items: row.int(4)?,
        open: row.int(5)?,
    })
}

/// Everything that `account` owns is to be erased. Returns how many items that is.
pub fn ask(
    tx: &mut Tx<'_>,
    id: ErasureId,
    organisation: OrganisationId,
    account: AccountId,
    now: Timestamp,
) -> Result<i64, Error> {
    tx.execute_one(
        "INSERT INTO erasures (id, organisation, account, asked_at, items) VALUES ($1, $2, $3, $4, 0)",
        &[id.number().into(), organisation.number().into(), account.number().into(), time(now)],
    )?;
    let items = tx.execute(
        "UPDATE content_items SET erasure = $1 WHERE owner = $2 AND erasure IS NULL",
        &[id.number().into(), account.number().into()],
    )?;
    let items = i64::try_from(items).unwrap_or(i64::MAX);
    tx.execute_one("UPDATE erasures SET items = $2 WHERE id = $1", &[id.number().into(), items.into()])?;
    Ok(items)
}

pub fn get(tx: &mut Tx<'_>, id: ErasureId) -> Result<Option<Erasure>, Error> {
    let sql = format!("SELECT {RECORD} FROM erasures e WHERE e.id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read_record).transpose()
}

/// Those of which something is not confirmed, the oldest first.
pub fn open(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<Erasure>, Error> {
    let sql = format!(
        "SELECT {RECORD} FROM erasures e WHERE e.organisation = $1 AND e.ended_at IS NULL ORDER BY e.id"
    );
    tx.query(&sql, &[organisation.number().into()])?.iter().map(read_record).collect()
}

/// A page of what is still to be erased, behind `after`; only of `application`, if one is named.
pub fn items(
    tx: &mut Tx<'_>,
    id: ErasureId,
    application: Option<ApplicationId>,
    after: Option<ContentId>,
    count_max: i64,
) -> Result<Vec<ContentItem>, Error> {
    let mut sql = format!("SELECT {COLUMNS} FROM content_items c WHERE c.erasure = $1 AND c.id > $2");
    let mut args: Vec<Value> =
        vec![id.number().into(), after.map_or(-1, ContentId::number).into(), count_max.into()];
    if let Some(application) = application {
        sql.push_str(" AND c.application = $4");
        args.push(application.number().into());
    }
    sql.push_str(" ORDER BY c.id LIMIT $3");
    tx.query(&sql, &args)?.iter().map(read).collect()
}

/// The application has erased one item: its row goes. Returns whether it was among them.
pub fn confirm(
    tx: &mut Tx<'_>,
    id: ErasureId,
    application: ApplicationId,
    external_id: &ExternalId,
) -> Result<bool, Error> {
    let found = super::named(tx, application, external_id)?.filter(|item| item.erasure == Some(id));
    match found {
        Some(item) => remove(tx, item.id).map(|()| true),
        None => Ok(false),
    }
}

/// The application has erased all it was asked to. Returns how many items those were.
pub fn confirm_all(tx: &mut Tx<'_>, id: ErasureId, application: ApplicationId) -> Result<u64, Error> {
    let args = [id.number().into(), application.number().into()];
    let gone = "SELECT c.id FROM content_items c WHERE c.erasure = $1 AND c.application = $2";
    tx.execute(&format!("UPDATE content_items SET parent = NULL WHERE parent IN ({gone})"), &args)?;
    tx.execute(&format!("DELETE FROM content_shares WHERE item IN ({gone})"), &args)?;
    tx.execute("DELETE FROM content_items WHERE erasure = $1 AND application = $2", &args)
}

/// Nothing is left of it. Returns whether that is new.
pub fn end_if_done(tx: &mut Tx<'_>, id: ErasureId, now: Timestamp) -> Result<bool, Error> {
    let ended = tx.execute(
        "UPDATE erasures SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM content_items c WHERE c.erasure = $1)",
        &[id.number().into(), time(now)],
    )?;
    Ok(ended > 0)
}
