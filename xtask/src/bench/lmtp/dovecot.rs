//! Dovecot's own LMTP, started privately, with a Maildir and every file and directory synced: the peer.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::unistd::{User, geteuid};

use super::Target;
use relais_testbed::unprivileged::{self, NOBODY};

const PROGRAM: &str = "/usr/sbin/dovecot";
const START_MAX: Duration = Duration::from_secs(20);

pub struct Peer {
    child: Child,
    port: u16,
    #[cfg_attr(not(test), expect(dead_code, reason = "tests count what is stored"))]
    directory: PathBuf,
}

impl Peer {
    /// `directory` is empty and absolute; everything Dovecot writes goes there.
    pub fn start(directory: &Path) -> anyhow::Result<Peer> {
        let user = if geteuid().is_root() {
            User::from_name(NOBODY)?.with_context(|| format!("there is no user {NOBODY}"))?
        } else {
            User::from_uid(geteuid())?.context("we run as a user without a name")?
        };
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        for folder in ["", "run", "state", "mail"] {
            let path = directory.join(folder);
            std::fs::create_dir_all(&path)?;
            if geteuid().is_root() {
                unprivileged::give(&path, NOBODY)?;
            }
        }
        let file = directory.join("dovecot.conf");
        std::fs::write(&file, configuration(directory, &user, port)?)?;
        let log = std::fs::File::create(directory.join("dovecot.log"))?;
        let mut command = unprivileged::server(PROGRAM, NOBODY);
        command.arg("-F").arg("-c").arg(&file).current_dir(directory);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let mut peer = Peer { child: command.spawn()?, port, directory: directory.to_owned() };
        peer.wait_until_it_listens(directory)?;
        Ok(peer)
    }

    pub fn target(&self, recipients: usize) -> Target {
        Target {
            address: format!("127.0.0.1:{}", self.port),
            recipients: (0..recipients).map(|number| format!("reader{number}@bm.com")).collect(),
        }
    }

    fn wait_until_it_listens(&mut self, directory: &Path) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_MAX;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let has_ended = self.child.try_wait()?.is_some();
            if has_ended || Instant::now() > deadline {
                let log = std::fs::read_to_string(directory.join("dovecot.log")).unwrap_or_default();
                bail!("Dovecot did not start:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// How many messages are in all mailboxes.
    #[cfg(test)]
    pub fn stored(&self) -> usize {
        let homes = std::fs::read_dir(self.directory.join("mail")).expect("homes");
        let new = |home: std::io::Result<std::fs::DirEntry>| home.expect("a home").path().join("Maildir/new");
        homes.map(new).map(|new| std::fs::read_dir(new).expect("new mail").count()).sum()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        relais_testbed::server::end(&mut self.child);
    }
}

/// Runs wholly as one ordinary user; what would change root or switch users is turned off.
fn configuration(directory: &Path, user: &User, port: u16) -> anyhow::Result<String> {
    let group = nix::unistd::Group::from_gid(user.gid)?.context("the user's group has no name")?;
    let (name, group, directory) = (&user.name, &group.name, directory.display());
    Ok(format!(
        "base_dir = {directory}/run
state_dir = {directory}/state
log_path = /dev/stderr
listen = 127.0.0.1
protocols = lmtp
ssl = no
default_internal_user = {name}
default_internal_group = {group}
default_login_user = {name}
first_valid_uid = 0
mail_location = maildir:~/Maildir
mail_fsync = always
namespace inbox {{
  inbox = yes
}}
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}/mail/%u allow_all_users=yes
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@bm.com
}}
",
        uid = user.uid,
        gid = user.gid,
    ))
}
