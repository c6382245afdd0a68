//! Files that are made for one supervised server: its configuration and secrets, in a directory of its own.

use crate::supervisor::RunAs;
use nix::unistd::{Gid, Uid};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// To whom the files belong.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub uid: Uid,
    pub gid: Gid,
}

impl Owner {
    /// `None` for root, which no server of ours is.
    pub(crate) fn of(run_as: RunAs) -> Option<Self> {
        let (uid, gid) = match run_as {
            RunAs::Current => (Uid::effective(), Gid::effective()),
            RunAs::User { uid, gid } => (Uid::from_raw(uid), Gid::from_raw(gid)),
        };
        (!uid.is_root()).then_some(Self { uid, gid })
    }

    pub(crate) fn own(self, path: &Path) -> io::Result<()> {
        if self.uid != Uid::effective() {
            nix::unistd::chown(path, Some(self.uid), Some(self.gid))?;
        }
        Ok(())
    }

    /// Makes a directory that is closed to others.
    pub(crate) fn make_directory(self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        self.own(path)
    }

    /// Writes a file that is never readable by others, not even while it is written.
    pub(crate) fn put(self, path: &Path, text: &str) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())?;
        self.own(&new)?;
        fs::rename(&new, path)
    }
}

/// The path as text that means itself in the configuration of any of our servers.
pub(crate) fn plain(path: &Path) -> Option<&str> {
    path.to_str().filter(|text| {
        text.starts_with('/') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+@".contains(&b))
    })
}
