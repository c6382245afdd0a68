//! The event chain of each organisation: appended, read, verified; never changed.

use crate::columns::{at, json, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use jiff::Timestamp;
use relais_core::authority::Actor;
use relais_core::event::{CHAIN_START, Event, Happening};
use relais_core::ids::{AccountId, GroupId, OrganisationId};

const COLUMNS: &str = "organisation, number, at, actor, kind, subject, detail, hash";

fn read(row: &Row) -> Result<Event, Error> {
    let number = row.int(1)?;
    let place = |column| at("events", column);
    Ok(Event {
        organisation: OrganisationId::from_number(row.int(0)?),
        number,
        at: place("at").time(number, row.int(2)?)?,
        actor: place("actor").json(number, row.text(3)?)?,
        kind: row.text(4)?.to_owned(),
        subject: row.text(5)?.to_owned(),
        detail: place("detail").json(number, row.text(6)?)?,
        hash: row.text(7)?.to_owned(),
    })
}

/// Number and hash of the last event; what stands before the first if there is none.
pub fn head(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<(i64, String), Error> {
    let last = tx.query_opt(
        "SELECT number, hash FROM events WHERE organisation = $1 ORDER BY number DESC LIMIT 1",
        &[organisation.number().into()],
    )?;
    match last {
        Some(row) => Ok((row.int(0)?, row.text(1)?.to_owned())),
        None => Ok((0, CHAIN_START.to_owned())),
    }
}

/// Appends what happened to the organisation's chain.
pub fn append(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    happening: Happening,
    actor: Actor,
    now: Timestamp,
) -> Result<Event, Error> {
    let (number, previous) = head(tx, organisation)?;
    // The chain holds milliseconds: what is hashed is what can be read back.
    let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    let event = Event::link(happening, organisation, number + 1, &previous, actor, now);
    tx.execute_one(
        "INSERT INTO events (organisation, number, at, actor, kind, subject, detail, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            organisation.number().into(),
            event.number.into(),
            time(event.at),
            json(&event.actor),
            event.kind.as_str().into(),
            event.subject.as_str().into(),
            event.detail.to_string().into(),
            event.hash.as_str().into(),
        ],
    )?;
    mark(tx, &event)?;
    Ok(event)
}

/// An account or a group knows the last event that told of it.
fn mark(tx: &mut Tx<'_>, event: &Event) -> Result<(), Error> {
    let (table, id) = match (event.subject.parse::<AccountId>(), event.subject.parse::<GroupId>()) {
        (Ok(account), _) => ("accounts", account.number()),
        (_, Ok(group)) => ("member_groups", group.number()),
        (Err(_), Err(_)) => return Ok(()),
    };
    let sql = format!("UPDATE {table} SET changed_at = $2, last_event = $3 WHERE id = $1");
    tx.execute(&sql, &[id.into(), time(event.at), event.number.into()]).map(drop)
}

/// A page of events after number `after`, oldest first; those of one subject if it is not empty.
pub fn page(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    subject: &str,
    after: i64,
    count_max: i64,
) -> Result<Vec<Event>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE organisation = $1 AND number > $2 AND ($3 = '' OR subject = $3) \
         ORDER BY number LIMIT $4"
    );
    tx.query(&sql, &[organisation.number().into(), after.into(), subject.into(), count_max.into()])?
        .iter()
        .map(read)
        .collect()
}

/// A page of events before number `before`, the newest first; those of one subject, and of the kinds that begin with
/// `kind`, where they are not empty.
pub fn newest(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    subject: &str,
    kind: &str,
    before: i64,
    count_max: i64,
) -> Result<Vec<Event>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE organisation = $1 AND number < $2 AND ($3 = '' OR subject = $3) \
         AND SUBSTR(kind, 1, LENGTH($4)) = $4 ORDER BY number DESC LIMIT $5"
    );
    let args = [organisation.number().into(), before.into(), subject.into(), kind.into(), count_max.into()];
    tx.query(&sql, &args)?.iter().map(read).collect()
}

/// What a check of the chain finds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct ChainCheck {
    pub events: i64,
    /// The hash of the last event: whoever noted it elsewhere can tell whether the end was cut off.
    pub head: String,
    /// The number of the first event that does not fit, if one does not.
    pub broken_at: Option<i64>,
}

/// Reads the whole chain and checks every hash.
pub fn verify(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<ChainCheck, Error> {
    let mut check = ChainCheck { events: 0, head: CHAIN_START.to_owned(), broken_at: None };
    let sql = format!("SELECT {COLUMNS} FROM events WHERE organisation = $1 ORDER BY number");
    tx.for_each(&sql, &[organisation.number().into()], &mut |row| {
        if check.broken_at.is_some() {
            return Ok(());
        }
        let expected = check.events + 1;
        match read(&row) {
            Ok(event) if event.number == expected && event.hash == event.hash_after(&check.head) => {
                check.events = expected;
                check.head = event.hash;
            }
            // A row that cannot be read is a break in the chain, not a failure of the check.
            Ok(_) | Err(Error::Corrupt { .. }) => check.broken_at = Some(expected),
            Err(error) => return Err(error),
        }
        Ok(())
    })?;
    Ok(check)
}
