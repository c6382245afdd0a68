//! Dovecot as a child process: started again, never left behind.

use crate::{ALICE, LIMIT, PASSWORD, World, settings};
use anyhow::Context;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use relais_engines::dovecot::{Dovecot, RunAs, Settings, StartError};
use relais_testbed::imap::Imap;
use relais_testbed::net::{server_dir, server_user, wait_for};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_killed_master_is_started_again() {
    let world = World::new();
    for _ in 0..2 {
        let _open = world.login(ALICE);
        let pid = world.dovecot().master_pid().unwrap();
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        wait_for(LIMIT, "another master runs", || world.dovecot().master_pid().filter(|new| *new != pid));
        wait_for(LIMIT, "a login works", || {
            let mut imap = Imap::connect(world.address(world.settings.imap_port)).ok()?;
            imap.login(ALICE, PASSWORD).ok()?.ok()
        });
        let _idle = world.login(ALICE);
        wait_for(LIMIT, "the kick reaches the new one", || (world.kick("acc-1") > 0).then_some(()));
    }
}

fn is_alive(pid: i32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

#[test]
fn a_dovecot_that_was_left_behind_is_ended_first() {
    let mut world = World::new();
    let config = world.settings.dir.join("dovecot.conf");
    world.runtime.block_on(world.dovecot.take().unwrap().stop());
    let mut left = Command::new("/usr/sbin/dovecot");
    left.arg("-F").arg("-c").arg(&config).stdin(Stdio::null()).stderr(Stdio::null());
    if let Some((uid, gid)) = server_user() {
        std::os::unix::process::CommandExt::gid(std::os::unix::process::CommandExt::uid(&mut left, uid), gid);
    }
    let mut left = left.spawn().unwrap();
    wait_for(LIMIT, "its pid file", || {
        let text = std::fs::read_to_string(world.settings.dir.join("run/master.pid")).ok()?;
        (text.trim() == left.id().to_string()).then_some(())
    });
    world.start();
    assert!(left.wait().unwrap().code().is_some());
    assert_ne!(world.dovecot().master_pid(), i32::try_from(left.id()).ok());
    world.login(ALICE);
}

/// Also where the test fails, no master is left.
struct Ended(i32);

impl Drop for Ended {
    fn drop(&mut self) {
        if is_alive(self.0) {
            kill(Pid::from_raw(self.0), Signal::SIGTERM).unwrap();
        }
    }
}

/// Runs itself in a second process, which is the Relais that is killed.
#[test]
fn dovecot_does_not_outlive_a_killed_relais() {
    const NAME: &str = "supervision::dovecot_does_not_outlive_a_killed_relais";
    const VARIABLE: &str = "RELAIS_TEST_KILLED_IN";
    if let Some(dir) = std::env::var_os(VARIABLE) {
        let dovecot = Dovecot::start(settings(Path::new(&dir))).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(dovecot.ready(LIMIT)).unwrap();
        println!("\nmaster {}", dovecot.master_pid().unwrap());
        loop {
            std::thread::park();
        }
    }
    let dir = server_dir().unwrap();
    let mut relais = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(VARIABLE, dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(relais.stdout.take().unwrap()).lines();
    let pid = lines
        .find_map(|line| line.unwrap().strip_prefix("master ").map(str::to_owned))
        .context("the process says its master's id")
        .unwrap();
    let pid: i32 = pid.parse().unwrap();
    let _ended = Ended(pid);
    assert!(is_alive(pid));
    relais.kill().unwrap();
    relais.wait().unwrap();
    wait_for(LIMIT, "the master is gone", || (!is_alive(pid)).then_some(()));
}

#[test]
fn stopping_leaves_nothing_behind() {
    let mut world = World::new();
    let mut alice = world.login(ALICE);
    let pid = world.dovecot().master_pid().unwrap();
    world.runtime.block_on(world.dovecot.take().unwrap().stop());
    assert!(!is_alive(pid));
    let cut = wait_for(LIMIT, "the session ends", || alice.wait_line(LIMIT).err());
    assert!(!cut.to_string().is_empty());
    assert!(Imap::connect(world.address(world.settings.imap_port)).is_err());
}

#[test]
fn root_is_refused_because_dovecot_would_serve_no_mail() {
    let dir = server_dir().unwrap();
    let settings = Settings { run_as: RunAs::User { uid: 0, gid: 0 }, ..settings(dir.path()) };
    assert!(matches!(Dovecot::start(settings), Err(StartError::Root)));
}
