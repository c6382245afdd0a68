//! The same message in a second place: by hard link, or by copy where the file system refuses links.

use super::durable::at;
use nix::errno::Errno;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Whether a hard link failed because of where it leads: another file system, or too many links on one file.
pub(super) fn needs_copy(error: &io::Error) -> bool {
    error
        .raw_os_error()
        .is_some_and(|code| [Errno::EXDEV, Errno::EMLINK, Errno::EPERM].contains(&Errno::from_raw(code)))
}

/// Copies a message with its time, whole or not at all: first into the `tmp` beside the folder's `cur` and `new`.
pub(super) fn copy_durably(from: &Path, to: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (to.parent().and_then(Path::parent), to.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a place in a folder"));
    };
    let written = folder.join("tmp").join(name);
    let copy = || -> io::Result<()> {
        fs::copy(from, &written)?;
        let modified = fs::metadata(from)?.modified()?;
        let file = File::options().write(true).open(&written)?;
        file.set_modified(modified)?;
        file.sync_all()?;
        fs::rename(&written, to)
    };
    copy().map_err(|error| {
        let _ = fs::remove_file(&written);
        at("copy to", to, &error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_bytes_and_time_and_leaves_nothing_half_written() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["tmp", "cur"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let source = dir.path().join("source");
        fs::write(&source, "bytes").unwrap();
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        File::options().write(true).open(&source).unwrap().set_modified(time).unwrap();
        let place = dir.path().join("cur/1.a:2,S");
        copy_durably(&source, &place).unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"bytes");
        assert_eq!(fs::metadata(&place).unwrap().modified().unwrap(), time);
        assert!(copy_durably(&source, &dir.path().join("missing/1.a")).is_err());
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn only_refusals_of_the_file_system_lead_to_a_copy() {
        assert!(needs_copy(&io::Error::from(Errno::EXDEV)));
        assert!(needs_copy(&io::Error::from(Errno::EMLINK)));
        assert!(!needs_copy(&io::Error::from(Errno::ENOSPC)));
        assert!(!needs_copy(&io::Error::from(Errno::EEXIST)));
    }
}
