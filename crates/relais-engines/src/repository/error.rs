//! What can be wrong with a repository, said so that somebody can act on it.

use rustic_core::{FileType, Id};

use super::SnapshotId;
use super::storage::noun;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepositoryError {
    #[error("the repository at {location} has another key")]
    WrongKey { location: String },
    #[error("there is no repository at {location}")]
    Absent { location: String },
    /// The network, the disk or the server behind it: worth trying again.
    #[error("{location} cannot be reached: {why}")]
    Unreachable { location: String, why: String },
    /// Permissions or credentials.
    #[error("{location} refuses: {why}")]
    Denied { location: String, why: String },
    #[error("there is no room left at {location}")]
    Full { location: String },
    #[error("the repository is damaged: {what}")]
    Damaged { what: String },
    #[error("the repository has no snapshot {0}")]
    NoSnapshot(SnapshotId),
    #[error("the snapshot has no file {path}")]
    NoFile { path: String },
    /// What was to be stored could not be read. Nothing of it was stored.
    #[error("{path} cannot be read: {why}")]
    Source { path: String, why: String },
    /// Two files of one snapshot have the same path, or a path that is none.
    #[error("{path} cannot be the path of a file in a snapshot")]
    BadPath { path: String },
    #[error("{0}")]
    Other(String),
}

/// Why a store did not do one thing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("it is missing")]
    Missing,
    #[error("no room is left")]
    Full,
    #[error("{0}")]
    Unreachable(String),
    #[error("{0}")]
    Denied(String),
    /// Not what was written there.
    #[error("it is cut short")]
    Short,
}

impl Fault {
    /// With the object that was asked for.
    pub fn about(self, location: &str, kind: FileType, id: &Id) -> RepositoryError {
        let name = || match kind {
            FileType::Config => "config".to_owned(),
            FileType::Key | FileType::Snapshot | FileType::Index | FileType::Pack => {
                format!("{} {}", noun(kind), id.to_hex().as_str())
            }
        };
        match self {
            Fault::Missing if kind == FileType::Config => {
                RepositoryError::Absent { location: location.to_owned() }
            }
            Fault::Missing if kind == FileType::Snapshot => RepositoryError::NoSnapshot(SnapshotId(*id)),
            Fault::Missing => RepositoryError::Damaged { what: format!("{} is missing", name()) },
            Fault::Short => RepositoryError::Damaged { what: format!("{} is cut short", name()) },
            other => other.at(location),
        }
    }

    /// Where no single object is meant.
    pub fn at(self, location: &str) -> RepositoryError {
        let location = location.to_owned();
        match self {
            Fault::Missing => RepositoryError::Absent { location },
            Fault::Full => RepositoryError::Full { location },
            Fault::Unreachable(why) => RepositoryError::Unreachable { location, why },
            Fault::Denied(why) => RepositoryError::Denied { location, why },
            Fault::Short => RepositoryError::Damaged { what: format!("a file at {location} is cut short") },
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Fault {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::NotFound => Fault::Missing,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Fault::Full,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Fault::Denied(error.to_string()),
            ErrorKind::UnexpectedEof => Fault::Short,
            _ => Fault::Unreachable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustic_core::{FileType, Id};
    use std::io::ErrorKind;

    use super::{Fault, RepositoryError};

    #[test]
    fn what_the_disk_says_becomes_what_a_person_can_act_on() {
        let said = |kind: ErrorKind, file| {
            Fault::from(std::io::Error::from(kind)).about("/backup", file, &Id::default())
        };
        let location = || "/backup".to_owned();
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            assert_eq!(said(kind, FileType::Pack), RepositoryError::Full { location: location() });
        }
        for kind in [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem] {
            assert!(matches!(said(kind, FileType::Pack), RepositoryError::Denied { .. }));
        }
        for kind in [ErrorKind::TimedOut, ErrorKind::HostUnreachable, ErrorKind::Other] {
            assert!(matches!(said(kind, FileType::Pack), RepositoryError::Unreachable { .. }));
        }
        assert_eq!(
            said(ErrorKind::NotFound, FileType::Config),
            RepositoryError::Absent { location: location() }
        );
        assert!(matches!(said(ErrorKind::NotFound, FileType::Snapshot), RepositoryError::NoSnapshot(_)));
        let missing = said(ErrorKind::NotFound, FileType::Pack).to_string();
        assert_eq!(missing, format!("the repository is damaged: pack {} is missing", "0".repeat(64)));
        let short = said(ErrorKind::UnexpectedEof, FileType::Index).to_string();
        assert_eq!(short, format!("the repository is damaged: index {} is cut short", "0".repeat(64)));
    }
}
