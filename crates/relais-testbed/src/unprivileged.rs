//! Started as root, servers run as somebody else: who that is, and what that user can reach.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use nix::unistd::{User, chown, geteuid};

/// Has no rights anywhere; enough for what is measured and thrown away.
pub const NOBODY: &str = "nobody";

/// The system user of this name, created when it is not there. To be called as root.
pub fn create_user(name: &str) -> anyhow::Result<()> {
    if User::from_name(name)?.is_some() {
        return Ok(());
    }
    let mut useradd = Command::new("useradd");
    useradd.args(["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]);
    useradd.args(["--shell", "/usr/sbin/nologin", name]);
    let status = useradd.status().context("useradd does not start")?;
    if !status.success() {
        bail!("useradd {name} failed: {status}");
    }
    Ok(())
}

pub fn give(path: &Path, user_name: &str) -> anyhow::Result<()> {
    let user = User::from_name(user_name)?.with_context(|| format!("there is no user {user_name}"))?;
    chown(path, Some(user.uid), Some(user.gid)).with_context(|| format!("chown {}", path.display()))
}

/// Whether the user can get to the directory: one closed folder above it is enough to say no.
pub fn can_reach(user_name: &str, directory: &Path) -> bool {
    let mut test = becoming(user_name, "test");
    let test = test.arg("-x").arg(directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    test.status().is_ok_and(|status| status.success())
}

/// A server that ends when we do, whatever becomes of us. As root it runs as `user_name`; else as ourselves.
pub fn server(program: &str, user_name: &str) -> Command {
    if geteuid().is_root() {
        return becoming(user_name, program);
    }
    bound_to_us(program)
}

/// A program that gets SIGTERM when we end. Setting this from our side would take unsafe code; setpriv belongs to every
/// Debian.
pub fn bound_to_us(program: &str) -> Command {
    let mut setpriv = Command::new("setpriv");
    setpriv.args(["--pdeathsig", "TERM", "--", program]);
    setpriv
}

fn becoming(user_name: &str, program: &str) -> Command {
    let mut setpriv = Command::new("setpriv");
    setpriv.args(["--reuid", user_name, "--regid", &group_of(user_name), "--clear-groups"]);
    setpriv.args(["--pdeathsig", "TERM", "--", program]);
    setpriv
}

fn group_of(user_name: &str) -> String {
    let user = User::from_name(user_name).ok().flatten();
    user.map_or_else(|| user_name.to_owned(), |user| user.gid.to_string())
}
