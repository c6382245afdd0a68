//! Numbers, sizes, days and moments as French and English write them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use relais_app::core::language::Language;

/// `12 345` with narrow no-break spaces, or `12,345`.
pub fn count(number: u64, language: Language) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(language.pick('\u{202f}', ','));
        }
        text.push(digit);
    }
    text
}

/// Decimal units with one decimal: `1,2 Mo`, `1.2 MB`.
pub fn size(bytes: u64, language: Language) -> String {
    let units = language.pick(["o", "ko", "Mo", "Go", "To"], ["B", "kB", "MB", "GB", "TB"]);
    let (mut tenths, mut unit) = (u128::from(bytes) * 10, 0);
    while tenths >= 10_000 && unit + 1 < units.len() {
        tenths = (tenths + 500) / 1000;
        unit += 1;
    }
    let whole = count(u64::try_from(tenths / 10).unwrap_or(u64::MAX), language);
    let space = '\u{a0}';
    if unit == 0 {
        return format!("{whole}{space}{}", units[0]);
    }
    format!("{whole}{}{}{space}{}", language.pick(',', '.'), tenths % 10, units[unit])
}

const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `1er novembre 2026`, `1 November 2026`.
pub fn day(date: Date, language: Language) -> String {
    let month = usize::from(date.month().unsigned_abs()) - 1;
    let (day, year) = (date.day(), date.year());
    match language {
        Language::French => {
            let first = if day == 1 { "er" } else { "" };
            format!("{day}{first} {} {year}", MONTHS_FR[month])
        }
        Language::English => format!("{day} {} {year}", MONTHS_EN[month]),
    }
}

/// `01/11/2026` in French, `1 Nov 2026` in English, where day and month cannot be told apart by order alone.
pub fn short_day(date: Date, language: Language) -> String {
    match language {
        Language::French => date.strftime("%d/%m/%Y").to_string(),
        Language::English => date.strftime("%-d %b %Y").to_string(),
    }
}

/// The minute, in a zone that the reader lives in: `22 novembre 2026 à 14:05`.
pub fn minute(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let at = at.to_zoned(zone.clone());
    let day = day(at.date(), language);
    let (hour, minute) = (at.hour(), at.minute());
    match language {
        Language::French => format!("{day} à {hour:02}:{minute:02}"),
        Language::English => format!("{day}, {hour:02}:{minute:02}"),
    }
}

/// The minute, in UTC: the machine's own zone is not the reader's.
pub fn moment(at: Timestamp, language: Language) -> String {
    format!("{} (UTC)", minute(at, &TimeZone::UTC, language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_each_language_writes_them() {
        for (number, french, english) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1000, "1\u{202f}000", "1,000"),
            (12_345_678, "12\u{202f}345\u{202f}678", "12,345,678"),
        ] {
            assert_eq!(count(number, Language::French), french);
            assert_eq!(count(number, Language::English), english);
        }
        for (bytes, french, english) in [
            (0, "0\u{a0}o", "0\u{a0}B"),
            (999, "999\u{a0}o", "999\u{a0}B"),
            (1500, "1,5\u{a0}ko", "1.5\u{a0}kB"),
            (999_999, "1,0\u{a0}Mo", "1.0\u{a0}MB"),
            (u64::MAX, "18\u{202f}446\u{202f}744,1\u{a0}To", "18,446,744.1\u{a0}TB"),
        ] {
            assert_eq!(size(bytes, Language::French), french);
            assert_eq!(size(bytes, Language::English), english);
        }
        let first: Timestamp = "2026-08-01T06:05:59Z".parse().unwrap();
        assert_eq!(moment(first, Language::French), "1er août 2026 à 06:05 (UTC)");
        assert_eq!(moment(first, Language::English), "1 August 2026, 06:05 (UTC)");
        let day = jiff::civil::date(2026, 11, 3);
        assert_eq!(short_day(day, Language::French), "03/11/2026");
        assert_eq!(short_day(day, Language::English), "3 Nov 2026");
    }
}
