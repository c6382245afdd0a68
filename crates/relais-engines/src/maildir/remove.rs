//! Removing a mailbox for good.

use super::Maildirs;
use super::durable::{at, create_folder, rename_if_there, sync_dir};
use super::folders::{folders_of, messages_of, usage_of};
use super::names::name_beside;
use relais_core::ids::MailboxId;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// What a removal found. A run that goes on after a kill counts what was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Removed {
    pub messages: u64,
    pub bytes: u64,
    /// Personal messages that are kept for the person, outside of the mailbox.
    pub personal_kept: u64,
}

impl Maildirs {
    /// Removes a mailbox and its mail. Personal messages set aside are kept below `aside/`.
    ///
    /// # Errors
    /// When files cannot be moved or removed. Run it again.
    pub fn remove(&self, mailbox: MailboxId) -> io::Result<Removed> {
        self.known_mailboxes().remove(&mailbox);
        self.deliveries.forget(mailbox);
        let home = self.home(mailbox);
        let removing = self.root.join("removing").join(mailbox.to_string());
        let aside = self.root.join("aside").join(mailbox.to_string());
        let mut removed = Removed::default();
        // Twice: first what an earlier run left, then the mailbox itself.
        if removing.exists() {
            finish(&removing, &aside, &mut removed)?;
        }
        if rename_if_there(&home, &removing)? {
            sync_dir(&self.root.join("removing"))?;
            sync_dir(&self.root.join("boxes"))?;
            finish(&removing, &aside, &mut removed)?;
        }
        removed.personal_kept = usage_of(&aside)?.messages;
        Ok(removed)
    }
}

fn finish(removing: &Path, aside: &Path, removed: &mut Removed) -> io::Result<()> {
    let personal = removing.join("Personal");
    if usage_of(&personal)?.messages > 0 {
        keep(&personal, aside)?;
    }
    let usage = usage_of(&removing.join("Maildir"))?;
    removed.messages += usage.messages;
    removed.bytes += usage.bytes;
    fs::remove_dir_all(removing).map_err(|error| at("remove", removing, &error))?;
    removing.parent().map_or(Ok(()), sync_dir)
}

/// Moves a tree of personal messages to `aside`, into what is there already.
fn keep(personal: &Path, aside: &Path) -> io::Result<()> {
    if !aside.exists() {
        rename_if_there(personal, aside)?;
        return aside.parent().map_or(Ok(()), sync_dir);
    }
    for folder in folders_of(personal)? {
        let (from, to) = (personal.join(folder.dir()), aside.join(folder.dir()));
        create_folder(&to)?;
        for message in messages_of(&from)? {
            let mut place = message.path(&to);
            if place.exists() {
                place.set_file_name(name_beside(message.name.as_bytes(), message.inode));
            }
            let source = message.path(&from);
            fs::rename(&source, &place).map_err(|error| at("move", &source, &error))?;
        }
        for name in ["new", "cur"] {
            sync_dir(&to.join(name))?;
        }
    }
    Ok(())
}
