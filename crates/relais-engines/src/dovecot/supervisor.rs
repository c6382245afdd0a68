//! One thread that starts the master process, waits for its end and starts it again.
//!
//! Three traps shape it. The parent-death signal is sent when the *thread* that forked ends, so the thread that
//! starts Dovecot lives as long as Dovecot, and is none of the runtime's. A master that was killed leaves its
//! children and their ports behind for some seconds: they share its process group, and are killed with it. And a
//! master whose zombie nobody reaped makes the next one say "already running".

use super::StartError;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, getppid};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const RESTART_DELAY_FIRST: Duration = Duration::from_millis(100);
const RESTART_DELAY_MAX: Duration = Duration::from_secs(30);
/// A master that lived this long was well: its end starts a new count.
const WELL_AFTER: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(10);
const LOG_LINE_BYTES_MAX: u64 = 8 << 10;

pub(super) struct Program {
    pub(super) binary: PathBuf,
    pub(super) config: PathBuf,
    pub(super) pid_file: PathBuf,
    /// User and group to become; takes root.
    pub(super) user: Option<(u32, u32)>,
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
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Supervisor {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Supervisor {
    pub(super) fn start(program: Program) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("dovecot".to_owned()).spawn(move || {
            supervise(&program, &for_thread);
            for_thread.lock().ended = true;
            for_thread.changed.notify_all();
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(super) fn pid(&self) -> Option<i32> {
        self.shared.lock().pid.map(Pid::as_raw)
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopping = true;
        if let Some(pid) = state.pid {
            log_failure("ending Dovecot", kill(pid, Signal::SIGTERM));
        }
        self.shared.changed.notify_all();
        let wait = self.shared.changed.wait_timeout_while(state, STOP_LIMIT, |state| !state.ended);
        let (state, _) = wait.unwrap_or_else(PoisonError::into_inner);
        if !state.ended
            && let Some(pid) = state.pid
        {
            tracing::warn!("Dovecot does not end and is killed");
            log_failure("killing Dovecot", killpg(pid, Signal::SIGKILL));
        }
        drop(state);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that supervises Dovecot panicked");
        }
    }
}

fn supervise(program: &Program, shared: &Shared) {
    let mut delay = RESTART_DELAY_FIRST;
    loop {
        let started = Instant::now();
        match run_once(program, shared) {
            Ok(()) => {}
            Err(error) => tracing::error!(%error, "Dovecot cannot be started"),
        }
        if started.elapsed() > WELL_AFTER {
            delay = RESTART_DELAY_FIRST;
        }
        let state = shared.lock();
        if !state.stopping {
            tracing::warn!(delay_ms = delay.as_millis(), "Dovecot ended and will be started again");
        }
        let wait = shared.changed.wait_timeout_while(state, delay, |state| !state.stopping);
        if wait.unwrap_or_else(PoisonError::into_inner).0.stopping {
            return;
        }
        delay = (delay * 2).min(RESTART_DELAY_MAX);
    }
}

fn run_once(program: &Program, shared: &Shared) -> io::Result<()> {
    match std::fs::remove_file(&program.pid_file) {
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
    if let Some(stderr) = child.stderr.take() {
        // Ends when the last process of the group has closed its end.
        let reader = std::thread::Builder::new().name("dovecot-log".to_owned());
        if let Err(error) = reader.spawn(move || pass_on(stderr)) {
            tracing::error!(%error, "Dovecot's log is not read");
        }
    }
    // Not reaped yet: its number, and that of its group, cannot be given to anyone else.
    while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(Errno::EINTR) {}
    shared.lock().pid = None;
    match killpg(pid, Signal::SIGKILL) {
        // The usual end: the zombie is the only one left, or nobody.
        Err(Errno::ESRCH | Errno::EPERM) => {}
        other => log_failure("killing what Dovecot left", other),
    }
    let status = child.wait()?;
    tracing::info!(%status, "Dovecot ended");
    Ok(())
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).expect("process ids are positive"))
}

fn spawn(program: &Program) -> io::Result<Child> {
    let mut command = Command::new(&program.binary);
    command.arg("-F").arg("-c").arg(&program.config);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.current_dir("/").env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.process_group(0);
    if let Some((uid, gid)) = program.user {
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

/// Dovecot's log lines become ours. Its own `Error:` and `Fatal:` stand in the line.
fn pass_on(stderr: impl Read) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.by_ref().take(LOG_LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.contains("Error: ") || text.contains("Fatal: ") || text.contains("Panic: ") {
            tracing::error!(target: "dovecot", "{text}");
        } else if text.contains("Warning: ") {
            tracing::warn!(target: "dovecot", "{text}");
        } else {
            tracing::info!(target: "dovecot", "{text}");
        }
    }
}

fn log_failure(what: &str, result: nix::Result<()>) {
    match result {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => tracing::error!(%error, "{what}"),
    }
}

/// Ends a master that an earlier Relais left in this directory. It is known by its command line: the number in the
/// file may belong to somebody else by now.
pub(super) fn end_orphan(dir: &Path, config: &Path) -> Result<(), StartError> {
    let Some(pid) = orphan(&dir.join("run/master.pid"), config) else {
        return Ok(());
    };
    tracing::warn!(pid, "an earlier Dovecot still runs here and is ended");
    for (signal, limit) in [(Signal::SIGTERM, STOP_LIMIT), (Signal::SIGKILL, Duration::from_secs(5))] {
        log_failure("ending an earlier Dovecot", kill(Pid::from_raw(pid), signal));
        let start = Instant::now();
        while start.elapsed() < limit {
            if !is_ours(pid, config) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Err(StartError::Orphan(pid))
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
