//! Refusals: each has a stable code and a sentence in French and English that says what to do next. A refused
//! command changed nothing.

mod backup;
mod content;
mod credential;
mod directory;
mod feed;
mod group;
mod invitation;
mod list;
mod mailbox;
mod operator;
mod passkey;
mod policy;
mod profile;
mod scim;

pub use backup::BackupFault;
pub use content::ContentFault;
pub use directory::DirectoryFault;
mod sign_on;

pub use credential::CredentialFault;
pub use feed::FeedFault;
pub use group::GroupFault;
pub use invitation::InvitationFault;
pub use list::ListFault;
pub use mailbox::MailboxFault;
pub use operator::OperatorFault;
pub use passkey::PasskeyFault;
pub use policy::PolicyFault;
pub use profile::ProfileFault;
pub use scim::ScimFault;
pub use sign_on::SignOnFault;

use crate::address::EmailAddress;
use crate::domain::TxtRecord;
use crate::language::Language;
use crate::money::{Currency, Money};
use crate::rights::{Act, State};
use jiff::civil::Date;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    NotAllowed,
    NotInThisState { act: Act, state: State },
    OwnerCannotLeave,
    RevokeRoleFirst,
    LastCompanyAdmin,
    OnlyGroupAdmin { groups: Vec<String> },
    DeactivateFirst,
    DeactivatedByAPerson,
    DepartureInProgress,
    AddressTaken { address: EmailAddress },
    AddressReserved { address: EmailAddress },
    AddressRetired { address: EmailAddress },
    AddressNotHeld { address: EmailAddress },
    AddressIsPrimary { address: EmailAddress },
    AddressStays { address: EmailAddress },
    DomainNotHosted { domain: String },
    DomainTaken { domain: String },
    DomainInvalid { text: String },
    DomainNotProven { domain: String, record: TxtRecord },
    DomainInUse { domain: String, addresses: Vec<EmailAddress> },
    ResponderInUse { responder: String, by: Vec<String> },
    DomainIsProvider { domain: String },
    TargetNotActive { address: EmailAddress },
    NameInvalid,
    InboundPhases,
    InboundDropsMail,
    InboundInThePast,
    RedirectLoop { through: Vec<EmailAddress> },
    RedirectNowhere { address: EmailAddress },
    PasswordLength { characters_min: usize },
    SuccessorIsLeaver,
    SuccessorNotActive { address: EmailAddress },
    SuccessorMissing,
    NewMailAmbiguous,
    DateInThePast,
    DatesOutOfOrder,
    ReasonMissing,
    GrantTooLong { days_max: i64 },
    DepartureNotUndoable,
    DepartureNotHeld,
    DepartureOver,
    ProvisionShort { missing: Money },
    AmountInvalid,
    NumberInvalid { field: &'static str },
    CurrencyDiffers { offered: Currency, own: Currency },
    TimeZoneUnknown { text: String },
    NoLongerOffered { name: String },
    PlanFull { accounts_max: i64 },
    PlanTooSmall { plan: String, used: i64, max: i64 },
    PlanUnpaid,
    SubscriptionNeeded { accounts_free: i64 },
    FullLicencesUsed { full_licences_max: i64 },
    OwnDomainsUsed { own_domains_max: i64 },
    AliasLimit { aliases_max: i64 },
    PaymentDiffers { reference: String },
    ReferenceInvalid,
    PeriodEmpty { from: Date, until: Date },
    QuotaInvalid,
    PasswordResetVoid,
    WebhookUrlInvalid { url: String },
    JobOver,
    JobItemFailed,
    JobTargetGone,
    CollectionUnknown { collection: String },
    SharedWithOwner,
    Profile(ProfileFault),
    List(ListFault),
    Backup(BackupFault),
    Content(ContentFault),
    Directory(DirectoryFault),
    Credential(CredentialFault),
    Passkey(PasskeyFault),
    Group(GroupFault),
    Mailbox(MailboxFault),
    Scim(ScimFault),
    Invitation(InvitationFault),
    SignOn(SignOnFault),
    Feed(FeedFault),
    Policy(PolicyFault),
    Operator(OperatorFault),
}

