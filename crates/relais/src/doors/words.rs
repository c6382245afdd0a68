//! The names of things in both languages, as `docs/glossary.md` fixes them: what the command line and the console say.

use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Actor;
use relais_app::core::collection::{CollectionKind, ShareRight};
use relais_app::core::content::Reassign;
use relais_app::core::content::{ContentKind, MoveState};
use relais_app::core::departure::{DepartureState, Step};
use relais_app::core::directory::{Counts, EntryAct};
use relais_app::core::group::Posting;
use relais_app::core::inbound::LocalCopy;
use relais_app::core::job::{BulkAct, ItemOutcome, JobState, Run};
use relais_app::core::language::Language;
use relais_app::core::ledger::EntryKind;
use relais_app::core::mail_refusal::MailRefusal;
use relais_app::core::notification::Topic;
use relais_app::core::organisation::{AddressKind, DomainKind, GroupRole, MailboxRight, Target};
use relais_app::core::profile::PhoneKind;
use relais_app::core::reserved::Keeper;
use relais_app::core::rights::State;
use relais_app::core::routing::Hop;
use relais_app::read::{NotificationState, SpoolState};

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
pub fn entry_act(act: EntryAct, language: Language) -> &'static str {
    match act {
        EntryAct::Create => language.pick("créer", "create"),
        EntryAct::Link => language.pick("relier", "link"),
        EntryAct::Resume => language.pick("rouvrir", "resume"),
        EntryAct::Update => language.pick("mettre à jour", "update"),
        EntryAct::Suspend => language.pick("suspendre", "suspend"),
    }
}

/// What a reading of a directory came to, without what did not happen.
#[must_use]
pub fn directory_counts(counts: &Counts, language: Language) -> Vec<(u64, &'static str)> {
    let counted = [
        (counts.created, "créés", "created"),
        (counts.linked, "reliés", "linked"),
        (counts.updated, "mis à jour", "updated"),
        (counts.suspended, "suspendus", "suspended"),
        (counts.resumed, "rouverts", "resumed"),
        (counts.groups_created, "groupes créés", "groups created"),
        (counts.members_added, "entrées dans des groupes", "members added"),
        (counts.members_removed, "sorties de groupes", "members removed"),
        (counts.refused, "refusés", "refused"),
    ];
    let said = counted.into_iter().filter(|(count, _, _)| *count > 0);
    said.map(|(count, french, english)| (count, language.pick(french, english))).collect()
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
        Actor::Operating { id } => format!("{} {id}", language.pick("exploitant", "operator")),
        Actor::Token { id, .. } => id.to_string(),
        Actor::Account { id, .. } => id.to_string(),
        Actor::Departure { id, .. } => id.to_string(),
        Actor::Directory { id, .. } => id.to_string(),
        Actor::Billing { .. } => language.pick("facturation", "billing").to_owned(),
        Actor::Schedule { .. } => language.pick("calendrier", "schedule").to_owned(),
        Actor::SignOn { .. } => language.pick("fournisseur d'identité", "identity provider").to_owned(),
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

/// Why mail goes one way, as one line.
#[must_use]
pub fn hop(hop: &Hop, language: Language) -> String {
    let pick = |french: &'static str, english: &'static str| language.pick(french, english);
    match hop {
        Hop::Tag { base } => format!("{} {base}", pick("forme étiquetée de", "a tagged form of")),
        Hop::Reserved { address, keeper } => reserved(address, *keeper, language),
        Hop::CatchAll { domain } => match language {
            Language::French => format!(
                "adresse jamais créée : elle va à qui reçoit tout ce qui n'a pas de titulaire dans {domain}"
            ),
            Language::English => {
                format!("an address that was never made: it goes to whoever has such mail for {domain}")
            }
        },
        Hop::Account { address, name, state, .. } => {
            format!("{} {name} <{address}>, {}", pick("compte", "account"), self::state(*state, language))
        }
        Hop::SharedMailbox { address, .. } => {
            format!("{} {address}", pick("boîte partagée", "shared mailbox"))
        }
        Hop::Group { name, posting: Posting::Anyone, .. } => {
            format!("{} {name}", pick("groupe", "group"))
        }
        Hop::Group { name, posting, .. } => format!(
            "{} {name}, {} {}",
            pick("groupe", "group"),
            pick("peuvent y écrire :", "who may write to it:"),
            self::posting(posting, language)
        ),
        Hop::InnerGroup { name, .. } => {
            format!("{} {name}", pick("dont les membres du groupe", "with the members of the group"))
        }
        Hop::AdminsOnly => pick(
            "un avis de non-remise va aux seuls administrateurs du groupe",
            "a bounce goes to the group's admins alone",
        )
        .to_owned(),
        Hop::Responder { name, .. } => format!("{} {name}", pick("répondeur", "responder")),
        Hop::Stored { mailbox } => {
            format!("{} ({mailbox})", pick("conservé dans la boîte", "stored in the mailbox"))
        }
        Hop::Redirected { to, copy } => {
            format!("{} {to}, {}", pick("redirigé vers", "redirected to"), self::local_copy(*copy, language))
        }
        Hop::SentOutside { to } => format!("{} {to}", pick("envoyé à l'extérieur, à", "sent outside, to")),
        Hop::Answered { from } => format!(
            "{} {from}, {}",
            pick("réponse automatique de", "automatic reply from"),
            pick("au plus une par semaine à chacun", "to each sender once a week at most")
        ),
        Hop::BounceKept => pick(
            "un avis de non-remise n'est jamais redirigé dehors : gardé ici",
            "a bounce is never redirected outside: kept here",
        )
        .to_owned(),
        Hop::LoopCut { at } => match language {
            Language::French => format!("boucle coupée : on reviendrait à {at} ; le message reste ici"),
            Language::English => format!("loop cut: it would come back to {at}; the message stays here"),
        },
        Hop::MemberLeftOut { address, state } => format!(
            "{} {address}, {}",
            pick("membre laissé de côté :", "member left out:"),
            self::state(*state, language)
        ),
        Hop::Refused { refusal } => {
            format!("{} {}", pick("refusé :", "refused:"), self::mail_refusal(*refusal, language))
        }
    }
}

fn reserved(address: &EmailAddress, keeper: Keeper, language: Language) -> String {
    match (language, keeper) {
        (Language::French, Keeper::Owner) => {
            format!(
                "{address} est réservée et n'a pas de titulaire présent : elle va au propriétaire de l'organisation"
            )
        }
        (Language::French, Keeper::Operator) => format!("{address} est réservée : elle va à l'exploitant"),
        (Language::English, Keeper::Owner) => {
            format!(
                "{address} is reserved and nobody who is here holds it: it goes to the organisation's owner"
            )
        }
        (Language::English, Keeper::Operator) => format!("{address} is reserved: it goes to the operator"),
    }
}
