//! One thread that starts a foreign server, waits for its end and starts it again.
//!
//! Three traps shape it. The parent-death signal is sent when the *thread* that forked ends, so the thread that
//! starts a server lives as long as the server, and is none of the runtime's. A server that was killed leaves its
//! children and their ports behind for some seconds: they share its process group, and are killed with it. And one
//! whose zombie nobody reaped makes the next Dovecot say "already running".
//!
//! It knows no server: what to run and how to read its log comes with the [`Program`].

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, getppid};
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const RESTART_DELAY_FIRST: Duration = Duration::from_millis(100);
const RESTART_DELAY_MAX: Duration = Duration::from_secs(30);
/// A server that lived this long was well: its end starts a new count.
const WELL_AFTER: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(10);
const LOG_LINE_BYTES_MAX: u64 = 8 << 10;

/// The operating system's user that a server is. Never root: no server of ours needs it, and Dovecot refuses to touch
/// mail as uid 0, whatever its configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunAs {
    /// Whoever runs Relais.
    Current,
    /// Another user, which takes a Relais that is root. What the server reads and writes must belong to it.
    User { uid: u32, gid: u32 },
}

impl RunAs {
    /// User and group to become.
    fn change(self) -> Option<(u32, u32)> {
        match self {
            Self::Current => None,
            Self::User { uid, gid } => Some((uid, gid)),
        }
    }
}

/// Where the process id of a server stands, for a Relais that comes after one that was killed.
#[derive(Debug, Clone)]
pub(crate) enum PidFile {
    /// The server writes it, and must not find an old one.
    Theirs(PathBuf),
    /// The server writes none, so the supervisor does.
    Ours(PathBuf),
}

impl PidFile {
    fn path(&self) -> &Path {
        match self {
            Self::Theirs(path) | Self::Ours(path) => path,
        }
    }
}

