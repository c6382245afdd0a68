//! The reference procedure: a user leaves, in each of its forms, with mail before, during and after.

use crate::world::{Database, LIMIT, World, in_seconds, message, password_of};
use relais_testbed::corpus::Corpus;
use relais_testbed::filing;
use relais_testbed::net::wait_for;
use serde_json::{Value, json};

const FOLDER: &str = "user1@bm․com";

fn closed(world: &World, login: &str) {
    let address = format!("{login}@bm.com");
    let refusal = world.try_imap(&address, &password_of(login)).err().expect("IMAP refuses");
    assert!(refusal.0.contains("[CONTACTADMIN]"), "{}", refusal.0);
    world.try_pop(&address, &password_of(login)).err().expect("POP refuses");
    let (status, problem) = world.sign_in(login);
    assert_eq!(status, 403, "{problem}");
}

/// B1, B3, B5, B6, B12, B13, R3, X1, X3, X4, X6: the whole way, to a person.
fn to_a_person(database: Database) {
    let world = World::start(database);
    world.person("user1", "Ursule Lefèvre");
    world.person("usercs", "Camille Sérurier");
    let corpus = Corpus::new(7);
    let leaver = corpus.people().into_iter().find(|person| person.login == "user1").expect("user1");
    let messages = corpus.messages_of(&leaver);
    filing::file(&mut world.imap("user1"), &messages).expect("filed");
    assert_eq!(world.lmtp("user1@bm.com", &message("before by LMTP")).code, 250);
    assert!(world.smtp(&["user1@bm.com"], &message("before by SMTP")).iter().all(|reply| reply.code == 250));

    let (status, session) = world.sign_in("user1");
    assert_eq!(status, 201, "{session}");
    let secret = session["secret"].as_str().expect("a secret").to_owned();
    assert_eq!(world.as_bearer(&secret, "GET", "/me", Value::Null).0, 200);
    let mut idle = world.imap("user1");
    idle.select("INBOX").expect("an answer").expect("selected");
    idle.idle_start().expect("idle");

    let order = json!({ "to": "usercs@bm.com", "delete_after": in_seconds(8), "reason": "fin de contrat" });
    let plan = world.must("POST", "/accounts/user1@bm.com/departure/plan", order.clone());
    assert_eq!(plan["renamed_to"], "user1.bck@bm.com");
    assert_eq!(world.sign_in("user1").0, 201, "a plan changes nothing");
    let departure = world.depart("user1", order);

    // The first question after the commit is refused, and the session in IDLE is cut.
    wait_for(LIMIT, "the freeze", || {
        let found = world.must("GET", &format!("/departures/{departure}"), Value::Null);
        (found["steps_done"].as_u64() > Some(0)).then_some(())
    });
    closed(&world, "user1");
    assert_eq!(world.as_bearer(&secret, "GET", "/me", Value::Null).0, 401, "the session died");
    wait_for(LIMIT, "the session in IDLE is cut", || {
        match idle.wait_line(std::time::Duration::from_secs(1)) {
            Ok(Some(line)) if line.starts_with("* BYE") => Some(()),
            Ok(_) => None,
            Err(_) => Some(()),
        }
    });

    world.wait_until_at(&departure, "wait");
    assert_eq!(world.lmtp("user1@bm.com", &message("during")).code, 250);
    assert_eq!(world.count_of("usercs", "INBOX", "during"), 1);
    assert_eq!(world.lmtp("user1.bck@bm.com", &message("to the backup name")).code, 250, "B6");

    let finished = world.wait_until_state(&departure, "finished");
    assert_eq!(world.lmtp("user1@bm.com", &message("after")).code, 250);
    assert_eq!(world.count_of("usercs", "INBOX", "after"), 1, "B13");
    let gone = world.lmtp("user1.bck@bm.com", &message("nobody"));
    assert!(gone.code == 550 && gone.text.contains("5.1.6"), "{} {}", gone.code, gone.text);
    assert!(world.try_imap("user1.bck@bm.com", &password_of("user1")).is_err());

    let professional = messages.iter().filter(|message| !message.personal).count();
    let personal = messages.len() - professional;
    let certificate = world.must("GET", &format!("/departures/{departure}/certificate"), Value::Null);
    assert_eq!(certificate["personal_messages_left_out"], personal, "X4");
    assert_eq!(certificate["messages_handed_over"], professional + 2);
    let mut imap = world.imap("usercs");
    let mut found = 0;
    for folder in imap.list("*").expect("folders") {
        // The server names folders in modified UTF-7; the leaver's folder begins all of them.
        if folder.starts_with("user1@bm") {
            found += imap.select_raw(&folder).expect("an answer").expect("selected") as usize;
        }
    }
    assert_eq!(found, professional + 2);
    assert_eq!(world.count_of("usercs", &format!("{FOLDER}/INBOX"), "before by LMTP"), 1);
    assert_eq!(world.count_of("usercs", &format!("{FOLDER}/INBOX"), "before by SMTP"), 1);
    let answered =
        messages.iter().find(|message| !message.personal && message.folder == "INBOX").expect("one");
    let handed = imap.fetch_all(&format!("{FOLDER}/INBOX")).expect("messages");
    let same = handed.iter().find(|message| message.body == answered.bytes).expect("its bytes are unchanged");
    assert_eq!(instant(&same.internal_date), instant(&answered.imap_date()), "its date is kept");
    for flag in &answered.flags {
        assert!(same.flags.iter().any(|kept| kept == flag.imap()), "{} is kept", flag.imap());
    }

    let address = world.must("GET", "/addresses/user1@bm.com", Value::Null);
    assert_eq!(address["history"].as_array().map(Vec::len), Some(2), "X6: {address}");
    assert_eq!(
        finished["reports"].as_array().map(Vec::len),
        finished["plan"]["steps"].as_array().map(Vec::len)
    );
    world.check_chain();
}

