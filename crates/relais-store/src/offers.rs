//! What the operator offers: plans and subscriptions.

use crate::columns::{at, json, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::ids::{PlanId, SubscriptionId};
use relais_core::plan::{Plan, Subscription};

const COLUMNS: &str = "id, terms, created_at, retired_at";

fn read_plan(row: &Row) -> Result<Plan, Error> {
    let id = row.int(0)?;
    Ok(Plan {
        id: PlanId::from_number(id),
        terms: at("plans", "terms").json(id, row.text(1)?)?,
        created_at: at("plans", "created_at").time(id, row.int(2)?)?,
        retired_at: at("plans", "retired_at").opt_time(id, row.opt_int(3)?)?,
    })
}

fn read_subscription(row: &Row) -> Result<Subscription, Error> {
    let id = row.int(0)?;
    Ok(Subscription {
        id: SubscriptionId::from_number(id),
        terms: at("subscriptions", "terms").json(id, row.text(1)?)?,
        created_at: at("subscriptions", "created_at").time(id, row.int(2)?)?,
        retired_at: at("subscriptions", "retired_at").opt_time(id, row.opt_int(3)?)?,
    })
}

/// # Errors
/// `Constraint("plans.name")` when the name is in use.
pub fn insert_plan(tx: &mut Tx<'_>, plan: &Plan) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO plans (id, name, terms, created_at) VALUES ($1, $2, $3, $4)",
        &[plan.id.number().into(), plan.terms.name.as_str().into(), json(&plan.terms), time(plan.created_at)],
    )
}

/// # Errors
/// `Constraint("subscriptions.name")` when the name is in use.
pub fn insert_subscription(tx: &mut Tx<'_>, subscription: &Subscription) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO subscriptions (id, name, terms, created_at) VALUES ($1, $2, $3, $4)",
        &[
            subscription.id.number().into(),
            subscription.terms.name.as_str().into(),
            json(&subscription.terms),
            time(subscription.created_at),
        ],
    )
}

pub fn plan(tx: &mut Tx<'_>, id: PlanId) -> Result<Option<Plan>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM plans WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read_plan).transpose()
}

pub fn plan_named(tx: &mut Tx<'_>, name: &str) -> Result<Option<Plan>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM plans WHERE name = $1");
    tx.query_opt(&sql, &[name.into()])?.as_ref().map(read_plan).transpose()
}

pub fn plans(tx: &mut Tx<'_>) -> Result<Vec<Plan>, Error> {
    tx.query(&format!("SELECT {COLUMNS} FROM plans ORDER BY name"), &[])?.iter().map(read_plan).collect()
}

pub fn subscription(tx: &mut Tx<'_>, id: SubscriptionId) -> Result<Option<Subscription>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM subscriptions WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read_subscription).transpose()
}

pub fn subscription_named(tx: &mut Tx<'_>, name: &str) -> Result<Option<Subscription>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM subscriptions WHERE name = $1");
    tx.query_opt(&sql, &[name.into()])?.as_ref().map(read_subscription).transpose()
}

pub fn subscriptions(tx: &mut Tx<'_>) -> Result<Vec<Subscription>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM subscriptions ORDER BY name");
    tx.query(&sql, &[])?.iter().map(read_subscription).collect()
}

/// Offers a plan no longer. Whether it was offered until now.
pub fn retire_plan(tx: &mut Tx<'_>, id: PlanId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE plans SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL";
    Ok(tx.execute(sql, &[id.number().into(), time(now)])? == 1)
}

/// Offers a subscription no longer. Whether it was offered until now.
pub fn retire_subscription(tx: &mut Tx<'_>, id: SubscriptionId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE subscriptions SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL";
    Ok(tx.execute(sql, &[id.number().into(), time(now)])? == 1)
}
