//! Links in Markdown that point into the repository have to lead somewhere.

use std::path::Path;

use super::problem::Problem;
use super::sources::File;

pub fn check(file: &File, root: &Path) -> Vec<Problem> {
    if !file.is_markdown() {
        return Vec::new();
    }
    let folder = root.join(&file.path).parent().map(Path::to_path_buf).unwrap_or_default();
    let leads_nowhere = |target: &str| {
        let path = target.split('#').next().unwrap_or_default();
        !path.is_empty() && !folder.join(path).exists()
    };
    links(&file.text)
        .into_iter()
        .filter(|(_, target)| leads_nowhere(target))
        .map(|(line, target)| Problem::error(&file.path, line, format!("the link to {target} leads nowhere")))
        .collect()
}

/// Targets inside the repository, each with its line; none from code.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            let targets = targets(&without_inline_code(line));
            found.extend(targets.into_iter().map(|target| (index + 1, target)));
        }
    }
    found
}

fn without_inline_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

fn targets(line: &str) -> Vec<String> {
    let inline = line.match_indices("](").filter_map(|(at, mark)| {
        let rest = &line[at + mark.len()..];
        rest.split([')', ' ']).next()
    });
    let reference = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "))
        .and_then(|(_, target)| target.split_whitespace().next());
    let is_elsewhere = |target: &str| target.contains("://") || target.starts_with("mailto:");
    inline.chain(reference).filter(|target| !is_elsewhere(target)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{check, links};
    use crate::tidy::sources::File;

    #[test]
    fn links_are_found_outside_of_code() {
        let text =
            "See [a](a.md), [b](https://b.example/x) and `[c](c.md)`.\n```\n[d](d.md)\n```\n[e]: docs/e.md\n";
        assert_eq!(links(text), [(1, "a.md".to_owned()), (5, "docs/e.md".to_owned())]);
    }

    #[test]
    fn a_link_is_followed_from_the_folder_of_its_file() {
        let root = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(root.path().join("docs")).expect("a folder");
        std::fs::write(root.path().join("docs/here.md"), "").expect("a file");
        let text = "[a](here.md#part) [b](../docs) [c](#part)\n[d](gone.md)\n".to_owned();
        let file = File { path: "docs/index.md".to_owned(), text };
        let lines: Vec<usize> =
            check(&file, root.path()).iter().map(crate::tidy::problem::Problem::line).collect();
        assert_eq!(lines, [2]);
    }
}
