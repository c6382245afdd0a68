//! Every door in every state, compared with the table. This test is the product.

use crate::world::{Database, World, message, password_of};
use base64::Engine;
use relais_core::rights::{Act, State, Verdict, may};
use relais_testbed::mail::Smtp;
use serde_json::{Value, json};

/// An account `login` brought into a state through the doors that do so.
fn bring(world: &World, login: &str, state: State) {
    let address = format!("{login}@bm.com");
    match state {
        State::Invited => {
            world.of_organisation("POST", "/accounts", json!({ "address": address, "name": "Invitée" }));
        }
        State::Active => {
            world.person(login, "Active");
        }
        State::Deactivated => {
            world.person(login, "Fermée");
            world.must("POST", &format!("/accounts/{address}/deactivate"), json!({}));
        }
        State::Deleted => {
            bring(world, login, State::Deactivated);
            world.back_up(&address);
            world.must("DELETE", &format!("/accounts/{address}"), Value::Null);
        }
    }
}

/// Whether whoever has this login and password may send mail.
pub fn may_submit(world: &World, login: &str, password: &str) -> bool {
    let address = world.server.address(&world.server.configuration.smtp).expect("an address");
    let mut smtp = Smtp::open(address).expect("SMTP greets");
    let credentials = format!("\0{login}@bm.com\0{password}");
    let plain = base64::engine::general_purpose::STANDARD.encode(credentials);
    let reply = smtp.0.command(&format!("AUTH PLAIN {plain}")).expect("an answer");
    reply.code == 235
}

fn yes(state: State, act: Act) -> bool {
    matches!(may(state, act), Verdict::Yes | Verdict::Activates)
}

fn doors(database: Database) {
    let world = World::start(database);
    let group = world.of_organisation("POST", "/groups", json!({ "name": "tous" }));
    let group = group["id"].as_str().expect("an id").to_owned();
    world.of_organisation(
        "POST",
        "/shared-mailboxes",
        json!({ "address": "commun@bm.com", "name": "Commun" }),
    );
    for state in State::ALL {
        let login = format!("p.{}", state.as_str());
        bring(&world, &login, state);
        let address = format!("{login}@bm.com");
        let read = yes(state, Act::ReadMail);
        assert_eq!(world.try_imap(&address, &password_of(&login)).is_ok(), read, "IMAP, {state:?}");
        assert_eq!(world.try_pop(&address, &password_of(&login)).is_ok(), read, "POP, {state:?}");
        let dav =
            world.dav(&login).ask("PROPFIND", "/dav/", &[("Depth", "0")], "").expect("an answer").status;
        let said = match state {
            // Who knows the password is told that it is the account which is closed.
            State::Deactivated => 403,
            State::Invited | State::Active | State::Deleted => 401,
        };
        assert_eq!(dav, if read { 207 } else { said }, "DAV, {state:?}");
        assert_eq!(world.sign_in(&login).0 == 201, yes(state, Act::SignInWithPassword), "API, {state:?}");
        assert_eq!(
            may_submit(&world, &login, &password_of(&login)),
            yes(state, Act::SubmitMail),
            "SMTP AUTH, {state:?}"
        );
        let taken = world.lmtp(&address, &message(&format!("to {login}"))).code == 250;
        let received = match state {
            // As its inbound says: ours delivers until somebody is deactivated, and then refuses.
            State::Invited | State::Active => may(state, Act::ReceiveMail) == Verdict::AsInbound,
            State::Deactivated | State::Deleted => false,
        };
        assert_eq!(taken, received, "LMTP, {state:?}");
        let joined =
            world.api("PUT", &format!("/groups/{group}/members/{address}"), json!({ "role": "member" })).0;
        assert_eq!(joined < 300, may(state, Act::JoinGroup) == Verdict::Yes, "groups, {state:?}");
        let path = format!("/shared-mailboxes/commun@bm.com/members/{address}");
        let shared = world.api("PUT", &path, json!({ "right": "read" })).0;
        assert_eq!(shared < 300, yes(state, Act::BeSharedWith), "sharing, {state:?}");
        let role = world.api("PUT", &format!("/accounts/{address}/role"), json!({ "role": "guest" })).0;
        assert_eq!(role < 300, may(state, Act::ChangeIdentity) == Verdict::Yes, "roles, {state:?}");
    }
    world.check_chain();
}

#[test]
fn every_door_in_every_state_answers_as_the_table_says_on_sqlite() {
    doors(Database::Sqlite);
}

#[test]
fn every_door_in_every_state_answers_as_the_table_says_on_postgresql() {
    doors(Database::Postgres);
}
