//! What a provider of identities waits for: a user made, found by userName, read, closed and opened again, beside a SCIM
//! server that keeps its users in memory (`scim2-server`), at a thousand and at ten thousand users; and on our side alone
//! at a million, beside a thousand. One connection a request on both sides.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use relais_testbed::dav::ask;
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
const OURS: u32 = 300;
const PEERS: u32 = 60;
const START_MAX: std::time::Duration = std::time::Duration::from_secs(30);
const TOKEN: &str = "bench";

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_relais(Profile::Release)?;
    let mut figures = Vec::new();
    for count in COUNTS {
        let server = filled(&program, context, count)?;
        let ours = Target::of(&server, count)?.measure(OURS)?;
        drop(server);
        let peer = Peer::start(count)?;
        let theirs = peer.target.measure(PEERS)?;
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
    let few = Target::of(&few, FEW)?.measure(OURS)?;
    let many = filled(program, context, MANY)?;
    let many = Target::of(&many, MANY)?.measure(OURS)?;
    let figure = |((name, many), (_, few)): ((&str, f64), (&str, f64))| Figure {
        name: format!("scim-{name}-1m-against-1k"),
        ours: 1e6 / many,
        peer: Some(1e6 / few),
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

    fn ask(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let headers = [("Authorization", self.bearer.as_str()), ("Content-Type", "application/scim+json")];
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = ask(self.address, method, &format!("{}{path}", self.prefix), &headers, &text)?;
        if answer.status >= 300 {
            bail!("{method} {path}: {} {}", answer.status, answer.text());
        }
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn create(&self, name: &str) -> anyhow::Result<Value> {
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": format!("{name}@bm.com"),
            "externalId": format!("x-{name}"), "name": { "givenName": "Jeanne", "familyName": name },
            "emails": [{ "value": format!("{name}@bm.com"), "type": "work", "primary": true }],
        });
        self.ask("POST", "/Users", &user)
    }

    /// Requests of each kind in a second, from the median of their times.
    fn measure(&self, times: u32) -> anyhow::Result<Vec<(&'static str, f64)>> {
        let timed = |work: &mut dyn FnMut(u32) -> anyhow::Result<()>| -> anyhow::Result<f64> {
            let mut seconds = Vec::new();
            for number in 0..times {
                let start = Instant::now();
                work(number)?;
                seconds.push(start.elapsed().as_secs_f64());
            }
            Ok(1.0 / median(seconds))
        };
        let mut ids = Vec::new();
        let found = timed(&mut |number| {
            // A stride that is prime to the counts: no two neighbours.
            let person = u64::from(number) * 7919 % u64::from(self.count);
            let list = self.ask(
                "GET",
                &format!("/Users?filter=userName%20eq%20%22p{person}@bm.com%22"),
                &Value::Null,
            )?;
            if list["totalResults"] != 1 {
                bail!("not one: {list}");
            }
            ids.push(list["Resources"][0]["id"].as_str().context("an id")?.to_owned());
            Ok(())
        })?;
        let read = timed(&mut |number| {
            self.ask("GET", &format!("/Users/{}", ids[number as usize]), &Value::Null).map(drop)
        })?;
        let changed = timed(&mut |number| {
            let operation = json!({ "op": "replace", "path": "active", "value": number % 2 == 1 });
            let body = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation],
            });
            self.ask("PATCH", &format!("/Users/{}", ids[(number / 2) as usize]), &body).map(drop)
        })?;
        let created = timed(&mut |number| self.create(&format!("new{number}")).map(drop))?;
        Ok(vec![("create", created), ("find", found), ("read", read), ("active", changed)])
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
        wait_for(START_MAX, "scim2-server answers", || {
            peer.target.ask("GET", "/ServiceProviderConfig", &Value::Null).ok()
        });
        eprintln!("==> filling scim2-server with {count} users");
        for number in 0..count {
            peer.target.create(&format!("p{number}"))?;
        }
        Ok(peer)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        relais_testbed::server::end(&mut self.child);
    }
}
