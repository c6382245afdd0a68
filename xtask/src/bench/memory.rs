//! A message of 50 MB through 100 LMTP sessions at once: the peak of resident memory, beside what the messages weigh.

use std::sync::Arc;

use anyhow::bail;
use relais_testbed::server::Configuration;

use super::scale::peak_memory_bytes;
use super::{BenchContext, Figure};
use crate::lmtp::Connection;
use crate::run::scenario;
use crate::workspace::{self, Profile};

const SESSIONS: usize = 100;
const SIZE_BYTES: usize = 50_000_000;

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_relais(Profile::Release)?;
    let mut configuration = Configuration::for_test();
    (configuration.imap_port, configuration.pop3_port, configuration.sieve_port) = (0, 0, 0);
    let server = super::start(&program, &context.directory("memory")?, configuration)?;
    let recipient = scenario::create_recipients(&server, 1)?.remove(0);
    let line = format!("{}\r\n", "x".repeat(76));
    let message: Arc<Vec<u8>> =
        Arc::new(format!("Subject: large\r\n\r\n{}", line.repeat(SIZE_BYTES / line.len())).into_bytes());
    let threads = (0..SESSIONS).map(|session| {
        let (message, recipient, address) =
            (message.clone(), recipient.clone(), server.configuration.lmtp.clone());
        std::thread::spawn(move || -> anyhow::Result<()> {
            let mut connection = Connection::open(&address)?;
            let sender = format!("sender{session}@far.example");
            let answer = connection.deliver(&sender, &recipient, &message)?;
            if !answer.starts_with("250") {
                bail!("refused: {answer}");
            }
            Ok(())
        })
    });
    let threads: Vec<_> = threads.collect();
    for thread in threads {
        match thread.join() {
            Ok(sent) => sent?,
            Err(_) => bail!("a session panicked"),
        }
    }
    Ok(vec![Figure {
        name: "memory-100-sessions-50MB".to_owned(),
        ours: peak_memory_bytes(&server)? / 1e6,
        peer: None,
        limit: Some((SESSIONS * SIZE_BYTES) as f64 / 1e6),
        unit: "MB",
    }])
}
