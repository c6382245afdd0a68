//! The real process killed in the middle of telling a real SCIM server of people: everybody arrives, nobody is there twice,
//! and whoever is to be shut out is.

use crate::world::{Database, LIMIT, World};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use relais_testbed::net::wait_for;
use relais_testbed::scim_server::ScimServer;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TOKEN: &str = "s3cret.token";
/// Made before each kill: each of them is at least one request, so those that a kill waits for come.
const NEW: usize = 5;
const CLOSED: usize = 6;
const KILLS: usize = 5;

struct Fed {
    world: World,
    server: ScimServer,
    path: String,
    random: StdRng,
}

impl Fed {
    fn new(database: Database) -> Self {
        let server = ScimServer::start(TOKEN).expect("starts");
        let world = World::start_with_key(database, "webhooks_to_own_network", true.into());
        let made = world.of_organisation("POST", "/applications", json!({ "name": "Documents" }));
        let path = format!("/applications/{}/feed", made["id"].as_str().expect("an id"));
        let settings = json!({ "settings": { "url": server.url() }, "token": TOKEN });
        world.must("PUT", &path, settings);
        Self { world, server, path, random: StdRng::seed_from_u64(2026) }
    }

    /// Some people, who are to arrive.
    fn make(&self, round: &str, expected: &mut BTreeMap<String, bool>) {
        for number in 0..NEW {
            let address = format!("{round}{number}@bm.com");
            let body = json!({ "address": address, "name": round });
            self.world.of_organisation("POST", "/accounts", body);
            expected.insert(address, true);
        }
    }

    fn act(&self, login: &str, act: &str) {
        self.world.must("POST", &format!("/accounts/{login}@bm.com/{act}"), json!({}));
    }

    /// Kills the process when it has asked the server a few times since it was started, and starts it again.
    fn kill_while_telling(&mut self) {
        let asked_max = self.random.random_range(1..=NEW);
        let mut asked = 0;
        wait_for(LIMIT, "requests", || {
            asked += self.server.asked().len();
            (asked >= asked_max).then_some(())
        });
        self.world.server.kill_9().expect("killed");
        let _ = self.server.asked();
        self.world.server.start_again().expect("started");
    }

    /// Who is there, and whether they may enter; nobody twice, by name or by id.
    fn there(&self) -> BTreeMap<String, bool> {
        let users = self.server.list("Users");
        let text = |user: &Value, name: &str| user[name].as_str().expect("a text").to_owned();
        let mut ids: Vec<String> = users.iter().map(|user| text(user, "externalId")).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), users.len(), "{users:?}");
        let there: BTreeMap<String, bool> =
            users.iter().map(|user| (text(user, "userName"), user["active"] == json!(true))).collect();
        assert_eq!(there.len(), users.len(), "{users:?}");
        there
    }

    fn wait_until(&self, what: &str, expected: &BTreeMap<String, bool>) {
        wait_for(LIMIT, what, || (self.there() == *expected).then_some(()));
        wait_for(LIMIT, "everything is told", || {
            let plan = self.world.must("POST", &format!("{}/plan", self.path), json!({}));
            (plan["acts"] == json!([])).then_some(())
        });
        assert_eq!(self.there(), *expected, "what is done is not done again");
    }
}

fn survives(database: Database) {
    let mut fed = Fed::new(database);
    let mut expected = BTreeMap::new();
    fed.world.must("POST", &format!("{}/run", fed.path), json!({}));
    for kill in 0..KILLS {
        fed.make(&format!("p{kill}x"), &mut expected);
        fed.kill_while_telling();
    }
    fed.wait_until("everybody is there", &expected);

    // Some are shut out and some are new in the same moment.
    for kill in 0..KILLS {
        for number in 0..CLOSED {
            let login = format!("p{}x{}", number % KILLS, number / KILLS);
            fed.act(&login, if kill % 2 == 0 { "deactivate" } else { "reactivate" });
            expected.insert(format!("{login}@bm.com"), kill % 2 == 1);
        }
        fed.make(&format!("new{kill}x"), &mut expected);
        fed.kill_while_telling();
    }
    assert_eq!(expected.values().filter(|active| !**active).count(), CLOSED);
    fed.wait_until("whoever is shut out is", &expected);
    fed.world.check_chain();
}

#[test]
fn killed_while_feeding_an_application_on_sqlite() {
    survives(Database::Sqlite);
}

#[test]
fn killed_while_feeding_an_application_on_postgresql() {
    survives(Database::Postgres);
}
