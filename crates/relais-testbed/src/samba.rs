//! A private Samba server as an Active Directory domain controller. It has to be set up by root, and listens on the ports
//! that it always has, on a loopback address of its own.

use crate::certificates::Certificates;
use crate::net::wait_for;
use crate::server::end;
use crate::unprivileged::bound_to_us;
use anyhow::{Context as _, Result, bail, ensure};
use nix::unistd::geteuid;
use std::fs::File;
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub const BASE: &str = "DC=ad,DC=example,DC=test";
pub const ADMIN: &str = "CN=Administrator,CN=Users,DC=ad,DC=example,DC=test";
pub const PASSWORD: &str = "Passw0rd.Relais1";
const START_MAX: Duration = Duration::from_secs(60);

/// Ended with this value; its data goes too.
pub struct Samba {
    child: Child,
    dir: TempDir,
    pub address: Ipv4Addr,
    pub certificates: Certificates,
}

impl Samba {
    /// # Errors
    /// When it does not start, or we are not root.
    pub fn start() -> Result<Self> {
        ensure!(geteuid().is_root(), "a domain controller can only be set up by root: run this test as root");
        let dir = tempfile::Builder::new().prefix("rlad").tempdir_in("/tmp")?;
        // Processes side by side have addresses of their own.
        let pid = std::process::id();
        let part = |shift: u32| u8::try_from((pid >> shift) & 0x7F).expect("seven bits");
        let address = Ipv4Addr::new(127, 1 + part(14), part(7), 2 + part(0));
        let certificates = Certificates::make(dir.path(), &address.to_string())?;
        let target = dir.path().join("dc");
        std::fs::create_dir(&target)?;
        let output = Command::new("samba-tool")
            .args(["domain", "provision", "--realm=AD.EXAMPLE.TEST", "--domain=ADEX", "--server-role=dc"])
            .args(["--dns-backend=NONE", "--host-name=dc1", "--host-ip=127.0.0.1"])
            .args([&format!("--targetdir={}", target.display()), &format!("--adminpass={PASSWORD}")])
            .output()
            .context("samba-tool does not start")?;
        if !output.status.success() {
            bail!("samba-tool: {}", String::from_utf8_lossy(&output.stderr));
        }
        let child = launch(dir.path(), address, &certificates)?;
        let mut samba = Self { child, dir, address, certificates };
        wait_for(START_MAX, "Samba listens", || TcpStream::connect((address, 636)).ok());
        if samba.child.try_wait()?.is_some() {
            bail!("samba ended: {}", std::fs::read_to_string(samba.dir.path().join("samba.log"))?);
        }
        Ok(samba)
    }

    /// `samba-tool` on its database.
    ///
    /// # Errors
    /// When it refuses.
    pub fn tool(&self, arguments: &[&str]) -> Result<()> {
        let url = format!("tdb://{}", self.dir.path().join("dc/private/sam.ldb").display());
        let output = Command::new("samba-tool")
            .args(arguments)
            .args(["-H", &url, "--configfile"])
            .arg(self.dir.path().join("dc/etc/smb.conf"))
            .output()
            .context("samba-tool does not start")?;
        if !output.status.success() {
            bail!("samba-tool {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// A person with an address.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn person(&self, login: &str) -> Result<()> {
        self.tool(&[
            "user",
            "create",
            login,
            &format!("Ldap.secret.of.{login}1"),
            &format!("--mail-address={login}@bm.com"),
            &format!("--given-name={login}"),
            "--surname=Test",
        ])
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn launch(dir: &std::path::Path, address: Ipv4Addr, certificates: &Certificates) -> Result<Child> {
    let log = File::create(dir.join("samba.log"))?;
    let run = dir.join("run");
    std::fs::create_dir(&run)?;
    let mut samba = bound_to_us("/usr/sbin/samba");
    samba.args(["-F", "--no-process-group", "--debug-stdout", "-d1"]);
    samba.arg(format!("--configfile={}", dir.join("dc/etc/smb.conf").display()));
    for option in [
        "server services=ldap".to_owned(),
        format!("interfaces={address}/8"),
        "bind interfaces only=yes".to_owned(),
        "logging=stdout".to_owned(),
        format!("pid directory={}", run.display()),
        format!("ncalrpc dir={}", run.join("ncalrpc").display()),
        format!("tls cafile={}", certificates.ca.display()),
        format!("tls certfile={}", certificates.certificate.display()),
        format!("tls keyfile={}", certificates.key.display()),
    ] {
        samba.arg(format!("--option={option}"));
    }
    samba.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn().context("samba does not start")
}
