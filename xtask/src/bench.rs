//! `cargo xtask bench`: figures side by side, each measured in the same run on the same disk as what it is compared to.

mod accounts;
mod backup;
mod content;
mod crash;
mod directory;
mod figure;
mod filled;
mod hand_over;
mod jobs;
mod lmtp;
mod memory;
mod pages;
mod scale;
mod scim;
mod sign_ins;

use std::path::Path;

use anyhow::bail;
use relais_testbed::server::{Configuration, Server};
use relais_testbed::unprivileged;

pub use figure::Format;

use figure::Figure;

use crate::packages::{self, Missing, Purpose};
use crate::python;

pub struct Benchmark {
    pub name: &'static str,
    pub run: fn(&BenchContext) -> anyhow::Result<Vec<Figure>>,
}

const BENCHMARKS: &[Benchmark] = &[
    Benchmark { name: "lmtp", run: lmtp::run },
    Benchmark { name: "scale", run: scale::run },
    Benchmark { name: "accounts", run: accounts::run },
    Benchmark { name: "content", run: content::run },
    Benchmark { name: "jobs", run: jobs::run },
    Benchmark { name: "directory", run: directory::run },
    Benchmark { name: "scim", run: scim::run },
    Benchmark { name: "pages", run: pages::run },
    Benchmark { name: "sign-ins", run: sign_ins::run },
    Benchmark { name: "hand-over", run: hand_over::run },
    Benchmark { name: "backup", run: backup::run },
    Benchmark { name: "memory", run: memory::run },
    Benchmark { name: "crash", run: crash::run },
];

/// What every benchmark is given.
pub struct BenchContext {
    /// An empty directory on a real disk, removed afterwards.
    scratch: tempfile::TempDir,
}

impl BenchContext {
    /// Not in `/tmp`, which may be memory and then makes every sync free.
    fn new() -> anyhow::Result<BenchContext> {
        let scratch = tempfile::Builder::new().prefix("relais-bench-").tempdir_in("/var/tmp")?;
        Ok(BenchContext { scratch })
    }

    /// A new directory below the scratch directory that every user can reach.
    pub fn directory(&self, name: &str) -> anyhow::Result<std::path::PathBuf> {
        use std::os::unix::fs::PermissionsExt as _;
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.scratch.path(), open)?;
        let path = self.scratch.path().join(name);
        std::fs::create_dir(&path)?;
        Ok(path)
    }
}

/// A server on a data directory that its user owns.
fn start(program: &Path, data: &Path, configuration: Configuration) -> anyhow::Result<Server> {
    if let Some(user) = configuration.user.as_deref().filter(|_| nix::unistd::geteuid().is_root()) {
        unprivileged::give(data, user)?;
    }
    Server::start(program, data, configuration)
}

pub fn run(name: Option<&str>, format: Format, missing: Missing) -> anyhow::Result<()> {
    let chosen: Vec<&Benchmark> =
        BENCHMARKS.iter().filter(|benchmark| name.is_none_or(|name| name == benchmark.name)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = BENCHMARKS.iter().map(|benchmark| benchmark.name).collect();
        bail!("there is no such benchmark; these are there: {}", names.join(", "));
    }
    packages::provide(Purpose::Bench, missing)?;
    python::provide(missing)?;
    let mut figures = Vec::new();
    let mut failed = Vec::new();
    for benchmark in chosen {
        eprintln!("==> measuring {}", benchmark.name);
        match BenchContext::new().and_then(|context| (benchmark.run)(&context)) {
            Ok(measured) => figures.extend(measured),
            Err(error) => failed.push(format!("{}: {error:#}", benchmark.name)),
        }
    }
    print!("{}", figure::text(&figures, format)?);
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join("; "));
    }
    Ok(())
}
