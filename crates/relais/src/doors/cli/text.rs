//! Texts that are typed, or lie in a file.

use std::convert::Infallible;
use std::io::Read as _;
use std::path::PathBuf;
use std::str::FromStr;

/// A text argument: itself, `@FILE`, or `@-` for standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextSource {
    Typed(String),
    File(PathBuf),
    StandardInput,
}

impl FromStr for TextSource {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.strip_prefix('@') {
            Some("-") => Self::StandardInput,
            Some(path) if !path.is_empty() => Self::File(path.into()),
            Some(_) | None => Self::Typed(text.to_owned()),
        })
    }
}

impl TextSource {
    /// # Errors
    /// When the file cannot be read as text.
    pub fn read(&self) -> anyhow::Result<String> {
        match self {
            Self::Typed(text) => Ok(text.clone()),
            Self::File(path) => {
                std::fs::read_to_string(path).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
            }
            Self::StandardInput => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                Ok(text)
            }
        }
    }
}
