//! Plans, subscriptions and the provision, typed at the command line or asked by those who may, and what mail does
//! meanwhile. Days that pass are shown where the clock can be set, in `tests/api/money.rs`.

use crate::world::{
    Database, LIMIT, ORGANISATION, PAYMENT_KEY, World, in_seconds, message, password_of, percent,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use relais_testbed::net::wait_for;
use serde_json::{Value, json};
use sha2::Sha256;
use std::io::{Read, Write};
use std::net::TcpStream;

fn balance(world: &World) -> i64 {
    world.of_organisation("GET", "/provision", Value::Null)["balance_minor"].as_i64().expect("a number")
}

/// All of it adds up, and to what is shown.
fn check(world: &World) {
    let check = world.of_organisation("GET", "/provision/check", Value::Null);
    assert_eq!((&check["broken_at"], check["balance_minor"].as_i64()), (&Value::Null, Some(balance(world))));
    assert!(world.typed(&["provision", "check"]).contains("tout s'additionne"));
    world.check_chain();
}

fn create<'a>(address: &'a str, password: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let words = ["account", "create", address, "--name", "Nom", "--password", password];
    words.into_iter().chain(more.iter().copied()).collect()
}

/// M1, M2, M4, M7, M9, M11, M15: from the offer to the credit, by the operator, the owner and a member.
fn from_the_offer_to_the_credit(database: Database) {
    let world = World::start(database);
    world.typed(&["subscription", "create", "Base", "--price", "10", "--aliases", "1"]);
    world.typed(&["subscription", "create", "Grand", "--price", "25,50", "--quota", "1G"]);
    let password = password_of("user1");
    let wanted = create("user1@bm.com", &password, &["--subscription", "Base"]);

    // M9: refused with what is missing, and nothing is made.
    let (code, _, errors) = world.cli(&wanted);
    assert_eq!(code, 1);
    assert!(errors.contains("Il manque 10,00\u{a0}EUR dans la provision"), "{errors}");
    assert_eq!(world.lmtp("user1@bm.com", &message("too early")).code, 550);
    assert!(world.try_imap("user1@bm.com", &password).is_err());

    // M2: at once after a top-up, which counts once.
    for _ in 0..2 {
        let said = world.typed(&["provision", "top-up", ORGANISATION, "10,00", "--reference", "virement 1"]);
        assert!(said.starts_with("10,00\u{a0}EUR versés"), "{said}");
    }
    world.typed(&wanted);
    assert_eq!(balance(&world), 0);
    assert_eq!(world.lmtp("user1@bm.com", &message("paid")).code, 250);
    assert_eq!(world.count_of("user1", "INBOX", "paid"), 1);
    let shown = world.typed(&["account", "show", "user1@bm.com"]);
    assert!(shown.contains("Base, payé jusqu'au 20"), "{shown}");

    // M11: one alias and no more; mail for it arrives.
    world.typed(&["alias", "add", "user1@bm.com", "ventes@bm.com"]);
    let (code, _, errors) = world.cli(&["alias", "add", "user1@bm.com", "achats@bm.com"]);
    assert_eq!((code, errors.contains("Les alias que permet l'abonnement (1)")), (1, true), "{errors}");
    assert_eq!(world.lmtp("ventes@bm.com", &message("by the alias")).code, 250);
    assert_eq!(world.lmtp("achats@bm.com", &message("by none")).code, 550);

    // M9: never by the person; M1: by who answers for the provision, once it suffices for the difference.
    let secret = |login: &str| world.sign_in(login).1["secret"].as_str().expect("a secret").to_owned();
    let (member, path) = (secret("user1"), "/accounts/user1@bm.com/subscription");
    let grand = json!({ "subscription": "Grand" });
    assert_eq!(world.as_bearer(&member, "PUT", path, grand.clone()).1["code"], "not_allowed");
    let owned = create("owner@bm.com", "the secret word of owner", &["--role", "owner"]);
    world.typed(&owned);
    let owner = secret("owner");
    let (status, problem) = world.as_bearer(&owner, "PUT", path, grand.clone());
    assert_eq!((status, &problem["code"]), (409, &json!("provision_short")));
    assert!(problem["detail"].as_str().expect("text").contains("15,50\u{a0}EUR"), "{problem}");
    pay(&world, 1600, "pay_1");
    let (status, account) = world.as_bearer(&owner, "PUT", path, grand);
    assert_eq!((status, &account["quota_bytes"]), (200, &json!(1 << 30)), "{account}");
    assert_eq!(balance(&world), 50, "the days of the old one were credited");

    // M13, M15: closed, then deleted; of a period that began today every day is given back.
    world.typed(&["account", "deactivate", "user1@bm.com"]);
    assert_eq!(world.lmtp("user1@bm.com", &message("closed")).code, 550);
    world.typed(&["backup", "run", "--account", "user1@bm.com"]);
    world.typed(&["account", "delete", "user1@bm.com", "--yes"]);
    let entries = world.of_organisation("GET", "/provision/entries", Value::Null);
    let last = entries.as_array().and_then(|list| list.last()).expect("an entry").clone();
    let term = &account["term"];
    let (price, days) =
        (term["price_minor"].as_i64().expect("a price"), term["days"].as_i64().expect("days"));
    let day = |field: &str| last["service"][field].as_str().expect("a day").parse().expect("a day");
    let (from, until): (jiff::civil::Date, jiff::civil::Date) = (day("from"), day("until"));
    let unused = i64::from(from.until(until).expect("in order").get_days());
    assert_eq!(last["kind"], "credit");
    assert_eq!(last["amount_minor"], price * unused / days, "M15");
    assert_eq!(balance(&world), 50 + price * unused / days);

    let statement = world.typed(&["provision", "statement"]);
    assert!(statement.contains("virement 1") && statement.contains("pay_1"), "{statement}");
    check(&world);
}

