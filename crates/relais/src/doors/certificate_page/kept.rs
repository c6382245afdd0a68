//! What was kept and given on besides mail: the backup, calendars and address books, meetings, the person's archive. Each
//! part reads the report of its step, and is silent where there was no such step.

use super::wording;
use crate::doors::numbers::{moment, size};
use maud::{Markup, html};
use relais_app::Certificate;
use relais_app::core::content::ContentKind;
use relais_app::core::departure::{CollectionsChoice, MeetingsChoice, Step};
use relais_app::core::language::Language;
use serde_json::Value;

/// A report of a step, read field by field.
struct Report<'c>(&'c Value);

impl<'c> Report<'c> {
    fn of(certificate: &'c Certificate, step: Step) -> Option<Self> {
        certificate.steps.iter().find(|report| report.step == step).map(|report| Self(&report.detail))
    }

    fn text(&self, field: &str) -> &'c str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, field: &str) -> u64 {
        self.0.get(field).and_then(Value::as_u64).unwrap_or_default()
    }

    fn list(&self, field: &str) -> impl Iterator<Item = &'c Value> + use<'c> {
        self.0.get(field).and_then(Value::as_array).into_iter().flatten()
    }

    fn time(&self, field: &str, language: Language) -> Option<String> {
        time(self.0.get(field)?, language)
    }
}

fn time(value: &Value, language: Language) -> Option<String> {
    Some(moment(value.as_str()?.parse().ok()?, language))
}

/// The snapshot that the departure rested on, and the one that was made last before the deletion (B9, X7).
pub fn backup(certificate: &Certificate, language: Language) -> Markup {
    let Some(report) = Report::of(certificate, Step::BackUp) else { return html! {} };
    let last = Report::of(certificate, Step::Delete).map(|deleted| deleted.text("backup"));
    let last = last.filter(|last| !last.is_empty() && *last != report.text("snapshot"));
    let kept = wording::kept(
        report.number("messages"),
        report.number("items"),
        report.number("size_bytes"),
        language,
    );
    html! {
        section {
            h2 { (language.pick("Sauvegarde", "Backup")) }
            p { (kept) }
            dl {
                dt { (language.pick("Génération", "Generation")) } dd { (report.text("generation")) }
                dt { (language.pick("Commencée le", "Begun")) }
                dd { (report.time("begun_at", language).unwrap_or_default()) }
                dt { (language.pick("Relue le", "Read back")) }
                dd { (report.time("verified_at", language).unwrap_or_default()) }
                dt { (language.pick("Emplacement", "Location")) } dd { (report.text("location")) }
                dt { (language.pick("Instantané", "Snapshot")) } dd { code { (report.text("snapshot")) } }
                @if let Some(last) = last {
                    dt { (language.pick("Dernier instantané avant la suppression", "Last snapshot before the deletion")) }
                    dd { code { (last) } }
                }
            }
        }
    }
}

pub fn collections(certificate: &Certificate, language: Language) -> Markup {
    let Some(report) = Report::of(certificate, Step::HandOverCollections) else { return html! {} };
    let (names, not_shared): (Vec<&str>, Vec<&str>) = (
        report.list("collections").filter_map(Value::as_str).collect(),
        report.list("not_shared").filter_map(Value::as_str).collect(),
    );
    let to = report.text("to");
    let moved = certificate.plan.collections == CollectionsChoice::Move;
    html! {
        section {
            h2 { (language.pick("Agendas et carnets d'adresses", "Calendars and address books")) }
            p { (wording::collections(names.len(), report.number("items"), to, moved, language)) }
            @if !names.is_empty() { ul { @for name in &names { li { (name) } } } }
            @if !not_shared.is_empty() {
                p {
                    (language.pick(
                        "Non partagés, car quelque chose de personnel s'y trouve : ",
                        "Not shared, since there is something personal in them: "))
                    (not_shared.join(", ")) "."
                }
            }
            p { (wording::personal_items(report.number("personal_items_left_out"), language)) }
            @if report.number("broken_items") > 0 {
                p { (wording::broken_items(report.number("broken_items"), language)) }
            }
        }
    }
}

/// How much of each kind is the successor's now; the reassignment lists every item.
pub fn content(certificate: &Certificate, language: Language) -> Markup {
    let Some(report) = Report::of(certificate, Step::ReassignContent) else { return html! {} };
    let counted = |counted: &Value| {
        let kind = serde_json::from_value::<ContentKind>(counted["kind"].clone()).ok()?;
        Some((wording::content_kind(kind, language), counted["count"].as_u64()?))
    };
    html! {
        section {
            h2 { (language.pick("Contenu des applications", "Content of applications")) }
            dl {
                dt { (language.pick("Nouveau propriétaire", "New owner")) } dd { (report.text("to")) }
                @for (kind, count) in report.list("kinds").filter_map(counted) {
                    dt { (kind) } dd { (count) }
                }
                dt { (language.pick("Réattribution", "Reassignment")) } dd { (report.text("reassignment")) }
            }
        }
    }
}

pub fn meetings(certificate: &Certificate, language: Language) -> Markup {
    let Some(report) = Report::of(certificate, Step::SettleMeetings) else { return html! {} };
    let (meetings, letters) = (report.number("meetings"), report.number("letters"));
    let cancelled = certificate.plan.meetings == MeetingsChoice::Cancel;
    let unreadable = report.list("unreadable").count() as u64;
    html! {
        section {
            h2 { (language.pick("Réunions à venir", "Meetings to come")) }
            p { (wording::meetings(meetings, letters, cancelled, language)) }
            @if meetings > 0 {
                table {
                    thead { tr {
                        th { (language.pick("Réunion", "Meeting")) }
                        th { (language.pick("Prochaine date", "Next")) }
                    } }
                    tbody { @for meeting in report.list("settled") { tr {
                        td { (meeting["summary"].as_str().unwrap_or_default()) }
                        td { (time(&meeting["next"], language).unwrap_or_default()) }
                    } } }
                }
            }
            @if report.number("personal_meetings_left") > 0 {
                p { (wording::personal_meetings(report.number("personal_meetings_left"), language)) }
            }
            @if unreadable > 0 { p { (wording::broken_items(unreadable, language)) } }
        }
    }
}

/// That the person got what is theirs; what is in it is nobody else's business.
pub fn export(certificate: &Certificate, language: Language) -> Markup {
    let Some(report) = Report::of(certificate, Step::Export) else { return html! {} };
    html! {
        section {
            h2 { (language.pick("Archive remise à la personne", "Archive given to the person")) }
            p { (language.pick(
                "Elle contient tout ce qui est à la personne, messages personnels compris. Son mot de passe n'est connu que de qui a reçu le lien.",
                "It holds everything that is the person's, personal messages included. Its password is known only to whoever received the link.",
            )) }
            dl {
                dt { (language.pick("Lien envoyé à", "Link sent to")) } dd { (report.text("sent_to")) }
                dt { (language.pick("Taille", "Size")) } dd { (size(report.number("size_bytes"), language)) }
                dt { (language.pick("Contenu", "Holds")) }
                dd { (wording::messages_and_items(report.number("messages"), report.number("items"), language)) }
                dt { (language.pick("À télécharger jusqu'au", "Available until")) }
                dd { (report.time("expires_at", language).unwrap_or_default()) }
                dt { (language.pick("Numéro", "Number")) } dd { (report.text("export")) }
            }
        }
    }
}
