//! PostgreSQL: a few threads with a connection each, `SERIALIZABLE` writes that are run again when another was in the way.
//!
//! A connection is made when it is first needed, and again after it was lost. While no server answers, calls fail at once
//! instead of waiting in a row. No TLS yet: a unix socket or a private network.

use std::error::Error as _;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ::postgres::config::{Host, SslMode};
use ::postgres::error::{DbError, SqlState};
use ::postgres::{Config, NoTls};

use crate::migrate::{self, Migration, Step};
use crate::tx::{Consequence, Error, Job, Queue, Trouble, Tx, Verdict};

mod session;

pub(crate) use session::Session;

const WRITER_THREADS: usize = 4;
const READER_THREADS: usize = 4;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long sent bytes may stay unacknowledged before a connection counts as lost.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(5);
/// Runs of one unit of work while others are in its way: everything that is done in an organisation ends in one chain of events.
const RUNS_MAX: u32 = 60;
const RETRY_DELAY_MAX: Duration = Duration::from_millis(128);
const RECONNECT_DELAY_MIN: Duration = Duration::from_millis(50);
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(1);
/// Held while migrating, so that two nodes that start at once do it one after the other. The number only has to be ours.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(7309940837118272883)";

/// Table, column and type of everything the schema made.
pub(crate) const CATALOG: &str = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT) \
     FROM information_schema.columns WHERE table_schema = CURRENT_SCHEMA() ORDER BY table_name, ordinal_position";

pub(crate) struct Postgres {
    writes: Arc<Queue>,
    reads: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl Postgres {
    pub fn open(url: &str, migrations: &[Migration]) -> Result<Self, Error> {
        let config = parse(url)?;
        // On a thread of its own: the driver refuses to block inside an async runtime.
        std::thread::scope(|scope| scope.spawn(|| migrate_all(&config, migrations)).join())
            .unwrap_or_else(|_| Err(Error::Panicked("while migrating".to_owned())))?;
        let writes = Arc::new(Queue::default());
        let reads = Arc::new(Queue::default());
        let reach = Arc::new(Mutex::new(Reach::default()));
        let mut threads = Vec::new();
        let modes = [(Mode::Write, WRITER_THREADS, &writes), (Mode::Read, READER_THREADS, &reads)];
        for (mode, count, queue) in modes {
            for _ in 0..count {
                let queue = Arc::clone(queue);
                let mut link = Link { config: config.clone(), session: None, reach: Arc::clone(&reach) };
                threads.push(crate::sqlite::thread(mode.thread_name(), move || {
                    while let Some(job) = queue.take(1).pop() {
                        link.serve(mode, job);
                    }
                })?);
            }
        }
        Ok(Postgres { writes, reads, threads })
    }

    pub fn writes(&self) -> &Queue {
        &self.writes
    }

    pub fn reads(&self) -> &Queue {
        &self.reads
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
        crate::sqlite::join(self.threads.drain(..));
    }
}

fn migrate_all(config: &Config, migrations: &[Migration]) -> Result<(), Error> {
    let mut session = connect(config)?;
    session.batch(MIGRATION_LOCK).map_err(|trouble| trouble.error)?;
    loop {
        session.batch(Mode::Write.begin()).map_err(|trouble| trouble.error)?;
        let step = migrate::step(&mut Tx::postgres(&mut session), migrations)?;
        session.batch("COMMIT").map_err(|trouble| trouble.error)?;
        if step == Step::UpToDate {
            return Ok(());
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Write,
    Read,
}

impl Mode {
    fn begin(self) -> &'static str {
        match self {
            Mode::Write => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            // A snapshot that is never refused and is in no writer's way; whoever decides, decides in a write.
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    fn thread_name(self) -> &'static str {
        match self {
            Mode::Write => "store-write",
            Mode::Read => "store-read",
        }
    }
}

// ---- connections ------------------------------------------------------------------------------------------------------

fn parse(url: &str) -> Result<Config, Error> {
    let mut config = Config::from_str(url).map_err(|error| {
        let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        Error::Open(format!("the database address is not understood: {reason}"))
    })?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(Error::Open(
            "the database address names no host: write postgres://user@host/name, or \
             postgres://user@/name?host=/run/postgresql for a unix socket"
                .to_owned(),
        ));
    }
    if config.get_ssl_mode() == SslMode::Require {
        return Err(Error::Open(
            "the database address asks for TLS, which is not there yet: use a unix socket or a private network".to_owned(),
        ));
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(TCP_USER_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("relais");
    }
    Ok(config)
}

fn connect(config: &Config) -> Result<Session, Error> {
    match config.connect(NoTls) {
        Ok(client) => Ok(Session::new(client)),
        Err(error) => Err(match error.as_db_error() {
            None => Error::Unavailable(format!(
                "no connection to PostgreSQL at {} ({}): see that it is started and that the address is right",
                hosts(config),
                reason(&error)
            )),
            Some(refusal)
                if is_going_away(refusal.code()) || refusal.code() == &SqlState::TOO_MANY_CONNECTIONS =>
            {
                Error::Unavailable(format!("PostgreSQL at {}: {}", hosts(config), refusal.message()))
            }
            Some(refusal) => {
                Error::Open(format!("PostgreSQL at {} refuses us: {}", hosts(config), refusal.message()))
            }
        }),
    }
}

/// Where the server is looked for; never the password.
fn hosts(config: &Config) -> String {
    let names = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    });
    let addresses = config.get_hostaddrs().iter().map(ToString::to_string);
    names.chain(addresses).collect::<Vec<_>>().join(", ")
}

/// What all connections know of the server together: one that gets through again lets the others try at once.
#[derive(Debug, Default)]
struct Reach {
    failed_last: Option<(Instant, Error)>,
    answered_last: Option<Instant>,
    reconnect_delay: Duration,
}

impl Reach {
    /// The last failure, while it is too early to try again.
    fn pause(&self) -> Option<Error> {
        let (when, error) = self.failed_last.as_ref()?;
        (when.elapsed() < self.reconnect_delay).then(|| error.clone())
    }

