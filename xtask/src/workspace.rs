//! Where the workspace and what Cargo built are.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::command;

/// The directory of the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Dev,
    Release,
}

/// Builds the program `relais` and says where it is.
pub fn build_relais(profile: Profile) -> anyhow::Result<PathBuf> {
    build("relais", "--bin", "relais", profile)
}

/// Builds an example, a program that drives a crate of ours without the rest, and says where it is.
pub fn build_example(package: &str, name: &str, profile: Profile) -> anyhow::Result<PathBuf> {
    build(package, "--example", name, profile)
}

fn build(package: &str, kind: &str, name: &str, profile: Profile) -> anyhow::Result<PathBuf> {
    let mut cargo = command::cargo(&["build", "--package", package, kind, name]);
    cargo.arg("--message-format=json-render-diagnostics");
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    eprintln!("==> building {name}");
    let messages = command::output(&mut cargo).with_context(|| format!("{name} does not build"))?;
    for line in messages.lines() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        if message["target"]["name"] == name
            && let Some(program) = message["executable"].as_str()
        {
            return Ok(PathBuf::from(program));
        }
    }
    bail!("cargo did not say where it put the program {name}")
}
