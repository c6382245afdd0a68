//! The names of things, as all doors have them, and what only a terminal needs.

pub use crate::doors::words::*;

use super::reader::Reader;
use relais_core::content::ContentCount;
use relais_core::inbound::{Inbound, LocalCopy, Treatment};

/// The text without what a terminal would obey: some of it comes from other people's servers.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

/// So many items of each kind: « tableau : 3, projet : 1 ».
#[must_use]
pub fn content_counts(counts: &[ContentCount], reader: &Reader) -> String {
    let counted = |counted: &ContentCount| {
        format!("{}{} {}", content_kind(counted.kind, reader.language), reader.colon(), counted.count)
    };
    counts.iter().map(counted).collect::<Vec<_>>().join(", ")
}

/// The beginning of a text, on one line.
#[must_use]
pub fn beginning(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = printable(&words.join(" "));
    if line.chars().count() <= CHARACTERS_MAX {
        return line;
    }
    let short: String = line.chars().take(CHARACTERS_MAX).collect();
    format!("{}…", short.trim_end())
}

fn treatment(treatment: &Treatment, reader: &Reader) -> String {
    let language = reader.language;
    let Treatment::Accept { copy, redirect_to, reply } = treatment else {
        return language.pick("refuser", "refuse").to_owned();
    };
    let mut parts = Vec::new();
    if !redirect_to.is_empty() {
        let to: Vec<&str> = redirect_to.iter().map(|to| to.as_str()).collect();
        parts.push(format!("{} {}", language.pick("rediriger vers", "redirect to"), to.join(", ")));
    }
    if let Some(text) = reply {
        parts.push(format!("{} {}", language.pick("répondre", "answer"), reader.quoted(&beginning(text))));
    }
    match (parts.is_empty(), copy) {
        (true, LocalCopy::Keep) => return language.pick("garder", "deliver").to_owned(),
        (true, LocalCopy::None) => {}
        (false, copy) => parts.push(local_copy(*copy, language).to_owned()),
    }
    parts.join(", ")
}

/// Every phase, in order.
#[must_use]
pub fn inbound(inbound: &Inbound, reader: &Reader) -> String {
    let phase = |phase: &relais_core::inbound::Phase| match phase.until {
        Some(_) => format!("{} {}", treatment(&phase.treatment, reader), reader.end(phase.until)),
        None => treatment(&phase.treatment, reader),
    };
    let phases: Vec<String> = inbound.phases().iter().map(phase).collect();
    phases.join(reader.pick(", puis ", ", then "))
}
