//! The program: `relais serve` runs the server, everything else asks one.

use clap::Parser;
use relais::doors::cli::{self, Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Command::Serve(arguments) => {
            let log = tracing_subscriber::EnvFilter::try_from_env("RELAIS_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
            tracing_subscriber::fmt().with_env_filter(log).with_writer(std::io::stderr).init();
            match relais::serve::serve(&cli.data, arguments) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("relais: {error:#}");
                    ExitCode::FAILURE
                }
            }
        }
        _ => cli::run(cli),
    }
}
