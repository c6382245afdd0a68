//! The collaboration side on the real program, from the command line (M5, R1–R3, R5–R9, R11–R16, R18–R20): somebody is closed,
//! what they are in stays, what they own is reached or given, they come back as they were, and leave for good.

use crate::world::{Database, LIMIT, World, message, password_of};
use relais_testbed::net::wait_for;
use serde_json::{Value, json};

/// An application with some boards of `user1`, one of them shared with `user2`. Its token.
fn boards(world: &World) -> String {
    let made: Value =
        serde_json::from_str(&world.typed(&["--json", "application", "connect", "Tableaux"])).expect("JSON");
    let token = made["token"].as_str().expect("a token").to_owned();
    let item = |number: usize| {
        let shares =
            if number == 1 { json!([{ "with": "user2@bm.com", "right": "write" }]) } else { json!([]) };
        json!({ "external_id": format!("b{number}"), "kind": "board", "title": format!("Plan {number}"),
                "owner": "user1@bm.com", "shares": shares })
    };
    let items = json!({ "items": (1..=3).map(item).collect::<Vec<_>>() });
    let (status, answer) = world.as_bearer(&token, "PUT", "/application/content", items);
    assert_eq!(status, 200, "{answer}");
    token
}

fn owner(world: &World, login: &str) {
    let body = json!({ "address": format!("{login}@bm.com"), "name": "Une Personne", "password": password_of(login),
                       "role": "owner" });
    world.of_organisation("POST", "/accounts", body);
}

fn refused(world: &World, words: &[&str]) -> String {
    let (code, output, errors) = world.cli(words);
    assert_eq!(code, 1, "{words:?}: {output}{errors}");
    errors
}

fn titles(world: &World, login: &str) -> Vec<String> {
    let owned = world.must("GET", &format!("/accounts/{login}@bm.com/content/items"), Value::Null);
    let items = owned.as_array().expect("a list").iter();
    let items = items.filter(|item| item["kind"] == "board");
    items.map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
}

/// With whom `login`'s applications' content is shared.
fn received(world: &World, login: &str) -> usize {
    let received = world.must("GET", &format!("/accounts/{login}@bm.com/content/received"), Value::Null);
    received.as_array().expect("a list").len()
}

fn closed_and_back(database: Database) {
    let world = World::start(database);
    for login in ["user1", "user2"] {
        world.person(login, "Une Personne");
    }
    owner(&world, "chef");
    // M5, R16: a group whose only admin is user1.
    world.typed(&["group", "create", "Ventes", "--address", "ventes@bm.com"]);
    world.typed(&["group", "member", "Ventes", "user1@bm.com", "--admin"]);
    world.typed(&["group", "member", "Ventes", "user2@bm.com"]);
    assert_eq!(world.lmtp("ventes@bm.com", &message("à tous")).code, 250);
    assert_eq!(
        (world.count_of("user1", "INBOX", "à tous"), world.count_of("user2", "INBOX", "à tous")),
        (1, 1)
    );
    boards(&world);

    // R15, R16: the way out is in the refusal.
    world.typed(&["account", "role", "user1@bm.com", "company_admin"]);
    assert!(
        refused(&world, &["account", "deactivate", "user1@bm.com"]).contains("retirez-lui d'abord ce rôle")
    );
    world.typed(&["account", "role", "user1@bm.com", "member"]);
    assert!(refused(&world, &["account", "deactivate", "user1@bm.com"]).contains("Ventes"));
    world.typed(&["group", "member", "Ventes", "chef@bm.com", "--admin"]);

    // R1–R3, R11: closed, not deleted.
    let session = world.sign_in("user1").1["secret"].as_str().expect("a session").to_owned();
    world.typed(&["account", "deactivate", "user1@bm.com"]);
    assert_eq!(world.sign_in("user1").0, 403);
    assert_eq!(world.as_bearer(&session, "GET", "/me", Value::Null).0, 401);
    assert!(world.try_imap("user1@bm.com", &password_of("user1")).is_err());
    let active = world.typed(&["account", "list", "--state", "active"]);
    let deactivated = world.typed(&["account", "list", "--state", "deactivated"]);
    assert!(!active.contains("user1@bm.com") && deactivated.contains("user1@bm.com"), "R2");

    // R5, R14: what it owns and is in stays; group mail goes to the others.
    assert_eq!(titles(&world, "user1").len(), 3);
    assert_eq!(received(&world, "user2"), 1, "R5: collaborators keep it");
    assert!(world.typed(&["group", "members", "Ventes"]).contains("user1@bm.com"));
    assert_eq!(world.lmtp("ventes@bm.com", &message("sans un")).code, 250);
    assert_eq!(
        (world.count_of("user2", "INBOX", "sans un"), world.count_of("chef", "INBOX", "sans un")),
        (1, 1)
    );
    // R7, R8, R10: nothing new with it.
    let shared = json!({ "collection": "calendar", "with": "user1@bm.com", "right": "read" });
    let (status, problem) = world.api("POST", "/accounts/user2@bm.com/shares", shared);
    assert_eq!((status, &problem["code"]), (409, &json!("not_in_this_state")), "R7: {problem}");
    world.typed(&["group", "create", "Achats"]);
    assert!(refused(&world, &["group", "member", "Achats", "user1@bm.com"]).contains("désactivé"), "R8");
    assert!(refused(&world, &["account", "role", "user1@bm.com", "guest"]).contains("désactivé"), "R10");

    // R18, R14: back as it was, at once.
    world.typed(&["account", "reactivate", "user1@bm.com"]);
    assert_eq!(world.sign_in("user1").0, 201);
    assert_eq!((titles(&world, "user1").len(), received(&world, "user2")), (3, 1));
    assert_eq!(world.lmtp("ventes@bm.com", &message("de retour")).code, 250);
    assert_eq!(world.count_of("user1", "INBOX", "de retour"), 1);
    assert_eq!(world.count_of("user1", "INBOX", "sans un"), 0);
    notified(&world);
    world.check_chain();
}

