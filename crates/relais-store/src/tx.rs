//! The unit of work: one transaction, one SQL text for both databases, and what can go wrong in it.
//!
//! Arguments are `$1` to `$n`, in any order and as often as wanted. What differs between the databases (placeholders, typed
//! NULLs, names of constraints) ends here; nothing above this module knows which one it speaks to.

use std::any::Any;
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};

use crate::value::{Kind, Row, Value};
use crate::{postgres, sqlite};

/// Why the store did not do what it was asked.
///
/// `Clone`, because one failed commit is the answer to every unit of work of its group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A rule of the schema refused the change. The name is the same on both databases:
    ///
    /// - unique or primary key: `table.column`, or `table.first,second` in the order of the key; for a unique index over an
    ///   expression, the name of the index;
    /// - check: the name the schema gives it (`CONSTRAINT name CHECK (…)`: always name them);
    /// - foreign key: `foreign key`, since SQLite does not say which;
    /// - not null: `table.column not null`.
    ///
    /// Of a row that breaks several rules at once the databases may name different ones.
    #[error("the database refused the change: {0}")]
    Constraint(String),
    /// A stored value that no version of the program writes.
    #[error("{table}.{column} of {id} holds a value this program does not know")]
    Corrupt { table: &'static str, column: &'static str, id: String },
    /// A row is not of the shape its reader expects: our own bug, or a database changed by hand.
    #[error("unexpected row: {0}")]
    Shape(String),
    /// Another number of rows than one.
    #[error("expected one row, found {found}: {sql}")]
    NotOneRow { found: u64, sql: String },
    /// The database cannot be reached, or went away before it confirmed. Worth trying again later; a write may have been
    /// made if the connection was lost during the commit itself.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// No room left where the database is kept. Nothing was changed; works again once there is room.
    #[error("no room left where the database is kept")]
    StorageFull,
    /// The unit of work panicked; nothing of it was kept.
    #[error("a unit of work panicked: {0}")]
    Panicked(String),
    /// The database cannot be used at all; the text says what to do.
    #[error("{0}")]
    Open(String),
    /// Anything else the database said.
    #[error("database: {0}")]
    Db(String),
}

/// An error of a database, with what it means for the transaction it came from.
pub(crate) struct Trouble {
    pub error: Error,
    pub consequence: Consequence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consequence {
    /// The unit of work has failed.
    Fail,
    /// Another one was in the way: run it again.
    Retry,
    /// The connection is gone.
    Lost,
}

/// A column as the database itself knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub table: String,
    pub name: String,
    pub kind: Kind,
}

/// One transaction, lent to a closure by [`crate::Store::write`] or [`crate::Store::read`].
///
/// After a statement has failed the transaction cannot be kept, whatever the closure returns: PostgreSQL would not, so SQLite
/// does not either. Ask first, or use `ON CONFLICT`.
pub struct Tx<'a> {
    connection: Connection<'a>,
    failure: Option<(Error, Consequence)>,
}

enum Connection<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a mut postgres::Session),
}

impl<'a> Tx<'a> {
    pub(crate) fn sqlite(connection: &'a rusqlite::Connection) -> Self {
        Tx { connection: Connection::Sqlite(connection), failure: None }
    }

    pub(crate) fn postgres(session: &'a mut postgres::Session) -> Self {
        Tx { connection: Connection::Postgres(session), failure: None }
    }

    /// All rows at once; for what is small.
    pub fn query(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>, Error> {
        self.begin_statement(args)?;
        let rows = match &mut self.connection {
            Connection::Sqlite(connection) => sqlite::query(connection, sql, args),
            Connection::Postgres(session) => session.query(sql, args),
        };
        rows.map_err(|trouble| self.fail(trouble))
    }

    /// The row if there is one; more than one is [`Error::NotOneRow`].
    pub fn query_opt(&mut self, sql: &str, args: &[Value]) -> Result<Option<Row>, Error> {
        let mut rows = self.query(sql, args)?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            found => Err(not_one_row(found as u64, sql)),
        }
    }

    /// Answers the number of rows changed.
    pub fn execute(&mut self, sql: &str, args: &[Value]) -> Result<u64, Error> {
        self.begin_statement(args)?;
        let changed = match &mut self.connection {
            Connection::Sqlite(connection) => sqlite::execute(connection, sql, args),
            Connection::Postgres(session) => session.execute(sql, args),
        };
        changed.map_err(|trouble| self.fail(trouble))
    }

    /// For a change that touches exactly one row; any other number is [`Error::NotOneRow`].
    pub fn execute_one(&mut self, sql: &str, args: &[Value]) -> Result<(), Error> {
        match self.execute(sql, args)? {
            1 => Ok(()),
            found => Err(not_one_row(found, sql)),
        }
    }

    /// Row by row, for listings that may be large. An error of `each` ends the listing and is returned.
    pub fn for_each(
        &mut self,
        sql: &str,
        args: &[Value],
        each: &mut dyn FnMut(Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.begin_statement(args)?;
        let mut stopped = None;
        let mut until_stopped = |row| match each(row) {
            Ok(()) => true,
            Err(error) => {
                stopped = Some(error);
                false
            }
        };
        let listed = match &mut self.connection {
            Connection::Sqlite(connection) => sqlite::for_each(connection, sql, args, &mut until_stopped),
            Connection::Postgres(session) => session.for_each(sql, args, &mut until_stopped),
        };
        listed.map_err(|trouble| self.fail(trouble))?;
        stopped.map_or(Ok(()), Err)
    }

    /// Does a part of a unit of work that may be undone alone: an error of `work` undoes the part's changes, and the
    /// rest of the unit goes on. After a statement has failed nothing goes on, as everywhere.
    pub fn part<T, E: From<Error>>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.batch("SAVEPOINT part")?;
        let done = work(self);
        if self.failure.is_none() {
            if done.is_err() {
                self.batch("ROLLBACK TO SAVEPOINT part")?;
            }
            self.batch("RELEASE SAVEPOINT part")?;
        }
        done
    }

