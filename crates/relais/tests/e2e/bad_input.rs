//! Bad input and bad days, against the real program: a clear answer each, nothing lost, nothing accepted and dropped.

use crate::world::{Database, LIMIT, World, message};
use relais_testbed::mail::{Lmtp, Smtp};
use relais_testbed::net::wait_for;
use relais_testbed::postgres::PrivatePostgres;
use relais_testbed::server::{Configuration, Server};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn smtp(world: &World) -> Smtp {
    Smtp::open(world.server.address(&world.server.configuration.smtp).expect("an address")).expect("greets")
}

/// SMTP smuggling: what ends a message for a careless server stays inside this one, which is refused whole.
#[test]
fn a_smuggled_second_message_is_refused_with_the_first() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    for smuggle in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r"] {
        let mut smtp = smtp(&world);
        for command in ["MAIL FROM:<a@far.example>", "RCPT TO:<user1@bm.com>"] {
            assert_eq!(smtp.0.command(command).expect("an answer").code, 250);
        }
        assert_eq!(smtp.0.command("DATA").expect("an answer").code, 354);
        let text = format!(
            "Subject: outside\r\n\r\ntext{smuggle}MAIL FROM:<b@far.example>\r\nRCPT TO:<user1@bm.com>\r\nDATA\r\n\
             Subject: inside\r\n\r\nforged\r\n.\r\n"
        );
        smtp.0.write(text.as_bytes()).expect("written");
        let reply = smtp.0.reply().expect("an answer");
        assert_eq!(reply.code, 550, "{smuggle:?}: {}", reply.text);
    }
    assert_eq!(world.bodies("user1", "INBOX").len(), 0);
}

/// Bytes that no client should send: an answer each, and the session goes on, until a line shows no end.
#[test]
fn bytes_that_are_no_text_are_answered() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    let mut smtp = smtp(&world);
    let long = [b"x".repeat(40_000).as_slice(), b"\r\n"].concat();
    for (line, code) in [
        (b"NO\0OP\r\n".as_slice(), 500),
        (b"NOOP\n\r\n", 500),
        (b"MAIL FROM:<caf\xe9@far.example>\r\n", 501),
        (&long, 500),
        (b"NOOP\r\n", 250),
    ] {
        smtp.0.write(line).expect("written");
        assert_eq!(
            smtp.0.reply().expect("an answer").code,
            code,
            "{:?}",
            line.escape_ascii().to_string().get(..40)
        );
    }
    for (text, code) in [
        (b"Subject: NUL\r\n\r\na\0b\r\n.\r\n".as_slice(), 550),
        (b"Subject: caf\xe9\r\n\r\n\xff\xfe is not UTF-8\r\n.\r\n", 250),
    ] {
        for (command, code) in
            [("MAIL FROM:<a@far.example>", 250), ("RCPT TO:<user1@bm.com>", 250), ("DATA", 354)]
        {
            assert_eq!(smtp.0.command(command).expect("an answer").code, code, "{command}");
        }
        smtp.0.write(text).expect("written");
        assert_eq!(smtp.0.reply().expect("an answer").code, code, "{}", text.escape_ascii());
    }
    let messages = world.imap("user1").fetch_all("INBOX").expect("messages");
    assert_eq!(messages.len(), 1, "old messages in another charset are taken as they are, NUL bytes are not");
    assert!(messages[0].body.ends_with(b"\r\n\r\n\xff\xfe is not UTF-8\r\n"));
    smtp.0.write(&b"x".repeat(70_000)).expect("written");
    assert_eq!(smtp.0.reply().expect("an answer").code, 500);
    assert!(smtp.0.reply().is_err(), "a line without end ends the session");
}

#[test]
fn a_message_that_is_too_large_is_refused_and_the_next_one_is_taken() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    let mut smtp = smtp(&world);
    let reply = smtp.0.command("MAIL FROM:<a@far.example> SIZE=104857600").expect("an answer");
    assert_eq!(reply.code, 552, "{}", reply.text);
    assert_eq!(world.lmtp("user1@bm.com", &message("small")).code, 250);
    assert_eq!(world.bodies("user1", "INBOX").len(), 1);
}

