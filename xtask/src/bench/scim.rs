//! What a provider of identities waits for: a user made, found by userName, read, closed and opened again, beside a SCIM
//! server that keeps its users in memory (`scim2-server`), at a thousand and at ten thousand users: requests in a second of
//! several clients at once. And on our side alone, of one client, the time of each at a million users beside a thousand.
//! Clients keep their connection, where the server does.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use relais_testbed::http::Client;
use relais_testbed::net::{free_port, wait_for};
use relais_testbed::server::Server;
use relais_testbed::{python, unprivileged};
use serde_json::{Value, json};

use super::filled::{self, filled};
use super::scale::median;
use super::{BenchContext, Figure};
use crate::run::scenario::of_organisation;
use crate::workspace::{self, Profile};

const COUNTS: [u32; 2] = [1_000, 10_000];
const FEW: u32 = 1_001;
const MANY: u32 = 1_000_000;
/// At once. A provider sends what happened to many as fast as it is answered.
const CLIENTS: u32 = 8;
/// Of each kind, by one client; even, as whoever is closed is opened again.
const OURS: u32 = 300;
const PEERS: u32 = 30;
const START_MAX: std::time::Duration = std::time::Duration::from_secs(30);
const TOKEN: &str = "bench";

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_relais(Profile::Release)?;
    let mut figures = Vec::new();
    for count in COUNTS {
        let server = filled(&program, context, count)?;
        let ours = Target::of(&server, count)?.rates(OURS)?;
        drop(server);
        let peer = Peer::start(count)?;
        let theirs = peer.target.rates(PEERS)?;
        for ((name, ours), (_, theirs)) in ours.into_iter().zip(theirs) {
            let name = format!("scim-{name}-{count}");
            figures.push(Figure { name, ours, peer: Some(theirs), limit: None, unit: "requests/s" });
        }
    }
    figures.extend(flat(&program, context)?);
    Ok(figures)
}

/// The same questions to few and to many: the figures are times.
fn flat(program: &Path, context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let few = filled(program, context, FEW)?;
    let few = Target::of(&few, FEW)?.times(OURS)?;
    let many = filled(program, context, MANY)?;
    let many = Target::of(&many, MANY)?.times(OURS)?;
    let figure = |((name, many), (_, few)): ((&str, f64), (&str, f64))| Figure {
        name: format!("scim-{name}-1m-against-1k"),
        ours: 1e6 * many,
        peer: Some(1e6 * few),
        limit: None,
        unit: "µs",
    };
    Ok(many.into_iter().zip(few).map(figure).collect())
}

/// A SCIM server with so many users `p0@bm.com`, `p1@bm.com`…, whose external ids are `e0`, `e1`…
struct Target {
    address: SocketAddr,
    prefix: &'static str,
    bearer: String,
    count: u32,
}

/// What is asked, in the order in which each learns from the one before.
#[derive(Clone, Copy)]
enum Kind {
    Find,
    Read,
    Active,
    Create,
}

impl Kind {
    const ALL: [(Kind, &'static str); 4] =
        [(Kind::Find, "find"), (Kind::Read, "read"), (Kind::Active, "active"), (Kind::Create, "create")];
}

impl Target {
    /// Ours: everyone was made by a provider.
    fn of(server: &Server, count: u32) -> anyhow::Result<Self> {
        let token = server.must("POST", &of_organisation("/scim/tokens"), &json!({ "name": "bench" }))?;
        let secret = token["secret"].as_str().context("a secret")?;
        filled::run(
            &server.data.join("relais.db"),
            "BEGIN;
             INSERT INTO scim_users (account, organisation, user_name, user_name_key, external_id, attributes)
                 SELECT id, organisation, address, address, 'e' || (id - 1000000), '{}' FROM accounts WHERE id >= 1000000;
             COMMIT;
             ANALYZE;",
        )?;
        Ok(Self {
            address: server.address(&server.configuration.http)?,
            prefix: "/scim/v2",
            bearer: format!("Bearer {secret}"),
            count,
        })
    }

    fn client(&self, number: u32) -> Provider<'_> {
        Provider { target: self, client: Client::new(self.address), number, ids: vec![] }
    }

    /// Requests of each kind in a second, while each client asks so many.
    fn rates(&self, times: u32) -> anyhow::Result<Vec<(&'static str, f64)>> {
        let mut clients: Vec<Provider<'_>> = (0..CLIENTS).map(|number| self.client(number)).collect();
        let mut rates = Vec::new();
        for (kind, name) in Kind::ALL {
            let start = Instant::now();
            std::thread::scope(|scope| {
                let asking: Vec<_> = clients
                    .iter_mut()
                    .map(|client| scope.spawn(move || (0..times).try_for_each(|nth| client.does(kind, nth))))
                    .collect();
                asking.into_iter().try_for_each(|one| one.join().expect("a client that does not panic"))
            })?;
            rates.push((name, f64::from(times * CLIENTS) / start.elapsed().as_secs_f64()));
        }
        Ok(rates)
    }

    /// Seconds that a request of each kind takes: the median, of one client.
    fn times(&self, times: u32) -> anyhow::Result<Vec<(&'static str, f64)>> {
        let mut client = self.client(0);
        let mut found = Vec::new();
        for (kind, name) in Kind::ALL {
            let mut seconds = Vec::new();
            for nth in 0..times {
                let start = Instant::now();
                client.does(kind, nth)?;
                seconds.push(start.elapsed().as_secs_f64());
            }
            found.push((name, median(seconds)));
        }
        Ok(found)
    }
}

/// A client with people of its own.
struct Provider<'a> {
    target: &'a Target,
    client: Client,
    number: u32,
    /// Of those that it found.
    ids: Vec<String>,
}

