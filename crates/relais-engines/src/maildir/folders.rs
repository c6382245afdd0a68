//! The folders of a Maildir++ tree and what they hold.

use super::Maildirs;
use super::durable::at;
use super::names::{FolderDir, base, hex, size_of};
use super::receive::{HEAD_BYTES_MAX, head_end};
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use relais_core::ids::MailboxId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirEntryExt as _;
use std::path::{Path, PathBuf};

/// What one folder holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FolderReport {
    /// As an IMAP client sees it: `INBOX`, `Projets/2024`.
    #[schema(example = "Projets/2024")]
    pub name: String,
    pub messages: u64,
    pub bytes: u64,
    /// SHA-256, in hexadecimal, over the sorted SHA-256 of each message: equal for the same messages under any
    /// file names. Absent where a report is made without reading the messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What a mailbox holds, personal messages set aside not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Usage {
    pub messages: u64,
    pub bytes: u64,
}

/// Where a message lies within its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Shelf {
    New,
    Cur,
}

impl Shelf {
    /// `New` first: a message that a session moves meanwhile is then seen in `Cur`.
    pub(super) const ALL: [Self; 2] = [Self::New, Self::Cur];

    pub(super) fn dir(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Cur => "cur",
        }
    }
}

/// One message file as its directory lists it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) shelf: Shelf,
    pub(super) name: OsString,
    pub(super) inode: u64,
}

impl Entry {
    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.shelf.dir()).join(&self.name)
    }

    /// From the name where it tells, else from the file; 0 when it has gone.
    pub(super) fn size_bytes(&self, folder: &Path) -> io::Result<u64> {
        if let Some(size) = size_of(self.name.as_bytes()) {
            return Ok(size);
        }
        let path = self.path(folder);
        match fs::symlink_metadata(&path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(at("measure", &path, &error)),
        }
    }
}

/// The folders of the tree at `root`, INBOX first; none when there is no tree.
pub(super) fn folders_of(root: &Path) -> io::Result<Vec<FolderDir>> {
    let listing = match fs::read_dir(root) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at("read", root, &error)),
    };
    let mut folders = vec![FolderDir::inbox()];
    for entry in listing {
        let entry = entry.map_err(|error| at("read", root, &error))?;
        if let Some(folder) = FolderDir::from_dir(&entry.file_name())
            && entry.path().join("cur").is_dir()
        {
            folders.push(folder);
        }
    }
    folders.sort();
    Ok(folders)
}

/// The messages of the folder at `path`, in no order; none when it does not exist.
pub(super) fn messages_of(path: &Path) -> io::Result<Vec<Entry>> {
    let mut messages = Vec::new();
    for shelf in Shelf::ALL {
        let dir = path.join(shelf.dir());
        let listing = match fs::read_dir(&dir) {
            Ok(listing) => listing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(at("read", &dir, &error)),
        };
        for entry in listing {
            let entry = entry.map_err(|error| at("read", &dir, &error))?;
            let name = entry.file_name();
            // Dovecot and we put nothing else there; editors and file servers may.
            if !name.as_bytes().starts_with(b".") {
                messages.push(Entry { shelf, name, inode: entry.ino() });
            }
        }
    }
    Ok(messages)
}

impl Maildirs {
    /// Every folder of a mailbox and what it holds. Reads each message whole.
    ///
    /// # Errors
    /// When a folder or a message cannot be read.
    pub fn folders(&self, mailbox: MailboxId) -> io::Result<Vec<FolderReport>> {
        let root = self.maildir(mailbox);
        let folders = folders_of(&root)?;
        folders.iter().map(|folder| report(&root.join(folder.dir()), folder.name())).collect()
    }

    /// The folders that [`Maildirs::hand_over`] filled below `under`, by the names they had at their source: to
    /// be compared with [`Maildirs::folders`] of the source. Reads each message whole.
    ///
    /// # Errors
    /// When a folder or a message cannot be read.
    pub fn folders_below(&self, mailbox: MailboxId, under: &str) -> io::Result<Vec<FolderReport>> {
        let root = self.maildir(mailbox);
        let parent = FolderDir::named(under);
        let prefix = format!("{}/", parent.name());
        let folders = folders_of(&root)?;
        let below = folders.iter().filter(|folder| folder.is_within(&parent) && **folder != parent);
        below
            .map(|folder| {
                let name = folder.name();
                let short = name.strip_prefix(&prefix).unwrap_or(&name);
                report(&root.join(folder.dir()), short.to_owned())
            })
            .collect()
    }

    /// Messages and bytes of all folders, from names where they tell the size.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn usage(&self, mailbox: MailboxId) -> io::Result<Usage> {
        usage_of(&self.maildir(mailbox))
    }
}

/// What the tree at `root` holds.
pub(super) fn usage_of(root: &Path) -> io::Result<Usage> {
    let mut usage = Usage::default();
    for folder in folders_of(root)? {
        let path = root.join(folder.dir());
        for message in messages_of(&path)? {
            usage.messages += 1;
            usage.bytes += message.size_bytes(&path)?;
        }
    }
    Ok(usage)
}

