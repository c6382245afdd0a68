//! Directories, and what each last said of its entries.

mod members;

pub use members::{SyncedGroup, given, groups, insert_group, set_given, set_group, take_given};

use crate::columns::{at, json, name, opt_time, time};
use crate::tx::{Error, Tx};
use crate::value::{Kind, Row, Value};
use jiff::Timestamp;
use relais_core::directory::{Digest, Directory, EntryId, Report, Said};
use relais_core::ids::{AccountId, DirectoryId, OrganisationId};

const COLUMNS: &str = "id, organisation, name, settings, held_since, next_at, created_at";

fn read(row: &Row) -> Result<Directory, Error> {
    let id = row.int(0)?;
    let place = |column| at("directories", column);
    Ok(Directory {
        id: DirectoryId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        name: row.text(2)?.to_owned(),
        settings: place("settings").json(id, row.text(3)?)?,
        held_since: place("held_since").opt_time(id, row.opt_int(4)?)?,
        next_at: place("next_at").opt_time(id, row.opt_int(5)?)?,
        created_at: place("created_at").time(id, row.int(6)?)?,
    })
}

/// # Errors
/// `Constraint("directories.organisation,name")` when one in use has the name.
pub fn insert(tx: &mut Tx<'_>, directory: &Directory, bind_password: &str) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO directories (id, organisation, name, settings, bind_password, held_since, next_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            directory.id.number().into(),
            directory.organisation.number().into(),
            directory.name.as_str().into(),
            json(&directory.settings),
            bind_password.into(),
            opt_time(directory.held_since),
            opt_time(directory.next_at),
            time(directory.created_at),
        ],
    )
}

/// Its name, settings and times.
///
/// # Errors
/// `Constraint("directories.organisation,name")` when another in use has the name.
pub fn update(tx: &mut Tx<'_>, directory: &Directory) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE directories SET name = $2, settings = $3, held_since = $4, next_at = $5 WHERE id = $1",
        &[
            directory.id.number().into(),
            directory.name.as_str().into(),
            json(&directory.settings),
            opt_time(directory.held_since),
            opt_time(directory.next_at),
        ],
    )
}

/// Those that are in use.
pub fn list(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<Directory>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM directories WHERE organisation = $1 AND ended_at IS NULL ORDER BY name"
    );
    tx.query(&sql, &[organisation.number().into()])?.iter().map(read).collect()
}

/// One that is in use.
pub fn get(tx: &mut Tx<'_>, id: DirectoryId) -> Result<Option<Directory>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM directories WHERE id = $1 AND ended_at IS NULL");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

pub fn password(tx: &mut Tx<'_>, id: DirectoryId) -> Result<Option<String>, Error> {
    tx.query_opt("SELECT bind_password FROM directories WHERE id = $1", &[id.number().into()])?
        .map(|row| Ok(row.text(0)?.to_owned()))
        .transpose()
}

pub fn set_password(tx: &mut Tx<'_>, id: DirectoryId, password: &str) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE directories SET bind_password = $2 WHERE id = $1",
        &[id.number().into(), password.into()],
    )
}

/// Where the next reading begins; `None`: at nothing.
pub fn cookie(tx: &mut Tx<'_>, id: DirectoryId) -> Result<Option<String>, Error> {
    let row = tx.query_opt("SELECT cookie FROM directories WHERE id = $1", &[id.number().into()])?;
    row.map_or(Ok(None), |row| Ok(row.opt_text(0)?.map(str::to_owned)))
}

pub fn set_cookie(tx: &mut Tx<'_>, id: DirectoryId, cookie: Option<&str>) -> Result<(), Error> {
    tx.execute_one("UPDATE directories SET cookie = $2 WHERE id = $1", &[id.number().into(), cookie.into()])
}

/// What came of the last reading, and of the last that was only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Report,
    Plan,
}

impl Kept {
    fn column(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Plan => "plan",
        }
    }
}

pub fn report(tx: &mut Tx<'_>, id: DirectoryId, kept: Kept) -> Result<Option<Report>, Error> {
    let column = kept.column();
    let sql = format!("SELECT {column} FROM directories WHERE id = $1");
    let Some(row) = tx.query_opt(&sql, &[id.number().into()])? else { return Ok(None) };
    row.opt_text(0)?.map(|text| at("directories", column).json(id.number(), text)).transpose()
}

