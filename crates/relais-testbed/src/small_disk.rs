//! A file system of a few megabytes that a test fills up.
//!
//! Mounting takes a mount namespace, and only what is started in it sees the mount. So the test runs itself again in
//! there: as root directly, as anybody else in a user namespace, where everybody may mount memory. Nothing is left
//! behind, however the test ends.

use anyhow::{Context as _, Result, ensure};
use nix::unistd::{getegid, geteuid};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::net::server_dir;
use crate::unprivileged::bound_to_us;

const PLACE_VARIABLE: &str = "RELAIS_SMALL_DISK";
/// Enough for a server, few enough to be used up in no time.
const INODES_MAX: u32 = 20_000;

/// Runs `test` on a directory that is a file system of this size. `name` is the test's own name, as the test program
/// lists it.
///
/// # Errors
/// When no file system can be mounted, or the test failed there.
pub fn on_small_disk(name: &str, size_mib: u32, test: impl FnOnce(&Path)) -> Result<()> {
    if let Some(place) = std::env::var_os(PLACE_VARIABLE) {
        test(Path::new(&place));
        return Ok(());
    }
    let place = server_dir()?;
    let program = std::env::current_exe()?;
    let mut command = bound_to_us("unshare");
    let options = format!("size={size_mib}m,nr_inodes={INODES_MAX},mode=0755");
    // Words of the shell come in as arguments: nothing is quoted.
    let mount = "mount -t tmpfs -o \"$1\" relais-small-disk \"$2\" || exit; shift 2;";
    if geteuid().is_root() {
        command.args(["--mount", "sh", "-c", &format!("{mount} exec \"$@\"")]);
    } else {
        // Root of the namespace may mount; the test is to run as who it was.
        let back = format!("exec unshare --user --map-user={} --map-group={} \"$@\"", geteuid(), getegid());
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &format!("{mount} {back}")]);
    }
    command.args(["sh", &options]).arg(place.path());
    command.arg(program).args(["--exact", name, "--nocapture"]).env(PLACE_VARIABLE, place.path());
    let output = command.output().context("unshare does not start; it belongs to the package util-linux")?;
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("\n");
    ensure!(!said.contains("running 0 tests"), "no test here is named {name}");
    ensure!(
        said.contains("running 1 test"),
        "no small file system can be mounted here, and this test needs one: run it as root with CAP_SYS_ADMIN, or \
         where user namespaces are allowed (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone)\n{said}"
    );
    ensure!(output.status.success(), "on the small disk:\n{said}");
    Ok(())
}

/// What takes all the room there is. Gives it back when it is dropped.
pub struct Ballast {
    dir: PathBuf,
}

/// What there is no more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    Bytes,
    /// Not even an empty file can be made.
    BytesAndFiles,
}

impl Ballast {
    /// Fills the file system of `dir`, which has to be a small one.
    ///
    /// # Errors
    /// When writing fails for another reason than want of room.
    pub fn fill(dir: &Path, lack: Lack) -> Result<Ballast> {
        let ballast = Ballast { dir: dir.join("ballast") };
        fs::create_dir_all(&ballast.dir)?;
        let mut heap = File::create(ballast.dir.join("heap"))?;
        for piece in [1 << 20, 4096, 1] {
            let zeros = vec![0; piece];
            until_full(|| heap.write_all(&zeros))?;
        }
        if lack == Lack::BytesAndFiles {
            let mut number = 0;
            until_full(|| {
                number += 1;
                File::create(ballast.dir.join(number.to_string())).map(drop)
            })?;
        }
        Ok(ballast)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        // A test that sees no room again fails by itself.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn until_full(mut take: impl FnMut() -> std::io::Result<()>) -> Result<()> {
    loop {
        match take() {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}
