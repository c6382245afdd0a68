//! What applications are told by SCIM: how each feed is set up, and which entry there is which account or group here. What
//! is in line has a time.

use crate::columns::{at, json, name, opt_time, time};
use crate::tx::{Error, Tx};
use crate::value::{Row, Value};
use jiff::Timestamp;
use relais_core::feed::{Feed, FeedReport, FeedState};
use relais_core::ids::{AccountId, ApplicationId, GroupId, OrganisationId};
use std::collections::BTreeMap;

const COLUMNS: &str = "application, organisation, settings, state, trouble, away_until, whole_at, report";

fn read(row: &Row) -> Result<Feed, Error> {
    let id = row.int(0)?;
    let place = |column| at("feeds", column);
    Ok(Feed {
        application: ApplicationId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        settings: place("settings").json(id, row.text(2)?)?,
        state: place("state").name(id, row.text(3)?)?,
        trouble: row.opt_text(4)?.map(str::to_owned),
        away_until: place("away_until").opt_time(id, row.opt_int(5)?)?,
        whole_at: place("whole_at").opt_time(id, row.opt_int(6)?)?,
        report: row.opt_text(7)?.map(|text| place("report").json(id, text)).transpose()?,
    })
}

/// Keeps how it is set up, its state and its times. A new one is told of what happens from now on.
pub fn set(tx: &mut Tx<'_>, feed: &Feed, token: &str) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO feeds (application, organisation, settings, token, state, trouble, failures, away_until, whole_at, \
         looked_until) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, \
         COALESCE((SELECT MAX(number) FROM events WHERE organisation = $2), 0)) \
         ON CONFLICT (application) DO UPDATE SET settings = excluded.settings, token = excluded.token, \
         state = excluded.state, trouble = excluded.trouble, failures = 0, away_until = excluded.away_until, \
         whole_at = excluded.whole_at",
        &[
            feed.application.number().into(),
            feed.organisation.number().into(),
            json(&feed.settings),
            token.into(),
            name(&feed.state),
            feed.trouble.as_deref().into(),
            opt_time(feed.away_until),
            opt_time(feed.whole_at),
        ],
    )
}

pub fn get(tx: &mut Tx<'_>, application: ApplicationId) -> Result<Option<Feed>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM feeds WHERE application = $1");
    tx.query_opt(&sql, &[application.number().into()])?.as_ref().map(read).transpose()
}

pub fn token(tx: &mut Tx<'_>, application: ApplicationId) -> Result<Option<String>, Error> {
    tx.query_opt("SELECT token FROM feeds WHERE application = $1", &[application.number().into()])?
        .map(|row| Ok(row.text(0)?.to_owned()))
        .transpose()
}

/// Those in which something may be told at `now`.
pub fn awake(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<ApplicationId>, Error> {
    tx.query(
        "SELECT application FROM feeds WHERE state = 'on' AND (away_until IS NULL OR away_until <= $1) \
         ORDER BY application",
        &[time(now)],
    )?
    .iter()
    .map(|row| Ok(ApplicationId::from_number(row.int(0)?)))
    .collect()
}

pub fn set_state(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    state: FeedState,
    trouble: Option<&str>,
) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE feeds SET state = $2, trouble = $3 WHERE application = $1",
        &[application.number().into(), name(&state), trouble.into()],
    )
}

pub fn looked_until(tx: &mut Tx<'_>, application: ApplicationId) -> Result<i64, Error> {
    let row = tx
        .query_opt("SELECT looked_until FROM feeds WHERE application = $1", &[application.number().into()])?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// Events up to `number` were looked at.
pub fn set_looked_until(tx: &mut Tx<'_>, application: ApplicationId, number: i64) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE feeds SET looked_until = $2 WHERE application = $1",
        &[application.number().into(), number.into()],
    )
}

/// Everything is compared at `at`.
pub fn compare_at(tx: &mut Tx<'_>, application: ApplicationId, when: Timestamp) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE feeds SET whole_at = $2 WHERE application = $1",
        &[application.number().into(), time(when)],
    )
}

/// Everything was compared.
pub fn set_report(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    report: &FeedReport,
    next_at: Timestamp,
) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE feeds SET report = $2, whole_at = $3 WHERE application = $1",
        &[application.number().into(), json(report), time(next_at)],
    )
}

/// How often in a row the application was away.
pub fn failures(tx: &mut Tx<'_>, application: ApplicationId) -> Result<i64, Error> {
    let row =
        tx.query_opt("SELECT failures FROM feeds WHERE application = $1", &[application.number().into()])?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// The application is away: nothing is told before `until`.
pub fn set_away(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    trouble: &str,
    until: Timestamp,
) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE feeds SET failures = failures + 1, trouble = $2, away_until = $3 WHERE application = $1",
        &[application.number().into(), trouble.into(), time(until)],
    )
}

