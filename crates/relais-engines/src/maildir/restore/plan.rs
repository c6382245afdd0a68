//! Which messages a restore adds, and under which names.

use super::super::durable::at;
use super::super::folders::{Entry, HeadBuffer, OpenFolder, folders_of, messages_of};
use super::super::index::Tree;
use super::super::names::{
    FolderDir, RestoreMark, base, is_base, original_base, restored_base, size_of, text_of,
};
use super::list::List;
use super::{Personal, Place, Restorable, RestoreOrder, Restored, Roots, root};
use crate::message::Summary;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What a restore is about to do.
pub(super) struct Plan<'a> {
    pub(super) folders: Vec<FolderPlan<'a>>,
    already_there: u64,
    personal_left_out: u64,
}

pub(super) struct FolderPlan<'a> {
    pub(super) tree: Tree,
    pub(super) folder: FolderDir,
    pub(super) path: PathBuf,
    pub(super) add: Vec<Addition<'a>>,
}

/// A message and its new base name.
pub(super) struct Addition<'a> {
    pub(super) what: &'a Restorable,
    pub(super) base: String,
}

type FolderKey = (Tree, FolderDir);

impl<'a> Plan<'a> {
    pub(super) fn make(
        roots: &Roots,
        order: &RestoreOrder<'_>,
        list: &List,
        messages: &'a [Restorable],
    ) -> io::Result<Self> {
        let mut plan = Self { folders: Vec::new(), already_there: 0, personal_left_out: 0 };
        let wanted = plan.sort(order, messages)?;
        let folders: Vec<FolderKey> = match order.place {
            Place::InPlace => all_folders(roots)?,
            Place::Beside { .. } => wanted.keys().cloned().collect(),
        };
        let mut present = Present::read(roots, folders)?;
        let placed = placed_before(list);

        let mut missing: Vec<(FolderKey, Vec<&Restorable>)> = Vec::new();
        for (key, wanted) in wanted {
            let mut rest = present.without_known_names(&key, wanted, &mut plan.already_there)?;
            rest.retain(|wanted| {
                let was_placed = placed.contains(&(key.clone(), original_base(&wanted.message.base)));
                plan.already_there += u64::from(was_placed);
                !was_placed
            });
            missing.push((key, rest));
        }
        if order.place == Place::InPlace {
            let ids = present.message_ids(&missing)?;
            plan.already_there += without_known_ids(&mut missing, ids);
        }
        for ((tree, folder), wanted) in missing {
            let path = root(roots, tree).join(folder.dir());
            let is_parent =
                matches!(&order.place, Place::Beside { under } if folder == FolderDir::named(under));
            if wanted.is_empty() && !is_parent {
                continue;
            }
            let add = named(&present.bases((tree, folder.clone())), order.id, wanted);
            plan.folders.push(FolderPlan { tree, folder, path, add });
        }
        if plan.folders.iter().all(|folder| folder.add.is_empty()) {
            plan.folders.clear();
        }
        Ok(plan)
    }

    /// The messages that are wanted, each once, by the folder they go to.
    fn sort(
        &mut self,
        order: &RestoreOrder<'_>,
        messages: &'a [Restorable],
    ) -> io::Result<BTreeMap<FolderKey, Vec<&'a Restorable>>> {
        let mut wanted: BTreeMap<FolderKey, Vec<&Restorable>> = BTreeMap::new();
        let mut seen = HashSet::new();
        let parent = match &order.place {
            Place::InPlace => None,
            Place::Beside { under } => Some(FolderDir::named(under)),
        };
        if let Some(parent) = &parent {
            wanted.insert((Tree::Mail, parent.clone()), Vec::new());
        }
        for message in messages {
            let folder = FolderDir::from_snapshot(&message.dir).filter(|_| is_base(&message.message.base));
            let folder = folder.ok_or_else(|| {
                let reason = format!("no message can lie at {:?}/{:?}", message.dir, message.message.base);
                io::Error::new(io::ErrorKind::InvalidInput, reason)
            })?;
            if message.message.personal && order.personal == Personal::LeaveOut {
                self.personal_left_out += 1;
                continue;
            }
            let key = match &parent {
                None => (message.tree, folder),
                Some(parent) => (Tree::Mail, folder.below(parent)),
            };
            let same = (key.clone(), original_base(&message.message.base), message.message.size);
            if seen.insert(same) {
                wanted.entry(key).or_default().push(message);
            } else {
                self.already_there += 1;
            }
        }
        Ok(wanted)
    }

    pub(super) fn report(&self) -> Restored {
        let sizes = self.additions().map(|addition| addition.what.message.size);
        Restored {
            added: self.additions().count() as u64,
            added_bytes: sizes.sum(),
            already_there: self.already_there,
            personal_left_out: self.personal_left_out,
            unreadable_messages: 0,
            unreadable: Vec::new(),
        }
    }

    pub(super) fn additions(&self) -> impl Iterator<Item = &Addition<'a>> {
        self.folders.iter().flat_map(|folder| &folder.add)
    }
}

fn all_folders(roots: &Roots) -> io::Result<Vec<FolderKey>> {
    let mut folders = Vec::new();
    for (tree, root) in roots {
        folders.extend(folders_of(root)?.into_iter().map(|folder| (*tree, folder)));
    }
    Ok(folders)
}

