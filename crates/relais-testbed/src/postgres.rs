//! A PostgreSQL server of our own: a private directory, a unix socket, nobody else's data.
//!
//! Durability is turned off, since a test outlives no power cut; `kill -9` of the server still loses nothing that was
//! committed.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::CommandExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Gid, Pid, Uid, User, chown};

const SUPERUSER: &str = "relais";
const START_WAIT_MAX: Duration = Duration::from_secs(30);
const STOP_WAIT_MAX: Duration = Duration::from_secs(20);

/// A running server, ended when this is dropped or its test process dies.
pub struct PrivatePostgres {
    dir: PathBuf,
    programs: PathBuf,
    run_as: Option<(Uid, Gid)>,
    server: Option<Arc<Server>>,
    database_count: AtomicU32,
}

impl PrivatePostgres {
    /// In `dir`, which is made if need be and given to an unprivileged user when we are root: every directory above it has
    /// to be open to that user. Its path has to be short (a unix socket's name holds 107 bytes).
    pub fn start(dir: &Path) -> Result<PrivatePostgres> {
        let programs = find_programs()?;
        let run_as = unprivileged()?;
        fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        if let Some((uid, gid)) = run_as {
            chown(&dir, Some(uid), Some(gid)).with_context(|| format!("giving {} away", dir.display()))?;
            // The program under test is another user again, and connects to the socket in here.
            fs::set_permissions(&dir, fs::Permissions::from_mode(0o755))?;
        }
        let mut postgres =
            PrivatePostgres { dir, programs, run_as, server: None, database_count: AtomicU32::new(0) };
        if !postgres.data().exists() {
            postgres.make_data()?;
        }
        postgres.restart()?;
        Ok(postgres)
    }

    /// One server for all tests of this process; take a [`PrivatePostgres::fresh_database`] each. It ends with the process,
    /// and its directory is removed then.
    pub fn shared() -> &'static PrivatePostgres {
        static SHARED: OnceLock<PrivatePostgres> = OnceLock::new();
        SHARED.get_or_init(|| {
            let dir = tempfile::Builder::new().prefix("relais-pg-").tempdir().map(tempfile::TempDir::keep);
            let started = dir.map_err(anyhow::Error::from).and_then(|dir| {
                remove_at_exit(&dir)?;
                PrivatePostgres::start(&dir)
            });
            started.unwrap_or_else(|error| panic!("starting PostgreSQL: {error:#}"))
        })
    }

    /// The address of a database, as `Store::open` takes it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?user={SUPERUSER}&host={}", percent_encoded(&self.dir))
    }

    pub fn create_database(&self, name: &str) -> Result<()> {
        let mut createdb = self.command("createdb");
        createdb.arg("--host").arg(&self.dir).args([
            "--username",
            SUPERUSER,
            "--template",
            "template0",
            name,
        ]);
        run(&mut createdb)
    }

    /// Makes a database of a new name, and answers its address.
    pub fn fresh_database(&self) -> Result<String> {
        let name = format!("test_{}", self.database_count.fetch_add(1, Ordering::Relaxed));
        self.create_database(&name)?;
        Ok(self.url(&name))
    }

    /// The fast shutdown: connections are cut, nothing is waited for.
    pub fn stop(&mut self) -> Result<()> {
        self.end(Signal::SIGINT)
    }

    /// The server process dies without a word. Its children notice by themselves a moment later.
    pub fn kill_9(&mut self) -> Result<()> {
        self.end(Signal::SIGKILL)
    }

    /// Starts the server on the data it left; waits until it takes connections.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        let deadline = Instant::now() + START_WAIT_MAX;
        loop {
            let server = self.spawn()?;
            while !server.has_ended() && Instant::now() < deadline {
                if self.is_ready()? {
                    self.server = Some(server);
                    return Ok(());
                }
                server.wait_ended(Duration::from_millis(20));
            }
            // After a kill -9 the children of the old server may still hold its shared memory: it refuses, and we try again.
            if Instant::now() >= deadline {
                server.signal(Signal::SIGKILL);
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(10).collect();
                bail!(
                    "PostgreSQL does not start in {}; its last words, latest first:\n{}",
                    self.dir.display(),
                    tail.join("\n")
                );
            }
        }
    }

    fn end(&mut self, signal: Signal) -> Result<()> {
        let Some(server) = self.server.take() else {
            return Ok(());
        };
        server.signal(signal);
        if !server.wait_ended(STOP_WAIT_MAX) {
            server.signal(Signal::SIGKILL);
            ensure!(server.wait_ended(STOP_WAIT_MAX), "PostgreSQL does not end");
        }
        Ok(())
    }

    fn is_ready(&self) -> Result<bool> {
        let mut isready = self.command("pg_isready");
        isready.arg("--host").arg(&self.dir).args([
            "--username",
            SUPERUSER,
            "--dbname",
            "postgres",
            "--quiet",
        ]);
        Ok(isready.status().context("pg_isready")?.success())
    }

    fn spawn(&self) -> Result<Arc<Server>> {
        let log = fs::File::options().create(true).append(true).open(self.log())?;
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(self.data()).arg("-k").arg(&self.dir);
        for setting in ["listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=200"] {
            postgres.args(["-c", setting]);
        }
        postgres.stdout(Stdio::null()).stderr(log);
        Server::spawn(postgres)
    }

    /// `initdb` takes a second, a copy of what it made a tenth.
    fn make_data(&self) -> Result<()> {
        let template = self.template();
        if let Some(template) = template.as_ref().filter(|template| template.exists()) {
            return copy(template, &self.data());
        }
        let mut initdb = self.command("initdb");
        initdb.arg("--pgdata").arg(self.data());
        initdb.args([
            "--username",
            SUPERUSER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C.UTF-8",
            "--no-sync",
        ]);
        run(&mut initdb)?;
        if let Some(template) = template {
            // Under a name of its own first: another test may be doing the same.
            let draft = template.with_extension(std::process::id().to_string());
            copy(&self.data(), &draft)?;
            if fs::rename(&draft, &template).is_err() {
                fs::remove_dir_all(&draft)?;
            }
        }
        Ok(())
    }

    /// Beside the test's own program, so that it goes with `cargo clean`.
    fn template(&self) -> Option<PathBuf> {
        let version = self.programs.parent()?.file_name()?.to_str()?;
        let owner = self.run_as.map_or(Uid::current(), |(uid, _)| uid);
        Some(
            std::env::current_exe().ok()?.with_file_name(format!("postgresql-{version}-of-{owner}.template")),
        )
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC");
        if let Some((uid, gid)) = self.run_as {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn log(&self) -> PathBuf {
        self.dir.join("postgres.log")
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.signal(Signal::SIGQUIT);
            server.wait_ended(STOP_WAIT_MAX);
        }
    }
}

