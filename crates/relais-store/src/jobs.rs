//! Acts on many accounts, and what became of each. Who goes on with one needs no lease: a batch and the place where the
//! next begins are one transaction.

use crate::accounts::{self, Filter};
use crate::columns::{at, json, name, opt_time, time};
use crate::tx::{Error, Tx};
use crate::value::{Kind, Row, Value};
use jiff::Timestamp;
use relais_core::authority::Actor;
use relais_core::ids::{AccountId, JobId, OrganisationId};
use relais_core::job::{ItemOutcome, Job, JobItem};

const COLUMNS: &str = "id, organisation, act, run, state, items, items_done, changed, unchanged, refused, created_at, \
                       ended_at";

fn read(row: &Row) -> Result<Job, Error> {
    let id = row.int(0)?;
    let place = |column| at("jobs", column);
    Ok(Job {
        id: JobId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        act: place("act").json(id, row.text(2)?)?,
        run: place("run").name(id, row.text(3)?)?,
        state: place("state").name(id, row.text(4)?)?,
        items: row.int(5)?,
        items_done: row.int(6)?,
        changed: row.int(7)?,
        unchanged: row.int(8)?,
        refused: row.int(9)?,
        created_at: place("created_at").time(id, row.int(10)?)?,
        ended_at: place("ended_at").opt_time(id, row.opt_int(11)?)?,
    })
}

pub fn insert(tx: &mut Tx<'_>, job: &Job, ordered_by: &Actor) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO jobs (id, organisation, ordered_by, act, run, state, items, items_done, changed, unchanged, refused, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            job.id.number().into(),
            job.organisation.number().into(),
            json(ordered_by),
            json(&job.act),
            name(&job.run),
            name(&job.state),
            job.items.into(),
            job.items_done.into(),
            job.changed.into(),
            job.unchanged.into(),
            job.refused.into(),
            time(job.created_at),
        ],
    )
}

pub fn get(tx: &mut Tx<'_>, id: JobId) -> Result<Option<Job>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

/// Who ordered it.
pub fn ordered_by(tx: &mut Tx<'_>, id: JobId) -> Result<Option<Actor>, Error> {
    let row = tx.query_opt("SELECT ordered_by FROM jobs WHERE id = $1", &[id.number().into()])?;
    row.map(|row| at("jobs", "ordered_by").json(id, row.text(0)?)).transpose()
}

/// The newest first, of one organisation or of all.
pub fn list(
    tx: &mut Tx<'_>,
    organisation: Option<OrganisationId>,
    count_max: i64,
) -> Result<Vec<Job>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM jobs WHERE ($1 < 0 OR organisation = $1) ORDER BY created_at DESC, id DESC LIMIT $2"
    );
    let organisation = organisation.map_or(-1, OrganisationId::number);
    tx.query(&sql, &[organisation.into(), count_max.into()])?.iter().map(read).collect()
}

/// The one that has waited longest.
pub fn next_running(tx: &mut Tx<'_>) -> Result<Option<JobId>, Error> {
    let row =
        tx.query_opt("SELECT id FROM jobs WHERE state = 'running' ORDER BY created_at, id LIMIT 1", &[])?;
    row.map(|row| Ok(JobId::from_number(row.int(0)?))).transpose()
}

/// Writes how many accounts it is about.
pub fn set_items(tx: &mut Tx<'_>, id: JobId, items: i64) -> Result<(), Error> {
    tx.execute_one("UPDATE jobs SET items = $2 WHERE id = $1", &[id.number().into(), items.into()])
}

/// Writes how far it is.
pub fn update(tx: &mut Tx<'_>, job: &Job) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE jobs SET state = $2, items_done = $3, changed = $4, unchanged = $5, refused = $6, ended_at = $7 \
         WHERE id = $1",
        &[
            job.id.number().into(),
            name(&job.state),
            job.items_done.into(),
            job.changed.into(),
            job.unchanged.into(),
            job.refused.into(),
            opt_time(job.ended_at),
        ],
    )
}

/// Adds the accounts of the organisation that `filter` finds, in the order of their addresses. Returns how many.
pub fn add_found(
    tx: &mut Tx<'_>,
    id: JobId,
    organisation: OrganisationId,
    filter: &Filter,
) -> Result<i64, Error> {
    let (conditions, mut args) = accounts::conditions(organisation, filter);
    args.push(id.number().into());
    let sql = format!(
        "INSERT INTO job_items (job, number, account, address) \
         SELECT ${}, ROW_NUMBER() OVER (ORDER BY address, id), id, address FROM accounts WHERE {conditions}",
        args.len()
    );
    let added = tx.execute(&sql, &args)?;
    i64::try_from(added).map_err(|_| Error::Shape("more accounts than numbers".to_owned()))
}

/// Adds one account as the item `number`.
pub fn add(tx: &mut Tx<'_>, id: JobId, number: i64, account: AccountId, address: &str) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO job_items (job, number, account, address) VALUES ($1, $2, $3, $4)",
        &[id.number().into(), number.into(), account.number().into(), address.into()],
    )
}

/// The items behind `after`, all or those with one outcome.
pub fn items(
    tx: &mut Tx<'_>,
    id: JobId,
    outcome: Option<ItemOutcome>,
    after: i64,
    count_max: i64,
) -> Result<Vec<JobItem>, Error> {
    let mut args: Vec<Value> = vec![id.number().into(), after.into(), count_max.into()];
    let only = match outcome {
        None => "",
        Some(outcome) => {
            args.push(name(&outcome));
            " AND outcome = $4"
        }
    };
    let sql = format!(
        "SELECT number, account, address, outcome, refusals FROM job_items WHERE job = $1 AND number > $2{only} \
         ORDER BY number LIMIT $3"
    );
    let place = |column| at("job_items", column);
    tx.query(&sql, &args)?
        .iter()
        .map(|row| {
            let number = row.int(0)?;
            let refusals = row.opt_text(4)?.map(|text| place("refusals").json(number, text));
            Ok(JobItem {
                number,
                account: AccountId::from_number(row.int(1)?),
                address: row.text(2)?.to_owned(),
                outcome: row.opt_text(3)?.map(|text| place("outcome").name(number, text)).transpose()?,
                refusals: refusals.transpose()?.unwrap_or_default(),
            })
        })
        .collect()
}

/// Writes what became of an item.
pub fn set_outcome(tx: &mut Tx<'_>, id: JobId, item: &JobItem) -> Result<(), Error> {
    let refusals = (!item.refusals.is_empty()).then(|| json(&item.refusals));
    tx.execute_one(
        "UPDATE job_items SET outcome = $3, refusals = $4 WHERE job = $1 AND number = $2",
        &[
            id.number().into(),
            item.number.into(),
            item.outcome.as_ref().map_or(Value::Null(Kind::Text), name),
            refusals.unwrap_or(Value::Null(Kind::Text)),
        ],
    )
}

/// Forgets those that ended before `end`. Returns how many.
pub fn forget(tx: &mut Tx<'_>, end: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM job_items WHERE job IN (SELECT id FROM jobs WHERE ended_at < $1)", &[time(end)])?;
    tx.execute("DELETE FROM jobs WHERE ended_at < $1", &[time(end)])
}
