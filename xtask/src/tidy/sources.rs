//! Rules on single files: their names, their length, and what may not stand in a line.

use std::path::Path;
use std::process::Command;

use super::problem::Problem;
use crate::command;

const LINES_WARN: usize = 500;
const LINES_MAX: usize = 650;

/// Names that say nothing of the subject (STYLE.md, Structure).
const EMPTY_NAMES: [&str; 12] = [
    "util", "utils", "helper", "helpers", "manager", "managers", "service", "services", "dto", "dtos",
    "model", "models",
];

/// Written by people, in text.
const TEXT_EXTENSIONS: [&str; 7] = ["css", "html", "md", "rs", "sh", "sql", "toml"];

pub struct File {
    /// Relative to the workspace, with slashes.
    pub path: String,
    pub text: String,
}

impl File {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub fn is_markdown(&self) -> bool {
        self.path.ends_with(".md")
    }
}

/// The text files that Git knows, and new ones it does not ignore.
pub fn files(root: &Path) -> anyhow::Result<Vec<File>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]).current_dir(root);
    let names = command::output(&mut git)?;
    let mut files = Vec::new();
    for name in names.split_terminator('\0') {
        let path = root.join(name);
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_text = extension.is_some_and(|extension| TEXT_EXTENSIONS.contains(&extension));
        // A file that is deleted and not yet committed is still in the list.
        if (is_text || name == ".ci/run") && path.is_file() {
            files.push(File { path: name.to_owned(), text: std::fs::read_to_string(&path)? });
        }
    }
    Ok(files)
}

pub fn check(file: &File) -> Vec<Problem> {
    let mut problems = check_lines(file);
    if !file.is_rust() {
        return problems;
    }
    let path = Path::new(&file.path);
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    if name == "mod" {
        let message = "no mod.rs: a folder `x/` stands beside `x.rs`";
        problems.push(Problem::error(&file.path, 1, message));
    }
    if EMPTY_NAMES.contains(&name) {
        problems.push(empty_name(&file.path, 1, name));
    }
    let lines = file.text.lines().count();
    if lines > LINES_MAX {
        let message = format!("{lines} lines, at most {LINES_MAX}: cut where the subject changes");
        problems.push(Problem::error(&file.path, lines, message));
    } else if lines > LINES_WARN {
        problems.push(Problem::warning(
            &file.path,
            lines,
            format!("{lines} lines, {LINES_WARN} are the aim"),
        ));
    }
    problems
}

fn check_lines(file: &File) -> Vec<Problem> {
    // Put together, so that this file does not find itself.
    let ignored = concat!("#[", "ignore");
    let unfinished = concat!("todo", "!(");
    let mut problems = Vec::new();
    for (index, line) in file.text.split('\n').enumerate() {
        let mut complain = |message: &str| problems.push(Problem::error(&file.path, index + 1, message));
        if line.contains('\t') {
            complain("a tab: indent with spaces");
        }
        if line.ends_with([' ', '\t', '\r']) {
            complain("space or CR at the end of the line");
        }
        if !file.is_rust() {
            continue;
        }
        let code = line.trim_start();
        if code.starts_with(ignored) {
            complain("an ignored test proves nothing: mend it or delete it");
        }
        if !code.starts_with("//") && code.contains(unfinished) {
            complain("unfinished code");
        }
        if let Some(name) = inline_module(code).filter(|name| EMPTY_NAMES.contains(name)) {
            problems.push(empty_name(&file.path, index + 1, name));
        }
    }
    problems
}

/// The name of a module whose text stands in this very file; one with a file of its own is judged by that name.
fn inline_module(code: &str) -> Option<&str> {
    let (declaration, body) = code.split_once('{')?;
    let name =
        declaration.trim_start_matches("pub ").trim_start_matches("pub(crate) ").strip_prefix("mod ")?;
    body.is_empty().then_some(name.trim())
}

fn empty_name(file: &str, line: usize, name: &str) -> Problem {
    Problem::error(file, line, format!("the name `{name}` says nothing of the subject"))
}

#[cfg(test)]
mod tests {
    use super::{File, LINES_MAX, LINES_WARN, check};
    use crate::tidy::problem::Severity;

    fn lines_of(path: &str, text: &str) -> Vec<usize> {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        check(&file).iter().map(crate::tidy::problem::Problem::line).collect()
    }

    #[test]
    fn a_clean_file_has_no_problem() {
        assert!(lines_of("src/accounts.rs", "//! Accounts.\n\nmod lines;\n").is_empty());
    }

    #[test]
    fn tabs_and_trailing_space_are_found_in_every_text() {
        assert_eq!(lines_of("README.md", "# Title\n\ta\nb \nc\r\n"), [2, 3, 4]);
    }

    #[test]
    fn unfinished_and_ignored_things_are_found_in_code_only() {
        let text = concat!("#[", "ignore]\nfn a() {\n    todo", "!()\n}\n");
        assert_eq!(lines_of("src/a.rs", text), [1, 3]);
        assert!(lines_of("docs/a.md", text).is_empty());
    }

    #[test]
    fn names_that_say_nothing_are_refused() {
        assert_eq!(lines_of("src/utils.rs", ""), [1]);
        assert_eq!(lines_of("src/a/mod.rs", ""), [1]);
        assert_eq!(lines_of("src/a.rs", "\npub mod helpers {\n}\n"), [2]);
        assert!(lines_of("src/a.rs", "mod tests {\n}\n").is_empty());
    }

    #[test]
    fn long_files_are_warned_of_and_then_refused() {
        let severity_at = |lines: usize| {
            let file = File { path: "src/a.rs".to_owned(), text: "//\n".repeat(lines) };
            check(&file).first().map(|problem| problem.severity)
        };
        assert_eq!(severity_at(LINES_WARN), None);
        assert_eq!(severity_at(LINES_WARN + 1), Some(Severity::Warning));
        assert_eq!(severity_at(LINES_MAX), Some(Severity::Warning));
        assert_eq!(severity_at(LINES_MAX + 1), Some(Severity::Error));
    }
}
