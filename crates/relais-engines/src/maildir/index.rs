//! What a snapshot says about the messages it holds: one line of JSON a message, in an `index.jsonl` beside them.
//!
//! Pure; touches no file.

use super::names::{FolderDir, is_base};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Which tree of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tree {
    /// What the holder sees.
    Mail,
    /// Personal messages set aside.
    Personal,
}

impl Tree {
    pub(super) const ALL: [Self; 2] = [Self::Mail, Self::Personal];

    /// Its directory in a snapshot.
    #[must_use]
    pub fn dir(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Personal => "personal",
        }
    }
}

/// One line of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedMessage {
    /// The file's name without its flags, which stays when they change.
    pub base: String,
    /// The letters after `:2,` that mean the same everywhere: `D`, `F`, `P`, `R`, `S`, `T`.
    #[serde(default)]
    pub flags: String,
    /// A client's own flags, by name: `$Forwarded`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// In bytes.
    pub size: u64,
    /// When it came, in ms.
    pub received: i64,
    /// What its header says, in ms.
    #[serde(default)]
    pub date: Option<i64>,
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub to: String,
    #[serde(default)]
    pub subject: String,
    /// Without angle brackets.
    #[serde(default)]
    pub message_id: Option<String>,
    /// Marked personal, by its folder or itself, or set aside as such.
    #[serde(default)]
    pub personal: bool,
}

impl IndexedMessage {
    /// The time a person knows it by, in ms: what its header says, else when it came.
    #[must_use]
    pub fn shown_date(&self) -> i64 {
        self.date.unwrap_or(self.received)
    }
}

/// The messages of one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedFolder {
    pub tree: Tree,
    /// As in the snapshot: `INBOX`, `.Sent.2024`.
    pub dir: String,
    /// Sorted by their base names, each of which is there once.
    pub messages: Vec<IndexedMessage>,
}

impl IndexedFolder {
    /// As an IMAP client sees it: `INBOX`, `Sent/2024`.
    #[must_use]
    pub fn name(&self) -> String {
        FolderDir::from_snapshot(&self.dir).map_or_else(|| self.dir.clone(), |folder| folder.name())
    }

    /// Where the snapshot has a message of this folder.
    #[must_use]
    pub fn path_of(&self, message: &IndexedMessage) -> String {
        format!("{}/{}/{}", self.tree.dir(), self.dir, message.base)
    }

    /// Where the snapshot has the index of this folder.
    #[must_use]
    pub fn index_path(&self) -> String {
        format!("{}/{}/{INDEX}", self.tree.dir(), self.dir)
    }

    pub(super) fn message(&self, base: &str) -> Option<&IndexedMessage> {
        let place = self.messages.binary_search_by(|message| message.base.as_str().cmp(base)).ok()?;
        self.messages.get(place)
    }

    /// The content of the index.
    #[must_use]
    pub fn lines(&self) -> Vec<u8> {
        let mut lines = Vec::with_capacity(self.messages.len() * 320);
        for message in &self.messages {
            serde_json::to_writer(&mut lines, message).expect("a Vec takes everything");
            lines.push(b'\n');
        }
        lines
    }
}

const INDEX: &str = "index.jsonl";

/// The messages of a mailbox, or of its snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    folders: BTreeMap<(Tree, String), IndexedFolder>,
}

/// A line of an index that tells of no message. The others count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenLine {
    /// Of the index in the snapshot.
    pub path: String,
    /// From 1.
    pub line: usize,
    pub reason: String,
}

impl fmt::Display for BrokenLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.reason)
    }
}

impl Index {
    /// Whether a file of a snapshot is an index, by its path.
    #[must_use]
    pub fn is_index(path: &str) -> bool {
        folder_of(path).is_some()
    }

