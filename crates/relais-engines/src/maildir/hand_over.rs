//! Handing a mailbox's professional mail over to another mailbox, by hard links: nothing is copied and the
//! source keeps everything.
//!
//! A folder is put below a folder of the destination with its own name. File names stay, and with them the
//! flags; the file stays, and with it the internal date. Run again after a kill, it links what is missing: a
//! message is there if its base name is, whatever flags the successor gave it. A run that came to its end leaves
//! a list of what it gave, so that a later one does not bring back what the successor has erased or moved.

use super::durable::{at, create_dir, create_folder, replace_file, sync_dir};
use super::folders::{Entry, FolderReport, HeadBuffer, Missed, OpenFolder, folders_of, messages_of};
use super::names::{FolderDir, base, hex, name_beside};
use super::{Maildirs, copy, subscriptions};
use crate::message::PersonalMarks;
use nix::fcntl::AtFlags;
use nix::unistd::linkat;
use relais_core::ids::MailboxId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

/// How many messages pass between two calls of `progress`.
const PROGRESS_STEP: u64 = 256;

/// What was handed over, now and in earlier runs of the same hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HandOver {
    /// By the names at the source, personal messages not counted. Without hashes: see
    /// [`Maildirs::folders_below`].
    pub folders: Vec<FolderReport>,
    /// Messages marked personal, which were left where they are.
    pub personal_messages: u64,
    pub messages: u64,
    pub bytes: u64,
}

impl Maildirs {
    /// Links every message of `from` that is not marked personal into `to`, below its folder `under` (one name;
    /// see [`super::folder_component`]). `progress` is told how many of how many messages are done.
    ///
    /// # Errors
    /// When a mailbox does not exist, or a file cannot be read or linked. What was linked stays; run it again,
    /// or [`Maildirs::take_back`].
    pub fn hand_over(
        &self,
        from: MailboxId,
        to: MailboxId,
        under: &str,
        personal: &PersonalMarks,
        progress: &mut dyn FnMut(u64, u64),
    ) -> io::Result<HandOver> {
        let (source, destination) = (self.maildir(from), self.maildir(to));
        require_two_mailboxes(&source, &destination)?;
        let parent = FolderDir::named(under);
        let list = self.given_list(from, to, under);
        let given = read_given(&list)?;
        let mut folders = Vec::new();
        for folder in folders_of(&source)? {
            let messages = messages_of(&source.join(folder.dir()))?;
            folders.push((folder, messages));
        }
        let total = folders.iter().map(|(_, messages)| messages.len() as u64).sum();
        let mut run = Run {
            source: &source,
            destination: &destination,
            parent: &parent,
            personal,
            given,
            done: 0,
            total,
            progress,
            report: HandOver::default(),
            touched: Vec::new(),
        };
        run.create(&parent)?;
        for (folder, messages) in &folders {
            run.hand_over_folder(folder, messages)?;
        }
        (run.progress)(total, total);
        run.finish(&list)
    }

    /// Where a finished hand-over lists what it gave.
    pub(super) fn given_list(&self, from: MailboxId, to: MailboxId, under: &str) -> PathBuf {
        let digest = Sha256::digest(under.as_bytes());
        let name = format!("{to}.{}", hex(&digest[..8]));
        self.home(from).join("handed-over").join(name)
    }
}

pub(super) fn require_two_mailboxes(source: &Path, destination: &Path) -> io::Result<()> {
    if source == destination {
        let reason = "a mailbox is not handed over to itself";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    for maildir in [source, destination] {
        fs::metadata(maildir.join("cur")).map_err(|error| at("find the mailbox", maildir, &error))?;
    }
    Ok(())
}

struct Run<'a> {
    source: &'a Path,
    destination: &'a Path,
    parent: &'a FolderDir,
    personal: &'a PersonalMarks,
    /// What earlier, finished runs gave, and then what this one gives: `<folder>/<base name>`, `<folder>/`.
    given: HashSet<Vec<u8>>,
    done: u64,
    total: u64,
    progress: &'a mut dyn FnMut(u64, u64),
    report: HandOver,
    touched: Vec<FolderDir>,
}

