//! What a notification says: one sentence for each kind of event, in the language of the organisation.

use crate::account::Cause;
use crate::authority::Role;
use crate::event::Event;
use crate::ids::AccountId;
use crate::language::Language;
use crate::organisation::GroupRole;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;

/// The ids that the sentence names: what they are called has to be looked up.
#[must_use]
pub fn named(event: &Event) -> Vec<String> {
    let fields = ["account", "group", "to"].map(|field| event.detail.get(field));
    let texts = fields.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    texts.chain([event.subject.clone()]).collect()
}

/// What happened, as `reader` is told it; `names` gives each id of [`named`] its name.
#[must_use]
pub fn sentence(
    event: &Event,
    reader: AccountId,
    names: &HashMap<String, String>,
    language: Language,
) -> String {
    let told = Told { event, reader: reader.to_string(), names };
    match language {
        Language::French => told.french(),
        Language::English => told.english(),
    }
}

struct Told<'a> {
    event: &'a Event,
    reader: String,
    names: &'a HashMap<String, String>,
}

impl Told<'_> {
    fn name<'b>(&'b self, id: &'b str) -> &'b str {
        self.names.get(id).map_or(id, String::as_str)
    }

    fn text(&self, field: &str) -> &str {
        self.event.detail.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn count(&self, field: &str) -> u64 {
        self.event.detail.get(field).and_then(Value::as_u64).unwrap_or_default()
    }

    fn read<T: DeserializeOwned>(&self, field: &str) -> Option<T> {
        T::deserialize(self.event.detail.get(field)?).ok()
    }

    fn french(&self) -> String {
        let subject = self.name(&self.event.subject);
        let account = self.name(self.text("account"));
        let to_reader = self.event.subject == self.reader;
        let about_reader = self.text("account") == self.reader;
        match self.event.kind.as_str() {
            "account.created" => format!("Le compte {subject} a été créé."),
            "account.deleted" => format!("Le compte {subject} a été supprimé."),
            "account.deactivated" => {
                let cause = self.read("cause").map_or("", |cause| match cause {
                    Cause::Admin => "",
                    Cause::Directory => ", absent de l'annuaire",
                    Cause::Scim => " par le fournisseur d'identité",
                    Cause::Departure => " par son départ",
                    Cause::Billing => ", faute de provision",
                    Cause::Schedule => ", à la date prévue",
                });
                format!("Le compte {subject} a été désactivé{cause}.")
            }
            "account.reactivated" if to_reader => {
                "Votre compte est réactivé : vos groupes, vos rôles et vos partages sont revenus.".to_owned()
            }
            "account.reactivated" => format!("Le compte {subject} a été réactivé."),
            "account.renamed" => {
                format!("Votre adresse est maintenant {} (c'était {}).", self.text("to"), self.text("from"))
            }
            "account.role_set" => {
                let role = self.read("to").map_or("", |role: Role| role.called(Language::French));
                format!("Votre rôle est maintenant : {role}.")
            }
            "account.password_set" => {
                "Votre mot de passe a été changé par quelqu'un d'autre. Si vous ne l'attendiez pas, prévenez votre \
                 administrateur."
                    .to_owned()
            }
            "group.member_set" => match (self.read::<GroupRole>("role"), about_reader) {
                (Some(GroupRole::Member), true) => {
                    format!("Vous faites maintenant partie du groupe {subject}.")
                }
                (Some(GroupRole::Admin), true) => {
                    format!("Vous êtes maintenant administrateur du groupe {subject}.")
                }
                (None, true) => format!("Vous ne faites plus partie du groupe {subject}."),
                (Some(GroupRole::Member), false) => {
                    format!("{account} fait maintenant partie du groupe {subject}.")
                }
                (Some(GroupRole::Admin), false) => {
                    format!("{account} est maintenant administrateur du groupe {subject}.")
                }
                (None, false) => format!("{account} ne fait plus partie du groupe {subject}."),
            },
            "group.changed" => format!("Le groupe {subject} a été modifié : nom, adresse ou expéditeurs."),
            "group.group_put_in" => {
                let inner = self.name(self.text("group"));
                format!("Le groupe {inner} fait maintenant partie du groupe {subject}.")
            }
            "group.group_taken_out" => {
                let inner = self.name(self.text("group"));
                format!("Le groupe {inner} ne fait plus partie du groupe {subject}.")
            }
            "shared_mailbox.member_set" if self.event.detail["right"].is_null() => {
                format!("Vous n'avez plus accès à la boîte partagée {subject}.")
            }
            "shared_mailbox.member_set" => format!("Vous avez accès à la boîte partagée {subject}."),
            "content.shared" => format!("Un contenu est partagé avec vous : {subject}."),
            "collection.shared" => {
                format!("{subject} partage « {} » avec vous.", self.text("collection"))
            }
            "collection.share_ended" => {
                format!("{subject} ne partage plus « {} » avec vous.", self.text("collection"))
            }
            "content.reassigned" => match self.count("items") {
                0 | 1 => format!("Un contenu de {subject} est maintenant à vous."),
                items => format!("{items} contenus de {subject} sont maintenant à vous."),
            },
            "content.reassignment_refused" => {
                let items = self.count("items");
                format!(
                    "Une application a gardé {items} contenu(s) de {subject} au lieu de les transmettre : voyez \
                     `relais content reassignments`."
                )
            }
            "departure.held" => match self.text("trouble") {
                "" => format!("Le départ de {subject} est suspendu jusqu'à ce qu'on le reprenne."),
                trouble => format!("Le départ de {subject} attend quelqu'un : {trouble}"),
            },
            "departure.finished" => {
                format!("Le départ de {subject} est terminé ; son certificat est prêt.")
            }
            "job.finished" => format!(
                "L'opération {} est terminée : {} faits, {} sans changement, {} refusés.",
                self.event.subject,
                self.count("changed"),
                self.count("unchanged"),
                self.count("refused")
            ),
            kind => format!("{kind} : {subject}"),
        }
    }

    fn english(&self) -> String {
        let subject = self.name(&self.event.subject);
        let account = self.name(self.text("account"));
        let to_reader = self.event.subject == self.reader;
        let about_reader = self.text("account") == self.reader;
        match self.event.kind.as_str() {
            "account.created" => format!("The account {subject} was created."),
            "account.deleted" => format!("The account {subject} was deleted."),
            "account.deactivated" => {
                let cause = self.read("cause").map_or("", |cause| match cause {
                    Cause::Admin => "",
                    Cause::Directory => ": the directory no longer has it",
                    Cause::Scim => " by the identity provider",
                    Cause::Departure => " by its departure",
                    Cause::Billing => ": the provision does not cover it",
                    Cause::Schedule => " on the planned date",
                });
                format!("The account {subject} was deactivated{cause}.")
            }
            "account.reactivated" if to_reader => {
                "Your account is active again: your groups, roles and shares are back.".to_owned()
            }
            "account.reactivated" => format!("The account {subject} was reactivated."),
            "account.renamed" => {
                format!("Your address is now {} (it was {}).", self.text("to"), self.text("from"))
            }
            "account.role_set" => {
                let role = self.read("to").map_or("", |role: Role| role.called(Language::English));
                format!("Your role is now: {role}.")
            }
            "account.password_set" => {
                "Somebody else changed your password. If you did not expect it, tell your administrator."
                    .to_owned()
            }
            "group.member_set" => match (self.read::<GroupRole>("role"), about_reader) {
                (Some(GroupRole::Member), true) => format!("You are now in the group {subject}."),
                (Some(GroupRole::Admin), true) => format!("You are now an admin of the group {subject}."),
                (None, true) => format!("You are no longer in the group {subject}."),
                (Some(GroupRole::Member), false) => format!("{account} is now in the group {subject}."),
                (Some(GroupRole::Admin), false) => {
                    format!("{account} is now an admin of the group {subject}.")
                }
                (None, false) => format!("{account} is no longer in the group {subject}."),
            },
            "group.changed" => format!("The group {subject} was changed: name, address or senders."),
            "group.group_put_in" => {
                format!("The group {} is now in the group {subject}.", self.name(self.text("group")))
            }
            "group.group_taken_out" => {
                format!("The group {} is no longer in the group {subject}.", self.name(self.text("group")))
            }
            "shared_mailbox.member_set" if self.event.detail["right"].is_null() => {
                format!("You no longer have access to the shared mailbox {subject}.")
            }
            "shared_mailbox.member_set" => format!("You have access to the shared mailbox {subject}."),
            "content.shared" => format!("Content is shared with you: {subject}."),
            "collection.shared" => format!("{subject} shares “{}” with you.", self.text("collection")),
            "collection.share_ended" => {
                format!("{subject} no longer shares “{}” with you.", self.text("collection"))
            }
            "content.reassigned" => match self.count("items") {
                1 => format!("One item of {subject} is now yours."),
                items => format!("{items} items of {subject} are now yours."),
            },
            "content.reassignment_refused" => {
                let items = self.count("items");
                format!(
                    "An application kept {items} item(s) of {subject} instead of passing them on: see \
                     `relais content reassignments`."
                )
            }
            "departure.held" => match self.text("trouble") {
                "" => format!("The departure of {subject} is on hold until somebody resumes it."),
                trouble => format!("The departure of {subject} waits for somebody: {trouble}"),
            },
            "departure.finished" => {
                format!("The departure of {subject} is over; its certificate is ready.")
            }
            "job.finished" => format!(
                "The job {} is over: {} done, {} unchanged, {} refused.",
                self.event.subject,
                self.count("changed"),
                self.count("unchanged"),
                self.count("refused")
            ),
            kind => format!("{kind}: {subject}"),
        }
    }
}
