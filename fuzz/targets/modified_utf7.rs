#![no_main]

use libfuzzer_sys::fuzz_target;
use relais_engines::maildir::{decode_utf7, encode_utf7, folder_component};

fuzz_target!(|text: &str| {
    let encoded = encode_utf7(text);
    assert!(encoded.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{encoded:?}");
    assert_eq!(decode_utf7(&encoded).as_deref(), Some(text));
    if let Some(decoded) = decode_utf7(text) {
        assert_eq!(encode_utf7(&decoded), text);
    }
    let component = folder_component(text);
    assert!(!component.is_empty() && !component.starts_with('~'));
    assert!(!component.contains(|c: char| matches!(c, '.' | '/') || c.is_control()), "{component:?}");
    assert_eq!(folder_component(&component), component);
});