impl Run<'_> {
    /// Makes a folder of the destination, unless it was made by a finished run and removed by the successor.
    fn create(&mut self, folder: &FolderDir) -> io::Result<()> {
        if !self.given.insert(given_key(folder, b"")) {
            return Ok(());
        }
        let path = self.destination.join(folder.dir());
        for name in ["tmp", "new", "cur"] {
            create_dir(&path.join(name))?;
        }
        // Tells Maildir++ software that this directory is a folder.
        let marker = path.join("maildirfolder");
        fs::write(&marker, "").map_err(|error| at("write", &marker, &error))?;
        self.touched.push(folder.clone());
        Ok(())
    }

    fn hand_over_folder(&mut self, folder: &FolderDir, messages: &[Entry]) -> io::Result<()> {
        let name = folder.name();
        if self.personal.mark_folder(&name) {
            self.report.personal_messages += messages.len() as u64;
            self.done += messages.len() as u64;
            return Ok(());
        }
        let below = folder.below(self.parent);
        self.create(&below)?;
        let giving = Giving::open(self.source.join(folder.dir()), self.destination.join(below.dir()))?;
        self.report.folders.push(FolderReport { name, messages: 0, bytes: 0, sha256: None });

        let mut todo = Vec::new();
        for message in messages {
            if self.given.contains(&given_key(&below, base(message.name.as_bytes()))) {
                self.count(&giving, message, Mark::Professional)?;
            } else if let Some(name) = giving.name_for(message)? {
                todo.push((message, name));
            } else {
                self.note(&giving, &below, message, Mark::Professional)?;
            }
        }
        let mut missed = Missed::default();
        read_ahead(&giving.source, &todo, self.personal, |message, name, mark| {
            let given = mark.and_then(|mark| {
                giving.give(message, name, mark)?;
                self.note(&giving, &below, message, mark)
            });
            missed.unless_found(message, given)
        })?;
        let mut buffer = HeadBuffer::new();
        missed.visit_again(giving.source.path(), |message| {
            let mark = mark_of(&giving.source, message, self.personal, &mut buffer)?;
            if let Some(name) = giving.name_for(message)? {
                giving.give(message, &name, mark)?;
            }
            self.note(&giving, &below, message, mark)
        })
    }

    /// Remembers that a message is given, if it is, and counts it.
    fn note(&mut self, giving: &Giving, below: &FolderDir, message: &Entry, mark: Mark) -> io::Result<()> {
        if mark == Mark::Professional {
            self.given.insert(given_key(below, base(message.name.as_bytes())));
            if self.touched.last() != Some(below) {
                self.touched.push(below.clone());
            }
        }
        self.count(giving, message, mark)
    }

    fn count(&mut self, giving: &Giving, message: &Entry, mark: Mark) -> io::Result<()> {
        match mark {
            Mark::Personal => self.report.personal_messages += 1,
            Mark::Professional => {
                let bytes = message.size_bytes(giving.source.path())?;
                let folder =
                    self.report.folders.last_mut().expect("a folder is reported before its messages");
                folder.messages += 1;
                folder.bytes += bytes;
                self.report.messages += 1;
                self.report.bytes += bytes;
            }
        }
        self.done += 1;
        if self.done.is_multiple_of(PROGRESS_STEP) {
            (self.progress)(self.done.min(self.total), self.total);
        }
        Ok(())
    }

    /// Makes everything durable, and only then says so on disk.
    fn finish(self, list: &Path) -> io::Result<HandOver> {
        for folder in &self.touched {
            let path = self.destination.join(folder.dir());
            for dir in [path.join("new"), path.join("cur"), path] {
                sync_dir(&dir)?;
            }
        }
        if !self.touched.is_empty() {
            sync_dir(self.destination)?;
            subscriptions::subscribe(self.destination, &self.touched)?;
            let dir = list.parent().expect("the list lies in a directory");
            create_dir(dir)?;
            let mut given: Vec<&[u8]> = self.given.iter().map(Vec::as_slice).collect();
            given.sort_unstable();
            replace_file(list, &given.join(&0))?;
            dir.parent().map_or(Ok(()), sync_dir)?;
        }
        Ok(self.report)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Personal,
    Professional,
}

fn mark_of(
    source: &OpenFolder,
    message: &Entry,
    personal: &PersonalMarks,
    buffer: &mut HeadBuffer,
) -> io::Result<Mark> {
    let head = source.read_head(message, buffer)?;
    Ok(if personal.mark_head(head) { Mark::Personal } else { Mark::Professional })
}

