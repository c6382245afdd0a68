//! Which crate may use which. The tables here are section 5 of the design as a check; Cargo enforces that what is not
//! listed in a manifest cannot be imported, and this enforces what may be listed.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use super::problem::Problem;
use crate::command;

/// Each crate of ours and those of ours it may use.
const MAY_USE: [(&str, &[&str]); 8] = [
    ("relais-core", &[]),
    ("relais-store", &["relais-core"]),
    ("relais-engines", &["relais-core"]),
    ("relais-app", &["relais-core", "relais-store", "relais-engines"]),
    ("relais", &["relais-core", "relais-app", "relais-engines"]),
    ("relais-testbed", &[]),
    ("rustic_cdc", &[]),
    ("xtask", &["relais-testbed"]),
];

/// What tests of every crate may use besides.
const TESTS_MAY_USE: &str = "relais-testbed";

/// Foreign crates that one crate of ours keeps to itself.
const KEPT_BY: [(&str, &str); 9] = [
    ("rusqlite", "relais-store"),
    ("postgres", "relais-store"),
    ("tokio-postgres", "relais-store"),
    ("axum", "relais"),
    ("utoipa-axum", "relais"),
    ("maud", "relais"),
    ("hickory-resolver", "relais-engines"),
    ("object_store", "relais-engines"),
    ("rustic_core", "relais-engines"),
];

/// What would bring IO, threads or chance into the rules.
const NEVER_IN_CORE: [&str; 7] = ["tokio", "rand", "nix", "libc", "tempfile", "tracing", "hyper"];

/// The part of `cargo metadata --format-version 1` that is read here.
#[derive(Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    workspace_members: HashSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
pub struct Package {
    pub id: String,
    pub name: String,
    pub version: String,
    pub license: Option<String>,
    pub manifest_path: String,
    pub dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub struct Dependency {
    pub name: String,
    /// `None` is an ordinary dependency.
    pub kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
}

impl Metadata {
    /// For the platform at hand alone: what is built for others is neither fetched nor shipped.
    pub fn read() -> anyhow::Result<Metadata> {
        let version = command::output(std::process::Command::new("rustc").arg("-vV"))?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.context("rustc -vV names no host")?;
        let mut cargo =
            command::cargo(&["metadata", "--format-version", "1", "--locked", "--filter-platform", host]);
        let text = command::output(&mut cargo).context("is Cargo.lock up to date?")?;
        serde_json::from_str(&text).context("cargo metadata printed something unexpected")
    }

    fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The foreign packages that something of ours is built with.
    pub fn foreign(&self) -> impl Iterator<Item = &Package> {
        let used: HashSet<&str> = self.resolve.nodes.iter().map(|node| node.id.as_str()).collect();
        let foreign = move |package: &&Package| {
            used.contains(package.id.as_str()) && !self.workspace_members.contains(&package.id)
        };
        self.packages.iter().filter(foreign)
    }
}

pub fn check(metadata: &Metadata, root: &Path) -> Vec<Problem> {
    let mut problems = Vec::new();
    for member in metadata.members() {
        let manifest = std::fs::read_to_string(&member.manifest_path).unwrap_or_default();
        let path = Path::new(&member.manifest_path);
        let file = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
        for (name, message) in complaints(member) {
            problems.push(Problem::error(&file, line_of(&manifest, &name), message));
        }
    }
    problems
}

/// The dependencies of a crate of ours that should not be there, each with the reason.
fn complaints(member: &Package) -> Vec<(String, String)> {
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == member.name) else {
        let message = format!("{} has no row in the table of xtask/src/tidy/dependencies.rs", member.name);
        return vec![("name".to_owned(), message)];
    };
    let ours = |name: &str| MAY_USE.iter().any(|(crate_name, _)| *crate_name == name);
    let mut complaints = Vec::new();
    for dependency in &member.dependencies {
        let name = dependency.name.as_str();
        let for_tests = dependency.kind.as_deref() == Some("dev");
        let message = if ours(name) && !allowed.contains(&name) && !(for_tests && name == TESTS_MAY_USE) {
            let may = if allowed.is_empty() { "nothing of ours".to_owned() } else { allowed.join(", ") };
            format!("{} must not use {name}; it may use {may}", member.name)
        } else if let Some((_, keeper)) = KEPT_BY.iter().find(|(kept, _)| *kept == name)
            && member.name != *keeper
        {
            format!("{name} belongs to {keeper} alone; ask {keeper} instead")
        } else if member.name == "relais-core" && !for_tests && NEVER_IN_CORE.contains(&name) {
            format!("relais-core is pure: {name} has no place in it")
        } else {
            continue;
        };
        complaints.push((name.to_owned(), message));
    }
    complaints
}

fn line_of(manifest: &str, key: &str) -> usize {
    let is_key = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    manifest.lines().position(is_key).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::{Dependency, Package, complaints, line_of};

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            license: None,
            manifest_path: String::new(),
            dependencies: dependencies
                .iter()
                .map(|(name, kind)| Dependency { name: (*name).to_owned(), kind: kind.map(str::to_owned) })
                .collect(),
        }
    }

    fn blamed(name: &str, dependencies: &[(&str, Option<&str>)]) -> Vec<String> {
        complaints(&package(name, dependencies)).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn the_direction_between_our_crates_is_kept() {
        assert_eq!(blamed("relais-core", &[("serde", None), ("relais-store", None)]), ["relais-store"]);
        assert_eq!(
            blamed("relais-store", &[("relais-core", None), ("relais-app", Some("dev"))]),
            ["relais-app"]
        );
        assert_eq!(blamed("relais", &[("relais-store", None), ("relais-app", None)]), ["relais-store"]);
        assert_eq!(
            blamed("xtask", &[("relais-testbed", None), ("relais-engines", None)]),
            ["relais-engines"]
        );
    }

    #[test]
    fn the_testbed_is_for_tests_only() {
        assert!(blamed("relais-app", &[("relais-testbed", Some("dev"))]).is_empty());
        assert_eq!(blamed("relais-app", &[("relais-testbed", None)]), ["relais-testbed"]);
    }

    #[test]
    fn database_drivers_and_the_web_framework_stay_with_their_keepers() {
        assert!(blamed("relais-store", &[("rusqlite", None), ("postgres", None)]).is_empty());
        assert_eq!(blamed("relais-testbed", &[("postgres", None)]), ["postgres"]);
        assert_eq!(blamed("relais-app", &[("axum", Some("dev"))]), ["axum"]);
    }

    #[test]
    fn a_crate_that_is_new_needs_a_row() {
        assert_eq!(blamed("relais-novelty", &[]), ["name"]);
    }

    #[test]
    fn the_line_of_a_dependency_is_found() {
        let manifest = "[dependencies]\npostgres-types = \"1\"\npostgres.workspace = true\n";
        assert_eq!(line_of(manifest, "postgres"), 3);
    }
}
