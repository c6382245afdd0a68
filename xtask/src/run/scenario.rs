//! What the demonstration does with the running program, in the words of its own command line. Everything that depends
//! on how those commands are spelled is in this file.

use std::process::Command;

use anyhow::{Context as _, bail};
use relais_testbed::corpus::{Corpus, DOMAIN, Person};
use relais_testbed::filing;
use relais_testbed::imap::Imap;

use crate::command;
use crate::lmtp;
use relais_testbed::server::Server;

const SEED: u64 = 2026;
pub const LEAVER: &str = "user1@bm.com";
pub const SUCCESSOR: &str = "userCS@bm.com";

/// The last thing the scenario writes: it is played once per data directory.
const CERTIFICATE: &str = "demonstration-certificate.json";

/// Written when people and mail are there: from then on the one who leaves may be unable to sign in.
const FILED: &str = "demonstration-mail-filed";

/// The password of a person of the demonstration; it is printed, and protects nothing.
pub fn password_of(person: &Person) -> String {
    format!("demo-{}", person.login)
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
        create_account(server, &person.address(), person.name, &password_of(&person))?;
    }
    Ok(())
}

/// Accounts for a benchmark on an empty instance; their addresses.
pub fn create_recipients(server: &Server, count: usize) -> anyhow::Result<Vec<String>> {
    create_organisation(server)?;
    let mut addresses = Vec::new();
    for number in 0..count {
        let address = format!("reader{number}@{DOMAIN}");
        create_account(server, &address, "Reader", "bench-reader")?;
        addresses.push(address);
    }
    Ok(addresses)
}

fn create_organisation(server: &Server) -> anyhow::Result<()> {
    unless_there(server.command().args([
        "organisation",
        "create",
        DOMAIN,
        "--name",
        "Association BM",
        "--json",
    ]))
}

fn create_account(server: &Server, address: &str, name: &str, password: &str) -> anyhow::Result<()> {
    let mut create = server.command();
    create.args(["account", "create", address, "--name", name, "--password", password, "--json"]);
    unless_there(&mut create)
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

fn depart(server: &Server) -> anyhow::Result<()> {
    let wanted = [LEAVER, "--to", SUCCESSOR];
    command::announce_and_run(server.command().args(["depart", "plan"]).args(wanted))?;
    command::announce_and_run(server.command().args(["depart", "start"]).args(wanted))
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
    command::announce_and_run(server.command().args(["depart", "certificate", LEAVER]))?;
    command::output(server.command().args(["depart", "certificate", LEAVER, "--json"]))
}

/// Runs a command that creates something; it may be there from a run that was interrupted.
fn unless_there(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| command::text(command))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let answers = String::from_utf8_lossy(&output.stdout);
    let is_there = |text: &str| text.contains("taken") || text.contains("exists");
    if output.status.success() || is_there(&answers) || is_there(&errors) {
        return Ok(());
    }
    bail!("{} failed: {}\n{answers}{errors}", command::text(command), output.status)
}
