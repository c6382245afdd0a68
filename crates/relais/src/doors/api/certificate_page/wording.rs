//! The sentences of the certificate, in French and English.

use super::super::page::numbers::{count, moment};
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Actor;
use relais_app::core::departure::{NewMail, Step};
use relais_app::core::inbound::LocalCopy;
use relais_app::core::language::Language;

pub fn actor(actor: Option<&Actor>, language: Language) -> String {
    match actor {
        None => language.pick("inconnu", "unknown").to_owned(),
        Some(Actor::Operator) => {
            language.pick("l'exploitant du service", "the operator of the service").to_owned()
        }
        Some(Actor::Token { id, .. }) => format!("{} {id}", language.pick("le jeton", "the token")),
        Some(Actor::Account { id, .. }) => format!("{} {id}", language.pick("le compte", "the account")),
        Some(Actor::Grant { id, .. }) => {
            format!("{} {id}", language.pick("l'accès de reprise", "the recovery grant"))
        }
        Some(Actor::Billing { .. }) => language.pick("la facturation", "billing").to_owned(),
        Some(Actor::Schedule { .. }) => language.pick("le calendrier", "the schedule").to_owned(),
        Some(Actor::Departure { id, .. }) => format!("{} {id}", language.pick("le départ", "the departure")),
    }
}

pub fn step(step: Step, language: Language) -> &'static str {
    let (french, english) = match step {
        Step::Freeze => ("Accès fermés", "Access closed"),
        Step::CutSessions => ("Sessions ouvertes coupées", "Open sessions cut"),
        Step::Inventory => ("Inventaire", "Inventory"),
        Step::RouteInbound => ("Nouveaux messages acheminés", "New mail routed"),
        Step::BackUp => ("Sauvegarde faite et relue", "Backup made and read back"),
        Step::Export => ("Archive remise à la personne", "Archive given to the person"),
        Step::HandOverMail => ("Anciens messages transmis", "Old mail handed over"),
        Step::HandOverCollections => {
            ("Agendas et carnets transmis", "Calendars and address books handed over")
        }
        Step::SettleMeetings => ("Réunions à venir réglées", "Meetings to come settled"),
        Step::Rename => ("Compte renommé", "Account renamed"),
        Step::GiveAddresses => ("Adresses données", "Addresses given on"),
        Step::Wait => ("Délai écoulé", "Waiting time over"),
        Step::Delete => ("Compte supprimé", "Account deleted"),
        Step::Certificate => ("Attestation établie", "Certificate issued"),
    };
    language.pick(french, english)
}

pub fn new_mail(new_mail: &NewMail, language: Language) -> String {
    match new_mail {
        NewMail::Redirect { to, copy, until } => {
            let copy = match copy {
                LocalCopy::Keep => language
                    .pick(", avec une copie dans la boîte fermée", ", with a copy in the closed mailbox"),
                LocalCopy::None => "",
            };
            let text = language.pick("Ils sont redirigés vers", "It is redirected to");
            format!("{text} {to}{copy}{}.", end(*until, language))
        }
        NewMail::Reply { text, until, .. } => {
            let answered = language.pick(
                "Leurs expéditeurs reçoivent une réponse automatique",
                "Its senders receive an automatic reply",
            );
            format!("{answered}{}. {}", end(Some(*until), language), quoted(text, language))
        }
        NewMail::Responder { name, text, until } => {
            let answered = language.pick("Le répondeur y répond :", "It is answered by the responder");
            format!("{answered} {name}{}. {}", end(*until, language), quoted(text, language))
        }
    }
}

fn end(until: Option<jiff::Timestamp>, language: Language) -> String {
    match until {
        None => language.pick(", sans date de fin", ", without an end date").to_owned(),
        Some(until) => {
            let then = language.pick(" ; les messages sont ensuite refusés", "; mail is then refused");
            format!("{} {}{then}", language.pick(" jusqu'au", " until"), moment(until, language))
        }
    }
}

fn quoted(text: &str, language: Language) -> String {
    let text = text.trim();
    match language {
        Language::French => format!("«\u{a0}{text}\u{a0}»"),
        Language::English => format!("\u{201c}{text}\u{201d}"),
    }
}

pub fn handed_over(messages: u64, to: &EmailAddress, language: Language) -> String {
    let number = count(messages, language);
    match (language, messages) {
        (Language::French, 0 | 1) => format!("{number} message a été transmis à {to}."),
        (Language::French, _) => format!("{number} messages ont été transmis à {to}."),
        (Language::English, 1) => format!("{number} message was handed over to {to}."),
        (Language::English, _) => format!("{number} messages were handed over to {to}."),
    }
}

/// Counted, never shown (Cass. soc. 2 October 2001, no 99-42.942).
pub fn personal(messages: u64, language: Language) -> String {
    let number = count(messages, language);
    match (language, messages) {
        (Language::French, 0) => "Aucun message personnel n'a été trouvé.".to_owned(),
        (Language::French, 1) => {
            "1 message personnel a été laissé de côté pour la personne ; il n'a été ni lu ni transmis."
                .to_owned()
        }
        (Language::French, _) => format!(
            "{number} messages personnels ont été laissés de côté pour la personne ; ils n'ont été ni lus ni transmis."
        ),
        (Language::English, 0) => "No personal message was found.".to_owned(),
        (Language::English, 1) => {
            "1 personal message was set aside for the person; it was neither read nor handed over.".to_owned()
        }
        (Language::English, _) => format!(
            "{number} personal messages were set aside for the person; they were neither read nor handed over."
        ),
    }
}

pub fn responder(name: &str, language: Language) -> String {
    format!("{} {name}", language.pick("le répondeur", "the responder"))
}

pub fn closed_account(language: Language) -> &'static str {
    language.pick("le compte fermé", "the closed account")
}

pub fn freed(language: Language) -> &'static str {
    language.pick("personne : libérée à la suppression", "nobody: freed when the account was deleted")
}

pub fn new_name(deleted: bool, language: Language) -> &'static str {
    match deleted {
        false => language
            .pick("le compte fermé, dont c'est le nouveau nom", "the closed account, whose new name it is"),
        true => language.pick(
            "personne : nom du compte jusqu'à sa suppression",
            "nobody: the account's name until it was deleted",
        ),
    }
}
