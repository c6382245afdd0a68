//! Backups through the real program: what is stored is what comes back, `restic` from Debian reads it, and a whole
//! instance comes back from a repository and its key.

use crate::world::{Database, ORGANISATION, World, message, percent};
use relais_testbed::imap::{Imap, Message};
use relais_testbed::net::server_dir;
use relais_testbed::server::{Configuration, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PERSONAL: &str = "Secret de famille";

/// Where the backups of the world are, and what opens them.
pub struct Store {
    pub location: String,
    pub key: String,
}

impl Store {
    pub fn of(world: &World) -> Self {
        Self::of_organisation(world, &percent(ORGANISATION))
    }

    pub fn of_organisation(world: &World, organisation: &str) -> Self {
        let found = world.must("GET", &format!("/organisations/{organisation}/backup-key"), Value::Null);
        let text = |name: &str| found[name].as_str().expect("a text").to_owned();
        Self { location: text("location"), key: text("key") }
    }

    /// What the stock program says.
    pub fn restic(&self, words: &[&str]) -> Output {
        let mut restic = Command::new("restic");
        restic.args(["--no-lock", "--no-cache", "-r", &self.location]).args(words);
        restic.env("RESTIC_PASSWORD", &self.key).output().expect("restic starts: install the package restic")
    }

    pub fn restic_agrees(&self) {
        let said = self.restic(&["check", "--read-data"]);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }
}

/// Backs up everything, and answers the generation, which ended verified.
pub fn back_up(world: &World) -> String {
    let said = world.typed(&["backup", "run", "--json"]);
    let found: Value = serde_json::from_str(&said).expect("a document");
    assert_eq!(found["state"], "verified", "{found}");
    found["id"].as_str().expect("an id").to_owned()
}

/// Restores and answers the report; `words` come after the generation and the holder.
fn restore(world: &World, generation: &str, holder: &str, words: &[&str]) -> Value {
    let mut typed = vec!["backup", "restore", generation, holder, "--reason", "une perte", "--json"];
    typed.extend(words);
    serde_json::from_str(&world.typed(&typed)).expect("a document")
}

/// Bodies, flags and dates by folder; UIDs are new after a restore.
fn contents(imap: &mut Imap) -> BTreeMap<String, Vec<(String, Vec<String>, String)>> {
    let folders = imap.list("*").expect("folders");
    let read = |imap: &mut Imap, folder: &str| {
        let exists = imap.select_raw(folder).expect("an answer").expect("it opens");
        let all = if exists == 0 { Vec::new() } else { imap.fetch_selected().expect("messages") };
        let mut all: Vec<_> = all.into_iter().map(told).collect();
        all.sort();
        all
    };
    folders
        .into_iter()
        .map(|folder| {
            let all = read(imap, &folder);
            (folder, all)
        })
        .collect()
}

fn told(message: Message) -> (String, Vec<String>, String) {
    let mut flags: Vec<_> = message.flags.into_iter().filter(|flag| flag != "\\Recent").collect();
    flags.sort();
    (String::from_utf8(message.body).expect("text"), flags, message.internal_date)
}

const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bm//test//\r\nBEGIN:VEVENT\r\nUID:e1\r\n\
                     DTSTART:20261122T100000Z\r\nDTSTAMP:20261121T100000Z\r\nSUMMARY:Réunion\r\nEND:VEVENT\r\n\
                     END:VCALENDAR\r\n";
const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c1\r\nFN:Zoé\r\nN:Zoé;;;;\r\nEND:VCARD\r\n";

/// Mail of Anne, some of it personal; her calendar and address book; mail of Bruno; a shared mailbox of both.
fn fill(world: &World) -> BTreeMap<&'static str, String> {
    let ids: BTreeMap<_, _> =
        [("anne", "Anne"), ("bruno", "Bruno")].map(|(login, name)| (login, world.person(login, name))).into();
    let shared = world.of_organisation(
        "POST",
        "/shared-mailboxes",
        json!({ "address": "aide@bm.com", "name": "Aide" }),
    );
    for login in ["anne", "bruno"] {
        let path = format!("/shared-mailboxes/aide@bm.com/members/{login}@bm.com");
        world.must("PUT", &path, json!({ "right": "read_write" }));
    }
    let mut anne = world.imap("anne");
    anne.create("Projets/Été").expect("created");
    anne.create("Vide").expect("created");
    anne.create("Personnel").expect("created");
    anne.subscribe("Projets/Été").expect("subscribed");
    let date = Some("21-Nov-2025 20:31:51 +0000");
    for (folder, flags, subject) in [
        ("INBOX", vec!["\\Seen"], "facture"),
        ("INBOX", vec!["\\Flagged", "$Forwarded"], "devis"),
        ("Projets/Été", vec!["\\Answered", "\\Seen"], "plage"),
        ("Personnel", vec![], PERSONAL),
    ] {
        anne.append(folder, &flags, date, &message(subject)).expect("an answer").expect("taken");
    }
    for (to, subject) in [("anne@bm.com", "delivered"), ("bruno@bm.com", "for bruno")] {
        assert_eq!(world.lmtp(to, &message(subject)).code, 250);
    }
    let (dav, home) = (world.dav("anne"), format!("/dav/{}", ids["anne"]));
    for (path, body) in [("calendar/e1.ics", EVENT), ("contacts/c1.vcf", CARD)] {
        assert_eq!(dav.ask("PUT", &format!("{home}/{path}"), &[], body).expect("an answer").status, 201);
    }
    let mut ids = ids;
    ids.insert("aide", shared["id"].as_str().expect("an id").to_owned());
    ids
}

