//! A mailbox as the files of a snapshot, while mail keeps arriving and flags change.
//!
//! Every message is listed at once; its bytes are read later, from whatever name it has by then. A message that
//! an earlier snapshot knows is not opened: bytes never change under a base name.

use super::durable::at;
use super::folders::{Entry, HeadBuffer, folders_of};
use super::index::{Index, IndexedFolder, IndexedMessage, Tree};
use super::live_folder::{Found, LiveFolder};
use super::names::{FolderDir, base, flags_of, name_beside, text_of};
use super::{Maildirs, keywords};
use crate::message::{PersonalMarks, Summary};
use crate::repository::{Content, File};
use jiff::Timestamp;
use relais_core::ids::MailboxId;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;

/// Below this, one thread reads heads as fast as several.
const HEADS_PER_THREAD_MIN: usize = 256;

/// What a mailbox holds.
pub struct Scan {
    /// Messages, their indexes, subscriptions and Sieve scripts.
    pub files: Vec<File>,
    pub index: Index,
    /// Of both trees.
    pub messages: u64,
    /// Of these, the ones marked personal or set aside.
    pub personal_messages: u64,
    /// Of all messages.
    pub bytes: u64,
    /// As [`Maildirs::fingerprint`], from before anything was read.
    pub fingerprint: Option<String>,
}

impl Maildirs {
    /// Lists a mailbox for a snapshot. `previous` is the index of an earlier one, or empty; a mailbox without a
    /// directory is an empty one.
    ///
    /// # Errors
    /// When a folder or a message cannot be read.
    pub fn scan(&self, mailbox: MailboxId, previous: &Index, marks: &PersonalMarks) -> io::Result<Scan> {
        let mut scan = Scan {
            files: Vec::new(),
            index: Index::default(),
            messages: 0,
            personal_messages: 0,
            bytes: 0,
            fingerprint: self.fingerprint(mailbox)?,
        };
        for tree in Tree::ALL {
            let root = match tree {
                Tree::Mail => self.maildir(mailbox),
                Tree::Personal => self.personal(mailbox),
            };
            for folder in folders_of(&root)? {
                let live = LiveFolder::new(root.join(folder.dir()), self.incoming_dir());
                scan.add_folder(tree, &folder, live, previous, marks)?;
            }
        }
        let (home, maildir) = (self.home(mailbox), self.maildir(mailbox));
        scan.add_small_file("mail/subscriptions", &maildir.join("subscriptions"))?;
        scan.add_sieve(&home)?;
        Ok(scan)
    }
}

impl Scan {
    fn add_folder(
        &mut self,
        tree: Tree,
        folder: &FolderDir,
        live: LiveFolder,
        previous: &Index,
        marks: &PersonalMarks,
    ) -> io::Result<()> {
        let live = Arc::new(live);
        let listed = listed(&live)?;
        let dir = folder.snapshot_name();
        let known = previous.folder(tree, &dir);
        let keywords = keywords::read(live.path())?;
        let (mut messages, mut unknown) = (Vec::with_capacity(listed.len()), Vec::new());
        for listed in listed {
            match known.and_then(|known| known.message(&listed.base)) {
                Some(message) => messages.push((listed, message.clone())),
                None => unknown.push(listed),
            }
        }
        messages.extend(read_heads(&live, unknown, marks)?);
        messages.sort_by(|(one, _), (other, _)| one.base.cmp(&other.base));

        let whole = tree == Tree::Personal || marks.mark_folder(&folder.name());
        let mut indexed = Vec::with_capacity(messages.len());
        for (listed, mut message) in messages {
            (message.flags, message.keywords) =
                keywords::split(flags_of(listed.entry.name.as_bytes()), &keywords);
            // Marks on the message were seen when its head was read; words for them may have been added since.
            message.personal |= whole || marks.mark_subject(&message.subject);
            self.messages += 1;
            self.personal_messages += u64::from(message.personal);
            self.bytes += message.size;
            self.files.push(File {
                path: format!("{}/{dir}/{}", tree.dir(), message.base),
                size_bytes: message.size,
                modified: milliseconds(message.received),
                content: Arc::new(MessageContent { folder: Arc::clone(&live), entry: listed.entry }),
            });
            indexed.push(message);
        }
        let indexed = IndexedFolder { tree, dir, messages: indexed };
        let lines: Arc<[u8]> = indexed.lines().into();
        self.files.push(File {
            path: indexed.index_path(),
            size_bytes: lines.len() as u64,
            modified: index_modified(&lines, live.changed()?),
            content: Arc::new(lines),
        });
        self.index.add(indexed);
        Ok(())
    }

    /// A file that others replace whole: read now, so that its size and its bytes agree.
    fn add_small_file(&mut self, path: &str, source: &Path) -> io::Result<()> {
        let read = || -> io::Result<(Vec<u8>, SystemTime)> {
            let mut file = fs::File::open(source)?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok((bytes, file.metadata()?.modified()?))
        };
        let (bytes, modified) = match read() {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(at("read", source, &error)),
        };
        self.add_text(path, bytes, modified);
        Ok(())
    }

    fn add_text(&mut self, path: &str, bytes: Vec<u8>, modified: SystemTime) {
        self.files.push(File {
            path: path.to_owned(),
            size_bytes: bytes.len() as u64,
            modified: Timestamp::try_from(modified).unwrap_or_default(),
            content: Arc::new(Arc::<[u8]>::from(bytes)),
        });
    }

