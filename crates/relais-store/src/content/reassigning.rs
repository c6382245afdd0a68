//! Giving what one account owns to another, whole sets at a time, and giving it back.

use super::{COLUMNS, places, read, read_count};
use crate::columns::{at, json, name, opt_time, time};
use crate::tx::{Error, Tx};
use crate::value::{Kind, Row, Value};
use jiff::Timestamp;
use relais_core::content::{ContentCount, ContentItem, MoveState, MovedCollection, Reassignment, Selection};
use relais_core::ids::{AccountId, ApplicationId, ContentId, OrganisationId, ReassignmentId};

const RECORD: &str =
    "id, organisation, former_owner, new_owner, selection, at, items, collections, undone_at";
/// How many ids one statement names.
const NAMED_MAX: usize = 500;

fn read_record(row: &Row) -> Result<Reassignment, Error> {
    let id = row.int(0)?;
    let place = |column| at("reassignments", column);
    Ok(Reassignment {
        id: ReassignmentId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        from: AccountId::from_number(row.int(2)?),
        to: AccountId::from_number(row.int(3)?),
        selection: place("selection").json(id, row.text(4)?)?,
        at: place("at").time(id, row.int(5)?)?,
        items: row.int(6)?,
        collections: row.opt_text(7)?.map(|text| place("collections").json(id, text)).transpose()?,
        undone_at: place("undone_at").opt_time(id, row.opt_int(8)?)?,
    })
}

/// Writes the record and moves the items that it selects; a project takes along what it holds of the same owner. Returns
/// how many were moved.
pub fn reassign(tx: &mut Tx<'_>, made: &Reassignment) -> Result<i64, Error> {
    tx.execute_one(
        "INSERT INTO reassignments (id, organisation, former_owner, new_owner, selection, at, items, collections, undone_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)",
        &[
            made.id.number().into(),
            made.organisation.number().into(),
            made.from.number().into(),
            made.to.number().into(),
            json(&made.selection),
            time(made.at),
            made.collections.as_ref().map_or(Value::Null(Kind::Text), json),
            opt_time(made.undone_at),
        ],
    )?;
    let moved = choose(tx, made)?;
    tx.execute(
        "UPDATE content_items SET owner = $2 WHERE id IN (SELECT item FROM content_moves WHERE reassignment = $1)",
        &[made.id.number().into(), made.to.number().into()],
    )?;
    let moved = i64::try_from(moved).unwrap_or(i64::MAX);
    tx.execute_one(
        "UPDATE reassignments SET items = $2 WHERE id = $1",
        &[made.id.number().into(), moved.into()],
    )?;
    Ok(moved)
}

const CHOOSE: &str = "INSERT INTO content_moves (reassignment, item, state) \
                      SELECT $1, c.id, 'moved' FROM content_items c WHERE c.owner = $2 AND c.erasure IS NULL";

fn choose(tx: &mut Tx<'_>, made: &Reassignment) -> Result<u64, Error> {
    let whose: [Value; 2] = [made.id.number().into(), made.from.number().into()];
    let chosen = match &made.selection {
        Selection::Everything => return tx.execute(CHOOSE, &whose),
        Selection::Kinds { kinds } => {
            let mut args = whose.to_vec();
            args.extend(kinds.iter().map(name));
            tx.execute(&format!("{CHOOSE} AND c.kind IN ({})", places(3, kinds.len())), &args)?
        }
        Selection::Chosen { items, .. } => {
            let mut chosen = 0;
            for named in items.chunks(NAMED_MAX) {
                let mut args = whose.to_vec();
                args.extend(named.iter().map(|item| Value::from(item.number())));
                let sql = format!("{CHOOSE} AND c.id IN ({}) ON CONFLICT DO NOTHING", places(3, named.len()));
                chosen += tx.execute(&sql, &args)?;
            }
            chosen
        }
    };
    let held = "INSERT INTO content_moves (reassignment, item, state) SELECT $1, c.id, 'moved' FROM content_moves m \
                JOIN content_items c ON c.parent = m.item WHERE m.reassignment = $1 AND c.owner = $2 AND c.erasure IS NULL \
                ON CONFLICT DO NOTHING";
    Ok(chosen + tx.execute(held, &whose)?)
}

/// Gives back what is still the new owner's. Returns how many items.
pub fn undo(tx: &mut Tx<'_>, made: &Reassignment, now: Timestamp) -> Result<u64, Error> {
    let id = Value::from(made.id.number());
    tx.execute_one(
        "UPDATE reassignments SET undone_at = $2 WHERE id = $1 AND undone_at IS NULL",
        &[id.clone(), time(now)],
    )?;
    let back = tx.execute(
        "UPDATE content_moves SET state = 'undone' WHERE reassignment = $1 AND state = 'moved' AND EXISTS \
         (SELECT 1 FROM content_items c WHERE c.id = content_moves.item AND c.owner = $2 AND c.erasure IS NULL)",
        &[id.clone(), made.to.number().into()],
    )?;
    tx.execute(
        "UPDATE content_items SET owner = $2 WHERE id IN \
         (SELECT item FROM content_moves WHERE reassignment = $1 AND state = 'undone')",
        &[id, made.from.number().into()],
    )?;
    Ok(back)
}

