//! The provision's ledger of each organisation: appended, read, checked; never changed.

use crate::columns::{at, json, name, time};
use crate::tx::{Error, Tx};
use crate::value::{Kind, Row, Value};
use jiff::Timestamp;
use relais_core::address::EmailAddress;
use relais_core::ids::{AccountId, OrganisationId};
use relais_core::ledger::{Entry, NewEntry, Service};
use std::collections::HashMap;

const COLUMNS: &str = "organisation, number, at, kind, service, reference, amount_minor, balance_minor";

fn read(row: &Row) -> Result<Entry, Error> {
    let number = row.int(1)?;
    let place = |column| at("ledger_entries", column);
    Ok(Entry {
        organisation: OrganisationId::from_number(row.int(0)?),
        number,
        at: place("at").time(number, row.int(2)?)?,
        kind: place("kind").name(number, row.text(3)?)?,
        service: row.opt_text(4)?.map(|text| place("service").json(number, text)).transpose()?,
        reference: row.opt_text(5)?.map(str::to_owned),
        amount_minor: row.int(6)?,
        balance_minor: row.int(7)?,
    })
}

/// Number and balance of the last entry.
fn head(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<(i64, i64), Error> {
    let last = tx.query_opt(
        "SELECT number, balance_minor FROM ledger_entries WHERE organisation = $1 ORDER BY number DESC LIMIT 1",
        &[organisation.number().into()],
    )?;
    last.map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))
}

/// What the provision holds: as the last entry left it, which [`check`] compares with the postings.
pub fn balance_minor(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<i64, Error> {
    Ok(head(tx, organisation)?.1)
}

/// # Errors
/// `Constraint("ledger_entries.organisation,reference")` for a reference that was entered before.
pub fn append(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    entry: &NewEntry,
    now: Timestamp,
) -> Result<Entry, Error> {
    let (number, balance_minor) = head(tx, organisation)?;
    let amount_minor = entry.gained_minor();
    let made = Entry {
        organisation,
        number: number + 1,
        at: Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now),
        kind: entry.kind,
        service: entry.service.clone(),
        reference: entry.reference.clone(),
        amount_minor,
        balance_minor: balance_minor + amount_minor,
    };
    let account = entry.service.as_ref().and_then(|service: &Service| service.account);
    tx.execute_one(
        "INSERT INTO ledger_entries (organisation, number, at, kind, account, service, reference, amount_minor, \
         balance_minor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            organisation.number().into(),
            made.number.into(),
            time(made.at),
            name(&made.kind),
            account.map(AccountId::number).into(),
            made.service.as_ref().map_or(Value::Null(Kind::Text), json),
            made.reference.as_deref().into(),
            amount_minor.into(),
            made.balance_minor.into(),
        ],
    )?;
    for posting in entry.postings {
        tx.execute_one(
            "INSERT INTO postings (organisation, entry, book, amount_minor) VALUES ($1, $2, $3, $4)",
            &[
                organisation.number().into(),
                made.number.into(),
                name(&posting.book),
                posting.amount_minor.into(),
            ],
        )?;
    }
    Ok(made)
}

/// The top-up that bears this reference.
pub fn with_reference(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    reference: &str,
) -> Result<Option<Entry>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM ledger_entries WHERE organisation = $1 AND reference = $2");
    tx.query_opt(&sql, &[organisation.number().into(), reference.into()])?.as_ref().map(read).transpose()
}

/// A page of entries after number `after`, oldest first.
pub fn page(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    after: i64,
    count_max: i64,
) -> Result<Vec<Entry>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM ledger_entries WHERE organisation = $1 AND number > $2 ORDER BY number LIMIT $3"
    );
    tx.query(&sql, &[organisation.number().into(), after.into(), count_max.into()])?
        .iter()
        .map(read)
        .collect()
}

/// The entries of `[from, until)`, oldest first.
pub fn between(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Entry>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM ledger_entries WHERE organisation = $1 AND at >= $2 AND at < $3 ORDER BY number"
    );
    tx.query(&sql, &[organisation.number().into(), time(from), time(until)])?.iter().map(read).collect()
}

/// What all entries before `at` left. Not read from a balance: a clock that went back must not tear a statement.
pub fn balance_before(tx: &mut Tx<'_>, organisation: OrganisationId, at: Timestamp) -> Result<i64, Error> {
    let sql = "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM ledger_entries \
               WHERE organisation = $1 AND at < $2";
    let row = tx.query_opt(sql, &[organisation.number().into(), time(at)])?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// How the accounts that entries of `[from, until)` name are called now.
pub fn accounts_between(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    from: Timestamp,
    until: Timestamp,
) -> Result<HashMap<AccountId, EmailAddress>, Error> {
    let sql = "SELECT DISTINCT a.id, a.address FROM ledger_entries e JOIN accounts a ON a.id = e.account \
               WHERE e.organisation = $1 AND e.at >= $2 AND e.at < $3";
    tx.query(sql, &[organisation.number().into(), time(from), time(until)])?
        .iter()
        .map(|row| {
            let id = row.int(0)?;
            Ok((AccountId::from_number(id), at("accounts", "address").parse(id, row.text(1)?)?))
        })
        .collect()
}

/// What a check of the ledger finds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct LedgerCheck {
    pub entries: i64,
    /// The sum of the postings to the provision.
    pub balance_minor: i64,
    /// The number of the first entry whose postings do not sum to zero, or whose amount or balance is not theirs.
    pub broken_at: Option<i64>,
}

/// Adds every posting up again.
pub fn check(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<LedgerCheck, Error> {
    let mut check = LedgerCheck { entries: 0, balance_minor: 0, broken_at: None };
    // An entry whose postings are gone is still one, and so are postings whose entry is.
    let sql = "SELECT e.number, e.amount_minor, e.balance_minor, CAST(COALESCE(SUM(p.amount_minor), 0) AS BIGINT), \
               CAST(SUM(CASE WHEN p.book = 'provision' THEN p.amount_minor ELSE 0 END) AS BIGINT) \
               FROM ledger_entries e LEFT JOIN postings p ON p.organisation = e.organisation AND p.entry = e.number \
               WHERE e.organisation = $1 GROUP BY e.number, e.amount_minor, e.balance_minor ORDER BY e.number";
    tx.for_each(sql, &[organisation.number().into()], &mut |row| {
        if check.broken_at.is_some() {
            return Ok(());
        }
        let (number, amount, balance) = (row.int(0)?, row.int(1)?, row.int(2)?);
        let (sum, gained) = (row.int(3)?, row.int(4)?);
        check.entries += 1;
        check.balance_minor += gained;
        let holds = number == check.entries && sum == 0 && gained == amount && balance == check.balance_minor;
        if !holds {
            check.broken_at = Some(check.entries);
        }
        Ok(())
    })?;
    let orphan = "SELECT 1 FROM postings WHERE organisation = $1 AND entry > $2 LIMIT 1";
    let orphan = tx.query_opt(orphan, &[organisation.number().into(), check.entries.into()])?;
    if check.broken_at.is_none() && orphan.is_some() {
        check.broken_at = Some(check.entries + 1);
    }
    Ok(check)
}