fn report(path: &Path, name: String) -> io::Result<FolderReport> {
    let mut digests = Vec::new();
    let mut bytes = 0;
    let mut buffer = vec![0; 128 * 1024];
    for message in messages_of(path)? {
        let Some((digest, size)) = digest_of(path, &message, &mut buffer)? else {
            continue;
        };
        digests.push(digest);
        bytes += size;
    }
    digests.sort_unstable();
    Ok(FolderReport {
        name,
        messages: digests.len() as u64,
        bytes,
        sha256: Some(hex(&Sha256::digest(digests.concat()))),
    })
}

/// Hash and size of a message; `None` when it was erased meanwhile. One whose flags changed is found again.
fn digest_of(folder: &Path, message: &Entry, buffer: &mut [u8]) -> io::Result<Option<([u8; 32], u64)>> {
    let path = message.path(folder);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let renamed = messages_of(folder)?.into_iter().find(|other| other.inode == message.inode);
            match renamed.map(|other| File::open(other.path(folder))) {
                Some(Ok(file)) => file,
                Some(Err(_)) | None => return Ok(None),
            }
        }
        Err(error) => return Err(at("read", &path, &error)),
    };
    let (mut hash, mut size) = (Sha256::new(), 0);
    loop {
        let read = file.read(buffer).map_err(|error| at("read", &path, &error))?;
        if read == 0 {
            return Ok(Some((hash.finalize().into(), size)));
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
}

/// Visits messages of the folder at `path`. One that a session renames meanwhile (`visit` says not found) is
/// listed and visited again; one that is erased is passed over.
pub(super) fn visit_messages(
    path: &Path,
    messages: &[Entry],
    mut visit: impl FnMut(&Entry) -> io::Result<()>,
) -> io::Result<()> {
    let mut missed = Missed::default();
    for message in messages {
        missed.unless_found(message, visit(message))?;
    }
    missed.visit_again(path, visit)
}

/// Messages, by base name, that were listed and then not found.
#[derive(Debug, Default)]
pub(super) struct Missed(HashSet<Vec<u8>>);

impl Missed {
    /// Remembers the message if `visited` says not found; any other error stays one.
    pub(super) fn unless_found(&mut self, message: &Entry, visited: io::Result<()>) -> io::Result<()> {
        match visited {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.0.insert(base(message.name.as_bytes()).to_vec());
                Ok(())
            }
            visited => visited,
        }
    }

    /// Visits what has another name or shelf now, until all is found or gone.
    pub(super) fn visit_again(
        mut self,
        path: &Path,
        mut visit: impl FnMut(&Entry) -> io::Result<()>,
    ) -> io::Result<()> {
        for _ in 0..5 {
            if self.0.is_empty() {
                return Ok(());
            }
            let before = std::mem::take(&mut self);
            for message in messages_of(path)? {
                if before.0.contains(base(message.name.as_bytes())) {
                    self.unless_found(&message, visit(&message))?;
                }
            }
        }
        let reason = format!("messages in {} are renamed faster than they can be read", path.display());
        Err(io::Error::new(io::ErrorKind::ResourceBusy, reason))
    }
}

/// The directories of one folder, held open: no path is walked again for each message.
#[derive(Debug)]
pub(super) struct OpenFolder {
    path: PathBuf,
    new: File,
    cur: File,
}

impl OpenFolder {
    /// Opens a folder that exists; a shelf that is missing in it is made.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let open = |shelf: Shelf| {
            let dir = path.join(shelf.dir());
            let opened = match File::open(&dir) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir(&dir).and_then(|()| File::open(&dir))
                }
                opened => opened,
            };
            opened.map_err(|error| at("open", &dir, &error))
        };
        let (new, cur) = (open(Shelf::New)?, open(Shelf::Cur)?);
        Ok(Self { path, new, cur })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn shelf(&self, shelf: Shelf) -> &File {
        match shelf {
            Shelf::New => &self.new,
            Shelf::Cur => &self.cur,
        }
    }

    /// Reads a message's header block into `buffer`, at most [`HEAD_BYTES_MAX`].
    pub(super) fn read_head<'a>(&self, message: &Entry, buffer: &'a mut HeadBuffer) -> io::Result<&'a [u8]> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let opened = openat(self.shelf(message.shelf), message.name.as_os_str(), flags, Mode::empty());
        let head = opened.map_err(io::Error::from).and_then(|file| buffer.read(&mut file.into()));
        head.map_err(|error| at("read", &message.path(&self.path), &error))
    }
}

/// Room for one header block, used again for each message.
#[derive(Debug)]
pub(super) struct HeadBuffer(Box<[u8]>);

impl HeadBuffer {
    pub(super) fn new() -> Self {
        Self(vec![0; HEAD_BYTES_MAX].into())
    }

    /// Reads the header block a file begins with, at most [`HEAD_BYTES_MAX`].
    pub(super) fn read(&mut self, file: &mut File) -> io::Result<&[u8]> {
        /// Most header blocks end within this; one read is then enough.
        const STEP_BYTES: usize = 8 * 1024;
        let mut length = 0;
        while length < HEAD_BYTES_MAX {
            let end = (length + STEP_BYTES).min(HEAD_BYTES_MAX);
            let read = file.read(&mut self.0[length..end])?;
            let looked_at = length.saturating_sub(3);
            length += read;
            if let Some(end) = head_end(&self.0[..length], looked_at) {
                return Ok(&self.0[..end]);
            }
            if read == 0 {
                break;
            }
        }
        Ok(&self.0[..length])
    }
}
