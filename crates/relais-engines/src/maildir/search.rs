//! Finding messages in an index.
//!
//! Pure; touches no file.

use super::index::{Index, IndexedFolder, IndexedMessage};
use super::restore::Personal;
use jiff::Timestamp;
use relais_core::text::fold;
use std::borrow::Cow;

/// Which messages, all conditions together. Case and accents make no difference; of several words, each has to
/// occur.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub sender: Option<String>,
    pub recipient: Option<String>,
    pub subject: Option<String>,
    /// From this time on, by the date a person knows it by ([`IndexedMessage::shown_date`]).
    pub since: Option<Timestamp>,
    /// Before this time.
    pub before: Option<Timestamp>,
    /// By the name a client sees, with the folders below it: `Projets`.
    pub folder: Option<String>,
    pub personal: Personal,
    pub order: Order,
}

impl Query {
    /// Every message, the newest first, personal ones if they are asked for.
    #[must_use]
    pub fn all(personal: Personal) -> Self {
        Self {
            sender: None,
            recipient: None,
            subject: None,
            since: None,
            before: None,
            folder: None,
            personal,
            order: Order::NewestFirst,
        }
    }
}

/// How found messages are sorted. Those that are equal in it stay in the order of folders and base names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    NewestFirst,
    OldestFirst,
    Sender,
    Subject,
}

/// A message and where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit<'a> {
    pub folder: &'a IndexedFolder,
    pub message: &'a IndexedMessage,
}

/// A page of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits<'a> {
    /// On all pages.
    pub total: usize,
    pub page: Vec<Hit<'a>>,
}

impl Index {
    /// Finds messages; of those found, `limit` from the one with the number `skip` (from 0).
    #[must_use]
    pub fn search(&self, query: &Query, skip: usize, limit: usize) -> Hits<'_> {
        let words = |text: &Option<String>| -> Vec<String> {
            fold(text.as_deref().unwrap_or_default()).split_whitespace().map(str::to_owned).collect()
        };
        let (sender, recipient, subject) =
            (words(&query.sender), words(&query.recipient), words(&query.subject));
        let folder = query.folder.as_deref().map(fold);
        let mut found = Vec::new();
        for indexed in self.folders() {
            if folder.as_ref().is_some_and(|folder| !is_within(&fold(&indexed.name()), folder)) {
                continue;
            }
            found.extend(
                indexed
                    .messages
                    .iter()
                    .filter(|message| {
                        (query.personal == Personal::Include || !message.personal)
                            && is_between(message.shown_date(), query.since, query.before)
                            && has(&message.from, &sender)
                            && has(&message.to, &recipient)
                            && has(&message.subject, &subject)
                    })
                    .map(|message| Hit { folder: indexed, message }),
            );
        }
        sort(&mut found, query.order);
        Hits { total: found.len(), page: found.into_iter().skip(skip).take(limit).collect() }
    }
}

fn sort(found: &mut [Hit<'_>], order: Order) {
    match order {
        Order::NewestFirst => found.sort_by_key(|hit| std::cmp::Reverse(hit.message.shown_date())),
        Order::OldestFirst => found.sort_by_key(|hit| hit.message.shown_date()),
        Order::Sender => found.sort_by_cached_key(|hit| fold(&hit.message.from)),
        Order::Subject => found.sort_by_cached_key(|hit| fold(&hit.message.subject)),
    }
}

fn is_within(name: &str, folder: &str) -> bool {
    name.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_between(date: i64, since: Option<Timestamp>, before: Option<Timestamp>) -> bool {
    since.is_none_or(|since| since.as_millisecond() <= date)
        && before.is_none_or(|before| date < before.as_millisecond())
}

fn has(text: &str, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let folded: Cow<'_, str> =
        if text.is_ascii() { text.to_ascii_lowercase().into() } else { fold(text).into() };
    words.iter().all(|word| folded.contains(word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let mut index = Index::default();
        for (path, lines) in [
            (
                "mail/INBOX/index.jsonl",
                "a|1000|Ren\u{e9} <rene@x>|me@x|R\u{e9}union d'\u{e9}quipe|false\nb|3000|bob@x|me@x|[perso] x|true",
            ),
            ("mail/.Projets.2024/index.jsonl", "c|2000|Zoe <z@x>|ren\u{e9}@x|\u{c9}quipe|false"),
            ("mail/.Projets2/index.jsonl", "d|2000|alice@x|bob@x|Budget|false"),
        ] {
            let lines: Vec<String> = lines
                .lines()
                .map(|line| {
                    let part: Vec<&str> = line.split('|').collect();
                    format!(
                        r#"{{"base":"{}","size":1,"received":0,"date":{},"from":"{}","to":"{}","subject":"{}","personal":{}}}"#,
                        part[0], part[1], part[2], part[3], part[4], part[5]
                    )
                })
                .collect();
            assert_eq!(index.read(path, lines.join("\n").as_bytes()), []);
        }
        index
    }

    fn bases(query: &Query) -> String {
        index().search(query, 0, 10).page.iter().map(|hit| hit.message.base.as_str()).collect()
    }

    #[test]
    fn every_condition_narrows_what_is_found() {
        let all = Query::all(Personal::Include);
        let text = |text: &str| Some(text.to_owned());
        let at = |time: i64| Some(Timestamp::from_millisecond(time).unwrap());
        for (query, expected) in [
            (all.clone(), "bcda"),
            (Query::all(Personal::LeaveOut), "cda"),
            (Query { sender: text("RENE"), ..all.clone() }, "a"),
            (Query { sender: text("x bob"), ..all.clone() }, "b"),
            (Query { recipient: text("rene"), ..all.clone() }, "c"),
            (Query { subject: text("equipe"), ..all.clone() }, "ca"),
            (Query { subject: text("\u{c9}QUIPE r\u{e9}union"), ..all.clone() }, "a"),
            (Query { subject: text("  "), ..all.clone() }, "bcda"),
            (Query { folder: text("projets"), ..all.clone() }, "c"),
            (Query { folder: text("INBOX"), ..all.clone() }, "ba"),
            (Query { since: at(2000), before: at(3000), ..all.clone() }, "cd"),
            (Query { order: Order::OldestFirst, ..all.clone() }, "acdb"),
            (Query { order: Order::Sender, ..all.clone() }, "dbac"),
            (Query { order: Order::Subject, ..all.clone() }, "bdca"),
        ] {
            assert_eq!(bases(&query), expected, "{query:?}");
        }
    }

    #[test]
    fn pages_follow_one_another() {
        let (index, query) = (index(), Query::all(Personal::Include));
        let mut seen = String::new();
        for page in 0..3 {
            let hits = index.search(&query, page * 2, 2);
            assert_eq!(hits.total, 4);
            seen.extend(hits.page.iter().map(|hit| hit.message.base.clone()));
        }
        assert_eq!(seen, bases(&query));
    }
}
