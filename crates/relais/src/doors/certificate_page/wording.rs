//! The sentences of the certificate, in French and English.

use crate::doors::numbers::{count, moment, size};
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Actor;
use relais_app::core::content::ContentKind;
use relais_app::core::departure::{NewMail, Step};
use relais_app::core::inbound::LocalCopy;
use relais_app::core::language::Language;

pub fn actor(actor: Option<&Actor>, language: Language) -> String {
    match actor {
        None => language.pick("inconnu", "unknown").to_owned(),
        Some(Actor::Operator) => {
            language.pick("l'exploitant du service", "the operator of the service").to_owned()
        }
        Some(Actor::Operating { id }) => {
            format!("{} {id}", language.pick("l'exploitant du service,", "the operator of the service,"))
        }
        Some(Actor::Token { id, .. }) => format!("{} {id}", language.pick("le jeton", "the token")),
        Some(Actor::Account { id, .. }) => format!("{} {id}", language.pick("le compte", "the account")),
        Some(Actor::Grant { id, .. }) => {
            format!("{} {id}", language.pick("l'accès de reprise", "the recovery grant"))
        }
        Some(Actor::Application { id, .. }) => {
            format!("{} {id}", language.pick("l'application", "the application"))
        }
        Some(Actor::Directory { id, .. }) => {
            format!("{} {id}", language.pick("l'annuaire", "the directory"))
        }
        Some(Actor::Scim { id, .. }) => {
            format!("{} {id}", language.pick("SCIM, le jeton", "SCIM, the token"))
        }
        Some(Actor::Billing { .. }) => language.pick("la facturation", "billing").to_owned(),
        Some(Actor::SignOn { .. }) => {
            language.pick("le fournisseur d'identité", "the identity provider").to_owned()
        }
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
        Step::ReassignContent => ("Contenu réattribué", "Content reassigned"),
        Step::SettleMeetings => ("Réunions à venir réglées", "Meetings to come settled"),
        Step::Rename => ("Compte renommé", "Account renamed"),
        Step::GiveAddresses => ("Adresses données", "Addresses given on"),
        Step::Wait => ("Délai écoulé", "Waiting time over"),
        Step::Delete => ("Compte supprimé", "Account deleted"),
        Step::Certificate => ("Attestation établie", "Certificate issued"),
    };
    language.pick(french, english)
}

pub fn content_kind(kind: ContentKind, language: Language) -> &'static str {
    let (french, english) = match kind {
        ContentKind::Calendar => ("Agendas", "Calendars"),
        ContentKind::AddressBook => ("Carnets d'adresses", "Address books"),
        ContentKind::Board => ("Tableaux", "Boards"),
        ContentKind::Project => ("Projets", "Projects"),
        ContentKind::Template => ("Modèles", "Templates"),
        ContentKind::Document => ("Documents", "Documents"),
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

/// `3 messages, 12 fiches et rendez-vous`.
pub fn messages_and_items(messages: u64, items: u64, language: Language) -> String {
    let plural = |number: u64, one: &str, more: &str| {
        let is_one = match language {
            Language::French => number < 2,
            Language::English => number == 1,
        };
        format!("{} {}", count(number, language), if is_one { one } else { more })
    };
    match language {
        Language::French => format!(
            "{}, {}",
            plural(messages, "message", "messages"),
            plural(items, "fiche ou rendez-vous", "fiches et rendez-vous")
        ),
        Language::English => format!(
            "{}, {}",
            plural(messages, "message", "messages"),
            plural(items, "card or event", "cards and events")
        ),
    }
}

pub fn kept(messages: u64, items: u64, bytes: u64, language: Language) -> String {
    let (what, size) = (messages_and_items(messages, items, language), size(bytes, language));
    match language {
        Language::French => format!(
            "Le compte a été sauvegardé une fois fermé ({what}, {size}), et la sauvegarde a été relue entièrement avant la suite."
        ),
        Language::English => format!(
            "The account was backed up once it was closed ({what}, {size}), and the backup was read back whole before anything else."
        ),
    }
}

pub fn collections(collections: usize, items: u64, to: &str, moved: bool, language: Language) -> String {
    let items = count(items, language);
    match (language, collections, moved) {
        (Language::French, 0, _) => "Aucun agenda ni carnet d'adresses n'a été transmis.".to_owned(),
        (Language::French, _, true) => format!(
            "Ils sont désormais à {to}, comme agendas et carnets distincts des siens (entrées : {items})."
        ),
        (Language::French, _, false) => {
            format!("Ils restent au compte fermé, et {to} peut les lire et les modifier (entrées : {items}).")
        }
        (Language::English, 0, _) => "No calendar or address book was handed over.".to_owned(),
        (Language::English, _, true) => format!(
            "They are now {to}'s, as calendars and address books apart from their own (entries: {items})."
        ),
        (Language::English, _, false) => {
            format!(
                "They stay with the closed account, and {to} may read and change them (entries: {items})."
            )
        }
    }
}

/// Counted, never shown, like messages.
pub fn personal_items(items: u64, language: Language) -> String {
    let number = count(items, language);
    match (language, items) {
        (Language::French, 0) => "Aucun élément personnel n'y a été trouvé.".to_owned(),
        (Language::French, 1) => "1 élément personnel a été laissé de côté pour la personne.".to_owned(),
        (Language::French, _) => {
            format!("{number} éléments personnels ont été laissés de côté pour la personne.")
        }
        (Language::English, 0) => "Nothing personal was found in them.".to_owned(),
        (Language::English, 1) => "1 personal entry was set aside for the person.".to_owned(),
        (Language::English, _) => format!("{number} personal entries were set aside for the person."),
    }
}

pub fn broken_items(items: u64, language: Language) -> String {
    let number = count(items, language);
    match (language, items) {
        (Language::French, 1) => "1 élément illisible est resté tel quel.".to_owned(),
        (Language::French, _) => format!("{number} éléments illisibles sont restés tels quels."),
        (Language::English, 1) => "1 entry that cannot be read was left as it is.".to_owned(),
        (Language::English, _) => format!("{number} entries that cannot be read were left as they are."),
    }
}

pub fn meetings(meetings: u64, letters: u64, cancelled: bool, language: Language) -> String {
    let sent = count(letters, language);
    match (language, meetings, cancelled) {
        (Language::French, 0, _) => "Aucune réunion à venir n'était à régler.".to_owned(),
        (Language::French, _, true) => {
            format!("Elles ont été annulées ; les personnes invitées en sont prévenues (messages : {sent}).")
        }
        (Language::French, _, false) => format!(
            "Le successeur en est devenu l'organisateur ; les personnes invitées en sont prévenues (messages : {sent})."
        ),
        (Language::English, 0, _) => "There was no meeting to come to be settled.".to_owned(),
        (Language::English, _, true) => {
            format!("They were cancelled; those invited are told (messages: {sent}).")
        }
        (Language::English, _, false) => {
            format!("The successor has become their organiser; those invited are told (messages: {sent}).")
        }
    }
}

pub fn personal_meetings(meetings: u64, language: Language) -> String {
    let number = count(meetings, language);
    match (language, meetings) {
        (Language::French, 1) => "1 réunion personnelle est restée telle quelle.".to_owned(),
        (Language::French, _) => format!("{number} réunions personnelles sont restées telles quelles."),
        (Language::English, 1) => "1 personal meeting was left as it is.".to_owned(),
        (Language::English, _) => format!("{number} personal meetings were left as they are."),
    }
}
