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
    let told = Told { event, reader: reader.to_string(), names, language };
    let said = match event.kind.split_once('.') {
        Some(("account", act)) => told.of_account(act),
        Some(("group", act)) => told.of_group(act),
        Some(("departure" | "job" | "application", _)) => told.of_work(),
        _ => told.of_sharing(),
    };
    // Nothing that is told lacks a sentence; the test of this module goes through them.
    said.unwrap_or_else(|| format!("{} ({})", event.kind, told.subject()))
}

struct Told<'a> {
    event: &'a Event,
    reader: String,
    names: &'a HashMap<String, String>,
    language: Language,
}

impl Told<'_> {
    fn name<'b>(&'b self, id: &'b str) -> &'b str {
        self.names.get(id).map_or(id, String::as_str)
    }

    fn subject(&self) -> &str {
        self.name(&self.event.subject)
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

    fn of_account(&self, act: &str) -> Option<String> {
        let (subject, to_reader) = (self.subject(), self.event.subject == self.reader);
        let (from, to) = (self.text("from"), self.text("to"));
        Some(match act {
            "created" => self.language.pick(
                format!("Le compte {subject} a été créé."),
                format!("The account {subject} was created."),
            ),
            "deleted" => self.language.pick(
                format!("Le compte {subject} a été supprimé."),
                format!("The account {subject} was deleted."),
            ),
            "default_subscription_left_out" => self.language.pick(
                format!(
                    "Le compte {subject} a été créé sans l'abonnement prévu, que la provision, les licences ou l'offre ne \
                     permettent pas : voyez la provision, puis abonnez-le."
                ),
                format!(
                    "The account {subject} was created without the subscription it should have, which the provision, the \
                     licences or the offer do not allow: look at the provision, then give it one."
                ),
            ),
            "departure_policy_left_out" => self.language.pick(
                format!(
                    "Le compte {subject} est fermé, mais la règle de départ n'a pas pu être suivie : son courrier est refusé, \
                     et rien n'a été donné. Corrigez la règle, puis décidez pour ce compte."
                ),
                format!(
                    "The account {subject} is closed, but the departure policy could not be followed: its mail is refused, \
                     and nothing was given away. Mend the policy, then decide for this account."
                ),
            ),
            "deactivated" => {
                let why = self.read("cause").map_or("", |cause| self.because(cause));
                self.language.pick(
                    format!("Le compte {subject} a été désactivé{why}."),
                    format!("The account {subject} was deactivated{why}."),
                )
            }
            "reactivated" if to_reader => self
                .language
                .pick(
                    "Votre compte est réactivé : vos groupes, vos rôles et vos partages sont revenus.",
                    "Your account is active again: your groups, roles and shares are back.",
                )
                .to_owned(),
            "reactivated" => self.language.pick(
                format!("Le compte {subject} a été réactivé."),
                format!("The account {subject} was reactivated."),
            ),
            "renamed" => self.language.pick(
                format!("Votre adresse est maintenant {to} (c'était {from})."),
                format!("Your address is now {to} (it was {from})."),
            ),
            "role_set" => {
                let role = self.read("to").map_or("", |role: Role| role.called(self.language));
                self.language.pick(
                    format!("Votre rôle est maintenant : {role}."),
                    format!("Your role is now: {role}."),
                )
            }
            "password_set" => self
                .language
                .pick(
                    "Votre mot de passe a été changé par quelqu'un d'autre. Si vous ne l'attendiez pas, prévenez votre \
                     administrateur.",
                    "Somebody else changed your password. If you did not expect it, tell your administrator.",
                )
                .to_owned(),
            _ => return None,
        })
    }

    fn because(&self, cause: Cause) -> &'static str {
        match cause {
            Cause::Admin => "",
            Cause::Directory => {
                self.language.pick(", absent de l'annuaire", ": the directory no longer has it")
            }
            Cause::Scim => self.language.pick(" par le fournisseur d'identité", " by the identity provider"),
            Cause::Departure => self.language.pick(" par son départ", " by its departure"),
            Cause::Billing => self.language.pick(", faute de provision", ": the provision does not cover it"),
            Cause::Schedule => self.language.pick(", à la date prévue", " on the planned date"),
        }
    }

    fn of_group(&self, act: &str) -> Option<String> {
        let (subject, inner) = (self.subject(), self.name(self.text("group")));
        Some(match act {
            "member_set" => self.of_member(),
            "changed" => self.language.pick(
                format!("Le groupe {subject} a été modifié : nom, adresse ou expéditeurs."),
                format!("The group {subject} was changed: name, address or senders."),
            ),
            "group_put_in" => self.language.pick(
                format!("Le groupe {inner} fait maintenant partie du groupe {subject}."),
                format!("The group {inner} is now in the group {subject}."),
            ),
            "group_taken_out" => self.language.pick(
                format!("Le groupe {inner} ne fait plus partie du groupe {subject}."),
                format!("The group {inner} is no longer in the group {subject}."),
            ),
            _ => return None,
        })
    }

    fn of_member(&self) -> String {
        let (subject, who) = (self.subject(), self.name(self.text("account")));
        match (self.read::<GroupRole>("role"), self.text("account") == self.reader) {
            (Some(GroupRole::Member), true) => self.language.pick(
                format!("Vous faites maintenant partie du groupe {subject}."),
                format!("You are now in the group {subject}."),
            ),
            (Some(GroupRole::Admin), true) => self.language.pick(
                format!("Vous êtes maintenant administrateur du groupe {subject}."),
                format!("You are now an admin of the group {subject}."),
            ),
            (None, true) => self.language.pick(
                format!("Vous ne faites plus partie du groupe {subject}."),
                format!("You are no longer in the group {subject}."),
            ),
            (Some(GroupRole::Member), false) => self.language.pick(
                format!("{who} fait maintenant partie du groupe {subject}."),
                format!("{who} is now in the group {subject}."),
            ),
            (Some(GroupRole::Admin), false) => self.language.pick(
                format!("{who} est maintenant administrateur du groupe {subject}."),
                format!("{who} is now an admin of the group {subject}."),
            ),
            (None, false) => self.language.pick(
                format!("{who} ne fait plus partie du groupe {subject}."),
                format!("{who} is no longer in the group {subject}."),
            ),
        }
    }

    fn of_sharing(&self) -> Option<String> {
        let (subject, collection, items) = (self.subject(), self.text("collection"), self.count("items"));
        Some(match self.event.kind.as_str() {
            "shared_mailbox.member_set" if self.event.detail["right"].is_null() => self.language.pick(
                format!("Vous n'avez plus accès à la boîte partagée {subject}."),
                format!("You no longer have access to the shared mailbox {subject}."),
            ),
            "shared_mailbox.member_set" => self.language.pick(
                format!("Vous avez accès à la boîte partagée {subject}."),
                format!("You have access to the shared mailbox {subject}."),
            ),
            "content.shared" => self.language.pick(
                format!("Un contenu est partagé avec vous : {subject}."),
                format!("Content is shared with you: {subject}."),
            ),
            "collection.shared" => self.language.pick(
                format!("{subject} partage « {collection} » avec vous."),
                format!("{subject} shares “{collection}” with you."),
            ),
            "collection.share_ended" => self.language.pick(
                format!("{subject} ne partage plus « {collection} » avec vous."),
                format!("{subject} no longer shares “{collection}” with you."),
            ),
            "content.reassigned" if items == 1 => self.language.pick(
                format!("Un contenu de {subject} est maintenant à vous."),
                format!("One item of {subject} is now yours."),
            ),
            "content.reassigned" => self.language.pick(
                format!("{items} contenus de {subject} sont maintenant à vous."),
                format!("{items} items of {subject} are now yours."),
            ),
            "content.reassignment_refused" => self.language.pick(
                format!(
                    "Une application a gardé du contenu de {subject} au lieu de le transmettre ({items}) : voyez \
                     `relais content reassignments`."
                ),
                format!(
                    "An application kept content of {subject} instead of passing it on ({items}): see \
                     `relais content reassignments`."
                ),
            ),
            _ => return None,
        })
    }

    fn of_work(&self) -> Option<String> {
        let (subject, trouble) = (self.subject(), self.text("trouble"));
        let [changed, unchanged, refused] =
            ["changed", "unchanged", "refused"].map(|outcome| self.count(outcome));
        Some(match self.event.kind.as_str() {
            "departure.held" if trouble.is_empty() => self.language.pick(
                format!("Le départ de {subject} est suspendu jusqu'à ce qu'on le reprenne."),
                format!("The departure of {subject} is on hold until somebody resumes it."),
            ),
            "departure.held" => self.language.pick(
                format!("Le départ de {subject} attend quelqu'un : {trouble}"),
                format!("The departure of {subject} waits for somebody: {trouble}"),
            ),
            "application.feed_stopped" => self.language.pick(
                format!(
                    "L'application {} refuse le jeton avec lequel elle est alimentée ({trouble}) ; donnez-en un nouveau : \
                     `relais application scim set`.",
                    self.text("name")
                ),
                format!(
                    "The application {} takes the token no more with which it is fed ({trouble}); give a new one: \
                     `relais application scim set`.",
                    self.text("name")
                ),
            ),
            "departure.finished" => self.language.pick(
                format!("Le départ de {subject} est terminé ; son certificat est prêt."),
                format!("The departure of {subject} is over; its certificate is ready."),
            ),
            "job.finished" => self.language.pick(
                format!(
                    "L'opération {subject} est terminée : {changed} faits, {unchanged} sans changement, {refused} refusés."
                ),
                format!("The job {subject} is over: {changed} done, {unchanged} unchanged, {refused} refused."),
            ),
            _ => return None,
        })
    }
}
