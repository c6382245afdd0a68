//! The language of the person at the terminal.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    French,
}

/// As POSIX says: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set and not empty.
pub fn of_environment() -> Language {
    let values = ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| std::env::var(name).unwrap_or_default());
    of_locale(values.iter().find(|value| !value.is_empty()).map_or("", String::as_str))
}

fn of_locale(locale: &str) -> Language {
    match locale.split(['_', '.', '@']).next() {
        Some("fr") => Language::French,
        Some(_) | None => Language::English,
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, of_locale};

    #[test]
    fn french_locales_speak_french_and_all_others_english() {
        for locale in ["fr", "fr_FR.UTF-8", "fr_CA@euro"] {
            assert_eq!(of_locale(locale), Language::French);
        }
        for locale in ["", "C", "POSIX", "en_GB.UTF-8", "frp_IT", "de_DE"] {
            assert_eq!(of_locale(locale), Language::English);
        }
    }
}
