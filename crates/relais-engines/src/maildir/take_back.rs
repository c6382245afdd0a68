//! Undoing a hand-over.

use super::Maildirs;
use super::durable::{at, create_folder, remove_file, sync_dir};
use super::folders::{Entry, Shelf, folders_of, messages_of};
use super::hand_over::require_two_mailboxes;
use super::names::{FolderDir, base};
use super::subscriptions;
use relais_core::ids::MailboxId;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

impl Maildirs {
    /// Takes back what [`Maildirs::hand_over`] gave to `to` below `under`, and says how many messages that were.
    /// What the successor added there stays, and so do folders that hold any of it; what they moved out of
    /// `under` is theirs.
    ///
    /// # Errors
    /// When a mailbox does not exist or its files cannot be removed. Run it again.
    pub fn take_back(&self, from: MailboxId, to: MailboxId, under: &str) -> io::Result<u64> {
        let (source, destination) = (self.maildir(from), self.maildir(to));
        require_two_mailboxes(&source, &destination)?;
        let parent = FolderDir::named(under);
        // First: killed after this, a new hand-over links again what is missing.
        let list = self.given_list(from, to, under);
        if list.exists() {
            remove_file(&list)?;
            list.parent().map_or(Ok(()), sync_dir)?;
        }
        let folders: Vec<FolderDir> =
            folders_of(&destination)?.into_iter().filter(|folder| folder.is_within(&parent)).collect();
        // What was set aside since was perhaps handed over before.
        let trees = [source, self.personal(from)];
        let placed = placed_below(&trees, &parent)?;
        let mut originals = Originals::read(&trees, &destination)?;
        let mut removed = 0;
        let mut others: Vec<(PathBuf, Entry)> = Vec::new();
        for folder in &folders {
            let path = destination.join(folder.dir());
            let names = by_base(placed.get(folder.dir()).map_or(&[], Vec::as_slice))?;
            for message in messages_of(&path)? {
                let original = names.get(base(message.name.as_bytes()));
                match original {
                    Some((dir, original)) if originals.is_same(dir, original, &path, &message)? => {
                        originals.took(original.inode);
                        remove_file(&message.path(&path))?;
                        removed += 1;
                    }
                    Some(_) | None => others.push((path.clone(), message)),
                }
            }
        }
        // Renamed by the server when the successor moved them from one of these folders to another.
        for (path, message) in others {
            if originals.take(message.inode) {
                remove_file(&message.path(&path))?;
                removed += 1;
            }
        }
        remove_empty(&destination, &parent, &folders, |folder| placed.contains_key(folder.dir()))?;
        Ok(removed)
    }
}

/// The messages of the source by inode: how many of its files may still have a twin to take back.
struct Originals {
    twins: HashMap<u64, u64>,
    one_file_system: bool,
}

impl Originals {
    fn read(trees: &[PathBuf; 2], destination: &Path) -> io::Result<Self> {
        let device = |path: &Path| {
            fs::metadata(path).map(|metadata| metadata.dev()).map_err(|error| at("find", path, &error))
        };
        let one_file_system = device(&trees[0])? == device(destination)?;
        let mut twins = HashMap::new();
        for tree in trees {
            for folder in folders_of(tree)? {
                for message in messages_of(&tree.join(folder.dir()))? {
                    *twins.entry(message.inode).or_default() += 1;
                }
            }
        }
        Ok(Self { twins, one_file_system })
    }

    /// Whether two files of one name are one message: the same file, or a copy of the same size.
    fn is_same(&self, dir: &Path, original: &Entry, path: &Path, message: &Entry) -> io::Result<bool> {
        if self.one_file_system && original.inode == message.inode {
            return Ok(true);
        }
        Ok(original.size_bytes(dir)? == message.size_bytes(path)?)
    }

    fn took(&mut self, inode: u64) {
        self.twins.entry(inode).and_modify(|count| *count = count.saturating_sub(1));
    }

    /// Whether a file is one of the twins that are left; then it is one less.
    fn take(&mut self, inode: u64) -> bool {
        if !self.one_file_system {
            return false;
        }
        match self.twins.get_mut(&inode) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            Some(_) | None => false,
        }
    }
}

/// The directories of every folder of these trees, by where the folder stands below `parent`.
fn placed_below(trees: &[PathBuf], parent: &FolderDir) -> io::Result<HashMap<OsString, Vec<PathBuf>>> {
    let mut placed: HashMap<OsString, Vec<PathBuf>> = HashMap::new();
    for tree in trees {
        for folder in folders_of(tree)? {
            let place = folder.below(parent).dir().to_owned();
            placed.entry(place).or_default().push(tree.join(folder.dir()));
        }
    }
    Ok(placed)
}

fn by_base(folders: &[PathBuf]) -> io::Result<HashMap<Vec<u8>, (&Path, Entry)>> {
    let mut found = HashMap::new();
    for folder in folders {
        for message in messages_of(folder)? {
            found.insert(base(message.name.as_bytes()).to_vec(), (folder.as_path(), message));
        }
    }
    Ok(found)
}

/// Removes the folders that the hand-over made and that hold nothing now; the parent when nothing is below it.
fn remove_empty(
    maildir: &Path,
    parent: &FolderDir,
    folders: &[FolderDir],
    is_ours: impl Fn(&FolderDir) -> bool,
) -> io::Result<()> {
    let mut gone = Vec::new();
    for folder in folders.iter().filter(|folder| is_ours(folder)) {
        if remove_folder_if_empty(&maildir.join(folder.dir()))? {
            gone.push(folder.clone());
        }
    }
    let below = folders.iter().filter(|folder| *folder != parent).count();
    if gone.len() == below && folders.contains(parent) && remove_folder_if_empty(&maildir.join(parent.dir()))?
    {
        gone.push(parent.clone());
    }
    sync_dir(maildir)?;
    subscriptions::unsubscribe(maildir, &gone)
}

/// `false` when a message is there. One that arrives meanwhile is never lost: a directory that is not empty
/// cannot be removed, and the folder is then made whole again.
pub(super) fn remove_folder_if_empty(path: &Path) -> io::Result<bool> {
    for shelf in Shelf::ALL {
        match fs::remove_dir(path.join(shelf.dir())) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                create_folder(path)?;
                for shelf in Shelf::ALL {
                    sync_dir(&path.join(shelf.dir()))?;
                }
                return Ok(false);
            }
            Err(error) => return Err(at("remove", path, &error)),
        }
    }
    fs::remove_dir_all(path).map_err(|error| at("remove", path, &error))?;
    Ok(true)
}