#[test]
fn ten_thousand_recipients_are_not_taken_at_once_and_none_is_dropped() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    let address = world.server.address(&world.server.configuration.lmtp).expect("an address");
    let mut lmtp = Lmtp::open(address).expect("greets");
    assert_eq!(lmtp.0.command("MAIL FROM:<a@far.example>").expect("an answer").code, 250);
    let (mut taken, mut later) = (0, 0);
    for number in 0..10_000 {
        match lmtp.0.command(&format!("RCPT TO:<user1+{number}@bm.com>")).expect("an answer").code {
            250 => taken += 1,
            452 => later += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((taken, later), (1000, 9000));
    lmtp.0.command("DATA").expect("an answer");
    lmtp.0.write(&message("many")).expect("written");
    lmtp.0.write(b".\r\n").expect("written");
    for _ in 0..taken {
        assert_eq!(lmtp.0.reply().expect("an answer").code, 250);
    }
    assert_eq!(world.bodies("user1", "INBOX").len(), 1, "one person has one copy");
}

/// Wrong tokens, other organisations' ids, broken documents: refused in words, and nothing changes.
#[test]
fn strangers_and_broken_requests_change_nothing() {
    let world = World::start(Database::Sqlite);
    let id = world.person("user1", "Ursule Lefèvre");
    world.must("POST", "/organisations", json!({ "name": "Ailleurs", "language": "en" }));
    let token = world.must("POST", "/organisations/Ailleurs/tokens", json!({ "name": "theirs" }));
    let theirs = token["secret"].as_str().expect("a secret").to_owned();
    for (secret, expected) in [("rlt_nonsense", 401), ("", 401), (theirs.as_str(), 404)] {
        let path = format!("/accounts/{id}/deactivate");
        let (status, problem) = world.as_bearer(secret, "POST", &path, json!({}));
        assert_eq!(status, expected, "{secret:?}: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
    }
    for (path, body) in [
        ("/accounts/user1@bm.com/rename", json!({ "address": "no address" })),
        ("/accounts/user1@bm.com/rename", json!({ "adress": "x@bm.com" })),
        ("/accounts/acc-zzz/rename", json!({ "address": "x@bm.com" })),
        ("/accounts/user1@bm.com/departure", json!({ "to": "nobody@bm.com" })),
        ("/accounts/user1@bm.com/aliases", json!({ "address": "abuse@bm.com" })),
        ("/accounts/user1@bm.com/aliases", json!({ "address": "x@elsewhere.example" })),
    ] {
        let (status, problem) = world.api("POST", path, body.clone());
        assert!((400..500).contains(&status), "{path} {body}: {status}");
        assert!(problem["detail"].as_str().is_some(), "{problem}");
    }
    let account = world.must("GET", "/accounts/user1@bm.com", Value::Null);
    assert_eq!((&account["state"], &account["address"]), (&json!("active"), &json!("user1@bm.com")));
}

/// A mailbox that cannot be written: refused for now, and taken once it can be written again.
#[test]
fn an_unwritable_mailbox_is_answered_for_now() {
    let world = World::start(Database::Sqlite);
    let id = world.person("user1", "Ursule Lefèvre");
    assert_eq!(world.lmtp("user1@bm.com", &message("first")).code, 250);
    let account = world.must("GET", &format!("/accounts/{id}"), Value::Null);
    let mailbox = account["mailbox"].as_str().expect("an id");
    let new = world.data().join("mail/boxes").join(mailbox).join("Maildir/new");
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o500)).expect("closed");
    let reply = world.lmtp("user1@bm.com", &message("second"));
    assert_eq!(reply.code, 451, "{}", reply.text);
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o700)).expect("opened");
    assert_eq!(world.lmtp("user1@bm.com", &message("second")).code, 250);
    assert_eq!(world.bodies("user1", "INBOX").len(), 2);
}

/// The database goes away and comes back: mail and people wait, nothing is taken in between, nothing is lost.
#[test]
fn a_database_that_is_gone_for_a_while_costs_nothing() {
    let dir = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").expect("a directory");
    let mut postgres = PrivatePostgres::start(dir.path()).expect("a database server");
    postgres.create_database("relais").expect("a database");
    let world = World::start_on(&postgres.url("relais"));
    world.person("user1", "Ursule Lefèvre");
    assert_eq!(world.lmtp("user1@bm.com", &message("before")).code, 250);
    postgres.stop().expect("stopped");
    let reply = world.lmtp("user1@bm.com", &message("meanwhile"));
    assert_eq!(reply.code, 451, "{}", reply.text);
    let (status, problem) = world.sign_in("user1");
    assert_eq!(status, 503, "{problem}");
    postgres.restart().expect("started");
    wait_for(LIMIT, "mail is taken again", || {
        (world.lmtp("user1@bm.com", &message("meanwhile")).code == 250).then_some(())
    });
    assert_eq!(world.bodies("user1", "INBOX").len(), 2);
    world.check_chain();
}

#[test]
fn a_start_that_cannot_work_says_what_to_do() {
    let dir = relais_testbed::net::server_dir().expect("a directory");
    let mut configuration = Configuration::for_test();
    configuration.rest.insert("smarthsot".to_owned(), "typo:25".into());
    let program = Path::new(env!("CARGO_BIN_EXE_relais"));
    let error =
        Server::start(program, dir.path(), configuration).err().expect("an unknown key stops the start");
    assert!(format!("{error:#}").contains("smarthsot"), "{error:#}");
}
