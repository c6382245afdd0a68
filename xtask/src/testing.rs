//! `cargo xtask test`: every test of the workspace, against the real program and real engines.

use std::process::Command;

use anyhow::bail;

use crate::command;
use crate::packages::{self, Missing, Purpose};
use crate::python;

/// With `args`, only the tests they select; else all, with the examples in the documentation first, so that the
/// summary of the tests is the last thing on the screen.
pub fn run(args: &[String], missing: Missing) -> anyhow::Result<()> {
    packages::provide(Purpose::Test, missing)?;
    python::provide(missing)?;
    let mut failures = Vec::new();
    if args.is_empty() {
        let mut examples = command::cargo(&["test", "--workspace", "--doc", "--quiet"]);
        failures.extend(command::announce_and_run(&mut examples).err());
    }
    let mut tests = test_runner();
    tests.args(args);
    failures.extend(command::announce_and_run(&mut tests).err());
    match failures.as_slice() {
        [] => Ok(()),
        failures => {
            bail!(failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
    }
}

fn test_runner() -> Command {
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    if command::succeeds(&mut command::cargo(&["nextest", "--version"])) {
        let mut nextest = command::cargo(&["nextest", "run", "--workspace"]);
        if in_ci {
            nextest.args(["--profile", "ci"]);
        }
        return nextest;
    }
    eprintln!("cargo-nextest is not installed; taking `cargo test`, which cannot end a test that hangs");
    let mut test = command::cargo(&["test", "--workspace", "--bins", "--lib", "--tests"]);
    if in_ci {
        test.arg("--no-fail-fast");
    }
    test
}
