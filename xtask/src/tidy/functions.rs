//! The length of functions. Relies on rustfmt: a function ends at the first line that closes at its own indentation.

use super::problem::Problem;
use super::sources::File;

const LINES_WARN: usize = 70;
const LINES_MAX: usize = 100;

/// Tests are exempt: what they do one after the other is their content.
pub fn check(file: &File) -> Vec<Problem> {
    if !file.is_rust() {
        return Vec::new();
    }
    let lines: Vec<&str> = file.text.lines().collect();
    let mut problems = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line.trim_start()) else {
            continue;
        };
        let length = length(&lines[start..]);
        if length <= LINES_WARN || is_test(&lines[..start]) {
            continue;
        }
        let message = format!("`{name}` has {length} lines");
        problems.push(if length > LINES_MAX {
            Problem::error(&file.path, start + 1, format!("{message}, at most {LINES_MAX}"))
        } else {
            Problem::warning(&file.path, start + 1, format!("{message}, {LINES_WARN} are the aim"))
        });
    }
    problems
}

/// The name, where the line begins a function.
fn function_name(code: &str) -> Option<&str> {
    let (before, after) = code.split_once("fn ")?;
    let is_qualifier = |word: &str| {
        matches!(word, "const" | "async" | "unsafe" | "extern" | "\"C\"") || word.starts_with("pub")
    };
    if !before.split_whitespace().all(is_qualifier) {
        return None;
    }
    let end = after.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    (end > 0).then(|| &after[..end])
}

/// Lines from the one that begins the function to the one that ends it.
fn length(lines: &[&str]) -> usize {
    let indentation = indentation(lines[0]);
    let ends = |line: &str| {
        let code = line.trim_start();
        self::indentation(line) == indentation && (code.starts_with('}') || code.ends_with(';'))
    };
    if lines[0].ends_with(['}', ';']) {
        return 1;
    }
    lines.iter().skip(1).position(|line| ends(line)).map_or(lines.len(), |index| index + 2)
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether the attributes right above make it a test.
fn is_test(before: &[&str]) -> bool {
    before
        .iter()
        .rev()
        .map(|line| line.trim())
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
        .any(|line| line == "#[test]" || line.contains("::test]") || line.contains("::test("))
}

#[cfg(test)]
mod tests {
    use super::{check, function_name, length};
    use crate::tidy::problem::Severity;
    use crate::tidy::sources::File;

    fn judged(head: &str, body_lines: usize) -> Option<Severity> {
        let text = format!("{head}fn long() {{\n{}}}\n", "    x();\n".repeat(body_lines));
        check(&File { path: "src/a.rs".to_owned(), text }).first().map(|problem| problem.severity)
    }

    #[test]
    fn long_functions_are_warned_of_and_then_refused() {
        assert_eq!(judged("", 68), None);
        assert_eq!(judged("", 69), Some(Severity::Warning));
        assert_eq!(judged("", 99), Some(Severity::Error));
    }

    #[test]
    fn tests_may_be_long() {
        assert_eq!(judged("#[test]\n", 200), None);
        assert_eq!(judged("#[tokio::test(flavor = \"multi_thread\")]\nasync ", 200), None);
        assert_eq!(judged("#[inline]\n", 200), Some(Severity::Error));
    }

    #[test]
    fn only_the_line_that_begins_a_function_names_it() {
        assert_eq!(function_name("pub(crate) async fn deliver(a: u8) {"), Some("deliver"));
        assert_eq!(function_name("fn first<T>(x: T) -> T {"), Some("first"));
        assert_eq!(function_name("let run: fn (u8) = x;"), None);
        assert_eq!(function_name("// about fn names"), None);
        assert_eq!(function_name("run: fn(&Context) -> u8,"), None);
    }

    #[test]
    fn a_function_in_an_impl_ends_at_its_own_indentation() {
        let lines = ["    fn a() {", "        if b {", "        }", "    }", "}"];
        assert_eq!(length(&lines), 4);
        assert_eq!(length(&["    fn a(&self);", "}"]), 1);
        assert_eq!(length(&["fn a(", "    b: u8,", ") -> u8 {", "    b", "}"]), 5);
    }
}
