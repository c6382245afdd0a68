//! The names of things in both languages, as `docs/glossary.md` fixes them.

use relais_app::read::{NotificationState, SpoolState};
use relais_core::address::EmailAddress;
use relais_core::authority::Actor;
use relais_core::collection::{CollectionKind, ShareRight};
use relais_core::content::Reassign;
use relais_core::content::{ContentCount, ContentKind, MoveState};
use relais_core::departure::{DepartureState, Step};
use relais_core::group::Posting;
use relais_core::inbound::{Inbound, LocalCopy, Treatment};
use relais_core::job::{BulkAct, ItemOutcome, JobState, Run};
use relais_core::language::Language;
use relais_core::ledger::EntryKind;
use relais_core::mail_refusal::MailRefusal;
use relais_core::notification::Topic;
use relais_core::organisation::{AddressKind, DomainKind, GroupRole, MailboxRight, Target};
use relais_core::profile::PhoneKind;
use relais_core::rights::State;

use super::reader::Reader;

/// The text without what a terminal would obey: some of it comes from other people's servers.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

#[must_use]
pub fn state(state: State, language: Language) -> &'static str {
    match state {
        State::Invited => language.pick("invité", "invited"),
        State::Active => language.pick("actif", "active"),
        State::Deactivated => language.pick("désactivé", "deactivated"),
        State::Deleted => language.pick("supprimé", "deleted"),
    }
}

#[must_use]
pub fn topic(topic: Topic, language: Language) -> &'static str {
    match topic {
        Topic::Account => language.pick("votre compte", "your account"),
        Topic::Groups => language.pick("groupes", "groups"),
        Topic::Sharing => language.pick("partages", "sharing"),
        Topic::People => language.pick("personnes", "people"),
        Topic::Departures => language.pick("départs", "departures"),
        Topic::Jobs => language.pick("opérations", "jobs"),
    }
}

#[must_use]
pub fn notification_state(state: NotificationState, language: Language) -> &'static str {
    match state {
        NotificationState::Waiting => language.pick("attend", "waiting"),
        NotificationState::Sent => language.pick("envoyée", "sent"),
        NotificationState::Dropped => language.pick("abandonnée", "dropped"),
    }
}

#[must_use]
pub fn collection_kind(kind: CollectionKind, language: Language) -> &'static str {
    match kind {
        CollectionKind::Calendar => language.pick("calendrier", "calendar"),
        CollectionKind::AddressBook => language.pick("carnet d'adresses", "address book"),
    }
}

#[must_use]
pub fn content_kind(kind: ContentKind, language: Language) -> &'static str {
    match kind {
        ContentKind::Calendar => language.pick("calendrier", "calendar"),
        ContentKind::AddressBook => language.pick("carnet d'adresses", "address book"),
        ContentKind::Board => language.pick("tableau", "board"),
        ContentKind::Project => language.pick("projet", "project"),
        ContentKind::Template => language.pick("modèle", "template"),
        ContentKind::Document => language.pick("document", "document"),
    }
}

/// So many items of each kind: « tableau : 3, projet : 1 ».
#[must_use]
pub fn content_counts(counts: &[ContentCount], reader: &Reader) -> String {
    let counted = |counted: &ContentCount| {
        format!("{}{} {}", content_kind(counted.kind, reader.language), reader.colon(), counted.count)
    };
    counts.iter().map(counted).collect::<Vec<_>>().join(", ")
}

#[must_use]
pub fn move_state(state: MoveState, language: Language) -> &'static str {
    match state {
        MoveState::Moved => language.pick("donné", "moved"),
        MoveState::Refused => language.pick("refusé", "refused"),
        MoveState::Undone => language.pick("rendu", "given back"),
    }
}

#[must_use]
pub fn share_right(right: ShareRight, language: Language) -> &'static str {
    match right {
        ShareRight::Read => language.pick("lecture", "read"),
        ShareRight::Write => language.pick("lecture et écriture", "read and write"),
    }
}

