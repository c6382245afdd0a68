//! A private OpenLDAP server: `dc=example,dc=test` with people and groups, its changes told by RFC 4533.

use crate::certificates::Certificates;
use crate::net::{free_port, give_to_server, server_dir, wait_for};
use crate::server::end;
use crate::unprivileged::{NOBODY, server};
use anyhow::{Context as _, Result, bail};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub const SUFFIX: &str = "dc=example,dc=test";
pub const ADMIN: &str = "cn=admin,dc=example,dc=test";
pub const PASSWORD: &str = "secret";
pub const PEOPLE: &str = "ou=people,dc=example,dc=test";
const START_MAX: Duration = Duration::from_secs(30);

/// Ended with this value; its data goes too.
pub struct Slapd {
    child: Child,
    dir: TempDir,
    pub port: u16,
    pub tls_port: u16,
    pub certificates: Certificates,
}

impl Slapd {
    /// With the organisational units `people`, `alumni` and `groups`, and what `ldif` adds.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(ldif: &str) -> Result<Self> {
        let dir = server_dir()?;
        let certificates = Certificates::make(dir.path(), "127.0.0.1")?;
        for name in ["db", "log"] {
            std::fs::create_dir(dir.path().join(name))?;
        }
        std::fs::write(dir.path().join("slapd.conf"), configuration(dir.path(), &certificates))?;
        let mut whole = String::from(
            "dn: dc=example,dc=test\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n",
        );
        for unit in ["people", "alumni", "groups"] {
            write!(whole, "\ndn: ou={unit},{SUFFIX}\nobjectClass: organizationalUnit\nou: {unit}\n")?;
        }
        whole.push('\n');
        whole.push_str(ldif);
        std::fs::write(dir.path().join("start.ldif"), whole)?;
        give_to_server(dir.path())?;
        let at = |name: &str| dir.path().join(name);
        let mut add = server("/usr/sbin/slapadd", NOBODY);
        add.args(["-q", "-w", "-b", SUFFIX, "-f"]).arg(at("slapd.conf")).arg("-l").arg(at("start.ldif"));
        let output = add.output().context("slapadd does not start")?;
        if !output.status.success() {
            bail!("slapadd: {}", String::from_utf8_lossy(&output.stderr));
        }
        let (port, tls_port) = (free_port(), free_port());
        let child = launch(dir.path(), port, tls_port)?;
        let mut slapd = Self { child, dir, port, tls_port, certificates };
        slapd.wait()?;
        Ok(slapd)
    }

    fn wait(&mut self) -> Result<()> {
        let port = self.tls_port;
        wait_for(START_MAX, "slapd listens", || TcpStream::connect(("127.0.0.1", port)).ok());
        if self.child.try_wait()?.is_some() {
            bail!("slapd ended: {}", std::fs::read_to_string(self.dir.path().join("slapd.log"))?);
        }
        Ok(())
    }

    /// Ends it as a power cut would.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn kill_9(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again on the same data and ports.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&mut self) -> Result<()> {
        self.child = launch(self.dir.path(), self.port, self.tls_port)?;
        self.wait()
    }

    /// Carries out LDIF change records (RFC 2849); entries without a changetype are added.
    ///
    /// # Errors
    /// When one of them is refused.
    pub fn change(&self, ldif: &str) -> Result<()> {
        let mut modify = self.client("ldapmodify");
        modify.arg("-a").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = modify.spawn().context("ldapmodify does not start")?;
        child.stdin.take().context("a pipe")?.write_all(ldif.as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("ldapmodify: {}\n{ldif}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// One of the programs of ldap-utils, signed in as the administrator.
    #[must_use]
    pub fn client(&self, program: &str) -> Command {
        let mut client = Command::new(program);
        client.args(["-x", "-D", ADMIN, "-w", PASSWORD, "-H", &format!("ldap://127.0.0.1:{}", self.port)]);
        client
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// `slapd -V` would start a server on every address: the version is never asked for.
fn launch(dir: &std::path::Path, port: u16, tls_port: u16) -> Result<Child> {
    let log = File::create(dir.join("slapd.log"))?;
    let mut slapd = server("/usr/sbin/slapd", NOBODY);
    slapd.arg("-f").arg(dir.join("slapd.conf"));
    slapd.args(["-h", &format!("ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/"), "-d", "0"]);
    slapd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().context("slapd does not start")
}

fn configuration(dir: &std::path::Path, certificates: &Certificates) -> String {
    let dir = dir.display();
    let Certificates { ca, certificate, key } = certificates;
    format!(
        "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
moduleload accesslog
moduleload ppolicy
pidfile {dir}/slapd.pid
argsfile {dir}/slapd.args
sizelimit unlimited
TLSCACertificateFile {}
TLSCertificateFile {}
TLSCertificateKeyFile {}
database mdb
suffix cn=accesslog
rootdn cn=accesslog
directory {dir}/log
maxsize 1073741824
dbnosync
index objectClass,reqEnd,reqResult,reqStart,reqDN,entryCSN eq
database mdb
suffix \"{SUFFIX}\"
rootdn \"{ADMIN}\"
rootpw {PASSWORD}
directory {dir}/db
maxsize 1073741824
dbnosync
index objectClass,entryUUID,entryCSN,uid,mail eq
overlay accesslog
logdb cn=accesslog
logops writes
logsuccess TRUE
overlay ppolicy
overlay syncprov
syncprov-checkpoint 1 1
syncprov-sessionlog-source cn=accesslog
",
        ca.display(),
        certificate.display(),
        key.display()
    )
}

/// The entry of a person who has a password.
#[must_use]
pub fn person(uid: &str, name: &str) -> String {
    let family = name.rsplit(' ').next().unwrap_or(name);
    format!(
        "dn: uid={uid},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {name}\nsn: {family}\nmail: {uid}@bm.com\n\
         telephoneNumber: +33 1 23 45 67 89\ntitle: Agent\nuserPassword: ldap secret of {uid}\n\n"
    )
}
