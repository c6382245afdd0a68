//! Sign-ins at the portal, each with a password nobody remembers, against one argon2 of the same work; and sign-ins with app
//! passwords, which cost none.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail};
use argon2::{Argon2, PasswordHasher as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use relais_testbed::http;
use relais_testbed::mail::Smtp;
use serde_json::{Value, json};

use super::filled::filled;
use super::{BenchContext, Figure};
use crate::run::scenario::of_organisation;
use crate::workspace::{self, Profile};

const PEOPLE: u32 = 200;
/// As many as the program hashes at once.
const THREADS: u32 = 2;
const APP_SIGN_INS: u32 = 2000;
const HASHES: u32 = 20;

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_relais(Profile::Release)?;
    let server = filled(&program, context, 0)?;
    let socket = server.data.join("relais.sock");
    for number in 0..PEOPLE {
        let body = json!({ "address": login(number), "name": "Person", "password": password(number) });
        ask(&socket, None, &of_organisation("/accounts"), &body)?;
    }
    let start = Instant::now();
    let secrets = sign_in_all(&socket)?;
    let per_second = f64::from(PEOPLE) / start.elapsed().as_secs_f64();
    let body = json!({ "name": "Phone", "scopes": ["mail"] });
    let made = ask(&socket, Some(&secrets[0]), &format!("/accounts/{}/app-passwords", login(0)), &body)?;
    let app_password = made["secret"].as_str().context("an app password is shown")?.to_owned();
    let address = server.address(&server.configuration.smtp)?;
    let start = Instant::now();
    for _ in 0..APP_SIGN_INS {
        let mut smtp = Smtp::open(address)?;
        let reply = smtp.0.command(&format!("AUTH PLAIN {}", plain(&login(0), &app_password)))?;
        if reply.code != 235 {
            bail!("an app password was refused: {reply:?}");
        }
    }
    let by_app = f64::from(APP_SIGN_INS) / start.elapsed().as_secs_f64();
    Ok(vec![
        Figure {
            name: "sign-ins".to_owned(),
            ours: per_second,
            peer: Some(f64::from(THREADS) / argon2_s()?),
            limit: None,
            unit: "sign-ins/s against argon2 on as many cores",
        },
        Figure {
            name: "app-password-sign-ins".to_owned(),
            ours: by_app,
            peer: None,
            limit: None,
            unit: "sign-ins/s",
        },
    ])
}

/// Each person once, from as many threads as there are cores to hash on: the secrets of their sessions.
fn sign_in_all(socket: &Path) -> anyhow::Result<Vec<String>> {
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let socket: PathBuf = socket.to_owned();
            std::thread::spawn(move || {
                let mine = (0..PEOPLE).filter(|number| number % THREADS == thread);
                let sign_in = |number| {
                    let body = json!({ "login": login(number), "password": password(number) });
                    let signed_in = ask(&socket, None, "/sessions", &body)?;
                    Ok(signed_in["secret"].as_str().context("a session has a secret")?.to_owned())
                };
                mine.map(sign_in).collect::<anyhow::Result<Vec<String>>>()
            })
        })
        .collect();
    let mut secrets = Vec::new();
    for thread in threads {
        match thread.join() {
            Ok(found) => secrets.extend(found?),
            Err(_) => bail!("a thread of the measurement panicked"),
        }
    }
    Ok(secrets)
}

/// Seconds for one hash with the work that the program asks for.
fn argon2_s() -> anyhow::Result<f64> {
    let start = Instant::now();
    for _ in 0..HASHES {
        Argon2::default()
            .hash_password(b"a password to measure with")
            .map_err(|error| anyhow::anyhow!("{error}"))?;
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(HASHES))
}

fn login(number: u32) -> String {
    format!("s{number}@bm.com")
}

fn password(number: u32) -> String {
    format!("seven rivers under {number} bridges")
}

/// RFC 4616, in base64.
fn plain(login: &str, password: &str) -> String {
    STANDARD.encode(format!("\0{login}\0{password}"))
}

fn ask(socket: &Path, secret: Option<&str>, path: &str, body: &Value) -> anyhow::Result<Value> {
    let (status, answer) = http::ask_as(socket, secret, "POST", &format!("/api/v1{path}"), body)?;
    if status >= 300 {
        bail!("POST {path}: {status} {answer}");
    }
    Ok(answer)
}
