//! What tidy reports: a place, how bad it is, what to do.

use std::fmt;

/// Sorted with the errors last, next to the summary, then by place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub severity: Severity,
    /// Relative to the workspace.
    file: String,
    line: usize,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

impl Problem {
    pub fn error(file: &str, line: usize, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Error, file: file.to_owned(), line, message: message.into() }
    }

    pub fn warning(file: &str, line: usize, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, file: file.to_owned(), line, message: message.into() }
    }

    #[cfg(test)]
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(out, "{}:{}: {severity}: {}", self.file, self.line, self.message)
    }
}
