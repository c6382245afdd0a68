#![no_main]

use libfuzzer_sys::fuzz_target;
use relais_engines::export::write_mbox;
use relais_engines::maildir::Index;
use relais_engines::message::{Summary, View};

fuzz_target!(|input: (&[u8], &[u8])| {
    let (message, lines) = input;
    let view = View::parse(message);
    // A terminal obeys nothing in it.
    assert!(view.text.chars().all(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')));
    let summary = Summary::parse(message);
    for line in [&view.from, &view.to, &view.cc, &view.subject, &summary.from, &summary.to, &summary.subject] {
        assert!(!line.contains(char::is_control));
    }

    // One message is one message, whatever its lines look like.
    let mut mbox = Vec::new();
    write_mbox(&mut mbox, jiff::Timestamp::UNIX_EPOCH, &mut &*message).expect("memory takes everything");
    let begins = mbox.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"From ")).count();
    assert_eq!(begins, 1);
    assert!(mbox.ends_with(b"\n\n") || message.is_empty());

    let mut index = Index::default();
    let _ = index.read("mail/INBOX/index.jsonl", lines);
    for folder in index.folders() {
        let mut again = Index::default();
        assert_eq!(again.read(&folder.index_path(), &folder.lines()), []);
        assert_eq!(again.folders().next(), Some(folder));
    }
});
