//! Identity providers, whom they know as which account, and browsers that are on their way.

use crate::columns::{at, json, name, time};
use crate::tx::{Error, Tx};
use crate::value::{Kind, Row, Value};
use jiff::Timestamp;
use relais_core::ids::{AccountId, OrganisationId};
use relais_core::sign_on::IdentityProvider;
use serde::{Deserialize, Serialize};

const COLUMNS: &str =
    "organisation, issuer, client_id, domains, demand, newcomers, address_claim, created_at, client_secret";

/// A provider with its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    pub provider: IdentityProvider,
    pub client_secret: Option<String>,
}

fn read(row: &Row) -> Result<Kept, Error> {
    let id = row.int(0)?;
    let place = |column| at("identity_providers", column);
    let provider = IdentityProvider {
        organisation: OrganisationId::from_number(id),
        issuer: row.text(1)?.to_owned(),
        client_id: row.text(2)?.to_owned(),
        domains: place("domains").json(id, row.text(3)?)?,
        demand: place("demand").name(id, row.text(4)?)?,
        newcomers: place("newcomers").name(id, row.text(5)?)?,
        address_claim: row.text(6)?.to_owned(),
        created_at: place("created_at").time(id, row.int(7)?)?,
    };
    Ok(Kept { provider, client_secret: row.opt_text(8)?.map(str::to_owned) })
}

/// In the place of the one there was.
pub fn set_provider(tx: &mut Tx<'_>, kept: &Kept) -> Result<(), Error> {
    let Kept { provider, client_secret } = kept;
    let sql = format!(
        "INSERT INTO identity_providers ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (organisation) DO UPDATE SET issuer = excluded.issuer, client_id = excluded.client_id, \
         domains = excluded.domains, demand = excluded.demand, newcomers = excluded.newcomers, \
         address_claim = excluded.address_claim, client_secret = excluded.client_secret"
    );
    tx.execute_one(
        &sql,
        &[
            provider.organisation.number().into(),
            provider.issuer.as_str().into(),
            provider.client_id.as_str().into(),
            json(&provider.domains),
            name(&provider.demand),
            name(&provider.newcomers),
            provider.address_claim.as_str().into(),
            time(provider.created_at),
            client_secret.as_deref().into(),
        ],
    )
}

pub fn provider(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Option<Kept>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM identity_providers WHERE organisation = $1");
    tx.query_opt(&sql, &[organisation.number().into()])?.as_ref().map(read).transpose()
}

/// Of this issuer, of all organisations: several may ask the same one.
pub fn providers_at(tx: &mut Tx<'_>, issuer: &str) -> Result<Vec<Kept>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM identity_providers WHERE issuer = $1 ORDER BY organisation");
    tx.query(&sql, &[issuer.into()])?.iter().map(read).collect()
}

/// Returns whether there was one. Whom it knew goes with it.
pub fn remove_provider(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<bool, Error> {
    let id: Value = organisation.number().into();
    tx.execute("DELETE FROM sign_on_links WHERE organisation = $1", std::slice::from_ref(&id))?;
    tx.execute("DELETE FROM sign_on_attempts WHERE organisation = $1", std::slice::from_ref(&id))?;
    Ok(tx.execute("DELETE FROM identity_providers WHERE organisation = $1", &[id])? == 1)
}

/// As whom a provider knows an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SignOnLink {
    pub organisation: OrganisationId,
    pub issuer: String,
    pub subject: String,
    pub account: AccountId,
    pub linked_at: Timestamp,
}

const LINK: &str = "SELECT organisation, issuer, subject, account, linked_at FROM sign_on_links";

fn read_link(row: &Row) -> Result<SignOnLink, Error> {
    let account = row.int(3)?;
    Ok(SignOnLink {
        organisation: OrganisationId::from_number(row.int(0)?),
        issuer: row.text(1)?.to_owned(),
        subject: row.text(2)?.to_owned(),
        account: AccountId::from_number(account),
        linked_at: at("sign_on_links", "linked_at").time(account, row.int(4)?)?,
    })
}

/// Without effect where it is there. Returns whether it was made.
pub fn link(tx: &mut Tx<'_>, link: &SignOnLink) -> Result<bool, Error> {
    let made = tx.execute(
        "INSERT INTO sign_on_links (organisation, issuer, subject, account, linked_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING",
        &[
            link.organisation.number().into(),
            link.issuer.as_str().into(),
            link.subject.as_str().into(),
            link.account.number().into(),
            time(link.linked_at),
        ],
    )?;
    Ok(made == 1)
}

/// Whom the provider of `organisation` knows under this subject.
pub fn linked(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    issuer: &str,
    subject: &str,
) -> Result<Option<SignOnLink>, Error> {
    let sql = format!("{LINK} WHERE organisation = $1 AND issuer = $2 AND subject = $3");
    tx.query_opt(&sql, &[organisation.number().into(), issuer.into(), subject.into()])?
        .as_ref()
        .map(read_link)
        .transpose()
}

