#![no_main]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use relais::doors::cli::when::When;

fuzz_target!(|input: (i32, i8, &str)| {
    let (now_s, offset_h, text) = input;
    let Ok(when) = text.parse::<When>() else { return };
    let now = Timestamp::from_second(now_s.into()).expect("33 bits of seconds are a time");
    let zone = TimeZone::fixed(jiff::tz::offset(offset_h.clamp(-25, 25)));
    if let (Ok(Some(begin)), Ok(end)) = (when.begins(&zone, now), when.ends(&zone, now)) {
        assert!(begin <= end, "{text:?}: {begin} and then {end}");
    }
});
