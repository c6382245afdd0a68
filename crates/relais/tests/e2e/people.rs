//! People on the real program: a forgotten password, a full mailbox, a list of a thousand accounts (M4, M8, M10).

use crate::world::{Database, LIMIT, World, message, password_of, percent};
use mail_parser::MessageParser;
use relais_testbed::net::wait_for;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};

const NEW: &str = "un tout nouveau mot de passe";

/// A page, as a browser asks for it where the letter says: status and text.
fn browse(url: &str, form: Option<&str>) -> (u16, String) {
    let rest = url.strip_prefix("http://").expect("the letter says where");
    let (authority, path) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(authority).expect("the program listens there");
    let (method, body) = form.map_or(("GET", ""), |form| ("POST", form));
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {authority}\r\nAccept-Language: en\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("a page");
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, answer)
}

/// The letters that wait for this address, the oldest first, read from the spool.
fn letters(world: &World, to: &str) -> Vec<String> {
    let mut rows = world.spool();
    rows.retain(|row| row["recipient"] == to);
    rows.reverse();
    let text = |row: &Value| {
        let file = world.data().join("spool").join(row["id"].as_str().expect("an id"));
        let bytes = std::fs::read(file).expect("the message of a row");
        let parsed = MessageParser::default().parse(&bytes).expect("a message");
        parsed.body_text(0).expect("a text").into_owned()
    };
    rows.iter().map(text).collect()
}

fn ask_link(world: &World, login: &str, elsewhere: &str, count: usize) -> String {
    let (status, answer) =
        world.api("POST", "/password-resets", json!({ "login": format!("{login}@bm.com") }));
    assert_eq!(status, 202, "{answer}");
    let all = wait_for(LIMIT, "the letter is written", || {
        Some(letters(world, elsewhere)).filter(|letters| letters.len() == count)
    });
    let letter = all.last().expect("a letter");
    let start = letter.find("http://").expect("a link");
    letter[start..].split_whitespace().next().expect("a link").to_owned()
}

fn forgotten(database: Database) {
    let world = World::start(database);
    for login in ["user1", "user2"] {
        world.person(login, "Ursule Lefèvre");
        let profile = json!({ "external_address": format!("{login}@far.example") });
        world.must("PUT", &format!("/accounts/{login}@bm.com/profile"), profile);
    }
    let url = ask_link(&world, "user1", "user1@far.example", 1);
    let (status, page) = browse(&url, None);
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("New password") && page.contains("<form method=\"post\">"), "{page}");
    let session = world.sign_in("user1").1["secret"].as_str().expect("a session").to_owned();
    let mut imap = world.imap("user1");

    let form = format!("password={0}&again={0}", NEW.replace(' ', "+"));
    let (status, page) = browse(&url, Some(&form));
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("Password changed"), "{page}");
    assert_eq!(world.as_bearer(&session, "GET", "/me", Value::Null).0, 401, "sessions are cut");
    assert!(imap.select("INBOX").is_err(), "live mail sessions are cut");
    assert!(world.try_imap("user1@bm.com", &password_of("user1")).is_err());
    assert!(world.try_imap("user1@bm.com", NEW).is_ok());
    assert_eq!(letters(&world, "user1@far.example").len(), 2, "the person is told");
    // Used twice.
    assert_eq!(browse(&url, Some(&form)).0, 409);
    assert_eq!(browse(&url, None).0, 409);

    // Deactivated in between.
    let url = ask_link(&world, "user2", "user2@far.example", 1);
    world.must("POST", "/accounts/user2@bm.com/deactivate", json!({}));
    assert_eq!(browse(&url, Some(&form)).0, 409);
    world.must("POST", "/accounts/user2@bm.com/reactivate", json!({}));
    assert_eq!(browse(&url, Some(&form)).0, 409, "what was void stays void");
    assert!(world.try_imap("user2@bm.com", &password_of("user2")).is_ok());
    world.check_chain();
}

#[test]
fn a_forgotten_password_is_replaced_by_the_link_in_a_letter_on_sqlite_m10() {
    forgotten(Database::Sqlite);
}

#[test]
fn a_forgotten_password_is_replaced_by_the_link_in_a_letter_on_postgresql_m10() {
    forgotten(Database::Postgres);
}

