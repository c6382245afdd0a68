//! A full disk, under the real program: everybody hears so, nothing is half done, and it goes on when there is room.

use crate::world::{LIMIT, World, message};
use relais_testbed::mail::Lmtp;
use relais_testbed::net::{server_dir, wait_for};
use relais_testbed::small_disk::{Ballast, Lack, on_small_disk};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

const DISK_MIB: u32 = 24;
const SENDERS: usize = 4;
const PEOPLE: [&str; 3] = ["user1", "user2", "user3"];

/// What was sent, by subject: to whom, and the code that was answered last.
type Answers = BTreeMap<String, (&'static str, u16)>;

/// Senders that send one message after the other until they are stopped.
#[derive(Default)]
struct Senders {
    stop: Arc<AtomicBool>,
    answers: Arc<Mutex<Answers>>,
    threads: Vec<JoinHandle<()>>,
}

impl Senders {
    fn start(address: SocketAddr) -> Self {
        let numbers = Arc::new(AtomicUsize::new(0));
        let mut senders = Self::default();
        for _ in 0..SENDERS {
            let (stop, answers) = (senders.stop.clone(), senders.answers.clone());
            let numbers = numbers.clone();
            senders.threads.push(std::thread::spawn(move || {
                let mut lmtp = Lmtp::open(address).expect("greets");
                while !stop.load(Ordering::Relaxed) {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    let to = PEOPLE[number % PEOPLE.len()];
                    let subject = format!("number {number}");
                    let code = send(&mut lmtp, to, &subject);
                    answers.lock().expect("no sender failed").insert(subject, (to, code));
                }
            }));
        }
        senders
    }

    fn count(&self, wanted: impl Fn(u16) -> bool) -> usize {
        let answers = self.answers.lock().expect("no sender failed");
        answers.values().filter(|(_, code)| wanted(*code)).count()
    }

    /// Until there are so many more answers of this kind.
    fn wait_for_more(&self, count: usize, what: &str, wanted: impl Fn(u16) -> bool) {
        let before = self.count(&wanted);
        wait_for(LIMIT, what, || (self.count(&wanted) >= before + count).then_some(()));
    }

    fn stop(self) -> Answers {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("every message is answered");
        }
        std::mem::take(&mut self.answers.lock().expect("no sender failed"))
    }
}

/// Sizes from a line to 60 KB: the disk is full at the file, in it, and at its end.
fn send(lmtp: &mut Lmtp, to: &str, subject: &str) -> u16 {
    let lines = subject.bytes().map(usize::from).product::<usize>() % 1000;
    let text = [
        message(subject),
        b"A line of text, and sixty characters of it, so as to be some.\r\n".repeat(lines),
    ];
    let replies = lmtp.send("client@far.example", &[&format!("{to}@bm.com")], &text.concat());
    replies.expect("every message is answered")[0].code
}

fn is_for_now(code: u16) -> bool {
    matches!(code, 451 | 452)
}

/// No account is half made: those that were agreed to are there, the one that was refused is not.
fn make_accounts_until_refused(world: &World) -> Value {
    for number in 0..500 {
        let address = format!("extra{number}@bm.com");
        let body = json!({ "address": address, "name": "Encore une personne" });
        let (status, answer) = world.api("POST", "/organisations/Association%20BM/accounts", body);
        let found = world.api("GET", &format!("/accounts/{address}"), Value::Null).0;
        if status >= 300 {
            assert_eq!(status, 507, "{answer}");
            assert_eq!(found, 404, "a refused account is there");
            return answer;
        }
        assert_eq!(found, 200, "an account that was agreed to is not there");
    }
    panic!("no disk is that large");
}

