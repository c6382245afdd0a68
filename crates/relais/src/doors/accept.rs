//! What a browser or a program says that it prefers: a language, a form of the answer.

use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE};
use axum::http::{HeaderMap, HeaderName};
use relais_app::core::language::Language;

/// The language that `Accept-Language` prefers (RFC 9110, section 12.5.4); `None` when it names neither of ours.
pub fn asked_language(headers: &HeaderMap) -> Option<Language> {
    let wanted = qualities(headers, &ACCEPT_LANGUAGE);
    let known = wanted.iter().filter_map(|(tag, quality)| Some((Language::from_tag(tag)?, *quality)));
    first_best(known)
}

/// What `Accept` prefers of a page and of JSON; JSON unless a page is asked for.
pub fn wants_page(headers: &HeaderMap) -> bool {
    let wanted = qualities(headers, &ACCEPT);
    let quality =
        |kind: &str| wanted.iter().find(|(asked, _)| asked == kind).map_or(0, |(_, quality)| *quality);
    quality("text/html") > quality("application/json")
}

/// The values of a header with their weights in thousandths; those of weight 0 are not wanted and left out.
fn qualities(headers: &HeaderMap, name: &HeaderName) -> Vec<(String, u16)> {
    let parts =
        headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    parts
        .filter_map(|part| {
            let (value, rest) = part.split_once(';').unwrap_or((part, ""));
            let weight = rest.split(';').find_map(|parameter| parameter.trim().strip_prefix("q="));
            let weight: f32 = weight.map_or(Ok(1.0), str::parse).unwrap_or(0.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..1000")]
            let thousandths = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
            (thousandths > 0).then(|| (value.trim().to_ascii_lowercase(), thousandths))
        })
        .collect()
}

/// The first of those with the greatest weight.
fn first_best<T>(weighed: impl Iterator<Item = (T, u16)>) -> Option<T> {
    let mut best: Option<(T, u16)> = None;
    for (value, weight) in weighed {
        if best.as_ref().is_none_or(|(_, heaviest)| weight > *heaviest) {
            best = Some((value, weight));
        }
    }
    best.map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn header(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_language_asked_for_is_the_heaviest_of_ours() {
        for (asked, expected) in [
            ("en", Some(Language::English)),
            ("fr-CA, en;q=0.8", Some(Language::French)),
            ("de, en;q=0.5, fr;q=0.7", Some(Language::French)),
            ("fr;q=0, en;q=0.1", Some(Language::English)),
            ("de", None),
            ("*", None),
            (";;q=,", None),
        ] {
            assert_eq!(asked_language(&header(ACCEPT_LANGUAGE, asked)), expected, "{asked}");
        }
    }

    #[test]
    fn a_page_is_given_to_whoever_prefers_one() {
        for (asked, expected) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("application/json", false),
            ("*/*", false),
            ("application/json, text/html;q=0.5", false),
        ] {
            assert_eq!(wants_page(&header(ACCEPT, asked)), expected, "{asked}");
        }
    }
}
