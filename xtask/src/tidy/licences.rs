//! Licences of everything the program is built with: permissive ones only. Reads SPDX licence expressions
//! (SPDX 2.3, annex D).

use std::path::Path;

use super::dependencies::Metadata;
use super::problem::Problem;

const ALLOWED: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages that may carry a licence which is not in the list, each with that licence. A row needs a decision in
/// `docs/decisions/`.
const EXCEPTIONS: [(&str, &str); 1] = [("option-ext", "MPL-2.0")];

pub fn check(metadata: &Metadata, root: &Path) -> Vec<Problem> {
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
    let mut problems = Vec::new();
    for package in metadata.foreign() {
        let verdict = match &package.license {
            None => Err("names no licence".to_owned()),
            Some(text) => judge(&package.name, text),
        };
        if let Err(reason) = verdict {
            let line = lock.lines().position(|line| line == format!("name = \"{}\"", package.name));
            let message = format!("{} {} {reason}", package.name, package.version);
            problems.push(Problem::error("Cargo.lock", line.map_or(1, |index| index + 1), message));
        }
    }
    problems
}

fn judge(package: &str, expression: &str) -> Result<(), String> {
    match parse(expression) {
        None => Err(format!("has a licence expression that cannot be read: {expression}")),
        Some(licence) if allows(&licence, package) => Ok(()),
        Some(_) => Err(format!("is under {expression}, which is not on the list of permissive licences")),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Licence {
    /// With its exception, if it has one.
    One(String),
    Both(Box<Licence>, Box<Licence>),
    Either(Box<Licence>, Box<Licence>),
}

fn allows(licence: &Licence, package: &str) -> bool {
    match licence {
        Licence::One(name) => ALLOWED.contains(&name.as_str()) || EXCEPTIONS.contains(&(package, name)),
        Licence::Both(left, right) => allows(left, package) && allows(right, package),
        Licence::Either(left, right) => allows(left, package) || allows(right, package),
    }
}

/// `None` where the text is no SPDX expression. The slash of older manifests means OR.
fn parse(expression: &str) -> Option<Licence> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let licence = either(&mut words)?;
    words.next().is_none().then_some(licence)
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>) -> Option<Licence> {
    let left = both(words)?;
    if words.next_if_eq(&"OR").is_none() {
        return Some(left);
    }
    Some(Licence::Either(Box::new(left), Box::new(either(words)?)))
}

fn both(words: &mut Words<'_>) -> Option<Licence> {
    let left = one(words)?;
    if words.next_if_eq(&"AND").is_none() {
        return Some(left);
    }
    Some(Licence::Both(Box::new(left), Box::new(both(words)?)))
}

fn one(words: &mut Words<'_>) -> Option<Licence> {
    match words.next()? {
        "(" => {
            let inner = either(words)?;
            words.next_if_eq(&")").map(|_| inner)
        }
        ")" | "AND" | "OR" | "WITH" => None,
        name => match words.next_if_eq(&"WITH") {
            None => Some(Licence::One(name.to_owned())),
            Some(_) => Some(Licence::One(format!("{name} WITH {}", words.next()?))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{judge, parse};

    fn allowed(expression: &str) -> bool {
        judge("a-package", expression).is_ok()
    }

    #[test]
    fn one_allowed_alternative_is_enough() {
        assert!(allowed("MIT OR Apache-2.0"));
        assert!(allowed("MIT/Apache-2.0"));
        assert!(allowed("GPL-3.0-only OR MIT"));
        assert!(!allowed("GPL-3.0-only OR AGPL-3.0-only"));
    }

    #[test]
    fn every_part_of_an_and_has_to_be_allowed() {
        assert!(allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!allowed("MIT AND GPL-2.0-only"));
        // AND binds tighter than OR.
        assert!(allowed("MIT OR GPL-2.0-only AND GPL-3.0-only"));
        assert!(!allowed("(MIT OR Apache-2.0) AND GPL-3.0-only"));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert!(allowed("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT"));
        assert!(!allowed("GPL-2.0-only WITH Classpath-exception-2.0"));
    }

    #[test]
    fn copyleft_and_unknown_licences_are_refused() {
        for expression in ["MPL-2.0", "AGPL-3.0-only", "SSPL-1.0", "LicenseRef-own"] {
            assert!(!allowed(expression), "{expression}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in ["", "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0", "AND MIT", "Apache-2.0 WITH"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
