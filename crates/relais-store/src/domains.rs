//! Hosted domains, and the addresses on them that a domain's own fate depends on.

use crate::columns::{at, name, read_target, target};
use crate::tx::{Error, Tx};
use crate::value::{Kind, Row, Value};
use relais_core::address::EmailAddress;
use relais_core::domain::Domain;
use relais_core::ids::OrganisationId;
use relais_core::organisation::{DomainKind, Target};

const COLUMNS: &str = "name, organisation, kind, catch_all_kind, catch_all_id";

fn read(row: &Row) -> Result<Domain, Error> {
    let domain = row.text(0)?;
    let place = |column| at("domains", column);
    let kind: DomainKind = place("kind").name(domain, row.text(2)?)?;
    let organisation = row.opt_int(1)?.map(OrganisationId::from_number);
    let catch_all = match (row.opt_text(3)?, row.opt_int(4)?) {
        (Some(kind), Some(id)) => Some(read_target(place("catch_all_kind"), domain, kind, id)?),
        _ => None,
    };
    let found = match (kind, organisation) {
        (DomainKind::Own, Some(organisation)) => Domain::own(domain.to_owned(), organisation),
        (DomainKind::Provider, None) => Domain::provider(domain.to_owned()),
        (DomainKind::Own, None) | (DomainKind::Provider, Some(_)) => {
            return Err(place("organisation").corrupt(domain));
        }
    };
    Ok(Domain { catch_all, ..found })
}

/// # Errors
/// `Constraint("domains.name")` when the domain is in use.
pub fn insert(tx: &mut Tx<'_>, domain: &Domain) -> Result<(), Error> {
    let (kind, id) = opt_target(domain.catch_all);
    tx.execute_one(
        "INSERT INTO domains (name, organisation, kind, catch_all_kind, catch_all_id) VALUES ($1, $2, $3, $4, $5)",
        &[
            domain.name.as_str().into(),
            domain.organisation.map(OrganisationId::number).into(),
            name(&domain.kind),
            kind,
            id,
        ],
    )
}

fn opt_target(of: Option<Target>) -> (Value, Value) {
    of.map_or((Value::Null(Kind::Text), Value::Null(Kind::Int)), target)
}

pub fn get(tx: &mut Tx<'_>, domain: &str) -> Result<Option<Domain>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM domains WHERE name = $1");
    tx.query_opt(&sql, &[domain.into()])?.as_ref().map(read).transpose()
}

/// The organisation's own domains and the operator's.
pub fn open_to(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<Domain>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM domains WHERE organisation = $1 OR organisation IS NULL ORDER BY name"
    );
    tx.query(&sql, &[organisation.number().into()])?.iter().map(read).collect()
}

/// How many domains of its own an organisation has.
pub fn count_own(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM domains WHERE organisation = $1";
    tx.query_opt(sql, &[organisation.number().into()])?.map_or(Ok(0), |row| row.int(0))
}

/// Every domain of the instance.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Domain>, Error> {
    tx.query(&format!("SELECT {COLUMNS} FROM domains ORDER BY name"), &[])?.iter().map(read).collect()
}

pub fn set_catch_all(tx: &mut Tx<'_>, domain: &str, to: Option<Target>) -> Result<(), Error> {
    let (kind, id) = opt_target(to);
    tx.execute_one(
        "UPDATE domains SET catch_all_kind = $2, catch_all_id = $3 WHERE name = $1",
        &[domain.into(), kind, id],
    )
}

/// The domains whose unknown addresses lead to `to`.
pub fn caught_by(tx: &mut Tx<'_>, to: Target) -> Result<Vec<String>, Error> {
    let (kind, id) = target(to);
    tx.query(
        "SELECT name FROM domains WHERE catch_all_kind = $1 AND catch_all_id = $2 ORDER BY name",
        &[kind, id],
    )?
    .iter()
    .map(|row| row.text(0).map(str::to_owned))
    .collect()
}

pub fn remove(tx: &mut Tx<'_>, domain: &str) -> Result<(), Error> {
    tx.execute_one("DELETE FROM domains WHERE name = $1", &[domain.into()])
}

/// What ends the addresses of a domain. Names in A-labels hold nothing that `LIKE` reads as more than itself.
fn ending(domain: &str) -> Value {
    format!("%@{domain}").into()
}

fn list(
    tx: &mut Tx<'_>,
    sql: &str,
    domain: &str,
    organisation: OrganisationId,
    count_max: i64,
) -> Result<Vec<EmailAddress>, Error> {
    tx.query(sql, &[ending(domain), organisation.number().into(), count_max.into()])?
        .iter()
        .map(|row| at("addresses", "address").parse(row.text(0)?, row.text(0)?))
        .collect()
}

/// Addresses that `organisation` has on the domain and that have a target.
pub fn held(
    tx: &mut Tx<'_>,
    domain: &str,
    organisation: OrganisationId,
    count_max: i64,
) -> Result<Vec<EmailAddress>, Error> {
    let sql = "SELECT address FROM addresses WHERE address LIKE $1 AND organisation = $2 \
               AND target_kind IS NOT NULL ORDER BY address LIMIT $3";
    list(tx, sql, domain, organisation, count_max)
}

/// Addresses that `organisation` has on the domain, that had a target and have none.
pub fn freed(
    tx: &mut Tx<'_>,
    domain: &str,
    organisation: OrganisationId,
    count_max: i64,
) -> Result<Vec<EmailAddress>, Error> {
    let sql = "SELECT address FROM addresses WHERE address LIKE $1 AND organisation = $2 \
               AND target_kind IS NULL ORDER BY address LIMIT $3";
    list(tx, sql, domain, organisation, count_max)
}

/// Addresses of the domain to which someone of `organisation` redirects. Where others redirect is not its business: a
/// domain can be claimed by anyone.
pub fn redirected_to(
    tx: &mut Tx<'_>,
    domain: &str,
    organisation: OrganisationId,
    count_max: i64,
) -> Result<Vec<EmailAddress>, Error> {
    let sql = "SELECT DISTINCT r.address FROM redirects r JOIN accounts a ON a.id = r.account \
               WHERE r.address LIKE $1 AND a.organisation = $2 ORDER BY r.address LIMIT $3";
    list(tx, sql, domain, organisation, count_max)
}

/// Forgets which addresses of the domain another organisation once had, so that to its new one they were never made.
/// Who held them stays in the history.
pub fn forget_freed_by_others(
    tx: &mut Tx<'_>,
    domain: &str,
    organisation: OrganisationId,
) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM addresses WHERE address LIKE $1 AND organisation <> $2 AND target_kind IS NULL",
        &[ending(domain), organisation.number().into()],
    )
}