impl Refusal {
    /// The stable code, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::NotInThisState { .. } => "not_in_this_state",
            Self::OwnerCannotLeave => "owner_cannot_leave",
            Self::RevokeRoleFirst => "revoke_role_first",
            Self::LastCompanyAdmin => "last_company_admin",
            Self::OnlyGroupAdmin { .. } => "only_group_admin",
            Self::DeactivateFirst => "deactivate_first",
            Self::DeactivatedByAPerson => "deactivated_by_a_person",
            Self::DepartureInProgress => "departure_in_progress",
            Self::AddressTaken { .. } => "address_taken",
            Self::AddressReserved { .. } => "address_reserved",
            Self::AddressRetired { .. } => "address_retired",
            Self::AddressNotHeld { .. } => "address_not_held",
            Self::AddressIsPrimary { .. } => "address_is_primary",
            Self::AddressStays { .. } => "address_stays",
            Self::DomainNotHosted { .. } => "domain_not_hosted",
            Self::DomainTaken { .. } => "domain_taken",
            Self::DomainInvalid { .. } => "domain_invalid",
            Self::DomainNotProven { .. } => "domain_not_proven",
            Self::DomainInUse { .. } => "domain_in_use",
            Self::ResponderInUse { .. } => "responder_in_use",
            Self::DomainIsProvider { .. } => "domain_is_provider",
            Self::TargetNotActive { .. } => "target_not_active",
            Self::NameInvalid => "name_invalid",
            Self::InboundPhases => "inbound_phases",
            Self::InboundDropsMail => "inbound_drops_mail",
            Self::InboundInThePast => "inbound_in_the_past",
            Self::RedirectLoop { .. } => "redirect_loop",
            Self::RedirectNowhere { .. } => "redirect_nowhere",
            Self::PasswordLength { .. } => "password_length",
            Self::SuccessorIsLeaver => "successor_is_leaver",
            Self::SuccessorNotActive { .. } => "successor_not_active",
            Self::SuccessorMissing => "successor_missing",
            Self::NewMailAmbiguous => "new_mail_ambiguous",
            Self::DateInThePast => "date_in_the_past",
            Self::DatesOutOfOrder => "dates_out_of_order",
            Self::ReasonMissing => "reason_missing",
            Self::GrantTooLong { .. } => "grant_too_long",
            Self::DepartureNotUndoable => "departure_not_undoable",
            Self::DepartureNotHeld => "departure_not_held",
            Self::DepartureOver => "departure_over",
            Self::ProvisionShort { .. } => "provision_short",
            Self::AmountInvalid => "amount_invalid",
            Self::NumberInvalid { .. } => "number_invalid",
            Self::CurrencyDiffers { .. } => "currency_differs",
            Self::TimeZoneUnknown { .. } => "time_zone_unknown",
            Self::NoLongerOffered { .. } => "no_longer_offered",
            Self::PlanFull { .. } => "plan_full",
            Self::PlanTooSmall { .. } => "plan_too_small",
            Self::PlanUnpaid => "plan_unpaid",
            Self::SubscriptionNeeded { .. } => "subscription_needed",
            Self::FullLicencesUsed { .. } => "full_licences_used",
            Self::OwnDomainsUsed { .. } => "own_domains_used",
            Self::AliasLimit { .. } => "alias_limit",
            Self::PaymentDiffers { .. } => "payment_differs",
            Self::ReferenceInvalid => "reference_invalid",
            Self::PeriodEmpty { .. } => "period_empty",
            Self::QuotaInvalid => "quota_invalid",
            Self::PasswordResetVoid => "password_reset_void",
            Self::WebhookUrlInvalid { .. } => "webhook_url_invalid",
            Self::JobOver => "job_over",
            Self::JobItemFailed => "job_item_failed",
            Self::JobTargetGone => "job_target_gone",
            Self::CollectionUnknown { .. } => "collection_unknown",
            Self::SharedWithOwner => "shared_with_owner",
            Self::Profile(fault) => fault.code(),
            Self::List(fault) => fault.code(),
            Self::Backup(fault) => fault.code(),
            Self::Content(fault) => fault.code(),
            Self::Directory(fault) => fault.code(),
            Self::Credential(fault) => fault.code(),
            Self::Passkey(fault) => fault.code(),
            Self::Group(fault) => fault.code(),
            Self::Mailbox(fault) => fault.code(),
            Self::Scim(fault) => fault.code(),
            Self::Invitation(fault) => fault.code(),
            Self::SignOn(fault) => fault.code(),
            Self::Feed(fault) => fault.code(),
            Self::Policy(fault) => fault.code(),
            Self::Operator(fault) => fault.code(),
        }
    }

    /// The sentence for a person: what is refused, and what to do next.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        match language {
            Language::French => self.french(),
            Language::English => self.english(),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::NotAllowed => "Votre rôle ne permet pas cette opération ; demandez-la à un administrateur de l'organisation.".into(),
            Self::NotInThisState { act, state } => format!("Un compte {} ne peut pas {} ; {}.", state_fr(*state), act_fr(*act), next_fr(*state)),
            Self::OwnerCannotLeave => "Le propriétaire de l'organisation ne peut pas partir ; il remet d'abord l'organisation à un autre compte (relais organisation owner), puis un administrateur lui donne un autre rôle.".into(),
            Self::RevokeRoleFirst => "Ce compte est administrateur de l'organisation ; retirez-lui d'abord ce rôle.".into(),
            Self::LastCompanyAdmin => "C'est le dernier administrateur actif ; nommez-en d'abord un autre.".into(),
            Self::OnlyGroupAdmin { groups } => format!(
                "Ce compte est le seul administrateur de : {} ; ajoutez d'abord un autre administrateur à chacun de ces groupes.",
                groups.join(", ")
            ),
            Self::DeactivateFirst => "Seul un compte désactivé peut être supprimé ; désactivez-le d'abord.".into(),
            Self::DeactivatedByAPerson => "Ce compte a été désactivé par une personne ; demandez à un administrateur de le réactiver.".into(),
            Self::DepartureInProgress => "Un départ est en cours pour ce compte ; suivez-le, suspendez-le ou annulez-le d'abord.".into(),
            Self::AddressTaken { address } => format!("L'adresse {address} est déjà utilisée ; choisissez-en une autre ou libérez-la d'abord."),
            Self::AddressReserved { address } => format!("L'adresse {address} appartient à l'exploitant et ne peut pas être créée ; choisissez-en une autre."),
            Self::AddressRetired { address } => format!("L'adresse {address} a été retirée et ne sera plus jamais attribuée ; choisissez-en une autre."),
            Self::AddressNotHeld { address } => format!("L'adresse {address} n'est pas détenue ici ; vérifiez la liste des adresses du compte."),
            Self::AddressIsPrimary { address } => format!("{address} est l'adresse principale ; renommez d'abord le compte, elle deviendra un alias."),
            Self::AddressStays { address } => format!("{address} est sur un domaine de l'exploitant et ne peut pas être retirée ; elle reste à ce compte."),
            Self::DomainNotHosted { domain } => format!("Le domaine {domain} n'appartient pas à cette organisation ; ajoutez-le d'abord."),
            Self::DomainTaken { domain } => format!("Le domaine {domain} est déjà utilisé ; vérifiez son nom ou adressez-vous à l'exploitant."),
            Self::DomainInvalid { text } => format!("« {text} » n'est pas un nom de domaine ; écrivez-le comme exemple.fr."),
            Self::DomainNotProven { domain, record } => format!(
                "Il n'est pas encore prouvé que le domaine {domain} est le vôtre ; publiez dans le DNS un enregistrement TXT nommé {} de valeur {}, puis demandez la vérification (relais domain prove {domain}).",
                record.name, record.value
            ),
            Self::DomainInUse { domain, addresses } => format!(
                "Des adresses du domaine {domain} ont encore un titulaire, dont {} ; retirez-les ou donnez-leur une adresse d'un autre domaine, puis recommencez.",
                list(addresses)
            ),
            Self::ResponderInUse { responder, by } => format!("Du courrier va encore au répondeur « {responder} » : {} ; faites-le aller ailleurs, puis recommencez.", by.join(", ")),
            Self::DomainIsProvider { domain } => format!("Le domaine {domain} est celui de l'exploitant, pas d'une organisation ; choisissez un domaine de l'organisation."),
            Self::TargetNotActive { address } => format!("{address} n'appartient à aucun compte actif ; choisissez une autre adresse ou réactivez ce compte."),
            Self::NameInvalid => "Le nom est vide, dépasse 200 caractères ou contient des caractères de contrôle ; corrigez-le.".into(),
            Self::InboundPhases => "Les phases doivent se suivre dans le temps et seule la dernière est sans fin ; corrigez les dates.".into(),
            Self::InboundDropsMail => "Ce réglage accepterait des messages sans les garder, sans les rediriger et sans y répondre ; gardez une copie ou refusez-les.".into(),
            Self::InboundInThePast => "Une phase se termine dans le passé ; choisissez une date à venir.".into(),
            Self::RedirectLoop { through } => format!("Cette redirection tournerait en rond en passant par {} ; choisissez une autre destination.", join(through)),
            Self::RedirectNowhere { address } => format!("{address} n'existe pas ici : les messages redirigés seraient refusés ; créez l'adresse ou corrigez-la."),
            Self::PasswordLength { characters_min } => format!("Le mot de passe doit avoir au moins {characters_min} caractères (et au plus 1024 octets) ; choisissez-en un autre."),
            Self::SuccessorIsLeaver => "Le successeur est la personne qui part ; choisissez quelqu'un d'autre.".into(),
            Self::SuccessorNotActive { address } => format!("Le compte {address} n'est pas actif ; choisissez un successeur actif ou réactivez-le."),
            Self::SuccessorMissing => "Personne n'est désigné pour la suite ; indiquez un successeur (--to) ou une boîte partagée (--shared-mailbox).".into(),
            Self::NewMailAmbiguous => "On ne peut pas à la fois répondre aux nouveaux messages et les transmettre ; choisissez une réponse (--reply ou --responder) ou une boîte partagée (--shared-mailbox).".into(),
            Self::DateInThePast => "La date est passée ; choisissez une date à venir.".into(),
            Self::DatesOutOfOrder => "La suppression ne peut pas précéder le départ ; corrigez les dates.".into(),
            Self::ReasonMissing => "Un motif est nécessaire ; indiquez pourquoi (il sera conservé dans le journal).".into(),
            Self::GrantTooLong { days_max } => format!("Un accès de reprise dure au plus {days_max} jours ; choisissez une date plus proche."),
            Self::DepartureNotUndoable => "Le compte est déjà supprimé, ce départ ne peut donc plus être annulé ; invitez la personne à nouveau si elle revient.".into(),
            Self::DepartureNotHeld => "Ce départ n'est pas suspendu ; suivez-le, il avance sans qu'on le reprenne.".into(),
            Self::DepartureOver => "Ce départ est terminé ; consultez son attestation.".into(),
            Self::ProvisionShort { missing } => format!(
                "Il manque {} dans la provision ; créditez-la d'au moins ce montant.",
                missing.format(Language::French)
            ),
            Self::AmountInvalid => "Ce montant est nul ou démesuré, ou négatif pour un versement ; donnez-en un autre (seule une correction peut être négative).".into(),
            Self::NumberInvalid { field } => format!("Le nombre donné pour « {field} » est négatif ou démesuré ; corrigez-le."),
            Self::CurrencyDiffers { offered, own } => format!(
                "Le prix est en {} et la provision en {} ; choisissez une offre en {}.",
                offered.code(), own.code(), own.code()
            ),
            Self::TimeZoneUnknown { text } => format!("« {text} » n'est pas un fuseau horaire ; écrivez-le comme Europe/Paris."),
            Self::NoLongerOffered { name } => format!("L'offre « {name} » n'est plus proposée ; choisissez-en une autre."),
            Self::PlanFull { accounts_max } => format!("Les comptes que permet la formule ({accounts_max}) sont tous pris ; désactivez-en un ou demandez une formule plus grande."),
            Self::PlanTooSmall { plan, used, max } => format!("La formule « {plan} » permet {max} et l'organisation en utilise {used} ; désactivez des comptes ou choisissez une formule plus grande."),
            Self::PlanUnpaid => "La formule de l'organisation n'est plus payée ; créditez la provision.".into(),
            Self::SubscriptionNeeded { accounts_free } => format!("Les comptes gratuits de la formule ({accounts_free}) sont tous pris ; choisissez un abonnement pour ce compte."),
            Self::FullLicencesUsed { full_licences_max } => format!("Les licences complètes de la formule ({full_licences_max}) sont toutes prises ; choisissez un abonnement restreint ou désactivez un compte."),
            Self::OwnDomainsUsed { own_domains_max } => format!("Les domaines propres que permet la formule ({own_domains_max}) sont tous pris ; retirez-en un ou demandez une formule plus grande."),
            Self::AliasLimit { aliases_max } => format!("Les alias que permet l'abonnement ({aliases_max}) sont tous pris ; retirez-en un ou changez d'abonnement."),
            Self::PaymentDiffers { reference } => format!("Le versement « {reference} » est déjà enregistré avec un autre montant ; vérifiez-le auprès du prestataire de paiement."),
            Self::ReferenceInvalid => "La référence du versement est vide, dépasse 200 caractères ou contient des caractères de contrôle ou des espaces au bord ; corrigez-la.".into(),
            Self::PeriodEmpty { from, until } => format!("Il n'y a aucun jour à partir du {from} et avant le {until} ; donnez une fin qui vient après le début."),
            Self::QuotaInvalid => "Cette taille maximale ne convient pas ; écrivez-la comme 500M, 5G ou 1T, ou levez la limite.".into(),
            Self::PasswordResetVoid => "Ce lien n'est plus valable : il a déjà servi, il est trop ancien ou le compte a changé ; demandez-en un autre.".into(),
            Self::WebhookUrlInvalid { url } => format!("« {url} » n'est pas une adresse où une application peut être prévenue ; écrivez-la comme https://tableaux.exemple.fr/relais, sans mot de passe."),
            Self::JobOver => "Cette tâche est déjà terminée ; voyez son résultat.".into(),
            Self::JobTargetGone => "Le groupe, l'abonnement ou le compte destinataire de cette tâche n'existe pas ou plus ; demandez-en une autre qui en nomme un.".into(),
            Self::JobItemFailed => "Ce compte n'a pas pu être traité, par un défaut interne ; voyez le journal du serveur, puis essayez-le seul.".into(),
            Self::CollectionUnknown { collection } => format!("« {collection} » n'est ni un calendrier ni un carnet d'adresses de ce compte ; choisissez-en un dans la liste (relais collection list COMPTE)."),
            Self::SharedWithOwner => "Ce compte est déjà le propriétaire ; partagez avec quelqu'un d'autre.".into(),
            Self::Profile(fault) => fault.french(),
            Self::List(fault) => fault.french(),
            Self::Backup(fault) => fault.french(),
            Self::Content(fault) => fault.french(),
            Self::Directory(fault) => fault.french(),
            Self::Credential(fault) => fault.french(),
            Self::Passkey(fault) => fault.french(),
            Self::Group(fault) => fault.french(),
            Self::Mailbox(fault) => fault.french(),
            Self::Scim(fault) => fault.french(),
            Self::Invitation(fault) => fault.french(),
            Self::SignOn(fault) => fault.french(),
            Self::Feed(fault) => fault.french(),
            Self::Policy(fault) => fault.french(),
            Self::Operator(fault) => fault.french(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::NotAllowed => "Your role does not allow this; ask an administrator of the organisation.".into(),
            Self::NotInThisState { act, state } => {
                format!("An account that is {} may not {}; {}.", state.as_str(), act.describe(), next_en(*state))
            }
            Self::OwnerCannotLeave => "The owner of the organisation cannot leave; they first hand it over to another account (relais organisation owner), then an administrator gives them another role.".into(),
            Self::RevokeRoleFirst => "This account is a company admin; revoke that role first.".into(),
            Self::LastCompanyAdmin => "This is the last active company admin; appoint another one first.".into(),
            Self::OnlyGroupAdmin { groups } => format!("This account is the only admin of these groups: {}; add another admin to each of them first, then try again.", groups.join(", ")),
            Self::DeactivateFirst => "Only a deactivated account can be deleted; deactivate it first.".into(),
            Self::DeactivatedByAPerson => "A person deactivated this account; ask a company admin to reactivate it.".into(),
            Self::DepartureInProgress => "A departure is under way for this account; follow, hold or undo it first.".into(),
            Self::AddressTaken { address } => format!("The address {address} is in use; choose another or free it first."),
            Self::AddressReserved { address } => format!("The address {address} belongs to the operator and cannot be created; choose another."),
            Self::AddressRetired { address } => format!("The address {address} was retired and is never given again; choose another."),
            Self::AddressNotHeld { address } => format!("The address {address} is not held here; check the account's addresses."),
            Self::AddressIsPrimary { address } => format!("{address} is the primary address; rename the account first, it then becomes an alias."),
            Self::AddressStays { address } => format!("{address} is on a domain of the operator and cannot be removed; it stays with this account."),
            Self::DomainNotHosted { domain } => format!("The domain {domain} does not belong to this organisation; add it first."),
            Self::DomainTaken { domain } => format!("The domain {domain} is in use; check its name or ask the operator."),
            Self::DomainInvalid { text } => format!("\u{201c}{text}\u{201d} is not a domain name; write it like example.com."),
            Self::DomainNotProven { domain, record } => format!(
                "It is not proven yet that the domain {domain} is yours; publish in the DNS a TXT record named {} with the value {}, then ask for a check (relais domain prove {domain}).",
                record.name, record.value
            ),
            Self::DomainInUse { domain, addresses } => format!(
                "Addresses of the domain {domain} still have a holder, among them {}; remove them or move them to another domain, then try again.",
                list(addresses)
            ),
            Self::ResponderInUse { responder, by } => format!("Mail still goes to the responder \u{201c}{responder}\u{201d}: {}; let it go elsewhere, then try again.", by.join(", ")),
            Self::DomainIsProvider { domain } => format!("The domain {domain} is the operator's and not an organisation's; choose a domain of the organisation."),
            Self::TargetNotActive { address } => format!("{address} belongs to no active account; choose another address or reactivate that account."),
            Self::NameInvalid => "The name is empty, longer than 200 characters or holds control characters; correct it.".into(),
            Self::InboundPhases => "Phases must follow each other in time and only the last has no end; correct the dates.".into(),
            Self::InboundDropsMail => "This would accept messages without keeping, redirecting or answering them; keep a copy or refuse them.".into(),
            Self::InboundInThePast => "A phase ends in the past; choose a date to come.".into(),
            Self::RedirectLoop { through } => {
                format!("This redirect would go round in circles through {}; choose another destination.", join(through))
            }
            Self::RedirectNowhere { address } => format!("{address} does not exist here, so redirected mail would be refused; create the address or correct it."),
            Self::PasswordLength { characters_min } => format!("The password needs at least {characters_min} characters (and at most 1024 bytes); choose another."),
            Self::SuccessorIsLeaver => "The successor is the person who leaves; choose someone else.".into(),
            Self::SuccessorNotActive { address } => format!("The account {address} is not active; choose an active successor or reactivate it."),
            Self::SuccessorMissing => "Nobody is named to take over; give a successor (--to) or a shared mailbox (--shared-mailbox).".into(),
            Self::NewMailAmbiguous => "New mail cannot be both answered and passed on; choose an answer (--reply or --responder) or a shared mailbox (--shared-mailbox).".into(),
            Self::DateInThePast => "The date has passed; choose a date to come.".into(),
            Self::DatesOutOfOrder => "The deletion cannot come before the departure; correct the dates.".into(),
            Self::ReasonMissing => "A reason is needed; say why (it is kept in the log).".into(),
            Self::GrantTooLong { days_max } => format!("A recovery grant lasts at most {days_max} days; choose a nearer date."),
            Self::DepartureNotUndoable => "The account is deleted, so this departure can no longer be undone; invite the person again if they come back.".into(),
            Self::DepartureNotHeld => "This departure is not on hold; follow it, it goes on without being resumed.".into(),
            Self::DepartureOver => "This departure is over; see its certificate.".into(),
            Self::ProvisionShort { missing } => {
                format!("The provision is {} short; top it up by at least that.", missing.format(Language::English))
            }
            Self::AmountInvalid => "This amount is zero or out of all measure, or negative for a payment; give another (only a correction may be negative).".into(),
            Self::NumberInvalid { field } => format!("The number given for \u{201c}{field}\u{201d} is negative or out of all measure; correct it."),
            Self::CurrencyDiffers { offered, own } => {
                format!("The price is in {} and the provision in {}; choose an offer in {}.", offered.code(), own.code(), own.code())
            }
            Self::TimeZoneUnknown { text } => format!("\u{201c}{text}\u{201d} is not a time zone; write it like Europe/Paris."),
            Self::NoLongerOffered { name } => format!("\u{201c}{name}\u{201d} is no longer offered; choose another."),
            Self::PlanFull { accounts_max } => format!("The accounts that the plan allows ({accounts_max}) are all taken; deactivate one or ask for a larger plan."),
            Self::PlanTooSmall { plan, used, max } => format!("The plan \u{201c}{plan}\u{201d} allows {max} and the organisation uses {used}; deactivate accounts or choose a larger plan."),
            Self::PlanUnpaid => "The organisation's plan is no longer paid for; top up the provision.".into(),
            Self::SubscriptionNeeded { accounts_free } => format!("The plan's free accounts ({accounts_free}) are all taken; choose a subscription for this account."),
            Self::FullLicencesUsed { full_licences_max } => format!("The plan's full licences ({full_licences_max}) are all taken; choose a restricted subscription or deactivate an account."),
            Self::OwnDomainsUsed { own_domains_max } => format!("The domains of your own that the plan allows ({own_domains_max}) are all taken; remove one or ask for a larger plan."),
            Self::AliasLimit { aliases_max } => format!("The aliases that the subscription allows ({aliases_max}) are all taken; remove one or change the subscription."),
            Self::PaymentDiffers { reference } => format!("The payment \u{201c}{reference}\u{201d} is on record with another amount; check with the payment provider."),
            Self::ReferenceInvalid => "The payment's reference is empty, longer than 200 characters or holds control characters or spaces at its ends; correct it.".into(),
            Self::PeriodEmpty { from, until } => format!("There is no day from {from} on and before {until}; give an end that comes after the beginning."),
            Self::QuotaInvalid => "This size limit will not do; write it as 500M, 5G or 1T, or lift the limit.".into(),
            Self::PasswordResetVoid => "This link is no longer valid: it was used, is too old, or the account changed; ask for another.".into(),
            Self::WebhookUrlInvalid { url } => format!("\u{201c}{url}\u{201d} is no address at which an application can be told; write it like https://boards.example.com/relais, without a password."),
            Self::JobOver => "This job is over already; see its results.".into(),
            Self::JobTargetGone => "The group, the subscription or the receiving account of this job is not there, or no longer; order another that names one.".into(),
            Self::JobItemFailed => "This account could not be done, by an internal defect; see the server's log, then try it alone.".into(),
            Self::CollectionUnknown { collection } => format!("\u{201c}{collection}\u{201d} is neither a calendar nor an address book of this account; choose one from the list (relais collection list ACCOUNT)."),
            Self::SharedWithOwner => "This account is the owner already; share with somebody else.".into(),
            Self::Profile(fault) => fault.english(),
            Self::List(fault) => fault.english(),
            Self::Backup(fault) => fault.english(),
            Self::Content(fault) => fault.english(),
            Self::Directory(fault) => fault.english(),
            Self::Credential(fault) => fault.english(),
            Self::Passkey(fault) => fault.english(),
            Self::Group(fault) => fault.english(),
            Self::Mailbox(fault) => fault.english(),
            Self::Scim(fault) => fault.english(),
            Self::Invitation(fault) => fault.english(),
            Self::SignOn(fault) => fault.english(),
            Self::Feed(fault) => fault.english(),
            Self::Policy(fault) => fault.english(),
            Self::Operator(fault) => fault.english(),
        }
    }
}

