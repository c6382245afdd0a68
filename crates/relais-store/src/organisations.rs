//! Organisations.

use crate::columns::{at, json, name, opt_time, time};
use crate::tx::{Error, Tx};
use crate::value::{Kind, Row, Value};
use jiff::Timestamp;
use relais_core::departure::DeparturePolicy;
use relais_core::ids::{OrganisationId, PlanId, SubscriptionId};
use relais_core::organisation::Organisation;
use relais_core::sign_in::SignInPolicy;

const COLUMNS: &str = "id, name, language, created_at, time_zone, currency, plan, plan_term, \
                       default_subscription";

fn read(row: &Row) -> Result<Organisation, Error> {
    let id = row.int(0)?;
    Ok(Organisation {
        id: OrganisationId::from_number(id),
        name: row.text(1)?.to_owned(),
        language: at("organisations", "language").name(id, row.text(2)?)?,
        created_at: at("organisations", "created_at").time(id, row.int(3)?)?,
        time_zone: row.text(4)?.to_owned(),
        currency: at("organisations", "currency").name(id, row.text(5)?)?,
        plan: row.opt_int(6)?.map(PlanId::from_number),
        plan_term: row
            .opt_text(7)?
            .map(|text| at("organisations", "plan_term").json(id, text))
            .transpose()?,
        default_subscription: row.opt_int(8)?.map(SubscriptionId::from_number),
    })
}

/// # Errors
/// `Constraint("organisations.name")` when the name is in use.
pub fn insert(tx: &mut Tx<'_>, organisation: &Organisation) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO organisations ({COLUMNS}, billing_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $4)"
    );
    tx.execute_one(&sql, &arguments(organisation))
}

fn arguments(organisation: &Organisation) -> [Value; 9] {
    [
        organisation.id.number().into(),
        organisation.name.as_str().into(),
        name(&organisation.language),
        time(organisation.created_at),
        organisation.time_zone.as_str().into(),
        name(&organisation.currency),
        organisation.plan.map(PlanId::number).into(),
        organisation.plan_term.as_ref().map_or(Value::Null(Kind::Text), json),
        organisation.default_subscription.map(SubscriptionId::number).into(),
    ]
}

/// # Errors
/// `Constraint("organisations.name")` when the name is in use.
pub fn update(tx: &mut Tx<'_>, organisation: &Organisation) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE organisations SET name = $2, language = $3, created_at = $4, time_zone = $5, currency = $6, plan = $7, \
         plan_term = $8, default_subscription = $9 WHERE id = $1",
        &arguments(organisation),
    )
}

/// The organisations whose renewals have to be looked at, and since when.
pub fn to_bill(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<(Organisation, Timestamp)>, Error> {
    let sql = format!(
        "SELECT {COLUMNS}, billing_at FROM organisations WHERE billing_at <= $1 ORDER BY billing_at, id"
    );
    tx.query(&sql, &[time(now)])?
        .iter()
        .map(|row| Ok((read(row)?, at("organisations", "billing_at").time(row.int(0)?, row.int(9)?)?)))
        .collect()
}

/// When the organisation's renewals have to be looked at.
pub fn bill_at(tx: &mut Tx<'_>, id: OrganisationId, at: Timestamp) -> Result<(), Error> {
    tx.execute_one("UPDATE organisations SET billing_at = $2 WHERE id = $1", &[id.number().into(), time(at)])
}

/// They were, as was asked for `asked_at`: next time is `again`, unless it was asked for anew since.
pub fn billed(
    tx: &mut Tx<'_>,
    id: OrganisationId,
    asked_at: Timestamp,
    again: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE organisations SET billing_at = $3 WHERE id = $1 AND billing_at = $2",
        &[id.number().into(), time(asked_at), time(again)],
    )?;
    Ok(())
}

/// When its people were last told that the provision runs low.
pub fn low_noticed_at(tx: &mut Tx<'_>, id: OrganisationId) -> Result<Option<Timestamp>, Error> {
    let row =
        tx.query_opt("SELECT low_noticed_at FROM organisations WHERE id = $1", &[id.number().into()])?;
    at("organisations", "low_noticed_at").opt_time(id.number(), row.map_or(Ok(None), |row| row.opt_int(0))?)
}

/// `None`: the provision suffices again.
pub fn set_low_noticed(tx: &mut Tx<'_>, id: OrganisationId, at: Option<Timestamp>) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE organisations SET low_noticed_at = $2 WHERE id = $1",
        &[id.number().into(), opt_time(at)],
    )
}

pub fn get(tx: &mut Tx<'_>, id: OrganisationId) -> Result<Option<Organisation>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM organisations WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

pub fn named(tx: &mut Tx<'_>, name: &str) -> Result<Option<Organisation>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM organisations WHERE name = $1");
    tx.query_opt(&sql, &[name.into()])?.as_ref().map(read).transpose()
}

pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Organisation>, Error> {
    tx.query(&format!("SELECT {COLUMNS} FROM organisations ORDER BY name"), &[])?.iter().map(read).collect()
}

/// What it wants done for whoever a machine closes.
pub fn departure_policy(tx: &mut Tx<'_>, id: OrganisationId) -> Result<DeparturePolicy, Error> {
    let row =
        tx.query_opt("SELECT departure_policy FROM organisations WHERE id = $1", &[id.number().into()])?;
    let text = row.as_ref().map(|row| row.opt_text(0)).transpose()?.flatten();
    text.map_or_else(
        || Ok(DeparturePolicy::default()),
        |text| at("organisations", "departure_policy").json(id, text),
    )
}

pub fn set_departure_policy(
    tx: &mut Tx<'_>,
    id: OrganisationId,
    policy: &DeparturePolicy,
) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE organisations SET departure_policy = $2 WHERE id = $1",
        &[id.number().into(), json(policy)],
    )
}

/// What it asks of its people when they sign in.
pub fn sign_in_policy(tx: &mut Tx<'_>, id: OrganisationId) -> Result<SignInPolicy, Error> {
    let row =
        tx.query_opt("SELECT sign_in_policy FROM organisations WHERE id = $1", &[id.number().into()])?;
    let read = |row: Row| at("organisations", "sign_in_policy").json(id, row.text(0)?);
    row.map_or_else(|| Ok(SignInPolicy::default()), read)
}

pub fn set_sign_in_policy(tx: &mut Tx<'_>, id: OrganisationId, policy: SignInPolicy) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE organisations SET sign_in_policy = $2 WHERE id = $1",
        &[id.number().into(), json(&policy)],
    )
}