/// What to run in the foreground, and how.
pub(crate) struct Program {
    /// Its name in our log.
    pub name: &'static str,
    pub binary: PathBuf,
    /// One of them is [`Program::config`], by which an orphan is known.
    pub arguments: Vec<OsString>,
    pub environment: Vec<(&'static str, OsString)>,
    pub config: PathBuf,
    pub pid_file: PidFile,
    pub run_as: RunAs,
    /// Makes a line of its log one of ours.
    pub pass_on: fn(&str),
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    stopping: bool,
    ended: bool,
    /// Set while the process exists and is not reaped: only then is its number its own.
    pid: Option<Pid>,
    /// Its first end since it was last well.
    failing_since: Option<Instant>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a program is not kept running.
#[derive(Debug, thiserror::Error)]
pub enum SuperviseError {
    #[error("an earlier {name} (process {pid}) still runs in this directory and does not end")]
    Orphan { name: &'static str, pid: i32 },
    #[error("the supervising thread cannot be started: {0}")]
    Thread(io::Error),
}

pub(crate) struct Supervisor {
    name: &'static str,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// Ends what an earlier Relais left, and keeps the program running from now on.
    ///
    /// # Errors
    /// [`SuperviseError`]; nothing new runs then.
    pub(crate) fn start(program: Program) -> Result<Self, SuperviseError> {
        end_orphan(&program)?;
        let (shared, name) = (Arc::new(Shared::default()), program.name);
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(name.to_lowercase()).spawn(move || {
            supervise(&program, &for_thread);
            for_thread.lock().ended = true;
            for_thread.changed.notify_all();
        });
        let thread = thread.map_err(SuperviseError::Thread)?;
        Ok(Self { name, shared, thread: Some(thread) })
    }

    pub(crate) fn pid(&self) -> Option<i32> {
        self.shared.lock().pid.map(Pid::as_raw)
    }

    /// For how long it has not been well, while none runs.
    pub(crate) fn down_for(&self) -> Option<Duration> {
        let state = self.shared.lock();
        let since = state.failing_since.filter(|_| state.pid.is_none());
        since.map(|since| since.elapsed())
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopping = true;
        if let Some(pid) = state.pid {
            log_failure(self.name, "ending it", kill(pid, Signal::SIGTERM));
        }
        self.shared.changed.notify_all();
        let wait = self.shared.changed.wait_timeout_while(state, STOP_LIMIT, |state| !state.ended);
        let (state, _) = wait.unwrap_or_else(PoisonError::into_inner);
        if !state.ended
            && let Some(pid) = state.pid
        {
            tracing::warn!(server = self.name, "it does not end and is killed");
            log_failure(self.name, "killing it", killpg(pid, Signal::SIGKILL));
        }
        drop(state);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(server = self.name, "the supervising thread panicked");
        }
    }
}

fn supervise(program: &Program, shared: &Shared) {
    let server = program.name;
    let mut delay = RESTART_DELAY_FIRST;
    loop {
        let started = Instant::now();
        match run_once(program, shared) {
            Ok(()) => {}
            Err(error) => tracing::error!(server, %error, "it cannot be started"),
        }
        let was_well = started.elapsed() > WELL_AFTER;
        if was_well {
            delay = RESTART_DELAY_FIRST;
        }
        let mut state = shared.lock();
        if was_well || state.failing_since.is_none() {
            state.failing_since = Some(Instant::now());
        }
        if !state.stopping {
            tracing::warn!(server, delay_ms = delay.as_millis(), "it ended and will be started again");
        }
        let wait = shared.changed.wait_timeout_while(state, delay, |state| !state.stopping);
        if wait.unwrap_or_else(PoisonError::into_inner).0.stopping {
            return;
        }
        delay = (delay * 2).min(RESTART_DELAY_MAX);
    }
}

fn run_once(program: &Program, shared: &Shared) -> io::Result<()> {
    match std::fs::remove_file(program.pid_file.path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut child = {
        let mut state = shared.lock();
        if state.stopping {
            return Ok(());
        }
        let child = spawn(program)?;
        state.pid = Some(pid_of(&child));
        child
    };
    let pid = pid_of(&child);
    if let PidFile::Ours(path) = &program.pid_file
        && let Err(error) = std::fs::write(path, pid.to_string())
    {
        tracing::error!(server = program.name, %error, "its process id is not written");
    }
    if let Some(stderr) = child.stderr.take() {
        // Ends when the last process of the group has closed its end.
        let reader = std::thread::Builder::new().name(format!("{}-log", program.name.to_lowercase()));
        let pass_on = program.pass_on;
        if let Err(error) = reader.spawn(move || read_log(stderr, pass_on)) {
            tracing::error!(server = program.name, %error, "its log is not read");
        }
    }
    // Not reaped yet: its number, and that of its group, cannot be given to anyone else.
    while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(Errno::EINTR) {}
    shared.lock().pid = None;
    match killpg(pid, Signal::SIGKILL) {
        // The usual end: the zombie is the only one left, or nobody.
        Err(Errno::ESRCH | Errno::EPERM) => {}
        other => log_failure(program.name, "killing what it left", other),
    }
    let status = child.wait()?;
    tracing::info!(server = program.name, %status, "it ended");
    Ok(())
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).expect("process ids are positive"))
}

fn spawn(program: &Program) -> io::Result<Child> {
    let mut command = Command::new(&program.binary);
    command.args(&program.arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.current_dir("/").env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.envs(program.environment.iter().map(|(name, value)| (name, value)));
    command.process_group(0);
    if let Some((uid, gid)) = program.run_as.change() {
        command.uid(uid).gid(gid);
    }
    let parent = nix::unistd::getpid();
    let tied = move || {
        nix::sys::prctl::set_pdeathsig(Signal::SIGTERM)?;
        // The parent may have died before the signal was asked for.
        if getppid() == parent { Ok(()) } else { Err(io::Error::from(Errno::ESRCH)) }
    };
    #[expect(unsafe_code, reason = "runs between fork and exec: two system calls, no allocation, no lock")]
    unsafe {
        command.pre_exec(tied);
    }
    command.spawn()
}

fn read_log(stderr: impl Read, pass_on: fn(&str)) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.by_ref().take(LOG_LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => pass_on(String::from_utf8_lossy(&line).trim()),
        }
    }
}

fn log_failure(server: &str, what: &str, result: nix::Result<()>) {
    match result {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => tracing::error!(server, %error, "{what}"),
    }
}

/// Ends a server that an earlier Relais left in this directory. It is known by its command line: the number in the
/// file may belong to somebody else by now.
fn end_orphan(program: &Program) -> Result<(), SuperviseError> {
    let name = program.name;
    let Some(pid) = orphan(program.pid_file.path(), &program.config) else {
        return Ok(());
    };
    tracing::warn!(server = name, pid, "an earlier one still runs here and is ended");
    for (signal, limit) in [(Signal::SIGTERM, STOP_LIMIT), (Signal::SIGKILL, Duration::from_secs(5))] {
        log_failure(name, "ending an earlier one", kill(Pid::from_raw(pid), signal));
        let start = Instant::now();
        while start.elapsed() < limit {
            if !is_ours(pid, &program.config) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Err(SuperviseError::Orphan { name, pid })
}

fn orphan(pid_file: &Path, config: &Path) -> Option<i32> {
    let pid = std::fs::read_to_string(pid_file).ok()?.trim().parse().ok()?;
    (pid > 1 && is_ours(pid, config)).then_some(pid)
}

/// A zombie has an empty command line, so it counts as gone.
fn is_ours(pid: i32, config: &Path) -> bool {
    let command_line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    command_line.split(|byte| *byte == 0).any(|argument| argument == config.as_os_str().as_encoded_bytes())
}
