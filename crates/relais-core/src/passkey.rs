//! Passkeys: credentials of a device or of a password manager, which prove that their person is there without a password.

use crate::refusal::{PasskeyFault, Refusal};
use jiff::SignedDuration;

/// Of one account at most: each is a door.
pub const PASSKEYS_MAX: usize = 20;
/// How long a person may take in front of their device.
pub const CEREMONY_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// # Errors
/// [`Refusal::NameInvalid`], [`PasskeyFault::TooMany`].
pub fn check_passkey(name: &str, there_are: usize) -> Result<(), Refusal> {
    crate::lifecycle::check_name(name)?;
    if there_are >= PASSKEYS_MAX {
        return Err(PasskeyFault::TooMany { max: PASSKEYS_MAX }.into());
    }
    Ok(())
}

/// Whether the count of signatures that a device tells goes on from the one that is kept; passkeys that live on several
/// devices tell none (Web Authentication Level 2, section 6.1.1).
///
/// # Errors
/// [`PasskeyFault::Copied`]: somebody else signs with the same key.
pub fn check_count(kept: i64, told: i64) -> Result<(), Refusal> {
    if told > kept || (told == 0 && kept == 0) { Ok(()) } else { Err(PasskeyFault::Copied.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_goes_on_or_is_never_told() {
        for (kept, told, good) in
            [(0, 0, true), (0, 1, true), (7, 8, true), (7, 7, false), (7, 6, false), (7, 0, false)]
        {
            assert_eq!(check_count(kept, told).is_ok(), good, "{kept} {told}");
        }
    }

    #[test]
    fn a_passkey_has_a_name_and_there_are_only_so_many() {
        assert!(check_passkey("Téléphone", PASSKEYS_MAX - 1).is_ok());
        assert_eq!(check_passkey("", 0).unwrap_err().code(), "name_invalid");
        assert_eq!(check_passkey("Téléphone", PASSKEYS_MAX).unwrap_err().code(), "too_many_passkeys");
    }
}
