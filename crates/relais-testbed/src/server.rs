//! A running `relais serve`: its configuration file, its start, its end. Used by tests, the demonstration and benchmarks.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde::{Deserialize, Serialize};

use crate::unprivileged;

/// The system user that owns data and engines when we are started as root.
pub const USER: &str = "relais";

const CONFIGURATION_FILE: &str = "relais.toml";
const LOG_FILE: &str = "serve.log";
const START_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(15);

/// The keys of `relais.toml` that matter here; what else is in the file stays as it is.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Configuration {
    pub hostname: String,
    pub http: String,
    pub lmtp: String,
    pub smtp: String,
    pub imap_port: u16,
    pub pop3_port: u16,
    pub sieve_port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(flatten)]
    pub rest: toml::Table,
}

impl Configuration {
    pub fn standard() -> Configuration {
        Configuration {
            hostname: "mail.bm.com".to_owned(),
            http: "127.0.0.1:8025".to_owned(),
            lmtp: "127.0.0.1:2424".to_owned(),
            smtp: "127.0.0.1:2525".to_owned(),
            imap_port: 2143,
            pop3_port: 2110,
            sieve_port: 24190,
            user: geteuid().is_root().then(|| USER.to_owned()),
            rest: toml::Table::new(),
        }
    }

    /// For a test: every port free, and no user of our own to be made on the machine.
    pub fn for_test() -> Configuration {
        let local = || format!("127.0.0.1:{}", crate::net::free_port());
        Configuration {
            http: local(),
            lmtp: local(),
            smtp: local(),
            imap_port: crate::net::free_port(),
            pop3_port: crate::net::free_port(),
            sieve_port: crate::net::free_port(),
            user: geteuid().is_root().then(|| unprivileged::NOBODY.to_owned()),
            ..Configuration::standard()
        }
    }

    /// The file of an earlier start, or else the standard.
    pub fn of(data: &Path) -> anyhow::Result<Configuration> {
        let path = data.join(CONFIGURATION_FILE);
        if !path.exists() {
            return Ok(Configuration::standard());
        }
        let text = std::fs::read_to_string(&path)?;
        toml::from_str(&text).with_context(|| format!("{} cannot be read", path.display()))
    }

    /// Replaces every port that is taken by one that is free.
    pub fn avoid_taken_ports(&mut self) -> anyhow::Result<()> {
        for address in [&mut self.http, &mut self.lmtp, &mut self.smtp] {
            if TcpListener::bind(address.as_str()).is_err() {
                *address = format!("127.0.0.1:{}", free_port()?);
            }
        }
        for port in [&mut self.imap_port, &mut self.pop3_port, &mut self.sieve_port] {
            if TcpListener::bind(("127.0.0.1", *port)).is_err() {
                *port = free_port()?;
            }
        }
        Ok(())
    }

    /// Writes the file into a data directory.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, data: &Path) -> anyhow::Result<()> {
        let path = data.join(CONFIGURATION_FILE);
        std::fs::write(&path, toml::to_string(self)?).with_context(|| path.display().to_string())?;
        if let Some(user) = self.user.as_deref().filter(|_| geteuid().is_root()) {
            unprivileged::give(&path, user)?;
        }
        Ok(())
    }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

pub struct Server {
    child: Child,
    /// Kept open until someone reads it: the program must not fail for want of a reader.
    output: Option<BufReader<ChildStdout>>,
    pub program: PathBuf,
    pub data: PathBuf,
    pub configuration: Configuration,
}

impl Server {
    /// Writes the configuration, starts the program and waits until it says it is ready. `data` must exist and be
    /// absolute.
    pub fn start(program: &Path, data: &Path, configuration: Configuration) -> anyhow::Result<Server> {
        configuration.write(data)?;
        let log_path = data.join(LOG_FILE);
        let log = File::create(&log_path).with_context(|| log_path.display().to_string())?;
        let mut command = unprivileged::bound_to_us(&program.to_string_lossy());
        command.arg("serve").arg("--data").arg(data).current_dir(data);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let output = BufReader::new(child.stdout.take().context("standard output was not captured")?);
        match wait_for_ready(output) {
            Ok(output) => {
                let (program, data) = (program.to_owned(), data.to_owned());
                Ok(Server { child, output: Some(output), program, data, configuration })
            }
            Err(error) => {
                end(&mut child);
                let log = std::fs::read_to_string(&log_path).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let tail = lines[lines.len().saturating_sub(20)..].join("\n");
                Err(error.context(format!("relais serve did not start. The end of its log:\n{tail}\n")))
            }
        }
    }

