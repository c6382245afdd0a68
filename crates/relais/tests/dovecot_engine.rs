//! The real Dovecot, asking a hand-written authority through the real dict door.

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use relais::doors::dict::{self, Authority, PassdbAnswer, Unavailable, UserdbAnswer};
use relais_engines::dovecot::{Dovecot, FailureDelay, Rights, RunAs, Settings, StartError, write_acl};
use relais_testbed::imap::{Imap, Refusal};
use relais_testbed::net::{Lines, free_port, give_to_server, server_dir, server_user, wait_for};
use relais_testbed::pop3::Pop3;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(30);
const ALICE: &str = "alice@example.test";
const BOB: &str = "bob@example.test";
const SALES: &str = "sales@example.test";
/// A slash, a percent sign, a quote and no ASCII: all of it reaches the authority.
const PASSWORD: &str = "p/w%u\"\\é";

#[derive(Default)]
struct Truth {
    /// Login name to Dovecot user.
    accounts: BTreeMap<String, String>,
    disabled: BTreeSet<String>,
    homes: BTreeMap<String, PathBuf>,
    shares: BTreeMap<String, Vec<String>>,
    unavailable: bool,
    peers: Vec<Option<IpAddr>>,
}

#[derive(Clone, Default)]
struct FakeAuthority(Arc<Mutex<Truth>>);

impl FakeAuthority {
    fn truth(&self) -> MutexGuard<'_, Truth> {
        self.0.lock().unwrap()
    }
}

impl Authority for FakeAuthority {
    async fn passdb(&self, login: &str, password: &str, peer: Option<IpAddr>) -> PassdbAnswer {
        let mut truth = self.truth();
        truth.peers.push(peer);
        if truth.unavailable {
            return PassdbAnswer::Unavailable;
        }
        match truth.accounts.get(login) {
            Some(_) if password != PASSWORD => PassdbAnswer::Unknown,
            Some(_) if truth.disabled.contains(login) => PassdbAnswer::Refused {
                reason: "This account has ended\r\n* BYE".to_owned(),
            },
            Some(user) => PassdbAnswer::Found { user: user.clone() },
            None => PassdbAnswer::Unknown,
        }
    }

    async fn userdb(&self, user: &str) -> UserdbAnswer {
        let truth = self.truth();
        if truth.unavailable {
            return UserdbAnswer::Unavailable;
        }
        truth
            .homes
            .get(user)
            .map_or(UserdbAnswer::Unknown, |home| UserdbAnswer::Home(home.clone()))
    }

    async fn shares(&self, user: &str) -> Result<Vec<String>, Unavailable> {
        Ok(self.truth().shares.get(user).cloned().unwrap_or_default())
    }

    async fn users(&self) -> Result<Vec<String>, Unavailable> {
        Ok(self.truth().homes.keys().cloned().collect())
    }
}

/// Dovecot, its authority and two people, Alice (`acc-1`) and Bob (`acc-2`), in a directory of their own.
struct World {
    // Fields end in this order: Dovecot before the authority, the directory last.
    dovecot: Option<Dovecot>,
    door: Option<tokio::task::JoinHandle<std::convert::Infallible>>,
    runtime: tokio::runtime::Runtime,
    authority: FakeAuthority,
    settings: Settings,
    dir: TempDir,
}

fn settings(dir: &Path) -> Settings {
    Settings {
        dir: dir.join("dovecot"),
        dict_socket: dir.join("dict.sock"),
        listen: Ipv4Addr::LOCALHOST.into(),
        imap_port: free_port(),
        pop3_port: free_port(),
        sieve_port: free_port(),
        api_key: "aKeyForThisTest".to_owned(),
        run_as: match server_user() {
            Some((uid, gid)) => RunAs::User { uid, gid },
            None => RunAs::Current,
        },
        failure_delay: FailureDelay::None,
    }
}

