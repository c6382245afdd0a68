//! SQLite: one thread that writes, a few that read, one file.
//!
//! The writer takes everything that waits, runs each unit of work under a savepoint of its own and commits once, since the
//! flush to the disk is what a commit costs. No answer leaves before that commit has succeeded. Readers see the last commit
//! (WAL) and never wait for the writer.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, ErrorCode, OpenFlags, ToSql, ffi};

use crate::migrate::{self, Migration, Step};
use crate::tx::{Consequence, Error, Job, Queue, Trouble, Tx, Verdict, run_caught};
use crate::value::{Cell, Kind, Row, Value};

/// Units of work in one commit. More would make the first of them wait for the last.
const GROUP_MAX: usize = 64;
const READER_THREADS: usize = 4;
/// Connections lent to `read_blocking`, opened as they are needed.
const LENT_MAX: usize = 8;
/// For another process on the same file: the command line beside the server.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const STATEMENTS_KEPT: usize = 512;
/// Table, column and type of everything the schema made.
pub(crate) const CATALOG: &str = "SELECT t.name, c.name, LOWER(c.type) FROM sqlite_schema t \
     JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' \
     ORDER BY t.name, c.cid";
/// 16 MiB, in SQLite's notation.
const WRITER_CACHE_KIB_NEGATED: i64 = -16_384;
/// What the log may keep of the disk after a large write.
const LOG_KEPT_BYTES: i64 = 64 << 20;

pub(crate) struct Sqlite {
    writes: Arc<Queue>,
    reads: Arc<Queue>,
    lent: Lent,
    threads: Vec<JoinHandle<()>>,
}

impl Sqlite {
    pub fn open(path: &Path, migrations: &[Migration]) -> Result<Self, Error> {
        let writer = open_writer(path)?;
        migrate_all(&writer, migrations)?;
        let writes = Arc::new(Queue::default());
        let reads = Arc::new(Queue::default());
        let mut threads = Vec::new();
        let queue = Arc::clone(&writes);
        threads.push(thread("store-write", move || write_all(&writer, &queue))?);
        for _ in 0..READER_THREADS {
            let reader = open_reader(path)?;
            let queue = Arc::clone(&reads);
            threads.push(thread("store-read", move || read_all(&reader, &queue))?);
        }
        Ok(Sqlite { writes, reads, lent: Lent::new(path), threads })
    }

    pub fn writes(&self) -> &Queue {
        &self.writes
    }

    pub fn reads(&self) -> &Queue {
        &self.reads
    }

    /// Reads on the calling thread: no other thread is woken, which is most of the cost of a small read.
    pub fn read_here<T, E: From<Error>>(
        &self,
        mut work: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self.lent.take()?;
        let result = begin(&connection, "BEGIN")
            .map_err(E::from)
            .and_then(|()| run_caught(&mut work, &mut Tx::sqlite(&connection)));
        if rollback(&connection) {
            self.lent.put_back(Some(connection));
        } else {
            self.lent.put_back(None);
        }
        result
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
        join(self.threads.drain(..));
    }
}

pub(crate) fn join(threads: impl Iterator<Item = JoinHandle<()>>) {
    for thread in threads {
        // The last handle may be dropped by a unit of work, on the very thread that would be waited for.
        if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
            tracing::error!("a thread of the store had panicked");
        }
    }
}

pub(crate) fn thread(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|error| Error::Open(format!("cannot start the thread {name}: {error}")))
}

// ---- connections ------------------------------------------------------------------------------------------------------

fn open_writer(path: &Path) -> Result<rusqlite::Connection, Error> {
    create_private(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let refuse = |error: rusqlite::Error| refusal(path, &error);
    let connection = rusqlite::Connection::open_with_flags(path, flags).map_err(refuse)?;
    if connection.is_readonly("main").map_err(refuse)? {
        return Err(unwritable(path, "it may only be read"));
    }
    prepare_connection(&connection).map_err(refuse)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)).map_err(refuse)?;
    if mode != "wal" {
        let shown = path.display();
        return Err(Error::Open(format!(
            "the database {shown} is on a file system without shared memory: choose a local disk"
        )));
    }
    connection.pragma_update(None, "cache_size", WRITER_CACHE_KIB_NEGATED).map_err(refuse)?;
    connection
        .pragma_update_and_check(None, "journal_size_limit", LOG_KEPT_BYTES, |_| Ok(()))
        .map_err(refuse)?;
    Ok(connection)
}

/// For its owner's eyes only; the files SQLite puts beside it take over its mode.
fn create_private(path: &Path) -> Result<(), Error> {
    match File::options().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::StorageFull => Err(Error::StorageFull),
        Err(error) => Err(unwritable(path, &error.to_string())),
    }
}

fn unwritable(path: &Path, reason: &str) -> Error {
    Error::Open(format!(
        "cannot write the database {} ({reason}): its directory has to exist, and both have to be writable by the user \
         Relais runs as",
        path.display()
    ))
}

