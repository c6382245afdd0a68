//! The boundary to rustic: it sees our storage through [`Through`], and what goes wrong in it is said in our words.
//!
//! rustic warns where we want an error, and panics where it does not expect something; neither leaves this module.

use bytes::Bytes;
use bytesize::ByteSize;
use rustic_core::repofile::MasterKey;
use rustic_core::{
    BytesList, ConfigOptions, Credentials, ErrorKind, FileType, Id, KeyOptions, NoProgressBars, Open,
    OpenStatus, ReadBackend, Repository, RepositoryBackends, RepositoryOptions, RusticError, RusticResult,
    WriteBackend,
};
use std::collections::HashMap;
use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use super::error::{Fault, RepositoryError};
use super::storage::{Storage, path_of};

/// rustic's own packs grow with the repository; ours stay as long as restic's, which keeps memory bounded.
const PACK_SIZE: ByteSize = ByteSize::mib(16);

/// Whether a snapshot may be written: asked at the last moment, when all that it refers to has been.
pub(super) trait Gate: Send + Sync {
    fn is_open(&self) -> bool;
}

/// Our storage as rustic wants to see one.
pub(super) struct Through {
    storage: Arc<dyn Storage>,
    trouble: Mutex<Trouble>,
    /// rustic writes a snapshot on the thread that asked for it.
    gates: Mutex<HashMap<ThreadId, Arc<dyn Gate>>>,
    snapshots_written: Mutex<Vec<Id>>,
}

/// What went wrong first: on its way through rustic it may get lost.
#[derive(Default)]
struct Trouble {
    first: Option<RepositoryError>,
    /// How many things rustic does at present: the beginning of one is not the end of what another has met.
    asked: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Through {
    fn new(storage: Arc<dyn Storage>) -> Arc<Through> {
        Arc::new(Through {
            storage,
            trouble: Mutex::default(),
            gates: Mutex::default(),
            snapshots_written: Mutex::default(),
        })
    }

    fn say<T>(&self, outcome: Result<T, Fault>, kind: FileType, id: Option<&Id>) -> RusticResult<T> {
        outcome.map_err(|fault| {
            let location = self.storage.location();
            let error = match id {
                Some(id) => fault.about(&location, kind, id),
                None => fault.at(&location),
            };
            lock(&self.trouble).first.get_or_insert_with(|| error.clone());
            RusticError::with_source(ErrorKind::Backend, error.to_string(), error)
        })
    }

    pub fn trouble(&self) -> Option<RepositoryError> {
        lock(&self.trouble).first.clone()
    }

    /// Lets go of trouble that is about what the repository holds, and not about reaching it.
    pub fn drop_damage(&self) {
        let mut trouble = lock(&self.trouble);
        if matches!(trouble.first, Some(RepositoryError::Damaged { .. })) {
            trouble.first = None;
        }
    }

    /// The snapshots that were written since this was asked last.
    pub fn take_snapshots_written(&self) -> Vec<Id> {
        std::mem::take(&mut *lock(&self.snapshots_written))
    }

    fn write(&self, kind: FileType, id: &Id, content: &[Bytes]) -> Result<(), Fault> {
        match kind {
            FileType::Pack => self.storage.write(kind, id, content),
            // What names packs comes after them, and lasts when this returns.
            FileType::Config | FileType::Key | FileType::Index | FileType::Snapshot => {
                self.storage.settle()?;
                self.storage.write(kind, id, content)?;
                self.storage.settle()
            }
        }
    }
}

impl ReadBackend for Through {
    fn location(&self) -> String {
        self.storage.location()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(Id, u32)>> {
        let found = self.say(self.storage.list(kind), kind, None)?;
        // No file of a repository is longer; if one is, it has not the size that its index says.
        let size = |size: u64| u32::try_from(size).unwrap_or(u32::MAX);
        Ok(found.into_iter().map(|(id, length)| (id, size(length))).collect())
    }

    fn read_full(&self, kind: FileType, id: &Id) -> RusticResult<Bytes> {
        self.say(self.storage.read(kind, id), kind, Some(id))
    }

    fn read_partial(
        &self,
        kind: FileType,
        id: &Id,
        _: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        self.say(self.storage.read_range(kind, id, offset.into(), length as usize), kind, Some(id))
    }

    fn warmup_path(&self, kind: FileType, id: &Id) -> String {
        path_of(kind, id)
    }
}

impl WriteBackend for Through {
    fn create(&self) -> RusticResult<()> {
        self.say(self.storage.create(), FileType::Config, None)
    }

    fn write_bytes(&self, kind: FileType, id: &Id, _: bool, content: BytesList) -> RusticResult<()> {
        if kind == FileType::Snapshot {
            let gate = lock(&self.gates).get(&thread::current().id()).cloned();
            if gate.is_some_and(|gate| !gate.is_open()) {
                return Err(RusticError::new(ErrorKind::InputOutput, "the snapshot would not be whole"));
            }
        }
        let written = self.write(kind, id, content.slice()).map_err(|fault| match fault {
            // Where to write is missing, not what.
            Fault::Missing => Fault::Unreachable("its directory is gone".to_owned()),
            other => other,
        });
        self.say(written, kind, Some(id))?;
        if kind == FileType::Snapshot {
            lock(&self.snapshots_written).push(*id);
        }
        Ok(())
    }