impl From<ProfileFault> for Refusal {
    fn from(fault: ProfileFault) -> Self {
        Self::Profile(fault)
    }
}

impl From<ListFault> for Refusal {
    fn from(fault: ListFault) -> Self {
        Self::List(fault)
    }
}

impl From<DirectoryFault> for Refusal {
    fn from(fault: DirectoryFault) -> Self {
        Self::Directory(fault)
    }
}

impl From<CredentialFault> for Refusal {
    fn from(fault: CredentialFault) -> Self {
        Self::Credential(fault)
    }
}

impl From<GroupFault> for Refusal {
    fn from(fault: GroupFault) -> Self {
        Self::Group(fault)
    }
}

impl From<ScimFault> for Refusal {
    fn from(fault: ScimFault) -> Self {
        Self::Scim(fault)
    }
}

impl From<FeedFault> for Refusal {
    fn from(fault: FeedFault) -> Self {
        Self::Feed(fault)
    }
}

impl From<PolicyFault> for Refusal {
    fn from(fault: PolicyFault) -> Self {
        Self::Policy(fault)
    }
}

impl From<OperatorFault> for Refusal {
    fn from(fault: OperatorFault) -> Self {
        Self::Operator(fault)
    }
}

impl From<PasskeyFault> for Refusal {
    fn from(fault: PasskeyFault) -> Self {
        Self::Passkey(fault)
    }
}

