//! Whether a mailbox is what it was, without reading it: whatever comes, goes or gets another name changes the time
//! of a directory.

use super::Maildirs;
use super::durable::{at, clock_of};
use super::index::Tree;
use super::live_folder::is_settled;
use super::names::{FolderDir, hex};
use relais_core::ids::MailboxId;
use sha2::{Digest as _, Sha256};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::SystemTime;

/// Another layout of what is hashed, or of a snapshot, gets another number.
const VERSION: &[u8] = b"relais-mailbox-1\0";

impl Maildirs {
    /// Equal for a mailbox in which nothing has changed. `None` when something changed so recently that a further
    /// change might not show. By the file system's own clock.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn fingerprint(&self, mailbox: MailboxId) -> io::Result<Option<String>> {
        let now = clock_of(&self.incoming_dir());
        let home = self.home(mailbox);
        let mut print = Print { hash: Sha256::new_with_prefix(VERSION), now, settled: true };
        for tree in Tree::ALL {
            let root = match tree {
                Tree::Mail => self.maildir(mailbox),
                Tree::Personal => self.personal(mailbox),
            };
            print.part(tree.dir().as_bytes());
            for folder in folder_names(&root)? {
                print.part(folder.dir().as_bytes());
                for name in ["new", "cur", "dovecot-keywords"] {
                    print.time(&root.join(folder.dir()).join(name))?;
                }
            }
        }
        print.time(&self.maildir(mailbox).join("subscriptions"))?;
        print.time(&home.join(".dovecot.sieve"))?;
        for script in sieve_scripts(&home)? {
            print.part(script.as_bytes());
            print.time(&home.join("sieve").join(script))?;
        }
        Ok(print.settled.then(|| hex(&print.hash.finalize())))
    }
}

struct Print {
    hash: Sha256,
    now: Option<SystemTime>,
    settled: bool,
}

impl Print {
    fn part(&mut self, name: &[u8]) {
        self.hash.update((name.len() as u64).to_be_bytes());
        self.hash.update(name);
    }

    /// When this changed, or that it is not there.
    fn time(&mut self, path: &Path) -> io::Result<()> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => {
                let modified = metadata.modified()?;
                self.settled &= is_settled(modified, self.now);
                let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                self.part(&since.as_nanos().to_be_bytes());
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.part(b"");
                Ok(())
            }
            Err(error) => Err(at("read", path, &error)),
        }
    }
}

/// INBOX and what is named like a folder, sorted; none when there is no tree.
fn folder_names(root: &Path) -> io::Result<Vec<FolderDir>> {
    let mut folders = vec![FolderDir::inbox()];
    match names_in(root)? {
        Some(names) => folders.extend(names.iter().filter_map(|name| FolderDir::from_dir(name))),
        None => folders.clear(),
    }
    folders.sort();
    Ok(folders)
}

/// The names of the Sieve scripts in a home, sorted.
pub(super) fn sieve_scripts(home: &Path) -> io::Result<Vec<OsString>> {
    let mut names = names_in(&home.join("sieve"))?.unwrap_or_default();
    names.retain(|name| name.as_bytes().ends_with(b".sieve"));
    names.sort();
    Ok(names)
}

fn names_in(dir: &Path) -> io::Result<Option<Vec<OsString>>> {
    let listing = match fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at("read", dir, &error)),
    };
    let names: io::Result<Vec<OsString>> = listing.map(|entry| Ok(entry?.file_name())).collect();
    names.map(Some).map_err(|error| at("read", dir, &error))
}
