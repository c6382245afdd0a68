//! The data directory of the demonstration: created, given to the unprivileged user, and reachable for that user.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nix::unistd::geteuid;

use relais_testbed::server::USER;
use relais_testbed::unprivileged;

/// Where the data goes when the wanted place lies under a folder that only root may enter.
const ELSEWHERE: &str = "/var/lib/relais-demonstration";

/// The absolute path of the directory to use.
pub fn prepare(wanted: &Path) -> anyhow::Result<PathBuf> {
    let data = create(wanted)?;
    if !geteuid().is_root() {
        return Ok(data);
    }
    unprivileged::create_user(USER)?;
    unprivileged::give(&data, USER)?;
    if unprivileged::can_reach(USER, &data) {
        return Ok(data);
    }
    if std::fs::read_dir(&data)?.next().is_some() {
        bail!(
            "the user {USER} cannot enter {}: open the folders above it, or choose another --data",
            data.display()
        );
    }
    // Usual for root, whose own folder is closed: a link leaves the data where it was asked for.
    let elsewhere = create(Path::new(ELSEWHERE))?;
    unprivileged::give(&elsewhere, USER)?;
    std::fs::remove_dir(&data)?;
    std::os::unix::fs::symlink(&elsewhere, &data)?;
    eprintln!("The user {USER} cannot enter {}, so it is a link to {ELSEWHERE}", data.display());
    Ok(elsewhere)
}

fn create(path: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(path).with_context(|| path.display().to_string())?;
    path.canonicalize().with_context(|| path.display().to_string())
}