#[must_use]
pub fn phone_kind(kind: PhoneKind, language: Language) -> &'static str {
    match kind {
        PhoneKind::Work => language.pick("professionnel", "work"),
        PhoneKind::Mobile => language.pick("mobile", "mobile"),
        PhoneKind::Home => language.pick("personnel", "home"),
    }
}

#[must_use]
pub fn domain_kind(kind: DomainKind, language: Language) -> &'static str {
    match kind {
        DomainKind::Own => language.pick("de l'organisation", "own"),
        DomainKind::Provider => language.pick("de l'exploitant", "provider"),
    }
}

#[must_use]
pub fn address_kind(kind: AddressKind, language: Language) -> &'static str {
    match kind {
        AddressKind::Primary => language.pick("principale", "primary"),
        AddressKind::Alias => "alias",
    }
}

#[must_use]
pub fn mailbox_right(right: MailboxRight, language: Language) -> &'static str {
    match right {
        MailboxRight::Read => language.pick("lecture", "read"),
        MailboxRight::ReadWrite => language.pick("lecture et écriture", "read and write"),
    }
}

#[must_use]
pub fn group_role(role: GroupRole, language: Language) -> &'static str {
    match role {
        GroupRole::Admin => language.pick("administrateur", "admin"),
        GroupRole::Member => language.pick("membre", "member"),
    }
}

/// Who may write to a group.
#[must_use]
pub fn posting(posting: &Posting, language: Language) -> String {
    match posting {
        Posting::Anyone => language.pick("tout le monde", "anyone").to_owned(),
        Posting::Organisation => {
            language.pick("les comptes de l'organisation", "the organisation").to_owned()
        }
        Posting::Members => language.pick("ses membres", "its members").to_owned(),
        Posting::Listed { senders } => {
            senders.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(", ")
        }
    }
}

#[must_use]
pub fn spool_state(state: SpoolState, language: Language) -> &'static str {
    match state {
        SpoolState::Waiting => language.pick("en attente", "waiting"),
        SpoolState::Sent => language.pick("envoyé", "sent"),
        SpoolState::Failed => language.pick("abandonné", "given up"),
    }
}

#[must_use]
pub fn target(target: Target, language: Language) -> String {
    match target {
        Target::Account(id) => format!("{} {id}", language.pick("compte", "account")),
        Target::SharedMailbox(id) => format!("{} {id}", language.pick("boîte partagée", "shared mailbox")),
        Target::Group(id) => format!("{} {id}", language.pick("groupe", "group")),
        Target::Responder(id) => format!("{} {id}", language.pick("répondeur", "responder")),
    }
}

#[must_use]
pub fn actor(actor: Actor, language: Language) -> String {
    match actor {
        Actor::Operator => language.pick("exploitant", "operator").to_owned(),
        Actor::Token { id, .. } => id.to_string(),
        Actor::Account { id, .. } => id.to_string(),
        Actor::Departure { id, .. } => id.to_string(),
        Actor::Directory { id, .. } => id.to_string(),
        Actor::Billing { .. } => language.pick("facturation", "billing").to_owned(),
        Actor::Schedule { .. } => language.pick("calendrier", "schedule").to_owned(),
        Actor::Grant { id, .. } => id.to_string(),
        Actor::Application { id, .. } => id.to_string(),
        Actor::Scim { id, .. } => format!("SCIM {id}"),
    }
}