#[test]
fn on_a_full_disk_everyone_is_told_to_wait_and_nothing_is_lost() {
    let name = "full_disk::on_a_full_disk_everyone_is_told_to_wait_and_nothing_is_lost";
    on_small_disk(name, DISK_MIB, |dir| {
        let world = World::start_in(dir, None);
        for login in PEOPLE.iter().chain(&["leaver", "heir"]) {
            world.person(login, "Ursule Lefèvre");
        }
        let lmtp = world.server.address(&world.server.configuration.lmtp).expect("an address");
        assert_eq!(world.lmtp("leaver@bm.com", &message("to be handed over")).code, 250);
        let senders = Senders::start(lmtp);
        senders.wait_for_more(50, "mail is taken", |code| code == 250);

        for lack in [Lack::Bytes, Lack::BytesAndFiles] {
            let ballast = Ballast::fill(dir, lack).expect("filled");
            senders.wait_for_more(50, "mail is refused", is_for_now);
            let problem = make_accounts_until_refused(&world);
            assert!(problem["detail"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
            let order = json!({ "to": "heir@bm.com", "reason": "retraite" });
            let (status, problem) = world.api("POST", "/accounts/leaver@bm.com/departure", order);
            assert_eq!(status, 507, "{problem}");
            let leaver = world.must("GET", "/accounts/leaver@bm.com", Value::Null);
            assert_eq!(
                (&leaver["state"], &leaver["departure"]),
                (&json!("active"), &Value::Null),
                "{leaver}"
            );
            world.check_chain();
            drop(ballast);
            senders.wait_for_more(50, "mail is taken again", |code| code == 250);
        }

        let mut answers = senders.stop();
        let again = Lmtp::open(lmtp).expect("greets");
        check_mail(&world, &mut answers, again);
        let order = json!({ "to": "heir@bm.com", "reason": "retraite" });
        let departure = world.must("POST", "/accounts/leaver@bm.com/departure", order);
        world.wait_until_state(departure["id"].as_str().expect("an id"), "finished");
        assert_eq!(world.count_of("heir", "leaver@bm․com/INBOX", "to be handed over"), 1);
        world.check_chain();
    })
    .expect("a small disk");
}

/// What was refused is sent again, as its senders would; then everything is there once.
fn check_mail(world: &World, answers: &mut Answers, mut lmtp: Lmtp) {
    for (subject, (to, code)) in answers.iter() {
        assert!(*code == 250 || is_for_now(*code), "{subject} to {to}: {code}");
    }
    assert!(answers.values().any(|(_, code)| *code == 452), "somebody heard that the disk is full");
    for (subject, (to, code)) in answers.iter_mut().filter(|(_, (_, code))| *code != 250) {
        *code = send(&mut lmtp, to, subject);
        assert_eq!(*code, 250, "{subject} to {to}");
    }
    for login in PEOPLE {
        let mut found: Vec<String> =
            world.bodies(login, "INBOX").iter().map(|body| subject_of(body)).collect();
        let mut sent: Vec<String> =
            answers.iter().filter(|(_, (to, _))| *to == login).map(|(subject, _)| subject.clone()).collect();
        found.sort();
        sent.sort();
        assert_eq!(found, sent, "{login} has every message once");
    }
}

fn subject_of(message: &str) -> String {
    let line = message.lines().find_map(|line| line.strip_prefix("Subject: "));
    line.unwrap_or("(none)").to_owned()
}

/// The database stands on another disk, so the departure begins; there is no room for what it has to hand over.
#[test]
fn a_departure_that_meets_a_full_disk_is_tried_again_and_finishes() {
    let name = "full_disk::a_departure_that_meets_a_full_disk_is_tried_again_and_finishes";
    on_small_disk(name, DISK_MIB, |dir| {
        let elsewhere = server_dir().expect("a directory");
        let database = elsewhere.path().join("relais.db").display().to_string();
        let world = World::start_in(dir, Some(&database));
        for login in ["leaver", "heir"] {
            world.person(login, "Ursule Lefèvre");
        }
        for number in 0..20 {
            assert_eq!(world.lmtp("leaver@bm.com", &message(&format!("number {number}"))).code, 250);
        }
        let ballast = Ballast::fill(dir, Lack::BytesAndFiles).expect("filled");
        let order = json!({ "to": "heir@bm.com", "reason": "retraite" });
        let departure = world.must("POST", "/accounts/leaver@bm.com/departure", order);
        let id = departure["id"].as_str().expect("an id");
        let found = wait_for(LIMIT, "the departure meets the full disk", || {
            let found = world.must("GET", &format!("/departures/{id}"), Value::Null);
            found["trouble"].is_string().then_some(found)
        });
        assert_eq!(found["state"], "running", "{found}");
        drop(ballast);
        world.wait_until_state(id, "finished");
        let mut subjects: Vec<String> =
            world.bodies("heir", "leaver@bm․com/INBOX").iter().map(|body| subject_of(body)).collect();
        let mut sent: Vec<String> = (0..20).map(|number| format!("number {number}")).collect();
        subjects.sort();
        sent.sort();
        assert_eq!(subjects, sent, "each message once");
        world.check_chain();
    })
    .expect("a small disk");
}
