//! Generations of the backup, and what each holds. A lease, claimed in one statement, says who is working on one.

use crate::columns::{at, json, name, opt_time, time};
use crate::tx::{Error, Tx};
use crate::value::{Row, Value};
use jiff::Timestamp;
use relais_core::authority::Actor;
use relais_core::backup::{Generation, GenerationState, Holder, Occasion, Scope, Snapshot};
use relais_core::ids::{AccountId, GenerationId, MailboxId, OrganisationId};

const COLUMNS: &str =
    "id, organisation, account, occasion, state, started_at, ended_at, holders, holders_done, trouble";

fn read(row: &Row) -> Result<Generation, Error> {
    let id = row.int(0)?;
    let place = |column| at("generations", column);
    Ok(Generation {
        id: GenerationId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        scope: row
            .opt_int(2)?
            .map_or(Scope::Everything, |account| Scope::Account(AccountId::from_number(account))),
        occasion: place("occasion").name(id, row.text(3)?)?,
        state: place("state").name(id, row.text(4)?)?,
        started_at: place("started_at").time(id, row.int(5)?)?,
        ended_at: place("ended_at").opt_time(id, row.opt_int(6)?)?,
        holders: row.int(7)?,
        holders_done: row.int(8)?,
        trouble: row.opt_text(9)?.map(str::to_owned),
    })
}

/// It waits for whoever claims it from `wake_at` on.
pub fn insert(
    tx: &mut Tx<'_>,
    generation: &Generation,
    started_by: &Actor,
    wake_at: Timestamp,
) -> Result<(), Error> {
    let account = match generation.scope {
        Scope::Everything => None,
        Scope::Account(id) => Some(id.number()),
    };
    tx.execute_one(
        "INSERT INTO generations (id, organisation, account, occasion, state, started_at, holders, holders_done, \
         started_by, wake_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            generation.id.number().into(),
            generation.organisation.number().into(),
            account.into(),
            name(&generation.occasion),
            name(&generation.state),
            time(generation.started_at),
            generation.holders.into(),
            generation.holders_done.into(),
            json(started_by),
            time(wake_at),
        ],
    )
}

/// Who asked for it.
pub fn started_by(tx: &mut Tx<'_>, id: GenerationId) -> Result<Option<Actor>, Error> {
    let row = tx.query_opt("SELECT started_by FROM generations WHERE id = $1", &[id.number().into()])?;
    row.map(|row| at("generations", "started_by").json(id, row.text(0)?)).transpose()
}

pub fn get(tx: &mut Tx<'_>, id: GenerationId) -> Result<Option<Generation>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM generations WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

/// The newest first, those before `before` where it is given.
pub fn page(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    before: Option<GenerationId>,
    limit: i64,
) -> Result<Vec<Generation>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM generations WHERE organisation = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
    );
    let before = before.map_or(i64::MAX, GenerationId::number);
    let rows = tx.query(&sql, &[organisation.number().into(), before.into(), limit.into()])?;
    rows.iter().map(read).collect()
}

/// The generation of one account that is under way for this occasion.
pub fn running_of(
    tx: &mut Tx<'_>,
    account: AccountId,
    occasion: Occasion,
) -> Result<Option<Generation>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM generations WHERE account = $1 AND occasion = $2 AND state = 'running' ORDER BY id LIMIT 1"
    );
    tx.query_opt(&sql, &[account.number().into(), name(&occasion)])?.as_ref().map(read).transpose()
}

/// Takes the lease of one generation that is under way and waits for somebody, for `owner` until `until`.
pub fn claim(
    tx: &mut Tx<'_>,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<GenerationId>, Error> {
    let rows = tx.query(
        "UPDATE generations SET lease_owner = $1, lease_until = $3 WHERE id = (\
            SELECT id FROM generations WHERE state = 'running' AND wake_at <= $2 \
            AND (lease_until IS NULL OR lease_until <= $2) ORDER BY wake_at, id LIMIT 1) RETURNING id",
        &[owner.into(), time(now), time(until)],
    )?;
    rows.first().map(|row| Ok(GenerationId::from_number(row.int(0)?))).transpose()
}

/// Takes the lease of this generation. `false` when somebody else works on it, or it is over.
pub fn claim_one(
    tx: &mut Tx<'_>,
    id: GenerationId,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let claimed = tx.execute(
        "UPDATE generations SET lease_owner = $2, lease_until = $4 WHERE id = $1 AND state = 'running' \
         AND (lease_until IS NULL OR lease_until <= $3 OR lease_owner = $2)",
        &[id.number().into(), owner.into(), time(now), time(until)],
    )?;
    Ok(claimed == 1)
}