/// The files of messages below a directory, by their bytes.
fn bytes_below(dir: &Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let inside = path.file_name().is_some_and(|name| name != "tmp");
        if path.is_dir() && inside {
            found.extend(bytes_below(&path));
        } else if path.parent().is_some_and(|dir| dir.ends_with("cur") || dir.ends_with("new")) {
            found.push(std::fs::read(path).expect("a message"));
        }
    }
    found.sort();
    found
}

fn number(report: &Value, path: &str) -> u64 {
    report.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("{path} in {report}"))
}

#[test]
fn bytes_that_are_restored_are_the_bytes_that_were_stored() {
    let world = World::start(Database::Sqlite);
    let ids = fill(&world);
    let before = contents(&mut world.imap("anne"));
    let mailbox = world.must("GET", "/accounts/anne@bm.com", Value::Null)["mailbox"].clone();
    let boxes = world.data().join("mail/boxes");
    let own = boxes.join(mailbox.as_str().expect("an id")).join("Maildir");
    let stored = bytes_below(&own);
    assert_eq!(stored.len(), 5);
    let generation = back_up(&world);
    let store = Store::of(&world);
    store.restic_agrees();
    let listed = store.restic(&["snapshots", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("a list");
    assert_eq!(listed.as_array().map(Vec::len), Some(4), "two people, a shared mailbox, the rows: {listed}");

    // Erased by a client that is then still connected; what is planned is what is done.
    let mut anne = world.imap("anne");
    anne.select("INBOX").expect("an answer").expect("opens");
    anne.store("1:*", "+FLAGS", &["\\Deleted"]).expect("marked");
    anne.command("EXPUNGE").expect("an answer").expect("erased");
    let planned = restore(&world, &generation, "anne@bm.com", &["--dry-run"]);
    assert_eq!(world.bodies("anne", "INBOX").len(), 0, "a dry run writes nothing");
    let done = restore(&world, &generation, "anne@bm.com", &[]);
    assert_eq!(planned["mail"], done["mail"]);
    assert_eq!((number(&done, "/mail/added"), number(&done, "/mail/already_there")), (3, 2), "{done}");
    assert_eq!(contents(&mut world.imap("anne")), before);
    assert!(bytes_below(&own) == stored, "the bytes are not those that were stored");
    let again = restore(&world, &generation, "anne@bm.com", &[]);
    assert_eq!((number(&again, "/mail/added"), number(&again, "/mail/already_there")), (0, 5), "{again}");

    // To somebody else, without what is personal.
    let given = restore(&world, &generation, "anne@bm.com", &["--into", "bruno@bm.com", "--beside"]);
    assert_eq!((number(&given, "/mail/added"), number(&given, "/mail/personal_left_out")), (4, 1), "{given}");
    let bruno = contents(&mut world.imap("bruno"));
    let of_anne: Vec<_> = bruno.iter().filter(|(name, _)| name.starts_with("Restaur")).collect();
    assert_eq!(of_anne.iter().map(|(_, all)| all.len()).sum::<usize>(), 4, "{bruno:?}");
    assert!(!format!("{bruno:?}").contains(PERSONAL));
    let again = restore(&world, &generation, "anne@bm.com", &["--into", "bruno@bm.com", "--beside"]);
    assert_eq!(number(&again, "/mail/added"), 0, "{again}");
    let planned = restore(&world, &generation, "anne@bm.com", &["--into", "aide@bm.com", "--dry-run"]);
    let given = restore(&world, &generation, "anne@bm.com", &["--into", "aide@bm.com"]);
    assert_eq!(planned["mail"], given["mail"]);
    let shared = bytes_below(&boxes.join(&ids["aide"]).join("Maildir"));
    let is_personal = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains(PERSONAL);
    let given: Vec<_> = stored.into_iter().filter(|bytes| !is_personal(bytes)).collect();
    assert!(shared == given, "the bytes are not those that were stored");

    // A calendar that its owner has lost.
    let dav = world.dav("anne");
    let calendar = format!("/dav/{}/calendar", ids["anne"]);
    let entry = format!("{calendar}/e1.ics");
    assert!(dav.ask("DELETE", &entry, &[], "").expect("an answer").status < 300);
    let words = ["--collection", "calendar"];
    assert_eq!(number(&restore(&world, &generation, "anne@bm.com", &words), "/collections/0/restored"), 1);
    assert_eq!(dav.ask("GET", &entry, &[], "").expect("an answer").text(), EVENT);
    assert_eq!(number(&restore(&world, &generation, "anne@bm.com", &words), "/collections/0/restored"), 0);
    nobody_else_reads_what_is_personal(&world, &generation, &store);
    back_up(&world);
    store.restic_agrees();
    world.check_chain();
}

/// In no answer about Anne's snapshot, whatever is asked for.
fn nobody_else_reads_what_is_personal(world: &World, generation: &str, store: &Store) {
    let reason = ["--reason", "une enquête"];
    for words in [vec!["tree"], vec!["messages"], vec!["messages", "--subject", PERSONAL]] {
        let mut typed = vec!["backup", words[0], generation, "anne@bm.com", "--json"];
        typed.extend(&words[1..]);
        typed.extend(reason);
        let said = world.typed(&typed);
        assert!(!said.contains(PERSONAL) && said.contains("\"personal_messages\":1"), "{words:?}: {said}");
    }
    let held: Value = world.must("GET", &format!("/backups/{generation}/snapshots"), Value::Null);
    let of_anne = held.as_array().expect("a list").iter().find(|one| one["personal_messages"] == 1);
    let snapshot = of_anne.expect("hers")["id"].as_str().expect("an id");
    let listed = store.restic(&["ls", snapshot]);
    let listed = String::from_utf8(listed.stdout).expect("text");
    let paths = || listed.lines().filter_map(|line| line.strip_prefix("/mail/.Personnel/"));
    let personal = paths().find(|name| *name != "index.jsonl").expect("it is in the backup");
    for door in ["", "/eml"] {
        let path =
            format!("/backups/{generation}/anne@bm.com/messages/.Personnel/{personal}{door}?reason=enquete");
        let (status, problem) = world.api("GET", &path, Value::Null);
        assert_eq!((status, &problem["code"]), (403, &json!("personal")), "{problem}");
    }
    let file = world.data().join("folder.mbox");
    let output = file.display().to_string();
    let typed =
        ["backup", "download", generation, "anne@bm.com", "--folder", ".Personnel", "--output", &output];
    world.typed(&[&typed[..], &reason].concat());
    assert_eq!(std::fs::read_to_string(&file).expect("written"), "");
}

/// A directory with a configuration, on which no server has run.
pub struct Fresh {
    dir: tempfile::TempDir,
    configuration: Configuration,
}

impl Fresh {
    pub fn new(configuration: Configuration) -> Self {
        let dir = server_dir().expect("a directory");
        configuration.write(dir.path()).expect("written");
        Self { dir, configuration }
    }

    fn command(&self, store: &Store) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relais"));
        command.args(["--language", "fr", "restore", "--instance", "--location", &store.location]);
        command.arg("--data").arg(self.dir.path()).env("RELAIS_BACKUP_KEY", &store.key);
        command.env("AWS_ACCESS_KEY_ID", "key").env("AWS_SECRET_ACCESS_KEY", "secret");
        command
    }

    pub fn restore(&self, store: &Store) -> (bool, String) {
        let output = self.command(store).output().expect("the program starts");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).expect("text"))
    }

    /// As a power cut would, after so many lines.
    fn restore_until_killed(&self, store: &Store, lines: usize) {
        let mut child =
            self.command(store).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
        let said = BufReader::new(child.stdout.take().expect("piped"));
        for line in said.lines().take(lines) {
            line.expect("a line");
        }
        child.kill().expect("killed");
        child.wait().expect("ended");
    }

    pub fn start(self) -> World {
        let program = Path::new(env!("CARGO_BIN_EXE_relais"));
        let server = Server::start(program, self.dir.path(), self.configuration).expect("starts");
        World::around(server, self.dir)
    }
}

