//! Which messages are personal.
//!
//! French law presumes that mail on an employer's system is professional, so that the employer may open it, unless
//! the employee marked it as personal (Cass. soc. 2 October 2001, no. 99-42.942, *Nikon*; the presumption: Cass.
//! soc. 18 October 2006, no. 04-48.025; CNIL, guidance on the employer's access to a former employee's mail). What
//! counts is therefore a *mark*, put where a reader sees it before the text: never the content or the sender.
//!
//! A message is marked when one of these holds, accents and case aside:
//!
//! 1. a part of its folder's name is a mark, and nothing else: `Perso`, `INBOX/Privé/Banque`;
//! 2. its subject has a mark alone in brackets, anywhere: `[perso] samedi`, `Rendez-vous (privé)`;
//! 3. its subject begins with a mark followed by `:`, a dash or the end: `Personnel : bail`, `PERSO - clés`,
//!    `privé`. A hyphen that joins a word is no dash: `Privé-public` is not marked;
//! 4. it has the field `Sensitivity: Personal` or `Private` (RFC 4021, section 2.1.55), as mail programs write it.
//!
//! Before 2 and 3, `Re:`, `TR:`, `Fwd:` and the like are taken off. A mark inside a sentence does not count:
//! `Direction du personnel`, `Private key rotation`, `Entretien personnel de Paul`.

use super::head::{ended, fields};
use mail_parser::MessageParser;
use relais_core::text::fold;
use serde::{Deserialize, Serialize};

const DEFAULT: [&str; 19] = [
    "personnel",
    "personnelle",
    "personnels",
    "personnelles",
    "perso",
    "privé",
    "privée",
    "privés",
    "privées",
    "strictement personnel",
    "confidentiel perso",
    "confidentiel personnel",
    "personnel et confidentiel",
    "personnelle et confidentielle",
    "confidentiel et personnel",
    "personal",
    "private",
    "strictly personal",
    "personal and confidential",
];

/// What mail programs put before the subject of an answer or a forwarded message.
const ANSWER_PREFIXES: [&str; 13] =
    ["re", "ref", "rep", "tr", "fwd", "fw", "aw", "wg", "rv", "res", "enc", "sv", "antw"];

/// The words that mark a message or a folder as personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct PersonalMarks {
    /// Folded; none is empty.
    marks: Vec<String>,
}

impl Default for PersonalMarks {
    fn default() -> Self {
        Self::new(DEFAULT)
    }
}

impl From<Vec<String>> for PersonalMarks {
    fn from(marks: Vec<String>) -> Self {
        Self::new(marks)
    }
}

impl From<PersonalMarks> for Vec<String> {
    fn from(marks: PersonalMarks) -> Self {
        marks.marks
    }
}

impl PersonalMarks {
    /// Marks from words as people write them; accents, case, hyphens and spaces make no difference. With none,
    /// only the field `Sensitivity:` marks a message.
    #[must_use]
    pub fn new<T: AsRef<str>>(marks: impl IntoIterator<Item = T>) -> Self {
        let mut marks: Vec<String> = marks
            .into_iter()
            .map(|mark| words(&fold(mark.as_ref())))
            .filter(|mark| !mark.is_empty())
            .collect();
        marks.sort();
        marks.dedup();
        Self { marks }
    }

    /// Whether a folder, by its name with `/` between the parts, is marked.
    #[must_use]
    pub fn mark_folder(&self, name: &str) -> bool {
        name.split('/').any(|part| self.is_mark(&fold(part)))
    }

    /// Whether a header block marks its message. Only `Subject:` and `Sensitivity:` are read.
    #[must_use]
    pub fn mark_head(&self, block: &[u8]) -> bool {
        marking_fields(block).any(|(field, kind)| match kind {
            Marking::Sensitivity => is_sensitive(field),
            Marking::Subject => self.mark_subject(&decoded_subject(field)),
        })
    }

    /// Whether a decoded subject is marked.
    #[must_use]
    pub fn mark_subject(&self, subject: &str) -> bool {
        let folded = fold(subject);
        if self.has_bracketed_mark(&folded) {
            return true;
        }
        let rest = without_answer_prefixes(&folded);
        if self.is_mark(rest) {
            return true;
        }
        dashes(rest).any(|end| self.is_mark(&rest[..end]))
    }