impl World {
    fn new() -> Self {
        let dir = server_dir().unwrap();
        let authority = FakeAuthority::default();
        {
            let mut truth = authority.truth();
            for (name, user, home) in [(ALICE, "acc-1", "box-1"), (BOB, "acc-2", "box-2")] {
                truth.accounts.insert(name.to_owned(), user.to_owned());
                truth
                    .homes
                    .insert(user.to_owned(), dir.path().join("mail").join(home));
            }
        }
        std::fs::create_dir(dir.path().join("mail")).unwrap();
        give_to_server(&dir.path().join("mail")).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let settings = settings(dir.path());
        let mut world = Self {
            dovecot: None,
            door: None,
            runtime,
            authority,
            settings,
            dir,
        };
        world.open_door();
        world.start();
        world
    }

    fn open_door(&mut self) {
        let _inside = self.runtime.enter();
        let socket = dict::Socket::bind(&self.settings.dict_socket, server_user()).unwrap();
        self.door = Some(
            self.runtime
                .spawn(dict::serve(socket, Arc::new(self.authority.clone()))),
        );
    }

    fn start(&mut self) {
        let dovecot = Dovecot::start(self.settings.clone()).unwrap();
        self.runtime.block_on(dovecot.ready(LIMIT)).unwrap();
        self.dovecot = Some(dovecot);
    }

    fn dovecot(&self) -> &Dovecot {
        self.dovecot.as_ref().unwrap()
    }

    fn address(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.settings.listen, port)
    }

    fn connect(&self) -> Imap {
        Imap::connect(self.address(self.settings.imap_port)).unwrap()
    }

    fn login(&self, name: &str) -> Imap {
        let mut imap = self.connect();
        imap.login(name, PASSWORD).unwrap().unwrap();
        imap
    }

    fn refusal(&self, name: &str, password: &str) -> String {
        let Refusal(text) = self.connect().login(name, password).unwrap().unwrap_err();
        text
    }

    fn kick(&self, user: &str) -> u32 {
        self.runtime.block_on(self.dovecot().kick(user)).unwrap()
    }

    fn sessions(&self, user: &str) -> u32 {
        self.runtime.block_on(self.dovecot().sessions(user)).unwrap()
    }

    fn maildir(&self, home: &str) -> PathBuf {
        self.dir.path().join("mail").join(home).join("Maildir")
    }

    /// The shared mailbox of `SALES`, with these members.
    fn share(&self, members: &[(&str, Rights)]) {
        let root = self.maildir("box-9");
        for folder in ["cur", "new", "tmp", ".Orders/cur", ".Orders/new", ".Orders/tmp"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        give_to_server(root.parent().unwrap()).unwrap();
        let mut truth = self.authority.truth();
        truth
            .homes
            .insert(SALES.to_owned(), root.parent().unwrap().to_owned());
        truth.shares = members
            .iter()
            .map(|(user, _)| ((*user).to_owned(), vec![SALES.to_owned()]))
            .collect();
        drop(truth);
        let members: Vec<_> = members
            .iter()
            .map(|(user, rights)| ((*user).to_owned(), *rights))
            .collect();
        write_acl(&root, &members).unwrap();
    }
}

#[test]
fn a_login_is_answered_as_the_authority_says() {
    let mut world = World::new();
    world.login(ALICE).logout().unwrap();
    assert_eq!(
        world.authority.truth().peers,
        [Some(IpAddr::V4(Ipv4Addr::LOCALHOST))]
    );

    let wrong = world.refusal(ALICE, "wrong");
    assert!(wrong.starts_with("NO [AUTHENTICATIONFAILED]"), "{wrong}");
    assert_eq!(world.refusal("nobody@example.test", PASSWORD), wrong);

    world.authority.truth().disabled.insert(ALICE.to_owned());
    let ended = world.refusal(ALICE, PASSWORD);
    assert_eq!(ended, "NO [CONTACTADMIN] This account has ended  * BYE");
    assert_eq!(world.refusal(ALICE, "wrong"), wrong);
    let mut pop3 = Pop3::connect(world.address(world.settings.pop3_port)).unwrap();
    let refused = pop3.login(ALICE, PASSWORD).unwrap().unwrap_err();
    assert!(refused.0.contains("This account has ended"), "{refused:?}");

    world.authority.truth().unavailable = true;
    assert!(world.refusal(BOB, PASSWORD).starts_with("NO [UNAVAILABLE]"));
    world.authority.truth().unavailable = false;

    world.door.take().unwrap().abort();
    std::fs::remove_file(&world.settings.dict_socket).unwrap();
    assert!(world.refusal(BOB, PASSWORD).starts_with("NO [UNAVAILABLE]"));
    world.open_door();
    world.login(BOB);
}