    /// The scripts, and in `sieve/active` the name of the one that runs.
    fn add_sieve(&mut self, home: &Path) -> io::Result<()> {
        for script in super::fingerprint::sieve_scripts(home)? {
            let name = text_of(script.as_bytes());
            self.add_small_file(&format!("sieve/{name}"), &home.join("sieve").join(&script))?;
        }
        let link = home.join(".dovecot.sieve");
        let (Ok(target), Ok(metadata)) = (fs::read_link(&link), fs::symlink_metadata(&link)) else {
            return Ok(());
        };
        if let Some(name) = target.file_name() {
            self.add_text("sieve/active", text_of(name.as_bytes()).into_bytes(), metadata.modified()?);
        }
        Ok(())
    }
}

/// A message of a folder and its name in the snapshot.
struct Listed {
    base: String,
    entry: Entry,
}

/// The messages of a folder, each once. Two different files of one base name both stay.
fn listed(folder: &LiveFolder) -> io::Result<Vec<Listed>> {
    let mut listed: Vec<Listed> = folder
        .list()?
        .into_iter()
        .map(|entry| Listed { base: text_of(base(entry.name.as_bytes())), entry })
        .collect();
    // Of one that moved between the two listings, `cur` is where it is.
    listed.sort_by(|one, other| {
        let place = |listed: &Listed| (listed.entry.inode, listed.entry.shelf == super::folders::Shelf::New);
        one.base.cmp(&other.base).then_with(|| place(one).cmp(&place(other)))
    });
    listed.dedup_by(|one, other| one.base == other.base && one.entry.inode == other.entry.inode);
    for place in 1..listed.len() {
        if listed[place].base == listed[place - 1].base {
            let inode = listed[place].entry.inode;
            let beside = name_beside(listed[place].base.as_bytes(), inode);
            listed[place].base = text_of(beside.as_bytes());
        }
    }
    Ok(listed)
}

/// Opens messages that no earlier index knows. One that is erased meanwhile is left out.
fn read_heads(
    folder: &LiveFolder,
    mut unknown: Vec<Listed>,
    marks: &PersonalMarks,
) -> io::Result<Vec<(Listed, IndexedMessage)>> {
    // As they lie on the disk, most likely.
    unknown.sort_by_key(|listed| listed.entry.inode);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(4);
    let share = unknown.len().div_ceil(threads).max(HEADS_PER_THREAD_MIN);
    let mut shares = Vec::new();
    while !unknown.is_empty() {
        let rest = unknown.split_off(share.min(unknown.len()));
        shares.push(std::mem::replace(&mut unknown, rest));
    }
    let read_share = |share: Vec<Listed>| -> io::Result<Vec<(Listed, IndexedMessage)>> {
        let mut buffer = HeadBuffer::new();
        let mut messages = Vec::with_capacity(share.len());
        for listed in share {
            if let Some(message) = read_head(folder, &listed, marks, &mut buffer)? {
                messages.push((listed, message));
            }
        }
        Ok(messages)
    };
    if shares.len() < 2 {
        return shares.pop().map_or_else(|| Ok(Vec::new()), read_share);
    }
    thread::scope(|scope| {
        let threads: Vec<_> = shares.into_iter().map(|share| scope.spawn(|| read_share(share))).collect();
        let mut messages = Vec::new();
        for thread in threads {
            messages.extend(thread.join().expect("reading a head does not panic")?);
        }
        Ok(messages)
    })
}

fn read_head(
    folder: &LiveFolder,
    listed: &Listed,
    marks: &PersonalMarks,
    buffer: &mut HeadBuffer,
) -> io::Result<Option<IndexedMessage>> {
    let Found::File(mut file) = folder.open(&listed.entry)? else {
        return Ok(None);
    };
    let mut read = || -> io::Result<IndexedMessage> {
        // Not from the name: other software may have written a size there that is none.
        let metadata = file.metadata()?;
        let head = buffer.read(&mut file)?;
        let summary = Summary::parse(head);
        let received = Timestamp::try_from(metadata.modified()?).unwrap_or_default();
        Ok(IndexedMessage {
            base: listed.base.clone(),
            flags: String::new(),
            keywords: Vec::new(),
            size: metadata.len(),
            received: received.as_millisecond(),
            date: summary.date.map(Timestamp::as_millisecond),
            from: summary.from,
            to: summary.to,
            subject: summary.subject,
            message_id: summary.message_id,
            personal: marks.mark_head(head),
        })
    };
    read().map(Some).map_err(|error| at("read", &listed.entry.path(folder.path()), &error))
}

fn milliseconds(time: i64) -> Timestamp {
    Timestamp::from_millisecond(time).unwrap_or_default()
}

/// A time for an index that says something else each time the index does: the second in which the folder
/// changed, and a fraction made of the content. Two changes within the file system's clock tick may leave an index of
/// the same size.
fn index_modified(lines: &[u8], changed: SystemTime) -> Timestamp {
    let digest = Sha256::digest(lines);
    let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let second = Timestamp::try_from(changed).unwrap_or_default().as_second();
    Timestamp::new(second, i32::try_from(number % 1_000_000_000).unwrap_or_default()).unwrap_or_default()
}

struct MessageContent {
    folder: Arc<LiveFolder>,
    entry: Entry,
}

impl Content for MessageContent {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match self.folder.open(&self.entry)? {
            Found::File(file) => Ok(Box::new(file)),
            Found::Erased => {
                let path = self.entry.path(self.folder.path());
                let reason = format!("{} has been erased since the mailbox was listed", path.display());
                Err(io::Error::new(io::ErrorKind::NotFound, reason))
            }
        }
    }
}
