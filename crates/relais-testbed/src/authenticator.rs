//! An authenticator app (RFC 6238): codes of six digits, every thirty seconds, from a secret in base 32.

use ring::hmac;

const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The code at `at_s`, in seconds since 1970.
///
/// # Panics
/// When the secret is not base 32.
#[must_use]
pub fn code(secret: &str, at_s: i64) -> String {
    let (mut bits, mut count, mut key) = (0_u32, 0, Vec::new());
    for letter in secret.bytes() {
        let value = BASE_32.iter().position(|known| *known == letter).expect("a letter of base 32");
        bits = bits << 5 | u32::try_from(value).expect("below 32");
        count += 5;
        if count >= 8 {
            count -= 8;
            key.push((bits >> count & 255) as u8);
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &(at_s / 30).to_be_bytes());
    let hash = tag.as_ref();
    let place = usize::from(hash[hash.len() - 1] & 15);
    let four: [u8; 4] = hash[place..place + 4].try_into().expect("four bytes");
    format!("{:06}", (u32::from_be_bytes(four) & 0x7FFF_FFFF) % 1_000_000)
}