#[test]
fn a_login_under_way_when_the_account_ends_does_not_reach_the_mail() {
    let world = World::new();
    world.authority.truth().homes.remove("acc-1");
    // Dovecot has nothing better to say than to close the connection.
    assert!(!matches!(world.connect().login(ALICE, PASSWORD), Ok(Ok(()))));
    assert_eq!(world.sessions("acc-1"), 0);
}

#[test]
fn a_message_comes_back_as_it_was_stored() {
    let world = World::new();
    let message =
        b"From: a@x.test\r\nSubject: =?utf-8?q?=C3=A9?=\r\n\r\n.one\r\n\xc3\xa9\t\x01 {3}\r\nend\r\n";
    let date = "01-Feb-2003 04:05:06 +0000";
    let mut imap = world.login(ALICE);
    imap.append("INBOX", &["\\Seen", "$Label1"], Some(date), message)
        .unwrap()
        .unwrap();
    imap.create("A \"b\" \\c").unwrap();
    assert_eq!(imap.select("INBOX").unwrap(), Ok(1));
    imap.copy("1", "A \"b\" \\c").unwrap();
    imap.store("1", "+FLAGS", &["\\Flagged"]).unwrap();
    let messages = imap.fetch_all("INBOX").unwrap();
    assert_eq!(messages[0].body, message);
    assert_eq!(
        messages[0].internal_date.trim_start_matches('0'),
        date.trim_start_matches('0')
    );
    for flag in ["\\Seen", "\\Flagged", "$Label1"] {
        assert!(messages[0].flags.iter().any(|found| found == flag), "{flag}");
    }
    assert_eq!(imap.fetch_all("A \"b\" \\c").unwrap()[0].body, message);
    assert!(imap.list("*").unwrap().contains(&"A \"b\" \\c".to_owned()));
    imap.logout().unwrap();

    let mut pop3 = Pop3::connect(world.address(world.settings.pop3_port)).unwrap();
    pop3.login(ALICE, PASSWORD).unwrap().unwrap();
    assert_eq!(pop3.retr_all().unwrap(), [message.to_vec()]);
    pop3.quit().unwrap();
}

/// A response of ManageSieve (RFC 5804), which ends with `OK`, `NO` or `BYE`.
fn sieve_response(lines: &mut Lines) -> String {
    loop {
        let line = lines.read_line().unwrap();
        if ["OK", "NO", "BYE"].iter().any(|word| line.starts_with(word)) {
            return line;
        }
    }
}

/// One LMTP dialogue over a unix socket; returns the last reply.
fn deliver(socket: &Path, user: &str, message: &str) -> Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut last = String::new();
    let recipient = format!("RCPT TO:<{user}>\r\n");
    let message = format!("{message}\r\n.\r\n");
    for line in [
        "LHLO x.test\r\n",
        "MAIL FROM:<s@x.test>\r\n",
        &recipient,
        "DATA\r\n",
        &message,
        "QUIT\r\n",
    ] {
        last = reply(&mut reader)?;
        anyhow::ensure!(last.starts_with(['2', '3']), "{last}");
        stream.write_all(line.as_bytes())?;
    }
    Ok(last)
}

fn reply(reader: &mut impl BufRead) -> Result<String> {
    loop {
        let mut line = String::new();
        anyhow::ensure!(reader.read_line(&mut line)? > 0, "closed");
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(line);
        }
    }
}