#[test]
fn m9_from_the_offer_to_the_credit_on_sqlite() {
    from_the_offer_to_the_credit(Database::Sqlite);
}

#[test]
fn m9_from_the_offer_to_the_credit_on_postgresql() {
    from_the_offer_to_the_credit(Database::Postgres);
}

/// M6, R2, R9: a plan's limits are said with their numbers; a deactivation frees the last licence at once, and the paid
/// days wait with the account and go on with it.
#[test]
fn m6_r9_the_last_licence_passes_from_the_closed_account_to_the_next() {
    let world = World::start(Database::Sqlite);
    world.typed(&["subscription", "create", "Complet", "--price", "3"]);
    world.typed(&["subscription", "create", "Lecture", "--price", "0", "--restricted"]);
    world.typed(&["plan", "create", "Petite", "--price", "5", "--max-accounts", "2", "--full-licences", "1"]);
    world.typed(&["provision", "top-up", ORGANISATION, "20"]);
    world.typed(&["plan", "set", ORGANISATION, "Petite"]);
    let full = |login: &str| {
        let (address, password) = (format!("{login}@bm.com"), password_of(login));
        world.cli(&create(&address, &password, &["--subscription", "Complet"]))
    };
    assert_eq!(full("user1").0, 0);
    let before = world.must("GET", "/accounts/user1@bm.com", Value::Null);
    let second = full("user2");
    assert!(second.2.contains("Les licences complètes de la formule (1) sont toutes prises"), "{}", second.2);
    let free = world.cli(&create("user3@bm.com", "the secret word of user3", &[]));
    assert!(free.0 == 1 && free.2.contains("Les comptes gratuits de la formule (0)"), "{}", free.2);

    let said = world.typed(&["account", "deactivate", "user1@bm.com"]);
    assert!(said.contains("désactivé"), "{said}");
    let shown = world.typed(&["account", "show", "user1@bm.com"]);
    assert!(shown.contains("jours payés en attente : "), "R9: {shown}");
    assert_eq!(full("user2").0, 0, "R2: its licence is free for another");
    assert!(world.try_imap("user2@bm.com", &password_of("user2")).is_ok());
    assert_eq!(world.lmtp("user2@bm.com", &message("to the next")).code, 250);

    let (code, _, errors) = world.cli(&["account", "reactivate", "user1@bm.com"]);
    assert!(code == 1 && errors.contains("licence"), "{errors}");
    world.typed(&["account", "subscription", "user2@bm.com", "Lecture"]);
    world.typed(&["account", "reactivate", "user1@bm.com"]);
    let after = world.must("GET", "/accounts/user1@bm.com", Value::Null);
    assert_eq!(after["term"]["until"], before["term"]["until"], "R9: the days go on, none is paid again");
    world.typed(&["account", "create", "invite@bm.com", "--name", "Invité", "--invite", "--role", "guest"]);
    let third =
        world.cli(&create("user3@bm.com", "the secret word of user3", &["--subscription", "Lecture"]));
    assert!(third.0 == 1 && third.2.contains("Les comptes que permet la formule (2)"), "M6: {}", third.2);
    // 20 less the plan and one account; what user2 paid today came back with the change.
    assert_eq!(balance(&world), 2000 - 500 - 300);
    check(&world);
}

