//! Writing snapshots.
//!
//! rustic's archiver leaves out with a warning what it cannot read. So the files it reads are ours: each tells what
//! became of it, and no snapshot is written while one of them is amiss.

use jiff::tz::TimeZone;
use rustic_core::repofile::{Metadata, Node, NodeType, SnapshotFile};
use rustic_core::{
    BackupOptions, ErrorKind, IndexedFullStatus, ReadSource, ReadSourceEntry, ReadSourceOpen, RusticError,
    RusticResult,
};
use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::error::RepositoryError;
use super::rustic::{Gate, Opened};
use super::{File, Label, Repository, SnapshotId};

/// A file that has another length each time it is read is given up after so many attempts.
const ATTEMPTS_MAX: usize = 5;
const FILE_MODE: u32 = 0o600;
/// Files that are told of together: waking whoever listens for each one costs more than looking at it.
const LOOKED_AT_TOGETHER: u64 = 64;

/// What storing a snapshot has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub snapshot: SnapshotId,
    /// In the snapshot.
    pub files: u64,
    pub bytes: u64,
    /// Of the files that were new or had changed.
    pub bytes_read: u64,
    /// What the repository has grown by, compressed.
    pub bytes_added: u64,
    /// Files that were there when they were listed, and no longer when they were to be read.
    pub gone: u64,
}

/// How far the storing of a snapshot is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Looked at.
    pub files: u64,
    /// Read, since they are new or have changed.
    pub bytes_read: u64,
}

impl Repository {
    /// Stores these files as a snapshot, durably. A file with the same path, size and modification time in `parent` is
    /// not read again; a parent that is gone only costs time.
    ///
    /// # Errors
    /// When a file cannot be read, for another reason than that it is gone, or the repository cannot be written. No
    /// snapshot is there then.
    pub fn store(
        &self,
        mut files: Vec<File>,
        label: &Label,
        parent: Option<&SnapshotId>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Stored, RepositoryError> {
        sort(&mut files)?;
        let opened = self.inner.for_storing(parent)?;
        let mut restless = String::new();
        for _ in 0..ATTEMPTS_MAX {
            let record = Arc::new(Record::default());
            let archived = archive(&opened, &files, label, parent, &record, progress);
            let mut seen = record.seen();
            if let Some(error) = seen.failure.take() {
                return Err(error);
            }
            if seen.other_sizes.is_empty() {
                return stored(&files, &seen, archived?);
            }
            // A snapshot says of each file how long it is, and restoring relies on it.
            for file in &mut files {
                if let Some(&size) = seen.other_sizes.get(&file.path) {
                    file.size_bytes = size;
                    restless.clone_from(&file.path);
                }
            }
        }
        let why = "it has another length each time it is read".to_owned();
        Err(RepositoryError::Source { path: restless, why })
    }

    /// A snapshot of what is in `earlier`: nothing is read, nothing but the snapshot itself is written.
    ///
    /// # Errors
    /// When there is no such snapshot, or the repository cannot be written.
    pub fn store_unchanged(
        &self,
        earlier: &SnapshotId,
        label: &Label,
    ) -> Result<SnapshotId, RepositoryError> {
        let earlier_file = self.inner.snapshot(earlier)?;
        let mut snapshot = label.snapshot();
        snapshot.tree = earlier_file.tree;
        snapshot.parent = Some(earlier.0.into());
        let writing = self.inner.for_snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        writing.through.take_snapshots_written();
        writing.ask(|repository| repository.save_snapshots(vec![snapshot]))?;
        let written = writing.through.take_snapshots_written().pop();
        written.map(SnapshotId).ok_or_else(|| RepositoryError::Other("rustic wrote no snapshot".to_owned()))
    }
}

impl Label {
    fn snapshot(&self) -> SnapshotFile {
        let mut snapshot = SnapshotFile {
            time: self.time.to_zoned(TimeZone::UTC),
            hostname: self.organisation.clone(),
            label: self.holder.clone(),
            username: "relais".to_owned(),
            program_version: format!("relais {}", env!("CARGO_PKG_VERSION")),
            ..SnapshotFile::default()
        };
        snapshot.paths.add(self.path().display().to_string());
        for tag in &self.tags {
            snapshot.tags.add(tag.clone());
        }
        snapshot
    }