    fn answered(&mut self) {
        if self.failed_last.take().is_some() {
            tracing::info!("PostgreSQL answers again");
        }
        self.answered_last = Some(Instant::now());
    }

    /// Of an attempt begun at `tried`: it says nothing if the server has answered another since.
    fn failed(&mut self, tried: Instant, error: &Error) {
        if self.answered_last.is_some_and(|answered| answered > tried) {
            return;
        }
        self.reconnect_delay = if self.failed_last.is_none() {
            tracing::warn!(%error, "PostgreSQL cannot be reached");
            RECONNECT_DELAY_MIN
        } else {
            (self.reconnect_delay * 2).min(RECONNECT_DELAY_MAX)
        };
        self.failed_last = Some((Instant::now(), error.clone()));
    }
}

/// A connection that comes back.
struct Link {
    config: Config,
    session: Option<Session>,
    reach: Arc<Mutex<Reach>>,
}

impl Link {
    fn session(&mut self) -> Result<&mut Session, Error> {
        if self.session.as_ref().is_some_and(|session| session.is_closed()) {
            self.session = None;
        }
        if self.session.is_none() {
            self.session = Some(self.reconnect()?);
        }
        self.session.as_mut().ok_or_else(|| Error::Unavailable("no connection".to_owned()))
    }

    fn reconnect(&self) -> Result<Session, Error> {
        if let Some(error) = self.reach().pause() {
            return Err(error);
        }
        let tried = Instant::now();
        let connected = connect(&self.config).map_err(|error| match error {
            // To those in the middle of their work it makes no difference why the server does not let us in.
            Error::Open(text) => Error::Unavailable(text),
            error => error,
        });
        match &connected {
            Ok(_) => self.reach().answered(),
            Err(error) => self.reach().failed(tried, error),
        }
        connected
    }

    fn reach(&self) -> MutexGuard<'_, Reach> {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&mut self, mode: Mode, mut job: Box<dyn Job>) {
        let mut lost_before = false;
        for run in 1..=RUNS_MAX {
            match self.run(mode, job.as_mut()) {
                Ok(()) => return job.answer(Ok(())),
                Err(Trouble { error, consequence: Consequence::Fail }) => return job.answer(Err(error)),
                Err(Trouble { error, consequence: Consequence::Lost }) => {
                    self.session = None;
                    // Most often the server was restarted since the last call, and answers already.
                    if lost_before {
                        return job.answer(Err(error));
                    }
                    lost_before = true;
                }
                Err(Trouble { consequence: Consequence::Retry, .. }) => {
                    tracing::debug!(run, "another transaction was in the way");
                    std::thread::sleep(retry_delay(run));
                }
            }
        }
        job.answer(Err(Error::Unavailable(format!("others were in the way {RUNS_MAX} times"))));
    }