    fn is_mark(&self, folded: &str) -> bool {
        let words = words(folded);
        self.marks.binary_search(&words).is_ok()
    }

    fn has_bracketed_mark(&self, folded: &str) -> bool {
        let mut from = None;
        for (place, letter) in folded.char_indices() {
            let inside = match letter {
                '[' | '(' => {
                    from = Some(place + 1);
                    None
                }
                ']' | ')' => from.take().map(|from| &folded[from..place]),
                _ => None,
            };
            if inside.is_some_and(|inside| self.is_mark(inside)) {
                return true;
            }
        }
        false
    }
}

/// Places of a `:` or a dash that ends a first word. A hyphen does only beside a space.
fn dashes(text: &str) -> impl Iterator<Item = usize> {
    text.char_indices()
        .filter_map(|(place, letter)| {
            let ends = match letter {
                ':' | '–' | '—' => true,
                '-' => {
                    let (before, after) = (&text[..place], &text[place + 1..]);
                    after.is_empty()
                        || after.starts_with(char::is_whitespace)
                        || before.ends_with(char::is_whitespace)
                }
                _ => false,
            };
            ends.then_some(place)
        })
        // The longest mark has a few words; a subject may be long and full of dashes.
        .take(8)
}

/// `Re: TR : Re[2]: x` without what stands before `x`.
fn without_answer_prefixes(folded: &str) -> &str {
    let mut rest = folded.trim();
    while let Some((first, after)) = rest.split_once(':') {
        let word = first.split(['[', '(']).next().unwrap_or(first).trim();
        if !ANSWER_PREFIXES.contains(&word) {
            break;
        }
        rest = after.trim();
    }
    rest
}