/// The same person, in every organisation that asks this provider.
pub fn linked_anywhere(tx: &mut Tx<'_>, issuer: &str, subject: &str) -> Result<Vec<SignOnLink>, Error> {
    let sql = format!("{LINK} WHERE issuer = $1 AND subject = $2 ORDER BY organisation");
    tx.query(&sql, &[issuer.into(), subject.into()])?.iter().map(read_link).collect()
}

pub fn links_of(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<SignOnLink>, Error> {
    let sql = format!("{LINK} WHERE account = $1 ORDER BY issuer, subject");
    tx.query(&sql, &[account.number().into()])?.iter().map(read_link).collect()
}

/// Returns how many there were.
pub fn unlink(tx: &mut Tx<'_>, account: AccountId) -> Result<u64, Error> {
    tx.execute("DELETE FROM sign_on_links WHERE account = $1", &[account.number().into()])
}

/// An account to be linked, as it was when that was asked for: void under another epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    pub account: AccountId,
    pub epoch: i64,
}

pub fn insert_ticket(
    tx: &mut Tx<'_>,
    ticket: Ticket,
    secret_hash: &[u8],
    expires_at: Timestamp,
) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO sign_on_tickets (secret_hash, account, epoch, expires_at) VALUES ($1, $2, $3, $4)",
        &[secret_hash.into(), ticket.account.number().into(), ticket.epoch.into(), time(expires_at)],
    )
}

/// Takes it: it works once.
pub fn take_ticket(tx: &mut Tx<'_>, secret_hash: &[u8], now: Timestamp) -> Result<Option<Ticket>, Error> {
    let row = tx.query_opt(
        "DELETE FROM sign_on_tickets WHERE secret_hash = $1 AND expires_at > $2 RETURNING account, epoch",
        &[secret_hash.into(), time(now)],
    )?;
    row.map(|row| Ok(Ticket { account: AccountId::from_number(row.int(0)?), epoch: row.int(1)? })).transpose()
}

/// A browser that was sent to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub organisation: OrganisationId,
    pub browser_hash: Vec<u8>,
    pub nonce: String,
    pub verifier: String,
    /// Whose account is to be linked.
    pub ticket: Option<Ticket>,
    pub expires_at: Timestamp,
}

pub fn insert_attempt(tx: &mut Tx<'_>, attempt: &Attempt, state_hash: &[u8]) -> Result<(), Error> {
    let int = |value: Option<i64>| value.map_or(Value::Null(Kind::Int), Value::Int);
    tx.execute_one(
        "INSERT INTO sign_on_attempts (state_hash, organisation, browser_hash, nonce, verifier, account, epoch, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            state_hash.into(),
            attempt.organisation.number().into(),
            attempt.browser_hash.as_slice().into(),
            attempt.nonce.as_str().into(),
            attempt.verifier.as_str().into(),
            int(attempt.ticket.map(|ticket| ticket.account.number())),
            int(attempt.ticket.map(|ticket| ticket.epoch)),
            time(attempt.expires_at),
        ],
    )
}

/// Takes it, for the browser that began it: it works once.
pub fn take_attempt(
    tx: &mut Tx<'_>,
    state_hash: &[u8],
    browser_hash: &[u8],
    now: Timestamp,
) -> Result<Option<Attempt>, Error> {
    let row = tx.query_opt(
        "DELETE FROM sign_on_attempts WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > $3 \
         RETURNING organisation, nonce, verifier, account, epoch, expires_at",
        &[state_hash.into(), browser_hash.into(), time(now)],
    )?;
    row.map(|row| {
        let id = row.int(0)?;
        let ticket = row.opt_int(3)?.zip(row.opt_int(4)?);
        Ok(Attempt {
            organisation: OrganisationId::from_number(id),
            browser_hash: browser_hash.to_vec(),
            nonce: row.text(1)?.to_owned(),
            verifier: row.text(2)?.to_owned(),
            ticket: ticket.map(|(account, epoch)| Ticket { account: AccountId::from_number(account), epoch }),
            expires_at: at("sign_on_attempts", "expires_at").time(id, row.int(5)?)?,
        })
    })
    .transpose()
}

/// Forgets what has expired.
pub fn forget(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Error> {
    let tickets = tx.execute("DELETE FROM sign_on_tickets WHERE expires_at <= $1", &[time(now)])?;
    Ok(tickets + tx.execute("DELETE FROM sign_on_attempts WHERE expires_at <= $1", &[time(now)])?)
}

/// Ends the sessions that a provider opened for an account of `organisation`: one of its own sessions, or all of a subject.
pub fn end_sessions(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    issuer: &str,
    subject: Option<&str>,
    sid: Option<&str>,
) -> Result<u64, Error> {
    let (condition, value) = match (sid, subject) {
        (Some(sid), _) => ("sid = $3", sid),
        (None, Some(subject)) => ("subject = $3", subject),
        (None, None) => return Ok(0),
    };
    let sql = format!(
        "DELETE FROM sessions WHERE issuer = $1 AND {condition} \
         AND account IN (SELECT id FROM accounts WHERE organisation = $2)"
    );
    tx.execute(&sql, &[issuer.into(), organisation.number().into(), value.into()])
}
