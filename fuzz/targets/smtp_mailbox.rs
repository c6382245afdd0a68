#![no_main]

use libfuzzer_sys::fuzz_target;
use relais::doors::smtp::command::{mailbox, parse};

fuzz_target!(|text: &str| {
    let _ = parse(text);
    let Some(read) = mailbox(text) else { return };
    assert_eq!(mailbox(&read).as_ref(), Some(&read));
    assert!(!read.contains(|c: char| c.is_control()));
});
