//! axe-core, which judges pages by the Web Content Accessibility Guidelines. A Python package of the tests holds it.

use crate::browser::Browser;
use crate::python;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// The script itself.
///
/// # Errors
/// With what to do, when it is not installed.
pub fn script() -> Result<String> {
    let _checked = python::program("python")?;
    let libraries = python::environment()?.join("lib");
    for version in std::fs::read_dir(&libraries)? {
        let file = version?.path().join("site-packages/axe_playwright_python/axe.min.js");
        if file.exists() {
            return std::fs::read_to_string(&file).with_context(|| file.display().to_string());
        }
    }
    anyhow::bail!("axe.min.js is not below {}", libraries.display())
}

/// What a page does against WCAG 2.2, levels A and AA: one line for each element.
///
/// # Errors
/// When the page cannot be judged.
pub fn violations(browser: &Browser, script: &str) -> Result<Vec<String>> {
    browser.run(script, &[])?;
    let tags = json!(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]);
    let found = browser.run_awaiting(
        "const found = await axe.run(document, { runOnly: { type: 'tag', values: arguments_[0] } }); \
         return found.violations.flatMap((rule) => rule.nodes.map((node) => \
         `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`));",
        &[tags],
    )?;
    let lines = found.as_array().context("a list")?.iter();
    Ok(lines.filter_map(Value::as_str).map(str::to_owned).collect())
}
