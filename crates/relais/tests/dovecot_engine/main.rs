//! The real Dovecot, asking a hand-written authority through the real dict door.

mod login;
mod mail;
mod restore;
mod shares;
mod supervision;

use relais::doors::dict::{self, Authority, PassdbAnswer, Unavailable, UserdbAnswer};
use relais_engines::dovecot::{Dovecot, FailureDelay, Rights, RunAs, Settings, write_acl};
use relais_testbed::imap::{Imap, Refusal};
use relais_testbed::net::{free_port, give_to_server, server_dir, server_user};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
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
            Some(_) if truth.disabled.contains(login) => {
                PassdbAnswer::Refused { reason: "This account has ended\r\n* BYE".to_owned() }
            }
            Some(user) => PassdbAnswer::Found { user: user.clone() },
            None => PassdbAnswer::Unknown,
        }
    }

    async fn userdb(&self, user: &str) -> UserdbAnswer {
        let truth = self.truth();
        if truth.unavailable {
            return UserdbAnswer::Unavailable;
        }
        truth.homes.get(user).map_or(UserdbAnswer::Unknown, |home| UserdbAnswer::Home {
            home: home.clone(),
            quota_bytes: None,
        })
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
                truth.homes.insert(user.to_owned(), dir.path().join("mail").join(home));
            }
        }
        std::fs::create_dir(dir.path().join("mail")).unwrap();
        give_to_server(&dir.path().join("mail")).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let settings = settings(dir.path());
        let mut world = Self { dovecot: None, door: None, runtime, authority, settings, dir };
        world.open_door();
        world.start();
        world
    }

    fn open_door(&mut self) {
        let _inside = self.runtime.enter();
        let socket = dict::Socket::bind(&self.settings.dict_socket, server_user()).unwrap();
        self.door = Some(self.runtime.spawn(dict::serve(socket, Arc::new(self.authority.clone()))));
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
        truth.homes.insert(SALES.to_owned(), root.parent().unwrap().to_owned());
        truth.shares = members.iter().map(|(user, _)| ((*user).to_owned(), vec![SALES.to_owned()])).collect();
        drop(truth);
        let members: Vec<_> = members.iter().map(|(user, rights)| ((*user).to_owned(), *rights)).collect();
        write_acl(&root, &members).unwrap();
    }
}
