//! Codes from a shared secret and the time (RFC 6238, with HMAC-SHA-1, which every authenticator app knows).

use hmac::{Hmac, KeyInit as _, Mac as _};
use relais_core::sign_in::{CODE_DIGITS, CODE_STEP_S};
use sha1::Sha1;

/// As long as the hash (RFC 4226, section 4, R6).
pub const SECRET_BYTES: usize = 20;
/// RFC 4648, section 6.
const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The code of a time step, with its leading zeros (RFC 4226, section 5.3).
pub fn code(secret: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let place = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes([hash[place] & 0x7F, hash[place + 1], hash[place + 2], hash[place + 3]]);
    let digits = CODE_DIGITS as usize;
    format!("{:0digits$}", number % 10_u32.pow(CODE_DIGITS))
}

/// The secret as apps take it.
pub fn base_32(secret: &[u8]) -> String {
    secret
        .chunks(5)
        .flat_map(|five| {
            let mut bytes = [0; 8];
            bytes[3..3 + five.len()].copy_from_slice(five);
            let bits = u64::from_be_bytes(bytes);
            let letters = (five.len() * 8).div_ceil(5);
            (0..letters).map(move |place| char::from(BASE_32[(bits >> (35 - 5 * place) & 31) as usize]))
        })
        .collect()
}

/// What an app reads from a QR code. Names are percent-encoded byte by byte.
pub fn uri(secret: &[u8], issuer: &str, account: &str) -> String {
    let encoded = |text: &str| {
        let byte = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        };
        text.bytes().map(byte).collect::<String>()
    };
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={CODE_DIGITS}&period={CODE_STEP_S}",
        base_32(secret),
        issuer = encoded(issuer),
        account = encoded(account),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(secret, second / CODE_STEP_S), expected);
        }
    }

    /// RFC 4648, section 10, without its padding.
    #[test]
    fn secrets_are_written_as_apps_take_them() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base_32(bytes.as_bytes()), text);
        }
        let uri = uri(b"fooba", "Bonne Mine", "zoe@bm.com");
        assert_eq!(
            uri,
            "otpauth://totp/Bonne%20Mine:zoe%40bm.com?secret=MZXW6YTB&issuer=Bonne%20Mine&algorithm=SHA1&digits=6&period=30"
        );
    }
}