/// Holds on to a lease that is still `owner`'s.
pub fn keep(tx: &mut Tx<'_>, id: GenerationId, owner: &str, until: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE generations SET lease_until = $3 WHERE id = $1 AND lease_owner = $2",
        &[id.number().into(), owner.into(), time(until)],
    )?;
    Ok(())
}

/// Lets a lease go that is still `owner`'s, and says when to look again.
pub fn release(tx: &mut Tx<'_>, id: GenerationId, owner: &str, wake_at: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE generations SET lease_owner = NULL, lease_until = NULL, wake_at = $2 WHERE id = $1 AND lease_owner = $3",
        &[id.number().into(), time(wake_at), owner.into()],
    )?;
    Ok(())
}

/// Lets go every lease of `owner`: it has just started, so it works on nothing.
pub fn release_all(tx: &mut Tx<'_>, owner: &str) -> Result<u64, Error> {
    tx.execute(
        "UPDATE generations SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = $1",
        &[owner.into()],
    )
}

/// Writes how far it is, and what troubles it.
pub fn update(tx: &mut Tx<'_>, generation: &Generation) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE generations SET state = $2, ended_at = $3, holders = $4, holders_done = $5, trouble = $6 WHERE id = $1",
        &[
            generation.id.number().into(),
            name(&generation.state),
            opt_time(generation.ended_at),
            generation.holders.into(),
            generation.holders_done.into(),
            generation.trouble.as_deref().into(),
        ],
    )
}

/// Forgets generations of which no snapshot is left; those that failed tell why.
pub fn remove_empty(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM generations WHERE organisation = $1 AND state = 'verified' \
         AND id NOT IN (SELECT generation FROM snapshots WHERE organisation = $1)",
        &[organisation.number().into()],
    )
}

const SNAPSHOT: &str = "generation, holder_kind, holder_id, organisation, id, begun_at, verified_at, messages, \
                        personal_messages, items, size_bytes, fingerprint";

fn holder_values(holder: Holder) -> (Value, Value) {
    let (kind, id) = match holder {
        Holder::Account(id) => ("account", id.number()),
        Holder::SharedMailbox(id) => ("shared_mailbox", id.number()),
        Holder::Organisation(id) => ("organisation", id.number()),
    };
    (kind.into(), id.into())
}

fn read_snapshot(row: &Row) -> Result<Snapshot, Error> {
    let generation = row.int(0)?;
    let place = |column| at("snapshots", column);
    let number = row.int(2)?;
    let holder = match row.text(1)? {
        "account" => Holder::Account(AccountId::from_number(number)),
        "shared_mailbox" => Holder::SharedMailbox(MailboxId::from_number(number)),
        "organisation" => Holder::Organisation(OrganisationId::from_number(number)),
        _ => return Err(place("holder_kind").corrupt(generation)),
    };
    Ok(Snapshot {
        generation: GenerationId::from_number(generation),
        holder,
        organisation: OrganisationId::from_number(row.int(3)?),
        id: row.text(4)?.to_owned(),
        begun_at: place("begun_at").time(generation, row.int(5)?)?,
        verified_at: place("verified_at").opt_time(generation, row.opt_int(6)?)?,
        messages: row.int(7)?,
        personal_messages: row.int(8)?,
        items: row.int(9)?,
        size_bytes: row.int(10)?,
        fingerprint: row.opt_text(11)?.map(str::to_owned),
    })
}

/// In the place of what the generation held of the holder before.
pub fn set_snapshot(tx: &mut Tx<'_>, snapshot: &Snapshot) -> Result<(), Error> {
    let (kind, holder) = holder_values(snapshot.holder);
    let sql = format!(
        "INSERT INTO snapshots ({SNAPSHOT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (generation, holder_kind, holder_id) DO UPDATE SET id = excluded.id, begun_at = excluded.begun_at, \
         verified_at = excluded.verified_at, messages = excluded.messages, \
         personal_messages = excluded.personal_messages, items = excluded.items, size_bytes = excluded.size_bytes, \
         fingerprint = excluded.fingerprint"
    );
    tx.execute_one(
        &sql,
        &[
            snapshot.generation.number().into(),
            kind,
            holder,
            snapshot.organisation.number().into(),
            snapshot.id.as_str().into(),
            time(snapshot.begun_at),
            opt_time(snapshot.verified_at),
            snapshot.messages.into(),
            snapshot.personal_messages.into(),
            snapshot.items.into(),
            snapshot.size_bytes.into(),
            snapshot.fingerprint.as_deref().into(),
        ],
    )
}

