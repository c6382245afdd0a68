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
    let mut cargo = command::cargo(&["build", "--package", "relais", "--bin", "relais"]);
    cargo.arg("--message-format=json-render-diagnostics");
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    eprintln!("==> building relais");
    let messages = command::output(&mut cargo).context("relais does not build")?;
    for line in messages.lines() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        if message["target"]["name"] == "relais"
            && let Some(program) = message["executable"].as_str()
        {
            return Ok(PathBuf::from(program));
        }
    }
    bail!("cargo did not say where it put the program relais")
}
