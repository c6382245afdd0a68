//! What many accounts cost: asking for a recipient at ten thousand and at a million addresses, starting with a hundred
//! thousand accounts, and the memory of both. See [`super::filled`] for
//! how they come there.

use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use relais_testbed::mail::Dialogue;
use relais_testbed::server::Server;

use super::filled::filled;
use super::{BenchContext, Figure};
use crate::workspace::{self, Profile};

const FEW: u32 = 10_000;
const MANY: u32 = 1_000_000;
const START_WITH: u32 = 100_000;
const QUESTIONS: u32 = 20_000;
/// Recipients asked for in one transaction, all sent before the answers are read.
const AT_ONCE: u32 = 100;
const ROUNDS: usize = 3;

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_relais(Profile::Release)?;
    let few = filled(&program, context, FEW)?;
    let many = filled(&program, context, MANY)?;
    let (mut at_few, mut at_many) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        at_few.push(seconds_per_question(&few, FEW)?);
        at_many.push(seconds_per_question(&many, MANY)?);
    }
    let resolution = Figure {
        name: "resolution-1m-against-10k".to_owned(),
        ours: median(at_many) * 1e6,
        peer: Some(median(at_few) * 1e6),
        limit: None,
        unit: "µs",
    };
    let memory = |name: &str, server: &Server| -> anyhow::Result<Figure> {
        let ours = peak_memory_bytes(server)? / 1e6;
        Ok(Figure { name: name.to_owned(), ours, peer: None, limit: None, unit: "MB" })
    };
    let mut figures = vec![resolution, memory("memory-10k", &few)?, memory("memory-1m", &many)?];
    drop((few, many));
    figures.extend(start_up(&program, context)?);
    Ok(figures)
}

/// From the start of the process to the open doors, beside the same program on an empty database.
fn start_up(program: &Path, context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let full = filled(program, context, START_WITH)?;
    let empty = filled(program, context, 0)?;
    let (mut full_times, mut empty_times) = (Vec::new(), Vec::new());
    let (mut full, mut empty) = (full, empty);
    for _ in 0..ROUNDS {
        for (server, times) in [(&mut full, &mut full_times), (&mut empty, &mut empty_times)] {
            server.kill_9()?;
            let start = Instant::now();
            server.start_again()?;
            times.push(start.elapsed().as_secs_f64());
        }
    }
    let memory = peak_memory_bytes(&full)? / 1e6;
    Ok(vec![
        Figure {
            name: "start-100k-against-empty".to_owned(),
            ours: median(full_times),
            peer: Some(median(empty_times)),
            limit: None,
            unit: "s",
        },
        Figure { name: "start-100k-memory".to_owned(), ours: memory, peer: None, limit: None, unit: "MB" },
    ])
}

/// Asks by LMTP for recipients all over the table, as a mail server does.
fn seconds_per_question(server: &Server, count: u32) -> anyhow::Result<f64> {
    let mut lmtp = Dialogue::connect(server.address(&server.configuration.lmtp)?)?;
    lmtp.expect(220)?;
    lmtp.command("LHLO bench.example")?;
    let mut seconds = 0.0;
    for batch in 0..QUESTIONS / AT_ONCE {
        lmtp.command("MAIL FROM:<client@far.example>")?;
        let mut questions = String::new();
        for number in 0..AT_ONCE {
            // A stride that is prime to both counts: no two neighbours.
            let person = u64::from(batch * AT_ONCE + number) * 7919 % u64::from(count);
            questions.push_str(&format!("RCPT TO:<p{person}@bm.com>\r\n"));
        }
        let start = Instant::now();
        lmtp.write(questions.as_bytes())?;
        for _ in 0..AT_ONCE {
            lmtp.expect(250)?;
        }
        seconds += start.elapsed().as_secs_f64();
        lmtp.command("RSET")?;
    }
    Ok(seconds / f64::from(QUESTIONS))
}

/// The most memory the process ever had resident.
pub fn peak_memory_bytes(server: &Server) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1024.0)
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