impl Provider<'_> {
    fn ask(&mut self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let headers =
            [("Authorization", self.target.bearer.as_str()), ("Content-Type", "application/scim+json")];
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.client.ask(method, &format!("{}{path}", self.target.prefix), &headers, &text)?;
        if answer.status >= 300 {
            bail!("{method} {path}: {} {}", answer.status, answer.text());
        }
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn create(&mut self, name: &str) -> anyhow::Result<()> {
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": format!("{name}@bm.com"),
            "externalId": format!("x-{name}"), "name": { "givenName": "Jeanne", "familyName": name },
            "emails": [{ "value": format!("{name}@bm.com"), "type": "work", "primary": true }],
        });
        self.ask("POST", "/Users", &user).map(drop)
    }

    fn find(&mut self, person: u64) -> anyhow::Result<String> {
        let path = format!("/Users?filter=userName%20eq%20%22p{person}@bm.com%22");
        let list = self.ask("GET", &path, &Value::Null)?;
        if list["totalResults"] != 1 {
            bail!("not one: {list}");
        }
        list["Resources"][0]["id"].as_str().map(str::to_owned).context("an id")
    }

    /// The `nth` request of a kind.
    fn does(&mut self, kind: Kind, nth: u32) -> anyhow::Result<()> {
        match kind {
            Kind::Find => {
                // A stride that is prime to the counts: no two neighbours, and nobody twice.
                let place = u64::from(nth * CLIENTS + self.number);
                let id = self.find(place * 7919 % u64::from(self.target.count))?;
                self.ids.push(id);
                Ok(())
            }
            Kind::Read => {
                self.ask("GET", &format!("/Users/{}", self.ids[nth as usize]), &Value::Null).map(drop)
            }
            Kind::Active => {
                let operation = json!({ "op": "replace", "path": "active", "value": nth % 2 == 1 });
                let body = json!({
                    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation],
                });
                self.ask("PATCH", &format!("/Users/{}", self.ids[(nth / 2) as usize]), &body).map(drop)
            }
            Kind::Create => self.create(&format!("new{}x{nth}", self.number)),
        }
    }
}

/// The other server, ended with this.
struct Peer {
    child: Child,
    target: Target,
}

impl Peer {
    fn start(count: u32) -> anyhow::Result<Self> {
        let port = free_port();
        let mut command = unprivileged::bound_to_us(&python::program("scim2-server")?.to_string_lossy());
        command.args(["--port", &port.to_string(), "--bearer-token", TOKEN]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let target = Target { address, prefix: "", bearer: format!("Bearer {TOKEN}"), count };
        let peer = Self { child, target };
        let mut client = peer.target.client(0);
        wait_for(START_MAX, "scim2-server answers", || {
            client.ask("GET", "/ServiceProviderConfig", &Value::Null).ok()
        });
        eprintln!("==> filling scim2-server with {count} users");
        for number in 0..count {
            client.create(&format!("p{number}"))?;
        }
        Ok(peer)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        relais_testbed::server::end(&mut self.child);
    }
}