impl From<SignOnFault> for Refusal {
    fn from(fault: SignOnFault) -> Self {
        Self::SignOn(fault)
    }
}

impl From<InvitationFault> for Refusal {
    fn from(fault: InvitationFault) -> Self {
        Self::Invitation(fault)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.english())
    }
}

impl std::error::Error for Refusal {}

fn join(addresses: &[EmailAddress]) -> String {
    addresses.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(" → ")
}

fn list(addresses: &[EmailAddress]) -> String {
    addresses.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(", ")
}

fn state_fr(state: State) -> &'static str {
    match state {
        State::Invited => "invité",
        State::Active => "actif",
        State::Deactivated => "désactivé",
        State::Deleted => "supprimé",
    }
}

/// How an account gets out of the state in which it may not.
fn next_fr(state: State) -> &'static str {
    match state {
        State::Invited => "donnez-lui d'abord un mot de passe",
        State::Active => "désactivez-le d'abord",
        State::Deactivated => "réactivez-le d'abord",
        State::Deleted => "sa suppression est définitive, créez un nouveau compte",
    }
}

fn next_en(state: State) -> &'static str {
    match state {
        State::Invited => "give it a password first",
        State::Active => "deactivate it first",
        State::Deactivated => "reactivate it first",
        State::Deleted => "its deletion is for good, create a new account",
    }
}

fn act_fr(act: Act) -> &'static str {
    match act {
        Act::SignInWithPassword => "se connecter avec un mot de passe",
        Act::SignInWithSso => "se connecter par l'authentification unique",
        Act::ReadMail => "lire ses messages",
        Act::SubmitMail => "envoyer des messages",
        Act::ReceiveMail => "recevoir des messages",
        Act::ReceiveGroupMail => "recevoir les messages de ses groupes",
        Act::BeNotified => "recevoir des notifications",
        Act::Share => "partager",
        Act::BeSharedWith => "recevoir un partage",
        Act::JoinGroup => "rejoindre un groupe",
        Act::HoldLicence => "utiliser une licence",
        Act::BeBilled => "être facturé",
        Act::ChangeIdentity => "changer d'adresse, de type, de mot de passe ou de rôle",
        Act::ChangeAttributes => "être modifié",
        Act::BeDeactivated => "être désactivé",
        Act::BeReactivated => "être réactivé",
        Act::BeDeleted => "être supprimé",
    }
}
