//! What content costs: giving a hundred thousand items to somebody else, beside giving one; a page of what an account owns
//! among a thousand items and among a million.

use std::path::Path;
use std::time::Instant;

use anyhow::bail;
use relais_testbed::http;
use relais_testbed::server::Server;
use serde_json::{Value, json};

use super::filled::{self, filled};
use super::scale::median;
use super::{BenchContext, Figure};
use crate::run::scenario::of_organisation;
use crate::workspace::{self, Profile};

const GIVEN: u32 = 100_000;
const ROUNDS: usize = 5;
const FEW: u32 = 1_000;
const MANY: u32 = 1_000_000;
/// How many of them are one account's.
const OWNED: u32 = 500;
const PAGES: usize = 200;
/// Another number for each server, so that each has a directory of its own.
const PEOPLE: [u32; 3] = [11, 12, 13];

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_relais(Profile::Release)?;
    Ok(vec![reassigning(&program, context)?, listing(&program, context)?])
}

fn ask(server: &Server, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let socket = server.data.join("relais.sock");
    let (status, answer) = http::ask(&socket, method, &format!("/api/v1{path}"), body)?;
    if status >= 300 {
        bail!("{method} {path}: {status} {answer}");
    }
    Ok(answer)
}

/// A server with people who can be given content, and `count` items: the first `owned` of them `p0@bm.com`'s, the others
/// everybody else's in turn.
fn with_items(
    program: &Path,
    context: &BenchContext,
    people: u32,
    count: u32,
    owned: u32,
) -> anyhow::Result<Server> {
    let mut server = filled(program, context, people)?;
    server.kill_9()?;
    let others = people - 1;
    filled::run(
        &server.data.join("relais.db"),
        &format!(
            "BEGIN;
         UPDATE accounts SET state = 'active' WHERE id >= 1000000;
         INSERT INTO applications (id, organisation, name, token_hash, signing_secret, created_at)
             SELECT 1, MIN(id), 'Boards', x'00', 'whsec_', 0 FROM organisations;
         WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count})
         INSERT INTO content_items (id, organisation, application, external_id, kind, title, owner, created_at)
             SELECT 1000000 + i, (SELECT MIN(id) FROM organisations), 1, 'b' || i, 'board', 'Board ' || i,
                    CASE WHEN i < {owned} THEN 1000000 ELSE 1000001 + i % {others} END, 0 FROM n;
         COMMIT;
         PRAGMA wal_checkpoint(TRUNCATE);
         ANALYZE;"
        ),
    )?;
    server.start_again()?;
    Ok(server)
}

/// Microseconds an item takes beyond what one item takes alone with its commit.
fn reassigning(program: &Path, context: &BenchContext) -> anyhow::Result<Figure> {
    let server = with_items(program, context, PEOPLE[0], GIVEN, GIVEN)?;
    let path = of_organisation("/reassignments");
    let boards = json!(["board"]);
    let (mut all, mut one) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let pair = ["p0@bm.com", "p1@bm.com"];
        let (from, to) = (pair[round % 2], pair[(round + 1) % 2]);
        let start = Instant::now();
        let made = ask(&server, "POST", &path, &json!({ "from": [from], "to": to, "kinds": boards }))?;
        all.push(start.elapsed().as_secs_f64());
        if made[0]["items"] != json!(GIVEN) {
            bail!("not everything was given: {made}");
        }
        let items = ask(&server, "GET", &format!("/accounts/{to}/content/items?limit=1"), &Value::Null)?;
        let chosen = json!([items[0]["id"]]);
        let start = Instant::now();
        ask(&server, "POST", &path, &json!({ "from": [to], "to": "p2@bm.com", "items": chosen }))?;
        one.push(start.elapsed().as_secs_f64());
        ask(&server, "POST", &path, &json!({ "from": ["p2@bm.com"], "to": to, "items": chosen }))?;
    }
    let one = median(one);
    Ok(Figure {
        name: "reassign-100k-beyond-one".to_owned(),
        ours: (median(all) - one) / f64::from(GIVEN) * 1e6,
        peer: None,
        limit: Some(10.0),
        unit: "µs/item",
    })
}

/// A page of what one account owns, the organisation holding a million items beside a thousand.
fn listing(program: &Path, context: &BenchContext) -> anyhow::Result<Figure> {
    let few = with_items(program, context, PEOPLE[1], FEW, OWNED)?;
    let many = with_items(program, context, PEOPLE[2], MANY, OWNED)?;
    let (mut at_few, mut at_many) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        at_few.push(seconds_per_page(&few)?);
        at_many.push(seconds_per_page(&many)?);
    }
    Ok(Figure {
        name: "list-owned-1m-against-1k".to_owned(),
        ours: median(at_many) * 1e3,
        peer: Some(median(at_few) * 1e3),
        limit: None,
        unit: "ms/page",
    })
}

fn seconds_per_page(server: &Server) -> anyhow::Result<f64> {
    let mut after = String::new();
    let start = Instant::now();
    for _ in 0..PAGES {
        let path = format!("/accounts/p0@bm.com/content/items?limit=100{after}");
        let page = ask(server, "GET", &path, &Value::Null)?;
        let last = page.as_array().and_then(|page| page.last());
        after = match last {
            Some(last) => format!("&after={}", last["id"].as_str().unwrap_or_default()),
            None => String::new(),
        };
    }
    Ok(start.elapsed().as_secs_f64() / PAGES as f64)
}