/// What a job does to each account.
#[must_use]
pub fn bulk_act(act: &BulkAct, run: Run, language: Language) -> String {
    let said = match act {
        BulkAct::Deactivate { .. } => language.pick("désactiver", "deactivate").to_owned(),
        BulkAct::Reactivate => language.pick("réactiver", "reactivate").to_owned(),
        BulkAct::Delete { .. } => language.pick("supprimer", "delete").to_owned(),
        BulkAct::SetRole { role } => {
            format!("{} {}", language.pick("donner le rôle", "give the role"), role.called(language))
        }
        BulkAct::SetSubscription { subscription: Some(id) } => {
            format!("{} {id}", language.pick("abonner à", "put on"))
        }
        BulkAct::SetSubscription { subscription: None } => {
            language.pick("retirer l'abonnement", "take off the subscription").to_owned()
        }
        BulkAct::JoinGroup { group, .. } => {
            format!("{} {group}", language.pick("mettre dans le groupe", "put into the group"))
        }
        BulkAct::Reassign(Reassign { to, .. }) => {
            format!("{} {to}", language.pick("donner le contenu à", "give the content to"))
        }
        BulkAct::LeaveGroup { group } => {
            format!("{} {group}", language.pick("retirer du groupe", "take out of the group"))
        }
    };
    match run {
        Run::Apply => said,
        Run::Dry => format!("{said} ({})", language.pick("essai", "dry run")),
    }
}

#[must_use]
pub fn job_state(state: JobState, language: Language) -> &'static str {
    match state {
        JobState::Running => language.pick("en cours", "running"),
        JobState::Cancelled => language.pick("arrêtée", "stopped"),
        JobState::Finished => language.pick("finie", "finished"),
    }
}

#[must_use]
pub fn item_outcome(outcome: Option<ItemOutcome>, language: Language) -> &'static str {
    match outcome {
        None => language.pick("pas fait", "not done"),
        Some(ItemOutcome::Changed) => language.pick("modifié", "changed"),
        Some(ItemOutcome::Unchanged) => language.pick("déjà ainsi", "so already"),
        Some(ItemOutcome::Refused) => language.pick("refusé", "refused"),
    }
}

#[must_use]
pub fn departure_state(state: DepartureState, language: Language) -> &'static str {
    match state {
        DepartureState::Scheduled => language.pick("prévu", "scheduled"),
        DepartureState::Running => language.pick("en cours", "running"),
        DepartureState::Held => language.pick("suspendu", "held"),
        DepartureState::Undoing => language.pick("en cours d'annulation", "being undone"),
        DepartureState::Undone => language.pick("annulé", "undone"),
        DepartureState::Finished => language.pick("terminé", "finished"),
    }
}

/// A step by its name, done or not; what exactly it does in one departure, the plan says.
#[must_use]
pub fn step(step: Step, language: Language) -> &'static str {
    match step {
        Step::Freeze => language.pick("Fermeture du compte", "Closing the account"),
        Step::CutSessions => language.pick("Coupure des connexions", "Cutting connections"),
        Step::Inventory => language.pick("Inventaire", "Inventory"),
        Step::RouteInbound => language.pick("Aiguillage des nouveaux messages", "Routing new mail"),
        Step::BackUp => language.pick("Sauvegarde vérifiée", "Verified backup"),
        Step::Export => language.pick("Archive pour la personne", "Archive for the person"),
        Step::HandOverMail => language.pick("Transmission des anciens messages", "Handing over old mail"),
        Step::HandOverCollections => {
            language.pick("Transmission des agendas et carnets", "Handing over calendars and address books")
        }
        Step::ReassignContent => language.pick("Réattribution du contenu", "Reassigning content"),
        Step::SettleMeetings => language.pick("Réunions à venir", "Meetings to come"),
        Step::Rename => language.pick("Changement de nom du compte", "Renaming the account"),
        Step::GiveAddresses => language.pick("Remise des adresses", "Giving the addresses"),
        Step::Wait => language.pick("Attente", "Waiting"),
        Step::Delete => language.pick("Suppression du compte", "Deleting the account"),
        Step::Certificate => language.pick("Attestation", "Certificate"),
    }
}

#[must_use]
pub fn local_copy(copy: LocalCopy, language: Language) -> &'static str {
    match copy {
        LocalCopy::Keep => language.pick("avec une copie ici", "with a copy kept here"),
        LocalCopy::None => language.pick("sans copie ici", "without a copy here"),
    }
}

#[must_use]
pub fn entry_kind(kind: EntryKind, language: Language) -> &'static str {
    match kind {
        EntryKind::TopUp => language.pick("versement", "payment"),
        EntryKind::Correction => language.pick("correction", "correction"),
        EntryKind::Charge => language.pick("débit", "charge"),
        EntryKind::Credit => language.pick("crédit", "credit"),
    }
}

