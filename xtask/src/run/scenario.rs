//! What the demonstration does with the running program, in the words of its own command line. Everything that depends
//! on how those commands are spelled is in this file.

use std::process::Command;

use anyhow::{Context as _, bail};
use relais_testbed::corpus::{Corpus, DOMAIN, Person};
use relais_testbed::filing;
use relais_testbed::imap::Imap;
use serde_json::json;

use crate::command;
use crate::lmtp;
use relais_testbed::server::Server;

const SEED: u64 = 2026;
pub const LEAVER: &str = "user1@bm.com";
pub const SUCCESSOR: &str = "userCS@bm.com";
pub const ORGANISATION: &str = "Association BM";

/// The last thing the scenario writes: it is played once per data directory.
const CERTIFICATE: &str = "demonstration-certificate.json";

/// Written when people and mail are there: from then on the one who leaves may be unable to sign in.
const FILED: &str = "demonstration-mail-filed";

/// The password of a person of the demonstration; it is printed, and protects nothing.
pub fn password_of(person: &Person) -> String {
    format!("just-for-show-{}", person.login)
}

pub fn people() -> Vec<Person> {
    Corpus::new(SEED).people()
}

pub fn play(server: &Server) -> anyhow::Result<()> {
    let certificate = server.data.join(CERTIFICATE);
    if certificate.exists() {
        eprintln!("==> the departure of {LEAVER} took place in an earlier run; its certificate:");
        print!("{}", std::fs::read_to_string(&certificate)?);
        return Ok(());
    }
    let filed = server.data.join(FILED);
    if !filed.exists() {
        create_people(server)?;
        fill_mailboxes(server)?;
        std::fs::write(&filed, "")?;
    }
    write_to_leaver(server, "Avant le départ")?;
    depart(server)?;
    write_to_leaver(server, "Après le départ")?;
    explain(server)?;
    let text = keep_certificate(server)?;
    std::fs::write(&certificate, text)?;
    Ok(())
}

fn create_people(server: &Server) -> anyhow::Result<()> {
    eprintln!("==> creating the organisation {DOMAIN} and its people");
    create_organisation(server)?;
    for person in people() {
        create_account(server, &person.address(), person.name, Some(&password_of(&person)))?;
    }
    Ok(())
}

/// Accounts for a benchmark on an empty instance; their addresses.
pub fn create_recipients(server: &Server, count: usize) -> anyhow::Result<Vec<String>> {
    create_organisation(server)?;
    let mut addresses = Vec::new();
    for number in 0..count {
        let address = format!("reader{number}@{DOMAIN}");
        create_account(server, &address, "Reader", None)?;
        addresses.push(address);
    }
    Ok(addresses)
}

pub fn create_organisation(server: &Server) -> anyhow::Result<()> {
    make(server, "/organisations", &json!({ "name": ORGANISATION, "language": "fr" }))?;
    make(server, &of_organisation("/domains"), &json!({ "name": DOMAIN }))
}

pub fn create_account(
    server: &Server,
    address: &str,
    name: &str,
    password: Option<&str>,
) -> anyhow::Result<()> {
    let body = json!({ "address": address, "name": name, "password": password });
    make(server, &of_organisation("/accounts"), &body)
}

pub fn of_organisation(path: &str) -> String {
    format!("/organisations/{}{path}", ORGANISATION.replace(' ', "%20"))
}

/// Creates something; it may be there from a run that was interrupted.
fn make(server: &Server, path: &str, body: &serde_json::Value) -> anyhow::Result<()> {
    let (status, answer) = server.api("POST", path, body)?;
    let is_there = status == 409
        && matches!(answer["code"].as_str(), None | Some("conflict" | "domain_taken" | "address_taken"));
    if (200..300).contains(&status) || is_there {
        return Ok(());
    }
    bail!("POST {path} {body} answered {status}: {answer}")
}

/// Messages are filed in the order of the corpus, so what an interrupted run has filed is known by its number.
fn fill_mailboxes(server: &Server) -> anyhow::Result<()> {
    for person in people() {
        let messages = Corpus::new(SEED).messages_of(&person);
        let mut mailbox = Imap::connect(server.dovecot(server.configuration.imap_port))?;
        if let Err(refusal) = mailbox.login(&person.address(), &password_of(&person))? {
            bail!("{} cannot sign in: {}", person.address(), refusal.0);
        }
        eprintln!("==> filing {} messages for {}", messages.len(), person.address());
        filing::file(&mut mailbox, &messages)?;
    }
    Ok(())
}

/// Before one's eyes: the plan, then each step as it is done. One that an interrupted run began goes on by itself.
fn depart(server: &Server) -> anyhow::Result<()> {
    let wanted = ["depart", LEAVER, "--to", SUCCESSOR, "--reason", "fin de contrat", "--yes"];
    match departure(server)? {
        None => command::announce_and_run(server.command().args(wanted)),
        Some(id) => command::announce_and_run(server.command().args(["departure", "status", &id])),
    }
}

/// The departure of the one who leaves, if it was started.
fn departure(server: &Server) -> anyhow::Result<Option<String>> {
    let all = server.must("GET", &of_organisation("/departures"), &serde_json::Value::Null)?;
    let found = all.as_array().into_iter().flatten().find(|departure| departure["plan"]["leaver"] == LEAVER);
    Ok(found.and_then(|departure| departure["id"].as_str()).map(str::to_owned))
}

/// Shows what a stranger gets who writes to the one who leaves.
fn write_to_leaver(server: &Server, subject: &str) -> anyhow::Result<()> {
    let date = command::output(Command::new("date").arg("-R"))?;
    let date = date.trim();
    let message = format!(
        "Date: {date}\r\nFrom: Client <client@example.org>\r\nTo: <{LEAVER}>\r\nSubject: =?UTF-8?Q?{}?=\r\n\
         Message-ID: <{}.{}@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         Bonjour\r\n",
        subject.replace('è', "=C3=A8").replace('é', "=C3=A9").replace(' ', "_"),
        subject.split(' ').next().unwrap_or_default().replace('è', "e"),
        std::process::id(),
    );
    let mut connection = lmtp::Connection::open(&server.configuration.lmtp)?;
    let answer = connection.deliver("client@example.org", LEAVER, message.as_bytes())?;
    eprintln!("==> a mail to {LEAVER}: {answer}");
    Ok(())
}

fn explain(server: &Server) -> anyhow::Result<()> {
    command::announce_and_run(server.command().args(["explain", LEAVER]))
}

/// Shows the certificate to the person, and gives it back as JSON.
fn keep_certificate(server: &Server) -> anyhow::Result<String> {
    let id = departure(server)?.context("the departure is gone")?;
    command::announce_and_run(server.command().args(["departure", "certificate", &id]))?;
    command::output(server.command().args(["departure", "certificate", &id, "--json"]))
}