/// The application would not: the item is the former owner's again, if it is still the new one's. Returns whether it had
/// been moved and not been refused or given back before.
pub fn refuse(tx: &mut Tx<'_>, made: &Reassignment, item: ContentId, reason: &str) -> Result<bool, Error> {
    let refused = tx.execute(
        "UPDATE content_moves SET state = 'refused', reason = $3 WHERE reassignment = $1 AND item = $2 AND state = 'moved'",
        &[made.id.number().into(), item.number().into(), reason.into()],
    )?;
    if refused > 0 {
        tx.execute(
            "UPDATE content_items SET owner = $3 WHERE id = $1 AND owner = $2",
            &[item.number().into(), made.to.number().into(), made.from.number().into()],
        )?;
    }
    Ok(refused > 0)
}

/// Whether the item is one of those that the reassignment moved, whatever became of it.
pub fn moved(tx: &mut Tx<'_>, id: ReassignmentId, item: ContentId) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM content_moves WHERE reassignment = $1 AND item = $2";
    Ok(tx.query_opt(sql, &[id.number().into(), item.number().into()])?.is_some())
}

/// What was moved on disk.
pub fn set_collections(
    tx: &mut Tx<'_>,
    id: ReassignmentId,
    moved: Option<&[MovedCollection]>,
) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE reassignments SET collections = $2 WHERE id = $1",
        &[id.number().into(), moved.map_or(Value::Null(Kind::Text), |moved| json(&moved))],
    )
}

pub fn get(tx: &mut Tx<'_>, id: ReassignmentId) -> Result<Option<Reassignment>, Error> {
    let sql = format!("SELECT {RECORD} FROM reassignments WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read_record).transpose()
}

/// A page of an organisation's reassignments, the newest first, before `before`.
pub fn page(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    before: Option<ReassignmentId>,
    count_max: i64,
) -> Result<Vec<Reassignment>, Error> {
    let sql = format!(
        "SELECT {RECORD} FROM reassignments WHERE organisation = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
    );
    let before = before.map_or(i64::MAX, ReassignmentId::number);
    tx.query(&sql, &[organisation.number().into(), before.into(), count_max.into()])?
        .iter()
        .map(read_record)
        .collect()
}

/// Those of what `owner` owned, that hold, whose calendars and address books have not been moved yet; the oldest first.
pub fn unsettled_of(tx: &mut Tx<'_>, owner: AccountId) -> Result<Vec<Reassignment>, Error> {
    let sql = format!(
        "SELECT {RECORD} FROM reassignments WHERE former_owner = $1 AND collections IS NULL AND undone_at IS NULL ORDER BY id"
    );
    tx.query(&sql, &[owner.number().into()])?.iter().map(read_record).collect()
}

/// One item of a reassignment, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Move {
    pub item: ContentId,
    pub state: MoveState,
    /// Why the application refused it.
    pub reason: Option<String>,
    /// As it is now; absent when the application removed it since.
    pub content: Option<ContentItem>,
}

fn read_move(row: &Row) -> Result<Move, Error> {
    let item = row.int(11)?;
    Ok(Move {
        item: ContentId::from_number(item),
        state: at("content_moves", "state").name(item, row.text(12)?)?,
        reason: row.opt_text(13)?.map(str::to_owned),
        content: row.opt_int(0)?.map(|_| read(row)).transpose()?,
    })
}

/// A page of the items of a reassignment behind `after`; only those of `application`, if one is named.
pub fn moves(
    tx: &mut Tx<'_>,
    id: ReassignmentId,
    application: Option<ApplicationId>,
    after: Option<ContentId>,
    count_max: i64,
) -> Result<Vec<Move>, Error> {
    let mut sql = format!(
        "SELECT {COLUMNS}, m.item, m.state, m.reason FROM content_moves m LEFT JOIN content_items c ON c.id = m.item \
         WHERE m.reassignment = $1 AND m.item > $2"
    );
    let mut args: Vec<Value> =
        vec![id.number().into(), after.map_or(-1, ContentId::number).into(), count_max.into()];
    if let Some(application) = application {
        sql.push_str(" AND c.application = $4");
        args.push(application.number().into());
    }
    sql.push_str(" ORDER BY m.item LIMIT $3");
    tx.query(&sql, &args)?.iter().map(read_move).collect()
}

/// How many items are in which state.
pub fn count_moves(tx: &mut Tx<'_>, id: ReassignmentId) -> Result<Vec<(MoveState, i64)>, Error> {
    let sql =
        "SELECT state, COUNT(*) FROM content_moves WHERE reassignment = $1 GROUP BY state ORDER BY state";
    tx.query(sql, &[id.number().into()])?
        .iter()
        .map(|row| Ok((at("content_moves", "state").name(id, row.text(0)?)?, row.int(1)?)))
        .collect()
}

/// How many of the items it moved there are of each kind.
pub fn count_kinds(tx: &mut Tx<'_>, id: ReassignmentId) -> Result<Vec<ContentCount>, Error> {
    let sql = "SELECT c.kind, COUNT(*) FROM content_moves m JOIN content_items c ON c.id = m.item \
               WHERE m.reassignment = $1 GROUP BY c.kind ORDER BY c.kind";
    tx.query(sql, &[id.number().into()])?.iter().map(|row| read_count(row, id)).collect()
}