/// The beginning of a text, on one line.
#[must_use]
pub fn beginning(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = printable(&words.join(" "));
    if line.chars().count() <= CHARACTERS_MAX {
        return line;
    }
    let short: String = line.chars().take(CHARACTERS_MAX).collect();
    format!("{}…", short.trim_end())
}

/// So many messages.
#[must_use]
pub fn messages(count: u64, language: Language) -> String {
    match (language, count) {
        (Language::French, 0 | 1) | (Language::English, 1) => format!("{count} message"),
        (Language::French | Language::English, _) => format!("{count} messages"),
    }
}

/// Why mail is refused, for a person; what its sender's server is told comes with it.
#[must_use]
pub fn mail_refusal(refusal: MailRefusal, language: Language) -> String {
    let why = match refusal {
        MailRefusal::Unknown => language
            .pick("personne n'a jamais eu cette adresse ici", "nobody has ever held this address here"),
        MailRefusal::RelayDenied => {
            language.pick("ce domaine n'est pas hébergé ici", "this domain is not hosted here")
        }
        MailRefusal::SenderNotHeld => language
            .pick("l'expéditeur n'est pas de ce compte", "the sender address is not the account's own"),
        MailRefusal::NotAllowedToPost => {
            language.pick("ce groupe n'accepte pas cet expéditeur", "the group does not take this sender")
        }
        MailRefusal::Deactivated => language.pick(
            "le titulaire est désactivé et rien d'autre n'est prévu",
            "the holder is deactivated and nothing else was decided",
        ),
        MailRefusal::Gone => {
            language.pick("l'adresse n'a plus de titulaire", "the address has no holder any more")
        }
        MailRefusal::Unanswerable => language.pick(
            "on ne répond qu'à des personnes, et rien n'est conservé",
            "only people are answered, and nothing is stored",
        ),
        MailRefusal::OverQuota => language.pick("la boîte est pleine", "the mailbox is full"),
        MailRefusal::TooManyHops => language
            .pick("le message tourne en rond entre des serveurs", "the message goes round between servers"),
        MailRefusal::StorageFull => language.pick("il n'y a plus de place", "no storage is left"),
        MailRefusal::Unavailable => language.pick("incident local passager", "local trouble for now"),
    };
    let answer = refusal.answer();
    let (class, subject, detail) = answer.enhanced;
    format!("{why} ({} {class}.{subject}.{detail})", answer.code)
}

fn treatment(treatment: &Treatment, reader: &Reader) -> String {
    let language = reader.language;
    let Treatment::Accept { copy, redirect_to, reply } = treatment else {
        return language.pick("refuser", "refuse").to_owned();
    };
    let mut parts = Vec::new();
    if !redirect_to.is_empty() {
        let to: Vec<&str> = redirect_to.iter().map(|to| to.as_str()).collect();
        parts.push(format!("{} {}", language.pick("rediriger vers", "redirect to"), to.join(", ")));
    }
    if let Some(text) = reply {
        parts.push(format!("{} {}", language.pick("répondre", "answer"), reader.quoted(&beginning(text))));
    }
    match (parts.is_empty(), copy) {
        (true, LocalCopy::Keep) => return language.pick("garder", "deliver").to_owned(),
        (true, LocalCopy::None) => {}
        (false, copy) => parts.push(local_copy(*copy, language).to_owned()),
    }
    parts.join(", ")
}

/// Every phase, in order.
#[must_use]
pub fn inbound(inbound: &Inbound, reader: &Reader) -> String {
    let phase = |phase: &relais_core::inbound::Phase| match phase.until {
        Some(_) => format!("{} {}", treatment(&phase.treatment, reader), reader.end(phase.until)),
        None => treatment(&phase.treatment, reader),
    };
    let phases: Vec<String> = inbound.phases().iter().map(phase).collect();
    phases.join(reader.pick(", puis ", ", then "))
}
