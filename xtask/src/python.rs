//! The Python packages of tests and benchmarks: a virtual environment under the target directory, made anew whenever
//! other versions are pinned.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use relais_testbed::python;

use crate::command;
use crate::packages::Missing;

/// Debian's own, to which `python3-venv` belongs, before any other in the path.
const OF_DEBIAN: &str = "/usr/bin/python3";

/// Sees that the environment holds what is pinned. Nothing is downloaded when it does.
pub fn provide(missing: Missing) -> anyhow::Result<()> {
    let environment = python::environment()?;
    if python::is_current(&environment) {
        return Ok(());
    }
    if missing == Missing::Report {
        eprintln!("The Python packages of the tests are not installed, as asked: tests that need them fail.");
        return Ok(());
    }
    eprintln!("==> installing the Python packages of the tests into {}", environment.display());
    if environment.exists() {
        std::fs::remove_dir_all(&environment).context("removing the old Python environment")?;
    }
    let python = if Path::new(OF_DEBIAN).exists() { OF_DEBIAN } else { "python3" };
    command::announce_and_run(Command::new(python).args(["-m", "venv"]).arg(&environment))?;
    let requirements = environment.join("wanted.txt");
    std::fs::write(&requirements, python::REQUIREMENTS)?;
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"]);
    command::announce_and_run(pip.arg(&requirements))?;
    python::set_current(&environment)
}
