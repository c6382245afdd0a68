#![no_main]

use libfuzzer_sys::fuzz_target;
use relais_core::address::EmailAddress;
use relais_engines::message::{Head, PersonalMarks, answerable};
use std::sync::LazyLock;

static MARKS: LazyLock<PersonalMarks> = LazyLock::new(PersonalMarks::default);
static OWN: LazyLock<[EmailAddress; 1]> = LazyLock::new(|| ["user1@bm.com".parse().expect("an address")]);

fuzz_target!(|input: (Option<&str>, &[u8])| {
    let (sender, block) = input;
    let head = Head::parse(block);
    let _ = answerable(&head, sender, &*OWN);
    let marked = MARKS.mark_head(block);
    let _ = MARKS.mark_subject(&head.subject);

    // A body says nothing, whatever it looks like.
    let mut with_body = block.to_vec();
    with_body.extend_from_slice(b"\r\n\r\n");
    let alone = (Head::parse(&with_body), MARKS.mark_head(&with_body));
    with_body.extend_from_slice(b"Sensitivity: private\r\nSubject: perso\r\nList-Id: x\r\n");
    assert_eq!((Head::parse(&with_body), MARKS.mark_head(&with_body)), alone);

    // Other fields neither mark a message nor take a mark away.
    let more = [b"X-Other: y\r\n".as_slice(), block].concat();
    assert_eq!(MARKS.mark_head(&more), marked);
});
