//! Ten thousand accounts closed: in one job, and one call after the other.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use relais_testbed::http;
use serde_json::{Value, json};

use super::filled::filled;
use super::{BenchContext, Figure};
use crate::run::scenario::of_organisation;
use crate::workspace::{self, Profile};

const ACCOUNTS: u32 = 10_000;
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_relais(Profile::Release)?;
    let server = filled(&program, context, ACCOUNTS)?;
    let socket = server.data.join("relais.sock");
    let start = Instant::now();
    for number in 0..ACCOUNTS {
        ask(&socket, "POST", &format!("/accounts/p{number}@bm.com/deactivate"), &json!({}))?;
    }
    let one_by_one = start.elapsed().as_secs_f64();
    job(&socket, "reactivate")?;
    let in_one = job(&socket, "deactivate")?;
    Ok(vec![Figure {
        name: "deactivate-10k-in-one-job".to_owned(),
        ours: f64::from(ACCOUNTS) / in_one,
        peer: Some(f64::from(ACCOUNTS) / one_by_one),
        limit: None,
        unit: "accounts/s against single calls",
    }])
}

/// Seconds from the order to the end.
fn job(socket: &Path, act: &str) -> anyhow::Result<f64> {
    let order = json!({ "act": { "do": act }, "run": "apply", "on": { "filter": { "search": "person" } } });
    let start = Instant::now();
    let ordered = ask(socket, "POST", &of_organisation("/jobs"), &order)?;
    let path = format!("/jobs/{}", ordered["id"].as_str().context("a job has an id")?);
    loop {
        let job = ask(socket, "GET", &path, &Value::Null)?;
        if job["state"] == "finished" {
            if job["changed"] != ACCOUNTS {
                bail!("not all were changed: {job}");
            }
            return Ok(start.elapsed().as_secs_f64());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn ask(socket: &Path, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let (status, answer) = http::ask(socket, method, &format!("/api/v1{path}"), body)?;
    if status >= 300 {
        bail!("{method} {path}: {status} {answer}");
    }
    Ok(answer)
}
