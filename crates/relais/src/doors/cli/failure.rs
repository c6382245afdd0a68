//! Why a command did not do what was asked, in words and as an exit code.

use super::when::InvalidDate;
use relais_core::language::Language;
use relais_core::refusal::Refusal;
use serde::Deserialize;
use std::io::{ErrorKind, Write};

/// What the API answers when it does not do what it was asked (RFC 9457).
#[derive(Debug, Clone, Deserialize)]
pub struct Problem {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub status: u16,
    #[serde(default)]
    pub detail: Option<String>,
    #[serde(default)]
    pub refusals: Vec<ProblemRefusal>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ProblemRefusal {
    pub detail: String,
}

#[derive(Debug)]
pub enum Failure {
    /// What was typed cannot be done: a sentence.
    Usage(String),
    Date(InvalidDate),
    /// The core refused before anything was asked.
    Refused(Refusal),
    /// The server refused or failed; `text` is its answer, untouched.
    Problem {
        problem: Problem,
        text: String,
    },
    /// A sentence that says what to do.
    Unreachable(String),
    /// The answer was understood and is no success: a sentence.
    NotDone(String),
    Output(std::io::Error),
    Unexpected(anyhow::Error),
}

impl Failure {
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            // Whoever reads the output has seen enough.
            Self::Output(error) if error.kind() == ErrorKind::BrokenPipe => 0,
            Self::Usage(_) | Self::Date(_) => 2,
            Self::Unreachable(_) => 3,
            Self::Refused(_)
            | Self::Problem { .. }
            | Self::NotDone(_)
            | Self::Output(_)
            | Self::Unexpected(_) => 1,
        }
    }

    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Problem { problem, .. } if problem.status == 404)
    }

    /// Each thing that stands in the way, as a sentence of its own.
    #[must_use]
    pub fn sentences(&self, language: Language) -> Vec<String> {
        match self {
            Self::Usage(text) | Self::Unreachable(text) | Self::NotDone(text) => vec![text.clone()],
            Self::Date(error) => vec![error.sentence(language).to_owned()],
            Self::Refused(refusal) => vec![refusal.sentence(language)],
            Self::Problem { problem, .. } if !problem.refusals.is_empty() => {
                problem.refusals.iter().map(|refusal| refusal.detail.clone()).collect()
            }
            Self::Problem { problem, .. } => {
                let title = || match (problem.title.is_empty(), problem.status) {
                    (false, _) => problem.title.clone(),
                    (true, 401) => language
                        .pick(
                            "Le jeton n'est pas accepté ; vérifiez --token.",
                            "The token is not accepted; check --token.",
                        )
                        .to_owned(),
                    (true, status) => {
                        format!("{} {status}.", language.pick("Le serveur a répondu", "The server answered"))
                    }
                };
                vec![problem.detail.clone().unwrap_or_else(title)]
            }
            Self::Output(error) => vec![error.to_string()],
            Self::Unexpected(error) => vec![format!("{error:#}")],
        }
    }

    /// Nothing can be done about an error output that does not take what is written.
    pub fn report(&self, language: Language, json: bool, to: &mut dyn Write) {
        match self {
            Self::Output(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Self::Problem { text, .. } if json && !text.is_empty() => {
                drop(writeln!(to, "{}", text.trim_end()));
            }
            _ => {
                for sentence in self.sentences(language) {
                    drop(writeln!(to, "relais: {}", super::words::printable(&sentence)));
                }
            }
        }
    }
}

/// For whoever prints a failure without knowing a reader.
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentences(Language::English).join("\n"))
    }
}

impl From<InvalidDate> for Failure {
    fn from(error: InvalidDate) -> Self {
        Self::Date(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Unexpected(error)
    }
}
