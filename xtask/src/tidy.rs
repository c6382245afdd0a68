//! `cargo xtask tidy`: rules of this project that no compiler checks. Every check reads, none changes a file; all
//! problems of a run are listed, each with its place.

mod dependencies;
mod functions;
mod licences;
mod links;
mod problem;
mod sources;

use anyhow::bail;

use problem::{Problem, Severity};

use crate::workspace;

/// Documents without which a newcomer is lost, and the texts of the licences.
const DOCUMENTS: [&str; 8] = [
    "README.md",
    "ARCHITECTURE.md",
    "STYLE.md",
    "CONTRIBUTING.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "docs/glossary.md",
    "docs/rights.md",
];

pub fn run() -> anyhow::Result<()> {
    let root = workspace::root();
    let metadata = dependencies::Metadata::read()?;
    let mut problems = dependencies::check(&metadata, root);
    problems.extend(licences::check(&metadata, root));
    let files = sources::files(root)?;
    for file in &files {
        problems.extend(sources::check(file));
        problems.extend(functions::check(file));
        problems.extend(links::check(file, root));
    }
    let absent = DOCUMENTS.iter().filter(|document| !root.join(document).exists());
    problems.extend(absent.map(|document| Problem::error(document, 1, "this document has to exist")));
    problems.sort();
    for problem in &problems {
        println!("{problem}");
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    if errors > 0 {
        bail!("tidy found {errors} error(s) in {} files", files.len());
    }
    println!("tidy: {} files are clean", files.len());
    Ok(())
}