    /// One transaction. `Ok` also when the work failed by itself and was undone.
    fn run(&mut self, mode: Mode, job: &mut dyn Job) -> Result<(), Trouble> {
        let session = self.session().map_err(|error| Trouble { error, consequence: Consequence::Fail })?;
        session.batch(mode.begin())?;
        let mut tx = Tx::postgres(session);
        let verdict = job.run(&mut tx);
        if let Some((error, consequence @ (Consequence::Retry | Consequence::Lost))) = tx.failure() {
            let trouble = Trouble { error: error.clone(), consequence: *consequence };
            if trouble.consequence == Consequence::Retry {
                session.batch("ROLLBACK")?;
            }
            return Err(trouble);
        }
        if verdict == Verdict::Undo {
            // Undone by the server in any case, so a connection lost here is not the caller's concern.
            if session.batch("ROLLBACK").is_err() {
                self.session = None;
            }
            return Ok(());
        }
        session.batch("COMMIT").map_err(|trouble| match trouble.consequence {
            Consequence::Lost => {
                self.session = None;
                Trouble {
                    error: Error::Unavailable("the connection was lost during the commit".to_owned()),
                    consequence: Consequence::Fail,
                }
            }
            Consequence::Fail | Consequence::Retry => trouble,
        })
    }
}

/// Doubles with each run; random, so that two that met do not meet again.
fn retry_delay(run: u32) -> Duration {
    let ceiling = RETRY_DELAY_MAX.min(Duration::from_millis(1 << run.min(10)));
    ceiling.mul_f64(rand::random_range(0.1..1.0))
}

// ---- errors -----------------------------------------------------------------------------------------------------------

/// The server ends our connection or does not take any yet.
fn is_going_away(code: &SqlState) -> bool {
    [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW].contains(code)
        || code.code().starts_with("08")
}

/// The driver's own text says only which step failed.
fn reason(error: &::postgres::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

fn refused(refusal: &DbError) -> Error {
    let code = refusal.code();
    let named = || refusal.constraint().unwrap_or("unnamed").to_owned();
    let table = refusal.table().unwrap_or_default();
    if *code == SqlState::UNIQUE_VIOLATION {
        Error::Constraint(unique_name(table, &named(), refusal.detail()))
    } else if *code == SqlState::FOREIGN_KEY_VIOLATION {
        Error::Constraint("foreign key".to_owned())
    } else if *code == SqlState::NOT_NULL_VIOLATION {
        Error::Constraint(format!("{table}.{} not null", refusal.column().unwrap_or_default()))
    } else if *code == SqlState::CHECK_VIOLATION {
        Error::Constraint(named())
    } else if *code == SqlState::DISK_FULL {
        Error::StorageFull
    } else {
        Error::Db(format!("{} ({})", refusal.message(), code.code()))
    }
}

/// See [`Error::Constraint`] for the names. The columns stand in the detail, in whatever language the server speaks:
/// `Key (a, b)=(1, 2) already exists.` A server that hides it leaves the name it gave the constraint by itself,
/// `table_a_key`.
fn unique_name(table: &str, constraint: &str, detail: Option<&str>) -> String {
    let columns = detail.and_then(|detail| {
        let (before, _) = detail.split_once(")=(")?;
        before.split_once('(').map(|(_, columns)| columns)
    });
    match columns {
        Some(columns) if columns.contains('(') => constraint.to_owned(),
        Some(columns) => format!("{table}.{}", columns.replace(", ", ",")),
        None => constraint
            .strip_prefix(table)
            .and_then(|rest| rest.strip_prefix('_')?.strip_suffix("_key"))
            .map_or_else(|| constraint.to_owned(), |column| format!("{table}.{column}")),
    }
}
