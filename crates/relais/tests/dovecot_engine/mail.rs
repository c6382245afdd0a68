//! Messages, as they were stored, and the scripts that sort them.

use crate::{ALICE, LIMIT, PASSWORD, World};
use anyhow::Result;
use relais_testbed::net::{Lines, give_to_server, wait_for};
use relais_testbed::pop3::Pop3;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

#[test]
fn a_message_comes_back_as_it_was_stored() {
    let world = World::new();
    let message =
        b"From: a@x.test\r\nSubject: =?utf-8?q?=C3=A9?=\r\n\r\n.one\r\n\xc3\xa9\t\x01 {3}\r\nend\r\n";
    let date = "01-Feb-2003 04:05:06 +0000";
    let mut imap = world.login(ALICE);
    imap.append("INBOX", &["\\Seen", "$Label1"], Some(date), message).unwrap().unwrap();
    imap.create("A \"b\" \\c").unwrap();
    assert_eq!(imap.select("INBOX").unwrap(), Ok(1));
    imap.copy("1", "A \"b\" \\c").unwrap();
    imap.store("1", "+FLAGS", &["\\Flagged"]).unwrap();
    let messages = imap.fetch_all("INBOX").unwrap();
    assert_eq!(messages[0].body, message);
    assert_eq!(messages[0].internal_date.trim_start_matches('0'), date.trim_start_matches('0'));
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

#[test]
fn a_hard_linked_message_appears_to_a_waiting_client() {
    let world = World::new();
    let mut alice = world.login(ALICE);
    alice.append("INBOX", &[], None, b"Subject: x\r\n\r\nhi\r\n").unwrap().unwrap();
    assert_eq!(alice.select("INBOX").unwrap(), Ok(1));
    alice.idle_start().unwrap();
    let source = world.dir.path().join("source");
    std::fs::write(&source, "Subject: linked\n\nhi\n").unwrap();
    give_to_server(&source).unwrap();
    std::fs::hard_link(&source, world.maildir("box-1").join("cur/1000000000.M1P1.relais:2,S")).unwrap();
    wait_for(LIMIT, "EXISTS", || {
        let line = alice.wait_line(LIMIT).unwrap();
        line.filter(|line| line == "* 2 EXISTS")
    });
    alice.idle_done().unwrap();
    let linked = &alice.fetch_all("INBOX").unwrap()[1];
    assert_eq!(linked.body, b"Subject: linked\r\n\r\nhi\r\n");
    assert!(linked.flags.contains(&"\\Seen".to_owned()));
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
    for line in ["LHLO x.test\r\n", "MAIL FROM:<s@x.test>\r\n", &recipient, "DATA\r\n", &message, "QUIT\r\n"]
    {
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
        sieve.write(format!("PUTSCRIPT \"s\" {{{}+}}\r\n{script}\r\n", script.len()).as_bytes()).unwrap();
        sieve_response(sieve)
    };
    let token =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("\0{ALICE}\0{PASSWORD}"));
    sieve.write(format!("AUTHENTICATE \"PLAIN\" \"{token}\"\r\n").as_bytes()).unwrap();
    assert!(sieve_response(&mut sieve).starts_with("OK"));
    assert!(put(&mut sieve, "require \"vacation\"; vacation \"away\";").starts_with("NO"));
    let script = "require [\"fileinto\", \"mailbox\"]; fileinto :create \"Filed\";";
    assert!(put(&mut sieve, script).starts_with("OK"));
    sieve.write(b"SETACTIVE \"s\"\r\n").unwrap();
    assert!(sieve_response(&mut sieve).starts_with("OK"));

    let last = deliver(&world.dovecot().lmtp_socket(), "acc-1", "Subject: x\r\n\r\nhi").unwrap();
    assert!(last.starts_with("250"), "{last}");
    assert_eq!(world.login(ALICE).fetch_all("Filed").unwrap().len(), 1);

    // Accepted when it is stored, and refused when it would send: the message stays.
    assert!(put(&mut sieve, "redirect \"out@elsewhere.test\";").starts_with("OK"));
    deliver(&world.dovecot().lmtp_socket(), "acc-1", "Subject: y\r\n\r\nhi").unwrap();
    assert_eq!(world.login(ALICE).fetch_all("INBOX").unwrap().len(), 1);
}