/// X12: what a departure frees and credits is shown before it, done by it, and certified after it.
#[test]
fn x12_a_departure_shows_does_and_certifies_what_it_credits() {
    let world = World::start(Database::Sqlite);
    world.typed(&["subscription", "create", "Base", "--price", "12,34"]);
    world.typed(&["provision", "top-up", ORGANISATION, "12.34"]);
    world.person("usercs", "Camille Sérurier");
    world.typed(&create("user1@bm.com", &password_of("user1"), &["--subscription", "Base"]));
    assert_eq!(world.lmtp("user1@bm.com", &message("before")).code, 250);
    let account = world.must("GET", "/accounts/user1@bm.com", Value::Null);
    let days = account["term"]["days"].as_i64().expect("days");

    let plan = ["depart", "user1@bm.com", "--to", "usercs@bm.com", "--plan"];
    let now = world.typed(&plan);
    assert!(now.contains("abonnement libéré : Base"), "{now}");
    assert!(now.contains("à créditer à la suppression : 12,34\u{a0}EUR"), "{now}");
    let later = world.typed(&[plan.as_slice(), &["--on", "+10d"]].concat());
    let credit = 1234 * (days - 10) / days;
    let written = format!("à créditer à la suppression : {},{:02}\u{a0}EUR", credit / 100, credit % 100);
    assert!(later.contains(&written), "{written} is missing: {later}");
    assert_eq!(balance(&world), 0, "a plan changes nothing");

    let order = json!({ "to": "usercs@bm.com", "delete_after": in_seconds(2), "reason": "fin de contrat" });
    let departure = world.depart("user1", order);
    world.wait_until_state(&departure, "finished");
    assert_eq!(balance(&world), 1234);
    assert_eq!(world.count_of("usercs", "user1@bm․com/INBOX", "before"), 1);
    let status = world.typed(&["departure", "status", &departure]);
    assert!(status.contains("12,34\u{a0}EUR crédités à la provision"), "{status}");
    let file = world.data().join("attestation.html");
    world.typed(&["departure", "certificate", &departure, "--html", file.to_str().expect("UTF-8")]);
    let page = std::fs::read_to_string(&file).expect("written");
    assert!(page.contains("12,34\u{a0}EUR à la provision"), "{page}");
    check(&world);
}

