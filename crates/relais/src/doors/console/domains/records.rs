//! What the DNS says of a domain beside what it should say, each record to be copied as it is.

use crate::doors::console::visitor::Visitor;
use maud::{Markup, html};
use relais_app::core::domain::TxtRecord;
use relais_app::core::domain::readiness::{Readiness, RecordCheck, RecordKind, RecordState};

/// The record that proves a domain.
pub fn proof(visitor: &Visitor, record: &TxtRecord) -> Markup {
    html! {
        dl.facts.record {
            dt { (visitor.pick("Nom", "Name")) } dd { (copied(visitor, &record.name)) }
            dt { "Type" } dd { code { "TXT" } }
            dt { (visitor.pick("Valeur", "Value")) } dd { (copied(visitor, &record.value)) }
        }
    }
}

/// A text that is pasted elsewhere.
fn copied(visitor: &Visitor, text: &str) -> Markup {
    html! {
        code.copied { (text) } " "
        button.quiet type="button" data-copy=(text) hidden aria-label={ (visitor.pick("Copier ", "Copy ")) (text) } { (visitor.pick("Copier", "Copy")) }
    }
}

pub fn table(visitor: &Visitor, readiness: &Readiness) -> Markup {
    html! {
        @for check in &readiness.records {
            section.card {
                div.between {
                    h3 { (kind(check.kind)) " " span.hint { (purpose(visitor, check.kind)) } }
                    (state(visitor, check.state))
                }
                dl.facts.record {
                    dt { (visitor.pick("Nom", "Name")) } dd { (copied(visitor, &check.name)) }
                    dt { (visitor.pick("Trouvé", "Found")) }
                    dd { @if check.found.is_empty() { span.muted { (visitor.pick("rien", "nothing")) } }
                        @for text in &check.found { div { code { (text) } } } }
                    @if check.state != RecordState::Good { (wanted(visitor, check)) }
                }
            }
        }
    }
}

fn wanted(visitor: &Visitor, check: &RecordCheck) -> Markup {
    html! {
        dt { (visitor.pick("À publier", "To publish")) }
        dd {
            @match check.kind {
                // The key is the sending server's: only its operator knows it.
                RecordKind::Dkim => { code { (check.recommended) }
                    p.hint { (visitor.pick("La clé (p=) est celle du serveur d'envoi\u{a0}: demandez-la à l'exploitant.", "The key (p=) is the sending server's: ask its operator for it.")) } },
                RecordKind::Mx | RecordKind::Spf | RecordKind::Dmarc => (copied(visitor, &check.recommended)),
            }
        }
    }
}

fn kind(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Mx => "MX",
        RecordKind::Spf => "SPF (TXT)",
        RecordKind::Dkim => "DKIM (TXT)",
        RecordKind::Dmarc => "DMARC (TXT)",
    }
}

fn purpose(visitor: &Visitor, kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Mx => visitor.pick("où arrive le courrier", "where mail arrives"),
        RecordKind::Spf => visitor.pick("qui envoie pour le domaine", "who sends for the domain"),
        RecordKind::Dkim => visitor.pick("la signature des messages", "the signature of its mail"),
        RecordKind::Dmarc => visitor
            .pick("que faire des messages qui échouent aux deux", "what to do with mail that fails both"),
    }
}

fn state(visitor: &Visitor, state: RecordState) -> Markup {
    let (tone, word) = match state {
        RecordState::Good => ("badge good", visitor.pick("en ordre", "good")),
        RecordState::Different => ("badge warn", visitor.pick("différent", "different")),
        RecordState::Missing => ("badge bad", visitor.pick("absent", "missing")),
        RecordState::Unknown => ("badge", visitor.pick("le DNS ne répond pas", "the DNS does not answer")),
    };
    html! { span class=(tone) { (word) } }
}