/// What a run of this restore that came to its end placed, wherever it is now.
fn placed_before(list: &List) -> HashSet<(FolderKey, String)> {
    let entries = list.entries.iter().filter(|added| list.done && !added.name.is_empty());
    entries
        .map(|added| {
            let base = text_of(base(added.name.as_bytes()));
            ((added.tree, added.folder.clone()), original_base(&base))
        })
        .collect()
}

/// What the mailbox holds and nothing of the snapshot was found to be yet.
struct Present {
    folders: HashMap<FolderKey, (PathBuf, Vec<Entry>)>,
    /// The base names of each folder, those that were found too.
    bases: HashMap<FolderKey, HashSet<String>>,
}

impl Present {
    fn read(roots: &Roots, keys: Vec<FolderKey>) -> io::Result<Self> {
        let (mut folders, mut bases) = (HashMap::new(), HashMap::new());
        for key in keys {
            let path = root(roots, key.0).join(key.1.dir());
            let entries = messages_of(&path)?;
            let names = entries.iter().map(|entry| text_of(base(entry.name.as_bytes())));
            bases.insert(key.clone(), names.collect());
            folders.insert(key, (path, entries));
        }
        Ok(Self { folders, bases })
    }

    fn bases(&mut self, key: FolderKey) -> HashSet<String> {
        self.bases.remove(&key).unwrap_or_default()
    }

    /// The messages whose names are not in their folder; those which are there count and are used up.
    fn without_known_names<'a>(
        &mut self,
        key: &FolderKey,
        wanted: Vec<&'a Restorable>,
        already_there: &mut u64,
    ) -> io::Result<Vec<&'a Restorable>> {
        let Some((path, entries)) = self.folders.get_mut(key) else {
            return Ok(wanted);
        };
        let mut known: HashMap<String, Vec<Entry>> = HashMap::new();
        for entry in std::mem::take(entries) {
            let original = original_base(&text_of(base(entry.name.as_bytes())));
            known.entry(original).or_default().push(entry);
        }
        let mut missing = Vec::new();
        for message in wanted {
            let same_name = known.get_mut(&original_base(&message.message.base));
            let mut found = None;
            for (place, entry) in same_name.iter().flat_map(|entries| entries.iter().enumerate()) {
                if size_of(entry.name.as_bytes()) == Some(message.message.size)
                    || file_size(path, entry)? == Some(message.message.size)
                {
                    found = Some(place);
                    break;
                }
            }
            match (same_name, found) {
                (Some(entries), Some(place)) => {
                    entries.swap_remove(place);
                    *already_there += 1;
                }
                (_, _) => missing.push(message),
            }
        }
        *entries = known.into_values().flatten().collect();
        Ok(missing)
    }

    /// How often each message that may be one of the missing is there under another name: messages are opened
    /// where a missing one has their size.
    fn message_ids(
        &self,
        missing: &[(FolderKey, Vec<&Restorable>)],
    ) -> io::Result<HashMap<(String, u64), u64>> {
        let with_id = missing.iter().flat_map(|(_, messages)| messages);
        let sizes: HashSet<u64> = with_id
            .filter(|message| message.message.message_id.is_some())
            .map(|message| message.message.size)
            .collect();
        let mut ids = HashMap::new();
        if sizes.is_empty() {
            return Ok(ids);
        }
        let mut buffer = HeadBuffer::new();
        for (path, entries) in self.folders.values() {
            if entries.is_empty() {
                continue;
            }
            let open = OpenFolder::open(path.clone())?;
            for entry in entries {
                let Some(size) = file_size(path, entry)?.filter(|size| sizes.contains(size)) else {
                    continue;
                };
                let head = match open.read_head(entry, &mut buffer) {
                    Ok(head) => head,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                };
                if let Some(id) = Summary::parse(head).message_id {
                    *ids.entry((id, size)).or_default() += 1;
                }
            }
        }
        Ok(ids)
    }
}

/// Takes the messages off that are there under another name, and says how many those are.
fn without_known_ids(
    missing: &mut [(FolderKey, Vec<&Restorable>)],
    mut ids: HashMap<(String, u64), u64>,
) -> u64 {
    let mut found = 0;
    for (_, messages) in missing {
        messages.retain(|message| {
            let Some(id) = &message.message.message_id else {
                return true;
            };
            match ids.get_mut(&(id.clone(), message.message.size)) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    found += 1;
                    false
                }
                Some(_) | None => true,
            }
        });
    }
    found
}

/// New names, none of which is taken.
fn named<'a>(taken: &HashSet<String>, id: &str, messages: Vec<&'a Restorable>) -> Vec<Addition<'a>> {
    let mut given: HashSet<String> = HashSet::new();
    let mut additions = Vec::with_capacity(messages.len());
    for what in messages {
        let mut name = restored_base(&what.message.base, RestoreMark::of(id));
        let mut turn = 1;
        while taken.contains(&name) || given.contains(&name) {
            turn += 1;
            name = restored_base(&what.message.base, RestoreMark::of(&format!("{id}\0{turn}")));
        }
        given.insert(name.clone());
        additions.push(Addition { what, base: name });
    }
    additions
}

/// `None` when it has gone.
fn file_size(folder: &Path, entry: &Entry) -> io::Result<Option<u64>> {
    let path = entry.path(folder);
    match fs::symlink_metadata(&path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at("measure", &path, &error)),
    }
}