/// The moment that an IMAP date names, whatever its time zone.
fn instant(date: &str) -> jiff::Timestamp {
    jiff::Zoned::strptime("%d-%b-%Y %H:%M:%S %z", date.trim()).expect("a date").timestamp()
}

#[test]
fn b3_to_a_person_on_sqlite() {
    to_a_person(Database::Sqlite);
}

#[test]
fn b3_to_a_person_on_postgresql() {
    to_a_person(Database::Postgres);
}

/// B4, B7, B8: a shared mailbox is made for the purpose, and a local copy stays meanwhile.
#[test]
fn b4_to_a_shared_mailbox_with_a_local_copy() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    world.person("usercs", "Camille Sérurier");
    world.person("other", "Odile Autre");
    assert_eq!(world.lmtp("user1@bm.com", &message("before")).code, 250);
    let departure = world.depart(
        "user1",
        json!({ "to": "usercs@bm.com", "shared_mailbox": "bp.user1@bm.com", "copy": "keep",
                "delete_after": in_seconds(8), "reason": "continuité" }),
    );
    world.wait_until_at(&departure, "wait");
    assert_eq!(world.lmtp("user1@bm.com", &message("during")).code, 250);
    assert_eq!(world.lmtp("bp.user1@bm.com", &message("directly")).code, 250);
    let shared = "shared/bp.user1@bm.com/INBOX";
    assert_eq!(world.count_of("usercs", shared, "during"), 1);
    assert_eq!(world.count_of("usercs", shared, "directly"), 1);
    assert_eq!(world.count_of("usercs", &format!("shared/bp.user1@bm.com/{FOLDER}/INBOX"), "before"), 1);
    assert_eq!(world.bodies("other", shared).len(), 0, "only members see it");
    world.wait_until_state(&departure, "finished");
    assert_eq!(world.lmtp("user1@bm.com", &message("after")).code, 250);
    assert_eq!(world.count_of("usercs", shared, "after"), 1);
    // B8: the copy that stayed with the leaver went after the rest before the deletion.
    assert_eq!(world.count_of("usercs", &format!("shared/bp.user1@bm.com/{FOLDER}/INBOX"), "during"), 1);
    let members = world.must("GET", "/shared-mailboxes/bp.user1@bm.com/members", Value::Null);
    assert_eq!(members.as_array().map(Vec::len), Some(1), "{members}");
    world.check_chain();
}

