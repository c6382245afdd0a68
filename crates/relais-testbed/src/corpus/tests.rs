use std::collections::{BTreeMap, HashSet};

use super::{Corpus, CorpusMessage, Flag, SPAN_DAYS, START_UNIX_S};

fn everything(seed: u64) -> Vec<CorpusMessage> {
    let corpus = Corpus::new(seed);
    corpus.people().iter().flat_map(|person| corpus.messages_of(person)).collect()
}

fn of_user1() -> Vec<CorpusMessage> {
    let corpus = Corpus::new(7);
    corpus.messages_of(&corpus.people()[0])
}

fn header(message: &CorpusMessage, name: &str) -> Option<String> {
    let text = std::str::from_utf8(&message.bytes).expect("the corpus is ASCII");
    let (headers, _) = text.split_once("\r\n\r\n").expect("headers end with an empty line");
    let unfolded = headers.replace("\r\n ", " ");
    let prefix = format!("{name}: ");
    unfolded.split("\r\n").find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    assert_eq!(everything(7), everything(7));
    assert_ne!(everything(7), everything(8));
}

#[test]
fn every_message_is_ascii_in_short_lines_that_end_in_crlf() {
    for message in everything(7) {
        assert!(message.bytes.is_ascii());
        assert!(message.bytes.ends_with(b"\r\n"));
        let text = String::from_utf8(message.bytes).expect("ASCII");
        let without_ends = text.replace("\r\n", "");
        assert!(!without_ends.contains(['\r', '\n']), "a bare CR or LF");
        assert!(text.split("\r\n").all(|line| line.len() <= 110), "a line is too long:\n{text}");
    }
}

#[test]
fn every_message_has_the_headers_a_mail_program_needs_and_an_id_of_its_own() {
    let mut ids = HashSet::new();
    for message in everything(7) {
        for name in ["Date", "From", "To", "Subject", "MIME-Version", "Content-Type"] {
            assert!(header(&message, name).is_some(), "{name} is missing");
        }
        let id = header(&message, "Message-ID").expect("Message-ID is missing");
        assert!(id.starts_with('<') && id.ends_with('>') && id.contains('@'), "{id}");
        assert!(ids.insert(id.clone()), "{id} is there twice");
    }
}

#[test]
fn every_multipart_opens_and_closes_its_boundary() {
    let mut seen = 0;
    for message in everything(7) {
        let text = String::from_utf8(message.bytes).expect("ASCII");
        for (_, rest) in text.match_indices("boundary=\"").map(|(at, key)| (at, &text[at + key.len()..])) {
            let (boundary, _) = rest.split_once('"').expect("a closing quote");
            assert_eq!(text.matches(&format!("\r\n--{boundary}--\r\n")).count(), 1);
            assert!(text.matches(&format!("--{boundary}\r\n")).count() >= 2);
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} multiparts");
}

#[test]
fn user1_has_about_200_messages_in_folders_over_two_years() {
    let messages = of_user1();
    assert!((180..=240).contains(&messages.len()), "{}", messages.len());
    let mut folders = BTreeMap::<&str, usize>::new();
    for message in &messages {
        *folders.entry(message.folder).or_default() += 1;
    }
    let names: Vec<&str> = folders.keys().copied().collect();
    assert_eq!(
        names,
        [
            "Archives/2024",
            "Factures",
            "INBOX",
            "Personnel",
            "Projets/Refonte du site",
            "Projets/Été 2025",
            "Sent"
        ]
    );
    assert!(messages.is_sorted_by_key(|message| message.date_unix_s));
    let end = START_UNIX_S + (SPAN_DAYS + 10) * 86_400;
    assert!(messages.iter().all(|message| (START_UNIX_S..end).contains(&message.date_unix_s)));
    for flag in [Flag::Seen, Flag::Answered, Flag::Flagged] {
        assert!(messages.iter().any(|message| message.flags.contains(&flag)), "{flag:?}");
    }
}

#[test]
fn a_message_is_personal_exactly_when_it_is_marked() {
    let messages = of_user1();
    assert_eq!(messages.iter().filter(|message| message.personal).count(), 18);
    let private = messages.iter().filter(|message| header(message, "Sensitivity").is_some());
    assert_eq!(private.count(), 3);
    for message in &messages {
        let marked = message.folder == "Personnel"
            || header(message, "Sensitivity").is_some()
            || header(message, "Subject").is_some_and(|subject| {
                // "[perso] " at the start of the encoded-word.
                subject.starts_with("=?UTF-8?B?W3BlcnNvXSB") || subject.starts_with("[perso]")
            });
        assert_eq!(message.personal, marked, "{:?}", header(message, "Subject"));
    }
}

#[test]
fn an_answer_refers_to_a_message_of_the_corpus() {
    let messages = of_user1();
    let ids: HashSet<String> = messages.iter().filter_map(|message| header(message, "Message-ID")).collect();
    let parents: Vec<String> = messages.iter().filter_map(|message| header(message, "In-Reply-To")).collect();
    assert!(parents.len() > 30, "only {} answers", parents.len());
    assert!(parents.iter().all(|parent| ids.contains(parent)));
}
