//! Departures and how far each is. A lease, claimed in one statement, says who is working on one.

use crate::columns::{at, json, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::authority::Actor;
use relais_core::departure::{Departure, DepartureState, Step, StepReport};
use relais_core::ids::{AccountId, DepartureId, OrganisationId};

const COLUMNS: &str = "id, organisation, state, plan, steps_done, trouble, created_at";

fn read(tx: &mut Tx<'_>, row: &Row) -> Result<Departure, Error> {
    let id = row.int(0)?;
    let place = |column| at("departures", column);
    let steps_done = u32::try_from(row.int(4)?).map_err(|_| place("steps_done").corrupt(id))?;
    Ok(Departure {
        id: DepartureId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        state: place("state").name(id, row.text(2)?)?,
        plan: place("plan").json(id, row.text(3)?)?,
        steps_done,
        reports: reports(tx, id)?,
        trouble: row.opt_text(5)?.map(str::to_owned),
        created_at: place("created_at").time(id, row.int(6)?)?,
    })
}

fn reports(tx: &mut Tx<'_>, departure: i64) -> Result<Vec<StepReport>, Error> {
    let place = |column| at("departure_steps", column);
    let mut reports = tx
        .query("SELECT step, done_at, detail FROM departure_steps WHERE departure = $1", &[departure.into()])?
        .iter()
        .map(|row| {
            Ok(StepReport {
                step: place("step").name(departure, row.text(0)?)?,
                done_at: place("done_at").time(departure, row.int(1)?)?,
                detail: place("detail").json(departure, row.text(2)?)?,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    reports.sort_by_key(|report| (report.done_at, Step::ALL.iter().position(|step| *step == report.step)));
    Ok(reports)
}

/// # Errors
/// `Constraint("departures_open")` or `Constraint("departures.account")` when the account has one under way.
pub fn insert(
    tx: &mut Tx<'_>,
    departure: &Departure,
    started_by: &Actor,
    wake_at: Timestamp,
) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO departures (id, organisation, account, state, plan, started_by, steps_done, wake_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            departure.id.number().into(),
            departure.organisation.number().into(),
            departure.plan.account.number().into(),
            departure.state.as_str().into(),
            json(&departure.plan),
            json(started_by),
            i64::from(departure.steps_done).into(),
            time(wake_at),
            time(departure.created_at),
        ],
    )
}

pub fn get(tx: &mut Tx<'_>, id: DepartureId) -> Result<Option<Departure>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM departures WHERE id = $1");
    let row = tx.query_opt(&sql, &[id.number().into()])?;
    row.map(|row| read(tx, &row)).transpose()
}

pub fn list(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<Departure>, Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM departures WHERE organisation = $1 ORDER BY created_at DESC, id DESC");
    let rows = tx.query(&sql, &[organisation.number().into()])?;
    rows.iter().map(|row| read(tx, row)).collect()
}

/// Neither finished nor undone, in the words of the index of those.
pub(crate) const IS_OPEN: &str = "state NOT IN ('undone', 'finished')";

/// Those that are neither finished nor undone, the earliest first.
pub fn open(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<Departure>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM departures WHERE organisation = $1 AND {IS_OPEN} \
         ORDER BY created_at, id"
    );
    let rows = tx.query(&sql, &[organisation.number().into()])?;
    rows.iter().map(|row| read(tx, row)).collect()
}

/// The departure of `account` that is neither finished nor undone.
pub fn open_of(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<DepartureId>, Error> {
    let row = tx.query_opt(
        &format!("SELECT id FROM departures WHERE account = $1 AND {IS_OPEN}"),
        &[account.number().into()],
    )?;
    row.map(|row| Ok(DepartureId::from_number(row.int(0)?))).transpose()
}

/// The newest departure of `account`, whatever its state.
pub fn latest_of(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<DepartureId>, Error> {
    let row = tx.query_opt(
        "SELECT id FROM departures WHERE account = $1 ORDER BY created_at DESC, id DESC LIMIT 1",
        &[account.number().into()],
    )?;
    row.map(|row| Ok(DepartureId::from_number(row.int(0)?))).transpose()
}

/// Takes the lease of one departure that has something to do at `now`, for `owner` until `until`.
pub fn claim(
    tx: &mut Tx<'_>,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<DepartureId>, Error> {
    let rows = tx.query(
        "UPDATE departures SET lease_owner = $1, lease_until = $3 WHERE id = (\
            SELECT id FROM departures WHERE state IN ('scheduled', 'running', 'undoing') AND wake_at <= $2 \
            AND (lease_until IS NULL OR lease_until <= $2) ORDER BY wake_at, id LIMIT 1) RETURNING id",
        &[owner.into(), time(now), time(until)],
    )?;
    rows.first().map(|row| Ok(DepartureId::from_number(row.int(0)?))).transpose()
}

/// Holds on to a lease that is still `owner`'s.
pub fn keep(tx: &mut Tx<'_>, id: DepartureId, owner: &str, until: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE departures SET lease_until = $3 WHERE id = $1 AND lease_owner = $2",
        &[id.number().into(), owner.into(), time(until)],
    )?;
    Ok(())
}

/// Lets a lease go that is still `owner`'s, and says when to look again.
pub fn release(tx: &mut Tx<'_>, id: DepartureId, owner: &str, wake_at: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE departures SET lease_owner = NULL, lease_until = NULL, wake_at = $2 WHERE id = $1 AND lease_owner = $3",
        &[id.number().into(), time(wake_at), owner.into()],
    )?;
    Ok(())
}

/// Lets go every lease of `owner`: it has just started, so it works on nothing.
pub fn release_all(tx: &mut Tx<'_>, owner: &str) -> Result<u64, Error> {
    tx.execute(
        "UPDATE departures SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = $1",
        &[owner.into()],
    )
}

/// Writes a step's report, once, and that so many steps are done. `false` when it already was.
pub fn record_step(
    tx: &mut Tx<'_>,
    id: DepartureId,
    steps_done: u32,
    report: &StepReport,
) -> Result<bool, Error> {
    let added = tx.execute(
        "INSERT INTO departure_steps (departure, step, done_at, detail) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (departure, step) DO NOTHING",
        &[
            id.number().into(),
            report.step.as_str().into(),
            time(report.done_at),
            report.detail.to_string().into(),
        ],
    )?;
    tx.execute_one(
        "UPDATE departures SET steps_done = $2, trouble = NULL WHERE id = $1",
        &[id.number().into(), i64::from(steps_done).into()],
    )?;
    Ok(added == 1)
}

/// Takes a step's report back, once it is undone.
pub fn forget_step(tx: &mut Tx<'_>, id: DepartureId, step: Step) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM departure_steps WHERE departure = $1 AND step = $2",
        &[id.number().into(), step.as_str().into()],
    )?;
    tx.execute_one(
        "UPDATE departures SET trouble = NULL, \
         steps_done = (SELECT COUNT(*) FROM departure_steps WHERE departure = $1) WHERE id = $1",
        &[id.number().into()],
    )
}

pub fn set_state(
    tx: &mut Tx<'_>,
    id: DepartureId,
    state: DepartureState,
    trouble: Option<&str>,
    wake_at: Timestamp,
) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE departures SET state = $2, trouble = $3, wake_at = $4 WHERE id = $1",
        &[id.number().into(), state.as_str().into(), trouble.into(), time(wake_at)],
    )
}

/// The certificate as the JSON text that was written when the departure ended.
pub fn certificate(tx: &mut Tx<'_>, id: DepartureId) -> Result<Option<String>, Error> {
    let row = tx.query_opt("SELECT certificate FROM departures WHERE id = $1", &[id.number().into()])?;
    Ok(row.map(|row| row.opt_text(0).map(|text| text.map(str::to_owned))).transpose()?.flatten())
}

pub fn set_certificate(tx: &mut Tx<'_>, id: DepartureId, text: &str) -> Result<(), Error> {
    tx.execute_one("UPDATE departures SET certificate = $2 WHERE id = $1", &[id.number().into(), text.into()])
}

/// Who started it.
pub fn started_by(tx: &mut Tx<'_>, id: DepartureId) -> Result<Option<Actor>, Error> {
    let row = tx.query_opt("SELECT started_by FROM departures WHERE id = $1", &[id.number().into()])?;
    row.map(|row| at("departures", "started_by").json(id, row.text(0)?)).transpose()
}