#[test]
fn a_changed_quota_holds_for_the_next_message_and_is_shown_to_mail_programs() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    assert_eq!(world.imap("user1").quota("INBOX").expect("an answer"), None);
    let quota =
        |bytes: Value| world.must("PUT", "/accounts/user1@bm.com/quota", json!({ "quota_bytes": bytes }));
    quota(json!(20 << 10));
    let large = [message("grand").as_slice(), &b"x".repeat(70).repeat(300)].concat();
    assert_eq!(world.lmtp("user1@bm.com", &large).code, 250);
    let reply = world.lmtp("user1@bm.com", &message("de trop"));
    assert_eq!(reply.code, 452, "{}", reply.text);
    let usage = world.must("GET", "/accounts/user1@bm.com/usage", Value::Null);
    assert_eq!((&usage["messages"], &usage["quota_bytes"]), (&json!(1), &json!(20 << 10)));
    assert!(usage["share"].as_f64() > Some(1.0), "{usage}");
    let (used, limit) = world.imap("user1").quota("INBOX").expect("an answer").expect("a limit");
    assert_eq!((used, limit), (21, 20), "what came in past Dovecot counts");

    quota(json!(100 << 10));
    assert_eq!(world.lmtp("user1@bm.com", &message("maintenant")).code, 250);
    let (_, limit) = world.imap("user1").quota("INBOX").expect("an answer").expect("a limit");
    assert_eq!(limit, 100);
    quota(Value::Null);
    assert_eq!(world.imap("user1").quota("INBOX").expect("an answer"), None);
}

fn relais(world: &World, line: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_relais"))
        .args(["--language", "fr", "--data"])
        .arg(world.data())
        .args(line)
        .output()
        .expect("the program runs")
}

/// The exit code, and what was written.
fn told(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn list(file: &Path) {
    let mut text = String::from("adresse;nom;prénom;téléphone;alias\r\n");
    for number in 0..1000 {
        write!(text, "p{number:04}@bm.com;Personne {number};Zoé;+33 1 {number:04};a{number:04}@bm.com\r\n")
            .expect("strings take text");
    }
    std::fs::write(file, text).expect("written");
}

fn lists(database: Database) {
    let world = World::start(database);
    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (made, exported, broken) = (path("comptes.csv"), path("export.csv"), path("erreurs.csv"));
    list(Path::new(&made));
    let (code, said) = told(&relais(&world, &["account", "import", &made]));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("À créer : 1000, à modifier : 0, inchangés : 0, refusés : 0."), "{said}");
    let (code, said) = told(&relais(&world, &["account", "import", &made, "--apply"]));
    assert_eq!((code, said.as_str()), (Some(0), "Créés : 1000, modifiés : 0, inchangés : 0, refusés : 0.\n"));
    assert_eq!(world.lmtp("a0999@bm.com", &message("bienvenue")).code, 250);

    let (code, said) = told(&relais(&world, &["account", "export", "--output", &exported]));
    assert_eq!(code, Some(0), "{said}");
    let text = std::fs::read_to_string(&exported).expect("a list");
    assert_eq!(text.lines().count(), 1001);
    let (code, said) = told(&relais(&world, &["account", "import", &exported, "--apply"]));
    assert_eq!((code, said.as_str()), (Some(0), "Créés : 0, modifiés : 0, inchangés : 1000, refusés : 0.\n"));

    // Every tenth line is wrong; the others go in.
    let mut text = String::from("address,name\n");
    for number in 0..100 {
        let domain = if number % 10 == 0 { "ailleurs.example" } else { "bm.com" };
        writeln!(text, "q{number}@{domain},Quidam").expect("strings take text");
    }
    std::fs::write(&broken, text).expect("written");
    for run in [&["account", "import", broken.as_str()][..], &["account", "import", &broken, "--apply"]] {
        let (code, said) = told(&relais(&world, run));
        assert_eq!(code, Some(1), "{said}");
        assert_eq!(said.lines().filter(|line| line.starts_with("ligne ")).count(), 10, "{said}");
        assert!(said.contains("ligne 12, q10@ailleurs.example : Le domaine ailleurs.example"), "{said}");
    }
    let path =
        format!("/organisations/{}/accounts?limit=1&state=invited", percent(crate::world::ORGANISATION));
    assert_eq!(world.must("GET", &path, Value::Null).as_array().map(Vec::len), Some(1));
    world.check_chain();
}

#[test]
fn a_thousand_accounts_go_in_and_come_out_on_sqlite_m4() {
    lists(Database::Sqlite);
}

#[test]
fn a_thousand_accounts_go_in_and_come_out_on_postgresql_m4() {
    lists(Database::Postgres);
}
