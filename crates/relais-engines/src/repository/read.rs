//! What is in a snapshot: its directories, its files, their bytes.

use jiff::Timestamp;
use rustic_core::repofile::{BlobType, Node, NodeType, Tree};
use rustic_core::{DataId, IndexedFullStatus, TreeId};
use std::io::{self, Read};
use std::sync::Arc;

use super::error::RepositoryError;
use super::rustic::Opened;
use super::{Content, Repository, SnapshotId};

type Indexed = Opened<IndexedFullStatus>;

/// What a snapshot has at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// From the top of the snapshot, names joined by `/`.
    pub path: String,
    /// `None` for directories, which have none in a snapshot of ours.
    pub modified: Option<Timestamp>,
    pub kind: EntryKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    Directory,
    File { size_bytes: u64 },
}

impl Repository {
    /// What the directory at `path` holds, in the order of names; the top is at `""`.
    ///
    /// # Errors
    /// When there is no such snapshot or directory, or it cannot be read.
    pub fn list(&self, snapshot: &SnapshotId, path: &str) -> Result<Vec<Entry>, RepositoryError> {
        self.inner.reading(snapshot, |opened, top| {
            let tree = opened.tree(&opened.tree_at(top, path)?)?;
            Ok(tree.nodes.iter().filter_map(|node| entry(path, node)).collect())
        })
    }

    /// Every file of the snapshot, at whatever depth.
    ///
    /// # Errors
    /// When there is no such snapshot, or it cannot be read.
    pub fn files(&self, snapshot: &SnapshotId) -> Result<Vec<Entry>, RepositoryError> {
        self.inner.reading(snapshot, |opened, top| {
            let mut files = Vec::new();
            opened.walk(top, "", &mut |path, node| files.extend(entry(path, node)))?;
            files.retain(|entry| entry.kind != EntryKind::Directory);
            Ok(files)
        })
    }

    /// The bytes of a file, each part checked as it is read; never more than one part is in memory. An error of the
    /// reader holds a [`RepositoryError`].
    ///
    /// # Errors
    /// When there is no such file, or what says where it is cannot be read.
    pub fn read(&self, snapshot: &SnapshotId, path: &str) -> Result<FileReader, RepositoryError> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.inner.reading(snapshot, |opened, top| {
            let tree = opened.tree(&opened.tree_at(top, directory)?)?;
            let node = tree.nodes.into_iter().find(|node| node.is_file() && *node.name() == *name);
            let node = node.ok_or_else(|| RepositoryError::NoFile { path: path.to_owned() })?;
            Ok(FileReader::new(opened.clone(), node.content.unwrap_or_default()))
        })
    }

    /// Every file below the directory at `path`, to be read as often as is wanted: the way to read many, since their
    /// trees are read once.
    ///
    /// # Errors
    /// When there is no such snapshot or directory, or it cannot be read.
    pub fn stored_files(
        &self,
        snapshot: &SnapshotId,
        path: &str,
    ) -> Result<Vec<(Entry, StoredFile)>, RepositoryError> {
        self.inner.reading(snapshot, |opened, top| {
            let mut files = Vec::new();
            opened.walk(&opened.tree_at(top, path)?, path, &mut |path, node| {
                if node.is_file() {
                    let content = node.content.clone().unwrap_or_default();
                    let stored = StoredFile { opened: opened.clone(), content };
                    files.extend(entry(path, node).map(|entry| (entry, stored)));
                }
            })?;
            Ok(files)
        })
    }

    /// Calls `each` with every file below the directory at `path`.
    ///
    /// # Errors
    /// As [`Repository::stored_files`], or when `each` says so.
    pub fn read_all<E: From<RepositoryError>>(
        &self,
        snapshot: &SnapshotId,
        path: &str,
        mut each: impl FnMut(Entry, FileReader) -> Result<(), E>,
    ) -> Result<(), E> {
        for (entry, file) in self.stored_files(snapshot, path)? {
            each(entry, FileReader::new(file.opened, file.content))?;
        }
        Ok(())
    }
}

impl Indexed {
    pub fn tree(&self, id: &TreeId) -> Result<Tree, RepositoryError> {
        self.ask(|repository| repository.get_tree(id))
    }

    pub fn tree_at(&self, top: &TreeId, path: &str) -> Result<TreeId, RepositoryError> {
        let mut id = *top;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let tree = self.tree(&id)?;
            let node = tree.nodes.iter().find(|node| node.is_dir() && *node.name() == *name);
            id = node
                .and_then(|node| node.subtree)
                .ok_or_else(|| RepositoryError::NoFile { path: path.to_owned() })?;
        }
        Ok(id)
    }

    /// Calls `each` with every node and the path of its directory.
    fn walk(
        &self,
        top: &TreeId,
        path: &str,
        each: &mut dyn FnMut(&str, &Node),
    ) -> Result<(), RepositoryError> {
        for node in &self.tree(top)?.nodes {
            each(path, node);
            if node.is_dir() {
                let below = below(path, node);
                let what = || format!("the directory {below} has no tree");
                let subtree = node.subtree.ok_or_else(|| RepositoryError::Damaged { what: what() })?;
                self.walk(&subtree, &below, each)?;
            }
        }
        Ok(())
    }

    /// Read from the store, not from memory.
    pub fn blob(&self, kind: BlobType, id: &rustic_core::Id) -> Result<bytes::Bytes, RepositoryError> {
        self.ask(|repository| repository.cat_blob(kind, id.to_hex().as_str()))
    }
}

fn below(path: &str, node: &Node) -> String {
    let name = node.name();
    let name = name.to_string_lossy();
    if path.is_empty() { name.into_owned() } else { format!("{path}/{name}") }
}

fn entry(directory: &str, node: &Node) -> Option<Entry> {
    let kind = match node.node_type {
        NodeType::Dir => EntryKind::Directory,
        NodeType::File => EntryKind::File { size_bytes: node.meta.size },
        // Nothing of ours is a link or a device.
        NodeType::Symlink { .. }
        | NodeType::Dev { .. }
        | NodeType::Chardev { .. }
        | NodeType::Fifo
        | NodeType::Socket => return None,
    };
    Some(Entry { path: below(directory, node), modified: node.meta.mtime, kind })
}

/// A file of a snapshot that was found in its tree.
#[derive(Clone)]
pub struct StoredFile {
    opened: Arc<Indexed>,
    content: Vec<DataId>,
}

impl Content for StoredFile {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(FileReader::new(self.opened.clone(), self.content.clone())))
    }
}

/// See [`Repository::read`].
pub struct FileReader {
    opened: Arc<Indexed>,
    rest: std::vec::IntoIter<DataId>,
    part: io::Cursor<bytes::Bytes>,
}

impl FileReader {
    fn new(opened: Arc<Indexed>, content: Vec<DataId>) -> FileReader {
        FileReader { opened, rest: content.into_iter(), part: io::Cursor::default() }
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.part.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(next) = self.rest.next() else { return Ok(0) };
            let part = self.opened.blob(BlobType::Data, &next).map_err(io::Error::other)?;
            self.part = io::Cursor::new(part);
        }
    }
}
