//! What kinds of events are called, and who did something. A kind without a name of its own is shown as it is written.

use crate::doors::words;
use relais_app::core::authority::Actor;
use relais_app::core::language::Language;
use std::collections::HashMap;

pub fn actor(actor: Actor, names: &HashMap<String, String>, language: Language) -> String {
    match actor {
        Actor::Account { id, .. } => names.get(&id.to_string()).cloned().unwrap_or_else(|| id.to_string()),
        Actor::Departure { id, .. } => match names.get(&id.to_string()) {
            Some(leaver) => format!("{} {leaver}", language.pick("le départ de", "the departure of")),
            None => language.pick("un départ", "a departure").to_owned(),
        },
        Actor::Directory { .. } => language.pick("l'annuaire", "the directory").to_owned(),
        Actor::Token { .. } => language.pick("un jeton de l'API", "a token of the API").to_owned(),
        Actor::Application { .. } => language.pick("une application", "an application").to_owned(),
        Actor::Scim { .. } => {
            language.pick("le fournisseur d'identités", "the provider of identities").to_owned()
        }
        Actor::Grant { .. } => language.pick("un accès de reprise", "a recovery grant").to_owned(),
        Actor::Operator
        | Actor::Operating { .. }
        | Actor::Billing { .. }
        | Actor::Schedule { .. }
        | Actor::SignOn { .. } => words::actor(actor, language),
    }
}

