//! What administration costs: accounts made and closed per second, durable, alone and sixteen at once, beside what the disk
//! syncs one by one; a renewal run over a hundred thousand accounts; a page of a long list.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use relais_testbed::http;
use relais_testbed::server::{Configuration, Server};
use serde_json::{Value, json};

use super::filled::{self, filled};
use super::scale::median;
use super::{BenchContext, Figure};
use crate::run::scenario::{self, of_organisation};
use crate::workspace::{self, Profile};

const ALONE: usize = 300;
const AT_ONCE: usize = 16;
const EACH: usize = 150;
const SYNCS: usize = 300;
/// Another number than [`MANY`], so that each has a directory of its own.
const RENEWED: u32 = 100_001;
const FEW: u32 = 1_000;
const MANY: u32 = 100_000;
const PAGES: usize = 60;
const RUN_MAX: Duration = Duration::from_secs(1800);

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_relais(Profile::Release)?;
    let mut figures = changes(&program, context)?;
    figures.push(renewals(&program, context)?);
    figures.push(pages(&program, context)?);
    Ok(figures)
}

fn ask(socket: &Path, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let (status, answer) = http::ask(socket, method, &format!("/api/v1{path}"), body)?;
    if status >= 300 {
        bail!("{method} {path}: {status} {answer}");
    }
    Ok(answer)
}

/// Accounts made, closed and opened again; a peer of one synced write after the other on the same disk.
fn changes(program: &Path, context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let data = context.directory("changes")?;
    let mut configuration = Configuration::for_test();
    (configuration.imap_port, configuration.pop3_port, configuration.sieve_port) = (0, 0, 0);
    let server = super::start(program, &data, configuration)?;
    scenario::create_organisation(&server)?;
    let syncs = syncs_per_second(&data)?;
    let socket = data.join("relais.sock");
    let figure = |name: &str, ours| Figure {
        name: name.to_owned(),
        ours,
        peer: Some(syncs),
        limit: None,
        unit: "changes/s against syncs/s",
    };
    let mut figures = Vec::new();
    let (alone, made) = create(&socket, "alone", ALONE)?;
    figures.push(figure("create-alone", alone));
    figures.push(figure("change-state-alone", change_state(&socket, &made)?));
    let start = Instant::now();
    let made = in_parallel(|number| Ok(create(&socket, &format!("many{number}-"), EACH)?.1))?;
    figures.push(figure("create-16", (AT_ONCE * EACH) as f64 / start.elapsed().as_secs_f64()));
    let start = Instant::now();
    in_parallel(|number| change_state(&socket, &made[number]))?;
    let changed = (2 * AT_ONCE * EACH) as f64;
    figures.push(figure("change-state-16", changed / start.elapsed().as_secs_f64()));
    Ok(figures)
}

fn in_parallel<T: Send>(work: impl Fn(usize) -> anyhow::Result<T> + Sync) -> anyhow::Result<Vec<T>> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                scope.spawn({
                    let work = &work;
                    move || work(number)
                })
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.map(|done| done.unwrap_or_else(|_| bail!("a client panicked"))).collect()
    })
}

/// Invited ones: a password costs 50 ms by design. Returns how many per second, and their ids.
fn create(socket: &Path, prefix: &str, count: usize) -> anyhow::Result<(f64, Vec<String>)> {
    let start = Instant::now();
    let mut made = Vec::new();
    for number in 0..count {
        let body = json!({ "address": format!("{prefix}{number}@bm.com"), "name": "Quelqu'un" });
        let account = ask(socket, "POST", &of_organisation("/accounts"), &body)?;
        made.push(account["id"].as_str().context("an account has an id")?.to_owned());
    }
    Ok((count as f64 / start.elapsed().as_secs_f64(), made))
}

fn change_state(socket: &Path, accounts: &[String]) -> anyhow::Result<f64> {
    let start = Instant::now();
    for id in accounts {
        ask(socket, "POST", &format!("/accounts/{id}/deactivate"), &json!({}))?;
        ask(socket, "POST", &format!("/accounts/{id}/reactivate"), &Value::Null)?;
    }
    Ok((2 * accounts.len()) as f64 / start.elapsed().as_secs_f64())
}