/// What a generation holds.
pub fn snapshots(tx: &mut Tx<'_>, generation: GenerationId) -> Result<Vec<Snapshot>, Error> {
    let sql =
        format!("SELECT {SNAPSHOT} FROM snapshots WHERE generation = $1 ORDER BY holder_kind, holder_id");
    let rows = tx.query(&sql, &[generation.number().into()])?;
    rows.iter().map(read_snapshot).collect()
}

pub fn snapshot(
    tx: &mut Tx<'_>,
    generation: GenerationId,
    holder: Holder,
) -> Result<Option<Snapshot>, Error> {
    let (kind, id) = holder_values(holder);
    let sql = format!(
        "SELECT {SNAPSHOT} FROM snapshots WHERE generation = $1 AND holder_kind = $2 AND holder_id = $3"
    );
    tx.query_opt(&sql, &[generation.number().into(), kind, id])?.as_ref().map(read_snapshot).transpose()
}

/// The newest verified snapshot of a holder.
pub fn newest(tx: &mut Tx<'_>, holder: Holder) -> Result<Option<Snapshot>, Error> {
    let (kind, id) = holder_values(holder);
    let sql = format!(
        "SELECT {SNAPSHOT} FROM snapshots WHERE holder_kind = $1 AND holder_id = $2 AND verified_at IS NOT NULL \
         ORDER BY begun_at DESC, generation DESC LIMIT 1"
    );
    tx.query_opt(&sql, &[kind, id])?.as_ref().map(read_snapshot).transpose()
}

/// The verified snapshots of a holder, the newest first.
pub fn of_holder(tx: &mut Tx<'_>, holder: Holder, count_max: i64) -> Result<Vec<Snapshot>, Error> {
    let (kind, id) = holder_values(holder);
    let sql = format!(
        "SELECT {SNAPSHOT} FROM snapshots WHERE holder_kind = $1 AND holder_id = $2 AND verified_at IS NOT NULL \
         ORDER BY begun_at DESC, generation DESC LIMIT $3"
    );
    tx.query(&sql, &[kind, id, count_max.into()])?.iter().map(read_snapshot).collect()
}

/// The verified snapshot of a holder that was the newest at a time.
pub fn newest_at(tx: &mut Tx<'_>, holder: Holder, at: Timestamp) -> Result<Option<Snapshot>, Error> {
    let (kind, id) = holder_values(holder);
    let sql = format!(
        "SELECT {SNAPSHOT} FROM snapshots WHERE holder_kind = $1 AND holder_id = $2 AND verified_at <= $3 \
         ORDER BY begun_at DESC, generation DESC LIMIT 1"
    );
    tx.query_opt(&sql, &[kind, id, time(at)])?.as_ref().map(read_snapshot).transpose()
}

/// Every snapshot of an organisation, holder by holder.
pub fn of_organisation(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<Snapshot>, Error> {
    let sql = format!(
        "SELECT {SNAPSHOT} FROM snapshots WHERE organisation = $1 ORDER BY holder_kind, holder_id, begun_at"
    );
    let rows = tx.query(&sql, &[organisation.number().into()])?;
    rows.iter().map(read_snapshot).collect()
}

pub fn remove_snapshot(tx: &mut Tx<'_>, generation: GenerationId, holder: Holder) -> Result<(), Error> {
    let (kind, id) = holder_values(holder);
    tx.execute(
        "DELETE FROM snapshots WHERE generation = $1 AND holder_kind = $2 AND holder_id = $3",
        &[generation.number().into(), kind, id],
    )?;
    Ok(())
}

/// Whether anything was ever backed up, so that the repository has to be there.
pub fn any_snapshot(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<bool, Error> {
    let row = tx.query_opt(
        "SELECT generation FROM snapshots WHERE organisation = $1 LIMIT 1",
        &[organisation.number().into()],
    )?;
    Ok(row.is_some())
}

/// Whether a generation of everything is under way in the organisation.
pub fn is_running(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<bool, Error> {
    let running = GenerationState::Running;
    let row = tx.query_opt(
        "SELECT id FROM generations WHERE organisation = $1 AND state = $2 AND account IS NULL LIMIT 1",
        &[organisation.number().into(), name(&running)],
    )?;
    Ok(row.is_some())
}

/// Forgets every generation of an organisation; those under way begin again.
pub fn forget_all(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<(), Error> {
    tx.execute("DELETE FROM snapshots WHERE organisation = $1", &[organisation.number().into()])?;
    remove_empty(tx, organisation)?;
    Ok(())
}