/// It answers.
pub fn set_back(tx: &mut Tx<'_>, application: ApplicationId) -> Result<(), Error> {
    tx.execute(
        "UPDATE feeds SET failures = 0, trouble = NULL, away_until = NULL WHERE application = $1 AND trouble IS NOT NULL",
        &[application.number().into()],
    )
    .map(drop)
}

/// Takes the lease of a feed. `false` when somebody else works on it.
pub fn claim(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let claimed = tx.execute(
        "UPDATE feeds SET lease_owner = $2, lease_until = $4 WHERE application = $1 \
         AND (lease_until IS NULL OR lease_until <= $3 OR lease_owner = $2)",
        &[application.number().into(), owner.into(), time(now), time(until)],
    )?;
    Ok(claimed == 1)
}

pub fn release(tx: &mut Tx<'_>, application: ApplicationId, owner: &str) -> Result<(), Error> {
    tx.execute(
        "UPDATE feeds SET lease_owner = NULL, lease_until = NULL WHERE application = $1 AND lease_owner = $2",
        &[application.number().into(), owner.into()],
    )
    .map(drop)
}

/// Lets go every lease of `owner`: it has just started, so it tells nothing.
pub fn release_all(tx: &mut Tx<'_>, owner: &str) -> Result<(), Error> {
    tx.execute(
        "UPDATE feeds SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = $1",
        &[owner.into()],
    )
    .map(drop)
}

/// With all it knew of an application that is no longer connected.
pub fn forget(tx: &mut Tx<'_>, application: ApplicationId) -> Result<(), Error> {
    for table in ["feed_links", "feeds"] {
        tx.execute(&format!("DELETE FROM {table} WHERE application = $1"), &[application.number().into()])?;
    }
    Ok(())
}

/// What an entry there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Account(AccountId),
    Group(GroupId),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Account(id) => id.fmt(f),
            Self::Group(id) => id.fmt(f),
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = relais_core::ids::InvalidId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::Account).or_else(|_| text.parse().map(Self::Group))
    }
}

/// In the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody has to be shut out.
    Closing = 0,
    Person = 1,
    Team = 2,
}

/// What is known of one account or group at the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub subject: Subject,
    /// The application's own id of it, if it has it.
    pub remote: Option<String>,
    /// Names what it was last told.
    pub sent: Option<String>,
    /// When it is told next; `None` while there is nothing to tell.
    pub next_at: Option<Timestamp>,
    pub attempts: i64,
    pub trouble: Option<String>,
}

const LINK: &str = "subject, remote, sent, next_at, attempts, trouble";

fn read_link(row: &Row) -> Result<Link, Error> {
    let subject = row.text(0)?;
    let place = |column| at("feed_links", column);
    Ok(Link {
        subject: place("subject").parse(subject, subject)?,
        remote: row.opt_text(1)?.map(str::to_owned),
        sent: row.opt_text(2)?.map(str::to_owned),
        next_at: row
            .opt_int(3)?
            .map(|value| Timestamp::from_millisecond(value).map_err(|_| place("next_at").corrupt(subject)))
            .transpose()?,
        attempts: row.int(4)?,
        trouble: row.opt_text(5)?.map(str::to_owned),
    })
}

/// Puts something in line, however it stood there.
pub fn push(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    subject: Subject,
    urgency: Urgency,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO feed_links (application, subject, urgency, next_at, attempts) VALUES ($1, $2, $3, $4, 0) \
         ON CONFLICT (application, subject) DO UPDATE SET urgency = excluded.urgency, next_at = excluded.next_at",
        &[application.number().into(), subject.to_string().into(), (urgency as i64).into(), time(now)],
    )
}

pub fn link(tx: &mut Tx<'_>, application: ApplicationId, subject: Subject) -> Result<Option<Link>, Error> {
    let sql = format!("SELECT {LINK} FROM feed_links WHERE application = $1 AND subject = $2");
    let args = [application.number().into(), subject.to_string().into()];
    tx.query_opt(&sql, &args)?.as_ref().map(read_link).transpose()
}

/// Whose entry `remote` is, if it is that of another than `subject`. People and groups may have the same ids.
pub fn other_of_remote(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    remote: &str,
    subject: Subject,
) -> Result<Option<Subject>, Error> {
    let sql = "SELECT subject FROM feed_links WHERE application = $1 AND remote = $2 AND subject <> $3 \
               AND subject LIKE $4 || '%' ORDER BY subject LIMIT 1";
    let kind = match subject {
        Subject::Account(_) => "acc-",
        Subject::Group(_) => "grp-",
    };
    tx.query_opt(sql, &[application.number().into(), remote.into(), subject.to_string().into(), kind.into()])?
        .map(|row| at("feed_links", "subject").parse(remote, row.text(0)?))
        .transpose()
}

