//! The reference procedure with everything: backup, contacts and calendars, meetings, the person's own archive; with
//! real clients, and with restic as a second opinion.

use crate::world::{Database, LIMIT, World, in_seconds, message};
use relais_testbed::dav::{Answer, Dav, ask};
use relais_testbed::net::wait_for;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const OUTSIDE: &str = "ursule@maison.example";

fn event(uid: &str, properties: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bm//test//\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n\
         DTSTART:20990115T090000Z\r\nDTEND:20990115T100000Z\r\n{properties}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

fn meeting() -> String {
    let properties = "ATTENDEE:mailto:invite@bm.com\r\nDTSTAMP:20261121T100000Z\r\n\
                      ORGANIZER:mailto:user1@bm.com\r\nSUMMARY:Comité\r\n";
    event("m1", properties)
}

fn card(uid: &str, name: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\nEND:VCARD\r\n")
}

fn put(who: &Dav, path: &str, body: &str) -> Vec<u8> {
    let answer = who.ask("PUT", path, &[], body).expect("an answer");
    assert_eq!(answer.status, 201, "{path}: {}", answer.text());
    who.ask("GET", path, &[], "").expect("an answer").body
}

fn get(who: &Dav, path: &str) -> Answer {
    who.ask("GET", path, &[], "").expect("an answer")
}

/// What the leaver has: mail in folders, some of it personal, contacts, a calendar with a meeting to come.
struct Left {
    world: World,
    home: String,
    successor_home: String,
    plain: Vec<u8>,
    card: Vec<u8>,
}

impl Left {
    fn new() -> Self {
        let world = World::start(Database::Sqlite);
        let leaver = world.person("user1", "Ursule Lefèvre");
        let successor = world.person("usercs", "Camille Sérurier");
        world.person("invite", "Irène Invitée");
        world.typed(&["account", "profile", "set", "user1@bm.com", "--external-address", OUTSIDE]);
        for subject in ["dossier un", "dossier deux", "[perso] vacances"] {
            assert_eq!(world.lmtp("user1@bm.com", &message(subject)).code, 250);
        }
        let mut imap = world.imap("user1");
        imap.create("Projets").expect("created");
        imap.select("INBOX").expect("an answer").expect("selected");
        imap.copy("1", "Projets").expect("copied");
        let (home, successor_home) = (format!("/dav/{leaver}/"), format!("/dav/{successor}/"));
        let dav = world.dav("user1");
        put(&dav, &format!("{home}calendar/m1.ics"), &meeting());
        let private = "CLASS:PRIVATE\r\nDTSTAMP:20261121T100000Z\r\nSUMMARY:Médecin\r\n";
        put(&dav, &format!("{home}calendar/p1.ics"), &event("p1", private));
        let plain = event("e1", "DTSTAMP:20261121T100000Z\r\nSUMMARY:Inventaire\r\n");
        let plain = put(&dav, &format!("{home}calendar/e1.ics"), &plain);
        let card = put(&dav, &format!("{home}contacts/c1.vcf"), &card("c1", "Zoé"));
        Self { world, home, successor_home, plain, card }
    }

    /// The successor's collection that was the leaver's `name`.
    fn given(&self, name: &str) -> Option<String> {
        let found = self.world.must("GET", "/accounts/usercs@bm.com/collections", Value::Null);
        let own = found["own"].as_array().expect("collections");
        let names = own.iter().filter_map(|one| one["name"].as_str());
        names.into_iter().find(|one| one.starts_with(&format!("{name}-"))).map(str::to_owned)
    }
}

/// The message of the spool to somebody outside, as text.
fn letter_to(world: &World, recipient: &str) -> String {
    let row = world.spool().into_iter().find(|row| row["recipient"] == recipient).expect("a letter");
    let file = world.data().join("spool").join(row["id"].as_str().expect("an id"));
    let bytes = std::fs::read(file).expect("its file");
    let parsed = mail_parser::MessageParser::default().parse(&bytes).expect("a message");
    parsed.body_text(0).expect("a text").into_owned()
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("it is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// restic finds nothing wrong, and the leaver's card in the snapshot that the departure names.
fn restic_agrees(left: &Left, backup: &Value) {
    let key = left.world.of_organisation("GET", "/backup-key", Value::Null);
    let (location, key) = (key["location"].as_str().expect("a place"), key["key"].as_str().expect("a key"));
    assert_eq!(backup["location"], location);
    let restic = |arguments: &[&str]| {
        let mut command = Command::new("restic");
        run(command.args(["--no-cache", "-r", location]).args(arguments).env("RESTIC_PASSWORD", key))
    };
    assert!(restic(&["check", "--read-data"]).contains("no errors were found"));
    let snapshot = backup["snapshot"].as_str().expect("a snapshot");
    let files = restic(&["ls", snapshot]);
    let card = files.lines().find(|line| line.ends_with("/c1.vcf")).expect("the card is in it");
    assert_eq!(restic(&["dump", snapshot, card]).into_bytes(), left.card, "B10: byte by byte");
}

/// X4: looked at twice, taken once, opened with the password of the page by somebody else's program.
fn the_link_works_once(world: &World, letter: &str) {
    let address = world.server.address(&world.server.configuration.http).expect("an address");
    let path = letter.split_whitespace().find_map(|word| Some(&word[word.find("/exports/")?..]));
    let path = path.expect("a link");
    let page = ask(address, "GET", path, &[], "").expect("a page");
    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(ask(address, "GET", path, &[], "").expect("a page").body, page.body, "a look uses nothing up");
    let text = page.text();
    let password = text.split_once("<code>").and_then(|(_, rest)| rest.split_once("</code>"));
    let password = password.expect("a password").0;
    let archive = ask(address, "POST", path, &[], "").expect("the archive");
    assert_eq!(archive.status, 200, "{}", archive.text());
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("archive.zip");
    std::fs::write(&file, &archive.body).expect("written");
    let out = dir.path().join("out");
    run(Command::new("7z")
        .arg("x")
        .arg(format!("-p{password}"))
        .arg(format!("-o{}", out.display()))
        .arg(&file));
    let held = texts_below(&out);
    for part in ["Subject: dossier un", "Subject: [perso] vacances", "SUMMARY:Comité", "Médecin", "FN:Zoé"]
    {
        assert!(held.contains(part), "{part} is in it");
    }
    let mut wrong = Command::new("7z");
    let wrong = wrong.arg("t").arg("-pwrong").arg(&file).output().expect("it is installed");
    assert!(!wrong.status.success(), "without the password nothing opens");
    wait_for(LIMIT, "the link is used up", || {
        (ask(address, "GET", path, &[], "").expect("a page").status == 409).then_some(())
    });
    assert_eq!(ask(address, "POST", path, &[], "").expect("a page").status, 409);
}

fn texts_below(dir: &Path) -> String {
    let mut texts = String::new();
    for entry in std::fs::read_dir(dir).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            texts.push_str(&texts_below(&path));
        } else {
            texts.push_str(&String::from_utf8_lossy(&std::fs::read(&path).expect("readable")));
        }
    }
    texts
}

/// B9 to B11, X4, X7, X11: with backup, contacts, calendars, meetings and archive, by the command line to the deletion.
#[test]
fn b9_to_b11_everything_is_backed_up_given_on_and_certified() {
    let left = Left::new();
    let world = &left.world;
    let order = ["depart", "user1@bm.com", "--to", "usercs@bm.com", "--meetings", "transfer", "--export"];
    let until = in_seconds(20);
    let more = ["--delete-after", until.as_str(), "--reason", "fin de contrat"];
    let plan = world.typed(&[&order[..], &more, &["--plan"]].concat());
    for part in ["Comité", "Calendrier", OUTSIDE, "sauvegardé"] {
        assert!(plan.contains(part), "{part}: {plan}");
    }
    assert!(!plan.contains("Médecin"), "{plan}");
    let said = world.typed(&[&order[..], &more, &["--yes"]].concat());
    assert!(said.contains("Comité") && said.contains("lien envoyé à"), "{said}");

    // Given on as collections of the successor's own, with the client's bytes.
    let (calendar, contacts) =
        (left.given("calendar").expect("it is"), left.given("contacts").expect("it is"));
    let (successor, home) = (world.dav("usercs"), &left.successor_home);
    assert_eq!(get(&successor, &format!("{home}{contacts}/c1.vcf")).body, left.card);
    assert_eq!(get(&successor, &format!("{home}{calendar}/e1.ics")).body, left.plain);
    assert_eq!(get(&successor, &format!("{home}{calendar}/p1.ics")).status, 404, "what is personal is not");
    let moved = get(&successor, &format!("{home}{calendar}/m1.ics")).text();
    assert!(moved.contains("usercs@bm.com") && moved.contains("SUMMARY:Comité"), "{moved}");
    wait_for(LIMIT, "whoever was invited is told", || {
        let told = world.bodies("invite", "INBOX");
        assert!(told.len() < 2, "once: {told:?}");
        let message = told.first()?;
        assert!(message.contains("method=REQUEST") || message.contains("method=\"REQUEST\""), "{message}");
        Some(())
    });
    let letter = letter_to(world, OUTSIDE);

    // To the end: the account is deleted, and its archive is still there.
    let listed = world.of_organisation("GET", "/departures", Value::Null);
    let id = listed[0]["id"].as_str().expect("an id").to_owned();
    world.wait_until_state(&id, "finished");
    let certificate = world.must("GET", &format!("/departures/{id}/certificate"), Value::Null);
    let report = |step: &str| {
        let steps = certificate["steps"].as_array().expect("steps");
        steps.iter().find(|report| report["step"] == step).expect("it was done")["detail"].clone()
    };
    let backup = report("back_up");
    assert_eq!(
        (&backup["messages"], &backup["personal_messages"], &backup["items"]),
        (&json!(4), &json!(1), &json!(4))
    );
    assert!(backup["verified_at"].is_string());
    assert_eq!(report("hand_over_collections")["items"], 3);
    assert_eq!(report("hand_over_collections")["personal_items_left_out"], 1);
    assert_eq!(
        (&report("settle_meetings")["meetings"], &report("settle_meetings")["letters"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(report("export")["sent_to"], OUTSIDE);
    assert_ne!(report("delete")["backup"], backup["snapshot"], "one more, right before the deletion");
    let page = world.data().join("certificate.html");
    world.typed(&["departure", "certificate", &id, "--html", page.to_str().expect("text")]);
    let page = std::fs::read_to_string(page).expect("a page");
    for part in [backup["snapshot"].as_str().expect("an id"), "Calendrier", "Comité", OUTSIDE] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("Médecin") && !page.contains("vacances"));

    the_link_works_once(world, &letter);
    restic_agrees(&left, &backup);
    world.check_chain();
}

/// X1: undone before the deletion, everything is as it was.
#[test]
fn x1_with_everything_it_is_undone() {
    let left = Left::new();
    let world = &left.world;
    let order = json!({ "to": "usercs@bm.com", "meetings": "transfer", "export": "external_address" });
    let departure = world.depart("user1", order);
    world.wait_until_state(&departure, "finished");
    let letter = letter_to(world, OUTSIDE);
    let said = world.typed(&["departure", "undo", &departure, "--yes"]);
    assert!(said.contains("Le départ est annulé"), "{said}");

    let (dav, home) = (world.dav("user1"), &left.home);
    assert_eq!(get(&dav, &format!("{home}contacts/c1.vcf")).body, left.card);
    assert_eq!(get(&dav, &format!("{home}calendar/e1.ics")).body, left.plain);
    assert_eq!(get(&dav, &format!("{home}calendar/p1.ics")).status, 200);
    let meeting = get(&dav, &format!("{home}calendar/m1.ics")).text();
    assert!(meeting.contains("mailto:user1@bm.com") && !meeting.contains("usercs@"), "{meeting}");
    assert_eq!((left.given("calendar"), left.given("contacts")), (None, None));
    wait_for(LIMIT, "whoever was invited is told twice", || {
        (world.bodies("invite", "INBOX").len() == 2).then_some(())
    });
    let address = world.server.address(&world.server.configuration.http).expect("an address");
    let path = letter.split_whitespace().find_map(|word| Some(&word[word.find("/exports/")?..]));
    assert_eq!(ask(address, "GET", path.expect("a link"), &[], "").expect("a page").status, 409, "withdrawn");
    assert_eq!(world.bodies("user1", "INBOX").len(), 3);
    assert_eq!(world.bodies("user1", "Projets").len(), 1);
    world.check_chain();
}
