//! Starting other programs and judging their end.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::workspace;

/// The Cargo that runs us, in the workspace's folder.
pub fn cargo(args: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(args).current_dir(workspace::root());
    // What Cargo says of xtask to us. Build scripts look at it: ring's runs again when it changes, and all that stands on ring
    // would be built anew after each `cargo` that was typed.
    for (name, _) in std::env::vars_os() {
        let of_xtask = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(of_xtask) {
            command.env_remove(name);
        }
    }
    command
}

/// Shows the command, runs it on our own standard streams, fails when it fails.
pub fn announce_and_run(command: &mut Command) -> anyhow::Result<()> {
    eprintln!("==> {}", text(command));
    let status = command.status().with_context(|| format!("{} does not start", text(command)))?;
    if !status.success() {
        bail!("{} failed: {status}", text(command));
    }
    Ok(())
}

/// Standard output of a command that has to succeed; its errors go to ours.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} does not start", text(command)))?;
    if !output.status.success() {
        bail!("{} failed: {}", text(command), output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether the command can be started and ends well; shows nothing.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command as one would type it.
pub fn text(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:@,+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::text;

    #[test]
    fn a_command_prints_as_one_would_type_it() {
        let mut command = Command::new("echo");
        command.args(["plain", "two words", "l'été"]);
        assert_eq!(text(&command), "echo plain 'two words' 'l'\\''été'");
    }
}