/// All that the application is known to have, with its ids of it.
pub fn remotes(tx: &mut Tx<'_>, application: ApplicationId) -> Result<BTreeMap<Subject, String>, Error> {
    let sql = "SELECT subject, remote FROM feed_links WHERE application = $1 AND remote IS NOT NULL";
    tx.query(sql, &[application.number().into()])?
        .iter()
        .map(|row| {
            let subject = row.text(0)?;
            Ok((at("feed_links", "subject").parse(subject, subject)?, row.text(1)?.to_owned()))
        })
        .collect()
}

/// What is told next: of what is due, the most urgent.
pub fn first_due(tx: &mut Tx<'_>, application: ApplicationId, now: Timestamp) -> Result<Option<Link>, Error> {
    let sql = format!(
        "SELECT {LINK} FROM feed_links WHERE application = $1 AND next_at <= $2 ORDER BY urgency, next_at, subject LIMIT 1"
    );
    tx.query_opt(&sql, &[application.number().into(), time(now)])?.as_ref().map(read_link).transpose()
}

/// Of those who have to be shut out, the first that is due.
pub fn first_closing(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    now: Timestamp,
) -> Result<Option<Link>, Error> {
    let sql = format!(
        "SELECT {LINK} FROM feed_links WHERE application = $1 AND next_at <= $2 AND urgency = 0 \
         ORDER BY next_at, subject LIMIT 1"
    );
    tx.query_opt(&sql, &[application.number().into(), time(now)])?.as_ref().map(read_link).transpose()
}

/// It was told. It is looked at again at `next_at`, if a time is known at which it changes by itself.
pub fn settle(tx: &mut Tx<'_>, application: ApplicationId, link: &Link) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO feed_links (application, subject, remote, sent, urgency, next_at, attempts) \
         VALUES ($1, $2, $3, $4, 0, $5, 0) ON CONFLICT (application, subject) DO UPDATE SET remote = excluded.remote, \
         sent = excluded.sent, urgency = 0, next_at = excluded.next_at, attempts = 0, trouble = NULL",
        &[
            application.number().into(),
            link.subject.to_string().into(),
            link.remote.as_deref().into(),
            link.sent.as_deref().into(),
            opt_time(link.next_at),
        ],
    )
}

/// It was not told: what is known of it, why, and when it is tried again.
pub fn put_off(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    link: &Link,
    trouble: &str,
    next_at: Timestamp,
) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE feed_links SET remote = $3, sent = NULL, attempts = attempts + 1, trouble = $4, next_at = $5 \
         WHERE application = $1 AND subject = $2",
        &[
            application.number().into(),
            link.subject.to_string().into(),
            link.remote.as_deref().into(),
            trouble.into(),
            time(next_at),
        ],
    )
}

/// The application was seen to have something else: it is told anew. `remote` is what it has.
pub fn mend(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    subject: Subject,
    remote: Option<&str>,
    urgency: Urgency,
    now: Timestamp,
) -> Result<(), Error> {
    push(tx, application, subject, urgency, now)?;
    tx.execute_one(
        "UPDATE feed_links SET remote = $3, sent = NULL WHERE application = $1 AND subject = $2",
        &[application.number().into(), subject.to_string().into(), remote.into()],
    )
}

/// It is of no concern to the application any more.
pub fn drop_link(tx: &mut Tx<'_>, application: ApplicationId, subject: Subject) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM feed_links WHERE application = $1 AND subject = $2",
        &[application.number().into(), subject.to_string().into()],
    )
    .map(drop)
}

/// A page of what could not be told, behind the subject `after`.
pub fn troubled(
    tx: &mut Tx<'_>,
    application: ApplicationId,
    after: &str,
    count_max: i64,
) -> Result<Vec<Link>, Error> {
    let sql = format!(
        "SELECT {LINK} FROM feed_links WHERE application = $1 AND trouble IS NOT NULL AND subject > $2 \
         ORDER BY subject LIMIT $3"
    );
    tx.query(&sql, &[application.number().into(), after.into(), count_max.into()])?
        .iter()
        .map(read_link)
        .collect()
}

/// What could not be told is tried at once.
pub fn hurry(tx: &mut Tx<'_>, application: ApplicationId, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE feed_links SET next_at = $2 WHERE application = $1 AND trouble IS NOT NULL",
        &[application.number().into(), time(now)],
    )
    .map(drop)
}

/// How many entries the application is known to have, and how many are in trouble.
pub fn counts(tx: &mut Tx<'_>, application: ApplicationId) -> Result<(i64, i64), Error> {
    let args: [Value; 1] = [application.number().into()];
    let row =
        tx.query_opt("SELECT COUNT(remote), COUNT(trouble) FROM feed_links WHERE application = $1", &args)?;
    row.map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))
}