#[test]
fn a_sieve_script_files_mail_and_cannot_send_any() {
    let world = World::new();
    let mut sieve = Lines::connect(world.address(world.settings.sieve_port)).unwrap();
    assert!(sieve_response(&mut sieve).starts_with("OK"));
    let put = |sieve: &mut Lines, script: &str| {
        sieve
            .write(format!("PUTSCRIPT \"s\" {{{}+}}\r\n{script}\r\n", script.len()).as_bytes())
            .unwrap();
        sieve_response(sieve)
    };
    let token = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("\0{ALICE}\0{PASSWORD}"),
    );
    sieve
        .write(format!("AUTHENTICATE \"PLAIN\" \"{token}\"\r\n").as_bytes())
        .unwrap();
    assert!(sieve_response(&mut sieve).starts_with("OK"));
    assert!(put(&mut sieve, "require \"vacation\"; vacation \"away\";").starts_with("NO"));
    let script = "require [\"fileinto\", \"mailbox\"]; fileinto :create \"Filed\";";
    assert!(put(&mut sieve, script).starts_with("OK"));
    sieve.write(b"SETACTIVE \"s\"\r\n").unwrap();
    assert!(sieve_response(&mut sieve).starts_with("OK"));

    let last = deliver(&world.dovecot().lmtp_socket(), "acc-1", "Subject: x\r\n\r\nhi").unwrap();
    assert!(last.starts_with("250"), "{last}");
    assert_eq!(world.login(ALICE).fetch_all("Filed").unwrap().len(), 1);

    let script = "redirect \"out@elsewhere.test\";";
    if put(&mut sieve, script).starts_with("OK") {
        deliver(&world.dovecot().lmtp_socket(), "acc-1", "Subject: y\r\n\r\nhi").unwrap();
        assert_eq!(
            world.login(ALICE).fetch_all("INBOX").unwrap().len(),
            1,
            "kept, as it was not sent on"
        );
    }
}

#[test]
fn a_shared_mailbox_is_seen_by_its_members_only() {
    let world = World::new();
    world.share(&[("acc-1", Rights::ReadWrite)]);
    let inbox = format!("shared/{SALES}");
    let orders = format!("shared/{SALES}/Orders");
    let made = format!("shared/{SALES}/Orders/2026");
    let (mut alice, mut bob) = (world.login(ALICE), world.login(BOB));
    assert!(alice.list("*").unwrap().contains(&inbox));
    assert!(alice.list("*").unwrap().contains(&orders));
    alice
        .append(&orders, &[], None, b"Subject: x\r\n\r\nhi\r\n")
        .unwrap()
        .unwrap();
    alice.create(&made).unwrap();
    alice
        .append(&made, &[], None, b"Subject: y\r\n\r\nhi\r\n")
        .unwrap()
        .unwrap();

    assert!(bob.list("*").unwrap().iter().all(|name| !name.contains(SALES)));
    for folder in [&inbox, &orders, &made] {
        assert!(bob.select(folder).unwrap().is_err());
    }
    assert!(
        alice.select("shared/acc-2").unwrap().is_err(),
        "personal mail is not shared"
    );
    assert!(
        alice.command("SETACL INBOX acc-2 lr").unwrap().is_err(),
        "sharing is Relais's decision"
    );
}

#[test]
fn a_reader_of_a_shared_mailbox_cannot_write() {
    let world = World::new();
    world.share(&[("acc-1", Rights::ReadWrite), ("acc-2", Rights::Read)]);
    let orders = format!("shared/{SALES}/Orders");
    let (mut alice, mut bob) = (world.login(ALICE), world.login(BOB));
    alice
        .append(&orders, &[], None, b"Subject: x\r\n\r\nhi\r\n")
        .unwrap()
        .unwrap();
    assert_eq!(bob.select(&orders).unwrap(), Ok(1));
    assert!(
        bob.append(&orders, &[], None, b"Subject: y\r\n\r\nhi\r\n")
            .unwrap()
            .is_err()
    );
    assert!(bob.command(&format!("CREATE \"{orders}/New\"")).unwrap().is_err());
    bob.store("1", "+FLAGS", &["\\Seen"]).unwrap();
    assert!(
        bob.fetch_all(&orders).unwrap()[0]
            .flags
            .iter()
            .any(|flag| flag == "\\Seen")
    );
    let seen_by_alice = alice.fetch_all(&orders).unwrap()[0]
        .flags
        .iter()
        .any(|flag| flag == "\\Seen");
    assert!(!seen_by_alice, "each member keeps what they have read");
}

