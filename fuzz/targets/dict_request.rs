#![no_main]

use libfuzzer_sys::fuzz_target;
use relais::doors::dict::codec::{Answer, Request, escape, unescape};
use relais::doors::dict::question::{List, Lookup};

fuzz_target!(|line: &[u8]| {
    if let Ok(text) = std::str::from_utf8(line) {
        let mut escaped = Vec::new();
        escape(text, &mut escaped);
        assert!(!escaped.iter().any(|byte| b"\t\n\r\0".contains(byte)));
        assert_eq!(unescape(&escaped).as_deref(), Ok(line));
        // One answer is one line, whatever it tells.
        let answer = Answer::Found(text.to_owned()).encode();
        assert_eq!(answer.iter().position(|byte| *byte == b'\n'), Some(answer.len() - 1));
    }
    match Request::parse(line) {
        Ok(Request::Lookup { key }) => match Lookup::of(&key) {
            Lookup::Passdb { login, .. } => assert!(!login.contains('/')),
            Lookup::Userdb { .. } | Lookup::Nothing => {}
        },
        Ok(Request::Iterate { prefix, user }) => match List::of(&prefix, &user) {
            List::Shares { user: told } => assert_eq!(told, user, "one's own shares only"),
            List::Users | List::Nothing => {}
        },
        Ok(Request::Hello { .. } | Request::Commit { .. } | Request::Part) | Err(_) => {}
    }
});
