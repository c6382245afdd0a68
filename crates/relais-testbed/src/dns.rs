//! A name server of our own on loopback, which knows every name that a test publishes and denies all others. NSD from
//! the Debian package, with the root as its one zone.

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::net::{free_port, give_to_server, server_dir, wait_for};
use crate::server::end;
use crate::unprivileged::{self, NOBODY};

const PROGRAM: &str = "/usr/sbin/nsd";
/// How long it may take until a change is answered.
const LIMIT: Duration = Duration::from_secs(30);
const ZONE_FILE: &str = "root.zone";

pub struct DnsServer {
    child: Child,
    dir: tempfile::TempDir,
    port: u16,
    /// Lines of the zone: name, type and data.
    records: Vec<(String, String, String)>,
    serial: u32,
}

impl DnsServer {
    /// Starts it with nothing published.
    ///
    /// # Errors
    /// When it cannot be started, or does not answer.
    pub fn start() -> Result<Self> {
        let dir = server_dir()?;
        let port = free_port();
        let configuration = dir.path().join("nsd.conf");
        std::fs::write(&configuration, configuration_of(dir.path(), port))?;
        write_zone(dir.path(), &[], 1)?;
        give_to_server(dir.path())?;
        let log = std::fs::File::create(dir.path().join("output"))?;
        let mut command = unprivileged::server(PROGRAM, NOBODY);
        command.arg("-d").arg("-c").arg(&configuration).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().context("starting nsd; its package is nsd")?;
        let mut server = Self { child, dir, port, records: Vec::new(), serial: 1 };
        server.wait_for_serial()?;
        Ok(server)
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Publishes one more record, as a zone file has it: `publish("bm.com", "MX", "10 mail.bm.com.")`. A text needs its
    /// quotes.
    ///
    /// # Errors
    /// When the server does not take it.
    pub fn publish(&mut self, name: &str, kind: &str, data: &str) -> Result<()> {
        self.records.push((name.to_owned(), kind.to_owned(), data.to_owned()));
        self.reload()
    }

    /// Takes back every record of this name and type.
    ///
    /// # Errors
    /// When the server does not take it.
    pub fn withdraw(&mut self, name: &str, kind: &str) -> Result<()> {
        self.records.retain(|(known, of, _)| known != name || of != kind);
        self.reload()
    }

    fn reload(&mut self) -> Result<()> {
        self.serial += 1;
        write_zone(self.dir.path(), &self.records, self.serial)?;
        give_to_server(&self.dir.path().join(ZONE_FILE))?;
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGHUP)?;
        self.wait_for_serial()
    }

    /// Every version of the zone has a name of its own.
    fn wait_for_serial(&mut self) -> Result<()> {
        let (address, name) = (self.address(), version_name(self.serial));
        let mut ended = None;
        wait_for(LIMIT, "the name server answers from its new zone", || {
            ended = self.child.try_wait().ok().flatten();
            (ended.is_some() || knows(address, &name)).then_some(())
        });
        match ended {
            None => Ok(()),
            Some(status) => {
                let output = std::fs::read_to_string(self.dir.path().join("output")).unwrap_or_default();
                bail!("nsd ended ({status}): {output}")
            }
        }
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn configuration_of(dir: &Path, port: u16) -> String {
    let dir = dir.display();
    format!(
        "server:\n  ip-address: 127.0.0.1@{port}\n  server-count: 1\n  username: \"\"\n  chroot: \"\"\n  zonesdir: \"{dir}\"\n  \
         database: \"\"\n  pidfile: \"{dir}/nsd.pid\"\n  xfrdfile: \"{dir}/xfrd.state\"\n  zonelistfile: \"{dir}/zone.list\"\n  \
         xfrdir: \"{dir}\"\n  zonefiles-check: yes\n\
         remote-control:\n  control-enable: no\n\
         zone:\n  name: \".\"\n  zonefile: \"{ZONE_FILE}\"\n"
    )
}

fn version_name(serial: u32) -> String {
    format!("version-{serial}.invalid")
}

fn write_zone(dir: &Path, records: &[(String, String, String)], serial: u32) -> Result<()> {
    let mut zone = format!(
        "$TTL 1\n. IN SOA ns.invalid. root.invalid. {serial} 60 60 60 1\n. IN NS ns.invalid.\n\
         ns.invalid. IN A 127.0.0.1\n{}. IN TXT \"here\"\n",
        version_name(serial)
    );
    for (name, kind, data) in records {
        zone.push_str(&format!("{name}. IN {kind} {data}\n"));
    }
    // Put in place whole: the server may look at any moment.
    let new = dir.join("new.zone");
    std::fs::write(&new, zone)?;
    std::fs::rename(&new, dir.join(ZONE_FILE)).context("replacing the zone")
}

/// Whether the server has a text under this name: one question by hand (RFC 1035, section 4.1).
fn knows(server: SocketAddr, name: &str) -> bool {
    let mut question = vec![0x52, 0x4c, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        question.push(u8::try_from(label.len()).expect("a short label"));
        question.extend(label.as_bytes());
    }
    question.extend([0, 0, 16, 0, 1]);
    let asked = || -> std::io::Result<bool> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_read_timeout(Some(Duration::from_secs(2)))?;
        socket.connect(server)?;
        socket.send(&question)?;
        let mut answer = [0; 512];
        let length = socket.recv(&mut answer)?;
        Ok(length > 12 && answer[..2] == question[..2] && answer[6..8] != [0, 0])
    };
    asked().unwrap_or(false)
}

/// A resolver that says of every name that it cannot say (SERVFAIL), for as long as the process lives.
///
/// # Panics
/// When no port can be had.
#[must_use]
pub fn resolver_in_trouble() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = socket.local_addr().expect("its address");
    std::thread::spawn(move || {
        let mut message = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut message) {
            if length >= 12 {
                // A response, recursion available, server failure (RFC 1035, section 4.1.1); nothing behind the question.
                message[2] |= 0x80;
                message[3] = 0x82;
                message[6..12].fill(0);
                let question = question_end(&message[..length]);
                let _ = socket.send_to(&message[..question], from);
            }
        }
    });
    address
}

/// Where the one question of a message ends.
fn question_end(message: &[u8]) -> usize {
    let mut at = 12;
    while let Some(length) = message.get(at).filter(|length| **length > 0) {
        at += 1 + usize::from(*length);
    }
    (at + 5).min(message.len())
}

#[cfg(test)]
mod tests {
    use super::{DnsServer, knows};

    #[test]
    fn what_is_published_is_answered_until_it_is_withdrawn() {
        let mut server = DnsServer::start().expect("it starts");
        assert!(!knows(server.address(), "_relais.bm.com"));
        server.publish("_relais.bm.com", "TXT", "\"a=b\"").expect("taken");
        assert!(knows(server.address(), "_relais.bm.com"));
        server.withdraw("_relais.bm.com", "TXT").expect("taken");
        assert!(!knows(server.address(), "_relais.bm.com"));
    }
}