/// What the disk does one by one: a page appended and synced.
fn syncs_per_second(data: &Path) -> anyhow::Result<f64> {
    let mut file = std::fs::File::create(data.join("syncs"))?;
    let start = Instant::now();
    for _ in 0..SYNCS {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
    }
    Ok(SYNCS as f64 / start.elapsed().as_secs_f64())
}

/// A month for each of a hundred thousand accounts, all due on the same day.
fn renewals(program: &Path, context: &BenchContext) -> anyhow::Result<Figure> {
    let mut server = filled(program, context, RENEWED)?;
    server.kill_9()?;
    let database = server.data.join("relais.db");
    filled::run(&database, &due(RENEWED))?;
    server.start_again()?;
    let start = Instant::now();
    let charged = || -> anyhow::Result<u32> {
        Ok(filled::run(&database, "SELECT COUNT(*) FROM ledger_entries WHERE kind = 'charge';")?
            .trim()
            .parse()?)
    };
    while charged()? < RENEWED {
        if start.elapsed() > RUN_MAX {
            bail!("{} of {RENEWED} accounts were renewed", charged()?);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let ours = f64::from(RENEWED) / start.elapsed().as_secs_f64();
    Ok(Figure { name: "renewals-100k".to_owned(), ours, peer: None, limit: None, unit: "accounts/s" })
}

/// Everyone active, on a subscription that was paid until yesterday, and money for one period each.
fn due(count: u32) -> String {
    let terms = json!({
        "name": "Base", "price_minor": 250, "currency": "EUR", "period": "month", "aliases_max": null,
        "quota_bytes": null, "licence": "full",
    });
    let total = u64::from(count) * 250;
    format!(
        "BEGIN;
         INSERT INTO subscriptions (id, name, terms, created_at) VALUES (7, 'Base', '{terms}', 0);
         INSERT INTO ledger_entries (organisation, number, at, kind, amount_minor, balance_minor)
             SELECT MIN(id), 1, 0, 'top_up', {total}, {total} FROM organisations;
         INSERT INTO postings (organisation, entry, book, amount_minor)
             SELECT MIN(id), 1, 'provision', {total} FROM organisations;
         INSERT INTO postings (organisation, entry, book, amount_minor)
             SELECT MIN(id), 1, 'payments', -{total} FROM organisations;
         UPDATE accounts SET state = 'active', subscription = 7, renews_on = DATE('now', '-1 day'),
             term = JSON_OBJECT('price_minor', 250, 'days', 30, 'anchor', DATE('now', '-1 day'), 'course', 'running',
                                'until', DATE('now', '-1 day'));
         UPDATE organisations SET billing_at = 0;
         COMMIT;
         PRAGMA wal_checkpoint(TRUNCATE);"
    )
}

/// The middle page of a list that is filtered and sorted, beside the same of a short list.
fn pages(program: &Path, context: &BenchContext) -> anyhow::Result<Figure> {
    let seconds = |server: &Server, count: u32| -> anyhow::Result<f64> {
        let socket = server.data.join("relais.sock");
        let page = |after: &str| {
            let path = format!("/accounts?state=invited&sort=name&limit=50{after}");
            ask(&socket, "GET", &of_organisation(&path), &Value::Null)
        };
        let search = format!("/accounts?search=p{}%40&limit=1", count / 2);
        let middle = ask(&socket, "GET", &of_organisation(&search), &Value::Null)?;
        let after = format!("&after={}", middle[0]["id"].as_str().context("the middle is there")?);
        let mut times = Vec::new();
        for _ in 0..PAGES {
            let start = Instant::now();
            let rows = page(&after)?;
            times.push(start.elapsed().as_secs_f64());
            if rows.as_array().map(Vec::len) != Some(50) {
                bail!("not a page: {rows}");
            }
        }
        Ok(median(times))
    };
    let few = filled(program, context, FEW)?;
    let many = filled(program, context, MANY)?;
    let (peer, ours) = (seconds(&few, FEW)? * 1e6, seconds(&many, MANY)? * 1e6);
    Ok(Figure { name: "page-100k-against-1k".to_owned(), ours, peer: Some(peer), limit: None, unit: "µs" })
}