pub fn set_report(tx: &mut Tx<'_>, id: DirectoryId, kept: Kept, report: &Report) -> Result<(), Error> {
    let sql = format!("UPDATE directories SET {} = $2 WHERE id = $1", kept.column());
    tx.execute_one(&sql, &[id.number().into(), json(report)])
}

/// It is read no more, and what is known of its entries is forgotten.
pub fn end(tx: &mut Tx<'_>, id: DirectoryId, now: Timestamp) -> Result<(), Error> {
    for table in ["directory_members", "directory_groups", "directory_entries"] {
        tx.execute(&format!("DELETE FROM {table} WHERE directory = $1"), &[id.number().into()])?;
    }
    tx.execute_one(
        "UPDATE directories SET ended_at = $2, bind_password = '', cookie = NULL, next_at = NULL, report = NULL, plan = NULL \
         WHERE id = $1",
        &[id.number().into(), time(now)],
    )
}

/// The directory that has waited longest for its time.
pub fn next_due(tx: &mut Tx<'_>, now: Timestamp) -> Result<Option<DirectoryId>, Error> {
    let row = tx.query_opt(
        "SELECT id FROM directories WHERE next_at <= $1 AND ended_at IS NULL \
         AND (lease_until IS NULL OR lease_until <= $1) ORDER BY next_at, id LIMIT 1",
        &[time(now)],
    )?;
    row.map(|row| Ok(DirectoryId::from_number(row.int(0)?))).transpose()
}

/// Takes the lease of a directory. `false` when somebody else reads it.
pub fn claim(
    tx: &mut Tx<'_>,
    id: DirectoryId,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let claimed = tx.execute(
        "UPDATE directories SET lease_owner = $2, lease_until = $4 WHERE id = $1 AND ended_at IS NULL \
         AND (lease_until IS NULL OR lease_until <= $3)",
        &[id.number().into(), owner.into(), time(now), time(until)],
    )?;
    Ok(claimed == 1)
}

/// Holds on to a lease that is still `owner`'s. `false` when it is not.
pub fn keep_lease(tx: &mut Tx<'_>, id: DirectoryId, owner: &str, until: Timestamp) -> Result<bool, Error> {
    let kept = tx.execute(
        "UPDATE directories SET lease_until = $3 WHERE id = $1 AND lease_owner = $2 AND ended_at IS NULL",
        &[id.number().into(), owner.into(), time(until)],
    )?;
    Ok(kept == 1)
}

pub fn release(tx: &mut Tx<'_>, id: DirectoryId, owner: &str) -> Result<(), Error> {
    tx.execute(
        "UPDATE directories SET lease_owner = NULL, lease_until = NULL WHERE id = $1 AND lease_owner = $2",
        &[id.number().into(), owner.into()],
    )?;
    Ok(())
}

/// Lets go every lease of `owner`: it has just started, so it reads nothing.
pub fn release_all(tx: &mut Tx<'_>, owner: &str) -> Result<(), Error> {
    tx.execute(
        "UPDATE directories SET lease_owner = NULL, lease_until = NULL WHERE lease_owner LIKE $1 || '.%'",
        &[owner.into()],
    )?;
    Ok(())
}

/// What is known of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    pub entry: EntryId,
    pub dn: String,
    pub account: Option<AccountId>,
    pub said: Said,
    pub digest: Digest,
    /// What was read of it, where what it asks for could not be done.
    pub pending: Option<String>,
}

const ENTRY: &str = "entry, dn, account, said, digest, pending";

fn read_entry(row: &Row) -> Result<EntryRow, Error> {
    let place = |column| at("directory_entries", column);
    let entry = entry_id(place("entry"), row.blob(0)?)?;
    Ok(EntryRow {
        entry,
        dn: row.text(1)?.to_owned(),
        account: row.opt_int(2)?.map(AccountId::from_number),
        said: place("said").name(entry, row.text(3)?)?,
        digest: row.blob(4)?.try_into().map_err(|_| place("digest").corrupt(entry))?,
        pending: row.opt_text(5)?.map(str::to_owned),
    })
}

pub(crate) fn entry_id(place: crate::columns::Place, bytes: &[u8]) -> Result<EntryId, Error> {
    EntryId::of_bytes(bytes).ok_or_else(|| place.corrupt(0))
}

pub(crate) fn entry_value(entry: EntryId) -> Value {
    Value::Blob(entry.0.to_vec())
}

pub fn entry(tx: &mut Tx<'_>, id: DirectoryId, entry: EntryId) -> Result<Option<EntryRow>, Error> {
    let sql = format!("SELECT {ENTRY} FROM directory_entries WHERE directory = $1 AND entry = $2");
    tx.query_opt(&sql, &[id.number().into(), entry_value(entry)])?.as_ref().map(read_entry).transpose()
}

