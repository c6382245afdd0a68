//! An application that webhooks are sent to, as a process of its own: it checks their signatures with code that is not
//! ours, writes down what it hears, and goes away, fails or loses its answers when it is told to.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use serde::Deserialize;
use tempfile::TempDir;

const PROGRAM: &str = include_str!("receiver.py");

/// How it answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    Ok,
    /// A second later.
    Slow,
    /// 503.
    Down,
    /// 400.
    Refuse,
    /// It takes the webhook, and its answer is lost.
    Drop,
}

/// One webhook that arrived.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Heard {
    pub id: String,
    /// Whether one of its signatures is of the secret agreed on.
    pub genuine: bool,
    pub mode: String,
    pub body: serde_json::Value,
}

pub struct Receiver {
    dir: TempDir,
    process: Option<Child>,
    pub port: u16,
}

impl Receiver {
    /// Starts one that takes everything.
    pub fn start() -> anyhow::Result<Receiver> {
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("receiver.py"), PROGRAM)?;
        std::fs::write(dir.path().join("secret"), "whsec_")?;
        let mut receiver = Receiver { dir, process: None, port: 0 };
        receiver.answer(Mode::Ok)?;
        receiver.come_back()?;
        Ok(receiver)
    }

    /// Starts again after [`Receiver::go_away`], on another port.
    pub fn come_back(&mut self) -> anyhow::Result<()> {
        let file = |name: &str| self.dir.path().join(name);
        let mut process = Command::new("python3")
            .args([file("receiver.py"), file("heard"), file("mode"), file("secret")])
            .stdout(Stdio::piped())
            .spawn()
            .context("starting python3")?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("its output")?).read_line(&mut line)?;
        self.process = Some(process);
        self.port = line.trim().parse().context("the port it prints")?;
        Ok(())
    }

    /// Ends the process.
    pub fn go_away(&mut self) -> anyhow::Result<()> {
        if let Some(mut process) = self.process.take() {
            process.kill()?;
            process.wait()?;
        }
        Ok(())
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/relais", self.port)
    }

    pub fn answer(&self, mode: Mode) -> anyhow::Result<()> {
        Ok(std::fs::write(self.dir.path().join("mode"), format!("{mode:?}").to_lowercase())?)
    }

    /// The secret that it checks signatures with.
    pub fn agree_on(&self, secret: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.dir.path().join("secret"), secret)?)
    }

    /// Everything it heard, in the order in which it came.
    pub fn heard(&self) -> anyhow::Result<Vec<Heard>> {
        let text = match std::fs::read_to_string(self.dir.path().join("heard")) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        text.lines().map(|line| serde_json::from_str(line).context("a line of what was heard")).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // Best effort: the process may be gone.
        let _ = self.go_away();
    }
}
