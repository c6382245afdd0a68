//! What a restore adds, on disk before it does.

use super::super::durable::{at, create_dir, remove_file, replace_file, sync_dir};
use super::super::index::Tree;
use super::super::names::FolderDir;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

/// The list of one restore.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct List {
    /// Whether all of it was placed at some time.
    pub(super) done: bool,
    pub(super) entries: BTreeSet<Added>,
}

/// A folder that was made, or a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Added {
    pub(super) tree: Tree,
    pub(super) folder: FolderDir,
    /// File name with flags; empty for the folder itself.
    pub(super) name: String,
}

const DONE: &str = "done";
const BEGUN: &str = "begun";

impl List {
    /// An empty one where there is none.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let content = match fs::read(path) {
            Ok(content) => String::from_utf8_lossy(&content).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(at("read", path, &error)),
        };
        let mut lines = content.split('\0');
        let done = lines.next() == Some(DONE);
        Ok(Self { done, entries: lines.filter_map(Added::parse).collect() })
    }

    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let mut content = if self.done { DONE } else { BEGUN }.to_owned();
        for Added { tree, folder, name } in &self.entries {
            content.push_str(&format!("\0{}/{}/{name}", tree.dir(), folder.snapshot_name()));
        }
        let dir = path.parent().expect("a list lies in a directory");
        if !dir.exists() {
            create_dir(dir)?;
            dir.parent().map_or(Ok(()), sync_dir)?;
        }
        replace_file(path, content.as_bytes())
    }

    pub(super) fn remove(path: &Path) -> io::Result<()> {
        remove_file(path)?;
        path.parent().filter(|dir| dir.exists()).map_or(Ok(()), sync_dir)
    }
}

impl Added {
    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(3, '/');
        let tree = parts.next()?;
        let tree = Tree::ALL.into_iter().find(|known| known.dir() == tree)?;
        let folder = FolderDir::from_snapshot(parts.next()?)?;
        Some(Self { tree, folder, name: parts.next()?.to_owned() })
    }
}