/// All of them, one after the other.
pub fn for_each_entry(
    tx: &mut Tx<'_>,
    id: DirectoryId,
    each: &mut dyn FnMut(EntryRow) -> Result<(), Error>,
) -> Result<(), Error> {
    let sql = format!("SELECT {ENTRY} FROM directory_entries WHERE directory = $1");
    tx.for_each(&sql, &[id.number().into()], &mut |row| each(read_entry(&row)?))
}

/// Those whose wishes could not be done.
pub fn pending(tx: &mut Tx<'_>, id: DirectoryId) -> Result<Vec<EntryRow>, Error> {
    let sql = format!("SELECT {ENTRY} FROM directory_entries WHERE directory = $1 AND pending IS NOT NULL");
    tx.query(&sql, &[id.number().into()])?.iter().map(read_entry).collect()
}

/// Those that the directory does not let in.
pub fn disabled(tx: &mut Tx<'_>, id: DirectoryId) -> Result<Vec<EntryRow>, Error> {
    let sql = format!("SELECT {ENTRY} FROM directory_entries WHERE directory = $1 AND said = 'disabled'");
    tx.query(&sql, &[id.number().into()])?.iter().map(read_entry).collect()
}

/// How many it lets in that have an account.
pub fn count_there(tx: &mut Tx<'_>, id: DirectoryId) -> Result<i64, Error> {
    let rows = tx.query(
        "SELECT COUNT(*) FROM directory_entries WHERE directory = $1 AND said = 'enabled' AND account IS NOT NULL",
        &[id.number().into()],
    )?;
    rows.first().map_or(Ok(0), |row| row.int(0))
}

/// Writes what is known of an entry now.
pub fn put_entry(tx: &mut Tx<'_>, id: DirectoryId, row: &EntryRow) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO directory_entries (directory, entry, dn, account, said, digest, pending) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (directory, entry) DO UPDATE SET dn = excluded.dn, \
         account = excluded.account, said = excluded.said, digest = excluded.digest, pending = excluded.pending, held = 0",
        &[
            id.number().into(),
            entry_value(row.entry),
            row.dn.as_str().into(),
            row.account.map(AccountId::number).into(),
            name(&row.said),
            Value::Blob(row.digest.to_vec()),
            row.pending.as_deref().map_or(Value::Null(Kind::Text), Value::from),
        ],
    )
}

pub fn forget_entry(tx: &mut Tx<'_>, id: DirectoryId, entry: EntryId) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM directory_entries WHERE directory = $1 AND entry = $2",
        &[id.number().into(), entry_value(entry)],
    )?;
    Ok(())
}

/// Everything that is written down of the person of an account but that they were there.
pub fn erase_account(tx: &mut Tx<'_>, account: AccountId) -> Result<(), Error> {
    tx.execute(
        "UPDATE directory_entries SET dn = '', pending = NULL WHERE account = $1",
        &[account.number().into()],
    )?;
    Ok(())
}

/// The entries of an account, with their directories.
pub fn of_account(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<(DirectoryId, EntryRow)>, Error> {
    let sql = format!(
        "SELECT {ENTRY}, directory FROM directory_entries WHERE account = $1 ORDER BY directory, entry"
    );
    tx.query(&sql, &[account.number().into()])?
        .iter()
        .map(|row| Ok((DirectoryId::from_number(row.int(6)?), read_entry(row)?)))
        .collect()
}

/// Which entries a held plan would suspend.
pub fn held(tx: &mut Tx<'_>, id: DirectoryId) -> Result<Vec<EntryId>, Error> {
    tx.query("SELECT entry FROM directory_entries WHERE directory = $1 AND held = 1", &[id.number().into()])?
        .iter()
        .map(|row| entry_id(at("directory_entries", "entry"), row.blob(0)?))
        .collect()
}

/// In place of those that were held before.
pub fn set_held(tx: &mut Tx<'_>, id: DirectoryId, entries: &[EntryId]) -> Result<(), Error> {
    tx.execute(
        "UPDATE directory_entries SET held = 0 WHERE directory = $1 AND held = 1",
        &[id.number().into()],
    )?;
    for entry in entries {
        tx.execute(
            "UPDATE directory_entries SET held = 1 WHERE directory = $1 AND entry = $2",
            &[id.number().into(), entry_value(*entry)],
        )?;
    }
    Ok(())
}
