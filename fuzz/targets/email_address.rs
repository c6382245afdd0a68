#![no_main]

use libfuzzer_sys::fuzz_target;
use relais_core::address::EmailAddress;

fuzz_target!(|text: &str| {
    let Ok(address) = text.parse::<EmailAddress>() else { return };
    let shown = address.to_string();
    assert_eq!(shown, format!("{}@{}", address.local(), address.domain()));
    assert_eq!(shown.parse::<EmailAddress>().as_ref(), Ok(&address));
    assert!(!shown.contains(|c: char| c.is_control() || c.is_whitespace()));
    if let Some(base) = address.without_tag() {
        assert!(base.without_tag().is_none() && base.domain() == address.domain());
    }
});
