//! The Python programs that are run against Relais or beside it: where their virtual environment is, and whether it is
//! the one that is pinned. `cargo xtask` makes it; a test only looks for what it needs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// Every package with its version, as `pip` reads it.
pub const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// Written last, so that half an installation is none.
const STAMP: &str = "requirements.txt";

/// The virtual environment, beside what Cargo built.
///
/// # Errors
/// When this program was not built by Cargo.
pub fn environment() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let is_profile = |dir: &&Path| dir.ends_with("debug") || dir.ends_with("release");
    let target = program.ancestors().find(is_profile).and_then(Path::parent);
    Ok(target.with_context(|| format!("{} is in no target directory", program.display()))?.join("python"))
}

/// Whether the environment holds what is pinned.
#[must_use]
pub fn is_current(environment: &Path) -> bool {
    std::fs::read_to_string(environment.join(STAMP)).is_ok_and(|installed| installed == REQUIREMENTS)
}

/// Says that the environment holds what is pinned.
///
/// # Errors
/// When it cannot be written.
pub fn set_current(environment: &Path) -> anyhow::Result<()> {
    std::fs::write(environment.join(STAMP), REQUIREMENTS).context("the mark of the Python environment")
}

/// A program of the environment: `scim2`, `canaille`, `python`…
///
/// # Errors
/// With what to do, when it is not installed as it is pinned.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let environment = environment()?;
    let program = environment.join("bin").join(name);
    if !is_current(&environment) || !program.exists() {
        bail!(
            "the Python packages of the tests are not installed as they are pinned: run `cargo xtask test` once"
        );
    }
    Ok(program)
}