/// A world whose backups lie outside of its data.
fn world_with_backups_elsewhere() -> (World, PathBuf, tempfile::TempDir) {
    let elsewhere = server_dir().expect("a directory");
    let location = elsewhere.path().join("backups");
    let world = World::start(Database::Sqlite);
    world.typed(&["backup", "policy", "--location", &location.display().to_string()]);
    (world, location, elsewhere)
}

#[test]
fn an_instance_comes_back_from_its_backups_and_their_key() {
    let (mut world, location, _elsewhere) = world_with_backups_elsewhere();
    let ids = fill(&world);
    world.typed(&["account", "deactivate", "bruno@bm.com"]);
    let before = contents(&mut world.imap("anne"));
    let told = world.typed(&["explain", "anne@bm.com"]);
    back_up(&world);
    let store = Store::of(&world);
    assert_eq!(Path::new(&store.location), location);
    world.server.kill_9().expect("killed");

    let fresh = Fresh::new(Configuration::for_test());
    let wrong = Store { key: "another".to_owned(), location: store.location.clone() };
    let (done, said) = fresh.restore(&wrong);
    assert!(!done && said.contains("La clé n'ouvre pas"), "{said}");
    let nowhere = Store { location: format!("{}x", store.location), key: store.key.clone() };
    let (done, said) = fresh.restore(&nowhere);
    assert!(!done && said.contains("ne répond pas ou n'existe pas"), "{said}");
    fresh.restore_until_killed(&store, 1);
    let (done, said) = fresh.restore(&store);
    assert!(done, "{said}");
    for line in ["anne@bm.com : 5 message(s), 2 fiche(s)", "bruno@bm.com : 1 message(s)", "aide@bm.com : 0"] {
        assert!(said.contains(line), "{line} in {said}");
    }
    let (done, said) = fresh.restore(&store);
    assert!(!done && said.contains(&format!("« {ORGANISATION} » est déjà sur cette instance")), "{said}");

    let again = fresh.start();
    assert!(again.sign_in("anne").0 < 300);
    assert!(again.sign_in("bruno").0 >= 400, "who was closed stays closed");
    assert_eq!(contents(&mut again.imap("anne")), before);
    assert_eq!(again.typed(&["explain", "anne@bm.com"]), told);
    let (dav, home) = (again.dav("anne"), format!("/dav/{}", ids["anne"]));
    for (path, body) in [("calendar/e1.ics", EVENT), ("contacts/c1.vcf", CARD)] {
        assert_eq!(dav.ask("GET", &format!("{home}/{path}"), &[], "").expect("an answer").text(), body);
    }
    again.check_chain();
    let events = again.typed(&["events", "--json"]);
    assert!(events.contains("instance.restored"), "{events}");
    assert_eq!(Store::of(&again).location, store.location);
    assert_eq!(again.lmtp("anne@bm.com", &message("after")).code, 250);
    let generation = back_up(&again);
    store.restic_agrees();
    let report = restore(&again, &generation, "anne@bm.com", &["--dry-run"]);
    assert_eq!((number(&report, "/mail/added"), number(&report, "/mail/already_there")), (0, 6), "{report}");
}
