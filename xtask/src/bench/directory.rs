//! A directory of a hundred thousand people: the first reading, and one after which nothing changed, beside `ldapsearch`
//! asking the same server for the same.

use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, bail};
use relais_testbed::server::Configuration;
use relais_testbed::slapd::{self, Slapd};
use serde_json::{Value, json};

use super::scale::median;
use super::{BenchContext, Figure};
use crate::run::scenario::{self, of_organisation};
use crate::workspace::{self, Profile};

const PEOPLE: usize = 100_000;
const ROUNDS: usize = 5;

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_relais(Profile::Release)?;
    let ldif: String = (0..PEOPLE).map(|n| slapd::person(&format!("p{n}"), &format!("Person {n}"))).collect();
    let slapd = Slapd::start(&ldif)?;
    let mut configuration = Configuration::for_test();
    // Mail is not what is measured.
    (configuration.imap_port, configuration.pop3_port, configuration.sieve_port) = (0, 0, 0);
    configuration.rest.insert("directories_on_own_network".to_owned(), true.into());
    let server = super::start(&program, &context.directory("directory")?, configuration)?;
    scenario::create_organisation(&server)?;
    let settings = json!({
        "kind": "open_ldap", "host": "127.0.0.1", "port": slapd.port, "encryption": "none",
        "base": slapd::PEOPLE, "bind_dn": slapd::ADMIN, "every_minutes": null
    });
    let body = json!({ "name": "Directory", "settings": settings, "bind_password": slapd::PASSWORD });
    let made = server.must("POST", &of_organisation("/directories"), &body)?;
    let path = format!("/directories/{}/sync", made["id"].as_str().context("an id")?);

    let (first_theirs, cookie) = ldapsearch(&slapd, "")?;
    let (first_ours, report) = timed(|| server.must("POST", &path, &json!({})))?;
    if report["counts"]["created"] != json!(PEOPLE) {
        bail!("not everybody was made: {}", report["counts"]);
    }
    let (mut unchanged_theirs, mut unchanged_ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        unchanged_theirs.push(ldapsearch(&slapd, &format!("/{cookie}"))?.0);
        let (ours, report) = timed(|| server.must("POST", &path, &json!({})))?;
        if report["counts"]["read"] != 0 {
            bail!("something was read: {}", report["counts"]);
        }
        unchanged_ours.push(ours);
    }
    Ok(vec![
        Figure {
            name: "directory-100k-first".to_owned(),
            ours: first_ours,
            peer: Some(first_theirs),
            limit: None,
            unit: "s against ldapsearch",
        },
        Figure {
            name: "directory-100k-unchanged".to_owned(),
            ours: median(unchanged_ours) * 1e3,
            peer: Some(median(unchanged_theirs) * 1e3),
            limit: None,
            unit: "ms against ldapsearch",
        },
    ])
}

fn timed(work: impl FnOnce() -> anyhow::Result<Value>) -> anyhow::Result<(f64, Value)> {
    let start = Instant::now();
    let done = work()?;
    Ok((start.elapsed().as_secs_f64(), done))
}

/// Seconds that `ldapsearch` takes for a refresh from this cookie on, and the cookie that it is given.
fn ldapsearch(slapd: &Slapd, cookie: &str) -> anyhow::Result<(f64, String)> {
    let mut search = slapd.client("ldapsearch");
    search.args(["-b", slapd::PEOPLE, "-E", &format!("sync=ro{cookie}"), "(objectClass=inetOrgPerson)"]);
    search.args(["mail", "cn", "givenName", "sn", "telephoneNumber", "mobile", "title", "ou", "entryUUID"]);
    let start = Instant::now();
    let output = search.stdin(Stdio::null()).output().context("ldapsearch does not start")?;
    let seconds = start.elapsed().as_secs_f64();
    if !output.status.success() {
        bail!("ldapsearch: {}", String::from_utf8_lossy(&output.stderr));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let cookie = said.lines().rev().find_map(|line| {
        let (_, cookie) = line.split_once("cookie: ")?;
        Some(cookie.trim().to_owned())
    });
    Ok((seconds, cookie.unwrap_or_default()))
}
