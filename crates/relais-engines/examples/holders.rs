//! Backs up mailboxes, one snapshot each, as Relais does, and restores them: what `cargo xtask bench backup` measures.
//!
//!     holders store|verify|search|restore|restore-one KEY REPOSITORY DIRECTORY STATE
//!
//! DIRECTORY is the mail directory of an instance, or where to restore to. STATE is a file that remembers the last
//! snapshot of each mailbox and its fingerprint.

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use relais_core::ids::MailboxId;
use relais_engines::maildir::{Index, Maildirs, Personal, Place, Query, Restorable, RestoreOrder, Run};
use relais_engines::message::PersonalMarks;
use relais_engines::repository::{EntryKind, Label, Repository, RepositoryError, SnapshotId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

/// As many mailboxes at once as in `relais-app/backups/reading.rs`.
const WRITERS: usize = 4;
const FOUND_MAX: usize = 50;

type State = BTreeMap<String, Known>;

#[derive(Serialize, Deserialize)]
struct Known {
    snapshot: SnapshotId,
    fingerprint: Option<String>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [act, key, location, directory, state] = &arguments[..] else {
        bail!("see the head of this program")
    };
    let (location, directory) = (location.parse()?, Path::new(directory));
    let mut known: State = match fs::read(state) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(_) => State::new(),
    };
    if act == "store" {
        known = store(&Repository::create(&location, key)?, directory, &known)?;
        return Ok(fs::write(state, serde_json::to_vec(&known)?)?);
    }
    let repository = Repository::open(&location, key)?;
    match act.as_str() {
        "verify" => {
            for known in known.values() {
                repository.verify(&known.snapshot, None)?;
            }
        }
        "search" => {
            let query = Query { subject: Some("re".to_owned()), ..Query::all(Personal::LeaveOut) };
            let mut found = 0;
            for known in known.values() {
                found += index_of(&repository, &known.snapshot)?.search(&query, 0, FOUND_MAX).total;
            }
            println!("{found}");
        }
        "restore" => restore(&repository, directory, &known)?,
        "restore-one" => restore_one(&repository, directory, &known)?,
        _ => bail!("store, verify, search, restore or restore-one"),
    }
    Ok(())
}

fn store(repository: &Repository, directory: &Path, state: &State) -> Result<State> {
    let maildirs = Maildirs::open(directory.to_owned())?;
    let mut holders = Vec::new();
    for entry in fs::read_dir(directory.join("boxes"))? {
        holders.push(entry?.file_name().to_string_lossy().into_owned());
    }
    let waiting = Mutex::new(holders.into_iter());
    let next = || waiting.lock().ok()?.next();
    thread::scope(|scope| {
        let work = || -> Result<State> {
            let mut stored = State::new();
            while let Some(holder) = next() {
                let known = store_one(repository, &maildirs, &holder, state.get(&holder))?;
                stored.insert(holder, known);
            }
            Ok(stored)
        };
        let running: Vec<_> = (0..WRITERS).map(|_| scope.spawn(work)).collect();
        let mut stored = State::new();
        for writer in running {
            stored.append(&mut writer.join().expect("no panic")?);
        }
        Ok(stored)
    })
}

fn store_one(
    repository: &Repository,
    maildirs: &Maildirs,
    holder: &str,
    known: Option<&Known>,
) -> Result<Known> {
    let mailbox: MailboxId = holder.parse()?;
    // The time of a snapshot is not what is measured.
    let label = Label {
        organisation: "bench".into(),
        holder: holder.to_owned(),
        tags: Vec::new(),
        time: Timestamp::UNIX_EPOCH,
    };
    let fingerprint = maildirs.fingerprint(mailbox)?;
    if let Some(known) = known.filter(|known| fingerprint.is_some() && known.fingerprint == fingerprint) {
        return Ok(Known { snapshot: repository.store_unchanged(&known.snapshot, &label)?, fingerprint });
    }
    let parent = known.map(|known| &known.snapshot);
    let previous = parent.map(|parent| index_of(repository, parent)).transpose()?.unwrap_or_default();
    let scan = maildirs.scan(mailbox, &previous, &PersonalMarks::default())?;
    let stored = repository.store(scan.files, &label, parent, &mut |_| {})?;
    Ok(Known { snapshot: stored.snapshot, fingerprint: scan.fingerprint })
}

fn index_of(repository: &Repository, snapshot: &SnapshotId) -> Result<Index> {
    let mut index = Index::default();
    for tree in repository.list(snapshot, "")?.into_iter().filter(|entry| entry.kind == EntryKind::Directory)
    {
        for folder in repository.list(snapshot, &tree.path)? {
            let path = format!("{}/index.jsonl", folder.path);
            if folder.kind == EntryKind::Directory && Index::is_index(&path) {
                let mut content = Vec::new();
                repository.read(snapshot, &path)?.read_to_end(&mut content)?;
                index.read(&path, &content);
            }
        }
    }
    Ok(index)
}

/// Every file of every snapshot.
fn restore(repository: &Repository, directory: &Path, state: &State) -> Result<()> {
    let all: Vec<_> = state.iter().collect();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let running: Vec<_> = all
            .chunks(all.len().div_ceil(workers).max(1))
            .map(|part| {
                scope.spawn(move || {
                    part.iter().try_for_each(|(holder, known)| {
                        restore_files(repository, &directory.join(holder), known)
                    })
                })
            })
            .collect();
        running.into_iter().try_for_each(|worker| worker.join().expect("no panic"))
    })
}

fn restore_files(repository: &Repository, directory: &Path, known: &Known) -> Result<()> {
    let mut made = PathBuf::new();
    repository.read_all(&known.snapshot, "", |entry, mut reader| {
        let failed = |error: std::io::Error| RepositoryError::Other(error.to_string());
        let path = directory.join(&entry.path);
        let parent = path.parent().unwrap_or(directory);
        if made != parent {
            fs::create_dir_all(parent).map_err(failed)?;
            parent.clone_into(&mut made);
        }
        let mut file = fs::File::create(&path).map_err(failed)?;
        std::io::copy(&mut reader, &mut file).map_err(failed)?;
        let modified = entry.modified.unwrap_or_default();
        file.set_modified(modified.into()).map_err(failed)
    })?;
    Ok(())
}

/// All messages of one mailbox into another that is empty, durably, as an administrator would.
fn restore_one(repository: &Repository, directory: &Path, state: &State) -> Result<()> {
    let known = state.values().next().context("nothing was backed up")?;
    let index = index_of(repository, &known.snapshot)?;
    let stored = repository.stored_files(&known.snapshot, "")?.into_iter();
    let files: HashMap<_, _> = stored.map(|(entry, file)| (entry.path, file)).collect();
    let mut messages = Vec::new();
    for folder in index.folders() {
        for message in &folder.messages {
            let file = files.get(&folder.path_of(message)).context("a message that the index names")?;
            messages.push(Restorable {
                tree: folder.tree,
                dir: folder.dir.clone(),
                message: message.clone(),
                content: Arc::new(file.clone()),
            });
        }
    }
    let maildirs = Maildirs::open(directory.to_owned())?;
    let mailbox = MailboxId::from_number(1);
    maildirs.create(mailbox)?;
    let order =
        RestoreOrder { id: "bench", place: Place::InPlace, personal: Personal::Include, run: Run::Write };
    let restored = maildirs.restore(mailbox, &order, &messages, &mut |_, _| {})?;
    if restored.added != messages.len() as u64 {
        bail!("{restored:?}");
    }
    Ok(())
}
