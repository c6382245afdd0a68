//! `cargo xtask run`: the demonstration. Prepares what the program needs, starts it, plays the scenario once, says where
//! to look, and stays.

mod language;
mod place;
pub mod scenario;
mod summary;

use std::path::Path;

use anyhow::{Context as _, bail};
use nix::sys::signal::{SigSet, Signal};

use crate::packages::{self, Missing, Purpose};
use crate::workspace::{self, Profile};
use relais_testbed::server::{Configuration, Server};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    UntilCertificate,
    UntilInterrupted,
}

pub fn run(data: &Path, stay: Stay, missing: Missing) -> anyhow::Result<()> {
    packages::provide(Purpose::Run, missing)?;
    let program = workspace::build_relais(Profile::Dev)?;
    let data = place::prepare(data)?;
    let mut configuration = Configuration::of(&data)?;
    configuration.avoid_taken_ports()?;
    let mut server = Server::start(&program, &data, configuration)?;
    scenario::play(&server).with_context(|| {
        format!(
            "the demonstration stopped half way; to begin anew, remove {} or choose another --data",
            data.display()
        )
    })?;
    println!("{}", summary::text(&server, language::of_environment()));
    match stay {
        Stay::UntilCertificate => Ok(()),
        Stay::UntilInterrupted => wait(&mut server),
    }
}

/// Until Ctrl-C, or until the program ends by itself, which is an error.
fn wait(server: &mut Server) -> anyhow::Result<()> {
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCHLD] {
        signals.add(signal);
    }
    signals.thread_block()?;
    server.let_it_print();
    while !server.has_ended() {
        if signals.wait()? != Signal::SIGCHLD {
            return Ok(());
        }
    }
    bail!("relais serve ended by itself; its log is in {}", server.data.display())
}
