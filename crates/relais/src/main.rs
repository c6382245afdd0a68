//! The program: `relais serve` runs the server, `relais restore` rebuilds what one had, everything else asks one.

use clap::Parser;
use relais::doors::cli::{self, Cli, Command};
use std::io::IsTerminal;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Cli { options, command } = Cli::parse();
    let ended = match command {
        Command::Serve(arguments) => {
            let log = tracing_subscriber::EnvFilter::try_from_env("RELAIS_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
            tracing_subscriber::fmt()
                .with_env_filter(log)
                .with_ansi(std::io::stderr().is_terminal())
                .with_writer(std::io::stderr)
                // It would complain to the same standard error, with `eprintln!`: a log on a full disk would end, by a
                // panic, every task that has something to say.
                .log_internal_errors(false)
                .init();
            relais::serve::serve(&options.data, arguments).map(|()| ExitCode::SUCCESS)
        }
        Command::Restore(arguments) => relais::restore::restore(&options.data, options.language(), arguments),
        Command::Ask(question) => ask(options, question),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("relais: {error:#}");
        ExitCode::FAILURE
    })
}

fn ask(options: cli::Options, question: cli::Question) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(cli::run(options, question)))
}
