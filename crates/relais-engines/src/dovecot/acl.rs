//! Who may do what in a shared mailbox, as Dovecot reads it: a file `dovecot-acl` in every folder.
//!
//! Dovecot looks at the files once a second (`cache_secs`), so a revoked right is gone from open sessions after
//! about one second. A folder that is *selected* stays readable until the session ends: kick the person as well.
//!
//! Why every folder and not INBOX alone: a folder without a file takes INBOX's rights (`acl_defaults_from_inbox`),
//! which is what makes a folder that Relais has just made visible at once. But an open session keeps such borrowed
//! rights until it ends, and a folder that a member creates gets a *copy* of its parent's file. So a change of
//! members writes all of them, INBOX first. A folder created by a member between the two still bears the old rights:
//! write again after the kick.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const FILE: &str = "dovecot-acl";
/// Beside the file, not in `tmp`: Dovecot ignores the name, and a rename within a directory is atomic.
const NEW: &str = "dovecot-acl.relais-new";

/// What a member may do in a shared mailbox. Nobody may change its rights or delete the mailbox itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// See, read, and keep one's own marks of what is read.
    Read,
    /// Also file, mark, expunge, and make, rename and delete folders.
    ReadWrite,
}

impl Rights {
    /// RFC 4314, section 2.1.
    fn letters(self) -> &'static str {
        match self {
            Self::Read => "lrs",
            Self::ReadWrite => "lrswipkxte",
        }
    }
}

/// Writes the members of a shared mailbox into every folder of its Maildir, replacing who was there. `members` are
/// Dovecot users (account ids). The files belong to whom the Maildir belongs to. Safe to repeat after a failure.
///
/// # Errors
/// Of the file system; some folders may have been written.
///
/// # Panics
/// When a member's name is not plain text: names are ids that we made.
pub fn write_acl(maildir_root: &Path, members: &[(String, Rights)]) -> io::Result<()> {
    let mut text = String::new();
    for (user, rights) in members {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.@".contains(&b);
        assert!(!user.is_empty() && user.bytes().all(plain), "a Dovecot user is the text of an id");
        text += &format!("user={user} {}\n", rights.letters());
    }
    write_file(maildir_root, &text)?;
    for entry in fs::read_dir(maildir_root)? {
        let entry = entry?;
        let folder = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") && folder.join("cur").is_dir() {
            match write_file(&folder, &text) {
                // A member deleted the folder meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
    }
    Ok(())
}

fn write_file(folder: &Path, text: &str) -> io::Result<()> {
    let new = folder.join(NEW);
    let owner = fs::metadata(folder)?;
    let mut file = fs::File::create(&new)?;
    file.write_all(text.as_bytes())?;
    if owner.uid() != nix::unistd::Uid::effective().as_raw() {
        std::os::unix::fs::fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
    }
    file.sync_all()?;
    fs::rename(&new, folder.join(FILE))?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_names_the_members_of_now_and_nobody_else() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["cur", ".Sub/cur", ".Sub.Deep/cur", ".not-a-folder"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join(".Sub/dovecot-acl"), "user=acc-0 lrs\n").unwrap();
        let members = [("acc-1".to_owned(), Rights::Read), ("acc-2".to_owned(), Rights::ReadWrite)];
        write_acl(root.path(), &members).unwrap();
        for folder in ["", ".Sub", ".Sub.Deep"] {
            let text = fs::read_to_string(root.path().join(folder).join(FILE)).unwrap();
            assert_eq!(text, "user=acc-1 lrs\nuser=acc-2 lrswipkxte\n");
        }
        assert!(!root.path().join(".not-a-folder").join(FILE).exists());
        write_acl(root.path(), &[]).unwrap();
        assert_eq!(fs::read_to_string(root.path().join(".Sub/dovecot-acl")).unwrap(), "");
    }
}