/// The server process. A thread of its own starts it and waits for it, because the kernel sends the parent-death signal when
/// the starting *thread* ends, and a test's thread ends before its process.
struct Server {
    /// `None` once it has ended. It is reaped under this lock, so a signal never meets a stranger of the same number.
    pid: Mutex<Option<Pid>>,
    ended: Condvar,
}

impl Server {
    fn spawn(mut command: Command) -> Result<Arc<Server>> {
        let (sender, receiver) = mpsc::channel();
        std::thread::Builder::new().name("postgres".to_owned()).spawn(move || {
            match die_with_us(&mut command).spawn() {
                Ok(child) => {
                    let pid = Pid::from_raw(child.id().cast_signed());
                    let server = Arc::new(Server { pid: Mutex::new(Some(pid)), ended: Condvar::new() });
                    drop(sender.send(Ok(Arc::clone(&server))));
                    server.keep(child, pid);
                }
                Err(error) => drop(sender.send(Err(error))),
            }
        })?;
        receiver.recv()?.context("postgres")
    }

    fn keep(&self, mut child: Child, pid: Pid) {
        let has_ended = || waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
        while has_ended() == Err(nix::errno::Errno::EINTR) {}
        let mut held = self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        drop(child.wait());
        *held = None;
        self.ended.notify_all();
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = *self.pid.lock().unwrap_or_else(PoisonError::into_inner) {
            kill(pid, signal).unwrap_or_else(|error| panic!("{signal} to {pid}: {error}"));
        }
    }

    fn has_ended(&self) -> bool {
        self.wait_ended(Duration::ZERO)
    }

    /// Answers whether it has.
    fn wait_ended(&self, wait_max: Duration) -> bool {
        let pid = self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.ended.wait_timeout_while(pid, wait_max, |pid| pid.is_some());
        waited.unwrap_or_else(PoisonError::into_inner).0.is_none()
    }
}

#[expect(unsafe_code, reason = "pre_exec: prctl is a bare system call, allowed between fork and exec")]
fn die_with_us(command: &mut Command) -> &mut Command {
    // After the change of user, which would clear it.
    unsafe { command.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGQUIT)?)) }
}

/// A child that waits for the end of our standard pipe, which the kernel closes however we die.
fn remove_at_exit(dir: &Path) -> Result<()> {
    let script = r#"cat; for i in $(seq 100); do [ -e "$1/data/postmaster.pid" ] || break; sleep 0.1; done; rm -rf "$1""#;
    let mut child = Command::new("/bin/sh")
        .args(["-c", script, "sh"])
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // A signal to our whole group (Ctrl-C, a test runner's time limit) is not for it.
        .process_group(0)
        .spawn()?;
    static PIPES: Mutex<Vec<std::process::ChildStdin>> = Mutex::new(Vec::new());
    PIPES.lock().unwrap_or_else(PoisonError::into_inner).extend(child.stdin.take());
    Ok(())
}

fn find_programs() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .context("PostgreSQL is not installed (apt install postgresql)")?;
    versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|programs| programs.join("postgres").exists() && programs.join("initdb").exists())
        .max_by_key(|programs| {
            programs.parent().and_then(|version| version.file_name()?.to_str()?.parse::<u32>().ok())
        })
        .ok_or_else(|| anyhow!("no PostgreSQL server in /usr/lib/postgresql (apt install postgresql)"))
}

/// PostgreSQL refuses to run as root.
fn unprivileged() -> Result<Option<(Uid, Gid)>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some((user.uid, user.gid)));
        }
    }
    bail!("we are root, and there is neither a user postgres nor nobody to run PostgreSQL as")
}

/// With owners, modes and times.
fn copy(from: &Path, to: &Path) -> Result<()> {
    run(Command::new("cp").args(["-a", "--reflink=auto", "--no-target-directory"]).arg(from).arg(to))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn percent_encoded(path: &Path) -> String {
    let mut encoded = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => encoded.push(char::from(*byte)),
            other => write!(encoded, "%{other:02X}").unwrap_or_default(),
        }
    }
    encoded
}
