//! What a mailbox has besides messages: which folders its holder sees, and the scripts that sort its mail.

use super::super::Maildirs;
use super::super::durable::{at, create_dir, create_folder, replace_file, sync_dir};
use super::super::names::FolderDir;
use super::super::subscriptions;
use relais_core::ids::MailboxId;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;

impl Maildirs {
    /// Makes the folder of a snapshot that has this directory name, if it is not there. `false` if it was.
    ///
    /// # Errors
    /// When it cannot be made, or the name is none of a folder.
    pub fn restore_folder(&self, mailbox: MailboxId, dir: &str) -> io::Result<bool> {
        let folder = FolderDir::from_snapshot(dir)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, format!("{dir} is no folder")))?;
        let path = self.maildir(mailbox).join(folder.dir());
        if path.join("cur").is_dir() {
            return Ok(false);
        }
        create_folder(&path)?;
        let marker = path.join("maildirfolder");
        fs::write(&marker, "").map_err(|error| at("write", &marker, &error))?;
        sync_dir(&path)?;
        Ok(true)
    }

    /// Puts back what a snapshot has under this path, if it is `mail/subscriptions` or lies in `sieve/`: folders that
    /// are not subscribed, scripts of which none has the name, and which one runs if none does. What is there stays.
    /// Scripts come before `sieve/active`. `false` if there was nothing to do.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn restore_setting(&self, mailbox: MailboxId, path: &str, content: &[u8]) -> io::Result<bool> {
        if path == "mail/subscriptions" {
            return subscriptions::subscribe_listed(&self.maildir(mailbox), content);
        }
        let home = self.home(mailbox);
        let scripts = home.join("sieve");
        match path.strip_prefix("sieve/") {
            Some("active") => {
                let name = String::from_utf8_lossy(content);
                let link = home.join(".dovecot.sieve");
                let is_there = link.symlink_metadata().is_ok();
                if is_there || !is_script(&name) || !scripts.join(&*name).is_file() {
                    return Ok(false);
                }
                symlink(format!("sieve/{name}"), &link).map_err(|error| at("link", &link, &error))?;
                sync_dir(&home)?;
                Ok(true)
            }
            Some(name) if is_script(name) && !scripts.join(name).exists() => {
                create_dir(&scripts)?;
                replace_file(&scripts.join(name), content)?;
                Ok(true)
            }
            Some(_) | None => Ok(false),
        }
    }
}

fn is_script(name: &str) -> bool {
    let takes_part = |letter: char| letter != '/' && !letter.is_control();
    name.ends_with(".sieve") && !name.starts_with('.') && name.chars().all(takes_part)
}
