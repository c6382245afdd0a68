#![no_main]

use libfuzzer_sys::fuzz_target;
use relais::configuration::Configuration;

fuzz_target!(|text: &str| {
    match Configuration::parse(text) {
        Ok(configuration) => {
            let parts = configuration.smarthost_parts().expect("looked at when it was read");
            assert_eq!(parts.is_some(), configuration.smarthost.is_some());
        }
        Err(error) => assert!(!format!("{error:#}").is_empty()),
    }
});
