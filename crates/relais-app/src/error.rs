//! How a command or a question ends when it does not succeed. Each door has one mapping from this to its protocol.

use relais_core::refusal::{BackupFault, Refusal};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule says no; nothing changed.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// Several rules say no, all named so that all can be mended at once.
    #[error("refused")]
    RefusedAll(Vec<Refusal>),
    #[error("not found")]
    NotFound,
    /// Someone else changed the same thing at the same moment; ask again.
    #[error("conflict")]
    Conflict,
    /// For now: database, disk or an engine is away. Nothing changed.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// No room left on this machine. Nothing changed.
    #[error("no storage left")]
    StorageFull,
    /// A defect of ours.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// Whether it is worth trying again without anybody mending something here.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::StorageFull | Self::Conflict => true,
            Self::Refused(Refusal::Backup(fault)) => matches!(fault, BackupFault::Unreachable { .. }),
            Self::Refused(_) | Self::RefusedAll(_) | Self::NotFound | Self::Internal(_) => false,
        }
    }
}

impl From<relais_store::Error> for Error {
    fn from(error: relais_store::Error) -> Self {
        use relais_store::Error as Store;
        match error {
            Store::Constraint(_) => Self::Conflict,
            Store::Unavailable(text) => Self::Unavailable(text),
            Store::StorageFull => Self::StorageFull,
            other @ (Store::Corrupt { .. }
            | Store::Shape(_)
            | Store::NotOneRow { .. }
            | Store::Panicked(_)
            | Store::Open(_)
            | Store::Db(_)) => Self::Internal(other.to_string()),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::StorageFull,
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Internal(error.to_string())
    }
}