/// Gives each message with its mark. Heads are read by a second thread while this one links: both wait for the
/// file system most of the time.
fn read_ahead(
    source: &OpenFolder,
    todo: &[(&Entry, OsString)],
    personal: &PersonalMarks,
    mut give: impl FnMut(&Entry, &OsStr, io::Result<Mark>) -> io::Result<()>,
) -> io::Result<()> {
    const STEP: usize = 128;
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel::<Vec<io::Result<Mark>>>(8);
        scope.spawn(move || {
            let mut buffer = HeadBuffer::new();
            for step in todo.chunks(STEP) {
                let marks = step.iter().map(|(message, _)| mark_of(source, message, personal, &mut buffer));
                if sender.send(marks.collect()).is_err() {
                    // The other thread met an error.
                    return;
                }
            }
        });
        for (step, marks) in todo.chunks(STEP).zip(receiver) {
            for ((message, name), mark) in step.iter().zip(marks) {
                give(message, name, mark)?;
            }
        }
        Ok(())
    })
}

/// One folder on its way.
struct Giving {
    source: OpenFolder,
    path: PathBuf,
    /// Opened for the first message it gets.
    destination: OnceCell<OpenFolder>,
    /// What the destination folder holds, by base name.
    here: HashMap<Vec<u8>, Entry>,
}

impl Giving {
    fn open(source: PathBuf, path: PathBuf) -> io::Result<Self> {
        copy_keywords(&source, &path)?;
        let here = messages_of(&path)?
            .into_iter()
            .map(|message| (base(message.name.as_bytes()).to_vec(), message))
            .collect();
        let source = OpenFolder::open(source)?;
        Ok(Self { source, path, here, destination: OnceCell::new() })
    }

    /// The name a message gets; `None` if it is there already.
    fn name_for(&self, message: &Entry) -> io::Result<Option<OsString>> {
        let Some(other) = self.here.get(base(message.name.as_bytes())) else {
            return Ok(Some(message.name.clone()));
        };
        if message.inode == other.inode
            || message.size_bytes(self.source.path())? == other.size_bytes(&self.path)?
        {
            return Ok(None);
        }
        let name = name_beside(message.name.as_bytes(), message.inode);
        Ok((!self.here.contains_key(base(name.as_bytes()))).then_some(name))
    }

    fn give(&self, message: &Entry, name: &OsStr, mark: Mark) -> io::Result<()> {
        match mark {
            Mark::Personal => Ok(()),
            Mark::Professional => self.link(message, name),
        }
    }

    fn destination(&self) -> io::Result<&OpenFolder> {
        if let Some(open) = self.destination.get() {
            return Ok(open);
        }
        // The successor may have removed the folder, and mail has come since.
        create_folder(&self.path)?;
        let open = OpenFolder::open(self.path.clone())?;
        Ok(self.destination.get_or_init(|| open))
    }

    fn link(&self, message: &Entry, name: &OsStr) -> io::Result<()> {
        let destination = self.destination()?;
        let (old, new) = (self.source.shelf(message.shelf), destination.shelf(message.shelf));
        let linked = linkat(old, message.name.as_os_str(), new, name, AtFlags::empty());
        let place = || Entry { name: name.to_owned(), ..message.clone() }.path(&self.path);
        match linked.map_err(io::Error::from) {
            Err(error) if copy::needs_copy(&error) => {
                copy::copy_durably(&message.path(self.source.path()), &place())
            }
            linked => linked.map_err(|error| at("link to", &place(), &error)),
        }
    }
}

/// The letters of a client's own flags have their meaning in this file (`0 $Forwarded`); a folder that has none
/// of its own takes it along.
fn copy_keywords(source: &Path, destination: &Path) -> io::Result<()> {
    let (from, to) = (source.join("dovecot-keywords"), destination.join("dovecot-keywords"));
    if to.exists() || !destination.exists() {
        return Ok(());
    }
    match fs::read(&from) {
        Ok(keywords) => replace_file(&to, &keywords),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at("read", &from, &error)),
    }
}

fn given_key(folder: &FolderDir, base: &[u8]) -> Vec<u8> {
    [folder.dir().as_bytes(), b"/", base].concat()
}

fn read_given(list: &Path) -> io::Result<HashSet<Vec<u8>>> {
    match fs::read(list) {
        Ok(content) => Ok(content.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(HashSet::new()),
        Err(error) => Err(at("read", list, &error)),
    }
}