/// B10a, B10b: an admin reads the closed mailbox with a dated grant, by IMAP and by POP, and not what is personal.
#[test]
fn b10_a_recovery_grant_lets_an_admin_read_until_it_ends() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    world.person("usercs", "Camille Sérurier");
    for subject in ["dossier", "[perso] vacances"] {
        assert_eq!(world.lmtp("user1@bm.com", &message(subject)).code, 250);
    }
    let ask = || {
        world.api(
            "POST",
            "/accounts/user1@bm.com/grants",
            json!({ "reason": "dossier en cours", "ends_at": in_seconds(600) }),
        )
    };
    assert_eq!(ask().0, 409, "not while the account is active");
    let kept = json!({ "inbound": [{ "until": null, "do": "accept", "copy": "keep" }] });
    world.must("POST", "/accounts/user1@bm.com/deactivate", kept);
    closed(&world, "user1");
    let (status, grant) = ask();
    assert_eq!(status, 201, "{grant}");
    let secret = grant["secret"].as_str().expect("a secret");
    let mut imap = world.try_imap("user1@bm.com", secret).expect("the grant opens the mailbox");
    let messages = imap.fetch_all("INBOX").expect("messages");
    assert_eq!(messages.len(), 1, "what is personal is set aside");
    imap.create("copie").expect("created");
    imap.select("INBOX").expect("an answer").expect("selected");
    imap.copy("1:*", "copie").expect("B10a: an IMAP client copies");
    let mut pop = world.try_pop("user1@bm.com", secret).expect("POP too");
    assert_eq!(pop.retr_all().expect("messages").len(), 1, "B10b");
    pop.quit().expect("ended");

    // What is personal and comes later is set aside before the next look.
    assert_eq!(world.lmtp("user1@bm.com", &message("[privé] plus tard")).code, 250);
    let mut later = world.try_imap("user1@bm.com", secret).expect("still open");
    assert_eq!(later.fetch_all("INBOX").expect("messages").len(), 1);

    // Back again: the grant is over and everything is there.
    world.must("POST", "/accounts/user1@bm.com/reactivate", json!({}));
    assert!(world.try_imap("user1@bm.com", secret).is_err());
    wait_for(LIMIT, "what was set aside comes back", || {
        (world.bodies("user1", "INBOX").len() == 3).then_some(())
    });
    world.check_chain();
}

/// B14: an account of its own answers with a personal text.
#[test]
fn b14_an_account_of_its_own_answers() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    world.person("user2.out", "Absence");
    world.must("POST", "/accounts/user1@bm.com/rename", json!({ "address": "user1.bck@bm.com" }));
    world.must("POST", "/accounts/user1.bck@bm.com/deactivate", json!({}));
    world.must("POST", "/addresses/user1@bm.com/move", json!({ "to": "user2.out@bm.com" }));
    let text = "Ursule a quitté l'association, écrivez à Camille.";
    world.must(
        "PUT",
        "/accounts/user2.out@bm.com/inbound",
        json!([{ "until": null, "do": "accept", "copy": "keep", "reply": text }]),
    );
    answers_once(&world, text);
    assert_eq!(world.bodies("user2.out", "INBOX").len(), 2, "both messages are kept");
}

/// Two messages of one sender: one answer, in the spool because no smarthost is configured.
fn answers_once(world: &World, text: &str) {
    assert_eq!(world.lmtp("user1@bm.com", &message("first question")).code, 250);
    let _second = world.lmtp("user1@bm.com", &message("second question"));
    let spool = world.spool();
    assert_eq!(spool.len(), 1, "{spool:?}");
    assert_eq!(spool[0]["recipient"], "client@far.example");
    assert!(spool[0]["sender"].is_null(), "RFC 3834: the null sender");
    let id = spool[0]["id"].as_str().expect("an id");
    let file = std::fs::read(world.data().join("spool").join(id)).expect("its file");
    let written = relais_engines::message::Head::parse(&file);
    assert_eq!(written.auto_submitted.as_deref(), Some("auto-replied"));
    assert!(written.subject.starts_with("Réponse automatique"), "{}", written.subject);
    let whole = mail_text(&file);
    assert!(whole.contains(text), "{whole}");
}

