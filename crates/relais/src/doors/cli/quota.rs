//! Sizes as they are shown.

use super::words::messages;
use relais_app::MailboxUsage;
use relais_core::language::Language;
use relais_core::quota::UNITS;

/// `3.1 MiB`, `3,1 Mio`.
#[must_use]
pub fn size(bytes: u64, language: Language) -> String {
    let unit = UNITS.iter().rev().find(|(_, shift)| bytes >= 1 << shift);
    let Some((letter, shift)) = unit else {
        return format!("{bytes} {}", language.pick("o", "B"));
    };
    let tenths = (u128::from(bytes) * 10) >> shift;
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let letter = letter.to_ascii_uppercase();
    format!("{whole}{}{tenth} {letter}{}", language.pick(",", "."), language.pick("io", "iB"))
}

/// How full a mailbox is: `412 messages, 3,1 Mio sur 5,0 Gio (0 %)`.
#[must_use]
pub fn usage(usage: &MailboxUsage, language: Language) -> String {
    let used = format!("{}, {}", messages(usage.messages, language), size(usage.bytes, language));
    let (Some(limit), Some(share)) = (usage.quota_bytes, usage.share) else { return used };
    let (of, percent) = (language.pick("sur", "of"), language.pick(" %", "%"));
    let limit = size(limit.max(0).cast_unsigned(), language);
    format!("{used} {of} {limit} ({:.0}{percent})", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_shown_with_its_part_of_the_limit() {
        let usage = |quota_bytes, share| MailboxUsage { messages: 412, bytes: 3 << 20, quota_bytes, share };
        assert_eq!(super::usage(&usage(None, None), Language::French), "412 messages, 3,0 Mio");
        let limited = usage(Some(4 << 20), Some(0.75));
        assert_eq!(super::usage(&limited, Language::French), "412 messages, 3,0 Mio sur 4,0 Mio (75 %)");
        assert_eq!(super::usage(&limited, Language::English), "412 messages, 3.0 MiB of 4.0 MiB (75%)");
    }

    #[test]
    fn sizes_are_shown_in_the_reader_s_language() {
        for (bytes, french, english) in [
            (0, "0 o", "0 B"),
            (1023, "1023 o", "1023 B"),
            (1536, "1,5 Kio", "1.5 KiB"),
            (5 << 30, "5,0 Gio", "5.0 GiB"),
            (u64::MAX, "16777215,9 Tio", "16777215.9 TiB"),
        ] {
            assert_eq!(size(bytes, Language::French), french);
            assert_eq!(size(bytes, Language::English), english);
        }
    }
}
