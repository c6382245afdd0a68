//! Which language the person at the command line reads.

use relais_core::language::Language;

pub fn parse(text: &str) -> Result<Language, String> {
    match text {
        "fr" => Ok(Language::French),
        "en" => Ok(Language::English),
        _ => Err("expected fr or en".to_owned()),
    }
}

#[must_use]
pub fn of_environment() -> Language {
    of_locale(|name| std::env::var(name).ok())
}

/// As POSIX ranks the variables (Base Definitions, section 8.2): the first that is set and not empty.
fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Language {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let locale = names.into_iter().filter_map(variable).find(|value| !value.is_empty());
    locale.as_deref().and_then(Language::from_tag).unwrap_or(Language::English)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_says_the_language() {
        for (set, expected) in [
            (&[][..], Language::English),
            (&[("LANG", "fr_FR.UTF-8")], Language::French),
            (&[("LANG", "fr_FR.UTF-8"), ("LC_ALL", "C")], Language::English),
            (&[("LANG", "fr_FR.UTF-8"), ("LC_ALL", "")], Language::French),
            (&[("LANG", "en_GB"), ("LC_MESSAGES", "fr_BE")], Language::French),
            (&[("LANG", "de_DE")], Language::English),
            (&[("LANG", "é")], Language::English),
        ] {
            let variable =
                |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(of_locale(variable), expected, "{set:?}");
        }
    }
}
