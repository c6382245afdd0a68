//! The development commands of Relais, as `cargo xtask COMMAND`. Builds, starts and observes the programs of the
//! workspace from outside; links none of them.

mod bench;
mod checks;
mod command;
mod lmtp;
mod packages;
mod python;
mod run;
mod testing;
mod tidy;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use packages::Missing;

/// Development commands of Relais.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start Relais with a demonstration organisation, and let one person leave before your eyes.
    Run {
        /// End with status 0 after the certificate, instead of staying up.
        #[arg(long)]
        once: bool,
        /// The data directory.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// Install no Debian package; say which are missing and go on without them.
        #[arg(long)]
        no_install: bool,
    },
    /// Install what the tests need, then run all of them, or those that ARGS select.
    Test {
        /// Install no Debian package.
        #[arg(long)]
        no_install: bool,
        /// Passed on to `cargo nextest run`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Format, clippy, tidy.
    Ci,
    /// Check what compilers do not: dependency directions, licences, sizes, names, links.
    Tidy,
    /// Measure, side by side with a peer and with what the machine can do at most.
    Bench {
        /// Which; all of them when left out.
        name: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
        /// Install no Debian package.
        #[arg(long)]
        no_install: bool,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Task::Run { once, data, no_install } => {
            let stay = if once { run::Stay::UntilCertificate } else { run::Stay::UntilInterrupted };
            run::run(&data, stay, missing(no_install))
        }
        Task::Test { no_install, args } => testing::run(&args, missing(no_install)),
        Task::Ci => checks::run(),
        Task::Tidy => tidy::run(),
        Task::Bench { name, json, no_install } => {
            let format = if json { bench::Format::JsonLines } else { bench::Format::Table };
            bench::run(name.as_deref(), format, missing(no_install))
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn missing(no_install: bool) -> Missing {
    if no_install { Missing::Report } else { Missing::Install }
}
