//! stub
use maud::{Markup, html};
use relais_app::Certificate;
use relais_app::core::language::Language;
pub fn page(certificate: &Certificate, language: Language) -> Markup {
    html! { html lang=(language.tag()) { body { (certificate.plan.name) } } }
}