/// M2: what was paid in can be checked by whoever answers for it.
#[test]
fn m2_statements_are_written_for_spreadsheets_and_printers() {
    let world = World::start(Database::Sqlite);
    pay(&world, 123_456, "pay_1");
    world.typed(&["provision", "correct", ORGANISATION, "-0,29", "--reason", "saisi deux fois"]);
    let file = |name: &str| world.data().join(name).to_str().expect("UTF-8").to_owned();
    let (table, page) = (file("releve.csv"), file("releve.html"));
    world.typed(&["provision", "statement", "--csv", &table]);
    world.typed(&["provision", "statement", "--html", &page]);
    let table = std::fs::read_to_string(table).expect("written");
    assert!(table.starts_with('\u{feff}') && table.contains(";pay_1;1234,56;1234,56;EUR\r\n"), "{table}");
    assert!(table.contains(";-0,29;1234,27;EUR\r\n"), "{table}");
    let page = std::fs::read_to_string(page).expect("written");
    assert!(page.contains("1\u{202f}234,27\u{a0}EUR") && page.contains("Versement\u{a0}: pay_1"), "{page}");
    check(&world);
}

/// What a payment provider sends to the network door: status and answer.
fn call(world: &World, body: &str, key: &[u8], at_s: i64) -> (u16, Value) {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(format!("msg_1.{at_s}.{body}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let request = format!(
        "POST /api/v1/payments HTTP/1.1\r\nHost: relais\r\nConnection: close\r\nContent-Type: application/json\r\n\
         webhook-id: msg_1\r\nwebhook-timestamp: {at_s}\r\nwebhook-signature: v1,{signature}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(&world.server.configuration.http).expect("the door is open");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).expect("a status").parse().expect("a number");
    let body = answer.split_once("\r\n\r\n").expect("a body").1;
    (status, serde_json::from_str(body).expect("JSON"))
}

fn payment(world: &World, amount_minor: i64, reference: &str) -> String {
    let organisation = world.of_organisation("GET", "", Value::Null);
    let payment = json!({
        "organisation": organisation["id"], "amount_minor": amount_minor, "currency": "EUR", "reference": reference,
    });
    payment.to_string()
}

fn now_s() -> i64 {
    in_seconds(0).parse::<jiff::Timestamp>().expect("a time").as_second()
}

fn pay(world: &World, amount_minor: i64, reference: &str) {
    let (status, entry) = call(world, &payment(world, amount_minor, reference), PAYMENT_KEY, now_s());
    assert_eq!((status, &entry["amount_minor"]), (200, &json!(amount_minor)), "{entry}");
}

/// M2: the payment provider's door on the network, through a restart and a repeated message.
#[test]
fn m2_a_payment_is_counted_once_even_over_a_kill_9() {
    let mut world = World::start(Database::Sqlite);
    let body = payment(&world, 4200, "pay_1");
    for (key, at_s, code) in [
        (b"another secret of 24 byt".as_slice(), now_s(), "signature_wrong"),
        (PAYMENT_KEY, now_s() - 3600, "signature_stale"),
    ] {
        let (status, problem) = call(&world, &body, key, at_s);
        assert_eq!((status, &problem["code"]), (403, &json!(code)));
    }
    assert_eq!(balance(&world), 0);
    pay(&world, 4200, "pay_1");
    world.server.kill_9().expect("killed");
    world.server.start_again().expect("started");
    pay(&world, 4200, "pay_1");
    assert_eq!(
        call(&world, &payment(&world, 4300, "pay_1"), PAYMENT_KEY, now_s()).1["code"],
        "payment_differs"
    );
    assert_eq!(balance(&world), 4200);
    // What the operator's socket is told without a signature counts for nothing either.
    let path = "/payments";
    assert_eq!(world.api("POST", path, json!({})).1["code"], "signature_missing");
    wait_for(LIMIT, "the event", || {
        let events = world.must(
            "GET",
            &format!("/organisations/{}/events?limit=200", percent(ORGANISATION)),
            Value::Null,
        );
        events.as_array()?.iter().any(|event| event["kind"] == "provision.topped_up").then_some(())
    });
    check(&world);
}
