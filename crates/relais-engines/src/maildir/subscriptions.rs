//! Dovecot's list of subscribed folders, `Maildir/subscriptions`.
//!
//! Version 2 (what Dovecot 2.3 writes) begins with `V<TAB>2` and an empty line; then one folder a line, its parts
//! divided by tabs. Before that: one folder a line, parts divided by dots. Both hold encoded names.

use super::durable::{at, replace_file};
use super::names::FolderDir;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

const VERSION_2: &[u8] = b"V\t2\n\n";

/// Adds the folders that are not listed yet.
pub(super) fn subscribe(maildir: &Path, folders: &[FolderDir]) -> io::Result<()> {
    change(maildir, |lines, separator| {
        for folder in folders.iter().filter(|folder| !folder.is_inbox()) {
            let line = folder.encoded_parts().join(&separator);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    })
}

/// Adds the folders that another list has. `false` if it has no others.
pub(super) fn subscribe_listed(maildir: &Path, list: &[u8]) -> io::Result<bool> {
    let (separator, listed) = match list.strip_prefix(VERSION_2) {
        Some(listed) => (b'\t', listed),
        None => (b'.', list),
    };
    let folder = |line: &[u8]| {
        let parts: Vec<&[u8]> = line.split(|byte| *byte == separator).collect();
        FolderDir::from_dir(OsStr::from_bytes(&[b".".as_slice(), &parts.join(&b'.')].concat()))
    };
    let folders: Vec<FolderDir> = listed.split(|byte| *byte == b'\n').filter_map(folder).collect();
    let before = fs::read(maildir.join("subscriptions")).ok();
    subscribe(maildir, &folders)?;
    Ok(fs::read(maildir.join("subscriptions")).ok() != before)
}

/// Removes the folders from the list.
pub(super) fn unsubscribe(maildir: &Path, folders: &[FolderDir]) -> io::Result<()> {
    change(maildir, |lines, separator| {
        for folder in folders {
            let line = folder.encoded_parts().join(&separator);
            lines.retain(|listed| *listed != line);
        }
    })
}

fn change(maildir: &Path, change: impl FnOnce(&mut Vec<Vec<u8>>, u8)) -> io::Result<()> {
    let path = maildir.join("subscriptions");
    let before = match fs::read(&path) {
        Ok(before) => Some(before),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(at("read", &path, &error)),
    };
    let (head, separator, listed) = match before.as_deref() {
        None => (VERSION_2, b'\t', b"".as_slice()),
        Some(content) => match content.strip_prefix(VERSION_2) {
            Some(listed) => (VERSION_2, b'\t', listed),
            None => (b"".as_slice(), b'.', content),
        },
    };
    let mut lines: Vec<Vec<u8>> =
        listed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect();
    let count = lines.len();
    change(&mut lines, separator);
    if lines.len() == count {
        return Ok(());
    }
    let mut after = head.to_vec();
    for line in lines {
        after.extend_from_slice(&line);
        after.push(b'\n');
    }
    replace_file(&path, &after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_added_once_and_removed_in_both_formats() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("subscriptions");
        let folder = FolderDir::inbox().below(&FolderDir::named("é"));
        for (before, with) in [
            ("V\t2\n\nmine\n", "V\t2\n\nmine\n&AOk-\tINBOX\n"),
            ("mine\nmine.sub\n", "mine\nmine.sub\n&AOk-.INBOX\n"),
        ] {
            fs::write(&path, before).unwrap();
            for _ in 0..2 {
                subscribe(dir.path(), std::slice::from_ref(&folder)).unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), with);
            }
            for _ in 0..2 {
                unsubscribe(dir.path(), std::slice::from_ref(&folder)).unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), before);
            }
        }
        fs::remove_file(&path).unwrap();
        unsubscribe(dir.path(), std::slice::from_ref(&folder)).unwrap();
        assert!(!path.exists());
        subscribe(dir.path(), &[FolderDir::inbox(), folder]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "V\t2\n\n&AOk-\tINBOX\n");
    }
}