    /// A command of the program's own command line on this instance.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--data").arg(&self.data);
        command
    }

    /// Reads what the program still prints, on a thread of its own. Signals that the caller has blocked stay blocked
    /// there.
    pub fn let_it_print(&mut self) {
        let Some(mut output) = self.output.take() else {
            return;
        };
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    }

    /// Ends the program as a power cut would, and waits until the system has taken it away.
    pub fn kill_9(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts the program again on the same data, after [`Server::kill_9`].
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        let again = Server::start(&self.program, &self.data, self.configuration.clone())?;
        *self = again;
        Ok(())
    }

    /// The process id of the program.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks the program's API over the operator's socket: status and document. `body` is sent as JSON unless it is null.
    pub fn api(
        &self,
        method: &str,
        path: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<(u16, serde_json::Value)> {
        crate::http::ask(&self.data.join("relais.sock"), method, &format!("/api/v1{path}"), body)
    }

    /// As [`Server::api`], for what has to succeed.
    pub fn must(
        &self,
        method: &str,
        path: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<serde_json::Value> {
        let (status, document) = self.api(method, path, body)?;
        if !(200..300).contains(&status) {
            bail!("{method} {path} answered {status}: {document}");
        }
        Ok(document)
    }

    /// The address of a mail or web door.
    pub fn address(&self, door: &str) -> anyhow::Result<std::net::SocketAddr> {
        door.parse().with_context(|| format!("{door} is not an address"))
    }

    /// The address of one of Dovecot's ports.
    pub fn dovecot(&self, port: u16) -> std::net::SocketAddr {
        (std::net::Ipv4Addr::LOCALHOST, port).into()
    }

    /// Whether the program has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// The reader comes back, so that the pipe stays open.
fn wait_for_ready(mut output: BufReader<ChildStdout>) -> anyhow::Result<BufReader<ChildStdout>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let found = loop {
            line.clear();
            match output.read_line(&mut line) {
                Ok(0) | Err(_) => break None,
                Ok(_) if line.trim_end() == "ready" => break Some(output),
                Ok(_) => {}
            }
        };
        // The other end is gone when the deadline has passed; then nobody wants to know.
        let _ = sender.send(found);
    });
    match receiver.recv_timeout(START_MAX) {
        Ok(Some(output)) => Ok(output),
        Ok(None) => bail!("it ended before it was ready"),
        Err(_) => bail!("it was not ready after {} s", START_MAX.as_secs()),
    }
}

/// Asks the process to end, and makes it end when it does not.
pub fn end(child: &mut Child) {
    let _ = kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM);
    let deadline = Instant::now() + STOP_MAX;
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Ok(Some(_)) | Err(_) => return,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::Configuration;

    #[test]
    fn a_port_that_is_taken_is_replaced_and_a_free_one_stays() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("its address").port();
        let mut configuration = Configuration::standard();
        configuration.http = format!("127.0.0.1:{port}");
        configuration.imap_port = port;
        configuration.avoid_taken_ports().expect("free ports");
        assert_ne!(configuration.http, format!("127.0.0.1:{port}"));
        assert_ne!(configuration.imap_port, port);
    }

    #[test]
    fn keys_that_are_not_ours_survive() {
        let mut configuration = Configuration::standard();
        configuration.rest.insert("smarthost".to_owned(), "mail.example:25".into());
        let text = toml::to_string(&configuration).expect("it can be written");
        assert_eq!(toml::from_str::<Configuration>(&text).expect("it can be read"), configuration);
    }
}