    /// What restic shows of a snapshot besides the host.
    fn path(&self) -> PathBuf {
        Path::new("/").join(self.holder.trim_start_matches('/'))
    }
}

/// Into the order of a tree, and only what has a place in one.
fn sort(files: &mut [File]) -> Result<(), RepositoryError> {
    let bad = |file: &File| RepositoryError::BadPath { path: file.path.clone() };
    let is_plain = |path: &str| {
        let names: Vec<_> = path.split('/').collect();
        !path.contains('\0') && names.iter().all(|name| !matches!(*name, "" | "." | ".."))
    };
    if let Some(file) = files.iter().find(|file| !is_plain(&file.path)) {
        return Err(bad(file));
    }
    files.sort_by(|one, other| Path::new(&one.path).cmp(Path::new(&other.path)));
    // A file of the same path, or one that would have to be a directory, is right before.
    match files.windows(2).find(|pair| Path::new(&pair[1].path).starts_with(&pair[0].path)) {
        Some(pair) => Err(bad(&pair[1])),
        None => Ok(()),
    }
}

/// Runs rustic's archiver beside us, so that progress is told on the caller's thread.
fn archive(
    opened: &Opened<IndexedFullStatus>,
    files: &[File],
    label: &Label,
    parent: Option<&SnapshotId>,
    record: &Arc<Record>,
    progress: &mut dyn FnMut(Progress),
) -> Result<SnapshotFile, RepositoryError> {
    let (send, receive) = channel();
    let source = Source { files: files.into(), record: record.clone(), steps: Mutex::new(send) };
    let snapshot = label.snapshot();
    let mut options = BackupOptions::default();
    options.no_scan = true;
    options.parent_opts.ignore_ctime = true;
    match parent {
        Some(parent) => options.parent_opts.parents = vec![parent.to_string()],
        None => options.parent_opts.force = true,
    }
    let paths = [label.path()];
    let options = &options;
    thread::scope(|scope| {
        let archiver = scope.spawn(move || {
            let gate = source.record.clone();
            opened.ask_behind(gate, |repository| repository.archive(options, &source, snapshot, &paths))
        });
        let mut now = Progress::default();
        for step in receive {
            match step {
                Step::LookedAt(files) => now.files += files,
                Step::Read(bytes) => now.bytes_read += bytes,
            }
            progress(now);
        }
        archiver.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn stored(files: &[File], seen: &Seen, snapshot: SnapshotFile) -> Result<Stored, RepositoryError> {
    let summary = snapshot.summary.as_ref();
    let in_snapshot = files.len() as u64 - seen.gone;
    // Nobody has told that one is missing: then it is a mistake of ours or of rustic's.
    if summary.is_none_or(|summary| summary.total_files_processed != in_snapshot) {
        return Err(RepositoryError::Other("rustic left out files without saying so".to_owned()));
    }
    Ok(Stored {
        snapshot: SnapshotId(*snapshot.id),
        files: in_snapshot,
        bytes: files.iter().map(|file| file.size_bytes).sum::<u64>() - seen.gone_bytes,
        bytes_read: seen.bytes_read,
        bytes_added: summary.map_or(0, |summary| summary.data_added_packed),
        gone: seen.gone,
    })
}

/// What became of the files.
#[derive(Default)]
struct Record {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    bytes_read: u64,
    gone: u64,
    gone_bytes: u64,
    /// Of files that are not as long as they were when they were listed.
    other_sizes: HashMap<String, u64>,
    failure: Option<RepositoryError>,
}

impl Record {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, path: &str, error: &io::Error) {
        let error = RepositoryError::Source { path: path.to_owned(), why: error.to_string() };
        self.seen().failure.get_or_insert(error);
    }
}

impl Gate for Record {
    fn is_open(&self) -> bool {
        let seen = self.seen();
        seen.failure.is_none() && seen.other_sizes.is_empty()
    }
}

enum Step {
    LookedAt(u64),
    Read(u64),
}

struct Source {
    files: Arc<[File]>,
    record: Arc<Record>,
    steps: Mutex<Sender<Step>>,
}

impl ReadSource for Source {
    type Open = Opening;
    type Iter = Entries;

    fn size(&self) -> RusticResult<Option<u64>> {
        Ok(None)
    }

    fn entries(&self) -> Entries {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Entries { files: self.files.clone(), next: 0, untold: 0, record: self.record.clone(), steps }
    }
}

struct Entries {
    files: Arc<[File]>,
    next: usize,
    /// Files that were looked at since it was told of some.
    untold: u64,
    record: Arc<Record>,
    steps: Sender<Step>,
}

impl Entries {
    fn tell(&mut self) {
        // Nobody listens any more: then nobody wants to know.
        let _ = self.steps.send(Step::LookedAt(std::mem::take(&mut self.untold)));
    }
}

impl Iterator for Entries {
    type Item = RusticResult<ReadSourceEntry<Opening>>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(file) = self.files.get(self.next).cloned() else {
            self.tell();
            return None;
        };
        self.next += 1;
        self.untold += 1;
        if self.untold == LOOKED_AT_TOGETHER {
            self.tell();
        }
        let path = PathBuf::from(&file.path);
        let name = path.components().next_back().map(Component::as_os_str).unwrap_or_default();
        let meta = Metadata {
            mode: Some(FILE_MODE),
            mtime: Some(file.modified),
            size: file.size_bytes,
            uid: Some(nix::unistd::getuid().as_raw()),
            gid: Some(nix::unistd::getgid().as_raw()),
            ..Metadata::default()
        };
        let node = Node::new_node(name, NodeType::File, meta);
        let open = Opening { file, record: self.record.clone(), steps: self.steps.clone() };
        Some(Ok(ReadSourceEntry { path, node, open: Some(open) }))
    }
}

/// A file whose turn to be read may come.
struct Opening {
    file: File,
    record: Arc<Record>,
    steps: Sender<Step>,
}

impl ReadSourceOpen for Opening {
    type Reader = Reading;

    fn open(self) -> RusticResult<Reading> {
        let Opening { file, record, steps } = self;
        match file.content.open() {
            Ok(content) => {
                Ok(Reading { content, path: file.path, expected: file.size_bytes, read: 0, record, steps })
            }
            Err(error) => {
                if error.kind() == io::ErrorKind::NotFound {
                    let mut seen = record.seen();
                    seen.gone += 1;
                    seen.gone_bytes += file.size_bytes;
                } else {
                    record.fail(&file.path, &error);
                }
                Err(RusticError::with_source(ErrorKind::InputOutput, "The file cannot be opened.", error))
            }
        }
    }
}

/// A file that is being read.
struct Reading {
    content: Box<dyn Read + Send>,
    path: String,
    expected: u64,
    read: u64,
    record: Arc<Record>,
    steps: Sender<Step>,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.content.read(buffer) {
            Ok(length) => {
                self.read += length as u64;
                Ok(length)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.record.fail(&self.path, &error);
                Err(error)
            }
        }
    }
}

impl Drop for Reading {
    /// Read to its end, or given up with a failure that is recorded.
    fn drop(&mut self) {
        let _ = self.steps.send(Step::Read(self.read));
        let mut seen = self.record.seen();
        seen.bytes_read += self.read;
        if self.read != self.expected {
            seen.other_sizes.insert(std::mem::take(&mut self.path), self.read);
        }
    }
}
