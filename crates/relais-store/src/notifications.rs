//! What people are to be told, were told, or were not because they had been closed; and what they want to hear.

use crate::columns::{at, json, name, time};
use crate::tx::{Error, Tx};
use jiff::Timestamp;
use relais_core::ids::{AccountId, OrganisationId};
use relais_core::notification::{Preferences, Topic};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationState {
    Waiting,
    /// In a letter.
    Sent,
    /// The account may not be notified any more.
    Dropped,
}

/// One event that one account is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notification {
    /// Of the event, in the organisation's chain.
    pub number: i64,
    pub topic: Topic,
    pub state: NotificationState,
    /// When it is told, or since when it has been.
    pub due_at: Timestamp,
}

/// How many there are of each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NotificationCount {
    pub waiting: i64,
    pub sent: i64,
    pub dropped: i64,
}

/// Somebody for whom something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub account: AccountId,
    /// When the oldest of it is due.
    pub due_at: Timestamp,
    /// The newest of it.
    pub number: i64,
}

/// The organisations in which something happened that was not looked at, each with the last event that was.
pub fn behind(tx: &mut Tx<'_>) -> Result<Vec<(OrganisationId, i64)>, Error> {
    tx.query(
        "SELECT o.id, o.notified_until FROM organisations o WHERE EXISTS \
         (SELECT 1 FROM events e WHERE e.organisation = o.id AND e.number > o.notified_until) ORDER BY o.id",
        &[],
    )?
    .iter()
    .map(|row| Ok((OrganisationId::from_number(row.int(0)?), row.int(1)?)))
    .collect()
}

/// Events up to `number` were looked at.
pub fn set_notified_until(tx: &mut Tx<'_>, organisation: OrganisationId, number: i64) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE organisations SET notified_until = $2 WHERE id = $1",
        &[organisation.number().into(), number.into()],
    )
}

/// Puts an event in line for an account, unless it is.
pub fn push(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: i64,
    topic: Topic,
    due_at: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO notifications (account, number, topic, state, due_at) VALUES ($1, $2, $3, 'waiting', $4) \
         ON CONFLICT (account, number) DO NOTHING",
        &[account.number().into(), number.into(), name(&topic), time(due_at)],
    )?;
    Ok(())
}

/// Those for whom something waits, whoever has waited longest first.
pub fn waiting(tx: &mut Tx<'_>, count_max: i64) -> Result<Vec<Waiting>, Error> {
    tx.query(
        "SELECT account, MIN(due_at), MAX(number) FROM notifications WHERE state = 'waiting' \
         GROUP BY account ORDER BY 2, 1 LIMIT $1",
        &[count_max.into()],
    )?
    .iter()
    .map(|row| {
        let account = row.int(0)?;
        Ok(Waiting {
            account: AccountId::from_number(account),
            due_at: at("notifications", "due_at").time(account, row.int(1)?)?,
            number: row.int(2)?,
        })
    })
    .collect()
}

/// What waits for an account up to event `number`, the oldest first.
pub fn waiting_for(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: i64,
    count_max: i64,
) -> Result<Vec<i64>, Error> {
    tx.query(
        "SELECT number FROM notifications WHERE account = $1 AND state = 'waiting' AND number <= $2 \
         ORDER BY number LIMIT $3",
        &[account.number().into(), number.into(), count_max.into()],
    )?
    .iter()
    .map(|row| row.int(0))
    .collect()
}

/// What waited for an account up to event `number` does so no longer. Returns how much it was.
pub fn settle(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: i64,
    state: NotificationState,
    now: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "UPDATE notifications SET state = $3, due_at = $4 WHERE account = $1 AND number <= $2 AND state = 'waiting'",
        &[account.number().into(), number.into(), name(&state), time(now)],
    )
}

/// The newest first.
pub fn list(tx: &mut Tx<'_>, account: AccountId, count_max: i64) -> Result<Vec<Notification>, Error> {
    tx.query(
        "SELECT number, topic, state, due_at FROM notifications WHERE account = $1 ORDER BY number DESC LIMIT $2",
        &[account.number().into(), count_max.into()],
    )?
    .iter()
    .map(|row| {
        let number = row.int(0)?;
        Ok(Notification {
            number,
            topic: at("notifications", "topic").name(number, row.text(1)?)?,
            state: at("notifications", "state").name(number, row.text(2)?)?,
            due_at: at("notifications", "due_at").time(number, row.int(3)?)?,
        })
    })
    .collect()
}

pub fn count(tx: &mut Tx<'_>, account: AccountId) -> Result<NotificationCount, Error> {
    let mut count = NotificationCount::default();
    let sql = "SELECT state, COUNT(*) FROM notifications WHERE account = $1 GROUP BY state";
    for row in tx.query(sql, &[account.number().into()])? {
        let state = at("notifications", "state").name(account, row.text(0)?)?;
        *match state {
            NotificationState::Waiting => &mut count.waiting,
            NotificationState::Sent => &mut count.sent,
            NotificationState::Dropped => &mut count.dropped,
        } = row.int(1)?;
    }
    Ok(count)
}

/// Forgets what was sent or dropped before `before`.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM notifications WHERE state <> 'waiting' AND due_at < $1", &[time(before)])
}

/// Everything, for whoever never said anything.
pub fn preferences(tx: &mut Tx<'_>, account: AccountId) -> Result<Preferences, Error> {
    let sql = "SELECT preferences FROM notification_preferences WHERE account = $1";
    match tx.query_opt(sql, &[account.number().into()])? {
        Some(row) => at("notification_preferences", "preferences").json(account, row.text(0)?),
        None => Ok(Preferences::default()),
    }
}

pub fn set_preferences(tx: &mut Tx<'_>, account: AccountId, preferences: &Preferences) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO notification_preferences (account, preferences) VALUES ($1, $2) \
         ON CONFLICT (account) DO UPDATE SET preferences = excluded.preferences",
        &[account.number().into(), json(preferences)],
    )
}
