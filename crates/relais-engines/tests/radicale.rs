//! The real Radicale: kept running, closed to everybody else, and how it treats links to other people's collections.

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use relais_core::collection::CollectionKind;
use relais_core::ids::AccountId;
use relais_engines::dovecot::RunAs;
use relais_engines::radicale::{Collection, Homes, Link, Radicale, Settings, StartError};
use relais_testbed::dav;
use relais_testbed::net::{give_to_server, server_dir, server_user, wait_for};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(30);
/// In the order in which Radicale writes properties: it keeps its own writing of what it is given, not the client's.
const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bm//test//\r\nBEGIN:VEVENT\r\nUID:e1@bm.com\r\n\
    DTSTART:20261122T100000Z\r\nDTSTAMP:20261121T100000Z\r\nSUMMARY:Réunion\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

struct World {
    // Ends in this order: the server before its directory.
    radicale: Option<Radicale>,
    runtime: tokio::runtime::Runtime,
    settings: Settings,
    homes: Homes,
    _dir: TempDir,
}

fn anne() -> AccountId {
    AccountId::from_number(1)
}

fn bob() -> AccountId {
    AccountId::from_number(2)
}

impl World {
    fn new() -> Self {
        let dir = server_dir().unwrap();
        let storage = dir.path().join("dav");
        let homes = Homes::open(&storage).unwrap();
        let calendar = Collection {
            name: "calendar".parse().unwrap(),
            kind: CollectionKind::Calendar,
            title: "Calendrier".to_owned(),
        };
        for account in [anne(), bob()] {
            homes.visit(account, std::slice::from_ref(&calendar)).unwrap();
        }
        give_to_server(&storage).unwrap();
        let settings = Settings {
            dir: dir.path().join("radicale"),
            storage,
            prefix: "/dav",
            secret: "aSecretForThisTest".to_owned(),
            body_bytes_max: 1 << 20,
            run_as: match server_user() {
                Some((uid, gid)) => RunAs::User { uid, gid },
                None => RunAs::Current,
            },
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut world = Self { radicale: None, runtime, settings, homes, _dir: dir };
        world.start();
        world
    }

    fn start(&mut self) {
        let radicale = Radicale::start(self.settings.clone()).unwrap();
        self.runtime.block_on(radicale.ready(LIMIT)).unwrap();
        self.radicale = Some(radicale);
    }

    fn radicale(&self) -> &Radicale {
        self.radicale.as_ref().unwrap()
    }

    /// Status and text.
    fn ask(&self, who: AccountId, method: &str, path: &str, depth: &str, body: &str) -> (u16, String) {
        self.runtime.block_on(async {
            let request = hyper::Request::builder()
                .method(method)
                .uri(path)
                .header("Depth", depth)
                .header("Content-Length", body.len())
                .body(Full::new(Bytes::from(body.to_owned())))
                .unwrap();
            let answer = self.radicale().ask(&who.to_string(), request).await.unwrap();
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            (status, String::from_utf8_lossy(&body).into_owned())
        })
    }

    fn share(&self, name: &str) {
        let link = Link { name: name.to_owned(), owner: anne(), collection: "calendar".parse().unwrap() };
        self.homes.set_links(bob(), &[link]).unwrap();
    }
}

fn is_alive(pid: i32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

#[test]
fn only_whoever_knows_the_secret_is_believed() {
    let world = World::new();
    let address = world.radicale().address();
    let home = format!("/{}/", anne());
    let user = anne().to_string();
    let basic = "Basic YWNjLTAwMDAwMDAwMDAwMDE6eA==";
    for headers in [
        vec![],
        vec![("X-Remote-User", user.as_str())],
        vec![("X_Remote_User", user.as_str())],
        vec![("Authorization", basic)],
        vec![("X-Remote-User", user.as_str()), ("X-Relais-Secret", "another")],
        vec![("X-Remote-User", user.as_str()), ("X-Relais-Secret", "")],
    ] {
        for (method, path) in [
            ("PROPFIND", home.as_str()),
            ("GET", home.as_str()),
            ("DELETE", home.as_str()),
            ("PROPFIND", "/"),
        ] {
            let answer = dav::ask(address, method, path, &headers, "").unwrap();
            assert!([401, 403].contains(&answer.status), "{method} {path} {headers:?}: {}", answer.head);
        }
    }
    let right = [("X-Remote-User", user.as_str()), ("X-Relais-Secret", "aSecretForThisTest")];
    assert_eq!(dav::ask(address, "PROPFIND", &home, &right, "").unwrap().status, 207);
    for name in ["secret", "radicale.conf", "relais_auth.py"] {
        let mode = std::fs::metadata(world.settings.dir.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(std::fs::metadata(&world.settings.dir).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn everyone_has_their_own_and_nobody_elses() {
    let world = World::new();
    let (own, others) = (format!("/{}/calendar/e1.ics", anne()), format!("/{}/calendar/e1.ics", bob()));
    assert_eq!(world.ask(anne(), "PUT", &own, "0", EVENT).0, 201);
    assert_eq!(world.ask(anne(), "GET", &own, "0", "").1, EVENT);
    assert_eq!(world.ask(anne(), "PUT", &others, "0", EVENT).0, 403);
    assert_eq!(world.ask(bob(), "GET", &own, "0", "").0, 403);
    let (status, listed) = world.ask(anne(), "PROPFIND", &format!("/{}/", anne()), "1", "");
    assert_eq!(status, 207);
    assert!(listed.contains(&format!("/dav/{}/calendar/", anne())), "{listed}");
    assert_eq!(world.ask(anne(), "MKCALENDAR", &format!("/{}/travail/", anne()), "0", "").0, 201);
    // Even if the door let it through.
    assert_eq!(world.ask(anne(), "DELETE", &format!("/{}/", anne()), "0", "").0, 403);
}

#[test]
fn a_link_is_listed_read_and_synchronised_and_written_only_where_it_says_so() {
    let world = World::new();
    let own = format!("/{}/calendar/e1.ics", anne());
    assert_eq!(world.ask(anne(), "PUT", &own, "0", EVENT).0, 201);
    for (link, put, deleted) in [("ro-shr-1", 403, 403), ("rw-shr-1", 201, 200)] {
        world.share(link);
        let (_, listed) = world.ask(bob(), "PROPFIND", &format!("/{}/", bob()), "1", "");
        assert!(listed.contains(&format!("/dav/{}/{link}/", bob())), "{listed}");
        let root = format!("/{}/{link}/", bob());
        let item = format!("{root}e1.ics");
        assert_eq!(world.ask(bob(), "GET", &item, "0", ""), (200, EVENT.to_owned()));
        let query = "<C:calendar-query xmlns:C='urn:ietf:params:xml:ns:caldav' xmlns:D='DAV:'><D:prop><D:getetag/></D:prop>\
            <C:filter><C:comp-filter name='VCALENDAR'/></C:filter></C:calendar-query>";
        let (status, found) = world.ask(bob(), "REPORT", &root, "1", query);
        assert!(status == 207 && found.contains(&format!("/dav{item}")), "{found}");
        let sync = "<D:sync-collection xmlns:D='DAV:'><D:sync-token/><D:sync-level>1</D:sync-level><D:prop><D:getetag/>\
            </D:prop></D:sync-collection>";
        let (status, found) = world.ask(bob(), "REPORT", &root, "1", sync);
        assert!(status == 207 && found.contains(&format!("/dav{item}")), "{found}");
        let token = found.split("sync-token>").nth(1).unwrap().trim_end_matches("</").to_owned();
        let changed = EVENT.replace("Réunion", link);
        assert_eq!(world.ask(anne(), "PUT", &own, "0", &changed).0, 201);
        let again = sync.replace("<D:sync-token/>", &format!("<D:sync-token>{token}</D:sync-token>"));
        let (status, found) = world.ask(bob(), "REPORT", &root, "1", &again);
        assert!(status == 207 && found.contains("e1.ics"), "the owner's change is news: {found}");
        assert_eq!(world.ask(anne(), "PUT", &own, "0", EVENT).0, 201);
        let another = EVENT.replace("e1@bm.com", "e2@bm.com");
        assert_eq!(world.ask(bob(), "PUT", &format!("{root}e2.ics"), "0", &another).0, put, "{link}");
        assert_eq!(world.ask(bob(), "DELETE", &format!("{root}e2.ics"), "0", "").0, deleted, "{link}");
    }
    world.homes.set_links(bob(), &[]).unwrap();
    assert_eq!(world.ask(bob(), "GET", &format!("/{}/rw-shr-1/e1.ics", bob()), "0", "").0, 404);
    assert_eq!(world.ask(anne(), "GET", &own, "0", "").0, 200);
    // A link to what is gone disturbs nobody.
    world.share("ro-shr-1");
    assert_eq!(world.ask(anne(), "DELETE", &format!("/{}/calendar/", anne()), "0", "").0, 200);
    let (status, listed) = world.ask(bob(), "PROPFIND", &format!("/{}/", bob()), "1", "");
    assert!(status == 207 && !listed.contains("ro-shr-1"), "{listed}");
}

#[test]
fn a_killed_radicale_is_started_again_and_stopping_leaves_nothing() {
    let mut world = World::new();
    let pid = world.radicale().pid().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    wait_for(LIMIT, "another one runs", || world.radicale().pid().filter(|new| *new != pid));
    world.runtime.block_on(world.radicale().ready(LIMIT)).unwrap();
    let home = format!("/{}/", anne());
    assert_eq!(world.ask(anne(), "PROPFIND", &home, "0", "").0, 207);
    let (pid, address) = (world.radicale().pid().unwrap(), world.radicale().address());
    world.runtime.block_on(world.radicale.take().unwrap().stop());
    assert!(!is_alive(pid));
    assert!(dav::ask(address, "OPTIONS", "/", &[], "").is_err());
}

#[test]
fn a_radicale_that_was_left_behind_is_ended_first() {
    let mut world = World::new();
    let config = world.settings.dir.join("radicale.conf");
    world.runtime.block_on(world.radicale.take().unwrap().stop());
    let mut left = Command::new("/usr/bin/radicale");
    left.arg("--config").arg(&config).env("PYTHONPATH", &world.settings.dir);
    left.stdin(Stdio::null()).stderr(Stdio::null());
    if let Some((uid, gid)) = server_user() {
        left.uid(uid).gid(gid);
    }
    let mut left = left.spawn().unwrap();
    std::fs::write(world.settings.dir.join("radicale.pid"), left.id().to_string()).unwrap();
    let pid = i32::try_from(left.id()).unwrap();
    wait_for(LIMIT, "it runs", || {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        line.windows(8).any(|part| part == b"--config").then_some(())
    });
    let reaper = std::thread::spawn(move || left.wait().unwrap());
    world.start();
    reaper.join().unwrap();
    assert_ne!(world.radicale().pid(), Some(pid));
}

#[test]
fn root_and_strange_paths_are_refused_with_a_reason() {
    let world = World::new();
    let root = Settings { run_as: RunAs::User { uid: 0, gid: 0 }, ..world.settings.clone() };
    assert!(matches!(Radicale::start(root), Err(StartError::Root)));
    let strange = Settings { storage: "/tmp/a b%c".into(), ..world.settings.clone() };
    assert!(matches!(Radicale::start(strange), Err(StartError::NotPlain(path)) if path.contains("a b%c")));
}
