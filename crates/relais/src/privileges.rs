//! From root to an ordinary user, before any thread is started: mail and engines never belong to root.

use anyhow::{Context, bail};
use nix::sys::prctl;
use nix::unistd::{Gid, Uid, User, chown, getuid, setgid, setgroups, setuid};
use std::path::Path;

/// Gives the data directory to `name` and becomes that user, when we are root. Otherwise does nothing.
///
/// # Errors
/// When there is no such user, with the command that creates it.
pub fn drop_to(name: &str, data: &Path) -> anyhow::Result<()> {
    if !getuid().is_root() {
        return Ok(());
    }
    let Some(user) = User::from_name(name).context("reading the users of this machine")? else {
        bail!(
            "started as root, and there is no user \"{name}\" to become; create it with `useradd --system {name}`, \
             or name another one: user = \"…\" in {}",
            data.join("relais.toml").display()
        );
    };
    if user.uid.is_root() {
        bail!("user = \"{name}\" is root; name an ordinary user, mail must not belong to root");
    }
    give(data, user.uid, user.gid).with_context(|| format!("giving {} to {name}", data.display()))?;
    // The kernel forgets this signal when the user changes.
    let signal = prctl::get_pdeathsig().context("reading the parent-death signal")?;
    setgroups(&[user.gid]).context("leaving root's groups")?;
    setgid(user.gid).context("changing the group")?;
    setuid(user.uid).context("changing the user")?;
    prctl::set_pdeathsig(signal).context("setting the parent-death signal again")?;
    Ok(())
}

/// Everything below `dir` that is not the user's already. Links are given, not followed.
fn give(dir: &Path, uid: Uid, gid: Gid) -> std::io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::symlink_metadata(dir)?;
    if metadata.is_dir() {
        if metadata.uid() != uid.as_raw() {
            chown(dir, Some(uid), Some(gid))?;
        }
        for entry in std::fs::read_dir(dir)? {
            give(&entry?.path(), uid, gid)?;
        }
    } else if metadata.uid() != uid.as_raw() && !metadata.is_symlink() {
        chown(dir, Some(uid), Some(gid))?;
    }
    Ok(())
}
