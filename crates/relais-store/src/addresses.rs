//! Addresses: what each points to now, and who held it before.

use crate::columns::{at, name, opt_time, read_target, target, time};
use crate::tx::{Error, Tx};
use crate::value::{Row, Value};
use crate::{claims, domains};
use jiff::Timestamp;
use relais_core::address::EmailAddress;
use relais_core::ids::OrganisationId;
use relais_core::lifecycle::{AddressChange, Availability};
use relais_core::organisation::{Address, AddressKind, DomainKind, Holding, Target};
use relais_core::routing;

const COLUMNS: &str = "address, organisation, target_kind, target_id, kind, domain_kind, retired, reply_text, \
                       reply_until, since";

fn read(row: &Row) -> Result<Address, Error> {
    let text = row.text(0)?;
    let place = |column| at("addresses", column);
    let target = match (row.opt_text(2)?, row.opt_int(3)?) {
        (Some(kind), Some(id)) => Some(read_target(place("target_kind"), text, kind, id)?),
        _ => None,
    };
    Ok(Address {
        address: place("address").parse(text, text)?,
        organisation: OrganisationId::from_number(row.int(1)?),
        target,
        kind: place("kind").name(text, row.text(4)?)?,
        domain: place("domain_kind").name(text, row.text(5)?)?,
        retired: row.int(6)? == 1,
        reply_text: row.opt_text(7)?.map(str::to_owned),
        reply_until: place("reply_until").opt_time(0, row.opt_int(8)?)?,
        since: place("since").time(0, row.int(9)?)?,
    })
}

pub fn get(tx: &mut Tx<'_>, address: &EmailAddress) -> Result<Option<Address>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM addresses WHERE address = $1");
    tx.query_opt(&sql, &[address.as_str().into()])?.as_ref().map(read).transpose()
}

/// The organisation that `address` (or the one it is a tagged form of) belongs to, whether or not it was ever given to
/// someone; `None` for what no organisation has.
pub fn organisation_of(tx: &mut Tx<'_>, address: &EmailAddress) -> Result<Option<OrganisationId>, Error> {
    if let Some(found) = routing::find(tx, address)? {
        return Ok(Some(found.organisation));
    }
    Ok(domains::get(tx, address.domain())?.and_then(|domain| domain.organisation))
}

/// The addresses that point to `of`, the primary one first.
pub fn of_target(tx: &mut Tx<'_>, of: Target) -> Result<Vec<Address>, Error> {
    let (kind, id) = target(of);
    let sql = format!(
        "SELECT {COLUMNS} FROM addresses WHERE target_kind = $1 AND target_id = $2 ORDER BY kind DESC, address"
    );
    tx.query(&sql, &[kind, id])?.iter().map(read).collect()
}

/// Whether an account of `organisation` could have `address`.
pub fn availability(
    tx: &mut Tx<'_>,
    address: &EmailAddress,
    organisation: OrganisationId,
) -> Result<Availability, Error> {
    let Some(domain) = domains::get(tx, address.domain())? else {
        let claim = claims::get(tx, address.domain(), organisation)?;
        return Ok(claim.map_or(Availability::NotHosted, |claim| Availability::NotProven(claim.record)));
    };
    if domain.organisation.is_some_and(|owner| owner != organisation) {
        return Ok(Availability::NotHosted);
    }
    Ok(match get(tx, address)? {
        None => Availability::Free(domain.kind),
        Some(Address { retired: true, .. }) => Availability::Retired,
        Some(Address { target: Some(holder), .. }) => Availability::Held(holder),
        Some(Address { target: None, .. }) => Availability::Free(domain.kind),
    })
}

/// Applies one change of address and writes the history of its holders.
///
/// # Errors
/// `Constraint("addresses.address")` when another transaction took the address first.
pub fn apply(
    tx: &mut Tx<'_>,
    change: &AddressChange,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<(), Error> {
    match change {
        AddressChange::Point { address, to, kind } => point(tx, address, *to, *kind, organisation, now),
        AddressChange::Free { address } => release(tx, address, 0, now),
        AddressChange::Retire { address } => release(tx, address, 1, now),
    }
}

fn point(
    tx: &mut Tx<'_>,
    address: &EmailAddress,
    to: Target,
    kind: AddressKind,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<(), Error> {
    let before = get(tx, address)?;
    let (target_kind, target_id) = target(to);
    let domain_kind = match domains::get(tx, address.domain())? {
        Some(domain) => domain.kind,
        None => DomainKind::Own,
    };
    let args: [Value; 7] = [
        address.as_str().into(),
        organisation.number().into(),
        target_kind.clone(),
        target_id.clone(),
        name(&kind),
        name(&domain_kind),
        time(now),
    ];
    match &before {
        None => tx.execute_one(
            "INSERT INTO addresses (address, organisation, target_kind, target_id, kind, domain_kind, retired, since) \
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7)",
            &args,
        )?,
        Some(_) => tx.execute_one(
            "UPDATE addresses SET organisation = $2, target_kind = $3, target_id = $4, kind = $5, domain_kind = $6, \
             retired = 0, reply_text = NULL, reply_until = NULL, since = $7 WHERE address = $1",
            &args,
        )?,
    }
    if before.is_some_and(|held| held.target == Some(to)) {
        return Ok(());
    }
    close_holding(tx, address, now)?;
    tx.execute_one(
        "INSERT INTO address_history (address, target_kind, target_id, held_from) VALUES ($1, $2, $3, $4)",
        &[address.as_str().into(), target_kind, target_id, time(now)],
    )
}

fn release(tx: &mut Tx<'_>, address: &EmailAddress, retired: i64, now: Timestamp) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE addresses SET target_kind = NULL, target_id = NULL, retired = $2, reply_text = NULL, \
         reply_until = NULL, since = $3 WHERE address = $1",
        &[address.as_str().into(), retired.into(), time(now)],
    )?;
    close_holding(tx, address, now)
}

fn close_holding(tx: &mut Tx<'_>, address: &EmailAddress, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE address_history SET held_until = $2 WHERE address = $1 AND held_until IS NULL",
        &[address.as_str().into(), time(now)],
    )?;
    Ok(())
}

/// What a responder says for one of its addresses, and until when.
pub fn set_reply(
    tx: &mut Tx<'_>,
    address: &EmailAddress,
    text: Option<&str>,
    until: Option<Timestamp>,
) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE addresses SET reply_text = $2, reply_until = $3 WHERE address = $1",
        &[address.as_str().into(), text.into(), opt_time(until)],
    )
}

/// Who held `address`, the first holder first; within a millisecond too, whatever the database thinks of NULL.
pub fn history(tx: &mut Tx<'_>, address: &EmailAddress) -> Result<Vec<Holding>, Error> {
    let place = |column| at("address_history", column);
    tx.query(
        "SELECT target_kind, target_id, held_from, held_until FROM address_history WHERE address = $1 \
         ORDER BY held_from, CASE WHEN held_until IS NULL THEN 1 ELSE 0 END, held_until",
        &[address.as_str().into()],
    )?
    .iter()
    .map(|row| {
        Ok(Holding {
            address: address.clone(),
            target: read_target(place("target_kind"), address, row.text(0)?, row.int(1)?)?,
            from: place("held_from").time(0, row.int(2)?)?,
            until: place("held_until").opt_time(0, row.opt_int(3)?)?,
        })
    })
    .collect()
}