const KINDS: [(&str, &str, &str); 81] = [
    ("operator.appointed", "Exploitant nommé", "Operator appointed"),
    ("operator.dismissed", "Exploitant retiré", "Operator dismissed"),
    ("mail.withdrawn", "Courrier sortant retiré", "Outgoing mail withdrawn"),
    ("account.created", "Compte créé", "Account created"),
    ("account.invited", "Invitation envoyée", "Invitation sent"),
    ("account.activated", "Compte activé", "Account activated"),
    ("account.deactivated", "Compte désactivé", "Account deactivated"),
    ("account.reactivated", "Compte réactivé", "Account reactivated"),
    ("account.deleted", "Compte supprimé", "Account deleted"),
    ("account.renamed", "Adresse principale changée", "Primary address changed"),
    ("account.role_set", "Rôle changé", "Role changed"),
    ("account.password_set", "Mot de passe changé", "Password changed"),
    ("account.profile_set", "Données personnelles changées", "Personal data changed"),
    ("account.name_set", "Nom changé", "Name changed"),
    ("account.inbound_set", "Acheminement du courrier changé", "Where mail goes changed"),
    ("account.leaving_set", "Date de départ fixée", "Leaving date set"),
    ("account.quota_set", "Taille maximale changée", "Quota changed"),
    ("account.subscription_set", "Abonnement changé", "Subscription changed"),
    ("account.renewed", "Abonnement renouvelé", "Subscription renewed"),
    ("account.alias_added", "Alias ajouté", "Alias added"),
    ("account.alias_removed", "Alias retiré", "Alias removed"),
    ("account.legal_hold_set", "Obligation de conservation", "Legal hold"),
    ("account.sessions_ended", "Sessions terminées", "Sessions ended"),
    ("account.recovery_granted", "Accès de reprise donné", "Recovery grant given"),
    ("account.recovery_used", "Accès de reprise utilisé", "Recovery grant used"),
    ("account.second_factor_set", "Second facteur en place", "Second factor set up"),
    ("account.second_factor_removed", "Second facteur retiré", "Second factor removed"),
    ("account.app_password_created", "Mot de passe d'application créé", "App password created"),
    ("account.app_password_revoked", "Mot de passe d'application révoqué", "App password revoked"),
    ("account.export_sent", "Archive envoyée", "Archive sent"),
    ("account.export_taken", "Archive retirée", "Archive taken"),
    ("address.moved", "Adresse donnée", "Address given on"),
    ("departure.started", "Départ lancé", "Departure started"),
    ("departure.step_done", "Étape de départ faite", "Step of a departure done"),
    ("departure.held", "Départ suspendu", "Departure held"),
    ("departure.resumed", "Départ repris", "Departure resumed"),
    ("departure.undo_asked", "Annulation d'un départ demandée", "Undoing a departure asked for"),
    ("departure.step_undone", "Étape de départ annulée", "Step of a departure undone"),
    ("departure.undone", "Départ annulé", "Departure undone"),
    ("departure.finished", "Départ terminé", "Departure finished"),
    ("group.created", "Groupe créé", "Group created"),
    ("group.changed", "Groupe modifié", "Group changed"),
    ("group.removed", "Groupe supprimé", "Group removed"),
    ("group.member_set", "Composition d'un groupe changée", "Members of a group changed"),
    ("content.reassigned", "Contenus réattribués", "Content reassigned"),
    ("content.shared", "Contenu partagé", "Content shared"),
    ("collection.shared", "Agenda ou carnet partagé", "Calendar or address book shared"),
    ("job.ordered", "Opération groupée demandée", "Bulk act ordered"),
    ("job.finished", "Opération groupée finie", "Bulk act finished"),
    ("backup.started", "Sauvegarde commencée", "Backup started"),
    ("backup.ended", "Sauvegarde terminée", "Backup ended"),
    ("backup.restored", "Sauvegarde restaurée", "Backup restored"),
    ("directory.synchronised", "Annuaire synchronisé", "Directory synchronised"),
    ("directory.held", "Plan d'annuaire retenu", "Plan of a directory held"),
    ("provision.topped_up", "Versement sur la provision", "Payment into the provision"),
    ("provision.low", "Provision bientôt insuffisante", "Provision running low"),
    ("organisation.created", "Organisation créée", "Organisation created"),
    ("organisation.changed", "Organisation modifiée", "Organisation changed"),
    ("domain.added", "Domaine ajouté", "Domain added"),
    ("domain.proven", "Domaine prouvé", "Domain proven"),
    ("shared_mailbox.created", "Boîte partagée créée", "Shared mailbox created"),
    ("shared_mailbox.changed", "Boîte partagée renommée", "Shared mailbox renamed"),
    ("shared_mailbox.removed", "Boîte partagée supprimée", "Shared mailbox deleted"),
    (
        "shared_mailbox.member_set",
        "Lecteurs d'une boîte partagée changés",
        "Readers of a shared mailbox changed",
    ),
    (
        "shared_mailbox.address_added",
        "Adresse donnée à une boîte partagée",
        "Address given to a shared mailbox",
    ),
    (
        "shared_mailbox.address_removed",
        "Adresse retirée d'une boîte partagée",
        "Address taken from a shared mailbox",
    ),
    ("group.address_removed", "Adresse retirée d'un groupe", "Address taken from a group"),
    ("responder.address_removed", "Adresse retirée d'un répondeur", "Address taken from a responder"),
    ("backup.looked_into", "Sauvegarde consultée", "Backup looked into"),
    ("group.group_put_in", "Groupe mis dans un groupe", "Group put into a group"),
    ("group.group_taken_out", "Groupe retiré d'un groupe", "Group taken out of a group"),
    ("responder.created", "Répondeur créé", "Responder created"),
    ("responder.changed", "Texte d'un répondeur changé", "Text of a responder changed"),
    ("responder.removed", "Répondeur retiré", "Responder removed"),
    ("responder.address_added", "Adresse donnée à un répondeur", "Address given to a responder"),
    ("domain.claimed", "Domaine revendiqué", "Domain claimed"),
    ("domain.claim_withdrawn", "Revendication d'un domaine retirée", "Claim of a domain withdrawn"),
    ("domain.removed", "Domaine retiré", "Domain removed"),
    ("domain.catch_all_set", "Adresse de repli changée", "Catch-all changed"),
    ("account.photo_set", "Photo changée", "Photo changed"),
    ("account.photo_removed", "Photo retirée", "Photo removed"),
];

pub fn kind(kind: &str, language: Language) -> &str {
    let known = KINDS.iter().find(|(word, ..)| *word == kind);
    known.map_or(kind, |(_, french, english)| language.pick(french, english))
}
