//! Undoing a restore.

use super::super::Maildirs;
use super::super::durable::{remove_file, sync_dir};
use super::super::folders::{folders_of, messages_of};
use super::super::index::Tree;
use super::super::names::{FolderDir, base, flags_of};
use super::super::{subscriptions, take_back::remove_folder_if_empty};
use super::list::List;
use super::{Roots, root};
use relais_core::ids::MailboxId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::io;
use std::os::unix::ffi::OsStrExt as _;

/// What undoing a restore did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Undone {
    pub removed: u64,
    /// Messages that stay where they were put, since somebody answered, flagged or marked them.
    pub kept: u64,
}

impl Maildirs {
    /// Removes what the restore with this id added, wherever it was killed, and the folders it made if they are
    /// empty then. A message that was moved, answered, flagged or marked since stays; to have been read is not enough. One that
    /// never ran leaves nothing to do.
    ///
    /// # Errors
    /// When files cannot be removed. Run it again.
    pub fn undo_restore(&self, mailbox: MailboxId, id: &str) -> io::Result<Undone> {
        let roots = self.roots(mailbox);
        let path = self.restore_list(mailbox, id);
        let list = List::read(&path)?;
        let mut undone = Undone::default();
        let mut names: BTreeMap<(Tree, FolderDir), Vec<&str>> = BTreeMap::new();
        let mut made = Vec::new();
        for added in &list.entries {
            if added.name.is_empty() {
                made.push((added.tree, added.folder.clone()));
            } else {
                names.entry((added.tree, added.folder.clone())).or_default().push(&added.name);
            }
        }
        for ((tree, folder), names) in names {
            let path = root(&roots, tree).join(folder.dir());
            let present: HashMap<Vec<u8>, _> = messages_of(&path)?
                .into_iter()
                .map(|entry| (base(entry.name.as_bytes()).to_vec(), entry))
                .collect();
            for name in names {
                let base = base(name.as_bytes());
                remove_file(&path.join("tmp").join(std::ffi::OsStr::from_bytes(base)))?;
                let Some(entry) = present.get(base) else {
                    continue;
                };
                if was_touched(name.as_bytes(), entry.name.as_bytes()) {
                    undone.kept += 1;
                } else {
                    remove_file(&entry.path(&path))?;
                    undone.removed += 1;
                }
            }
            if path.join("cur").is_dir() {
                sync_dir(&path.join("cur"))?;
            }
        }
        remove_folders(&roots, made)?;
        List::remove(&path)?;
        Ok(undone)
    }
}

/// Whether the flags differ by more than that the message was read.
fn was_touched(before: &[u8], after: &[u8]) -> bool {
    let letters = |name: &[u8]| {
        let mut letters: Vec<u8> = flags_of(name).iter().copied().filter(|letter| *letter != b'S').collect();
        letters.sort_unstable();
        letters
    };
    letters(before) != letters(after)
}

/// Those below others first: a folder stays while one below it does.
fn remove_folders(roots: &Roots, mut made: Vec<(Tree, FolderDir)>) -> io::Result<()> {
    made.sort();
    let mut gone = Vec::new();
    for (tree, folder) in made.into_iter().rev() {
        let root = root(roots, tree);
        let mut others = folders_of(root)?.into_iter().filter(|other| *other != folder);
        let path = root.join(folder.dir());
        if folder.is_inbox() || others.any(|other| other.is_within(&folder)) {
            continue;
        }
        if !path.exists() || remove_folder_if_empty(&path)? {
            gone.push((tree, folder));
        }
    }
    for (tree, root) in roots {
        let folders: Vec<FolderDir> =
            gone.iter().filter(|(other, _)| other == tree).map(|(_, folder)| folder.clone()).collect();
        if !folders.is_empty() {
            sync_dir(root)?;
            subscriptions::unsubscribe(root, &folders)?;
        }
    }
    Ok(())
}
