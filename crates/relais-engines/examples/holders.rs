//! Backs up a directory of holders, one snapshot each, and restores it: what `cargo xtask bench backup` measures.
//!
//!     holders store|verify|restore KEY REPOSITORY DIRECTORY STATE
//!
//! STATE is a file that remembers the last snapshot of each holder, and when its directories last changed.

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use relais_engines::repository::{File, Label, Repository, RepositoryError, SnapshotId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;

type State = BTreeMap<String, Known>;

#[derive(Serialize, Deserialize)]
struct Known {
    snapshot: SnapshotId,
    directories: BTreeMap<PathBuf, SystemTime>,
}

impl Known {
    fn is_current(&self) -> bool {
        let modified = |path| fs::metadata(path).and_then(|found| found.modified());
        self.directories.iter().all(|(path, time)| modified(path).is_ok_and(|now| now == *time))
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [act, key, location, directory, state] = &arguments[..] else {
        bail!("see the head of this program")
    };
    let location = location.parse()?;
    let mut known: State = match fs::read(state) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(_) => State::new(),
    };
    match act.as_str() {
        "store" => store(&Repository::create(&location, key)?, Path::new(directory), &mut known)?,
        "verify" => {
            let repository = Repository::open(&location, key)?;
            for known in known.values() {
                repository.verify(&known.snapshot, None)?;
            }
        }
        "restore" => restore(&Repository::open(&location, key)?, Path::new(directory), &known)?,
        _ => bail!("store, verify or restore"),
    }
    Ok(fs::write(state, serde_json::to_vec(&known)?)?)
}

fn store(repository: &Repository, directory: &Path, state: &mut State) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let holder = entry.file_name().to_string_lossy().into_owned();
        // The time of a snapshot is not what is measured.
        let label = Label {
            organisation: "bench".into(),
            holder: holder.clone(),
            tags: Vec::new(),
            time: Timestamp::UNIX_EPOCH,
        };
        let known = state.get(&holder);
        if let Some(known) = known.filter(|known| known.is_current()) {
            let snapshot = repository.store_unchanged(&known.snapshot, &label)?;
            state.get_mut(&holder).context("known")?.snapshot = snapshot;
            continue;
        }
        let (mut files, mut directories) = (Vec::new(), BTreeMap::new());
        scan(&entry.path(), "", &mut files, &mut directories)?;
        let stored = repository.store(files, &label, known.map(|known| &known.snapshot), &mut |_| {})?;
        state.insert(holder, Known { snapshot: stored.snapshot, directories });
    }
    Ok(())
}

fn scan(
    directory: &Path,
    below: &str,
    files: &mut Vec<File>,
    directories: &mut BTreeMap<PathBuf, SystemTime>,
) -> Result<()> {
    directories.insert(directory.to_owned(), fs::metadata(directory)?.modified()?);
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            scan(&entry.path(), &format!("{path}/"), files, directories)?;
            continue;
        }
        let found = entry.metadata()?;
        files.push(File {
            path,
            size_bytes: found.len(),
            modified: Timestamp::try_from(found.modified()?)?,
            content: Arc::new(entry.path()),
        });
    }
    Ok(())
}

fn restore(repository: &Repository, directory: &Path, state: &State) -> Result<()> {
    let all: Vec<_> = state.iter().collect();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let running: Vec<_> = all
            .chunks(all.len().div_ceil(workers).max(1))
            .map(|part| {
                scope.spawn(move || {
                    part.iter().try_for_each(|(holder, known)| {
                        restore_one(repository, &directory.join(holder), known)
                    })
                })
            })
            .collect();
        running.into_iter().try_for_each(|worker| worker.join().expect("no panic"))
    })
}

fn restore_one(repository: &Repository, directory: &Path, known: &Known) -> Result<()> {
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
