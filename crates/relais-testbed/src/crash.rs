//! A rehearsal of bad luck: the program is killed at random instants while mail is delivered and people depart, and
//! then everything that was promised is looked for.
//!
//! Messages are sought as files, because an acknowledged message is one that is on disk, whoever asks.

use crate::corpus::random::Random;
use crate::mail::Lmtp;
use crate::net::wait_for;
use crate::server::Server;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const SENDERS: usize = 4;
const LIMIT: Duration = Duration::from_secs(120);

pub struct Plan {
    pub kills: u32,
    pub seed: u64,
    /// People who leave meanwhile, spread over the kills.
    pub departures: u32,
}

#[derive(Debug, Default)]
pub struct Report {
    pub kills: u32,
    pub acknowledged: usize,
    /// Acknowledged, and in no mailbox.
    pub missing: Vec<String>,
    /// In one mailbox more than once; what was handed over to it counts apart from what it received itself.
    pub twice: Vec<String>,
    pub unfinished: Vec<String>,
}

/// Sends, starts departures and kills as planned. The organisation exists and owns `bm.com`.
///
/// # Errors
/// When the program does not start again, or stops answering without having been killed.
pub fn rehearse(server: &mut Server, organisation: &str, plan: &Plan) -> Result<Report> {
    let organisation = organisation.replace(' ', "%20");
    let mut people = vec!["heir".to_owned()];
    people.extend((0..plan.departures).map(|number| format!("leaver{number}")));
    people.extend((0..3).map(|number| format!("stays{number}")));
    for login in &people {
        let body = json!({ "address": format!("{login}@bm.com"), "name": login });
        server.must("POST", &format!("/organisations/{organisation}/accounts"), &body)?;
    }
    let mail = Arc::new(Mail::default());
    let mut random = Random::new(plan.seed);
    let mut departures = Vec::new();
    for kill in 0..plan.kills {
        let senders = start_senders(server, &mail, &people, random.next())?;
        let due = plan.departures * (kill + 1) / plan.kills;
        while (departures.len() as u32) < due {
            let leaver = format!("leaver{}@bm.com", departures.len());
            departures.push(start_departure(server, &leaver, departures.len() % 2 == 0)?);
        }
        std::thread::sleep(Duration::from_millis(20 + random.next() % 400));
        server.kill_9()?;
        senders.stop();
        server.start_again()?;
    }
    mail.send_pending(&lmtp_address(server)?)?;
    let mut report = Report { kills: plan.kills, ..Report::default() };
    for departure in &departures {
        report.unfinished.extend(end_of(server, departure)?);
    }
    look_for_mail(&server.data, &mail, &mut report)?;
    Ok(report)
}

fn lmtp_address(server: &Server) -> Result<SocketAddr> {
    server.address(&server.configuration.lmtp)
}

/// What was sent: pending until it is acknowledged, whoever was killed in between.
#[derive(Default)]
struct Mail {
    numbers: AtomicU64,
    pending: Mutex<BTreeMap<u64, String>>,
    acknowledged: Mutex<Vec<u64>>,
}

impl Mail {
    /// One attempt. `Ok(false)` when there was no answer.
    fn attempt(&self, lmtp: &mut Lmtp, number: u64, to: &str) -> bool {
        let message = format!(
            "From: client@far.example\r\nTo: {to}\r\nSubject: number {number}\r\nMessage-ID: <crash-{number}@far.example>\r\n\
             \r\n{}\r\n",
            "text ".repeat(1 + number as usize % 200)
        );
        let Ok(replies) = lmtp.send("client@far.example", &[to], message.as_bytes()) else { return false };
        if replies.first().is_some_and(|reply| reply.code == 250) {
            self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push(number);
            self.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
            return true;
        }
        // Refused for now: it stays pending.
        true
    }

    fn send_pending(&self, address: &SocketAddr) -> Result<()> {
        let left = || self.pending.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for _ in 0..20 {
            let pending = left();
            if pending.is_empty() {
                return Ok(());
            }
            let mut lmtp = Lmtp::open(*address)?;
            for (number, to) in pending {
                self.attempt(&mut lmtp, number, &to);
            }
        }
        anyhow::bail!("{} messages are not taken", left().len())
    }
}

struct Senders {
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Senders {
    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            // A sender that panicked is a defect of this file and shows as messages that are not there.
            let _ = thread.join();
        }
    }
}

