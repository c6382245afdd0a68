//! Work that is tried and not kept, and parts of a unit of work that are undone alone.

use crate::{Error, Relais};
use relais_core::refusal::Refusal;
use relais_store::Tx;

/// Why one part of a unit of work is undone.
pub(crate) enum PartEnd {
    /// That part alone: these rules say no.
    Refused(Vec<Refusal>),
    /// With everything else.
    Failed(Error),
}

impl From<relais_store::Error> for PartEnd {
    fn from(error: relais_store::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Error> for PartEnd {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::Refused(vec![refusal]),
            Error::RefusedAll(refusals) => Self::Refused(refusals),
            Error::NotFound
            | Error::Conflict
            | Error::Unavailable(_)
            | Error::StorageFull
            | Error::Internal(_) => Self::Failed(error),
        }
    }
}

/// How a dry run ends: it never keeps anything.
enum DryEnd<T> {
    Tried(T),
    Failed(Error),
}

impl<T> From<relais_store::Error> for DryEnd<T> {
    fn from(error: relais_store::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Relais {
    /// What `work` comes to where nothing of it is kept.
    ///
    /// # Errors
    /// What `work` returns, or that the store did not do it.
    pub(crate) async fn dry_run<T, F>(&self, mut work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let tried = self.store.write(move |tx| match work(tx) {
            Ok(done) => Err::<(), _>(DryEnd::Tried(done)),
            Err(error) => Err(DryEnd::Failed(error)),
        });
        match tried.await {
            Err(DryEnd::Tried(done)) => Ok(done),
            Err(DryEnd::Failed(error)) => Err(error),
            Ok(()) => Err(Error::Internal("a dry run was kept".into())),
        }
    }
}