    /// Statements of a migration, without arguments.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.begin_statement(&[])?;
        let done = match &mut self.connection {
            Connection::Sqlite(connection) => sqlite::batch(connection, sql),
            Connection::Postgres(session) => session.batch(sql),
        };
        done.map_err(|trouble| self.fail(trouble))
    }

    /// Every column of every table, in the order of each table.
    pub fn catalog(&mut self) -> Result<Vec<Column>, Error> {
        let sql = match self.connection {
            Connection::Sqlite(_) => sqlite::CATALOG,
            Connection::Postgres(_) => postgres::CATALOG,
        };
        self.query(sql, &[])?
            .iter()
            .map(|row| {
                let (table, name) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
                let kind = match row.text(2)? {
                    "bigint" => Kind::Int,
                    "text" => Kind::Text,
                    "blob" | "bytea" => Kind::Blob,
                    other => return Err(Error::Shape(format!("{table}.{name} is of type {other}"))),
                };
                Ok(Column { table, name, kind })
            })
            .collect()
    }

    /// What the type of binary columns is called.
    pub(crate) fn binary_type(&self) -> &'static str {
        match self.connection {
            Connection::Sqlite(_) => "BLOB",
            Connection::Postgres(_) => "BYTEA",
        }
    }

    /// The first statement that failed, and what it means.
    pub(crate) fn failure(&self) -> Option<&(Error, Consequence)> {
        self.failure.as_ref()
    }

    fn begin_statement(&self, args: &[Value]) -> Result<(), Error> {
        if let Some((error, _)) = &self.failure {
            return Err(error.clone());
        }
        args.iter().try_for_each(Value::check)
    }

    fn fail(&mut self, trouble: Trouble) -> Error {
        self.failure = Some((trouble.error.clone(), trouble.consequence));
        trouble.error
    }
}

fn not_one_row(found: u64, sql: &str) -> Error {
    Error::NotOneRow { found, sql: sql.to_owned() }
}

/// What is to become of the changes of a unit of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    Undo,
}

/// A unit of work on its way to a thread that owns a connection.
pub(crate) trait Job: Send {
    /// Does the work, and remembers what it returned. May be called again after its changes were undone.
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict;

    /// Hands the result to the caller, once it is known what became of the transaction.
    fn answer(self: Box<Self>, fate: Result<(), Error>);
}

pub(crate) struct Unit<T, E, W, R> {
    pub work: W,
    pub outcome: Option<Result<T, E>>,
    pub reply: R,
}

impl<T, E, W, R> Job for Unit<T, E, W, R>
where
    T: Send,
    E: From<Error> + Send,
    W: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
    R: FnOnce(Result<T, E>) + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        let outcome = run_caught(&mut self.work, tx);
        let verdict = if outcome.is_ok() { Verdict::Keep } else { Verdict::Undo };
        self.outcome = Some(outcome);
        verdict
    }

    fn answer(self: Box<Self>, fate: Result<(), Error>) {
        let result = match (self.outcome, fate) {
            (Some(Err(own)), _) => Err(own),
            (Some(Ok(_)) | None, Err(error)) => Err(E::from(error)),
            (Some(Ok(done)), Ok(())) => Ok(done),
            (None, Ok(())) => Err(E::from(Error::Db("a unit of work was answered before it ran".to_owned()))),
        };
        (self.reply)(result);
    }
}

/// Runs the closure; a panic of it, or a failed statement it kept silent about, is an error.
pub(crate) fn run_caught<T, E: From<Error>>(
    work: &mut impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    tx: &mut Tx<'_>,
) -> Result<T, E> {
    let _inside = Inside::enter();
    let outcome = catch_unwind(AssertUnwindSafe(|| work(tx)))
        .unwrap_or_else(|panic| Err(E::from(Error::Panicked(panic_text(panic.as_ref())))));
    match (outcome, tx.failure()) {
        (Ok(_), Some((error, _))) => Err(E::from(error.clone())),
        (outcome, _) => outcome,
    }
}

thread_local! {
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// This thread is in a unit of work for as long as this lives.
struct Inside;

impl Inside {
    fn enter() -> Self {
        IS_INSIDE.set(true);
        Inside
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        IS_INSIDE.set(false);
    }
}

/// One unit of work inside another would wait for itself, or see what is not committed yet as absent.
pub(crate) fn assert_outside() {
    assert!(!IS_INSIDE.get(), "a unit of work was asked for inside another: use the `tx` at hand");
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

/// Units of work waiting for a thread.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrival: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Box<dyn Job>>,
    closed: bool,
}

impl Queue {
    /// After [`Queue::close`] the job is dropped, which its caller sees as a closed store.
    pub fn push(&self, job: Box<dyn Job>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting.closed {
            waiting.jobs.push_back(job);
            self.arrival.notify_one();
        }
    }

    /// Waits, then takes up to `count_max` jobs. Empty when the queue is closed and nothing is left in it.
    pub fn take(&self, count_max: usize) -> Vec<Box<dyn Job>> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting = self
            .arrival
            .wait_while(waiting, |waiting| waiting.jobs.is_empty() && !waiting.closed)
            .unwrap_or_else(PoisonError::into_inner);
        let count = waiting.jobs.len().min(count_max);
        waiting.jobs.drain(..count).collect()
    }

    /// What waits is still done; nothing new is taken.
    pub fn close(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.arrival.notify_all();
    }
}
