//! Passwords: what may be one, and the form in which it is kept. Hashing is the application's.

use crate::refusal::Refusal;

/// An argon2id hash in PHC string format. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    #[must_use]
    pub fn from_phc(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The shortest password, in characters (NIST SP 800-63B-4, section 3.1.1.2, with a second factor to come).
pub const LENGTH_MIN: usize = 8;
/// The longest, in bytes: a bound on the work of hashing.
pub const LENGTH_MAX_BYTES: usize = 1024;

/// Length only, as NIST SP 800-63B advises: no rules of composition.
///
/// # Errors
/// [`Refusal::PasswordLength`] when too short or too long.
pub fn check(password: &str) -> Result<(), Refusal> {
    if password.chars().count() < LENGTH_MIN || password.len() > LENGTH_MAX_BYTES {
        return Err(Refusal::PasswordLength { characters_min: LENGTH_MIN });
    }
    Ok(())
}
