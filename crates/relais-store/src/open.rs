//! The store as the rest of the program holds it: opened by an address, asked for units of work.
//!
//! Knows nothing of tables: the migrations are given to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;

use crate::migrate::Migration;
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::tx::{Error, Queue, Tx, Unit, assert_outside};

/// A database. Cheap to clone; the last clone to go waits for the work under way and closes it.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
}

#[derive(Clone)]
enum Backend {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Store {
    /// `sqlite:///var/lib/relais/relais.db`, a plain path, or `postgres://user@host/name` (for a unix socket
    /// `postgres:///name?host=/run/postgresql`). Brings the schema up to date first.
    ///
    /// Blocks for as long as that takes. Fails with [`Error::Open`] and a text that says what to do, or with
    /// [`Error::Unavailable`] when no server answers.
    pub fn open(url: &str, migrations: &[Migration]) -> Result<Store, Error> {
        let backend = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Backend::Postgres(Arc::new(Postgres::open(url, migrations)?))
        } else {
            Backend::Sqlite(Arc::new(Sqlite::open(&sqlite_path(url)?, migrations)?))
        };
        Ok(Store { backend })
    }

    /// One transaction; kept if `work` returns `Ok`, and then durable when this returns.
    ///
    /// `work` may be called more than once (another transaction was in the way), so it must not have effects outside of `tx`.
    /// A caller that stops waiting does not stop the work.
    pub async fn write<T, E>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        wait(self.write_queue(), work).await
    }

    /// One consistent snapshot; changes are refused. Like [`Store::write`], `work` may be called more than once.
    pub async fn read<T, E>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => wait(sqlite.reads(), work).await,
            Backend::Postgres(postgres) => wait(postgres.reads(), work).await,
        }
    }

    /// [`Store::write`] for threads outside of the async runtime. Panics inside a unit of work, where it would wait for
    /// itself.
    pub fn write_blocking<T, E>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        assert_outside();
        wait_blocking(self.write_queue(), work)
    }

    /// [`Store::read`] on the calling thread where the database allows it (SQLite): microseconds for a lookup by key, so a
    /// door may call it in an async task. Not for listings; panics inside a unit of work.
    pub fn read_blocking<T, E>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        assert_outside();
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read_here(work),
            Backend::Postgres(postgres) => wait_blocking(postgres.reads(), work),
        }
    }

    fn write_queue(&self) -> &Queue {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.writes(),
            Backend::Postgres(postgres) => postgres.writes(),
        }
    }
}

fn sqlite_path(url: &str) -> Result<PathBuf, Error> {
    let path = match url.split_once("://") {
        Some(("sqlite", path)) => path,
        None => url.strip_prefix("sqlite:").unwrap_or(url),
        Some((scheme, _)) => {
            return Err(Error::Open(format!(
                "a database address begins with sqlite:// or postgres://, not with {scheme}://"
            )));
        }
    };
    if path.is_empty() {
        return Err(Error::Open(
            "the database address names no file: write sqlite:///path/relais.db".to_owned(),
        ));
    }
    Ok(Path::new(path).to_owned())
}

fn closed() -> Error {
    Error::Unavailable("the store is closed".to_owned())
}

async fn wait<T, E>(
    queue: &Queue,
    work: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (sender, receiver) = tokio::sync::oneshot::channel();
    // The caller may have stopped waiting.
    let reply = move |result| drop(sender.send(result));
    queue.push(Box::new(Unit { work, outcome: None, reply }));
    receiver.await.unwrap_or_else(|_| Err(E::from(closed())))
}

fn wait_blocking<T, E>(
    queue: &Queue,
    work: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (sender, receiver) = mpsc::sync_channel(1);
    let reply = move |result| drop(sender.send(result));
    queue.push(Box::new(Unit { work, outcome: None, reply }));
    receiver.recv().unwrap_or_else(|_| Err(E::from(closed())))
}
