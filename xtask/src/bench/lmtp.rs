//! Durable delivery over LMTP: Relais, Dovecot's own LMTP with the same Maildir and the same syncs, and the bare loop
//! of the system calls that no server can do without.

mod bare_loop;
mod dovecot;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, bail};

use super::scale::median;
use super::{BenchContext, Figure};
use crate::lmtp::Connection;
use crate::run::scenario;
use crate::workspace::{self, Profile};
use relais_testbed::server::Configuration;

/// Rounds are taken in turn, so that a slow moment of the disk meets all three; the middle one counts.
const ROUNDS: usize = 3;

/// One size of the measurement.
#[derive(Clone, Copy)]
pub struct Load {
    name: &'static str,
    messages: usize,
    size_bytes: usize,
    connections: usize,
}

const LOADS: [Load; 2] = [
    Load { name: "lmtp-4k-8", messages: 2_000, size_bytes: 4 * 1024, connections: 8 },
    Load { name: "lmtp-64k-8", messages: 800, size_bytes: 64 * 1024, connections: 8 },
];

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let dovecot = dovecot::Peer::start(&context.directory("dovecot")?)?;
    let program = workspace::build_relais(Profile::Release)?;
    let relais = super::start(&program, &context.directory("relais")?, Configuration::for_test())?;
    let ours = Target {
        address: relais.configuration.lmtp.clone(),
        recipients: scenario::create_recipients(&relais, connections_max())?,
    };
    let peer = dovecot.target(connections_max());
    LOADS.iter().map(|load| measure(*load, &ours, &peer, &context.directory(load.name)?)).collect()
}

fn connections_max() -> usize {
    LOADS.iter().map(|load| load.connections).max().unwrap_or(1)
}

/// A running LMTP listener, and people there who get mail. Each connection writes to one of them.
pub struct Target {
    pub address: String,
    pub recipients: Vec<String>,
}

fn measure(load: Load, ours: &Target, peer: &Target, directory: &Path) -> anyhow::Result<Figure> {
    // Mailboxes come into being with their first message; that is not what is measured.
    for target in [ours, peer] {
        let warm_up = Load { messages: load.connections, ..load };
        deliver(warm_up, target, "warm-up")?;
    }
    let (mut ours_rates, mut peer_rates, mut limit_rates) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let run = format!("round-{round}");
        limit_rates.push(bare_loop::rate(load, &directory.join(&run))?);
        peer_rates.push(deliver(load, peer, &run)?);
        ours_rates.push(deliver(load, ours, &run)?);
    }
    Ok(Figure {
        name: load.name.to_owned(),
        ours: median(ours_rates),
        peer: Some(median(peer_rates)),
        limit: Some(median(limit_rates)),
        unit: "messages/s",
    })
}

/// Delivers the load over its connections at once; every message has to be accepted. Messages per second.
fn deliver(load: Load, target: &Target, run: &str) -> anyhow::Result<f64> {
    if target.recipients.len() < load.connections {
        bail!("{} connections want as many recipients", load.connections);
    }
    in_parallel(load, |worker, messages| {
        let recipient = &target.recipients[worker];
        let mut connection = Connection::open(&target.address)?;
        for message in messages {
            let answer = connection.deliver("sender@example.org", recipient, message)?;
            if !answer.starts_with("250") {
                bail!("a message for {recipient} was refused: {answer}");
            }
        }
        Ok(())
    })
    .with_context(|| format!("{} at {}, {run}", load.name, target.address))
}

/// Runs one thread per connection, each on its share of the messages, which are written before the clock starts.
/// Messages per second.
fn in_parallel<F>(load: Load, work: F) -> anyhow::Result<f64>
where
    F: Fn(usize, &[Vec<u8>]) -> anyhow::Result<()> + Sync,
{
    let share = load.messages / load.connections;
    let messages: Vec<Vec<Vec<u8>>> =
        (0..load.connections).map(|_| (0..share).map(|_| message(load.size_bytes)).collect()).collect();
    let begun = Instant::now();
    let results: Vec<anyhow::Result<()>> = std::thread::scope(|scope| {
        let work = &work;
        let spawn = |(worker, share)| scope.spawn(move || work(worker, share));
        let threads: Vec<_> = messages.iter().map(Vec::as_slice).enumerate().map(spawn).collect();
        threads.into_iter().map(|thread| thread.join().expect("a worker does not panic")).collect()
    });
    let elapsed_s = begun.elapsed().as_secs_f64();
    results.into_iter().collect::<anyhow::Result<()>>()?;
    Ok((share * load.connections) as f64 / elapsed_s)
}

/// A message that no other one equals: what arrives twice may be stored once.
fn message(size_bytes: usize) -> Vec<u8> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let mut bytes = format!(
        "From: <sender@example.org>\r\nTo: <reader@bm.com>\r\nDate: Mon, 3 Nov 2025 10:00:00 +0100\r\n\
         Subject: Message {number}\r\nMessage-ID: <bench.{}.{number}@example.org>\r\n\r\n",
        std::process::id()
    )
    .into_bytes();
    while bytes.len() + 72 <= size_bytes {
        bytes.extend_from_slice(&[b'a'; 70]);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{Load, dovecot, in_parallel, median, message};

    #[test]
    fn the_middle_value_counts() {
        assert!((median(vec![9.0, 1.0, 5.0]) - 5.0).abs() < f64::EPSILON);
    }

    #[test]
    fn no_two_messages_are_equal_and_none_is_larger_than_asked() {
        let (first, second) = (message(4096), message(4096));
        assert_ne!(first, second);
        assert!((3900..=4096).contains(&first.len()), "{}", first.len());
    }

    #[test]
    fn one_failing_worker_fails_the_measurement() {
        let load = Load { name: "test", messages: 4, size_bytes: 500, connections: 2 };
        let result = in_parallel(load, |worker, messages| {
            assert_eq!(messages.len(), 2);
            if worker == 1 { anyhow::bail!("refused") } else { Ok(()) }
        });
        assert!(result.is_err());
        assert!(in_parallel(load, |_, _| Ok(())).is_ok_and(|rate| rate > 0.0));
    }

    #[test]
    fn the_peer_and_the_bare_loop_store_every_message() {
        let context = crate::bench::BenchContext::new().expect("a directory");
        let load = Load { name: "test", messages: 6, size_bytes: 2_000, connections: 2 };

        let directory = context.directory("bare").expect("a directory");
        super::bare_loop::rate(load, &directory.join("round")).expect("the loop runs");
        assert_eq!(super::bare_loop::stored(&directory.join("round")), 6);

        let directory = context.directory("dovecot").expect("a directory");
        let peer = dovecot::Peer::start(&directory).expect("Dovecot starts");
        super::deliver(load, &peer.target(2), "test").expect("Dovecot accepts");
        assert_eq!(peer.stored(), 6);
    }
}