/// R6: told of what concerns them while they are there, and of nothing else.
fn notified(world: &World) {
    let report =
        |login: &str| world.must("GET", &format!("/accounts/{login}@bm.com/notifications"), Value::Null);
    let told = wait_for(LIMIT, "the news are looked at", || {
        Some(report("chef")).filter(|found| found["last"].to_string().contains("réactivé"))
    });
    let sentences = told["last"].to_string();
    for sentence in
        ["Vous êtes maintenant administrateur du groupe Ventes.", "Le compte user1@bm.com a été désactivé."]
    {
        assert!(sentences.contains(sentence), "{sentence}: {sentences}");
    }
    assert!(!report("user2")["last"].to_string().contains("désactivé"), "none of a member's business");
    let shown = world.typed(&["account", "notifications", "chef@bm.com", "--mute", "groups"]);
    assert!(shown.contains("pas averti de") && shown.contains("groupes"), "{shown}");
}

#[test]
fn r1_to_r18_closed_nothing_changes_but_the_doors_and_back_everything_is_there_on_sqlite() {
    closed_and_back(Database::Sqlite);
}

#[test]
fn r1_to_r18_closed_nothing_changes_but_the_doors_and_back_everything_is_there_on_postgresql() {
    closed_and_back(Database::Postgres);
}

/// R12, R13, R19, R20.
#[test]
fn r12_to_r20_many_at_once_content_is_given_and_whoever_was_deleted_comes_as_somebody_new() {
    let world = World::start(Database::Sqlite);
    for login in ["user1", "user2", "user3"] {
        world.person(login, "Une Personne");
    }
    owner(&world, "heir");
    let token = boards(&world);

    // R12, R13: a dry run says what it will meet and changes nothing; then two at once, each with its own result.
    world.typed(&["account", "role", "user3@bm.com", "company_admin"]);
    let all = ["user1@bm.com", "user2@bm.com", "user3@bm.com"];
    let deactivate = |more: &[&'static str]| {
        let words = ["bulk", "deactivate", "--content-to", "heir@bm.com"].into_iter().chain(all);
        world.cli(&words.chain(more.iter().copied()).collect::<Vec<_>>())
    };
    let (_, output, errors) = deactivate(&["--dry-run"]);
    assert!(format!("{output}{errors}").contains("user3@bm.com"), "{output}{errors}");
    assert_eq!(world.sign_in("user1").0, 201);
    let (_, output, errors) = deactivate(&["--yes"]);
    let said = format!("{output}{errors}");
    assert!(said.contains("user3@bm.com") && said.contains("retirez-lui d'abord ce rôle"), "{said}");
    for (login, status) in [("user1", 403), ("user2", 403), ("user3", 201)] {
        assert_eq!(world.sign_in(login).0, status, "one refusal does not undo the others: {login}");
    }
    assert_eq!((titles(&world, "user1").len(), titles(&world, "heir").len()), (0, 3), "R13");

    // R19: what they own is decided on, and an application confirms what it erased.
    let items = json!({ "items": [{ "external_id": "b9", "kind": "board", "title": "Neuf", "owner": "user2@bm.com" }] });
    let (status, answer) = world.as_bearer(&token, "PUT", "/application/content", items);
    assert_eq!(status, 200, "{answer}");
    for login in ["user1", "user2"] {
        world.typed(&["backup", "run", "--account", &format!("{login}@bm.com")]);
    }
    assert!(refused(&world, &["account", "delete", "user2@bm.com", "--yes"]).contains("possède"));
    world.typed(&["bulk", "delete", "user1@bm.com", "user2@bm.com", "--erase-content", "--yes"]);
    let erasures = world.of_organisation("GET", "/erasures", Value::Null);
    assert_eq!(erasures.as_array().map(Vec::len), Some(1), "{erasures}");
    assert!(!world.typed(&["content", "erasures"]).contains("(rien)"));
    assert_eq!(world.lmtp("user1@bm.com", &message("trop tard")).code, 550);

    // R20: as member, and as a guest on one item; each a new account that inherits nothing.
    let board = world.must("GET", "/accounts/heir@bm.com/content/items", Value::Null);
    let board = board[0]["id"].as_str().expect("an id").to_owned();
    world.typed(&[
        "account",
        "invite",
        "user1@bm.com",
        "--name",
        "Une Autre",
        "--external-address",
        "a@far.example",
    ]);
    let guest = ["account", "invite", "user2@bm.com", "--name", "Un Invité", "--role", "guest"];
    let guest = guest.into_iter().chain(["--external-address", "b@far.example", "--read", board.as_str()]);
    world.typed(&guest.collect::<Vec<_>>());
    assert_eq!((titles(&world, "user1").len(), received(&world, "user2")), (0, 1));
    let spool = world.spool();
    assert_eq!(
        spool
            .iter()
            .filter(|row| row["recipient"].as_str().is_some_and(|to| to.ends_with("far.example")))
            .count(),
        2
    );
    world.check_chain();
}
