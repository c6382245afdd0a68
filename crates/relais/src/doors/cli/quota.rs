//! Sizes: as typed for a quota, and as shown.

use relais_core::language::Language;

const UNITS: [(char, u32); 4] = [('k', 10), ('m', 20), ('g', 30), ('t', 40)];

/// Bytes from `5G`, `500M`, `5GiB` or a plain number; K, M, G and T are powers of 1024.
///
/// # Errors
/// A sentence, when it is no such size.
pub fn parse_quota(text: &str) -> Result<i64, String> {
    let wrong = || "write a size as 500M, 5G or 1T".to_owned();
    let lower = text.to_ascii_lowercase();
    let bare = lower.strip_suffix('b').unwrap_or(&lower);
    let bare = bare.strip_suffix('i').unwrap_or(bare);
    let unit = UNITS.iter().find(|(letter, _)| bare.ends_with(*letter));
    let (digits, shift) = unit.map_or((bare, 0), |(_, shift)| (&bare[..bare.len() - 1], *shift));
    // `5i` and `5iB` name no unit.
    if digits.is_empty()
        || !digits.bytes().all(|digit| digit.is_ascii_digit())
        || (shift == 0 && lower.contains('i'))
    {
        return Err(wrong());
    }
    let count: i64 = digits.parse().map_err(|_| wrong())?;
    let bytes = count.checked_mul(1 << shift).ok_or_else(wrong)?;
    if bytes == 0 { Err(wrong()) } else { Ok(bytes) }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_powers_of_1024() {
        for (text, bytes) in [
            ("1", Some(1)),
            ("1024b", Some(1024)),
            ("5G", Some(5 << 30)),
            ("5g", Some(5 << 30)),
            ("5GB", Some(5 << 30)),
            ("5GiB", Some(5 << 30)),
            ("500M", Some(500 << 20)),
            ("2T", Some(2 << 40)),
            ("10K", Some(10 << 10)),
            ("", None),
            ("G", None),
            ("0", None),
            ("-5G", None),
            ("+5G", None),
            ("5 G", None),
            ("5iB", None),
            ("5,5G", None),
            ("9999999999T", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(parse_quota(text).ok(), bytes, "{text:?}");
        }
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