fn refusal(path: &Path, error: &rusqlite::Error) -> Error {
    let shown = path.display();
    let code = error.sqlite_error_code();
    if code == Some(ErrorCode::NotADatabase) {
        return Error::Open(format!(
            "{shown} is not a Relais database: choose another path, or move that file away"
        ));
    }
    if matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly)) {
        return unwritable(path, &error.to_string());
    }
    let error = trouble(error).error;
    if matches!(error, Error::StorageFull | Error::Unavailable(_)) {
        return error;
    }
    Error::Open(format!("cannot open the database {shown}: {error}"))
}

fn open_reader(path: &Path) -> Result<rusqlite::Connection, Error> {
    // Not opened read-only: the last one to close has to be able to fold the log into the file.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        prepare_connection(&connection)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    open().map_err(|error| trouble(&error).error)
}

fn prepare_connection(connection: &rusqlite::Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Or statements are compiled again for every other argument that a plan might depend on: 4 of the 6 of a search by SCIM.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// Connections for reads on the callers' own threads.
struct Lent {
    path: PathBuf,
    state: Mutex<LentState>,
    returned: Condvar,
}

#[derive(Default)]
struct LentState {
    idle: Vec<rusqlite::Connection>,
    open: usize,
}

impl Lent {
    fn new(path: &Path) -> Self {
        Lent { path: path.to_owned(), state: Mutex::default(), returned: Condvar::new() }
    }

    fn take(&self) -> Result<rusqlite::Connection, Error> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self
            .returned
            .wait_while(state, |state| state.idle.is_empty() && state.open >= LENT_MAX)
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = state.idle.pop() {
            return Ok(connection);
        }
        state.open += 1;
        drop(state);
        open_reader(&self.path).inspect_err(|_| self.put_back(None))
    }

    /// `None` for a connection that is of no more use.
    fn put_back(&self, connection: Option<rusqlite::Connection>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match connection {
            Some(connection) => state.idle.push(connection),
            None => state.open -= 1,
        }
        self.returned.notify_one();
    }
}

fn migrate_all(connection: &rusqlite::Connection, migrations: &[Migration]) -> Result<(), Error> {
    loop {
        // Immediate, and looked at again inside: another process may be starting on the same file.
        begin(connection, "BEGIN IMMEDIATE")?;
        let step = migrate::step(&mut Tx::sqlite(connection), migrations)?;
        run_statement(connection, "COMMIT")?;
        if step == Step::UpToDate {
            return Ok(());
        }
    }
}

// ---- the threads ------------------------------------------------------------------------------------------------------

fn write_all(connection: &rusqlite::Connection, queue: &Queue) {
    loop {
        let group = queue.take(GROUP_MAX);
        if group.is_empty() {
            break;
        }
        commit_group(connection, group);
    }
}

fn commit_group(connection: &rusqlite::Connection, mut group: Vec<Box<dyn Job>>) {
    let fate = run_group(connection, &mut group);
    if !rollback(connection) {
        tracing::error!("SQLite did not leave a transaction that had ended");
    }
    // A constraint checked at the commit (a deferred foreign key) is the fault of one of them: find out which.
    if matches!(fate, Err(Error::Constraint(_))) && group.len() > 1 {
        for job in group {
            commit_group(connection, vec![job]);
        }
        return;
    }
    for job in group {
        job.answer(fate.clone());
    }
}

fn run_group(connection: &rusqlite::Connection, group: &mut [Box<dyn Job>]) -> Result<(), Error> {
    begin(connection, "BEGIN IMMEDIATE")?;
    for job in group {
        run_statement(connection, "SAVEPOINT unit")?;
        let mut tx = Tx::sqlite(connection);
        let verdict = job.run(&mut tx);
        if connection.is_autocommit() {
            // Some errors, a full disk first of all, end the whole transaction: nothing of the group is kept.
            let cause = tx.failure().map(|(error, _)| error.clone());
            return Err(cause.unwrap_or_else(|| Error::Db("a unit of work ended its transaction".to_owned())));
        }
        if verdict == Verdict::Undo {
            run_statement(connection, "ROLLBACK TO unit")?;
        }
        run_statement(connection, "RELEASE unit")?;
    }
    run_statement(connection, "COMMIT")
}

fn read_all(connection: &rusqlite::Connection, queue: &Queue) {
    loop {
        let Some(mut job) = queue.take(1).pop() else { break };
        let begun = begin(connection, "BEGIN");
        if begun.is_ok() {
            job.run(&mut Tx::sqlite(connection));
        }
        rollback(connection);
        job.answer(begun);
    }
}

fn begin(connection: &rusqlite::Connection, sql: &str) -> Result<(), Error> {
    run_statement(connection, sql).map_err(|error| {
        let is_busy = matches!(error, Error::Unavailable(_));
        if is_busy { Error::Unavailable("another process holds the database".to_owned()) } else { error }
    })
}

/// Answers whether the connection is now outside of any transaction.
fn rollback(connection: &rusqlite::Connection) -> bool {
    if !connection.is_autocommit()
        && let Err(error) = run_statement(connection, "ROLLBACK")
    {
        tracing::warn!(%error, "rolling back");
    }
    connection.is_autocommit()
}