#[test]
fn a_revoked_member_is_denied_in_the_open_session_and_in_a_new_one() {
    let world = World::new();
    world.share(&[("acc-1", Rights::ReadWrite), ("acc-2", Rights::ReadWrite)]);
    let folders = [
        format!("shared/{SALES}"),
        format!("shared/{SALES}/Orders"),
        format!("shared/{SALES}/Orders/2026"),
        format!("shared/{SALES}/New"),
    ];
    let (mut alice, mut bob) = (world.login(ALICE), world.login(BOB));
    bob.create(&folders[2]).unwrap();
    bob.create(&folders[3]).unwrap();
    for folder in &folders {
        bob.select(folder).unwrap().unwrap();
        alice.select(folder).unwrap().unwrap();
    }
    // What is selected stays open until the kick.
    bob.select("INBOX").unwrap().unwrap();
    world.share(&[("acc-1", Rights::ReadWrite)]);
    for folder in &folders {
        wait_for(LIMIT, &format!("{folder} is denied"), || {
            bob.command(&format!("STATUS \"{folder}\" (MESSAGES)"))
                .unwrap()
                .err()
        });
        alice.select(folder).unwrap().unwrap();
    }
    assert_eq!(world.kick("acc-2"), 1);
    let mut bob = world.login(BOB);
    assert!(bob.list("*").unwrap().iter().all(|name| !name.contains(SALES)));
    assert!(folders.iter().all(|folder| bob.select(folder).unwrap().is_err()));
}

#[test]
fn a_folder_that_relais_makes_has_the_members_of_its_mailbox() {
    let world = World::new();
    world.share(&[("acc-1", Rights::Read)]);
    for folder in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(world.maildir("box-9").join(".Handed-over").join(folder)).unwrap();
    }
    give_to_server(&world.maildir("box-9")).unwrap();
    let folder = format!("shared/{SALES}/Handed-over");
    assert!(world.login(ALICE).list("*").unwrap().contains(&folder));
    assert!(world.login(ALICE).select(&folder).unwrap().is_ok());
    assert!(world.login(BOB).select(&folder).unwrap().is_err());
}

#[test]
fn a_kick_ends_every_session_of_one_person() {
    let world = World::new();
    assert_eq!(world.kick("acc-1"), 0);
    let (mut alice, mut bob) = (world.login(ALICE), world.login(BOB));
    alice.select("INBOX").unwrap().unwrap();
    alice.idle_start().unwrap();
    let mut pop3 = Pop3::connect(world.address(world.settings.pop3_port)).unwrap();
    pop3.login(ALICE, PASSWORD).unwrap().unwrap();
    wait_for(LIMIT, "both sessions are known", || {
        (world.sessions("acc-1") == 2).then_some(())
    });

    world.authority.truth().disabled.insert(ALICE.to_owned());
    assert_eq!(world.kick("acc-1"), 2);
    wait_for(LIMIT, "the waiting client is told or cut", || {
        match alice.wait_line(LIMIT) {
            Ok(Some(line)) => line.starts_with("* BYE").then_some(()),
            Ok(None) => None,
            Err(_) => Some(()),
        }
    });
    wait_for(LIMIT, "no session is left", || {
        (world.sessions("acc-1") == 0).then_some(())
    });
    assert!(world.refusal(ALICE, PASSWORD).starts_with("NO [CONTACTADMIN]"));
    assert!(bob.command("NOOP").unwrap().is_ok());
    assert_eq!(world.sessions("acc-2"), 1);
}

