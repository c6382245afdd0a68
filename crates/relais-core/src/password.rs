//! Passwords: what may be one, and the form in which it is kept. Hashing, and telling common ones, is the application's.

use crate::address::EmailAddress;
use crate::refusal::{CredentialFault, Refusal};
use crate::text::fold;
use unicode_normalization::UnicodeNormalization as _;

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

/// The shortest password, in characters: what NIST SP 800-63B-4, section 3.1.1.2, asks where nothing else is asked for.
/// With a second factor eight would do, but a factor can be removed later, and nobody sees from a hash how long the
/// password was.
pub const LENGTH_MIN: usize = 15;
/// The longest, in bytes: a bound on the work of hashing.
pub const LENGTH_MAX_BYTES: usize = 1024;
/// Letters that a password has to have besides what is known of the person.
const OWN_LETTERS_MIN: usize = 4;
/// Shorter words stand in too many passwords by chance.
const CONTEXT_WORD_LENGTH_MIN: usize = 3;

/// The same characters are the same password, however a keyboard composes them (NFC, as the same section advises).
#[must_use]
pub fn normalise(password: &str) -> String {
    password.nfc().collect()
}

/// Length only: no rules of composition (the same section).
///
/// # Errors
/// [`Refusal::PasswordLength`] when too short or too long.
pub fn check_length(password: &str) -> Result<(), Refusal> {
    if password.chars().count() < LENGTH_MIN || password.len() > LENGTH_MAX_BYTES {
        return Err(Refusal::PasswordLength { characters_min: LENGTH_MIN });
    }
    Ok(())
}

/// Refuses what is made of `context` and hardly anything else ([`context_words`]).
///
/// # Errors
/// [`CredentialFault::PasswordFamiliar`].
pub fn check_is_own(password: &str, context: &[String]) -> Result<(), Refusal> {
    let mut words: Vec<String> = context.iter().map(|word| fold(word)).collect();
    words.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    let whole = fold(password);
    let own = words.iter().fold(whole.clone(), |rest, word| rest.replace(word.as_str(), " "));
    let letters = own.chars().filter(|c| c.is_alphabetic()).count();
    if own != whole && letters < OWN_LETTERS_MIN {
        return Err(CredentialFault::PasswordFamiliar.into());
    }
    Ok(())
}

/// The words that whoever guesses a password tries first: the organisation's name, the login, the person's name.
#[must_use]
pub fn context_words(organisation: &str, login: &EmailAddress, name: &str) -> Vec<String> {
    let mut words: Vec<String> = [organisation, login.as_str(), name]
        .into_iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.chars().count() >= CONTEXT_WORD_LENGTH_MIN)
        .map(str::to_lowercase)
        .collect();
    words.extend([login.as_str().to_owned(), "relais".to_owned()]);
    words.sort_unstable();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_may_be_anything_else() {
        for (text, fits) in [
            ("fourteen chars", false),
            ("fifteen letters", true),
            ("àéîõüàéîõüàéîõü", true),
            ("               ", true),
            ("correct horse battery staple", true),
        ] {
            assert_eq!(check_length(text).is_ok(), fits, "{text}");
        }
        assert!(check_length(&"x".repeat(LENGTH_MAX_BYTES)).is_ok());
        assert!(check_length(&"x".repeat(LENGTH_MAX_BYTES + 1)).is_err());
    }

    #[test]
    fn what_is_known_of_the_person_is_no_password() {
        let login = "zoe.petit@bm.com".parse().unwrap();
        let context = context_words("Mairie de Bonne-Mine", &login, "Zoé Petit");
        for (text, is_own) in [
            ("zoe.petit@bm.com", false),
            ("ZoéPetit-BonneMine-2026", false),
            ("mairiebonnemine1", false),
            ("zoe et les sept nains", true),
            ("837261940162735", true),
            ("x7#Lq!mZ2pW9$vK", true),
        ] {
            assert_eq!(check_is_own(text, &context).is_ok(), is_own, "{text}");
        }
    }

    #[test]
    fn what_looks_the_same_is_the_same() {
        assert_eq!(normalise("cafe\u{301} au lait"), normalise("café au lait"));
        assert_ne!(normalise("Café"), normalise("café"));
    }

    #[test]
    fn whoever_guesses_begins_with_what_is_known() {
        let login = "zoe.petit@bm.com".parse().unwrap();
        let words = context_words("Mairie de Bonne-Mine", &login, "Zoé Petit");
        assert_eq!(
            words,
            ["bonne", "com", "mairie", "mine", "petit", "relais", "zoe", "zoe.petit@bm.com", "zoé"]
        );
    }
}