fn run_statement(connection: &rusqlite::Connection, sql: &str) -> Result<(), Error> {
    execute(connection, sql, &[]).map(|_| ()).map_err(|trouble| trouble.error)
}

// ---- statements -------------------------------------------------------------------------------------------------------

pub(crate) fn query(
    connection: &rusqlite::Connection,
    sql: &str,
    args: &[Value],
) -> Result<Vec<Row>, Trouble> {
    let mut rows = Vec::new();
    for_each(connection, sql, args, &mut |row| {
        rows.push(row);
        true
    })?;
    Ok(rows)
}

/// Until `each` answers false.
pub(crate) fn for_each(
    connection: &rusqlite::Connection,
    sql: &str,
    args: &[Value],
    each: &mut dyn FnMut(Row) -> bool,
) -> Result<(), Trouble> {
    let mut statement = bound(connection, sql, args)?;
    let column_count = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(|error| trouble(&error))? {
        let mut cells = Vec::with_capacity(column_count);
        for column in 0..column_count {
            cells.push(cell(column, row.get_ref(column).map_err(|error| trouble(&error))?)?);
        }
        if !each(Row::new(cells)) {
            break;
        }
    }
    Ok(())
}

pub(crate) fn execute(connection: &rusqlite::Connection, sql: &str, args: &[Value]) -> Result<u64, Trouble> {
    let mut statement = bound(connection, sql, args)?;
    statement.raw_execute().map(|changed| changed as u64).map_err(|error| trouble(&error))
}

/// Statements without arguments or answer.
pub(crate) fn batch(connection: &rusqlite::Connection, sql: &str) -> Result<(), Trouble> {
    connection.execute_batch(sql).map_err(|error| trouble(&error))
}

/// `$1` is to SQLite a *name*, numbered by first appearance: each is bound by the number in its name.
fn bound<'c>(
    connection: &'c rusqlite::Connection,
    sql: &str,
    args: &[Value],
) -> Result<CachedStatement<'c>, Trouble> {
    let mut statement = connection.prepare_cached(sql).map_err(|error| trouble(&error))?;
    for index in 1..=statement.parameter_count() {
        let arg = statement
            .parameter_name(index)
            .and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok())
            .and_then(|number| args.get(number.checked_sub(1)?))
            .ok_or_else(|| shape(format!("{} arguments do not fit the parameters of: {sql}", args.len())))?;
        statement.raw_bind_parameter(index, arg).map_err(|error| trouble(&error))?;
    }
    Ok(statement)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null(Kind::Int | Kind::Text | Kind::Blob) => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

fn cell(column: usize, value: ValueRef<'_>) -> Result<Cell, Trouble> {
    match value {
        ValueRef::Null => Ok(Cell::Null),
        ValueRef::Integer(value) => Ok(Cell::Int(value)),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Cell::Text(text.to_owned())),
            Err(_) => Err(shape(format!("column {column} holds a text that is not UTF-8"))),
        },
        ValueRef::Blob(bytes) => Ok(Cell::Blob(bytes.to_vec())),
        ValueRef::Real(_) => {
            Err(shape(format!("column {column} holds a floating-point number: CAST it to BIGINT")))
        }
    }
}

// ---- errors -----------------------------------------------------------------------------------------------------------

fn shape(text: String) -> Trouble {
    Trouble { error: Error::Shape(text), consequence: Consequence::Fail }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "SQLite's codes; the rest mean nothing to a caller")]
pub(crate) fn trouble(error: &rusqlite::Error) -> Trouble {
    let text = error.to_string();
    let error = match error.sqlite_error() {
        Some(code) if code.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Error::StorageFull,
        Some(code) => match code.code {
            ErrorCode::DiskFull => Error::StorageFull,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Unavailable(text),
            ErrorCode::ConstraintViolation => constraint(code.extended_code, &text),
            _ => Error::Db(text),
        },
        None => Error::Db(text),
    };
    Trouble { error, consequence: Consequence::Fail }
}

/// `UNIQUE constraint failed: t.a, t.b` becomes `t.a,b`; see [`Error::Constraint`] for the names.
fn constraint(extended_code: i32, text: &str) -> Error {
    let subject = text.split_once("constraint failed: ").map_or(text, |(_, subject)| subject);
    Error::Constraint(match extended_code {
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => "foreign key".to_owned(),
        ffi::SQLITE_CONSTRAINT_NOTNULL => format!("{subject} not null"),
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => unique_name(subject),
        ffi::SQLITE_CONSTRAINT_DATATYPE => return Error::Db(text.to_owned()),
        _ => subject.to_owned(),
    })
}

fn unique_name(subject: &str) -> String {
    if let Some(index) = subject.strip_prefix("index '") {
        return index.trim_end_matches('\'').to_owned();
    }
    let mut columns = subject.split(", ");
    let mut name = columns.next().unwrap_or_default().to_owned();
    for column in columns {
        name.push(',');
        name.push_str(column.rsplit_once('.').map_or(column, |(_, column)| column));
    }
    name
}