    /// Adds what the index at `path` of a snapshot says; lines that cannot be read come back. A path that is not
    /// one of an index is one broken line.
    pub fn read(&mut self, path: &str, content: &[u8]) -> Vec<BrokenLine> {
        let broken = |line: usize, reason: String| BrokenLine { path: path.to_owned(), line, reason };
        let Some((tree, dir)) = folder_of(path) else {
            return vec![broken(0, "not the index of a folder".to_owned())];
        };
        let mut unread = Vec::new();
        let mut messages = Vec::new();
        for (place, line) in content.split(|byte| *byte == b'\n').enumerate() {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match serde_json::from_slice::<IndexedMessage>(line) {
                Ok(message) if is_base(&message.base) => messages.push(message),
                Ok(_) => unread.push(broken(place + 1, "no message can have this base name".to_owned())),
                Err(error) => unread.push(broken(place + 1, error.to_string())),
            }
        }
        self.add(IndexedFolder { tree, dir: dir.to_owned(), messages });
        unread
    }

    pub(super) fn add(&mut self, mut folder: IndexedFolder) {
        folder.messages.sort_by(|one, other| one.base.cmp(&other.base));
        folder.messages.dedup_by(|one, other| one.base == other.base);
        self.folders.insert((folder.tree, folder.dir.clone()), folder);
    }

    /// Visible mail first, and in it INBOX after the others: as the snapshot sorts them.
    pub fn folders(&self) -> impl Iterator<Item = &IndexedFolder> {
        self.folders.values()
    }

    /// A folder, by its name in the snapshot.
    #[must_use]
    pub fn folder(&self, tree: Tree, dir: &str) -> Option<&IndexedFolder> {
        self.folders.get(&(tree, dir.to_owned()))
    }

    /// How many messages it has.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.folders().map(|folder| folder.messages.len() as u64).sum()
    }
}

/// Tree and directory of the folder whose index has this path.
fn folder_of(path: &str) -> Option<(Tree, &str)> {
    let (tree, rest) = path.split_once('/')?;
    let tree = Tree::ALL.into_iter().find(|known| known.dir() == tree)?;
    let dir = rest.strip_suffix(INDEX)?.strip_suffix('/')?;
    FolderDir::from_snapshot(dir).is_some().then_some((tree, dir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: &str = r#"{"base":"1.M1.h,S=5","flags":"FS","size":5,"received":1000,"date":null,"from":"a@x","to":"","subject":"é","message_id":"m@x","personal":false}"#;

    #[test]
    fn what_is_written_is_read_again() {
        let mut index = Index::default();
        assert_eq!(index.read("mail/.Sent.2024/index.jsonl", format!("{LINE}\n").as_bytes()), []);
        let folder = index.folder(Tree::Mail, ".Sent.2024").unwrap();
        assert_eq!(String::from_utf8(folder.lines()).unwrap(), format!("{LINE}\n"));
        assert_eq!((folder.name().as_str(), folder.messages[0].shown_date()), ("Sent/2024", 1000));
        assert_eq!(folder.path_of(&folder.messages[0]), "mail/.Sent.2024/1.M1.h,S=5");
        assert_eq!(folder.index_path(), "mail/.Sent.2024/index.jsonl");
        assert_eq!(index.messages(), 1);
    }

    #[test]
    fn a_broken_line_is_told_and_the_others_count() {
        let mut index = Index::default();
        let evil = LINE.replace("1.M1.h,S=5", "../../x");
        let content = format!("{LINE}\nrubbish\n\n{evil}\n{}\n{LINE}", LINE.replace("1.M1", "0.M1"));
        let broken = index.read("personal/INBOX/index.jsonl", content.as_bytes());
        assert_eq!(broken.iter().map(|broken| broken.line).collect::<Vec<_>>(), [2, 4]);
        assert!(broken[0].to_string().starts_with("personal/INBOX/index.jsonl:2: "));
        let folder = index.folder(Tree::Personal, "INBOX").unwrap();
        assert_eq!(folder.messages.len(), 2);
        assert!(folder.message("0.M1.h,S=5").is_some() && folder.message("x").is_none());
        for path in
            ["mail/index.jsonl", "x/INBOX/index.jsonl", "mail/../index.jsonl", "mail/.a/b/index.jsonl"]
        {
            assert!(!Index::is_index(path), "{path}");
            assert_eq!(index.read(path, b"").len(), 1);
        }
    }

    proptest! {
        #[test]
        fn no_content_panics(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let mut index = Index::default();
            let _ = index.read("mail/INBOX/index.jsonl", &bytes);
        }
    }
}