#[test]
fn a_renaming_disturbs_no_session_and_keeps_the_mail() {
    let world = World::new();
    let mut alice = world.login(ALICE);
    alice
        .append("INBOX", &[], None, b"Subject: x\r\n\r\nhi\r\n")
        .unwrap()
        .unwrap();
    {
        let mut truth = world.authority.truth();
        let user = truth.accounts.remove(ALICE).unwrap();
        truth.accounts.insert("ally@example.test".to_owned(), user);
    }
    assert_eq!(alice.fetch_all("INBOX").unwrap().len(), 1);
    assert_eq!(
        world.login("ally@example.test").fetch_all("INBOX").unwrap().len(),
        1
    );
    assert!(
        world
            .refusal(ALICE, PASSWORD)
            .starts_with("NO [AUTHENTICATIONFAILED]")
    );
}

#[test]
fn a_killed_master_is_started_again() {
    let world = World::new();
    for _ in 0..2 {
        let _open = world.login(ALICE);
        let pid = world.dovecot().master_pid().unwrap();
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        wait_for(LIMIT, "another master runs", || {
            world.dovecot().master_pid().filter(|new| *new != pid)
        });
        wait_for(LIMIT, "a login works", || {
            let mut imap = Imap::connect(world.address(world.settings.imap_port)).ok()?;
            imap.login(ALICE, PASSWORD).ok()?.ok()
        });
        let _idle = world.login(ALICE);
        wait_for(LIMIT, "the kick reaches the new one", || {
            (world.kick("acc-1") > 0).then_some(())
        });
    }
}

#[test]
fn a_hard_linked_message_appears_to_a_waiting_client() {
    let world = World::new();
    let mut alice = world.login(ALICE);
    alice
        .append("INBOX", &[], None, b"Subject: x\r\n\r\nhi\r\n")
        .unwrap()
        .unwrap();
    assert_eq!(alice.select("INBOX").unwrap(), Ok(1));
    alice.idle_start().unwrap();
    let source = world.dir.path().join("source");
    std::fs::write(&source, "Subject: linked\n\nhi\n").unwrap();
    give_to_server(&source).unwrap();
    std::fs::hard_link(
        &source,
        world.maildir("box-1").join("cur/1000000000.M1P1.relais:2,S"),
    )
    .unwrap();
    wait_for(LIMIT, "EXISTS", || {
        let line = alice.wait_line(LIMIT).unwrap();
        line.filter(|line| line == "* 2 EXISTS")
    });
    alice.idle_done().unwrap();
    let linked = &alice.fetch_all("INBOX").unwrap()[1];
    assert_eq!(linked.body, b"Subject: linked\r\n\r\nhi\r\n");
    assert!(linked.flags.contains(&"\\Seen".to_owned()));
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
    left.arg("-F")
        .arg("-c")
        .arg(&config)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
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

/// Runs itself in a second process, which is the Relais that is killed.
#[test]
fn dovecot_does_not_outlive_a_killed_relais() {
    const NAME: &str = "dovecot_does_not_outlive_a_killed_relais";
    const VARIABLE: &str = "RELAIS_TEST_KILLED_IN";
    if let Some(dir) = std::env::var_os(VARIABLE) {
        let dovecot = Dovecot::start(settings(Path::new(&dir))).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
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
    let settings = Settings {
        run_as: RunAs::User { uid: 0, gid: 0 },
        ..settings(dir.path())
    };
    assert!(matches!(Dovecot::start(settings), Err(StartError::Root)));
}

#[test]
fn the_socket_of_the_door_is_private_and_ends_what_is_no_protocol() {
    let world = World::new();
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(&world.settings.dict_socket)
            .unwrap()
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    for bytes in [
        b"GET / HTTP/1.1\r\n".to_vec(),
        vec![b'L'; 64 << 10],
        b"H9\t9\t0\t\tauth\n".to_vec(),
    ] {
        let mut stream = UnixStream::connect(&world.settings.dict_socket).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        // The door may have closed already.
        drop(stream.write_all(&bytes));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        assert!(answer.is_empty());
    }
}