/// The words of a folded text, one space between them.
fn words(folded: &str) -> String {
    folded
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The fields that may mark a message.
#[derive(Debug, Clone, Copy)]
enum Marking {
    Subject,
    Sensitivity,
}

impl Marking {
    fn of(line: &[u8]) -> Option<Self> {
        // Nearly all lines end here.
        if !matches!(line.first(), Some(b's' | b'S')) {
            return None;
        }
        let is = |name: &[u8]| line.get(..name.len()).is_some_and(|first| first.eq_ignore_ascii_case(name));
        if is(b"subject:") { Some(Self::Subject) } else { is(b"sensitivity:").then_some(Self::Sensitivity) }
    }
}

/// These fields of a header block, name and all, as they are written. One pass over many thousands of heads has
/// to be cheap: nothing else is taken apart.
fn marking_fields(block: &[u8]) -> impl Iterator<Item = (&[u8], Marking)> {
    let mut place = 0;
    std::iter::from_fn(move || {
        while place < block.len() {
            let start = place;
            place = line_end(block, start);
            if matches!(&block[start..place], b"\r\n" | b"\n") {
                place = block.len();
            } else if let Some(kind) = Marking::of(&block[start..place]) {
                while matches!(block.get(place), Some(b' ' | b'\t')) {
                    place = line_end(block, place);
                }
                return Some((&block[start..place], kind));
            }
        }
        None
    })
}

fn line_end(block: &[u8], start: usize) -> usize {
    block[start..].iter().position(|byte| *byte == b'\n').map_or(block.len(), |found| start + found + 1)
}

fn is_sensitive(field: &[u8]) -> bool {
    fields(field).any(|(_, value)| matches!(value.to_lowercase().as_str(), "personal" | "private"))
}

/// The text of one `Subject:` field.
fn decoded_subject(field: &[u8]) -> String {
    if field.windows(2).any(|pair| pair == b"=?") || !field.is_ascii() {
        let field = ended(field);
        let parsed = MessageParser::default().parse_headers(&field);
        if let Some(subject) = parsed.as_ref().and_then(|message| message.subject()) {
            return subject.to_owned();
        }
    }
    fields(field).next().map(|(_, value)| value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_count_where_a_reader_looks_for_them() {
        let marks = PersonalMarks::default();
        for subject in [
            "perso",
            "Perso !",
            "PERSO : samedi",
            "Personnel: bail",
            "Privé - clés",
            "prive – clés",
            "PRIVÉE— x",
            "[perso] samedi",
            "[ Privé ] x",
            "Rendez-vous (privé)",
            "Re: [perso] samedi",
            "RE : TR: Fwd: perso : samedi",
            "Re[2]: Private",
            "Réf: perso - x",
            "Confidentiel-perso",
            "confidentiel perso : x",
            "Personnel et confidentiel",
            "(Personal and Confidential) letter",
            "Prive\u{301} : décomposé",
            "[Liste] Re: [perso] x",
            "Fwd: personal",
        ] {
            assert!(marks.mark_subject(subject), "{subject}");
        }
    }

    #[test]
    fn words_that_only_occur_are_no_marks() {
        let marks = PersonalMarks::default();
        for subject in [
            "",
            "Re:",
            "Département du personnel",
            "Direction du personnel",
            "Personnel administratif : planning",
            "private key rotation",
            "Private-key rotation",
            "Privé-public : un partenariat",
            "Personal-assistant wanted",
            "Données personnelles : registre",
            "Personnes : liste",
            "Secteur privé - chiffres",
            "[personnel navigant] planning",
            "Confidentiel",
            "Company Confidential",
            "personnalisé : logo",
            "[] () :",
            "impersonal: x",
        ] {
            assert!(!marks.mark_subject(subject), "{subject}");
        }
    }

    #[test]
    fn folders_are_marked_by_a_whole_part_of_their_name() {
        let marks = PersonalMarks::default();
        for name in ["Perso", "PRIVÉ", "INBOX/Privé/Banque", "Projets/_perso_", "Confidentiel-perso"] {
            assert!(marks.mark_folder(name), "{name}");
        }
        for name in ["INBOX", "Direction du personnel", "Personnel administratif", "Privatisation", ""] {
            assert!(!marks.mark_folder(name), "{name}");
        }
    }

    #[test]
    fn heads_are_marked_by_subject_or_sensitivity() {
        let marks = PersonalMarks::default();
        for head in [
            b"Subject: [perso] x\r\n\r\n".as_slice(),
            b"From: a\r\nSUBJECT:perso\r\n",
            b"Subject: =?utf-8?q?Priv=C3=A9_=3A_x?=\r\n\r\n",
            b"Subject: =?iso-8859-1?q?=5BPriv=E9=5D?=\r\n x\r\n\r\n",
            b"Subject: Priv\xc3\xa9 : x\n\n",
            b"Subject:\r\n perso:\r\n x\r\n\r\n",
            b"Subject: =?utf-8?q?perso?=",
            b"Sensitivity: Personal\r\n\r\n",
            b"sensitivity: private\r\nSubject: x\r\n\r\n",
        ] {
            assert!(marks.mark_head(head), "{}", String::from_utf8_lossy(head));
        }
        for head in [
            b"".as_slice(),
            b"Subject: x\r\n\r\nSubject: [perso]\r\n",
            b"\nSubject: perso\n",
            b"X-Subject: perso\r\n\r\n",
            b"X: y\r\n Subject: perso\r\n\r\n",
            b"Sensitivity: Company-Confidential\r\n\r\n",
            b"Subject: \xff\0\r\n\r\n",
        ] {
            assert!(!marks.mark_head(head), "{}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn the_list_of_marks_is_the_organisations() {
        let marks: PersonalMarks = serde_json::from_str(r#"["Vertraulich-Privat", "", "  "]"#).unwrap();
        assert!(marks.mark_subject("vertraulich privat: x"));
        assert!(!marks.mark_subject("perso") && !marks.mark_subject("") && !marks.mark_folder(""));
        let none = PersonalMarks::new([""; 0]);
        assert!(!none.mark_subject("") && none.mark_head(b"Sensitivity: Personal\r\n\r\n"));
        assert_eq!(serde_json::to_string(&marks).unwrap(), r#"["vertraulich privat"]"#);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1000)) {
            let marks = PersonalMarks::default();
            let _ = marks.mark_head(&bytes);
            let subject = [b"Subject: ".as_slice(), &bytes].concat();
            let _ = marks.mark_head(&subject);
            let _ = marks.mark_subject(&String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn a_bracketed_mark_counts_in_any_subject(before in "[a-zA-Z éÀ:,-]{0,30}", after in "\\PC{0,30}") {
            let subject = format!("{before}[Privé]{after}");
            prop_assert!(PersonalMarks::default().mark_subject(&subject));
        }
    }
}