fn start_senders(server: &Server, mail: &Arc<Mail>, people: &[String], seed: u64) -> Result<Senders> {
    let stop = Arc::new(AtomicBool::new(false));
    let address = lmtp_address(server)?;
    let threads = (0..SENDERS).map(|sender| {
        let (stop, mail, people) = (stop.clone(), mail.clone(), people.to_vec());
        let mut random = Random::new(seed ^ sender as u64);
        std::thread::spawn(move || {
            let Ok(mut lmtp) = Lmtp::open(address) else { return };
            while !stop.load(Ordering::Relaxed) {
                // What is pending from before the last kill goes first, half of the time.
                let old = mail.pending.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let resend = old.into_iter().nth(sender).filter(|_| random.below(2) == 0);
                let (number, to) = resend.unwrap_or_else(|| {
                    let number = mail.numbers.fetch_add(1, Ordering::Relaxed);
                    (number, format!("{}@bm.com", random.pick(&people)))
                });
                mail.pending.lock().unwrap_or_else(PoisonError::into_inner).insert(number, to.clone());
                if !mail.attempt(&mut lmtp, number, &to) {
                    return;
                }
            }
        })
    });
    let threads = threads.collect();
    Ok(Senders { stop, threads })
}

fn start_departure(server: &Server, leaver: &str, undo: bool) -> Result<(String, bool)> {
    let order = json!({ "to": "heir@bm.com", "reason": "rehearsal" });
    let departure = server.must("POST", &format!("/accounts/{leaver}/departure"), &order)?;
    Ok((departure["id"].as_str().context("a departure has an id")?.to_owned(), undo))
}

/// Waits for the end; undoes it where that is planned. What does not come to an end is returned.
fn end_of(server: &Server, (id, undo): &(String, bool)) -> Result<Option<String>> {
    let path = format!("/departures/{id}");
    let reaches = |state: &str| {
        wait_for(LIMIT, &format!("departure {id} ends"), || {
            let found = server.must("GET", &path, &Value::Null).ok()?;
            (found["state"] == state || found["state"] == "held").then_some(found)
        })
    };
    let found = reaches("finished");
    if found["state"] != "finished" {
        return Ok(Some(found.to_string()));
    }
    if *undo {
        server.must("POST", &format!("{path}/undo"), &json!({}))?;
        let found = reaches("undone");
        if found["state"] != "undone" {
            return Ok(Some(found.to_string()));
        }
    }
    Ok(None)
}

fn look_for_mail(data: &Path, mail: &Mail, report: &mut Report) -> Result<()> {
    // Per message, in how many files of each mailbox it is: its own mail, and mail handed over to it.
    let mut found: BTreeMap<u64, BTreeMap<String, u32>> = BTreeMap::new();
    for mailbox in std::fs::read_dir(data.join("mail/boxes"))? {
        let mailbox = mailbox?.path();
        let name = mailbox.file_name().unwrap_or_default().to_string_lossy().into_owned();
        look_in(&mailbox.join("Maildir"), &name, &mut found)?;
    }
    let mut acknowledged = mail.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone();
    acknowledged.sort_unstable();
    acknowledged.dedup();
    report.acknowledged = acknowledged.len();
    for number in acknowledged {
        match found.get(&number) {
            None => report.missing.push(format!("message {number}")),
            Some(places) => {
                for (place, count) in places.iter().filter(|(_, count)| **count > 1) {
                    report.twice.push(format!("message {number} {count} times in {place}"));
                }
            }
        }
    }
    Ok(())
}

fn look_in(maildir: &Path, mailbox: &str, found: &mut BTreeMap<u64, BTreeMap<String, u32>>) -> Result<()> {
    for folder in std::fs::read_dir(maildir)? {
        let folder = folder?;
        let name = folder.file_name().to_string_lossy().into_owned();
        let (place, dirs) = match name.as_str() {
            "new" | "cur" => (mailbox.to_owned(), vec![folder.path()]),
            // The folder of one leaver and what is below it.
            other if other.starts_with('.') && folder.path().is_dir() => {
                let leaver = other.split('.').nth(1).unwrap_or_default();
                (format!("{mailbox}/{leaver}"), vec![folder.path().join("new"), folder.path().join("cur")])
            }
            _ => continue,
        };
        for dir in dirs.iter().filter(|dir| dir.is_dir()) {
            for file in std::fs::read_dir(dir)? {
                let text = String::from_utf8_lossy(&std::fs::read(file?.path())?).into_owned();
                let Some(number) = text.split("<crash-").nth(1).and_then(|rest| rest.split('@').next())
                else {
                    continue;
                };
                *found.entry(number.parse()?).or_default().entry(place.clone()).or_default() += 1;
            }
        }
    }
    Ok(())
}
