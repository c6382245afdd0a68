//! Personal messages, set aside for the person: out of Dovecot's sight and of every hand-over, in
//! `boxes/<mailbox>/Personal`, a tree of the same shape so that each can go back where it was.

use super::Maildirs;
use super::durable::{at, create_folder, sync_dir};
use super::folders::{HeadBuffer, OpenFolder, folders_of, messages_of, usage_of, visit_messages};
use super::names::{FolderDir, name_beside};
use crate::message::PersonalMarks;
use relais_core::ids::MailboxId;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

impl Maildirs {
    /// Moves the messages marked personal to the mailbox's `Personal`, and says how many lie there now, those of
    /// earlier runs included.
    ///
    /// # Errors
    /// When a message cannot be read or moved. Run it again.
    pub fn set_aside_personal(&self, mailbox: MailboxId, marks: &PersonalMarks) -> io::Result<u64> {
        let (maildir, personal) = (self.maildir(mailbox), self.personal(mailbox));
        let mut buffer = HeadBuffer::new();
        for folder in folders_of(&maildir)? {
            let whole = marks.mark_folder(&folder.name());
            let open = OpenFolder::open(maildir.join(folder.dir()))?;
            move_messages(&open, &personal, &folder, |message| {
                Ok(whole || marks.mark_head(open.read_head(message, &mut buffer)?))
            })?;
        }
        sync_tree(&personal)?;
        sync_tree(&maildir)?;
        Ok(usage_of(&personal)?.messages)
    }

    /// Moves the messages set aside back to their folders, and says how many.
    ///
    /// # Errors
    /// When a message cannot be moved. Run it again.
    pub fn restore_personal(&self, mailbox: MailboxId) -> io::Result<u64> {
        let (maildir, personal) = (self.maildir(mailbox), self.personal(mailbox));
        let mut moved = 0;
        for folder in folders_of(&personal)? {
            let open = OpenFolder::open(personal.join(folder.dir()))?;
            moved += move_messages(&open, &maildir, &folder, |_| Ok(true))?;
        }
        sync_tree(&maildir)?;
        sync_tree(&personal)?;
        Ok(moved)
    }
}

/// Moves the chosen messages of a folder to the same folder of another tree.
fn move_messages(
    from: &OpenFolder,
    tree: &Path,
    folder: &FolderDir,
    mut choose: impl FnMut(&super::folders::Entry) -> io::Result<bool>,
) -> io::Result<u64> {
    let to = tree.join(folder.dir());
    let mut moved = 0;
    visit_messages(from.path(), &messages_of(from.path())?, |message| {
        if !choose(message)? {
            return Ok(());
        }
        if !to.join("cur").is_dir() || !to.join("new").is_dir() {
            create_folder(&to)?;
        }
        let source = message.path(from.path());
        let mut place = message.path(&to);
        match fs::symlink_metadata(&place) {
            // A rename onto another link of the same file does nothing: one of the two has to go.
            Ok(other) if other.ino() == message.inode => {
                moved += 1;
                return fs::remove_file(&source).map_err(|error| at("move", &source, &error));
            }
            Ok(_) => place.set_file_name(name_beside(message.name.as_bytes(), message.inode)),
            Err(_) => {}
        }
        fs::rename(&source, &place).map_err(|error| at("move", &source, &error))?;
        moved += 1;
        Ok(())
    })?;
    Ok(moved)
}

/// Makes every folder of a tree durable, whoever changed it last: a run that was killed did not.
fn sync_tree(root: &Path) -> io::Result<()> {
    for folder in folders_of(root)? {
        for name in ["new", "cur"] {
            let dir = root.join(folder.dir()).join(name);
            if dir.is_dir() {
                sync_dir(&dir)?;
            }
        }
    }
    Ok(())
}