    fn remove(&self, kind: FileType, id: &Id, _: bool) -> RusticResult<()> {
        // What comes in its place has to last before it goes.
        self.say(self.storage.settle().and_then(|()| self.storage.remove(kind, id)), kind, Some(id))
    }
}

/// A repository as rustic holds it, with our view of what goes wrong in it.
pub(super) struct Opened<S> {
    pub repository: Repository<S>,
    pub through: Arc<Through>,
}

impl<S: Open> Opened<S> {
    /// Lets rustic do one thing, and says in our words what went wrong.
    pub fn ask<T>(&self, work: impl FnOnce(&Repository<S>) -> RusticResult<T>) -> Result<T, RepositoryError> {
        {
            let mut trouble = lock(&self.through.trouble);
            if trouble.asked == 0 {
                trouble.first = None;
            }
            trouble.asked += 1;
        }
        let done = attempt(&self.through, || work(&self.repository));
        lock(&self.through.trouble).asked -= 1;
        done
    }

    pub fn listed(&self, kind: FileType) -> Result<Vec<(Id, u64)>, RepositoryError> {
        let storage = &self.through.storage;
        storage.list(kind).map_err(|fault| fault.at(&storage.location()))
    }

    /// As [`Opened::ask`]; no snapshot is written unless the gate is open by then.
    pub fn ask_behind<T>(
        &self,
        gate: Arc<dyn Gate>,
        work: impl FnOnce(&Repository<S>) -> RusticResult<T>,
    ) -> Result<T, RepositoryError> {
        let here = thread::current().id();
        lock(&self.through.gates).insert(here, gate);
        let done = self.ask(work);
        lock(&self.through.gates).remove(&here);
        done
    }
}

/// Makes a repository with this key.
pub(super) fn create(storage: &Arc<dyn Storage>, key: &str) -> Result<Opened<OpenStatus>, RepositoryError> {
    let mut config = ConfigOptions::default();
    config.set_datapack_size = Some(PACK_SIZE);
    config.set_datapack_growfactor = Some(0);
    config.set_treepack_growfactor = Some(0);
    opened(storage, |repository| {
        repository.init(&Credentials::password(key), &KeyOptions::default(), &config)
    })
}

pub(super) fn open(storage: &Arc<dyn Storage>, key: &str) -> Result<Opened<OpenStatus>, RepositoryError> {
    opened(storage, |repository| repository.open(&Credentials::password(key)))
}

/// With the key that is known already: without the half second that a password costs.
pub(super) fn open_again(
    storage: &Arc<dyn Storage>,
    key: &MasterKey,
) -> Result<Opened<OpenStatus>, RepositoryError> {
    opened(storage, |repository| repository.open(&Credentials::Masterkey(key.clone())))
}

fn opened(
    storage: &Arc<dyn Storage>,
    open: impl FnOnce(Repository<()>) -> RusticResult<Repository<OpenStatus>>,
) -> Result<Opened<OpenStatus>, RepositoryError> {
    let through = Through::new(storage.clone());
    let mut options = RepositoryOptions::default();
    options.no_cache = true;
    let backends = RepositoryBackends::new(through.clone(), None);
    let repository =
        attempt(&through, || open(Repository::new_with_progress(&options, &backends, NoProgressBars {})?))?;
    Ok(Opened { repository, through })
}

/// Goes on with the index in memory.
pub(super) fn indexed(
    opened: Opened<OpenStatus>,
) -> Result<Opened<rustic_core::IndexedFullStatus>, RepositoryError> {
    let Opened { repository, through } = opened;
    let repository = attempt(&through, || repository.to_indexed())?;
    Ok(Opened { repository, through })
}

fn attempt<T>(through: &Through, work: impl FnOnce() -> RusticResult<T>) -> Result<T, RepositoryError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(in_our_words(through, &error)),
        Err(panic) => Err(through.trouble().unwrap_or_else(|| {
            let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            // What it holds besides is the whole index.
            if words.contains("index still in use") {
                return RepositoryError::Damaged { what: "a directory of a snapshot is missing".to_owned() };
            }
            let words: String = words.chars().take(PANIC_WORDS_MAX).collect();
            RepositoryError::Other(format!("rustic broke off: {words}"))
        })),
    }
}

const PANIC_WORDS_MAX: usize = 200;

fn in_our_words(through: &Through, error: &RusticError) -> RepositoryError {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(ours) = error.downcast_ref::<RepositoryError>() {
            return ours.clone();
        }
        cause = error.source();
    }
    let location = through.storage.location();
    let words = error.display_log();
    if error.is_incorrect_password() {
        RepositoryError::WrongKey { location }
    } else if words.contains("No repository config file found") {
        RepositoryError::Absent { location }
    } else if let Some(trouble) = through.trouble() {
        trouble
    } else if DAMAGE.iter().any(|sign| words.contains(sign)) {
        RepositoryError::Damaged { what: words }
    } else {
        RepositoryError::Other(words)
    }
}

/// How rustic says that something in a repository is not as it was written. Its kinds of error do not tell.
const DAMAGE: [&str; 9] = [
    "MAC check failed",
    "cannot decrypt",
    "not found in index",
    "missing in index",
    "does not exist",
    "does not match the expected size",
    "eserializ",
    "decod",
    "ecompress",
];