fn mail_text(file: &[u8]) -> String {
    let parsed = mail_parser::MessageParser::default().parse(file).expect("a message");
    parsed.body_text(0).expect("a text").into_owned()
}

/// B15, X9: one responder for all who left, with a text for each address; it stores nothing and costs no licence.
#[test]
fn b15_a_responder_answers_for_who_left() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    let departure = world.depart("user1", json!({ "responder": "partis", "reply": "Ursule est partie." }));
    world.wait_until_state(&departure, "finished");
    let refusal = world.try_imap("user1.bck@bm.com", &password_of("user1")).err().expect("IMAP refuses");
    assert!(refusal.0.contains("[CONTACTADMIN]"), "{}", refusal.0);
    answers_once(&world, "Ursule est partie.");
    let refused = world.lmtp("user1@bm.com", &message("third question"));
    assert!(
        refused.code == 550 && refused.text.contains("5.2.1"),
        "answered already, and nothing is swallowed"
    );
    world.check_chain();
}

/// M13, M14, M15, R1: deactivate, reactivate, delete only what is deactivated.
#[test]
fn m13_to_m15_deactivate_reactivate_delete() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    assert_eq!(world.lmtp("user1@bm.com", &message("kept")).code, 250);
    assert_eq!(world.api("DELETE", "/accounts/user1@bm.com", Value::Null).0, 409, "deactivate first");
    world.must("POST", "/accounts/user1@bm.com/deactivate", json!({}));
    closed(&world, "user1");
    let refused = world.lmtp("user1@bm.com", &message("refused"));
    assert!(refused.code == 550 && refused.text.contains("5.2.1"), "{}", refused.text);
    world.must("POST", "/accounts/user1@bm.com/reactivate", json!({}));
    assert_eq!(world.count_of("user1", "INBOX", "kept"), 1);
    assert_eq!(world.lmtp("user1@bm.com", &message("again")).code, 250);
    world.must("POST", "/accounts/user1@bm.com/deactivate", json!({}));
    let (status, refused) = world.api("DELETE", "/accounts/user1@bm.com", Value::Null);
    assert_eq!((status, &refused["code"]), (409, &json!("backup_missing")), "X7");
    world.back_up("user1@bm.com");
    world.must("DELETE", "/accounts/user1@bm.com", Value::Null);
    let gone = world.lmtp("user1@bm.com", &message("gone"));
    assert!(gone.code == 550 && gone.text.contains("5.1.6"), "{}", gone.text);
    // Whoever receives the address afterwards does not receive the old mail.
    world.person("user1", "Une autre personne");
    assert_eq!(world.bodies("user1", "INBOX").len(), 0);
    world.check_chain();
}

/// X1, X2: undone, everything is as it was, and `explain` says where mail goes at each moment.
#[test]
fn x1_a_departure_is_undone() {
    let world = World::start(Database::Sqlite);
    world.person("user1", "Ursule Lefèvre");
    world.person("usercs", "Camille Sérurier");
    assert_eq!(world.lmtp("user1@bm.com", &message("mine")).code, 250);
    let departure = world.depart("user1", json!({ "to": "usercs@bm.com" }));
    world.wait_until_state(&departure, "finished");
    let route = world.must("GET", "/explain/user1@bm.com", Value::Null);
    assert!(route["trace"].to_string().contains("Camille"), "{route}");
    world.must("POST", &format!("/departures/{departure}/undo"), json!({}));
    world.wait_until_state(&departure, "undone");
    assert_eq!(world.count_of("user1", "INBOX", "mine"), 1);
    assert_eq!(world.bodies("usercs", &format!("{FOLDER}/INBOX")).len(), 0, "taken back");
    assert_eq!(world.lmtp("user1@bm.com", &message("mine again")).code, 250);
    assert_eq!(world.count_of("user1", "INBOX", "mine again"), 1);
    world.check_chain();
}
