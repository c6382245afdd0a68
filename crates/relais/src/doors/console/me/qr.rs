//! A text as a QR code (ISO/IEC 18004), drawn in the page: dark on light in either theme, since cameras want it so.

use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write as _;

/// Light modules around it, as the standard asks.
const QUIET: i32 = 4;

/// Nothing for a text that is longer than any code.
pub fn code(text: &str, label: &str) -> Markup {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return html! {} };
    let side = code.size() + 2 * QUIET;
    html! {
        svg.qr role="img" aria-label=(label) viewBox={ "0 0 " (side) " " (side) } width="200" height="200" shape-rendering="crispEdges" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(modules(&code)) fill="#000" {}
        }
    }
}

fn modules(code: &QrCode) -> String {
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // Writing to a text does not fail.
            let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_finders_and_a_text_without_end_has_none() {
        let drawn = code("otpauth://totp/Relais:jeanne?secret=JBSWY3DP", "code").into_string();
        for corner in ["M4 4h1", "M10 4h1", "M4 10h1"] {
            assert!(drawn.contains(corner), "{drawn}");
        }
        assert!(!drawn.contains("M3 3h1"), "the quiet zone is light");
        assert_eq!(code(&"a".repeat(5000), "code").into_string(), "");
    }
}
