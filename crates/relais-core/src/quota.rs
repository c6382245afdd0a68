//! The size that a mailbox may have.

use crate::refusal::Refusal;

/// K, M, G and T are powers of 1024.
pub const UNITS: [(char, u32); 4] = [('k', 10), ('m', 20), ('g', 30), ('t', 40)];

/// A quota holds at least one byte; without a limit there is none.
///
/// # Errors
/// [`Refusal::QuotaInvalid`].
pub fn check(quota_bytes: Option<i64>) -> Result<(), Refusal> {
    match quota_bytes {
        Some(..=0) => Err(Refusal::QuotaInvalid),
        Some(_) | None => Ok(()),
    }
}

/// Bytes from `5G`, `500M`, `5GiB` or a plain number.
///
/// # Errors
/// [`Refusal::QuotaInvalid`] when it is no such size.
pub fn parse(text: &str) -> Result<i64, Refusal> {
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
        return Err(Refusal::QuotaInvalid);
    }
    let count: i64 = digits.parse().map_err(|_| Refusal::QuotaInvalid)?;
    let bytes = count.checked_mul(1 << shift).ok_or(Refusal::QuotaInvalid)?;
    check(Some(bytes))?;
    Ok(bytes)
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
            assert_eq!(parse(text).ok(), bytes, "{text:?}");
        }
    }
}
