//! Pages of the console as they leave the server, among a hundred thousand accounts beside a thousand: the time from the
//! question to the last byte, a connection each, and how many bytes they are.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, bail};
use relais_testbed::dav::{Answer, ask};
use relais_testbed::http;
use serde_json::{Value, json};

use super::filled::{self, filled};
use super::scale::median;
use super::{BenchContext, Figure};
use crate::run::scenario::of_organisation;
use crate::workspace::{self, Profile};

const FEW: u32 = 1_002;
const MANY: u32 = 100_002;
const TIMES: usize = 40;
const LOGIN: &str = "jeanne@bm.com";
const PASSWORD: &str = "seven rivers under a bridge";

const MIDDLE: &str = "SELECT address FROM accounts WHERE state = 'active' ORDER BY name_key LIMIT 1
    OFFSET (SELECT COUNT(*) / 3 FROM accounts);";

/// Each list, from its start, in the middle, sorted and searched.
const PAGES: [(&str, &str); 10] = [
    ("overview", "/console"),
    ("active", "/console/accounts"),
    ("by-address", "/console/accounts?sort=address"),
    ("role", "/console/accounts?role=member"),
    ("invited", "/console/accounts?state=invited"),
    ("search-one", "/console/accounts?search=p777%40"),
    ("search-many", "/console/accounts?search=person"),
    ("search-none", "/console/accounts?search=nobody%20like%20this"),
    ("departures", "/console/departures"),
    ("log", "/console/events"),
];

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_relais(Profile::Release)?;
    let few = measure(&program, context, FEW)?;
    let many = measure(&program, context, MANY)?;
    let mut figures = Vec::new();
    for (few, many) in few.into_iter().zip(many) {
        let figure = |what: &str, ours, peer, unit| Figure {
            name: format!("page-{}-{what}", many.name),
            ours,
            peer: Some(peer),
            limit: None,
            unit,
        };
        figures.push(figure("time", many.seconds * 1e3, few.seconds * 1e3, "ms"));
        figures.push(figure("size", many.bytes as f64 / 1024.0, few.bytes as f64 / 1024.0, "KiB"));
    }
    Ok(figures)
}

struct Measured {
    name: &'static str,
    seconds: f64,
    bytes: usize,
}

fn measure(program: &Path, context: &BenchContext, count: u32) -> anyhow::Result<Vec<Measured>> {
    let server = filled(program, context, count)?;
    let database = server.data.join("relais.db");
    filled::run(&database, "UPDATE accounts SET state = 'active' WHERE id % 3 > 0; ANALYZE;")?;
    let socket = server.data.join("relais.sock");
    let person = json!({ "address": LOGIN, "name": "Jeanne", "password": PASSWORD, "role": "company_admin" });
    post(&socket, &of_organisation("/accounts"), &person)?;
    let signed_in = post(&socket, "/sessions", &json!({ "login": LOGIN, "password": PASSWORD }))?;
    let cookie = format!("__Host-relais-session={}", signed_in["secret"].as_str().context("a secret")?);
    let address = server.address(&server.configuration.http)?;
    let middle = filled::run(&database, MIDDLE)?;
    let path = format!("/api/v1/accounts/{}", middle.trim());
    let (_, middle) = http::ask(&socket, "GET", &path, &Value::Null)?;
    let middle = format!("/console/accounts?after={}", middle["id"].as_str().context("an id")?);
    let pages = PAGES.into_iter().chain([("middle", middle.as_str())]);
    pages.map(|(name, path)| timed(address, &cookie, name, path)).collect()
}

fn timed(address: SocketAddr, cookie: &str, name: &'static str, path: &str) -> anyhow::Result<Measured> {
    let mut seconds = Vec::new();
    let mut bytes = 0;
    for _ in 0..TIMES {
        let start = Instant::now();
        let Answer { status, body, .. } = ask(address, "GET", path, &[("Cookie", cookie)], "")?;
        seconds.push(start.elapsed().as_secs_f64());
        if status != 200 {
            bail!("{path}: {status}");
        }
        bytes = body.len();
    }
    Ok(Measured { name, seconds: median(seconds), bytes })
}

fn post(socket: &Path, path: &str, body: &Value) -> anyhow::Result<Value> {
    let (status, answer) = http::ask(socket, "POST", &format!("/api/v1{path}"), body)?;
    if status >= 300 {
        bail!("POST {path}: {status} {answer}");
    }
    Ok(answer)
}
