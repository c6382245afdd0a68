//! `cargo xtask ci`: what has to hold before a change is merged, besides the tests.

use anyhow::bail;

use crate::command;
use crate::tidy;

/// Runs every check, also after one has failed: a person wants the whole list at once.
pub fn run() -> anyhow::Result<()> {
    let format = command::announce_and_run(&mut command::cargo(&["fmt", "--all", "--", "--check"]));
    let mut clippy = command::cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    let lints = command::announce_and_run(&mut clippy);
    eprintln!("==> tidy");
    let results = [("format (cargo fmt --all mends it)", format), ("clippy", lints), ("tidy", tidy::run())];
    let failed: Vec<&str> =
        results.iter().filter(|(_, result)| result.is_err()).map(|(name, _)| *name).collect();
    if !failed.is_empty() {
        bail!("these checks failed: {}", failed.join(", "));
    }
    eprintln!("ci: format, clippy and tidy are clean");
    Ok(())
}
