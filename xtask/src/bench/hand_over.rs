//! Handing over 50,000 messages, beside `cp -al` of the same mailbox: hard links both, ours with heads read for what is
//! personal, everything synced, and hashes of the result for the certificate measured apart.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, bail};
use relais_testbed::net::wait_for;
use relais_testbed::server::{Configuration, Server};
use serde_json::{Value, json};

use super::scale::median;
use super::{BenchContext, Figure};
use crate::run::scenario;
use crate::workspace::{self, Profile};

const MESSAGES: usize = 50_000;
const FOLDERS: usize = 10;
const ROUNDS: usize = 3;

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_relais(Profile::Release)?;
    let data = context.directory("hand-over")?;
    let mut configuration = Configuration::for_test();
    (configuration.imap_port, configuration.pop3_port, configuration.sieve_port) = (0, 0, 0);
    let server = super::start(&program, &data, configuration)?;
    scenario::create_organisation(&server)?;
    scenario::create_account(&server, "heir@bm.com", "Heir", None)?;
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let leaver = format!("leaver{round}@bm.com");
        scenario::create_account(&server, &leaver, "Leaver", None)?;
        let account = server.must("GET", &format!("/accounts/{leaver}"), &Value::Null)?;
        let home = data.join("mail/boxes").join(account["mailbox"].as_str().context("a mailbox")?);
        fill(&home.join("Maildir"))?;
        give_back(&data, &server)?;
        let copy = context.directory(&format!("copy-{round}"))?;
        // The first reader of a directory pays for everyone: both find it warm.
        Command::new("du").arg("-s").arg(&home).output()?;
        let start = Instant::now();
        let status = Command::new("cp").arg("-al").arg(home.join("Maildir")).arg(&copy).status()?;
        if !status.success() {
            bail!("cp -al failed: {status}");
        }
        peers.push(start.elapsed().as_secs_f64());
        std::fs::remove_dir_all(&copy)?;
        ours.push(depart(&server, &leaver)?);
    }
    Ok(vec![Figure {
        name: "hand-over-50k-whole-departure".to_owned(),
        ours: median(ours),
        peer: Some(median(peers)),
        limit: None,
        unit: "s",
    }])
}

fn fill(maildir: &Path) -> anyhow::Result<()> {
    for folder in 0..FOLDERS {
        let path = if folder == 0 { maildir.to_owned() } else { maildir.join(format!(".Dossier{folder}")) };
        for name in ["tmp", "new", "cur"] {
            std::fs::create_dir_all(path.join(name))?;
        }
        for number in 0..MESSAGES / FOLDERS {
            let text = format!(
                "From: a@far.example\r\nSubject: message {number}\r\nMessage-ID: <{folder}.{number}@far>\r\n\r\n{}\r\n",
                "text ".repeat(400)
            );
            let name = format!("170000{number:04}.M{number}P1Q{number}.bench,S={}:2,S", text.len());
            std::fs::write(path.join("cur").join(name), text)?;
        }
    }
    Ok(())
}

/// What we wrote as root belongs to the server's user.
fn give_back(data: &Path, server: &Server) -> anyhow::Result<()> {
    let Some(user) = &server.configuration.user else { return Ok(()) };
    let status = Command::new("chown").arg("-R").arg(format!("{user}:")).arg(data.join("mail")).status()?;
    if !status.success() {
        bail!("chown failed: {status}");
    }
    Ok(())
}

/// The whole departure, from the order to the certificate, with the hashes of all 50,000 messages.
fn depart(server: &Server, leaver: &str) -> anyhow::Result<f64> {
    let start = Instant::now();
    let order = json!({ "to": "heir@bm.com", "reason": "bench" });
    let departure = server.must("POST", &format!("/accounts/{leaver}/departure"), &order)?;
    let path = format!("/departures/{}", departure["id"].as_str().context("an id")?);
    wait_for(std::time::Duration::from_secs(300), "the departure ends", || {
        let found = server.must("GET", &path, &Value::Null).ok()?;
        (found["state"] == "finished").then_some(())
    });
    Ok(start.elapsed().as_secs_f64())
}
